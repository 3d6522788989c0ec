/*
 * The observer seam: whoever wants to see what passes through a network declares it before each
 * step and is told. The network knows nothing of probes; what nobody declared costs nothing.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_NETWORK_OBSERVER_H
#define VGRAD_NETWORK_OBSERVER_H

#include <stdbool.h>
#include <vgrad/probe.h>

#include "tensor/moments.h"

/* Tensors that come and go together, and when their data may be read. */
typedef enum vgrad__family {
    VGRAD__PARAMETERS,      /* always */
    VGRAD__STATES,          /* always; no observer is told of them */
    VGRAD__GRADIENTS,       /* from backward to the end of the step */
    VGRAD__UPDATES,         /* from an update to the next backward, if kept */
    VGRAD__PENALTIES,       /* likewise */
    VGRAD__EPOCH_GRADIENTS, /* from the epoch's first update on, if kept */
    VGRAD__FORWARD,         /* z, a, input: from forward on, if kept */
    VGRAD__BACKWARD,        /* delta, da: from backward to the next forward, if kept */
    VGRAD__FAMILIES
} vgrad__family;

/* What an observer may want of a tensor. The tensor itself is there for who keeps it
   (vgrad_network_keep), and without that if it is a parameter or its gradient. LOST, of an update:
   see vgrad__updates_lost(). */
enum {
    VGRAD__WANT_NOTHING = 0,
    VGRAD__WANT_MOMENTS = 1,
    VGRAD__WANT_TENSOR = 2,
    VGRAD__WANT_LOST = 4
};

/* What is there to see just after a layer's backward. */
typedef struct vgrad__passage {
    const vgrad_layer *layer;
    int32_t index;
    vgrad_tensor input, delta;            /* (rows, elements), packed; of an input layer neither */
    vgrad_tensor activation;              /* likewise, of every layer */
    vgrad_tensor kernel, kernel_gradient; /* .data NULL: none that is its own alone */
} vgrad__passage;

typedef struct vgrad__step_end {
    double loss;  /* NaN: not known */
    int64_t rows; /* of all its batches */
    bool updated;
} vgrad__step_end;

typedef struct vgrad__observer {
    void *self;
    /* Before a step: whether to look at it at all. */
    bool (*begin)(void *self, int64_t step);
    /* If so, asked for every tensor, by its number: a sum of VGRAD__WANT_ bits. */
    unsigned (*wants)(void *self, size_t tensor);
    /*
     * Told of every tensor that was wanted, once it is complete; some may not come to pass, and
     * what each batch of a step has of its own comes with each: the last one counts. `view` is NULL
     * if it was not wanted or is not kept, `moments` if they were not wanted; both are valid during
     * the call.
     */
    void (*observe)(void *self, size_t tensor, const vgrad_tensor *view,
                    const vgrad__moments *moments);
    /* After the backward of each layer, while all that it worked on is there; a failure, such as
       for want of memory, is the pass's. NULL: not wanted. */
    vgrad_status (*passed)(void *self, const vgrad__passage *passage);
    /* An epoch begins: between epochs an observer may change how often it looks. NULL: not wanted.
     */
    void (*epoch)(void *self, int64_t step);
    /* A step that was looked at is over, made or not. NULL: not wanted. */
    size_t (*end)(void *self, const vgrad__step_end *step);
    /* What was found by that: as many as `end` returned; each valid until the next step's end. */
    const vgrad_finding *(*news)(void *self, size_t i);
} vgrad__observer;

typedef struct vgrad__seat {
    vgrad__observer *observer; /* NULL: one that has left */
    bool looking;              /* at this step */
    size_t news;               /* of the last step's end */
} vgrad__seat;

typedef struct vgrad__observers {
    vgrad__seat *seats;
    size_t count, capacity;
    bool watched;    /* somebody looks at this step */
    unsigned wanted; /* families of which they want something: a bit each */
} vgrad__observers;

/* What tensor a number stands for, from 0; false past the last. */
bool vgrad__observable(const vgrad_network *network, size_t tensor, int32_t *layer,
                       vgrad_role *role);

/* Elements along its last axis. */
int64_t vgrad__observable_units(const vgrad_network *network, size_t tensor);

/* Of an update that VGRAD__WANT_LOST asked for, while observers are told of it: how many of its
   elements are not 0 and left their weight as it was. */
int64_t vgrad__updates_lost(const vgrad_network *network, size_t tensor);

/* What a layer is, for those who follow a gradient through a network. */
typedef struct vgrad__layer_facts {
    const char *name;
    vgrad_layer_kind kind;
    int64_t units;           /* elements along the last axis of a row */
    int64_t fan_in, fan_out; /* of its kernel; 0: none */
    bool has_derivative;     /* f works element by element and is not z itself */
    double steepest;         /* its max |f'|; 1 without */
    bool mixes_rows;         /* each row that it gives depends on other rows too */
    bool is_output;
    int32_t input_count;
} vgrad__layer_facts;

/* Of layer `index`, from 0; false past the last. */
bool vgrad__layer_facts_of(const vgrad_network *network, int32_t index, vgrad__layer_facts *facts);
/* Whether it is trained now. */
bool vgrad__layer_is_trained(const vgrad_network *network, int32_t index);
/* The index of a layer's k-th input. */
int32_t vgrad__layer_input(const vgrad_network *network, int32_t index, int32_t k);

/* f'(z) of `count` elements of a layer's rows from element `first` on, after a forward pass; the
   status of a function of the user's. */
vgrad_status vgrad__derivative(const vgrad_layer *layer, int64_t first, int64_t count, double *out);

/* Joining keeps a built network alive until the observer, which must stay until then, leaves. Not
   inside a step. */
vgrad_status vgrad__observer_join(vgrad_network *network, vgrad__observer *observer);
void vgrad__observer_leave(vgrad_network *network, const vgrad__observer *observer);

/* Asks everyone what they want of this step. */
void vgrad__observers_begin(vgrad_network *network, int64_t step);
/* One more batch of the same step: what was measured of the one before is forgotten. */
void vgrad__observers_again(vgrad_network *network);
/* Whether anybody wants something of a family in this step. */
bool vgrad__observers_want(const vgrad_network *network, vgrad__family family);
/* Tells everyone of the tensors of a family that they wanted. */
void vgrad__observers_tell(vgrad_network *network, vgrad__family family);
/* Finding i of those, from 0. */
const vgrad_finding *vgrad__observers_news(const vgrad_network *network, size_t i);
/* Tells everyone that an epoch begins, with this step. */
void vgrad__observers_epoch(const vgrad_network *network, int64_t step);
/* Tells everyone that a layer's backward is done. */
vgrad_status vgrad__observers_passed(const vgrad_layer *layer);
/* Tells everyone that the step is over; returns how much was found by that. */
size_t vgrad__observers_end(vgrad_network *network, const vgrad__step_end *step);

#endif
