/**
 * @file weights.h
 * @brief A network's weights in files that other programs read and write too.
 *
 * The format is safetensors, version 0.x of https://github.com/huggingface/safetensors: tensors by
 * name, checked before they are believed. docs/file-formats.md says what is in such a file, byte by
 * byte.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_WEIGHTS_H
#define VGRAD_WEIGHTS_H

#include <vgrad/network.h>

VGRAD_DECLARATIONS_BEGIN

/**
 * Write the weights into a file: every parameter, frozen ones too, and every layer's state, by the
 * names that their tensors have, such as "dense.kernel", "dense.bias", "batch_norm.moving_mean", in
 * the network's dtype. Parameters that several layers share are written once, under the name of the
 * layer that had them first.
 *
 * The file appears whole or not at all: it is written beside `path`, as PATH.PID.NUMBER.tmp, synced
 * to the device and renamed. Until then, and on failure, what was there stays as it was. A process
 * that is killed meanwhile leaves the temporary file behind, which nothing ever reads.
 *
 * @param network built; also in a callback.
 * @param path    the file; no symbolic link, device or folder, which it would replace. An old
 *                file's permissions are not taken over.
 * @return VGRAD_OK; VGRAD_E_INVALID (NULL; a name that is no UTF-8); VGRAD_E_STATE (not built);
 *         VGRAD_E_IO (with what failed; if that was to sync the folder, the new file is in its
 *         place, but may not be after a power failure); VGRAD_E_MEMORY.
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_network_save(const vgrad_network *network, const char *path);

/**
 * Take the weights from a file, as vgrad_network_save() writes it. The file must have exactly the
 * network's tensors. All of it is read and checked first: the network gets every weight, or stays
 * as it was. Optimizers keep their state, and dropout its place.
 *
 * A tensor may be float32, float64, float16 or bfloat16. What the network's dtype holds comes over
 * exactly, as float16 and bfloat16 always do; float64 is rounded to a float32 network, to nearest,
 * Inf past the largest. Integers are refused. NaN and Inf come over; a VGRAD_MOVING_VARIANCE below
 * 0 is refused.
 *
 * @param network built, not inside a step or a callback.
 * @param path    the file; a regular one, which is not compressed.
 * @return VGRAD_OK; VGRAD_E_INVALID (NULL, a variance below 0); VGRAD_E_STATE (not built, or inside
 *         a step); VGRAD_E_NOT_FOUND (the file lacks a tensor: named); VGRAD_E_SHAPE (a tensor has
 *         another shape: named, with both); VGRAD_E_FORMAT (a tensor that the network has not, or
 *         of another type: named; or the file is damaged, with what is wrong where); VGRAD_E_IO;
 *         VGRAD_E_MEMORY; VGRAD_E_UNSUPPORTED (this build is without jansson).
 * @thread_handle
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_network_load(vgrad_network *network, const char *path);

/**
 * How a file of weights differs from what vgrad_network_save() writes. The numbers may be added up.
 * @since 0.1
 */
enum {
    /** Names as in a PyTorch state_dict(): weight for kernel and gamma, bias for bias and beta,
        running_mean and running_var for the moving statistics. Loading passes over a tensor
        num_batches_tracked, which PyTorch writes beside them. */
    VGRAD_WEIGHTS_PYTORCH_NAMES = 1,
    /** Axes as in PyTorch: kernels of dense layers are (units, inputs), those of convolutions
        (filters, in, kernel_height, kernel_width). PyTorch's images have their channels first, so
        after vgrad_flatten() of (height, width, channels), at once or behind dropout, activations
        and normalisations, what a dense layer or a normalisation has for each of these elements is
        in the order (channels, height, width) in the file. */
    VGRAD_WEIGHTS_PYTORCH_AXES = 2,
    VGRAD_WEIGHTS_PYTORCH = 3,    /**< Both. */
    VGRAD_WEIGHTS_PASS_OTHERS = 4 /**< Load: tensors that the network has not are passed over. */
};

/** Bytes of a tensor's name in a file at most, with the NUL. @since 0.1 */
enum { VGRAD_WEIGHTS_NAME_SIZE = 256 };

/**
 * Your function for names in files, called once for each tensor before a file is opened: 0 take
 * `name`; above 0 leave this tensor out: it is not saved, or keeps its values; below 0 fail
 * (VGRAD_E_CALLBACK).
 *
 * `tensor` has the network's name, role and layer. `name`, of `capacity` bytes, holds what the
 * tensor would be called without this function; write another over it, such as "fc1.weight". The
 * function must not change the network, throw, or longjmp.
 */
typedef int32_t (*vgrad_weights_name)(const vgrad_tensor *tensor, char *name, size_t capacity,
                                      void *user);

/**
 * As vgrad_network_save(), for whoever reads the file by other names or in another layout.
 *
 * @param network built; also in a callback.
 * @param path    the file.
 * @param format  a sum of VGRAD_WEIGHTS_ bits; 0: as vgrad_network_save().
 * @param name    gives the names; NULL: as they are.
 * @param user    handed to it.
 * @return as vgrad_network_save(); VGRAD_E_INVALID also for two tensors of one name, or a name that
 *         is empty or too long; VGRAD_E_CALLBACK.
 * @par Threading
 * One thread at a time with the network; `name` runs on the calling thread.
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_network_save_as(const vgrad_network *network, const char *path,
                                             uint32_t format, vgrad_weights_name name, void *user);

/**
 * As vgrad_network_load(), for files with other names or in another layout, such as
 * `safetensors.torch.save_file(model.state_dict(), path)` writes; and for some of the weights only.
 *
 * @param network built, not inside a step or a callback.
 * @param path    the file.
 * @param format  a sum of VGRAD_WEIGHTS_ bits; 0: as vgrad_network_load().
 * @param name    gives the names; NULL: as they are.
 * @param user    handed to it.
 * @return as vgrad_network_load(); VGRAD_E_INVALID also for two tensors of one name, or a name that
 *         is empty or too long; VGRAD_E_CALLBACK.
 * @par Threading
 * One thread at a time with the network; `name` runs on the calling thread.
 * @since 0.1
 */
VGRAD_API vgrad_status vgrad_network_load_as(vgrad_network *network, const char *path,
                                             uint32_t format, vgrad_weights_name name, void *user);

VGRAD_DECLARATIONS_END

#endif
