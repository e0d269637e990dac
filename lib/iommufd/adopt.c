/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices that another framework has bound to the iommufd, which attaches them when it is asked. */
#include <errno.h>

#include "iommufd.h"

static int check_unique(const struct ioasid_device *device, uint32_t id)
{
	const struct ioasid_device *d;

	for (d = device->ctx->devices; d; d = d->next)
		if (iofd_device_id(d) == id)
			return err_set(EBUSY, "%s: the kernel's device %u is %s, which is bound "
				       "already", device->name, id, d->name);
	return 0;
}

static int adopt(struct ioasid_device *device, const struct ioasid_adopt_options *o)
{
	struct iofd_device *d;
	size_t i;
	int ret = check_unique(device, o->id);

	if (!ret)
		ret = iofd_device_new(device, o->requester, o->group);
	if (ret)
		return ret;
	d = device->backend;
	d->id = o->id;
	d->adopter = (struct iofd_adopter){ o->attach, o->replace, o->detach, o->data };
	ret = iofd_device_info(device);
	device->info.page_requests = o->flags & IOASID_ADOPT_PAGE_REQUESTS;
	for (i = 0; !ret && i < o->n_ranges; i++)
		ret = iofd_add_reserved(d, o->ranges[i].start,
					o->ranges[i].start + (o->ranges[i].length - 1));
	if (ret)
		iofd_device_free(device);
	return ret;
}

int iofd_device_adopt(struct ioasid_device *device, const struct ioasid_adopt_options *options)
{
	int ret;

	ctx_lock(device->ctx);
	ret = adopt(device, options);
	ctx_unlock(device->ctx);
	return ret;
}
