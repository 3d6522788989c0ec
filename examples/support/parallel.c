/* Jobs that several threads share out. */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "parallel.h"

#include <cblas.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interrupt.h"

/* A line of progress is written again and again on a terminal, else for each tenth. */
enum { TENTHS = 10 };

typedef struct pool {
    pthread_mutex_t lock; /* of what follows */
    int64_t begun, ended;
    const int64_t jobs;
    void (*const job)(int64_t i, void *user);
    void *const user;
    const char *const what;
    const bool on_terminal;
} pool;

int64_t parallel_cpus(void)
{
    const long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 1 ? count : 1;
}

/* With the lock held. */
static void tell(const pool *p)
{
    if (!p->what)
        return;
    if (p->on_terminal)
        fprintf(stderr, "\r%lld of %lld %s%s", (long long)p->ended, (long long)p->jobs, p->what,
                p->ended == p->jobs ? "\n" : "");
    else if (p->ended * TENTHS / p->jobs > (p->ended - 1) * TENTHS / p->jobs)
        fprintf(stderr, "%lld of %lld %s\n", (long long)p->ended, (long long)p->jobs, p->what);
}

static void *work(void *user)
{
    pool *p = user;
    pthread_mutex_lock(&p->lock);
    while (p->begun < p->jobs && !interrupted()) {
        const int64_t i = p->begun++;
        pthread_mutex_unlock(&p->lock);
        p->job(i, p->user);
        pthread_mutex_lock(&p->lock);
        p->ended++;
        tell(p);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* Ends the program, after a message, if a call about threads has failed. */
static void check_thread(int error)
{
    if (error != 0) {
        fprintf(stderr, "No thread: %s\n", strerror(error));
        exit(EXIT_FAILURE);
    }
}

void parallel_run(int64_t jobs, int64_t threads, void (*job)(int64_t i, void *user), void *user,
                  const char *what)
{
    pool p = { .jobs = jobs,
               .job = job,
               .user = user,
               .what = what,
               .on_terminal = isatty(STDERR_FILENO) == 1 };
    pthread_t *others = calloc((size_t)threads, sizeof *others);
    check_thread(others ? pthread_mutex_init(&p.lock, NULL) : ENOMEM);
    openblas_set_num_threads(1);
    for (int64_t i = 1; i < threads; i++)
        check_thread(pthread_create(&others[i], NULL, work, &p));
    work(&p);
    for (int64_t i = 1; i < threads; i++)
        check_thread(pthread_join(others[i], NULL));
    if (what && p.on_terminal && p.ended < jobs)
        fputc('\n', stderr);
    pthread_mutex_destroy(&p.lock);
    free(others);
}
