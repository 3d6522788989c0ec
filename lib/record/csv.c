/* Records as comma-separated values (RFC 4180): a row for every figure. Histograms have none, but
   their quantiles are figures; a finding is the figure of its severity. */
/* SPDX-License-Identifier: MIT */
#include "base/text.h"
#include "record/text_file.h"

/* Bytes that a text begins with and that are nothing but themselves. */
static size_t count_plain(const char *text)
{
    size_t count = 0;
    while (text[count] >= ' ' && text[count] <= '~' && text[count] != ',' && text[count] != '"')
        count++;
    return count;
}

/* A text, in quotes if it needs them. */
static void put_field(vgrad__output *output, const char *text)
{
    const size_t plain = count_plain(text);
    if (text[plain] == '\0') {
        vgrad__output_put(output, text, plain);
        return;
    }
    vgrad__output_text(output, "\"");
    while (*text) {
        const size_t length = vgrad__utf8(text);
        if (*text == '"')
            vgrad__output_text(output, "\"");
        if (length > 0)
            vgrad__output_put(output, text, length);
        else
            vgrad__output_text(output, VGRAD__REPLACEMENT);
        text += length > 0 ? length : 1;
    }
    vgrad__output_text(output, "\"");
}

static void put_row(const vgrad__sink *sink, vgrad__output *output, const vgrad__entry *entry,
                    vgrad__row *row)
{
    put_field(output, sink->run);
    vgrad__output_text(output, ",");
    vgrad__output_whole(output, entry->step);
    vgrad__output_text(output, ",");
    if (entry->epoch >= 0)
        vgrad__output_whole(output, entry->epoch);
    vgrad__output_text(output, ",");
    put_field(output, row->layer);
    vgrad__output_text(output, ",");
    put_field(output, row->role);
    vgrad__output_text(output, ",");
    put_field(output, row->quantity);
    vgrad__output_text(output, ",");
    vgrad__output_text(output, vgrad__row_value(row));
    vgrad__output_text(output, "\n");
}

static vgrad_status open_csv(vgrad__sink *sink)
{
    return vgrad__text_file_open(sink, "run,step,epoch,layer,role,quantity,value\n");
}

static vgrad_status take(vgrad__sink *sink, const vgrad__entry *entry)
{
    vgrad__text_file *file = sink->state;
    const vgrad_finding *finding = entry->finding;
    vgrad_status status = vgrad__text_file_turn(sink);
    if (status != VGRAD_OK)
        return status;
    for (size_t i = 0; i < entry->row_count; i++)
        put_row(sink, &file->output, entry, &entry->rows[i]);
    if (finding) {
        vgrad__row row = { .layer = finding->layer_name,
                           .role = "finding",
                           .quantity = vgrad_finding_name((vgrad_finding_code)finding->code),
                           .value = (double)finding->severity };
        put_row(sink, &file->output, entry, &row);
    }
    return file->output.status;
}

const vgrad__sink_kind vgrad__sink_csv = { .number = VGRAD_SINK_CSV,
                                           .open = open_csv,
                                           .take = take,
                                           .flush = vgrad__text_file_flush,
                                           .close = vgrad__text_file_close };
