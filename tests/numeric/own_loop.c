/* A training loop that is nobody's but its own, in plain C: what it hands to a probe gives the
   records that the library's trainer gives, and the findings whatever the scale of the loss. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

enum { ROWS = 64, BATCH = 16, BATCHES = ROWS / BATCH, INPUTS = 2, MOST = 11, WIDEST = 16 };
enum { KERNEL_MOST = WIDEST * WIDEST, PASS_MOST = BATCH * WIDEST, FOUND_MOST = 1024 };
static const double rate = 0.2, inertia = 0.9;

/* A chain of dense layers, the last one a sigmoid unit under binary cross-entropy. */
typedef struct design {
    int count, steps;
    int64_t units[MOST + 1]; /* those of the inputs first */
    vgrad_activation inside;
} design;

static const design shallow = { 3, 10, { INPUTS, 6, 5, 1 }, VGRAD_TANH };
/* Whose gradient vanishes on the way. */
static const design deep = {
    MOST, 24, { INPUTS, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 1 }, VGRAD_SIGMOID
};

static vgrad_activation activation_of(const design *s, int layer)
{
    return layer + 1 < s->count ? s->inside : VGRAD_SIGMOID;
}

typedef struct points {
    double x[ROWS * INPUTS], y[ROWS];
} points;

static void throw_points(points *r)
{
    dice d = dice_from(21);
    for (int i = 0; i < ROWS; i++) {
        double *x = r->x + i * INPUTS;
        x[0] = dice_uniform(&d, -1, 1);
        x[1] = dice_uniform(&d, -1, 1);
        r->y[i] = x[0] * x[0] + x[1] * x[1] < 0.6;
    }
}

/* ---- what is found ---- */

typedef struct found {
    int64_t step, code, severity, layer, role, cause, first_step, last_step, unit_first, unit_count;
    char message[320];
    int64_t evidence_count;
    double evidence[6];
} found;

typedef struct report {
    int count;
    found all[FOUND_MOST];
} report;

static found copy_of(const vgrad_finding *f, int64_t step)
{
    found one = { step,     f->code,           f->severity,  f->layer,      f->role,
                  f->cause, f->first_step,     f->last_step, f->unit_first, f->unit_count,
                  "",       f->evidence_count, { 0 } };
    snprintf(one.message, sizeof one.message, "%s", f->message);
    for (int64_t i = 0; i < f->evidence_count; i++)
        one.evidence[i] = f->evidence[i];
    return one;
}

/* All that is raised when a step is over. */
static void take_findings(report *r, const vgrad_probe *probe, int64_t step)
{
    const vgrad_finding *f;
    for (int32_t i = 0; (f = vgrad_probe_finding(probe, i)) != NULL; i++) {
        ck_assert_int_lt(r->count, FOUND_MOST);
        r->all[r->count++] = copy_of(f, step);
    }
}

/* Windows of two batches, and updates that are judged: there is something to find in few steps. */
static vgrad_probe *new_probe(void)
{
    vgrad_probe *probe;
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_WINDOW, 2 * BATCH));
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_UPDATE_AFTER, 2));
    return probe;
}

/* ---- the library's own ---- */

typedef struct built_in {
    rig r;
    vgrad_probe *probe;
    report found;
} built_in;

static void build(built_in *b, const design *s)
{
    vgrad_network *network;
    assert_ok(vgrad_network_create(&network, NULL));
    assert_ok(vgrad_network_set_dtype(network, VGRAD_FLOAT64));
    assert_ok(vgrad_network_set_seed(network, 13));
    assert_ok(vgrad_network_set_initializer(network, VGRAD_BIAS, VGRAD_INIT_UNIFORM, -0.3, 0.3));
    vgrad_layer *h = vgrad_input(network, INPUTS);
    for (int l = 0; l < s->count; l++)
        h = vgrad_dense(h, s->units[l + 1], activation_of(s, l));
    assert_ok(vgrad_network_build(network, h));
    memset(b, 0, sizeof *b);
    b->r = rig_around(network, VGRAD_LOSS_BINARY_CROSSENTROPY, VGRAD_SGD, rate);
    assert_ok(vgrad_optimizer_set(b->r.optimizer, VGRAD_OPTIMIZER_MOMENTUM, inertia));
    b->probe = new_probe();
    assert_ok(vgrad_probe_attach(b->probe, network));
}

static int32_t on_batch_end(const vgrad_event *event, void *user)
{
    built_in *b = user;
    take_findings(&b->found, b->probe, event->step - 1);
    return 0;
}

/* Its trainer, from first to last. */
static void fit(built_in *b, const design *s, const points *r)
{
    vgrad_dataset *data;
    assert_ok(vgrad_dataset_borrow(&data, ROWS, r->x, VGRAD_FLOAT64, INPUTS, r->y, VGRAD_FLOAT64, 1,
                                   NULL));
    assert_ok(vgrad_trainer_set(b->r.trainer, VGRAD_TRAINER_BATCH_SIZE, BATCH));
    assert_ok(vgrad_trainer_set(b->r.trainer, VGRAD_TRAINER_SHUFFLE, 0));
    assert_ok(vgrad_trainer_set(b->r.trainer, VGRAD_TRAINER_MAX_STEPS, s->steps));
    assert_ok(vgrad_trainer_on(b->r.trainer, VGRAD_BATCH_END, 1, on_batch_end, b));
    ck_assert_int_ge(vgrad_trainer_fit(b->r.trainer, data, -1), 0);
    ck_assert_int_eq(vgrad_trainer_steps(b->r.trainer), s->steps);
    vgrad_dataset_destroy(data);
}

static void destroy(built_in *b)
{
    vgrad_probe_destroy(b->probe);
    rig_destroy(&b->r);
}

/* ---- a loop of one's own ---- */

typedef struct dense {
    int64_t in, out;
    vgrad_activation f;
    double w[KERNEL_MOST], b[WIDEST];
    double w_speed[KERNEL_MOST], b_speed[WIDEST]; /* what momentum keeps: the latest update */
    double dw[KERNEL_MOST], db[WIDEST];
    double z[PASS_MOST], a[PASS_MOST], da[PASS_MOST], delta[PASS_MOST];
} dense;

typedef struct loop {
    const design *s;
    dense layers[MOST];
    vgrad_probe *probe;
    double scale; /* of the loss, and with it of every gradient */
    report found;
} loop;

static void copy_out(const built_in *from, int index, vgrad_role role, double *to, int64_t count)
{
    assert_ok(vgrad_tensor_copy(vgrad_layer_tensor(dense_layer(from->r.network, index), role), to,
                                VGRAD_FLOAT64, count));
}

/* The parameters that the network begins with. */
static void begin_like(loop *me, const design *s, const built_in *like)
{
    memset(me, 0, sizeof *me);
    me->s = s;
    me->scale = 1;
    me->probe = new_probe();
    for (int i = 0; i < s->count; i++) {
        dense *l = &me->layers[i];
        char name[32];
        int32_t index;
        l->in = s->units[i];
        l->out = s->units[i + 1];
        l->f = activation_of(s, i);
        copy_out(like, i + 1, VGRAD_KERNEL, l->w, l->in * l->out);
        copy_out(like, i + 1, VGRAD_BIAS, l->b, l->out);
        snprintf(name, sizeof name, "dense_%d", i + 1);
        assert_ok(
            vgrad_probe_declare(me->probe, name, VGRAD_KIND_DENSE, l->f, l->in, l->out, &index));
        ck_assert_int_eq(index, i);
    }
}

/* z = x W + b, a = f(z) */
static void forward(dense *l, const double *x)
{
    for (int64_t row = 0; row < BATCH; row++)
        for (int64_t j = 0; j < l->out; j++) {
            double z = l->b[j];
            for (int64_t k = 0; k < l->in; k++)
                z += x[row * l->in + k] * l->w[k * l->out + j];
            l->z[row * l->out + j] = z;
            l->a[row * l->out + j] = l->f == VGRAD_TANH ? tanh(z) : 1 / (1 + exp(-z));
        }
}

/* delta = f'(z) da, of an inner layer */
static void through_activation(dense *l)
{
    for (int64_t i = 0; i < BATCH * l->out; i++) {
        const double a = l->a[i];
        l->delta[i] = (l->f == VGRAD_TANH ? 1 - a * a : a * (1 - a)) * l->da[i];
    }
}

/* dW = x^T delta, db = sum delta, and dx = delta W^T unless it is NULL */
static void backward(dense *l, const double *x, double *dx)
{
    memset(l->dw, 0, sizeof l->dw);
    memset(l->db, 0, sizeof l->db);
    for (int64_t row = 0; row < BATCH; row++)
        for (int64_t j = 0; j < l->out; j++) {
            l->db[j] += l->delta[row * l->out + j];
            for (int64_t k = 0; k < l->in; k++)
                l->dw[k * l->out + j] += x[row * l->in + k] * l->delta[row * l->out + j];
        }
    for (int64_t i = 0; dx && i < BATCH * l->in; i++) {
        dx[i] = 0;
        for (int64_t j = 0; j < l->out; j++)
            dx[i] += l->delta[i / l->in * l->out + j] * l->w[i % l->in * l->out + j];
    }
}

/* v = m v - r g, w = w + v, with the gradient as it is without the scale */
static void update(double *w, double *v, const double *g, int64_t count, double scale)
{
    for (int64_t i = 0; i < count; i++) {
        v[i] = inertia * v[i] - rate * (g[i] / scale);
        w[i] += v[i];
    }
}

/* The loss of the last layer's a; its delta is scale (a - y) / rows. */
static double loss_of(dense *last, const double *y, double scale)
{
    double loss = 0;
    for (int i = 0; i < BATCH; i++) {
        const double a = last->a[i];
        loss -= (y[i] * log(a) + (1 - y[i]) * log(1 - a)) / BATCH;
        last->delta[i] = scale * (a - y[i]) / BATCH;
    }
    return loss;
}

static void show(const loop *me, int index, vgrad_role role, const double *data, int64_t rows,
                 int64_t columns)
{
    vgrad_tensor view;
    const int64_t *shape = rows > 0 ? (int64_t[2]){ rows, columns } : (int64_t[1]){ columns };
    ck_assert_ptr_nonnull(
        vgrad_tensor_view(&view, data, VGRAD_FLOAT64, rows > 0 ? 2 : 1, shape, NULL));
    assert_ok(vgrad_probe_observe(me->probe, index, role, &view));
}

/* Parameters as the pass has them: before the update. */
static void show_pass(const loop *me, int i, const double *x)
{
    const dense *l = &me->layers[i];
    show(me, i, VGRAD_KERNEL, l->w, l->in, l->out);
    show(me, i, VGRAD_BIAS, l->b, 0, l->out);
    show(me, i, VGRAD_INPUT, x, BATCH, l->in);
    show(me, i, VGRAD_PREACTIVATION, l->z, BATCH, l->out);
    show(me, i, VGRAD_ACTIVATION, l->a, BATCH, l->out);
    show(me, i, VGRAD_DELTA, l->delta, BATCH, l->out);
    show(me, i, VGRAD_KERNEL_GRADIENT, l->dw, l->in, l->out);
    show(me, i, VGRAD_BIAS_GRADIENT, l->db, 0, l->out);
    if (i + 1 < me->s->count) /* the output's delta comes from the loss at once */
        show(me, i, VGRAD_ACTIVATION_GRADIENT, l->da, BATCH, l->out);
}

static void step(loop *me, const double *x, const double *y, int64_t number)
{
    dense *l = me->layers;
    const int last = me->s->count - 1;
    for (int i = 0; i <= last; i++)
        forward(&l[i], i > 0 ? l[i - 1].a : x);
    const double loss = loss_of(&l[last], y, me->scale);
    assert_ok(vgrad_probe_begin(me->probe, number));
    for (int i = last; i >= 0; i--) {
        const double *given = i > 0 ? l[i - 1].a : x;
        if (i < last)
            through_activation(&l[i]);
        backward(&l[i], given, i > 0 ? l[i - 1].da : NULL);
        show_pass(me, i, given);
    }
    for (int i = 0; i <= last; i++) {
        update(l[i].w, l[i].w_speed, l[i].dw, l[i].in * l[i].out, me->scale);
        update(l[i].b, l[i].b_speed, l[i].db, l[i].out, me->scale);
        show(me, i, VGRAD_KERNEL_UPDATE, l[i].w_speed, l[i].in, l[i].out);
        show(me, i, VGRAD_BIAS_UPDATE, l[i].b_speed, 0, l[i].out);
    }
    ck_assert_int_ge(vgrad_probe_end(me->probe, loss), 0);
    take_findings(&me->found, me->probe, number);
}

static void train(loop *me, const points *r)
{
    for (int64_t n = 0; n < me->s->steps; n++)
        step(me, r->x + n % BATCHES * BATCH * INPUTS, r->y + n % BATCHES * BATCH, n);
}

/* ---- records ---- */

enum { STEPS_MOST = 32 };

static const vgrad_role roles[] = {
    VGRAD_KERNEL,
    VGRAD_BIAS,
    VGRAD_INPUT,
    VGRAD_PREACTIVATION,
    VGRAD_ACTIVATION,
    VGRAD_DELTA,
    VGRAD_KERNEL_UPDATE,
    VGRAD_BIAS_UPDATE,
    VGRAD_ACTIVATION_GRADIENT,
    VGRAD_BIAS_GRADIENT,
    VGRAD_KERNEL_GRADIENT,
};
enum { ROLES = sizeof roles / sizeof *roles };

static const vgrad_quantity moments[] = { VGRAD_MEAN, VGRAD_STD, VGRAD_MEAN_ABS,
                                          VGRAD_L2,   VGRAD_MIN, VGRAD_MAX };
enum { MOMENTS = sizeof moments / sizeof *moments };

/* All but VGRAD_UPDATE_RATIO. */
static const struct {
    vgrad_role role;
    vgrad_quantity quantity;
} figures[] = {
    { VGRAD_DELTA, VGRAD_BUDGET_LOSS },           { VGRAD_DELTA, VGRAD_BUDGET_WEIGHT },
    { VGRAD_DELTA, VGRAD_BUDGET_ALIGNMENT },      { VGRAD_DELTA, VGRAD_BUDGET_DERIVATIVE },
    { VGRAD_DELTA, VGRAD_BUDGET_CORRELATION },    { VGRAD_DELTA, VGRAD_BUDGET_BLOCK },
    { VGRAD_KERNEL_GRADIENT, VGRAD_COHERENCE },   { VGRAD_KERNEL_GRADIENT, VGRAD_INPUT_FACTOR },
    { VGRAD_KERNEL_GRADIENT, VGRAD_SAMPLE_NORM }, { VGRAD_KERNEL_GRADIENT, VGRAD_NOISE_SCALE },
    { VGRAD_KERNEL_GRADIENT, VGRAD_NORM_TEST },   { VGRAD_ACTIVATION, VGRAD_DERIVATIVE_RMS },
    { VGRAD_ACTIVATION, VGRAD_SATURATION },       { VGRAD_ACTIVATION, VGRAD_DEAD_SHARE },
    { VGRAD_KERNEL_UPDATE, VGRAD_UPDATES_LOST },
};
enum { FIGURES = sizeof figures / sizeof *figures };

/* Each step's, or none at all where a role or figure has none. */
static int64_t history(const vgrad_probe *probe, int32_t layer, vgrad_role role,
                       vgrad_quantity quantity, double *values)
{
    int64_t numbers[STEPS_MOST];
    const int64_t count =
        vgrad_probe_history(probe, layer, role, quantity, numbers, values, STEPS_MOST);
    ck_assert_msg(count >= 0 && count <= STEPS_MOST, "%s", vgrad_last_error());
    for (int64_t i = 0; i < count; i++)
        ck_assert_int_eq(numbers[i], i);
    return count;
}

/* 1e-12 of the root mean square that the built-in path saw. */
static void compare_role(const loop *mine, const built_in *theirs, int32_t i, vgrad_role role)
{
    double got[STEPS_MOST], want[STEPS_MOST], l2[STEPS_MOST], size[STEPS_MOST];
    /* An attached probe sees parameters after the update: they are those of the next pass. */
    const int later = role == VGRAD_KERNEL || role == VGRAD_BIAS;
    const bool is_fused = role == VGRAD_ACTIVATION_GRADIENT && i + 1 == mine->s->count;
    for (int q = 0; q < MOMENTS; q++) {
        const int64_t count = history(theirs->probe, i + 1, role, moments[q], want);
        ck_assert_int_eq(count, is_fused ? 0 : mine->s->steps);
        ck_assert_int_eq(history(mine->probe, i, role, moments[q], got), count);
        history(theirs->probe, i + 1, role, VGRAD_L2, l2);
        history(theirs->probe, i + 1, role, VGRAD_COUNT, size);
        for (int64_t n = 0; n + later < count; n++) {
            const double unit = l2[n] / sqrt(size[n]);
            ck_assert_msg(unit > 0 && fabs(got[n + later] - want[n]) <= 1e-12 * unit,
                          "layer %d, %s, %s, step %d: %.17g, not %.17g", (int)i,
                          vgrad_role_name(role), vgrad_quantity_name(moments[q]), (int)n,
                          got[n + later], want[n]);
        }
    }
}

/*
 * How many times the error of what it is made of a figure may have. Of b rows the noise scale is
 * b t / (1 - t), with t the norm test, and so takes an error of t times 1 / (1 - t).
 */
static double condition(vgrad_quantity quantity, double value)
{
    return quantity == VGRAD_NOISE_SCALE ? 1 + value / BATCH : 1;
}

static void compare_figure(const loop *mine, const built_in *theirs, int32_t i, int k)
{
    double got[STEPS_MOST], want[STEPS_MOST];
    const int64_t count = history(theirs->probe, i + 1, figures[k].role, figures[k].quantity, want);
    const bool is_hop = figures[k].role == VGRAD_DELTA; /* none begins at the output */
    ck_assert_int_eq(count, is_hop && i + 1 == mine->s->count ? 0 : mine->s->steps);
    ck_assert_int_eq(history(mine->probe, i, figures[k].role, figures[k].quantity, got), count);
    for (int64_t n = 0; n < count; n++) {
        const bool same = got[n] == want[n]; /* Inf is */
        const double unit = fmax(1, fabs(want[n])) * condition(figures[k].quantity, want[n]);
        ck_assert_msg(same || (isfinite(want[n]) && fabs(got[n] - want[n]) <= 1e-12 * unit),
                      "layer %d, %s, step %d: %.17g, not %.17g", (int)i,
                      vgrad_quantity_name(figures[k].quantity), (int)n, got[n], want[n]);
    }
}

/* By the weights of before the update in a loop of one's own, by those of after it else. */
static void compare_ratio(const loop *mine, const built_in *theirs, int32_t i)
{
    double got[STEPS_MOST], want[STEPS_MOST], weights[STEPS_MOST];
    const int64_t count = history(mine->probe, i, VGRAD_KERNEL_UPDATE, VGRAD_UPDATE_RATIO, got);
    ck_assert_int_eq(count, mine->s->steps);
    history(theirs->probe, i + 1, VGRAD_KERNEL_UPDATE, VGRAD_UPDATE_RATIO, want);
    history(theirs->probe, i + 1, VGRAD_KERNEL, VGRAD_L2, weights);
    for (int64_t n = 1; n < count; n++) {
        const double by_before = want[n] + log10(weights[n]) - log10(weights[n - 1]);
        ck_assert_msg(fabs(got[n] - by_before) <= 1e-12 * fabs(by_before), "%.17g, not %.17g",
                      got[n], by_before);
    }
}

static void compare_records(const loop *mine, const built_in *theirs)
{
    for (int32_t i = 0; i < mine->s->count; i++) {
        for (int k = 0; k < ROLES; k++)
            compare_role(mine, theirs, i, roles[k]);
        for (int k = 0; k < FIGURES; k++)
            compare_figure(mine, theirs, i, k);
        compare_ratio(mine, theirs, i);
    }
}

static const design *const designs[] = { &shallow, &deep };

START_TEST(a_plain_loop_has_the_records_of_the_library)
{
    static points r;
    static loop mine;
    static built_in theirs;
    throw_points(&r);
    build(&theirs, designs[_i]);
    begin_like(&mine, designs[_i], &theirs);
    fit(&theirs, designs[_i], &r);
    train(&mine, &r);
    compare_records(&mine, &theirs);
    ck_assert_int_gt(mine.found.count, 0);
    ck_assert_int_eq(mine.found.count, theirs.found.count);
    for (int i = 0; i < mine.found.count; i++) {
        const found *a = &mine.found.all[i], *b = &theirs.found.all[i];
        ck_assert_msg(a->step == b->step && a->code == b->code && a->severity == b->severity &&
                          a->layer == (b->layer < 0 ? -1 : b->layer - 1) && a->cause == b->cause &&
                          a->first_step == b->first_step && a->last_step == b->last_step,
                      "step %d: \"%s\", not \"%s\" of step %d", (int)a->step, a->message,
                      b->message, (int)b->step);
    }
    vgrad_probe_destroy(mine.probe);
    destroy(&theirs);
}
END_TEST

/* ---- the scale of the loss ---- */

/* Bit for bit, since the scale is a power of two. */
static void assert_same_history(const loop *a, const loop *b, int32_t i, vgrad_role role,
                                vgrad_quantity quantity)
{
    double of_a[STEPS_MOST], of_b[STEPS_MOST];
    const int64_t count = history(a->probe, i, role, quantity, of_a);
    ck_assert_int_eq(history(b->probe, i, role, quantity, of_b), count);
    for (int64_t n = 0; n < count; n++)
        ck_assert_double_eq(of_a[n], of_b[n]);
}

static bool same_finding(const found *a, const found *b)
{
    return a->step == b->step && a->code == b->code && a->severity == b->severity &&
           a->layer == b->layer && a->role == b->role && a->cause == b->cause &&
           a->first_step == b->first_step && a->last_step == b->last_step &&
           a->unit_first == b->unit_first && a->unit_count == b->unit_count &&
           strcmp(a->message, b->message) == 0 && a->evidence_count == b->evidence_count &&
           memcmp(a->evidence, b->evidence, sizeof a->evidence) == 0;
}

static void assert_scale_changes_nothing(const design *s, const built_in *like, const points *r,
                                         const loop *plain, int exponent)
{
    static loop scaled;
    begin_like(&scaled, s, like);
    scaled.scale = ldexp(1, exponent);
    assert_ok(vgrad_probe_set(scaled.probe, VGRAD_PROBE_LOSS_SCALE, scaled.scale));
    train(&scaled, r);
    ck_assert_double_eq(scaled.layers[0].dw[0], ldexp(plain->layers[0].dw[0], exponent));
    ck_assert_int_eq(scaled.found.count, plain->found.count);
    for (int i = 0; i < plain->found.count; i++)
        ck_assert_msg(same_finding(&scaled.found.all[i], &plain->found.all[i]),
                      "2^%d, step %d: \"%s\", not \"%s\"", exponent, (int)scaled.found.all[i].step,
                      scaled.found.all[i].message, plain->found.all[i].message);
    for (int32_t i = 0; i < s->count; i++) {
        for (int k = 0; k < ROLES; k++)
            for (int q = 0; q < MOMENTS; q++)
                assert_same_history(&scaled, plain, i, roles[k], moments[q]);
        for (int k = 0; k < FIGURES; k++)
            assert_same_history(&scaled, plain, i, figures[k].role, figures[k].quantity);
    }
    vgrad_probe_destroy(scaled.probe);
}

static bool has_found(const report *r, vgrad_finding_code code)
{
    int i = 0;
    while (i < r->count && (r->all[i].code != (int64_t)code || r->all[i].severity < 2))
        i++;
    return i < r->count;
}

START_TEST(a_scale_that_is_told_changes_no_finding)
{
    static points r;
    static loop plain;
    static built_in like;
    throw_points(&r);
    build(&like, designs[_i]);
    begin_like(&plain, designs[_i], &like);
    train(&plain, &r);
    ck_assert_int_gt(plain.found.count, 0);
    ck_assert_int_eq(has_found(&plain.found, VGRAD_FINDING_VANISHING), designs[_i] == &deep);
    assert_scale_changes_nothing(designs[_i], &like, &r, &plain, -10);
    assert_scale_changes_nothing(designs[_i], &like, &r, &plain, 10);
    vgrad_probe_destroy(plain.probe);
    destroy(&like);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("own_loop");
    TCase *networks = tcase_create("networks");
    tcase_set_timeout(networks, 120);
    tcase_add_loop_test(networks, a_plain_loop_has_the_records_of_the_library, 0, 2);
    tcase_add_loop_test(networks, a_scale_that_is_told_changes_no_finding, 0, 2);
    suite_add_tcase(suite, networks);
    return run_suite(suite);
}
