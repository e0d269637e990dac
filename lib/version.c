/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ioasid/version.h>

#include "export.h"

#define STR_(x) #x
#define STR(x) STR_(x)

IOASID_EXPORT const char *ioasid_version(void)
{
	return STR(IOASID_VERSION_MAJOR) "." STR(IOASID_VERSION_MINOR) "." STR(
		IOASID_VERSION_PATCH);
}
