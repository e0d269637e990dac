/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices that fault in several threads, while others respond, unmap, detach, move them between
 * spaces, and make and destroy spaces and queues. A DMA that succeeds meets its own page; none is
 * left waiting.
 */
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "guest_tables.h"
#include "page_request.h"

#define PAGES	   24 /* IOVA i * PAGE leads to page i of the guest, whatever the space */
#define COUNTER	   ((PAGES - 1) * PAGE + 8)
#define TABLES	   (PAGES * PAGE)
#define SIZE	   (64 * PAGE)
#define DEVICES	   2
#define DMAS	   4
#define RESPONDERS 2
#define PLACES	   4 /* spaces that devices are attached to */
#define RUN_NS	   300000000u

struct race {
	struct guest g;
	struct ioasid_device *device[DEVICES];
	struct ioasid_fault_queue *queue[2];
	struct ioasid_space *place[PLACES]; /* two roots; a child with mappings, one with a table */
	struct guest_table table;
	pthread_mutex_t table_lock;
	bool stop_dma, stop;
};

struct worker {
	pthread_t thread;
	struct race *race;
	struct ioasid_channel *channel;
	uint64_t dice;
	const char *complaint;
	unsigned long done;
};

static uint64_t roll(struct worker *w)
{
	w->dice = w->dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return w->dice >> 33;
}

static bool is_set(const bool *flag)
{
	return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

/* Each page begins with its number. */
static void check_page(struct worker *w, const void *data, uint64_t page)
{
	uint32_t number;

	memcpy(&number, data, sizeof(number));
	if (number != page)
		w->complaint = "DMA met another page";
}

static int in_place(struct worker *w, uint64_t page)
{
	struct iovec piece;
	int rc;

	if (ioasid_dma_begin(w->channel))
		w->complaint = "cannot begin";
	rc = ioasid_dma_translate(w->channel, page * PAGE, 4, IOASID_READ, &piece, 1);
	if (rc == 1)
		check_page(w, piece.iov_base, page);
	ioasid_dma_end(w->channel);
	return rc == -EAGAIN ? ioasid_dma_prefault(w->channel, page * PAGE, 4, IOASID_READ) :
	       rc < 0 ? rc : 0;
}

static void *issue_dma(void *data)
{
	struct worker *w = data;
	uint8_t buf[3 * 4096];

	while (!is_set(&w->race->stop_dma) && !w->complaint) {
		uint64_t page = roll(w) % (PAGES - 4), old;
		int rc, i, n = 1 + (int)(roll(w) % 3);

		switch (roll(w) % 4) {
		case 0:
			rc = in_place(w, page);
			break;
		case 1:
			rc = ioasid_dma_prefault(w->channel, page * PAGE, (uint64_t)n * PAGE,
						 1 + (uint32_t)roll(w) % RW);
			break;
		case 2:
			rc = ioasid_dma_fetch_add(w->channel, COUNTER, 8, 1, &old);
			break;
		default:
			rc = ioasid_dma_read(w->channel, page * PAGE, buf, (size_t)n * 4096);
			for (i = 0; i < n && !rc; i++)
				check_page(w, buf + i * 4096, page + (uint64_t)i);
		}
		if (rc && rc != -EFAULT && rc != -EIO && rc != -ETIMEDOUT)
			w->complaint = "neither done nor a fault";
		w->done += !rc;
	}
	return NULL;
}

/* Serves a page as its space wants it; it may be there already, or the space be gone. */
static void serve(struct worker *w, const struct ioasid_page_request *request)
{
	struct race *r = w->race;
	uint64_t page = request->iova;
	unsigned int i;

	for (i = 0; i < PLACES; i++) {
		struct ioasid_space *space = r->place[i];

		if (ioasid_space_get_id(space) != request->space)
			continue;
		if (i < 2) {
			ioasid_space_map(space, page, r->g.memory + page, PAGE, RW, NULL);
		} else if (i == 2) {
			ioasid_space_map_parent(space, page, page, PAGE, RW, NULL);
		} else {
			pthread_mutex_lock(&r->table_lock);
			gt_map(&r->table, page, page, PAGE, 1, RW);
			pthread_mutex_unlock(&r->table_lock);
		}
	}
}

/* And takes another one away. */
static void take_away(struct worker *w)
{
	struct race *r = w->race;
	uint64_t page = roll(w) % PAGES * PAGE;
	unsigned int i = (unsigned int)roll(w) % PLACES;

	if (i < 3) {
		ioasid_space_unmap(r->place[i], page, PAGE, NULL);
		return;
	}
	pthread_mutex_lock(&r->table_lock);
	gt_store(gt_entry(&r->table, page, 1), 0);
	pthread_mutex_unlock(&r->table_lock);
	inv_range(r->g.ctx, r->place[3], page, PAGE);
}

static void *respond_on(void *data)
{
	struct worker *w = data;
	struct race *r = w->race;

	while (!is_set(&r->stop) && !w->complaint) {
		struct pollfd pollfd[2] = { { ioasid_fault_queue_get_fd(r->queue[0]), POLLIN, 0 },
					    { ioasid_fault_queue_get_fd(r->queue[1]), POLLIN, 0 } };
		struct ioasid_page_request requests[PAGES];
		struct ioasid_page_response response = { 0 };
		int i, n, rc;

		if (poll(pollfd, 2, 1) <= 0)
			continue;
		n = ioasid_fault_queue_read(r->queue[roll(w) % 2], requests, PAGES);
		for (i = 0; i < n; i++) {
			serve(w, &requests[i]);
			if (!(requests[i].flags & IOASID_PAGE_REQUEST_LAST))
				continue;
			if (roll(w) % 4 == 0)
				take_away(w);
			response.id = requests[i].id;
			response.code = roll(w) % 64 == 0 ? FAILURE : roll(w) % 8 ? SUCCESS :
										    INVALID;
			rc = ioasid_fault_queue_respond(r->queue[0], &response, 1);
			if (rc == -EINVAL)
				rc = ioasid_fault_queue_respond(r->queue[1], &response, 1);
			if (rc != 1 && rc != -EINVAL)
				w->complaint = "a response is neither taken nor late";
			w->done += rc == 1;
		}
		if (n < 0)
			w->complaint = "no room for a group";
	}
	return NULL;
}

/* To a space and a queue of its own, and back; a DMA that goes there faults in time. */
static void visit(struct worker *w, struct ioasid_device *device)
{
	struct ioasid_fault_queue *queue = make_queue(w->race->g.ctx, 1, 1);
	struct ioasid_space *space = make_space_with(w->race->g.ctx, NULL, 0, queue);

	if (!ioasid_device_attach_pasid(device, 9, space) &&
	    ioasid_device_detach_pasid(device, 9))
		w->complaint = "cannot detach";
	if (!ioasid_device_replace(device, space) &&
	    ioasid_device_replace(device, w->race->place[roll(w) % PLACES]))
		w->complaint = "cannot move back";
	if (ioasid_space_destroy(space) || ioasid_fault_queue_destroy(queue))
		w->complaint = "cannot destroy";
}

static void *move_on(void *data)
{
	struct worker *w = data;

	while (!is_set(&w->race->stop_dma) && !w->complaint) {
		struct ioasid_device *device = w->race->device[roll(w) % DEVICES];
		struct ioasid_space *space = w->race->place[roll(w) % PLACES];

		switch (roll(w) % 4) {
		case 0:
			ioasid_device_detach(device);
			ioasid_device_attach(device, space);
			break;
		case 1:
			visit(w, device);
			break;
		default:
			ioasid_device_replace(device, space);
		}
		w->done++;
		usleep(200);
	}
	return NULL;
}

static void race_open(struct race *r)
{
	uint32_t page;
	int i;

	guest_open(&r->g, SIZE, 0);
	r->device[0] = r->g.device;
	ck_ok(ioasid_device_bind(r->g.ctx, "0000:00:02.0", 2, &r->device[1]));
	for (page = 0; page < PAGES; page++)
		memcpy(r->g.memory + page * PAGE, &page, sizeof(page));
	r->queue[0] = make_queue(r->g.ctx, 2, 0);
	r->queue[1] = make_queue(r->g.ctx, 0, 1);
	r->place[0] = make_space_with(r->g.ctx, NULL, 0, r->queue[0]);
	r->place[1] = make_space_with(r->g.ctx, NULL, 0, r->queue[1]);
	r->place[2] = make_space_with(r->g.ctx, r->g.root, 0, r->queue[0]);
	r->place[3] = make_space_with(r->g.ctx, r->g.root, IOASID_FILL_ON_DEMAND, r->queue[1]);
	gt_init(&r->table, IOASID_PGTABLE_VTD_SS, 3, r->g.memory, 0, TABLES, SIZE);
	ck_ok(bind_table(r->place[3], r->table.format, 3, r->table.root));
	pthread_mutex_init(&r->table_lock, NULL);
	for (i = 0; i < DEVICES; i++)
		ck_ok(ioasid_device_attach(r->device[i], r->place[i]));
	r->stop_dma = r->stop = false;
}

static void start(struct race *r, struct worker *w, uint64_t seed, void *(*run)(void *))
{
	w->race = r;
	w->dice = seed;
	ck_assert_int_eq(pthread_create(&w->thread, NULL, run, w), 0);
}

static void end(struct worker *w)
{
	ck_assert_int_eq(pthread_join(w->thread, NULL), 0);
	ck_assert_msg(!w->complaint, "%s: %s", w->complaint, ioasid_errmsg());
	ck_assert_uint_gt(w->done, 0);
}

START_TEST(everybody_at_once)
{
	struct worker dma[DMAS] = { { 0 } }, responder[RESPONDERS] = { { 0 } }, mover = { 0 };
	static struct race r;
	unsigned int i;

	race_open(&r);
	for (i = 0; i < DMAS; i++) {
		dma[i].channel = channel_new(r.device[i % DEVICES], IOASID_NO_PASID);
		start(&r, &dma[i], i + 1, issue_dma);
	}
	for (i = 0; i < RESPONDERS; i++)
		start(&r, &responder[i], i + 100, respond_on);
	start(&r, &mover, 200, move_on);
	usleep((useconds_t)(run_ns(RUN_NS) / 1000));
	/* who waits goes on as long as there are responses */
	__atomic_store_n(&r.stop_dma, true, __ATOMIC_RELEASE);
	for (i = 0; i < DMAS; i++)
		end(&dma[i]);
	end(&mover);
	__atomic_store_n(&r.stop, true, __ATOMIC_RELEASE);
	for (i = 0; i < RESPONDERS; i++)
		end(&responder[i]);
	ck_assert(!has_requests(r.queue[0]) && !has_requests(r.queue[1]));
	guest_close(&r.g);
}
END_TEST

/* Detaching is enough to end all that wait, without any response. */
START_TEST(detach_wakes_them_all)
{
	static struct dma dma[8];
	unsigned int round, i;
	struct asker a;

	asker_open(&a, 2, 0);
	for (i = 0; i < 8; i++)
		dma[i].channel = channel_new(a.g.device, IOASID_NO_PASID);
	for (round = 0; round < rounds(64); round++) {
		for (i = 0; i < 8; i++)
			dma_start(&dma[i], dma[i].channel, DMA_READ, HOLE + i * PAGE, 1);
		if (round % 2)
			take_request(a.faults);
		ck_ok(ioasid_device_detach(a.g.device));
		for (i = 0; i < 8; i++)
			ck_assert_int_eq(dma_join(&dma[i]), -EFAULT);
		ck_ok(ioasid_device_attach(a.g.device, a.space));
		drop_events(a.g.queue);
	}
	asker_close(&a);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("page-request-race");
	TCase *tc = tcase_create("page-request-race");

	tcase_set_timeout(tc, race_timeout(60));
	tcase_add_test(tc, everybody_at_once);
	tcase_add_test(tc, detach_wakes_them_all);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
