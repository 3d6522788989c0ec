/* Safetensors from any bytes: the reader below, and weights into a network that stays as it was
   unless it got them all. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <vgrad/vgrad.h>

#include "record/safetensors.h"
#include "world.h"

static const char path[] = "x-file";
enum { WEIGHTS = 2 * 2 + 2 };

/* ---- the reader ---- */

static void check_entry(const vgrad__safetensors *file, size_t i)
{
    const vgrad__safetensors_entry *entry = &file->entries[i];
    const int64_t before = i > 0 ? file->entries[i - 1].end : 0;
    REQUIRE(entry->begin == before && entry->end >= entry->begin);
    REQUIRE(i + 1 < file->count || entry->end == file->size);
    REQUIRE(entry->rank >= 0 && entry->type && entry->name);
    if (entry->rank <= VGRAD_MAX_RANK && entry->dtype) {
        int64_t count = 1;
        for (int32_t axis = 0; axis < entry->rank; axis++)
            count *= entry->shape[axis];
        REQUIRE(count * (int64_t)vgrad__dtype_size(entry->dtype) == entry->end - entry->begin);
    }
    if (i < 8) /* more would take long */
        REQUIRE(vgrad__safetensors_find(file, entry->name) == entry);
}

/* Reads every tensor, or only some, into a block of its own, so that a byte too many is seen. */
static vgrad_status read_entries(vgrad__safetensors *file, const fuzz_input *input)
{
    const size_t step = 1 + input->choice % 3u;
    vgrad_status status = VGRAD_OK;
    for (size_t i = 0; i < file->count && status == VGRAD_OK; i += step) {
        const size_t size = (size_t)(file->entries[i].end - file->entries[i].begin);
        void *room = malloc(size + !size);
        REQUIRE(room);
        status = vgrad__safetensors_read(file, &file->entries[i], room);
        const bool is_right =
            input->zipped || status != VGRAD_OK || file->entries[i].dtype == 0 ||
            memcmp(room,
                   (const char *)input->bytes + input->size - file->size + file->entries[i].begin,
                   size) == 0;
        REQUIRE(is_right);
        free(room);
    }
    return status;
}

static void read_it(const fuzz_input *input)
{
    fuzz_world world;
    vgrad__safetensors file;
    fuzz_world_begin(&world, input);
    fuzz_world_add_file(&world, path, input->bytes, input->size);
    vgrad_status status = vgrad__safetensors_open(&file, path, world.context);
    if (status == VGRAD_OK) {
        for (size_t i = 0; i < file.count; i++)
            check_entry(&file, i);
        status = read_entries(&file, input);
        vgrad__safetensors_close(&file);
    }
    fuzz_check_status(&world, status, VGRAD_OK);
    fuzz_world_end(&world);
}

/* ---- weights ---- */

static void weights_of(const vgrad_layer *layer, double *weights)
{
    REQUIRE(vgrad_tensor_copy(vgrad_layer_tensor(layer, VGRAD_KERNEL), weights, VGRAD_FLOAT64, 4) ==
            VGRAD_OK);
    REQUIRE(vgrad_tensor_copy(vgrad_layer_tensor(layer, VGRAD_BIAS), weights + 4, VGRAD_FLOAT64,
                              2) == VGRAD_OK);
}

/* A network "a" with a kernel (2, 2) and a bias, of the default context: only loading is watched.
 */
static void load_it(const fuzz_input *input)
{
    fuzz_world world;
    vgrad_network *network;
    double before[WEIGHTS], after[WEIGHTS];
    fuzz_input calmly = *input; /* an allocation that fails would be the network's own */
    calmly.memory_call = 0;
    fuzz_world_begin(&world, &calmly);
    fuzz_world_add_file(&world, path, input->bytes, input->size);
    REQUIRE(vgrad_network_create(&network, world.context) == VGRAD_OK);
    vgrad_layer *layer = vgrad_dense(vgrad_input(network, 2), 2, VGRAD_LINEAR);
    REQUIRE(vgrad_layer_set_name(layer, "a") == VGRAD_OK);
    REQUIRE(vgrad_network_build(network, layer) == VGRAD_OK);
    weights_of(layer, before);
    const uint32_t format = input->choice % 8u;
    vgrad_status status = vgrad_network_load_as(network, path, format, NULL, NULL);
    weights_of(layer, after);
    REQUIRE(status == VGRAD_OK || memcmp(before, after, sizeof before) == 0);
    REQUIRE(world.files.is_open == 0);
    if (status != VGRAD_E_NOT_FOUND && status != VGRAD_E_SHAPE)
        fuzz_check_status(&world, status, VGRAD_OK);
    vgrad_network_destroy(network);
    fuzz_world_end(&world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input;
    if (!fuzz_input_begin(&input, data, size))
        return 0;
    read_it(&input);
    load_it(&input);
    return 0;
}
