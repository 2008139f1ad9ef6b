/* A worker: a process of this program that does segments of runs for a coordinator. */
#ifndef C4_REPRO_WORKERS_WORKER_H
#define C4_REPRO_WORKERS_WORKER_H

/* The hidden command `conv4 worker`: reads messages on standard input, answers on standard output,
 * ends when the coordinator's end of the pipe is closed. Returns the exit status. */
int c4_worker_main(void);

#endif
