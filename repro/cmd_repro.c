/* conv4 repro: the study, or the chosen figures of it, in one command. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cli/cli.h"
#include "core/cli/interrupt.h"
#include "core/cli/progress.h"
#include "core/file/json.h"
#include "core/host/clock.h"
#include "core/host/placement.h"
#include "core/host/team.h"
#include "repro/figures.h"
#include "repro/run.h"
#include "simd/dispatch.h"

static const char *const backends[] = {
    "auto",
#define C4_BACKEND(name, table, features) #name,
#include "simd/backends.def"
#undef C4_BACKEND
    NULL};
static const char *const convs[] = {"winograd", "direct", NULL};
static const char *const orders[] = {"bn-relu", "relu-bn", NULL};
static const char *const statistics[] = {"batch", "running", NULL};
