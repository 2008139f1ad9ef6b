/* What a report tells of its rows: costs, also of work that runs share, and versions of similarity.
 */
#include "tests/repro/published.h"

#include <sqlite3.h>

/* Work that runs share belongs to none of them, and is counted once. */
static void costs_count_once(void **state) {
    struct scratch *scratch = *state;
    use("paper", "quick");
    made_up_store(scratch->folder, &study, &scale, false, NULL);
    struct c4_publication p = published(state, "cost-cka,cost-runs");
    char *csv = text_of(state, "figures/cost-cka.csv");
    near(mean_of(csv, "\nthe network's products of an epoch,0,"), 13);
    near(mean_of(csv, "\nall comparisons of an epoch,0,"), 3 + 18);
    near(mean_of(csv, "\nall comparisons of an epoch,1,"), 4);
    near(mean_of(csv, "\na reference's product,0,"), 8);
    free(csv);
    csv = text_of(state, "figures/cost-runs.csv");
    near(mean_of(csv, "\nCKA,0,"), 1e-3 * (3 + 4 + 5 + 6 + 7 + 13 + 14 + 15 + 16 + 17 + 18));
    free(csv);
    double seconds = 0, want = 0;
    for (int i = 0; i < p.places.count; i++) seconds += p.places.place[i].seconds;
    for (int i = 0; i < p.rows.runs; i++) {
        if (!p.done[i] || p.rows.run[i].order != study.protocol.order) continue;
        want += p.rows.run[i].images * (double)p.rows.run[i].epochs / 900;
        for (int k = 1; k < MADE_UP_COSTS; k++) want += 1e-3 * (k + 1);
    }
    if (!(fabs(seconds - want) < 1e-6 * want)) fail_msg("%.9g instead of %.9g s", seconds, want);
    char *page = text_of(state, "report.html");
    must_hold(page, "<td>the network&#39;s products of an epoch</td>");
    /* ms, GFLOP, MB, GFLOP/s; of comparisons only times are known */
    must_hold(page, "<td>a reference&#39;s product</td>\n<td>pool1</td>\n<td>gram</td>\n"
                    "<td class=\"number\">8</td>\n<td class=\"number\">0.125</td>\n"
                    "<td class=\"number\">100</td>\n<td class=\"number\">15.6</td>");
    must_hold(page, "<td>all comparisons of an epoch</td>\n<td>pool1</td>\n<td>gram</td>\n"
                    "<td class=\"number\">21</td>\n<td class=\"number\">–</td>\n"
                    "<td class=\"number\">–</td>\n<td class=\"number\">–</td>");
    free(page);
    c4_publication_free(&p);
}

static void change(void **state, const char *sql) {
    sqlite3 *db;
    assert_int_equal(sqlite3_open(scratch_path(state, "study.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* Rows of several versions of similarity are told, and those of one are not. */
static void versions_are_said(void **state) {
    struct scratch *scratch = *state;
    static const char said[] =
        "CKA of 1 run is of version 1 of the similarity, of 38 runs of version 2; values of "
        "versions differ by less than 1e-6. 'conv4 repro --redo' with the study's --out and "
        "--data trains the runs again that are not of version 2.";
    use("paper", "quick");
    made_up_store(scratch->folder, &study, &scale, false, NULL);
    for (int step = 0; step < 3; step++) {
        if (step == 1)
            change(state, "UPDATE result SET similarity_version = 1 WHERE similarity_version = 2 "
                          "AND run = (SELECT min(key) FROM run)");
        if (step == 2)
            change(state, "UPDATE result SET similarity_version = 1 WHERE similarity_version = 2");
        struct c4_publication p = published(state, "2a");
        char *page = text_of(state, "report.html"), *json = text_of(state, "report.json"), *text;
        size_t size_bytes;
        FILE *out = open_memstream(&text, &size_bytes);
        c4_publication_text(&p, out);
        assert_int_equal(fclose(out), 0);
        assert_int_equal(p.versions, step == 1 ? 2 : 1);
        assert_int_equal(p.version[0].version, step == 0 ? 2 : 1);
        assert_int_equal(p.version[0].runs, step == 1 ? 1 : 39);
        assert_int_equal(strstr(page, "of the similarity, of") != NULL, step == 1);
        assert_int_equal(strstr(json, said) != NULL, step == 1);
        assert_int_equal(strstr(text, said) != NULL, step == 1);
        free(page);
        free(json);
        free(text);
        json_t *object = json_load_file(scratch_path(state, "report.json"), 0, NULL);
        const json_t *versions = json_object_get(object, "similarity_versions");
        assert_int_equal(json_array_size(versions), (size_t)p.versions);
        const json_t *last = json_array_get(versions, (size_t)p.versions - 1);
        assert_int_equal(json_integer_value(json_object_get(last, "version")), step == 2 ? 1 : 2);
        assert_int_equal(json_integer_value(json_object_get(last, "runs")), step == 1 ? 38 : 39);
        json_decref(object);
        c4_publication_free(&p);
    }
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_set_up, scratch_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {IN_SCRATCH(costs_count_once), IN_SCRATCH(versions_are_said)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
