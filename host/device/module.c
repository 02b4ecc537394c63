/* SPDX-License-Identifier: Apache-2.0
 * Device modules: shared libraries that hold a device, found beside the library's own code. */
#define _GNU_SOURCE /* dladdr */
#include "device/registry.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

/* Folders to look in, as formats of the folder that holds this code. */
static const char *const folders[] = {"%s", "%s/../lib", "%s/gantry", "%s/../" GANTRY_MODULE_BELOW,
                                      GANTRY_MODULE_DIR};

/* Folder of the executable or shared library that this function is in. */
static bool own_folder(char *out, size_t size)
{
    Dl_info info;
    if (!dladdr((const void *)folders, &info) || !info.dli_fname) return false;
    const char *slash = strrchr(info.dli_fname, '/');
    if (slash) {
        int written = snprintf(out, size, "%.*s", (int)(slash - info.dli_fname), info.dli_fname);
        return written > 0 && (size_t)written < size;
    }
    /* A program found through PATH has no folder in its name. */
    ssize_t length = readlink("/proc/self/exe", out, size - 1);
    if (length <= 0) return false;
    out[length] = 0;
    char *end = strrchr(out, '/');
    if (end) *end = 0;
    return end != NULL;
}

static bool find(const char *kind, char *path, size_t size)
{
    char own[PATH_BYTES], folder[PATH_BYTES + 32];
    if (!own_folder(own, sizeof own)) return false;
    for (size_t i = 0; i < GANTRY_COUNT(folders); i++) {
        const char *rest = strncmp(folders[i], "%s", 2) == 0 ? folders[i] + 2 : NULL;
        (void)snprintf(folder, sizeof folder, "%s%s", rest ? own : "", rest ? rest : folders[i]);
        int written = snprintf(path, size, "%s/libgantry-%s.so", folder, kind);
        if (written > 0 && (size_t)written < size && access(path, R_OK) == 0) return true;
    }
    return false;
}

static enum gantry_status compare(const char *path, const struct gantry_device_module *module,
                                  struct gantry_error *error)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (module->seam != GANTRY_DEVICE_SEAM)
        gantry_fail(error, GANTRY_ERR_DEVICE, "%s: built from other sources than the library",
                    name);
    else if (module->spec_hash != GANTRY_SPEC_HASH)
        gantry_fail(error, GANTRY_ERR_DEVICE,
                    "%s: specification 0x%016" PRIx64 " of the module is not 0x%016" PRIx64
                    " of the library",
                    name, module->spec_hash, GANTRY_SPEC_HASH);
    else if (strcmp(module->library_version, GANTRY_VERSION_STRING) != 0)
        gantry_fail(error, GANTRY_ERR_DEVICE,
                    "%s: version %s of the module is not %s of the library", name,
                    module->library_version, GANTRY_VERSION_STRING);
    else
        return GANTRY_OK;
    gantry_hint(error, "build library and device module from the same sources");
    return GANTRY_ERR_DEVICE;
}

enum gantry_status gantry_module_open_file(const char *path,
                                           const struct gantry_device_module **out,
                                           void **handle_out, struct gantry_error *error)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        const char *why = dlerror();
        gantry_fail(error, GANTRY_ERR_MISSING, "device module: %.200s", why ? why : path);
        gantry_hint(error, "install the package that brings the library it names");
        return GANTRY_ERR_MISSING;
    }
    const struct gantry_device_module *module = dlsym(handle, "gantry_device_module");
    enum gantry_status status =
        module ? compare(path, module, error)
               : gantry_fail(error, GANTRY_ERR_MISSING, "%.200s: not a device module", path);
    if (status != GANTRY_OK) {
        gantry_module_close(handle);
        return status;
    }
    *out = module;
    *handle_out = handle;
    return GANTRY_OK;
}

enum gantry_status gantry_module_open(const char *name, const struct gantry_device_module **out,
                                      void **handle_out, struct gantry_error *error)
{
    char path[PATH_BYTES + 64];
    if (find(name, path, sizeof path)) return gantry_module_open_file(path, out, handle_out, error);
    return gantry_fail(error, GANTRY_ERR_MISSING, "device '%s': libgantry-%s.so is not installed",
                       name, name);
}

void gantry_module_close(void *handle)
{
    if (handle) (void)dlclose(handle);
}
