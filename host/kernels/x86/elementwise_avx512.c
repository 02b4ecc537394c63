/* SPDX-License-Identifier: Apache-2.0
 * Sums and pools, compiled for AVX-512. */
#define ISA(name) name##__avx512
#include "kernels/elementwise.h"
