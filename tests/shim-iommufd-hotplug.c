/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim_hotplug.h"
#include "shim_kernel.h"

int main(void)
{
	return hotplug_run("iommufd", SHIM_BIND);
}
