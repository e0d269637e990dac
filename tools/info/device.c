/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a device and its IOMMU can do, once it is bound. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ioasid/raw.h>

#include "info.h"

/* Names of bits; the first is of bit 1, as formats are numbered. */
#define NAMES 8
static const char *const pgtables[NAMES] = { "vtd-ss", "vtd-fs", "arm-s1", "arm-s2", "amd-v1",
					     "amd-v2", "riscv",  "riscv-s2" };
static const char *const pasid_tables[NAMES] = { "vtd", "smmuv3", "amd", "riscv" };
static const char *const viommus[NAMES] = { "plain", "smmuv3", "tegra241", "raw" };

static const char *const types[] = {
	[IOASID_DEVICE_PHYSICAL] = "physical, without PASIDs",
	[IOASID_DEVICE_MEDIATED_SOFTWARE] = "mediated, without PASIDs, DMA by its parent's driver",
	[IOASID_DEVICE_MEDIATED_DEFAULT] = "mediated, all requests by one PASID of its parent",
	[IOASID_DEVICE_PHYSICAL_USER] = "physical, with a PASID table of the user's",
	[IOASID_DEVICE_PHYSICAL_KERNEL] = "physical, with a PASID table of the kernel's",
	[IOASID_DEVICE_MEDIATED] = "mediated, with PASIDs of its parent",
	[IOASID_DEVICE_PHYSICAL_SHARED] = "physical, with shared work queues",
	[IOASID_DEVICE_MEDIATED_SHARED] = "mediated, with shared work queues",
};

static void __attribute__((format(printf, 2, 3))) line(const char *what, const char *format, ...)
{
	va_list args;

	printf("  %-22s", what);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static void print_bits(const char *what, uint64_t bits, const char *const names[NAMES])
{
	unsigned int i;

	printf("  %-21s%s", what, bits ? "" : " none");
	for (i = 0; i < 64; i++)
		if (bits >> i & 1 && i >= 1 && i <= NAMES && names[i - 1])
			printf(" %s", names[i - 1]);
		else if (bits >> i & 1)
			printf(" %u", i);
	putchar('\n');
}

static void print_size(char before, unsigned int bit)
{
	printf("%c%u%c", before, 1u << bit % 10, "BKMGTPE"[bit / 10]);
}

/* As runs: "4K 2M 1G", or "4K-8E" for all powers of two between. */
static void print_page_sizes(uint64_t sizes)
{
	unsigned int i, end;

	printf("  %-21s", "page sizes");
	for (i = 0; i < 64; i = end + 1) {
		for (end = i; end < 64 && sizes >> end & 1; end++)
			;
		if (end == i)
			continue;
		print_size(' ', i);
		if (end > i + 1)
			print_size('-', end - 1);
	}
	putchar('\n');
}

static void print_reserved(const struct ioasid_device *device)
{
	size_t i, n = ioasid_device_query_reserved(device, NULL, 0);
	struct ioasid_range *ranges = calloc(n + 1, sizeof(*ranges));

	if (!ranges)
		return;
	n = ioasid_device_query_reserved(device, ranges, n);
	if (!n)
		line("reserved", "none");
	for (i = 0; i < n; i++)
		line("reserved", "0x%" PRIx64 "-0x%" PRIx64, ranges[i].start,
		     ranges[i].start + ranges[i].length - 1);
	free(ranges);
}

/* Registers, as the driver shows them, for those who know them. */
static void print_registers(const struct ioasid_device *device)
{
	uint64_t words[32];
	size_t length = sizeof(words), i;
	uint32_t type = 0;

	if (ioasid_device_query_hw_info(device, &type, words, &length))
		return;
	printf("  %-22stype %" PRIu32 ":", "IOMMU's registers", type);
	for (i = 0; i < length / 8 && i < 32; i++)
		printf("%s%016" PRIx64, i % 4 || !i ? " " : "\n                                ",
		       words[i]);
	putchar('\n');
}

static const char *yes(bool is)
{
	return is ? "yes" : "no";
}

static void print_identity(const struct ioasid_device_info *d)
{
	line("type", "%s", d->type >= 1 && d->type < sizeof(types) / sizeof(*types) ?
	     types[d->type] : "not known");
	line("requester ID", "0x%04" PRIx32 " (%02" PRIx32 ":%02" PRIx32 ".%" PRIx32 ")",
	     d->requester, d->requester >> 8 & 0xff, d->requester >> 3 & 0x1f, d->requester & 7);
	if (d->group == IOASID_NO_GROUP)
		line("isolation group", "not known");
	else
		line("isolation group", "%" PRIu32, d->group);
	if (d->no_iommu)
		line("IOMMU", "none: its DMA goes by physical addresses");
}

static void print_iommu(const struct ioasid_device_info *d)
{
	line("address bits", "%" PRIu32, d->address_bits);
	print_page_sizes(d->page_sizes);
	if (d->max_mappings)
		line("mappings at most", "%" PRIu64, d->max_mappings);
	line("coherent", "%s", yes(d->coherent));
	line("enforces snooping", "%s", yes(d->enforce_snoop));
	line("tracks dirty pages", "%s", yes(d->dirty_tracking));
	line("page requests", "%s", yes(d->page_requests));
	line("PASID bits", "%" PRIu32, d->pasid_bits);
	line("nesting in software", "%s", yes(d->nesting_software));
	if (d->nesting_software)
		print_bits("  page tables", d->pgtable_formats, pgtables);
	line("nesting in hardware", "%s%s", yes(d->nesting_hardware),
	     d->caching_mode ? ", caches what is not present" : "");
	if (d->nesting_hardware)
		print_bits("  page tables", d->hardware_formats, pgtables);
	print_bits("PASID tables", d->pasid_table_formats, pasid_tables);
	print_bits("vIOMMUs", d->viommu_types, viommus);
}

int info_device(struct ioasid_ctx *ctx, const char *name)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct ioasid_device *device;

	if (ioasid_device_bind(ctx, name, 0, &device) || ioasid_device_query_info(device, &info)) {
		fprintf(stderr, "ioasid-info: %s\n", ioasid_errmsg());
		return -1;
	}
	printf("%s on %s\n", ioasid_device_get_name(device), ioasid_ctx_get_backend(ctx));
	print_identity(&info);
	print_iommu(&info);
	print_reserved(device);
	print_registers(device);
	ioasid_device_unbind(device);
	return 0;
}
