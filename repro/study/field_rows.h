/* Only for parse*.c: rows of key tables. s: the struct; m: the member, which has the key's name. */
#ifndef C4_REPRO_STUDY_FIELD_ROWS_H
#define C4_REPRO_STUDY_FIELD_ROWS_H

#include "repro/study/field.h"

#define FIELD(s, m, type, size, low, high, choices, optional)                                      \
    { #m, offsetof(s, m), size, low, high, choices, NULL, type, optional }
#define TEXT(s, m) FIELD(s, m, C4_FIELD_TEXT, sizeof((s *)0)->m, 0, 0, NULL, false)
#define INTEGER(s, m, low, high)                                                                   \
    FIELD(s, m, C4_FIELD_INTEGER, sizeof(uint32_t), low, high, NULL, false)
#define REAL(s, m, low, high) FIELD(s, m, C4_FIELD_REAL, sizeof(double), low, high, NULL, false)
#define CHOICE(s, m, choices) FIELD(s, m, C4_FIELD_CHOICE, sizeof(int), 0, 0, choices, false)
#define SEEDS(s, m) FIELD(s, m, C4_FIELD_SEEDS, sizeof(struct c4_seeds), 0, 0, NULL, false)
#define LIST(s, m, low, high)                                                                      \
    FIELD(s, m, C4_FIELD_LIST, sizeof(struct c4_list), low, high, NULL, false)
#define NAMES(s, m, choices)                                                                       \
    FIELD(s, m, C4_FIELD_NAMES, sizeof(struct c4_names), 0, 0, choices, false)
#define OPTIONAL_TEXT(s, m) FIELD(s, m, C4_FIELD_TEXT, sizeof((s *)0)->m, 0, 0, NULL, true)
#define OPTIONAL_REAL(s, m, low, high)                                                             \
    FIELD(s, m, C4_FIELD_REAL, sizeof(double), low, high, NULL, true)
#define OPTIONAL_CHOICE(s, m, choices)                                                             \
    FIELD(s, m, C4_FIELD_CHOICE, sizeof(int), 0, 0, choices, true)
/* CHOICE whose choices come from a function. */
#define CHOICE_OF(s, m, choice, optional)                                                          \
    { #m, offsetof(s, m), sizeof(int), 0, 0, NULL, choice, C4_FIELD_CHOICE, optional }
#define OPTIONAL_NAMES(s, m, choices)                                                              \
    FIELD(s, m, C4_FIELD_NAMES, sizeof(struct c4_names), 0, 0, choices, true)
#define OPTIONAL_SET(s, m, choices) FIELD(s, m, C4_FIELD_SET, sizeof(unsigned), 0, 0, choices, true)
#define END                                                                                        \
    { NULL, 0, 0, 0, 0, NULL, NULL, C4_FIELD_TEXT, false }

#endif
