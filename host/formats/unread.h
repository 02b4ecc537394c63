/* SPDX-License-Identifier: Apache-2.0
 * The error of a model with operators that are not read: all of them, with their nodes. */
#ifndef GANTRY_FORMATS_UNREAD_H
#define GANTRY_FORMATS_UNREAD_H

#include "base/base.h"

/* A node that is not read. */
struct gantry_unread {
    const char *domain; /* before the name, with a dot; "" for none */
    const char *name;
    int32_t node, first; /* first: of this operator; filled in by gantry_unread_fail */
};

/* Fails with the operators in the order of their first nodes: "Erf (nodes 3, 9), own.Odd (node 4)".
 * Of operators with so many nodes that the message would be too long for them only the first nodes
 * are listed, and how many there are: "Erf x40 (nodes 3, 9, ...)". Sorts the list. */
enum gantry_status gantry_unread_fail(struct gantry_unread *list, size_t count, const char *file,
                                      struct gantry_error *error);

#endif
