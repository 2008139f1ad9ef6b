#define _DEFAULT_SOURCE 1 /* MAP_ANONYMOUS */
#include "tests/harness/check_memory.h"

#include <fenv.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static unsigned char band_byte(size_t at) {
    return (unsigned char)(at * 167 + 13);
}

bool c4_guarded_make(struct c4_guarded *g, size_t data_bytes, size_t align_bytes,
                     enum c4_placement placement) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t inner = (data_bytes + page - 1) / page * page + page; /* at least a page of band */
    *g = (struct c4_guarded){
        .map_bytes = inner + 2 * page, .page_bytes = page, .data_bytes = data_bytes};
    void *map = mmap(NULL, g->map_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) return false;
    g->map = map;
    if (mprotect(g->map + page, inner, PROT_READ | PROT_WRITE) != 0) {
        c4_guarded_free(g);
        return false;
    }
    size_t offset = placement == C4_PLACE_AT_START ? 0 : (inner - data_bytes) & ~(align_bytes - 1);
    g->data = g->map + page + offset;
    for (size_t i = 0; i < offset; i++) g->map[page + i] = band_byte(i);
    for (size_t i = offset + data_bytes; i < inner; i++) g->map[page + i] = band_byte(i);
    return true;
}

void c4_guarded_free(struct c4_guarded *g) {
    if (g->map) munmap(g->map, g->map_bytes);
    g->map = NULL;
}

bool c4_guarded_whole(const struct c4_guarded *g, ptrdiff_t *offset) {
    const unsigned char *inner = g->map + g->page_bytes;
    size_t bytes = g->map_bytes - 2 * g->page_bytes, begin = (size_t)(g->data - inner);
    for (size_t i = 0; i < bytes; i++) {
        if (i == begin) i += g->data_bytes;
        if (i >= bytes || inner[i] == band_byte(i)) continue;
        *offset = (ptrdiff_t)i - (ptrdiff_t)begin;
        return false;
    }
    return true;
}

#if defined(__x86_64__)
static uint64_t control_word(void) {
    return __builtin_ia32_stmxcsr() & ~0x3fu; /* without the exception flags */
}
static void set_control_word(uint64_t word) {
    __builtin_ia32_ldmxcsr((unsigned)word);
}
#elif defined(__aarch64__)
static uint64_t control_word(void) {
    uint64_t word;
    __asm__ volatile("mrs %0, fpcr" : "=r"(word));
    return word;
}
static void set_control_word(uint64_t word) {
    __asm__ volatile("msr fpcr, %0" : : "r"(word));
}
#else
static uint64_t control_word(void) {
    return 0;
}
static void set_control_word(uint64_t word) {
    (void)word;
}
#endif

struct c4_fp_control c4_fp_control_get(void) {
    return (struct c4_fp_control){control_word(), fegetround()};
}

void c4_fp_control_set(struct c4_fp_control control) {
    fesetround(control.rounding);
    set_control_word(control.word);
}

/* A signal handler has no argument to carry these. */
static sigjmp_buf resume;
static const void *volatile fault_address;

static void on_signal(int number, siginfo_t *info, void *context) {
    (void)context;
    fault_address = info->si_addr;
    siglongjmp(resume, number);
}

int c4_catch_signals(void (*body)(void *context), void *context, const void **address) {
    static const int caught[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};
    enum { CAUGHT = sizeof caught / sizeof *caught };
    struct sigaction before[CAUGHT], action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO;
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < CAUGHT; i++) sigaction(caught[i], &action, &before[i]);
    int number = sigsetjmp(resume, 1);
    if (number == 0) body(context);
    for (int i = 0; i < CAUGHT; i++) sigaction(caught[i], &before[i], NULL);
    *address = fault_address;
    return number;
}
