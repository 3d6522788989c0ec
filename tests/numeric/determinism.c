/* The same seed gives the same bits, whoever looks on. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

enum { ROWS = 50, BATCH = 16, EPOCHS = 3, PARAMETERS = 6 };

static const vgrad_dtype dtypes[] = { VGRAD_FLOAT32, VGRAD_FLOAT64 };
static const vgrad_optimizer_kind kinds[] = { VGRAD_SGD,   VGRAD_RMSPROP, VGRAD_ADAM,
                                              VGRAD_ADAMW, VGRAD_NADAM,   VGRAD_ADAGRAD };
enum { KINDS = sizeof kinds / sizeof *kinds };

static chain net(vgrad_dtype dtype, uint64_t seed)
{
    return (chain){ .dtype = dtype,
                    .seed = seed,
                    .inputs = 2,
                    .count = 3,
                    .units = { 7, 5, 1 },
                    .activations = { VGRAD_TANH, VGRAD_SIGMOID, VGRAD_SIGMOID } };
}

static rig make_with(vgrad_dtype dtype, uint64_t seed, vgrad_optimizer_kind kind)
{
    chain c = net(dtype, seed);
    rig r = rig_create(&c, VGRAD_LOSS_BINARY_CROSSENTROPY, kind, 0.01);
    assert_ok(vgrad_trainer_set(r.trainer, VGRAD_TRAINER_BATCH_SIZE, BATCH));
    return r;
}

static rig make(vgrad_dtype dtype, uint64_t seed)
{
    return make_with(dtype, seed, VGRAD_ADAM);
}

static vgrad_dataset *circles(void)
{
    vgrad_dataset *data;
    assert_ok(vgrad_dataset_circles(&data, ROWS, 0.5, 0.1, 9, NULL));
    return data;
}

static const vgrad_tensor *parameter(const vgrad_network *network, int i, int face)
{
    return vgrad_layer_tensor(dense_layer(network, 1 + i / 2), (vgrad_role)(face + i % 2));
}

static bool same_bits(const vgrad_network *a, const vgrad_network *b)
{
    for (int i = 0; i < PARAMETERS; i++) {
        const vgrad_tensor *x = parameter(a, i, 0), *y = parameter(b, i, 0);
        size_t size = x->dtype == VGRAD_FLOAT64 ? sizeof(double) : sizeof(float);
        if (memcmp(x->data, y->data, (size_t)vgrad_tensor_count(x) * size) != 0)
            return false;
    }
    return true;
}

static void fit(rig *r, vgrad_dataset *data)
{
    assert_ok(vgrad_trainer_fit(r->trainer, data, EPOCHS));
}

static void fit_by_hand(rig *r, vgrad_dataset *data)
{
    const vgrad_tensor *x, *y;
    vgrad_status status;
    while ((status = vgrad_trainer_next(r->trainer, data, EPOCHS, &x, &y)) == VGRAD_OK) {
        vgrad_trainer_forward(r->trainer, x);
        vgrad_trainer_loss(r->trainer, y, NULL);
        vgrad_trainer_backward(r->trainer);
        vgrad_trainer_step(r->trainer);
    }
    assert_status(VGRAD_DONE, status);
}

/* ---- who looks on ---- */

typedef void onlooker(rig *r, vgrad_dataset *data, vgrad_probe *probe);

static void nobody(rig *r, vgrad_dataset *data, vgrad_probe *probe)
{
    (void)probe;
    fit(r, data);
}

static void by_hand(rig *r, vgrad_dataset *data, vgrad_probe *probe)
{
    (void)probe;
    fit_by_hand(r, data);
}

static void all_kept(rig *r, vgrad_dataset *data, vgrad_probe *probe)
{
    (void)probe;
    assert_ok(vgrad_network_keep(r->network, KEEP_ALL));
    fit(r, data);
}

static void probed(rig *r, vgrad_dataset *data, vgrad_probe *probe)
{
    assert_ok(vgrad_probe_attach(probe, r->network));
    fit(r, data);
}

/* Every third step, so that steps with and without a look are mixed. */
static void probed_at_times(rig *r, vgrad_dataset *data, vgrad_probe *probe)
{
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_EVERY, 3));
    assert_ok(vgrad_network_keep(r->network, KEEP_ALL));
    assert_ok(vgrad_probe_attach(probe, r->network));
    fit(r, data);
}

static int32_t read_much(const vgrad_event *event, void *user)
{
    for (int i = 0; i < PARAMETERS; i++)
        vgrad_tensor_stat(parameter(event->network, i, 256), VGRAD_L2);
    if (event->kind == VGRAD_GRADIENTS_READY || event->kind == VGRAD_BATCH_END)
        assert_ok(vgrad_trainer_evaluate(event->trainer, user, NULL, NULL));
    return 0;
}

static void called_back(rig *r, vgrad_dataset *data, vgrad_probe *probe)
{
    (void)probe;
    assert_ok(vgrad_trainer_on(r->trainer, 255, 1, read_much, data));
    assert_ok(vgrad_trainer_set_validation(r->trainer, data));
    fit(r, data);
}

static void stop_on_nan(rig *r, vgrad_dataset *data, vgrad_probe *probe)
{
    (void)probe;
    assert_ok(vgrad_trainer_set(r->trainer, VGRAD_TRAINER_STOP_ON_NAN, 1));
    fit(r, data);
}

static void in_parts(rig *r, vgrad_dataset *data, vgrad_probe *probe)
{
    (void)probe;
    assert_ok(vgrad_trainer_fit(r->trainer, data, 1));
    fit(r, data);
}

/* All that can lie around a rule: with it, updates go another way over the slabs. */
static void surround(const rig *r)
{
    static const vgrad_optimizer_option clips[] = { VGRAD_OPTIMIZER_CLIP_GLOBAL_NORM,
                                                    VGRAD_OPTIMIZER_CLIP_LAYER_NORM,
                                                    VGRAD_OPTIMIZER_CLIP_VALUE };
    static int turn;
    assert_ok(vgrad_layer_set(dense_layer(r->network, 1), VGRAD_LAYER_L1, 0.01));
    assert_ok(vgrad_layer_set(dense_layer(r->network, 2), VGRAD_LAYER_L2, 0.01));
    assert_ok(vgrad_optimizer_set(r->optimizer, VGRAD_OPTIMIZER_WEIGHT_DECAY, 0.1));
    assert_ok(vgrad_optimizer_set(r->optimizer, VGRAD_OPTIMIZER_DECAY_COUPLED, turn / 2 % 2));
    assert_ok(vgrad_optimizer_set(r->optimizer, clips[turn++ / 2 % 3], 0.02));
    assert_ok(vgrad_optimizer_schedule_cosine(r->optimizer, 3, 8, 0.001));
}

static void compare(vgrad_dtype dtype, vgrad_optimizer_kind kind, bool around, onlooker *look,
                    int number)
{
    vgrad_dataset *data = circles();
    vgrad_probe *probe;
    assert_ok(vgrad_probe_create(&probe, NULL));
    rig alone = make_with(dtype, 5, kind), watched = make_with(dtype, 5, kind);
    ck_assert(same_bits(alone.network, watched.network));
    if (around) {
        surround(&alone);
        surround(&watched);
    }
    fit(&alone, data);
    look(&watched, data, probe);
    ck_assert_msg(same_bits(alone.network, watched.network), "onlooker %d, dtype %d, optimizer %d",
                  number, (int)dtype, (int)kind);
    ck_assert_int_eq(vgrad_trainer_steps(watched.trainer), EPOCHS * ((ROWS + BATCH - 1) / BATCH));
    rig_destroy(&alone);
    rig_destroy(&watched);
    vgrad_probe_destroy(probe);
    vgrad_dataset_destroy(data);
}

START_TEST(nobody_who_looks_on_changes_a_bit)
{
    onlooker *const all[] = { nobody,          by_hand,     all_kept,    probed,
                              probed_at_times, called_back, stop_on_nan, in_parts };
    for (int i = 0; i < 8; i++)
        for (int t = 0; t < 2; t++)
            for (int k = 0; k < 2 * KINDS; k++)
                compare(dtypes[t], kinds[k / 2], k % 2, all[i], i);
}
END_TEST

START_TEST(training_changes_the_weights)
{
    for (int t = 0; t < 2; t++) {
        vgrad_dataset *data = circles();
        rig fresh = make(dtypes[t], 5), trained = make(dtypes[t], 5);
        fit(&trained, data);
        ck_assert(!same_bits(fresh.network, trained.network));
        rig_destroy(&fresh);
        rig_destroy(&trained);
        vgrad_dataset_destroy(data);
    }
}
END_TEST

/* ---- seeds ---- */

START_TEST(seeds_decide_over_the_weights)
{
    rig five = make(VGRAD_FLOAT64, 5), six = make(VGRAD_FLOAT64, 6);
    for (int i = 0; i < PARAMETERS; i += 2)
        ck_assert_double_ne(*vgrad_tensor_f64(parameter(five.network, i, 0)),
                            *vgrad_tensor_f64(parameter(six.network, i, 0)));
    assert_ok(vgrad_network_initialize(six.network, 5));
    ck_assert(same_bits(five.network, six.network));
    rig_destroy(&five);
    rig_destroy(&six);
}
END_TEST

/* The rows in the order in which they are trained on; `order` holds EPOCHS * ROWS. */
static void read_order(uint64_t network_seed, bool chosen, uint64_t seed, bool shuffle,
                       double *order)
{
    double x[ROWS * 2] = { 0 }, y[ROWS] = { 0 };
    for (int i = 0; i < ROWS; i++)
        x[2 * i] = i;
    vgrad_dataset *data;
    assert_ok(vgrad_dataset_copy(&data, ROWS, x, VGRAD_FLOAT64, 2, y, VGRAD_FLOAT64, 1, NULL));
    rig r = make(VGRAD_FLOAT64, network_seed);
    if (chosen)
        assert_ok(vgrad_trainer_set_seed(r.trainer, seed));
    assert_ok(vgrad_trainer_set(r.trainer, VGRAD_TRAINER_SHUFFLE, shuffle));
    const vgrad_tensor *batch, *labels;
    while (vgrad_trainer_next(r.trainer, data, EPOCHS, &batch, &labels) == VGRAD_OK) {
        for (int64_t i = 0; i < batch->shape[0]; i++)
            *order++ = vgrad_tensor_f64(batch)[2 * i];
        vgrad_trainer_forward(r.trainer, batch);
        vgrad_trainer_loss(r.trainer, labels, NULL);
        vgrad_trainer_backward(r.trainer);
        assert_ok(vgrad_trainer_step(r.trainer));
    }
    rig_destroy(&r);
    vgrad_dataset_destroy(data);
}

START_TEST(the_order_of_rows_is_of_seed_and_epoch)
{
    double own[EPOCHS * ROWS], chosen[EPOCHS * ROWS], other[EPOCHS * ROWS], plain[EPOCHS * ROWS];
    read_order(5, false, 0, true, own);
    read_order(6, true, 5, true, chosen);
    read_order(5, true, 6, true, other);
    read_order(5, false, 0, false, plain);
    ck_assert_mem_eq(own, chosen, sizeof own); /* the network's own seed is the default */
    ck_assert(memcmp(own, other, sizeof own) != 0);
    ck_assert(memcmp(own, own + ROWS, ROWS * sizeof *own) != 0);
    for (int i = 0; i < EPOCHS * ROWS; i++)
        ck_assert_double_eq(plain[i], i % ROWS);
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        int seen[ROWS] = { 0 };
        for (int i = 0; i < ROWS; i++)
            ck_assert_int_eq(seen[(int)own[epoch * ROWS + i]]++, 0);
    }
}
END_TEST

/* ---- what is averaged, and what is added ---- */

/* Sums of gradients of this epoch, and the parameters of before the update. */
typedef struct ledger {
    double sums[PARAMETERS][64], before[PARAMETERS][64];
    int updates, epochs;
} ledger;

static double epsilon_of(const vgrad_tensor *tensor)
{
    return tensor->dtype == VGRAD_FLOAT64 ? 0x1p-52 : 0x1p-23;
}

static void take_gradients(ledger *l, const vgrad_network *network)
{
    for (int i = 0; i < PARAMETERS; i++) {
        double gradient[64];
        const vgrad_tensor *view = parameter(network, i, 256);
        assert_ok(vgrad_tensor_copy(view, gradient, VGRAD_FLOAT64, 64));
        assert_ok(vgrad_tensor_copy(parameter(network, i, 0), l->before[i], VGRAD_FLOAT64, 64));
        for (int64_t j = 0; j < vgrad_tensor_count(view); j++)
            l->sums[i][j] += gradient[j];
    }
    l->updates++;
}

/* update = new - old, but for the rounding of the sum. */
static void check_updates(const ledger *l, const vgrad_network *network)
{
    for (int i = 0; i < PARAMETERS; i++) {
        double update[64], after[64];
        const vgrad_tensor *view = parameter(network, i, 0);
        assert_ok(vgrad_tensor_copy(parameter(network, i, 512), update, VGRAD_FLOAT64, 64));
        assert_ok(vgrad_tensor_copy(view, after, VGRAD_FLOAT64, 64));
        for (int64_t j = 0; j < vgrad_tensor_count(view); j++) {
            ck_assert_double_ne(update[j], 0);
            ck_assert_double_eq_tol(update[j], after[j] - l->before[i][j],
                                    epsilon_of(view) * (fabs(after[j]) + 1e-3));
        }
    }
}

static void check_epoch_gradients(ledger *l, const vgrad_network *network)
{
    for (int i = 0; i < PARAMETERS; i++) {
        double mean[64];
        const vgrad_tensor *view = parameter(network, i, 1024);
        assert_ok(vgrad_tensor_copy(view, mean, VGRAD_FLOAT64, 64));
        int64_t count = vgrad_tensor_count(view);
        for (int64_t j = 0; j < count; j++)
            l->sums[i][j] /= l->updates;
        ck_assert_double_le(distance(mean, l->sums[i], count),
                            8 * epsilon_of(view) * (norm(l->sums[i], count) + 0.1));
    }
    l->epochs++;
    l->updates = 0;
    memset(l->sums, 0, sizeof l->sums);
}

static int32_t keep_the_ledger(const vgrad_event *event, void *user)
{
    if (event->kind == VGRAD_GRADIENTS_READY)
        take_gradients(user, event->network);
    else if (event->kind == VGRAD_BATCH_END)
        check_updates(user, event->network);
    else
        check_epoch_gradients(user, event->network);
    return 0;
}

START_TEST(epoch_gradients_are_means_and_updates_are_differences)
{
    for (int t = 0; t < 2; t++) {
        ledger l = { .epochs = 0 };
        vgrad_dataset *data = circles();
        rig r = make(dtypes[t], 5);
        assert_ok(vgrad_network_keep(r.network, KEEP_ALL));
        assert_ok(vgrad_trainer_on(r.trainer,
                                   VGRAD_GRADIENTS_READY | VGRAD_BATCH_END | VGRAD_EPOCH_END, 1,
                                   keep_the_ledger, &l));
        fit(&r, data);
        ck_assert_int_eq(l.epochs, EPOCHS);
        rig_destroy(&r);
        vgrad_dataset_destroy(data);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("determinism");
    add_tests(suite, "bits", nobody_who_looks_on_changes_a_bit, training_changes_the_weights,
              seeds_decide_over_the_weights, the_order_of_rows_is_of_seed_and_epoch);
    add_tests(suite, "sums", epoch_gradients_are_means_and_updates_are_differences);
    return run_suite(suite);
}
