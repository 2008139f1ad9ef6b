/* The options that a study's folder remembers, and how a continued study treats options that are
 * not given or differ.
 *
 * Values that all rows have in common (images, epochs, batch, rate, statistics, ...) are fixed by
 * the first start; another value is refused. Seeds, degrees and sizes may join at any time: the
 * folder remembers all of them. An option that is not given has the folder's value. */
#ifndef C4_REPRO_SESSION_SETTINGS_H
#define C4_REPRO_SESSION_SETTINGS_H

#include <stdbool.h>
#include <stdio.h>

#include "core/cli/option.h"
#include "repro/run/images.h"
#include "repro/store/store.h"

/* What all rows of a folder have in common. Borrowed. */
struct c4_settings {
    const struct c4_protocol *protocol;
    const struct c4_scale *scale;
    const struct c4_images *images;
    const char *arithmetic; /* "canonical, version 1", or a backend and its threads */
};

/* Stores them. C4_ERR_FAILED: a value differs from the stored one; the sentence says which.
 * `messages` gets a note on each list of the folder that has more than the scale's. Lists join only
 * if `join`; a dry run leaves them unchanged. */
enum c4_status c4_settings_keep(const struct c4_settings *settings, struct c4_store *store,
                                bool join, FILE *messages);

/* Takes scale and protocol from --scale and --protocol, or else from the study in `folder` (NULL:
 * none), if there is one, with all its values. If --scale names another scale than the folder's,
 * nothing is taken from the folder, and c4_settings_keep() will refuse the scale. Statuses of
 * c4_study_reader_open(). */
enum c4_status c4_settings_take(const struct c4_args *args, const char *folder,
                                struct c4_study *study, struct c4_scale *scale);

/* Appends the values in which *study and *taken differ from *protocol and *scale: "batch = 16,
 * sizes = 64,256". C4_ERR_MEMORY. */
enum c4_status c4_settings_list(const struct c4_protocol *protocol, const struct c4_scale *scale,
                                const struct c4_study *study, const struct c4_scale *taken,
                                struct c4_text *text);

#endif
