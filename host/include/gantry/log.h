/* SPDX-License-Identifier: Apache-2.0
 * Messages of the library: it never prints, it calls back. */
#ifndef GANTRY_LOG_H
#define GANTRY_LOG_H

#include "gantry/version.h"

#ifdef __cplusplus
extern "C" {
#endif

enum gantry_log_level { GANTRY_LOG_DEBUG, GANTRY_LOG_NOTICE, GANTRY_LOG_WARNING };

struct gantry_log {
    /* line: one line without a line feed, valid during the call only. May be NULL: silence. */
    void (*write)(void *context, enum gantry_log_level level, const char *line);
    void *context;
};

#ifdef __cplusplus
}
#endif

#endif
