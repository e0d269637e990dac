/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Software that speaks VFIO's type1, on the context's descriptor: what it maps, devices reach. */
#include <string.h>
#include <sys/ioctl.h>

#include "dma.h"

/* Linux 3.6, struct vfio_iommu_type1_dma_map and _unmap; VFIO_* of _IO(';', 100 + n) */
#define API_VERSION  0x3b64
#define SET_IOMMU    0x3b66
#define MAP_DMA	     0x3b71
#define UNMAP_DMA    0x3b72
#define TYPE1V2	     3

struct dma_map {
	uint32_t argsz, flags;
	uint64_t vaddr, iova, size;
};

struct dma_unmap {
	uint32_t argsz, flags;
	uint64_t iova, size;
};

static int map(int fd, uint64_t iova, void *memory)
{
	struct dma_map map = { sizeof(map), 3, (uintptr_t)memory, iova, PAGE };

	return ioctl(fd, MAP_DMA, &map) ? -errno : 0;
}

static int unmap(int fd, uint64_t iova)
{
	struct dma_unmap unmap = { sizeof(unmap), 0, iova, PAGE };

	return ioctl(fd, UNMAP_DMA, &unmap) ? -errno : 0;
}

START_TEST(what_it_maps_is_reached)
{
	struct machine m;
	struct engine e;
	int fd;

	if (strcmp(getenv("IOASID_BACKEND"), "iommufd")) {
		test_skip("a context has no descriptor");
		return;
	}
	machine_open(&m);
	e = engine_open(&m, EDU_ALONE);
	fd = ioasid_ctx_get_fd(m.ctx);
	ck_ok(ioasid_device_attach(e.device, m.space));
	ck_assert_int_eq(map(fd, PAGE, m.memory), -ENODEV);
	ck_ok(ioasid_ctx_bind_vfio(m.ctx, m.space));
	ck_assert_int_eq(ioctl(fd, API_VERSION), 0);
	ck_assert_int_eq(ioctl(fd, SET_IOMMU, TYPE1V2), 0);
	ck_assert_int_eq(map(fd, PAGE, m.memory), 0);
	reaches(&m, &e, PAGE, m.memory, RW);
	/* Both see what is in their way. */
	ck_err(ioasid_space_map(m.space, PAGE, m.memory, PAGE, RW, NULL), EEXIST);
	ck_ok(ioasid_space_map(m.space, 2 * PAGE, m.memory + PAGE, PAGE, RW, NULL));
	ck_assert_int_eq(map(fd, 2 * PAGE, m.memory), -EEXIST);
	reaches(&m, &e, 2 * PAGE, m.memory + PAGE, RW);
	ck_assert_int_eq(unmap(fd, PAGE), 0);
	ck_ok(ioasid_space_map(m.space, PAGE, m.memory + 2 * PAGE, PAGE, RW, NULL));
	reaches(&m, &e, PAGE, m.memory + 2 * PAGE, RW);
	ck_ok(ioasid_ctx_unbind_vfio(m.ctx));
	ck_assert_int_eq(unmap(fd, PAGE), -ENODEV);
	no_faults(&m);
	engine_close(&e);
	machine_close(&m);
}
END_TEST

TCase *dma_vfio(void)
{
	TCase *tc = tcase_create("vfio");

	tcase_add_test(tc, what_it_maps_is_reached);
	return tc;
}
