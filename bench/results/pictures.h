/* Pictures of benchmark results: each is ID.csv, ID.gp, ID.svg, ID.png and ID.pdf in a folder. */
#ifndef C4_BENCH_RESULTS_PICTURES_H
#define C4_BENCH_RESULTS_PICTURES_H

#include <stdbool.h>

#include "bench/results/machines.h"

enum { C4_PICTURES_MAX = 80 };

struct c4_picture {
    char id[64], title[160], caption[400];
    bool drawn;  /* the SVG exists */
    int machine; /* machine_index of c4_pictures */
};

struct c4_pictures {
    const char *folder;
    const char *source;  /* the file that is drawn, for errors; NULL: unknown */
    const char *machine; /* its machine, named in the picture; NULL: there is only one */
    int machine_index;   /* in c4_machines */
    struct c4_picture picture[C4_PICTURES_MAX];
    int count;
    char note[320]; /* "" or why pictures are missing */
};

/* For a result of bench ops: the time of every op relative to the fastest backend. */
enum c4_status c4_picture_heat(struct c4_pictures *pictures, const json_t *file);

/* For a result of bench ops, or of bench step with phases: a roofline of each backend. The slopes
 * are those of `calibration`, a result of bench calibrate on the same machine with as many threads
 * (NULL: none); the FMA peak is the higher one of both files. */
enum c4_status c4_picture_rooflines(struct c4_pictures *pictures, const json_t *file,
                                    const json_t *calibration);

/* For a result of bench step: time per image by phase, a bar for each backend and peer. */
enum c4_status c4_picture_phases(struct c4_pictures *pictures, const json_t *file);

/* For a result of bench scale: gains over threads, beside those of the peak and the triad. */
enum c4_status c4_picture_scale(struct c4_pictures *pictures, const json_t *file);

/* --- for the functions above --- */

struct c4_csv;

/* Saves the table and the script, draws, and adds the picture; releases csv in every case. */
enum c4_status c4_picture_draw(struct c4_pictures *pictures, const struct c4_picture *picture,
                               double width_inches, double height_inches, const char *settings,
                               struct c4_csv *csv);

#endif
