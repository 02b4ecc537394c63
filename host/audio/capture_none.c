/* SPDX-License-Identifier: Apache-2.0
 * Without ALSA there is no microphone. */
#include <string.h>

#include "audio/audio.h"

enum gantry_status gantry_capture_open(struct gantry_sound *sound, const char *device, int32_t rate,
                                       const struct gantry_allocator *allocator,
                                       struct gantry_error *error)
{
    (void)rate, (void)allocator;
    memset(sound, 0, sizeof *sound);
    (void)gantry_fail(error, GANTRY_ERR_MISSING, "microphone %s: this build has no ALSA", device);
    gantry_hint(error, "apt-get install libasound2-dev, configure and build again");
    return GANTRY_ERR_MISSING;
}
