/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices that another framework has bound: what it says about them is checked here. */
#include <errno.h>

#include "device.h"
#include "objects.h"

static int check_ranges(const struct ioasid_adopt_options *o)
{
	size_t i;

	if (o->n_ranges && !o->ranges)
		return err_set(EINVAL, "%s: ranges is NULL", o->name);
	for (i = 0; i < o->n_ranges; i++) {
		const struct ioasid_range *r = &o->ranges[i];

		if (!r->length || r->length - 1 > UINT64_MAX - r->start)
			return err_set(EINVAL, "%s: range %zu, 0x%llx + 0x%llx, is empty or too "
				       "long", o->name, i, (unsigned long long)r->start,
				       (unsigned long long)r->length);
	}
	return 0;
}

static int check_options(const struct ioasid_adopt_options *user, struct ioasid_adopt_options *o)
{
	int ret = options_copy(o, sizeof(*o), user, "adoption options");

	if (ret)
		return ret;
	if (!o->name || !*o->name)
		return err_set(EINVAL, "a device needs a name");
	if (!o->attach || !o->replace || !o->detach)
		return err_set(EINVAL, "%s: attach, replace and detach are needed, all three",
			       o->name);
	if (o->flags & ~IOASID_ADOPT_PAGE_REQUESTS)
		return err_set(EINVAL, "%s: unknown flags 0x%x", o->name,
			       o->flags & ~IOASID_ADOPT_PAGE_REQUESTS);
	return check_ranges(o);
}

IOASID_EXPORT int ioasid_device_adopt(struct ioasid_ctx *ctx,
				      const struct ioasid_adopt_options *user,
				      struct ioasid_device **out)
{
	struct ioasid_adopt_options options;
	struct device_source source = { .adopt = &options };
	int ret = check_options(user, &options);

	if (ret)
		return ret;
	if (!ctx->ops->device_adopt)
		return err_set(EOPNOTSUPP, "%s: %s cannot be adopted: there is no kernel that "
			       "another framework could bind it to", ctx->ops->name, options.name);
	source.name = options.name;
	return device_add(ctx, &source, options.cookie, out);
}
