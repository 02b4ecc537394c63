/* SPDX-License-Identifier: Apache-2.0
 * Second part of the generator: prints what hw/kria needs. Returns the exit code, -1 when what is
 * not one of its outputs. */
#ifndef GEN_KERNEL_H
#define GEN_KERNEL_H

#include <stdint.h>

int gen_kernel(const char *what, const char *config, uint64_t hash);

#endif
