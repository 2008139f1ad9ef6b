/* The commands of conv4 data that have their own source files. */
#ifndef C4_REPRO_COMMANDS_CMD_DATA_H
#define C4_REPRO_COMMANDS_CMD_DATA_H

#include "core/cli/option.h"

/* Their default data folder. */
#define C4_DATA_FOLDER "conv4-data"

extern const struct c4_command c4_cmd_data_fetch;
extern const struct c4_command c4_cmd_data_import;
extern const struct c4_command c4_cmd_data_verify;

#endif
