/* Figures and report of a made-up study: what is drawn, marked and reported as missing, and that
 * the page is self-contained. */
#include "tests/repro/published.h"

#include <sqlite3.h>

#include "core/report/gnuplot.h"

/* Fewer epochs and sizes than the paper, so that tests are short, but all its seeds and degrees. */
static void use_short_paper(const char *protocol) {
    use(protocol, "paper");
    assert_int_equal(c4_study_set(&study, &scale,
                                  "pretrain_epochs=100,size_epochs=20,finetune_epochs=3,seeds=1-3"),
                     C4_OK);
}

/* The page may fetch nothing: every link is inside the page or to a file of the study. */
static void needs_nothing_else(const char *page) {
    static const char *const never[] = {"<script",  "<link",   "<iframe", "<img",    "@import",
                                        "xlink",    "http:",   "https:",  "src=",    "srcset",
                                        "url(http", "url('",   "url(\"",  "data=\"", "<object",
                                        "<embed",   "onload=", "onclick="};
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (strstr(page, never[i])) fail_msg("the page has '%s'", never[i]);
    for (const char *at = page; (at = strstr(at, "href=")); at++) {
        const char *address = at + 6;
        if (*address != '#' && strncmp(address, "figures/", 8) != 0)
            fail_msg("an address leads outside: %.60s", at);
    }
    for (const char *at = page; (at = strstr(at, "url(")); at++)
        if (at[4] != '#') fail_msg("an address leads outside: %.60s", at);
}

/* Every id occurs once, and every internal link leads to one. */
static void links_lead_somewhere(const char *page) {
    for (const char *at = page; (at = strstr(at, "href=")); at++) {
        char id[128], single[160], twice[160];
        if (at[6] != '#') continue;
        snprintf(id, sizeof id, "%.*s", (int)strcspn(at + 7, "\"'"), at + 7);
        snprintf(single, sizeof single, " id='%s'", id);
        snprintf(twice, sizeof twice, " id=\"%s\"", id);
        const char *found = strstr(page, single);
        if (!found) found = strstr(page, twice);
        if (!found) fail_msg("#%s leads nowhere", id);
        if (found && (strstr(found + 1, single) || strstr(found + 1, twice)))
            fail_msg("#%s is twice", id);
    }
}

/* Elements are closed in order; pictures are checked in the same way. */
static void is_well_formed(const char *page) {
    static const char *const empty[] = {"meta", "br", "!DOCTYPE"};
    const char *open[64];
    int depth = 0;
    for (const char *at = strchr(page, '<'); at; at = strchr(at + 1, '<')) {
        const char *end = strchr(at, '>');
        assert_non_null(end);
        bool closes = at[1] == '/', skip = end[-1] == '/';
        const char *name = at + 1 + closes;
        size_t length = strcspn(name, " >\n\t");
        for (size_t i = 0; i < sizeof empty / sizeof *empty; i++)
            skip = skip || (strlen(empty[i]) == length && !strncmp(empty[i], name, length));
        if (skip) continue;
        if (!closes) {
            assert_true(depth < 64);
            open[depth++] = name;
            continue;
        }
        if (depth == 0 || strncmp(open[depth - 1], name, length) != 0)
            fail_msg("'%.40s' closes '%.40s'", at, depth ? open[depth - 1] : "nothing");
        depth--;
    }
    assert_int_equal(depth, 0);
}

/* --plain: notes are on the page instead of in the pictures; marks of synthetic data stay. */
static void plain_pictures_have_no_notes(void **state) {
    struct scratch *scratch = *state;
    static bool selected[C4_STUDY_FIGURES];
    static const char note[] = "Linear CKA, biased as in the paper";
    use("paper", "quick");
    made_up_store(scratch->folder, &study, &scale, true, NULL);
    assert_int_equal(c4_study_select(&study, "1", selected), C4_OK);
    for (int plain = 0; plain < 2; plain++) {
        struct c4_publication p;
        if (c4_study_publish(scratch->folder, &study, &scale, selected, plain, &p) != C4_OK)
            fail_msg("%s", c4_error());
        char *script = text_of(state, "figures/fig1.gp"), *page = text_of(state, "report.html");
        must_hold(page, note);
        must_hold(script, "synthetic data");
        assert_int_equal(strstr(script, note) == NULL, plain);
        assert_int_equal(strstr(script, "standard error") == NULL, plain);
        is_well_formed(page);
        free(script);
        free(page);
        c4_publication_free(&p);
    }
}

static void whole_study(void **state) {
    struct scratch *scratch = *state;
    char gnuplot[4096];
    use("paper", "quick");
    made_up_store(scratch->folder, &study, &scale, false, NULL);
    struct c4_publication p = published(state, NULL);
    static const char *const panels[] = {
        "fig1",           "fig2a",      "fig2b",           "fig2c",          "fig3a",
        "fig3b",          "fig4a",      "fig4b",           "fig4c",          "fig5a",
        "fig5b",          "fig5c",      "fig5d",           "fig1-debiased",  "fig3a-debiased",
        "fig5d-debiased", "null",       "sizes-steps",     "sizes-accuracy", "scratch",
        "cross-svhn",     "unlearning", "cost-throughput", "cost-cka",       "cost-runs"};
    char *page = text_of(state, "report.html");
    for (size_t i = 0; i < sizeof panels / sizeof *panels; i++) {
        char name[64];
        snprintf(name, sizeof name, "figures/%s.csv", panels[i]);
        free(text_of(state, name));
        snprintf(name, sizeof name, "figures/%s.gp", panels[i]);
        free(text_of(state, name));
        must_hold(page, name);
    }
    needs_nothing_else(page);
    links_lead_somewhere(page);
    is_well_formed(page);
    /* What readers look for comes first. */
    static const char *const sections[] = {"figures", "claims", "controls",
                                           "tuning",  "cost",   "origin"};
    const char *at = page;
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        char id[32];
        snprintf(id, sizeof id, "id=\"%s\"", sections[i]);
        at = strstr(at, id);
        if (!at) fail_msg("section %s is missing, or is before another one", sections[i]);
    }
    must_hold(page, "prefers-color-scheme: dark");
    must_hold(page, "SVHN-10k substitute");
    must_hold(page, "conv4 repro --scale quick --data DIR --figures 3a");
    must_hold(page, "Runs: 39 of 39 done");
    if (c4_gnuplot_find(gnuplot, sizeof gnuplot)) must_hold(page, "aria-label=\"Figure 5d: ");
    assert_int_equal(c4_claims_with(&p.claims, C4_FAILS), 0);
    assert_true(c4_claims_with(&p.claims, C4_HOLDS) > 20);
    free(page);

    json_t *json = json_load_file(scratch_path(state, "report.json"), 0, NULL);
    assert_non_null(json);
    assert_int_equal(json_array_size(json_object_get(json, "settings")), 32);
    assert_int_equal(json_array_size(json_object_get(json, "claims")), (size_t)p.claims.count);
    assert_int_equal(json_array_size(json_object_get(json, "figures")), (size_t)p.figures);
    json_decref(json);
    c4_publication_free(&p);

    /* The same rows give the same files, and reading changes no row. */
    char *before = text_of(state, "figures/fig4c.csv");
    p = published(state, "4c");
    assert_int_equal(p.figures, 2);
    c4_publication_free(&p);
    char *after = text_of(state, "figures/fig4c.csv");
    assert_string_equal(before, after);
    free(before);
    free(after);
}

static double expected(const char *family, const char *layer, const char *reference,
                       const char *images, int64_t epoch) {
    double sum = 0;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        const struct c4_rows_run run = {.epochs = scale.pretrain_epochs,
                                        .images = scale.pretrain_images};
        struct c4_row_query query = {.family = family,
                                     .seed = seed,
                                     .epoch = epoch,
                                     .quantity = "cka_biased",
                                     .layer = layer,
                                     .reference = reference,
                                     .images = images,
                                     .statistics = "batch",
                                     .n = 500};
        sum += made_up_value(&run, &query);
    }
    return sum / 3;
}

/* Each kind of figure has the numbers that define its panel. */
static void numbers_are_the_rows(void **state) {
    struct scratch *scratch = *state;
    use("paper", "quick");
    scale.pretrain_epochs = scale.finetune_epochs = 4;
    made_up_store(scratch->folder, &study, &scale, false, NULL);
    struct c4_publication p = published(state, "1,3a,4c,5b,null,unlearning");
    char *csv = text_of(state, "figures/fig1.csv");
    const char *initial = "initialisation", *other = "other-initialisation";
    near(mean_of(csv, "\npool3,2,"), expected("pretrain-d0", "pool3", initial, "cifar10-test", 2));
    near(mean_of(csv, "\n\"pool3, another's initialisation\",0,"), made_up_null[2]);
    free(csv);
    csv = text_of(state, "figures/fig3a.csv");
    near(mean_of(csv, "\nd = 9,1,"), expected("pretrain-d9", "pool2", initial, "cifar10-test", 4));
    near(mean_of(csv, "\ntwo random networks,4,"), made_up_null[4]);
    near(mean_of(csv, "\n\"d = 9, another's initialisation\",1,"),
         expected("pretrain-d9", "pool2", other, "cifar10-test", 4));
    assert_null(strstr(csv, "d = 4")); /* not a family of this scale */
    free(csv);
    csv = text_of(state, "figures/fig4c.csv"); /* each task on its own images */
    near(mean_of(csv, "\nSVHN,3,"),
         expected("finetune-svhn-d0", "pool4", "pretrained", "svhn-heldout", 4));
    near(mean_of(csv, "\nshifted labels,3,"),
         expected("finetune-cifar10-shifted", "pool4", "pretrained", "cifar10-heldout", 4));
    free(csv);
    csv = text_of(state, "figures/fig5b.csv");
    near(mean_of(csv, "\nto the initialisation,0,"),
         expected("finetune-cifar10-d9", "pool1", initial, "cifar10-heldout", 4));
    free(csv);
    csv = text_of(state, "figures/fig5b-debiased.csv");
    near(mean_of(csv, "\nto the initialisation,3,"),
         expected("finetune-cifar10-d9", "pool4", initial, "cifar10-heldout", 4) - made_up_bias[3]);
    free(csv);
    csv = text_of(state, "figures/null.csv");
    near(mean_of(csv, "\nd = 9 to another's,2,"),
         expected("pretrain-d9", "pool3", other, "cifar10-test", 4));
    free(csv);
    csv = text_of(state, "figures/unlearning.csv");
    near(mean_of(csv, "\npool2,0,"),
         expected("finetune-cifar10-d9", "pool2", initial, "cifar10-heldout", 0) - 1);
    free(csv);
    c4_publication_free(&p);
}

static void synthetic_data_are_marked(void **state) {
    struct scratch *scratch = *state;
    char gnuplot[4096];
    use("paper", "smoke");
    made_up_store(scratch->folder, &study, &scale, true, NULL);
    struct c4_publication p = published(state, "1,4b");
    char *page = text_of(state, "report.html");
    must_hold(page, "Synthetic data: ");
    must_hold(page, "with fewer than three, claims remain undecided");
    must_hold(page, "[synthetic data]");
    for (int i = 0; i < p.figures; i++)
        must_hold(c4_text_string(&p.figure[i].mark), "synthetic data");
    if (c4_gnuplot_find(gnuplot, sizeof gnuplot)) {
        char *svg = text_of(state, "figures/fig4b.svg");
        must_hold(svg, "[synthetic data]");
        free(svg);
    }
    /* The smoke scale judges nothing. */
    assert_int_equal(c4_claims_with(&p.claims, C4_NOT_JUDGED), p.claims.count);
    free(page);
    c4_publication_free(&p);
}

static void missing_runs_are_said(void **state) {
    struct scratch *scratch = *state;
    use("paper", "quick");
    made_up_store(scratch->folder, &study, &scale, false, "finetune-svhn-d0");
    struct c4_store *store;
    struct c4_run run;
    assert_int_equal(c4_store_open(scratch->folder, false, &store), C4_OK);
    assert_true(c4_run_describe(&study, &scale, "finetune-svhn-d0", 2, &run));
    assert_int_equal(c4_store_run_set_state(store, run.key, C4_RUN_FAILED), C4_OK);
    c4_store_close(store);
    struct c4_publication p = published(state, "4c,5d");
    char *page = text_of(state, "report.html");
    must_hold(page, "1 run failed and is missing here: ");
    must_hold(page, run.key);
    must_hold(page, "The study is not finished: 36 of 39 runs are");
    must_hold(page, "There are no rows for this figure yet");
    must_hold(page, "rows are missing: runs were not made or did not finish");
    is_well_formed(page);
    assert_true(p.figure[2].empty && strcmp(p.figure[2].id, "fig5d") == 0);
    assert_false(p.figure[0].empty);
    free(page);
    c4_publication_free(&p);
}

/* Layers without a CKA value, such as constant ones, are rows without a value. */
static void undefined_values_are_left_out(void **state) {
    static const char sql[] = "UPDATE result SET value = NULL WHERE quantity LIKE 'cka_%' AND "
                              "((layer = 'pool3' AND run LIKE 'pretrain-%-d0-%-seed1') OR "
                              " (layer = 'pool4' AND run LIKE 'finetune-cifar10-d9%'))";
    struct scratch *scratch = *state;
    sqlite3 *db;
    use_short_paper("paper");
    made_up_store(scratch->folder, &study, &scale, false, NULL);
    assert_int_equal(sqlite3_open(scratch_path(state, "study.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_true(sqlite3_changes(db) > 100);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    struct c4_publication p = published(state, "1,3a,5b");
    for (int i = 0; i < p.figures; i++) assert_false(p.figure[i].empty);
    char *csv = text_of(state, "figures/fig3a.csv");
    const char *row = strstr(csv, "\nd = 0,2,");
    assert_non_null(row);
    double mean, error;
    int seeds;
    assert_int_equal(sscanf(row, "\nd = 0,2,%lf,%lf,%d,", &mean, &error, &seeds), 3);
    assert_true(mean > 0 && mean < 1);
    assert_int_equal(seeds, 2);
    assert_null(strstr(csv, "nan"));
    free(csv);
    char *page = text_of(state, "report.html");
    must_hold(page, "or their CKA is undefined");
    assert_null(strstr(page, ">nan"));
    is_well_formed(page);
    free(page);
    /* A claim on that layer is not judged; others are. */
    assert_true(c4_claims_with(&p.claims, C4_HOLDS) > 0);
    assert_true(c4_claims_with(&p.claims, C4_NOT_JUDGED) > 0);
    assert_int_equal(c4_claims_with(&p.claims, C4_FAILS), 0);
    c4_publication_free(&p);
}

/* The authors' levels are drawn only under their protocol. */
static void published_levels(void **state) {
    struct scratch *scratch = *state;
    use_short_paper("paper");
    made_up_store(scratch->folder, &study, &scale, false, NULL);
    struct c4_publication p = published(state, "1,3a,3b");
    char *csv = text_of(state, "figures/fig3a.csv");
    assert_null(strstr(csv, "published"));
    free(csv);
    c4_publication_free(&p);
    use_short_paper("authors");
    study.protocol.curve_images = 500; /* number of images of the made-up rows */
    made_up_store(scratch->folder, &study, &scale, false, NULL);
    p = published(state, "1,3a,3b");
    csv = text_of(state, "figures/fig3a.csv");
    must_hold(csv, "\npublished,3,0.655,0.016,5,");
    free(csv);
    csv = text_of(state, "figures/fig3b.csv");
    must_hold(csv, "\npublished,3,0.782,0.01,5,");
    free(csv);
    csv = text_of(state, "figures/fig1.csv"); /* over 500 images, not the authors' 200 */
    assert_null(strstr(csv, "published"));
    free(csv);
    assert_true(p.judging == C4_JUDGE_ALL);
    c4_publication_free(&p);
    study.protocol.curve_images = 200; /* made-up rows have them after the last epoch */
    p = published(state, "1,4a");
    csv = text_of(state, "figures/fig1.csv");
    must_hold(csv, "\npublished,25,0.904,");
    free(csv);
    bool noted = false;
    for (int i = 0; i < p.figure[0].notes; i++)
        noted = noted || strstr(c4_text_string(&p.figure[0].note[i]),
                                "150 epochs (here 100, from an earlier export)");
    assert_true(noted);
    char *page = text_of(state, "report.html");
    must_hold(page, "Published levels");
    free(page);
    c4_publication_free(&p);
}

/* The table of settings has the scale's measured numbers of images, and the protocol's. */
static void settings_have_measured_images(void **state) {
    static const struct {
        const char *control;
        int count;
        int64_t images[5];
    } cases[] = {{"control_images=none", 1, {500}},
                 {"control_images=100,2000", 3, {100, 500, 2000}},
                 {"control_images=100,200,500,1000,2000", 5, {100, 200, 500, 1000, 2000}},
                 {"control_images=100", 2, {100, 500}}};
    struct scratch *scratch = *state;
    use("paper", "smoke");
    made_up_store(scratch->folder, &study, &scale, true, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(c4_study_set(&study, &scale, cases[i].control), C4_OK);
        struct c4_publication p = published(state, "2a");
        assert_int_equal(p.setting_count, 8 * cases[i].count);
        for (int k = 0; k < p.setting_count; k++)
            assert_int_equal(p.settings[k].setting.n, cases[i].images[k % cases[i].count]);
        assert_true(p.settings[p.setting_count - 1].setting.debiased);
        assert_string_equal(p.settings[p.setting_count - 1].setting.statistics, "running");
        assert_int_equal(p.settings[p.setting_count - 1].setting.order, C4_RELU_BN);
        c4_publication_free(&p);
    }
}

/* Puts a gnuplot first on PATH that notes each start, and fails if it is given fig4b.gp. */
static void gnuplot_without_4b(void **state, const char *gnuplot, const char *path) {
    char script[9000], first[9000];
    snprintf(script, sizeof script,
             "#!/bin/sh\necho \"$*\" >> ../starts\ncase \"$*\" in *fig4b.gp*)\n"
             "    echo '\"fig4b.gp\" line 9: no such thing' >&2\n    exit 1\nesac\n"
             "exec '%s' \"$@\"\n",
             gnuplot);
    put_file(scratch_path(state, "gnuplot"), script, strlen(script));
    assert_int_equal(chmod(scratch_path(state, "gnuplot"), 0755), 0);
    const struct scratch *scratch = *state;
    snprintf(first, sizeof first, "%s:%s", scratch->folder, path);
    setenv("PATH", first, 1);
}

static int lines_of(const char *text) {
    int lines = 0;
    for (; *text; text++) lines += *text == '\n';
    return lines;
}

/* All figures are drawn by one gnuplot; a faulty one costs no other its pictures. */
static void a_faulty_figure_is_the_only_one_without_pictures(void **state) {
    struct scratch *scratch = *state;
    const char *before = getenv("PATH");
    char gnuplot[4096];
    if (!before || !c4_gnuplot_find(gnuplot, sizeof gnuplot)) skip();
    char *path = strdup(before ? before : ""); /* it is there: clang-tidy does not know skip() */
    use("paper", "smoke");
    made_up_store(scratch->folder, &study, &scale, true, NULL);
    gnuplot_without_4b(state, gnuplot, path);
    struct c4_publication p = published(state, "1,4a");
    char *starts = text_of(state, "starts");
    assert_int_equal(lines_of(starts), 1);
    free(starts);
    assert_int_equal(c4_publication_status(&p), C4_OK);
    c4_publication_free(&p);
    p = published(state, "1,4b,4c");
    for (int i = 0; i < p.figures; i++) {
        bool faulty = strcmp(p.figure[i].id, "fig4b") == 0;
        assert_int_equal(p.figure[i].status, faulty ? C4_ERR_FAILED : C4_OK);
        assert_int_equal(p.figure[i].files.svg, !faulty);
    }
    assert_int_equal(c4_publication_status(&p), C4_ERR_FAILED);
    must_hold(c4_error(), "figure fig4b: ");
    must_hold(c4_error(), "line 9: no such thing");
    c4_publication_free(&p);
    setenv("PATH", path, 1);
    free(path);
}

static void bad_folders_are_sentences(void **state) {
    struct scratch *scratch = *state;
    struct c4_publication p;
    use("paper", "quick");
    assert_int_equal(c4_study_publish(scratch->folder, &study, &scale, NULL, false, &p),
                     C4_ERR_DATA);
    must_hold(c4_error(), "there is no study");
    c4_publication_free(&p);
    put_file(scratch_path(state, "study.db"), "this is no database at all, but a text", 38);
    assert_int_equal(c4_study_publish(scratch->folder, &study, &scale, NULL, false, &p),
                     C4_ERR_DATA);
    c4_publication_free(&p);
    put_file(scratch_path(state, "study.db"), "", 0);
    assert_int_equal(c4_study_publish(scratch->folder, &study, &scale, NULL, false, &p),
                     C4_ERR_DATA);
    must_hold(c4_error(), "is not the database of a conv4 study");
    c4_publication_free(&p);
    assert_int_equal(scratch_entries(state), 1); /* nothing was made beside it */
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_set_up, scratch_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(whole_study),
        IN_SCRATCH(plain_pictures_have_no_notes),
        IN_SCRATCH(numbers_are_the_rows),
        IN_SCRATCH(synthetic_data_are_marked),
        IN_SCRATCH(undefined_values_are_left_out),
        IN_SCRATCH(missing_runs_are_said),
        IN_SCRATCH(published_levels),
        IN_SCRATCH(settings_have_measured_images),
        IN_SCRATCH(a_faulty_figure_is_the_only_one_without_pictures),
        IN_SCRATCH(bad_folders_are_sentences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
