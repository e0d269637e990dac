/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A platform file that has all there is, for the tests of the parser. */
#ifndef TESTS_PLATFORM_SAMPLE_H
#define TESTS_PLATFORM_SAMPLE_H

#include <ioasid/platform.h>
#include <string.h>

/* All there is to write, in other words than ioasid_platform_format() has. */
static const char sample[] =
	"# a comment\n"
	"\n"
	"iommu iommu0 address-bits=39 pasid-bits=0x10 formats=vtd-fs,vtd-ss nesting=software "
	"page-requests=any dirty-tracking=on enforce-snoop=on\n"
	"\t device  0000:00:01.0\tiommu=iommu0 group=3 pasid-bits=16 requester=0x9   # "
	"\xc3\xa9t\xc3\xa9\n"
	"reserved iommu0 0xfee00000 1M\n"
	"device card iommu=iommu0 pasid-bits=12 pasid-pool=100 pasid-table=kernel\n"
	"device fixed parent=card default-pasid=5\n"
	"device part parent=card pasid-bits=16 work-queues=shared\n"
	"device soft parent=card\n"
	"device user iommu=iommu0 pasid-bits=3 pasid-table=user\n"
	"device queues pasid-bits=3 work-queues=shared iommu=iommu0\n"
	"pasid-pool 0x40\n"
	"locked-memory 3M\n"
	"fail map at=0x10 errno=ENOSPC repeat=on\n"
	"fail alloc at=7 repeat=off\n"
	"fail bind-table\n"
	"iommu plain\n"
	"iommu both nesting=software,hardware iotlb=64 iotlb-ways=0x4 iotlb-replacement=random "
	"iotlb-seed=4294967295 structure-cache=16\n"
	"iommu hard nesting=hardware iotlb-replacement=lru structure-cache=0\n"
	"device cached iommu=both device-tlb=32 device-tlb-invalidation=explicit\n"
	"device batch iommu=hard device-tlb=1 device-tlb-invalidation=batch\n"
	"iommu none nesting=none formats=vtd-ss page-requests=none dirty-tracking=off "
	"enforce-snoop=off\n"
	"device disk iommu=plain page-requests=7\n"
	"device mute iommu=plain page-requests=none\n"
	"reserved disk 1G 0x10K\n"
	"reserved disk 4096 0x1000#";

static inline int parse(const char *text, struct ioasid_platform **platform)
{
	return ioasid_platform_parse(text, strlen(text), platform);
}

#endif
