/* What a probe tells as text: tables, the budget, findings, sparklines. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <vgrad/vgrad.h>

#include "networks.h"
#include "runner.h"

typedef struct paper {
    char text[20000];
    size_t used;
    int lines, most; /* it refuses what comes after the latter */
} paper;

static int32_t take_line(const char *text, size_t length, void *user)
{
    paper *p = user;
    if (p->lines == p->most)
        return 7;
    p->lines++;
    ck_assert_uint_lt(p->used + length, sizeof p->text);
    ck_assert_int_eq(text[length - 1], '\n');
    memcpy(p->text + p->used, text, length);
    p->used += length;
    p->text[p->used] = '\0';
    return 0;
}

/* The whole text; and a write that refuses any of its lines fails the report. */
static paper written(const vgrad_probe *probe, vgrad_report what)
{
    paper whole = { .most = -1 };
    assert_ok(vgrad_probe_report(probe, what, take_line, &whole));
    for (int lines = 0; lines < whole.lines; lines++) {
        paper part = { .most = lines };
        assert_status(VGRAD_E_IO, vgrad_probe_report(probe, what, take_line, &part));
        assert_error_names("write returned 7");
        ck_assert_int_eq(part.lines, lines);
        ck_assert_int_eq(strncmp(part.text, whole.text, part.used), 0);
    }
    return whole;
}

static void assert_text(const vgrad_probe *probe, vgrad_report what, const char *expected)
{
    const paper p = written(probe, what);
    ck_assert_str_eq(p.text, expected);
}

static void assert_all_say(const vgrad_probe *probe, const char *expected)
{
    for (int what = VGRAD_REPORT_TABLE; what <= VGRAD_REPORT_SPARKLINES; what++)
        assert_text(probe, (vgrad_report)what, expected);
}

/* ---- a network ---- */

/* 2-2-1 with relu, kernels of 0.1 and 0.5, and the inputs (1, 1) and (0, 2): z is 0.2 in
   both layers, so that delta is 0.1 and 0.3. */
START_TEST(a_network_is_told)
{
    const double x[4] = { 1, 1, 0, 2 }, y[2] = { 0.1, -0.1 };
    vgrad_network *network;
    vgrad_optimizer *sgd;
    vgrad_trainer *trainer;
    vgrad_dataset *data;
    vgrad_probe *probe;
    assert_ok(vgrad_network_create(&network, NULL));
    assert_ok(vgrad_network_set_dtype(network, VGRAD_FLOAT64));
    vgrad_layer *hidden = vgrad_dense(vgrad_input(network, 2), 2, VGRAD_RELU);
    vgrad_layer *out = vgrad_dense(hidden, 1, VGRAD_LINEAR);
    assert_ok(vgrad_layer_set_name(hidden, "hidden"));
    assert_ok(vgrad_layer_set_name(out, "the output"));
    assert_ok(vgrad_layer_set_initializer(hidden, VGRAD_KERNEL, VGRAD_INIT_CONSTANT, 0.1, 0));
    assert_ok(vgrad_layer_set_initializer(out, VGRAD_KERNEL, VGRAD_INIT_CONSTANT, 0.5, 0));
    assert_ok(vgrad_network_build(network, out));
    assert_ok(vgrad_dataset_borrow(&data, 2, x, VGRAD_FLOAT64, 2, y, VGRAD_FLOAT64, 1, NULL));
    assert_ok(vgrad_optimizer_create(&sgd, network, VGRAD_SGD, 0.1));
    assert_ok(vgrad_trainer_create(&trainer, network, VGRAD_LOSS_MEAN_SQUARED_ERROR, sgd));
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_ok(vgrad_probe_attach(probe, network));
    assert_all_say(probe, "nothing seen yet\n");
    assert_ok(vgrad_trainer_fit(trainer, data, 1));
    assert_text(
        probe, VGRAD_REPORT_TABLE,
        "step 0, the latest of 1 looks\n"
        "layer       rms dL/dW  rms delta  rms f'/max  dead  lg |U|/|W|  coherence  noise scale\n"
        "input               -          -           -     -           -          -            -\n"
        "hidden       2.50e-01   1.12e-01       1.000  0.00       -0.51      0.811         2.17\n"
        "the output   8.00e-02   2.24e-01           -     -       -1.79      0.894        0.667\n");
    assert_text(probe, VGRAD_REPORT_BUDGET,
                "step 0: delta from the output back, bars from 0.00 to 0.15 decades\n"
                "|------------------------------| hidden loses 0.15 decades: weights 0.15\n"
                "from the output to hidden delta loses 0.15 decades: weights 0.15\n");
    assert_text(probe, VGRAD_REPORT_FINDINGS, "no findings\n");
    vgrad_probe_destroy(probe);
    vgrad_trainer_destroy(trainer);
    vgrad_optimizer_destroy(sgd);
    vgrad_dataset_destroy(data);
    vgrad_network_destroy(network);
}
END_TEST

/* ---- a loop of the user's ---- */

/* Four layers that pass on what they get, the second of them convolutional. */
static vgrad_probe *four_layers(void)
{
    static const char *const names[] = { "a", "b", "c", "d" };
    vgrad_probe *probe;
    assert_ok(vgrad_probe_create(&probe, NULL));
    for (int i = 0; i < 4; i++)
        assert_ok(vgrad_probe_declare(probe, names[i], i == 1 ? VGRAD_KIND_CONV : VGRAD_KIND_DENSE,
                                      VGRAD_LINEAR, 1, 1, NULL));
    return probe;
}

static void observe(vgrad_probe *probe, int32_t layer, vgrad_role role, double value)
{
    vgrad_tensor t;
    vgrad_tensor_matrix(&t, &value, VGRAD_FLOAT64, 1, 1);
    assert_ok(vgrad_probe_observe(probe, layer, role, &t));
}

/* A step in which delta has these norms (NaN: it is not shown), and the kernels of c and d are 10
   and 0.05. */
static void step(vgrad_probe *probe, int64_t number, double a, double b, double c, double d)
{
    const double deltas[] = { a, b, c, d };
    assert_ok(vgrad_probe_begin(probe, number));
    observe(probe, 2, VGRAD_KERNEL, 10);
    observe(probe, 3, VGRAD_KERNEL, 0.05);
    for (int32_t i = 0; i < 4; i++) {
        if (isnan(deltas[i]))
            continue;
        observe(probe, i, VGRAD_DELTA, deltas[i]);
        observe(probe, i, VGRAD_ACTIVATION_GRADIENT, deltas[i]);
    }
    ck_assert_int_ge(vgrad_probe_end(probe, 1), 0);
}

START_TEST(the_budget_is_a_waterfall)
{
    vgrad_probe *probe = four_layers();
    step(probe, 3, 0.01, 1, 0.1, 1);
    assert_text(
        probe, VGRAD_REPORT_BUDGET,
        "step 3: delta from d back, bars from 0.00 to 2.00 decades\n"
        "|---------------               | c loses 1.00 decades: weights 1.30, alignment "
        "-0.30\n"
        "|+++++++++++++++               | b gains 1.00 decades: weights 1.00\n"
        "|------------------------------| a loses 2.00 decades: block 2.00\n"
        "from d to a delta loses 2.00 decades: block 2.00, weights 0.30, alignment -0.30\n");
    step(probe, 4, 10, 10, 0.1, 1); /* from 1 decade lost to 1 gained */
    assert_text(probe, VGRAD_REPORT_BUDGET,
                "step 4: delta from d back, bars from -1.00 to 1.00 decades\n"
                "|               ---------------| c loses 1.00 decades: weights 1.30, alignment "
                "-0.30\n"
                "|++++++++++++++++++++++++++++++| b gains 2.00 decades: weights 1.00, alignment "
                "1.00\n"
                "|===============               | a loses 0.00 decades\n"
                "from d to a delta gains 1.00 decades: alignment 1.30, weights -0.30\n");
    step(probe, 5, 1, 1, 1, 1);
    const paper flat = written(probe, VGRAD_REPORT_BUDGET);
    ck_assert_ptr_nonnull(strstr(flat.text, "|                              | a loses 0.00 dec"));
    vgrad_probe_destroy(probe);
}
END_TEST

START_TEST(what_cuts_the_gradient_is_named)
{
    vgrad_probe *probe = four_layers();
    step(probe, 0, 0, 0, 0.1, 1);
    assert_text(probe, VGRAD_REPORT_BUDGET,
                "step 0: delta from d back, bars from 0.00 to 1.00 decades\n"
                "|------------------------------| c loses 1.00 decades: weights 1.30, alignment "
                "-0.30\n"
                "|==============================| cut at b: nothing comes through\n"
                "from d to a: nothing comes through\n");
    step(probe, 1, 0.01, (double)NAN, 0.1, 1);
    assert_text(probe, VGRAD_REPORT_BUDGET,
                "step 1: delta from d back, bars from 0.00 to 1.00 decades\n"
                "|------------------------------| c loses 1.00 decades: weights 1.30, alignment "
                "-0.30\n"
                "|==============================| b: not known\n"
                "|==============================| a: not known\n"
                "from d to a: not known\n");
    vgrad_probe_destroy(probe);
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_ok(vgrad_probe_declare(probe, "lone", VGRAD_KIND_DENSE, VGRAD_TANH, 1, 1, NULL));
    assert_ok(vgrad_probe_begin(probe, 6));
    assert_ok(vgrad_probe_end(probe, (double)NAN));
    assert_text(probe, VGRAD_REPORT_BUDGET,
                "step 6: no two layers between which delta could lose\n");
    vgrad_probe_destroy(probe);
}
END_TEST

/* The latest look is the latest that has ended. */
START_TEST(a_look_in_progress_is_not_told)
{
    vgrad_probe *probe;
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_all_say(probe, "nothing seen yet\n");
    vgrad_probe_destroy(probe);
    probe = four_layers();
    assert_all_say(probe, "nothing seen yet\n");
    assert_ok(vgrad_probe_begin(probe, 0));
    assert_all_say(probe, "nothing seen yet\n");
    assert_ok(vgrad_probe_end(probe, 1));
    step(probe, 1, 1, 1, 0.25, (double)INFINITY);
    assert_ok(vgrad_probe_begin(probe, 2));
    observe(probe, 0, VGRAD_DELTA, 5);
    assert_text(
        probe, VGRAD_REPORT_TABLE,
        "step 1, the latest of 2 looks\n"
        "layer  rms dL/dW  rms delta  rms f'/max  dead  lg |U|/|W|  coherence  noise scale\n"
        "a              -   1.00e+00           -     -           -          -            -\n"
        "b              -   1.00e+00           -     -           -          -            -\n"
        "c              -   2.50e-01           -     -           -          -            -\n"
        "d              -        Inf           -     -           -          -            -\n");
    vgrad_probe_destroy(probe);
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_HISTORY, 1));
    assert_ok(vgrad_probe_declare(probe, "a", VGRAD_KIND_DENSE, VGRAD_TANH, 1, 1, NULL));
    assert_ok(vgrad_probe_begin(probe, 0));
    assert_ok(vgrad_probe_end(probe, 1));
    assert_ok(vgrad_probe_begin(probe, 1)); /* in the place of the one that was remembered */
    assert_all_say(probe, "nothing seen yet\n");
    vgrad_probe_destroy(probe);
}
END_TEST

/* Names of several bytes a character, and such as would break lines or steer a terminal; a figure
   that is wider than its column. */
START_TEST(names_may_hold_anything)
{
    const double wide[2] = { 1, 1 }, mean = 1e9;
    vgrad_tensor t;
    vgrad_probe *probe;
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_ok(
        vgrad_probe_declare(probe, "\u00e9t\u00e9", VGRAD_KIND_DENSE, VGRAD_LINEAR, 1, 1, NULL));
    assert_ok(vgrad_probe_declare(probe, "one\ntwo\x1b[2J\x7f\xc2\x9b", VGRAD_KIND_DENSE,
                                  VGRAD_LINEAR, 1, 1, NULL));
    assert_ok(vgrad_probe_begin(probe, 0));
    observe(probe, 1, VGRAD_KERNEL_GRADIENT, (double)NAN);
    vgrad_tensor_matrix(&t, wide, VGRAD_FLOAT64, 2, 1);
    assert_ok(vgrad_probe_observe(probe, 0, VGRAD_INPUT, &t));
    assert_ok(vgrad_probe_observe(probe, 0, VGRAD_DELTA, &t));
    vgrad_tensor_matrix(&t, &mean, VGRAD_FLOAT64, 1, 1);
    assert_ok(vgrad_probe_observe(probe, 0, VGRAD_KERNEL_GRADIENT, &t));
    ck_assert_int_ge(vgrad_probe_end(probe, (double)NAN), 0);
    assert_text(
        probe, VGRAD_REPORT_TABLE,
        "step 0, the latest of 1 looks\n"
        "layer          rms dL/dW  rms delta  rms f'/max  dead  lg |U|/|W|  coherence  noise "
        "scale\n"
        "\u00e9t\u00e9             1.00e+09   1.00e+00           -     -           -      5e+08    "
        "  "
        "     -1\n"
        "one?two?[2J??        Inf          -           -     -           -          -            "
        "-\n");
    assert_text(probe, VGRAD_REPORT_SPARKLINES,
                "steps 0 to 0: log10 rms dL/dW, all on one scale from 9.00 to 9.00\n"
                "\u00e9t\u00e9   \u2581  9.00 to 9.00\n");
    const paper p = written(probe, VGRAD_REPORT_FINDINGS);
    ck_assert_ptr_nonnull(strstr(p.text, "severe, one?two?[2J??, since step 0\n"));
    ck_assert_ptr_nonnull(strstr(p.text, "    one?two?[2J??.kernel_gradient: 1 of 1 elements"));
    vgrad_probe_destroy(probe);
}
END_TEST

START_TEST(what_is_no_report)
{
    paper p = { .most = -1 };
    vgrad_probe *probe = four_layers();
    assert_status(VGRAD_E_INVALID, vgrad_probe_report(NULL, VGRAD_REPORT_TABLE, take_line, &p));
    assert_error_names("probe");
    assert_status(VGRAD_E_INVALID, vgrad_probe_report(probe, VGRAD_REPORT_TABLE, NULL, &p));
    assert_error_names("write");
    const int none[] = { 0, -1, 5 };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_status(VGRAD_E_INVALID,
                      vgrad_probe_report(probe, (vgrad_report)none[i], take_line, &p));
    assert_error_names("what: no report 5");
    ck_assert_int_eq(p.lines, 0);
    vgrad_probe_destroy(probe);
}
END_TEST

/* ---- over time ---- */

/* A step in which the kernels of a and b have gradients of these sizes. */
static void gradients(vgrad_probe *probe, int64_t number, double a, double b, double loss)
{
    assert_ok(vgrad_probe_begin(probe, number));
    observe(probe, 0, VGRAD_KERNEL_GRADIENT, a);
    if (!isnan(b))
        observe(probe, 1, VGRAD_KERNEL_GRADIENT, b);
    ck_assert_int_ge(vgrad_probe_end(probe, loss), 0);
}

START_TEST(a_line_is_as_high_as_its_gradient)
{
    vgrad_probe *probe = four_layers();
    step(probe, 0, 1, 1, 1, 1);
    assert_text(probe, VGRAD_REPORT_SPARKLINES,
                "steps 0 to 0: no gradient of a kernel was seen\n"
                "loss  \u2581  1 to 1\n");
    vgrad_probe_destroy(probe);
    probe = four_layers();
    gradients(probe, 10, 1e-4, 1e-3, (double)NAN);
    gradients(probe, 11, 2e-4, (double)NAN, (double)NAN);
    gradients(probe, 12, 2e-3, 0, (double)NAN);
    gradients(probe, 15, 3e-2, (double)INFINITY, (double)NAN);
    gradients(probe, 16, 1, 2e-2, (double)NAN);
    assert_text(probe, VGRAD_REPORT_SPARKLINES,
                "steps 10 to 16: log10 rms dL/dW, all on one scale from -4.00 to 0.00\n"
                "a     \u2581\u2581\u2583\u2585\u2588  -4.00 to 0.00\n"
                "b     \u2583   \u2585  -3.00 to -1.70\n");
    vgrad_probe_destroy(probe);
}
END_TEST

/* 150 looks of which 120 are remembered: two in a column. */
START_TEST(many_looks_share_columns)
{
    vgrad_probe *probe;
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_HISTORY, 120));
    assert_ok(vgrad_probe_declare(probe, "first layer", VGRAD_KIND_DENSE, VGRAD_TANH, 1, 1, NULL));
    assert_ok(vgrad_probe_declare(probe, "b", VGRAD_KIND_DENSE, VGRAD_TANH, 1, 1, NULL));
    for (int i = 0; i < 150; i++) /* pairs of a gradient and a hundredth of it: a tenth */
        gradients(probe, i, (i < 90 ? 1e-2 : 1) * (i % 2 ? 1e-2 : 1), 1e-5,
                  i < 90 ? 0.5 + i % 2 : 0.25);
    char expected[1000];
    size_t used = (size_t)snprintf(expected, sizeof expected,
                                   "steps 30 to 149: log10 rms dL/dW, all on one scale from -5.00 "
                                   "to -1.00\n");
    static const char *const heads[] = { "first layer  ", "b            ", "loss         " };
    static const char *const tails[] = { "  -3.00 to -1.00\n", "  -5.00 to -5.00\n",
                                         "  0.25 to 1\n" };
    static const char *const blocks[][2] = { { "\u2585", "\u2588" },
                                             { "\u2581", "\u2581" },
                                             { "\u2588", "\u2581" } };
    for (int line = 0; line < 3; line++) {
        used += (size_t)snprintf(expected + used, sizeof expected - used, "%s", heads[line]);
        for (int column = 0; column < 60; column++)
            used += (size_t)snprintf(expected + used, sizeof expected - used, "%s",
                                     blocks[line][column >= 30]);
        used += (size_t)snprintf(expected + used, sizeof expected - used, "%s", tails[line]);
    }
    assert_text(probe, VGRAD_REPORT_SPARKLINES, expected);
    vgrad_probe_destroy(probe);
}
END_TEST

/* A loss on its way out of double's range, two in a column. */
START_TEST(a_loss_next_to_infinity_is_told)
{
    vgrad_probe *probe = four_layers();
    for (int i = 0; i < 120; i++)
        gradients(probe, i, 1, 1, i < 60 ? 1 : 1.7e308);
    const paper p = written(probe, VGRAD_REPORT_SPARKLINES);
    ck_assert_ptr_nonnull(strstr(p.text, "  1 to 1.7e+308\n"));
    vgrad_probe_destroy(probe);
}
END_TEST

/* ---- findings ---- */

START_TEST(findings_come_gravest_first)
{
    vgrad_probe *probe = four_layers();
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_WINDOW, 1));
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_WINDOWS, 1));
    step(probe, 2, 1e-4, 1e-2, 0.1, 1);
    step(probe, 3, 1e-4, 1e-2, 0.1, (double)INFINITY);
    assert_text(
        probe, VGRAD_REPORT_FINDINGS,
        "severe, the whole network, since step 2\n"
        "    from d to a delta loses 4.00 decades: block 2.00, alignment 1.70, weights 0.30\n"
        "    evidence: decades 4, hops 3, weights 0.301, alignment 1.7, derivative 0, "
        "correlation 0\n"
        "    formula: log10 |delta(last)| - log10 |delta(first)|, the sum of its factors\n"
        "    remedy: give the blocks an identity path around them\n"
        "severe, d, since step 3\n"
        "    d.activation_gradient: 1 of 1 elements are not finite\n"
        "    evidence: not finite 1, elements 1\n"
        "    formula: the first tensor, as they are computed, that is not finite\n"
        "    remedy: look at that sample; lower the learning rate, clip the gradient, or use a "
        "loss from logits\n"
        "warning, d, since step 2\n"
        "    d: its weights multiply a gradient by 0.05\n"
        "    evidence: log10 |W| / sqrt(units) -1.3, decades lost behind it 1\n"
        "    formula: |W| / sqrt(units): what an isotropic gradient is multiplied by\n"
        "    remedy: initialize with a larger variance: 1 / inputs, or 2 / inputs for ReLU\n"
        "warning, c, since step 3\n"
        "    c: its kernel has not changed\n"
        "    formula: the kernel's moments at every look of the window\n"
        "    remedy: no gradient reaches this layer, or its updates are rounded away: see what is "
        "cut, or train in float64\n"
        "warning, d, since step 3\n"
        "    d: its kernel has not changed\n"
        "    formula: the kernel's moments at every look of the window\n"
        "    remedy: no gradient reaches this layer, or its updates are rounded away: see what is "
        "cut, or train in float64\n"
        "note, c, since step 2\n"
        "    c: its weights multiply a gradient by 10\n"
        "    evidence: log10 |W| / sqrt(units) 1, decades lost behind it 1\n"
        "    formula: |W| / sqrt(units): what an isotropic gradient is multiplied by\n"
        "    remedy: initialize with a smaller variance: 1 / inputs, or 2 / inputs for ReLU\n");
    vgrad_probe_destroy(probe);
}
END_TEST

/* A run of a specimen, and the findings of its probe as text. */
static paper findings_of(const char *name, int32_t *count)
{
    living l;
    vgrad_probe *probe;
    specimen_make(&l, specimen_find(name));
    assert_ok(vgrad_probe_create(&probe, NULL));
    assert_ok(vgrad_probe_attach(probe, l.network));
    assert_ok(vgrad_trainer_set(l.trainer, VGRAD_TRAINER_MAX_STEPS, (double)l.steps));
    ck_assert_int_ge(vgrad_trainer_fit(l.trainer, l.data, -1), 0);
    const paper p = written(probe, VGRAD_REPORT_FINDINGS);
    const char *from = p.text;
    const vgrad_finding *f;
    for (*count = 0; (f = vgrad_probe_finding(probe, *count)) != NULL; ++*count) {
        from = strstr(from, f->message);
        ck_assert_msg(from != NULL, "%s: nothing of \"%s\" in\n%s", name, f->message, p.text);
    }
    vgrad_probe_destroy(probe);
    living_destroy(&l);
    return p;
}

START_TEST(networks_of_known_health)
{
    int32_t count;
    const paper ill = findings_of("keras5_sigmoid", &count);
    ck_assert_int_gt(count, 0);
    ck_assert_ptr_nonnull(strstr(ill.text, "warning, the whole network, since step 0\n"
                                           "    from dense_4 to dense delta loses "));
    ck_assert_ptr_nonnull(strstr(ill.text, "    evidence: decades "));
    ck_assert_ptr_nonnull(strstr(ill.text, "    remedy: use an activation with a derivative near"));
    const paper well = findings_of("keras5_tanh", &count);
    ck_assert_ptr_null(strstr(well.text, "warning,"));
    ck_assert_ptr_null(strstr(well.text, "severe,"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report");
    add_tests(suite, "report", a_network_is_told, the_budget_is_a_waterfall,
              what_cuts_the_gradient_is_named, a_look_in_progress_is_not_told,
              names_may_hold_anything, what_is_no_report, a_line_is_as_high_as_its_gradient,
              many_looks_share_columns, a_loss_next_to_infinity_is_told,
              findings_come_gravest_first, networks_of_known_health);
    return run_suite(suite);
}
