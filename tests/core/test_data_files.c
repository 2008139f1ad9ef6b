/* Reading, importing and describing data folders: what is accepted and what is refused. */
#include "core/data/dataset.h"
#include "core/data/import.h"
#include "core/data/record.h"
#include "core/data/synthetic.h"
#include "tests/core/test_data_folder.h"

static void cifar10_is_read_in_order(void **state) {
    (void)state;
    struct c4_dataset data, part;
    mkdir(at("cifar-10-batches-bin"), 0777);
    write_records(at("cifar-10-batches-bin/data_batch_1.bin"), 10000, -1, 0);
    write_records(at("cifar-10-batches-bin/test_batch.bin"), 10000, -1, 0);
    assert_int_equal(c4_dataset_load(folder, CIFAR10, C4_TEST, 0, 0, &data), C4_OK);
    assert_int_equal(data.count, 10000);
    assert_string_equal(data.name, "CIFAR-10 test");
    assert_int_equal(data.id, 2);
    assert_false(data.synthetic || data.substitute);
    assert_int_equal(c4_dataset_labels(&data)[9999], 9);
    assert_pixels(&data, 0, 0);
    assert_pixels(&data, 9999, 9999);

    /* A prefix needs only the first file, from FOLDER or from the batches' folder. */
    assert_int_equal(c4_dataset_load(folder, CIFAR10, C4_TRAIN, 0, 33, &part), C4_OK);
    assert_int_equal(part.count, 33);
    assert_memory_equal(c4_dataset_images(&part), c4_dataset_images(&data), 33 * C4_IMAGE_BYTES);
    assert_memory_equal(c4_dataset_labels(&part), c4_dataset_labels(&data), 33);
    assert_string_not_equal(part.sha256, data.sha256);
    c4_dataset_free(&part);
    assert_int_equal(
        c4_dataset_load(at("cifar-10-batches-bin"), CIFAR10, C4_TRAIN, 0, 10000, &part), C4_OK);
    assert_string_equal(part.sha256, data.sha256);
    c4_dataset_free(&part);
    c4_dataset_free(&data);
    c4_dataset_free(&data);

    refused(folder, CIFAR10, C4_TRAIN, 0, C4_ERR_DATA, "data_batch_2.bin");
    refused(folder, CIFAR10, C4_TEST, 10001, C4_ERR_USAGE, "10001");
}

static void cifar10_crosses_files(void **state) {
    (void)state;
    struct c4_dataset data;
    write_records(at("data_batch_1.bin"), 10000, -1, 0);
    write_records(at("data_batch_2.bin"), 10000, -1, 0);
    assert_int_equal(c4_dataset_load(folder, CIFAR10, C4_TRAIN, 0, 10003, &data), C4_OK);
    assert_int_equal(data.count, 10003);
    assert_pixels(&data, 9999, 9999);
    assert_pixels(&data, 10002, 2);
    assert_int_equal(c4_dataset_labels(&data)[10002], 2);
    c4_dataset_free(&data);
}

static void bad_cifar10_is_refused(void **state) {
    (void)state;
    make_sparse(at("test_batch.bin"), (off_t)9999 * 3073);
    refused(folder, CIFAR10, C4_TEST, 0, C4_ERR_DATA, "9999 records instead of 10000");
    make_sparse(at("test_batch.bin"), (off_t)10001 * 3073);
    refused(folder, CIFAR10, C4_TEST, 0, C4_ERR_DATA, "10001 records");
    make_sparse(at("test_batch.bin"), (off_t)10000 * 3073 - 1);
    refused(folder, CIFAR10, C4_TEST, 0, C4_ERR_DATA, "begins at offset 30726927");
    make_sparse(at("test_batch.bin"), 0);
    refused(folder, CIFAR10, C4_TEST, 0, C4_ERR_DATA, "empty");
    make_sparse(at("test_batch.bin"), (off_t)3073 << 24);
    refused(folder, CIFAR10, C4_TEST, 0, C4_ERR_DATA, "records instead of 10000");
    if (truncate(at("test_batch.bin"), (off_t)3073 << 32) == 0) { /* not on every file system */
        refused(folder, CIFAR10, C4_TEST, 0, C4_ERR_DATA, "impossibly large");
    }
    write_records(at("test_batch.bin"), 10000, 4321, 0);
    refused(folder, CIFAR10, C4_TEST, 0, C4_ERR_DATA,
            "test_batch.bin: record 4321 (offset 13278433) has label byte 10");
    if (geteuid() != 0) { /* root reads everything */
        chmod(at("test_batch.bin"), 0);
        refused(folder, CIFAR10, C4_TEST, 0, C4_ERR_DATA, "cannot read");
    }
    remove(at("test_batch.bin"));
    mkdir(at("test_batch.bin"), 0777);
    refused(folder, CIFAR10, C4_TEST, 0, C4_ERR_DATA, "not a regular file");
    rmdir(at("test_batch.bin"));
    mkfifo(at("test_batch.bin"), 0600); /* opening it would block forever */
    refused(folder, CIFAR10, C4_TEST, 0, C4_ERR_DATA, "not a regular file");
}

static void missing_data_say_what_to_get(void **state) {
    (void)state;
    refused(at("nowhere"), CIFAR10, C4_TRAIN, 0, C4_ERR_DATA, "nowhere cannot be used");
    refused(folder, CIFAR10, C4_TRAIN, 0, C4_ERR_DATA, "cifar-10-binary.tar.gz");
    refused(folder, SVHN, C4_TEST, 0, C4_ERR_DATA, "test_32x32.mat");
    mkdir(at("cifar-10-batches-py"), 0777);
    refused(folder, CIFAR10, C4_TEST, 0, C4_ERR_DATA, "'conv4 data fetch cifar10 --data ");
    write_text(at("cifar-10-batches-py/test_batch"), "no pickle");
    refused(folder, CIFAR10, C4_TEST, 0, C4_ERR_DATA,
            "cifar-10-batches-py/test_batch: not a pickle");
    write_text(at("file"), "x");
    refused(at("file"), SVHN, C4_TEST, 0, C4_ERR_DATA, "not a folder");
    char long_name[5000];
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    refused(long_name, SVHN, C4_TEST, 0, C4_ERR_DATA, "the data folder aaa");
}

/* Record i of the concatenation, the substitute for SVHN's first 10,000. */
static void plain_svhn_substitutes(void **state) {
    (void)state;
    struct c4_dataset data;
    mkdir(at("svhn"), 0777);
    write_records(at("svhn/svhn_train.bin"), 4434, -1, 0);
    refused(folder, SVHN, C4_TUNING, 0, C4_ERR_DATA, "svhn_test.bin");
    write_records(at("svhn/svhn_test.bin"), 5566, -1, 0);
    assert_int_equal(c4_dataset_load(folder, SVHN, C4_TRAIN, 0, 0, &data), C4_OK);
    assert_string_equal(data.name, "SVHN train (4434 of 73257)");
    assert_true(data.substitute);
    c4_dataset_free(&data);
    assert_int_equal(c4_dataset_load(folder, SVHN, C4_TUNING, 0, 0, &data), C4_OK);
    assert_string_equal(data.name, "SVHN-10k substitute");
    assert_true(data.substitute);
    assert_false(data.synthetic);
    assert_int_equal(data.count, 10000);
    assert_int_equal(data.id, 3);
    assert_pixels(&data, 4433, 4433);
    assert_pixels(&data, 4434, 0);
    assert_pixels(&data, 9999, 5565);
    c4_dataset_free(&data);
    assert_int_equal(c4_dataset_load(folder, SVHN, C4_TUNING, 0, 512, &data), C4_OK);
    assert_string_equal(data.name, "SVHN-10k substitute");
    assert_int_equal(data.count, 512);
    c4_dataset_free(&data);

    /* Directly in FOLDER, smaller, and with enough train digits. */
    assert_int_equal(rename(at("svhn/svhn_train.bin"), at("svhn_train.bin")), 0);
    write_records(at("svhn/svhn_test.bin"), 20, -1, 0);
    assert_int_equal(c4_dataset_load(folder, SVHN, C4_TUNING, 0, 0, &data), C4_OK);
    assert_string_equal(data.name, "SVHN substitute (4454 digits)");
    c4_dataset_free(&data);
    write_records(at("svhn_train.bin"), 10050, -1, 0);
    assert_int_equal(c4_dataset_load(folder, SVHN, C4_TUNING, 0, 0, &data), C4_OK);
    assert_int_equal(data.count, 10000);
    assert_true(data.substitute);
    c4_dataset_free(&data);
    refused(folder, SVHN, C4_TUNING, 10001, C4_ERR_USAGE, "10000 images");

    /* The official number of digits makes it official. */
    make_sparse(at("svhn/svhn_test.bin"), (off_t)26032 * 3073);
    assert_int_equal(c4_dataset_load(folder, SVHN, C4_TEST, 0, 7, &data), C4_OK);
    assert_string_equal(data.name, "SVHN test");
    assert_false(data.substitute);
    c4_dataset_free(&data);
    make_sparse(at("svhn/svhn_test.bin"), (off_t)26033 * 3073);
    refused(folder, SVHN, C4_TEST, 7, C4_ERR_DATA, "the official file has 26032");
}

static void synthetic_folder_stays_synthetic(void **state) {
    (void)state;
    struct c4_dataset made, read;
    assert_int_equal(c4_synthetic_write(at("made"), 5, 10007, 30), C4_OK);
    assert_int_equal(c4_synthetic_make(&c4_synthetic_objects, C4_TRAIN, 5, 10007, &made), C4_OK);
    assert_int_equal(c4_dataset_load(at("made"), CIFAR10, C4_TRAIN, 0, 0, &read), C4_OK);
    assert_true(read.synthetic);
    assert_string_equal(read.name, made.name);
    assert_string_equal(read.sha256, made.sha256);
    assert_int_equal(read.id, made.id);
    c4_dataset_free(&read);
    c4_dataset_free(&made);
    assert_int_equal(c4_dataset_load(at("made"), SVHN, C4_TUNING, 0, 0, &read), C4_OK);
    assert_true(read.synthetic);
    assert_int_equal(read.count, 30);
    assert_string_equal(read.name, "synthetic digits train");
    c4_dataset_free(&read);

    /* Written again with fewer images; then with an altered mark, without a mark, and over real
     * files. */
    assert_int_equal(c4_synthetic_write(at("made"), 6, 40, 20), C4_OK);
    assert_int_equal(c4_dataset_load(at("made"), CIFAR10, C4_TRAIN, 0, 0, &read), C4_OK);
    assert_int_equal(read.count, 40);
    c4_dataset_free(&read);
    write_text(at("made/svhn/SYNTHETIC"), "conv4 synthetic digits\nseed 6\ntrain 20\ntest 21\n");
    refused(at("made"), SVHN, C4_TEST, 0, C4_ERR_DATA, "20 records instead of 21");
    write_text(at("made/svhn/SYNTHETIC"), "conv4 synthetic digits\nseed 6\ntrain 20\ntest 20");
    refused(at("made"), SVHN, C4_TEST, 0, C4_ERR_DATA, "not a mark");
    remove(at("made/cifar-10-batches-bin/SYNTHETIC"));
    refused(at("made"), CIFAR10, C4_TEST, 0, C4_ERR_DATA, "records instead of 10000");
    assert_int_equal(c4_synthetic_write(at("made"), 6, 40, 20), C4_ERR_USAGE);
    assert_says("is not synthetic");

    /* Even where complete synthetic files would come before incomplete real ones. */
    assert_int_equal(c4_synthetic_write(at("flat"), 6, 40, 20), C4_OK);
    mkdir(at("flat/cifar-10-batches-bin/cifar-10-batches-bin"), 0777);
    make_sparse(at("flat/cifar-10-batches-bin/cifar-10-batches-bin/data_batch_1.bin"), 10);
    assert_int_equal(
        c4_dataset_load(at("flat/cifar-10-batches-bin"), CIFAR10, C4_TEST, 0, 0, &read), C4_OK);
    assert_true(read.synthetic);
    c4_dataset_free(&read);
    assert_int_equal(c4_synthetic_write(at("flat/cifar-10-batches-bin"), 6, 40, 20), C4_ERR_USAGE);
    assert_says("is not synthetic");

    assert_int_equal(c4_synthetic_write(at("x"), 6, 0, 20), C4_ERR_USAGE);
    assert_int_equal(c4_synthetic_write(at("x"), 6, 50001, 20), C4_ERR_USAGE);
    write_text(at("file"), "");
    assert_int_equal(c4_synthetic_write(at("file/x"), 6, 5, 5), C4_ERR_FAILED);
    assert_says("a file where a folder is needed");
}

static void built_in_pair_has_official_sizes(void **state) {
    (void)state;
    struct c4_dataset data, finetune;
    refused(NULL, CIFAR10, C4_TRAIN, 50001, C4_ERR_USAGE, "50000 images");
    refused(NULL, CIFAR10, C4_TEST, 10001, C4_ERR_USAGE, "10000 images");
    refused(NULL, SVHN, C4_TUNING, 10001, C4_ERR_USAGE, "10000 images");
    assert_int_equal(c4_dataset_load(NULL, SVHN, C4_TRAIN, 3, 0, &data), C4_OK);
    assert_int_equal(data.count, 10000);
    assert_true(data.synthetic);
    assert_int_equal(c4_dataset_load(NULL, SVHN, C4_TUNING, 3, 0, &finetune), C4_OK);
    assert_string_equal(data.sha256, finetune.sha256);
    c4_dataset_free(&data);
    c4_dataset_free(&finetune);
}

static void import_copies_what_it_has_read(void **state) {
    (void)state;
    uint32_t files;
    struct c4_data_found found;
    struct c4_dataset data, again;
    mkdir(at("from"), 0777);
    assert_int_equal(c4_data_import(at("from"), at("to"), &files, NULL), C4_ERR_DATA);
    assert_int_equal(c4_data_describe(at("from"), &found), C4_ERR_DATA);
    assert_says("no CIFAR-10 here");
    assert_int_equal(access(at("to"), F_OK), -1);

    write_records(at("from/svhn_train.bin"), 30, -1, 0);
    write_records(at("from/svhn_test.bin"), 20, 11, 0);
    assert_int_equal(c4_data_import(at("from"), at("to"), &files, NULL), C4_ERR_DATA);
    assert_says("record 11");
    assert_int_equal(files, 1);
    assert_int_equal(access(at("to/svhn/svhn_test.bin"), F_OK), -1);
    assert_int_equal(c4_data_describe(at("from"), &found), C4_OK);
    assert_int_equal(found.count, 2);
    assert_string_equal(found.info[0].problem, "");
    assert_non_null(strstr(found.info[1].problem, "record 11"));

    write_records(at("from/svhn_test.bin"), 20, -1, 0);
    assert_int_equal(c4_data_import(at("from"), at("to"), &files, NULL), C4_OK);
    assert_int_equal(files, 2);
    assert_int_equal(c4_dataset_load(at("from"), SVHN, C4_TUNING, 0, 0, &data), C4_OK);
    assert_int_equal(c4_dataset_load(at("to"), SVHN, C4_TUNING, 0, 0, &again), C4_OK);
    assert_string_equal(data.sha256, again.sha256);
    c4_dataset_free(&data);
    c4_dataset_free(&again);
    assert_int_equal(c4_data_describe(at("to"), &found), C4_OK);
    assert_int_equal(found.count, 2);
    assert_int_equal(found.info[0].records, 30);
    assert_ptr_equal(found.info[1].set, SVHN);
    assert_int_equal(found.info[1].split, C4_TEST);
    for (int c = 0; c < 10; c++) assert_int_equal(found.info[1].histogram[c], 2);
    assert_int_equal(strlen(found.info[1].sha256), 64);

    /* Synthetic files keep their mark and do not mix with real ones. */
    assert_int_equal(c4_synthetic_write(at("made"), 1, 10, 10), C4_OK);
    assert_int_equal(c4_data_import(at("made"), at("to"), &files, NULL), C4_ERR_USAGE);
    assert_says("is real");
    assert_int_equal(c4_data_import(at("made"), at("copy"), &files, NULL), C4_OK);
    assert_int_equal(files, 2 * c4_set_count);
    assert_int_equal(c4_dataset_load(at("copy"), CIFAR10, C4_TRAIN, 0, 0, &data), C4_OK);
    assert_true(data.synthetic);
    c4_dataset_free(&data);
    assert_int_equal(c4_data_import(at("from"), at("copy"), &files, NULL), C4_ERR_USAGE);
    assert_says("is synthetic");
    write_text(at("made/svhn/SYNTHETIC"), "");
    assert_int_equal(c4_data_import(at("made"), at("copy"), &files, NULL), C4_ERR_DATA);
    assert_int_equal(c4_data_describe(at("made"), &found), C4_OK);
    uint32_t altered = 0;
    for (uint32_t i = 0; i < found.count; i++) {
        bool told = strstr(found.info[i].problem, "not a mark") != NULL;
        assert_int_equal(told, found.info[i].set == SVHN);
        altered += told;
    }
    assert_int_equal(altered, 2); /* train and test */
}

static void failed_writes_leave_nothing(void **state) {
    (void)state;
    static uint8_t images[4 * C4_IMAGE_BYTES], labels[4];
    assert_int_equal(c4_record_write(at("missing/x.bin"), images, labels, 4), C4_ERR_FAILED);
    assert_says("its folder does not exist");
    /* A folder with the final name makes the rename fail after everything was written. */
    mkdir(at("x.bin"), 0777);
    mkdir(at("x.bin/inside"), 0777);
    assert_int_equal(c4_record_write(at("x.bin"), images, labels, 4), C4_ERR_FAILED);
    DIR *entries = opendir(folder);
    assert_non_null(entries);
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        assert_null(strstr(entry->d_name, ".tmp"));
    }
    closedir(entries);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(cifar10_is_read_in_order),         IN_FOLDER(cifar10_crosses_files),
        IN_FOLDER(bad_cifar10_is_refused),           IN_FOLDER(missing_data_say_what_to_get),
        IN_FOLDER(plain_svhn_substitutes),           IN_FOLDER(synthetic_folder_stays_synthetic),
        IN_FOLDER(built_in_pair_has_official_sizes), IN_FOLDER(import_copies_what_it_has_read),
        IN_FOLDER(failed_writes_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
