/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a Linux of some version knows of iommufd's commands, and of VFIO's for it. */
#ifndef TESTS_SHIM_VERSION_H
#define TESTS_SHIM_VERSION_H

#include <stdbool.h>
#include <stdint.h>

#define LINUX(major, minor) ((unsigned int)(major) << 8 | (minor))

/* How far does shim.version get with the command, before it looks at objects? 0 or -errno. */
int shim_version_check(unsigned long command, const uint32_t *words);
/* Does it tell of IOMMUs of that type (SHIM_HW_INFO)? */
bool shim_version_tells(uint32_t type);

#endif
