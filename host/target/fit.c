/* SPDX-License-Identifier: Apache-2.0
 * The figures of a kernel from times that were measured. */
#include <math.h>

#include "target/target.h"

enum { FIGURES = 3, SETS = 1 << FIGURES };

/* What a figure is multiplied with. */
static double work_of(const struct gantry_target_sample *sample, int32_t figure)
{
    if (figure == 0) return 1;
    return figure == 1 ? sample->macs : sample->values;
}

/* Relative difference of modelled and measured time. */
static double error_of(const double *figures, const struct gantry_target_sample *sample)
{
    double ns = 0;
    for (int32_t i = 0; i < FIGURES; i++) ns += figures[i] * work_of(sample, i);
    return ns / sample->ns - 1;
}

/* Eliminates; false where the figures of the set cannot be told apart. */
static bool solve(double m[FIGURES][FIGURES + 1], double *figures)
{
    for (int32_t i = 0; i < FIGURES; i++) {
        if (fabs(m[i][i]) < 1e-12) return false;
        for (int32_t r = i + 1; r < FIGURES; r++) {
            double factor = m[r][i] / m[i][i];
            for (int32_t c = i; c <= FIGURES; c++) m[r][c] -= factor * m[i][c];
        }
    }
    for (int32_t i = FIGURES - 1; i >= 0; i--) {
        figures[i] = m[i][FIGURES];
        for (int32_t c = i + 1; c < FIGURES; c++) figures[i] -= m[i][c] * figures[c];
        figures[i] /= m[i][i];
    }
    return true;
}

/* Least squares of relative errors with the figures of a set, others being 0. */
static bool fit_set(const struct gantry_target_sample *samples, size_t count, int32_t set,
                    double *figures)
{
    double m[FIGURES][FIGURES + 1] = {{0}}, scale[FIGURES] = {0};
    for (int32_t i = 0; i < FIGURES; i++)
        for (size_t s = 0; s < count; s++) {
            double x = work_of(&samples[s], i) / samples[s].ns;
            scale[i] += x * x;
        }
    for (int32_t i = 0; i < FIGURES; i++) {
        bool used = (set >> i & 1) != 0;
        scale[i] = sqrt(scale[i]);
        if (used && scale[i] <= 0) return false;
        if (!used) m[i][i] = 1;
    }
    for (size_t s = 0; s < count; s++)
        for (int32_t i = 0; i < FIGURES; i++) {
            if (!(set >> i & 1)) continue;
            double x = work_of(&samples[s], i) / samples[s].ns / scale[i];
            m[i][FIGURES] += x;
            for (int32_t j = 0; j < FIGURES; j++)
                if (set >> j & 1) m[i][j] += x * work_of(&samples[s], j) / samples[s].ns / scale[j];
        }
    if (!solve(m, figures)) return false;
    for (int32_t i = 0; i < FIGURES; i++) figures[i] = set >> i & 1 ? figures[i] / scale[i] : 0;
    return true;
}

void gantry_target_fit(const struct gantry_target_sample *samples, size_t count,
                       struct gantry_target_kernel *kernel, double *worst)
{
    double least = INFINITY;
    *kernel = (struct gantry_target_kernel){0};
    *worst = 1;
    /* Times are no less than 0: the best of the sets whose figures are none below. */
    for (int32_t set = 1; set < SETS; set++) {
        double figures[FIGURES], sum = 0, most = 0;
        if (!fit_set(samples, count, set, figures)) continue;
        if (figures[0] < 0 || figures[1] < 0 || figures[2] < 0) continue;
        for (size_t s = 0; s < count; s++) {
            double error = fabs(error_of(figures, &samples[s]));
            sum += error * error;
            most = fmax(most, error);
        }
        if (sum >= least) continue;
        least = sum;
        *worst = most;
        *kernel = (struct gantry_target_kernel){figures[0], figures[1], figures[2]};
    }
}
