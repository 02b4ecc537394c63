/* SPDX-License-Identifier: Apache-2.0
 * Version of the library and the mark of its exported functions. */
#ifndef GANTRY_VERSION_H
#define GANTRY_VERSION_H

#define GANTRY_VERSION_MAJOR 0
#define GANTRY_VERSION_MINOR 1
#define GANTRY_VERSION_PATCH 0
#define GANTRY_VERSION_STRING "0.1.0"

#if defined(__GNUC__)
#define GANTRY_API __attribute__((visibility("default")))
#define GANTRY_MUST_USE __attribute__((warn_unused_result))
#define GANTRY_PRINTF(at, first) __attribute__((format(printf, at, first)))
#else
#define GANTRY_API
#define GANTRY_MUST_USE
#define GANTRY_PRINTF(at, first)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Returns the version of the library that runs, as GANTRY_VERSION_STRING was when it was built. */
GANTRY_API const char *gantry_version(void);

#ifdef __cplusplus
}
#endif

#endif
