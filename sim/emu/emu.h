/* SPDX-License-Identifier: Apache-2.0
 * gantry-emu: a command sees the Verilated accelerator through an unchanged XRT.
 *
 * The launcher is the parent of the command. XRT's emulation driver starts a "simulator", which is
 * gantry-emu --attach: it connects to the driver and hands the connections to the launcher, which
 * answers for the device: memory itself, registers by a process of their own that runs the RTL.
 * When that process dies, registers read as ones, as those of hardware that is gone. */
#ifndef GANTRY_SIM_EMU_H
#define GANTRY_SIM_EMU_H

#include <stdio.h>
#include <sys/types.h>

#include "accel/accel.h"
#include "sim/core.h"
#include "sim/ddr_model.h"

#define EMU_MEMORY_BASE UINT64_C(0x800000000) /* above 32 bits, as on the board */
#define EMU_CONTROL_BASE UINT64_C(0x1800000)  /* registers of the first accelerator */

enum { EMU_PATH_BYTES = 512, EMU_CONTROL_BYTES = 4096, EMU_CONTROL_STRIDE = 0x10000 };

/* What goes wrong on request, for tests. */
enum emu_fault {
    EMU_FAULT_NONE,
    EMU_FAULT_HANG,  /* memory does not answer the first launch before its abort */
    EMU_FAULT_STUCK, /* memory never answers */
    EMU_FAULT_DIE,   /* the process with the RTL is killed in the first launch */
    EMU_FAULT_SPEC   /* the RTL is of another specification */
};

struct emu_setup {
    const struct gantry_sim_core *core;
    const struct gantry_ddr_preset *preset;
    enum emu_fault fault;
    uint64_t bank_bytes;
};
static inline int emu_instances(const struct emu_setup *setup)
{
    return gantry_array_instances(setup->core->config);
}

/* ---- help.c: --help, and the manual page ---- */

void emu_help(FILE *out);
void emu_manual(FILE *out);

/* ---- files.c: the folder of a run, all that it leaves in the file system ---- */

struct emu_files {
    char folder[64]; /* "/tmp/gantry-emu-..." */
    char program[EMU_PATH_BYTES], preload[EMU_PATH_BYTES];
};
/* Prints what is missing. */
bool emu_files_find(struct emu_files *files, bool verbose);
bool emu_files_make(struct emu_files *files, const struct emu_setup *setup);
/* Environment of the command. */
bool emu_files_environment(const struct emu_files *files);
void emu_files_remove(const struct emu_files *files);

/* ---- xclbin.c ---- */

bool emu_xclbin_write(const char *path, const struct emu_setup *setup);

/* ---- attach.c: connections of the driver, sent to the launcher ---- */

int emu_attach(const char *control);
/* Listens for them; -1 when it cannot. */
int emu_attach_listen(const struct emu_files *files);
/* Takes them: the driver's calls, and the connection that it waits on. */
bool emu_attach_take(int control, int *calls_out, int *other_out);

/* ---- rtl.c: a process with the RTL ---- */

struct emu_rtl {
    pid_t pid;
    int socket; /* -1: dead */
};
/* memory: bank_bytes that both processes see. */
bool emu_rtl_start(struct emu_rtl *rtl, const struct emu_setup *setup, uint8_t *memory);
/* A dead process reads as ones, as does an accelerator that there is not. Reading the control
 * register lets time pass. */
uint32_t emu_rtl_read(struct emu_rtl *rtl, uint32_t instance, uint32_t reg);
void emu_rtl_write(struct emu_rtl *rtl, uint32_t instance, uint32_t reg, uint32_t value);
/* Makes a range of the bank accessible to the RTL, or not. */
bool emu_rtl_map(struct emu_rtl *rtl, uint64_t address, uint64_t bytes);
void emu_rtl_unmap(struct emu_rtl *rtl, uint64_t address);
void emu_rtl_stop(struct emu_rtl *rtl);

/* ---- session.c: one opened device ---- */

struct emu_session {
    int calls, other; /* of the driver */
    uint8_t *memory, *message;
    size_t message_room;
    uint64_t bank_bytes;
    struct emu_rtl rtl;
};
bool emu_session_open(struct emu_session *session, const struct emu_setup *setup, int calls,
                      int other);
/* Answers one call; false when the session is over. */
bool emu_session_serve(struct emu_session *session);
void emu_session_close(struct emu_session *session);

#endif
