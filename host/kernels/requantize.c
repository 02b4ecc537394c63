/* SPDX-License-Identifier: Apache-2.0
 * Rules F, X, P and Q8: their parameters from scales, and for one element the definition that every
 * kernel equals. */
#include <math.h>

#include "kernels/map.h"

float gantry_rule_f_scale(float sx, float sw, float sy)
{
    float product = sx * sw;
    return product / sy;
}

float gantry_rule_f_mean_scale(float sx, float sy, int64_t count)
{
    float whole = sy * (float)count;
    return sx / whole;
}

bool gantry_rule_x(float s1, float s2, float sy, int32_t *k1, int32_t *k2, int32_t *shift)
{
    /* The rule holds for ratios in [2^-10, 2^8): shift is then 13..30 and no sum leaves int32. */
    const float low = 0x1p-10f, high = 0x1p8f;
    float r1 = s1 / sy, r2 = s2 / sy;
    if (!(r1 >= low && r1 < high && r2 >= low && r2 < high)) return false;
    int exponent; /* of a fraction in [0.5, 1): one more than floor(log2) */
    (void)frexpf(r1 > r2 ? r1 : r2, &exponent);
    *shift = 20 - (exponent - 1);
    *k1 = (int32_t)nearbyintf(ldexpf(r1, *shift));
    *k2 = (int32_t)nearbyintf(ldexpf(r2, *shift));
    return true;
}

int32_t gantry_rule_q8_factor(float sx, float sy)
{
    const float low = 0x1p-8f, high = 0x1p7f;
    float ratio = sx / sy;
    if (!(ratio >= low && ratio <= high)) return 0;
    return (int32_t)nearbyintf(256.0f * ratio);
}

static int32_t clamp(int32_t value, int32_t low, int32_t high)
{
    return gantry_min_i32(gantry_max_i32(value, low), high);
}

/* Adding 1.5 x 2^23 leaves the integer part in the last bits of the mantissa: round to nearest,
 * ties to even. Beyond 1024 the result saturates whatever the zero point, so clamping before the
 * rounding changes nothing and keeps the sum exact. */
int8_t gantry_s8_requantize(int32_t acc, float scale, int32_t zero, int32_t lo, int32_t hi)
{
    const float magic = 12582912.0f, limit = 1024.0f;
    float product = (float)acc * scale;
    product = product < limit ? product : limit;
    product = product > -limit ? product : -limit;
    float shifted = product + magic;
    int32_t rounded = (int32_t)(shifted - magic);
    return (int8_t)clamp(rounded + zero, lo, hi);
}

int8_t gantry_s8_add_element(int32_t x1, int32_t x2, const struct gantry_s8_add_args *args)
{
    int32_t sum = args->k1 * (x1 - args->zero1) + args->k2 * (x2 - args->zero2);
    int32_t rounded = (sum + (1 << (args->shift - 1))) >> args->shift;
    return (int8_t)clamp(rounded + args->zero_out, args->clamp_min, args->clamp_max);
}

int32_t gantry_s8_mean_element(int32_t sum, int32_t count, bool half_up)
{
    if (half_up) return (sum + 128 * count + count / 2) / count - 128;
    return sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
}
