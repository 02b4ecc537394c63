/* SPDX-License-Identifier: Apache-2.0
 * What every part uses: error records, checked sizes, memory, messages, little-endian access. */
#ifndef GANTRY_BASE_H
#define GANTRY_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gantry/allocator.h"
#include "gantry/log.h"
#include "gantry/status.h"

/* A broken invariant is a bug: prints file, line and condition to stderr and aborts, in every
 * build. Files, networks and device registers are input and never reach it. */
#define gantry_assert(condition) \
    ((condition) ? (void)0 : gantry_assert_failed(__FILE__, __LINE__, #condition))
__attribute__((noreturn)) void gantry_assert_failed(const char *file, int line,
                                                    const char *condition);

#define GANTRY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Fills the record (NULL is allowed) and returns status, so that a failure is one line:
 *     return gantry_fail(error, GANTRY_ERR_FILE, "%s: truncated (%zu bytes)", path, size);
 * Too long a message is cut. */
enum gantry_status gantry_fail(struct gantry_error *error, enum gantry_status status,
                               const char *format, ...) GANTRY_PRINTF(3, 4);
/* Adds the hint to a record that gantry_fail filled. */
void gantry_hint(struct gantry_error *error, const char *format, ...) GANTRY_PRINTF(2, 3);

/* Product and sum of sizes; false on overflow, *out then untouched. */
static inline bool gantry_mul_size(size_t a, size_t b, size_t *out)
{
    size_t product;
    if (__builtin_mul_overflow(a, b, &product)) return false;
    *out = product;
    return true;
}
static inline bool gantry_add_size(size_t a, size_t b, size_t *out)
{
    size_t sum;
    if (__builtin_add_overflow(a, b, &sum)) return false;
    *out = sum;
    return true;
}
static inline size_t gantry_align_size(size_t value, size_t alignment)
{
    return (value + alignment - 1) / alignment * alignment;
}
static inline int32_t gantry_div_up(int32_t value, int32_t divisor)
{
    return (value + divisor - 1) / divisor;
}
static inline int32_t gantry_min_i32(int32_t a, int32_t b) { return a < b ? a : b; }
static inline int32_t gantry_max_i32(int32_t a, int32_t b) { return a > b ? a : b; }

/* Zeroed memory of count x size bytes, aligned to 64; NULL when it is not to be had, when the
 * product overflows or is 0. allocator NULL: malloc. Release with the same allocator. */
void *gantry_allocate(const struct gantry_allocator *allocator, size_t count, size_t size);
void gantry_release(const struct gantry_allocator *allocator, void *memory);

/* A growing block of memory that frees everything at once: strings and arrays of a graph or a
 * plan. Pointers stay valid until gantry_arena_finish; those to 64 bytes and more are aligned to
 * 64, others to 16. Not thread-safe. */
struct gantry_arena {
    const struct gantry_allocator *allocator;
    struct gantry_arena_chunk *chunks;
};
void gantry_arena_init(struct gantry_arena *arena, const struct gantry_allocator *allocator);
void gantry_arena_finish(struct gantry_arena *arena);
void *gantry_arena_alloc(struct gantry_arena *arena, size_t count, size_t size);      /* zeroed */
char *gantry_arena_copy(struct gantry_arena *arena, const char *text, size_t length); /* adds 0 */

void gantry_log_write(const struct gantry_log *log, enum gantry_log_level level, const char *format,
                      ...) GANTRY_PRINTF(3, 4);

/* The name nearest to word by letters to insert, delete or replace, the first of equal ones; NULL
 * when none is near: more than a third of the word's letters, and one, are off. */
const char *gantry_nearest(const char *word, const char *const *names, size_t count);

/* FNV-1a over bytes, 64 bits: start with GANTRY_FNV1A_START, or go on with a hash. */
#define GANTRY_FNV1A_START UINT64_C(0xcbf29ce484222325)
uint64_t gantry_fnv1a(uint64_t hash, const void *data, size_t bytes);

/* Monotonic time in nanoseconds. */
uint64_t gantry_now_ns(void);

static inline uint16_t gantry_load_u16(const uint8_t *p) { return (uint16_t)(p[0] | p[1] << 8); }
static inline uint32_t gantry_load_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
static inline uint64_t gantry_load_u64(const uint8_t *p)
{
    return gantry_load_u32(p) | (uint64_t)gantry_load_u32(p + 4) << 32;
}
static inline void gantry_store_u32(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
    p[2] = (uint8_t)(value >> 16);
    p[3] = (uint8_t)(value >> 24);
}
static inline void gantry_store_u64(uint8_t *p, uint64_t value)
{
    gantry_store_u32(p, (uint32_t)value);
    gantry_store_u32(p + 4, (uint32_t)(value >> 32));
}

#endif
