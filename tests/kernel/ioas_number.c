/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one thing that only the library knows. */
#include "iommufd/iommufd.h"

#include "ioas.h"

uint32_t ioas_number(const struct ioasid_space *space)
{
	return iofd_space(space) ? iofd_ioas(space) : 0;
}
