/* What the probe finds in networks whose gradients are known to be well or ill, and that it finds
   the same whatever the scale of the loss. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "networks.h"

enum { NEWS_MOST = 400, LAYERS_MOST = 128, CODES = 11 };

/* One change of a finding. */
typedef struct news {
    int64_t code, severity, layer, step, first_step;
    char message[320];
} news;

typedef struct report {
    int count;
    news all[NEWS_MOST];
    int64_t gravest[CODES];
    vgrad_quantity cause[CODES];           /* when it was raised at first */
    bool is_concerned[CODES][LAYERS_MOST]; /* at warning or above */
} report;

static int32_t take_news(const vgrad_event *event, void *user)
{
    report *r = user;
    const vgrad_finding *f = event->finding;
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(f->struct_size, sizeof *f);
    ck_assert(f->message[0] && f->formula[0] && (f->remedy[0] || f->severity == 0));
    ck_assert_int_lt(r->count, NEWS_MOST);
    news *one = &r->all[r->count++];
    *one = (news){ f->code, f->severity, f->layer, event->step, f->first_step, "" };
    snprintf(one->message, sizeof one->message, "%s", f->message);
    if (f->severity > r->gravest[f->code]) {
        r->gravest[f->code] = f->severity;
        r->cause[f->code] = (vgrad_quantity)f->cause;
    }
    if (f->severity >= 2 && f->layer >= 0)
        r->is_concerned[f->code][f->layer] = true;
    return 0;
}

/* The loss, and with it all gradients, times 2^exponent; taken back before the update. */
static int32_t scale_back(const vgrad_event *event, void *user)
{
    static const vgrad_role roles[] = { VGRAD_KERNEL_GRADIENT, VGRAD_BIAS_GRADIENT,
                                        VGRAD_GAMMA_GRADIENT, VGRAD_BETA_GRADIENT };
    const int exponent = *(const int *)user;
    for (size_t r = 0; r < sizeof roles / sizeof *roles; r++) {
        const vgrad_tensor *gradient;
        for (int32_t i = 0; (gradient = vgrad_network_tensor(event->network, roles[r], i)) != NULL;
             i++) {
            void *data;
            assert_ok(vgrad_trainer_edit(event->trainer, gradient, &data));
            for (int64_t k = 0; k < vgrad_tensor_count(gradient); k++)
                if (gradient->dtype == VGRAD_FLOAT32)
                    ((float *)data)[k] = ldexpf(((float *)data)[k], -exponent);
                else
                    ((double *)data)[k] = ldexp(((double *)data)[k], -exponent);
        }
    }
    return 0;
}

/* Samples that the run sees. */
static double samples_of(const living *l)
{
    double batch = vgrad_trainer_get(l->trainer, VGRAD_TRAINER_BATCH_SIZE);
    double rows = (double)vgrad_dataset_rows(l->data);
    return (double)l->steps * (batch < rows ? batch : rows);
}

/* Runs all its steps before a probe, with four windows or more in the run. */
static void watch(living *l, report *r, int exponent)
{
    vgrad_probe *probe;
    memset(r, 0, sizeof *r);
    assert_ok(vgrad_probe_create(&probe, NULL));
    double window = floor(samples_of(l) / 4);
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_WINDOW, window < 1000 ? window : 1000));
    assert_ok(vgrad_probe_set(probe, VGRAD_PROBE_UPDATE_AFTER, (double)(l->steps / 8)));
    assert_ok(vgrad_probe_attach(probe, l->network));
    assert_ok(vgrad_trainer_on(l->trainer, VGRAD_FINDING_CHANGED, 1, take_news, r));
    if (exponent != 0) {
        assert_ok(vgrad_trainer_set_output_loss(l->trainer, 0, l->loss, ldexp(1, exponent)));
        assert_ok(vgrad_trainer_on(l->trainer, VGRAD_GRADIENTS_READY, 1, scale_back, &exponent));
    }
    vgrad_status status = vgrad_trainer_fit(l->trainer, l->data, -1);
    ck_assert_msg(status >= 0 || status == VGRAD_E_NUMBER, "%s", vgrad_last_error());
    vgrad_probe_destroy(probe);
}

/* ---- what is expected ---- */

static const struct {
    verdict bit;
    vgrad_finding_code code;
} codes[] = {
    { VERDICT_VANISHING, VGRAD_FINDING_VANISHING },
    { VERDICT_EXPLODING, VGRAD_FINDING_EXPLODING },
    { VERDICT_SATURATED, VGRAD_FINDING_SATURATION },
    { VERDICT_DEAD, VGRAD_FINDING_DEAD_UNITS },
    { VERDICT_STALLED, VGRAD_FINDING_STALLED },
    { VERDICT_TOO_LARGE, VGRAD_FINDING_UPDATE_TOO_LARGE },
    { VERDICT_SPIKE, VGRAD_FINDING_LOSS_SPIKE },
    { VERDICT_UNCHANGED, VGRAD_FINDING_UNCHANGED },
    { VERDICT_NON_FINITE, VGRAD_FINDING_NON_FINITE },
    { VERDICT_INITIALIZATION, VGRAD_FINDING_INITIALIZATION },
};
enum { VERDICTS = sizeof codes / sizeof *codes };

/* What was found at warning or above, as bits. */
static uint32_t found(const report *r)
{
    uint32_t bits = 0;
    for (int i = 0; i < VERDICTS; i++)
        if (r->gravest[codes[i].code] >= 2)
            bits |= codes[i].bit;
    return bits;
}

static vgrad_quantity quantity_of(cause c)
{
    return c == CAUSE_WEIGHTS ? VGRAD_BUDGET_WEIGHT : VGRAD_BUDGET_DERIVATIVE;
}

/* Those layers are concerned that are expected to be, and no others. */
static void check_layers(const report *r, vgrad_finding_code code, const living *l,
                         const char *name)
{
    const expectation *e = &l->expected;
    for (int32_t layer = 0; vgrad_network_layer(l->network, layer); layer++)
        ck_assert_msg(r->is_concerned[code][layer] == (layer >= e->first && layer <= e->last),
                      "%s: layer %d", name, (int)layer);
}

START_TEST(named_networks_are_judged_right)
{
    living l;
    static report r;
    const specimen *s = &specimens[_i];
    specimen_make(&l, s);
    const expectation *e = &l.expected;
    watch(&l, &r, 0);
    const uint32_t bits = found(&r);
    ck_assert_msg((bits & e->verdicts) == e->verdicts, "%s: 0x%x of 0x%x were found", s->name,
                  (unsigned)bits, (unsigned)e->verdicts);
    ck_assert_msg((bits & ~(e->verdicts | e->also)) == 0, "%s: 0x%x were found beside 0x%x",
                  s->name, (unsigned)bits, (unsigned)(e->verdicts | e->also));
    if (e->verdicts & VERDICT_VANISHING)
        ck_assert_int_eq(r.cause[VGRAD_FINDING_VANISHING], quantity_of(e->cause));
    if (e->verdicts & VERDICT_EXPLODING)
        ck_assert_int_eq(r.cause[VGRAD_FINDING_EXPLODING], quantity_of(e->cause));
    if (e->verdicts == VERDICT_SATURATED)
        check_layers(&r, VGRAD_FINDING_SATURATION, &l, s->name);
    if (e->verdicts == VERDICT_INITIALIZATION)
        check_layers(&r, VGRAD_FINDING_INITIALIZATION, &l, s->name);
    living_destroy(&l);
}
END_TEST

/* Every finding, its step, and its words where no number of the loss is in them. */
START_TEST(the_scale_of_the_loss_changes_nothing)
{
    static report plain, scaled;
    const specimen *s = &specimens[_i];
    living l;
    specimen_make(&l, s);
    watch(&l, &plain, 0);
    living_destroy(&l);
    for (int exponent = -10; exponent <= 10; exponent += 20) {
        specimen_make(&l, s);
        watch(&l, &scaled, exponent);
        living_destroy(&l);
        ck_assert_msg(plain.count == scaled.count, "%s: %d of %d", s->name, scaled.count,
                      plain.count);
        for (int i = 0; i < plain.count; i++) {
            const news *a = &plain.all[i], *b = &scaled.all[i];
            ck_assert_msg(a->code == b->code && a->severity == b->severity &&
                              a->layer == b->layer && a->step == b->step &&
                              a->first_step == b->first_step,
                          "%s: \"%s\" at step %lld is \"%s\" at step %lld", s->name, a->message,
                          (long long)a->step, b->message, (long long)b->step);
            if (a->code != VGRAD_FINDING_LOSS_SPIKE)
                ck_assert_str_eq(a->message, b->message);
        }
    }
}
END_TEST

/* ---- the same tensors, shown to probes by hand ---- */

enum { SCALES = 3, SHOWN = 10 };
static const int scale_exponents[SCALES] = { 0, -10, 10 };

/* What a loop of one's own would hand over, those of gradients behind `FIRST_GRADIENT`. */
static const vgrad_role shown[SHOWN] = {
    VGRAD_INPUT, VGRAD_PREACTIVATION,       VGRAD_ACTIVATION,      VGRAD_KERNEL,
    VGRAD_BIAS,  VGRAD_KERNEL_UPDATE,       VGRAD_KERNEL_GRADIENT, VGRAD_BIAS_GRADIENT,
    VGRAD_DELTA, VGRAD_ACTIVATION_GRADIENT,
};
enum { FIRST_GRADIENT = 6 };

/* A probe for each scale, with the path of a network declared as a chain. */
typedef struct gallery {
    const living *l;
    vgrad_probe *probes[SCALES];
    bool has_found[CODES];
} gallery;

static gallery gallery_of(const living *l)
{
    gallery g = { .l = l };
    const double window = floor(samples_of(l) / 4);
    for (int k = 0; k < SCALES; k++) {
        assert_ok(vgrad_probe_create(&g.probes[k], NULL));
        assert_ok(vgrad_probe_set(g.probes[k], VGRAD_PROBE_WINDOW, fmin(window, 1000)));
        assert_ok(vgrad_probe_set(g.probes[k], VGRAD_PROBE_UPDATE_AFTER, (double)(l->steps / 8)));
        for (int i = 0; i < l->count; i++) {
            const vgrad_tensor *w = vgrad_layer_tensor(l->path[i], VGRAD_KERNEL);
            const int64_t units = w ? w->shape[w->rank - 1] : 0;
            char name[16];
            snprintf(name, sizeof name, "%d", i);
            assert_ok(vgrad_probe_declare(
                g.probes[k], name, w && w->rank == 2 ? VGRAD_KIND_DENSE : VGRAD_KIND_OTHER,
                l->activations[i], w ? vgrad_tensor_count(w) / units : 0, units, NULL));
        }
    }
    return g;
}

/* One tensor, in double, times 2^exponent. */
static void show(vgrad_probe *probe, int32_t layer, vgrad_role role, const vgrad_tensor *tensor,
                 int exponent)
{
    const int64_t count = vgrad_tensor_count(tensor);
    double *values = malloc((size_t)count * sizeof *values);
    vgrad_tensor view;
    assert_ok(vgrad_tensor_copy(tensor, values, VGRAD_FLOAT64, count));
    for (int64_t i = 0; i < count; i++)
        values[i] = ldexp(values[i], exponent);
    vgrad_tensor_view(&view, values, VGRAD_FLOAT64, tensor->rank, tensor->shape, NULL);
    assert_ok(vgrad_probe_observe(probe, layer, role, &view));
    free(values);
}

/* Of all probes the same is raised, in the same words but for a loss. */
static void assert_alike(gallery *g, int64_t step)
{
    const vgrad_finding *f = NULL;
    for (int32_t i = 0; i == 0 || f; i++) {
        f = vgrad_probe_finding(g->probes[0], i);
        for (int k = 1; k < SCALES; k++) {
            const vgrad_finding *of = vgrad_probe_finding(g->probes[k], i);
            ck_assert_msg(!of == !f, "2^%d, step %d: \"%s\"", scale_exponents[k], (int)step,
                          (of ? of : f) ? (of ? of : f)->message : "");
            if (!f)
                continue;
            ck_assert(of->code == f->code && of->severity == f->severity && of->layer == f->layer &&
                      of->first_step == f->first_step && of->last_step == f->last_step &&
                      of->cause == f->cause);
            if (f->code != VGRAD_FINDING_LOSS_SPIKE)
                ck_assert_str_eq(of->message, f->message);
        }
        if (f)
            g->has_found[f->code] |= f->severity >= 2;
    }
}

static int32_t show_all(const vgrad_event *event, void *user)
{
    gallery *g = user;
    for (int k = 0; k < SCALES; k++) {
        assert_ok(vgrad_probe_begin(g->probes[k], event->step));
        for (int32_t i = 0; i < g->l->count; i++)
            for (int r = 0; r < SHOWN; r++) {
                const vgrad_tensor *t = vgrad_layer_tensor(g->l->path[i], shown[r]);
                if (t)
                    show(g->probes[k], i, shown[r], t,
                         r >= FIRST_GRADIENT ? scale_exponents[k] : 0);
            }
        ck_assert_int_ge(vgrad_probe_end(g->probes[k], ldexp(event->loss, scale_exponents[k])), 0);
    }
    assert_alike(g, event->step);
    return 0;
}

/* Nobody tells the probes how their tensors are scaled. */
START_TEST(the_scale_of_what_is_observed_changes_nothing)
{
    living l;
    specimen_make(&l, &specimens[_i]);
    const uint32_t wanted = l.expected.verdicts;
    assert_ok(vgrad_network_keep(l.network, VGRAD_KEEP_PREACTIVATION | VGRAD_KEEP_ACTIVATION |
                                                VGRAD_KEEP_DELTA | VGRAD_KEEP_ACTIVATION_GRADIENT |
                                                VGRAD_KEEP_UPDATE));
    gallery g = gallery_of(&l);
    assert_ok(vgrad_trainer_on(l.trainer, VGRAD_BATCH_END, 1, show_all, &g));
    const vgrad_status status = vgrad_trainer_fit(l.trainer, l.data, -1);
    ck_assert_msg(status >= 0 || status == VGRAD_E_NUMBER, "%s", vgrad_last_error());
    ck_assert(g.has_found[VGRAD_FINDING_VANISHING] || !(wanted & VERDICT_VANISHING));
    ck_assert(g.has_found[VGRAD_FINDING_EXPLODING] || !(wanted & VERDICT_EXPLODING));
    ck_assert(g.has_found[VGRAD_FINDING_SATURATION] || !(wanted & VERDICT_SATURATED));
    for (int k = 0; k < SCALES; k++)
        vgrad_probe_destroy(g.probes[k]);
    living_destroy(&l);
}
END_TEST

/* ---- each finding: a network that has it, one that nearly has it, one that has not ---- */

static const struct {
    vgrad_finding_code code;
    int64_t severity; /* of the trigger, the gravest that it comes to */
    const char *trigger, *near, *not ;
} trios[] = {
    { VGRAD_FINDING_VANISHING, 2, "keras5_sigmoid", "nearly_vanishing", "modern20" },
    { VGRAD_FINDING_VANISHING, 3, "sigmoid10", "nearly_vanishing", "relu_he10" },
    { VGRAD_FINDING_EXPLODING, 3, "chain_w100", "relu_growing", "relu_he10" },
    { VGRAD_FINDING_DEAD_UNITS, 2, "dead_units", "nearly_dead", "rare_units" },
    { VGRAD_FINDING_DEAD_UNITS, 3, "dead_layer", "nearly_dead", "rare_units" },
    { VGRAD_FINDING_SATURATION, 2, "tanh_uniform01", "nearly_saturated", "tanh_glorot" },
    { VGRAD_FINDING_SATURATION, 3, "dead_layer", "nearly_saturated", "tanh_glorot" },
    { VGRAD_FINDING_STALLED, 2, "stalled", "nearly_stalled", "slow" },
    { VGRAD_FINDING_UPDATE_TOO_LARGE, 2, "too_large", "nearly_too_large", "slow" },
    { VGRAD_FINDING_INITIALIZATION, 2, "large_kernel", "nearly_large_kernel", "tanh_glorot" },
    { VGRAD_FINDING_NON_FINITE, 3, "nan_row", "nearly_infinite", "spike_rate" },
    { VGRAD_FINDING_LOSS_SPIKE, 2, "spike_data", "nearly_spike", "keras5_tanh" },
    { VGRAD_FINDING_UNCHANGED, 2, "zero_input", "nearly_unchanged", "frozen" },
};
enum { TRIOS = sizeof trios / sizeof *trios };

/* The public header's enumerators, as a test of theirs holds them to it. */
static const struct {
    const char *name;
    int64_t number;
} enumerators[] = {
#define NUMBER(name, number) { #name, number },
#define WORD(family, name, word)
#include "../abi/frozen.inc"
#undef WORD
#undef NUMBER
};
enum { ENUMERATORS = sizeof enumerators / sizeof *enumerators };

static bool is_finding_code(const char *name)
{
    static const char prefix[] = "VGRAD_FINDING_";
    return strncmp(name, prefix, sizeof prefix - 1) == 0 &&
           strcmp(name, "VGRAD_FINDING_CHANGED") != 0; /* an event */
}

START_TEST(every_finding_has_a_trigger_a_near_miss_and_neither)
{
    int found = 0;
    for (int i = 0; i < ENUMERATORS; i++) {
        int rows = 0;
        if (!is_finding_code(enumerators[i].name))
            continue;
        for (int t = 0; t < TRIOS; t++)
            rows += (int64_t)trios[t].code == enumerators[i].number;
        ck_assert_msg(rows > 0, "%s has no networks", enumerators[i].name);
        found++;
    }
    ck_assert_int_eq(found, CODES - 1);
}
END_TEST

/* The gravest severity that a finding comes to. */
static int64_t gravest_of(const char *name, vgrad_finding_code code)
{
    static report r;
    living l;
    ck_assert_msg(specimen_find(name) != NULL, "no network %s", name);
    specimen_make(&l, specimen_find(name));
    watch(&l, &r, 0);
    living_destroy(&l);
    return r.gravest[code];
}

START_TEST(a_near_miss_is_no_warning_and_the_third_not_even_a_note)
{
    const vgrad_finding_code code = trios[_i].code;
    ck_assert_msg(gravest_of(trios[_i].trigger, code) == trios[_i].severity, "code %d of %s",
                  (int)code, trios[_i].trigger);
    ck_assert_msg(gravest_of(trios[_i].near, code) < 2, "code %d of %s", (int)code, trios[_i].near);
    ck_assert_msg(gravest_of(trios[_i].not, code) == 0, "code %d of %s", (int)code, trios[_i].not );
}
END_TEST

/* ---- how often it is right ---- */

typedef struct score {
    int broken, healthy;
    int hits;         /* broken networks of which all was found that is wrong */
    int false_alarms; /* networks in which something was found at warning or above that is not so */
    int quiet;        /* healthy ones with nothing at warning or above */
} score;

/* Runs it, and gives it up. */
static void judge(score *sum, living *l, const char *name)
{
    static report r;
    watch(l, &r, 0);
    const uint32_t bits = found(&r), wanted = l->expected.verdicts;
    const bool broken = wanted != VERDICT_HEALTHY, all = (bits & wanted) == wanted;
    const bool more = broken ? bits & ~(wanted | l->expected.also) : bits != 0;
    sum->broken += broken;
    sum->healthy += !broken;
    sum->hits += broken && all;
    sum->false_alarms += more;
    sum->quiet += !broken && !more;
    if (!all || more)
        printf("# %s: 0x%x of 0x%x\n", name, (unsigned)bits, (unsigned)wanted);
    living_destroy(l);
}

/* A row of the table of docs/findings.md. */
static void tell_score(const score *s, const char *networks)
{
    printf("# %s | %d | %d | %d | %d | %d | %d |\n", networks, s->broken, s->hits,
           s->broken - s->hits, s->healthy, s->quiet, s->false_alarms);
    fflush(stdout);
}

START_TEST(named_networks_are_counted)
{
    score sum = { 0 };
    for (const specimen *s = specimens; s->name; s++) {
        living l;
        specimen_make(&l, s);
        judge(&sum, &l, s->name);
    }
    tell_score(&sum, "named");
    ck_assert_int_eq(sum.hits, sum.broken);
    ck_assert_int_le(sum.false_alarms, 2);
}
END_TEST

/* Recipes `first` to `first` + RECIPES - 1 of either kind. */
static score judge_recipes(uint64_t first)
{
    score sum = { 0 };
    char name[96];
    for (int broken = 0; broken < 2; broken++)
        for (uint64_t number = first; number < first + RECIPES; number++) {
            living l;
            const recipe how = recipe_numbered(number, broken);
            snprintf(name, sizeof name, "%s %d, %s", broken ? "broken" : "healthy", (int)number,
                     how.family);
            recipe_make(&l, &how, number + 1);
            judge(&sum, &l, name);
        }
    snprintf(name, sizeof name, "by recipe, %d to %d", (int)first, (int)first + RECIPES - 1);
    tell_score(&sum, name);
    return sum;
}

/* The thresholds were looked over with the first RECIPES of either
   kind; the others came after. */
START_TEST(networks_by_recipe_are_judged_right)
{
    const score s = judge_recipes((uint64_t)_i * RECIPES);
    ck_assert_int_ge(s.hits, _i == 0 ? RECIPES - 1 : RECIPES - 4);
    ck_assert_int_le(s.false_alarms, _i == 0 ? 0 : 2);
}
END_TEST

static int specimen_count(void)
{
    int count = 0;
    while (specimens[count].name)
        count++;
    return count;
}

int main(void)
{
    Suite *suite = suite_create("findings");
    TCase *named = tcase_create("named");
    tcase_set_timeout(named, 120);
    tcase_add_loop_test(named, named_networks_are_judged_right, 0, specimen_count());
    suite_add_tcase(suite, named);
    TCase *scales = tcase_create("scales");
    tcase_set_tags(scales, "long");
    tcase_set_timeout(scales, 120);
    tcase_add_loop_test(scales, the_scale_of_the_loss_changes_nothing, 0, specimen_count());
    tcase_add_loop_test(scales, the_scale_of_what_is_observed_changes_nothing, 0, specimen_count());
    suite_add_tcase(suite, scales);
    TCase *each = tcase_create("each finding");
    tcase_set_timeout(each, 120);
    tcase_add_test(each, every_finding_has_a_trigger_a_near_miss_and_neither);
    tcase_add_loop_test(each, a_near_miss_is_no_warning_and_the_third_not_even_a_note, 0, TRIOS);
    suite_add_tcase(suite, each);
    TCase *counts = tcase_create("counts");
    tcase_set_tags(counts, "long");
    tcase_set_timeout(counts, 120);
    tcase_add_test(counts, named_networks_are_counted);
    tcase_add_loop_test(counts, networks_by_recipe_are_judged_right, 0, 2);
    suite_add_tcase(suite, counts);
    return run_suite(suite);
}
