/* SPDX-License-Identifier: Apache-2.0
 * A profile record as a page that needs nothing besides itself: the template page.html with the
 * record's JSON, and the timeline, in it. */
#include <string.h>

#include "report/report.h"

/* page.html as bytes, made by the build. */
extern const unsigned char gantry_report_page[];
extern const size_t gantry_report_page_bytes;

static const char marker[] = "@PROFILE@";

static const char *layer_name(const struct gantry_profile *profile, int32_t index)
{
    for (size_t i = 0; i < profile->node_count; i++)
        if (profile->nodes[i].index == index) return profile->nodes[i].name;
    return "";
}

static json_t *timeline_json(const struct gantry_profile *profile,
                             const struct gantry_report_context *context)
{
    size_t count;
    json_t *list = json_array();
    struct gantry_report_slice *slices = gantry_report_timeline(profile, context, &count);
    for (size_t i = 0; i < count; i++) {
        const struct gantry_report_slice *slice = &slices[i];
        json_array_append_new(
            list,
            json_pack("{s:s, s:o, s:s, s:o, s:i, s:f, s:f, s:I, s:I}", "track",
                      gantry_report_track_name(slice->track), "name",
                      gantry_report_string(slice->name), "kind", slice->kind, "layer",
                      gantry_report_string(layer_name(profile, slice->node)), "node", slice->node,
                      "from_us", slice->from_us, "to_us", slice->to_us, "from_cycle",
                      (json_int_t)slice->from_cycle, "to_cycle", (json_int_t)slice->to_cycle));
    }
    gantry_release(NULL, slices);
    return list;
}

/* JSON within a script element: no "<", so that no name can end the element. */
static int write_part(const char *text, size_t size, void *stream)
{
    FILE *out = stream;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '<')
            (void)fputs("\\u003c", out);
        else
            (void)fputc(text[i], out);
    }
    return 0;
}

void gantry_report_html(FILE *out, const struct gantry_profile *profile,
                        const struct gantry_report_context *context)
{
    const char *page = (const char *)gantry_report_page, *at = strstr(page, marker);
    json_t *root = gantry_report_json(profile, context);
    gantry_assert(at != NULL);
    /* The timeline holds the events already. */
    (void)json_object_del(root, "events");
    (void)json_object_set_new(root, "timeline", timeline_json(profile, context));
    size_t before = (size_t)(at - page), after = before + sizeof marker - 1;
    (void)fwrite(page, 1, before, out);
    (void)json_dump_callback(root, write_part, out, JSON_COMPACT | JSON_REAL_PRECISION(12));
    (void)fwrite(page + after, 1, gantry_report_page_bytes - after, out);
    json_decref(root);
}
