/* A history's formats, byte for byte. */
#include "tests/bench/history_sample.h"

#include "bench/history/report.h"

/* Times of two commits and a third for one row only, and sizes of three. */
static void make(struct history_sample *sample) {
    const struct history_sample_line lines[] = {
        {.commit = 1, .row = "conv|1", .batch = 32, .value = 0.5},
        {.commit = 1,
         .row = "size",
         .benchmark = "program",
         .unit = "bytes",
         .exact = true,
         .value = 1000},
        {.commit = 2, .row = "conv|1", .batch = 32, .value = 0.75},
        {.commit = 2,
         .row = "size",
         .benchmark = "program",
         .unit = "bytes",
         .exact = true,
         .value = 1250,
         .more = ", \"accepted\": \"a, \\\"b\\\"\", \"canonical_hash\": \"d19e\""},
        {.commit = 3,
         .row = "size",
         .benchmark = "program",
         .unit = "bytes",
         .exact = true,
         .value = 1250}};
    history_begin(sample);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) history_add(sample, &lines[i]);
    history_read(sample, 0);
}

static int format_of(const char *name) {
    int format = 0;
    while (strcmp(c4_history_formats[format], name) != 0) format++;
    return format;
}

static char *written(const struct history_sample *sample, const char *format, bool utf8) {
    char *text;
    FILE *out = history_stream(&text);
    assert_int_equal(c4_history_write(format_of(format), &sample->trends, utf8, out), C4_OK);
    fclose(out);
    return text;
}

static void writes(const char *format, bool utf8, const char *want) {
    struct history_sample sample;
    make(&sample);
    char *text = written(&sample, format, utf8);
    assert_string_equal(text, want);
    free(text);
    history_end(&sample);
}

static void text(void **state) {
    (void)state;
    writes("text", true,
           "machine one:\n"
           "conv|1, batch 32, 1 thread  2 commits      750 ms  +50.0 %  ▁█\n"
           "size, 1 thread              3 commits  1250 bytes    0.0 %  ▁██\n"
           "    larger by 25.0 % near commit 000000000002 (2026-01-01), from 1000 to 1250 bytes; "
           "accepted: a, \"b\"\n");
    writes("text", false,
           "machine one:\n"
           "conv|1, batch 32, 1 thread  2 commits      750 ms  +50.0 %  .@\n"
           "size, 1 thread              3 commits  1250 bytes    0.0 %  .@@\n"
           "    larger by 25.0 % near commit 000000000002 (2026-01-01), from 1000 to 1250 bytes; "
           "accepted: a, \"b\"\n");
}

static void markdown(void **state) {
    (void)state;
    writes("markdown", true,
           "### machine one\n\n"
           "| row | commits | newest | change | change points |\n"
           "| --- | ---: | ---: | ---: | ---: |\n"
           "| conv\\|1, batch 32, 1 thread | 2 | 750 ms | +50.0 % | 0 |\n"
           "| size, 1 thread | 3 | 1250 bytes | 0.0 % | 1 |\n\n"
           "- size, 1 thread: larger by 25.0 % near commit 000000000002 (2026-01-01), from 1000 to "
           "1250 bytes; accepted: a, \"b\"\n");
}

#define C1 "0000000000010000000000000000000000000000"
#define C2 "0000000000020000000000000000000000000000"
#define C3 "0000000000030000000000000000000000000000"

static void csv(void **state) {
    (void)state;
    writes("csv", true,
           "commit,committed_utc,recorded_utc,benchmark,row,batch,threads,unit,exact,median,low,"
           "high,samples,environment,machine,counter,canonical_hash,accepted\n" C1
           ",2026-01-01T01:00:00Z,2026-05-01T00:00:00Z,step,conv|1,32,1,s,false,0.5,0.375,,0.375 "
           "0.5 0.75,one,machine one,,,\n" C1
           ",2026-01-01T01:00:00Z,2026-05-01T00:00:00Z,program,size,,1,bytes,true,1000,1000,1000,"
           "1000,one,machine one,,,\n" C2
           ",2026-01-01T02:00:00Z,2026-05-01T00:00:00Z,step,conv|1,32,1,s,false,0.75,0.625,,0.625 "
           "0.75 1,one,machine one,,,\n" C2
           ",2026-01-01T02:00:00Z,2026-05-01T00:00:00Z,program,size,,1,bytes,true,1250,1250,1250,"
           "1250,one,machine one,,d19e,\"a, \"\"b\"\"\"\n" C3
           ",2026-01-01T03:00:00Z,2026-05-01T00:00:00Z,program,size,,1,bytes,true,1250,1250,1250,"
           "1250,one,machine one,,,\n");
}

static void otava(void **state) {
    (void)state;
    writes("otava", true,
           "time,commit,step.conv_1.batch32.threads1.s,program.size.threads1.bytes\n"
           "2026-01-01T01:00:00Z," C1 ",0.5,1000\n"
           "2026-01-01T02:00:00Z," C2 ",0.75,1250\n"
           "2026-01-01T03:00:00Z," C3 ",0.75,1250\n");
}

/* Names that become equal stay different; gaps take the value before, or the first. */
static void otava_names_and_gaps(void **state) {
    struct history_sample sample;
    (void)state;
    history_begin(&sample);
    for (int i = 1; i <= 4; i++) {
        if (i != 3)
            history_add(&sample,
                        &(struct history_sample_line){.commit = i, .row = "a b", .value = i});
        if (i > 1)
            history_add(&sample,
                        &(struct history_sample_line){
                            .commit = i, .row = "a,b", .machine = "two", .value = 10 * i + 0.5});
        history_add(&sample, &(struct history_sample_line){.commit = i, .row = "a;b", .value = 1});
    }
    history_read(&sample, 0);
    char *got = written(&sample, "otava", true);
    assert_string_equal(
        got,
        "time,commit,step.a_b.threads1.s.one,step.a_b.threads1.s.one_,step.a_b.threads1.s.two\n"
        "2026-01-01T01:00:00Z,0000000000010000000000000000000000000000,1,1,20.5\n"
        "2026-01-01T02:00:00Z,0000000000020000000000000000000000000000,2,1,20.5\n"
        "2026-01-01T03:00:00Z,0000000000030000000000000000000000000000,2,1,30.5\n"
        "2026-01-01T04:00:00Z,0000000000040000000000000000000000000000,4,1,40.5\n");
    free(got);
    history_end(&sample);
}

/* The newest commit has the size alone. */
static void github(void **state) {
    (void)state;
    writes("github", true,
           "[\n  {\n    \"name\": \"size, 1 thread\",\n    \"unit\": \"bytes\",\n"
           "    \"value\": 1250,\n    \"range\": \"± 0\",\n"
           "    \"extra\": \"commit 000000000003, 1 sample, machine one\"\n  }\n]\n");
}

static void gbench(void **state) {
    struct history_sample sample;
    json_t *json = NULL;
    (void)state;
    make(&sample);
    assert_int_equal(c4_history_gbench(&sample.trends, &json), C4_ERR_DATA);
    assert_non_null(strstr(c4_error(), "has no times"));
    history_end(&sample);
    history_begin(&sample);
    history_add(&sample, &(struct history_sample_line){.commit = 1, .row = "a", .value = 0.5});
    history_read(&sample, 0);
    char *got = written(&sample, "gbench", true);
    assert_non_null(
        strstr(got, "{\n  \"context\": {\n    \"date\": \"2026-05-01T00:00:00Z\",\n"
                    "    \"host_name\": \"\",\n    \"executable\": \"conv4\",\n"
                    "    \"num_cpus\": 0,\n    \"mhz_per_cpu\": 0,\n    \"caches\": [],\n"
                    "    \"load_avg\": [],\n    \"library_build_type\": \"release\",\n"
                    "    \"json_schema_version\": 1,\n"
                    "    \"commit\": \"" C1 "\",\n    \"environment\": \"machine one\"\n  },\n"));
    assert_non_null(
        strstr(got, "    {\n      \"name\": \"a, 1 thread\",\n      \"family_index\": 0,\n"
                    "      \"per_family_instance_index\": 0,\n"
                    "      \"run_name\": \"a, 1 thread\",\n      \"run_type\": \"iteration\",\n"
                    "      \"repetitions\": 3,\n      \"repetition_index\": 2,\n"
                    "      \"threads\": 1,\n      \"iterations\": 1,\n"
                    "      \"real_time\": 750000000.0,\n      \"cpu_time\": 750000000.0,\n"
                    "      \"time_unit\": \"ns\"\n    }\n  ]\n}\n"));
    free(got);
    history_end(&sample);
}

static void json(void **state) {
    struct history_sample sample;
    json_t *report;
    (void)state;
    make(&sample);
    assert_int_equal(c4_history_json(&sample.trends, &report), C4_OK);
    const json_t *size = json_array_get(json_object_get(report, "series"), 1);
    json_t *want = json_loads(
        "[{\"index\": 1, \"commit\": \"" C2 "\", \"committed_utc\": \"2026-01-01T02:00:00Z\", "
        "\"commit_before\": \"" C1 "\", \"before\": 1000.0, \"after\": 1250.0, \"change\": 0.25, "
        "\"p\": null, \"commits\": [], \"commits_not_listed\": 0}]",
        0, NULL);
    assert_true(json_equal(json_object_get(size, "change_points"), want));
    json_decref(want);
    want = json_loads("{\"commit\": \"" C2 "\", \"committed_utc\": \"2026-01-01T02:00:00Z\", "
                      "\"recorded_utc\": \"2026-05-01T00:00:00Z\", \"median\": 1250, "
                      "\"low\": 1250, \"high\": 1250, \"samples\": [1250], "
                      "\"accepted\": \"a, \\\"b\\\"\", \"canonical_hash\": \"d19e\"}",
                      0, NULL);
    assert_true(json_equal(json_array_get(json_object_get(size, "points"), 1), want));
    json_decref(want);
    json_decref(report);
    history_end(&sample);
}

static json_t *schema_of_lines(void) {
    char path[4096];
    snprintf(path, sizeof path, "%s/../bench/history/history.schema.json", C4_TEST_FOLDER);
    json_t *schema = json_load_file(path, 0, NULL);
    assert_non_null(schema);
    return schema;
}

/* The schema knows every member that is written, and requires none that is not. */
static void lines_are_as_their_schema_says(void **state) {
    double size = 1234;
    const struct c4_history_line line = {.commit = "c",
                                         .committed_utc = "2026-01-01T00:00:00Z",
                                         .benchmark = "program",
                                         .row = "size",
                                         .unit = "bytes",
                                         .environment = "0123456789ab",
                                         .machine = "a machine",
                                         .counter = "valgrind-3.19.0",
                                         .canonical_hash = "d19e",
                                         .accepted = "why",
                                         .exact = true,
                                         .sample = &size,
                                         .samples = 1};
    json_t *schema = schema_of_lines(), *written_line, *member;
    const char *name;
    size_t i;
    (void)state;
    assert_int_equal(c4_history_line_json(&line, &written_line), C4_OK);
    const json_t *known = json_object_get(schema, "properties");
    json_object_foreach(written_line, name, member) {
        if (!json_object_get(known, name)) fail_msg("the schema does not know %s", name);
    }
    json_array_foreach(json_object_get(schema, "required"), i, member) {
        if (!json_object_get(written_line, json_string_value(member)))
            fail_msg("%s is not written", json_string_value(member));
    }
    assert_int_equal(json_object_size(known), json_object_size(written_line));
    json_decref(written_line);
    json_decref(schema);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text),
        cmocka_unit_test(markdown),
        cmocka_unit_test(csv),
        cmocka_unit_test(otava),
        cmocka_unit_test(github),
        cmocka_unit_test(otava_names_and_gaps),
        cmocka_unit_test(gbench),
        cmocka_unit_test(json),
        cmocka_unit_test(lines_are_as_their_schema_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
