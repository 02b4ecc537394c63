/* SPDX-License-Identifier: Apache-2.0
 * Names in a folder, counts for ./check. */
#include "tally.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

size_t tally_list(const char *path, char **names, size_t limit)
{
    DIR *folder = opendir(path);
    size_t count = 0;
    if (!folder) return 0;
    for (struct dirent *entry; (entry = readdir(folder)) && count < limit;)
        if (entry->d_name[0] != '.') names[count++] = strdup(entry->d_name);
    (void)closedir(folder);
    qsort(names, count, sizeof *names, by_text);
    return count;
}

void tally_write(const struct tally *tally, const char *suite)
{
    const char *folder = getenv("GANTRY_TEST_XML_DIR");
    char path[1024];
    if (!folder) return;
    (void)snprintf(path, sizeof path, "%s/%s.xml", folder, suite);
    FILE *file = fopen(path, "w");
    if (!file) return;
    fprintf(file,
            "<testsuite name=\"%s\" tests=\"%d\" failures=\"%d\" errors=\"0\" skipped=\"%d\" >\n",
            suite, tally->passed + tally->failed + tally->skipped, tally->failed, tally->skipped);
    (void)fclose(file);
}
