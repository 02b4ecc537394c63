/* SPDX-License-Identifier: Apache-2.0
 * The kernels: their source, which the module holds, and building it. */
#include "internal.h"

#include <stdio.h>
#include <string.h>

enum { KEY_TEXT_BYTES = 256, LOG_BYTES_MAX = 1 << 20 };

/* ---- Source ---- */

/* What equations.h and the kernels expect in front of them. */
#define PARAM(name, min, max, doc)
#define CONFIG(name, g, act_rows, ring_lines, acc_rows, ports, window, instances)
#define CONST(name, value, doc) "#define GANTRY_" #name " " #value "\n"
static const char prelude[] = "#define int8_t char\n"
                              "#define int32_t int\n"
                              "#define int64_t long\n"
                              "#define uint8_t uchar\n"
                              "#define uint32_t uint\n"
                              "#define uint64_t ulong\n"
#include "params.def"
    ;
#undef PARAM
#undef CONFIG
#undef CONST

/* Made at build time from the files. */
#define TEXTS(X) X(equations) X(common) X(conv) X(window) X(move)
#define DECLARE(name)                                  \
    extern const unsigned char gantry_opencl_##name[]; \
    extern const size_t gantry_opencl_##name##_bytes;
TEXTS(DECLARE)

void gantry_opencl_source(struct gantry_opencl_source *out)
{
#define COUNT(name) +1
    enum { TEXT_COUNT = 1 TEXTS(COUNT) };
    static const char *texts[TEXT_COUNT];
    static size_t lengths[TEXT_COUNT];
    cl_uint count = 0;
    texts[count] = prelude;
    lengths[count++] = sizeof prelude - 1;
#define ADD(name)                                      \
    texts[count] = (const char *)gantry_opencl_##name; \
    lengths[count++] = gantry_opencl_##name##_bytes;
    TEXTS(ADD)
    *out = (struct gantry_opencl_source){texts, lengths, count, ""};
}

/* ---- Building ---- */

/* Everything that the binary depends on. */
static uint64_t key_of(const struct gantry_opencl_found *found,
                       const struct gantry_opencl_source *source)
{
    static const cl_device_info infos[] = {CL_DEVICE_NAME, CL_DEVICE_VENDOR, CL_DEVICE_VERSION,
                                           CL_DRIVER_VERSION};
    uint64_t key = GANTRY_FNV1A_START;
    for (cl_uint i = 0; i < source->count; i++)
        key = gantry_fnv1a(key, source->texts[i], source->lengths[i]);
    key = gantry_fnv1a(key, source->options, strlen(source->options) + 1);
    for (size_t i = 0; i < GANTRY_COUNT(infos); i++) {
        char text[KEY_TEXT_BYTES] = "";
        (void)clGetDeviceInfo(found->device, infos[i], sizeof text - 1, text, NULL);
        key = gantry_fnv1a(key, text, sizeof text);
    }
    char platform[KEY_TEXT_BYTES] = "";
    (void)clGetPlatformInfo(found->platform, CL_PLATFORM_VERSION, sizeof platform - 1, platform,
                            NULL);
    return gantry_fnv1a(key, platform, sizeof platform);
}

static cl_program from_cache(const struct gantry_opencl_found *found, cl_context context,
                             const char *options, const char *cache, uint64_t key)
{
    size_t bytes;
    uint8_t *binary = gantry_opencl_cache_read(cache, key, &bytes);
    if (!binary) return NULL;
    const unsigned char *binaries[] = {binary};
    cl_int loaded = CL_SUCCESS, code = CL_SUCCESS;
    cl_program program =
        clCreateProgramWithBinary(context, 1, &found->device, &bytes, binaries, &loaded, &code);
    gantry_release(NULL, binary);
    if (code != CL_SUCCESS) return NULL;
    if (loaded == CL_SUCCESS &&
        clBuildProgram(program, 1, &found->device, options, NULL, NULL) == CL_SUCCESS)
        return program;
    (void)clReleaseProgram(program);
    return NULL;
}

static bool to_cache(cl_program program, const char *cache, uint64_t key)
{
    size_t bytes = 0;
    if (clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof bytes, &bytes, NULL) !=
            CL_SUCCESS ||
        bytes == 0)
        return false;
    uint8_t *binary = gantry_allocate(NULL, bytes, 1);
    unsigned char *binaries[] = {binary};
    bool good = binary &&
                clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof binaries, binaries, NULL) ==
                    CL_SUCCESS &&
                gantry_opencl_cache_write(cache, key, binary, bytes);
    gantry_release(NULL, binary);
    return good;
}

/* The build log to the caller's log, line by line; its first line into the message. */
static enum gantry_status build_failed(cl_program program, cl_device_id device, cl_int code,
                                       const struct gantry_log *log, const char *name,
                                       struct gantry_error *error)
{
    size_t bytes = 0;
    char first[160] = "no build log";
    (void)clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, 0, NULL, &bytes);
    char *text = bytes > 1 && bytes < LOG_BYTES_MAX ? gantry_allocate(NULL, bytes + 1, 1) : NULL;
    if (text) (void)clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, bytes, text, NULL);
    bool is_first = true;
    for (char *rest = text, *line = text; line && *line; line = rest) {
        rest = line + strcspn(line, "\n");
        if (*rest) *rest++ = 0;
        if (!*line) continue;
        if (is_first) (void)snprintf(first, sizeof first, "%s", line);
        is_first = false;
        gantry_log_write(log, GANTRY_LOG_WARNING, "%s: build log: %s", name, line);
    }
    gantry_release(NULL, text);
    return gantry_fail(error, GANTRY_ERR_DEVICE, "%s: the kernels do not build: %s (%d): %s", name,
                       gantry_opencl_code_name(code), (int)code, first);
}

enum gantry_status gantry_opencl_build(const struct gantry_opencl_found *found, cl_context context,
                                       const struct gantry_opencl_source *source, const char *cache,
                                       const struct gantry_log *log, const char *name,
                                       cl_program *out, struct gantry_error *error)
{
    uint64_t key = key_of(found, source);
    *out = cache ? from_cache(found, context, source->options, cache, key) : NULL;
    if (*out) return GANTRY_OK;
    cl_int code = CL_SUCCESS;
    const char **texts = gantry_allocate(NULL, source->count, sizeof *texts);
    if (!texts) return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: no memory", name);
    memcpy(texts, source->texts, source->count * sizeof *texts);
    cl_program program =
        clCreateProgramWithSource(context, source->count, texts, source->lengths, &code);
    gantry_release(NULL, texts);
    if (code != CL_SUCCESS)
        return gantry_opencl_fail(error, name, "clCreateProgramWithSource", code);
    gantry_log_write(log, GANTRY_LOG_DEBUG, "%s: builds the kernels from source", name);
    code = clBuildProgram(program, 1, &found->device, source->options, NULL, NULL);
    if (code != CL_SUCCESS) {
        enum gantry_status status = build_failed(program, found->device, code, log, name, error);
        (void)clReleaseProgram(program);
        return status;
    }
    if (cache && !to_cache(program, cache, key))
        gantry_log_write(log, GANTRY_LOG_DEBUG, "%s: the binary is not kept in %s", name, cache);
    *out = program;
    return GANTRY_OK;
}
