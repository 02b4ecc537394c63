/* SPDX-License-Identifier: Apache-2.0
 * A chain computed in plain order: dense tensors, loops over output, taps and channels, float
 * requantisation. It shares nothing with the executor but the meaning of the operations. */
#ifndef GANTRY_TEST_PLAIN_H
#define GANTRY_TEST_PLAIN_H

#include "chain.h"

/* Computes run of the chain into buffers (copies of chain->buffer). */
void plain_run(const struct gantry_chain *chain, uint32_t run, uint8_t *const buffers[3]);

#endif
