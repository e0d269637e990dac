/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why a device or memory cannot be had, from what the system shows. */
#include "vfio.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "objects.h"
#include "sys.h"

int vfio_why_no_kernel(const char *node, const char *config, const char *module, int error)
{
	switch (error) {
	case ENOENT:
		return err_set(ENODEV, "there is no %s: it takes a kernel with %s, or its module "
			       "%s, and a container has to be given it", node, config, module);
	case ENODEV:
	case ENXIO:
		return err_set(ENODEV, "%s is there, but not its module (modprobe %s)", node,
			       module);
	case EACCES:
	case EPERM:
		return err_set(EACCES, "no permission to open %s for reading and writing", node);
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return err_set(ENOMEM, "%s: %s", node, strerror(error));
	default:
		return err_set(ENODEV, "%s: %s", node, strerror(error));
	}
}

static int no_device(const char *name)
{
	char any[VFIO_NAME_SIZE];

	if (sys_entry("/sys/bus/pci/devices", 0, any, sizeof(any)) == -ENOENT)
		return err_set(ENODEV, "%s: nothing is known of PCI devices: is /sys mounted?",
			       name);
	return err_set(ENODEV, "there is no PCI device %s", name);
}

int vfio_check_driver(const char *name)
{
	char path[VFIO_PATH_SIZE], text[VFIO_NAME_SIZE];
	const char *driver = vfio_driver(name, text, sizeof(text));
	int ret = driver ? vfio_is_driver(name, driver) : 0;

	if (ret)
		return ret < 0 ? ret : 0;
	if (driver)
		return err_set(ENODEV, "%s is bound to %s: bind it to vfio-pci", name, driver);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", name);
	if (sys_link_name(path, text, sizeof(text)) == -ENOENT)
		return no_device(name);
	return err_set(ENODEV, "%s is bound to no driver: bind it to vfio-pci", name);
}

int vfio_no_answer(const char *name, const char *path, int error)
{
	const bool none_left = error == ENOMEM || error == EMFILE || error == ENFILE;

	return err_set(none_left ? ENOMEM : ENODEV, "%s: %s: %s", name, path, strerror(error));
}

/* Without a name, a group is one of the IOMMU's. */
int vfio_check_isolated(const char *name, uint32_t group, bool *none)
{
	char path[VFIO_PATH_SIZE], text[VFIO_NAME_SIZE];
	int ret;

	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%u/name", group);
	ret = sys_read(path, text, sizeof(text));
	if (ret < 0 && ret != -ENOENT)
		return vfio_no_answer(name, path, -ret);
	if (ret == -ENOENT || strncmp(text, "vfio-noiommu", 12))
		return 0;
	if (!none)
		return err_set(ENODEV, "%s is in VFIO's no-IOMMU mode: nothing would isolate its "
			       "DMA (is the IOMMU switched on? intel_iommu=on)", name);
	*none = true;
	return 0;
}

int vfio_check_firmware(const char *name, uint32_t group)
{
	char path[VFIO_PATH_SIZE], text[4096];

	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%u/reserved_regions", group);
	if (sys_read(path, text, sizeof(text)) < 0 || !strstr(text, " direct\n"))
		return 0;
	return err_set(ENODEV,
		       "%s: the firmware wants memory mapped one to one for group %u (RMRR), "
		       "which the kernel does not give up",
		       name, group);
}

int vfio_why_not_open(const char *name, const char *node, const char *config, int error)
{
	switch (error) {
	case ENOENT:
		return err_set(ENODEV, "%s: there is no %s%s: a container has to be given it", name,
			       node, config);
	case EACCES:
		return err_set(EACCES, "%s: no permission to open %s for reading and writing", name,
			       node);
	case EPERM:
		return err_set(EACCES, "%s: %s is not for this process, whatever its permissions "
			       "are: a cgroup's list of devices lacks it, or there is no IOMMU and "
			       "no CAP_SYS_RAWIO", name, node);
	case EBUSY:
		return err_set(EBUSY, "%s: %s is in use: by another process or context, or because "
			       "registers of its devices are still mapped; or its group is, by "
			       "VFIO's other kind of node", name, node);
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return err_set(ENOMEM, "%s: %s: %s", name, node, strerror(error));
	default:
		return err_set(ENODEV, "%s: %s: %s", name, node, strerror(error));
	}
}

int vfio_why_not_viable(const char *name, uint32_t group, const char *otherwise)
{
	char path[VFIO_PATH_SIZE], other[VFIO_NAME_SIZE], text[VFIO_NAME_SIZE];
	unsigned int i;

	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%u/devices", group);
	for (i = 0; !sys_entry(path, i, other, sizeof(other)); i++) {
		const char *driver = vfio_driver(other, text, sizeof(text));

		if (!driver || !strcmp(other, name) || !strcmp(driver, "pci-stub") ||
		    !strcmp(driver, "pcieport") || vfio_is_driver(other, driver))
			continue;
		return err_set(EPERM, "group %u of %s is also used by %s, bound to %s", group, name,
			       other, driver);
	}
	return err_set(EPERM, "group %u of %s is used by another process%s", group, name,
		       otherwise);
}

int vfio_not_reset(const char *name)
{
	return err_set(EBUSY, "%s cannot be reset now, because the system or another process is at "
		       "it: try again", name);
}

int vfio_no_memory(const char *what)
{
	uint64_t limit = sys_lock_limit();

	if (limit == UINT64_MAX)
		return err_set(ENOMEM, "%s: the kernel has no memory for it", what);
	return err_set(ENOMEM, "%s: no memory, or more than the user may lock: the limit is %llu "
		       "KiB (RLIMIT_MEMLOCK, ulimit -l)", what, (unsigned long long)(limit >> 10));
}

int vfio_why_not_mapped(const struct ioasid_space *space, const struct ioasid_run *run, int error)
{
	char what[80];

	snprintf(what, sizeof(what), "space %u: 0x%llx-0x%llx", space->id,
		 (unsigned long long)run->iova,
		 (unsigned long long)(run->iova + run->length - 1));
	switch (error) {
	case ENOMEM:
		return vfio_no_memory(what);
	case EFAULT:
	case EOVERFLOW:		/* iommufd: up to the last of all addresses, where nothing is */
		return err_set(EFAULT, "%s: 0x%llx + 0x%llx cannot be locked for DMA: not all "
			       "mapped in this process%s, or not ordinary memory", what,
			       (unsigned long long)run->target, (unsigned long long)run->length,
			       run->perm & IOASID_WRITE ? ", writable" : "");
	case EEXIST:
		return err_set(EEXIST, "%s: somebody else on the context's descriptor has mapped "
			       "something there", what);
	default:
		return err_set(EINVAL, "%s: refused by the kernel: %s", what, strerror(error));
	}
}
