/* The table of data sets: what all code that reads it relies on, and what must never change. */
#include "core/data/import.h"
#include "core/data/sets.h"
#include "core/data/synthetic.h"
#include "tests/harness/unit.h"

#include <string.h>

static int layouts(const struct c4_set *set) {
    int count = 0;
    while (count < C4_LAYOUTS_MAX && set->files.layout[count].format != NULL) count++;
    return count;
}

static void words_are_found(void **state) {
    (void)state;
    for (int i = 0; i < c4_set_count; i++) {
        assert_ptr_equal(c4_set_find(c4_set_word(i)), &c4_sets[i]);
        for (int k = 0; k < i; k++) assert_string_not_equal(c4_sets[i].title, c4_sets[k].title);
    }
    assert_null(c4_set_word(c4_set_count));
    assert_null(c4_set_find("cifar"));
    assert_null(c4_set_find(""));
    assert_null(c4_set_unread(NULL));
}

/* Keys of sets and stand-ins: another key would give other noise and other pictures. */
static void keys_are_the_recorded_ones(void **state) {
    (void)state;
    static const struct {
        const char *word, *stand_in;
        uint64_t id[2], stand_in_id[2];
    } recorded[] = {{"cifar10", "objects", {1, 2}, {5, 6}}, {"svhn", "digits", {3, 4}, {7, 8}}};
    for (size_t i = 0; i < sizeof recorded / sizeof *recorded; i++) {
        const struct c4_set *set = c4_set_find(recorded[i].word);
        assert_non_null(set);
        assert_memory_equal(set->id, recorded[i].id, sizeof set->id);
        assert_memory_equal(set->stand_in->id, recorded[i].stand_in_id, sizeof set->id);
        assert_string_equal(set->stand_in->name, recorded[i].stand_in);
    }
}

static void no_key_comes_twice(void **state) {
    (void)state;
    uint64_t seen[4 * C4_SETS_MAX];
    int count = 0;
    for (int i = 0; i < c4_set_count; i++) {
        const struct c4_set *set = &c4_sets[i];
        const uint64_t ids[] = {set->id[0], set->id[1], set->stand_in->id[0], set->stand_in->id[1]};
        for (int k = 0; k < 4; k++) {
            assert_true(ids[k] != 0);
            for (int j = 0; j < count; j++) assert_true(ids[k] != seen[j]);
            seen[count++] = ids[k];
        }
        for (int k = 0; k < i; k++)
            assert_string_not_equal(set->stand_in->name, c4_sets[k].stand_in->name);
    }
}

static void files_have_room_and_names(void **state) {
    (void)state;
    uint32_t names = 0;
    for (int i = 0; i < c4_set_count; i++) {
        const struct c4_set *set = &c4_sets[i];
        assert_non_null(set->files.absent);
        assert_true(set->files.whole || set->files.per_file == 0);
        for (int split = 0; split < 2; split++) {
            uint32_t count = c4_set_file_count(set, set->files.images[split]);
            assert_in_range(count, 1, C4_SPLIT_FILES_MAX);
            names += count;
            for (int k = 0; k < layouts(set); k++) {
                char first[C4_RECORD_NAME_BYTES], last[C4_RECORD_NAME_BYTES];
                const struct c4_layout *layout = &set->files.layout[k];
                assert_true(strlen(layout->name[split]) < C4_RECORD_NAME_BYTES);
                assert_non_null(layout->place[0]);
                c4_layout_name(layout, (enum c4_split)split, 1, first);
                c4_layout_name(layout, (enum c4_split)split, count, last);
                if (count > 1) assert_string_not_equal(first, last);
            }
        }
        int plain = 0;
        while (plain < layouts(set) && set->files.layout[plain].format != &c4_format_records)
            plain++;
        assert_true(plain < layouts(set));
        assert_ptr_equal(c4_set_plain(set), &set->files.layout[plain]);
        assert_string_not_equal(c4_set_plain(set)->place[0],
                                ""); /* a mark applies to a whole folder */
        for (int k = 0; k < i; k++)
            assert_string_not_equal(c4_set_plain(set)->place[0],
                                    c4_set_plain(&c4_sets[k])->place[0]);
    }
    assert_in_range(names, 1, C4_UNOFFICIAL_FILES_MAX);
}

static void fine_tuning_has_its_images(void **state) {
    (void)state;
    for (int i = 0; i < c4_set_count; i++) {
        const struct c4_set *set = &c4_sets[i];
        const struct c4_tuning *tuning = &set->tuning;
        assert_in_range(tuning->split, C4_TRAIN, C4_TEST);
        assert_in_range(tuning->other, 0, c4_set_count - 1);
        assert_int_not_equal(tuning->other, i);
        assert_true(set->files.images[tuning->split] >= C4_FINETUNE_COUNT);
        assert_true(set->stand_in->images[tuning->split] >= C4_FINETUNE_COUNT);
        if (tuning->option == NULL) { /* then the split itself is loaded */
            assert_int_equal(tuning->split, C4_TEST);
            assert_int_equal(set->files.images[C4_TEST], C4_FINETUNE_COUNT);
            assert_int_equal(set->stand_in->images[C4_TEST], C4_FINETUNE_COUNT);
        }
        assert_true(set->files.whole || tuning->substitute != NULL);
        assert_non_null(set->heldout_images);
        assert_int_equal(set->pretrains, set->test_images != NULL);
        assert_string_not_equal(tuning->images, "training images");
        assert_string_not_equal(tuning->images, "test images");
        for (int k = 0; k < i; k++)
            assert_string_not_equal(tuning->images, c4_sets[k].tuning.images);
    }
}

/* Every set has a stand-in, for its splits and for fine-tuning. */
static void stand_ins_are_loaded(void **state) {
    (void)state;
    for (int i = 0; i < c4_set_count; i++)
        for (int split = 0; split < C4_SPLITS; split++) {
            const struct c4_set *set = &c4_sets[i];
            enum c4_split from = split == C4_TUNING ? set->tuning.split : (enum c4_split)split;
            struct c4_dataset data;
            char name[64];
            assert_int_equal(c4_dataset_load(NULL, set, (enum c4_split)split, 1, 20, &data), C4_OK);
            c4_synthetic_name(set->stand_in, from, name);
            assert_string_equal(data.name, name);
            assert_true(data.id == set->stand_in->id[from]);
            assert_true(data.synthetic);
            c4_dataset_free(&data);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_found),
        cmocka_unit_test(keys_are_the_recorded_ones),
        cmocka_unit_test(no_key_comes_twice),
        cmocka_unit_test(files_have_room_and_names),
        cmocka_unit_test(fine_tuning_has_its_images),
        cmocka_unit_test(stand_ins_are_loaded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
