/* <K, L> of centred Gram matrices, biased and debiased (cka.h): what each form computes for (X, X),
 * (Y, Y) and (X, Y). */
#ifndef C4_SIMILARITY_INNER_H
#define C4_SIMILARITY_INNER_H

struct c4_inner {
    double biased;
    double debiased; /* meaningless for fewer than 4 examples */
    double terms;    /* of a side with itself: the sum of squares before centring, by which rounding
                        is judged; else 0 */
};

#endif
