/* A temporary folder for the tests of readers and writers. */
#ifndef C4_TESTS_TEST_DATA_FOLDER_H
#define C4_TESTS_TEST_DATA_FOLDER_H

#include "tests/unit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[512];

/* FOLDER/name; valid until the fourth call from now. */
static const char *at(const char *name) {
    static char paths[4][1024];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(paths[turn], sizeof paths[turn], "%s/%s", folder, name);
    return paths[turn];
}

static void remove_tree(const char *path) {
    DIR *entries = opendir(path);
    if (entries != NULL) {
        for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
            char inside[2048];
            if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
            snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
            remove_tree(inside);
        }
        closedir(entries);
    }
    remove(path);
}

static int make_folder(void **state) {
    (void)state;
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/conv4-test-XXXXXX", base != NULL ? base : "/tmp");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int drop_folder(void **state) {
    (void)state;
    remove_tree(folder);
    return 0;
}

#endif
