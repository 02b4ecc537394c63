/* SPDX-License-Identifier: Apache-2.0
 * Matrix product, compiled for any 64-bit Arm. */
#define ISA(name) name##__neon
#include "kernels/arm/gemm_neon.h"
