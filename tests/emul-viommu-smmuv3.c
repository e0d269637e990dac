/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A vIOMMU as an SMMUv3: commands as the guest's queue has them, and event records as its event
 * queue is to have them. Both are written by the bit numbers of Arm IHI 0070, chapters 4 and 7.
 */
#include <endian.h>

#include "smmuv3_unit.h"
#include "viommu_world.h"

#define NSNH_ALL 0x30u
#define NH_ALL	 0x10u
#define NH_ASID	 0x11u
#define NH_VA	 0x12u
#define NH_VAA	 0x13u
#define CFGI_CD	 0x05u
#define CD_ALL	 0x06u
#define ATC_INV	 0x40u

struct command {
	uint64_t raw[2];
};

static struct command command(uint64_t low, uint64_t high)
{
	return (struct command){ { htole64(low), htole64(high) } };
}

/* Of one command that is good. */
static void give(struct viommu_world *w, uint64_t low, uint64_t high)
{
	struct command c = command(low, high);
	size_t done = 7;

	ck_ok(ioasid_viommu_invalidate(w->viommu, &c, sizeof(c), 1, &done));
	ck_assert_uint_eq(done, 1);
}

static int try(struct viommu_world *w, uint64_t low, uint64_t high)
{
	struct command c = command(low, high);

	return ioasid_viommu_invalidate(w->viommu, &c, sizeof(c), 1, NULL);
}

static void open_way(struct viommu_world *w, int way)
{
	viommu_open(w, IOASID_VIOMMU_SMMUV3,
		    way ? IOASID_NESTING_HARDWARE : IOASID_NESTING_SOFTWARE);
}

/* Which pages of HW_AT, of the first 16, are read anew after a command: as bits. */
static unsigned int refreshed(struct viommu_world *w, uint64_t low, uint64_t high)
{
	unsigned int bits = 0, n, turn;

	for (n = 0; n < 16; n++)
		viommu_set(w, n, 16 + n);
	give(w, NSNH_ALL, 0);
	for (n = 0; n < 16; n++)
		ck_assert_int_eq(viommu_page(w, w->g.channel, n), (int)(16 + n));
	for (n = 0; n < 16; n++)
		viommu_set(w, n, 48 + n);
	give(w, low, high);
	for (n = 0; n < 16; n++) {
		turn = (unsigned int)viommu_page(w, w->g.channel, n);
		ck_assert(turn == 16 + n || turn == 48 + n);
		if (turn == 48 + n)
			bits |= 1u << n;
	}
	return bits;
}

START_TEST(commands_reach_what_they_name)
{
	uint64_t any = UINT64_C(0xabcd) << 48 | UINT64_C(0x4321) << 32;	/* ASID, VMID */
	struct viommu_world w;

	open_way(&w, _i);
	ck_assert_uint_eq(refreshed(&w, NSNH_ALL, 0), 0xffff);
	ck_assert_uint_eq(refreshed(&w, NH_ALL | UINT64_C(9) << 32, 0), 0xffff);
	ck_assert_uint_eq(refreshed(&w, NH_ASID | any, 0), 0xffff);
	ck_assert_uint_eq(refreshed(&w, NH_VA | any, HW_AT + 3 * PAGE), 1u << 3);
	ck_assert_uint_eq(refreshed(&w, NH_VA | any, (HW_AT + 3 * PAGE) | 1), 1u << 3);
	ck_assert_uint_eq(refreshed(&w, NH_VAA | UINT64_C(9) << 32, HW_AT + 5 * PAGE), 1u << 5);
	/* 4.4.1.1: TG = 1 (4K), (NUM + 1) * 2^SCALE pages */
	ck_assert_uint_eq(refreshed(&w, NH_VA | 2 << 12, (HW_AT + 4 * PAGE) | 1 << 10), 7u << 4);
	ck_assert_uint_eq(refreshed(&w, NH_VA | 1 << 20, (HW_AT + 4 * PAGE) | 1 << 10), 3u << 4);
	ck_assert_uint_eq(refreshed(&w, NH_VAA, (HW_AT + PAGE) | 1 << 10 | 3 << 8 | 1), 2);
	guest_close(&w.g);
}
END_TEST

/* What the kernel refuses as well: see arm_vsmmu_validate_user_cmd() of Linux. */
START_TEST(commands_that_cannot_be_passed_on)
{
	static const uint64_t bad[][2] = {
		{ 0, 0 },
		{ 0x46, 0 },				/* SYNC */
		{ 0x04, 31 },				/* CFGI_ALL */
		{ 0x03 | (uint64_t)VSID << 32, 1 },	/* CFGI_STE */
		{ 0x28, 0 },				/* TLBI_S12_VMALL */
		{ 0x2a, 0 },				/* TLBI_S2_IPA */
		{ 0x20, 0 },				/* TLBI_EL2_ALL */
		{ 0x44 | (uint64_t)VSID << 32, 0 },	/* RESUME */
		{ NSNH_ALL | UINT64_C(1) << 32, 0 },
		{ NSNH_ALL, 1 },
		{ NH_ALL | UINT64_C(1) << 48, 0 },
		{ NH_ASID | 1 << 12, 0 },
		{ NH_VA, HW_AT | 1 << 1 },
		{ NH_VA | 1 << 10, HW_AT },
		{ NH_VA | 1 << 12, HW_AT },		/* NUM without TG */
		{ NH_VA | 1 << 20, HW_AT },		/* SCALE without TG */
		{ NH_VA, HW_AT | 1 << 8 },		/* TTL without TG */
		{ NH_VA, HW_AT | 1 << 10 },		/* TG without any */
		{ NH_VA, HW_AT | 2 << 10 | 1 << 8 },	/* 16K, level 1 */
		{ NH_VA | 1 << 25, HW_AT | 1 << 10 },	/* SCALE above 31 */
		{ NH_VAA | UINT64_C(1) << 48, HW_AT },
		{ CFGI_CD | (uint64_t)VSID << 32 | 1 << 11, 0 },	/* it has no SSV */
		{ CFGI_CD | (uint64_t)VSID << 32, 2 },
		{ CFGI_CD | (uint64_t)VSID << 32 | 1 << 10, 0 },	/* SSec */
		{ CFGI_CD | (uint64_t)(VSID + 1) << 32, 0 },		/* no vDEVICE */
		{ CD_ALL | (uint64_t)VSID << 32 | 1 << 12, 0 },
		{ ATC_INV | (uint64_t)VSID << 32, 53 },
		{ ATC_INV | (uint64_t)VSID << 32, 1 << 6 },
		{ ATC_INV, 52 },
	};
	struct viommu_world w;
	size_t i;

	open_way(&w, _i);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(try(&w, bad[i][0], bad[i][1]) == -EIO, "%#jx %#jx is no -EIO",
			      (uintmax_t)bad[i][0], (uintmax_t)bad[i][1]);
	guest_close(&w.g);
}
END_TEST

START_TEST(commands_end_at_a_bad_one)
{
	struct command c[3] = { command(NH_VAA, HW_AT), command(0x46, 0),
				command(NH_VAA, HW_AT + PAGE) };
	struct viommu_world w;
	size_t done = 7;

	open_way(&w, _i);
	ck_assert_int_eq(viommu_page(&w, w.g.channel, 0), 16);
	ck_assert_int_eq(viommu_page(&w, w.g.channel, 1), 17);
	viommu_set(&w, 0, 40);
	viommu_set(&w, 1, 41);
	ck_err(ioasid_viommu_invalidate(w.viommu, c, sizeof(c[0]), 3, &done), EIO);
	ck_assert_uint_eq(done, 1);
	ck_assert_int_eq(viommu_page(&w, w.g.channel, 0), 40);
	ck_assert_int_eq(viommu_page(&w, w.g.channel, 1), 17);
	ck_ok(ioasid_viommu_invalidate(w.viommu, &c[2], sizeof(c[0]), 1, &done));
	ck_assert_int_eq(viommu_page(&w, w.g.channel, 1), 41);
	ck_ok(ioasid_viommu_invalidate(w.viommu, NULL, sizeof(c[0]), 0, &done));
	ck_assert_uint_eq(done, 0);
	done = 7;
	ck_err(ioasid_viommu_invalidate(w.viommu, c, 8, 1, &done), EINVAL);
	ck_assert_uint_eq(done, 0);
	ck_ok(ioasid_dma_begin(w.g.channel));
	ck_err(ioasid_viommu_invalidate(w.viommu, c, sizeof(c[0]), 1, &done), EDEADLK);
	ioasid_dma_end(w.g.channel);
	guest_close(&w.g);
}
END_TEST

START_TEST(a_plain_vIOMMU_has_no_commands)
{
	struct viommu_world w;

	viommu_open(&w, IOASID_VIOMMU_PLAIN, 0);
	ck_err(ioasid_viommu_invalidate(w.viommu, NULL, 16, 0, NULL), EOPNOTSUPP);
	guest_close(&w.g);
}
END_TEST

/* A space that is not on the vIOMMU is none of the guest's. */
START_TEST(commands_stay_on_their_vIOMMU)
{
	struct ioasid_space *elsewhere;
	struct ioasid_channel *channel;
	struct viommu_world w;

	open_way(&w, 1);
	elsewhere = hw_space(w.g.ctx, w.g.root);
	ck_ok(bind_table(elsewhere, IOASID_PGTABLE_ARM_S1, 4, w.t.root));
	ck_ok(ioasid_device_attach_pasid(w.g.device, 2, elsewhere));
	channel = channel_new(w.g.device, 2);
	ck_assert_int_eq(viommu_page(&w, channel, 0), 16);
	viommu_set(&w, 0, 40);
	give(&w, NSNH_ALL, 0);
	give(&w, CD_ALL | (uint64_t)VSID << 32, 0);
	ck_assert_int_eq(viommu_page(&w, w.g.channel, 0), 40);
	guest_close(&w.g);
}
END_TEST

/* A device that has to be told itself is told by its StreamID. */
START_TEST(the_devices_own_cache)
{
	uint64_t sid = UINT64_C(0x55) << 32;
	struct ioasid_channel *channel, *pasid;
	struct ioasid_vdevice *vdevice;
	struct ioasid_device *two;
	struct viommu_world w;

	open_way(&w, 1);
	two = viommu_bind(w.g.ctx, "0000:00:02.0");
	ck_ok(ioasid_vdevice_create(w.viommu, two, 0x55, &vdevice));
	ck_ok(ioasid_device_attach(two, w.space));
	ck_ok(ioasid_device_attach_pasid(two, 6, w.space));
	channel = channel_new(two, IOASID_NO_PASID);
	pasid = channel_new(two, 6);
	ck_assert_int_eq(viommu_page(&w, channel, 0), 16);
	ck_assert_int_eq(viommu_page(&w, channel, 1), 17);
	viommu_set(&w, 0, 40);
	viommu_set(&w, 1, 41);
	give(&w, NSNH_ALL, 0);
	ck_assert_int_eq(viommu_page(&w, channel, 0), 16);
	give(&w, ATC_INV | (uint64_t)VSID << 32, 52);	/* the other device's */
	ck_assert_int_eq(viommu_page(&w, channel, 0), 16);
	give(&w, ATC_INV | sid, HW_AT);			/* Size 0: a page */
	ck_assert_int_eq(viommu_page(&w, channel, 0), 40);
	ck_assert_int_eq(viommu_page(&w, channel, 1), 17);
	give(&w, ATC_INV | sid, 52);
	ck_assert_int_eq(viommu_page(&w, channel, 1), 41);
	/* by SubstreamID, and all of them (Global) */
	ck_assert_int_eq(viommu_page(&w, pasid, 0), 40);
	viommu_set(&w, 0, 42);
	give(&w, NSNH_ALL, 0);
	give(&w, ATC_INV | sid | 1 << 11 | 5 << 12, 52);	/* not attached */
	ck_assert_int_eq(viommu_page(&w, pasid, 0), 40);
	give(&w, ATC_INV | sid | 1 << 11 | 6 << 12, HW_AT);
	ck_assert_int_eq(viommu_page(&w, pasid, 0), 42);
	viommu_set(&w, 0, 43);
	give(&w, NSNH_ALL, 0);
	give(&w, ATC_INV | sid | 1 << 11 | 1 << 9, 52);
	ck_assert_int_eq(viommu_page(&w, pasid, 0), 43);
	guest_close(&w.g);
}
END_TEST

/* It has something in its cache by the group that it shares with one that is attached. */
START_TEST(the_cache_of_a_device_that_is_not_attached)
{
	struct ioasid_channel *channel;
	struct ioasid_vdevice *vdevice;
	struct ioasid_device *two;
	struct viommu_world w;

	viommu_open_on(&w, VIOMMU_GROUP, IOASID_VIOMMU_SMMUV3, IOASID_NESTING_HARDWARE);
	two = viommu_bind(w.g.ctx, "0000:00:01.1");
	ck_ok(ioasid_vdevice_create(w.viommu, two, 0x55, &vdevice));
	channel = channel_new(two, IOASID_NO_PASID);
	ck_assert_int_eq(viommu_page(&w, channel, 0), 16);
	viommu_set(&w, 0, 40);
	give(&w, NSNH_ALL, 0);
	ck_assert_int_eq(viommu_page(&w, channel, 0), 16);
	give(&w, ATC_INV | UINT64_C(0x55) << 32, HW_AT);
	ck_assert_int_eq(viommu_page(&w, channel, 0), 40);
	guest_close(&w.g);
}
END_TEST

/* A table that the VMM has bound, in place of a context descriptor. */
START_TEST(descriptors_of_one_page_table)
{
	struct viommu_world w;

	open_way(&w, _i);
	ck_assert_uint_eq(refreshed(&w, CFGI_CD | (uint64_t)VSID << 32, 1), 0xffff);
	ck_assert_uint_eq(refreshed(&w, CD_ALL | (uint64_t)VSID << 32, 0), 0xffff);
	ck_assert_uint_eq(refreshed(&w, CFGI_CD | (uint64_t)VSID << 32 | 5 << 12, 1), 0);
	ck_assert_uint_eq(refreshed(&w, CFGI_CD | (uint64_t)VSID << 32 | 5 << 12, 0), 0xffff);
	guest_close(&w.g);
}
END_TEST

static struct ioasid_event next(struct ioasid_event_queue *queue, uint8_t code)
{
	struct ioasid_event event = take_event(queue);

	ck_assert_uint_eq(event.virtual_id, VSID);
	ck_assert_uint_eq(event.record_size, 32);
	ck_assert_uint_eq(le64toh(event.record[0]) & 0xff, code);
	ck_assert_uint_eq(le64toh(event.record[0]) >> 32, VSID);
	ck_assert_uint_eq(event.record[3], 0);
	return event;
}

/* An address beyond the 40 bits that come out of the table (3.4, 7.3.14: F_ADDR_SIZE). */
static void lead_too_far(struct viommu_world *w)
{
	struct ioasid_pgtable narrow = IOASID_PGTABLE_INIT;
	uint64_t *entry = gt_entry(&w->t, HW_AT + 3 * PAGE, 1);

	narrow.format = IOASID_PGTABLE_ARM_S1;
	narrow.levels = 4;
	narrow.root = w->t.root;
	narrow.address_bits = 40;
	gt_store(entry, gt_load(entry) | UINT64_C(1) << 40);
	ck_ok(ioasid_space_bind_pgtable(w->space, &narrow));
}

START_TEST(records_of_faults)
{
	struct ioasid_event_queue *queue;
	struct ioasid_event event;
	struct viommu_world w;
	uint64_t class_in = UINT64_C(1) << 41, rnw = UINT64_C(1) << 35, old;

	open_way(&w, _i);
	queue = events_new(w.viommu, IOASID_EVENTS_SMMUV3, 0);
	guest_faults(&w.g, HW_AT + 17 * PAGE + 8, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	event = next(queue, 0x10);
	ck_assert_uint_eq(le64toh(event.record[0]), UINT64_C(0x10) | (uint64_t)VSID << 32);
	ck_assert_uint_eq(le64toh(event.record[1]), class_in | rnw);
	ck_assert_uint_eq(le64toh(event.record[2]), HW_AT + 17 * PAGE + 8);
	ck_assert_int_eq(event.reason, IOASID_FAULT_NOT_MAPPED);
	gt_map(&w.t, HW_AT + PAGE, 17 * PAGE, PAGE, 1, IOASID_READ);
	give(&w, NSNH_ALL, 0);
	guest_faults(&w.g, HW_AT + PAGE, IOASID_WRITE, IOASID_FAULT_PERMISSION);
	event = next(queue, 0x13);
	ck_assert_uint_eq(le64toh(event.record[1]), class_in);
	old = gt_load(gt_entry(&w.t, HW_AT + 2 * PAGE, 1));
	gt_store(gt_entry(&w.t, HW_AT + 2 * PAGE, 1), old & ~ARM_AF);
	give(&w, NSNH_ALL, 0);
	guest_faults(&w.g, HW_AT + 2 * PAGE, IOASID_READ, IOASID_FAULT_ACCESS_FLAG);
	next(queue, 0x12);
	guest_faults(&w.g, UINT64_C(1) << 50, IOASID_READ, IOASID_FAULT_ADDRESS_WIDTH);
	next(queue, 0x10);
	lead_too_far(&w);
	guest_faults(&w.g, HW_AT + 3 * PAGE + 8, IOASID_READ, IOASID_FAULT_MALFORMED_ENTRY);
	event = next(queue, 0x11);
	ck_assert_uint_eq(le64toh(event.record[1]), class_in | rnw);
	ck_assert_uint_eq(le64toh(event.record[2]), HW_AT + 3 * PAGE + 8);
	ck_ok(ioasid_space_unbind_pgtable(w.space));
	guest_faults(&w.g, HW_AT, IOASID_READ, IOASID_FAULT_NO_PGTABLE);
	event = next(queue, 0x04);
	ck_assert_uint_eq(event.record[1], 0);
	ck_assert_uint_eq(event.record[2], 0);
	guest_close(&w.g);
}
END_TEST

/* What the parent does not map is between the VMM and its guest's memory: no record of stage 1. */
START_TEST(faults_of_the_parent_are_no_records)
{
	struct ioasid_event_queue *queue, *plain;
	struct ioasid_event event;
	struct viommu_world w;

	open_way(&w, _i);
	plain = events_new(w.viommu, IOASID_EVENTS_PLAIN, 0);
	queue = events_new(w.viommu, IOASID_EVENTS_SMMUV3, 0);
	gt_map(&w.t, HW_AT + 32 * PAGE, 64 * HW_SIZE, PAGE, 1, RW);
	guest_faults(&w.g, HW_AT + 32 * PAGE, IOASID_READ, IOASID_FAULT_TARGET_NOT_MAPPED);
	ck_assert_uint_eq(ioasid_event_queue_read(queue, &event, 1), 0);
	event = take_event(plain);
	ck_assert_int_eq(event.reason, IOASID_FAULT_TARGET_NOT_MAPPED);
	ck_assert_uint_eq(event.record_size, 0);
	guest_faults(&w.g, HW_AT + 33 * PAGE, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	ck_assert_uint_eq(take_event(queue).sequence, 0);
	ck_assert_uint_eq(take_event(plain).sequence, 1);
	guest_close(&w.g);
}
END_TEST

START_TEST(records_name_the_substream)
{
	struct ioasid_event_queue *queue;
	struct ioasid_channel *channel;
	struct viommu_world w;
	uint8_t byte;

	open_way(&w, 1);
	queue = events_new(w.viommu, IOASID_EVENTS_SMMUV3, 0);
	ck_ok(ioasid_device_attach_pasid(w.g.device, 0x321, w.space));
	channel = channel_new(w.g.device, 0x321);
	ck_assert_int_eq(dma_get(channel, 0, &byte), -EFAULT);
	ck_assert_uint_eq(le64toh(next(queue, 0x10).record[0]),
			  0x10 | 1 << 11 | 0x321 << 12 | (uint64_t)VSID << 32);
	guest_close(&w.g);
}
END_TEST

/* The guest's own context descriptors: those of VMM and guest have the same memory. */
#define CDS (6 * MIB)

/* A context descriptor (5.4): T0SZ = 16, 4K, EPD1, V, IPS = 5, AA64, R, A, ASID. */
static void set_cd(struct viommu_world *w, unsigned int substream, uint64_t root)
{
	uint64_t *cd = (uint64_t *)(void *)(w->g.memory + CDS + 64 * substream);

	gt_store(cd + 1, root);
	gt_store(cd, 16 | 1 << 30 | UINT64_C(1) << 31 | UINT64_C(5) << 32 | UINT64_C(1) << 41 |
			     UINT64_C(3) << 45 | UINT64_C(1) << 48);
}

/* 5.2: V, Config, S1Fmt, S1ContextPtr, S1CDMax; S1DSS = 2 */
static void bind_table_of(struct viommu_world *w, uint64_t format, uint64_t at, uint64_t bits)
{
	const struct ioasid_smmuv3_regs regs = unit();
	struct ioasid_pasid_table t = IOASID_PASID_TABLE_INIT;

	t.smmuv3_ste[0] = 1 | 5 << 1 | format << 4 | at | bits << 59;
	t.smmuv3_ste[1] = 2;
	t.format = IOASID_PASID_TABLE_SMMUV3;
	t.smmuv3_regs = &regs;
	ck_ok(ioasid_space_bind_pasid_table(w->space, &t));
}

static void bind_descriptors(struct viommu_world *w)
{
	bind_table_of(w, 0, CDS, 4);
}

static void descriptors_open(struct viommu_world *w)
{
	guest_platform = "iommu sw address-bits=57 pasid-bits=16 nesting=software\n"
			 "device 0000:00:01.0 iommu=sw pasid-bits=16 pasid-table=user\n";
	guest_open(&w->g, HW_SIZE, 0);
	w->viommu = viommu_new(w->g.root, w->g.device, IOASID_VIOMMU_SMMUV3);
	ck_ok(ioasid_vdevice_create(w->viommu, w->g.device, VSID, &w->vdevice));
	ck_ok(viommu_space(w->g.ctx, w->viommu, 0, &w->space));
	gt_init(&w->t, IOASID_PGTABLE_ARM_S1, 4, w->g.memory, 0, HW_TABLES, CDS);
	gt_map(&w->t, HW_AT, 16 * PAGE, 16 * PAGE, 1, RW);
	set_cd(w, 0, w->t.root);
	set_cd(w, 5, w->t.root);
	bind_descriptors(w);
	guest_attach(&w->g, w->space);
}

START_TEST(descriptors_of_the_guest)
{
	struct ioasid_channel *five;
	struct guest_table other;
	struct viommu_world w;

	descriptors_open(&w);
	five = channel_new(w.g.device, 5);
	ck_assert_int_eq(viommu_page(&w, w.g.channel, 0), 16);
	ck_assert_int_eq(viommu_page(&w, five, 0), 16);
	gt_init(&other, IOASID_PGTABLE_ARM_S1, 4, w.g.memory, 0, w.t.next, CDS);
	gt_map(&other, HW_AT, 80 * PAGE, 16 * PAGE, 1, RW);
	set_cd(&w, 0, other.root);
	set_cd(&w, 5, other.root);
	ck_assert_int_eq(viommu_page(&w, five, 0), 16);
	give(&w, CFGI_CD | (uint64_t)VSID << 32 | 4 << 12, 1);
	ck_assert_int_eq(viommu_page(&w, five, 0), 16);
	give(&w, CFGI_CD | (uint64_t)VSID << 32 | 5 << 12, 1);
	ck_assert_int_eq(viommu_page(&w, five, 0), 80);
	ck_assert_int_eq(viommu_page(&w, w.g.channel, 0), 16);
	give(&w, CFGI_CD | (uint64_t)VSID << 32, 1);
	ck_assert_int_eq(viommu_page(&w, w.g.channel, 0), 80);
	set_cd(&w, 0, w.t.root);
	set_cd(&w, 5, w.t.root);
	give(&w, CD_ALL | (uint64_t)VSID << 32, 0);
	ck_assert_int_eq(viommu_page(&w, five, 0), 16);
	ck_assert_int_eq(viommu_page(&w, w.g.channel, 0), 16);
	/* TLB commands reach the tables of all SubstreamIDs */
	viommu_set(&w, 0, 40);
	give(&w, NH_VA, HW_AT);
	ck_assert_int_eq(viommu_page(&w, five, 0), 40);
	guest_close(&w.g);
}
END_TEST

START_TEST(records_about_descriptors)
{
	struct ioasid_event_queue *queue;
	struct viommu_world w;
	uint8_t byte;

	descriptors_open(&w);
	queue = events_new(w.viommu, IOASID_EVENTS_SMMUV3, 0);
	ck_assert_int_eq(dma_get(channel_new(w.g.device, 7), HW_AT, &byte), -EFAULT);
	next(queue, 0x0a);	/* C_BAD_CD: V = 0 */
	ck_assert_int_eq(dma_get(channel_new(w.g.device, 16), HW_AT, &byte), -EFAULT);
	/* C_BAD_SUBSTREAMID, without SSV (7.3.9) */
	ck_assert_uint_eq(le64toh(next(queue, 0x08).record[0]),
			  0x08 | 16 << 12 | (uint64_t)VSID << 32);
	ck_assert_int_eq(dma_get(channel_new(w.g.device, 0), HW_AT, &byte), -EFAULT);
	/* F_STREAM_DISABLED: it is that of requests without one */
	ck_assert_uint_eq(le64toh(next(queue, 0x06).record[0]), 0x06 | (uint64_t)VSID << 32);
	ck_assert_int_eq(dma_get(channel_new(w.g.device, 5), 0, &byte), -EFAULT);
	ck_assert_uint_eq(le64toh(next(queue, 0x10).record[0]),
			  0x10 | 1 << 11 | 5 << 12 | (uint64_t)VSID << 32);
	guest_close(&w.g);
}
END_TEST

/* Of two levels (5.3): one that has no table of descriptors is not one of the stream's. */
START_TEST(records_about_tables_of_descriptors)
{
	uint64_t l1 = CDS + PAGE;
	struct ioasid_event_queue *queue;
	struct viommu_world w;
	uint8_t byte;

	descriptors_open(&w);
	gt_store((uint64_t *)(void *)(w.g.memory + l1), CDS | 1);
	bind_table_of(&w, 1, l1, 8);
	queue = events_new(w.viommu, IOASID_EVENTS_SMMUV3, 0);
	ck_assert_int_eq(viommu_page(&w, channel_new(w.g.device, 5), 0), 16);
	ck_assert_int_eq(dma_get(channel_new(w.g.device, 7), HW_AT, &byte), -EFAULT);
	next(queue, 0x0a);
	ck_assert_int_eq(dma_get(channel_new(w.g.device, 64), HW_AT, &byte), -EFAULT);
	ck_assert_int_eq(next(queue, 0x08).reason, IOASID_FAULT_PASID_NOT_PRESENT);
	guest_close(&w.g);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("viommu-smmuv3");
	TCase *tc = tcase_create("viommu-smmuv3");

	tcase_add_loop_test(tc, commands_reach_what_they_name, 0, 2);
	tcase_add_loop_test(tc, commands_that_cannot_be_passed_on, 0, 2);
	tcase_add_loop_test(tc, commands_end_at_a_bad_one, 0, 2);
	tcase_add_test(tc, a_plain_vIOMMU_has_no_commands);
	tcase_add_test(tc, commands_stay_on_their_vIOMMU);
	tcase_add_test(tc, the_devices_own_cache);
	tcase_add_test(tc, the_cache_of_a_device_that_is_not_attached);
	tcase_add_loop_test(tc, descriptors_of_one_page_table, 0, 2);
	tcase_add_loop_test(tc, records_of_faults, 0, 2);
	tcase_add_loop_test(tc, faults_of_the_parent_are_no_records, 0, 2);
	tcase_add_test(tc, records_name_the_substream);
	tcase_add_test(tc, descriptors_of_the_guest);
	tcase_add_test(tc, records_about_descriptors);
	tcase_add_test(tc, records_about_tables_of_descriptors);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
