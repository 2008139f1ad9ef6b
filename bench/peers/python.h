/* The interpreter that peers are scripts of. */
#ifndef C4_BENCH_PEERS_PYTHON_H
#define C4_BENCH_PEERS_PYTHON_H

#include "core/base/text.h"

/* Sets *path to the interpreter's path: `given` unless NULL, else $C4_PEERS_PYTHON, else
 * peers-venv/bin/python beside the program's folder, else "python3". C4_ERR_MEMORY. */
enum c4_status c4_peers_python(const char *given, struct c4_text *path);

#endif
