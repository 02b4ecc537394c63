/* SPDX-License-Identifier: Apache-2.0
 * Error records, memory, messages, assertions. */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ALIGNMENT = 64, CHUNK_BYTES = 16384 };

const char *gantry_version(void) { return GANTRY_VERSION_STRING; }

static const struct {
    const char *name, *sentence;
} statuses[] = {
#define ROW(name, sentence) {#name, sentence},
    GANTRY_STATUS_LIST(ROW)
#undef ROW
};

const char *gantry_status_name(enum gantry_status status)
{
    size_t i = (size_t)status;
    return i < GANTRY_COUNT(statuses) ? statuses[i].name : "unknown";
}

const char *gantry_status_sentence(enum gantry_status status)
{
    size_t i = (size_t)status;
    return i < GANTRY_COUNT(statuses) ? statuses[i].sentence : "unknown status";
}

void gantry_assert_failed(const char *file, int line, const char *condition)
{
    fprintf(stderr, "gantry: %s:%d: broken invariant: %s\n", file, line, condition);
    abort();
}

enum gantry_status gantry_fail(struct gantry_error *error, enum gantry_status status,
                               const char *format, ...)
{
    if (error) {
        va_list arguments;
        va_start(arguments, format);
        error->status = status;
        error->hint[0] = 0;
        (void)vsnprintf(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
    }
    return status;
}

void gantry_hint(struct gantry_error *error, const char *format, ...)
{
    if (!error) return;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(error->hint, sizeof error->hint, format, arguments);
    va_end(arguments);
}

void *gantry_allocate(const struct gantry_allocator *allocator, size_t count, size_t size)
{
    size_t bytes;
    if (!gantry_mul_size(count, size, &bytes) || bytes == 0 || bytes > SIZE_MAX - ALIGNMENT)
        return NULL;
    void *memory = allocator ? allocator->allocate(allocator->context, bytes)
                             : aligned_alloc(ALIGNMENT, gantry_align_size(bytes, ALIGNMENT));
    if (memory) memset(memory, 0, bytes);
    return memory;
}

void gantry_release(const struct gantry_allocator *allocator, void *memory)
{
    if (allocator)
        allocator->release(allocator->context, memory);
    else
        free(memory);
}

struct gantry_arena_chunk {
    struct gantry_arena_chunk *next;
    size_t used, size; /* bytes after this header, which takes ALIGNMENT bytes */
};

void gantry_arena_init(struct gantry_arena *arena, const struct gantry_allocator *allocator)
{
    arena->allocator = allocator;
    arena->chunks = NULL;
}

void gantry_arena_finish(struct gantry_arena *arena)
{
    struct gantry_arena_chunk *chunk = arena->chunks;
    while (chunk) {
        struct gantry_arena_chunk *next = chunk->next;
        gantry_release(arena->allocator, chunk);
        chunk = next;
    }
    arena->chunks = NULL;
}

void *gantry_arena_alloc(struct gantry_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (!gantry_mul_size(count, size, &bytes) || bytes > SIZE_MAX / 2) return NULL;
    bytes = gantry_align_size(bytes ? bytes : 1, 16);
    /* What may be read by vectors starts at a line. */
    size_t alignment = bytes < ALIGNMENT ? 16 : ALIGNMENT;
    struct gantry_arena_chunk *chunk = arena->chunks;
    size_t at = chunk ? gantry_align_size(chunk->used, alignment) : 0;
    if (!chunk || chunk->size < at || chunk->size - at < bytes) {
        size_t room = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
        chunk = gantry_allocate(arena->allocator, 1, ALIGNMENT + room);
        if (!chunk) return NULL;
        chunk->size = room;
        chunk->next = arena->chunks;
        arena->chunks = chunk;
        at = 0;
    }
    void *memory = (uint8_t *)chunk + ALIGNMENT + at;
    chunk->used = at + bytes;
    return memory;
}

char *gantry_arena_copy(struct gantry_arena *arena, const char *text, size_t length)
{
    char *copy = length < SIZE_MAX ? gantry_arena_alloc(arena, length + 1, 1) : NULL;
    if (copy) memcpy(copy, text, length);
    return copy;
}

void gantry_log_write(const struct gantry_log *log, enum gantry_log_level level, const char *format,
                      ...)
{
    if (!log || !log->write) return;
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    log->write(log->context, level, line);
}

uint64_t gantry_fnv1a(uint64_t hash, const void *data, size_t bytes)
{
    const uint8_t *at = data;
    for (size_t i = 0; i < bytes; i++) hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return hash;
}

uint64_t gantry_now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
