/* SPDX-License-Identifier: Apache-2.0
 * What a model found, drawn on the picture that it was given: boxes of a detection network, or the
 * labels of pixels of a segmentation. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "report/report.h"

enum { TEXT_BYTES = 128, GLYPHS = 512, LINE = 2, TEXT_HEIGHT = 24, CLASSES_MAX = 4096 };

/* Boxes below are not drawn. */
static const double score_least = 0.3;

static double element(const struct gantry_cli_tensor *tensor, size_t i)
{
    const struct gantry_tensor_info *info = tensor->info;
    double value = gantry_cli_element(info->dtype, tensor->data, i);
    return info->scale > 0 ? (double)info->scale * (value - info->zero_point) : value;
}

/* Colours of classes as the PASCAL VOC challenge has them: bits of the class from the top down. */
static void colour_of(size_t index, uint8_t *rgb)
{
    memset(rgb, 0, 3);
    for (int32_t bit = 7; bit >= 0 && index; bit--, index >>= 3)
        for (int32_t c = 0; c < 3; c++) rgb[c] = (uint8_t)(rgb[c] | (index >> c & 1) << bit);
}

static const char *label_of(const struct gantry_manifest *manifest, size_t index, char *buffer,
                            size_t size)
{
    if (index < (size_t)manifest->label_count) return manifest->labels[index];
    (void)snprintf(buffer, size, "%zu", index);
    return buffer;
}

static void fill(struct gantry_picture *picture, const struct gantry_rectangle *r,
                 const uint8_t *rgb)
{
    for (int32_t y = r->y < 0 ? 0 : r->y; y < r->y + r->h && y < picture->h; y++)
        for (int32_t x = r->x < 0 ? 0 : r->x; x < r->x + r->w && x < picture->w; x++)
            memcpy(picture->rgb + 3 * ((size_t)y * (size_t)picture->w + (size_t)x), rgb, 3);
}

/* ---- Detections: boxes [1,N,4] as top, left, bottom, right of the picture; classes, scores [1,N];
 * how many [1] ---- */

static bool is_detection(const struct gantry_cli_batch *outputs)
{
    if (outputs->count != 4) return false;
    const struct gantry_shape *boxes = &outputs->tensors[0].info->shape;
    size_t count = boxes->rank == 3 && boxes->dims[2] == 4 ? (size_t)boxes->dims[1] : 0;
    for (size_t i = 0; i < 4; i++) {
        const struct gantry_tensor_info *info = outputs->tensors[i].info;
        size_t wanted = i == 0 ? 4 * count : i == 3 ? 1 : count;
        if (info->dtype != GANTRY_FLOAT32 || info->bytes != wanted * sizeof(float)) return false;
    }
    return count > 0;
}

static void draw_box(struct gantry_picture *picture, const struct gantry_rectangle *box,
                     const char *text, const uint8_t *rgb)
{
    static const uint8_t white[3] = {255, 255, 255}, black[3] = {0, 0, 0};
    struct gantry_rectangle glyphs[GLYPHS];
    const struct gantry_rectangle sides[] = {{box->x, box->y, box->w, LINE},
                                             {box->x, box->y + box->h - LINE, box->w, LINE},
                                             {box->x, box->y, LINE, box->h},
                                             {box->x + box->w - LINE, box->y, LINE, box->h}};
    for (size_t i = 0; i < GANTRY_COUNT(sides); i++) fill(picture, &sides[i], rgb);
    int32_t count = gantry_picture_text(text, glyphs, GLYPHS), width = 0;
    for (int32_t i = 0; i < count; i++) width = gantry_max_i32(width, glyphs[i].x + glyphs[i].w);
    const struct gantry_rectangle plate = {box->x, box->y, width + 2 * LINE, TEXT_HEIGHT};
    fill(picture, &plate, rgb);
    bool light = rgb[0] + rgb[1] + rgb[2] > 384;
    for (int32_t i = 0; i < count; i++) {
        glyphs[i].x += box->x + LINE;
        glyphs[i].y += box->y + LINE;
        fill(picture, &glyphs[i], light ? black : white);
    }
}

static int32_t edge(double share, int32_t size)
{
    double at = share * size;
    return at > 0 ? (at < size ? (int32_t)at : size) : 0;
}

static void draw_detections(struct gantry_picture *picture, const struct gantry_cli_batch *outputs,
                            const struct gantry_manifest *manifest, json_t *found_list)
{
    const struct gantry_cli_tensor *t = outputs->tensors;
    size_t count = t[1].info->bytes / sizeof(float);
    double found = element(&t[3], 0);
    if (found >= 0 && found < (double)count) count = (size_t)found;
    for (size_t k = count; k-- > 0;) { /* the best on top */
        double score = element(&t[2], k), which = element(&t[1], k);
        if (!(score >= score_least) || !(which >= 0 && which < CLASSES_MAX)) continue;
        char number[TEXT_BYTES], name[TEXT_BYTES], text[2 * TEXT_BYTES];
        uint8_t rgb[3];
        int32_t top = edge(element(&t[0], 4 * k), picture->h);
        int32_t left = edge(element(&t[0], 4 * k + 1), picture->w);
        int32_t bottom = edge(element(&t[0], 4 * k + 2), picture->h);
        int32_t right = edge(element(&t[0], 4 * k + 3), picture->w);
        const char *label = label_of(manifest, (size_t)which, name, sizeof name);
        (void)snprintf(text, sizeof text, "%.100s %s", label,
                       gantry_report_number(score, 2, number, sizeof number));
        colour_of((size_t)which + 1, rgb);
        draw_box(picture, &(struct gantry_rectangle){left, top, right - left, bottom - top}, text,
                 rgb);
        if (found_list)
            json_array_append_new(found_list,
                                  json_pack("{s:I, s:o, s:o, s:i, s:i, s:i, s:i}", "index",
                                            (json_int_t)which, "label", gantry_report_string(label),
                                            "score", gantry_report_real(score), "left", left, "top",
                                            top, "width", right - left, "height", bottom - top));
        else
            printf("%s  at %d,%d, %d x %d\n", text, left, top, right - left, bottom - top);
    }
}

/* ---- Labels of pixels: [1,H,W] or [H,W] of them, or [1,H,W,C] scores ---- */

struct label_map {
    int32_t h, w;
    size_t classes; /* 0: the elements are the labels */
};

static bool label_map_of(const struct gantry_cli_batch *outputs, struct label_map *map)
{
    if (outputs->count != 1) return false;
    const struct gantry_tensor_info *info = outputs->tensors[0].info;
    const struct gantry_shape *s = &info->shape;
    bool batch = s->rank >= 3 && s->dims[0] == 1;
    bool integers = info->dtype != GANTRY_FLOAT32;
    *map = (struct label_map){0};
    if (s->rank == 4 && batch && s->dims[3] > 1 && s->dims[3] < CLASSES_MAX)
        *map = (struct label_map){s->dims[1], s->dims[2], (size_t)s->dims[3]};
    else if (s->rank == 3 && batch && integers)
        *map = (struct label_map){s->dims[1], s->dims[2], 0};
    else if (s->rank == 2 && s->dims[0] > 1 && integers)
        *map = (struct label_map){s->dims[0], s->dims[1], 0};
    return map->h > 1 && map->w > 1;
}

static size_t label_at(const struct gantry_cli_tensor *tensor, const struct label_map *map,
                       size_t pixel)
{
    size_t best = 0;
    if (map->classes == 0) {
        double label = gantry_cli_element(tensor->info->dtype, tensor->data, pixel);
        return label >= 0 && label < CLASSES_MAX ? (size_t)label : 0;
    }
    for (size_t c = 1; c < map->classes; c++) {
        double value = element(tensor, pixel * map->classes + c);
        if (value > element(tensor, pixel * map->classes + best)) best = c;
    }
    return best;
}

/* Pixels of label 0, the background, keep their colour; others are half that of their label. */
static void draw_labels(struct gantry_picture *picture, const struct gantry_cli_tensor *tensor,
                        const struct label_map *map, size_t *counts)
{
    for (int32_t y = 0; y < picture->h; y++) {
        for (int32_t x = 0; x < picture->w; x++) {
            int64_t row = (int64_t)y * map->h / picture->h,
                    column = (int64_t)x * map->w / picture->w;
            size_t label = label_at(tensor, map, (size_t)(row * map->w + column));
            uint8_t *at = picture->rgb + 3 * ((size_t)y * (size_t)picture->w + (size_t)x), rgb[3];
            counts[label]++;
            if (label == 0) continue;
            colour_of(label, rgb);
            for (int32_t c = 0; c < 3; c++) at[c] = (uint8_t)((at[c] + rgb[c]) / 2);
        }
    }
}

static void list_shares(const struct gantry_picture *picture,
                        const struct gantry_manifest *manifest, const size_t *counts, json_t *found)
{
    double all = (double)picture->w * (double)picture->h;
    for (size_t i = 0; i < CLASSES_MAX; i++) {
        char number[TEXT_BYTES], name[TEXT_BYTES];
        const char *label = label_of(manifest, i, name, sizeof name);
        if (counts[i] == 0) continue;
        double percent = 100 * (double)counts[i] / all;
        if (found)
            json_array_append_new(found,
                                  json_pack("{s:I, s:o, s:f}", "index", (json_int_t)i, "label",
                                            gantry_report_string(label), "percent", percent));
        else
            printf("%8s %%  %4zu  %s\n", gantry_report_number(percent, 1, number, sizeof number), i,
                   label);
    }
}

/* ---- The picture ---- */

/* The picture among the input files; without one a black one of the map's size. */
static int base_picture(struct gantry_picture *picture, const struct gantry_cli_args *args,
                        const struct label_map *map)
{
    struct gantry_error error = {0};
    for (size_t i = 0; i < args->inputs.count; i++) {
        const char *item = args->inputs.items[i], *equals = strchr(item, '=');
        const char *path = equals && gantry_cli_is_picture(equals + 1) ? equals + 1 : item;
        if (!gantry_cli_is_picture(path)) continue;
        if (gantry_picture_read(picture, path, NULL, &error) == GANTRY_OK) return GANTRY_EXIT_OK;
        return gantry_cli_failure(&error);
    }
    enum { SIDE = 512 };
    *picture = gantry_picture_make(map->w > 1 ? map->w : SIDE, map->h > 1 ? map->h : SIDE, NULL);
    if (picture->rgb) return GANTRY_EXIT_OK;
    (void)gantry_fail(&error, GANTRY_ERR_MEMORY, "%s: out of memory", args->draw);
    return gantry_cli_failure(&error);
}

int gantry_cli_draw(const struct gantry_cli_args *args, const struct gantry_cli_batch *outputs,
                    const struct gantry_manifest *manifest, json_t *found)
{
    static size_t counts[CLASSES_MAX];
    struct label_map map = {0};
    struct gantry_picture picture;
    struct gantry_error error = {0};
    bool detection = is_detection(outputs);
    if (!detection && !label_map_of(outputs, &map))
        return gantry_cli_usage("gantry inspect MODEL shows the outputs",
                                "--draw: the outputs of %s are neither boxes with classes, scores "
                                "and their number, nor labels of pixels",
                                args->model);
    if (outputs->vectors != 1)
        return gantry_cli_usage(NULL, "--draw: one picture at a time (%zu vectors given)",
                                outputs->vectors);
    int code = base_picture(&picture, args, &map);
    if (code != GANTRY_EXIT_OK) return code;
    memset(counts, 0, sizeof counts);
    if (detection)
        draw_detections(&picture, outputs, manifest, found);
    else
        draw_labels(&picture, &outputs->tensors[0], &map, counts);
    if (!detection) list_shares(&picture, manifest, counts, found);
    gantry_cli_hold_signals();
    if (gantry_picture_write(&picture, args->draw, &error) != GANTRY_OK)
        code = gantry_cli_failure(&error);
    gantry_cli_release_signals();
    if (code == GANTRY_EXIT_OK)
        gantry_cli_note(args, "%s: %d x %d", args->draw, picture.w, picture.h);
    gantry_picture_finish(&picture);
    return code;
}
