/* SPDX-License-Identifier: Apache-2.0
 * Files below the root that the doctor looks at. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"

void gantry_doctor_path(const struct gantry_doctor *doctor, const char *path, char *out,
                        size_t size)
{
    (void)snprintf(out, size, "%s%s", doctor->root, path);
}

bool gantry_doctor_exists(const struct gantry_doctor *doctor, const char *path)
{
    char full[GANTRY_DOCTOR_PATH_BYTES];
    gantry_doctor_path(doctor, path, full, sizeof full);
    return access(full, F_OK) == 0;
}

bool gantry_doctor_read(const struct gantry_doctor *doctor, const char *path, char *out,
                        size_t size, size_t *length)
{
    char full[GANTRY_DOCTOR_PATH_BYTES];
    gantry_doctor_path(doctor, path, full, sizeof full);
    out[0] = 0;
    FILE *file = fopen(full, "rb");
    if (!file) return false;
    size_t got = fread(out, 1, size - 1, file);
    bool fine = ferror(file) == 0;
    (void)fclose(file);
    out[got] = 0;
    if (length) *length = got;
    return fine;
}

void gantry_doctor_line(const struct gantry_doctor *doctor, const char *path, char *out,
                        size_t size)
{
    if (!gantry_doctor_read(doctor, path, out, size, NULL)) out[0] = 0;
    size_t length = strlen(out);
    while (length && strchr(" \t\r\n", out[length - 1])) out[--length] = 0;
}

bool gantry_doctor_find(const struct gantry_doctor *doctor, const char *folder, const char *prefix,
                        bool (*visit)(const struct gantry_doctor *doctor, const char *name,
                                      void *context),
                        void *context)
{
    char full[GANTRY_DOCTOR_PATH_BYTES];
    gantry_doctor_path(doctor, folder, full, sizeof full);
    DIR *open = opendir(full);
    if (!open) return false;
    bool found = false;
    for (struct dirent *entry; !found && (entry = readdir(open));)
        if (entry->d_name[0] != '.' && strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
            found = visit(doctor, entry->d_name, context);
    (void)closedir(open);
    return found;
}
