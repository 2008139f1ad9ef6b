/* Marks for performance-critical inner loops; tests/static/hot_loops.sh finds them in object files.
 *
 *   for (...) {
 *       C4_HOT_LOOP_BEGIN(gemm_6x16, 12);
 *       ... body ...
 *       C4_HOT_LOOP_END(gemm_6x16);
 *   }
 *
 * Both go inside the loop, as the first and last statements of its body, outside any inner loop.
 * They are assembler labels, c4_hot_begin_NAME.FMAS.ID and c4_hot_end_NAME.ID, not instructions; ID
 * (%=) differs for every copy that the compiler makes, so that inlining and unrolling neither clash
 * nor hide a copy. The check covers the innermost loop around each pair, from the target of its
 * backward jump to that jump: no call, no stack access, and FMAS vector or scalar fused
 * multiply-adds for each pair in it. NAME: letters, digits, underscores. FMAS: a constant
 * expression, which may depend on the vector width; 0 = not counted, but at least one. Use 0 in C
 * loops that the compiler vectorises. */
#ifndef C4_BASE_HOT_LOOP_H
#define C4_BASE_HOT_LOOP_H

#define C4_HOT_LOOP_BEGIN(name, fmas)                                                              \
    __asm__ volatile("c4_hot_begin_" #name ".%c0.%=:" : : "i"(fmas))
#define C4_HOT_LOOP_END(name) __asm__ volatile("c4_hot_end_" #name ".%=:" :)

#endif
