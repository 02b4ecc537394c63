/* SPDX-License-Identifier: Apache-2.0
 * Small .tflite files from JSON, by flatc. */
#ifndef GANTRY_TEST_TFLITE_TEXT_H
#define GANTRY_TEST_TFLITE_TEXT_H

#include <stdlib.h>

#include "files.h"

/* Makes t.bin of the scratch folder. */
static inline void tflite_compile(const char *text)
{
    char json[1024], folder[1024], command[4096];
    (void)snprintf(json, sizeof json, "%s", scratch_file("t.json", text, strlen(text)));
    (void)snprintf(folder, sizeof folder, "%s", scratch_path(""));
    (void)snprintf(command, sizeof command, "'%s' -b -o '%s' '%s/host/formats/tflite.fbs' '%s'",
                   GANTRY_FLATC, folder, GANTRY_SOURCE_DIR, json);
    assert_int_equal(system(command), 0);
}

static inline void tflite_clean(void)
{
    (void)scratch_remove("t.json");
    (void)scratch_remove("t.bin");
}

#endif
