/* Drawing one image of a given class, for core/data/synthetic.h. */
#ifndef C4_DATA_SYNTHETIC_DRAW_H
#define C4_DATA_SYNTHETIC_DRAW_H

#include "core/data/raster.h"

void c4_draw_object(struct c4_draws *draws, int class, uint8_t image[C4_IMAGE_BYTES]);
void c4_draw_digit(struct c4_draws *draws, int digit, uint8_t image[C4_IMAGE_BYTES]);

/* A shaded background of any colour, with `clutter` lines of any colours on it. */
void c4_draw_background(struct c4_draws *draws, int clutter, struct c4_paint *paint,
                        uint8_t image[C4_IMAGE_BYTES]);

#endif
