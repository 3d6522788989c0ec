/* In the place of safetensors_read.c in a build without jansson: a way to say so. */
/* SPDX-License-Identifier: MIT */
#include "base/status.h"
#include "record/safetensors.h"

vgrad_status vgrad__safetensors_open(vgrad__safetensors *out, const char *path,
                                     vgrad_context *context)
{
    vgrad__shown shown;
    (void)context;
    *out = (vgrad__safetensors){ 0 };
    return vgrad__fail(VGRAD_E_UNSUPPORTED, "%s: safetensors: this build is without jansson",
                       vgrad__path_shown(path, shown));
}

/* Nothing is ever open, so none of these is called. */
void vgrad__safetensors_close(vgrad__safetensors *file)
{
    (void)file;
}

const vgrad__safetensors_entry *vgrad__safetensors_find(const vgrad__safetensors *file,
                                                        const char *name)
{
    (void)file, (void)name;
    return NULL;
}

const char *vgrad__safetensors_text_of(const vgrad__safetensors *file, const char *key)
{
    (void)file, (void)key;
    return NULL;
}

vgrad_status vgrad__safetensors_read(vgrad__safetensors *file,
                                     const vgrad__safetensors_entry *entry, void *to)
{
    (void)file, (void)entry, (void)to;
    return VGRAD_E_UNSUPPORTED;
}

vgrad_status vgrad__safetensors_fail(const vgrad__safetensors *file, vgrad_status status,
                                     const vgrad__safetensors_entry *entry, const char *format, ...)
{
    (void)file, (void)entry, (void)format;
    return status;
}
