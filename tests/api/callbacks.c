/* The ready-made callbacks, on runs whose losses are made by hand. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "fixture.h"

enum { EPOCHS_MAX = 24, TRIALS = 400, TEXT_MAX = 2000 };

/*
 * One weight w, one row x = 1, y = 0: the loss is w^2. A callback sets w at the end of each batch,
 * so that w[e] is the weight that epoch e is validated with, and, one epoch later, trained with.
 */
typedef struct stage {
    vgrad_context *context;
    vgrad_dataset *data;
    vgrad_network *network;
    vgrad_optimizer *optimizer;
    vgrad_trainer *trainer;
    double w[EPOCHS_MAX];
    /* What was heard at the end of each epoch, before the ready-made callbacks. */
    double loss[EPOCHS_MAX], rate[EPOCHS_MAX];
    int64_t epochs;
    bool validates;
    char log[TEXT_MAX];
} stage;

static int32_t write_weight(const vgrad_event *event, void *user)
{
    void *data;
    const stage *s = user;
    assert_ok(vgrad_trainer_edit(event->trainer,
                                 vgrad_network_tensor(event->network, VGRAD_KERNEL, 0), &data));
    *(double *)data = s->w[event->epoch];
    return 0;
}

static int32_t note_epoch(const vgrad_event *event, void *user)
{
    stage *s = user;
    ck_assert_int_lt(event->epoch, EPOCHS_MAX);
    s->epochs = event->epoch + 1;
    s->loss[event->epoch] = s->validates ? event->validation_loss : event->loss;
    s->rate[event->epoch] = event->learning_rate;
    return 0;
}

static void note_log(int32_t level, const char *line, void *user)
{
    stage *s = user;
    (void)level;
    strncat(s->log, line, TEXT_MAX - strlen(s->log) - 2);
    strcat(s->log, "\n");
}

static void make(stage *s, bool validate)
{
    const double x = 1, y = 0;
    memset(s, 0, sizeof *s);
    assert_ok(vgrad_context_create(&s->context, NULL, NULL, NULL));
    assert_ok(vgrad_context_set_log(s->context, VGRAD_LOG_INFO, note_log, s));
    assert_ok(
        vgrad_dataset_copy(&s->data, 1, &x, VGRAD_FLOAT64, 1, &y, VGRAD_FLOAT64, 1, s->context));
    assert_ok(vgrad_network_create(&s->network, s->context));
    assert_ok(vgrad_network_set_dtype(s->network, VGRAD_FLOAT64));
    vgrad_layer *layer = vgrad_dense(vgrad_input(s->network, 1), 1, VGRAD_LINEAR);
    assert_ok(vgrad_layer_set(layer, VGRAD_LAYER_USE_BIAS, 0));
    assert_ok(vgrad_network_build(s->network, layer));
    assert_ok(vgrad_optimizer_create(&s->optimizer, s->network, VGRAD_SGD, 0.5));
    assert_ok(
        vgrad_trainer_create(&s->trainer, s->network, VGRAD_LOSS_MEAN_SQUARED_ERROR, s->optimizer));
    s->validates = validate;
    if (validate)
        assert_ok(vgrad_trainer_set_validation(s->trainer, s->data));
    assert_ok(vgrad_trainer_on(s->trainer, VGRAD_BATCH_END, 1, write_weight, s));
    assert_ok(vgrad_trainer_on(s->trainer, VGRAD_EPOCH_END, 1, note_epoch, s));
}

static void destroy(stage *s)
{
    vgrad_trainer_destroy(s->trainer);
    vgrad_optimizer_destroy(s->optimizer);
    vgrad_network_destroy(s->network);
    vgrad_dataset_destroy(s->data);
    vgrad_context_destroy(s->context);
}

static vgrad_status train(const stage *s, int loop, int64_t epochs)
{
    const fixture f = { .trainer = s->trainer };
    return loop ? fixture_loop(&f, s->data, epochs)
                : vgrad_trainer_fit(s->trainer, s->data, epochs);
}

static double weight(const stage *s)
{
    return *vgrad_tensor_f64(vgrad_network_tensor(s->network, VGRAD_KERNEL, 0));
}

static void assert_same(double a, double b)
{
    ck_assert_msg(a == b || (isnan(a) && isnan(b)), "%.17g and %.17g", a, b);
}

/* Weights in quarters, so that losses are exact: rather going down, now and then not finite. */
static void make_up(stage *s, uint32_t *random)
{
    for (int e = 0; e < EPOCHS_MAX; e++) {
        *random = *random * 1664525u + 1013904223u;
        uint32_t dice = *random >> 24;
        s->w[e] = (double)(dice % 8 + (uint32_t)(EPOCHS_MAX - e) / 4) / 4;
        if (dice % 11 == 0)
            s->w[e] = dice % 2 ? (double)NAN : (double)INFINITY;
    }
}

/* ---- early stopping ---- */

/* Keras's EarlyStopping (3.0, mode "min", no baseline), as its rule reads. */
typedef struct stopping_rule {
    int64_t patience, wait, best_epoch, last; /* last: where it stops; -1: nowhere */
    double min_delta, best;
} stopping_rule;

static void run_stopping_rule(stopping_rule *rule, const double *losses, int64_t epochs)
{
    bool kept = false;
    rule->best = (double)INFINITY;
    rule->wait = 0;
    rule->best_epoch = rule->last = -1;
    for (int64_t epoch = 0; epoch < epochs; epoch++) {
        double current = losses[epoch];
        if (!kept) {
            kept = true;
            rule->best_epoch = epoch;
        }
        rule->wait += 1;
        if (current + rule->min_delta < rule->best) {
            rule->best = current;
            rule->best_epoch = epoch;
            rule->wait = 0;
            continue;
        }
        if (rule->wait >= rule->patience && epoch > 0) {
            rule->last = epoch;
            return;
        }
    }
}

START_TEST(early_stopping_is_that_of_keras)
{
    uint32_t random = 7;
    const int64_t patience[] = { 0, 1, 2, 5, 20 };
    int stopped = 0, restored = 0;
    for (int trial = 0; trial < TRIALS; trial++) {
        stage s;
        stopping_rule rule = { .patience = patience[trial % 5], .min_delta = trial % 3 * 0.25 };
        int restore = trial / 5 % 2 * -7;
        make(&s, _i & 1);
        make_up(&s, &random);
        assert_ok(vgrad_trainer_early_stopping(s.trainer, rule.patience, rule.min_delta, restore));
        vgrad_status status = train(&s, _i & 2, EPOCHS_MAX);
        run_stopping_rule(&rule, s.loss, s.epochs);
        ck_assert_int_eq(vgrad_trainer_best_epoch(s.trainer), rule.best_epoch);
        assert_status(rule.last < 0 ? VGRAD_OK : VGRAD_STOPPED, status);
        ck_assert_int_eq(s.epochs, rule.last < 0 ? EPOCHS_MAX : rule.last + 1);
        assert_same(weight(&s), s.w[restore ? rule.best_epoch : s.epochs - 1]);
        stopped += rule.last >= 0;
        restored += restore && rule.best_epoch < s.epochs - 1;
        destroy(&s);
    }
    ck_assert_int_gt(stopped, TRIALS / 2);
    ck_assert_int_lt(stopped, TRIALS);
    ck_assert_int_gt(restored, TRIALS / 4);
}
END_TEST

START_TEST(the_first_epoch_is_the_best_where_none_improves)
{
    stage s;
    make(&s, true);
    for (int e = 0; e < EPOCHS_MAX; e++)
        s.w[e] = e ? -(double)INFINITY : (double)INFINITY;
    assert_ok(vgrad_trainer_early_stopping(s.trainer, 3, 0, 1));
    assert_status(VGRAD_STOPPED, train(&s, _i, 9));
    ck_assert_int_eq(s.epochs, 3);
    ck_assert_int_eq(vgrad_trainer_best_epoch(s.trainer), 0);
    ck_assert_double_eq(weight(&s), (double)INFINITY);
    destroy(&s);
}
END_TEST

static const double valley[EPOCHS_MAX] = { 4, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9 };

static int32_t note_weight(const vgrad_event *event, void *user)
{
    *(double *)user = *vgrad_tensor_f64(vgrad_network_tensor(event->network, VGRAD_KERNEL, 0));
    return 0;
}

START_TEST(the_best_weights_are_there_when_the_run_is_ended)
{
    stage s;
    double seen = 0;
    make(&s, true);
    memcpy(s.w, valley, sizeof valley);
    assert_ok(vgrad_trainer_on(s.trainer, VGRAD_TRAIN_END, 1, note_weight, &seen));
    assert_ok(vgrad_trainer_early_stopping(s.trainer, 2, 0, 1));
    ck_assert_int_eq(vgrad_trainer_best_epoch(s.trainer), -1);
    assert_status(VGRAD_STOPPED, train(&s, _i, 9));
    ck_assert_int_eq(s.epochs, 5);
    ck_assert_double_eq(weight(&s), 1);
    ck_assert_double_eq(seen, 1);
    ck_assert_ptr_nonnull(strstr(s.log, "early stopping: epoch 5 is the last, epoch 3 was the best "
                                        "(loss 1)\n"));
    ck_assert_ptr_nonnull(strstr(s.log, "early stopping: the weights are those of epoch 3\n"));
    destroy(&s);
}
END_TEST

static int32_t answer(const vgrad_event *event, void *user)
{
    const int *what = user;
    if (event->kind == VGRAD_EPOCH_BEGIN ? event->epoch == 4 : event->epoch == 3)
        return *what;
    return 0;
}

START_TEST(the_best_weights_come_back_at_a_normal_end_only)
{
    for (int way = 0; way < 5; way++) {
        stage s;
        int what = way == 1 ? 1 : -1;
        make(&s, true);
        memcpy(s.w, valley, sizeof valley);
        assert_ok(vgrad_trainer_early_stopping(s.trainer, 9, 0, way != 4));
        if (way == 1 || way == 2)
            assert_ok(vgrad_trainer_on(s.trainer, VGRAD_EPOCH_BEGIN, 1, answer, &what));
        if (way == 3)
            assert_ok(vgrad_trainer_set(s.trainer, VGRAD_TRAINER_MAX_STEPS, 4));
        assert_status(way == 1   ? VGRAD_STOPPED
                      : way == 2 ? VGRAD_E_CALLBACK
                                 : VGRAD_OK,
                      train(&s, _i,
                            way == 3               ? 9
                            : way == 0 || way == 4 ? 4
                                                   : 9));
        ck_assert_int_eq(s.epochs, 4);
        ck_assert_double_eq(weight(&s), way == 0 || way == 3 ? 1 : 2);
        ck_assert_int_eq(vgrad_trainer_best_epoch(s.trainer), 2);
        destroy(&s);
    }
}
END_TEST

START_TEST(each_run_is_judged_anew)
{
    stage s;
    make(&s, true);
    memcpy(s.w, valley, sizeof valley);
    ck_assert_int_eq(vgrad_trainer_best_epoch(s.trainer), -1);
    assert_ok(vgrad_trainer_early_stopping(s.trainer, 3, 0, 0));
    assert_ok(train(&s, _i, 5)); /* waited for 2 */
    ck_assert_int_eq(vgrad_trainer_best_epoch(s.trainer), 2);
    assert_status(VGRAD_STOPPED, train(&s, _i, 11));
    ck_assert_int_eq(s.epochs, 9); /* 5 is the best of this run */
    ck_assert_int_eq(vgrad_trainer_best_epoch(s.trainer), 5);
    assert_ok(train(&s, _i, 9));
    ck_assert_int_eq(vgrad_trainer_best_epoch(s.trainer), -1); /* no epoch */
    destroy(&s);
}
END_TEST

/* Of a run that trains nothing there are no best weights: those of an older run stay away. */
START_TEST(a_run_without_an_epoch_puts_nothing_back)
{
    stage s;
    make(&s, true);
    memcpy(s.w, valley, sizeof valley);
    assert_ok(vgrad_trainer_early_stopping(s.trainer, 3, 0, 1));
    assert_ok(train(&s, _i, 4));
    ck_assert_double_eq(weight(&s), 1);
    const double other = 17;
    vgrad_tensor view;
    vgrad_tensor_matrix(&view, &other, VGRAD_FLOAT64, 1, 1);
    assert_ok(vgrad_layer_set_tensor(vgrad_network_layer(s.network, 1), VGRAD_KERNEL, &view));
    assert_ok(train(&s, _i, 4));
    ck_assert_double_eq(weight(&s), 17);
    destroy(&s);
}
END_TEST

START_TEST(a_second_call_replaces_the_first)
{
    for (int restore = 0; restore < 4; restore++) {
        stage s;
        make(&s, true);
        memcpy(s.w, valley, sizeof valley);
        assert_ok(vgrad_trainer_early_stopping(s.trainer, 1, 0, restore & 1));
        assert_ok(vgrad_trainer_early_stopping(s.trainer, 4, 0, restore & 2));
        assert_ok(vgrad_trainer_reduce_on_plateau(s.trainer, 0.1, 1, 0, 0, 0));
        assert_ok(vgrad_trainer_reduce_on_plateau(s.trainer, 0.5, 3, 0, 0, 0));
        assert_status(VGRAD_STOPPED, train(&s, _i, 11));
        ck_assert_int_eq(s.epochs, 7);
        ck_assert_double_eq(weight(&s), restore & 2 ? 1 : 5);
        ck_assert_double_eq(vgrad_optimizer_get(s.optimizer, VGRAD_OPTIMIZER_LEARNING_RATE), 0.25);
        /* A refused call leaves what was set. */
        assert_status(VGRAD_E_INVALID, vgrad_trainer_early_stopping(s.trainer, -1, 0, 0));
        ck_assert_int_eq(vgrad_trainer_best_epoch(s.trainer), 2);
        destroy(&s);
    }
}
END_TEST

/* Between two calls of a loop of one's own: what the run has seen so far is forgotten. */
START_TEST(a_second_call_within_a_run_begins_anew)
{
    stage s;
    const vgrad_tensor *x, *y;
    vgrad_status status;
    make(&s, true);
    memcpy(s.w, valley, sizeof valley);
    assert_ok(vgrad_trainer_early_stopping(s.trainer, 2, 0, 1));
    while ((status = vgrad_trainer_next(s.trainer, s.data, 11, &x, &y)) == VGRAD_OK) {
        if (vgrad_trainer_epoch(s.trainer) == 4)
            assert_ok(vgrad_trainer_early_stopping(s.trainer, 2, 0, 1));
        assert_ok(vgrad_trainer_forward(s.trainer, x));
        assert_ok(vgrad_trainer_loss(s.trainer, y, NULL));
        assert_ok(vgrad_trainer_backward(s.trainer));
        assert_ok(vgrad_trainer_step(s.trainer));
    }
    assert_status(VGRAD_STOPPED, status);
    ck_assert_int_eq(s.epochs, 7);
    ck_assert_int_eq(vgrad_trainer_best_epoch(s.trainer), 4);
    ck_assert_double_eq(weight(&s), 3);
    destroy(&s);
}
END_TEST

/* ---- the rate on a plateau ---- */

/* Keras's ReduceLROnPlateau (3.0, mode "min"): the rate after each epoch. */
typedef struct plateau_rule {
    double factor, min_delta, min_lr;
    int64_t patience, cooldown;
} plateau_rule;

static int run_plateau_rule(const plateau_rule *rule, const double *losses, int64_t epochs,
                            double rate, double *rates)
{
    double best = (double)INFINITY;
    int64_t wait = 0, cooldown_counter = 0;
    int cuts = 0;
    for (int64_t epoch = 0; epoch < epochs; epoch++) {
        if (cooldown_counter > 0) {
            cooldown_counter -= 1;
            wait = 0;
        }
        if (losses[epoch] < best - rule->min_delta) {
            best = losses[epoch];
            wait = 0;
        } else if (!(cooldown_counter > 0)) {
            wait += 1;
            if (wait >= rule->patience && rate > rule->min_lr) {
                double lower = rate * rule->factor;
                rate = lower > rule->min_lr ? lower : rule->min_lr;
                cooldown_counter = rule->cooldown;
                wait = 0;
                cuts++;
            }
        }
        rates[epoch] = rate;
    }
    return cuts;
}

START_TEST(the_plateau_is_that_of_keras)
{
    uint32_t random = 11;
    int cuts = 0, floored = 0;
    for (int trial = 0; trial < TRIALS; trial++) {
        stage s;
        double rates[EPOCHS_MAX];
        const plateau_rule rule = { .factor = trial % 2 ? 0.5 : 0.1,
                                    .min_delta = trial % 3 * 0.25,
                                    .min_lr = trial % 7 * 0.1,
                                    .patience = trial % 5,
                                    .cooldown = trial / 5 % 4 };
        make(&s, _i & 1);
        make_up(&s, &random);
        assert_ok(vgrad_trainer_reduce_on_plateau(s.trainer, rule.factor, rule.patience,
                                                  rule.min_delta, rule.cooldown, rule.min_lr));
        assert_ok(train(&s, _i & 2, EPOCHS_MAX));
        cuts += run_plateau_rule(&rule, s.loss, EPOCHS_MAX, 0.5, rates);
        ck_assert_double_eq(s.rate[0], 0.5);
        for (int e = 1; e < EPOCHS_MAX; e++)
            ck_assert_double_eq(s.rate[e], rates[e - 1]);
        double last = vgrad_optimizer_get(s.optimizer, VGRAD_OPTIMIZER_LEARNING_RATE);
        ck_assert_double_eq(last, rates[EPOCHS_MAX - 1]);
        floored += last == rule.min_lr;
        destroy(&s);
    }
    ck_assert_int_gt(cuts, TRIALS);
    ck_assert_int_gt(floored, TRIALS / 10);
}
END_TEST

START_TEST(each_run_begins_with_no_plateau_and_the_rate_as_it_is)
{
    stage s;
    make(&s, true);
    memcpy(s.w, valley, sizeof valley);
    assert_ok(vgrad_trainer_reduce_on_plateau(s.trainer, 0.5, 2, 0, 9, 0));
    assert_ok(train(&s, _i, 5)); /* one cut, and nothing for 9 epochs */
    ck_assert_double_eq(vgrad_optimizer_get(s.optimizer, VGRAD_OPTIMIZER_LEARNING_RATE), 0.25);
    ck_assert_ptr_nonnull(strstr(s.log, "plateau: after epoch 5 the learning rate is 0.25\n"));
    assert_ok(train(&s, _i, 7)); /* 5 is new, 6 is one epoch */
    ck_assert_double_eq(vgrad_optimizer_get(s.optimizer, VGRAD_OPTIMIZER_LEARNING_RATE), 0.25);
    assert_ok(train(&s, _i, 10)); /* 7 is new, 8 and 9 are two */
    ck_assert_double_eq(vgrad_optimizer_get(s.optimizer, VGRAD_OPTIMIZER_LEARNING_RATE), 0.125);
    destroy(&s);
}
END_TEST

/* ---- the log of rates ---- */

typedef struct page {
    char text[TEXT_MAX];
    int writes_left; /* -1: any number */
} page;

static int32_t write_page(const char *text, size_t length, void *user)
{
    page *p = user;
    if (p->writes_left == 0)
        return 5;
    p->writes_left -= p->writes_left > 0;
    strncat(p->text, text, length);
    return 0;
}

START_TEST(a_line_for_each_rate)
{
    for (int later = 0; later < 2; later++) {
        stage s;
        page p = { .writes_left = -1 }, first = { .writes_left = -1 };
        make(&s, true);
        memcpy(s.w, valley, sizeof valley);
        assert_ok(vgrad_trainer_log_rate(s.trainer, write_page, &first));
        if (!later)
            assert_ok(vgrad_trainer_log_rate(s.trainer, write_page, &p));
        assert_ok(vgrad_trainer_reduce_on_plateau(s.trainer, 0.1, 2, 0, 0, 0));
        if (later)
            assert_ok(vgrad_trainer_log_rate(s.trainer, write_page, &p));
        assert_ok(train(&s, _i, 8));
        ck_assert_str_eq(p.text, "epoch 1: learning rate 0.5\n"
                                 "epoch 6: learning rate 0.05\n"
                                 "epoch 8: learning rate 0.005\n");
        ck_assert_str_eq(first.text, "");
        p.text[0] = '\0';
        assert_ok(train(&s, _i, 9)); /* another run */
        ck_assert_str_eq(p.text, "epoch 9: learning rate 0.005\n");
        destroy(&s);
    }
}
END_TEST

static int32_t change_rate(const vgrad_event *event, void *user)
{
    if (event->epoch == 2)
        assert_ok(vgrad_optimizer_set(user, VGRAD_OPTIMIZER_LEARNING_RATE, 0.00025));
    return 0;
}

/* What is set after the last update of an epoch is the next one's. */
START_TEST(the_rate_is_that_of_the_last_update)
{
    stage s;
    page p = { .writes_left = -1 };
    const int32_t kinds[] = { VGRAD_EPOCH_BEGIN, VGRAD_GRADIENTS_READY, VGRAD_BATCH_END,
                              VGRAD_EPOCH_END };
    make(&s, false);
    memcpy(s.w, valley, sizeof valley);
    assert_ok(vgrad_trainer_on(s.trainer, (uint32_t)kinds[_i], 1, change_rate, s.optimizer));
    assert_ok(vgrad_trainer_log_rate(s.trainer, write_page, &p));
    assert_ok(train(&s, 0, 5));
    ck_assert_str_eq(p.text, _i < 2
                                 ? "epoch 1: learning rate 0.5\nepoch 3: learning rate 0.00025\n"
                                 : "epoch 1: learning rate 0.5\nepoch 4: learning rate 0.00025\n");
    destroy(&s);
}
END_TEST

static int32_t skip_later(const vgrad_event *event, void *user)
{
    if (event->epoch >= 1)
        assert_ok(vgrad_optimizer_set(user, VGRAD_OPTIMIZER_LEARNING_RATE, 0.125));
    return event->epoch >= 1 ? vgrad_trainer_skip_update(event->trainer) : VGRAD_OK;
}

START_TEST(a_skipped_update_took_no_rate)
{
    stage s;
    page p = { .writes_left = -1 };
    make(&s, false);
    memcpy(s.w, valley, sizeof valley);
    assert_ok(vgrad_trainer_on(s.trainer, VGRAD_GRADIENTS_READY, 1, skip_later, s.optimizer));
    assert_ok(vgrad_trainer_log_rate(s.trainer, write_page, &p));
    assert_ok(train(&s, _i, 4));
    ck_assert_str_eq(p.text, "epoch 1: learning rate 0.5\n");
    destroy(&s);
}
END_TEST

START_TEST(a_line_that_cannot_be_written_fails_the_run)
{
    stage s;
    page p = { .writes_left = 0 };
    make(&s, false);
    assert_ok(vgrad_trainer_log_rate(s.trainer, write_page, &p));
    assert_status(VGRAD_E_IO, train(&s, _i, 3));
    assert_error_names("write returned 5");
    p.writes_left = -1;
    assert_ok(train(&s, _i, 3));
    destroy(&s);
}
END_TEST

/* ---- what is refused ---- */

static int32_t call_inside(const vgrad_event *event, void *user)
{
    (void)user;
    assert_status(VGRAD_E_STATE, vgrad_trainer_early_stopping(event->trainer, 1, 0, 0));
    assert_status(VGRAD_E_STATE, vgrad_trainer_reduce_on_plateau(event->trainer, 0.5, 1, 0, 0, 0));
    assert_status(VGRAD_E_STATE, vgrad_trainer_log_rate(event->trainer, write_page, user));
    return 0;
}

START_TEST(bad_input_is_refused)
{
    stage s;
    page p;
    const double bad[] = { -0.5, (double)NAN, (double)INFINITY };
    make(&s, false);
    assert_status(VGRAD_E_INVALID, vgrad_trainer_early_stopping(NULL, 1, 0, 0));
    assert_error_names("trainer");
    assert_status(VGRAD_E_INVALID, vgrad_trainer_reduce_on_plateau(NULL, 0.5, 1, 0, 0, 0));
    assert_error_names("trainer");
    assert_status(VGRAD_E_INVALID, vgrad_trainer_log_rate(NULL, write_page, &p));
    assert_error_names("trainer");
    assert_status(VGRAD_E_INVALID, vgrad_trainer_log_rate(s.trainer, NULL, &p));
    assert_error_names("write");
    ck_assert_int_eq(vgrad_trainer_best_epoch(NULL), -1);
    assert_error_names("trainer");
    assert_status(VGRAD_E_INVALID, vgrad_trainer_early_stopping(s.trainer, -1, 0, 0));
    assert_error_names("patience: at least 0, got -1");
    assert_status(VGRAD_E_INVALID, vgrad_trainer_reduce_on_plateau(s.trainer, 0.5, -2, 0, 0, 0));
    assert_error_names("patience: at least 0, got -2");
    assert_status(VGRAD_E_INVALID, vgrad_trainer_reduce_on_plateau(s.trainer, 0.5, 1, 0, -3, 0));
    assert_error_names("cooldown: at least 0, got -3");
    for (int i = 0; i < 3; i++) {
        assert_status(VGRAD_E_INVALID, vgrad_trainer_early_stopping(s.trainer, 1, bad[i], 1));
        assert_error_names("min_delta: ");
        assert_status(VGRAD_E_INVALID,
                      vgrad_trainer_reduce_on_plateau(s.trainer, 0.5, 1, bad[i], 0, 0));
        assert_error_names("min_delta: ");
        assert_status(VGRAD_E_INVALID,
                      vgrad_trainer_reduce_on_plateau(s.trainer, 0.5, 1, 0, 0, bad[i]));
        assert_error_names("min_rate: ");
        assert_status(VGRAD_E_INVALID,
                      vgrad_trainer_reduce_on_plateau(s.trainer, bad[i], 1, 0, 0, 0));
        assert_error_names("factor: ");
    }
    assert_status(VGRAD_E_INVALID, vgrad_trainer_reduce_on_plateau(s.trainer, 0, 1, 0, 0, 0));
    assert_status(VGRAD_E_INVALID, vgrad_trainer_reduce_on_plateau(s.trainer, 1, 1, 0, 0, 0));
    assert_ok(vgrad_trainer_on(s.trainer, VGRAD_EPOCH_END, 1, call_inside, &p));
    assert_ok(train(&s, 0, 5)); /* nothing of all that is in force */
    ck_assert_double_eq(vgrad_optimizer_get(s.optimizer, VGRAD_OPTIMIZER_LEARNING_RATE), 0.5);
    destroy(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("callbacks");
    TCase *rules = tcase_create("rules of Keras");
    tcase_set_timeout(rules, 120);
    tcase_add_loop_test(rules, early_stopping_is_that_of_keras, 0, 4);
    tcase_add_loop_test(rules, the_plateau_is_that_of_keras, 0, 4);
    suite_add_tcase(suite, rules);
    TCase *both = tcase_create("fit and loop");
    tcase_add_loop_test(both, the_best_weights_are_there_when_the_run_is_ended, 0, 2);
    tcase_add_loop_test(both, the_best_weights_come_back_at_a_normal_end_only, 0, 2);
    tcase_add_loop_test(both, the_first_epoch_is_the_best_where_none_improves, 0, 2);
    tcase_add_loop_test(both, each_run_is_judged_anew, 0, 2);
    tcase_add_loop_test(both, a_run_without_an_epoch_puts_nothing_back, 0, 2);
    tcase_add_loop_test(both, a_second_call_replaces_the_first, 0, 2);
    tcase_add_loop_test(both, each_run_begins_with_no_plateau_and_the_rate_as_it_is, 0, 2);
    tcase_add_loop_test(both, a_line_for_each_rate, 0, 2);
    tcase_add_loop_test(both, a_line_that_cannot_be_written_fails_the_run, 0, 2);
    tcase_add_loop_test(both, a_skipped_update_took_no_rate, 0, 2);
    tcase_add_loop_test(both, the_rate_is_that_of_the_last_update, 0, 4);
    suite_add_tcase(suite, both);
    add_tests(suite, "apart", a_second_call_within_a_run_begins_anew, bad_input_is_refused);
    return run_suite(suite);
}
