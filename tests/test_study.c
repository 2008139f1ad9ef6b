/* The study as data: the built-in one, sentences for bad ones, --set, and the schedule. */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repro/schedule.h"
#include "repro/study.h"

static const char good[] = "[protocol]\n"
                           "batch = 32\nlr = 0.001\nmomentum = 0.9\norder = bn-relu\n"
                           "conv = winograd\nstatistics = batch\ncka_images = 500\n"
                           "synthetic_seed = 1\n"
                           "[scale tiny]\n"
                           "summary = nothing\nseeds = 1-2\npretrain_images = 64\n"
                           "pretrain_epochs = 2\ntrain_accuracy_images = 32\naccuracy_images = 32\n"
                           "[run a]\n"
                           "phase = pretrain\ndata = cifar10\nlabels = true\ndegree = 0\n"
                           "reference = initialisation\n"
                           "[figure 1]\n"
                           "kind = layers-over-epochs\ntitle = T\nx_label = x\ny_label = y\n"
                           "run = a\nquantity = cka_biased\nreference = initialisation\n"
                           "y_low = -0.1\ny_high = 1.1\nwidth = 8\nheight = 3.8\n";

/* The text with its first `from` replaced; the caller frees it. */
static char *altered(const char *from, const char *to) {
    const char *at = strstr(good, from);
    assert_non_null(at);
    size_t size = sizeof good + strlen(to);
    char *text = malloc(size);
    assert_non_null(text);
    snprintf(text, size, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
    return text;
}

static void built_in(void **state) {
    (void)state;
    struct c4_study study;
    assert_int_equal(c4_study_load(NULL, &study), C4_OK);
    const struct c4_protocol *protocol = &study.protocol;
    assert_int_equal(protocol->batch, 32);
    assert_true(protocol->lr == 0.001 && protocol->momentum == 0.9);
    assert_int_equal(protocol->order, C4_BN_RELU);
    assert_int_equal(protocol->conv, C4_WINOGRAD);
    assert_int_equal(protocol->statistics, C4_BN_BATCH);
    assert_int_equal(protocol->cka_images, 500);
    static const struct {
        const char *name;
        int seeds;
        uint32_t images, epochs, tests;
    } scales[] = {
        {"smoke", 2, 2048, 3, 1000}, {"quick", 3, 8000, 6, 1000}, {"paper", 5, 50000, 150, 10000}};
    assert_int_equal(study.scales, 3);
    for (int i = 0; i < 3; i++) {
        const struct c4_scale *scale = c4_study_scale(&study, scales[i].name);
        assert_non_null(scale);
        assert_int_equal(scale->seeds.count, scales[i].seeds);
        assert_int_equal(scale->seeds.seed[0], 1);
        assert_int_equal(scale->pretrain_images, scales[i].images);
        assert_int_equal(scale->pretrain_epochs, scales[i].epochs);
        assert_int_equal(scale->accuracy_images, scales[i].tests);
    }
    assert_string_equal(study.figure[0].id, "1");
    assert_string_equal(study.figure[0].title,
                        "Similarity of different layers in standard training");
    assert_true(study.figure[0].y_low == -0.1 && study.figure[0].y_high == 1.1);
}

static void bad_texts(void **state) {
    (void)state;
    static const struct {
        const char *from, *to, *sentence;
    } cases[] = {
        {"[scale tiny]", "[scales tiny]", "study.ini, line 11: there is no section [scales tiny]"},
        {"batch = 32", "bach = 32", "study.ini, line 2: section [protocol] has no key 'bach'"},
        {"batch = 32", "batch = 1", "line 2: batch: '1' is not an integer from 2 to 4096"},
        {"batch = 32", "batch = 32.5", "line 2: batch: '32.5' is not an integer"},
        {"batch = 32", "batch = 99999999999", "line 2: batch"},
        {"batch = 32", "batch = 32\nbatch = 32", "line 3: section [protocol] gives 'batch' twice"},
        {"lr = 0.001", "lr = fast", "line 3: lr: 'fast' is not a number from 0 to 1000"},
        {"lr = 0.001", "lr = nan", "line 3: lr: 'nan' is not a number"},
        {"lr = 0.001", "lr =", "line 3: lr: '' is not a number"},
        {"order = bn-relu", "order = relu", "line 5: order: 'relu' is not one of bn-relu, relu-bn"},
        {"seeds = 1-2", "seeds = 2-1", "line 12: seeds: '2-1' is not a list of seeds"},
        {"seeds = 1-2", "seeds = 1,1", "line 12: seeds: '1,1' names seed 1 twice"},
        {"seeds = 1-2", "seeds = 1-99999", "names more than 64 seeds"},
        {"seeds = 1-2", "seeds = 1,", "'1,' is not a list of seeds"},
        {"seeds = 1-2", "seeds = -1", "'-1' is not a list of seeds"},
        {"seeds = 1-2\n", "", "section [scale tiny] has no key 'seeds'"},
        {"height = 3.8\n", "", "study.ini: section [figure 1] has no key 'height'"},
        {"run = a", "run = b", "figure 1 draws run 'b', but there is no [run b]"},
        {"[figure 1]", "nonsense\n[figure 1]", "line 23: is neither a comment, a [section] nor"},
        {"[figure 1]", "[scale tiny]", "line 24: section [scale tiny] is there twice"},
        {"title = T", "title =", "title: '' is empty or longer"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct c4_study study;
        char *text = altered(cases[i].from, cases[i].to);
        assert_int_equal(c4_study_parse(text, "study.ini", &study), C4_ERR_USAGE);
        if (!strstr(c4_error(), cases[i].sentence))
            fail_msg("'%s' should hold '%s'", c4_error(), cases[i].sentence);
        free(text);
    }
    struct c4_study study;
    assert_int_equal(c4_study_parse(good, "study.ini", &study), C4_OK);
    assert_int_equal(c4_study_parse("", "study.ini", &study), C4_ERR_USAGE);
    assert_int_equal(c4_study_load("no-such-file.ini", &study), C4_ERR_DATA);
}

static void set_values(void **state) {
    (void)state;
    struct c4_study study;
    assert_int_equal(c4_study_parse(good, "study.ini", &study), C4_OK);
    struct c4_scale scale = study.scale[0];
    assert_int_equal(c4_study_set(&study, &scale, "lr=0.5,seeds=1,3-4,pretrain_images=128"), C4_OK);
    assert_true(study.protocol.lr == 0.5);
    assert_int_equal(scale.pretrain_images, 128);
    assert_int_equal(scale.seeds.count, 3);
    assert_int_equal(scale.seeds.seed[2], 4);
    static const struct {
        const char *text, *sentence;
    } cases[] = {{"lr", "'lr' is not KEY=VALUE"},
                 {"", "'' is not KEY=VALUE"},
                 {"lr=1=2", "is not KEY=VALUE"},
                 {"color=1", "there is no key 'color'; these exist: batch, lr"},
                 {"lr=x", "--set lr: 'x' is not a number"},
                 {"lr=1,batch", "--set lr: '1,batch' is not a number"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(c4_study_set(&study, &scale, cases[i].text), C4_ERR_USAGE);
        if (!strstr(c4_error(), cases[i].sentence))
            fail_msg("'%s' should hold '%s'", c4_error(), cases[i].sentence);
    }
}

/* What a field writes, it reads back to the same value. */
static void fields_round_trip(void **state) {
    (void)state;
    static const double reals[] = {0, 0.1, 1.0 / 3, 1e-300, 999.9999999999999};
    const struct c4_field *lr = c4_field_find(c4_protocol_fields, "lr");
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++) {
        struct c4_protocol a = {.lr = reals[i]}, b = {0};
        char text[64];
        c4_field_write(lr, &a, text, sizeof text);
        assert_int_equal(c4_field_read(lr, text, &b), C4_OK);
        assert_true(a.lr == b.lr);
    }
    static const char *const seeds[] = {"1-3", "0,2,4-7", "9007199254740992", "5"};
    const struct c4_field *list = c4_field_find(c4_scale_fields, "seeds");
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        struct c4_scale scale = {0};
        char text[64];
        assert_int_equal(c4_field_read(list, seeds[i], &scale), C4_OK);
        c4_field_write(list, &scale, text, sizeof text);
        assert_string_equal(text, seeds[i]);
    }
    char tiny[4];
    struct c4_scale many = {.seeds = {.count = 3, .seed = {100, 200, 300}}};
    c4_field_write(list, &many, tiny, sizeof tiny);
    assert_true(strlen(tiny) < sizeof tiny);
}

static void selection(void **state) {
    (void)state;
    struct c4_study study;
    bool selected[C4_STUDY_FIGURES];
    assert_int_equal(c4_study_load(NULL, &study), C4_OK);
    assert_int_equal(c4_study_select(&study, NULL, selected), C4_OK);
    for (int i = 0; i < study.figures; i++) assert_true(selected[i]);
    assert_int_equal(c4_study_select(&study, "1", selected), C4_OK);
    assert_true(selected[0]);
    static const char *const bad[] = {"9z", "", "1,", "1,,1", "1 "};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(c4_study_select(&study, bad[i], selected), C4_ERR_USAGE);
        assert_non_null(strstr(c4_error(), "these exist: 1"));
    }
    assert_null(c4_study_scale(&study, "huge"));
    assert_non_null(strstr(c4_error(), "smoke, quick, paper"));
}

/* Two figures that need the same training share its run, also when it is described differently. */
static void shared_runs(void **state) {
    (void)state;
    static const char more[] = "[run b]\n"
                               "phase = pretrain\ndata = cifar10\nlabels = random\ndegree = 0\n"
                               "reference = initialisation\n"
                               "[run c]\n"
                               "phase = pretrain\ndata = cifar10\nlabels = random\ndegree = 9\n"
                               "reference = initialisation\n";
    char text[4096];
    int used = snprintf(text, sizeof text, "%s%s", good, more);
    const char *figure = strstr(good, "[figure 1]");
    for (int i = 0; i < 2; i++) {
        used += snprintf(text + used, sizeof text - (size_t)used, "%s", figure);
        char *copy = text + used - strlen(figure);
        copy[8] = (char)('2' + i);
        strstr(copy, "run = a")[6] = i ? 'c' : 'b';
    }
    struct c4_study study;
    bool selected[C4_STUDY_FIGURES] = {true, true, true};
    struct c4_schedule schedule;
    assert_int_equal(c4_study_parse(text, "study.ini", &study), C4_OK);
    assert_int_equal(study.figures, 3);
    assert_int_equal(c4_schedule_make(&study, &study.scale[0], selected, &schedule), C4_OK);
    assert_int_equal(schedule.count, 4);
    assert_string_equal(schedule.run[0].key, "pretrain-cifar10-d0-n64-seed1");
    assert_string_equal(schedule.run[1].key, "pretrain-cifar10-d9-n64-seed1");
    assert_string_equal(schedule.run[2].key, "pretrain-cifar10-d0-n64-seed2");
    assert_int_equal(schedule.run[3].epochs, 2);
    char spec[C4_RUN_SPEC_SIZE];
    c4_run_spec(&schedule.run[3], spec);
    assert_string_equal(spec, "phase=pretrain data=cifar10 labels=d9 images=64 epochs=2 seed=2 "
                              "reference=initialisation");
    c4_schedule_free(&schedule);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_in),   cmocka_unit_test(bad_texts),
        cmocka_unit_test(set_values), cmocka_unit_test(fields_round_trip),
        cmocka_unit_test(selection),  cmocka_unit_test(shared_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
