/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dma-bufs on the emulation, which needs them in the process. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dmabuf.h"
#include "support.h"

#define PAGES 8

struct world {
	struct ioasid_ctx *ctx;
	struct ioasid_space *space;
	struct ioasid_channel *channel;
};

static struct world world_open(void)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_platform *platform;
	struct ioasid_device *device;
	struct world w;

	/* a page and no more may be locked */
	ck_ok(ioasid_platform_new_default(&platform));
	ioasid_platform_set_locked_memory(platform, PAGE);
	options.backend = "emulated";
	options.platform = platform;
	ck_ok(ioasid_ctx_open(&options, &w.ctx));
	ioasid_platform_free(platform);
	w.space = make_space(w.ctx, NULL, 0);
	ck_ok(ioasid_device_bind(w.ctx, "0000:00:01.0", 1, &device));
	ck_ok(ioasid_device_attach(device, w.space));
	w.channel = channel_new(device, IOASID_NO_PASID);
	return w;
}

/* Its memory is its exporter's: nobody locks it. */
START_TEST(dma_reaches_what_can_be_mapped)
{
	int fd = dmabuf_new(PAGES * PAGE, true);
	struct world w = world_open();
	uint8_t byte = 0, *view;

	view = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(view, MAP_FAILED);
	ck_ok(ioasid_space_map_file(w.space, GIB, fd, PAGE, 4 * PAGE, RW, NULL));
	close(fd);
	ck_ok(dma_get(w.channel, GIB + 2 * PAGE, &byte));
	ck_assert_uint_eq(byte, 3);
	ck_ok(dma_put(w.channel, GIB + 5, 77));
	ck_assert_uint_eq(view[PAGE + 5], 77);
	munmap(view, PAGES * PAGE);
	ck_ok(ioasid_ctx_close(w.ctx));
}
END_TEST

START_TEST(what_cannot_be_mapped_is_refused)
{
	int fd = dmabuf_new(PAGES * PAGE, false);
	struct world w = world_open();

	ck_err(ioasid_space_map_file(w.space, GIB, fd, 0, PAGE, RW, NULL), EOPNOTSUPP);
	ck_assert_msg(strstr(ioasid_errmsg(), "iommufd"), "%s", ioasid_errmsg());
	ck_assert_ptr_null(ioasid_space_find_mapping(w.space, GIB, PAGE));
	close(fd);
	ck_ok(ioasid_ctx_close(w.ctx));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("emul-dmabuf");
	TCase *tc = tcase_create("dma-bufs");

	tcase_add_test(tc, dma_reaches_what_can_be_mapped);
	tcase_add_test(tc, what_cannot_be_mapped_is_refused);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
