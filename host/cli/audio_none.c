/* SPDX-License-Identifier: Apache-2.0
 * What the command says of sound where the part audio is not built. */
#include "cli/cli.h"

static int missing(const char *what)
{
    struct gantry_error error = {0};
    (void)gantry_fail(&error, GANTRY_ERR_MISSING, "%s: this build reads no sound", what);
    gantry_hint(&error, "apt-get install libsndfile1-dev libkissfft-dev, configure, build again");
    return gantry_cli_failure(&error);
}

int gantry_cli_sound(const struct gantry_cli_args *args, struct gantry_array *array,
                     const char *path, const struct gantry_tensor_info *info,
                     const struct gantry_manifest *manifest)
{
    (void)args, (void)array, (void)info, (void)manifest;
    return missing(path);
}

static int run(const struct gantry_cli_args *args)
{
    (void)args;
    return missing("listen");
}

static const struct gantry_cli_option options[] = {GANTRY_CLI_OPTIONS_COMMON};

const struct gantry_cli_command gantry_cli_listen = {
    .name = "listen",
    .argument = "MODEL",
    .help = "Listens for words (not in this build).",
    .examples = "gantry listen kws.tflite --input recording.wav\n"
                "gantry listen kws.tflite --mic\n",
    .options = options,
    .option_count = GANTRY_COUNT(options),
    .run = run,
};
