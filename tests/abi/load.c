/* load LIBRARY: neither loading the library nor training with it changes what belongs to the whole
 * process: floating-point mode, locale, OpenBLAS's threads, signal handlers. Prints TAP. */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <cblas.h>
#include <dlfcn.h>
#include <fenv.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vgrad/vgrad.h>
#ifdef __SSE__
#include <xmmintrin.h>
#endif

struct process {
    unsigned vector_mode; /* MXCSR without the sticky exception flags */
    int rounding;
    char locale[256];
    int threads;
    void (*interrupt)(int);
};

static struct process look(void)
{
    struct process now = { .rounding = fegetround(), .threads = openblas_get_num_threads() };
#ifdef __SSE__
    now.vector_mode = _mm_getcsr() & ~0x3fu;
#endif
    snprintf(now.locale, sizeof now.locale, "%s", setlocale(LC_ALL, NULL));
    struct sigaction action;
    sigaction(SIGINT, NULL, &action);
    now.interrupt = action.sa_handler;
    return now;
}

static int points, failures;

static void point(int holds, const char *what, const char *when)
{
    failures += !holds;
    printf("%s %d - %s %s\n", holds ? "ok" : "not ok", ++points, when, what);
}

static void compare(const struct process *before, const char *when)
{
    struct process now = look();
    point(now.vector_mode == before->vector_mode && now.rounding == before->rounding,
          "leaves the floating-point mode alone", when);
    point(strcmp(now.locale, before->locale) == 0, "leaves the locale alone", when);
    point(now.threads == before->threads, "leaves OpenBLAS's threads alone", when);
    point(now.interrupt == before->interrupt, "leaves the signal handler alone", when);
}

/* Sets `pointer` to the library's function; ISO C has no cast from void * for that. */
static void find(void *library, const char *name, void *pointer)
{
    void *symbol = dlsym(library, name);
    if (!symbol) {
        printf("Bail out! %s\n", dlerror());
        exit(EXIT_FAILURE);
    }
    memcpy(pointer, &symbol, sizeof symbol);
}

#define FIND(name)                                                                                 \
    __typeof__(&vgrad_##name) name;                                                                \
    find(library, "vgrad_" #name, &name)

/* A net large enough that OpenBLAS has something to share out among threads. */
static vgrad_status train(void *library)
{
    FIND(dataset_circles);
    FIND(dataset_destroy);
    FIND(network_create);
    FIND(network_build);
    FIND(network_destroy);
    FIND(input);
    FIND(dense);
    FIND(optimizer_create);
    FIND(optimizer_destroy);
    FIND(trainer_create);
    FIND(trainer_fit);
    FIND(trainer_destroy);
    vgrad_dataset *data = NULL;
    vgrad_network *network = NULL;
    vgrad_optimizer *adam = NULL;
    vgrad_trainer *run = NULL;
    vgrad_status status = VGRAD_E_INVALID;
    if (dataset_circles(&data, 256, 0.5, 0.1, 1, NULL) >= 0 &&
        network_create(&network, NULL) >= 0 &&
        network_build(network,
                      dense(dense(dense(input(network, 2), 64, VGRAD_TANH), 64, VGRAD_RELU), 1,
                            VGRAD_SIGMOID)) >= 0 &&
        optimizer_create(&adam, network, VGRAD_ADAM, 0.01) >= 0 &&
        trainer_create(&run, network, VGRAD_LOSS_BINARY_CROSSENTROPY, adam) >= 0)
        status = trainer_fit(run, data, 2);
    trainer_destroy(run);
    optimizer_destroy(adam);
    network_destroy(network);
    dataset_destroy(data);
    return status;
}

static void on_interrupt(int number)
{
    (void)number;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return EXIT_FAILURE;
    /* Nothing stays at its default: putting a default back would be a change too. */
    setlocale(LC_ALL, "C.UTF-8");
    openblas_set_num_threads(2);
    sigaction(SIGINT, &(struct sigaction){ .sa_handler = on_interrupt }, NULL);
    struct process before = look();
    void *library = dlopen(argv[1], RTLD_NOW);
    if (!library) {
        printf("Bail out! %s\n", dlerror());
        return EXIT_FAILURE;
    }
    compare(&before, "loading");
    point(train(library) == VGRAD_OK, "with the loaded library works", "training");
    compare(&before, "training");
    printf("1..%d\n", points);
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
