/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of back ends: which there are, whether they could be opened, which one is taken. */
#include <errno.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "objects.h"

struct entry {
	const char *name;
	const struct backend_ops *ops;	/* NULL: not in this build */
	const char *node;		/* what the kernel offers it by */
	const char *config;		/* the kernel option that makes that node */
};

#if HAVE_IOMMUFD
#define IOMMUFD_OPS (&backend_iommufd)
#else
#define IOMMUFD_OPS NULL
#endif

#if HAVE_TYPE1
#define TYPE1_OPS (&backend_type1)
#else
#define TYPE1_OPS NULL
#endif

/* In the order in which they are tried. */
static const struct entry table[] = {
	{ "iommufd", IOMMUFD_OPS, "/dev/iommu", "CONFIG_IOMMUFD" },
	{ "type1", TYPE1_OPS, "/dev/vfio/vfio", "CONFIG_VFIO_CONTAINER" },
	{ "emulated", &backend_emulated, NULL, NULL },
};

IOASID_EXPORT const char *ioasid_backend_name(size_t index)
{
	return index < bits_array_size(table) ? table[index].name : NULL;
}

static const struct entry *find(const char *name)
{
	size_t i;

	for (i = 0; name && i < bits_array_size(table); i++)
		if (!strcmp(table[i].name, name))
			return &table[i];
	return NULL;
}

/* Why a kernel back end that is not in this build could not be opened in any case. */
static int missing(const struct entry *e)
{
	if (access(e->node, F_OK))
		return err_set(EOPNOTSUPP, "%s: not in this build, and this kernel has no %s (%s, "
			       "or its module)", e->name, e->node, e->config);
	if (access(e->node, R_OK | W_OK))
		return err_set(EOPNOTSUPP, "%s: not in this build, and %s: %s", e->name, e->node,
			       strerror(errno));
	return err_set(EOPNOTSUPP, "%s: not in this build, though this kernel has %s", e->name,
		       e->node);
}

int backend_find(const char *name, const struct backend_ops **ops)
{
	const struct entry *e = find(name);

	if (!e)
		return err_set(EINVAL, "there is no back end \"%s\" (there are: iommufd, type1, "
			       "emulated)", name ? name : "");
	if (!e->ops)
		return missing(e);
	*ops = e->ops;
	return 0;
}

int backend_probe_for(const struct backend_ops *ops, const struct ioasid_ctx_options *options)
{
	return options->flags & IOASID_CTX_FD ? 0 : ops->probe();
}

static int open_any(struct ioasid_ctx *ctx, const struct ioasid_ctx_options *options)
{
	size_t i;
	int ret = -ENODEV;

	for (i = 0; i < bits_array_size(table); i++) {
		ctx->ops = table[i].ops;
		if (!ctx->ops)
			continue;
		ret = backend_probe_for(ctx->ops, options);
		if (!ret && ctx->ops->find_devices && !(options->flags & IOASID_CTX_FD))
			ret = ctx->ops->find_devices();
		if (!ret)
			ret = ctx->ops->open(ctx, options);
		if (ret != -ENODEV && ret != -EACCES && ret != -EOPNOTSUPP)
			return ret;
		ctx->last_resort = !options->platform;	/* that one asks for the emulation */
		ctx_log(ctx, LOG_INFO, "back end %s: %s", ctx->ops->name, err_text());
	}
	return ret;
}

/* Why others cannot be used is nobody's message if one can. */
int backend_open_any(struct ioasid_ctx *ctx, const struct ioasid_ctx_options *options)
{
	int ret;

	err_put_aside();
	ret = open_any(ctx, options);
	if (ret)
		err_take_over();
	else
		err_take_back();
	return ret;
}

IOASID_EXPORT int ioasid_backend_probe(const char *name)
{
	const struct backend_ops *ops;
	int ret = backend_find(name, &ops);

	return ret ? ret : ops->probe();
}
