/* The speed of this machine, as predictions of time need it. */
#ifndef C4_REPRO_WORKERS_SPEED_H
#define C4_REPRO_WORKERS_SPEED_H

#include "repro/planning/forecast.h"

/* Measures the speed of training steps and evaluations with a temporary plan, of CKA on arbitrary
 * features and, if runner->folder is set, of writing a checkpoint there, which is removed again. */
enum c4_status c4_speed_measure(const struct c4_runner *runner, struct c4_speed *speed);

/* The same, but only speed->train_seconds, in about half a second. */
enum c4_status c4_speed_measure_training(const struct c4_runner *runner, struct c4_speed *speed);

#endif
