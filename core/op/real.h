/* The number type of the op contracts: float, except where a source is compiled as the double
 * reference (C4_REF_DOUBLE), which keeps the same contracts in double. */
#ifndef C4_OP_REAL_H
#define C4_OP_REAL_H

#ifdef C4_REF_DOUBLE
typedef double c4_real;
#else
typedef float c4_real;
#endif

#endif
