/* SPDX-License-Identifier: Apache-2.0
 * What the files of `gantry doctor` share: a list of checks, and files below a root. */
#ifndef GANTRY_CLI_DOCTOR_H
#define GANTRY_CLI_DOCTOR_H

#include "cli/cli.h"
#include "device/board.h"
#include "device/xclbin.h"
#include "target/target.h"

enum {
    GANTRY_DOCTOR_CHECKS_MAX = 48,
    GANTRY_DOCTOR_TEXT_BYTES = 320,
    GANTRY_DOCTOR_ROOT_BYTES = 512,
    GANTRY_DOCTOR_PATH_BYTES = 1024
};

/* Commands that mend more than one thing. */
#define GANTRY_DOCTOR_LOAD "sudo xmutil unloadapp; sudo xmutil loadapp gantry"
#define GANTRY_DOCTOR_INSTALL_BOTH \
    "sudo apt-get install ./gantry_*.deb ./gantry-firmware_*.deb  # of one version"
#define GANTRY_DOCTOR_INSTALL_FIRMWARE "sudo apt-get install ./gantry-firmware_*.deb"

enum gantry_doctor_state {
    GANTRY_DOCTOR_OK,
    GANTRY_DOCTOR_WARNING, /* works, but not as well as it could */
    GANTRY_DOCTOR_FAILED,  /* does not work until it is mended */
    GANTRY_DOCTOR_NONE,    /* not applicable, or an optional part that is not there */
    GANTRY_DOCTOR_STATES
};

struct gantry_doctor_check {
    char name[24];
    enum gantry_doctor_state state;
    char detail[GANTRY_DOCTOR_TEXT_BYTES];
    char fix[GANTRY_DOCTOR_TEXT_BYTES]; /* the command that mends it, or "" */
};

struct gantry_doctor {
    const char *root; /* "" or a folder that stands for / */
    struct gantry_target target;
    uint64_t model_bytes; /* of device memory; 0: no model was given */
    struct gantry_doctor_check checks[GANTRY_DOCTOR_CHECKS_MAX];
    size_t count;
};

/* Adds a check. fix may be NULL. What is not to be printed, of names that others chose, becomes
 * question marks. */
void gantry_doctor_say(struct gantry_doctor *doctor, const char *name,
                       enum gantry_doctor_state state, const char *fix, const char *format, ...)
    GANTRY_PRINTF(5, 6);
bool gantry_doctor_failed(const struct gantry_doctor *doctor);

/* ---- doctor_files.c: paths begin with / and are taken below the root ---- */

bool gantry_doctor_exists(const struct gantry_doctor *doctor, const char *path);
/* The first size - 1 bytes of a file, ended by 0; false when it cannot be read. */
bool gantry_doctor_read(const struct gantry_doctor *doctor, const char *path, char *out,
                        size_t size, size_t *length);
/* The same without white space at the end; "" when it cannot be read. */
void gantry_doctor_line(const struct gantry_doctor *doctor, const char *path, char *out,
                        size_t size);
/* Where a path is, with its root. */
void gantry_doctor_path(const struct gantry_doctor *doctor, const char *path, char *out,
                        size_t size);
/* Calls visit with each name in a folder that begins with prefix, until it returns true; whether it
 * did. */
bool gantry_doctor_find(const struct gantry_doctor *doctor, const char *folder, const char *prefix,
                        bool (*visit)(const struct gantry_doctor *doctor, const char *name,
                                      void *context),
                        void *context);

/* ---- The checks ---- */

/* doctor_board.c. The configuration of the accelerator that is loaded, or "". */
void gantry_doctor_configuration(const struct gantry_doctor *doctor, char *out, size_t size);
void gantry_doctor_board(struct gantry_doctor *doctor);
/* doctor_image.c: the accelerator's file, its clock and its addresses. */
void gantry_doctor_image(struct gantry_doctor *doctor);
/* Whether XRT's libraries are where XRT looks. */
void gantry_doctor_xrt(struct gantry_doctor *doctor, bool board);
/* doctor_machine.c: programs and devices of the machine that runs the command. The device xrt is
 * opened unless board_failed: an accelerator that is not there hangs a board. */
void gantry_doctor_machine(struct gantry_doctor *doctor, bool board, bool board_failed);

#endif
