/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices that come and go while others work: to bind and to unbind takes a kernel as long as it
 * takes to reset the device, up to seconds.
 */
#ifndef TESTS_SHIM_HOTPLUG_H
#define TESTS_SHIM_HOTPLUG_H

/* All of main(). Of the commands of a bind, @reset is the one that takes long. */
int hotplug_run(const char *backend, unsigned long reset);

#endif
