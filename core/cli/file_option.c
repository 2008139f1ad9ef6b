#include "core/cli/file_option.h"

#include <string.h>

#include "core/file/file.h"

/* The file that the option names; NULL: none. */
static const char *path_of(const struct c4_args *args, const struct c4_file_option *file) {
    const char *text = c4_arg_text(args, file->name);
    return text && (!file->is_file || file->is_file(text)) ? text : NULL;
}

static bool may_replace(const struct c4_file_option *read, const struct c4_file_option *written) {
    return read->replaced_by && strcmp(read->replaced_by, written->name) == 0;
}

static enum c4_status check_pair(const struct c4_args *args, const struct c4_file_option *a,
                                 const struct c4_file_option *b) {
    const char *path_a = path_of(args, a), *path_b = path_of(args, b);
    if (!path_a || !path_b || (!a->written && !b->written) || may_replace(a, b) ||
        may_replace(b, a) || !c4_path_same(path_a, path_b))
        return C4_OK;
    return c4_fail(C4_ERR_USAGE,
                   "--%s and --%s both name %s, and one would overwrite the other; name two files",
                   a->name, b->name, path_b);
}

enum c4_status c4_args_check_files(const struct c4_args *args, const struct c4_file_option *files,
                                   int count) {
    for (int b = 1; b < count; b++)
        for (int a = 0; a < b; a++) C4_TRY(check_pair(args, &files[a], &files[b]));
    return C4_OK;
}
