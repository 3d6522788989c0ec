/* The gradient budget and what samples say, against plain loops over kept tensors. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

enum { ROWS = 6, INPUTS = 4, OUTPUTS = 3, ACTIVATIONS = 13 };

/* ---- a network, a probe on it, and one step ---- */

typedef struct scene {
    rig r;
    vgrad_probe *probe;
    double x[ROWS * INPUTS], y[ROWS * OUTPUTS];
} scene;

static vgrad_network *new_network(uint64_t seed)
{
    vgrad_network *network;
    assert_ok(vgrad_network_create(&network, NULL));
    assert_ok(vgrad_network_set_dtype(network, VGRAD_FLOAT64));
    assert_ok(vgrad_network_set_seed(network, seed));
    assert_ok(vgrad_network_set_initializer(network, VGRAD_BIAS, VGRAD_INIT_UNIFORM, -0.5, 0.5));
    return network;
}

/* Builds, and takes one step before the eyes of a probe, with everything kept. */
static void make_step(scene *s, vgrad_network *network, vgrad_layer *output)
{
    dice d = dice_from(11);
    assert_ok(vgrad_network_build(network, output));
    assert_ok(vgrad_network_keep(network, KEEP_ALL));
    s->r = rig_around(network, VGRAD_LOSS_MEAN_SQUARED_ERROR, VGRAD_SGD, 0.1);
    assert_ok(vgrad_probe_create(&s->probe, NULL));
    assert_ok(vgrad_probe_attach(s->probe, network));
    for (int i = 0; i < ROWS * INPUTS; i++)
        s->x[i] = dice_uniform(&d, -1, 1);
    for (int i = 0; i < ROWS * OUTPUTS; i++)
        s->y[i] = dice_uniform(&d, -1, 1);
    rig_gradients(&s->r, s->x, INPUTS, s->y, OUTPUTS, ROWS);
}

static void end_step(scene *s)
{
    assert_ok(vgrad_trainer_step(s->r.trainer));
}

static void destroy(scene *s)
{
    vgrad_probe_destroy(s->probe);
    rig_destroy(&s->r);
}

static double figure(const scene *s, int32_t layer, vgrad_role role, vgrad_quantity quantity)
{
    double value = (double)NAN;
    assert_ok(vgrad_probe_read(s->probe, layer, role, quantity, &value));
    return value;
}

static double lost(const scene *s, int32_t layer, vgrad_quantity quantity)
{
    return figure(s, layer, VGRAD_DELTA, quantity);
}

/* Of a tensor that is there now. */
static double plain_norm(const scene *s, int32_t layer, vgrad_role role)
{
    const vgrad_tensor *t = vgrad_layer_tensor(vgrad_network_layer(s->r.network, layer), role);
    double *values = doubles_of(t), size = norm(values, vgrad_tensor_count(t));
    free(values);
    return size;
}

/* ---- the identity ---- */

/* What a hop loses to what. */
typedef struct by_hand {
    double weight, alignment, derivative, correlation;
} by_hand;

static double plain_derivative_rms(const scene *s, int32_t layer)
{
    const vgrad_layer *l = vgrad_network_layer(s->r.network, layer);
    const vgrad_tensor *g = vgrad_layer_tensor(l, VGRAD_ACTIVATION_GRADIENT);
    int64_t count = vgrad_tensor_count(g);
    double *da = doubles_of(g), *delta = doubles_of(vgrad_layer_tensor(l, VGRAD_DELTA)), sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += delta[i] / da[i] * (delta[i] / da[i]); /* f' element by element */
    free(da);
    free(delta);
    return sqrt(sum / (double)count);
}

static by_hand budget_by_hand(const scene *s, int32_t p)
{
    const int32_t l = p + 1;
    const vgrad_tensor *w = vgrad_layer_tensor(vgrad_network_layer(s->r.network, l), VGRAD_KERNEL);
    const double r = plain_norm(s, l, VGRAD_KERNEL) / sqrt((double)w->shape[1]);
    const double delta = plain_norm(s, l, VGRAD_DELTA);
    const double g = plain_norm(s, p, VGRAD_ACTIVATION_GRADIENT);
    const double rms = plain_derivative_rms(s, p);
    return (by_hand){ -log10(r), -log10(g / delta / r), -log10(rms),
                      -log10(plain_norm(s, p, VGRAD_DELTA) / g / rms) };
}

static void assert_close(double got, double want)
{
    ck_assert_msg(fabs(got - want) <= 1e-12 * fmax(1, fabs(want)), "%.17g is not %.17g", got, want);
}

START_TEST(every_factor_is_that_of_plain_loops)
{
    const vgrad_activation f = (vgrad_activation)_i;
    scene s;
    by_hand hand[4];
    double total = 0, sum = 0;
    vgrad_network *network = new_network(3);
    const int64_t units[4] = { 7, 5, 6, OUTPUTS };
    vgrad_layer *h = vgrad_input(network, INPUTS);
    for (int i = 0; i < 4; i++)
        h = vgrad_dense(h, units[i], i < 3 ? f : VGRAD_TANH);
    make_step(&s, network, h);
    for (int32_t p = 1; p < 4; p++)
        hand[p] = budget_by_hand(&s, p);
    total = log10(plain_norm(&s, 4, VGRAD_DELTA) / plain_norm(&s, 1, VGRAD_DELTA));
    end_step(&s);
    for (int32_t p = 1; p < 4; p++) {
        const double w = lost(&s, p, VGRAD_BUDGET_WEIGHT), a = lost(&s, p, VGRAD_BUDGET_ALIGNMENT);
        const double d = lost(&s, p, VGRAD_BUDGET_DERIVATIVE);
        const double c = lost(&s, p, VGRAD_BUDGET_CORRELATION);
        const double block = lost(&s, p, VGRAD_BUDGET_BLOCK), all = lost(&s, p, VGRAD_BUDGET_LOSS);
        assert_close(w, hand[p].weight);
        assert_close(a, hand[p].alignment);
        if (f == VGRAD_SOFTMAX) { /* not element by element: told as a whole */
            assert_close(block, hand[p].derivative + hand[p].correlation);
        } else if (f != VGRAD_RELU) { /* whose f' is 0 where delta / da is 0 / 0 or so */
            assert_close(d, f == VGRAD_LINEAR ? 0 : hand[p].derivative);
            assert_close(c, f == VGRAD_LINEAR ? 0 : hand[p].correlation);
        }
        assert_close(w + a + d + c + block, all);
        sum += all;
    }
    assert_close(sum, total);
    destroy(&s);
}
END_TEST

/* Activations, dropout, normalisation and residual blocks on the way: no decade gets lost. */
START_TEST(hops_telescope_over_whole_networks)
{
    scene s;
    vgrad_network *network = new_network(4);
    vgrad_layer *stem = vgrad_dense(vgrad_input(network, INPUTS), 8, VGRAD_LINEAR);
    vgrad_layer *x = vgrad_dropout(vgrad_activate(stem, VGRAD_SILU), 0.25), *sums[3];
    vgrad_layer *anchors[6] = { stem };
    int count = 1;
    for (int i = 0; i < 3; i++) {
        vgrad_layer *inside = vgrad_activate(vgrad_batch_norm(x), VGRAD_RELU);
        inside = vgrad_dense(inside, 8, VGRAD_LINEAR);
        x = anchors[count++] = sums[i] = vgrad_add(x, inside);
    }
    anchors[count++] =
        vgrad_dense(vgrad_reshape(vgrad_batch_norm(x), 1, (int64_t[]){ 8 }), 5, VGRAD_GELU);
    vgrad_layer *output = anchors[count++] = vgrad_dense(anchors[4], OUTPUTS, VGRAD_SIGMOID);
    make_step(&s, network, output);
    double norms[6];
    for (int i = 0; i < 6; i++)
        norms[i] = plain_norm(&s, vgrad_layer_index(anchors[i]), VGRAD_DELTA);
    end_step(&s);
    for (int i = 0; i < 5; i++) {
        const int32_t at = vgrad_layer_index(anchors[i]);
        assert_close(lost(&s, at, VGRAD_BUDGET_LOSS), log10(norms[i + 1] / norms[i]));
        assert_close(lost(&s, at, VGRAD_BUDGET_WEIGHT) + lost(&s, at, VGRAD_BUDGET_ALIGNMENT) +
                         lost(&s, at, VGRAD_BUDGET_DERIVATIVE) +
                         lost(&s, at, VGRAD_BUDGET_CORRELATION) + lost(&s, at, VGRAD_BUDGET_BLOCK),
                     log10(norms[i + 1] / norms[i]));
    }
    /* A residual block is told as a whole, a dense layer by its factors. */
    ck_assert_double_eq(lost(&s, vgrad_layer_index(sums[0]), VGRAD_BUDGET_WEIGHT), 0);
    ck_assert_double_ne(lost(&s, vgrad_layer_index(anchors[4]), VGRAD_BUDGET_WEIGHT), 0);
    /* Inside a block there is no hop, nor at the output. */
    double value = 7;
    const int32_t inside = vgrad_layer_index(sums[0]) - 1;
    assert_status(VGRAD_E_NOT_FOUND,
                  vgrad_probe_read(s.probe, inside, VGRAD_DELTA, VGRAD_BUDGET_LOSS, &value));
    assert_status(VGRAD_E_NOT_FOUND, vgrad_probe_read(s.probe, vgrad_layer_index(output),
                                                      VGRAD_DELTA, VGRAD_BUDGET_LOSS, &value));
    ck_assert_double_eq(value, 7);
    destroy(&s);
}
END_TEST

/* The loss gives the delta of a fused output at once; the hop that begins there is whole. */
START_TEST(a_fused_output_has_its_hop)
{
    const chain c = { VGRAD_FLOAT64, 5, INPUTS, 2, { 5, 1 }, { VGRAD_TANH, VGRAD_SIGMOID } };
    const double y[ROWS] = { 1, 0, 1, 1, 0, 0 };
    scene s = { .r = rig_create(&c, VGRAD_LOSS_BINARY_CROSSENTROPY, VGRAD_SGD, 0.1) };
    dice d = dice_from(1);
    for (int i = 0; i < ROWS * INPUTS; i++)
        s.x[i] = dice_uniform(&d, -1, 1);
    assert_ok(vgrad_network_keep(s.r.network, KEEP_ALL));
    assert_ok(vgrad_probe_create(&s.probe, NULL));
    assert_ok(vgrad_probe_attach(s.probe, s.r.network));
    rig_gradients(&s.r, s.x, INPUTS, y, 1, ROWS);
    const by_hand hand = budget_by_hand(&s, 1);
    end_step(&s);
    assert_close(lost(&s, 1, VGRAD_BUDGET_WEIGHT), hand.weight);
    assert_close(lost(&s, 1, VGRAD_BUDGET_ALIGNMENT), hand.alignment);
    assert_close(lost(&s, 1, VGRAD_BUDGET_DERIVATIVE), hand.derivative);
    assert_close(lost(&s, 1, VGRAD_BUDGET_LOSS),
                 hand.weight + hand.alignment + hand.derivative + hand.correlation);
    destroy(&s);
}
END_TEST

/* Where every unit is dead nothing comes through: all is lost there, and nothing more before it. */
START_TEST(a_gradient_is_cut_where_it_is_cut)
{
    scene s;
    double value;
    vgrad_network *network = new_network(6);
    vgrad_layer *first = vgrad_dense(vgrad_input(network, INPUTS), 5, VGRAD_TANH);
    vgrad_layer *dead = vgrad_dense(first, 5, VGRAD_RELU);
    assert_ok(vgrad_layer_set_initializer(dead, VGRAD_BIAS, VGRAD_INIT_CONSTANT, -100, 0));
    make_step(&s, network, vgrad_dense(vgrad_dense(dead, 4, VGRAD_TANH), OUTPUTS, VGRAD_LINEAR));
    end_step(&s);
    ck_assert_double_infinite(lost(&s, 2, VGRAD_BUDGET_LOSS));
    ck_assert_double_infinite(lost(&s, 2, VGRAD_BUDGET_DERIVATIVE));
    ck_assert(isfinite(lost(&s, 2, VGRAD_BUDGET_WEIGHT)));
    ck_assert(isfinite(lost(&s, 3, VGRAD_BUDGET_LOSS)));
    assert_status(VGRAD_E_NOT_FOUND,
                  vgrad_probe_read(s.probe, 1, VGRAD_DELTA, VGRAD_BUDGET_LOSS, &value));
    ck_assert_double_eq(figure(&s, 2, VGRAD_ACTIVATION, VGRAD_DEAD_SHARE), 1);
    ck_assert_double_eq(figure(&s, 2, VGRAD_ACTIVATION, VGRAD_SATURATION), 0);
    ck_assert_double_eq(figure(&s, 1, VGRAD_ACTIVATION, VGRAD_DEAD_SHARE), 0);
    destroy(&s);
}
END_TEST

/* ---- what samples say ---- */

/* The norm of the kernel's gradient of each sample alone, by a network that has the same weights.
 */
static void sample_norms(scene *s, int32_t layer, double *norms)
{
    for (int b = 0; b < ROWS; b++) {
        rig_gradients(&s->r, s->x + b * INPUTS, INPUTS, s->y + b * OUTPUTS, OUTPUTS, 1);
        norms[b] = plain_norm(s, layer, VGRAD_KERNEL_GRADIENT);
    }
}

START_TEST(samples_have_the_gradients_of_samples_alone)
{
    scene both[2], *const s = &both[0], *const alone = &both[1];
    double norms[2][ROWS], of_mean[2];
    for (int i = 0; i < 2; i++) {
        vgrad_network *network = new_network(7);
        vgrad_layer *h = vgrad_dense(vgrad_input(network, INPUTS), 5, VGRAD_TANH);
        make_step(&both[i], network, vgrad_dense(h, OUTPUTS, VGRAD_SIGMOID));
    }
    for (int32_t l = 0; l < 2; l++)
        of_mean[l] = plain_norm(s, l + 1, VGRAD_KERNEL_GRADIENT);
    end_step(s);
    for (int32_t l = 0; l < 2; l++)
        sample_norms(alone, l + 1, norms[l]);
    for (int32_t l = 0; l < 2; l++) {
        const vgrad_role role = VGRAD_KERNEL_GRADIENT;
        double squares = 0, g = of_mean[l] * of_mean[l], b = ROWS;
        for (int i = 0; i < ROWS; i++)
            squares += norms[l][i] * norms[l][i] / b;
        assert_close(figure(s, l + 1, role, VGRAD_SAMPLE_NORM), sqrt(squares));
        assert_close(figure(s, l + 1, role, VGRAD_COHERENCE), sqrt(g / squares));
        const double truth = (b * g - squares) / (b - 1), noise = (squares - g) / (1 - 1 / b);
        ck_assert_double_gt(truth, 0);
        assert_close(figure(s, l + 1, role, VGRAD_NOISE_SCALE), noise / truth);
        assert_close(figure(s, l + 1, role, VGRAD_NORM_TEST), (squares - g) / ((b - 1) * g));
    }
    destroy(alone);
    destroy(s);
}
END_TEST

START_TEST(the_worst_samples_come_first)
{
    scene both[2], *const s = &both[0], *const alone = &both[1];
    double norms[ROWS], told[ROWS + 1];
    int64_t samples[ROWS + 1];
    for (int i = 0; i < 2; i++) {
        vgrad_network *network = new_network(7);
        vgrad_layer *h = vgrad_dense(vgrad_input(network, INPUTS), 5, VGRAD_TANH);
        make_step(&both[i], network, vgrad_dense(h, OUTPUTS, VGRAD_SIGMOID));
    }
    end_step(s);
    sample_norms(alone, 2, norms);
    ck_assert_int_eq(vgrad_probe_worst_samples(s->probe, 2, samples, told, ROWS + 1), ROWS);
    for (int i = 0; i < ROWS; i++) {
        assert_close(told[i], norms[samples[i]]);
        ck_assert(i == 0 || told[i] <= told[i - 1]);
    }
    int64_t worst[2];
    ck_assert_int_eq(vgrad_probe_worst_samples(s->probe, 2, worst, NULL, 2), ROWS);
    ck_assert(worst[0] == samples[0] && worst[1] == samples[1]);
    ck_assert_int_eq(vgrad_probe_worst_samples(s->probe, 2, NULL, NULL, 0), ROWS);
    ck_assert_int_eq(vgrad_probe_worst_samples(s->probe, 2, NULL, NULL, 1), -1);
    ck_assert_int_eq(vgrad_probe_worst_samples(s->probe, 2, samples, told, -1), -1);
    ck_assert_int_eq(vgrad_probe_worst_samples(s->probe, 0, samples, told, 1), -1);
    assert_error_names("samples are told of dense layers");
    ck_assert_int_eq(vgrad_probe_worst_samples(s->probe, 3, samples, told, 1), -1);
    destroy(alone);
    destroy(s);
}
END_TEST

/* Behind a batch's statistics a row of delta is of all samples. */
START_TEST(below_a_batch_norm_no_sample_is_alone)
{
    scene s;
    double value;
    vgrad_network *network = new_network(8);
    vgrad_layer *below = vgrad_dense(vgrad_input(network, INPUTS), 5, VGRAD_TANH);
    vgrad_layer *above = vgrad_dense(vgrad_batch_norm(below), 5, VGRAD_TANH);
    make_step(&s, network, vgrad_dense(vgrad_layer_norm(above), OUTPUTS, VGRAD_LINEAR));
    end_step(&s);
    const int32_t indexes[2] = { vgrad_layer_index(below), vgrad_layer_index(above) };
    for (int i = 0; i < 2; i++) {
        assert_status(i == 0 ? VGRAD_E_NOT_FOUND : VGRAD_OK,
                      vgrad_probe_read(s.probe, indexes[i], VGRAD_KERNEL_GRADIENT,
                                       VGRAD_NOISE_SCALE, &value));
        ck_assert_double_gt(figure(&s, indexes[i], VGRAD_KERNEL_GRADIENT, VGRAD_COHERENCE), 0);
        ck_assert_int_eq(vgrad_probe_worst_samples(s.probe, indexes[i], NULL, NULL, 0),
                         i == 0 ? -1 : ROWS);
    }
    destroy(&s);
}
END_TEST

/* Without the mean gradient samples have norms, and no noise that it could be compared with. */
START_TEST(a_noise_scale_wants_the_mean_gradient)
{
    const double x[] = { 1, 2, 3, 4, 5, 6 };
    vgrad_probe *probe;
    vgrad_tensor t;
    double value;
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_ok(vgrad_probe_declare(probe, "a", VGRAD_KIND_DENSE, VGRAD_LINEAR, 2, 2, NULL));
    assert_ok(vgrad_probe_begin(probe, 0));
    vgrad_tensor_matrix(&t, x, VGRAD_FLOAT64, 3, 2);
    assert_ok(vgrad_probe_observe(probe, 0, VGRAD_INPUT, &t));
    assert_ok(vgrad_probe_observe(probe, 0, VGRAD_DELTA, &t));
    assert_ok(vgrad_probe_end(probe, 1));
    assert_ok(vgrad_probe_read(probe, 0, VGRAD_KERNEL_GRADIENT, VGRAD_SAMPLE_NORM, &value));
    assert_close(value, sqrt(3. * (5 * 5 + 25 * 25 + 61 * 61)));
    static const vgrad_quantity unknown[] = { VGRAD_NOISE_SCALE, VGRAD_NORM_TEST, VGRAD_COHERENCE };
    for (int i = 0; i < 3; i++)
        assert_status(VGRAD_E_NOT_FOUND,
                      vgrad_probe_read(probe, 0, VGRAD_KERNEL_GRADIENT, unknown[i], &value));
    vgrad_probe_destroy(probe);
}
END_TEST

/* Between two budgets there are moments alone. */
START_TEST(a_budget_can_be_made_now_and_then)
{
    scene s;
    int64_t steps[9];
    vgrad_network *network = new_network(8);
    vgrad_layer *h = vgrad_dense(vgrad_input(network, INPUTS), 5, VGRAD_TANH);
    make_step(&s, network, vgrad_dense(h, OUTPUTS, VGRAD_SIGMOID));
    end_step(&s);
    assert_ok(vgrad_probe_set(s.probe, VGRAD_PROBE_BUDGET_EVERY, 3));
    for (int i = 0; i < 6; i++) {
        rig_gradients(&s.r, s.x, INPUTS, s.y, OUTPUTS, ROWS);
        end_step(&s);
    }
    static const struct {
        vgrad_role role;
        vgrad_quantity quantity;
    } of_budgets[] = { { VGRAD_DELTA, VGRAD_BUDGET_LOSS },
                       { VGRAD_KERNEL_GRADIENT, VGRAD_COHERENCE },
                       { VGRAD_ACTIVATION, VGRAD_SATURATION } };
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(vgrad_probe_history(s.probe, 1, of_budgets[i].role, of_budgets[i].quantity,
                                             steps, NULL, 9),
                         3);
        ck_assert(steps[0] == 0 && steps[1] == 3 && steps[2] == 6);
    }
    ck_assert_int_eq(vgrad_probe_history(s.probe, 1, VGRAD_DELTA, VGRAD_L2, NULL, NULL, 0), 7);
    ck_assert_int_eq(
        vgrad_probe_history(s.probe, 1, VGRAD_KERNEL_UPDATE, VGRAD_UPDATE_RATIO, NULL, NULL, 0), 7);
    destroy(&s);
}
END_TEST

/* ---- a loop of the user's ---- */

static void observe(vgrad_probe *probe, const scene *s, int32_t layer, vgrad_role role)
{
    const vgrad_tensor *t = vgrad_layer_tensor(vgrad_network_layer(s->r.network, layer + 1), role);
    ck_assert_msg(t != NULL, "%s", vgrad_last_error());
    assert_ok(vgrad_probe_observe(probe, layer, role, t));
}

/* The same tensors by hand give the same figures; also with a loss that was scaled. */
START_TEST(declared_layers_are_seen_as_a_network_is)
{
    static const vgrad_role roles[] = { VGRAD_INPUT,           VGRAD_KERNEL,
                                        VGRAD_PREACTIVATION,   VGRAD_DELTA,
                                        VGRAD_KERNEL_GRADIENT, VGRAD_ACTIVATION_GRADIENT };
    static const struct {
        vgrad_role role;
        vgrad_quantity quantity;
    } figures[] = {
        { VGRAD_DELTA, VGRAD_BUDGET_LOSS },         { VGRAD_DELTA, VGRAD_BUDGET_WEIGHT },
        { VGRAD_DELTA, VGRAD_BUDGET_ALIGNMENT },    { VGRAD_DELTA, VGRAD_BUDGET_DERIVATIVE },
        { VGRAD_DELTA, VGRAD_BUDGET_CORRELATION },  { VGRAD_DELTA, VGRAD_BUDGET_BLOCK },
        { VGRAD_KERNEL_GRADIENT, VGRAD_COHERENCE }, { VGRAD_KERNEL_GRADIENT, VGRAD_NOISE_SCALE },
        { VGRAD_KERNEL_GRADIENT, VGRAD_L2 },        { VGRAD_DELTA, VGRAD_STD },
        { VGRAD_ACTIVATION, VGRAD_SATURATION },     { VGRAD_ACTIVATION, VGRAD_DEAD_SHARE },
    };
    scene s;
    vgrad_probe *mine;
    int32_t layer;
    vgrad_network *network = new_network(9);
    vgrad_layer *h = vgrad_dense(vgrad_input(network, INPUTS), 5, VGRAD_SOFTPLUS);
    h = vgrad_dense(h, 4, VGRAD_TANH);
    assert_ok(vgrad_probe_create(&mine, NULL));
    make_step(&s, network, vgrad_dense(h, OUTPUTS, VGRAD_SIGMOID));
    const int64_t units[4] = { INPUTS, 5, 4, OUTPUTS };
    const vgrad_activation f[3] = { VGRAD_SOFTPLUS, VGRAD_TANH, VGRAD_SIGMOID };
    for (int32_t i = 0; i < 3; i++) {
        assert_ok(vgrad_probe_declare(mine,
                                      i == 0   ? "one"
                                      : i == 1 ? "two"
                                               : "three",
                                      VGRAD_KIND_DENSE, f[i], units[i], units[i + 1], &layer));
        ck_assert_int_eq(layer, i);
    }
    assert_ok(vgrad_probe_begin(mine, 0));
    for (int32_t i = 0; i < 3; i++)
        for (size_t k = 0; k < sizeof roles / sizeof *roles; k++)
            observe(mine, &s, i, roles[k]);
    assert_ok(vgrad_probe_end(mine, 1));
    end_step(&s);
    for (int32_t i = 0; i < 2; i++)
        for (size_t k = 0; k < sizeof figures / sizeof *figures; k++) {
            double theirs = (double)NAN;
            assert_ok(vgrad_probe_read(mine, i, figures[k].role, figures[k].quantity, &theirs));
            assert_close(theirs, figure(&s, i + 1, figures[k].role, figures[k].quantity));
        }
    vgrad_probe_destroy(mine);
    destroy(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("budget");
    TCase *factors = tcase_create("factors");
    tcase_add_loop_test(factors, every_factor_is_that_of_plain_loops, 0, ACTIVATIONS);
    suite_add_tcase(suite, factors);
    add_tests(suite, "budget", hops_telescope_over_whole_networks, a_fused_output_has_its_hop,
              a_gradient_is_cut_where_it_is_cut);
    add_tests(suite, "samples", samples_have_the_gradients_of_samples_alone,
              the_worst_samples_come_first, below_a_batch_norm_no_sample_is_alone,
              a_noise_scale_wants_the_mean_gradient, a_budget_can_be_made_now_and_then);
    add_tests(suite, "declared", declared_layers_are_seen_as_a_network_is);
    return run_suite(suite);
}
