/* Pictures of benchmark results: ID.csv, ID.gp, ID.svg, .png and .pdf in a folder each. */
#ifndef C4_BENCH_RESULTS_PICTURES_H
#define C4_BENCH_RESULTS_PICTURES_H

#include <stdbool.h>

#include "bench/results/machines.h"

enum { C4_PICTURES_MAX = 80 };

struct c4_picture {
    char id[64], title[160], caption[400];
    bool drawn;  /* the SVG is there */
    int machine; /* machine_index of c4_pictures */
};

struct c4_pictures {
    const char *folder;
    const char *source;  /* the file that is drawn, for errors; NULL: unknown */
    const char *machine; /* its machine, named in the picture; NULL: all are of one */
    int machine_index;   /* among the page's */
    struct c4_picture picture[C4_PICTURES_MAX];
    int count;
    char note[320]; /* "" or why pictures are missing */
};

/* Of each result of bench ops: time of a backend's op relative to the fastest backend's, all ops.
 */
enum c4_status c4_picture_heat(struct c4_pictures *pictures, const json_t *file);

/* Of each backend in a result of bench step with phases, or of bench ops: its passes under the
 * roofs of this machine, from the result of bench calibrate with as many threads (NULL: the FMA
 * peak that `file` tells itself). */
enum c4_status c4_picture_rooflines(struct c4_pictures *pictures, const json_t *file,
                                    const json_t *calibration);

/* Of a result of bench step: time of an image in each phase, backends and peers below each other.
 */
enum c4_status c4_picture_phases(struct c4_pictures *pictures, const json_t *file);

/* --- for the functions above --- */

struct c4_csv;

/* Saves the table and the script, draws, and adds the picture; releases csv in every case. */
enum c4_status c4_picture_draw(struct c4_pictures *pictures, const struct c4_picture *picture,
                               double width_inches, double height_inches, const char *settings,
                               struct c4_csv *csv);

#endif
