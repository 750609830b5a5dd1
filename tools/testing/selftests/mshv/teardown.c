// SPDX-License-Identifier: GPL-2.0
/*
 * However a VMM ends, the hypervisor's accounts are what they were before: no
 * partition, VP, mapping or deposited page is left.
 *
 * Of Documentation/virt/mshv/defects.rst:
 * A23, B22, D104: - make check-kexec
 * A24: - the kernel's business: the driver creates no processors
 * D95: - the drain is bounded by time, not by signals; kill_ends_the_run of run.c
 * D97: - the steps of a region's end are bounded, and give way in between
 * D112: - memory is unmapped before, and the notifier goes with the region
 * D114: pages_cannot_be_held
 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "mshv_util.h"
#include "kselftest_harness.h"

GUEST_CODE(guest_work, 64,
	   "mov $0x20000, %ebx\n"
	   "1: incl (%rbx)\n"
	   "add $0x1000, %rbx\n"
	   "cmp $0x80000, %rbx\n"
	   "jb 1b\n"
	   "out %al, $0x80\n"
	   "2: incl 0x10000\n"
	   "jmp 2b\n");

/* A VM with all that belongs to it, which has run. */
struct whole {
	struct guest g;
	void *regs;
};

static void whole_init(struct whole *w)
{
	guest_init_vps(&w->g, 2);
	w->regs = MAP_FAILED;
	if (cap(w->g.vm.fd, MSHV_CAP_REGISTER_PAGE)) {
		w->regs = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, w->g.vps[0].fd, 0);
		REQUIRE(w->regs != MAP_FAILED, "register page");
	}
	vp_load(&w->g.vps[0], MODE_LONG, guest_work);
	vp_run_out(&w->g.vps[0], 0x80);
}

/* VP 0 runs in another thread, until something ends that. */
static pthread_t run_whole(struct whole *w, void *(*fn)(void *vp))
{
	pthread_t thread = thread_start(fn, &w->g.vp);

	guest_wait_running(&w->g);
	return thread;
}

/* Parts of it that go one by one. */
enum part { PART_DEV, PART_PT, PART_VP0, PART_VP1, PART_REGS, PART_RAM, PARTS };

static void whole_free_part(struct whole *w, enum part part)
{
	switch (part) {
	case PART_DEV:
		close(w->g.vm.dev);
		break;
	case PART_PT:
		close(w->g.vm.fd);
		break;
	case PART_VP0:
		close(w->g.vps[0].fd);
		break;
	case PART_VP1:
		close(w->g.vps[1].fd);
		break;
	case PART_REGS:
		if (w->regs != MAP_FAILED)
			munmap(w->regs, PAGE);
		break;
	case PART_RAM:
		munmap(w->g.vm.ram, RAM_SIZE);
		break;
	default:
		break;
	}
}

static void whole_free(struct whole *w)
{
	enum part part;

	for (part = 0; part < PARTS; part++)
		whole_free_part(w, part);
}

/* The next permutation in lexical order; false after the last one. */
static bool permute(enum part *p, int n)
{
	int i = n - 2, j = n - 1;
	enum part t;

	while (i >= 0 && p[i] > p[i + 1])
		i--;
	if (i < 0)
		return false;
	while (p[j] < p[i])
		j--;
	t = p[i];
	p[i] = p[j];
	p[j] = t;
	for (i++, j = n - 1; i < j; i++, j--) {
		t = p[i];
		p[i] = p[j];
		p[j] = t;
	}
	return true;
}

/*
 * All orders that begin with @first: a test each, so that each has its time.
 * Every order of the other five is 120 rounds.
 */
static void all_orders(struct __test_metadata *_metadata, enum part first)
{
	enum part rest[PARTS - 1];
	struct accounts before;
	struct whole w;
	int i, n = 0;

	for (i = 0; i < PARTS; i++)
		if (i != (int)first)
			rest[n++] = i;
	/* what the first VM of all makes the root's pool grow by stays */
	whole_init(&w);
	whole_free(&w);
	accounts_read(&before);
	do {
		whole_init(&w);
		whole_free_part(&w, first);
		for (i = 0; i < n; i++)
			whole_free_part(&w, rest[i]);
		ASSERT_EQ(0, accounts_open(&before))
			TH_LOG("order %d %d %d %d %d %d", first, rest[0], rest[1], rest[2],
			       rest[3], rest[4]);
	} while (permute(rest, n));
}

FIXTURE(close_order) {
	int unused;
};

FIXTURE_VARIANT(close_order) {
	enum part first;
};

FIXTURE_SETUP(close_order)
{
}

FIXTURE_TEARDOWN(close_order)
{
}

FIXTURE_VARIANT_ADD(close_order, device) { .first = PART_DEV };
FIXTURE_VARIANT_ADD(close_order, partition) { .first = PART_PT };
FIXTURE_VARIANT_ADD(close_order, vp0) { .first = PART_VP0 };
FIXTURE_VARIANT_ADD(close_order, vp1) { .first = PART_VP1 };
FIXTURE_VARIANT_ADD(close_order, register_page) { .first = PART_REGS };
FIXTURE_VARIANT_ADD(close_order, memory) { .first = PART_RAM };

TEST_F_TIMEOUT(close_order, any, 180)
{
	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	all_orders(_metadata, variant->first);
}

static int exit_with_everything(void *arg)
{
	struct whole w;

	whole_init(&w);
	return 0;
}

TEST(exit_without_closing)
{
	struct accounts before;
	int i;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	accounts_read(&before);
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(0, child_wait(child_start(exit_with_everything, NULL)));
		EXPECT_EQ(0, accounts_open(&before));
	}
}

static int crash_with_everything(void *arg)
{
	struct whole w;

	whole_init(&w);
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
	return 0;
}

TEST(crash)
{
	struct accounts before;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	accounts_read(&before);
	EXPECT_EQ(-SIGSEGV, child_wait(child_start(crash_with_everything, NULL)));
	EXPECT_EQ(0, accounts_open(&before));
}

static int live_and_run(void *arg)
{
	struct whole w;

	for (;;) {
		whole_init(&w);
		alarm_us(5000, 5000);
		vp_run(&w.g.vps[0]);
		alarm_us(0, 0);
		whole_free(&w);
	}
	return 0;
}

/* At any moment of its life, also while it is set up or torn down. */
TEST(killed_at_any_moment)
{
	struct accounts before;
	unsigned int us;
	pid_t pid;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	accounts_read(&before);
	for (us = 500; us < 200000; us += us / 5) {
		pid = child_start(live_and_run, NULL);
		usleep(us);
		kill(pid, SIGKILL);
		ASSERT_EQ(-SIGKILL, child_wait(pid));
		ASSERT_EQ(0, accounts_open(&before))
			TH_LOG("killed after %u us", us);
	}
}

struct pipes {
	int ready[2];
	int go[2];
};

static void pipes_init(struct pipes *p)
{
	REQUIRE(!pipe(p->ready) && !pipe(p->go), "pipe");
}

static void pipe_signal(int fd)
{
	REQUIRE(write(fd, "", 1) == 1, "write");
}

static void pipe_wait(int fd)
{
	char c;

	REQUIRE(read(fd, &c, 1) == 1, "read");
}

static int hold_inherited(void *arg)
{
	struct pipes *p = arg;

	pipe_signal(p->ready[1]);
	pipe_wait(p->go[0]);
	return 0;
}

/* A child keeps what it inherited, and with it the partition. */
TEST(fork_keeps_it_alive)
{
	struct accounts before, with;
	struct pipes p;
	struct whole w;
	pid_t pid;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	pipes_init(&p);
	accounts_read(&before);
	whole_init(&w);
	accounts_read(&with);
	pid = child_start(hold_inherited, &p);
	pipe_wait(p.ready[0]);
	whole_free(&w);
	/* the register page is not inherited, the descriptors are */
	EXPECT_EQ(with.v[TESTHV_ACCT_PARTITIONS], ctl_account(TESTHV_ACCT_PARTITIONS));
	EXPECT_EQ(with.v[TESTHV_ACCT_VPS], ctl_account(TESTHV_ACCT_VPS));
	/* the memory was the parent's alone */
	EXPECT_EQ(before.v[TESTHV_ACCT_GPA_PAGES], ctl_account(TESTHV_ACCT_GPA_PAGES));
	pipe_signal(p.go[1]);
	EXPECT_EQ(0, child_wait(pid));
	EXPECT_EQ(0, accounts_open(&before));
}

/* The register page's mapping stays with the process that made it. */
static int touch_inherited(void *arg)
{
	return mprotect(arg, PAGE, PROT_READ) && errno == ENOMEM ? 0 : 1;
}

/*
 * Nobody can hold a page of the hypervisor beyond the mapping (D114): it has no
 * struct page to be held by.
 */
TEST(pages_cannot_be_held)
{
	struct whole w;
	struct iovec iov;
	int fds[2];

	whole_init(&w);
	if (w.regs == MAP_FAILED)
		SKIP(return, "no MSHV_CAP_REGISTER_PAGE");
	ASSERT_EQ(0, pipe(fds));
	iov = (struct iovec){ w.regs, PAGE };
	EXPECT_EQ(-1, vmsplice(fds[1], &iov, 1, 0));
	EXPECT_EQ(EFAULT, errno);
	whole_free(&w);
}

TEST(fork_does_not_copy_pages)
{
	struct whole w;

	whole_init(&w);
	if (w.regs == MAP_FAILED)
		SKIP(return, "no MSHV_CAP_REGISTER_PAGE");
	EXPECT_EQ(0, child_wait(child_start(touch_inherited, w.regs)));
	whole_free(&w);
}

struct passing {
	int sock[2];
	int ready[2];
};

static int make_and_pass(void *arg)
{
	struct passing *p = arg;
	struct whole w;

	whole_init(&w);
	fd_send(p->sock[1], w.g.vm.fd);
	fd_send(p->sock[1], w.g.vps[0].fd);
	return 0;
}

/* Who gets the descriptors after the VMM's end can only close them. */
TEST(passed_on)
{
	struct accounts before;
	struct mshv_run_vp run;
	struct passing p;
	void *mem = mem_alloc(PAGE, PAGE);
	int pt, vp;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, p.sock));
	accounts_read(&before);
	EXPECT_EQ(0, child_wait(child_start(make_and_pass, &p)));
	pt = fd_receive(p.sock[0]);
	vp = fd_receive(p.sock[0]);
	EXPECT_EQ(before.v[TESTHV_ACCT_PARTITIONS] + 1, ctl_account(TESTHV_ACCT_PARTITIONS));
	EXPECT_EQ(before.v[TESTHV_ACCT_GPA_PAGES], ctl_account(TESTHV_ACCT_GPA_PAGES));
	EXPECT_EQ(-EIO, region_map(pt, 64 * MIB, PAGE, mem, MAP_RWX));
	EXPECT_EQ(-EIO, vp_create(pt, 5));
	EXPECT_EQ(-EIO, xioctl(vp, MSHV_RUN_VP, &run));
	close(pt);
	close(vp);
	EXPECT_EQ(0, accounts_open(&before));
}

/* In flight in a socket that nobody reads. */
TEST(lost_in_a_socket)
{
	struct accounts before;
	struct passing p;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, p.sock));
	accounts_read(&before);
	EXPECT_EQ(0, child_wait(child_start(make_and_pass, &p)));
	EXPECT_EQ(before.v[TESTHV_ACCT_PARTITIONS] + 1, ctl_account(TESTHV_ACCT_PARTITIONS));
	close(p.sock[0]);
	close(p.sock[1]);
	EXPECT_EQ(0, accounts_open(&before));
}

#define EXEC_VARIABLE	"MSHV_TEST_EXECUTED"

/* The program that exec_closes_it starts is this one, which comes by here. */
static void __attribute__((constructor)) executed(void)
{
	char c;

	if (!getenv(EXEC_VARIABLE))
		return;
	if (write(1, "", 1) != 1 || read(0, &c, 1) != 1)
		_exit(1);
	_exit(0);
}

static int exec_with_everything(void *arg)
{
	struct pipes *p = arg;
	struct whole w;

	whole_init(&w);
	dup2(p->go[0], 0);
	dup2(p->ready[1], 1);
	setenv(EXEC_VARIABLE, "1", 1);
	execl("/proc/self/exe", "teardown", NULL);
	return 2;
}

TEST(exec_closes_it)
{
	struct accounts before;
	struct pipes p;
	pid_t pid;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	pipes_init(&p);
	accounts_read(&before);
	pid = child_start(exec_with_everything, &p);
	pipe_wait(p.ready[0]);
	EXPECT_EQ(0, accounts_open(&before));
	pipe_signal(p.go[1]);
	EXPECT_EQ(0, child_wait(pid));
}

/* Threads that run VPs when the process ends. */
static void *run_for_ever(void *arg)
{
	struct vp *vp = arg;

	for (;;)
		vp_run(vp);
	return NULL;
}

static int exit_while_running(void *arg)
{
	struct whole w;

	whole_init(&w);
	run_whole(&w, run_for_ever);
	return 0;
}

TEST(exit_of_another_thread)
{
	struct accounts before;
	int i;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	accounts_read(&before);
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(0, child_wait(child_start(exit_while_running, NULL)));
		ASSERT_EQ(0, accounts_open(&before));
	}
}

/* Closing the partition stops its VPs, without a signal. */
TEST(close_partition_while_running)
{
	struct accounts before;
	pthread_t thread;
	struct whole w;

	accounts_read(&before);
	whole_init(&w);
	thread = run_whole(&w, vp_run_thread);
	close(w.g.vm.fd);
	EXPECT_EQ(-ESHUTDOWN, thread_end(thread, 5000000));
	w.g.vm.fd = -1;
	whole_free(&w);
	EXPECT_EQ(0, accounts_open(&before));
}

/*
 * Closing a VP's descriptor while it runs: it goes when the run ends. That another
 * thread takes its CPU now and then is no end.
 */
TEST(close_vp_while_running)
{
	struct accounts before;
	pthread_t thread;
	struct whole w;
	void *ret;
	int i;

	accounts_read(&before);
	whole_init(&w);
	pin_to_cpu(0);
	thread = run_whole(&w, vp_run_thread);
	close(w.g.vps[0].fd);
	for (i = 0; i < 20; i++)
		guest_wait_running(&w.g);
	EXPECT_EQ(-EEXIST, vp_create(w.g.vm.fd, 0));
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, &ret);
	EXPECT_EQ(-EINTR, (long)ret);
	w.g.vps[0].fd = -1;
	whole_free(&w);
	EXPECT_EQ(0, accounts_open(&before));
}

/* Memory goes away under a running guest, and then the rest. */
TEST(unmap_memory_while_running)
{
	struct accounts before;
	pthread_t thread;
	struct whole w;
	void *ret;

	accounts_read(&before);
	whole_init(&w);
	thread = run_whole(&w, vp_run_thread);
	munmap(w.g.vm.ram, RAM_SIZE);
	/* the guest's next instruction is gone, too: its VMM is told */
	pthread_join(thread, &ret);
	EXPECT_EQ(0, (long)ret);
	EXPECT_TRUE(w.g.vps[0].msg.type == HVX_MSG_UNMAPPED_GPA ||
		    w.g.vps[0].msg.type == HVX_MSG_GPA_INTERCEPT)
		TH_LOG("message %#x", w.g.vps[0].msg.type);
	whole_free(&w);
	EXPECT_EQ(0, accounts_open(&before));
}

/* Round after round, the same number of pages comes back. */
TEST(deposited_pages_return)
{
	struct accounts before;
	struct whole w;
	int i;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	whole_init(&w);
	whole_free(&w);
	accounts_read(&before);
	for (i = 0; i < 30; i++) {
		whole_init(&w);
		EXPECT_LT(before.v[TESTHV_ACCT_PAGES_DEPOSITED],
			  ctl_account(TESTHV_ACCT_PAGES_DEPOSITED));
		EXPECT_LT(before.v[TESTHV_ACCT_PAGES_IN_USE],
			  ctl_account(TESTHV_ACCT_PAGES_IN_USE));
		whole_free(&w);
	}
	EXPECT_EQ(0, accounts_open(&before));
	EXPECT_EQ(before.v[TESTHV_ACCT_ROOT_DEPOSITED], ctl_account(TESTHV_ACCT_ROOT_DEPOSITED));
}

TEST_HARNESS_MAIN
