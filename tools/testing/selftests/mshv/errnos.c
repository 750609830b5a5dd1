// SPDX-License-Identifier: GPL-2.0
/*
 * Errors that it takes trouble to see: no files are left, the caller has been killed,
 * the hypervisor refuses everything, the partition is broken or closed.
 * tools/testing/mshv/check-errnos tells which documented errors no test provokes.
 *
 * not provoked: MSHV_CREATE_PARTITION: ESHUTDOWN: by a machine that restarts, which no
 * test survives
 * not provoked: MSHV_VP_TRANSLATE_GVA: EBUSY: by pages that go each time the driver has
 * just brought them back, many times in a row
 */
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "mshv_life.h"
#include "kselftest_harness.h"

/*
 * The system has too many files
 */

#define FILE_MAX	"/proc/sys/fs/file-max"

/* The limit does not hold for root. */
static int want_files(void *arg)
{
	struct vm vm;
	struct vp vp;

	vm_init(&vm);
	vp_init(&vp, &vm, 0);
	REQUIRE(!file_write(FILE_MAX, "0"), FILE_MAX);
	REQUIRE(!setresuid(65534, 65534, 65534), "setresuid");
	REQUIRE(partition_create(vm.dev, PT_DEFAULT) == -ENFILE, "CREATE_PARTITION");
	REQUIRE(vp_create(vm.fd, 1) == -ENFILE, "CREATE_VP");
	if (cap(vm.dev, MSHV_CAP_PARTITION_STATS))
		REQUIRE(xioctl(vm.fd, MSHV_GET_STATS_FD, NULL) == -ENFILE, "partition");
	if (cap(vm.dev, MSHV_CAP_VP_STATS))
		REQUIRE(xioctl(vp.fd, MSHV_GET_STATS_FD, NULL) == -ENFILE, "VP");
	return 0;
}

TEST(no_file_left)
{
	struct accounts before;
	char text[32] = "";
	FILE *f;

	accounts_read(&before);
	f = fopen(FILE_MAX, "r");
	ASSERT_NE(NULL, f);
	ASSERT_NE(NULL, fgets(text, sizeof(text), f));
	fclose(f);
	EXPECT_EQ(0, child_wait(child_start(want_files, NULL)));
	ASSERT_EQ(0, file_write(FILE_MAX, text));
	EXPECT_EQ(0, accounts_open(&before));
}

/*
 * The caller has been killed. It is a process with this one's address space, and what
 * its call returned, which it never sees, is in its registers when it ends.
 */

#define STACK_SIZE	(64 * KIB)

struct victim {
	int fd;
	unsigned int cmd;
	void *arg;
	bool again;	/* repeat the call */
	bool go;	/* it is traced: one that has ended cannot be any more */
	bool gone;	/* it is about to call */
	pid_t pid;
	u8 stack[STACK_SIZE] __attribute__((aligned(16)));
};

/* The C library's variables are the other process's: no errno, nothing else. */
static int victim_main(void *arg)
{
	const struct timespec moment = { .tv_nsec = 100000 };
	struct victim *v = arg;

	while (!READ_ONCE(v->go))
		syscall(SYS_nanosleep, &moment, NULL);
	WRITE_ONCE(v->gone, true);
	do {
		syscall(SYS_ioctl, v->fd, v->cmd, v->arg);
	} while (v->again);
	return 0;
}

static void victim_start(struct victim *v, int fd, unsigned int cmd, void *arg)
{
	v->fd = fd;
	v->cmd = cmd;
	v->arg = arg;
	v->go = false;
	v->gone = false;
	v->pid = clone(victim_main, v->stack + STACK_SIZE, CLONE_VM | CLONE_FILES | SIGCHLD, v);
	REQUIRE(v->pid > 0, "clone");
	REQUIRE(!ptrace(PTRACE_SEIZE, v->pid, NULL, PTRACE_O_TRACEEXIT), "PTRACE_SEIZE");
	WRITE_ONCE(v->go, true);
	while (!READ_ONCE(v->gone))
		usleep(100);
}

/* What its call returned; 0 if that was before it was killed. */
static long victim_kill(struct victim *v)
{
	long ret;
	int status;

	REQUIRE(!kill(v->pid, SIGKILL), "kill");
	REQUIRE(waitpid(v->pid, &status, __WALL) == v->pid && WIFSTOPPED(status), "waitpid");
	ret = ptrace(PTRACE_PEEKUSER, v->pid, offsetof(struct user_regs_struct, rax), NULL);
	REQUIRE(!ptrace(PTRACE_CONT, v->pid, NULL, NULL), "PTRACE_CONT");
	if (child_wait(v->pid) != -SIGKILL)
		return 0;
	if (ret < 0)
		errno_note(v->cmd, -ret);
	return ret;
}

/* Waits until it sleeps in its call. */
static void victim_sleeps(struct victim *v)
{
	char path[32], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/syscall", v->pid);
	do {
		usleep(1000);
		f = fopen(path, "r");
		REQUIRE(f && fgets(line, sizeof(line), f), "%s", path);
		fclose(f);
		/* of one that does not sleep it says "running" */
	} while (strtol(line, NULL, 10) != SYS_ioctl);
}

static struct victim first, second;

#define TRIES	100

/*
 * What a call returns that has to wait, to a caller that gets killed. It may be killed
 * before the call or after it, and it may wait without sleeping.
 */
static long killed_in(int fd, unsigned int cmd, void *arg)
{
	unsigned int i;
	long ret = 0;

	for (i = 1; i <= TRIES && ret != -EINTR; i++) {
		victim_start(&second, fd, cmd, arg);
		usleep(2000 * i);
		ret = victim_kill(&second);
	}
	return ret;
}

struct call {
	const char *name;
	unsigned int cmd;
	u32 cap;
};

#define CALL(name, cap)		{ #name, MSHV_##name, MSHV_CAP_##cap }

/* Each waits for the call before, which here never ends. */
static const struct call partition_calls[] = {
	CALL(INITIALIZE_PARTITION, INITIALIZE_PARTITION),
	CALL(CREATE_VP, CREATE_VP),
	CALL(SET_GUEST_MEMORY, GUEST_MEMORY),
	CALL(SET_MSI_ROUTING, MSI_ROUTING),
	CALL(IRQFD, IRQFD),
	CALL(IOEVENTFD, IOEVENTFD),
	CALL(GET_GPAP_ACCESS_BITMAP, GPAP_ACCESS_BITMAP),
	CALL(ROOT_HVCALL, PARTITION_HVCALL),
	CALL(INSTALL_INTERCEPT, INSTALL_INTERCEPT),
	CALL(ASSERT_INTERRUPT, ASSERT_INTERRUPT),
	CALL(GET_PARTITION_PROPERTY, GET_PROPERTY),
	CALL(SET_PARTITION_PROPERTY, SET_PROPERTY),
	CALL(GET_STATS_FD, PARTITION_STATS),
};

static const struct call vp_calls[] = {
	CALL(RUN_VP, RUN_VP),
	CALL(GET_VP_REGISTERS, VP_REGISTERS),
	CALL(SET_VP_REGISTERS, VP_REGISTERS),
	CALL(GET_VP_STATE, VP_STATE_LAPIC),
	CALL(SET_VP_STATE, VP_STATE_LAPIC),
	CALL(REGISTER_INTERCEPT_RESULT, INTERCEPT_RESULT),
	CALL(GET_VP_CPUID_VALUES, VP_CPUID_VALUES),
	CALL(VP_TRANSLATE_GVA, TRANSLATE_GVA),
	CALL(ROOT_HVCALL, VP_HVCALL),
	CALL(GET_STATS_FD, VP_STATS),
};

TEST(killed_while_waiting_for_the_partition)
{
	struct mshv_partition_property property = {
		.code = HVX_PROP_UNIMPLEMENTED_MSR_ACTION,
	};
	const struct call *c;
	static u8 arg[PAGE];
	struct vm vm;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	vm_init(&vm);
	NEED_CAP(vm.fd, MSHV_CAP_SET_PROPERTY);
	ctl_async(10, TESTHV_ASYNC_LOSE);
	victim_start(&first, vm.fd, MSHV_SET_PARTITION_PROPERTY, &property);
	victim_sleeps(&first);
	for (c = partition_calls; c < partition_calls + ARRAY_SIZE(partition_calls); c++) {
		if (!cap(vm.fd, c->cap))
			continue;
		EXPECT_EQ(-EINTR, killed_in(vm.fd, c->cmd, arg))
			TH_LOG("%s", c->name);
	}
	EXPECT_EQ(-EINTR, victim_kill(&first));
	ctl_async(0, 0);
	vm_free(&vm);
}

TEST(killed_while_waiting_for_the_vp)
{
	static struct hvx_message msg;
	const struct call *c;
	static u8 arg[PAGE];
	struct vm vm;
	struct vp vp;

	vm_init(&vm);
	vp_init(&vp, &vm, 0);
	vp_load(&vp, MODE_LONG, guest_halt);
	/*
	 * A guest that computes would not do: before Linux 6.18 a thread that was
	 * preempted and uses rseq restarts its RUN_VP, and who waits gets its turn.
	 */
	victim_start(&first, vp.fd, MSHV_RUN_VP, &msg);
	victim_sleeps(&first);
	for (c = vp_calls; c < vp_calls + ARRAY_SIZE(vp_calls); c++) {
		if (!cap(vm.fd, c->cap))
			continue;
		EXPECT_EQ(-EINTR, killed_in(vp.fd, c->cmd, arg))
			TH_LOG("%s", c->name);
	}
	EXPECT_EQ(-EINTR, victim_kill(&first));
	vp_free(&vp);
	vm_free(&vm);
}

/* The hypervisor's hunger for memory takes its time, but is not endless. */
TEST(killed_while_depositing)
{
	struct mshv_create_partition arg = { .pt_flags = PT_DEFAULT };
	struct accounts before;
	int dev;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	NOT_ON_MAINLINE(MAINLINE_FEEDS_FOR_EVER);
	accounts_read(&before);
	dev = dev_open();
	ctl_fault(HVX_CALL_CREATE_PARTITION, 1, HVX_STATUS_INSUFFICIENT_MEMORY,
		  TESTHV_FAULT_FOREVER);
	second.again = true;
	EXPECT_EQ(-EINTR, killed_in(dev, MSHV_CREATE_PARTITION, &arg));
	ctl_reset();
	close(dev);
	EXPECT_EQ(0, accounts_open(&before));
}

/*
 * The hypervisor refuses, or the partition is at its end: all that there is to ask of a
 * VM then has the same answer.
 */

/* Hypercalls that a step of life_steps[] waits for */
static const u16 hypercalls[] = {
	HVX_CALL_GET_VP_REGISTERS, HVX_CALL_SET_VP_REGISTERS, HVX_CALL_GET_VP_STATE,
	HVX_CALL_SET_VP_STATE, HVX_CALL_INSTALL_INTERCEPT, HVX_CALL_SET_PARTITION_PROPERTY,
	HVX_CALL_GET_PARTITION_PROPERTY, HVX_CALL_ASSERT_VIRTUAL_INTERRUPT,
	HVX_CALL_REGISTER_INTERCEPT_RESULT, HVX_CALL_GET_VP_CPUID_VALUES,
	HVX_CALL_TRANSLATE_VIRTUAL_ADDRESS, HVX_CALL_GET_GPA_PAGES_ACCESS_STATES,
	HVX_CALL_DEPOSIT_MEMORY,
};

static bool is_ioctl(const struct life_step *step)
{
	return step->name[0] >= 'A' && step->name[0] <= 'Z';
}

/*
 * Goes on in the life of a VM that has all it may have: the calls that can be made
 * again. Returns how many of them had the error @error; some may have another outcome.
 */
static unsigned int steps_failing(struct life *l, int error)
{
	unsigned int i, nr = 0;
	struct life copy;
	int ret;

	for (i = 0; i < life_steps_count; i++) {
		const struct life_step *step = &life_steps[i];

		if (!is_ioctl(step) || step->undo || !life_has(l, step))
			continue;
		copy = *l;
		ret = step->call(&copy, step->arg);
		nr += ret == -error;
	}
	return nr;
}

/* One less without the VMM's own hypercalls, and other optional parts. */
#define MIN_STEPS(l)	(cap((l)->dev, MSHV_CAP_PARTITION_HVCALL) ? 5 : 4)

FIXTURE(refused) {
	struct accounts before;
	struct life l;
};

FIXTURE_SETUP(refused)
{
	if (!ctl_present())
		return;
	ctl_reset();
	accounts_read(&self->before);
	ASSERT_EQ(0, life_live(&self->l));
}

FIXTURE_TEARDOWN(refused)
{
	if (!ctl_present())
		return;
	ctl_reset();
	life_end(&self->l);
	EXPECT_EQ(0, accounts_open(&self->before));
}

FIXTURE_VARIANT(refused) {
	u16 status;
	int error;
};

FIXTURE_VARIANT_ADD(refused, memory) {
	.status = HVX_STATUS_INSUFFICIENT_MEMORY,
	.error = ENOMEM,
};

FIXTURE_VARIANT_ADD(refused, operation) {
	.status = HVX_STATUS_OPERATION_FAILED,
	.error = EIO,
};

FIXTURE_VARIANT_ADD(refused, feature) {
	.status = HVX_STATUS_PROCESSOR_FEATURE_NOT_SUPPORTED,
	.error = EOPNOTSUPP,
};

TEST_F(refused, by_the_hypervisor)
{
	unsigned int i;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	for (i = 0; i < ARRAY_SIZE(hypercalls); i++)
		ctl_fault(hypercalls[i], 1, variant->status, TESTHV_FAULT_FOREVER);
	EXPECT_LE(MIN_STEPS(&self->l), steps_failing(&self->l, variant->error));
}

FIXTURE(ended) {
	struct accounts before;
	struct life l;
};

FIXTURE_SETUP(ended)
{
	if (ctl_present()) {
		ctl_reset();
		accounts_read(&self->before);
	}
	ASSERT_EQ(0, life_live(&self->l));
}

FIXTURE_TEARDOWN(ended)
{
	life_end(&self->l);
	EXPECT_EQ(0, accounts_open(&self->before));
}

/* What every ioctl says that is not one of the device; CHECK_EXTENSION is. */
static void expect_of_all(struct __test_metadata *_metadata, struct life *l, int error)
{
	unsigned int i;
	struct life copy;
	int ret;

	for (i = 0; i < life_steps_count; i++) {
		const struct life_step *step = &life_steps[i];

		if (!is_ioctl(step) || !life_has(l, step) ||
		    !strcmp(step->name, "CHECK_EXTENSION") ||
		    !strncmp(step->name, "CREATE_PARTITION", 16) ||
		    !strcmp(step->name, "ROOT_HVCALL of the device"))
			continue;
		copy = *l;
		ret = step->call(&copy, step->arg);
		/* there is no partition to ask any more */
		if (l->pt < 0 && ret == -EBADF)
			continue;
		EXPECT_EQ(-error, ret)
			TH_LOG("%s", step->name);
	}
}

/* The hypervisor does not let go of a page that the host has taken back. */
TEST_F(ended, broken)
{
	struct life *l = &self->l;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	if (!cap(l->dev, MSHV_CAP_MOVABLE_MEMORY))
		SKIP(return, "no MSHV_CAP_MOVABLE_MEMORY");
	NOT_ON_MAINLINE(MAINLINE_GIVES_PAGES_AWAY);
	ctl_fault(HVX_CALL_UNMAP_GPA_PAGES, 1, HVX_STATUS_OPERATION_FAILED, TESTHV_FAULT_FOREVER);
	ASSERT_EQ(0, madvise(l->ram, RAM_SIZE, MADV_DONTNEED));
	EXPECT_LE(1, ctl_reset());
	expect_of_all(_metadata, l, ENOTRECOVERABLE);
}

TEST_F(ended, closed)
{
	struct life *l = &self->l;

	const u32 name = HVX_REG_RAX;
	union hvx_value value;

	close(l->pt);
	l->pt = -1;
	l->vm.fd = -1;
	expect_of_all(_metadata, l, ESHUTDOWN);
	/* life_steps[] has it on the file of the partition. */
	if (cap(l->vp, MSHV_CAP_VP_HVCALL))
		EXPECT_EQ(-ESHUTDOWN, hv_get_regs(l->vp, 0, &name, &value, 1));
}

TEST_HARNESS_MAIN
