/* For parse.c alone: the sections [claim ID], which are read when runs and figures are known. */
#ifndef C4_REPRO_STUDY_PARSE_CLAIM_H
#define C4_REPRO_STUDY_PARSE_CLAIM_H

#include "repro/study/study.h"

/* The keys of a claim but those of its terms. */
extern const struct c4_field c4_claim_fields[];

/* The values of keys that a section leaves out; id and everything else stays. */
void c4_claim_begin(struct c4_claim_definition *claim);

/* The contrast whose terms that key has, or NULL. */
struct c4_claim_contrast *c4_claim_terms(struct c4_claim_definition *claim, const char *key);

/* Adds the terms of a line (grammar: repro/study/claims.h). C4_ERR_USAGE: what is wrong; unknown
 * runs, references and images, too. The contrast is as it was then, or has some of them. */
enum c4_status c4_claim_add_terms(const struct c4_study *study, const char *text,
                                  struct c4_claim_contrast *contrast);

/* Whether the value that the key has just got agrees with the study and the other values so far.
 * C4_ERR_USAGE: an unknown figure or run, low above high. */
enum c4_status c4_claim_check_key(const struct c4_study *study,
                                  const struct c4_claim_definition *claim, const char *key);

/* What no single line shows: whether the claim has what its kind needs, and nothing else.
 * C4_ERR_USAGE. */
enum c4_status c4_claim_check(const struct c4_claim_definition *claim);

#endif
