// SPDX-License-Identifier: GPL-2.0
/*
 * MSHV_CANCEL_RUN_VP: the current RUN_VP, or else the next one, returns EINTR,
 * once, and there is no moment at which it is lost.
 *
 * Of Documentation/virt/mshv/defects.rst:
 * D61: with_a_flag
 */
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>

#include "mshv_irq.h"
#include "mshv_util.h"
#include "kselftest_harness.h"

const u32 test_needs[] = { MSHV_CAP_CANCEL_RUN_VP, 0 };

/* What a cancellation may take on a busy host */
#define PROMPT_US	3000000ULL
/* Rounds of the race tests, and what they may take at most */
#define RACE_ROUNDS	10000
#define RACE_US		60000000ULL

static int cancel(struct vp *vp)
{
	return xioctl(vp->fd, MSHV_CANCEL_RUN_VP, NULL);
}

/* After that there is no cancellation left, and the guest counts on from @n. */
static bool counts_from(struct guest *g, u32 n)
{
	return vp_run_out(&g->vp, 0x80) == (n & 0xff);
}

TEST(before_the_run)
{
	struct guest g;

	guest_init_load(&g, guest_count);
	ASSERT_EQ(0, cancel(&g.vp));
	EXPECT_EQ(-EINTR, vp_run(&g.vp));
	EXPECT_EQ(GUEST_CODE_BASE, vp_get(&g.vp, HVX_REG_RIP));
	EXPECT_TRUE(counts_from(&g, 1));
	guest_free(&g);
}

TEST(after_a_run)
{
	struct guest g;

	guest_init_load(&g, guest_count);
	EXPECT_TRUE(counts_from(&g, 1));
	ASSERT_EQ(0, cancel(&g.vp));
	EXPECT_EQ(-EINTR, vp_run(&g.vp));
	EXPECT_TRUE(counts_from(&g, 2));
	guest_free(&g);
}

TEST(twice_is_once)
{
	struct guest g;

	guest_init_load(&g, guest_count);
	ASSERT_EQ(0, cancel(&g.vp));
	ASSERT_EQ(0, cancel(&g.vp));
	EXPECT_EQ(-EINTR, vp_run(&g.vp));
	EXPECT_TRUE(counts_from(&g, 1));
	guest_free(&g);
}

/* A signal's EINTR is as good: the VMM looks around once. */
TEST(together_with_a_signal)
{
	struct guest g;

	guest_init_load(&g, guest_count);
	ASSERT_EQ(0, cancel(&g.vp));
	alarm_us(1, 0);
	EXPECT_EQ(-EINTR, vp_run(&g.vp));
	alarm_us(0, 0);
	EXPECT_TRUE(counts_from(&g, 1));
	guest_free(&g);
}

/* Other calls on the VP take no notice, and do not use it up. */
TEST(other_calls_leave_it)
{
	struct guest g;

	guest_init_load(&g, guest_count);
	ASSERT_EQ(0, cancel(&g.vp));
	vp_set(&g.vp, HVX_REG_RBX, 0x77);
	EXPECT_EQ(0x77, vp_get(&g.vp, HVX_REG_RBX));
	EXPECT_EQ(-EINTR, vp_run(&g.vp));
	EXPECT_TRUE(counts_from(&g, 1));
	guest_free(&g);
}

TEST(one_vp_only)
{
	struct vp other;
	struct guest g;

	guest_init_load(&g, guest_count);
	vp_init(&other, &g.vm, 1);
	ASSERT_EQ(0, cancel(&other));
	EXPECT_TRUE(counts_from(&g, 1));
	vp_free(&other);
	guest_free(&g);
}

/* A message that is still to be delivered is not lost. */
TEST(with_a_message_waiting)
{
	struct guest g;

	guest_init_load(&g, guest_count);
	EXPECT_EQ(-EFAULT, xioctl(g.vp.fd, MSHV_RUN_VP, NULL));
	ASSERT_EQ(0, cancel(&g.vp));
	EXPECT_EQ(-EINTR, vp_run(&g.vp));
	EXPECT_TRUE(counts_from(&g, 1));
	guest_free(&g);
}

TEST(errors)
{
	struct guest g;

	guest_init_load(&g, guest_count);
	EXPECT_EQ(-ENOTTY, xioctl(g.vm.dev, MSHV_CANCEL_RUN_VP, NULL));
	EXPECT_EQ(-ENOTTY, xioctl(g.vm.fd, MSHV_CANCEL_RUN_VP, NULL));
	close(g.vm.fd);
	EXPECT_EQ(-ESHUTDOWN, cancel(&g.vp));
	g.vm.fd = -1;
	guest_free(&g);
}

static int cancel_in_child(void *arg)
{
	return -cancel(arg);
}

TEST(not_from_another_process)
{
	struct guest g;

	guest_init_load(&g, guest_count);
	EXPECT_EQ(EIO, child_wait(child_start(cancel_in_child, &g.vp)));
	EXPECT_TRUE(counts_from(&g, 1));
	guest_free(&g);
}

/*
 * From a signal handler
 */

static struct vp *handler_vp;

static void handler_cancels(int sig)
{
	REQUIRE(!cancel(handler_vp), "CANCEL_RUN_VP");
}

/* The handler ran before the call, which without it would last for ever. */
TEST(handler_before_the_run)
{
	struct sigaction sa = { .sa_handler = handler_cancels, .sa_flags = SA_RESTART };
	struct guest g;
	u64 start;

	guest_init_load(&g, guest_halt);
	handler_vp = &g.vp;
	ASSERT_EQ(0, sigaction(SIGUSR1, &sa, NULL));
	raise(SIGUSR1);
	start = now_us();
	EXPECT_EQ(-EINTR, vp_run(&g.vp));
	EXPECT_GT(limit_us(PROMPT_US), now_us() - start);
	guest_free(&g);
}

/* It runs when the call has been interrupted, so the next one is. */
TEST(handler_during_the_run)
{
	struct sigaction sa = { .sa_handler = handler_cancels, .sa_flags = SA_RESTART };
	struct guest g;

	guest_init_load(&g, guest_spin);
	handler_vp = &g.vp;
	/* whose handler replaces that of alarm_us() */
	alarm_us(100000, 0);
	ASSERT_EQ(0, sigaction(SIGALRM, &sa, NULL));
	EXPECT_EQ(-EINTR, vp_run(&g.vp));
	EXPECT_EQ(-EINTR, vp_run(&g.vp));
	signal_catch(SIGALRM);
	vp_load(&g.vp, MODE_LONG, guest_count);
	EXPECT_TRUE(counts_from(&g, 1));
	guest_free(&g);
}

/*
 * From another thread
 */

TEST(while_the_guest_runs)
{
	struct guest g;
	pthread_t thread;
	u64 start, last;
	void *ret;
	int i;

	guest_init_load(&g, guest_spin);
	for (i = 0; i < 20; i++) {
		thread = thread_start(vp_run_thread, &g.vp);
		guest_wait_running(&g);
		/* RUN_VP has the VP's lock, for which this does not wait */
		start = now_us();
		ASSERT_EQ(0, cancel(&g.vp));
		pthread_join(thread, &ret);
		ASSERT_EQ(-EINTR, (long)ret);
		EXPECT_GT(limit_us(PROMPT_US), now_us() - start);
		last = guest_counter(&g);
		usleep(1000);
		ASSERT_EQ(last, guest_counter(&g));
	}
	guest_free(&g);
}

TEST(while_the_guest_is_halted)
{
	struct guest g;
	pthread_t thread;
	u64 start;
	void *ret;
	int i;

	guest_init_load(&g, guest_halt);
	for (i = 0; i < 20; i++) {
		thread = thread_start(vp_run_thread, &g.vp);
		usleep(20000);
		start = now_us();
		ASSERT_EQ(0, cancel(&g.vp));
		pthread_join(thread, &ret);
		ASSERT_EQ(-EINTR, (long)ret);
		EXPECT_GT(limit_us(PROMPT_US), now_us() - start);
	}
	guest_free(&g);
}

/* Two threads in RUN_VP of one VP: a cancellation is for one of them. */
TEST(one_of_two_runs)
{
	struct timespec soon;
	pthread_t threads[2];
	struct guest g;
	int i, ended = 0;
	bool left[2] = { true, true };

	guest_init_load(&g, guest_spin);
	for (i = 0; i < 2; i++)
		threads[i] = thread_start(vp_run_thread, &g.vp);
	guest_wait_running(&g);
	ASSERT_EQ(0, cancel(&g.vp));
	clock_gettime(CLOCK_REALTIME, &soon);
	soon.tv_sec++;
	for (i = 0; i < 2; i++) {
		if (pthread_timedjoin_np(threads[i], NULL, &soon))
			continue;
		left[i] = false;
		ended++;
	}
	EXPECT_EQ(1, ended);
	for (i = 0; i < 2; i++) {
		if (!left[i])
			continue;
		ASSERT_EQ(0, cancel(&g.vp));
		pthread_join(threads[i], NULL);
	}
	guest_free(&g);
}

struct storm {
	struct vp *vp;
	bool stop;
	u64 sent;
};

static void *storm_loop(void *arg)
{
	struct storm *s = arg;

	while (!READ_ONCE(s->stop)) {
		REQUIRE(!cancel(s->vp), "CANCEL_RUN_VP");
		WRITE_ONCE(s->sent, s->sent + 1);
	}
	return NULL;
}

/* Never more EINTRs than cancellations, and no exit lost or repeated. */
TEST(storm)
{
	struct storm s = { 0 };
	u64 start, interrupted = 0;
	pthread_t thread;
	struct guest g;
	u32 n = 0;
	int ret;

	guest_init_load(&g, guest_count);
	s.vp = &g.vp;
	thread = thread_start(storm_loop, &s);
	start = now_us();
	while (now_us() - start < 2000000) {
		ret = vp_run(&g.vp);
		if (ret == -EINTR) {
			interrupted++;
			continue;
		}
		ASSERT_EQ(0, ret);
		ASSERT_EQ(HVX_MSG_X64_IO_PORT, g.vp.msg.type);
		ASSERT_EQ(++n & 0xff, vp_io(&g.vp)->rax & 0xff);
		vp_skip(&g.vp);
	}
	WRITE_ONCE(s.stop, true);
	pthread_join(thread, NULL);
	/* the last one may be still to come */
	ret = vp_run(&g.vp);
	if (ret == -EINTR)
		interrupted++;
	else
		vp_skip(&g.vp), n++;
	EXPECT_LT(0, interrupted);
	EXPECT_LE(interrupted, s.sent);
	TH_LOG("%llu cancellations, %llu EINTRs, %u exits", (unsigned long long)s.sent,
	       (unsigned long long)interrupted, n);
	EXPECT_TRUE(counts_from(&g, n + 1));
	guest_free(&g);
}

/*
 * What a VMM does to have its VP's thread do something: it sets a flag, which
 * the thread looks at before RUN_VP, and cancels. Were a cancellation lost that
 * comes in between, the thread would never look again.
 */
struct race {
	struct vp *vp;
	enum { RACE_RUN, RACE_LOOK, RACE_END } flag;
	sem_t looked;
};

static void *race_loop(void *arg)
{
	struct race *r = arg;
	int ret;

	for (;;) {
		while (READ_ONCE(r->flag) == RACE_RUN) {
			ret = vp_run(r->vp);
			REQUIRE(ret == -EINTR, "RUN_VP: %d", ret);
		}
		if (READ_ONCE(r->flag) == RACE_END)
			return NULL;
		WRITE_ONCE(r->flag, RACE_RUN);
		sem_post(&r->looked);
	}
}

static bool race_looked(struct race *r)
{
	struct timespec ts;
	int ret;

	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += 10;
	do {
		ret = sem_timedwait(&r->looked, &ts);
	} while (ret && errno == EINTR);
	return !ret;
}

FIXTURE(race) {
	struct guest guest;
	struct race race;
};

FIXTURE_VARIANT(race) {
	const u8 *code, *end;
};

FIXTURE_VARIANT_ADD(race, spinning_guest) { guest_spin, guest_spin_end };
FIXTURE_VARIANT_ADD(race, halted_guest) { guest_halt, guest_halt_end };

FIXTURE_SETUP(race)
{
	guest_init_code(&self->guest, variant->code, variant->end);
	self->race = (struct race){ .vp = &self->guest.vp };
	ASSERT_EQ(0, sem_init(&self->race.looked, 0, 0));
}

FIXTURE_TEARDOWN(race)
{
	guest_free(&self->guest);
}

TEST_F_TIMEOUT(race, with_a_flag, 150)
{
	struct race *r = &self->race;
	u64 start = now_us();
	unsigned int i, wait;
	pthread_t thread;

	thread = thread_start(race_loop, r);
	for (i = 0; i < RACE_ROUNDS && now_us() - start < RACE_US; i++) {
		WRITE_ONCE(r->flag, RACE_LOOK);
		ASSERT_EQ(0, cancel(r->vp));
		ASSERT_TRUE(race_looked(r))
			TH_LOG("lost in round %u", i);
		/* come at another moment each time */
		for (wait = 0; wait < i * 37 % 1000; wait++)
			asm volatile("pause");
	}
	WRITE_ONCE(r->flag, RACE_END);
	ASSERT_EQ(0, cancel(r->vp));
	pthread_join(thread, NULL);
	TH_LOG("%u rounds in %llu ms", i, (unsigned long long)(now_us() - start) / 1000);
	EXPECT_LE(RACE_ROUNDS / 10, i);
}

TEST_HARNESS_MAIN
