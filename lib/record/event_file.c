/* TensorBoard's event files. */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "record/event_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/status.h"

enum { EVENT_SIZE = 1 << 15 }; /* so that few are larger, and ask for memory in a step */

/* ---- framing ---- */

static void write_little_endian(uint8_t *to, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        to[i] = (uint8_t)(value >> 8 * i);
}

/* TFRecord masks its sums, as those of data that hold sums of themselves are hard to trust. */
static uint32_t masked_crc(const void *bytes, size_t count)
{
    const uint32_t sum = vgrad__crc32c(0, bytes, count);
    return (sum >> 15 | sum << 17) + 0xa282ead8u;
}

/* length | masked sum of the length | bytes | masked sum of the bytes */
static void put_record(vgrad__output *output, const uint8_t *bytes, size_t count)
{
    uint8_t length[8], sum[4];
    write_little_endian(length, count, sizeof length);
    vgrad__output_put(output, length, sizeof length);
    write_little_endian(sum, masked_crc(length, sizeof length), sizeof sum);
    vgrad__output_put(output, sum, sizeof sum);
    vgrad__output_put(output, bytes, count);
    write_little_endian(sum, masked_crc(bytes, count), sizeof sum);
    vgrad__output_put(output, sum, sizeof sum);
}

/* ---- files ---- */

static vgrad_status put_event(vgrad__event_file *file, const VgradEvent__Event *event)
{
    const size_t size = vgrad_event__event__get_packed_size(event);
    if (size > file->capacity) {
        uint8_t *bytes = vgrad__allocate(file->context, size, 1);
        if (!bytes)
            return VGRAD_E_MEMORY;
        vgrad__release(file->context, file->bytes, file->capacity, 1);
        file->bytes = bytes;
        file->capacity = size;
    }
    vgrad_event__event__pack(event, file->bytes);
    put_record(&file->output, file->bytes, size);
    return file->output.status;
}

/* What every file begins with. */
static vgrad_status put_version(vgrad__event_file *file, double time)
{
    char version[] = "brain.Event:2", writer[] = "vgrad";
    VgradEvent__SourceMetadata source;
    VgradEvent__Event event = VGRAD_EVENT__EVENT__INIT;
    vgrad_event__source_metadata__init(&source);
    source.writer = writer;
    event.wall_time = time;
    event.what_case = VGRAD_EVENT__EVENT__WHAT_FILE_VERSION;
    event.file_version = version;
    event.source_metadata = &source;
    return put_event(file, &event);
}

/* Of all files of this process, so that no two have one name. */
static atomic_int files_begun;

/* FOLDER/events.out.tfevents.TIME.HOST.PID.NUMBER: readers take the files of a folder in the order
   of their names. */
static vgrad_status open_next(vgrad__event_file *file, double time)
{
    enum { NAME_SIZE = 160 };
    char host[64] = "host";
    const size_t size = strlen(file->folder) + NAME_SIZE;
    char *path = vgrad__allocate(file->context, size, 1);
    if (!path)
        return VGRAD_E_MEMORY;
    if (gethostname(host, sizeof host) == 0)
        host[sizeof host - 1] = '\0';
    snprintf(path, size, "%s/events.out.tfevents.%010" PRId64 ".%s.%lld.%06d", file->folder,
             file->began, host, (long long)getpid(), atomic_fetch_add(&files_begun, 1));
    vgrad_status status = vgrad__output_open(&file->output, path, VGRAD__OPEN_NEW, file->context);
    vgrad__release(file->context, path, size, 1);
    if (status == VGRAD_OK)
        status = put_version(file, time);
    file->bare_size = file->output.size;
    return status;
}

/* As `mkdir -p`. */
static vgrad_status make_folders(const vgrad__event_file *file)
{
    const vgrad__files *files = vgrad__context_files(file->context);
    const size_t size = strlen(file->folder) + 1;
    char *path = vgrad__allocate(file->context, size, 1);
    if (!path)
        return VGRAD_E_MEMORY;
    int64_t made = 0;
    for (size_t i = 1; i < size && (made == 0 || made == -EEXIST); i++)
        if (file->folder[i] == '/' || file->folder[i] == '\0') {
            memcpy(path, file->folder, i);
            path[i] = '\0';
            made = files->make_folder(files, path);
        }
    char text[VGRAD__ERRNO_TEXT];
    vgrad_status status = made == 0 || made == -EEXIST ? VGRAD_OK
                                                       : vgrad__fail(VGRAD_E_IO, "%s: %s", path,
                                                                     vgrad__errno_text(made, text));
    vgrad__release(file->context, path, size, 1);
    return status;
}

vgrad_status vgrad__event_file_open(vgrad__event_file *file, const char *folder, double time,
                                    vgrad_context *context)
{
    *file = (vgrad__event_file){
        .context = context, .folder = folder, .began = (int64_t)time, .capacity = EVENT_SIZE
    };
    file->bytes = vgrad__allocate(context, file->capacity, 1);
    vgrad_status status = file->bytes ? make_folders(file) : VGRAD_E_MEMORY;
    if (status == VGRAD_OK)
        status = open_next(file, time);
    if (status != VGRAD_OK)
        vgrad__event_file_close(file);
    return status;
}

vgrad_status vgrad__event_file_add(vgrad__event_file *file, const VgradEvent__Event *event)
{
    return put_event(file, event);
}

vgrad_status vgrad__event_file_turn(vgrad__event_file *file, int64_t most, double time)
{
    if (most == 0 || file->output.size < most || file->output.size <= file->bare_size)
        return file->output.status;
    vgrad_status status = vgrad__output_flush(&file->output);
    vgrad__output_close(&file->output);
    return status == VGRAD_OK ? open_next(file, time) : status;
}

vgrad_status vgrad__event_file_flush(vgrad__event_file *file)
{
    return vgrad__output_flush(&file->output);
}

void vgrad__event_file_close(vgrad__event_file *file)
{
    vgrad__output_close(&file->output);
    vgrad__release(file->context, file->bytes, file->capacity, 1);
    *file = (vgrad__event_file){ 0 };
}
