/* Options that name files which a command reads or writes. */
#ifndef C4_CLI_FILE_OPTION_H
#define C4_CLI_FILE_OPTION_H

#include "core/cli/option.h"

/* An option that names a file. */
struct c4_file_option {
    const char *name;                  /* the option, without dashes */
    bool (*is_file)(const char *text); /* whether a value names a file; NULL: every value does */
    const char *replaced_by; /* for a file read: the option that may overwrite it; NULL: none */
    bool written;
};

/* C4_ERR_USAGE, with a sentence that names both options, if one option writes the file that another
 * reads or writes, under any name (c4_path_same()). `files` has all such options of the command;
 * those without a value are ignored. Nothing is opened or changed. */
enum c4_status c4_args_check_files(const struct c4_args *args, const struct c4_file_option *files,
                                   int count);

#endif
