// SPDX-License-Identifier: GPL-2.0
/*
 * What the hypervisor says gets lost, is late, comes twice, or is not true. Nothing of
 * that makes a caller wait who cannot be killed, is taken for what it is not, or is
 * worth a warning; and the driver works afterwards, on each CPU.
 *
 * More of it is in the tests of what it is about: messages that complete a call in
 * property.c, numbers of doorbells in ioeventfd.c.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include "mshv_irq.h"
#include "kselftest_harness.h"

const char *test_ours = "handling of messages that it does not know";

#define VECTOR		0x40
#define DOORBELL	(512 * MIB)
#define KILL_US		5000000ULL
#define STORM_US	2000000ULL

FIXTURE(messages) {
	struct accounts before;
	struct ctl_info info;
	int klog;
};

/* A guest that is woken by an interrupt and one that rings, on this CPU. */
GUEST_CODE(guest_ring, 64,
	   "mov $0x20000000, %ebx\n"
	   "mov %ecx, (%rbx)\n"
	   "out %eax, $0x80\n");

static void works(struct __test_metadata *_metadata)
{
	struct irq_guest halted;
	struct guest ring;
	int event = event_create();

	irq_guest_init(&halted, 1, NULL, IRQ_X2APIC);
	irq_guest_start(&halted);
	if (cap(halted.vm.fd, MSHV_CAP_ASSERT_INTERRUPT)) {
		EXPECT_EQ(0, pt_assert_interrupt(halted.vm.fd, MSHV_INTERRUPT_FIXED, 0, VECTOR, 0));
		EXPECT_EQ(1, irq_wait(&halted, 0, VECTOR, 1));
	}
	irq_guest_stop(&halted);
	irq_guest_free(&halted);

	guest_init_load(&ring, guest_ring);
	if (cap(ring.vm.fd, MSHV_CAP_IOEVENTFD)) {
		EXPECT_EQ(0, ioeventfd(ring.vm.fd, event, DOORBELL, 4, 0, 0));
		vp_run_out(&ring.vp, 0x80);
		EXPECT_EQ(1, event_wait(event));
	}
	guest_free(&ring);
	close(event);
}

static void works_everywhere(struct __test_metadata *_metadata)
{
	cpu_set_t all;
	unsigned int cpu;

	ASSERT_EQ(0, sched_getaffinity(0, sizeof(all), &all));
	for (cpu = 0; cpu < cpus_online(); cpu++) {
		pin_to_cpu(cpu);
		works(_metadata);
	}
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(all), &all));
}

FIXTURE_SETUP(messages)
{
	self->klog = -1;
	if (!ctl_present())
		return;
	ctl_reset();
	ctl_info(&self->info);
	/* what the first VM makes the root's pool grow by stays */
	works(_metadata);
	accounts_read(&self->before);
	self->klog = klog_open();
}

FIXTURE_TEARDOWN(messages)
{
	unsigned int lines, splats;

	if (!ctl_present())
		return;
	ctl_reset();
	works_everywhere(_metadata);
	EXPECT_EQ(0, accounts_open(&self->before));
	if (self->klog < 0)
		return;
	klog_count(self->klog, &lines, &splats);
	/* at most one of each kind */
	EXPECT_GT(3, lines);
	EXPECT_EQ(0, splats);
	close(self->klog);
}

/* In a child that waits for what does not come: it can be killed, at once. */
static void kill_waiting(struct __test_metadata *_metadata, int (*fn)(void *arg), void *arg)
{
	u64 start;
	pid_t pid;

	pid = child_start(fn, arg);
	usleep(limit_us(300000));
	start = now_us();
	kill(pid, SIGKILL);
	EXPECT_EQ(-SIGKILL, child_wait(pid));
	EXPECT_GT(limit_us(KILL_US), now_us() - start);
}

/*
 * Lost
 */

/* The message by which RUN_VP hears of what the VP waits for. */
static const u32 word_of_vp[] = {
	HVX_MSG_OPAQUE_INTERCEPT, HVX_MSG_SCHEDULER_VP_PAIR, HVX_MSG_SCHEDULER_VP_BITSET,
};

static int run_for_ever(void *arg)
{
	struct irq_guest g;

	irq_guest_init(&g, 1, NULL, IRQ_X2APIC);
	irq_guest_start(&g);
	pt_assert_interrupt(g.vm.fd, MSHV_INTERRUPT_FIXED, 0, VECTOR, 0);
	pthread_join(g.vps[0].thread, NULL);
	return 1;
}

TEST_F(messages, lost)
{
	unsigned int i;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	for (i = 0; i < ARRAY_SIZE(word_of_vp); i++) {
		ctl_disturb(word_of_vp[i], TESTHV_DISTURB_LOSE, TESTHV_FAULT_FOREVER, 0);
		kill_waiting(_metadata, run_for_ever, NULL);
	}
}

/* The end of a partition ends a run that otherwise would not end. */
TEST_F(messages, lost_and_closed)
{
	struct guest g;
	pthread_t thread;
	void *ret;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	if (!hypervisor_schedules())
		SKIP(return, "an intercept needs no message");
	guest_init_load(&g, guest_ring);
	ctl_disturb(HVX_MSG_OPAQUE_INTERCEPT, TESTHV_DISTURB_LOSE, TESTHV_FAULT_FOREVER, 0);
	thread = thread_start(vp_run_thread, &g.vp);
	usleep(limit_us(100000));
	/* a signal has it find the intercept, and wait for its message */
	pthread_kill(thread, SIGUSR1);
	usleep(limit_us(100000));
	EXPECT_LT(0, ctl_disturb(0, 0, 0, 0));
	EXPECT_EQ(EBUSY, pthread_tryjoin_np(thread, &ret));
	close(g.vm.fd);
	pthread_join(thread, &ret);
	EXPECT_EQ(-ESHUTDOWN, (long)ret);
	g.vm.fd = -1;
	guest_free(&g);
}

/* Nobody hears the doorbell; but its end does not lose what rang before. */
TEST_F(messages, lost_doorbell)
{
	struct guest g;
	int event = event_create();

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	guest_init_load(&g, guest_ring);
	NEED_CAP(g.vm.fd, MSHV_CAP_IOEVENTFD);
	ASSERT_EQ(0, ioeventfd(g.vm.fd, event, DOORBELL, 4, 0, 0));
	ctl_disturb(HVX_MSG_SYNIC_SINT_INTERCEPT, TESTHV_DISTURB_LOSE, TESTHV_FAULT_FOREVER, 0);
	vp_run_out(&g.vp, 0x80);
	irq_settle();
	EXPECT_EQ(1, ctl_disturb(0, 0, 0, 0));
	EXPECT_EQ(0, event_take(event));
	EXPECT_EQ(0, ioeventfd(g.vm.fd, event, DOORBELL, 4, BIT(MSHV_IOEVENTFD_BIT_DEASSIGN), 0));
	EXPECT_EQ(1, event_take(event));
	guest_free(&g);
	close(event);
}

/*
 * Late, and twice
 */

static const u32 all_types[] = {
	HVX_MSG_OPAQUE_INTERCEPT, HVX_MSG_SCHEDULER_VP_PAIR, HVX_MSG_SCHEDULER_VP_BITSET,
	HVX_MSG_SYNIC_SINT_INTERCEPT, HVX_MSG_ASYNC_CALL_COMPLETION, HVX_MSG_X64_APIC_EOI,
};

TEST_F(messages, late)
{
	unsigned int i;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	for (i = 0; i < ARRAY_SIZE(all_types); i++) {
		ctl_disturb(all_types[i], TESTHV_DISTURB_LOSE | TESTHV_DISTURB_AGAIN,
			    TESTHV_FAULT_FOREVER, 20);
		works(_metadata);
	}
}

/*
 * At once. An intercept message that came twice with time in between would be one more
 * exit to the VMM, since it says nothing that tells it from a new one.
 */
TEST_F(messages, twice)
{
	unsigned int i;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	for (i = 0; i < ARRAY_SIZE(all_types); i++) {
		bool intercept = all_types[i] == HVX_MSG_OPAQUE_INTERCEPT;

		ctl_disturb(all_types[i], TESTHV_DISTURB_AGAIN, TESTHV_FAULT_FOREVER,
			    intercept ? 0 : 20);
		works(_metadata);
	}
}

/* Word of those who have gone, or of others who have got their place. */
TEST_F(messages, too_late)
{
	unsigned int i;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	for (i = 0; i < ARRAY_SIZE(all_types); i++) {
		ctl_disturb(all_types[i], TESTHV_DISTURB_LOSE | TESTHV_DISTURB_AGAIN,
			    TESTHV_FAULT_FOREVER, limit_us(400000) / 1000);
		kill_waiting(_metadata, run_for_ever, NULL);
		ctl_disturb(0, 0, 0, 0);
		works(_metadata);
	}
	usleep(limit_us(500000));
}

/*
 * Forged
 */

/* A partition with a VP, while it lives and afterwards */
struct target {
	u64 id;
	unsigned int lp;
};

static void pairs(const struct target *t, u64 id, u32 index, unsigned int count)
{
	const unsigned int ids = offsetof(struct hvx_msg_sched_pair, partition_ids) / 8;
	const unsigned int indexes = offsetof(struct hvx_msg_sched_pair, vp_indexes) / 8;
	unsigned int i;

	ctl_payload(0, (u64)count << 32);
	for (i = 0; i < HVX_SCHED_MAX_PAIRS; i++)
		ctl_payload(ids + i, id);
	for (i = 0; i < (HVX_SCHED_MAX_PAIRS + 1) / 2; i++)
		ctl_payload(indexes + i, (u64)index << 32 | index);
	ctl_post_whole(t->lp, HVX_SINT_INTERCEPT, HVX_MSG_SCHEDULER_VP_PAIR,
		       HVX_MSG_PAYLOAD_SIZE, 0);
}

static void bitset(const struct target *t, u64 id, u64 banks, u64 bits, u8 size)
{
	unsigned int i;

	ctl_payload(0, id);
	ctl_payload(1, ~0ULL);
	ctl_payload(3, banks);
	/* beyond the sixteen that there may be as well */
	for (i = 4; i < HVX_MSG_PAYLOAD_SIZE / 8; i++)
		ctl_payload(i, bits);
	ctl_post_whole(t->lp, HVX_SINT_INTERCEPT, HVX_MSG_SCHEDULER_VP_BITSET, size, id);
}

static void one_word(const struct target *t, u32 type, u64 sender, u64 word, u8 size)
{
	ctl_payload(0, word);
	ctl_post_whole(t->lp, HVX_SINT_INTERCEPT, type, size, sender);
}

static void completion(const struct target *t, u64 id, u32 status)
{
	ctl_payload(0, id);
	ctl_payload(1, status | ~0ULL << 32);
	one_word(t, HVX_MSG_ASYNC_CALL_COMPLETION, id, id, 24);
}

/* That a VP can run is nothing that RUN_VP waits for, if it does not schedule. */
TEST_F(messages, of_another_scheduler)
{
	struct target t = {};
	pthread_t thread;
	struct guest g;
	void *ret;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	if (!hypervisor_schedules())
		SKIP(return, "the root schedules");
	guest_init_load(&g, guest_halt);
	t.id = vm_id(&g.vm);
	thread = thread_start(vp_run_thread, &g.vp);
	usleep(limit_us(100000));
	pairs(&t, t.id, 0, 1);
	bitset(&t, t.id, 1, 1, HVX_MSG_PAYLOAD_SIZE);
	usleep(limit_us(100000));
	ASSERT_EQ(EBUSY, pthread_tryjoin_np(thread, &ret));
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, &ret);
	EXPECT_EQ(-EINTR, (long)ret);
	guest_free(&g);
}

static const u32 indexes[] = {
	1, 2, 63, 64, 1023, 1024, 0xffff, 0x10000, 0x7fffffff, 0xfffffffe, ~0U,
};

/* Messages of each kind with nothing in it that is true but, in some, the partition. */
static void lies(const struct target *t)
{
	const u64 ids[] = { t->id, 0, 1, ~0ULL, HVX_PARTITION_ID_SELF, t->id ^ 1ULL << 40 };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		for (j = 0; j < ARRAY_SIZE(indexes); j++) {
			pairs(t, ids[i], indexes[j], j & 1 ? 255 : HVX_SCHED_MAX_PAIRS);
			one_word(t, HVX_MSG_OPAQUE_INTERCEPT, ids[i], indexes[j], 4);
			one_word(t, HVX_MSG_X64_APIC_EOI, ids[i], ~0ULL << 32 | indexes[j], 255);
			/* the handler has to get at them before the queue is full */
			usleep(1000);
		}
		bitset(t, ids[i], ~0ULL, ~1ULL, 160);
		bitset(t, ids[i], ~0ULL << 16, ~0ULL, 255);
		bitset(t, ids[i], 0, ~0ULL, 0);
		completion(t, ids[i], HVX_STATUS_CALL_PENDING);
		completion(t, ids[i], HVX_STATUS_INSUFFICIENT_MEMORY);
		completion(t, ids[i], ~0U);
		usleep(1000);
	}
}

/* Of no type that there is, for no size that fits, by sources that are not ours. */
static void noise(const struct target *t)
{
	static const u32 types[] = {
		1, 0x7fffffff, 0x80000000, 0x80000001, 0x80010003, 0x80000f00, 0xffffffff,
		HVX_MSG_SYNIC_SINT_INTERCEPT,
	};
	unsigned int i, sint;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		one_word(t, types[i], ~0ULL, ~0ULL, 255);
		one_word(t, types[i], t->id, HVX_SINT_DOORBELL ^ i, 0);
		usleep(1000);
	}
	for (sint = 1; sint < HVX_SINT_COUNT; sint++)
		ctl_post_whole(t->lp, sint, HVX_MSG_OPAQUE_INTERCEPT, 255, t->id);
	for (i = 0; i < 32; i++)
		ctl_ring(t->lp, i ? ~0U >> i : 0x00ffffff, 1);
}

TEST_F(messages, forged)
{
	struct target t;
	struct vm vm;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	vm_init(&vm);
	t.id = vm_id(&vm);
	for (t.lp = 0; t.lp < self->info.lps; t.lp++) {
		lies(&t);
		noise(&t);
	}
	vm_free(&vm);
	/* and now there is not even the partition */
	for (t.lp = 0; t.lp < self->info.lps; t.lp++)
		lies(&t);
}

/* The one that comes into being, by its id that is not told yet */
TEST_F(messages, forged_at_birth)
{
	struct target t = { 0 };
	struct vm vm, next;
	unsigned int i;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	vm_init(&vm);
	t.id = vm_id(&vm);
	for (i = 0; i < 5; i++) {
		vm_create(&next, PT_DEFAULT);
		pairs(&t, t.id + i, 0, 2);
		one_word(&t, HVX_MSG_OPAQUE_INTERCEPT, t.id + i, 0, 4);
		completion(&t, t.id + i, 0);
		vm_activate(&next);
		vm_free(&next);
	}
	vm_free(&vm);
}

/*
 * Among true ones
 */
struct forger {
	struct target target;
	u64 state;
	bool stop;
};

static u64 any_id(struct forger *f)
{
	return rnd(&f->state) & 3 ? f->target.id : rnd(&f->state);
}

static void *forge(void *arg)
{
	static const u16 statuses[] = {
		HVX_STATUS_SUCCESS, HVX_STATUS_INSUFFICIENT_MEMORY, HVX_STATUS_CALL_PENDING,
		HVX_STATUS_INVALID_PARAMETER, 0xffff,
	};
	struct forger *f = arg;
	const struct target *t = &f->target;

	while (!READ_ONCE(f->stop)) {
		u64 r = rnd(&f->state);

		switch (r % 8) {
		case 0:
			pairs(t, any_id(f), r >> 8 & 3, r >> 16);
			break;
		case 1:
			bitset(t, any_id(f), rnd(&f->state), rnd(&f->state), r >> 8);
			break;
		case 2:
			/* never one that is there: see "twice" */
			one_word(t, HVX_MSG_OPAQUE_INTERCEPT, any_id(f), 8 + (r >> 40), r >> 8);
			break;
		case 3:
			completion(t, any_id(f), statuses[(r >> 8) % ARRAY_SIZE(statuses)]);
			break;
		case 4:
			one_word(t, HVX_MSG_X64_APIC_EOI, any_id(f), r >> 8 & 0xff, r >> 16);
			break;
		case 5:
			one_word(t, HVX_MSG_SYNIC_SINT_INTERCEPT, 0, r >> 8 & 7, r >> 16);
			break;
		case 6:
			one_word(t, r >> 32 ?: 1, any_id(f), rnd(&f->state), r >> 8);
			break;
		case 7:
			ctl_ring(t->lp, (r >> 40) + 1, r >> 8 & 63);
			break;
		}
		usleep(200);
	}
	return NULL;
}

TEST_F_TIMEOUT(messages, storm, 60)
{
	struct forger f = { .state = seed_from("MSHV_FORGED_SEED") };
	u64 end = now_us() + STORM_US;
	struct irq_guest g;
	pthread_t thread;
	u32 n;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	TH_LOG("MSHV_FORGED_SEED=%llu", (unsigned long long)f.state);
	irq_guest_init(&g, 2, NULL, IRQ_X2APIC);
	NEED_CAP(g.vm.fd, MSHV_CAP_ASSERT_INTERRUPT);
	f.target.id = vm_id(&g.vm);
	irq_guest_start(&g);
	f.target.lp = self->info.lps - 1;
	thread = thread_start(forge, &f);
	for (n = 1; now_us() < end; n++) {
		ASSERT_EQ(0, pt_assert_interrupt(g.vm.fd, MSHV_INTERRUPT_FIXED, n & 1, VECTOR, 0));
		ASSERT_EQ(n / 2 + (n & 1), irq_wait(&g, n & 1, VECTOR, n / 2 + (n & 1)));
		/* what it says of calls that are under way may be believed */
		pt_set_property(g.vm.fd, HVX_PROP_UNIMPLEMENTED_MSR_ACTION, n & 1);
	}
	WRITE_ONCE(f.stop, true);
	thread_stop(thread);
	TH_LOG("%u interrupts", n);
	irq_guest_stop(&g);
	irq_guest_free(&g);
}

TEST_HARNESS_MAIN
