/* Shared by the tests of the report: a made-up study in a scratch folder, published, and its files.
 */
#ifndef C4_TESTS_REPRO_PUBLISHED_H
#define C4_TESTS_REPRO_PUBLISHED_H

#include "tests/core/test_file_scratch.h"

#include "repro/report/publish.h"
#include "tests/repro/made_up_store.h"

static struct c4_study study;
static struct c4_scale scale;

static inline void use(const char *protocol, const char *scale_name) {
    assert_int_equal(c4_study_load(NULL, &study), C4_OK);
    assert_int_equal(c4_study_use_protocol(&study, protocol), C4_OK);
    scale = *c4_study_scale(&study, scale_name);
}

/* Not inlined: gcc 12 would take the text for its pointer. */
__attribute__((noinline, unused)) static char *text_of(void **state, const char *name) {
    unsigned char *bytes;
    size_t size_bytes;
    if (c4_file_read(scratch_path(state, name), &bytes, &size_bytes) != C4_OK)
        fail_msg("%s", c4_error());
    assert_int_equal(strlen((const char *)bytes), size_bytes);
    return (char *)bytes;
}

static inline void must_hold(const char *text, const char *want) {
    if (!strstr(text, want)) fail_msg("'%s' is missing", want);
}

static inline struct c4_publication published(void **state, const char *only) {
    struct scratch *scratch = *state;
    struct c4_publication p;
    bool selected[C4_STUDY_FIGURES];
    assert_int_equal(c4_study_select(&study, only, selected), C4_OK);
    if (c4_study_publish(scratch->folder, &study, &scale, selected, false, &p) != C4_OK)
        fail_msg("%s", c4_error());
    return p;
}

/* The mean in the CSV file's row that begins with `row`. */
static inline double mean_of(const char *csv, const char *row) {
    const char *at = strstr(csv, row);
    if (!at) fail_msg("no row begins with '%s'", row);
    return at ? strtod(at + strlen(row), NULL) : NAN;
}

static inline void near(double got, double want) {
    if (!(fabs(got - want) < 1e-12)) fail_msg("%.15g instead of %.15g", got, want);
}

#endif
