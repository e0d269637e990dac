/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
#ifndef IOASID_VERSION_H
#define IOASID_VERSION_H

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the headers a program was compiled with. */
#define IOASID_VERSION_MAJOR 0
#define IOASID_VERSION_MINOR 1
#define IOASID_VERSION_PATCH 0

/**
 * ioasid_version - the version of the library the program runs with
 *
 * Returns a static string, "MAJOR.MINOR.PATCH". Never fails.
 *
 * Since: 0.1
 */
const char *ioasid_version(void);

#ifdef __cplusplus
}
#endif

#endif /* IOASID_VERSION_H */
