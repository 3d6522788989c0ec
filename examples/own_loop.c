/* A training loop of one's own, 2-5-1 on two circles, that shows its tensors to a probe. Nothing of
   libvgrad computes here; it looks. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <vgrad/vgrad.h>

enum { ROWS = 200, INPUTS = 2, UNITS = 5, STEPS = 300 };

/* Weights, and all that one step computes. */
typedef struct model {
    double w1[INPUTS][UNITS], b1[UNITS], w2[UNITS][1], b2[1];
    double z1[ROWS][UNITS], a1[ROWS][UNITS], z2[ROWS][1];
    double dz2[ROWS][1], da1[ROWS][UNITS], dz1[ROWS][UNITS];
    double dw1[INPUTS][UNITS], db1[UNITS], dw2[UNITS][1], db2[1];
    double u1[INPUTS][UNITS], u2[UNITS][1]; /* what is added to w1 and w2 */
} model;

static double x[ROWS][INPUTS], y[ROWS];

/* Points on two circles: the outer one is 0, the inner one 1. */
static void make_points(void)
{
    for (int i = 0; i < ROWS; i++) {
        const double angle = 6.283185307179586 * i / ROWS;
        y[i] = i % 2;
        x[i][0] = (i % 2 ? 0.5 : 1) * cos(angle);
        x[i][1] = (i % 2 ? 0.5 : 1) * sin(angle);
    }
}

/* Weights that are much too large: tanh begins where it is flat. */
static void initialize(model *m)
{
    for (int j = 0; j < UNITS; j++) {
        m->w1[0][j] = 12 * cos(1 + 1.3 * j);
        m->w1[1][j] = 12 * sin(1 + 1.3 * j);
        m->b1[j] = cos(2.1 * j);
        m->w2[j][0] = j % 2 ? -0.5 : 0.5;
    }
}

/* Activations, and the mean binary cross-entropy. */
static double forward(model *m)
{
    double loss = 0;
    for (int i = 0; i < ROWS; i++) {
        m->z2[i][0] = m->b2[0];
        for (int j = 0; j < UNITS; j++) {
            m->z1[i][j] = x[i][0] * m->w1[0][j] + x[i][1] * m->w1[1][j] + m->b1[j];
            m->a1[i][j] = tanh(m->z1[i][j]);
            m->z2[i][0] += m->a1[i][j] * m->w2[j][0];
        }
        loss += (log1p(exp(m->z2[i][0])) - y[i] * m->z2[i][0]) / ROWS;
    }
    return loss;
}

/* dL/dz, dL/da and dL/dW of both layers; rows of dL/dz hold the 1 / ROWS of the mean. */
static void backward(model *m)
{
    m->db2[0] = 0;
    for (int j = 0; j < UNITS; j++)
        m->dw1[0][j] = m->dw1[1][j] = m->db1[j] = m->dw2[j][0] = 0;
    for (int i = 0; i < ROWS; i++) {
        m->dz2[i][0] = (1 / (1 + exp(-m->z2[i][0])) - y[i]) / ROWS;
        m->db2[0] += m->dz2[i][0];
        for (int j = 0; j < UNITS; j++) {
            m->da1[i][j] = m->dz2[i][0] * m->w2[j][0];
            m->dz1[i][j] = m->da1[i][j] * (1 - m->a1[i][j] * m->a1[i][j]);
            m->dw2[j][0] += m->dz2[i][0] * m->a1[i][j];
            m->dw1[0][j] += m->dz1[i][j] * x[i][0];
            m->dw1[1][j] += m->dz1[i][j] * x[i][1];
            m->db1[j] += m->dz1[i][j];
        }
    }
}

/* What SGD is about to do to the weights, and to the biases at once. */
static void make_updates(model *m, double rate)
{
    m->b2[0] -= rate * m->db2[0];
    for (int j = 0; j < UNITS; j++) {
        m->u1[0][j] = -rate * m->dw1[0][j];
        m->u1[1][j] = -rate * m->dw1[1][j];
        m->u2[j][0] = -rate * m->dw2[j][0];
        m->b1[j] -= rate * m->db1[j];
    }
}

static void update(model *m)
{
    for (int j = 0; j < UNITS; j++) {
        m->w1[0][j] += m->u1[0][j];
        m->w1[1][j] += m->u1[1][j];
        m->w2[j][0] += m->u2[j][0];
    }
}

/* Of a step: the weights are still those of the pass. */
static vgrad_status show(vgrad_probe *probe, int64_t step, const model *m, double loss)
{
    const struct {
        int32_t layer;
        vgrad_role role;
        const void *data;
        int64_t rows, columns;
    } tensors[] = {
        { 0, VGRAD_INPUT, x, ROWS, INPUTS },
        { 0, VGRAD_KERNEL, m->w1, INPUTS, UNITS },
        { 0, VGRAD_PREACTIVATION, m->z1, ROWS, UNITS },
        { 0, VGRAD_ACTIVATION_GRADIENT, m->da1, ROWS, UNITS },
        { 0, VGRAD_DELTA, m->dz1, ROWS, UNITS },
        { 0, VGRAD_KERNEL_GRADIENT, m->dw1, INPUTS, UNITS },
        { 0, VGRAD_KERNEL_UPDATE, m->u1, INPUTS, UNITS },
        { 1, VGRAD_INPUT, m->a1, ROWS, UNITS },
        { 1, VGRAD_KERNEL, m->w2, UNITS, 1 },
        { 1, VGRAD_PREACTIVATION, m->z2, ROWS, 1 },
        { 1, VGRAD_DELTA, m->dz2, ROWS, 1 },
        { 1, VGRAD_KERNEL_GRADIENT, m->dw2, UNITS, 1 },
        { 1, VGRAD_KERNEL_UPDATE, m->u2, UNITS, 1 },
    };
    vgrad_tensor t;
    vgrad_status status = vgrad_probe_begin(probe, step);
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors && status == VGRAD_OK; i++) {
        vgrad_tensor_matrix(&t, tensors[i].data, VGRAD_FLOAT64, tensors[i].rows,
                            tensors[i].columns);
        status = vgrad_probe_observe(probe, tensors[i].layer, tensors[i].role, &t);
    }
    return status < 0 ? status : vgrad_probe_end(probe, loss);
}

static vgrad_status train(vgrad_probe *probe)
{
    static model m;
    vgrad_status status = VGRAD_OK;
    make_points();
    initialize(&m);
    for (int64_t step = 0; step < STEPS && status >= 0; step++) {
        const double loss = forward(&m);
        backward(&m);
        make_updates(&m, 2);
        status = show(probe, step, &m, loss);
        update(&m);
        if (status != VGRAD_CHANGED)
            continue;
        printf("step %d, loss %.3f:\n", (int)step, loss);
        status = vgrad_probe_report(probe, VGRAD_REPORT_FINDINGS, vgrad_write_file, stdout);
    }
    return status;
}

int main(void)
{
    vgrad_probe *probe = NULL;
    vgrad_status status = vgrad_probe_create(&probe, NULL);
    if (status >= 0)
        status =
            vgrad_probe_declare(probe, "hidden", VGRAD_KIND_DENSE, VGRAD_TANH, INPUTS, UNITS, NULL);
    if (status >= 0)
        status = vgrad_probe_declare(probe, "out", VGRAD_KIND_DENSE, VGRAD_SIGMOID, UNITS, 1, NULL);
    if (status >= 0)
        status = train(probe);
    if (status >= 0)
        status = vgrad_probe_report(probe, VGRAD_REPORT_TABLE, vgrad_write_file, stdout);
    if (status >= 0)
        status = vgrad_probe_report(probe, VGRAD_REPORT_BUDGET, vgrad_write_file, stdout);
    if (status >= 0)
        status = vgrad_probe_report(probe, VGRAD_REPORT_SPARKLINES, vgrad_write_file, stdout);
    if (status < 0)
        fprintf(stderr, "%s\n", vgrad_last_error());
    vgrad_probe_destroy(probe);
    return status < 0;
}
