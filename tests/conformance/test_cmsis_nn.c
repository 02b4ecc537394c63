/* SPDX-License-Identifier: Apache-2.0
 * The vectors of CMSIS-NN, each as a network of one node, one as several such networks. Its fixed
 * point rounds otherwise than docs/arithmetic.md, by at most one step: such values are counted.
 * Where nothing is scaled every value must be equal, at the end of the network two steps may lie
 * between. Prints a table; cases of types that are not there are named. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tally.h"
#include "vector_build.h"

enum { NAMES_MAX = 1024 };

static bool is_wide(const char *name)
{
    return strstr(name, "int16") || strstr(name, "s16") || strstr(name, "s64");
}

/* Values that differ; the greatest distance. */
static size_t compare(const struct build *b, int32_t *most)
{
    size_t differ = 0;
    *most = 0;
    for (size_t i = 0; i < b->count; i++) {
        int32_t got, want;
        if (b->dtype == GANTRY_INT16) {
            got = ((const int16_t *)b->got)[i];
            want = ((const int16_t *)b->wanted)[i];
        } else {
            got = ((const int8_t *)b->got)[i];
            want = ((const int8_t *)b->wanted)[i];
        }
        differ += got != want;
        if (abs(got - want) > *most) *most = abs(got - want);
    }
    return differ;
}

static void run_case(struct build *b, const char *folder, const char *name, struct tally *tally)
{
    const struct vector_family *family = vector_family_of(name);
    int32_t most = 0;
    memset(b, 0, sizeof *b);
    b->complete = true;
    b->steps = 1;
    b->dtype = is_wide(name) ? GANTRY_INT16 : GANTRY_INT8;
    if (!vector_case_open(&b->c, folder, name)) {
        printf("FAILED       %-64s its files are not readable\n", name);
        tally->failed++;
        return;
    }
    enum gantry_status status = GANTRY_OK;
    if (family->build) {
        one_node_begin(&b->n, family->op);
        family->build(b, family->op);
        if (b->complete) status = one_node_try(&b->n);
    } else {
        status = vector_run_network(b);
    }
    size_t differ = b->complete && status == GANTRY_OK ? compare(b, &most) : 0;
    if (!b->complete) {
        printf("FAILED       %-64s its arrays are not those of the operator\n", name);
        tally->failed++;
    } else if (status == GANTRY_ERR_UNSUPPORTED) {
        printf("not there    %-64s %s\n", name, b->n.error.message);
        tally->skipped++;
    } else if (status != GANTRY_OK || most > b->steps) {
        printf("FAILED       %-64s %zu of %zu values differ, by up to %d; %s\n", name, differ,
               b->count, most, b->n.error.message);
        tally->failed++;
    } else {
        printf("%-12s %-64s %zu of %zu values differ, by up to %d\n", differ ? "close" : "equal",
               name, differ, b->count, most);
        tally->passed++;
    }
    free(b->got);
    vector_case_close(&b->c);
}

int main(void)
{
    static struct build build;
    char folder[1024], *names[NAMES_MAX];
    struct tally tally = {0};
    const char *root = getenv("GANTRY_DATA");
    if (!root || !*root) {
        printf("skipped: GANTRY_DATA is not set\n");
        return 77;
    }
    (void)snprintf(folder, sizeof folder, "%s/vectors/cmsis-nn", root);
    size_t count = tally_list(folder, names, NAMES_MAX);
    for (size_t i = 0; i < count; i++) {
        char *ending = strstr(names[i], ".json");
        if (ending) {
            *ending = 0;
            run_case(&build, folder, names[i], &tally);
        }
        free(names[i]);
    }
    printf("%d pass, %d not run, %d failed\n", tally.passed, tally.skipped, tally.failed);
    tally_write(&tally, "cmsis_nn");
    if (tally.failed) return 1;
    return tally.passed ? 0 : 77;
}
