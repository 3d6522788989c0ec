/* Ctrl-C ends a training after its batch. */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "interrupt.h"

#include <signal.h>
#include <stddef.h>

#include "check.h"

static volatile sig_atomic_t noted;

static void note(int number)
{
    (void)number;
    noted = 1;
}

void interrupt_listen(void)
{
    /* The handler serves once: whoever presses again does not want to wait. */
    struct sigaction action = { .sa_handler = note, .sa_flags = (int)SA_RESETHAND | SA_RESTART };
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool interrupted(void)
{
    return noted;
}

static int32_t stop_if_interrupted(const vgrad_event *e, void *user)
{
    (void)user;
    if (noted)
        fprintf(stderr, "Interrupted at step %lld: writing what was seen until then.\n",
                (long long)e->step);
    return noted;
}

void interrupt_stops(vgrad_trainer *trainer)
{
    check(vgrad_trainer_on(trainer, VGRAD_BATCH_END, 1, stop_if_interrupted, NULL));
}
