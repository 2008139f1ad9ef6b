/* A small, valid study as text, and the same with a mistake. */
#ifndef C4_TESTS_REPRO_STUDY_TEXT_H
#define C4_TESTS_REPRO_STUDY_TEXT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/harness/unit.h"

static const char good[] = "[protocol p]\n"
                           "batch = 32\nlr = 0.001\nmomentum = 0.9\norder = bn-relu\n"
                           "conv = winograd\nstatistics = batch\ncka_images = 500\n"
                           "curve_images = 500\nsize_labels = random\nshift = seed\n"
                           "synthetic_seed = 1\n"
                           "[scale tiny]\n"
                           "summary = nothing\nseeds = 1-2\ndegrees = 0,9\n"
                           "finetune_degrees = 0,9\nsvhn_degrees = none\n"
                           "pretrain_images = 64\npretrain_epochs = 2\nsizes = 16,32\n"
                           "size_epochs = 3\nfinetune_images = 48\nfinetune_epochs = 4\n"
                           "matched_scratch = no\ntrain_accuracy_images = 32\n"
                           "accuracy_images = 32\ncontrol_images = none\n"
                           "segment_work = 100\n"
                           "[run a]\nphase = pretrain\ndata = cifar10\nlabels = d0\n"
                           "[run b]\nphase = pretrain\ndata = cifar10\nlabels = d9\n"
                           "[run s]\nphase = size\ndata = cifar10\nlabels = d9\n"
                           "[run f]\nphase = finetune\ndata = cifar10\nlabels = d9\n"
                           "[run v]\nphase = finetune\ndata = svhn\nlabels = d0\n"
                           "[run shifted]\nphase = finetune\ndata = cifar10\nlabels = shifted\n"
                           "[run scratch]\nphase = scratch\ndata = cifar10\nlabels = d9\n"
                           "[figure 1]\n"
                           "kind = layers-over-epochs\ntitle = T\nx_label = x\ny_label = y\n"
                           "runs = a\nreferences = initialisation\n"
                           "y_low = -0.1\ny_high = 1.1\nwidth = 8\nheight = 3.8\n"
                           "[figure 2a]\n"
                           "kind = runs-over-layers\ntitle = T\nx_label = x\ny_label = y\n"
                           "runs = f, v\nlabels = one, two words\nreferences = pretrained\n"
                           "width = 4\nheight = 4\n"
                           "[figure 2b]\n"
                           "kind = runs-over-layers\ntitle = T\nx_label = x\ny_label = y\n"
                           "runs = s-*, b\nwidth = 4\nheight = 4\n"
                           "[figure extra]\n"
                           "kind = cost-runs\ntitle = T\nx_label = x\ny_label = y\n"
                           "runs = v\nwidth = 4\nheight = 4\n";

/* `good` followed by `more`, with the first `from` (in `more` unless that is empty) replaced by
 * `to`; the caller frees it. */
static inline char *replaced(const char *more, const char *from, const char *to) {
    size_t size = sizeof good + strlen(more) + strlen(to);
    char *whole = malloc(size), *text = malloc(size);
    assert_true(whole && text);
    snprintf(whole, size, "%s%s", good, more);
    const char *at = strstr(whole + (*more ? strlen(good) : 0), from);
    assert_non_null(at);
    snprintf(text, size, "%.*s%s%s", (int)(at - whole), whole, to, at + strlen(from));
    free(whole);
    return text;
}

static inline char *altered(const char *from, const char *to) {
    return replaced("", from, to);
}

#endif
