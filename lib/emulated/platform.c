/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Building a platform description: what is added is checked here, and nowhere else. */
#include "platform.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "export.h"
#include "util/alloc.h"
#include "util/bits.h"
#include "util/err.h"
#include "util/options.h"

#define PAGE 4096

IOASID_EXPORT int ioasid_platform_new(struct ioasid_platform **platform)
{
	struct ioasid_platform *p = mem_calloc(1, sizeof(*p));

	if (!p)
		return err_set(ENOMEM, "out of memory for a platform description");
	if (accounts_new(&p->accounts)) {
		mem_free(p);
		return -ENOMEM;
	}
	*platform = p;
	return 0;
}

IOASID_EXPORT void ioasid_platform_free(struct ioasid_platform *platform)
{
	if (!platform)
		return;
	mem_free(platform->iommus);
	mem_free(platform->devices);
	mem_free(platform->reserved);
	mem_free(platform->failures);
	accounts_put(platform->accounts);
	mem_free(platform);
}

IOASID_EXPORT void ioasid_platform_set_locked_memory(struct ioasid_platform *platform,
						     uint64_t bytes)
{
	platform->locked_memory = bytes;
}

/* The array may move, what is in it stays. */
int platform_make_room(void *array, size_t n, size_t *room, size_t size, size_t max,
		       const char *what)
{
	size_t more = n ? 2 * n : 4;
	void *old, *new;

	if (n == max)
		return err_set(E2BIG, "more than %zu %s", max, what);
	if (n < *room)
		return 0;
	memcpy(&old, array, sizeof(old));
	new = mem_realloc(old, more * size);
	if (!new)
		return err_set(ENOMEM, "out of memory for %zu %s", more, what);
	memcpy(array, &new, sizeof(new));
	*room = more;
	return 0;
}

static bool is_name_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '-' || c == '_' || c == '.' || c == ':';
}

static int check_name(const struct ioasid_platform *platform, const char *name, const char *what)
{
	size_t n;

	if (!name || !*name)
		return err_set(EINVAL, "%s without a name", what);
	for (n = 0; name[n]; n++) {
		if (n == PLATFORM_NAME_SIZE - 1)
			return err_set(EINVAL, "%s %.*s...: longer than %d characters", what,
				       (int)n, name, PLATFORM_NAME_SIZE - 1);
		if (!is_name_char(name[n]))
			return err_set(EINVAL, "%s: byte 0x%02x in a name; there can be letters, "
				       "digits, and any of \"-_.:\"", what, (unsigned char)name[n]);
	}
	if (platform_find_iommu(platform, name) || platform_find_device(platform, name))
		return err_set(EEXIST, "the name %s is taken", name);
	return 0;
}

static int check_iommu(const struct ioasid_platform *platform,
		       const struct ioasid_platform_iommu *iommu)
{
	int ret = check_name(platform, iommu->name, "IOMMU");

	if (ret)
		return ret;
	if (!options_is_zero(iommu->reserved, sizeof(iommu->reserved)) || iommu->iotlb.reserved)
		return err_set(EINVAL, "IOMMU %s: reserved is not 0", iommu->name);
	if (iommu->address_bits && (iommu->address_bits < PLATFORM_MIN_ADDRESS_BITS ||
				    iommu->address_bits > PLATFORM_MAX_ADDRESS_BITS))
		return err_set(EINVAL, "IOMMU %s: %" PRIu32 " address bits; %d to %d are possible",
			       iommu->name, iommu->address_bits, PLATFORM_MIN_ADDRESS_BITS,
			       PLATFORM_MAX_ADDRESS_BITS);
	if (iommu->pasid_bits > PLATFORM_MAX_PASID_BITS)
		return err_set(EINVAL, "IOMMU %s: %" PRIu32 " PASID bits; at most %d are possible",
			       iommu->name, iommu->pasid_bits, PLATFORM_MAX_PASID_BITS);
	if (iommu->pgtable_formats & ~PLATFORM_ALL_FORMATS)
		return err_set(EINVAL, "IOMMU %s: page-table format of bit %u is not known",
			       iommu->name,
			       bits_ctz(iommu->pgtable_formats & ~PLATFORM_ALL_FORMATS));
	return platform_check_iotlb(iommu);
}

IOASID_EXPORT int ioasid_platform_add_iommu(struct ioasid_platform *platform,
					    const struct ioasid_platform_iommu *iommu)
{
	struct ioasid_platform_iommu from;
	struct platform_iommu *to;
	int ret;

	ret = options_copy(&from, sizeof(from), iommu, "struct ioasid_platform_iommu");
	if (!ret)
		ret = check_iommu(platform, &from);
	if (!ret)
		ret = platform_make_room(&platform->iommus, platform->n_iommus,
					 &platform->room_iommus, sizeof(*platform->iommus),
					 PLATFORM_MAX_IOMMUS, "IOMMUs");
	if (ret)
		return ret;

	to = &platform->iommus[platform->n_iommus];
	memset(to, 0, sizeof(*to));
	strcpy(to->name, from.name);
	to->address_bits = from.address_bits ? from.address_bits : PLATFORM_DEFAULT_ADDRESS_BITS;
	to->pasid_bits = from.pasid_bits;
	to->pgtable_formats = from.pgtable_formats;
	to->no_nesting = from.no_nesting;
	to->no_page_requests = from.no_page_requests;
	to->no_dirty_tracking = from.no_dirty_tracking;
	to->no_enforce_snoop = from.no_enforce_snoop;
	to->hardware_nesting = from.hardware_nesting;
	to->iotlb = from.iotlb;
	platform_index_iommu(platform, platform->n_iommus++);
	return 0;
}

/* @digits hexadecimal digits; NULL if there are less. */
static const char *take_hex(const char *s, unsigned int digits, uint32_t *value)
{
	static const char digit[] = "0123456789abcdef0123456789ABCDEF";

	for (*value = 0; digits; digits--, s++) {
		const char *at = *s ? strchr(digit, *s) : NULL;

		if (!at)
			return NULL;
		*value = *value << 4 | (uint32_t)((at - digit) & 0xf);
	}
	return s;
}

/*
 * The requester ID in a PCI address: bus in bits 15:8, device in 7:3, function in 2:0 (VT-d 4.1,
 * 3.4.1). 1 if @name is one, 0 if it is some other name, or -EINVAL.
 */
static int pci_requester(const char *name, uint32_t *requester)
{
	uint32_t domain, bus, dev, fn;
	const char *s = take_hex(name, 4, &domain);

	s = s && *s == ':' ? take_hex(s + 1, 2, &bus) : NULL;
	s = s && *s == ':' ? take_hex(s + 1, 2, &dev) : NULL;
	s = s && *s == '.' ? take_hex(s + 1, 1, &fn) : NULL;
	if (!s || *s)
		return 0;
	if (dev > 0x1f || fn > 7)
		return err_set(EINVAL,
			       "device %s: a PCI address goes up to device 1f and function 7",
			       name);
	*requester = bus << 8 | dev << 3 | fn;
	return 1;
}

static int check_requester(const struct ioasid_platform *platform,
			   const struct ioasid_platform_device *from, struct platform_device *to)
{
	const struct platform_device *other;
	int pci = pci_requester(from->name, &to->requester);

	if (pci < 0)
		return pci;
	if (from->requester > PLATFORM_MAX_REQUESTER)
		return err_set(EINVAL, "device %s: requester ID 0x%" PRIx32 " is beyond 0x%x",
			       from->name, from->requester, PLATFORM_MAX_REQUESTER);
	to->requester_named = from->requester != 0;
	to->has_requester = pci || to->requester_named;
	if (to->requester_named)
		to->requester = from->requester;
	if (!to->has_requester)
		return 0;

	other = platform_find_requester(platform, to->iommu, to->requester);
	if (other)
		return err_set(EEXIST, "device %s: requester ID 0x%" PRIx32 " is that of %s",
			       from->name, to->requester, other->name);
	return 0;
}

static int check_group(const struct ioasid_platform *platform, struct platform_device *to)
{
	const struct platform_device *other = platform_find_group(platform, to->group);

	if (to->group && other && other->iommu != to->iommu)
		return err_set(EINVAL, "device %s: group %" PRIu32 " is behind %s: that of %s",
			       to->name, to->group, platform->iommus[other->iommu].name,
			       other->name);
	return 0;
}

/* NULL: there is none of that name. */
static const struct platform_iommu *find_iommu(const struct ioasid_platform *platform,
					       const struct ioasid_platform_device *from,
					       const struct platform_device *to)
{
	const struct platform_device *parent = platform_parent(platform, to);

	return parent ? &platform->iommus[parent->iommu] :
			platform_find_iommu(platform, from->iommu);
}

static int check_page_requests(const struct platform_iommu *iommu,
			       const struct ioasid_platform_device *from)
{
	uint32_t n = from->page_requests;

	if (!n || n == IOASID_NO_PAGE_REQUESTS)
		return 0;
	if (n > PLATFORM_MAX_PAGE_REQUESTS)
		return err_set(EINVAL,
			       "device %s: %" PRIu32 " page requests; at most %d are possible",
			       from->name, n, PLATFORM_MAX_PAGE_REQUESTS);
	if (iommu->no_page_requests)
		return err_set(EINVAL, "device %s: page requests, but %s takes none", from->name,
			       iommu->name);
	return 0;
}

/* Checks @from, and fills in @to but for the links. */
static int check_device(const struct ioasid_platform *platform,
			const struct ioasid_platform_device *from, struct platform_device *to)
{
	const struct platform_iommu *iommu;
	int ret = check_name(platform, from->name, "device");

	if (ret)
		return ret;
	if (!options_is_zero(from->reserved, sizeof(from->reserved)) || from->reserved2)
		return err_set(EINVAL, "device %s: reserved is not 0", from->name);
	memset(to, 0, sizeof(*to));
	ret = platform_check_pasids(platform, from, to);
	if (ret)
		return ret;
	iommu = find_iommu(platform, from, to);
	if (!iommu)
		return err_set(ENOENT, "device %s: there is no IOMMU %.64s", from->name,
			       from->iommu);
	if (from->pasid_bits > iommu->pasid_bits)
		return err_set(EINVAL, "device %s: %" PRIu32 " PASID bits, but %s has %" PRIu32,
			       from->name, from->pasid_bits, iommu->name, iommu->pasid_bits);

	ret = check_page_requests(iommu, from);
	if (ret)
		return ret;
	ret = platform_check_device_tlb(iommu, from);
	if (ret)
		return ret;
	to->tlb_entries = from->device_tlb;
	to->tlb_explicit = from->device_tlb_explicit;
	strcpy(to->name, from->name);
	to->iommu = (uint32_t)(iommu - platform->iommus);
	to->group = from->group;
	to->pasid_bits = from->pasid_bits;
	to->page_requests = from->page_requests;
	ret = to->parent ? 0 : check_requester(platform, from, to);
	return ret ? ret : check_group(platform, to);
}

IOASID_EXPORT int ioasid_platform_add_device(struct ioasid_platform *platform,
					     const struct ioasid_platform_device *device)
{
	struct ioasid_platform_device from;
	struct platform_device to;
	size_t index = platform->n_devices;
	int ret;

	ret = options_copy(&from, sizeof(from), device, "struct ioasid_platform_device");
	if (!ret)
		ret = check_device(platform, &from, &to);
	if (!ret)
		ret = platform_make_room(&platform->devices, index, &platform->room_devices,
					 sizeof(*platform->devices), PLATFORM_MAX_DEVICES,
					 "devices");
	if (ret)
		return ret;

	if (to.parent) {
		platform_parent(platform, &to)->is_parent = true;
		platform_parent(platform, &to)->has_shared |= to.shared_queues;
	}
	platform->devices[index] = to;
	platform->n_devices++;
	platform_index_device(platform, index);
	if (to.has_requester)
		platform_index_requester(platform, index);
	if (to.group)
		platform_index_group(platform, index);
	return 0;
}

static int find_owner(const struct ioasid_platform *platform, const char *name,
		      struct platform_reserved *reserved)
{
	const struct platform_iommu *iommu = name ? platform_find_iommu(platform, name) : NULL;
	const struct platform_device *device = name ? platform_find_device(platform, name) : NULL;

	if (!iommu && !device)
		return err_set(ENOENT, "there is no IOMMU and no device %.64s", name ? name : "");
	reserved->is_device = !iommu;
	reserved->owner = (uint32_t)(iommu ? iommu - platform->iommus : device - platform->devices);
	return 0;
}

IOASID_EXPORT int ioasid_platform_add_reserved(struct ioasid_platform *platform, const char *name,
					       uint64_t start, uint64_t length)
{
	struct platform_reserved reserved = { .start = start };
	int ret = find_owner(platform, name, &reserved);

	if (ret)
		return ret;
	if (!length || !bits_is_aligned(start | length, PAGE))
		return err_set(EINVAL, "%s: reserved range 0x%" PRIx64 " of 0x%" PRIx64 " bytes: "
			       "start and length are multiples of %d, and length is not 0",
			       name, start, length, PAGE);
	if (!bits_range_last(start, length, &reserved.last))
		return err_set(EOVERFLOW, "%s: reserved range 0x%" PRIx64 " of 0x%" PRIx64
			       " bytes runs past the end of the address space",
			       name, start, length);
	ret = platform_make_room(&platform->reserved, platform->n_reserved,
				 &platform->room_reserved, sizeof(*platform->reserved),
				 PLATFORM_MAX_RESERVED, "reserved ranges");
	if (ret)
		return ret;
	platform->reserved[platform->n_reserved++] = reserved;
	return 0;
}
