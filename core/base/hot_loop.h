/* Marks for the inner loops that speed hangs on; tests/static/hot_loops.sh reads them in object
 * files.
 *
 *   for (...) {
 *       C4_HOT_LOOP_BEGIN(gemm_6x16, 12);
 *       ... body ...
 *       C4_HOT_LOOP_END(gemm_6x16);
 *   }
 *
 * Both stand inside the loop, as first and last statement of its body, outside of inner loops. They
 * are assembler labels, c4_hot_begin_NAME.FMAS.ID and c4_hot_end_NAME.ID, and no instructions; ID
 * differs for every copy that the compiler makes (%=), so that inlining and unrolling neither clash
 * nor hide a copy. Checked is the innermost loop around each pair, from the target of its backward
 * jump to that jump: no call, no access to the stack, and FMAS vector or scalar fused multiply-adds
 * for each pair in it. NAME: letters, digits, underscores. FMAS: a constant expression, which may
 * depend on the vector width; 0 = not counted, but at least one. In C loops whose vectorisation is
 * the compiler's affair it is 0. */
#ifndef C4_BASE_HOT_LOOP_H
#define C4_BASE_HOT_LOOP_H

#define C4_HOT_LOOP_BEGIN(name, fmas)                                                              \
    __asm__ volatile("c4_hot_begin_" #name ".%c0.%=:" : : "i"(fmas))
#define C4_HOT_LOOP_END(name) __asm__ volatile("c4_hot_end_" #name ".%=:" :)

#endif
