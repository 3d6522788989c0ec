/* CSV from any bytes. */
/* SPDX-License-Identifier: MIT */
#include "reader.h"

static const char *const labels[] = {
    NULL, "-1", "0", "y", "-2", "1", "a,b", "18446744073709551616",
};

static const char *label_of(const fuzz_input *input)
{
    return labels[input->choice % (sizeof labels / sizeof *labels)];
}

static bool wants_y(const fuzz_input *input)
{
    return label_of(input) != NULL;
}

static vgrad_status read_csv(vgrad_dataset **out, fuzz_world *world)
{
    const fuzz_input *input = world->input;
    fuzz_world_add_file(world, "x-file", input->bytes, input->size);
    return vgrad_dataset_csv(out, "x-file", label_of(input), world->context);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const fuzz_format csv = {
        .read = read_csv, .wants_y = wants_y, .failure_with_y = VGRAD_E_NOT_FOUND, .finite = true
    };
    return fuzz_reader(&csv, data, size);
}
