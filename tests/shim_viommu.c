/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Linux's rules: drivers/iommu/iommufd/viommu.c, iommufd_veventq_fops_read() of eventq.c, and
 * arm-smmu-v3-iommufd.c.
 */
#include "shim_viommu.h"

#include <errno.h>
#include <string.h>

#include "shim_fault.h"
#include "shim_kernel.h"
#include "vfio/sys.h"

#define BATCH 63u	/* arm_vsmmu_cache_invalidate(): what remains at a bad one is not issued */

struct shim_viommu shim_viommu;

void shim_viommu_reset(void)
{
	memset(&shim_viommu, 0, sizeof(shim_viommu));
}

static void *pointer(const uint32_t *words)
{
	uint64_t value;

	memcpy(&value, words, sizeof(value));
	return (void *)(uintptr_t)value;
}

static int viommu_alloc(const uint32_t *w)
{
	uint32_t length = w[0] > 24 ? w[6] : 0;

	if (w[1] || !w[2] || (w[2] != shim_viommu.type && !shim_viommu.any_type))
		return -EOPNOTSUPP;
	if (length != shim_viommu.data_length)
		return -EINVAL;
	if (length)
		memcpy(pointer(w + 8), shim_viommu.out, length < 16 ? length : 16);
	return 0;
}

int shim_viommu_check(unsigned long command, uint32_t *w)
{
	switch (command) {
	case SHIM_VIOMMU_ALLOC:
		return viommu_alloc(w);
	case SHIM_VDEVICE_ALLOC:
		return 0;
	case SHIM_VEVENTQ_ALLOC:
		return w[1] || !w[3] ? -EOPNOTSUPP : w[4] && w[4] <= 1u << 19 ? 0 : -EINVAL;
	case SHIM_HW_QUEUE_ALLOC:
		return w[1] || !w[3] ? -EOPNOTSUPP : 0;
	}
	return -ENOTTY;
}

int shim_viommu_invalidate(uint32_t *w)
{
	const uint32_t n = w[6], bytes = w[5] * n;

	w[6] = 0;
	if (w[4] != shim_viommu.commands)
		return -EINVAL;
	if (!n && w[4] == 1)	/* iommu_copy_struct_from_full_user_array(), for SMMUv3s */
		return -EINVAL;
	if (n)
		memcpy(shim_viommu.entries, pointer(w + 2),
		       bytes < sizeof(shim_viommu.entries) ? bytes : sizeof(shim_viommu.entries));
	w[6] = shim_viommu.bad && shim_viommu.bad <= n ? shim_viommu.bad - 1 : n;
	shim_viommu.issued += w[6] < n ? w[6] - w[6] % BATCH : n;
	return w[6] < n ? -shim_viommu.bad_error : 0;
}

void shim_viommu_event(uint32_t sequence, const void *record, size_t size)
{
	unsigned int i = shim_viommu.n_messages++;
	const uint32_t header[2] = { !record, sequence };

	memcpy(shim_viommu.messages[i], header, sizeof(header));
	if (record)
		memcpy(shim_viommu.messages[i] + sizeof(header), record, size);
	shim_viommu.sizes[i] = sizeof(header) + (record ? size : 0);
}

/* As many messages as fit whole. */
int sys_read_fd(int fd, void *buffer, size_t size)
{
	struct shim_viommu *v = &shim_viommu;
	size_t done = 0;

	if (fd == shim_fault.fd)
		return shim_fault_read(buffer, size);
	if (v->read_error)
		return -v->read_error;
	while (v->n_messages && v->sizes[0] <= size - done) {
		memcpy((uint8_t *)buffer + done, v->messages[0], v->sizes[0]);
		done += v->sizes[0];
		v->n_messages--;
		memmove(v->messages, v->messages + 1, v->n_messages * sizeof(v->messages[0]));
		memmove(v->sizes, v->sizes + 1, v->n_messages * sizeof(v->sizes[0]));
	}
	return v->n_messages && !done ? -EINVAL : (int)done;
}

int sys_map(int fd, uint64_t offset, size_t length, void **address)
{
	shim_viommu.map_fd = fd;
	if (!shim_viommu.registers || offset != shim_viommu.map_offset ||
	    length != shim_viommu.map_length)
		return -ENXIO;
	shim_viommu.maps++;
	*address = shim_viommu.registers;
	return 0;
}

void sys_unmap(void *address, size_t length)
{
	if (address == shim_viommu.registers && length == shim_viommu.map_length)
		shim_viommu.unmaps++;
}
