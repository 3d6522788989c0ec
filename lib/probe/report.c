/* Reports: which there are, the table of layers, and findings. */
/* SPDX-License-Identifier: MIT */
#include "probe/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "probe/figures.h"

double vgrad__sheet_rms(const vgrad__sheet *sheet, size_t layer, vgrad_role role, size_t look)
{
    const vgrad__moments *moments = vgrad__scene_moments(&sheet->probe->scene, layer, role, look);
    if (!moments)
        return (double)NAN;
    if (moments->finite < moments->count)
        return (double)INFINITY;
    return vgrad__moments_read(moments, VGRAD_L2) / sqrt((double)moments->count);
}

int vgrad__sheet_columns(const char *name)
{
    int columns = 0;
    for (; *name; name++)
        columns += ((unsigned char)*name & 0xc0) != 0x80; /* one that goes on is no character */
    return columns;
}

int vgrad__sheet_pad(const char *name, int columns)
{
    return columns + (int)strlen(name) - vgrad__sheet_columns(name);
}

/* ---- the table ---- */

enum { COLUMNS = 7, CELL_SIZE = 32, LINE_SIZE = 320 };

/* `figure`: of the layer, or VGRAD__FIGURES for the root mean square of `role`. */
static const struct {
    const char *heading;
    char style;
    int digits;
    vgrad__figure figure;
    vgrad_role role;
} columns[COLUMNS] = {
    { "rms dL/dW", 'e', 2, VGRAD__FIGURES, VGRAD_KERNEL_GRADIENT },
    { "rms delta", 'e', 2, VGRAD__FIGURES, VGRAD_DELTA },
    { "rms f'/max", 'f', 3, VGRAD__SATURATION, VGRAD_ACTIVATION },
    { "dead", 'f', 2, VGRAD__DEAD_SHARE, VGRAD_ACTIVATION },
    { "lg |U|/|W|", 'f', 2, VGRAD__UPDATE_RATIO, VGRAD_KERNEL_UPDATE },
    { "coherence", 'f', 3, VGRAD__COHERENCE, VGRAD_KERNEL_GRADIENT },
    { "noise scale", 'g', 3, VGRAD__NOISE_SCALE, VGRAD_KERNEL_GRADIENT },
};

static double value_of(const vgrad__sheet *sheet, size_t layer, int column)
{
    const size_t look = sheet->end - 1;
    if (columns[column].figure == VGRAD__FIGURES)
        return vgrad__sheet_rms(sheet, layer, columns[column].role, look);
    return vgrad__scene_figures(&sheet->probe->scene, layer, look)[columns[column].figure];
}

/* What is too large for its column is told by its power of ten. */
static void write_cell(double value, char style, int digits, char to[CELL_SIZE])
{
    const double too_large = 1e5;
    if (isnan(value))
        snprintf(to, CELL_SIZE, "-");
    else if (isinf(value))
        snprintf(to, CELL_SIZE, value < 0 ? "-Inf" : "Inf");
    else if (style == 'e')
        snprintf(to, CELL_SIZE, "%.*e", digits, value);
    else if (style == 'f' && fabs(value) < too_large)
        snprintf(to, CELL_SIZE, "%.*f", digits, value);
    else
        snprintf(to, CELL_SIZE, "%.*g", digits, value);
}

/* Puts a cell behind what the line has. */
static void append(char line[LINE_SIZE], int column, const char *cell)
{
    const size_t used = strlen(line);
    const int width = (int)strlen(columns[column].heading);
    snprintf(line + used, LINE_SIZE - used, "  %*s", width, cell);
}

static int widest_name(const vgrad_probe *probe, const char *heading)
{
    int widest = vgrad__sheet_columns(heading);
    for (size_t i = 0; i < probe->scene.layer_count; i++) {
        const int own = vgrad__sheet_columns(probe->scene.layers[i].name);
        widest = own > widest ? own : widest;
    }
    return widest;
}

static vgrad_status report_table(const vgrad__sheet *sheet)
{
    static const char heading[] = "layer";
    const vgrad__scene *scene = &sheet->probe->scene;
    const int width = widest_name(sheet->probe, heading);
    char line[LINE_SIZE], cell[CELL_SIZE];
    char cost[CELL_SIZE] = "";
    const double percent = vgrad_probe_cost(sheet->probe);
    if (!isnan(percent))
        snprintf(cost, sizeof cost, ", at %.1f %% of the time", percent);
    const int are = (int)sheet->probe->options[VGRAD_PROBE_GRADIENTS_ARE];
    vgrad_status status =
        vgrad__print(sheet->write, sheet->user, "step %lld, the latest of %zu looks%s%s%s%s\n",
                     (long long)vgrad__history_step(&scene->history, sheet->end - 1), sheet->end,
                     cost, are & VGRAD_GRADIENTS_CLIPPED ? "; gradients are clipped" : "",
                     are & VGRAD_GRADIENTS_ACCUMULATED ? "; gradients are of several batches" : "",
                     are & VGRAD_GRADIENTS_REDUCED ? "; gradients are of several machines" : "");
    snprintf(line, sizeof line, "%-*s", width, heading);
    for (int c = 0; c < COLUMNS; c++)
        append(line, c, columns[c].heading);
    if (status == VGRAD_OK)
        status = vgrad__print(sheet->write, sheet->user, "%s\n", line);
    for (size_t i = 0; i < scene->layer_count && status == VGRAD_OK; i++) {
        const char *name = scene->layers[i].name;
        snprintf(line, sizeof line, "%-*s", vgrad__sheet_pad(name, width), name);
        for (int c = 0; c < COLUMNS; c++) {
            write_cell(value_of(sheet, i, c), columns[c].style, columns[c].digits, cell);
            append(line, c, cell);
        }
        status = vgrad__print(sheet->write, sheet->user, "%s\n", line);
    }
    return status;
}

/* ---- findings ---- */

static void write_evidence(const vgrad_finding *f, char line[LINE_SIZE])
{
    const int digits = 3;
    char value[CELL_SIZE];
    size_t used = 0;
    line[0] = '\0';
    for (int64_t i = 0; i < f->evidence_count && used < LINE_SIZE; i++) {
        write_cell(f->evidence[i], 'g', digits, value);
        used += (size_t)snprintf(line + used, LINE_SIZE - used, "%s%s %s", i > 0 ? ", " : "",
                                 f->evidence_names[i], value);
    }
}

/* Only the lines that have something to say. */
static vgrad_status report_finding(const vgrad__sheet *sheet, const vgrad_finding *f)
{
    static const char *const severities[] = { [1] = "note", "warning", "severe" };
    char evidence[LINE_SIZE];
    write_evidence(f, evidence);
    const struct {
        const char *word, *text;
    } lines[] = { { "", f->message },
                  { "evidence: ", evidence },
                  { "formula: ", f->formula },
                  { "remedy: ", f->remedy } };
    vgrad_status status = vgrad__print(
        sheet->write, sheet->user, "%s, %s, since step %lld\n", severities[f->severity],
        f->layer_name[0] ? f->layer_name : "the whole network", (long long)f->first_step);
    for (size_t i = 0; i < sizeof lines / sizeof *lines && status == VGRAD_OK; i++)
        if (lines[i].text[0])
            status =
                vgrad__print(sheet->write, sheet->user, "    %s%s\n", lines[i].word, lines[i].text);
    return status;
}

static vgrad_status report_findings(const vgrad__sheet *sheet)
{
    const vgrad__findings *findings = &sheet->probe->scene.findings;
    vgrad_status status = VGRAD_OK;
    if (findings->raised == 0)
        return vgrad__print(sheet->write, sheet->user, "no findings\n");
    for (size_t i = 0; i < findings->raised && status == VGRAD_OK; i++)
        status = report_finding(sheet, &findings->order[i]->told);
    return status;
}

/* ---- all of them ---- */

/* Where text goes in the end. */
typedef struct drain {
    vgrad_write write;
    void *user;
} drain;

/* Names are the caller's and may hold anything: '?' stands for what would break a line or steer a
   terminal, the control characters of ASCII and, after C2, those of Unicode. */
static int32_t write_clean(const char *text, size_t length, void *user)
{
    const drain *to = user;
    char line[VGRAD__TEXT_SIZE];
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        const unsigned char one = (unsigned char)text[i];
        const unsigned char next = i + 1 < length ? (unsigned char)text[i + 1] : 0;
        const bool of_unicode = one == 0xc2 && next >= 0x80 && next < 0xa0;
        const bool of_ascii = (one < ' ' && i + 1 < length) || one == 0x7f; /* not the last LF */
        line[used++] = of_unicode || of_ascii ? '?' : text[i];
        i += of_unicode;
    }
    return to->write(line, used, to->user);
}

vgrad_status vgrad_probe_report(const vgrad_probe *probe, vgrad_report what, vgrad_write write,
                                void *user)
{
    static vgrad_status (*const reports[])(const vgrad__sheet *) = {
        [VGRAD_REPORT_TABLE] = report_table,
        [VGRAD_REPORT_BUDGET] = vgrad__report_budget,
        [VGRAD_REPORT_FINDINGS] = report_findings,
        [VGRAD_REPORT_SPARKLINES] = vgrad__report_sparklines,
    };
    if (!probe)
        return vgrad__fail_null("probe");
    if (!write)
        return vgrad__fail_null("write");
    if ((int)what < VGRAD_REPORT_TABLE || what > VGRAD_REPORT_SPARKLINES)
        return vgrad__fail(VGRAD_E_INVALID, "what: no report %d", (int)what);
    const vgrad__history *history = &probe->scene.history;
    const bool unended = probe->look.open && history->looks > 0; /* the latest, still looking */
    drain to = { write, user };
    const vgrad__sheet sheet = { probe, vgrad__history_first(history), history->looks - unended,
                                 write_clean, &to };
    if (sheet.end <= sheet.first)
        return vgrad__print(write, user, "nothing seen yet\n");
    return reports[what](&sheet);
}
