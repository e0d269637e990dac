/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim_hotplug.h"
#include "shim_type1.h"

int main(void)
{
	return hotplug_run("type1", SHIM_GET_DEVICE_FD);
}
