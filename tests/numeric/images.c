/*
 * Layers over images: against plain loops at every instruction level, against central differences,
 * and against figures by hand.
 */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "network/pass.h"

enum { ROWS = 3 };

typedef enum layer_kind { CONV, MAX, AVERAGE, GLOBAL } layer_kind;

/* ---- plain loops ---- */

typedef struct geometry {
    layer_kind kind;
    int64_t height, width, channels, filters;
    int64_t kernel_height, kernel_width, stride_height, stride_width;
    bool same;
    int64_t out_height, out_width, top, left; /* by arrange() */
} geometry;

/* Keras: valid (size - window + stride) / stride, same (size + stride - 1) / stride places. */
static int64_t places(int64_t size, int64_t window, int64_t stride, bool same, int64_t *before)
{
    int64_t out = same ? (size + stride - 1) / stride : (size - window + stride) / stride;
    int64_t total = (out - 1) * stride + window - size;
    *before = same && total > 0 ? total / 2 : 0;
    return out;
}

static void arrange(geometry *g)
{
    if (g->kind == GLOBAL) {
        g->kernel_height = g->height;
        g->kernel_width = g->width;
        g->stride_height = g->stride_width = 1;
        g->same = false;
    }
    if (g->kind != CONV)
        g->filters = g->channels;
    g->out_height = places(g->height, g->kernel_height, g->stride_height, g->same, &g->top);
    g->out_width = places(g->width, g->kernel_width, g->stride_width, g->same, &g->left);
}

static int64_t in_count(const geometry *g)
{
    return ROWS * g->height * g->width * g->channels;
}

static int64_t out_count(const geometry *g)
{
    return ROWS * g->out_height * g->out_width * g->filters;
}

static int64_t kernel_count(const geometry *g)
{
    return g->kernel_height * g->kernel_width * g->channels * g->filters;
}

/* Where the element under cell (i, j) of the window at (y, x) is; -1: outside. */
static int64_t under(const geometry *g, int64_t n, int64_t y, int64_t x, int64_t i, int64_t j,
                     int64_t c)
{
    int64_t row = y * g->stride_height + i - g->top, column = x * g->stride_width + j - g->left;
    if (row < 0 || row >= g->height || column < 0 || column >= g->width)
        return -1;
    return ((n * g->height + row) * g->width + column) * g->channels + c;
}

typedef struct numbers {
    double *x, *kernel, *bias, *out, *d_out, *d_x, *d_kernel, *d_bias;
} numbers;

static void plain_conv(const geometry *g, numbers *v, int64_t n, int64_t y, int64_t x, int64_t f,
                       int64_t at)
{
    double sum = v->bias[f];
    v->d_bias[f] += v->d_out[at];
    for (int64_t i = 0; i < g->kernel_height; i++)
        for (int64_t j = 0; j < g->kernel_width; j++)
            for (int64_t c = 0; c < g->channels; c++) {
                int64_t from = under(g, n, y, x, i, j, c);
                int64_t w = ((i * g->kernel_width + j) * g->channels + c) * g->filters + f;
                if (from < 0)
                    continue;
                sum += v->x[from] * v->kernel[w];
                v->d_kernel[w] += v->d_out[at] * v->x[from];
                v->d_x[from] += v->d_out[at] * v->kernel[w];
            }
    v->out[at] = sum;
}

static void plain_pool(const geometry *g, numbers *v, int64_t n, int64_t y, int64_t x, int64_t c,
                       int64_t at)
{
    int64_t best = -1, cells = 0;
    double sum = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int64_t i = 0; i < g->kernel_height; i++)
            for (int64_t j = 0; j < g->kernel_width; j++) {
                int64_t from = under(g, n, y, x, i, j, c);
                if (from < 0)
                    continue;
                if (pass == 0) {
                    cells++;
                    sum += v->x[from];
                    best = best < 0 || v->x[from] > v->x[best] ? from : best;
                } else if (g->kind != MAX) {
                    v->d_x[from] += v->d_out[at] / (double)cells;
                }
            }
    ck_assert_int_gt(cells, 0);
    if (g->kind == MAX)
        v->d_x[best] += v->d_out[at];
    v->out[at] = g->kind == MAX ? v->x[best] : sum / (double)cells;
}

static double *zeros(int64_t n)
{
    return calloc((size_t)n + 1, sizeof(double));
}

/* What float makes of it, for a network in float32. */
static double *random_numbers(int64_t n, vgrad_dtype dtype, dice *d)
{
    double *values = zeros(n);
    for (int64_t i = 0; i < n; i++) {
        values[i] = dice_uniform(d, -1, 1);
        if (dtype == VGRAD_FLOAT32)
            values[i] = (double)(float)values[i];
    }
    return values;
}

static numbers plain(const geometry *g, vgrad_dtype dtype, dice *d)
{
    numbers v = { .x = random_numbers(in_count(g), dtype, d),
                  .kernel = random_numbers(kernel_count(g), dtype, d),
                  .bias = random_numbers(g->filters, dtype, d),
                  .d_out = random_numbers(out_count(g), dtype, d),
                  .out = zeros(out_count(g)),
                  .d_x = zeros(in_count(g)),
                  .d_kernel = zeros(kernel_count(g)),
                  .d_bias = zeros(g->filters) };
    int64_t at = 0;
    for (int64_t n = 0; n < ROWS; n++)
        for (int64_t y = 0; y < g->out_height; y++)
            for (int64_t x = 0; x < g->out_width; x++)
                for (int64_t f = 0; f < g->filters; f++, at++)
                    (g->kind == CONV ? plain_conv : plain_pool)(g, &v, n, y, x, f, at);
    return v;
}

static void free_numbers(numbers *v)
{
    double *const all[] = { v->x,     v->kernel, v->bias,     v->out,
                            v->d_out, v->d_x,    v->d_kernel, v->d_bias };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

/* ---- the layer ---- */

static vgrad_layer *add_layer(vgrad_layer *in, const geometry *g, vgrad_activation activation)
{
    vgrad_layer *layer =
        g->kind == CONV
            ? vgrad_conv2d(in, g->filters, g->kernel_height, g->kernel_width, activation)
        : g->kind == MAX     ? vgrad_max_pool2d(in, g->kernel_height, g->kernel_width)
        : g->kind == AVERAGE ? vgrad_average_pool2d(in, g->kernel_height, g->kernel_width)
                             : vgrad_global_average_pool2d(in);
    if (g->kind == GLOBAL)
        return layer;
    assert_ok(vgrad_layer_set(layer, VGRAD_LAYER_STRIDE_HEIGHT, (double)g->stride_height));
    assert_ok(vgrad_layer_set(layer, VGRAD_LAYER_STRIDE_WIDTH, (double)g->stride_width));
    assert_ok(vgrad_layer_set(layer, VGRAD_LAYER_PADDING, g->same ? VGRAD_SAME : VGRAD_VALID));
    return layer;
}

static vgrad_network *new_network(vgrad_dtype dtype)
{
    vgrad_network *network;
    assert_ok(vgrad_network_create(&network, NULL));
    assert_ok(vgrad_network_set_dtype(network, dtype));
    assert_ok(vgrad_network_set_initializer(network, VGRAD_BIAS, VGRAD_INIT_UNIFORM, -0.5, 0.5));
    return network;
}

static void assert_near(vgrad_layer *layer, const char *what, const void *got, const double *want,
                        int64_t n)
{
    const vgrad_dtype dtype = layer->network->dtype;
    const double tolerance = dtype == VGRAD_FLOAT64 ? 1e-12 : 1e-5;
    double *values = zeros(n);
    vgrad__convert(got, dtype, values, VGRAD_FLOAT64, n);
    double off = distance(values, want, n), all = norm(want, n);
    if (!(off <= tolerance * all))
        ck_abort_msg("%s.%s is off by %g of %g", layer->name, what, off, all);
    free(values);
}

static const void *gradient_of(const vgrad_layer *layer, int32_t slot)
{
    return vgrad__at(layer->network, layer->network->gradients.data,
                     vgrad__segment_of(layer, slot)->offset);
}

/* Forward, and back from dL/da = v->d_out, the input's gradient included. */
static void compare(vgrad_layer *layer, const geometry *g, const numbers *v)
{
    vgrad_network *network = layer->network;
    vgrad_layer *in = layer->inputs[0];
    vgrad_tensor view;
    vgrad_tensor_matrix(&view, v->x, VGRAD_FLOAT64, ROWS, in->width);
    in->needs_gradient = true; /* as the gradient checker does it */
    vgrad__memory_release(network);
    if (g->kind == CONV) {
        set_parameter(layer, VGRAD_KERNEL, v->kernel);
        set_parameter(layer, VGRAD_BIAS, v->bias);
    }
    assert_ok(vgrad__forward(network, &view, true));
    ck_assert_int_eq(ROWS * layer->width, out_count(g));
    vgrad__convert(v->d_out, VGRAD_FLOAT64, layer->memory.da, network->dtype, out_count(g));
    layer->fused = false;
    assert_ok(vgrad__backward(network));
    assert_near(layer, "activation", layer->memory.a, v->out, out_count(g));
    assert_near(layer, "dL/dx", in->memory.da, v->d_x, in_count(g));
    if (g->kind == CONV) {
        assert_near(layer, "dL/dW", gradient_of(layer, VGRAD_KERNEL), v->d_kernel, kernel_count(g));
        assert_near(layer, "dL/db", gradient_of(layer, VGRAD_BIAS), v->d_bias, g->filters);
    }
    vgrad__end_step(network);
    in->needs_gradient = false;
    vgrad__memory_release(network);
}

static void check_against_plain(geometry g)
{
    static const vgrad_dtype dtypes[] = { VGRAD_FLOAT32, VGRAD_FLOAT64 };
    arrange(&g);
    for (int t = 0; t < 2; t++) {
        dice d = dice_from((uint64_t)(g.kernel_height * 7 + g.width));
        numbers v = plain(&g, dtypes[t], &d);
        vgrad_network *network = new_network(dtypes[t]);
        vgrad_layer *in = vgrad_input_image(network, g.height, g.width, g.channels);
        vgrad_layer *layer = add_layer(in, &g, VGRAD_LINEAR);
        assert_ok(vgrad_network_build(network, layer));
        const vgrad__kernels *level;
        for (int i = 0; (level = vgrad__kernels_level(i, dtypes[t])) != NULL; i++) {
            network->kernels = level;
            compare(layer, &g, &v);
        }
        vgrad_network_destroy(network);
        free_numbers(&v);
    }
}

/* Every stride, padding and window of `kind` that fits into an image. */
static void at_every_geometry(layer_kind kind, int64_t height, int64_t width, int64_t channels,
                              void (*check)(geometry g))
{
    const int64_t filters = kind == CONV ? 2 + channels % 2 : channels;
    for (int64_t n = 0; n < 3 * 3 * 2 * 4 * 4; n++) {
        const geometry g = { .kind = kind,
                             .height = height,
                             .width = width,
                             .channels = channels,
                             .filters = filters,
                             .stride_height = 1 + n % 3,
                             .stride_width = 1 + n / 3 % 3,
                             .same = n / 9 % 2,
                             .kernel_height = 1 + n / 18 % 4,
                             .kernel_width = 1 + n / 72 % 4 };
        if (g.same || (g.kernel_height <= height && g.kernel_width <= width))
            check(g);
    }
}

/* The last ones have windows' rows of more than 32 elements, and more than 64 channels. */
START_TEST(every_window_agrees_with_plain_loops)
{
    static const int64_t images[][3] = { { 5, 7, 1 },  { 6, 4, 3 },  { 4, 9, 2 },
                                         { 3, 2, 13 }, { 5, 4, 33 }, { 4, 5, 70 } };
    const int64_t *image = images[_i / 3];
    at_every_geometry((layer_kind)(_i % 3), image[0], image[1], image[2], check_against_plain);
}
END_TEST

START_TEST(means_of_whole_images_agree_with_plain_loops)
{
    static const int64_t images[][3] = { { 1, 1, 1 }, { 5, 7, 3 }, { 2, 9, 70 } };
    for (int i = 0; i < 3; i++)
        check_against_plain((geometry){ .kind = GLOBAL,
                                        .height = images[i][0],
                                        .width = images[i][1],
                                        .channels = images[i][2] });
}
END_TEST

/* More places than are worked on together: parts end inside images and between them. */
START_TEST(images_in_parts_agree_with_plain_loops)
{
    static const geometry parts[] = {
        { CONV, 70, 80, 3, 2, 3, 3, 1, 1, true, 0, 0, 0, 0 },
        { CONV, 70, 81, 2, 3, 4, 3, 1, 2, false, 0, 0, 0, 0 },
        { CONV, 9, 8, 40, 2, 3, 3, 1, 1, true, 0, 0, 0, 0 },
        { CONV, 19, 24, 40, 2, 3, 3, 1, 1, true, 0, 0, 0, 0 },
        { CONV, 730, 520, 1, 1, 1, 1, 1, 1, false, 0, 0, 0, 0 },
    };
    check_against_plain(parts[_i]);
}
END_TEST

/* ---- central differences ---- */

/* Distinct numbers far apart, so that no step makes another one the largest. */
static double *shuffled(int64_t n, dice *d)
{
    double *values = zeros(n);
    for (int64_t i = 0; i < n; i++)
        values[i] = -1 + 2 * ((double)i + 0.5) / (double)n;
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t other = dice_below(d, (int)i + 1);
        double held = values[i];
        values[i] = values[other];
        values[other] = held;
    }
    return values;
}

static double worst_of(vgrad_network *network, vgrad_layer *output)
{
    double worst = (double)NAN;
    vgrad_tensor view;
    assert_ok(vgrad_network_build(network, output));
    dice d = dice_from(11);
    const int64_t width = network->input_width;
    double *x = shuffled(ROWS * width, &d);
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, ROWS, width);
    assert_ok(vgrad_gradient_check(network, &view, 1, 0, &worst));
    free(x);
    vgrad_network_destroy(network);
    return worst;
}

static void predict(vgrad_network *network, const double *x, double *out)
{
    vgrad_tensor view;
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, 1, network->input_width);
    assert_ok(vgrad_network_predict(network, &view, out, VGRAD_FLOAT64, network->output_width));
    vgrad_network_destroy(network);
}

static void check_differences(geometry g)
{
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    arrange(&g);
    vgrad_layer *in = vgrad_input_image(network, g.height, g.width, g.channels);
    double worst = worst_of(network, add_layer(in, &g, VGRAD_TANH));
    if (!(worst < 1e-7))
        ck_abort_msg("kind %d, window (%d, %d), strides (%d, %d), same %d: off by %g", (int)g.kind,
                     (int)g.kernel_height, (int)g.kernel_width, (int)g.stride_height,
                     (int)g.stride_width, (int)g.same, worst);
}

START_TEST(differences_agree_for_every_window)
{
    at_every_geometry((layer_kind)(_i % 3), 5, 4, 2, check_differences);
}
END_TEST

START_TEST(differences_agree_for_means_of_whole_images)
{
    check_differences((geometry){ .kind = GLOBAL, .height = 4, .width = 3, .channels = 2 });
}
END_TEST

static vgrad_layer *same(vgrad_layer *layer)
{
    vgrad_layer_set(layer, VGRAD_LAYER_PADDING, VGRAD_SAME);
    return layer;
}

/* Each kind as first and as last of those that give to one dL/da. */
START_TEST(differences_agree_where_images_go_several_ways)
{
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *in = vgrad_input_image(network, 5, 4, 2);
    vgrad_layer *h = same(vgrad_conv2d(in, 3, 3, 2, VGRAD_TANH)), *ways[4], *sum = h;
    for (int i = 0; i < 4; i++) {
        int kind = (i + _i) % 4;
        ways[i] = kind == 0   ? same(vgrad_conv2d(h, 3, 2, 3, VGRAD_SIGMOID))
                  : kind == 1 ? vgrad_conv2d(h, 3, 1, 1, VGRAD_TANH)
                  : kind == 2 ? same(vgrad_max_pool2d(h, 3, 2))
                              : same(vgrad_average_pool2d(h, 2, 3));
        if (kind > 1) {
            vgrad_layer_set(ways[i], VGRAD_LAYER_STRIDE_HEIGHT, 1);
            vgrad_layer_set(ways[i], VGRAD_LAYER_STRIDE_WIDTH, 1);
        }
        sum = vgrad_add(sum, ways[i]);
    }
    ck_assert_double_lt(worst_of(network, vgrad_global_average_pool2d(sum)), 1e-7);
}
END_TEST

START_TEST(differences_agree_through_a_whole_network)
{
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *layer = vgrad_input_image(network, 9, 8, 1);
    layer = vgrad_conv2d(layer, 4, 3, 3, VGRAD_TANH);
    if (_i)
        vgrad_layer_set(layer, VGRAD_LAYER_USE_BIAS, 0);
    layer = vgrad_max_pool2d(layer, 2, 2);
    layer = same(vgrad_conv2d(layer, 5, 2, 2, VGRAD_LEAKY_RELU));
    layer = vgrad_average_pool2d(layer, 2, 1);
    layer = vgrad_dense(vgrad_flatten(layer), 3, VGRAD_SOFTMAX);
    ck_assert_double_lt(worst_of(network, layer), 1e-7);
}
END_TEST

/* ---- one kernel in several places ---- */

/* In a row and side by side, over images of two sizes; patches, and the input as it is. */
START_TEST(differences_agree_for_shared_kernels)
{
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *in = vgrad_input_image(network, 5, 4, 2);
    const int64_t side = _i & 2 ? 1 : 3;
    vgrad_layer *h = same(vgrad_conv2d(in, 2, side, side, VGRAD_TANH));
    assert_ok(vgrad_layer_set(h, VGRAD_LAYER_USE_BIAS, _i & 1));
    vgrad_layer *again = vgrad_share(h, h);
    vgrad_layer *small = vgrad_share(again, vgrad_average_pool2d(vgrad_add(h, again), 2, 2));
    ck_assert_double_lt(worst_of(network, vgrad_flatten(small)), 1e-7);
}
END_TEST

START_TEST(a_shared_kernel_is_there_once)
{
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *h = same(vgrad_conv2d(vgrad_input_image(network, 5, 4, 2), 2, 3, 2, VGRAD_TANH));
    vgrad_layer *again = vgrad_share(h, h);
    assert_ok(vgrad_network_build(network, again));
    ck_assert_int_eq(vgrad_network_parameter_count(network), 3 * 2 * 2 * 2 + 2);
    ck_assert_ptr_eq(vgrad_layer_tensor(h, VGRAD_KERNEL)->data,
                     vgrad_layer_tensor(again, VGRAD_KERNEL)->data);
    vgrad_network_destroy(network);
    network = new_network(VGRAD_FLOAT64);
    h = vgrad_conv2d(vgrad_input_image(network, 5, 4, 3), 2, 3, 2, VGRAD_TANH);
    assert_status(VGRAD_E_SHAPE, vgrad_network_build(network, vgrad_share(h, h)));
    assert_error_names("layer \"conv2d_1\": \"conv2d\" has parameters of other shapes");
    vgrad_network_destroy(network);
}
END_TEST

/* Over the channels of each place; a cross-entropy takes it as it is, or fused at one place. */
START_TEST(a_softmax_goes_over_channels)
{
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *in = vgrad_input_image(network, 4, 5, 2);
    ck_assert_double_lt(worst_of(network, vgrad_conv2d(in, 3, 2, 2, VGRAD_SOFTMAX)), 1e-7);
    double x[12], out[2 * 3 * 3];
    for (int i = 0; i < 12; i++)
        x[i] = sin(i);
    network = new_network(VGRAD_FLOAT64);
    in = vgrad_input_image(network, 3, 4, 1);
    assert_ok(vgrad_network_build(network, vgrad_conv2d(in, 3, 2, 2, VGRAD_SOFTMAX)));
    predict(network, x, out);
    for (int place = 0; place < 6; place++)
        ck_assert_double_eq_tol(out[3 * place] + out[3 * place + 1] + out[3 * place + 2], 1, 1e-15);
}
END_TEST

/* What is added to a kernel's gradient, and to no bias's. */
START_TEST(a_convolution_is_penalized)
{
    enum { KERNEL = 2 * 2 * 1 * 2, BIAS = 2 };
    static const double x[12] = { .3, -.2, .9, .5, -1, .4, .1, .8, -.6, .7, -.3, .2 };
    static const double y[2] = { 1, -1 };
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *h = vgrad_conv2d(vgrad_input_image(network, 3, 4, 1), 2, 2, 2, VGRAD_TANH);
    assert_ok(vgrad_layer_set(h, VGRAD_LAYER_L1, 0.25));
    assert_ok(vgrad_layer_set(h, VGRAD_LAYER_L2, 0.5));
    assert_ok(vgrad_network_build(network, vgrad_global_average_pool2d(h)));
    rig r = rig_around(network, VGRAD_LOSS_MEAN_SQUARED_ERROR, VGRAD_SGD, 0.1);
    rig_gradients(&r, x, 12, y, 2, 1);
    double *w = doubles_of(vgrad_layer_tensor(h, VGRAD_KERNEL));
    double *b = doubles_of(vgrad_layer_tensor(h, VGRAD_BIAS));
    double *dw = doubles_of(vgrad_layer_tensor(h, VGRAD_KERNEL_GRADIENT));
    double *db = doubles_of(vgrad_layer_tensor(h, VGRAD_BIAS_GRADIENT));
    assert_ok(vgrad_trainer_step(r.trainer));
    double *new_w = doubles_of(vgrad_layer_tensor(h, VGRAD_KERNEL));
    double *new_b = doubles_of(vgrad_layer_tensor(h, VGRAD_BIAS));
    for (int i = 0; i < KERNEL; i++) {
        double penalty = 0.25 * (w[i] > 0 ? 1 : -1) + 2 * 0.5 * w[i];
        ck_assert_double_eq_tol(new_w[i], w[i] - 0.1 * (dw[i] + penalty), 1e-15);
    }
    for (int i = 0; i < BIAS; i++)
        ck_assert_double_eq_tol(new_b[i], b[i] - 0.1 * db[i], 1e-15);
    double *const all[] = { w, b, dw, db, new_w, new_b };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    rig_destroy(&r);
}
END_TEST

/* ---- by hand ---- */

static const double nine[9] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };

/* An even kernel lacks one row and one column: they follow the image. Nothing is flipped. */
START_TEST(an_even_kernel_with_same_padding)
{
    static const double kernel[4] = { 1, 10, 100, 1000 }, bias[1] = { 0.5 };
    static const double want[9] = { 5421, 6532, 603, 8754, 9865, 906, 87, 98, 9 };
    double out[9];
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *in = vgrad_input_image(network, 3, 3, 1);
    vgrad_layer *layer = same(vgrad_conv2d(in, 1, 2, 2, VGRAD_LINEAR));
    assert_ok(vgrad_network_build(network, layer));
    set_parameter(layer, VGRAD_KERNEL, kernel);
    set_parameter(layer, VGRAD_BIAS, bias);
    predict(network, nine, out);
    for (int i = 0; i < 9; i++)
        ck_assert_double_eq(out[i], want[i] + 0.5);
}
END_TEST

/* Kernel (1, 4) over three columns lacks one before and two after. */
START_TEST(an_odd_total_is_longer_at_the_end)
{
    static const double kernel[4] = { 1, 10, 100, 1000 }, x[3] = { 1, 2, 3 };
    static const double want[3] = { 3210, 321, 32 };
    double out[3];
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *in = vgrad_input_image(network, 1, 3, 1);
    vgrad_layer *layer = same(vgrad_conv2d(in, 1, 1, 4, VGRAD_LINEAR));
    vgrad_layer_set(layer, VGRAD_LAYER_USE_BIAS, 0);
    assert_ok(vgrad_network_build(network, layer));
    set_parameter(layer, VGRAD_KERNEL, kernel);
    predict(network, x, out);
    for (int i = 0; i < 3; i++)
        ck_assert_double_eq(out[i], want[i]);
}
END_TEST

START_TEST(pools_with_same_padding_count_what_is_inside)
{
    static const double mean[4] = { 3, 4.5, 7.5, 9 }, most[4] = { 5, 6, 8, 9 };
    double out[4];
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *in = vgrad_input_image(network, 3, 3, 1);
    assert_ok(vgrad_network_build(network, same(vgrad_average_pool2d(in, 2, 2))));
    predict(network, nine, out);
    ck_assert_mem_eq(out, mean, sizeof mean);
    network = new_network(VGRAD_FLOAT64);
    in = vgrad_input_image(network, 3, 3, 1);
    assert_ok(vgrad_network_build(network, same(vgrad_max_pool2d(in, 2, 2))));
    predict(network, nine, out);
    ck_assert_mem_eq(out, most, sizeof most);
}
END_TEST

START_TEST(the_mean_of_an_image)
{
    static const double x[8] = { 1, 10, 2, 20, 3, 30, 6, 60 };
    double out[2];
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *layer = vgrad_global_average_pool2d(vgrad_input_image(network, 2, 2, 2));
    assert_ok(vgrad_network_build(network, layer));
    predict(network, x, out);
    ck_assert(out[0] == 3 && out[1] == 30);
}
END_TEST

/* a, and dL/dx for dL/da = 1, of one row of 4 columns under windows of 1 x 2, at every level. */
static void pool_four(vgrad_dtype dtype, const double *x, const double *a, const double *d_x)
{
    vgrad_network *network = new_network(dtype);
    vgrad_layer *in = vgrad_input_image(network, 1, 4, 1), *layer = vgrad_max_pool2d(in, 1, 2);
    const vgrad__kernels *level;
    double got[4], ones[2] = { 1, 1 };
    vgrad_tensor view;
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, 1, 4);
    assert_ok(vgrad_network_build(network, layer));
    in->needs_gradient = true;
    for (int i = 0; (level = vgrad__kernels_level(i, dtype)) != NULL; i++) {
        network->kernels = level;
        assert_ok(vgrad__forward(network, &view, true));
        vgrad__convert(ones, VGRAD_FLOAT64, layer->memory.da, dtype, 2);
        assert_ok(vgrad__backward(network));
        vgrad__convert(layer->memory.a, dtype, got, VGRAD_FLOAT64, 2);
        for (int j = 0; j < 2; j++)
            ck_assert(got[j] == a[j] || (isnan(got[j]) && isnan(a[j])));
        vgrad__convert(in->memory.da, dtype, got, VGRAD_FLOAT64, 4);
        for (int j = 0; j < 4; j++)
            ck_assert_double_eq(got[j], d_x[j]);
        vgrad__end_step(network);
    }
    vgrad_network_destroy(network);
}

START_TEST(ties_and_what_is_no_number)
{
    const double nan = (double)NAN, inf = (double)INFINITY;
    const struct {
        double x[4], a[2], d_x[4];
    } cases[] = {
        { { 1, 1, 2, 2 }, { 1, 2 }, { 1, 0, 1, 0 } },
        { { -0.0, 0, 0, -0.0 }, { 0, 0 }, { 1, 0, 1, 0 } },
        { { nan, 1, 1, nan }, { nan, nan }, { 1, 0, 0, 1 } },
        { { nan, nan, nan, inf }, { nan, nan }, { 1, 0, 1, 0 } },
        { { -inf, -inf, -inf, -3 }, { -inf, -3 }, { 1, 0, 0, 1 } },
        { { inf, 5, 5, inf }, { inf, inf }, { 1, 0, 0, 1 } },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pool_four(VGRAD_FLOAT64, cases[i].x, cases[i].a, cases[i].d_x);
        pool_four(VGRAD_FLOAT32, cases[i].x, cases[i].a, cases[i].d_x);
    }
}
END_TEST

/* NaN in one element goes to the places that see it, and to no other. */
START_TEST(a_nan_stays_where_it_is_seen)
{
    double x[5] = { 1, 2, (double)NAN, 4, 5 }, out[5];
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *in = vgrad_input_image(network, 1, 5, 1);
    vgrad_layer *layer =
        _i ? same(vgrad_conv2d(in, 1, 1, 2, VGRAD_LINEAR)) : same(vgrad_average_pool2d(in, 1, 2));
    vgrad_layer_set(layer, VGRAD_LAYER_STRIDE_WIDTH, 1);
    assert_ok(vgrad_network_build(network, layer));
    predict(network, x, out);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(isnan(out[i]) != 0, i == 1 || i == 2);
}
END_TEST

/* ---- fans, and where a gradient is no number ---- */

START_TEST(fans_count_the_kernel)
{
    vgrad_network *network = new_network(VGRAD_FLOAT32);
    vgrad_layer *in = vgrad_input_image(network, 40, 40, 20);
    vgrad_layer *layer = vgrad_conv2d(in, 30, 3, 5, VGRAD_RELU);
    assert_ok(vgrad_network_build(network, layer));
    const double limit = sqrt(6.0 / (3 * 5 * 20 + 3 * 5 * 30));
    const vgrad_tensor *kernel = vgrad_layer_tensor(layer, VGRAD_KERNEL);
    ck_assert_double_eq_tol(vgrad_tensor_stat(kernel, VGRAD_MAX), limit, 1e-2 * limit);
    ck_assert_double_eq_tol(vgrad_tensor_stat(kernel, VGRAD_MIN), -limit, 1e-2 * limit);
    ck_assert_int_eq(layer->parameters[1].fan_in, 300);
    ck_assert_int_eq(layer->parameters[1].fan_out, 450);
    vgrad_network_destroy(network);
}
END_TEST

/* A kernel's place is counted by its filters, not by the layer's width. */
START_TEST(a_culprit_in_a_kernel_is_found)
{
    double x[12] = { 0 };
    vgrad_tensor view;
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *in = vgrad_input_image(network, 3, 4, 1);
    vgrad_layer *layer = vgrad_conv2d(in, 3, 2, 2, VGRAD_LINEAR);
    assert_ok(vgrad_network_build(network, layer));
    vgrad_tensor_matrix(&view, x, VGRAD_FLOAT64, 1, 12);
    assert_ok(vgrad__forward(network, &view, true));
    memset(network->gradients.data, 0, (size_t)network->slab_count * sizeof(double));
    ((double *)network->gradients.data)[3 * 3 + 2] = (double)NAN;
    vgrad__culprit found = vgrad__find_odd_gradient(network);
    ck_assert_ptr_eq(found.layer, layer);
    ck_assert_int_eq(found.role, VGRAD_KERNEL_GRADIENT);
    ck_assert_int_eq(found.row, 3);
    ck_assert_int_eq(found.column, 2);
    vgrad_network_destroy(network);
}
END_TEST

/* ---- everything kept, everything measured ---- */

static void assert_shape(const vgrad_tensor *tensor, int64_t a, int64_t b, int64_t c, int64_t d)
{
    ck_assert_msg(tensor != NULL, "%s", vgrad_last_error());
    ck_assert_int_eq(tensor->rank, 4);
    ck_assert(tensor->shape[0] == a && tensor->shape[1] == b && tensor->shape[2] == c &&
              tensor->shape[3] == d);
    ck_assert_int_eq(tensor->strides[3], 1);
    ck_assert_int_eq(tensor->strides[0], b * c * d);
}

/* The probe's figure is that of the tensor, which is kept. */
static void assert_probed(const vgrad_probe *probe, const vgrad_layer *layer, vgrad_role role)
{
    double figure = (double)NAN;
    assert_ok(vgrad_probe_read(probe, layer->index, role, VGRAD_L2, &figure));
    double want = vgrad_tensor_stat(vgrad_layer_tensor(layer, role), VGRAD_L2);
    ck_assert_double_eq_tol(figure, want, 1e-12 * want);
    ck_assert_double_gt(want, 0);
}

START_TEST(all_tensors_of_images_can_be_kept_and_measured)
{
    static const vgrad_role roles[] = { VGRAD_INPUT, VGRAD_PREACTIVATION, VGRAD_ACTIVATION,
                                        VGRAD_DELTA, VGRAD_ACTIVATION_GRADIENT };
    double y[ROWS * 2] = { 1, 0, 0, 1, 0.5, 0.5 };
    vgrad_probe *probe;
    vgrad_network *network = new_network(VGRAD_FLOAT64);
    vgrad_layer *in = vgrad_input_image(network, 6, 5, 2);
    vgrad_layer *conv = vgrad_conv2d(in, 3, 3, 2, VGRAD_TANH);
    vgrad_layer *max = vgrad_max_pool2d(conv, 2, 2), *mean = same(vgrad_average_pool2d(max, 2, 2));
    vgrad_layer *global = vgrad_global_average_pool2d(mean);
    assert_ok(vgrad_network_build(network, vgrad_dense(global, 2, VGRAD_TANH)));
    assert_ok(vgrad_network_keep(network, KEEP_ALL));
    assert_ok(vgrad_probe_create(&probe, NULL));
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        assert_ok(vgrad_probe_watch(probe, roles[i], 1));
    assert_ok(vgrad_probe_watch(probe, VGRAD_KERNEL, 1));
    assert_ok(vgrad_probe_watch(probe, VGRAD_KERNEL_UPDATE, 1));
    assert_ok(vgrad_probe_attach(probe, network));
    rig r = rig_around(network, VGRAD_LOSS_MEAN_SQUARED_ERROR, VGRAD_SGD, 0.1);
    dice d = dice_from(3);
    double *x = shuffled(ROWS * 60, &d);
    rig_gradients(&r, x, 60, y, 2, ROWS);
    const vgrad_layer *const layers[] = { conv, max, mean, global };
    for (int l = 0; l < 4; l++)
        for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
            assert_probed(probe, layers[l], roles[i]);
    assert_probed(probe, conv, VGRAD_KERNEL_GRADIENT);
    assert_shape(vgrad_layer_tensor(conv, VGRAD_KERNEL), 3, 2, 2, 3);
    assert_shape(vgrad_layer_tensor(conv, VGRAD_KERNEL_GRADIENT), 3, 2, 2, 3);
    assert_shape(vgrad_layer_tensor(conv, VGRAD_INPUT), ROWS, 6, 5, 2);
    assert_shape(vgrad_layer_tensor(conv, VGRAD_DELTA), ROWS, 4, 4, 3);
    assert_shape(vgrad_layer_tensor(max, VGRAD_ACTIVATION), ROWS, 2, 2, 3);
    assert_shape(vgrad_layer_tensor(mean, VGRAD_ACTIVATION_GRADIENT), ROWS, 1, 1, 3);
    ck_assert_int_eq(vgrad_layer_tensor(global, VGRAD_ACTIVATION)->rank, 2);
    assert_ok(vgrad_trainer_step(r.trainer));
    assert_probed(probe, conv, VGRAD_KERNEL);
    assert_probed(probe, conv, VGRAD_KERNEL_UPDATE);
    assert_shape(vgrad_layer_tensor(conv, VGRAD_KERNEL_UPDATE), 3, 2, 2, 3);
    free(x);
    vgrad_probe_destroy(probe);
    rig_destroy(&r);
}
END_TEST

/* What is kept changes no gradient: layers that share dL/da's room give the same bits. */
START_TEST(gradients_of_images_do_not_depend_on_what_is_kept)
{
    double *found[2], y[ROWS] = { 1, 0, 1 };
    for (int kept = 0; kept < 2; kept++) {
        vgrad_network *network = new_network(VGRAD_FLOAT32);
        vgrad_layer *in = vgrad_input_image(network, 6, 6, 1);
        vgrad_layer *first = same(vgrad_conv2d(in, 3, 3, 3, VGRAD_RELU));
        vgrad_layer *pooled = vgrad_max_pool2d(first, 2, 2);
        vgrad_layer *second = same(vgrad_conv2d(pooled, 3, 2, 2, VGRAD_TANH));
        vgrad_layer *global = vgrad_global_average_pool2d(vgrad_add(second, pooled));
        assert_ok(vgrad_network_build(network, vgrad_dense(global, 1, VGRAD_SIGMOID)));
        assert_ok(vgrad_network_keep(network, kept ? KEEP_ALL : 0));
        rig r = rig_around(network, VGRAD_LOSS_BINARY_CROSSENTROPY, VGRAD_SGD, 0.1);
        dice d = dice_from(4);
        double *x = shuffled(ROWS * 36, &d);
        rig_gradients(&r, x, 36, y, 1, ROWS);
        found[kept] = doubles_of(vgrad_layer_tensor(first, VGRAD_KERNEL_GRADIENT));
        free(x);
        rig_destroy(&r);
    }
    ck_assert_mem_eq(found[0], found[1], 27 * sizeof(double));
    free(found[0]);
    free(found[1]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("images");
    TCase *loops = tcase_create("plain loops");
    tcase_set_timeout(loops, 120);
    tcase_add_loop_test(loops, every_window_agrees_with_plain_loops, 0, 18);
    tcase_add_loop_test(loops, images_in_parts_agree_with_plain_loops, 0, 5);
    tcase_add_test(loops, means_of_whole_images_agree_with_plain_loops);
    suite_add_tcase(suite, loops);
    TCase *differences = tcase_create("differences");
    tcase_set_timeout(differences, 120);
    tcase_add_loop_test(differences, differences_agree_for_every_window, 0, 3);
    tcase_add_loop_test(differences, differences_agree_where_images_go_several_ways, 0, 4);
    tcase_add_loop_test(differences, differences_agree_through_a_whole_network, 0, 2);
    tcase_add_test(differences, differences_agree_for_means_of_whole_images);
    tcase_add_loop_test(differences, differences_agree_for_shared_kernels, 0, 4);
    suite_add_tcase(suite, differences);
    add_tests(suite, "by hand", an_even_kernel_with_same_padding, an_odd_total_is_longer_at_the_end,
              pools_with_same_padding_count_what_is_inside, the_mean_of_an_image,
              ties_and_what_is_no_number, fans_count_the_kernel, a_culprit_in_a_kernel_is_found);
    add_tests(suite, "kernels", a_shared_kernel_is_there_once, a_softmax_goes_over_channels,
              a_convolution_is_penalized);
    TCase *nans = tcase_create("NaN");
    tcase_add_loop_test(nans, a_nan_stays_where_it_is_seen, 0, 2);
    suite_add_tcase(suite, nans);
    add_tests(suite, "kept", all_tensors_of_images_can_be_kept_and_measured,
              gradients_of_images_do_not_depend_on_what_is_kept);
    return run_suite(suite);
}
