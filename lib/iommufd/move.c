/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device's requests are attached to a table of the kernel's, moved, and blocked: by VFIO's
 * ioctls, or by the framework that has bound the device.
 */
#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "attach.h"
#include "iommufd.h"

/* An attach while attached is a replace, of the whole group; a failed one changes nothing. */
static int vfio_attach(const struct iofd_device *d, uint32_t pasid, uint32_t table)
{
	struct uapi_attach attach = { .argsz = UAPI_ATTACH_PLAIN, .pt_id = table };

	if (pasid != IOASID_NO_PASID) {
		attach.argsz = sizeof(attach);
		attach.flags = UAPI_ATTACH_PASID;
		attach.pasid = pasid;
	}
	return sys_ioctl(d->fd, UAPI_ATTACH, &attach);
}

static int vfio_detach(const struct iofd_device *d, uint32_t pasid)
{
	struct uapi_detach detach = { .argsz = UAPI_DETACH_PLAIN };

	if (pasid != IOASID_NO_PASID) {
		detach.argsz = sizeof(detach);
		detach.flags = UAPI_DETACH_PASID;
		detach.pasid = pasid;
	}
	return sys_ioctl(d->fd, UAPI_DETACH, &detach);
}

/* A framework that does not keep to 0 or -errno has failed, whatever it means. */
static int checked(int ret)
{
	return ret > 0 ? -EIO : ret;
}

int iofd_move(const struct ioasid_device *device, uint32_t pasid, uint32_t table)
{
	const struct iofd_device *d = device->backend;
	const struct iofd_adopter *a = &d->adopter;
	uint32_t taken = table;

	if (d->fd >= 0)
		return vfio_attach(d, pasid, table);
	if (device_attachment(device, pasid)->backend)
		return checked(a->replace(a->data, pasid, table, &taken));
	return checked(a->attach(a->data, pasid, table, &taken));
}

void iofd_release(const struct ioasid_device *device, uint32_t pasid)
{
	const struct iofd_device *d = device->backend;
	int ret;

	if (((const struct iofd *)device->ctx->backend)->abandoned)
		return;
	ret = d->fd >= 0 ? vfio_detach(d, pasid) :
			   checked(d->adopter.detach(d->adopter.data, pasid));
	if (ret)
		ctx_log(device->ctx, LOG_ERR, "%s: was not detached: %s", device->name,
			strerror(-ret));
}
