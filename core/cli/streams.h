/* The standard streams. */
#ifndef C4_CLI_STREAMS_H
#define C4_CLI_STREAMS_H

/* Opens /dev/null in place of each of descriptors 0 to 2 that is closed: otherwise the next file
 * that is opened would take its number, and messages would end up in it. Call it before anything is
 * opened. Where there is no /dev/null it does nothing. */
void c4_streams_open(void);

#endif
