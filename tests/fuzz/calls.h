/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls on a context in any order, with good and bad arguments, and what has to hold after each. */
#ifndef TESTS_FUZZ_CALLS_H
#define TESTS_FUZZ_CALLS_H

#include <errno.h>

#include "fuzz.h"

#define DEVICES	     6
#define SPACES	     8
#define IDENTITY     SPACES /* the identity root, where it has been asked for */
#define CHANNELS     4
#define PASIDS	     4
#define VDEVICES     2
#define QUEUES	     2
#define MEMORY_PAGES 64
#define FILE_PAGES   32
#define FILE_MARK    UINT64_C(0x6d656d66645f7067)

struct world {
	struct ioasid_ctx *ctx;
	struct ioasid_device *devices[DEVICES];
	struct ioasid_space *spaces[SPACES + 1];
	bool recording[SPACES + 1]; /* dirty tracking is on */
	struct ioasid_channel *channels[CHANNELS];
	int channel_of[CHANNELS]; /* device */
	bool begun[CHANNELS];
	struct ioasid_event_queue *queue;
	struct ioasid_fault_queue *faults;
	struct ioasid_inv *inv;
	struct ioasid_viommu *viommu;
	struct ioasid_vdevice *vdevices[VDEVICES];
	struct ioasid_event_queue *guest_events; /* the vIOMMU's */
	struct ioasid_hw_queue *queues[QUEUES];
	uint32_t *registers; /* of the vIOMMU, or NULL */
	uint64_t state; /* a hash of all that can be asked about */
};

/* Memory of ours, with nothing behind it for a long way, and files. */
extern uint8_t *memory;
extern int files[4]; /* good, can shrink, not a memfd, closed */

void calls_open(struct world *w, unsigned int options);
void calls_close(struct world *w);
const char *device_name(unsigned int i);

/* Checks everything that can be asked about; a hash of the answers. */
uint64_t check_state(const struct world *w);

/* The name of a call and the errors that its header lists, 0 behind the last. */
struct may_fail {
	const char *name;
	int errors[10];
};

/* Checks a call's result; whether it succeeded. */
bool check_call(struct world *w, const struct may_fail *call, int rc);

/* calls_dma.c */
void call_dma(struct world *w, struct input *in);

/* calls_tables.c */
void call_dirty(struct world *w, struct input *in);
void call_pasid_table(struct world *w, struct ioasid_space *space, struct input *in);

/* calls_viommu.c */
void call_viommu(struct world *w, struct input *in);
/* One near what an SMMUv3 has, or anything. */
void some_command(struct input *in, uint64_t raw[2]);

/* calls_queues.c */
void call_queues(struct world *w, struct input *in);

/* calls.c: what the input chooses */
struct ioasid_space *some_space(struct world *w, unsigned int draw);
uint64_t some_number(struct input *in);
uint32_t some_pasid(struct input *in);

/* calls_faults.c: fault queues, and prefaults on channel @c. */
void call_faults(struct world *w, unsigned int c, struct input *in);

#endif
