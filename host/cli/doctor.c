/* SPDX-License-Identifier: Apache-2.0
 * gantry doctor: what is there, what is wrong, and the command that mends it. */
#include "doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "accel/accel.h"
#include "report/report.h"

static const struct gantry_cli_option options[] = {
    {"model", "FILE", GANTRY_CLI_STRING, GANTRY_CLI_AT(model),
     "compare the memory that this model needs on the accelerator with what is free"},
    {"target", "TARGET", GANTRY_CLI_STRING, GANTRY_CLI_AT(target),
     "compare the clock with that of this target (default kv260)"},
    {"root", "DIR", GANTRY_CLI_STRING, GANTRY_CLI_AT(root),
     "look at the files below this folder, of another machine, and open no device"},
    GANTRY_CLI_OPTIONS_COMMON,
};

static const char *const state_names[GANTRY_DOCTOR_STATES] = {"ok", "warning", "failed",
                                                              "not applicable"};

/* Makes text one that a terminal shows and JSON takes. */
static void clean(char *text)
{
    json_t *valid = json_string(text);
    for (; *text; text++) {
        bool plain = *text >= ' ' && *text <= '~', other = (*text & 0x80) != 0;
        if (!plain && !(other && valid)) *text = '?';
    }
    json_decref(valid);
}

void gantry_doctor_say(struct gantry_doctor *doctor, const char *name,
                       enum gantry_doctor_state state, const char *fix, const char *format, ...)
{
    gantry_assert(doctor->count < GANTRY_DOCTOR_CHECKS_MAX);
    struct gantry_doctor_check *check = &doctor->checks[doctor->count++];
    va_list arguments;
    check->state = state;
    (void)snprintf(check->name, sizeof check->name, "%s", name);
    (void)snprintf(check->fix, sizeof check->fix, "%s", fix ? fix : "");
    va_start(arguments, format);
    (void)vsnprintf(check->detail, sizeof check->detail, format, arguments);
    va_end(arguments);
    clean(check->detail);
    clean(check->fix);
}

static size_t count_of(const struct gantry_doctor *doctor, enum gantry_doctor_state state)
{
    size_t count = 0;
    for (size_t i = 0; i < doctor->count; i++) count += doctor->checks[i].state == state;
    return count;
}

bool gantry_doctor_failed(const struct gantry_doctor *doctor)
{
    return count_of(doctor, GANTRY_DOCTOR_FAILED) > 0;
}

/* ---- What it prints ---- */

static int print_json(const struct gantry_doctor *doctor, bool board)
{
    json_t *checks = json_array();
    for (size_t i = 0; i < doctor->count; i++) {
        const struct gantry_doctor_check *check = &doctor->checks[i];
        json_array_append_new(checks,
                              json_pack("{s:s, s:s, s:s, s:o}", "name", check->name, "state",
                                        state_names[check->state], "detail", check->detail, "fix",
                                        check->fix[0] ? json_string(check->fix) : json_null()));
    }
    return gantry_cli_print_json(
        json_pack("{s:i, s:b, s:I, s:I, s:I, s:o}", "schema", GANTRY_REPORT_SCHEMA, "board", board,
                  "ok", (json_int_t)count_of(doctor, GANTRY_DOCTOR_OK), "warnings",
                  (json_int_t)count_of(doctor, GANTRY_DOCTOR_WARNING), "failed",
                  (json_int_t)count_of(doctor, GANTRY_DOCTOR_FAILED), "checks", checks));
}

static void print_text(const struct gantry_doctor *doctor, bool board)
{
    if (!board) printf("No Kria board here.\n\n");
    for (size_t i = 0; i < doctor->count; i++) {
        const struct gantry_doctor_check *check = &doctor->checks[i];
        printf("%-8s %-13s %s\n",
               check->state == GANTRY_DOCTOR_NONE ? "-" : state_names[check->state], check->name,
               check->detail);
        if (check->fix[0]) printf("%-8s %-13s fix: %s\n", "", "", check->fix);
    }
    printf("\n%zu ok, %zu warnings, %zu failed\n", count_of(doctor, GANTRY_DOCTOR_OK),
           count_of(doctor, GANTRY_DOCTOR_WARNING), count_of(doctor, GANTRY_DOCTOR_FAILED));
}

/* ---- What it does ---- */

/* Device memory that a model needs on the configuration that is loaded, else on the default one. */
static int measure_model(struct gantry_doctor *doctor, const struct gantry_cli_args *args)
{
    struct gantry_model *model;
    struct gantry_cli_session session;
    char configuration[64], device[80];
    bool known = false;
    gantry_doctor_configuration(doctor, configuration, sizeof configuration);
    for (size_t i = 0; gantry_array_name(i); i++)
        known |= strcmp(gantry_array_name(i), configuration) == 0;
    (void)snprintf(device, sizeof device, "model%s%s", known ? ":" : "",
                   known ? configuration : "");
    const struct gantry_cli_session_options how = {.device = device, .again = true};
    int code = gantry_cli_model_open(&model, NULL, args);
    if (code != GANTRY_EXIT_OK) return code;
    code = gantry_cli_session_open(&session, args, model, &how, false);
    if (code == GANTRY_EXIT_OK) {
        doctor->model_bytes = gantry_plan_device_bytes(session.plan);
        gantry_cli_session_close(&session);
    }
    gantry_model_close(model);
    return code;
}

static int prepare(struct gantry_doctor *doctor, const struct gantry_cli_args *args)
{
    struct gantry_error error = {0};
    struct stat about;
    doctor->root = args->root ? args->root : "";
    if (args->root && (stat(args->root, &about) != 0 || !S_ISDIR(about.st_mode))) {
        gantry_fail(&error, GANTRY_ERR_FILE, "%s: not a folder", args->root);
        return gantry_cli_failure(&error);
    }
    if (strlen(doctor->root) > GANTRY_DOCTOR_ROOT_BYTES) {
        gantry_fail(&error, GANTRY_ERR_ARGUMENT, "--root: too long (%zu bytes, limit %d)",
                    strlen(doctor->root), GANTRY_DOCTOR_ROOT_BYTES);
        return gantry_cli_failure(&error);
    }
    if (gantry_target_read(&doctor->target, args->target, &error) != GANTRY_OK)
        return gantry_cli_failure(&error);
    return args->model ? measure_model(doctor, args) : GANTRY_EXIT_OK;
}

static int run(const struct gantry_cli_args *args)
{
    struct gantry_doctor doctor = {.count = 0};
    int code = prepare(&doctor, args);
    if (code != GANTRY_EXIT_OK) return code;
    bool board = gantry_board_is_there(doctor.root);
    if (board)
        gantry_doctor_board(&doctor);
    else if (doctor.model_bytes)
        gantry_doctor_say(&doctor, "memory", GANTRY_DOCTOR_NONE, NULL,
                          "the model needs %llu bytes of device memory",
                          (unsigned long long)doctor.model_bytes);
    if (!args->root) gantry_doctor_machine(&doctor, board, board && gantry_doctor_failed(&doctor));
    if (args->json)
        code = print_json(&doctor, board);
    else
        print_text(&doctor, board);
    if (code != GANTRY_EXIT_OK) return code;
    return gantry_doctor_failed(&doctor) ? GANTRY_EXIT_FILE : GANTRY_EXIT_OK;
}

const struct gantry_cli_command gantry_cli_doctor = {
    .name = "doctor",
    .help = "Checks board, drivers and devices: what is wrong, and the command that mends it.",
    .examples = "gantry doctor\n"
                "gantry doctor --model model.tflite\n",
    .options = options,
    .option_count = GANTRY_COUNT(options),
    .run = run,
};
