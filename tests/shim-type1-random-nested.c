/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Software nesting on type1, at random: what is in the container of a group. */
#include "random_nested.h"
#include "shim_type1_ctx.h"

struct ioasid_device *device;
struct ioasid_space *root, *child;
struct ioasid_mapping *memory_mapping;
uint8_t *memory;
struct guest_table table;

static void setup(void)
{
	type1_setup();
	shim_t1.max_entries = SHIM_T1_ENTRIES;
	device = bind(0);
	memory = memory_new(MEMORY);
	root = make_space(ctx, NULL, 0);
	ck_ok(ioasid_space_map(root, 0, memory, MEMORY, RW, &memory_mapping));
	child = make_space(ctx, root, 0);
	gt_init(&table, IOASID_PGTABLE_VTD_SS, 3, memory, 0, 0, TABLES);
}

static void teardown(void)
{
	type1_teardown();
	memory_free(memory, MEMORY);
}

static uint32_t look(unsigned int i, uint64_t iova, uint64_t *host)
{
	const struct shim_entry *e;
	unsigned int n = shim_entries(shim.devices[i].group, &e);

	for (; n; n--, e++)
		if (iova >= e->iova && iova - e->iova < e->size) {
			*host = e->vaddr + (iova - e->iova);
			return e->flags;
		}
	return 0;
}

START_TEST(kernel_has_what_the_tables_say)
{
	random_nested(&(struct random_kernel){ setup, teardown, bind, look });
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-type1-random-nested");
	TCase *tc = tcase_create("random");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, kernel_has_what_the_tables_say);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
