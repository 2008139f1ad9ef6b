/* The study as data: the built-in one, error sentences for bad ones, --set, and the schedule. */
#include <limits.h>

#include "repro/store/store.h"
#include "repro/study/study.h"
#include "tests/core/test_file_scratch.h"
#include "tests/repro/study_text.h"

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
    assert_int_equal(protocol->curve_images, 500);
    assert_int_equal(protocol->size_labels, C4_SIZE_LABELS_RANDOM);
    assert_int_equal(c4_study_use_protocol(&study, "authors"), C4_OK);
    assert_int_equal(protocol->order, C4_RELU_BN);
    assert_int_equal(protocol->curve_images, 200);
    assert_int_equal(protocol->cka_images, 500);
    assert_int_equal(protocol->size_labels, C4_SIZE_LABELS_TRUE);
    assert_int_equal(protocol->batch, 32);
    assert_int_equal(c4_study_use_protocol(&study, "mine"), C4_ERR_USAGE);
    assert_non_null(strstr(c4_error(), "these exist: paper, authors"));
    assert_int_equal(c4_study_use_protocol(&study, "paper"), C4_OK);
    assert_int_equal(study.scales, 3);
    assert_string_equal(study.figure[0].id, "1");
    assert_string_equal(study.figure[0].title,
                        "Similarity of different layers in standard training");
    assert_true(study.figure[0].y_low == -0.1 && study.figure[0].y_high == 1.1);
    static const char *const panels[] = {"1",  "2a", "2b", "2c", "3a", "3b", "4a",
                                         "4b", "4c", "5a", "5b", "5c", "5d"};
    for (size_t i = 0; i < sizeof panels / sizeof *panels; i++)
        assert_string_equal(study.figure[i].id, panels[i]);
}

/* Runs and training images of each scale, as in the study's plan. */
static void built_in_scales(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int runs;
        uint64_t images;
    } scales[] = {{"smoke", 22, 81408}, {"quick", 39, 804960}, {"paper", 105, 0}};
    struct c4_study study;
    assert_int_equal(c4_study_load(NULL, &study), C4_OK);
    for (int i = 0; i < 3; i++) {
        const struct c4_scale *scale = c4_study_scale(&study, scales[i].name);
        struct c4_schedule schedule;
        uint64_t images = 0;
        assert_non_null(scale);
        assert_int_equal(c4_schedule_make(&study, scale, NULL, &schedule), C4_OK);
        for (int k = 0; k < schedule.count; k++)
            images += (uint64_t)schedule.run[k].images * schedule.run[k].epochs;
        assert_int_equal(schedule.count, scales[i].runs);
        if (scales[i].images) assert_int_equal(images, scales[i].images);
        c4_schedule_free(&schedule);
    }
}

#define LONG_40 "a123456789b123456789c123456789d123456789"

static void bad_texts(void **state) {
    (void)state;
    static const struct {
        const char *from, *to, *sentence;
    } cases[] = {
        {"[scale tiny]", "[scales tiny]", "study.ini, line 14: there is no section [scales tiny]"},
        {"batch = 32", "bach = 32", "study.ini, line 2: section [protocol p] has no key 'bach'"},
        {"batch = 32", "batch = 1", "line 2: batch: '1' is not an integer from 2 to 4096"},
        {"batch = 32", "batch = 32.5", "line 2: batch: '32.5' is not an integer"},
        {"batch = 32", "batch = 99999999999", "line 2: batch"},
        {"batch = 32", "batch = 32\nbatch = 32", "gives 'batch' twice"},
        {"lr = 0.001", "lr = fast", "line 3: lr: 'fast' is not a number from 0 to 1000"},
        {"lr = 0.001", "lr = nan", "line 3: lr: 'nan' is not a number"},
        {"lr = 0.001", "lr =", "line 3: lr: '' is not a number"},
        {"order = bn-relu", "order = relu", "line 5: order: 'relu' is not one of bn-relu, relu-bn"},
        {"seeds = 1-2", "seeds = 2-1", "line 15: seeds: '2-1' is not a list of seeds"},
        {"seeds = 1-2", "seeds = 1,1", "line 15: seeds: '1,1' names seed 1 twice"},
        {"seeds = 1-2", "seeds = 1-99999", "names more than 1024 seeds"},
        {"seeds = 1-2", "seeds = 1,", "'1,' is not a list of seeds"},
        {"seeds = 1-2", "seeds = -1", "'-1' is not a list of seeds"},
        {"seeds = 1-2\n", "", "section [scale tiny] lacks key 'seeds'"},
        {"sizes = 16,32", "sizes = 16,16", "sizes: '16,16' is not a list of up to 16 different"},
        {"sizes = 16,32", "sizes =", "sizes: '' is not a list"},
        {"sizes = 16,32", "sizes = 16,", "sizes: '16,' is not a list"},
        {"degrees = 0,9", "degrees = 0,10", "degrees: '0,10' is not a list"},
        {"labels = d9", "labels = d10", "labels: 'd10' is not one of d0"},
        {"references = pretrained", "references = pretrained, mine", "'mine' is unknown"},
        {"labels = one, two words", "labels = one,,two", "'one,,two' is not a list of up to"},
        {"height = 3.8\n", "", "section [figure 1] lacks key 'height'"},
        {"runs = a", "runs = c", "figure 1 draws run 'c', but there is no such [run NAME]"},
        {"runs = s-*, b", "runs = s, b", "figure 2b draws run 's', but there is no such"},
        {"[figure 1]", "nonsense\n[figure 1]", "line 58: is neither a comment, a [section] nor"},
        {"[figure 1]", "[scale tiny]", "section [scale tiny] appears twice"},
        {"title = T", "title =", "title: '' is empty or longer"},
        {"labels = d0", "labels = d1", "fine-tuning starts from a run with phase = pretrain"},
        {"phase = pretrain\ndata = cifar10", "phase = pretrain\ndata = svhn",
         "run a: pre-training supports only data = cifar10"},
        {"phase = finetune\ndata = svhn", "phase = finetune\ndata = mnist",
         "data: 'mnist' is not one of cifar10, svhn"},
        {"references = pretrained", "images = mnist\nreferences = pretrained",
         "images: 'mnist' is not one of own, cifar10-test, cifar10-heldout, svhn-heldout"},
        /* What would not fit is refused, and shown whole. */
        {"[run a]", "[run " LONG_40 "0123]",
         "study.ini, line 31: section [run " LONG_40 "0123] has an invalid name; a name has 1 to "
         "31 bytes"},
        {"[run a]", "[run " LONG_40 "012345]",
         "study.ini, line 30: between [ and ] are more than 49 characters"},
        {"[run a]", "\n  [run " LONG_40 "012345]", "line 31: between [ and ] are more than 49"},
        {"lr = 0.001", "# " LONG_40 LONG_40 LONG_40 LONG_40 LONG_40 "\nlr = 0.001",
         "study.ini, line 3: longer than 198 characters"},
        {"labels = one, two words", "labels = one, " LONG_40,
         "'one, " LONG_40 "' is not a list of up to 12 words of 1 to 39 bytes"},
        /* The first of two flaws is the one that is told. */
        {"lr = 0.001", "nonsense\nlr = fast", "line 3: is neither a comment, a [section] nor"},
        {"lr = 0.001", "lr = fast\nnonsense", "line 3: lr: 'fast' is not a number"},
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

/* A file that is no text is refused, not read up to its first NUL. */
static void a_file_with_a_nul(void **state) {
    static struct c4_study study;
    const char *path = scratch_path(state, "nul.ini");
    char *text = altered("[figure extra]", "?[figure extra]");
    size_t size_bytes = strlen(text);
    *strchr(text, '?') = '\0';
    put_file(path, text, size_bytes);
    assert_failed(c4_study_load(path, &study), C4_ERR_DATA, "line 87: holds a NUL");
    free(text);
}

/* Study keys and names in the table of data sets exist and fit. */
static void data_sets(void **state) {
    (void)state;
    struct c4_image_set images, again;
    int count = 0;
    for (int i = 0; i < c4_set_count; i++) {
        const struct c4_field *field = c4_field_find(c4_scale_fields, c4_sets[i].tuning.degrees);
        assert_non_null(field);
        assert_int_equal(field->type, C4_FIELD_LIST);
        int key = snprintf(NULL, 0, "finetune-%s-shifted1-n%u-e%u-bn-relu-seed%llu",
                           c4_sets[i].word, UINT32_MAX, UINT32_MAX, ULLONG_MAX);
        assert_in_range(key, 1, C4_RUN_KEY_SIZE - 1);
    }
    for (; c4_image_set_at(count, &images); count++) {
        const char *name = c4_image_set_name(images);
        assert_true(strlen(name) < sizeof((struct c4_result_row *)0)->images);
        for (int k = 0; k < count; k++) {
            assert_true(c4_image_set_at(k, &again));
            assert_false(c4_image_set_same(images, again));
            assert_string_not_equal(name, c4_image_set_name(again));
        }
    }
    assert_true(count >= 3);
}

/* A study names data sets by the table's words; it decides itself which one pre-training uses. */
static void sets_of_a_study(void **state) {
    (void)state;
    struct c4_study study;
    const struct c4_family *family;
    int cifar10 = (int)(c4_set_find("cifar10") - c4_sets),
        svhn = (int)(c4_set_find("svhn") - c4_sets);
    assert_int_equal(c4_study_parse(good, "study.ini", &study), C4_OK);
    assert_int_equal(c4_study_pretraining(&study), cifar10);
    assert_true(c4_study_uses(&study, cifar10));
    assert_true(c4_study_uses(&study, svhn));
    for (int i = 0; i < c4_set_count; i++)
        if (i != cifar10 && i != svhn) assert_false(c4_study_uses(&study, i));
    assert_non_null(family = c4_study_family(&study, "v", NULL));
    assert_int_equal(family->data, svhn);
    uint32_t size;
    assert_non_null(family = c4_study_family(&study, "s-16", &size));
    assert_int_equal(family->kind, C4_KIND_SIZE);
    assert_int_equal(size, 16);
    assert_ptr_equal(family, c4_study_family(&study, "s-*", NULL));
    assert_null(c4_study_family(&study, "s", NULL));
    assert_null(c4_study_family(&study, "s-1x", NULL));
    assert_null(c4_study_family(&study, "", NULL));
}

static void set_values(void **state) {
    (void)state;
    struct c4_study study;
    assert_int_equal(c4_study_parse(good, "study.ini", &study), C4_OK);
    struct c4_scale scale = study.scale[0];
    assert_int_equal(
        c4_study_set(&study, &scale, "lr=0.5,seeds=1,3-4,sizes=8,4,pretrain_images=128"), C4_OK);
    assert_int_equal(scale.sizes.count, 2);
    assert_int_equal(scale.sizes.value[0], 4);
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

/* What c4_field_write() writes; valid until the next call. */
static const char *written_as(const struct c4_field *field, const void *object) {
    static struct c4_text text;
    assert_int_equal(c4_field_write(field, object, &text), C4_OK);
    return c4_text_string(&text);
}

/* A field's written text reads back as the same value. */
static void fields_round_trip(void **state) {
    (void)state;
    static const double reals[] = {0, 0.1, 1.0 / 3, 1e-300, 999.9999999999999};
    const struct c4_field *lr = c4_field_find(c4_protocol_fields, "lr");
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++) {
        struct c4_protocol a = {.lr = reals[i]}, b = {0};
        assert_int_equal(c4_field_read(lr, written_as(lr, &a), &b), C4_OK);
        assert_true(a.lr == b.lr);
    }
    static const char *const seeds[] = {"1-3", "0,2,4-7", "9007199254740992", "5"};
    const struct c4_field *list = c4_field_find(c4_scale_fields, "seeds");
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        struct c4_scale scale = {0};
        assert_int_equal(c4_field_read(list, seeds[i], &scale), C4_OK);
        assert_string_equal(written_as(list, &scale), seeds[i]);
    }
    static const char *const lists[] = {"none", "0", "1,4,9"};
    const struct c4_field *degrees = c4_field_find(c4_scale_fields, "degrees");
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct c4_scale scale = {0};
        assert_int_equal(c4_field_read(degrees, lists[i], &scale), C4_OK);
        assert_string_equal(written_as(degrees, &scale), lists[i]);
    }
    static const char *const words[] = {"a", "b", "c", NULL};
    const struct c4_field set = {.choices = words, .type = C4_FIELD_SET};
    unsigned bits = 0;
    assert_int_equal(c4_field_read(&set, "c, a", &bits), C4_OK);
    assert_int_equal(bits, 5);
    assert_string_equal(written_as(&set, &bits), "a,c");
}

/* A thousand long seeds are written whole, and shown short. */
static void many_seeds(void **state) {
    (void)state;
    static struct c4_scale scale, again;
    struct c4_text text = {0};
    const struct c4_field *list = c4_field_find(c4_scale_fields, "seeds");
    for (int i = 0; i < 1000; i++)
        assert_int_equal(c4_text_add(&text, "%s10000000%05d", i ? "," : "", 2 * i), C4_OK);
    assert_int_equal(c4_field_read(list, c4_text_string(&text), &scale), C4_OK);
    assert_string_equal(written_as(list, &scale), c4_text_string(&text));
    assert_int_equal(c4_field_read(list, written_as(list, &scale), &again), C4_OK);
    assert_int_equal(again.seeds.count, 1000);
    assert_memory_equal(&again.seeds, &scale.seeds, sizeof again.seeds);
    c4_text_clear(&text);
    assert_int_equal(c4_seeds_show(&scale.seeds, &text), C4_OK);
    assert_string_equal(c4_text_string(&text), "1000 seeds from 1000000000000 to 1000000001998");
    assert_int_equal(c4_field_read(list, "1-1025", &again), C4_ERR_USAGE);
    assert_non_null(strstr(c4_error(), "names more than 1024 seeds"));
    assert_int_equal(c4_field_read(list, "1-24", &again), C4_OK);
    assert_int_equal(c4_field_join(list, &scale, &again), C4_OK);
    assert_int_equal(again.seeds.count, 1024);
    assert_int_equal(c4_field_read(list, "25", &scale), C4_OK);
    assert_int_equal(c4_field_join(list, &scale, &again), C4_ERR_USAGE);
    assert_non_null(strstr(c4_error(), "a study has at most 1024 seeds"));
    assert_int_equal(again.seeds.count, 1024);
    c4_text_free(&text);
}

static void lists_join(void **state) {
    (void)state;
    const struct c4_field *seeds = c4_field_find(c4_scale_fields, "seeds");
    const struct c4_field *sizes = c4_field_find(c4_scale_fields, "sizes");
    static struct c4_scale a, b;
    assert_int_equal(c4_field_read(seeds, "1-3,9", &a), C4_OK);
    assert_int_equal(c4_field_read(seeds, "2,4,9", &b), C4_OK);
    assert_int_equal(C4_OK, c4_field_join(seeds, &a, &b));
    assert_string_equal(written_as(seeds, &b), "1-4,9");
    assert_int_equal(c4_field_read(sizes, "64,1024", &a), C4_OK);
    assert_int_equal(c4_field_read(sizes, "256", &b), C4_OK);
    assert_int_equal(C4_OK, c4_field_join(sizes, &a, &b));
    assert_string_equal(written_as(sizes, &b), "64,256,1024");
    /* Too many: nothing is added. */
    assert_int_equal(c4_field_read(sizes, "11,12,13,14,15,16,17,18,19,20,21,22,23,24", &a), C4_OK);
    assert_int_equal(C4_ERR_USAGE, c4_field_join(sizes, &a, &b));
    assert_string_equal(written_as(sizes, &b), "64,256,1024");
    assert_int_equal(C4_ERR_USAGE,
                     c4_field_join(c4_field_find(c4_scale_fields, "pretrain_images"), &a, &b));
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
    /* A figure's number selects all its panels. */
    assert_int_equal(c4_study_parse(good, "study.ini", &study), C4_OK);
    assert_int_equal(c4_study_select(&study, "2", selected), C4_OK);
    assert_true(!selected[0] && selected[1] && selected[2] && !selected[3]);
    assert_int_equal(c4_study_select(&study, "2b,extra", selected), C4_OK);
    assert_true(!selected[0] && !selected[1] && selected[2] && selected[3]);
    assert_int_equal(c4_study_select(&study, "extr", selected), C4_ERR_USAGE);
    assert_null(c4_study_scale(&study, "huge"));
    assert_non_null(strstr(c4_error(), "these exist: tiny"));
}

static void degrees_given(void **state) {
    (void)state;
    struct c4_study study;
    assert_int_equal(c4_study_load(NULL, &study), C4_OK);
    struct c4_scale scale = *c4_study_scale(&study, "quick");
    assert_int_equal(c4_study_degrees(&study, &scale, "9,4"), C4_OK);
    assert_int_equal(scale.degrees.count, 2);
    assert_int_equal(scale.svhn_degrees.value[1], 9);
    assert_int_equal(c4_study_degrees(&study, &scale, "0,3"), C4_ERR_USAGE);
    assert_non_null(strstr(c4_error(), "no run has degree 3; these exist: 0, 1, 2, 4, 9"));
    assert_int_equal(c4_study_degrees(&study, &scale, "zero"), C4_ERR_USAGE);
}

/* Checks the run keys, in the schedule's order, that the given figures need; NULL: all families. */
static void expect_runs(const struct c4_study *study, const char *figures, const char *const *keys,
                        int count) {
    bool selected[C4_STUDY_FIGURES];
    struct c4_schedule schedule;
    assert_int_equal(c4_study_select(study, figures, selected), C4_OK);
    assert_int_equal(
        c4_schedule_make(study, &study->scale[0], figures ? selected : NULL, &schedule), C4_OK);
    for (int i = 0; i < schedule.count && i < count; i++)
        assert_string_equal(schedule.run[i].key, keys[i]);
    if (schedule.count != 2 * count)
        fail_msg("figures %s: %d runs instead of %d", figures ? figures : "all", schedule.count,
                 2 * count);
    for (int i = 0; i < schedule.count; i++) {
        int after = schedule.after[i];
        assert_true((after >= 0) == (schedule.run[i].from[0] != '\0'));
        if (after >= 0) assert_string_equal(schedule.run[after].key, schedule.run[i].from);
        assert_int_equal(schedule.run[i].seed, i < count ? 1 : 2);
    }
    c4_schedule_free(&schedule);
}

/* Only the runs that the chosen figures need, and the runs from which they start. */
static void minimal_runs(void **state) {
    (void)state;
    struct c4_study study;
    assert_int_equal(c4_study_parse(good, "study.ini", &study), C4_OK);
    static const char d0[] = "pretrain-cifar10-d0-n64-e2-bn-relu-seed1";
    static const char d9[] = "pretrain-cifar10-d9-n64-e2-bn-relu-seed1";
    static const char s16[] = "size-cifar10-d9-n16-e3-bn-relu-seed1";
    static const char s32[] = "size-cifar10-d9-n32-e3-bn-relu-seed1";
    static const char f[] = "finetune-cifar10-d9-n48-e4-bn-relu-seed1";
    static const char shifted[] = "finetune-cifar10-shifted-n48-e4-bn-relu-seed1";
    static const char scratch[] = "scratch-cifar10-d9-n48-e4-bn-relu-seed1";
    expect_runs(&study, "1", (const char *[]){d0}, 1);
    /* Run v fine-tunes on SVHN with d=0, which this scale does not have. */
    expect_runs(&study, "2a", (const char *[]){d0, f}, 2);
    expect_runs(&study, "2b", (const char *[]){s16, s32, d9}, 3);
    expect_runs(&study, "1,2a", (const char *[]){d0, f}, 2);
    expect_runs(&study, NULL, (const char *[]){d0, d9, s16, s32, f, shifted}, 6);
    study.scale[0].matched_scratch = 1;
    expect_runs(&study, NULL, (const char *[]){d0, d9, s16, s32, f, shifted, scratch}, 7);
    bool selected[C4_STUDY_FIGURES];
    struct c4_schedule schedule;
    assert_int_equal(c4_study_select(&study, "extra", selected), C4_OK);
    assert_int_equal(c4_schedule_make(&study, &study.scale[0], selected, &schedule), C4_ERR_USAGE);
    assert_non_null(
        strstr(c4_error(), "scale tiny has no runs for figure extra; leave it out of --figures"));
}

/* A run depends on the protocol's switches, and its key shows them. */
static void switches_change_keys(void **state) {
    (void)state;
    struct c4_study study;
    struct c4_run run;
    assert_int_equal(c4_study_parse(good, "study.ini", &study), C4_OK);
    const struct c4_scale *scale = &study.scale[0];
    assert_true(c4_run_describe(&study, scale, "shifted", 3, &run));
    assert_int_equal(run.labels.rule, C4_LABELS_SHIFTED);
    assert_int_equal(run.labels.shift, 0);
    assert_string_equal(run.from, "pretrain-cifar10-d0-n64-e2-bn-relu-seed3");
    study.protocol.shift = C4_SHIFT_ONE;
    study.protocol.order = C4_RELU_BN;
    study.protocol.size_labels = C4_SIZE_LABELS_TRUE;
    assert_true(c4_run_describe(&study, scale, "shifted", 3, &run));
    assert_string_equal(run.key, "finetune-cifar10-shifted1-n48-e4-relu-bn-seed3");
    assert_string_equal(run.from, "pretrain-cifar10-d0-n64-e2-relu-bn-seed3");
    assert_int_equal(run.labels.shift, 1);
    assert_true(c4_run_describe(&study, scale, "s-32", 1, &run));
    assert_string_equal(run.key, "size-cifar10-d0-n32-e3-relu-bn-seed1");
    assert_false(c4_run_describe(&study, scale, "s-64", 1, &run));
    assert_false(c4_run_describe(&study, scale, "s", 1, &run));
    assert_false(c4_run_describe(&study, scale, "v", 1, &run));
}

/* Families that describe the same training share its run. */
static void shared_runs(void **state) {
    (void)state;
    char *text = altered("[run b]", "[run twin]\nphase = pretrain\ndata = cifar10\nlabels = d0\n"
                                    "[run b]");
    struct c4_study study;
    struct c4_schedule schedule;
    assert_int_equal(c4_study_parse(text, "study.ini", &study), C4_OK);
    assert_int_equal(study.families, 8);
    assert_int_equal(c4_schedule_make(&study, &study.scale[0], NULL, &schedule), C4_OK);
    assert_int_equal(schedule.count, 12);
    c4_schedule_free(&schedule);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_in),
        cmocka_unit_test(built_in_scales),
        cmocka_unit_test(bad_texts),
        cmocka_unit_test(data_sets),
        cmocka_unit_test_setup_teardown(a_file_with_a_nul, scratch_set_up, scratch_tear_down),
        cmocka_unit_test(sets_of_a_study),
        cmocka_unit_test(set_values),
        cmocka_unit_test(lists_join),
        cmocka_unit_test(selection),
        cmocka_unit_test(fields_round_trip),
        cmocka_unit_test(many_seeds),
        cmocka_unit_test(minimal_runs),
        cmocka_unit_test(degrees_given),
        cmocka_unit_test(shared_runs),
        cmocka_unit_test(switches_change_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
