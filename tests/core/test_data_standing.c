/* Files that are damaged or not the official ones: holes, black and repeated images, labels or
 * hashes other than published. */
#include "core/data/digest.h"
#include "core/data/import.h"
#include "core/data/record.h"
#include "core/data/synthetic.h"
#include "tests/core/test_data_folder.h"

enum { RECORDS = 10000 };

static uint8_t images[RECORDS * C4_IMAGE_BYTES], labels[RECORDS];

/* Numbers of images per label of data_batch_1.bin in mirrors.ini. */
static const uint32_t batch_1[C4_CLASSES] = {1005, 974,  1032, 1016, 999,
                                             937,  1030, 1001, 1025, 981};

/* Images that are all different, with as many of each label as in data_batch_1. */
static void fill(void) {
    uint64_t state = 1;
    for (size_t i = 0; i < sizeof images; i++) {
        state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
        images[i] = (uint8_t)(state >> 56);
    }
    uint32_t at = 0;
    for (int label = 0; label < C4_CLASSES; label++)
        for (uint32_t i = 0; i < batch_1[label]; i++) labels[at++] = (uint8_t)label;
    assert_int_equal(at, RECORDS);
}

static void blacken(uint32_t first, uint32_t count) {
    memset(images + (size_t)first * C4_IMAGE_BYTES, 0, (size_t)count * C4_IMAGE_BYTES);
}

static void save(const char *name) {
    assert_int_equal(c4_record_write(at(name), images, labels, RECORDS), C4_OK);
}

/* Loads `limit` train images and returns what is unofficial about them. */
static const char *unofficial(uint32_t limit) {
    static char text[C4_UNOFFICIAL_BYTES];
    struct c4_dataset data;
    if (c4_dataset_load(folder, CIFAR10, C4_TRAIN, 0, limit, &data) != C4_OK)
        fail_msg("%s", c4_error());
    assert_string_equal(data.name, "CIFAR-10 train");
    assert_false(data.substitute || data.synthetic);
    memcpy(text, data.unofficial, sizeof text);
    c4_dataset_free(&data);
    return text;
}

static void labels_are_held_against_the_published_ones(void **state) {
    (void)state;
    struct c4_data_found found;
    fill();
    save("data_batch_1.bin");
    assert_string_equal(unofficial(RECORDS), "");
    assert_int_equal(c4_data_describe(folder, &found), C4_OK);
    assert_int_equal(found.info[0].standing, C4_STANDING_LABELS);
    assert_non_null(strstr(found.info[0].why, "as many images per label as published"));
    assert_int_equal(strlen(found.info[0].sha256), 64);

    labels[RECORDS - 1] = 3;
    save("data_batch_1.bin");
    assert_string_equal(unofficial(RECORDS),
                        "data_batch_1.bin has other numbers of images per label than published");
    /* However few images are read. */
    assert_string_equal(unofficial(RECORDS - 1), unofficial(RECORDS));
    assert_string_equal(unofficial(20),
                        "data_batch_1.bin has other numbers of images per label than published");
    assert_int_equal(c4_data_describe(folder, &found), C4_OK);
    assert_int_equal(found.info[0].standing, C4_STANDING_DIFFERS);
    assert_string_equal(found.info[0].problem, "");

    /* Invalid labels past the limit are an error only once their images are read. */
    labels[RECORDS - 1] = 200;
    save("data_batch_1.bin");
    assert_string_equal(unofficial(20),
                        "data_batch_1.bin has other numbers of images per label than published");
    refused(folder, CIFAR10, C4_TRAIN, RECORDS, C4_ERR_DATA, "has label byte 200");

    /* Each file that differs is named; a file with another one's labels differs. */
    labels[RECORDS - 1] = 9;
    save("data_batch_1.bin");
    assert_string_equal(unofficial(20), "");
    save("data_batch_2.bin");
    assert_string_equal(unofficial(RECORDS), ""); /* the next file is not read */
    assert_string_equal(unofficial(RECORDS + 1),
                        "data_batch_2.bin has other numbers of images per label than published");
    assert_string_equal(unofficial(2 * RECORDS),
                        "data_batch_2.bin has other numbers of images per label than published");
    labels[0] = 1;
    save("data_batch_1.bin");
    assert_string_equal(unofficial(2 * RECORDS),
                        "data_batch_1.bin has other numbers of images per label than published; "
                        "data_batch_2.bin has other numbers of images per label than published");
}

static void zero_records_are_damage(void **state) {
    (void)state;
    char says[100];
    static const uint32_t begins[] = {0, 33, 120, RECORDS / 2, RECORDS - 16};
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
        uint32_t first = begins[i], count = first == RECORDS / 2 ? RECORDS / 2 : 16;
        fill();
        blacken(first, count);
        memset(labels + first, 0, count);
        if (first > 0) labels[first - 1] = 1; /* its image is not black */
        save("data_batch_1.bin");
        snprintf(says, sizeof says,
                 "data_batch_1.bin: records %u to %u (from offset %u on) are zero", first,
                 first + count - 1, first * 3073);
        refused(folder, CIFAR10, C4_TRAIN, RECORDS, C4_ERR_DATA, says);
        assert_says("damaged");
        /* Images that are not read are not checked. */
        if (first > 0) unofficial(first);
        unofficial(first + 15);
        images[(size_t)(first + 9) * C4_IMAGE_BYTES + 3071] = 1;
        if (count == 16) {
            save("data_batch_1.bin");
            unofficial(RECORDS);
        }
    }
}

static void black_images_with_labels_are_read_and_told(void **state) {
    (void)state;
    fill();
    blacken(2000, 100);
    save("data_batch_1.bin");
    assert_string_equal(unofficial(RECORDS),
                        "data_batch_1.bin has 100 black images from image 2000 on");
    assert_string_equal(unofficial(2020),
                        "data_batch_1.bin has 20 black images from image 2000 on");
    assert_string_equal(unofficial(2015), "");
    labels[0] = 9;
    save("data_batch_1.bin");
    assert_string_equal(unofficial(RECORDS),
                        "data_batch_1.bin has other numbers of images per label than published "
                        "and 100 black images from image 2000 on");
    fill();
    blacken(2000, 15);
    blacken(3000, 16);
    save("data_batch_1.bin");
    assert_string_equal(unofficial(RECORDS),
                        "data_batch_1.bin has 16 black images from image 3000 on");
}

static void repeated_images_are_told(void **state) {
    (void)state;
    fill();
    memcpy(images + sizeof images / 2, images, sizeof images / 2);
    save("data_batch_1.bin");
    assert_string_equal(unofficial(RECORDS), "data_batch_1.bin has images 5000 to 9999 equal to "
                                             "those from 0 on");
    assert_string_equal(unofficial(5015), "");
    fill();
    memcpy(images + (size_t)8000 * C4_IMAGE_BYTES, images + (size_t)70 * C4_IMAGE_BYTES,
           (size_t)16 * C4_IMAGE_BYTES);
    save("data_batch_1.bin");
    assert_string_equal(unofficial(RECORDS),
                        "data_batch_1.bin has images 8000 to 8015 equal to those from 70 on");
    /* Scattered duplicates are not a stretch. */
    fill();
    for (uint32_t i = 0; i < 100; i++)
        memcpy(images + (size_t)(5000 + i * (1 + i % 2)) * C4_IMAGE_BYTES,
               images + (size_t)i * C4_IMAGE_BYTES, C4_IMAGE_BYTES);
    save("data_batch_1.bin");
    assert_string_equal(unofficial(RECORDS), "");
}

/* The judgement of a file that holds "hello", by this table. */
static struct c4_judged judged_by(const char *table_text, struct c4_data_file file, uint32_t total,
                                  uint32_t count) {
    static struct c4_sources table;
    struct c4_judged judged;
    snprintf(file.path, sizeof file.path, "%s", at("test_batch"));
    write_text(file.path, "hello");
    if (c4_sources_parse(table_text, "table", &table) != C4_OK) fail_msg("%s", c4_error());
    assert_int_equal(c4_data_file_judge(&file, &table, total, count, images, labels, &judged),
                     C4_OK);
    return judged;
}

static void published_hashes_decide(void **state) {
    (void)state;
    const struct c4_data_file pickle = {
        .format = &c4_format_pickle, .most = RECORDS, .required = RECORDS};
    const struct c4_data_file mat = {.format = &c4_format_mat, .most = RECORDS};
    static const char right[] = "[known py/test_batch]\nmd5 = 5d41402abc4b2a76b9719d911017c592\n";
    static const char wrong[] = "[known py/test_batch]\nmd5 = 5d41402abc4b2a76b9719d911017c593\n";
    static const char labels_too[] = "[known test_batch]\nmd5 = 5d41402abc4b2a76b9719d911017c592\n"
                                     "labels = 1 1 1 1 1 1 1 1 1 9991\n";
    static const char sha[] = "[known test_batch]\nsha256 = "
                              "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\n";
    static const char size[] = "[known test_batch]\nbytes = 6\n"
                               "md5 = 5d41402abc4b2a76b9719d911017c592\n";
    fill();
    blacken(7, 20); /* the hash overrides it */
    struct c4_judged judged = judged_by(right, pickle, RECORDS, RECORDS);
    assert_int_equal(judged.standing, C4_STANDING_OFFICIAL);
    assert_string_equal(judged.why, "has the published MD5");
    assert_int_equal(strlen(judged.sha256), 64);
    judged = judged_by(labels_too, pickle, RECORDS, RECORDS);
    assert_int_equal(judged.standing, C4_STANDING_OFFICIAL);
    judged = judged_by(sha, mat, RECORDS, 50);
    assert_int_equal(judged.standing, C4_STANDING_OFFICIAL);
    assert_string_equal(judged.why, "has the published SHA-256");
    fill();
    judged = judged_by(wrong, pickle, RECORDS, 50); /* read completely, whatever the limit */
    assert_int_equal(judged.standing, C4_STANDING_DIFFERS);
    assert_string_equal(judged.why, "has another MD5 than published");
    judged = judged_by(size, mat, RECORDS, RECORDS);
    assert_string_equal(judged.why, "has another size than published");
    /* A part of a set does not claim to be the whole. */
    judged = judged_by(size, mat, 50, 50);
    assert_int_equal(judged.standing, C4_STANDING_UNKNOWN);
    assert_string_equal(judged.why, "");
    judged = judged_by("[known x]\nbytes = 1\n", pickle, RECORDS, RECORDS);
    assert_int_equal(judged.standing, C4_STANDING_UNKNOWN);
    const struct c4_data_file made = {
        .format = &c4_format_pickle, .synthetic = true, .most = RECORDS};
    judged = judged_by(wrong, made, RECORDS, RECORDS);
    assert_int_equal(judged.standing, C4_STANDING_UNKNOWN);
}

/* Digit 0 is label 0 in record files. */
static void svhn_as_a_whole_has_published_labels(void **state) {
    (void)state;
    static const uint32_t test[C4_CLASSES] = {1744, 5099, 4149, 2882, 2523,
                                              2384, 1977, 2019, 1660, 1595};
    uint32_t all = 0;
    for (int label = 0; label < C4_CLASSES; label++) all += test[label];
    assert_int_equal(all, SVHN->files.images[C4_TEST]);
    for (int variant = 0; variant < 2; variant++) {
        struct c4_dataset data;
        FILE *file = fopen(at("svhn_test.bin"), "wb");
        assert_non_null(file);
        fill();
        uint32_t written = 0;
        for (int label = 0; label < C4_CLASSES; label++)
            for (uint32_t i = 0; i < test[label]; i++, written++) {
                uint8_t image[C4_IMAGE_BYTES];
                memcpy(image, images + (size_t)(written % RECORDS) * C4_IMAGE_BYTES, sizeof image);
                image[0] = (uint8_t)(written / RECORDS); /* not the images of 10,000 before */
                fputc(variant == 1 && written == 0 ? 1 : label, file);
                assert_int_equal(fwrite(image, 1, sizeof image, file), sizeof image);
            }
        assert_int_equal(fclose(file), 0);
        assert_int_equal(c4_dataset_load(folder, SVHN, C4_TEST, 0, 0, &data), C4_OK);
        assert_string_equal(data.name, "SVHN test");
        assert_string_equal(
            data.unofficial,
            variant == 0 ? ""
                         : "svhn_test.bin has other numbers of images per label than published");
        c4_dataset_free(&data);
        /* Even if only a few digits of the file are read. */
        assert_int_equal(c4_dataset_load(folder, SVHN, C4_TEST, 0, 5, &data), C4_OK);
        assert_int_equal(data.unofficial[0] != '\0', variant == 1);
        c4_dataset_free(&data);
    }
}

static void labels_are_read_alone(void **state) {
    (void)state;
    uint8_t read[4];
    fill();
    labels[0] = 3;
    labels[1] = 255;
    assert_int_equal(c4_record_write(at("x.bin"), images, labels, 4), C4_OK);
    assert_int_equal(c4_record_labels(at("x.bin"), 4, read), C4_OK);
    assert_memory_equal(read, labels, 4);
    assert_int_equal(truncate(at("x.bin"), (off_t)3 * C4_RECORD_BYTES), 0);
    assert_int_equal(c4_record_labels(at("x.bin"), 3, read), C4_OK);
    assert_int_equal(c4_record_labels(at("x.bin"), 4, read), C4_ERR_DATA);
    assert_says("x.bin: record 3 cannot be read: the file ends before it");
    assert_int_equal(c4_record_labels(at("missing"), 1, read), C4_ERR_DATA);
    assert_says("missing: cannot read");
}

/* A copy records what its original was. */
static void import_tells_what_it_copied(void **state) {
    (void)state;
    struct c4_data_found found;
    uint32_t files;
    char name[64];
    fill();
    blacken(2050, 30);
    mkdir(at("from"), 0777);
    for (int batch = 1; batch <= 5; batch++) {
        snprintf(name, sizeof name, "from/data_batch_%d.bin", batch);
        save(name);
    }
    fill();
    for (uint32_t i = 0; i < RECORDS; i++) labels[i] = (uint8_t)(i % 10);
    save("from/test_batch.bin");
    assert_int_equal(c4_data_import(at("from"), at("to"), &files, &found), C4_OK);
    assert_int_equal(files, 6);
    assert_int_equal(found.count, 6);
    assert_string_equal(found.info[0].why, "has 30 black images from image 2050 on");
    assert_int_equal(found.info[0].standing, C4_STANDING_DIFFERS);
    assert_non_null(strstr(found.info[4].path, "from/data_batch_5.bin"));
    assert_string_equal(found.info[4].why, "has other numbers of images per label than published "
                                           "and 30 black images from image 2050 on");
    assert_int_equal(found.info[5].standing, C4_STANDING_LABELS);

    /* The copy reports it, too, however few images are read, and so does a copy of the copy. */
    struct c4_dataset data;
    uint32_t again;
    assert_int_equal(c4_data_import(at("to"), at("again"), &again, &found), C4_OK);
    assert_string_equal(found.info[0].why, "has 30 black images from image 2050 on");
    for (int copy = 0; copy < 2; copy++) {
        const char *place = at(copy == 0 ? "to" : "again");
        assert_int_equal(c4_dataset_load(place, CIFAR10, C4_TRAIN, 0, 9, &data), C4_OK);
        assert_string_equal(data.unofficial,
                            "data_batch_1.bin has 30 black images from image 2050 on");
        c4_dataset_free(&data);
        assert_int_equal(c4_dataset_load(place, CIFAR10, C4_TEST, 0, 9, &data), C4_OK);
        assert_string_equal(data.unofficial, "");
        c4_dataset_free(&data);
    }

    /* A better original removes only its own file from the mark. */
    fill();
    save("from/data_batch_1.bin");
    assert_int_equal(c4_data_import(at("from"), at("to"), &files, NULL), C4_OK);
    assert_int_equal(c4_dataset_load(at("to"), CIFAR10, C4_TRAIN, 0, RECORDS, &data), C4_OK);
    assert_string_equal(data.unofficial, "");
    c4_dataset_free(&data);
    struct c4_unofficial mark;
    assert_int_equal(c4_unofficial_read(at("to/cifar-10-batches-bin"), &mark), C4_OK);
    assert_int_equal(mark.count, 4);
    assert_null(c4_unofficial_find(&mark, "data_batch_1.bin"));
    assert_string_equal(c4_unofficial_find(&mark, "data_batch_4.bin"),
                        "has other numbers of images per label than published and 30 black images "
                        "from image 2050 on");
}

static void save_digits(const char *name, uint32_t count) {
    assert_int_equal(c4_record_write(at(name), images, labels, count), C4_OK);
}

/* Only marks as this program writes them are accepted, overwritten or removed. */
static void marks_of_imports_are_kept_apart(void **state) {
    (void)state;
    uint32_t files;
    struct c4_dataset data;
    struct c4_data_found found;
    static const char line[] = "svhn_train.bin was imported from train_32x32.mat, which differs";
    static const char *const bad[] = {
        "",
        "my notes\n",
        "conv4 unofficial files\n",
        "conv4 unofficial files\nsvhn_train.bin differs", /* without its newline */
        "conv4 unofficial files\nsvhn_train.bin\n",
        "conv4 unofficial files\nsvhn_train.bin \n",
        "conv4 unofficial files\nsvhn_train.txt differs\n",
        "conv4 unofficial files\nsvhn_train.bin differs\nsvhn_train.bin differs\n",
        "conv4 unofficial files\nsvhn_train.bin differs\r\n",
        "conv4 unofficial files\nsvhn_train.bin differs\n\n",
    };
    fill();
    mkdir(at("from"), 0777);
    mkdir(at("to"), 0777);
    mkdir(at("to/svhn"), 0777);
    save_digits("from/svhn_train.bin", 30);
    save_digits("from/svhn_test.bin", 20);
    assert_int_equal(c4_data_import(at("from"), at("to"), &files, NULL), C4_OK);
    assert_int_equal(access(at("to/svhn/UNOFFICIAL"), F_OK), -1);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        unsigned char *text;
        size_t length;
        write_text(at("to/svhn/UNOFFICIAL"), bad[i]);
        refused(at("to"), SVHN, C4_TRAIN, 5, C4_ERR_DATA, "svhn/UNOFFICIAL: not a list");
        assert_int_equal(c4_data_describe(at("to"), &found), C4_OK);
        assert_non_null(strstr(found.info[0].problem, "svhn/UNOFFICIAL: not a list"));
        assert_int_equal(c4_data_import(at("from"), at("to"), &files, NULL), C4_ERR_DATA);
        assert_says("svhn/UNOFFICIAL: not a list of unofficial files written by this program");
        assert_int_equal(files, 0);
        assert_int_equal(c4_unofficial_put(at("to/svhn"), "svhn_test.bin", NULL), C4_ERR_DATA);
        assert_int_equal(c4_file_read(at("to/svhn/UNOFFICIAL"), &text, &length), C4_OK);
        assert_string_equal((char *)text, bad[i]);
        free(text);
        /* The files beside it are still real. */
        assert_int_equal(c4_synthetic_write(at("to"), 1, 10, 10), C4_ERR_USAGE);
        remove(at("to/svhn/UNOFFICIAL"));
    }

    assert_int_equal(c4_unofficial_put(at("to/svhn"), "svhn_train.bin", line + 15), C4_OK);
    assert_int_equal(c4_dataset_load(at("to"), SVHN, C4_TRAIN, 0, 5, &data), C4_OK);
    assert_string_equal(data.unofficial, line);
    c4_dataset_free(&data);
    assert_int_equal(c4_dataset_load(at("to"), SVHN, C4_TEST, 0, 5, &data), C4_OK);
    assert_string_equal(data.unofficial, "");
    c4_dataset_free(&data);
    assert_int_equal(c4_data_describe(at("to"), &found), C4_OK);
    assert_int_equal(found.info[0].standing, C4_STANDING_DIFFERS);
    assert_string_equal(found.info[0].why, line + 15);
    assert_int_equal(c4_data_import(at("to"), at("copy"), &files, &found), C4_OK);
    assert_string_equal(found.info[0].why, line + 15);
    assert_int_equal(c4_dataset_load(at("copy"), SVHN, C4_TUNING, 0, 40, &data), C4_OK);
    assert_string_equal(data.unofficial, line);
    c4_dataset_free(&data);

    /* Text that could not be read back is not written. */
    assert_int_equal(c4_unofficial_put(at("to/svhn"), "x.bin", "differs"), C4_ERR_USAGE);
    assert_int_equal(c4_unofficial_put(at("to/svhn"), "svhn_test.bin", "a\nb"), C4_ERR_USAGE);
    assert_int_equal(c4_unofficial_put(at("to/svhn"), "svhn_test.bin", ""), C4_ERR_USAGE);

    /* The mark is removed with its last line. */
    assert_int_equal(c4_data_import(at("from"), at("to"), &files, NULL), C4_OK);
    assert_int_equal(access(at("to/svhn/UNOFFICIAL"), F_OK), -1);

    /* Synthetic files stay synthetic, whatever lies beside them. */
    assert_int_equal(c4_synthetic_write(at("made"), 1, 10, 10), C4_OK);
    assert_int_equal(c4_unofficial_put(at("made/svhn"), "svhn_train.bin", "differs"), C4_OK);
    assert_int_equal(c4_dataset_load(at("made"), SVHN, C4_TRAIN, 0, 0, &data), C4_OK);
    assert_true(data.synthetic);
    assert_string_equal(data.unofficial, "");
    c4_dataset_free(&data);
    assert_int_equal(c4_data_import(at("made"), at("made_copy"), &files, NULL), C4_OK);
    assert_int_equal(access(at("made_copy/svhn/SYNTHETIC"), F_OK), 0);
    assert_int_equal(access(at("made_copy/svhn/UNOFFICIAL"), F_OK), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(labels_are_held_against_the_published_ones),
        IN_FOLDER(zero_records_are_damage),
        IN_FOLDER(black_images_with_labels_are_read_and_told),
        IN_FOLDER(repeated_images_are_told),
        IN_FOLDER(published_hashes_decide),
        IN_FOLDER(svhn_as_a_whole_has_published_labels),
        IN_FOLDER(labels_are_read_alone),
        IN_FOLDER(import_tells_what_it_copied),
        IN_FOLDER(marks_of_imports_are_kept_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
