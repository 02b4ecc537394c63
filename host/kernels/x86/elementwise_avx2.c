/* SPDX-License-Identifier: Apache-2.0
 * Sums and pools, compiled for AVX2. */
#define ISA(name) name##__avx2
#include "kernels/elementwise.h"
