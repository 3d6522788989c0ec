/* One training step, call by call. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "probe/finding.h"
#include "train/trainer.h"

/* Tells of a copy: a callback may give the probe up before the next one reads. What is not copied
   are constants of the library. */
static vgrad_status fire_finding(vgrad_trainer *trainer, const vgrad_finding *finding)
{
    vgrad_finding copy = *finding;
    char message[VGRAD__MESSAGE_SIZE], layer_name[VGRAD__NAME_SIZE];
    double evidence[VGRAD__EVIDENCE_MAX];
    snprintf(message, sizeof message, "%s", finding->message);
    snprintf(layer_name, sizeof layer_name, "%s", finding->layer_name);
    memcpy(evidence, finding->evidence, (size_t)finding->evidence_count * sizeof *evidence);
    copy.message = message;
    copy.layer_name = layer_name;
    copy.evidence = evidence;
    trainer->finding = &copy;
    vgrad_status status = vgrad__fire(trainer, VGRAD_FINDING_CHANGED);
    trainer->finding = NULL;
    return status;
}

/* Whoever looks at the step has seen all there is; what they found by that is told. */
static vgrad_status observers_end(vgrad_trainer *trainer)
{
    vgrad_status outcome = VGRAD_OK;
    const vgrad__tally tally = vgrad__group_tally(trainer);
    const vgrad__step_end end = { .loss = vgrad__tally_mean(&tally).loss,
                                  .rows = tally.rows,
                                  .updated = trainer->step.updated && !trainer->step.skip };
    const size_t news = vgrad__observers_end(trainer->network, &end);
    for (size_t i = 0; i < news && outcome >= 0; i++) {
        const vgrad_finding *finding = vgrad__observers_news(trainer->network, i);
        vgrad_status status = finding ? fire_finding(trainer, finding) : VGRAD_OK;
        outcome = status == VGRAD_OK ? outcome : status;
    }
    return outcome;
}

/* ---- a step that ends early ---- */

vgrad_status vgrad__step_end_early(vgrad_trainer *trainer, vgrad_status status)
{
    vgrad__step *step = &trainer->step;
    if (status == VGRAD_OK || step->trouble != VGRAD_OK)
        return status;
    step->trouble = status;
    snprintf(step->text, sizeof step->text, "%s", status < 0 ? vgrad_last_error() : "");
    if (trainer->group.batches == 0) /* else the batch comes again, and the look goes on */
        observers_end(trainer);
    vgrad__step_trouble(trainer); /* its text again, whatever callbacks did */
    if (trainer->network->pass == step->pass)
        vgrad__end_step(trainer->network);
    return status;
}

vgrad_status vgrad__step_trouble(const vgrad_trainer *trainer)
{
    if (trainer->step.trouble < 0)
        vgrad__fail(trainer->step.trouble, "%s", trainer->step.text);
    return trainer->step.trouble;
}

bool vgrad__step_is_at(const vgrad_trainer *trainer, vgrad__phase phase)
{
    return trainer->network->pass == trainer->step.pass && trainer->network->phase == phase;
}

void vgrad__step_begin(vgrad_trainer *trainer, int64_t rows)
{
    vgrad__end_step(trainer->network);
    trainer->step = (vgrad__step){ .rows = rows, .value = { (double)NAN, (double)NAN } };
}

/* ---- the four calls ---- */

/* Whether it is what next() gave last, in this pass or in another one over it. */
static bool is_same(const vgrad_tensor *tensor, const vgrad_tensor *given)
{
    return tensor && given->data && tensor->data == given->data &&
           tensor->shape[0] == given->shape[0];
}

static vgrad_status forward(vgrad_trainer *trainer, const vgrad_tensor *x)
{
    vgrad_status status;
    vgrad__step *step = &trainer->step;
    bool announced = step->announced;
    if (!announced) /* a loop without next() */
        vgrad__step_begin(trainer, 0);
    step->announced = false; /* another forward is another step */
    status = vgrad__check_batch(trainer->network, x);
    if (status == VGRAD_OK && !announced) {
        step->rows = x->shape[0];
        status = vgrad__fire(trainer, VGRAD_BATCH_BEGIN);
    }
    if (status != VGRAD_OK)
        return status;
    if (trainer->group.batches > 0)
        vgrad__observers_again(trainer->network);
    else
        vgrad__observers_begin(trainer->network, trainer->at.steps);
    status = vgrad__forward(trainer->network, x, true);
    if (status != VGRAD_OK)
        return status;
    step->pass = trainer->network->pass;
    step->rows = trainer->network->rows;
    step->knows_rows = is_same(x, &trainer->batches.x_view);
    return vgrad__fire(trainer, VGRAD_FORWARD_DONE);
}

/* A call of a step after its first: trouble of before goes first, then the order of calls. */
static vgrad_status check_turn(const vgrad_trainer *trainer, vgrad__phase phase, const char *before)
{
    if (trainer->step.trouble != VGRAD_OK)
        return vgrad__step_trouble(trainer);
    if (!vgrad__step_is_at(trainer, phase) || trainer->step.updated)
        return vgrad__fail(VGRAD_E_STATE, "trainer: %s comes first", before);
    return VGRAD_OK;
}

enum { ROW_TEXT = 48 };

/* Which row of the data it is, where next() gave the batch: " (row 70 of the data)". */
static const char *name_data_row(const vgrad_trainer *trainer, int64_t row, char text[ROW_TEXT])
{
    text[0] = '\0';
    if (trainer->step.knows_rows)
        snprintf(text, ROW_TEXT, " (row %lld of the data)", (long long)trainer->batches.rows[row]);
    return text;
}

/* VGRAD_E_NUMBER if something is not finite and the run is to end on that. */
static vgrad_status check_finite(const vgrad_trainer *trainer, bool activations)
{
    if (!trainer->stop_on_nan)
        return VGRAD_OK;
    vgrad__culprit found = { .layer = NULL };
    if (activations)
        found = vgrad__find_odd_activation(trainer->network);
    if (!found.layer)
        found = vgrad__find_odd_gradient(trainer->network);
    long long step = trainer->at.steps, row = found.row, column = found.column;
    char data_row[ROW_TEXT];
    if (found.layer && found.role == VGRAD_ACTIVATION)
        return vgrad__fail(VGRAD_E_NUMBER,
                           "step %lld: %g in %s.%s, row %lld of the batch%s, column %lld", step,
                           found.value, found.layer->name, vgrad_role_name(found.role), row,
                           name_data_row(trainer, row, data_row), column);
    if (found.layer)
        return vgrad__fail(VGRAD_E_NUMBER, "step %lld: %g in %s.%s at (%lld, %lld)", step,
                           found.value, found.layer->name, vgrad_role_name(found.role), row,
                           column);
    if (!isfinite(trainer->step.value.loss))
        return vgrad__fail(VGRAD_E_NUMBER, "step %lld: the loss behind layer \"%s\" is %g", step,
                           trainer->network->outputs[0]->name, trainer->step.value.loss);
    return VGRAD_OK;
}

/* The network's gradients are those of the update. */
static vgrad_status gradients_ready(vgrad_trainer *trainer, bool activations)
{
    trainer->step.complete = true;
    vgrad__gradients_tell(trainer->network);
    vgrad_status status = check_finite(trainer, activations);
    if (status == VGRAD_OK)
        return vgrad__fire(trainer, VGRAD_GRADIENTS_READY);
    vgrad__group_clear(trainer); /* its mean would fail again and again */
    return status;
}

static vgrad_status backward(vgrad_trainer *trainer)
{
    bool completes = vgrad__group_completes(trainer);
    bool alone = completes && trainer->group.batches == 0;
    vgrad_status status = vgrad__backward(trainer->network);
    if (status == VGRAD_OK && !alone)
        status = check_finite(trainer, true); /* before others are mixed with it */
    if (status != VGRAD_OK || !completes)
        return status;
    vgrad__group_average(trainer);
    return gradients_ready(trainer, true);
}

/* The step is made: its batch counts, and does not come again. */
static void count_batch(vgrad_trainer *trainer)
{
    vgrad__step *step = &trainer->step;
    step->updated = true;
    if (step->from_next && step->rows > 0)
        vgrad__tally_add(&trainer->tally, &step->value, step->rows);
}

static vgrad_status update(vgrad_trainer *trainer)
{
    vgrad__step *step = &trainer->step;
    const vgrad_optimizer *optimizer = trainer->optimizer;
    vgrad_status status = vgrad__optimizer_update(trainer->optimizer);
    if (status != VGRAD_OK)
        return status;
    step->rate = optimizer->rate;
    step->clipped = optimizer->clip.by != 0;
    step->clipped_norm = optimizer->clip.norm;
    vgrad__epoch_gradient_add(trainer->network);
    trainer->at.steps++;
    return VGRAD_OK;
}

static vgrad_status step(vgrad_trainer *trainer)
{
    if (!trainer->step.complete) {
        count_batch(trainer);
        vgrad__group_join(trainer);
        return VGRAD_ACCUMULATED;
    }
    vgrad_status status = trainer->step.skip ? VGRAD_OK : update(trainer);
    if (status != VGRAD_OK)
        return status;
    count_batch(trainer);
    vgrad_status found = observers_end(trainer);
    status = found < 0 ? found : vgrad__fire(trainer, VGRAD_BATCH_END);
    status = status == VGRAD_OK ? found : status;
    vgrad__group_clear(trainer);
    return status == VGRAD_OK && trainer->step.skip ? VGRAD_SKIPPED : status;
}

vgrad_status vgrad__step_of_the_rest(vgrad_trainer *trainer)
{
    vgrad__step_begin(trainer, 0);
    vgrad__gradients_put(trainer->network, trainer->group.mean.data);
    trainer->step.pass = trainer->network->pass;
    trainer->step.from_next = true;
    trainer->step.value = vgrad__tally_mean(&trainer->group.tally);
    /* Activations are of whatever pass was the last, and their batch may be gone. */
    vgrad_status status = gradients_ready(trainer, false);
    if (status == VGRAD_OK)
        status = step(trainer);
    vgrad__step_begin(trainer, 0);
    return status == VGRAD_SKIPPED ? VGRAD_OK : status;
}

vgrad_status vgrad__enter(vgrad_trainer *trainer)
{
    vgrad_status status = vgrad__check_outside(trainer);
    if (status == VGRAD_OK)
        vgrad__hold(&trainer->references);
    return status;
}

vgrad_status vgrad__leave(vgrad_trainer *trainer, vgrad_status status)
{
    vgrad_trainer_destroy(trainer);
    return status;
}

/* After a step that failed: with the batch that next() gave once more, else with another one, and
   then next() gives that batch again. */
static void begin_anew(vgrad_trainer *trainer, const vgrad_tensor *x)
{
    const vgrad__step *failed = &trainer->step;
    const vgrad_tensor *batch = &trainer->batches.x_view;
    bool same = failed->from_next && !failed->updated && x && x->data == batch->data;
    if (!same) {
        vgrad__step_forget(trainer);
        return;
    }
    vgrad__step_begin(trainer, batch->shape[0]);
    trainer->step.announced = trainer->step.from_next = true;
}

vgrad_status vgrad_trainer_forward(vgrad_trainer *trainer, const vgrad_tensor *x)
{
    vgrad_status status = vgrad__enter(trainer);
    if (status != VGRAD_OK)
        return status;
    if (trainer->step.trouble != VGRAD_OK)
        begin_anew(trainer, x);
    return vgrad__leave(trainer, vgrad__step_end_early(trainer, forward(trainer, x)));
}

/* The weights that came with the batch, if y is the batch's. */
static const double *weights_of(const vgrad_trainer *trainer, const vgrad_tensor *y)
{
    const vgrad__batches *b = &trainer->batches;
    return b->weighted && is_same(y, &b->y_view) ? b->weights : NULL;
}

vgrad_status vgrad_trainer_loss(vgrad_trainer *trainer, const vgrad_tensor *y, double *loss)
{
    if (loss)
        *loss = (double)NAN;
    vgrad_status status = vgrad__enter(trainer);
    if (status != VGRAD_OK)
        return status;
    status = check_turn(trainer, VGRAD__FORWARD_DONE, "forward");
    if (status == VGRAD_OK)
        status = vgrad__loss_compute(trainer->terms, trainer->network, y, weights_of(trainer, y),
                                     true, &trainer->step.value);
    if (status == VGRAD_OK && loss)
        *loss = trainer->step.value.loss;
    return vgrad__leave(trainer, vgrad__step_end_early(trainer, status));
}

vgrad_status vgrad_trainer_loss_weighted(vgrad_trainer *trainer, const vgrad_tensor *y,
                                         const double *weights, double *loss)
{
    if (loss)
        *loss = (double)NAN;
    vgrad_status status = vgrad__enter(trainer);
    if (status != VGRAD_OK)
        return status;
    status = check_turn(trainer, VGRAD__FORWARD_DONE, "forward");
    if (status == VGRAD_OK && !weights)
        status = vgrad__fail_null("weights");
    if (status == VGRAD_OK)
        status = vgrad__weights_check(weights, trainer->network->rows);
    if (status == VGRAD_OK)
        status = vgrad__loss_compute(trainer->terms, trainer->network, y, weights, true,
                                     &trainer->step.value);
    if (status == VGRAD_OK && loss)
        *loss = trainer->step.value.loss;
    return vgrad__leave(trainer, vgrad__step_end_early(trainer, status));
}

vgrad_status vgrad_trainer_set_loss_gradient(vgrad_trainer *trainer, double loss,
                                             const vgrad_tensor *gradient)
{
    vgrad_status status = vgrad__enter(trainer);
    if (status != VGRAD_OK)
        return status;
    status = check_turn(trainer, VGRAD__FORWARD_DONE, "forward");
    if (status == VGRAD_OK)
        status = vgrad__loss_take_gradient(trainer->network, gradient);
    if (status == VGRAD_OK)
        trainer->step.value = (vgrad__loss_value){ loss, (double)NAN };
    return vgrad__leave(trainer, vgrad__step_end_early(trainer, status));
}

vgrad_status vgrad_trainer_backward(vgrad_trainer *trainer)
{
    vgrad_status status = vgrad__enter(trainer);
    if (status != VGRAD_OK)
        return status;
    status = check_turn(trainer, VGRAD__LOSS_DONE, "loss");
    if (status == VGRAD_OK)
        status = backward(trainer);
    return vgrad__leave(trainer, vgrad__step_end_early(trainer, status));
}

vgrad_status vgrad_trainer_step(vgrad_trainer *trainer)
{
    vgrad_status status = vgrad__enter(trainer);
    if (status != VGRAD_OK)
        return status;
    status = check_turn(trainer, VGRAD__BACKWARD_DONE, "backward");
    if (status == VGRAD_OK)
        status = step(trainer);
    if (status != VGRAD_SKIPPED && status != VGRAD_ACCUMULATED)
        vgrad__step_end_early(trainer, status);
    if (trainer->network->pass == trainer->step.pass)
        vgrad__end_step(trainer->network);
    return vgrad__leave(trainer, status);
}
