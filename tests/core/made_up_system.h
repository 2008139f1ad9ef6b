/* A made-up /proc and /sys in a folder below the working directory. */
#ifndef C4_TESTS_CORE_MADE_UP_SYSTEM_H
#define C4_TESTS_CORE_MADE_UP_SYSTEM_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/file/file.h"
#include "tests/harness/unit.h"

static char root[64]; /* the folder */

/* Makes a file of that system. */
static void put(const char *path, const char *text) {
    struct c4_text name = {0};
    assert_int_equal(c4_text_add(&name, "%s%s", root, path), C4_OK);
    char *slash = strrchr(name.bytes, '/');
    *slash = '\0';
    assert_int_equal(c4_dir_make(name.bytes), C4_OK);
    *slash = '/';
    assert_int_equal(c4_file_write_atomic(name.bytes, text, strlen(text)), C4_OK);
    c4_text_free(&name);
}

static int make_root(void **state) {
    (void)state;
    strcpy(root, "host-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state) {
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf ./%s", root);
    return system(command); /* NOLINT: the folder that mkdtemp() named */
}

#endif
