/* SPDX-License-Identifier: Apache-2.0
 * Matrix product, compiled for cores with dot product instructions. */
#define ISA(name) name##__neondot
#include "kernels/arm/gemm_neon.h"
