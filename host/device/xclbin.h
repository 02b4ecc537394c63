/* SPDX-License-Identifier: Apache-2.0
 * The file that holds an accelerator for XRT, read without XRT: before XRT sees it, and where XRT
 * is not installed. */
#ifndef GANTRY_DEVICE_XCLBIN_H
#define GANTRY_DEVICE_XCLBIN_H

#include "base/base.h"

/* Where `make -C hw/kria install` puts it. */
#define GANTRY_XCLBIN_DEFAULT "/lib/firmware/xilinx/gantry/gantry.xclbin"

enum { GANTRY_XCLBIN_MEMORIES_MAX = 32, GANTRY_XCLBIN_TEXT_BYTES = 1024 };
enum { GANTRY_XCLBIN_INSTANCES_MAX = 8, GANTRY_XCLBIN_NAME_BYTES = 48 };

struct gantry_xclbin_memory {
    uint64_t base, bytes;
    char tag[17];
};
struct gantry_xclbin {
    uint32_t clock_hz;  /* of the first data clock; 0: the file names none */
    bool has_kernel;    /* kernel.def's kernel is in it */
    uint64_t registers; /* its registers' address; of the first instance */
    int32_t instances;
    char names[GANTRY_XCLBIN_INSTANCES_MAX][GANTRY_XCLBIN_NAME_BYTES]; /* "gantry_kernel_1" */
    size_t memory_count;
    struct gantry_xclbin_memory memories[GANTRY_XCLBIN_MEMORIES_MAX]; /* those that are used */
    char text[GANTRY_XCLBIN_TEXT_BYTES]; /* the user's section, JSON of hw/kria; "" without */
};

/* Checks that the file is there, whole, and that its sections lie within it, and reads what it
 * says. who begins the message of an error. GANTRY_ERR_FILE. */
GANTRY_MUST_USE enum gantry_status gantry_xclbin_read(struct gantry_xclbin *out, const char *who,
                                                      const char *path, struct gantry_error *error);

#endif
