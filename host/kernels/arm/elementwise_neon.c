/* SPDX-License-Identifier: Apache-2.0
 * Sums and pools, compiled for NEON. */
#define ISA(name) name##__neon
#include "kernels/elementwise.h"
