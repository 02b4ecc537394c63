/* SPDX-License-Identifier: Apache-2.0
 * The entry that each fuzzing program has; libFuzzer or fuzz_replay.c calls it. */
#ifndef GANTRY_FUZZ_H
#define GANTRY_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Returns 0; what is wrong ends the program. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
