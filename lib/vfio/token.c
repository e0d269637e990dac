/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VF tokens. While VFIO has a physical function, it gives the virtual ones to those who know its
 * token; and it back, while they are in use (Linux 5.7, vfio_pci_validate_vf_token()).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sys.h"
#include "util/err.h"
#include "vfio.h"

/* As RFC 9562, section 4, writes them: the bytes in their order. */
void vfio_token_text(const uint8_t *token, char text[VFIO_UUID_SIZE])
{
	unsigned int i;

	for (i = 0; i < 16; i++) {
		snprintf(text, 4, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
			 token[i]);
		text += strlen(text);
	}
}

static bool is_physical_function(const char *name)
{
	char path[VFIO_PATH_SIZE], text[VFIO_NAME_SIZE];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.64s/sriov_totalvfs", name);
	return sys_read(path, text, sizeof(text)) >= 0;
}

int vfio_wants_token(const char *name, bool given)
{
	char pf[VFIO_NAME_SIZE];

	if (vfio_physical_function(name, pf, sizeof(pf)))
		return err_set(EACCES, "%s: %s the user of its physical function, %s, has set",
			       name, given ? "this is not the VF token that" :
			       "ioasid_device_bind_with() has to be given the VF token that", pf);
	if (!is_physical_function(name))	/* its power management says so, too */
		return err_set(EACCES, "%s: the kernel does not hand it out: %s", name,
			       strerror(EACCES));
	return err_set(EACCES, "%s: its virtual functions are in use: %s", name,
		       given ? "this is not the VF token with which they were bound" :
		       "ioasid_device_bind_with() has to be given their VF token");
}

int vfio_check_token(const char *name)
{
	char pf[VFIO_NAME_SIZE], text[VFIO_NAME_SIZE];
	const char *driver;

	if (!vfio_physical_function(name, pf, sizeof(pf)))
		return is_physical_function(name) ? 0 :
		       err_set(EINVAL, "%s wants no VF token: it has no SR-IOV", name);
	driver = vfio_driver(pf, text, sizeof(text));
	if (driver && vfio_is_driver(pf, driver))
		return 0;
	return err_set(EINVAL, "%s wants no VF token: its physical function, %s, is bound to %s",
		       name, pf, driver ? driver : "no driver");
}
