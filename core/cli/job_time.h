/* Time limits as the batch system Slurm writes them: M, M:S, H:M:S, D-H, D-H:M or D-H:M:S. */
#ifndef C4_CLI_JOB_TIME_H
#define C4_CLI_JOB_TIME_H

#include "core/base/status.h"

/* Reads a time limit into *seconds: "90" (minutes), "3:50" (minutes and seconds), "12:00:00",
 * "1-0" (a day), "1-12:30", "1-12:30:00". Whole numbers; seconds and minutes that are not the first
 * of them are below 60, hours behind days below 24. `option` is the option's name in the sentence
 * of C4_ERR_USAGE, which lists these forms: anything but a time above 0 and of at most a year is
 * refused. *seconds is only set with C4_OK. */
enum c4_status c4_job_time_read(const char *option, const char *text, double *seconds);

#endif
