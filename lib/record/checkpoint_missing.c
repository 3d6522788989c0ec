/* In the place of checkpoint_load.c in a build without jansson. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <vgrad/checkpoint.h>

#include "base/status.h"
#include "record/checkpoint.h"

static vgrad_status refuse(const char *path)
{
    vgrad__shown shown;
    return vgrad__fail(VGRAD_E_UNSUPPORTED, "%s: checkpoints: this build is without jansson",
                       vgrad__path_shown(path, shown));
}

vgrad_status vgrad_trainer_load(vgrad_trainer *trainer, const char *path)
{
    vgrad_status status = vgrad__check_between(trainer);
    if (status == VGRAD_OK && !path)
        status = vgrad__fail_null("path");
    return status == VGRAD_OK ? refuse(path) : status;
}

vgrad_status vgrad_network_create_from_file(vgrad_network **out, const char *path,
                                            vgrad_context *context)
{
    (void)context;
    if (!out)
        return vgrad__fail_null("out");
    *out = NULL;
    return path ? refuse(path) : vgrad__fail_null("path");
}

vgrad_status vgrad__checkpoint_verify(const char *path, vgrad_context *context,
                                      double *watched_loss)
{
    (void)context;
    *watched_loss = (double)NAN;
    return refuse(path);
}
