/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From device to device: registers of one edu in the space of another. type1 maps them by their
 * address in the process, iommufd as a dma-buf that VFIO makes of them.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "dma.h"

/* QEMU docs/specs/edu: four bytes each; what is written to the second is read inverted. */
#define EDU_ID	 0x0
#define EDU_LIVE 0x4

/* The first pages of its registers, each as a range of its own. */
static int export(const struct engine *e, uint32_t ranges)
{
	static const struct pci_range pages[PCI_RANGES] = { { 0, PAGE }, { PAGE, PAGE } };

	return pci_export(ioasid_device_get_fd(e->device), pages, ranges);
}

struct peers {
	struct machine m;
	struct engine a, b;
	int dmabuf;			/* of b's registers; -1 on type1 */
};

static void peers_open(struct peers *p)
{
	machine_open(&p->m);
	p->a = engine_open(&p->m, EDU_ALONE);
	p->b = engine_open(&p->m, EDU_SHARED_A);
	p->dmabuf = -1;
	if (strcmp(ioasid_ctx_get_backend(p->m.ctx), "iommufd"))
		return;
	p->dmabuf = export(&p->b, 1);
	ck_assert_msg(p->dmabuf >= 0, "the kernel makes no dma-buf: %s", strerror(-p->dmabuf));
}

static void peers_close(struct peers *p)
{
	if (p->dmabuf >= 0)
		close(p->dmabuf);
	engine_close(&p->a);
	engine_close(&p->b);
	machine_close(&p->m);
}

/* The page of b's registers. */
static int map_registers(struct peers *p, struct ioasid_space *space, uint64_t iova, uint32_t flags)
{
	if (p->dmabuf >= 0)
		return ioasid_space_map_file(space, iova, p->dmabuf, 0, PAGE, flags, NULL);
	return ioasid_space_map(space, iova, (void *)(uintptr_t)p->b.edu.bar.at, PAGE, flags, NULL);
}

static volatile uint32_t *register_of(struct peers *p, unsigned int at)
{
	return (volatile uint32_t *)(volatile void *)(p->b.edu.bar.at + at);
}

/* Device a reads b's registers at @iova, and writes there, by way of memory at PAGE. */
static void a_reaches_b(struct peers *p, uint64_t iova)
{
	uint32_t *memory = (uint32_t *)(void *)p->m.memory;

	memory[0] = 0;
	ck_assert_int_eq(edu_read(&p->a.edu, iova + EDU_ID, 4), 0);
	ck_assert_int_eq(edu_write(&p->a.edu, PAGE, 4), 0);
	ck_assert_uint_eq(memory[0], *register_of(p, EDU_ID));
	memory[0] = 0x12345678;
	*register_of(p, EDU_LIVE) = 0;
	ck_assert_int_eq(edu_read(&p->a.edu, PAGE, 4), 0);
	ck_assert_int_eq(edu_write(&p->a.edu, iova + EDU_LIVE, 4), 0);
	ck_assert_uint_eq(*register_of(p, EDU_LIVE), ~0x12345678u);
	no_faults(&p->m);
}

static void a_does_not_reach_b(struct peers *p, uint64_t iova)
{
	unsigned int attempts = 6;

	*register_of(p, EDU_LIVE) = 0;
	do {
		ck_assert_int_eq(edu_write(&p->a.edu, iova + EDU_LIVE, 4), 0);
		ck_assert_uint_eq(*register_of(p, EDU_LIVE), ~0u);
	} while (!kmsg_has_fault(p->m.kmsg, iova) && --attempts);
	ck_assert_uint_ne(attempts, 0);
}

START_TEST(registers_of_another_device)
{
	struct peers p;

	peers_open(&p);
	ck_ok(ioasid_space_map(p.m.space, PAGE, p.m.memory, PAGE, RW, NULL));
	ck_ok(map_registers(&p, p.m.space, GIB, RW));
	ck_ok(ioasid_device_attach(p.a.device, p.m.space));
	a_reaches_b(&p, GIB);
	ck_ok(ioasid_space_unmap(p.m.space, GIB, PAGE, NULL));
	a_does_not_reach_b(&p, GIB);
	ck_ok(map_registers(&p, p.m.space, 2 * GIB, RW));
	a_reaches_b(&p, 2 * GIB);
	peers_close(&p);
}
END_TEST

START_TEST(moved_to_a_space_that_has_them)
{
	struct ioasid_space *other;
	struct peers p;

	peers_open(&p);
	other = make_space(p.m.ctx, NULL, 0);
	ck_ok(ioasid_space_map(p.m.space, PAGE, p.m.memory, PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(p.a.device, p.m.space));
	ck_ok(ioasid_space_map(other, PAGE, p.m.memory, PAGE, RW, NULL));
	ck_ok(map_registers(&p, other, GIB, RW));
	ck_ok(ioasid_device_replace(p.a.device, other));
	a_reaches_b(&p, GIB);
	peers_close(&p);
}
END_TEST

START_TEST(through_a_nested_space)
{
	struct ioasid_space *child;
	struct peers p;

	peers_open(&p);
	ck_ok(ioasid_space_map(p.m.space, 0, p.m.memory, PAGE, RW, NULL));
	ck_ok(map_registers(&p, p.m.space, GIB, RW));
	child = make_space(p.m.ctx, p.m.space, 0);
	ck_ok(ioasid_space_map_parent(child, PAGE, 0, PAGE, RW, NULL));
	ck_ok(ioasid_space_map_parent(child, 2 * GIB, GIB, PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(p.a.device, child));
	a_reaches_b(&p, 2 * GIB);
	ck_ok(ioasid_space_unmap(p.m.space, GIB, PAGE, NULL));
	a_does_not_reach_b(&p, 2 * GIB);
	peers_close(&p);
}
END_TEST

/* A guest's page table can be where it wants, also in registers. There is none. */
START_TEST(no_table_is_read_there)
{
	struct ioasid_space *child;
	struct peers p;

	peers_open(&p);
	if (p.dmabuf < 0) {
		test_skip("the registers are in the process");
		peers_close(&p);
		return;
	}
	ck_ok(map_registers(&p, p.m.space, GIB, RW));
	child = make_space(p.m.ctx, p.m.space, 0);
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 3, GIB));
	ck_ok(ioasid_device_attach(p.a.device, child));
	a_does_not_reach_b(&p, GIB);
	peers_close(&p);
}
END_TEST

/* PCI 3.0, 6.2.2: bit 1 of the command register. Its offset in VFIO's descriptor is of region 7. */
static void switch_memory(const struct engine *e, bool on)
{
	int fd = ioasid_device_get_fd(e->device);
	off_t at = ((off_t)7 << 40) + 4;
	uint16_t command;

	ck_assert_int_eq(pread(fd, &command, 2, at), 2);
	command = on ? command | 2 : command & ~2;
	ck_assert_int_eq(pwrite(fd, &command, 2, at), 2);
}

START_TEST(memory_that_is_switched_off)
{
	struct peers p;

	peers_open(&p);
	if (p.dmabuf < 0) {
		test_skip("the kernel goes by addresses");
		peers_close(&p);
		return;
	}
	ck_ok(ioasid_space_map(p.m.space, PAGE, p.m.memory, PAGE, RW, NULL));
	ck_ok(map_registers(&p, p.m.space, GIB, RW));
	ck_ok(ioasid_device_attach(p.a.device, p.m.space));
	a_reaches_b(&p, GIB);
	switch_memory(&p.b, false);
	ck_err(map_registers(&p, p.m.space, 2 * GIB, RW), EFAULT);
	switch_memory(&p.b, true);
	a_does_not_reach_b(&p, GIB);
	/* what is mapped anew comes again */
	ck_ok(map_registers(&p, p.m.space, 2 * GIB, RW));
	a_reaches_b(&p, 2 * GIB);
	ck_ok(ioasid_space_unmap(p.m.space, GIB, PAGE, NULL));
	peers_close(&p);
}
END_TEST

START_TEST(dma_bufs_that_the_kernel_does_not_take)
{
	struct peers p;
	int two;

	peers_open(&p);
	if (p.dmabuf < 0) {
		test_skip("the kernel takes none");
		peers_close(&p);
		return;
	}
	ck_ok(ioasid_device_attach(p.a.device, p.m.space));
	ck_err(ioasid_space_map_file(p.m.space, 0, p.dmabuf, 0, GIB, RW, NULL), EFAULT);
	two = export(&p.b, 2);
	ck_assert_int_ge(two, 0);
	ck_err(ioasid_space_map_file(p.m.space, 0, two, 0, PAGE, RW, NULL), EOPNOTSUPP);
	close(two);
	peers_close(&p);
}
END_TEST

/* iommufd locks no such memory: that it was mapped before is noticed at the attach. */
START_TEST(registers_by_their_address)
{
	struct peers p;
	void *at;

	peers_open(&p);
	if (p.dmabuf < 0) {
		test_skip("the kernel goes by addresses");
		peers_close(&p);
		return;
	}
	at = (void *)(uintptr_t)p.b.edu.bar.at;
	ck_ok(ioasid_space_map(p.m.space, PAGE, p.m.memory, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(p.m.space, GIB, at, PAGE, RW, NULL));
	ck_err(ioasid_device_attach(p.a.device, p.m.space), EFAULT);
	ck_assert_msg(strstr(ioasid_errmsg(), "as a dma-buf"), "%s", ioasid_errmsg());
	ck_ok(ioasid_space_unmap(p.m.space, GIB, PAGE, NULL));
	ck_ok(ioasid_device_attach(p.a.device, p.m.space));
	ck_err(ioasid_space_map(p.m.space, GIB, at, PAGE, RW, NULL), EFAULT);
	peers_close(&p);
}
END_TEST

TCase *dma_peer(void)
{
	TCase *tc = tcase_create("peer");

	tcase_add_test(tc, registers_of_another_device);
	tcase_add_test(tc, moved_to_a_space_that_has_them);
	tcase_add_test(tc, through_a_nested_space);
	tcase_add_test(tc, registers_by_their_address);
	tcase_add_test(tc, no_table_is_read_there);
	tcase_add_test(tc, memory_that_is_switched_off);
	tcase_add_test(tc, dma_bufs_that_the_kernel_does_not_take);
	return tc;
}
