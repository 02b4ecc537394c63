/* SPDX-License-Identifier: Apache-2.0
 * Fuzzing without a fuzzer, for every compiler: each file of the folders, and CHANGES damaged
 * copies of it, the same in each run.
 *
 * Usage: PROGRAM CHANGES FOLDER... */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "random.h"

enum { FILE_MAX = 1 << 20, NAMES_MAX = 4096 };

static uint8_t bytes[FILE_MAX], damaged[FILE_MAX];

/* Some bytes set, a bit turned, a part doubled or cut off; most often near the head. */
static size_t damage(size_t size, uint64_t *seed)
{
    memcpy(damaged, bytes, size);
    for (int32_t k = random_in(seed, 1, 4); size > 0 && k > 0; k--) {
        int32_t reach = random_one_in(seed, 2) && size > 64 ? 64 : (int32_t)size;
        size_t at = (size_t)random_in(seed, 0, reach - 1);
        static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
        switch (random_in(seed, 0, 3)) {
        case 0:
            damaged[at] = values[random_in(seed, 0, 4)];
            break;
        case 1:
            damaged[at] = (uint8_t)(damaged[at] ^ 1 << random_in(seed, 0, 7));
            break;
        case 2:
            damaged[at] = (uint8_t)random_in(seed, 0, 255);
            break;
        default:
            if (random_one_in(seed, 8)) size = at;
            break;
        }
    }
    return size;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int replay_file(const char *path, int32_t changes)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return 1;
    }
    size_t size = fread(bytes, 1, FILE_MAX, file);
    (void)fclose(file);
    uint64_t seed = size;
    (void)LLVMFuzzerTestOneInput(bytes, size);
    for (int32_t i = 0; i < changes; i++) {
        size_t left = damage(size, &seed);
        (void)LLVMFuzzerTestOneInput(damaged, left);
    }
    return 0;
}

/* Files in the order of their names; returns how many, or -1. */
static int replay_folder(const char *folder, int32_t changes)
{
    static char *names[NAMES_MAX];
    size_t count = 0;
    int failed = 0;
    DIR *entries = opendir(folder);
    if (!entries) {
        perror(folder);
        return -1;
    }
    for (struct dirent *entry; (entry = readdir(entries)) && count < NAMES_MAX;)
        if (entry->d_name[0] != '.') names[count++] = strdup(entry->d_name);
    (void)closedir(entries);
    qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0; i < count; i++) {
        char path[4096];
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        failed |= replay_file(path, changes);
        free(names[i]);
    }
    return failed ? -1 : (int)count;
}

int main(int count, char **words)
{
    if (count < 3) {
        fprintf(stderr, "usage: %s CHANGES FOLDER...\n", words[0]);
        return 2;
    }
    int32_t changes = (int32_t)strtol(words[1], NULL, 10);
    int files = 0;
    for (int i = 2; i < count; i++) {
        int some = replay_folder(words[i], changes);
        if (some < 0) return 1;
        files += some;
    }
    printf("%d files, %d damaged copies of each\n", files, changes);
    return files > 0 ? 0 : 1;
}
