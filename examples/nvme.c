/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* References are to NVM Express 1.4. */
#include "nvme.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#define PAGE 4096u

/* 3.1: the registers. */
#define NVME_CAP       0x00u
#define NVME_CC	       0x14u
#define NVME_CSTS      0x1cu
#define NVME_AQA       0x24u
#define NVME_ASQ       0x28u
#define NVME_ACQ       0x30u
#define NVME_DOORBELLS 0x1000u

/* 3.1.5: enabled, entries of 2^6 and 2^4 bytes. */
#define CC_ENABLED    (1u | 6u << 16 | 4u << 20)
#define CSTS_READY    1u
#define SQ_ENTRY_SIZE 64u
#define CQ_ENTRY_SIZE 16u

#define QUEUE_ENTRIES 16u

/* 5 and 6: opcodes. */
enum { ADMIN_CREATE_SQ = 1, ADMIN_CREATE_CQ = 5, ADMIN_IDENTIFY = 6, IO_WRITE = 1, IO_READ = 2 };

static uint32_t get32(struct nvme *nvme, uint32_t at)
{
	return le32toh(*(volatile uint32_t *)(nvme->bar.at + at));
}

static void set32(struct nvme *nvme, uint32_t at, uint32_t value)
{
	*(volatile uint32_t *)(nvme->bar.at + at) = htole32(value);
}

static void set64(struct nvme *nvme, uint32_t at, uint64_t value)
{
	set32(nvme, at, (uint32_t)value);
	set32(nvme, at + 4, (uint32_t)(value >> 32));
}

/* Ten seconds at most. */
static int pause_a_bit(unsigned int *waits)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	if ((*waits)++ == 10000)
		return -ETIMEDOUT;
	nanosleep(&pause, NULL);
	return 0;
}

static int enable(struct nvme *nvme, uint32_t enabled)
{
	unsigned int waits = 0;

	set32(nvme, NVME_CC, enabled ? CC_ENABLED : 0);
	while ((get32(nvme, NVME_CSTS) & CSTS_READY) != enabled)
		if (pause_a_bit(&waits))
			return -ETIMEDOUT;
	return 0;
}

/* 3.1.10, 3.1.11: the submission queue's doorbell, then the completion queue's. */
static void ring(struct nvme *nvme, uint32_t qid, uint32_t completion, uint32_t value)
{
	set32(nvme, NVME_DOORBELLS + (2 * qid + completion) * nvme->stride, value);
}

/* 4.6: the entry whose phase has changed; what the command has read is there before that is. */
static int complete(struct nvme *nvme, uint32_t qid, uint32_t id)
{
	struct nvme_queue *q = &nvme->queue[qid];
	unsigned int waits = 0;
	uint32_t last;

	while (1) {
		last = le32toh(__atomic_load_n((uint32_t *)(q->cq + q->head * CQ_ENTRY_SIZE + 12),
					       __ATOMIC_ACQUIRE));
		if ((last >> 16 & 1) == q->phase)
			break;
		if (pause_a_bit(&waits))
			return -ETIMEDOUT;
	}
	if ((last & 0xffff) != id)
		return -EPROTO;
	q->head = (q->head + 1) % QUEUE_ENTRIES;
	if (!q->head)
		q->phase ^= 1;
	ring(nvme, qid, 1, q->head);
	return (int)(last >> 17);
}

struct command {
	uint32_t opcode, nsid;
	uint64_t prp;
	uint32_t dword[3]; /* 10 to 12 */
};

/* 4.2: the entry. */
static int run(struct nvme *nvme, uint32_t qid, const struct command *c)
{
	struct nvme_queue *q = &nvme->queue[qid];
	uint32_t id = nvme->next_id++ & 0xffff;
	uint32_t entry[SQ_ENTRY_SIZE / 4] = {
		[0] = c->opcode | id << 16,
		[1] = c->nsid,
		[6] = (uint32_t)c->prp,
		[7] = (uint32_t)(c->prp >> 32),
		[10] = c->dword[0],
		[11] = c->dword[1],
		[12] = c->dword[2],
	};
	unsigned int i;

	for (i = 0; i < SQ_ENTRY_SIZE / 4; i++)
		entry[i] = htole32(entry[i]);
	memcpy(q->sq + q->tail * SQ_ENTRY_SIZE, entry, sizeof(entry));
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	q->tail = (q->tail + 1) % QUEUE_ENTRIES;
	ring(nvme, qid, 0, q->tail);
	return complete(nvme, qid, id);
}

/* 5.3, 5.4: contiguous, no interrupts. */
static int create_io_queue(struct nvme *nvme, uint64_t sq, uint64_t cq)
{
	struct command c = { .opcode = ADMIN_CREATE_CQ, .prp = cq };
	int ret;

	c.dword[0] = 1 | (QUEUE_ENTRIES - 1) << 16;
	c.dword[1] = 1;
	ret = run(nvme, 0, &c);
	if (ret)
		return ret;
	c.opcode = ADMIN_CREATE_SQ;
	c.prp = sq;
	c.dword[1] = 1 | 1u << 16;
	return run(nvme, 0, &c);
}

static int start(struct nvme *nvme, uint64_t iova)
{
	int ret = enable(nvme, 0);

	if (ret)
		return ret;
	set32(nvme, NVME_AQA, (QUEUE_ENTRIES - 1) | (QUEUE_ENTRIES - 1) << 16);
	set64(nvme, NVME_ASQ, iova);
	set64(nvme, NVME_ACQ, iova + PAGE);
	ret = enable(nvme, 1);
	return ret ? ret : create_io_queue(nvme, iova + 2 * PAGE, iova + 3 * PAGE);
}

int nvme_open(struct nvme *nvme, int fd, uint8_t *queues, uint64_t iova)
{
	uint32_t i;
	int ret;

	memset(nvme, 0, sizeof(*nvme));
	memset(queues, 0, NVME_QUEUE_PAGES * PAGE);
	ret = pci_open(&nvme->bar, fd);
	if (ret)
		return ret;
	/* 3.1.1: CAP.DSTRD. */
	nvme->stride = 4u << (get32(nvme, NVME_CAP + 4) & 0xf);
	for (i = 0; i < 2; i++)
		nvme->queue[i] = (struct nvme_queue){ .sq = queues + 2 * i * PAGE, .phase = 1,
						      .cq = queues + (2 * i + 1) * PAGE };
	ret = start(nvme, iova);
	if (ret)
		pci_close(&nvme->bar);
	return ret;
}

void nvme_close(struct nvme *nvme)
{
	enable(nvme, 0);
	pci_close(&nvme->bar);
}

/* 5.15: CNS 1, the controller. */
int nvme_identify_controller(struct nvme *nvme, uint64_t iova)
{
	const struct command c = { .opcode = ADMIN_IDENTIFY, .prp = iova, .dword = { 1 } };

	return run(nvme, 0, &c);
}

/* 6.9, 6.15 */
static int transfer(struct nvme *nvme, uint32_t opcode, uint64_t block, uint32_t blocks,
			 uint64_t iova)
{
	const struct command c = {
		.opcode = opcode, .nsid = 1, .prp = iova,
		.dword = { (uint32_t)block, (uint32_t)(block >> 32), blocks - 1 },
	};

	return run(nvme, 1, &c);
}

int nvme_read(struct nvme *nvme, uint64_t block, uint32_t blocks, uint64_t iova)
{
	return transfer(nvme, IO_READ, block, blocks, iova);
}

int nvme_write(struct nvme *nvme, uint64_t block, uint32_t blocks, uint64_t iova)
{
	return transfer(nvme, IO_WRITE, block, blocks, iova);
}
