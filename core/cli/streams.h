/* The standard streams. */
#ifndef C4_CLI_STREAMS_H
#define C4_CLI_STREAMS_H

/* Call it before anything is opened or written.
 *
 * Opens /dev/null in place of each of descriptors 0 to 2 that is closed: otherwise the next file
 * that is opened would take its number, and messages would end up in it. Where there is no
 * /dev/null it does not.
 *
 * Standard error is written line by line, each of up to 4 KB with one write(), so that it is not
 * cut where several programs write to one place: mpirun passes on what its ranks have written piece
 * by piece. What does not end a line needs fflush(). */
void c4_streams_open(void);

#endif
