/* A multi-layer perceptron with no library but BLAS: all memory taken once, loops as plain as can
 * be. */
/* SPDX-License-Identifier: MIT */
#include "by_hand.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct by_hand {
    const workload *work;
    const float *x, *y;
    float *w[LAYERS_MAX], *b[LAYERS_MAX], *dw[LAYERS_MAX], *db[LAYERS_MAX];
    float *a[LAYERS_MAX + 1], *delta[LAYERS_MAX]; /* a[0]: the batch */
    float *labels;
    int *order;
};

static float *floats(size_t count)
{
    return calloc(count, sizeof(float));
}

by_hand *by_hand_create(const workload *work, const float *x, const float *y)
{
    by_hand *net = calloc(1, sizeof *net);
    net->work = work;
    net->x = x;
    net->y = y;
    net->labels = floats((size_t)work->batch);
    net->order = calloc((size_t)work->rows, sizeof *net->order);
    for (int i = 0; i < work->rows; i++)
        net->order[i] = i;
    net->a[0] = floats((size_t)(work->batch * work->widths[0]));
    for (int l = 0; l < work->layers; l++) {
        size_t in = (size_t)work->widths[l], out = (size_t)work->widths[l + 1];
        double limit = sqrt(6.0 / (double)(in + out));
        net->w[l] = floats(in * out);
        net->dw[l] = floats(in * out);
        net->b[l] = floats(out);
        net->db[l] = floats(out);
        net->a[l + 1] = floats((size_t)work->batch * out);
        net->delta[l] = floats((size_t)work->batch * out);
        for (size_t i = 0; i < in * out; i++)
            net->w[l][i] = (float)(limit * (2.0 * rand() / RAND_MAX - 1.0));
    }
    return net;
}

void by_hand_destroy(by_hand *net)
{
    for (int l = 0; l < net->work->layers; l++) {
        free(net->w[l]);
        free(net->dw[l]);
        free(net->b[l]);
        free(net->db[l]);
        free(net->a[l + 1]);
        free(net->delta[l]);
    }
    free(net->a[0]);
    free(net->labels);
    free(net->order);
    free(net);
}

static void forward(by_hand *net, int rows)
{
    const workload *work = net->work;
    for (int l = 0; l < work->layers; l++) {
        int in = work->widths[l], out = work->widths[l + 1], last = l == work->layers - 1;
        float *z = net->a[l + 1];
        for (int r = 0; r < rows; r++)
            memcpy(z + r * out, net->b[l], (size_t)out * sizeof *z);
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, out, in, 1, net->a[l], in,
                    net->w[l], out, 1, z, out);
        if (last)
            continue;
        for (int i = 0; i < rows * out; i++)
            z[i] = work->relu ? (z[i] > 0 ? z[i] : 0) : 1 / (1 + expf(-z[i]));
    }
}

/* Cross-entropy of the logits, and the last delta. */
static double loss(by_hand *net, int rows)
{
    const workload *work = net->work;
    int out = work->widths[work->layers];
    const float *z = net->a[work->layers];
    float *delta = net->delta[work->layers - 1], per_row = 1 / (float)rows;
    double sum = 0;
    for (int r = 0; r < rows; r++, z += out, delta += out) {
        if (out == 1) {
            float p = 1 / (1 + expf(-z[0]));
            sum += (double)(fmaxf(z[0], 0) - z[0] * net->labels[r] + log1pf(expf(-fabsf(z[0]))));
            delta[0] = (p - net->labels[r]) * per_row;
            continue;
        }
        float high = z[0], total = 0;
        for (int j = 1; j < out; j++)
            high = fmaxf(high, z[j]);
        for (int j = 0; j < out; j++)
            total += delta[j] = expf(z[j] - high);
        for (int j = 0; j < out; j++)
            delta[j] *= per_row / total;
        int label = (int)net->labels[r];
        sum += (double)(high + logf(total) - z[label]);
        delta[label] -= per_row;
    }
    return sum / rows;
}

static void backward(by_hand *net, int rows)
{
    const workload *work = net->work;
    for (int l = work->layers - 1; l >= 0; l--) {
        int in = work->widths[l], out = work->widths[l + 1];
        const float *delta = net->delta[l], *a = net->a[l];
        cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, in, out, rows, 1, a, in, delta, out, 0,
                    net->dw[l], out);
        memset(net->db[l], 0, (size_t)out * sizeof *net->db[l]);
        for (int r = 0; r < rows; r++)
            for (int j = 0; j < out; j++)
                net->db[l][j] += delta[r * out + j];
        if (l == 0)
            break;
        float *before = net->delta[l - 1];
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, in, out, 1, delta, out,
                    net->w[l], out, 0, before, in);
        for (int i = 0; i < rows * in; i++)
            before[i] *= work->relu ? (float)(a[i] > 0) : a[i] * (1 - a[i]);
    }
}

static void update(by_hand *net)
{
    const workload *work = net->work;
    for (int l = 0; l < work->layers; l++) {
        int weights = work->widths[l] * work->widths[l + 1];
        for (int i = 0; i < weights; i++)
            net->w[l][i] -= 0.01f * net->dw[l][i];
        for (int j = 0; j < work->widths[l + 1]; j++)
            net->b[l][j] -= 0.01f * net->db[l][j];
    }
}

double by_hand_epoch(by_hand *net)
{
    const workload *work = net->work;
    int width = work->widths[0];
    double sum = 0;
    for (int i = work->rows - 1; i > 0; i--) {
        int j = rand() % (i + 1), kept = net->order[i];
        net->order[i] = net->order[j];
        net->order[j] = kept;
    }
    for (int first = 0; first < work->rows; first += work->batch) {
        int rows = work->rows - first < work->batch ? work->rows - first : work->batch;
        for (int r = 0; r < rows; r++) {
            int row = net->order[first + r];
            memcpy(net->a[0] + r * width, net->x + row * width, (size_t)width * sizeof(float));
            net->labels[r] = net->y[row];
        }
        forward(net, rows);
        sum += loss(net, rows) * rows;
        backward(net, rows);
        update(net);
    }
    return sum / work->rows;
}
