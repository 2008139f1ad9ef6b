/* Only for parse.c: sections [claim ID], which are read after all runs and figures. */
#ifndef C4_REPRO_STUDY_PARSE_CLAIM_H
#define C4_REPRO_STUDY_PARSE_CLAIM_H

#include "repro/study/study.h"

/* The keys of a claim, except terms and terms2. */
extern const struct c4_field c4_claim_fields[];

/* Sets the values of omitted keys that are not zero; other members are unchanged. */
void c4_claim_begin(struct c4_claim_definition *claim);

/* The contrast whose terms the key gives, or NULL. */
struct c4_claim_contrast *c4_claim_terms(struct c4_claim_definition *claim, const char *key);

/* Adds the terms of a line (grammar: repro/study/claim_definition.h). C4_ERR_USAGE: a bad term, or
 * an unknown run, reference or image set; terms before it have been added. */
enum c4_status c4_claim_add_terms(const struct c4_study *study, const char *text,
                                  struct c4_claim_contrast *contrast);

/* Checks the value just read for a key against the study and the values read so far. C4_ERR_USAGE:
 * an unknown figure or run, low not below high. */
enum c4_status c4_claim_check_key(const struct c4_study *study,
                                  const struct c4_claim_definition *claim, const char *key);

/* Checks that a complete claim has exactly the keys that its kind takes. C4_ERR_USAGE. */
enum c4_status c4_claim_check(const struct c4_claim_definition *claim);

#endif
