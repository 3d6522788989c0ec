/* The numbers that programs and bindings have compiled in: enumerators, sizes, offsets. As TAP, and
 * without any library, so that it can be compiled against headers that were broken on purpose. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <vgrad/vgrad.h>

static int points, failures;

static void is_frozen(const char *name, long long number, long long frozen)
{
    points++;
    if (number == frozen) {
        printf("ok %d - %s\n", points, name);
        return;
    }
    failures++;
    printf("not ok %d - %s\n#   is %lld, was %lld\n", points, name, number, frozen);
}

static void enumerators(void)
{
#define NUMBER(name, frozen) is_frozen(#name, name, frozen);
#define WORD(family, name, word)
#include "frozen.inc"
#undef WORD
#undef NUMBER
}

/* Bindings pass them as int32_t. */
static void enum_sizes(void)
{
#define FOUR_BYTES(type) is_frozen("size of " #type, (long long)sizeof(type), 4)
    FOUR_BYTES(vgrad_status);
    FOUR_BYTES(vgrad_log_level);
    FOUR_BYTES(vgrad_dtype);
    FOUR_BYTES(vgrad_role);
    FOUR_BYTES(vgrad_quantity);
    FOUR_BYTES(vgrad_activation);
    FOUR_BYTES(vgrad_initializer);
    FOUR_BYTES(vgrad_layer_option);
    FOUR_BYTES(vgrad_optimizer_kind);
    FOUR_BYTES(vgrad_optimizer_option);
    FOUR_BYTES(vgrad_probe_option);
    FOUR_BYTES(vgrad_report);
    FOUR_BYTES(vgrad_loss);
    FOUR_BYTES(vgrad_trainer_option);
    FOUR_BYTES(vgrad_event_kind);
#undef FOUR_BYTES
}

/* Members in their order; each must begin where the one before ends, so there is no padding that a
 * later member could hide in. Sizes are those of 64-bit machines. */
#define MEMBER(type, member, frozen)                                                               \
    is_frozen("offset of " #type "." #member, (long long)offsetof(type, member), frozen);          \
    is_frozen("no padding before " #type "." #member, (long long)offsetof(type, member), end);     \
    end += (long long)sizeof(((type *)0)->member)

static void tensor(void)
{
    long long end = 0;
    MEMBER(vgrad_tensor, data, 0);
    MEMBER(vgrad_tensor, name, 8);
    MEMBER(vgrad_tensor, shape, 16);
    MEMBER(vgrad_tensor, strides, 80);
    MEMBER(vgrad_tensor, rank, 144);
    MEMBER(vgrad_tensor, dtype, 148);
    MEMBER(vgrad_tensor, device_type, 152);
    MEMBER(vgrad_tensor, device_id, 156);
    MEMBER(vgrad_tensor, layer, 160);
    MEMBER(vgrad_tensor, role, 164);
    is_frozen("size of vgrad_tensor", (long long)sizeof(vgrad_tensor), 168);
    is_frozen("no padding at the end of vgrad_tensor", (long long)sizeof(vgrad_tensor), end);
}

static void event(void)
{
    long long end = 0;
    MEMBER(vgrad_event, struct_size, 0);
    MEMBER(vgrad_event, trainer, 8);
    MEMBER(vgrad_event, network, 16);
    MEMBER(vgrad_event, finding, 24);
    MEMBER(vgrad_event, kind, 32);
    MEMBER(vgrad_event, flags, 40);
    MEMBER(vgrad_event, epoch, 48);
    MEMBER(vgrad_event, epochs, 56);
    MEMBER(vgrad_event, batch, 64);
    MEMBER(vgrad_event, batches, 72);
    MEMBER(vgrad_event, step, 80);
    MEMBER(vgrad_event, samples, 88);
    MEMBER(vgrad_event, loss, 96);
    MEMBER(vgrad_event, accuracy, 104);
    MEMBER(vgrad_event, validation_loss, 112);
    MEMBER(vgrad_event, validation_accuracy, 120);
    MEMBER(vgrad_event, learning_rate, 128);
    MEMBER(vgrad_event, gradient_norm, 136);
    MEMBER(vgrad_event, clipped_norm, 144);
    is_frozen("size of vgrad_event", (long long)sizeof(vgrad_event), 152);
    is_frozen("no padding at the end of vgrad_event", (long long)sizeof(vgrad_event), end);
}

static void own_layers(void)
{
    long long end = 0;
    MEMBER(vgrad_shape, rank, 0);
    MEMBER(vgrad_shape, sizes, 8);
    is_frozen("size of vgrad_shape", (long long)sizeof(vgrad_shape), 72);
    end = 0;
    MEMBER(vgrad_parameter_shape, shape, 0);
    MEMBER(vgrad_parameter_shape, fan_in, 72);
    MEMBER(vgrad_parameter_shape, fan_out, 80);
    is_frozen("size of vgrad_parameter_shape", (long long)sizeof(vgrad_parameter_shape), 88);
    end = 0;
    MEMBER(vgrad_layer_shapes, struct_size, 0);
    MEMBER(vgrad_layer_shapes, inputs, 8);
    MEMBER(vgrad_layer_shapes, input_count, 16);
    MEMBER(vgrad_layer_shapes, dtype, 24);
    MEMBER(vgrad_layer_shapes, output, 32);
    MEMBER(vgrad_layer_shapes, parameters, 40);
    MEMBER(vgrad_layer_shapes, parameters_max, 48);
    MEMBER(vgrad_layer_shapes, parameter_count, 56);
    MEMBER(vgrad_layer_shapes, saved, 64);
    is_frozen("size of vgrad_layer_shapes", (long long)sizeof(vgrad_layer_shapes), 72);
    end = 0;
    MEMBER(vgrad_layer_call, struct_size, 0);
    MEMBER(vgrad_layer_call, layer, 8);
    MEMBER(vgrad_layer_call, inputs, 16);
    MEMBER(vgrad_layer_call, parameters, 24);
    MEMBER(vgrad_layer_call, output, 32);
    MEMBER(vgrad_layer_call, output_gradient, 40);
    MEMBER(vgrad_layer_call, output_data, 48);
    MEMBER(vgrad_layer_call, input_gradients, 56);
    MEMBER(vgrad_layer_call, parameter_gradients, 64);
    MEMBER(vgrad_layer_call, saved, 72);
    MEMBER(vgrad_layer_call, input_count, 80);
    MEMBER(vgrad_layer_call, parameter_count, 88);
    MEMBER(vgrad_layer_call, rows, 96);
    MEMBER(vgrad_layer_call, training, 104);
    MEMBER(vgrad_layer_call, dtype, 112);
    is_frozen("size of vgrad_layer_call", (long long)sizeof(vgrad_layer_call), 120);
    end = 0;
    MEMBER(vgrad_layer_operations, struct_size, 0);
    MEMBER(vgrad_layer_operations, kind, 8);
    MEMBER(vgrad_layer_operations, shape, 16);
    MEMBER(vgrad_layer_operations, forward, 24);
    MEMBER(vgrad_layer_operations, backward, 32);
    is_frozen("size of vgrad_layer_operations", (long long)sizeof(vgrad_layer_operations), 40);
}

int main(void)
{
    enumerators();
    enum_sizes();
    if (sizeof(void *) == 8 && sizeof(size_t) == 8) {
        tensor();
        event();
        own_layers();
    } else {
        printf("ok %d - structs # SKIP frozen for 64-bit machines only\n", ++points);
    }
    printf("1..%d\n", points);
    return failures != 0;
}
