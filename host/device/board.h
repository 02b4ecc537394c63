/* SPDX-License-Identifier: Apache-2.0
 * A Kria board, as its device tree shows it. root is "" or a folder that stands for /. */
#ifndef GANTRY_DEVICE_BOARD_H
#define GANTRY_DEVICE_BOARD_H

#include "base/base.h"

/* Whether this is a Zynq UltraScale+ MPSoC. */
bool gantry_board_is_there(const char *root);
/* Big-endian number of a property, of 4 or 8 bytes; path is that below the tree. */
bool gantry_board_property(const char *root, const char *path, uint64_t *out);
/* Specification of the application that is loaded: what the overlay of hw/kria puts into the tree.
 * False when it is none of Gantry's. */
bool gantry_board_spec(const char *root, uint64_t *hash_out);
/* On a board, whether Gantry's application is loaded: reading registers of a fabric that holds
 * something else can hang the board. who begins the message. GANTRY_ERR_MISSING;
 * GANTRY_ERR_DEVICE for one of another specification. */
GANTRY_MUST_USE enum gantry_status gantry_board_check(const char *root, const char *who,
                                                      struct gantry_error *error);

#endif
