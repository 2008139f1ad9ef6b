/* The boot sector of run-avx512.sh: loads an unpacked Linux kernel and an initramfs from two ATA
 * disks and enters the kernel at its PVH entry point, in 32-bit protected mode without paging, with
 * EBX = address of a struct hvm_start_info.
 *
 * Disk 0 (master): this sector, the kernel's command line at byte 512, the initramfs at byte 4096.
 * Disk 1 (slave): the kernel's load image.
 *
 * Given with --defsym: KERNEL_ADDRESS, KERNEL_ENTRY, KERNEL_SECTORS (of disk 1), DISK_SECTORS (of
 * disk 0), INITRD_BYTES, MEMORY_BYTES. */
        .equ    DISK_ADDRESS, 0x8000000 /* where disk 0 goes: at 128 MiB, above the kernel */
        .equ    ATA_DATA, 0x1f0
        .equ    ATA_COUNT, 0x1f2
        .equ    ATA_DRIVE, 0x1f6
        .equ    ATA_COMMAND, 0x1f7
        .equ    READ_SECTORS_EXT, 0x24

        .code16
        .globl  _start
_start:
        cli
        xorw    %ax, %ax
        movw    %ax, %ds
        lgdt    gdt_pointer
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        ljmp    $8, $protected

        .code32
protected:
        movw    $16, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movl    $0x7c00, %esp
        inb     $0x92, %al              /* A20 on */
        orb     $2, %al
        outb    %al, $0x92
        cld
        movb    $0x50, %bh              /* slave, LBA */
        movl    $KERNEL_ADDRESS, %edi
        movl    $KERNEL_SECTORS, %ebp
        call    read_disk
        movb    $0x40, %bh              /* master, LBA */
        movl    $DISK_ADDRESS, %edi
        movl    $DISK_SECTORS, %ebp
        call    read_disk
        movl    $start_info, %ebx
        movl    $KERNEL_ENTRY, %eax
        jmp     *%eax

/* Reads EBP sectors from sector 0 on of drive BH to EDI, at most 32768 with one command. */
read_disk:
        xorl    %esi, %esi              /* the next sector */
next_command:
        movl    $32768, %ecx
        cmpl    %ecx, %ebp
        ja      1f
        movl    %ebp, %ecx
1:      movw    $ATA_DRIVE, %dx
        movb    %bh, %al
        outb    %al, %dx
        movw    $ATA_COUNT, %dx         /* high bytes: count, sector 24-47 */
        movb    %ch, %al
        outb    %al, %dx
        incw    %dx
        movl    %esi, %eax
        shrl    $24, %eax
        outb    %al, %dx
        incw    %dx
        xorb    %al, %al
        outb    %al, %dx
        incw    %dx
        outb    %al, %dx
        movw    $ATA_COUNT, %dx         /* low bytes: count, sector 0-23 */
        movb    %cl, %al
        outb    %al, %dx
        incw    %dx
        movl    %esi, %eax
        outb    %al, %dx
        incw    %dx
        shrl    $8, %eax
        outb    %al, %dx
        incw    %dx
        shrl    $8, %eax
        outb    %al, %dx
        movw    $ATA_COMMAND, %dx
        movb    $READ_SECTORS_EXT, %al
        outb    %al, %dx
        addl    %ecx, %esi
        subl    %ecx, %ebp
next_sector:
        movw    $ATA_COMMAND, %dx       /* now the status */
        inb     %dx, %al
        testb   $0x80, %al              /* busy */
        jnz     next_sector
        testb   $0x08, %al              /* data are ready */
        jz      next_sector
        pushl   %ecx
        movl    $128, %ecx
        movw    $ATA_DATA, %dx
        rep insl
        popl    %ecx
        loop    next_sector
        testl   %ebp, %ebp
        jnz     next_command
        ret

        .balign 8
gdt:
        .quad   0
        .quad   0x00cf9a000000ffff      /* flat code */
        .quad   0x00cf92000000ffff      /* flat data */
gdt_pointer:
        .word   gdt_pointer - gdt - 1
        .long   gdt

        .balign 8
start_info:
        .long   0x336ec578, 1, 0, 1     /* magic, version, flags, modules */
        .long   module, 0
        .quad   DISK_ADDRESS + 512      /* the command line */
        .quad   0                       /* no ACPI */
        .long   memory_map, 0
        .long   2, 0                    /* its entries */
module:
        .quad   DISK_ADDRESS + 4096, INITRD_BYTES, 0, 0
memory_map:
        .quad   0, 0x9f000
        .long   1, 0
        .quad   0x100000, MEMORY_BYTES - 0x100000
        .long   1, 0

        .org    510
        .word   0xaa55
