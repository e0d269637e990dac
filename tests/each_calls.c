/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "each_calls.h"

struct ioasid_device *other, *third;
struct ioasid_space *plain;
struct ioasid_inv *inv;
int file;

int attach(void)
{
	return ioasid_device_attach(device, root);
}

int replace(void)
{
	return ioasid_device_replace(device, plain);
}

int map(void)
{
	return ioasid_space_map(root, MORE, memory, PAGE, RW, NULL);
}

int map_file(void)
{
	return ioasid_space_map_file(root, MORE, file, 0, PAGE, RW, NULL);
}

int map_copy(void)
{
	return ioasid_space_map_copy(root, MORE, plain, 0, PAGE, RW, NULL);
}

int map_parent(void)
{
	return ioasid_space_map_parent(child, MORE, DATA, PAGE, RW, NULL);
}

int submit(void)
{
	return ioasid_inv_submit(inv, NULL);
}

int start_dirty(void)
{
	return ioasid_space_dirty_start(root);
}

int detach(void)
{
	return ioasid_device_detach(device);
}
