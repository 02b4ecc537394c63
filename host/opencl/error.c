/* SPDX-License-Identifier: Apache-2.0
 * Codes of OpenCL 1.2 and their names. */
#include "internal.h"

enum { PLATFORM_NOT_FOUND = -1001 }; /* of the loader, cl_khr_icd */

#define CODE(name) \
    case name:     \
        return #name

const char *gantry_opencl_code_name(cl_int code)
{
    switch (code) {
        CODE(CL_SUCCESS);
        CODE(CL_DEVICE_NOT_FOUND);
        CODE(CL_DEVICE_NOT_AVAILABLE);
        CODE(CL_COMPILER_NOT_AVAILABLE);
        CODE(CL_MEM_OBJECT_ALLOCATION_FAILURE);
        CODE(CL_OUT_OF_RESOURCES);
        CODE(CL_OUT_OF_HOST_MEMORY);
        CODE(CL_PROFILING_INFO_NOT_AVAILABLE);
        CODE(CL_BUILD_PROGRAM_FAILURE);
        CODE(CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
        CODE(CL_INVALID_VALUE);
        CODE(CL_INVALID_PLATFORM);
        CODE(CL_INVALID_DEVICE);
        CODE(CL_INVALID_CONTEXT);
        CODE(CL_INVALID_QUEUE_PROPERTIES);
        CODE(CL_INVALID_COMMAND_QUEUE);
        CODE(CL_INVALID_MEM_OBJECT);
        CODE(CL_INVALID_BINARY);
        CODE(CL_INVALID_BUILD_OPTIONS);
        CODE(CL_INVALID_PROGRAM);
        CODE(CL_INVALID_PROGRAM_EXECUTABLE);
        CODE(CL_INVALID_KERNEL_NAME);
        CODE(CL_INVALID_KERNEL);
        CODE(CL_INVALID_ARG_INDEX);
        CODE(CL_INVALID_ARG_VALUE);
        CODE(CL_INVALID_ARG_SIZE);
        CODE(CL_INVALID_KERNEL_ARGS);
        CODE(CL_INVALID_WORK_GROUP_SIZE);
        CODE(CL_INVALID_WORK_ITEM_SIZE);
        CODE(CL_INVALID_EVENT);
        CODE(CL_INVALID_OPERATION);
        CODE(CL_INVALID_BUFFER_SIZE);
    case PLATFORM_NOT_FOUND:
        return "CL_PLATFORM_NOT_FOUND_KHR";
    default:
        return "unknown code";
    }
}

enum gantry_status gantry_opencl_fail(struct gantry_error *error, const char *device,
                                      const char *call, cl_int code)
{
    bool memory = code == CL_MEM_OBJECT_ALLOCATION_FAILURE || code == CL_OUT_OF_RESOURCES ||
                  code == CL_OUT_OF_HOST_MEMORY;
    return gantry_fail(error, memory ? GANTRY_ERR_MEMORY : GANTRY_ERR_DEVICE, "%s: %s: %s (%d)",
                       device, call, gantry_opencl_code_name(code), (int)code);
}
