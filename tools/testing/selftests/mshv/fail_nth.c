// SPDX-License-Identifier: GPL-2.0
/*
 * In each system call on the device the n-th thing fails that can fail in a kernel,
 * for n = 1, 2, 3 ... until the call succeeds without: allocations of objects and
 * pages, copies from and to user space. What the user asked for has an error that is
 * documented, leaves nothing behind, and works at the next attempt, or it is done.
 *
 * This needs a kernel with CONFIG_FAULT_INJECTION or the module fail_nth. One with
 * sanitizers also tells what cannot be seen from here.
 *
 * Environment: MSHV_FAIL_STEP, every which of the failures of loading the module is
 * tried (default 8, beginning with one by chance): most are in the kernel's loader.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "mshv_fail.h"
#include "mshv_life.h"
#include "kselftest_harness.h"

#define LIMIT	2000	/* failures in a single call: this one does not come to an end */

/* What must be the same after a call that failed */
struct state {
	unsigned int fds;
	struct accounts accounts;
};

static unsigned int fds_open(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	REQUIRE(dir, "/proc/self/fd");
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void state_read(struct state *s)
{
	s->fds = fds_open();
	accounts_read(&s->accounts);
}

/*
 * What a caller can see of the hypervisor. Pools keep memory, and statistics stay
 * mapped, for the next attempt.
 */
static const unsigned int visible[] = {
	TESTHV_ACCT_PARTITIONS, TESTHV_ACCT_VPS, TESTHV_ACCT_STATE_PAGES, TESTHV_ACCT_INTERCEPTS,
	TESTHV_ACCT_PORTS, TESTHV_ACCT_CONNECTIONS, TESTHV_ACCT_ASYNC_PENDING,
	TESTHV_ACCT_ROOT_VIOLATIONS,
};

/* How many figures differ; prints them. */
static unsigned int state_changed(const struct state *before)
{
	unsigned int i, changed = 0;
	struct state now;

	state_read(&now);
	if (now.fds != before->fds) {
		fprintf(stderr, "# files: %u, now %u\n", before->fds, now.fds);
		changed++;
	}
	for (i = 0; i < ARRAY_SIZE(visible) && ctl_present(); i++) {
		u64 was = before->accounts.v[visible[i]], is = now.accounts.v[visible[i]];

		if (was == is)
			continue;
		fprintf(stderr, "# account %u: %llu, now %llu\n", visible[i],
			(unsigned long long)was, (unsigned long long)is);
		changed++;
	}
	return changed;
}

/* Nothing but memory and the user's own is made to fail. */
static bool error_is_documented(int ret)
{
	return ret == -ENOMEM || ret == -EFAULT;
}

/*
 * The call with each of the failures, up to the time when it takes place. Returns
 * their number, or a negative one if something was wrong.
 */
static int sweep_call(struct life *l, const struct life_step *step)
{
	struct state before;
	unsigned int n;
	bool failed;
	int ret;

	for (n = 1; n <= LIMIT; n++) {
		state_read(&before);
		fail_begin(n);
		ret = step->call(l, step->arg);
		failed = fail_end();
		if (!failed)
			break;
		if (ret < 0 && !error_is_documented(ret))
			break;
		if (ret >= 0 && step->undo)
			step->undo(l, step->arg);
		if ((ret >= 0 && !step->undo) || (ret == -EFAULT && step->done))
			continue;
		if (state_changed(&before)) {
			fprintf(stderr, "# %s: failure %u, returned %d\n", step->name, n, ret);
			return -1;
		}
	}
	if (ret >= 0 && !failed)
		return n - 1;
	fprintf(stderr, "# %s: failure %u, returned %d\n", step->name, n, ret);
	return -1;
}

/* Its contrary, which cannot fail, however little the kernel gets. */
static int sweep_undo(struct life *l, const struct life_step *step)
{
	struct state before, done;
	unsigned int n;
	bool failed;

	for (n = 1; n <= LIMIT; n++) {
		state_read(&done);
		fail_begin(n);
		step->undo(l, step->arg);
		failed = fail_end();
		if (n == 1)
			state_read(&before);
		if (state_changed(&before)) {
			fprintf(stderr, "# %s: failure %u when undone\n", step->name, n);
			return -1;
		}
		REQUIRE(step->call(l, step->arg) >= 0, "%s", step->name);
		if (state_changed(&done))
			return -1;
		if (!failed)
			return n - 1;
	}
	return -1;
}

static void live(struct life *l)
{
	int ret = life_live(l);

	REQUIRE(!ret, "%s without failures: %d", l->at, ret);
}

FIXTURE(sweep) {
	struct state before;
	bool absent;
};

FIXTURE_SETUP(sweep)
{
	struct life l;

	self->absent = on_mainline() || !fail_present();
	if (self->absent)
		return;
	/* what the root's pool grows by at first is not a leak */
	live(&l);
	life_end(&l);
	state_read(&self->before);
}

FIXTURE_TEARDOWN(sweep)
{
	if (self->absent)
		return;
	EXPECT_EQ(0, state_changed(&self->before));
	EXPECT_EQ(0, accounts_open(&self->before.accounts));
}

/* Every call, and its contrary */
TEST_F_TIMEOUT(sweep, calls, 300)
{
	unsigned int i, total = 0;
	struct life l;
	int ret;

	if (self->absent)
		SKIP(return, "no fault injection");
	life_begin(&l);
	for (i = 0; i < life_steps_count; i++) {
		const struct life_step *step = &life_steps[i];

		if (i && !life_has(&l, step))
			continue;
		ret = sweep_call(&l, step);
		ASSERT_LE(0, ret);
		total += ret;
		TH_LOG("%s: %d failures", step->name, ret);
		if (!step->closes)
			continue;
		ret = sweep_undo(&l, step);
		ASSERT_LE(0, ret);
		total += ret;
		TH_LOG("%s, undone: %d failures", step->name, ret);
	}
	life_end(&l);
	TH_LOG("%u failures", total);
	/* each call copies its argument at least */
	EXPECT_LT(life_steps_count, total);
}

/* The end of a VM that has everything */
TEST_F_TIMEOUT(sweep, close, 300)
{
	bool failed = true;
	unsigned int n;
	struct life l;

	if (self->absent)
		SKIP(return, "no fault injection");
	for (n = 1; failed && n <= LIMIT; n++) {
		live(&l);
		fail_begin(n);
		life_end(&l);
		failed = fail_end();
		ASSERT_EQ(0, state_changed(&self->before))
			TH_LOG("failure %u", n);
	}
	EXPECT_FALSE(failed);
	TH_LOG("%u failures", n - 2);
}

static int live_and_end(void *arg)
{
	struct life l;

	REQUIRE(fail_present(), "no fault injection");
	live(&l);
	fail_begin((uintptr_t)arg);
	_exit(0);
}

/* The same at the end of a process */
TEST_F_TIMEOUT(sweep, exit, 300)
{
	bool failed = true;
	siginfo_t info;
	unsigned int n;
	pid_t pid;

	if (self->absent)
		SKIP(return, "no fault injection");
	for (n = 1; failed && n <= LIMIT; n++) {
		pid = child_start(live_and_end, (void *)(uintptr_t)n);
		ASSERT_EQ(0, waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
		failed = fail_in_zombie(pid);
		ASSERT_EQ(0, child_wait(pid));
		ASSERT_EQ(0, state_changed(&self->before))
			TH_LOG("failure %u", n);
	}
	EXPECT_FALSE(failed);
	TH_LOG("%u failures", n - 2);
}

/*
 * The module
 */

/*
 * What other parts of the kernel do about a new module: trace events without their files
 * are none of the driver's business, and of jump labels without memory the kernel warns.
 */
#define OTHERS	"blocking_notifier_call_chain_robust"

static bool is_loaded(void)
{
	return !access(MSHV_DEV, F_OK);
}

FIXTURE(module) {
	int file;
	const char *absent;
};

FIXTURE_SETUP(module)
{
	self->absent = NULL;
	self->file = -1;
	if (on_mainline() || !fail_present())
		self->absent = "no fault injection";
	else if (!fail_spare(OTHERS))
		self->absent = "the kernel itself would warn, " OTHERS "() is not spared";
	else if (access("/sys/module/mshv/initstate", F_OK))
		self->absent = "mshv is no module";
	if (self->absent)
		return;
	self->file = driver_open();
	if (self->file < 0)
		self->absent = "mshv.ko is not there";
	else if (driver_unload())
		self->absent = "mshv is in use";
}

FIXTURE_TEARDOWN(module)
{
	if (!self->absent && !is_loaded())
		EXPECT_EQ(0, driver_load(self->file));
	if (self->file >= 0)
		close(self->file);
}

/* It may do without some things, such as debugfs. */
TEST_F_TIMEOUT(module, load, 600)
{
	u64 step = environment("MSHV_FAIL_STEP", 8), seed = seed_from("MSHV_FAIL_SEED");
	unsigned int n, nr = 0, loaded = 0;
	struct state before;
	bool failed = true;
	int ret;

	if (self->absent)
		SKIP(return, "%s", self->absent);
	ASSERT_NE(0, step);
	TH_LOG("MSHV_FAIL_SEED=%llu", (unsigned long long)seed);
	state_read(&before);
	for (n = 1 + rnd(&seed) % step; failed && n <= LIMIT; n += step) {
		fail_begin(n);
		ret = driver_load(self->file);
		failed = fail_end();
		ASSERT_TRUE(!ret || (failed && ret < 0))
			TH_LOG("failure %u, returned %d", n, ret);
		ASSERT_EQ(!ret, is_loaded())
			TH_LOG("failure %u, returned %d", n, ret);
		nr += failed;
		if (!ret) {
			loaded += failed;
			ASSERT_EQ(0, driver_unload());
		}
		ASSERT_EQ(0, state_changed(&before))
			TH_LOG("failure %u, returned %d", n, ret);
	}
	EXPECT_FALSE(failed);
	TH_LOG("%u failures, with %u of them it was loaded", nr, loaded);
}

TEST_F_TIMEOUT(module, unload, 300)
{
	struct state before;
	bool failed = true;
	unsigned int n;
	int ret;

	if (self->absent)
		SKIP(return, "%s", self->absent);
	state_read(&before);
	for (n = 1; failed && n <= LIMIT; n++) {
		ASSERT_EQ(0, driver_load(self->file));
		fail_begin(n);
		ret = driver_unload();
		failed = fail_end();
		ASSERT_TRUE(!ret || (failed && ret < 0))
			TH_LOG("failure %u, returned %d", n, ret);
		ASSERT_EQ(!ret, !is_loaded())
			TH_LOG("failure %u, returned %d", n, ret);
		if (ret)
			ASSERT_EQ(0, driver_unload());
		ASSERT_EQ(0, state_changed(&before))
			TH_LOG("failure %u, returned %d", n, ret);
	}
	EXPECT_FALSE(failed);
	TH_LOG("%u failures", n - 2);
}

TEST_HARNESS_MAIN
