/* SPDX-License-Identifier: Apache-2.0
 * Platforms and devices of OpenCL, counted through. */
#include "internal.h"

#include <stdio.h>
#include <string.h>

enum { PLATFORMS_MAX = 16, DEVICES_MAX = 32, INFO_BYTES = 256 };

/* A name for people: one line, cut. */
static void name_of(char *out, const char *text)
{
    size_t length = 0;
    for (; *text && length < GANTRY_OPENCL_NAME_BYTES - 1; text++)
        if ((unsigned char)*text >= ' ' && (length > 0 || *text != ' ')) out[length++] = *text;
    while (length > 0 && out[length - 1] == ' ') length--;
    out[length] = 0;
}

static void describe(struct gantry_opencl_found *out)
{
    char text[INFO_BYTES] = "";
    (void)clGetPlatformInfo(out->platform, CL_PLATFORM_NAME, sizeof text - 1, text, NULL);
    name_of(out->platform_name, text);
    memset(text, 0, sizeof text);
    (void)clGetDeviceInfo(out->device, CL_DEVICE_NAME, sizeof text - 1, text, NULL);
    name_of(out->device_name, text);
}

/* Takes the index-th device; returns how many there are. platforms_code: of clGetPlatformIDs. */
static uint32_t walk(uint32_t index, struct gantry_opencl_found *out, cl_int *platforms_code)
{
    cl_platform_id platforms[PLATFORMS_MAX];
    cl_device_id devices[DEVICES_MAX];
    cl_uint platform_count = 0;
    uint32_t count = 0;
    *platforms_code = clGetPlatformIDs(PLATFORMS_MAX, platforms, &platform_count);
    if (*platforms_code != CL_SUCCESS) return 0;
    if (platform_count > PLATFORMS_MAX) platform_count = PLATFORMS_MAX;
    for (cl_uint p = 0; p < platform_count; p++) {
        cl_uint here = 0;
        cl_int code = clGetDeviceIDs(platforms[p], CL_DEVICE_TYPE_ALL, DEVICES_MAX, devices, &here);
        if (code != CL_SUCCESS) continue; /* a platform without devices */
        if (here > DEVICES_MAX) here = DEVICES_MAX;
        if (out && index >= count && index - count < here) {
            out->platform = platforms[p];
            out->device = devices[index - count];
        }
        count += here;
    }
    return count;
}

uint32_t gantry_opencl_count(void)
{
    cl_int code;
    return walk(0, NULL, &code);
}

static enum gantry_status none_there(const char *name, cl_int code, struct gantry_error *error)
{
    if (code != CL_SUCCESS)
        gantry_fail(error, GANTRY_ERR_MISSING, "%s: no OpenCL platform (clGetPlatformIDs: %s, %d)",
                    name, gantry_opencl_code_name(code), (int)code);
    else
        gantry_fail(error, GANTRY_ERR_MISSING, "%s: no OpenCL device on any platform", name);
    gantry_hint(error, "install an OpenCL driver, for a processor the package pocl-opencl-icd");
    return GANTRY_ERR_MISSING;
}

/* What the kernels need beyond OpenCL 1.2's embedded profile. */
static enum gantry_status check(const struct gantry_opencl_found *found, const char *name,
                                struct gantry_error *error)
{
    char version[INFO_BYTES] = "", profile[INFO_BYTES] = "";
    cl_bool little = CL_FALSE, compiler = CL_FALSE, available = CL_FALSE;
    size_t group = 0;
    int major = 0, minor = 0;
    cl_device_id device = found->device;
    (void)clGetDeviceInfo(device, CL_DEVICE_VERSION, sizeof version - 1, version, NULL);
    (void)clGetDeviceInfo(device, CL_DEVICE_PROFILE, sizeof profile - 1, profile, NULL);
    (void)clGetDeviceInfo(device, CL_DEVICE_ENDIAN_LITTLE, sizeof little, &little, NULL);
    (void)clGetDeviceInfo(device, CL_DEVICE_COMPILER_AVAILABLE, sizeof compiler, &compiler, NULL);
    (void)clGetDeviceInfo(device, CL_DEVICE_AVAILABLE, sizeof available, &available, NULL);
    (void)clGetDeviceInfo(device, CL_DEVICE_MAX_WORK_GROUP_SIZE, sizeof group, &group, NULL);
    (void)sscanf(version, "OpenCL %d.%d", &major, &minor);
    const struct {
        bool lacks;
        const char *what;
    } rows[] = {
        {major < 1 || (major == 1 && minor < 2), "OpenCL 1.2"},
        {strcmp(profile, "FULL_PROFILE") != 0, "the full profile"},
        {!little, "little-endian memory"},
        {!compiler, "a compiler"},
        {!available, "to be available"},
        {group < GANTRY_OPENCL_LOCAL, "work-groups of 64"},
    };
    for (size_t i = 0; i < GANTRY_COUNT(rows); i++)
        if (rows[i].lacks)
            return gantry_fail(error, GANTRY_ERR_DEVICE, "%s: %s (%.60s) lacks: %s", name,
                               found->device_name, version, rows[i].what);
    return GANTRY_OK;
}

enum gantry_status gantry_opencl_find(uint32_t index, const char *name,
                                      struct gantry_opencl_found *out, struct gantry_error *error)
{
    cl_int code;
    uint32_t count = walk(index, out, &code);
    if (count == 0) return none_there(name, code, error);
    if (index >= count) {
        gantry_fail(error, GANTRY_ERR_ARGUMENT, "device '%s': no OpenCL device %u (0 to %u)", name,
                    index, count - 1);
        gantry_hint(error, "gantry devices lists them");
        return GANTRY_ERR_ARGUMENT;
    }
    describe(out);
    return check(out, name, error);
}
