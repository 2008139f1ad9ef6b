/* CIFAR-10's Python version: pickles as Python 2's cPickle wrote them, and pickles to refuse. */
#include "core/data/import.h"
#include "core/data/pickle.h"
#include "tests/core/test_data_folder.h"

/* The pickle being written. */
static struct {
    unsigned char *bytes;
    size_t size, room;
} out;

static void put(const void *bytes, size_t size) {
    if (out.size + size > out.room) {
        out.room = 2 * (out.size + size);
        out.bytes = realloc(out.bytes, out.room);
        assert_non_null(out.bytes);
    }
    memcpy(out.bytes + out.size, bytes, size);
    out.size += size;
}

static void put_byte(unsigned byte) {
    put(&(unsigned char){(unsigned char)byte}, 1);
}

static void put_4(uint32_t number) {
    for (int i = 0; i < 4; i++) put_byte(number >> 8 * i & 255);
}

static void put_text(const char *text) {
    put(text, strlen(text));
}

static uint32_t memo;

/* BINPUT or LONG_BINPUT, which cPickle puts after every new object. */
static void put_memo(void) {
    memo++;
    put_byte(memo < 256 ? 'q' : 'r');
    if (memo < 256)
        put_byte(memo);
    else
        put_4(memo);
}

static void put_string(const char *text) {
    put_byte('U');
    put_byte((unsigned)strlen(text));
    put_text(text);
    put_memo();
}

/* Deviations that a test wants. */
struct wish {
    const char *maker, *type; /* "module\nname\n"; "u1" */
    uint32_t columns, bytes_less;
    int bad_label, labels_less;
};

static const struct wish honest = {"numpy.core.multiarray\n_reconstruct\n", "u1", 3072, 0, -1, 0};

/* {'batch_label': ..., 'labels': [...], 'data': array, 'filenames': [...]} of n images, pixel() */
static void make(uint32_t n, const struct wish *wish) {
    out.size = memo = 0;
    put("\x80\x02}q\x01(", 6);
    memo = 1;
    put_string("batch_label");
    put_string("training batch 1 of 5");
    put_string("labels");
    put_byte(']');
    put_memo();
    for (uint32_t i = 0; i + (uint32_t)wish->labels_less < n; i++) {
        if (i % 1000 == 0) put_byte('(');
        put_byte('K');
        put_byte((int)i == wish->bad_label ? 10 : i % 10);
        if (i % 1000 == 999 || i + 1 + (uint32_t)wish->labels_less == n) put_byte('e');
    }
    put_string("data");
    put_text("c");
    put_text(wish->maker);
    put_memo();
    put_text("cnumpy\nndarray\n");
    put_memo();
    put("K\x00\x85", 3);
    put_memo();
    put("U\x01"
        "b",
        3);
    put_memo();
    put_byte(0x87);
    put_memo();
    put_byte('R');
    put_memo();
    put("(K\x01", 3);
    put_byte('M');
    put_byte(n & 255);
    put_byte(n >> 8);
    put_byte('M');
    put_byte(wish->columns & 255);
    put_byte(wish->columns >> 8);
    put_byte(0x86);
    put_memo();
    put_text("cnumpy\ndtype\n");
    put_memo();
    put_string(wish->type);
    put("K\x00K\x01\x87", 5);
    put_memo();
    put_byte('R');
    put_memo();
    put("(K\x03U\x01|", 6);
    put_memo();
    put("NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t", 16);
    put_memo();
    put_byte('b');
    put_byte(0x89);
    put_byte('T');
    put_4(n * wish->columns - wish->bytes_less);
    for (uint32_t i = 0; i < n; i++)
        for (int p = 0; p < 3; p++)
            for (int y = 0; y < 32; y++)
                for (int x = 0; x < 32; x++) put_byte(pixel(i, p, y, x));
    out.size -= (size_t)n * 3072 - (n * wish->columns - wish->bytes_less);
    put_memo();
    put_byte('t');
    put_memo();
    put_byte('b');
    put_string("filenames");
    put_byte(']');
    put_memo();
    put_byte('(');
    for (uint32_t i = 0; i < n; i++) {
        char name[32];
        snprintf(name, sizeof name, "frog_s_%06u.png", i);
        put_string(name);
    }
    put_text("eu.");
}

static void save(const char *path) {
    remove(path); /* much faster than emptying it */
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(out.bytes, 1, out.size, file), out.size);
    assert_int_equal(fclose(file), 0);
}

static void pickles_are_read(void **state) {
    (void)state;
    struct c4_dataset data, again;
    struct c4_data_found found;
    uint32_t files;
    mkdir(at("cifar-10-batches-py"), 0777);
    make(10000, &honest);
    save(at("cifar-10-batches-py/test_batch"));
    const char *keep = getenv("C4_KEEP_PICKLE"); /* to look at it with Python */
    if (keep != NULL) save(keep);
    for (int batch = 1; batch <= 5; batch++) {
        char name[64];
        snprintf(name, sizeof name, "cifar-10-batches-py/data_batch_%d", batch);
        save(at(name));
    }
    assert_int_equal(c4_dataset_load(folder, CIFAR10, C4_TEST, 0, 0, &data), C4_OK);
    assert_int_equal(data.count, 10000);
    assert_string_equal(data.name, "CIFAR-10 test");
    assert_false(data.synthetic);
    assert_pixels(&data, 0, 0);
    assert_pixels(&data, 9999, 9999);
    assert_int_equal(c4_dataset_labels(&data)[9997], 7);
    assert_non_null(strstr(data.unofficial, "test_batch has another MD5 than published"));
    assert_int_equal(c4_dataset_load(at("cifar-10-batches-py"), CIFAR10, C4_TRAIN, 0, 77, &again),
                     C4_OK);
    assert_memory_equal(c4_dataset_images(&again), c4_dataset_images(&data), 77 * C4_IMAGE_BYTES);
    assert_string_equal(again.unofficial, "data_batch_1 has another MD5 than published");
    c4_dataset_free(&again);

    /* Imported, they are records, which come first where both are present. */
    assert_int_equal(c4_data_import(folder, at("to"), &files, NULL), C4_OK);
    assert_int_equal(files, 6);
    assert_int_equal(c4_dataset_load(at("to"), CIFAR10, C4_TEST, 0, 0, &again), C4_OK);
    assert_string_equal(again.sha256, data.sha256);
    /* Records have no published hash, so their mark shows it. */
    assert_string_equal(again.unofficial,
                        "test_batch.bin was imported from test_batch, which has another MD5 than "
                        "published and images 256 to 9999 equal to those from 0 on");
    assert_int_equal(access(at("to/cifar-10-batches-bin/data_batch_5.bin"), F_OK), 0);
    c4_dataset_free(&again);
    c4_dataset_free(&data);
    assert_int_equal(c4_data_describe(folder, &found), C4_OK);
    assert_int_equal(found.count, 6);
    assert_string_equal(found.info[0].problem, "");
    assert_int_equal(found.info[0].histogram[3], 1000);
}

/* Incomplete records, which come before complete pickles, are passed over for both splits. */
static void whole_pickles_come_before_a_part_of_the_records(void **state) {
    (void)state;
    struct c4_dataset data, records;
    struct c4_data_found found;
    char name[64];
    mkdir(at("cifar-10-batches-py"), 0777);
    mkdir(at("cifar-10-batches-bin"), 0777);
    make(10000, &honest);
    save(at("cifar-10-batches-py/test_batch"));
    for (int batch = 1; batch <= 5; batch++) {
        snprintf(name, sizeof name, "cifar-10-batches-py/data_batch_%d", batch);
        save(at(name));
    }
    make_sparse(at("cifar-10-batches-bin/test_batch.bin"), (off_t)10000 * 3073);
    make_sparse(at("cifar-10-batches-bin/data_batch_1.bin"), (off_t)10000 * 3073);
    for (int split = 0; split < 2; split++) {
        if (c4_dataset_load(folder, CIFAR10, (enum c4_split)split, 0, 5, &data) != C4_OK)
            fail_msg("%s", c4_error());
        assert_pixels(&data, 4, 4);
        c4_dataset_free(&data);
    }
    assert_int_equal(c4_data_describe(folder, &found), C4_OK);
    assert_int_equal(found.count, 6);
    assert_non_null(strstr(found.info[0].path, "cifar-10-batches-py/data_batch_1"));
    assert_non_null(strstr(found.info[0].passed_over, "cifar-10-batches-bin/data_batch_2.bin"));
    assert_string_equal(found.info[1].passed_over, "");

    /* A complete set of records comes first, wherever it is. */
    for (int batch = 1; batch <= 5; batch++) {
        snprintf(name, sizeof name, "data_batch_%d.bin", batch);
        make_sparse(at(name), (off_t)10000 * 3073);
    }
    make_sparse(at("test_batch.bin"), (off_t)10000 * 3073);
    assert_int_equal(c4_dataset_load(folder, CIFAR10, C4_TEST, 0, 5, &records), C4_OK);
    assert_int_equal(c4_dataset_images(&records)[3], 0);
    c4_dataset_free(&records);

    /* If none is complete, the first one's fault is reported. */
    make_sparse(at("test_batch.bin"), (off_t)9999 * 3073);
    assert_int_equal(truncate(at("cifar-10-batches-py/data_batch_5"), 30000000), 0);
    refused(folder, CIFAR10, C4_TRAIN, 0, C4_ERR_DATA, "cifar-10-batches-bin/data_batch_2.bin");
    assert_int_equal(c4_data_describe(folder, &found), C4_OK);
    assert_string_equal(found.info[0].passed_over, "");
}

static void says(const char *words) {
    uint32_t count;
    static uint8_t images[40 * C4_IMAGE_BYTES], labels[40];
    save(at("batch"));
    enum c4_status status = c4_pickle_count(at("batch"), &count);
    if (status == C4_OK && count <= 40) status = c4_pickle_read(at("batch"), count, images, labels);
    assert_int_equal(status, C4_ERR_DATA);
    assert_says(words);
}

static void other_pickles_are_refused(void **state) {
    (void)state;
    struct wish wish = honest;
    wish.maker = "os\nsystem\n";
    make(20, &wish);
    says("there is no array 'data'");
    wish = honest;
    wish.type = "f4";
    make(20, &wish);
    says("'data' is not uint8");
    wish = honest;
    wish.columns = 3071;
    make(20, &wish);
    says("does not have 3072 columns");
    wish = honest;
    wish.bytes_less = 1;
    make(20, &wish);
    says("'data' does not have as many bytes as its shape needs");
    wish = honest;
    wish.bad_label = 13;
    make(20, &wish);
    says("label 13 is not a number from 0 to 9");
    wish = honest;
    wish.labels_less = 1;
    make(20, &wish);
    says("no list 'labels' with one label for each image");
    /* Python 3's default protocol, and its protocol 2: an unknown instruction and an unknown call.
     */
    out.size = 0;
    put("\x80\x04\x95\x0a\0\0\0\0\0\0\0}.", 13);
    says("a pickle of protocol 4, but only protocols 1 to 3 are read; write it with pickle.dump");
    make(2, &honest);
    static const char as_text[] = "c_codecs\nencode\nX\1\0\0\0aX\6\0\0\0latin1\x86R";
    unsigned char *string = memchr(out.bytes, 'T', out.size);
    while (string[1] != 0 || string[2] != 0x18) string = memchr(string + 1, 'T', out.size);
    size_t before = (size_t)(string - out.bytes), whole = 5 + 2 * 3072;
    unsigned char rest[512];
    size_t after = out.size - before - whole;
    assert_true(after < sizeof rest);
    memcpy(rest, string + whole, after);
    out.size = before;
    put(as_text, sizeof as_text - 1);
    put(rest, after);
    says("'data' is stored as text");
    static const char *const texts[] = {"",         ".",
                                        "}",        "(.",
                                        "e.",       "N.",
                                        "](t.",     "h\x05.",
                                        "Ka",       "c",
                                        "cos\n",    "b.",
                                        "}}s.",     "NNR",
                                        "\x85.",    "I12",
                                        "Ix\n.",    "q\x01.",
                                        "\x94.",    "U\xff",
                                        "(K\x01u.", "cos\nsystem\n(U\x02lstR."};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        out.size = 0;
        put_text(texts[i]);
        says("batch: ");
    }
}

/* Cut off anywhere or with any byte changed, it is read or refused, and nothing worse happens. */
static void damaged_pickles_do_no_harm(void **state) {
    (void)state;
    uint32_t count;
    static uint8_t images[300 * C4_IMAGE_BYTES], labels[300];
    make(12, &honest);
    size_t whole = out.size, pixels = 12 * 3072, head = 600;
    for (size_t i = 0; i < whole; i++) {
        if (i > head && i < head + pixels - 1000 && i % 997 != 0) continue; /* pixels */
        out.size = i;
        says("batch");
        out.size = whole;
        unsigned char old = out.bytes[i];
        for (int flip = 1; flip < 256; flip *= 4) {
            out.bytes[i] = (unsigned char)(old ^ flip);
            save(at("batch"));
            enum c4_status status = c4_pickle_count(at("batch"), &count);
            if (status == C4_OK && count <= 300)
                status = c4_pickle_read(at("batch"), count, images, labels);
            assert_true(status == C4_OK || status == C4_ERR_DATA);
        }
        out.bytes[i] = old;
    }
}

static int free_out(void **state) {
    (void)state;
    free(out.bytes);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(pickles_are_read),
        IN_FOLDER(whole_pickles_come_before_a_part_of_the_records),
        IN_FOLDER(other_pickles_are_refused),
        IN_FOLDER(damaged_pickles_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, free_out);
}
