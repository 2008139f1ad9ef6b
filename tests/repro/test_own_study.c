/* A study's own file: names, titles and numbers that the built-in one does not have. What rows are
 * stands in columns, so names decide nothing. */
#include "tests/core/test_file_scratch.h"

#include <sqlite3.h>

#include "core/file/json.h"
#include "repro/commands/summary.h"
#include "repro/report/publish.h"
#include "tests/repro/made_up_store.h"

extern const char c4_embed_repro_study_paper_ini[], c4_embed_results_reference_authors_2024_csv[];

static struct c4_study study;
static struct c4_scale scale;

static char *text_of(void **state, const char *name) {
    unsigned char *bytes;
    size_t size_bytes;
    if (c4_file_read(scratch_path(state, name), &bytes, &size_bytes) != C4_OK)
        fail_msg("%s", c4_error());
    return (char *)bytes;
}

static void must_hold(const char *text, const char *want) {
    if (!strstr(text, want)) fail_msg("'%s' is missing in '%.300s'", want, text);
}

/* The built-in study's file with every `from` replaced; the caller frees it. */
static char *replaced_in(const char *text, const char *from, const char *to) {
    struct c4_text out = {0};
    for (const char *at; (at = strstr(text, from)); text = at + strlen(from)) {
        assert_int_equal(c4_text_add_bytes(&out, text, (size_t)(at - text)), C4_OK);
        assert_int_equal(c4_text_add(&out, "%s", to), C4_OK);
    }
    assert_int_equal(c4_text_add(&out, "%s", text), C4_OK);
    return out.bytes;
}

/* Writes and loads the built-in study with replacements (pairs, NULL ends), at a few epochs. */
static void use(void **state, const char *scale_name, const char *const *pairs) {
    char *text = strdup(c4_embed_repro_study_paper_ini);
    for (; pairs && *pairs; pairs += 2) {
        char *next = replaced_in(text, pairs[0], pairs[1]);
        free(text);
        text = next;
    }
    put_file(scratch_path(state, "own.ini"), text, strlen(text));
    free(text);
    if (c4_study_load(scratch_path(state, "own.ini"), &study) != C4_OK) fail_msg("%s", c4_error());
    scale = *c4_study_scale(&study, scale_name);
    assert_int_equal(
        c4_study_set(&study, &scale, "size_epochs=4,finetune_epochs=3,pretrain_epochs=100"), C4_OK);
}

static enum c4_status publish(void **state, const char *only, struct c4_publication *p) {
    struct scratch *scratch = *state;
    bool selected[C4_STUDY_FIGURES];
    if (c4_study_select(&study, only, selected) != C4_OK) fail_msg("%s", c4_error());
    return c4_study_publish(scratch->folder, &study, &scale, only ? selected : NULL, false, p);
}

static void alter(void **state, const char *sql) {
    sqlite3 *db;
    char *why = NULL;
    assert_int_equal(sqlite3_open(scratch_path(state, "study.db"), &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK) fail_msg("%s", why);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Every family renamed: the same rows, tables, published levels and verdicts. */
static void names_decide_nothing(void **state) {
    static const char *const names[] = {"pretrain-d",      "base",           "finetune-cifar10-",
                                        "tuned.",          "finetune-svhn-", "digits_",
                                        "scratch-cifar10", "fresh",          "[run size]",
                                        "[run k]",         "size-*",         "k-*",
                                        "size-64",         "k-64",           NULL};
    static const char *const panels[] = {"fig1",  "fig2a",       "fig3a",  "fig3b",
                                         "fig4a", "fig4c",       "fig5a",  "fig5b",
                                         "null",  "sizes-steps", "scratch"};
    enum { PANELS = sizeof panels / sizeof *panels };
    struct scratch *scratch = *state;
    char *want[PANELS], name[64];
    struct c4_publication p, own;
    use(state, "paper", NULL);
    assert_int_equal(c4_study_set(&study, &scale, "seeds=1-3"), C4_OK);
    assert_int_equal(c4_study_use_protocol(&study, "paper"), C4_OK);
    made_up_store(scratch->folder, &study, &scale, false, NULL);
    if (publish(state, NULL, &p) != C4_OK) fail_msg("%s", c4_error());
    for (int i = 0; i < PANELS; i++) {
        snprintf(name, sizeof name, "figures/%s.csv", panels[i]);
        want[i] = text_of(state, name);
        assert_int_equal(remove(scratch_path(state, name)), 0);
    }
    use(state, "paper", names);
    assert_non_null(c4_study_family(&study, "tuned.shifted", NULL));
    assert_null(c4_study_family(&study, "size-64", NULL));
    assert_int_equal(c4_study_set(&study, &scale, "seeds=1-3"), C4_OK);
    if (publish(state, NULL, &own) != C4_OK) fail_msg("%s", c4_error());
    if (c4_publication_status(&own) != C4_OK) fail_msg("%s", c4_error());
    for (int i = 0; i < PANELS; i++) {
        snprintf(name, sizeof name, "figures/%s.csv", panels[i]);
        char *got = text_of(state, name);
        assert_string_equal(got, want[i]);
        free(got);
        free(want[i]);
    }
    assert_int_equal(own.claims.count, p.claims.count);
    for (int i = 0; i < p.claims.count; i++)
        assert_int_equal(own.claims.claim[i].verdict, p.claims.claim[i].verdict);
    c4_publication_free(&own);
    c4_publication_free(&p);
}

/* The authors' levels belong to what a run is. */
static void published_levels_know_own_names(void **state) {
    static const char *const names[] = {"pretrain-d", "base", "finetune-cifar10-", "tuned.", NULL};
    struct scratch *scratch = *state;
    struct c4_publication p;
    for (int own = 0; own < 2; own++) {
        use(state, "paper", own ? names : NULL);
        assert_int_equal(c4_study_use_protocol(&study, "authors"), C4_OK);
        assert_int_equal(c4_study_set(&study, &scale, "seeds=1-3"), C4_OK);
        if (!own) made_up_store(scratch->folder, &study, &scale, false, NULL);
        if (publish(state, "2a,3a,4a", &p) != C4_OK) fail_msg("%s", c4_error());
        char *csv = text_of(state, "figures/fig3a.csv"), *page = text_of(state, "report.html");
        must_hold(csv, "\npublished,0,");
        must_hold(page, "Published levels");
        must_hold(page, own ? "<td>tuned.d0</td>\n" : "<td>finetune-cifar10-d0</td>\n");
        free(csv);
        free(page);
        c4_publication_free(&p);
    }
}

/* A figure that draws finished runs and finds nothing fails, by name; everything else is there. */
static void a_figure_that_finds_nothing(void **state) {
    struct scratch *scratch = *state;
    struct c4_publication p;
    use(state, "quick", NULL);
    made_up_store(scratch->folder, &study, &scale, false, NULL);
    alter(state, "DELETE FROM result WHERE quantity = 'test_accuracy'");
    if (publish(state, "1,2", &p) != C4_OK) fail_msg("%s", c4_error());
    assert_int_equal(c4_publication_status(&p), C4_ERR_FAILED);
    must_hold(c4_error(), "figure fig2c: it finds no values although run pretrain-cifar10-d0-");
    char *page = text_of(state, "report.html"), *json = text_of(state, "report.json");
    must_hold(page, "Figure fig2c failed: it finds no values");
    must_hold(page, "This figure failed");
    must_hold(json, "\"failure\": \"it finds no values");
    free(text_of(state, "figures/fig2a.csv"));
    free(page);
    free(json);
    c4_publication_free(&p);
    /* Of a study that is not finished it may come. */
    alter(state, "DELETE FROM result; UPDATE run SET status = 'planned'");
    if (publish(state, "2c", &p) != C4_OK) fail_msg("%s", c4_error());
    assert_int_equal(c4_publication_status(&p), C4_OK);
    c4_publication_free(&p);
    /* Without runs, only a figure that was asked for fails. */
    alter(state,
          "DELETE FROM checkpoint; DELETE FROM cost; DELETE FROM run WHERE kind = 'pretrain'");
    for (int asked = 0; asked < 2; asked++) {
        if (publish(state, asked ? "2c" : NULL, &p) != C4_OK) fail_msg("%s", c4_error());
        assert_int_equal(c4_publication_status(&p), asked ? C4_ERR_FAILED : C4_OK);
        c4_publication_free(&p);
    }
    must_hold(c4_error(), "figure fig2c: the study has no runs for it; 'conv4 repro --figures 2c'");
}

/* One that cannot be written does not cost the others, nor the report. */
static void a_figure_that_cannot_be_written(void **state) {
    struct scratch *scratch = *state;
    struct c4_publication p;
    use(state, "quick", NULL);
    made_up_store(scratch->folder, &study, &scale, false, NULL);
    assert_int_equal(mkdir(scratch_path(state, "figures"), 0777), 0);
    assert_int_equal(mkdir(scratch_path(state, "figures/fig2a.csv"), 0777), 0);
    if (publish(state, "2", &p) != C4_OK) fail_msg("%s", c4_error());
    assert_int_equal(c4_publication_status(&p), C4_ERR_FAILED);
    must_hold(c4_error(), "figure fig2a: ");
    must_hold(c4_error(), "figures/fig2a.csv");
    free(text_of(state, "figures/fig2b.csv"));
    free(text_of(state, "figures/fig2c.csv"));
    free(text_of(state, "report.html"));
    c4_publication_free(&p);
}

/* Two hundred origins, of which the last alone is synthetic. */
static void many_origins(void **state) {
    struct scratch *scratch = *state;
    struct c4_publication p;
    use(state, "quick", NULL);
    made_up_store(scratch->folder, &study, &scale, false, NULL);
    alter(state,
          "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 199) "
          "INSERT INTO provenance SELECT 'id' || i, printf('CIFAR-10 part %03d', i), 'aa', "
          "'CIFAR-10 test', 'bb', '1.0', 1, 'ref', 0, 0 FROM n;"
          "INSERT INTO provenance VALUES('last', 'zzz', 'aa', 'zzz', 'bb', '1.0', 1, 'ref', 1, 0)");
    if (publish(state, "2a", &p) != C4_OK) fail_msg("%s", c4_error());
    assert_true(p.origins.count >= 200);
    assert_true(p.synthetic);
    char *page = text_of(state, "report.html"), *json = text_of(state, "report.json");
    must_hold(page, "Synthetic data: ");
    must_hold(page, "CIFAR-10 part 199");
    must_hold(json, "CIFAR-10 part 199");
    free(page);
    free(json);
    c4_publication_free(&p);
}

/* Any text may stand in a title or a name; it is shown as it is, escaped. */
static void any_text_in_a_title(void **state) {
    static const char *const titles[] = {
        "'quoted' from the start",    "\"double\" & <b>bold</b>", "100 %s %n of \\n $HOME `id`",
        "\xe2\x80\xae right to left", "not \xff UTF-8 \xc3",      "a {/Bold b} _c ^d @e ~f"};
    struct scratch *scratch = *state;
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++) {
        struct c4_publication p;
        const char *const pairs[] = {"Training loss with partially random labels",
                                     titles[i],
                                     "labels = d = 0, d = 1, d = 9",
                                     "labels = d = 0, 'one', <9>",
                                     "pretrain-d1",
                                     "q\"'%s<9>\xe2\x80\xae\xff\\n",
                                     NULL};
        use(state, "smoke", pairs);
        if (i == 0) made_up_store(scratch->folder, &study, &scale, false, NULL);
        for (int f = 0; f < study.figures; f++)
            if (strcmp(study.figure[f].id, "2a") == 0)
                assert_string_equal(study.figure[f].title, titles[i]);
        if (publish(state, "2a,cost-runs", &p) != C4_OK)
            fail_msg("'%s': %s", titles[i], c4_error());
        if (c4_publication_status(&p) != C4_OK) fail_msg("'%s': %s", titles[i], c4_error());
        char *page = text_of(state, "report.html"), *json = text_of(state, "report.json");
        assert_true(c4_json_is_utf8(page) && c4_json_is_utf8(json));
        assert_null(strstr(page, "\xe2\x80\xae"));
        assert_null(strstr(page, "<b>bold"));
        assert_null(strstr(page, "<9>"));
        free(page);
        free(json);
        c4_publication_free(&p);
    }
}

static json_t *json_of(void **state, const char *name) {
    json_error_t error;
    json_t *value = json_load_file(scratch_path(state, name), 0, &error);
    if (!value) fail_msg("%s: %s", name, error.text);
    return value;
}

/* The member of the first object of a list whose `key` is `value`. */
static const char *where(const json_t *list, const char *key, const char *value,
                         const char *member) {
    size_t i;
    const json_t *one;
    json_array_foreach(list, i, one) {
        const char *own = json_string_value(json_object_get(one, key));
        if (own && strcmp(own, value) == 0) return json_string_value(json_object_get(one, member));
    }
    fail_msg("no %s is '%s'", key, value);
    return NULL;
}

/* Names and sentences of the study's file, and texts of its rows, may be any bytes. */
static void any_text_in_json(void **state) {
    static const char *const pairs[] = {
        "pretrain-d",         "b\xe9se\"%s",        "[claim 2]",
        "[claim 2 \xff]",     "[claim 3]",          "[claim 2 \xfe]",
        "[scale quick]",      "[scale qu\xe9\"%n]", "says = ",
        "says = \xff\"%d\\ ", "statistic = ",       "statistic = \xc3 ",
        "label = ",           "label = \xff ",      NULL};
    struct scratch *scratch = *state;
    struct c4_publication p;
    use(state, "quick", NULL);
    made_up_store(scratch->folder, &study, &scale, false, NULL);
    use(state, "qu\xe9\"%n", pairs);
    alter(state, "UPDATE provenance SET backend = CAST(x'ff22' AS TEXT);"
                 "UPDATE cost SET host = CAST(x'ff0a22' AS TEXT), "
                 "place_read_back = CAST(x'fe2573' AS TEXT)");
    if (publish(state, "2a", &p) != C4_OK) fail_msg("%s", c4_error());
    json_t *report = json_of(state, "report.json");
    const json_t *claims = json_object_get(report, "claims");
    const json_t *curves =
        json_object_get(json_array_get(json_object_get(report, "figures"), 0), "curves");
    assert_int_equal(json_array_size(claims), p.claims.count);
    must_hold(where(claims, "id", "2 \xef\xbf\xbd", "says"), "\xef\xbf\xbd\"%d\\ ");
    assert_true(json_array_size(curves) >= 2);
    must_hold(where(curves, "kind", "measured", "family"), "b\xef\xbf\xbdse\"%s0");
    must_hold(json_string_value(json_object_get(report, "scale")), "qu\xef\xbf\xbd\"%n");
    assert_string_equal(
        where(json_object_get(report, "places"), "host", "\xef\xbf\xbd\n\"", "place"),
        "\xef\xbf\xbd%s");
    where(json_object_get(report, "origins"), "backend", "\xef\xbf\xbd\"", "data");
    const json_t *setting = json_array_get(json_object_get(report, "settings"), 0);
    assert_int_equal(json_object_size(json_object_get(setting, "verdicts")), p.claims.count);
    json_decref(report);
    const struct c4_dataset images = {.name = "n\xff"};
    const struct c4_repro_summary summary = {
        .publication = &p, .training = &images, .evaluation = &images, .backend = "ref"};
    FILE *out = fopen(scratch_path(state, "summary.json"), "w");
    assert_non_null(out);
    assert_int_equal(c4_repro_summary_json(&summary, out), C4_OK);
    fclose(out);
    report = json_of(state, "summary.json");
    assert_int_equal(json_object_size(json_object_get(report, "claims")), p.claims.count);
    assert_string_equal(json_string_value(json_object_get(report, "data")), "n\xef\xbf\xbd");
    json_decref(report);
    c4_publication_free(&p);
}

/* Cells of the authors' levels, which repro/figures/authors.c reads. */
static void published_cells_fit(void **state) {
    (void)state;
    for (const char *text = c4_embed_results_reference_authors_2024_csv; *text;) {
        size_t length = strcspn(text, ",\n");
        assert_true(length < 40);
        text += length + (text[length] != '\0');
    }
}

static enum c4_status load_with(void **state, const char *from, const char *to) {
    char *text = replaced_in(c4_embed_repro_study_paper_ini, from, to);
    put_file(scratch_path(state, "own.ini"), text, strlen(text));
    free(text);
    return c4_study_load(scratch_path(state, "own.ini"), &study);
}

/* What could only fail after the training is refused when the study is read. */
static void bad_names_are_refused_first(void **state) {
    static const struct {
        const char *from, *to, *sentence;
    } cases[] = {
        {"[figure 2a]", "[figure ../../x]", "section [figure ../../x]: the id names files"},
        {"[figure 2a]", "[figure a b]", "section [figure a b]: the id names files"},
        {"[figure scratch]", "[figure fig1]", "fig1"},
        {"[run scratch-cifar10-d9]", "[run size-64]",
         "[run size-64] has the name of a training size of [run size]"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(load_with(state, cases[i].from, cases[i].to), C4_ERR_USAGE);
        must_hold(c4_error(), cases[i].sentence);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_set_up, scratch_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(names_decide_nothing),
        TEST(published_levels_know_own_names),
        TEST(a_figure_that_finds_nothing),
        TEST(a_figure_that_cannot_be_written),
        TEST(many_origins),
        TEST(any_text_in_a_title),
        TEST(any_text_in_json),
        cmocka_unit_test(published_cells_fit),
        TEST(bad_names_are_refused_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
