/* Records as JSON Lines: an object a line, whose "what" says what it is. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>

#include "base/decimal.h"
#include "base/text.h"
#include "record/text_file.h"

/* Bytes that a text begins with and that are nothing but themselves. */
static size_t count_plain(const char *text)
{
    size_t count = 0;
    while (text[count] >= ' ' && text[count] <= '~' && text[count] != '"' && text[count] != '\\')
        count++;
    return count;
}

/* The character that a text begins with and that is not plain; returns its bytes. */
static size_t put_other(vgrad__output *output, const char *text)
{
    char escaped[8];
    const size_t length = vgrad__utf8(text);
    if (length == 0)
        vgrad__output_text(output, VGRAD__REPLACEMENT);
    else if (*text == '"' || *text == '\\')
        vgrad__output_put(output, (const char[]){ '\\', *text }, 2);
    else if (length == 1 && *text < ' ')
        vgrad__output_put(output, escaped,
                          (size_t)snprintf(escaped, sizeof escaped, "\\u%04x", (unsigned)*text));
    else
        vgrad__output_put(output, text, length);
    return length > 0 ? length : 1;
}

/* RFC 8259, 7: quotes, backslashes and what is below space are escaped; the rest is UTF-8. */
static void put_string(vgrad__output *output, const char *text)
{
    vgrad__output_text(output, "\"");
    for (;;) {
        const size_t plain = count_plain(text);
        vgrad__output_put(output, text, plain);
        text += plain;
        if (*text == '\0')
            break;
        text += put_other(output, text);
    }
    vgrad__output_text(output, "\"");
}

/* JSON has no NaN and no infinity: those are the strings "nan", "inf" and "-inf". */
static void put_decimal(vgrad__output *output, double value, const char *text)
{
    if (isfinite(value))
        vgrad__output_text(output, text);
    else
        put_string(output, text);
}

static void put_number(vgrad__output *output, double value)
{
    char text[VGRAD__DECIMAL_SIZE];
    put_decimal(output, value, vgrad__decimal_text(value, text));
}

/* A member behind another one. */
static void put_key(vgrad__output *output, const char *key)
{
    vgrad__output_text(output, ",");
    put_string(output, key);
    vgrad__output_text(output, ":");
}

/* `before`: such as ,"layer": */
static inline void put_text(vgrad__output *output, const char *before, const char *text)
{
    vgrad__output_text(output, before);
    put_string(output, text);
}

static inline void put_whole(vgrad__output *output, const char *before, int64_t value)
{
    vgrad__output_text(output, before);
    vgrad__output_whole(output, value);
}

/* What every line begins with. */
static void begin_line(const vgrad__sink *sink, vgrad__output *output, const char *what)
{
    put_text(output, "{\"what\":", what);
    put_text(output, ",\"run\":", sink->run);
}

static void begin_moment(const vgrad__sink *sink, vgrad__output *output, const char *what,
                         const vgrad__entry *entry)
{
    begin_line(sink, output, what);
    put_whole(output, ",\"step\":", entry->step);
    if (entry->epoch >= 0)
        put_whole(output, ",\"epoch\":", entry->epoch);
}

static void end_line(vgrad__output *output)
{
    vgrad__output_text(output, "}\n");
}

static void put_row(const vgrad__sink *sink, vgrad__output *output, const vgrad__entry *entry,
                    vgrad__row *row)
{
    begin_moment(sink, output, "figure", entry);
    if (*row->layer)
        put_text(output, ",\"layer\":", row->layer);
    if (*row->role)
        put_text(output, ",\"role\":", row->role);
    put_text(output, ",\"quantity\":", row->quantity);
    vgrad__output_text(output, ",\"value\":");
    put_decimal(output, row->value, vgrad__row_value(row));
    end_line(output);
}

/* "bins": pairs of a bin that is not empty and its count. */
static void put_counts(const vgrad__sink *sink, vgrad__output *output, const vgrad__entry *entry,
                       const vgrad__counts *counts)
{
    const char *before = "";
    begin_moment(sink, output, "histogram", entry);
    put_text(output, ",\"layer\":", counts->layer);
    put_text(output, ",\"role\":", counts->role);
    vgrad__output_text(output, ",\"bins\":");
    vgrad__output_text(output, "[");
    for (int64_t bin = 0; bin < VGRAD_HISTOGRAM_BINS; bin++) {
        if (counts->histogram->bins[bin] == 0)
            continue;
        vgrad__output_text(output, before);
        vgrad__output_text(output, "[");
        vgrad__output_whole(output, bin);
        vgrad__output_text(output, ",");
        vgrad__output_whole(output, (int64_t)counts->histogram->bins[bin]);
        vgrad__output_text(output, "]");
        before = ",";
    }
    vgrad__output_text(output, "]");
    end_line(output);
}

static void put_finding(const vgrad__sink *sink, vgrad__output *output, const vgrad__entry *entry)
{
    const vgrad_finding *finding = entry->finding;
    begin_moment(sink, output, "finding", entry);
    put_text(output, ",\"code\":", vgrad_finding_name((vgrad_finding_code)finding->code));
    put_whole(output, ",\"severity\":", finding->severity);
    if (finding->layer >= 0)
        put_text(output, ",\"layer\":", finding->layer_name);
    put_whole(output, ",\"first_step\":", finding->first_step);
    put_whole(output, ",\"last_step\":", finding->last_step);
    put_text(output, ",\"message\":", finding->message);
    vgrad__output_text(output, ",\"evidence\":");
    for (int64_t i = 0; i < finding->evidence_count; i++) {
        vgrad__output_text(output, i == 0 ? "{" : ",");
        put_string(output, finding->evidence_names[i]);
        vgrad__output_text(output, ":");
        put_number(output, finding->evidence[i]);
    }
    vgrad__output_text(output, finding->evidence_count == 0 ? "{}" : "}");
    put_text(output, ",\"formula\":", finding->formula);
    put_text(output, ",\"remedy\":", finding->remedy);
    end_line(output);
}

static vgrad_status open_jsonl(vgrad__sink *sink)
{
    return vgrad__text_file_open(sink, "");
}

static vgrad_status begin(vgrad__sink *sink, const vgrad__run_facts *facts)
{
    vgrad__text_file *file = sink->state;
    vgrad_status status = vgrad__text_file_turn(sink);
    if (status != VGRAD_OK)
        return status;
    begin_line(sink, &file->output, "run");
    for (size_t i = 0; i < facts->setting_count; i++) {
        const vgrad__setting *setting = &facts->settings[i];
        put_key(&file->output, setting->name);
        if (setting->text)
            put_string(&file->output, setting->text);
        else if (setting->is_whole)
            vgrad__output_natural(&file->output, setting->whole);
        else
            put_number(&file->output, setting->number);
    }
    end_line(&file->output);
    return file->output.status;
}

static vgrad_status take(vgrad__sink *sink, const vgrad__entry *entry)
{
    vgrad__text_file *file = sink->state;
    vgrad_status status = vgrad__text_file_turn(sink);
    if (status != VGRAD_OK)
        return status;
    for (size_t i = 0; i < entry->row_count; i++)
        put_row(sink, &file->output, entry, &entry->rows[i]);
    for (size_t i = 0; i < entry->counts_count; i++)
        put_counts(sink, &file->output, entry, &entry->counts[i]);
    if (entry->finding)
        put_finding(sink, &file->output, entry);
    return file->output.status;
}

const vgrad__sink_kind vgrad__sink_jsonl = { .number = VGRAD_SINK_JSONL,
                                             .open = open_jsonl,
                                             .begin = begin,
                                             .take = take,
                                             .flush = vgrad__text_file_flush,
                                             .close = vgrad__text_file_close };
