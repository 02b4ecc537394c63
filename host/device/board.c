/* SPDX-License-Identifier: Apache-2.0
 * A Kria board's device tree. Names of nodes are those of hw/kria/gantry.dts. */
#include "device/board.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gantry_spec.h"

enum { PATH_BYTES = 1024, TEXT_BYTES = 4096 };

/* Reads at most size bytes; 0 when there are none. */
static size_t read_tree(const char *root, const char *path, void *out, size_t size)
{
    char full[PATH_BYTES];
    int written = snprintf(full, sizeof full, "%s/proc/device-tree/%s", root, path);
    FILE *file = written > 0 && (size_t)written < sizeof full ? fopen(full, "rb") : NULL;
    if (!file) return 0;
    size_t got = fread(out, 1, size, file);
    (void)fclose(file);
    return got;
}

bool gantry_board_is_there(const char *root)
{
    char text[TEXT_BYTES + 1] = "";
    size_t length = read_tree(root, "compatible", text, TEXT_BYTES);
    for (const char *word = text; word < text + length; word += strlen(word) + 1)
        if (strcmp(word, "xlnx,zynqmp") == 0) return true;
    return false;
}

bool gantry_board_property(const char *root, const char *path, uint64_t *out)
{
    uint8_t bytes[9];
    size_t length = read_tree(root, path, bytes, sizeof bytes);
    if (length != 4 && length != 8) return false;
    *out = 0;
    for (size_t i = 0; i < length; i++) *out = *out << 8 | bytes[i];
    return true;
}

bool gantry_board_spec(const char *root, uint64_t *hash_out)
{
    return gantry_board_property(root, "gantry/gantry,spec-hash", hash_out);
}

enum gantry_status gantry_board_check(const char *root, const char *who, struct gantry_error *error)
{
    uint64_t hash;
    enum gantry_status status = GANTRY_OK;
    if (!gantry_board_is_there(root)) return GANTRY_OK;
    if (!gantry_board_spec(root, &hash))
        status = gantry_fail(error, GANTRY_ERR_MISSING,
                             "%s: the application that is loaded is not Gantry's", who);
    else if (hash != GANTRY_SPEC_HASH)
        status = gantry_fail(error, GANTRY_ERR_DEVICE,
                             "%s: specification 0x%016" PRIx64 " of the application that is loaded "
                             "is not 0x%016" PRIx64 " of the library",
                             who, hash, GANTRY_SPEC_HASH);
    if (status != GANTRY_OK)
        gantry_hint(error, "gantry doctor tells more; to load it: xmutil unloadapp; xmutil loadapp "
                           "gantry");
    return status;
}
