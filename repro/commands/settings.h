/* What a study's folder remembers of the options that made it, and what becomes of options that
 * are not given, or others, when it goes on.
 *
 * Values that all rows have in common (images, epochs, batch, rate, statistics, ...) are fixed by
 * the first start; another value is refused. Seeds, degrees and sizes may join at any time: the
 * folder remembers all that ever did. An option that is not given has the folder's value. */
#ifndef C4_REPRO_COMMANDS_SETTINGS_H
#define C4_REPRO_COMMANDS_SETTINGS_H

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

/* Keeps them in the store. C4_ERR_FAILED: one differs from what is there, and the sentence says
 * which. What the folder has besides the scale's lists is mentioned on `messages`. Lists join only
 * if `join`: a dry run leaves them as they are. */
enum c4_status c4_settings_keep(const struct c4_settings *settings, struct c4_store *store,
                                bool join, FILE *messages);

/* Scale and protocol by the options --scale and --protocol, or else by the study in `folder` (NULL:
 * none) if there is one, with all its values. Another scale than the folder's takes nothing from
 * it, so that c4_settings_keep() refuses it. Statuses of c4_rows_store_open(). */
enum c4_status c4_settings_take(const struct c4_args *args, const char *folder,
                                struct c4_study *study, struct c4_scale *scale);

/* Appends what *study and *taken have otherwise than *protocol and *scale: "batch = 16, sizes =
 * 64,256". */
void c4_settings_list(const struct c4_protocol *protocol, const struct c4_scale *scale,
                      const struct c4_study *study, const struct c4_scale *taken, char *text,
                      size_t size);

#endif
