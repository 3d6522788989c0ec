/* Jobs that several threads share out. */
/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_PARALLEL_H
#define EXAMPLES_PARALLEL_H

#include <stdint.h>

/* How many CPUs there are for threads to run on. */
int64_t parallel_cpus(void);

/* Calls job(i, user) once for each i from 0 to jobs - 1, from `threads` threads at once, and
   returns when all have ended; OpenBLAS then has one thread, for good, as it has them for the whole
   process. After an interrupt no more jobs are begun. `what` names the jobs in a line of progress
   on stderr; NULL: there is none. */
void parallel_run(int64_t jobs, int64_t threads, void (*job)(int64_t i, void *user), void *user,
                  const char *what);

#endif
