/* One neuron to a layer: every factor of the gradient of the first bias, as in the book's equation
   (122), beside what backward computes; the weights with which it explodes instead; and what
   another activation changes.

   dC/db_1 = f'(z_1) w_2 f'(z_2) w_3 f'(z_3) ... w_n f'(z_n) dC/da_n */
/* SPDX-License-Identifier: MIT */
#include "nielsen_chapter5.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/check.h"

/* The book's chain, and a longer one in which activations are compared. */
enum { CHAIN = 4, LONG_CHAIN = 10, DRAWS = 1000 };
/* The target is what no chain gives, so that every gradient has a cost's slope in it. */
static const double input = 1, target = -2, large_weight = 100, steepness = 16;

/* f of the neurons. */
typedef struct neuron_kind {
    const char *name;
    double (*slope)(double z); /* f' */
    double middle;             /* f(0) */
    vgrad_activation activation;
    bool is_steep; /* sigmoid(16 z), in the place of `activation` */
} neuron_kind;

static double sigmoid(double z)
{
    return 1 / (1 + exp(-z));
}

/* As a product of two that do not cancel: it is above 0 wherever it is at all. */
static double sigmoid_slope(double z)
{
    return sigmoid(z) * sigmoid(-z);
}

static double steep_slope(double z)
{
    return steepness * sigmoid_slope(steepness * z);
}

static double tanh_slope(double z)
{
    return 4 * sigmoid_slope(2 * z);
}

static double linear_slope(double z)
{
    (void)z;
    return 1;
}

static const neuron_kind kinds[] = {
    { "sigmoid", sigmoid_slope, 0.5, VGRAD_SIGMOID, false },
    { "tanh", tanh_slope, 0, VGRAD_TANH, false },
    { "linear", linear_slope, 0, VGRAD_LINEAR, false },
    { "sigmoid(16 z)", steep_slope, 0.5, VGRAD_LINEAR, true },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static int32_t steep_forward(const void *z, void *out, size_t n, void *user)
{
    (void)user;
    for (size_t i = 0; i < n; i++)
        ((double *)out)[i] = sigmoid(steepness * ((const double *)z)[i]);
    return 0;
}

static int32_t steep_backward(const void *z, void *out, size_t n, void *user)
{
    (void)user;
    for (size_t i = 0; i < n; i++)
        ((double *)out)[i] = steep_slope(((const double *)z)[i]);
    return 0;
}

/* A chain with what trains it, and what was seen of each of its neurons. */
typedef struct chain {
    const neuron_kind *kind;
    int count;
    vgrad_network *network;
    vgrad_optimizer *sgd;
    vgrad_trainer *trainer;
    vgrad_layer *neurons[LONG_CHAIN], *output;
    double w[LONG_CHAIN], z[LONG_CHAIN], slope[LONG_CHAIN];
    double cost_slope;           /* dC/da_n */
    double gradient[LONG_CHAIN]; /* dC/db_j, by backward */
    double product[LONG_CHAIN];  /* dC/db_j, multiplied out */
} chain;

static void make_chain(chain *c, const neuron_kind *kind, int count)
{
    *c = (chain){ .kind = kind, .count = count };
    check(vgrad_network_create(&c->network, NULL));
    check(vgrad_network_set_dtype(c->network, VGRAD_FLOAT64));
    check(vgrad_network_set_initializer(c->network, VGRAD_KERNEL, VGRAD_INIT_NORMAL, 0, 1));
    check(vgrad_network_set_initializer(c->network, VGRAD_BIAS, VGRAD_INIT_NORMAL, 0, 1));
    check(
        vgrad_network_keep(c->network, VGRAD_KEEP_PREACTIVATION | VGRAD_KEEP_ACTIVATION_GRADIENT));
    c->output = vgrad_input(c->network, 1);
    for (int j = 0; j < count; j++) {
        c->neurons[j] = c->output = vgrad_dense(c->output, 1, kind->activation);
        if (kind->is_steep)
            c->output =
                vgrad_user_activation(c->output, "steep", steep_forward, steep_backward, NULL);
    }
    check(vgrad_network_build(c->network, c->output));
    /* It makes no updates: they are of size 0. */
    check(vgrad_optimizer_create(&c->sgd, c->network, VGRAD_SGD, 0));
    check(vgrad_trainer_create(&c->trainer, c->network, VGRAD_LOSS_HALF_SQUARED_ERROR_SUM, c->sgd));
}

static void release_chain(chain *c)
{
    vgrad_trainer_destroy(c->trainer);
    vgrad_optimizer_destroy(c->sgd);
    vgrad_network_destroy(c->network);
}

static double only_element(const vgrad_layer *layer, vgrad_role role)
{
    return *vgrad_tensor_f64(vgrad_layer_tensor(layer, role));
}

/* Equation (122), for each bias: what lies between it and the cost. */
static void multiply_out(chain *c)
{
    double way = c->cost_slope;
    for (int j = c->count - 1; j >= 0; j--) {
        c->product[j] = way *= c->slope[j];
        way *= c->w[j];
    }
}

/* One pass there and back; reads everything. */
static void measure(chain *c)
{
    vgrad_tensor x, y;
    check(vgrad_trainer_forward(c->trainer, vgrad_tensor_matrix(&x, &input, VGRAD_FLOAT64, 1, 1)));
    check(vgrad_trainer_loss(c->trainer, vgrad_tensor_matrix(&y, &target, VGRAD_FLOAT64, 1, 1),
                             NULL));
    check(vgrad_trainer_backward(c->trainer));
    for (int j = 0; j < c->count; j++) {
        c->w[j] = only_element(c->neurons[j], VGRAD_KERNEL);
        c->z[j] = only_element(c->neurons[j], VGRAD_PREACTIVATION);
        c->gradient[j] = only_element(c->neurons[j], VGRAD_BIAS_GRADIENT);
        c->slope[j] = c->kind->slope(c->z[j]);
    }
    c->cost_slope = only_element(c->output, VGRAD_ACTIVATION_GRADIENT);
    check(vgrad_trainer_step(c->trainer));
    multiply_out(c);
}

/* The largest relative difference between backward and what is multiplied out. */
static double difference(const chain *c)
{
    double worst = 0;
    for (int j = 0; j < c->count; j++)
        worst = fmax(worst, fabs(c->gradient[j] / c->product[j] - 1));
    return worst;
}

static void print_chain(const chain *c)
{
    puts("neuron          w           z       f'(z)     w f'(z)     dC/db multiplied out by "
         "backward");
    for (int j = 0; j < c->count; j++)
        printf("%6d %10.4f %11.4f %11.6f %11.6f %24.10e %11.3e\n", j + 1, c->w[j], c->z[j],
               c->slope[j], c->w[j] * c->slope[j], c->product[j], c->gradient[j]);
    printf("dC/da_%d = %.6g; both ways differ by %.1e of dC/db at most\n", c->count, c->cost_slope,
           difference(c));
}

/* dC/db_1 = ... of this seed's weights and biases, with its picture's table. */
static void random_chain(const chapter5 *c, json_t *object)
{
    chain v;
    FILE *table = results_table(c->files, "chain.csv");
    make_chain(&v, &kinds[0], CHAIN);
    check(vgrad_network_initialize(v.network, (uint64_t)c->common.seed));
    measure(&v);
    fputs("neuron,w,z,slope,gradient\n", table);
    for (int j = 0; j < CHAIN; j++)
        fprintf(table, "%d,%.9g,%.9g,%.9g,%.9g\n", j + 1, v.w[j], v.z[j], v.slope[j],
                v.gradient[j]);
    results_numbers(object, "weights", v.w, CHAIN);
    results_numbers(object, "slopes", v.slope, CHAIN);
    results_number(object, "cost_slope", v.cost_slope);
    results_numbers(object, "gradients", v.gradient, CHAIN);
    results_numbers(object, "products", v.product, CHAIN);
    results_number(object, "difference", difference(&v));
    if (!c->common.quiet) {
        printf("\n(122): four sigmoid neurons in a row, w and b from N(0, 1), seed %lld\n",
               (long long)c->common.seed);
        print_chain(&v);
        printf("dC/db_1 = %.4f * %.4f * %.4f * %.4f * %.4f * %.4f * %.4f * %.4f = %.4e\n",
               v.slope[0], v.w[1], v.slope[1], v.w[2], v.slope[2], v.w[3], v.slope[3], v.cost_slope,
               v.product[0]);
        printf("dC/db_3 = %.4e, %.1f times as large\n", v.product[2],
               fabs(v.product[2] / v.product[0]));
    }
    release_chain(&v);
}

/* In how many of many draws dC/db_3 is 16 times dC/db_1 or more, as the book says it usually is. */
static void usual_ratio(const chapter5 *c, json_t *object)
{
    chain v;
    int usual = 0;
    make_chain(&v, &kinds[0], CHAIN);
    for (int i = 0; i < DRAWS; i++) {
        check(vgrad_network_initialize(v.network, (uint64_t)(c->common.seed + i)));
        measure(&v);
        usual += fabs(v.gradient[2]) >= 16 * fabs(v.gradient[0]);
    }
    results_number(object, "share_of_16", (double)usual / DRAWS);
    if (!c->common.quiet)
        printf("It is 16 times as large or more in %d of %d draws.\n", usual, DRAWS);
    release_chain(&v);
}

static void set_neuron(vgrad_layer *neuron, double w, double b)
{
    vgrad_tensor view;
    const int64_t one = 1;
    check(vgrad_layer_set_tensor(neuron, VGRAD_KERNEL,
                                 vgrad_tensor_matrix(&view, &w, VGRAD_FLOAT64, 1, 1)));
    check(vgrad_layer_set_tensor(neuron, VGRAD_BIAS,
                                 vgrad_tensor_view(&view, &b, VGRAD_FLOAT64, 1, &one, NULL)));
}

/* All weights w, and biases for which every z is 0 and f' is at its largest. */
static void centre(chain *v, double w)
{
    for (int j = 0; j < v->count; j++)
        set_neuron(v->neurons[j], w, -w * (j == 0 ? input : v->kind->middle));
    measure(v);
}

/* With w = 100 each step back is a factor 100 / 4. */
static void exploding_chain(const chapter5 *c, json_t *object)
{
    chain v;
    double ratios[CHAIN];
    make_chain(&v, &kinds[0], CHAIN);
    centre(&v, large_weight);
    for (int j = 0; j < CHAIN; j++)
        ratios[j] = v.gradient[j] / v.gradient[CHAIN - 1];
    results_numbers(object, "ratios", ratios, CHAIN);
    if (!c->common.quiet) {
        puts("\nThe same with w = 100 and biases that make every z 0: it explodes");
        print_chain(&v);
        printf("dC/db from the first to the last: %g : %g : %g : %g\n", ratios[0], ratios[1],
               ratios[2], ratios[3]);
    }
    release_chain(&v);
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Where the gradient vanishes: below 0. */
static double decades_of(const chain *v)
{
    return log10(fabs(v->product[0] / v->product[v->count - 1]));
}

/* Over many chains of ten, how many decades dC/db_1 is above dC/db_10; and in one with w = 1 and
   all z = 0. It is a product of nine factors w f' whatever f is. */
static json_t *spread_of(const chapter5 *c, const neuron_kind *kind)
{
    chain v;
    double decades[DRAWS];
    int growing = 0;
    make_chain(&v, kind, LONG_CHAIN);
    for (int i = 0; i < DRAWS; i++) {
        check(vgrad_network_initialize(v.network, (uint64_t)(c->common.seed + i)));
        measure(&v);
        decades[i] = decades_of(&v);
        growing += decades[i] > 0;
    }
    centre(&v, 1);
    const double centred = decades_of(&v);
    release_chain(&v);
    qsort(decades, DRAWS, sizeof *decades, compare);
    const double low = decades[DRAWS / 20], median = decades[DRAWS / 2],
                 high = decades[DRAWS - DRAWS / 20];
    json_t *object = json_object();
    results_text(object, "name", kind->name);
    results_number(object, "largest_slope", kind->slope(0));
    results_number(object, "low", low);
    results_number(object, "median", median);
    results_number(object, "high", high);
    results_number(object, "growing", (double)growing / DRAWS);
    results_number(object, "centred", centred);
    if (!c->common.quiet)
        printf("%-14s %7.2f %9.1f %9.1f %9.1f %9.1f %% %11.1f\n", kind->name, kind->slope(0), low,
               median, high, 100.0 * growing / DRAWS, centred);
    return object;
}

/* The book's problem: would a larger derivative help? */
static void other_activations(const chapter5 *c, json_t *object)
{
    json_t *array = json_array();
    if (!c->common.quiet)
        puts("\nTen neurons in a row, w and b from N(0, 1), 1000 draws: decades from |dC/db_10| to "
             "|dC/db_1|\nf               max f'       5 %    median      95 %   it grows   w = 1, "
             "z = 0");
    for (int i = 0; i < KINDS; i++)
        json_array_append_new(array, spread_of(c, &kinds[i]));
    json_object_set_new(object, "activations", array);
}

int chapter5_chain(const chapter5 *c)
{
    json_t *object = chapter5_object(c, "chain");
    random_chain(c, object);
    usual_ratio(c, object);
    exploding_chain(c, object);
    other_activations(c, object);
    return CHAIN;
}
