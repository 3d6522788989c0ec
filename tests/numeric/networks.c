/* The networks of known health are what they are said to be: measured with plain loops over kept
   tensors, and no word of the probe's. */
/* SPDX-License-Identifier: MIT */
#include "networks.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

/* ---- one run, measured ---- */

enum { STEPS_MOST = 200, WINDOW = 16, KERNELS_MOST = 48 };

typedef struct facts {
    int steps, hops;
    double decades[STEPS_MOST];            /* log10 |delta| first less last, at each step */
    double loss[STEPS_MOST];               /* before the step's update */
    double squares[STEPS_MOST][PATH_MOST]; /* mean of (f' / max f')^2 of a layer */
    double derivative, weight; /* step 0: log10 of the factors, the mean over the hops */
    double gains[PATH_MOST];   /* step 0: log10 |W| / sqrt(units) of the layer behind each hop */
    double grown[PATH_MOST];   /* step 0: decades that |delta| gains on it */
    double ratios[STEPS_MOST][KERNELS_MOST]; /* |update| / |W| of each kernel that is trained */
    int kernels;
    int dead[PATH_MOST]; /* units with f' = 0 on every row of the run */
    int64_t units[PATH_MOST];
    bool *alive[PATH_MOST];
} facts;

static double tensor_norm(const vgrad_tensor *tensor)
{
    double *values = doubles_of(tensor), result = norm(values, vgrad_tensor_count(tensor));
    free(values);
    return result;
}

static double delta_norm(const living *l, int i)
{
    return tensor_norm(vgrad_layer_tensor(l->path[i], VGRAD_DELTA));
}

/* max f', to which shares are taken. */
static double steepest(vgrad_activation activation)
{
    switch (activation) {
    case VGRAD_SIGMOID: return 0.25;
    case VGRAD_SELU: return 1.0507009873554805 * 1.6732632423543772;
    default: return 1;
    }
}

/* From a alone, as the activations in question allow; z > 0 where a > 0. */
static double derivative(vgrad_activation activation, double a)
{
    const double scale = 1.0507009873554805;
    switch (activation) {
    case VGRAD_LINEAR: return 1;
    case VGRAD_SIGMOID: return a * (1 - a);
    case VGRAD_TANH: return 1 - a * a;
    case VGRAD_RELU: return a > 0;
    case VGRAD_LEAKY_RELU: return a > 0 ? 1 : 0.2;
    case VGRAD_ELU: return a > 0 ? 1 : a + 1;
    case VGRAD_SELU: return a > 0 ? scale : a + scale * 1.6732632423543772;
    case VGRAD_SOFTSIGN: return (1 - fabs(a)) * (1 - fabs(a));
    default: ck_abort_msg("no derivative of activation %d", (int)activation); return NAN;
    }
}

static void measure_derivatives(facts *f, const living *l, int step)
{
    for (int i = 0; i < f->hops; i++) {
        const vgrad_tensor *tensor = vgrad_layer_tensor(l->path[i], VGRAD_ACTIVATION);
        int64_t rows = tensor->shape[0], units = tensor->shape[1];
        double *a = doubles_of(tensor), sum = 0;
        if (!f->alive[i])
            f->alive[i] = calloc((size_t)units, sizeof *f->alive[i]);
        for (int64_t j = 0; j < rows * units; j++) {
            double share = derivative(l->activations[i], a[j]) / steepest(l->activations[i]);
            sum += share * share;
            f->alive[i][j % units] |= share != 0;
        }
        f->squares[step][i] = sum / (double)(rows * units);
        f->dead[i] = 0;
        f->units[i] = units;
        for (int64_t j = 0; j < units; j++)
            f->dead[i] += !f->alive[i][j];
        free(a);
    }
}

/* |delta_i| / |delta_(i+1)| is about rms f' of layer i times |W| / sqrt(units) of layer i + 1. */
static void measure_factors(facts *f, const living *l)
{
    for (int i = 0; i < f->hops; i++) {
        const vgrad_tensor *kernel = vgrad_layer_tensor(l->path[i + 1], VGRAD_KERNEL);
        if (!kernel)
            continue; /* a block sum */
        double rms = sqrt(f->squares[0][i]) * steepest(l->activations[i]);
        f->gains[i] = log10(tensor_norm(kernel) / sqrt((double)kernel->shape[1]));
        f->grown[i] = log10(delta_norm(l, i)) - log10(delta_norm(l, i + 1));
        f->derivative += log10(rms) / f->hops;
        f->weight += f->gains[i] / f->hops;
    }
}

static void measure_updates(facts *f, const living *l, int step)
{
    const vgrad_tensor *update;
    f->kernels = 0;
    for (int i = 0; (update = vgrad_network_tensor(l->network, VGRAD_KERNEL_UPDATE, i)); i++) {
        const vgrad_tensor *kernel = vgrad_network_tensor(l->network, VGRAD_KERNEL, i);
        if (vgrad_layer_get(vgrad_network_layer(l->network, kernel->layer),
                            VGRAD_LAYER_TRAINABLE) == 0)
            continue;
        ck_assert_int_lt(f->kernels, KERNELS_MOST);
        f->ratios[step][f->kernels++] = tensor_norm(update) / tensor_norm(kernel);
    }
}

/* Not more than `steps` steps of it. */
static facts watch(const living *l, int steps)
{
    const vgrad_tensor *x, *y;
    facts f = { .hops = l->count - 1 };
    ck_assert_int_le(l->steps, STEPS_MOST);
    assert_ok(vgrad_network_keep(l->network,
                                 VGRAD_KEEP_ACTIVATION | VGRAD_KEEP_DELTA | VGRAD_KEEP_UPDATE));
    while (f.steps < steps && f.steps < l->steps) {
        int step = f.steps++;
        assert_ok(vgrad_trainer_next(l->trainer, l->data, -1, &x, &y));
        vgrad_trainer_forward(l->trainer, x);
        vgrad_trainer_loss(l->trainer, y, &f.loss[step]);
        assert_ok(vgrad_trainer_backward(l->trainer));
        f.decades[step] = log10(delta_norm(l, 0)) - log10(delta_norm(l, f.hops));
        measure_derivatives(&f, l, step);
        if (step == 0)
            measure_factors(&f, l);
        assert_ok(vgrad_trainer_step(l->trainer));
        measure_updates(&f, l, step);
    }
    return f;
}

static void release(facts *f, living *l)
{
    for (int i = 0; i < f->hops; i++)
        free(f->alive[i]);
    living_destroy(l);
}

static double mean(const double *values, int from, int count)
{
    double sum = 0;
    for (int i = from; i < from + count; i++)
        sum += values[i];
    return sum / count;
}

/* rms of f' / max f' over the rows of some steps. */
static double slope_share(const facts *f, int layer, int from, int count)
{
    double sum = 0;
    for (int i = from; i < from + count; i++)
        sum += f->squares[i][layer];
    return sqrt(sum / count);
}

/* Of an update to its kernel, at one step. */
static double largest_ratio(const facts *f, int step)
{
    double largest = 0;
    for (int i = 0; i < f->kernels; i++)
        largest = fmax(largest, f->ratios[step][i]);
    return largest;
}

static double mean_ratio(const facts *f, int kernel)
{
    double sum = 0;
    for (int i = 0; i < f->steps; i++)
        sum += f->ratios[i][kernel];
    return sum / f->steps;
}

static int specimen_count(void)
{
    int count = 0;
    while (specimens[count].name)
        count++;
    return count;
}

/* ---- step 0: where the gradient goes ---- */

/* VANISHING and EXPLODING, by the thresholds. */
static uint32_t depth_verdicts(double decades, int hops)
{
    double size = fabs(decades);
    if (size < 3 && (hops < 2 || size < 1 || size / hops < 0.25))
        return VERDICT_HEALTHY;
    return decades < 0 ? VERDICT_VANISHING : VERDICT_EXPLODING;
}

/* The decades are in their band, they make what is expected, and its cause is the larger factor. */
static void check_depth(const char *name, const facts *f, const expectation *e)
{
    const uint32_t both = VERDICT_VANISHING | VERDICT_EXPLODING;
    double decades = f->decades[0];
    uint32_t found = depth_verdicts(decades, f->hops);
    ck_assert_msg(decades >= e->low && decades <= e->high, "%s: %.3f decades, not %.3f to %.3f",
                  name, decades, e->low, e->high);
    ck_assert_msg((found & ~(e->verdicts | e->also)) == 0 && (e->verdicts & both & ~found) == 0,
                  "%s: found %u", name, found);
    if (!(e->verdicts & both))
        return;
    double sign = e->verdicts & VERDICT_VANISHING ? -1 : 1;
    double factor = e->cause == CAUSE_DERIVATIVE ? f->derivative : f->weight;
    double other = e->cause == CAUSE_DERIVATIVE ? f->weight : f->derivative;
    ck_assert_msg(sign * factor > 0.25 && sign * factor > sign * other + 0.1,
                  "%s: derivative factor %.3f, weight factor %.3f decades a hop", name,
                  f->derivative, f->weight);
}

/* The kernels that are begun too large or too small, and felt. */
static void check_kernels(const char *name, const facts *f, const living *l, const expectation *e)
{
    if (e->also & VERDICT_INITIALIZATION)
        return;
    for (int i = 0; i < f->hops; i++) {
        const int index = vgrad_layer_index(l->path[i + 1]);
        const bool concerned =
            e->verdicts & VERDICT_INITIALIZATION && index >= e->first && index <= e->last;
        const bool found = fabs(f->gains[i]) >= 0.5 && fabs(f->grown[i]) >= 0.25 &&
                           (f->gains[i] > 0) == (f->grown[i] > 0);
        ck_assert_msg(found == concerned, "%s: layer %d multiplies by 10^%.3f, delta by 10^%.3f",
                      name, index, f->gains[i], f->grown[i]);
    }
}

START_TEST(gradients_of_specimens_go_as_their_sources_say)
{
    const specimen *s = &specimens[_i];
    living l;
    specimen_make(&l, s);
    facts f = watch(&l, 1);
    check_depth(s->name, &f, &s->expected);
    check_kernels(s->name, &f, &l, &s->expected);
    release(&f, &l);
}
END_TEST

/* |g| of each layer's bias gradient, the mean over the rows with its sign. */
static void bias_gradients(living *l, double *norms)
{
    const vgrad_tensor *x, *y;
    assert_ok(vgrad_trainer_next(l->trainer, l->data, -1, &x, &y));
    vgrad_trainer_forward(l->trainer, x);
    vgrad_trainer_loss(l->trainer, y, NULL);
    assert_ok(vgrad_trainer_backward(l->trainer));
    for (int i = 0; i < l->count; i++)
        norms[i] = tensor_norm(vgrad_layer_tensor(l->path[i], VGRAD_BIAS_GRADIENT));
}

/* What lies between the 0.5th and the 99.5th percentile of 1000 draws of his program on MNIST's
   first 1000 images; a draw of ours on our digits is one more. */
START_TEST(nielsens_norms_are_in_the_bands_of_his_program)
{
    static const struct {
        const char *name;
        double norms[4][2], ratio[2]; /* last by first */
    } nets[] = {
        { "nielsen2", { { .0281, .1111 }, { .162, .484 } }, { 3.4, 7.4 } },
        { "nielsen3", { { .0053, .0236 }, { .0261, .1065 }, { .154, .492 } }, { 15.4, 44.8 } },
        { "nielsen4",
          { { .00089, .00573 }, { .0048, .0247 }, { .0293, .1109 }, { .161, .484 } },
          { 66.6, 261 } },
    };
    living l;
    double g[PATH_MOST];
    specimen_make(&l, specimen_find(nets[_i].name));
    bias_gradients(&l, g);
    int hidden = l.count - 1;
    ck_assert_int_eq(hidden, _i + 2);
    for (int i = 0; i < hidden; i++)
        ck_assert_msg(g[i] >= nets[_i].norms[i][0] && g[i] <= nets[_i].norms[i][1],
                      "%s: %g in layer %d", nets[_i].name, g[i], i + 1);
    double ratio = g[hidden - 1] / g[0];
    ck_assert_msg(ratio >= nets[_i].ratio[0] && ratio <= nets[_i].ratio[1], "%s: ratio %g",
                  nets[_i].name, ratio);
    living_destroy(&l);
}
END_TEST

/* dC/db_1 = s' w s' w s' w s' dC/da = 3906.25 dC/da, with a = 1/2 and y = 0. */
START_TEST(the_contrived_chain_explodes_by_25_a_hop)
{
    living l;
    double g[PATH_MOST];
    specimen_make(&l, specimen_find("chain_w100"));
    bias_gradients(&l, g);
    ck_assert_double_eq_tol(g[0], 3906.25 * 0.5, 1e-6 * 3906.25);
    ck_assert_double_eq_tol(g[0] / g[3], 15625, 15625e-6);
    ck_assert_double_eq_tol(g[1] / g[3], 625, 625e-6);
    ck_assert_double_eq_tol(g[2] / g[3], 25, 25e-6);
    living_destroy(&l);
}
END_TEST

/* ---- the whole run ---- */

/* By |update| / |W|: at each step too large, over all steps stalled. */
static void check_updates(const char *name, const facts *f, const expectation *e)
{
    uint32_t may = e->verdicts | e->also;
    double most = 0;
    for (int i = 0; i < f->steps; i++)
        most = fmax(most, largest_ratio(f, i));
    if (e->verdicts & VERDICT_STALLED)
        ck_assert_msg(most < 1e-6, "%s: update of %g |W|", name, most);
    for (int i = 0; i < f->kernels && !(may & (VERDICT_STALLED | VERDICT_NON_FINITE)); i++)
        ck_assert_msg(mean_ratio(f, i) > 1e-6, "%s: update of %g |W|", name, mean_ratio(f, i));
    if (e->verdicts & VERDICT_TOO_LARGE)
        ck_assert_msg(largest_ratio(f, 0) > 0.1, "%s: update of %g |W|", name, largest_ratio(f, 0));
    else if (!(may & VERDICT_TOO_LARGE))
        ck_assert_msg(most < 0.1, "%s: update of %g |W|", name, most);
}

/* From window to window: saturated there and only there, and nothing that fades or grows. */
static void check_windows(const specimen *s, const facts *f, const living *l)
{
    const expectation *e = &s->expected;
    uint32_t may = e->verdicts | e->also;
    for (int from = 0; from + WINDOW <= f->steps; from += WINDOW) {
        uint32_t found = depth_verdicts(mean(f->decades, from, WINDOW), f->hops);
        ck_assert_msg((found & ~may) == 0, "%s: found %u from step %d on", s->name, found, from);
        for (int i = 0; i < f->hops; i++) {
            int index = vgrad_layer_index(l->path[i]);
            double share = slope_share(f, i, from, WINDOW);
            bool concerned =
                e->verdicts & VERDICT_SATURATED && index >= e->first && index <= e->last;
            if (concerned)
                ck_assert_msg(share < 0.28, "%s: %.3f in layer %d", s->name, share, index);
            else if (!(e->also & VERDICT_SATURATED))
                ck_assert_msg(share > 0.33, "%s: %.3f in layer %d", s->name, share, index);
        }
    }
}

/* A step whose loss is twice that of any of the 20 before it. */
static int spike_of(const facts *f)
{
    for (int i = 20; i < f->steps; i++) {
        double highest = 0;
        for (int j = i - 20; j < i; j++)
            highest = fmax(highest, f->loss[j]);
        if (f->loss[i] > 2 * highest)
            return i;
    }
    return -1;
}

/* Also what is slow, or near to ill, learns. */
START_TEST(specimens_are_ill_of_nothing_else_and_healthy_ones_learn)
{
    const specimen *s = &specimens[_i];
    const uint32_t wild = VERDICT_TOO_LARGE | VERDICT_NON_FINITE;
    living l;
    specimen_make(&l, s);
    facts f = watch(&l, STEPS_MOST);
    ck_assert_int_eq(f.steps, s->steps);
    check_updates(s->name, &f, &s->expected);
    if (!(s->expected.verdicts & wild)) {
        check_windows(s, &f, &l);
        ck_assert_int_eq(spike_of(&f),
                         s->expected.verdicts & VERDICT_SPIKE ? s->expected.step : -1);
    }
    for (int i = 0; i < f.steps; i++)
        ck_assert_msg(isfinite(f.loss[i]) !=
                          (s->expected.verdicts & VERDICT_NON_FINITE && i >= s->expected.step),
                      "%s: loss %g at step %d", s->name, f.loss[i], i);
    for (int i = 0; i < f.hops; i++)
        if (!((s->expected.verdicts | s->expected.also) & VERDICT_DEAD))
            ck_assert_msg(f.dead[i] == 0, "%s: %d dead", s->name, f.dead[i]);
    int quarter = f.steps / 4;
    double before = mean(f.loss, 0, quarter), after = mean(f.loss, f.steps - quarter, quarter);
    ck_assert_msg(s->expected.verdicts != VERDICT_HEALTHY || after < before, "%s: loss %g to %g",
                  s->name, before, after);
    release(&f, &l);
}
END_TEST

/* ---- what dead and unchanged ones do ---- */

/* Where 0 is all that units give, ReLU's f' is 0. */
START_TEST(dead_units_are_those_that_were_made_dead)
{
    static const struct {
        const char *name;
        int dead[3], count;
    } nets[] = {
        { "dead_layer", { 0, 32, 0 }, 3 }, { "dead_units", { 8, 0, 0 }, 3 },
        { "nearly_dead", { 7, 0, 0 }, 3 }, { "rare_units", { 0, 0, 0 }, 3 },
        { "dead_branch", { 0, 0 }, 2 },
    };
    living l;
    specimen_make(&l, specimen_find(nets[_i].name));
    facts f = watch(&l, STEPS_MOST);
    ck_assert_int_eq(f.hops, nets[_i].count);
    for (int i = 0; i < f.hops; i++)
        ck_assert_int_eq(f.dead[i], nets[_i].dead[i]);
    if (strcmp(nets[_i].name, "dead_branch") == 0) {
        vgrad_layer *dead = vgrad_network_layer(l.network, l.expected.last);
        ck_assert_double_eq(tensor_norm(vgrad_layer_tensor(dead, VGRAD_ACTIVATION)), 0);
    }
    release(&f, &l);
}
END_TEST

/* Fewer in a hundred than a finding about a layer would ask for. */
START_TEST(healthy_relu_has_some_dead_units)
{
    living l;
    int dead = 0;
    specimen_make(&l, specimen_find("relu_he10"));
    facts f = watch(&l, STEPS_MOST);
    for (int i = 0; i < f.hops; i++) {
        ck_assert_int_lt(f.dead[i], 128 / 10);
        dead += f.dead[i];
    }
    ck_assert_int_gt(dead, 0);
    release(&f, &l);
}
END_TEST

/* The kernels that stay are those of the layers named, and those before a dead layer. */
START_TEST(unchanged_kernels_are_those_named)
{
    static const struct {
        const char *name;
        bool stays[8]; /* by index of layer */
    } nets[] = {
        { "dead_layer", { [1] = true, [2] = true, [3] = true } },
        { "dead_branch", { [1] = true, [2] = true } },
        { "zero_input", { [3] = true } },
        { "frozen", { [2] = true } },
        { "tanh_glorot", { false } },
    };
    double *before[KERNELS_MOST];
    const vgrad_tensor *kernel;
    living l;
    int count = 0;
    specimen_make(&l, specimen_find(nets[_i].name));
    while ((kernel = vgrad_network_tensor(l.network, VGRAD_KERNEL, count)))
        before[count++] = doubles_of(kernel);
    assert_ok(vgrad_trainer_fit(l.trainer, l.data, -1));
    for (int i = 0; i < count; i++) {
        kernel = vgrad_network_tensor(l.network, VGRAD_KERNEL, i);
        double *after = doubles_of(kernel);
        size_t size = (size_t)vgrad_tensor_count(kernel) * sizeof *after;
        bool stays = memcmp(before[i], after, size) == 0;
        ck_assert_msg(stays == nets[_i].stays[kernel->layer], "%s: %s", nets[_i].name,
                      kernel->name);
        free(before[i]);
        free(after);
    }
    living_destroy(&l);
}
END_TEST

/* ---- near misses ---- */

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* `values` are put in order. */
static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, ascending);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

/* The most that |delta| falls a hop, in the mean of any 16 steps; negative: the most it grows. */
static double steepest_way(const facts *f, double sign)
{
    double most = 0;
    for (int from = 0; from + WINDOW <= f->steps; from++)
        most = fmax(most, sign * mean(f->decades, from, WINDOW) / f->hops);
    return most;
}

static double fall(const facts *f)
{
    return steepest_way(f, -1);
}

static double rise(const facts *f)
{
    return steepest_way(f, 1);
}

static double dead_share(const facts *f)
{
    double most = 0;
    for (int i = 0; i < f->hops; i++)
        most = fmax(most, f->dead[i] / (double)f->units[i]);
    return most;
}

static double least_slope(const facts *f)
{
    double least = 1;
    for (int from = 0; from + WINDOW <= f->steps; from++)
        for (int i = 0; i < f->hops; i++)
            least = fmin(least, slope_share(f, i, from, WINDOW));
    return least;
}

/* The median of a kernel's ratios over 16 steps, after the first eighth of the run. */
static double median_ratio(const facts *f, int kernel, int from)
{
    double ratios[WINDOW];
    for (int i = 0; i < WINDOW; i++)
        ratios[i] = f->ratios[from + i][kernel];
    return median(ratios, WINDOW);
}

static double least_update(const facts *f)
{
    double least = INFINITY;
    for (int from = f->steps / 8; from + WINDOW <= f->steps; from++)
        for (int i = 0; i < f->kernels; i++)
            least = fmin(least, median_ratio(f, i, from));
    return least;
}

static double most_update(const facts *f)
{
    double most = 0;
    for (int from = f->steps / 8; from + WINDOW <= f->steps; from++)
        for (int i = 0; i < f->kernels; i++)
            most = fmax(most, median_ratio(f, i, from));
    return most;
}

/* In decades, of those that delta feels by a quarter of one. */
static double largest_gain(const facts *f)
{
    double most = 0;
    for (int i = 0; i < f->hops; i++)
        if (f->grown[i] >= 0.25)
            most = fmax(most, f->gains[i]);
    return most;
}

/* A loss to the median of the 128 before it, the most that leaps by 6 robust distances. */
static double leap(const facts *f)
{
    enum { BEFORE = 128 };
    double most = 0;
    for (int i = BEFORE; i < f->steps; i++) {
        double before[BEFORE], distances[BEFORE];
        memcpy(before, f->loss + i - BEFORE, sizeof before);
        const double middle = median(before, BEFORE);
        for (int j = 0; j < BEFORE; j++)
            distances[j] = fabs(before[j] - middle);
        if (f->loss[i] - middle > 6 * 1.4826 * median(distances, BEFORE))
            most = fmax(most, f->loss[i] / middle);
    }
    return most;
}

/* What a warning takes is at one end of each band; at the other it is missed by a fifth. */
START_TEST(near_misses_are_near)
{
    static const struct {
        const char *name;
        double (*figure)(const facts *);
        double from, to;
    } nets[] = {
        { "nearly_vanishing", fall, 0.2, 0.25 },
        { "relu_growing", rise, 0.2, 0.25 },
        { "nearly_dead", dead_share, 0.2, 0.25 },
        { "nearly_saturated", least_slope, 0.3, 0.36 },
        { "nearly_stalled", least_update, 1e-5, 1.25e-5 },
        { "nearly_too_large", most_update, 0.08, 0.1 },
        { "nearly_large_kernel", largest_gain, 0.4, 0.5 },
        { "nearly_spike", leap, 1.6, 2 },
    };
    living l;
    specimen_make(&l, specimen_find(nets[_i].name));
    facts f = watch(&l, STEPS_MOST);
    const double figure = nets[_i].figure(&f);
    ck_assert_msg(figure > nets[_i].from && figure < nets[_i].to, "%s: %g", nets[_i].name, figure);
    release(&f, &l);
}
END_TEST

/* The largest magnitude among a tensor's elements; all are finite. */
static double largest_of(const vgrad_tensor *tensor)
{
    double *values = doubles_of(tensor), most = 0;
    for (int64_t i = 0; i < vgrad_tensor_count(tensor); i++) {
        ck_assert_msg(isfinite(values[i]), "%s: %g", tensor->name, values[i]);
        most = fmax(most, fabs(values[i]));
    }
    free(values);
    return most;
}

/* Of all that a step has computed. */
static double largest_of_all(const vgrad_network *network)
{
    static const vgrad_role roles[] = { VGRAD_PREACTIVATION,   VGRAD_ACTIVATION,
                                        VGRAD_DELTA,           VGRAD_ACTIVATION_GRADIENT,
                                        VGRAD_KERNEL_GRADIENT, VGRAD_BIAS_GRADIENT,
                                        VGRAD_KERNEL_UPDATE,   VGRAD_BIAS_UPDATE,
                                        VGRAD_KERNEL,          VGRAD_BIAS };
    const vgrad_tensor *tensor;
    double most = 0;
    for (size_t r = 0; r < sizeof roles / sizeof *roles; r++)
        for (int32_t i = 0; (tensor = vgrad_network_tensor(network, roles[r], i)); i++)
            most = fmax(most, largest_of(tensor));
    return most;
}

/* By a fifth no float32, and finite all the same. */
START_TEST(nearly_infinite_is_finite)
{
    const vgrad_tensor *x, *y;
    double largest = 0, loss;
    living l;
    specimen_make(&l, specimen_find("nearly_infinite"));
    assert_ok(vgrad_network_keep(l.network, VGRAD_KEEP_PREACTIVATION | VGRAD_KEEP_ACTIVATION |
                                                VGRAD_KEEP_DELTA | VGRAD_KEEP_ACTIVATION_GRADIENT |
                                                VGRAD_KEEP_UPDATE));
    for (int64_t step = 0; step < l.steps; step++) {
        assert_ok(vgrad_trainer_next(l.trainer, l.data, -1, &x, &y));
        largest = fmax(largest, largest_of(x));
        vgrad_trainer_forward(l.trainer, x);
        vgrad_trainer_loss(l.trainer, y, &loss);
        ck_assert(isfinite(loss));
        assert_ok(vgrad_trainer_backward(l.trainer));
        assert_ok(vgrad_trainer_step(l.trainer));
        largest = fmax(largest, largest_of_all(l.network));
    }
    ck_assert_msg(largest > 0.8 * (double)FLT_MAX && largest < (double)FLT_MAX, "%g", largest);
    living_destroy(&l);
}
END_TEST

static void make_steps(const living *l, int steps)
{
    const vgrad_tensor *x, *y;
    for (int i = 0; i < steps; i++) {
        assert_ok(vgrad_trainer_next(l->trainer, l->data, -1, &x, &y));
        vgrad_trainer_forward(l->trainer, x);
        vgrad_trainer_loss(l->trainer, y, NULL);
        assert_ok(vgrad_trainer_backward(l->trainer));
        assert_ok(vgrad_trainer_step(l->trainer));
    }
}

/* Elements that are others now, which are kept. */
static int64_t count_changes(const vgrad_tensor *tensor, double **before)
{
    double *now = doubles_of(tensor);
    int64_t changes = 0;
    for (int64_t i = 0; i < vgrad_tensor_count(tensor); i++)
        changes += now[i] != (*before)[i];
    free(*before);
    *before = now;
    return changes;
}

/* In each 16 steps some weights of each kernel change, but never more than one in four. */
START_TEST(nearly_unchanged_changes_by_few_bits)
{
    double *kept[KERNELS_MOST];
    const vgrad_tensor *kernel;
    living l;
    int count = 0;
    specimen_make(&l, specimen_find("nearly_unchanged"));
    while ((kernel = vgrad_network_tensor(l.network, VGRAD_KERNEL, count)))
        kept[count++] = doubles_of(kernel);
    for (int64_t step = 0; step < l.steps; step += WINDOW) {
        make_steps(&l, WINDOW);
        for (int i = 0; i < count; i++) {
            kernel = vgrad_network_tensor(l.network, VGRAD_KERNEL, i);
            const int64_t changes = count_changes(kernel, &kept[i]);
            ck_assert_msg(changes > 0 && changes <= vgrad_tensor_count(kernel) / 4,
                          "%s: %d of %d from step %d on", kernel->name, (int)changes,
                          (int)vgrad_tensor_count(kernel), (int)step);
        }
    }
    for (int i = 0; i < count; i++)
        free(kept[i]);
    living_destroy(&l);
}
END_TEST

/* ---- recipes ---- */

static void check_recipe(uint64_t number, bool broken)
{
    recipe r = recipe_numbered(number, broken);
    const expectation *e = &r.expected;
    char name[96];
    living l;
    snprintf(name, sizeof name, "%s %d: %s, %d times %d", broken ? "broken" : "healthy",
             (int)number, r.family, r.depth, r.width);
    recipe_make(&l, &r, number);
    facts f = watch(&l, 1);
    check_depth(name, &f, e);
    check_kernels(name, &f, &l, e);
    ck_assert_msg(isfinite(f.loss[0]), "%s", name);
    for (int i = 0; i < f.hops; i++) {
        int index = vgrad_layer_index(l.path[i]);
        bool concerned = index >= e->first && index <= e->last;
        double share = slope_share(&f, i, 0, 1);
        if (e->verdicts & VERDICT_SATURATED && concerned)
            ck_assert_msg(share < 0.28, "%s: %.3f in layer %d", name, share, index);
        else if (!(e->also & VERDICT_SATURATED))
            ck_assert_msg(share > 0.33, "%s: %.3f in layer %d", name, share, index);
        if (e->verdicts & VERDICT_DEAD && concerned)
            ck_assert_msg(f.dead[i] == r.width, "%s: %d dead", name, f.dead[i]);
    }
    check_updates(name, &f, e);
    ck_assert_int_eq(broken, e->verdicts != VERDICT_HEALTHY);
    release(&f, &l);
}

START_TEST(broken_recipes_are_broken_as_they_say)
{
    check_recipe((uint64_t)_i, true);
}
END_TEST

START_TEST(healthy_recipes_are_healthy)
{
    check_recipe((uint64_t)_i, false);
}
END_TEST

/* Few steps of each healthy one are enough to see it learn. */
START_TEST(healthy_recipes_learn)
{
    recipe r = recipe_numbered((uint64_t)_i, false);
    living l;
    recipe_make(&l, &r, (uint64_t)_i);
    facts f = watch(&l, STEPS_MOST);
    ck_assert_msg(mean(f.loss, f.steps - 4, 4) < mean(f.loss, 0, 4), "%s: loss %g to %g", r.family,
                  mean(f.loss, 0, 4), mean(f.loss, f.steps - 4, 4));
    for (int i = 0; i + WINDOW <= f.steps; i += WINDOW)
        ck_assert_int_eq(depth_verdicts(mean(f.decades, i, WINDOW), f.hops), VERDICT_HEALTHY);
    release(&f, &l);
}
END_TEST

/* A recipe is a function of its number, and its network one of the seed; and they are many. */
START_TEST(recipes_are_of_many_kinds)
{
    for (int broken = 0; broken < 2; broken++) {
        int shallow = 99, deep = 0, narrow = 999, wide = 0;
        for (uint64_t n = 0; n < RECIPES; n++) {
            recipe r = recipe_numbered(n, broken), again = recipe_numbered(n, broken);
            ck_assert_int_eq(r.depth, again.depth);
            ck_assert_int_eq(r.width, again.width);
            shallow = r.depth < shallow ? r.depth : shallow;
            deep = r.depth > deep ? r.depth : deep;
            narrow = r.width < narrow ? r.width : narrow;
            wide = r.width > wide ? r.width : wide;
            for (uint64_t m = 0; m < n; m++) {
                recipe other = recipe_numbered(m, broken);
                ck_assert(strcmp(r.family, other.family) || r.depth != other.depth ||
                          r.width != other.width || r.rate != other.rate ||
                          r.data_scale != other.data_scale);
            }
        }
        ck_assert_int_le(shallow, 3);
        ck_assert_int_ge(deep, 16);
        ck_assert_int_le(narrow, 32);
        ck_assert_int_ge(wide, 120);
    }
    ck_assert_int_ge(RECIPES, 50);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("networks");
    TCase *named = tcase_create("specimens"), *near = tcase_create("near misses");
    TCase *made = tcase_create("recipes");
    tcase_set_timeout(named, 120);
    tcase_set_timeout(near, 120);
    tcase_set_timeout(made, 120);
    int count = specimen_count();
    tcase_add_loop_test(named, gradients_of_specimens_go_as_their_sources_say, 0, count);
    tcase_add_loop_test(named, specimens_are_ill_of_nothing_else_and_healthy_ones_learn, 0, count);
    tcase_add_loop_test(named, nielsens_norms_are_in_the_bands_of_his_program, 0, 3);
    tcase_add_test(named, the_contrived_chain_explodes_by_25_a_hop);
    tcase_add_loop_test(named, dead_units_are_those_that_were_made_dead, 0, 5);
    tcase_add_test(named, healthy_relu_has_some_dead_units);
    tcase_add_loop_test(named, unchanged_kernels_are_those_named, 0, 5);
    tcase_add_loop_test(near, near_misses_are_near, 0, 8);
    tcase_add_test(near, nearly_infinite_is_finite);
    tcase_add_test(near, nearly_unchanged_changes_by_few_bits);
    tcase_add_loop_test(made, broken_recipes_are_broken_as_they_say, 0, RECIPES);
    tcase_add_loop_test(made, healthy_recipes_are_healthy, 0, RECIPES);
    tcase_add_loop_test(made, healthy_recipes_learn, 0, RECIPES);
    tcase_add_test(made, recipes_are_of_many_kinds);
    suite_add_tcase(suite, named);
    suite_add_tcase(suite, near);
    suite_add_tcase(suite, made);
    return run_suite(suite);
}
