/* SPDX-License-Identifier: Apache-2.0
 * The error of a model with operators that are not read. */
#include "formats/unread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX = 60 };

static int same_name(const struct gantry_unread *a, const struct gantry_unread *b)
{
    int order = strcmp(a->domain, b->domain);
    return order ? order : strcmp(a->name, b->name);
}

static int by_name(const void *a, const void *b)
{
    const struct gantry_unread *left = a, *right = b;
    int order = same_name(left, right);
    return order ? order : left->node - right->node;
}

static int by_first(const void *a, const void *b)
{
    const struct gantry_unread *left = a, *right = b;
    return left->first != right->first ? left->first - right->first : left->node - right->node;
}

/* The text being made; what does not fit is counted only. */
struct text {
    char *to;
    size_t size, used;
};

GANTRY_PRINTF(2, 3) static void add(struct text *text, const char *format, ...)
{
    bool room = text->used < text->size;
    va_list list;
    va_start(list, format);
    int length = vsnprintf(room ? text->to + text->used : NULL, room ? text->size - text->used : 0,
                           format, list);
    va_end(list);
    if (length > 0) text->used += (size_t)length;
}

/* One operator with at most so many of its nodes. */
static void add_operator(struct text *text, const struct gantry_unread *list, size_t count,
                         size_t most)
{
    size_t shown = count < most ? count : most;
    add(text, "%.*s%s%.*s", NAME_MAX, list->domain, *list->domain ? "." : "", NAME_MAX, list->name);
    if (shown < count) add(text, " x%zu", count);
    for (size_t i = 0; i < shown; i++)
        add(text, "%s%d", i ? ", " : count > 1 ? " (nodes " : " (node ", list[i].node);
    if (shown > 0) add(text, shown < count ? ", ...)" : ")");
}

static bool render(const struct gantry_unread *list, size_t count, size_t most, char *to,
                   size_t size)
{
    struct text text = {to, size, 0};
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && list[next].first == list[i].first; next++) continue;
        add(&text, "%s", i ? ", " : "");
        add_operator(&text, &list[i], next - i, most);
    }
    return text.used < size;
}

enum gantry_status gantry_unread_fail(struct gantry_unread *list, size_t count, const char *file,
                                      struct gantry_error *error)
{
    static const size_t nodes[] = {SIZE_MAX, 16, 4, 1, 0};
    char text[sizeof error->message];
    if (!error) return GANTRY_ERR_UNSUPPORTED;
    size_t before = strlen(file) + strlen(": unsupported operators: ");
    size_t room = before < sizeof text ? sizeof text - before : 1;
    qsort(list, count, sizeof *list, by_name);
    for (size_t i = 0; i < count; i++) {
        bool again = i > 0 && same_name(&list[i - 1], &list[i]) == 0;
        list[i].first = again ? list[i - 1].first : list[i].node;
    }
    qsort(list, count, sizeof *list, by_first);
    for (size_t i = 0; i < GANTRY_COUNT(nodes); i++)
        if (render(list, count, nodes[i], text, room)) break;
    for (char *p = text; *p; p++)
        if (*p < 0x20 || *p > 0x7e) *p = '_';
    (void)gantry_fail(error, GANTRY_ERR_UNSUPPORTED, "%s: unsupported operators: %s", file, text);
    gantry_hint(error, "docs/operators.md lists the operators that are read");
    return GANTRY_ERR_UNSUPPORTED;
}
