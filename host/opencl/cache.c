/* SPDX-License-Identifier: Apache-2.0
 * Binaries of programs in files: a line that names format and key, length and checksum, then the
 * binary. Whatever is not whole counts as absent. */
#define _POSIX_C_SOURCE 200809L
#include "internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, HEADER_BYTES = 80, BINARY_BYTES_MAX = 1 << 28 };

bool gantry_opencl_cache_folder(char *out, size_t size)
{
    const struct {
        const char *variable, *below;
    } places[] = {{"GANTRY_CACHE", ""}, {"XDG_CACHE_HOME", "/gantry"}, {"HOME", "/.cache/gantry"}};
    for (size_t i = 0; i < GANTRY_COUNT(places); i++) {
        const char *root = getenv(places[i].variable);
        if (!root || !root[0]) continue;
        int written = snprintf(out, size, "%s%s", root, places[i].below);
        return written > 0 && (size_t)written < size;
    }
    return false;
}

static bool path_of(char *path, const char *folder, uint64_t key)
{
    int written = snprintf(path, PATH_BYTES, "%s/opencl-%016" PRIx64, folder, key);
    return written > 0 && written < PATH_BYTES;
}

/* Always HEADER_BYTES long. */
static void header_of(char header[HEADER_BYTES + 1], uint64_t key, const uint8_t *data,
                      size_t bytes)
{
    int length = snprintf(header, HEADER_BYTES, "gantry opencl %016" PRIx64 " %zu %016" PRIx64, key,
                          bytes, gantry_fnv1a(GANTRY_FNV1A_START, data, bytes));
    memset(header + length, ' ', (size_t)(HEADER_BYTES - length));
    header[HEADER_BYTES - 1] = '\n';
    header[HEADER_BYTES] = 0;
}

uint8_t *gantry_opencl_cache_read(const char *folder, uint64_t key, size_t *bytes_out)
{
    char path[PATH_BYTES], header[HEADER_BYTES + 1], wanted[HEADER_BYTES + 1];
    FILE *file = path_of(path, folder, key) ? fopen(path, "rb") : NULL;
    if (!file) return NULL;
    struct stat state;
    uint8_t *data = NULL;
    bool whole = fstat(fileno(file), &state) == 0 && state.st_size > HEADER_BYTES &&
                 state.st_size < BINARY_BYTES_MAX;
    size_t bytes = whole ? (size_t)state.st_size - HEADER_BYTES : 0;
    if (whole) data = gantry_allocate(NULL, bytes, 1);
    whole = data && fread(header, 1, HEADER_BYTES, file) == HEADER_BYTES &&
            fread(data, 1, bytes, file) == bytes;
    (void)fclose(file);
    if (whole) {
        header_of(wanted, key, data, bytes);
        whole = memcmp(header, wanted, HEADER_BYTES) == 0;
    }
    if (!whole) {
        gantry_release(NULL, data);
        return NULL;
    }
    *bytes_out = bytes;
    return data;
}

static bool make_folder(const char *folder)
{
    char part[PATH_BYTES];
    int written = snprintf(part, sizeof part, "%s", folder);
    if (written <= 0 || (size_t)written >= sizeof part) return false;
    for (char *at = part + 1;; at++) {
        if (*at && *at != '/') continue;
        char kept = *at;
        *at = 0;
        if (mkdir(part, 0777) != 0 && errno != EEXIST) return false;
        *at = kept;
        if (!kept) return true;
    }
}

/* Under another name first: a reader sees a whole file or none. */
bool gantry_opencl_cache_write(const char *folder, uint64_t key, const uint8_t *data, size_t bytes)
{
    char path[PATH_BYTES], temporary[PATH_BYTES + 16], header[HEADER_BYTES + 1];
    if (!path_of(path, folder, key) || !make_folder(folder)) return false;
    (void)snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    int descriptor = mkstemp(temporary);
    FILE *file = descriptor >= 0 ? fdopen(descriptor, "wb") : NULL;
    if (!file) return false;
    header_of(header, key, data, bytes);
    bool good = fwrite(header, 1, HEADER_BYTES, file) == HEADER_BYTES &&
                fwrite(data, 1, bytes, file) == bytes;
    good = fclose(file) == 0 && good;
    good = good && rename(temporary, path) == 0;
    if (!good) (void)unlink(temporary);
    return good;
}
