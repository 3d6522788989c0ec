/*
 * A network inside: layers, parameters in slabs, the memory of a pass, and the records that name
 * every tensor. Only this room writes to these structs; the others read them, and call what is
 * declared below.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_NETWORK_NETWORK_H
#define VGRAD_NETWORK_NETWORK_H

#include <stdbool.h>
#include <vgrad/layer.h>

#include "base/context.h"
#include "base/status.h"
#include "network/observer.h"
#include "tensor/kernels.h"
#include "tensor/tensor.h"

enum {
    VGRAD__NAME_SIZE = 64,
    VGRAD__ROW_RANK_MAX = VGRAD_MAX_RANK - 1, /* axis 0 of a tensor goes along the rows */
    VGRAD__PARAMETERS_MAX = 4,                /* of a layer; also the slots that parameters have */
    VGRAD__PARAMETER_RANK_MAX = 4,
    VGRAD__LAYER_STATES_MAX = 2, /* of a layer */
    VGRAD__LAYER_OPTIONS_MAX = 16
};

/* role = slot + face */
enum {
    VGRAD__FACE_GRADIENT = 256,
    VGRAD__FACE_UPDATE = 512,
    VGRAD__FACE_PENALTY = 768,
    VGRAD__FACE_EPOCH_GRADIENT = 1024
};

/* ---- parameters ---- */

typedef struct vgrad__initializer {
    bool chosen;
    vgrad_initializer kind;
    double a, b;
} vgrad__initializer;

typedef struct vgrad__parameter {
    int32_t slot;
    int32_t rank;
    int64_t shape[VGRAD__PARAMETER_RANK_MAX];
    int64_t fan_in, fan_out;
} vgrad__parameter;

/* Numbers, along one axis, that a layer carries from one training pass to the next: saved with the
   parameters, but in no slab of theirs, so that no optimizer touches them. */
typedef struct vgrad__state {
    int32_t slot; /* vgrad_role */
    int64_t count;
    double initial;
    int64_t offset; /* in the slab of states, in elements */
} vgrad__state;

/* A parameter's place in every slab. Offsets are multiples of 64 bytes; what lies between is 0. */
typedef struct vgrad__segment {
    int64_t offset, count; /* in elements */
    int32_t layer, slot;
    int32_t parameter; /* its place among the layer's */
    bool trainable;
} vgrad__segment;

/* Neighbouring segments that are trained, with the padding (zeros) between them. */
typedef struct vgrad__run {
    size_t next; /* the segment to go on from */
    int64_t offset, count;
} vgrad__run;

/* A 64-byte aligned array with room for all parameters; data NULL: not there. */
typedef struct vgrad__slab {
    void *data;
    int64_t count;
} vgrad__slab;

/* The weights of a network, kept aside: a copy of every slab that training changes. */
enum { VGRAD__WEIGHT_SLABS = 2 };
typedef struct vgrad__weights {
    vgrad__slab slabs[VGRAD__WEIGHT_SLABS];
} vgrad__weights;

/* ---- layers ---- */

typedef struct vgrad__layer_option {
    vgrad_layer_option option;
    double initial; /* NaN: what goes with the activation */
} vgrad__layer_option;

/* What there is to know of a kind of layer. Adding one: a file with one of these. */
typedef struct vgrad__layer_kind {
    const char *name;
    vgrad_layer_kind family;
    /* Its options besides TRAINABLE, ended by { 0, 0 }. */
    vgrad__layer_option options[8];
    bool mixes_rows;    /* in training a row that it gives depends on all rows */
    bool can_be_shared; /* all that it is is in vgrad_layer, and it adds to shared gradients */
    /* From the inputs' rows and the options to its own rows and parameters. */
    vgrad_status (*shape)(vgrad_layer *layer);
    /* From the inputs' activations to its own. */
    vgrad_status (*forward)(vgrad_layer *layer);
    /* From delta, or dL/da, to the gradients of parameters and inputs. */
    vgrad_status (*backward)(vgrad_layer *layer);
    /* After a training pass that went through all layers: what of it outlives it. NULL: nothing. */
    void (*settle)(vgrad_layer *layer);
} vgrad__layer_kind;

/* What a layer of the user's is made of (layers/user_activation.c, layers/user_layer.c). */
typedef struct vgrad__user_functions {
    vgrad_elementwise f, df;
    vgrad_layer_operations operations;
    int64_t saved_row; /* elements that the user's functions keep from forward to backward */
    void *user;
} vgrad__user_functions;

/*
 * Where a layer's rows lie during a pass: (rows, width) without gaps, in the network's dtype. An
 * input layer's a is the batch itself if that is packed in this dtype, else z, packed from it.
 */
typedef struct vgrad__layer_memory {
    void *z; /* may be a */
    void *a;
    void *da;    /* dL/da; NULL for an input layer */
    void *delta; /* dL/dz; may be da */
    void *saved; /* what forward leaves for backward: saved_row elements a row, then saved_fixed */
} vgrad__layer_memory;

struct vgrad_layer {
    vgrad_network *network;
    const vgrad__layer_kind *kind;
    char name[VGRAD__NAME_SIZE];
    int32_t index;
    vgrad_layer *shares;     /* whose parameters it has; NULL: its own */
    bool is_shared;          /* its parameters are another layer's too */
    bool parameters_written; /* in this backward pass: gradients are there to add to */
    bool trainable, leads_to_output;
    bool is_output;
    bool fused;          /* an output whose delta the loss gave, not its da */
    bool needs_gradient; /* not an input layer */
    bool da_written;     /* in this backward pass, by a layer after it */
    bool keeps_z;        /* its backward reads z, so that a needs a place of its own */
    int32_t da_slot;     /* shared room for da, -1: room of its own (memory.c) */
    int32_t rank;        /* of a row of a */
    int64_t shape[VGRAD__ROW_RANK_MAX];
    int64_t width;                  /* elements of a row: the product of its shape */
    int64_t saved_row, saved_fixed; /* see vgrad__layer_memory */
    int64_t scratch;                /* elements that it needs while it runs, see vgrad_network */
    vgrad__window window;           /* of a layer over images */
    vgrad_activation activation;
    double rate;                              /* of dropout */
    double options[VGRAD__LAYER_OPTIONS_MAX]; /* by vgrad_layer_option */
    vgrad__parameter parameters[VGRAD__PARAMETERS_MAX];
    int32_t parameter_count;
    vgrad__state states[VGRAD__LAYER_STATES_MAX];
    int32_t state_count;
    vgrad__initializer initializers[VGRAD__PARAMETERS_MAX]; /* by slot; used if chosen */
    int32_t first_segment;
    int32_t first_record, record_count;
    vgrad__layer_memory memory;
    vgrad__user_functions own;
    int32_t input_count;
    vgrad_layer *inputs[]; /* made before it, so the order of creation is an order to run in */
};

/* ---- records ---- */

typedef struct vgrad__record {
    vgrad_tensor view;
    char name[VGRAD__NAME_SIZE + 32];
    vgrad__family family;
    uint32_t keep; /* the VGRAD_KEEP_ bit it depends on; 0: none */
    bool there;    /* e.g. not the dL/da of a fused output */
    bool measured; /* in this step, for some observer */
    vgrad__moments moments;
    bool counts_lost; /* of an update, likewise */
    int64_t lost;
} vgrad__record;

/* ---- the network ---- */

/* What a pass is at. */
typedef enum vgrad__phase {
    VGRAD__IDLE,
    VGRAD__FORWARD_DONE,
    VGRAD__LOSS_DONE,
    VGRAD__BACKWARD_DONE
} vgrad__phase;

struct vgrad_network {
    vgrad__references references;
    vgrad_context *context;
    vgrad_dtype dtype;
    uint64_t seed;
    const vgrad__kernels *kernels;

    vgrad_layer **layers;
    size_t layer_count, layer_capacity;
    vgrad_layer **outputs; /* NULL: not built */
    size_t output_count;
    int64_t input_width, output_width; /* of all inputs, and of all outputs, together */
    vgrad__initializer initializers[VGRAD__PARAMETERS_MAX];
    uint32_t keep;
    vgrad_status first_error;
    char first_error_text[VGRAD__ERROR_SIZE];

    vgrad__segment *segments;
    size_t segment_count;
    int64_t slab_count; /* elements of a slab, padding included */
    vgrad__slab parameters, gradients, updates, penalties, epoch_gradients;
    vgrad__slab states;    /* of another layout: see vgrad__state */
    int64_t epoch_updates; /* averaged in epoch_gradients */

    vgrad__record *records; /* layer by layer */
    size_t record_count, record_capacity;
    bool open[VGRAD__FAMILIES];
    int64_t pointed_rows; /* of the pass that the records point at; 0: none */
    const void *pointed_batch;

    /* The pass. */
    vgrad__phase phase;
    int64_t pass, passes; /* the number of this one, and the highest so far */
    bool training;        /* not a pass that only predicts or evaluates */
    bool on_trial;        /* the gradient checker's passes: nothing outlives them */
    int64_t trained;      /* training passes so far: where dropout's masks stand */
    int64_t rows, capacity_rows;
    void *arena; /* of arena_count elements, for all rows of a pass */
    int64_t arena_count;
    void *targets; /* in the arena: (rows, output_width), to pack y in */
    void *scratch; /* in the arena: for whichever layer runs */

    vgrad__observers observers;
    int32_t callbacks; /* how many of them are running */
    bool in_layer;     /* one is a function of a layer of the user's */
};

static inline bool vgrad__is_built(const vgrad_network *network)
{
    return network->outputs != NULL;
}

static inline size_t vgrad__element_size(const vgrad_network *network)
{
    return network->dtype == VGRAD_FLOAT64 ? sizeof(double) : sizeof(float);
}

/* Element `offset` of an array in the network's dtype. */
static inline void *vgrad__at(const vgrad_network *network, const void *array, int64_t offset)
{
    return (char *)(uintptr_t)array + offset * (int64_t)vgrad__element_size(network);
}

/* How many elements take the room of `count` doubles: for figures that stay double in float32. */
static inline int64_t vgrad__room_of_doubles(const vgrad_network *network, int64_t count)
{
    return count * (int64_t)(sizeof(double) / vgrad__element_size(network));
}

/* Whether something is in a layer's dL/da already; from now on there is. */
static inline bool vgrad__gradient_begun(vgrad_layer *layer)
{
    bool begun = layer->da_written;
    layer->da_written = true;
    return begun;
}

/* The layer whose parameters this one has. */
static inline vgrad_layer *vgrad__owner(const vgrad_layer *layer)
{
    return layer->shares ? layer->shares : (vgrad_layer *)(uintptr_t)layer;
}

/* Whether something is in the gradients of a layer's parameters already; from now on there is.
   Asked once in each backward of a layer. */
static inline bool vgrad__parameters_begun(const vgrad_layer *layer)
{
    vgrad_layer *owner = vgrad__owner(layer);
    bool begun = owner->parameters_written;
    owner->parameters_written = true;
    return begun;
}

/* ---- pass.c ---- */

/* Adds what a layer passes back, (rows, width of in) without gaps, to in's dL/da, if it needs one.
 */
void vgrad__give_gradient(vgrad_layer *in, const void *part);

/* ---- network.c, layer.c, build.c ---- */

vgrad_network *vgrad__network_hold(vgrad_network *network);

/* A new layer after `inputs`, of one network; NULL, with the error kept, on failure. */
vgrad_layer *vgrad__layer_create(vgrad_network *network, const vgrad__layer_kind *kind,
                                 int32_t input_count, vgrad_layer *const *inputs);
void vgrad__layer_destroy(vgrad_layer *layer);
/* The constructor of a kind that takes one layer; NULL in, NULL out. */
vgrad_layer *vgrad__layer_after(vgrad_layer *in, const vgrad__layer_kind *kind);
/* Of one that takes two. */
vgrad_layer *vgrad__layer_joining(vgrad_layer *a, vgrad_layer *b, const vgrad__layer_kind *kind);
/* Whether a layer is of another network than `to`, an error that both networks keep. */
bool vgrad__is_stranger(const char *argument, const vgrad_layer *layer, const vgrad_layer *to);
/* A row's shape; VGRAD_E_SHAPE if its product is above what a matrix may have. */
vgrad_status vgrad__layer_set_shape(vgrad_layer *layer, int64_t rank, const int64_t *shape);
/* "(28, 28, 1)", for error texts; returns `text`. */
const char *vgrad__row_text(const vgrad_layer *layer, char text[VGRAD__SHAPE_TEXT]);
/* Appends a parameter to a layer whose shape is being found. */
void vgrad__layer_add_parameter(vgrad_layer *layer, const vgrad__parameter *parameter);
/* VGRAD_OK if a layer whose shape is known has a parameter in this slot. */
vgrad_status vgrad__layer_check_slot(const vgrad_layer *layer, int32_t slot);
/* Appends a state; its offset comes later. */
void vgrad__layer_add_state(vgrad_layer *layer, const vgrad__state *state);
/* Names a new layer of the user's; VGRAD_E_INVALID, kept, for a word that is none. */
vgrad_status vgrad__layer_set_word(vgrad_layer *layer, const char *word, const char *argument);
/* Around a call of a function of a layer of the user's; `leave` makes a status of what it returned.
 */
void vgrad__user_enter(const vgrad_layer *layer);
vgrad_status vgrad__user_leave(const vgrad_layer *layer, const char *function, int32_t returned);
/* NULL if there is none; the error text is left alone. */
vgrad_layer *vgrad__layer_named(const vgrad_network *network, const char *name);
/* Keeps the first error of a network that is not built; returns `status`. */
vgrad_status vgrad__keep_error(vgrad_network *network, vgrad_status status);

/* VGRAD_E_STATE inside a function of a layer of the user's. */
vgrad_status vgrad__check_not_in_layer(const vgrad_network *network);
/* VGRAD_E_STATE unless built. */
vgrad_status vgrad__check_built(const vgrad_network *network);
/* VGRAD_E_STATE unless built, or while a step waits for its backward or its update. */
vgrad_status vgrad__check_idle(const vgrad_network *network);

/* Gives back what build made. */
void vgrad__built_release(vgrad_network *network);

/* ---- initializer.c ---- */

vgrad_status vgrad__initializer_check(vgrad_role parameter, vgrad_initializer kind, double a,
                                      double b);
void vgrad__initialize(vgrad_network *network, uint64_t seed);

/* ---- slab.c ---- */

/* The segment table, from the layers' shapes. */
vgrad_status vgrad__segments_create(vgrad_network *network);
/* After a change of the layer's. */
void vgrad__segments_set_trainable(const vgrad_layer *layer);
/* A slab of zeros, unless it is there already. */
vgrad_status vgrad__slab_create(const vgrad_network *network, vgrad__slab *slab);
void vgrad__slab_destroy(const vgrad_network *network, vgrad__slab *slab);
/* Room for the weights; on failure nothing is there. */
vgrad_status vgrad__weights_create(const vgrad_network *network, vgrad__weights *weights);
void vgrad__weights_destroy(const vgrad_network *network, vgrad__weights *weights);
/* Copies the weights there, and back. */
void vgrad__weights_keep(const vgrad_network *network, vgrad__weights *weights);
void vgrad__weights_put_back(vgrad_network *network, const vgrad__weights *weights);
/* Where the copy has what lies at `data` in the network; NULL: that is no weight. */
void *vgrad__weights_at(const vgrad_network *network, const vgrad__weights *weights,
                        const void *data);
/* The slabs that `keep` asks for. */
vgrad_status vgrad__slabs_keep(vgrad_network *network, uint32_t keep);
const vgrad__segment *vgrad__segment_of(const vgrad_layer *layer, int32_t slot);
/* The layer's part of a slab that the segment table describes. */
void *vgrad__parameter_in(const vgrad_layer *layer, const vgrad__slab *slab, int32_t slot);
/* The slab of states, from the layers' shapes; none if there is no state. */
vgrad_status vgrad__states_create(vgrad_network *network);
/* All states as they are at first. */
void vgrad__states_reset(vgrad_network *network);
void *vgrad__state_data(const vgrad_layer *layer, int32_t slot);
/* Takes the gradient of one more update into the epoch's mean. */
void vgrad__epoch_gradient_add(vgrad_network *network);
/* The first run from segment run->next on and before `end`; false if there is none. */
bool vgrad__trainable_run(const vgrad_network *network, vgrad__run *run, size_t end);
/* L2 norm over the gradients of all that is trained, or of one layer's. */
double vgrad__gradient_norm(const vgrad_network *network, const vgrad_layer *layer);

/* ---- memory.c ---- */

/* Room for passes of `rows` rows, with what is kept now; on failure the old room stays. */
vgrad_status vgrad__memory_reserve(vgrad_network *network, int64_t rows);
/* Ends the pass whose memory it was. */
void vgrad__memory_release(vgrad_network *network);

/* ---- tensors.c ---- */

vgrad_status vgrad__records_create(vgrad_network *network);
/* Points all records at their data: after a change of slabs, arena, rows or batch. */
void vgrad__records_point(vgrad_network *network);
/* From now on its tensors may be read. */
void vgrad__family_open(vgrad_network *network, vgrad__family family);
void vgrad__family_close(vgrad_network *network, vgrad__family family);
/* The tensor of that role, if it may be read now; else NULL, and the error text says why. */
const vgrad_tensor *vgrad__record_read(const vgrad_network *network, const vgrad__record *record);
/* NULL if the layer has no such tensor. */
vgrad__record *vgrad__record_find(const vgrad_layer *layer, vgrad_role role);
/* Where to add the moments of a tensor in this step; NULL: nobody wants them. */
vgrad__moments *vgrad__moments_wanted(const vgrad_layer *layer, vgrad_role role);
/* Where to add how many elements of an update were lost (see observer.h); NULL likewise. */
int64_t *vgrad__lost_wanted(const vgrad_layer *layer, vgrad_role role);

#endif
