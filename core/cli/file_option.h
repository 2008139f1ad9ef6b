/* Files that a command reads and writes, by its options. */
#ifndef C4_CLI_FILE_OPTION_H
#define C4_CLI_FILE_OPTION_H

#include "core/cli/option.h"

/* An option that names a file. */
struct c4_file_option {
    const char *name;                  /* of the option, without dashes */
    bool (*is_file)(const char *text); /* whether this value names one; NULL: every value does */
    const char *replaced_by; /* of a file read: the option that may write over it; NULL: none */
    bool written;
};

/* C4_ERR_USAGE, and a sentence with both options, if what one option writes is what another one
 * reads or writes, by whatever names (c4_path_same()). `files` has all such options of the command;
 * those without a value do not count. Nothing is opened or changed. */
enum c4_status c4_args_check_files(const struct c4_args *args, const struct c4_file_option *files,
                                   int count);

#endif
