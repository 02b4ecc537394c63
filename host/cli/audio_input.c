/* SPDX-License-Identifier: Apache-2.0
 * A recording as model input, by the model's manifest. */
#include <stdio.h>

#include "audio/audio.h"
#include "cli/cli.h"
#include "report/report.h"

enum { TEXT_BYTES = 96 };

int gantry_cli_sound(const struct gantry_cli_args *args, struct gantry_array *array,
                     const char *path, const struct gantry_tensor_info *info,
                     const struct gantry_manifest *manifest)
{
    struct gantry_error error = {0};
    struct gantry_audio_note note;
    if (!manifest || !manifest->audio) {
        (void)gantry_fail(&error, GANTRY_ERR_FILE,
                          "%s: no manifest beside the model says how sound becomes its input",
                          path);
        gantry_hint(&error, "docs/audio.md shows manifest.json with \"kind\": \"audio\"");
        return gantry_cli_failure(&error);
    }
    if (gantry_audio_read(array, path, info, &manifest->audio_options, &note, NULL, &error) !=
        GANTRY_OK)
        return gantry_cli_failure(&error);
    char text[TEXT_BYTES], seconds[TEXT_BYTES], start[TEXT_BYTES];
    gantry_cli_note(args, "input %s: %d Hz, %d channel%s, %s s, from %s s -> %s %s (manifest)",
                    path, note.rate, note.channels, note.channels == 1 ? "" : "s",
                    gantry_report_number(note.seconds, 2, seconds, sizeof seconds),
                    gantry_report_number(note.start, 2, start, sizeof start),
                    gantry_shape_text(&info->shape, text, sizeof text),
                    gantry_dtype_name(info->dtype));
    return GANTRY_EXIT_OK;
}
