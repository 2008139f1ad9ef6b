/* Tar archives for tests, made with libarchive, honest or not. */
#ifndef C4_TESTS_CORE_TEST_ARCHIVE_H
#define C4_TESTS_CORE_TEST_ARCHIVE_H

#include "tests/harness/unit.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>

struct archive_maker {
    struct archive *archive;
};

static inline void archive_begin(struct archive_maker *maker, const char *path) {
    maker->archive = archive_write_new();
    assert_non_null(maker->archive);
    assert_int_equal(archive_write_add_filter_gzip(maker->archive), ARCHIVE_OK);
    assert_int_equal(archive_write_set_format_ustar(maker->archive), ARCHIVE_OK);
    assert_int_equal(archive_write_open_filename(maker->archive, path), ARCHIVE_OK);
}

/* Adds a member of any kind: `link` is its target, or NULL; its data are `size` bytes of `fill`. */
static inline void archive_add(struct archive_maker *maker, const char *name, mode_t kind,
                               const char *link, size_t size, int fill) {
    struct archive_entry *entry = archive_entry_new();
    assert_non_null(entry);
    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, kind);
    archive_entry_set_perm(entry, 0644);
    if (link != NULL && kind == AE_IFLNK) archive_entry_set_symlink(entry, link);
    if (link != NULL && kind == AE_IFREG) archive_entry_set_hardlink(entry, link);
    archive_entry_set_size(entry, (la_int64_t)size);
    assert_int_equal(archive_write_header(maker->archive, entry), ARCHIVE_OK);
    unsigned char block[4096];
    memset(block, fill, sizeof block);
    for (size_t done = 0; done < size;) {
        size_t piece = size - done < sizeof block ? size - done : sizeof block;
        assert_int_equal(archive_write_data(maker->archive, block, piece), piece);
        done += piece;
    }
    archive_entry_free(entry);
}

static inline void archive_end(struct archive_maker *maker) {
    assert_int_equal(archive_write_close(maker->archive), ARCHIVE_OK);
    archive_write_free(maker->archive);
}

#endif
