/* SPDX-License-Identifier: Apache-2.0
 * The instruction sets: what this build holds, what this machine runs, which one is chosen. */
#include <stdlib.h>
#include <string.h>

#if defined(__aarch64__)
#include <sys/auxv.h>
#endif

#include "kernels/elementwise_isa.h"
#include "kernels/pack.h"

enum { PEAK_SAMPLES = 40, PEAK_ROUNDS = 20000 };

static const char *const names[GANTRY_ISA_COUNT] = {"ref", "neon", "neondot", "avx2", "avx512"};

const char *gantry_isa_name(enum gantry_isa isa) { return names[isa]; }

bool gantry_isa_usable(enum gantry_isa isa)
{
    switch (isa) {
    case GANTRY_ISA_REF:
        return true;
#if defined(__x86_64__)
    case GANTRY_ISA_AVX2:
        return __builtin_cpu_supports("avx2");
    case GANTRY_ISA_AVX512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
#elif defined(__aarch64__)
    case GANTRY_ISA_NEON:
        return true;
    case GANTRY_ISA_NEONDOT:
        return getauxval(AT_HWCAP) & HWCAP_ASIMDDP;
#endif
    default:
        return false;
    }
}

enum gantry_status gantry_isa_choose(enum gantry_isa *out, struct gantry_error *error)
{
    const char *wanted = getenv("GANTRY_ISA");
    for (int isa = GANTRY_ISA_COUNT - 1; isa >= 0; isa--) {
        *out = (enum gantry_isa)isa;
        if (!wanted || !*wanted) {
            if (gantry_isa_usable(*out)) return GANTRY_OK;
        } else if (strcmp(wanted, names[isa]) == 0) {
            if (gantry_isa_usable(*out)) return GANTRY_OK;
            return gantry_fail(error, GANTRY_ERR_MISSING,
                               "GANTRY_ISA: this machine or build has no %s", wanted);
        }
    }
    enum gantry_status status =
        gantry_fail(error, GANTRY_ERR_ARGUMENT, "GANTRY_ISA: unknown name (%s)", wanted);
    gantry_hint(error, "known names: ref, neon, neondot, avx2, avx512");
    return status;
}

bool gantry_requant_is_wide(const float *scale, int32_t count)
{
    /* An accumulator is below 2^31, so only a scale of 1 or more can leave int32. */
    for (int32_t c = 0; c < count; c++)
        if (!(scale[c] < 1.0f)) return true;
    return false;
}

bool gantry_weights_have_parts(const int8_t *weights, size_t count, int32_t zero, bool narrow)
{
    if (zero != 0) return true;
    return narrow && memchr(weights, (uint8_t)INT8_MIN, count) != NULL;
}

const struct gantry_gemm_isa *gantry_gemm_isa(enum gantry_isa isa)
{
#if defined(__x86_64__)
    if (isa == GANTRY_ISA_AVX512) return &gantry_gemm__avx512;
    if (isa == GANTRY_ISA_AVX2) return &gantry_gemm__avx2;
#elif defined(__aarch64__)
    if (isa == GANTRY_ISA_NEONDOT) return &gantry_gemm__neondot;
    if (isa == GANTRY_ISA_NEON) return &gantry_gemm__neon;
#endif
    (void)isa;
    return NULL;
}

const struct gantry_depthwise_isa *gantry_depthwise_isa(enum gantry_isa isa)
{
#if defined(__x86_64__)
    if (isa == GANTRY_ISA_AVX512) return &gantry_depthwise__avx512;
    if (isa == GANTRY_ISA_AVX2) return &gantry_depthwise__avx2;
#elif defined(__aarch64__)
    if (isa == GANTRY_ISA_NEON || isa == GANTRY_ISA_NEONDOT) return &gantry_depthwise__neon;
#endif
    (void)isa;
    return NULL;
}

const struct gantry_elementwise_isa *gantry_elementwise_isa(enum gantry_isa isa)
{
#if defined(__x86_64__)
    if (isa == GANTRY_ISA_AVX512) return &gantry_elementwise__avx512;
    if (isa == GANTRY_ISA_AVX2) return &gantry_elementwise__avx2;
#elif defined(__aarch64__)
    if (isa == GANTRY_ISA_NEON || isa == GANTRY_ISA_NEONDOT) return &gantry_elementwise__neon;
#endif
    (void)isa;
    return NULL;
}

/* The best of several short measures: others may take the core in between. */
double gantry_isa_peak(enum gantry_isa isa)
{
    const struct gantry_gemm_isa *gemm = gantry_gemm_isa(isa);
    double best = 0;
    if (!gemm || !gemm->peak) return 0;
    for (int i = 0; i < PEAK_SAMPLES; i++) {
        uint64_t start = gantry_now_ns();
        uint64_t macs = gemm->peak(PEAK_ROUNDS);
        uint64_t elapsed = gantry_now_ns() - start;
        double rate = elapsed ? (double)macs * 1e9 / (double)elapsed : 0;
        best = rate > best ? rate : best;
    }
    return best;
}
