// SPDX-License-Identifier: GPL-2.0
/*
 * What holds for all ioctls: they can be killed, are not disturbed by signals,
 * and belong to one process.
 *
 * Of Documentation/virt/mshv/defects.rst:
 * C16: signals_during_everything
 * C20: run_gives_message_or_eintr
 * D10: another_process_gets_eio
 * D45: ends
 * D58: - the wait is killable, as those of ends; the hypervisor loses no message
 * D108: frozen_and_thawed
 * D109: - needs a kernel with lockdep: run --kernel with a debug kernel
 * D110: - numbers from user space go through array_index_nospec() before they index
 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "mshv_irq.h"
#include "mshv_util.h"
#include "kselftest_harness.h"

#define TEST_GPA	(16 * MIB)
/* What a kill may take on a busy host, with all that has to be given back */
#define KILL_US		10000000ULL

GUEST_CODE(guest_touch, 64,
	   "mov $0x1000000, %ebx\n"
	   "incl (%rbx)\n"
	   "out %al, $0x80\n");

GUEST_CODE(guest_touch_on, 64,
	   "mov $0x1000000, %ebx\n"
	   "1: incl (%rbx)\n"
	   "jmp 1b\n");

/*
 * All waits end with the process. The children say by a pipe that they wait.
 */

static int ready[2];

static void say_ready(void)
{
	REQUIRE(write(ready[1], "", 1) == 1, "pipe");
}

static void block_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
}

static void *get_registers(void *arg)
{
	vp_get(arg, HVX_REG_RIP);
	return NULL;
}

static int wait_in_run(const u8 *code, const u8 *end)
{
	struct guest g;

	block_signals();
	guest_init_code(&g, code, end);
	say_ready();
	vp_run(&g.vp);
	return 1;
}

static int wait_spinning(void *arg)
{
	return wait_in_run(guest_spin, guest_spin_end);
}

static int wait_halted(void *arg)
{
	return wait_in_run(guest_halt, guest_halt_end);
}

/* Behind a run: another run, registers, a hypercall. */
static int wait_for_the_vp(void *arg)
{
	struct guest g;

	block_signals();
	guest_init_load(&g, guest_halt);
	thread_start(vp_run_thread, &g.vp);
	usleep(200000);
	thread_start(vp_run_thread, &g.vp);
	thread_start(get_registers, &g.vp);
	usleep(50000);
	say_ready();
	vp_set(&g.vp, HVX_REG_RBX, 1);
	return 1;
}

#define NO_USERFAULTFD	77

/* For guest memory that nobody brings. */
static int wait_for_memory(void *arg)
{
	void *mem = mem_alloc(PAGE, PAGE);
	struct guest g;

	block_signals();
	guest_init_load(&g, guest_touch);
	if (userfault_open(mem, PAGE) < 0) {
		say_ready();
		return NO_USERFAULTFD;
	}
	REQUIRE(!region_map(g.vm.fd, TEST_GPA, PAGE, mem, MAP_RWX), "map");
	say_ready();
	vp_run(&g.vp);
	return 1;
}

static void *discard_for_ever(void *mem)
{
	for (;;)
		madvise(mem, PAGE, MADV_DONTNEED);
	return NULL;
}

/* For memory that goes as soon as it is there. */
static int wait_against_discards(void *arg)
{
	void *mem = mem_alloc(PAGE, PAGE);
	struct guest g;

	block_signals();
	guest_init_load(&g, guest_touch_on);
	REQUIRE(!region_map(g.vm.fd, TEST_GPA, PAGE, mem, MAP_RWX), "map");
	thread_start(discard_for_ever, mem);
	say_ready();
	vp_run(&g.vp);
	return 1;
}

/* The partition's lock is taken by the call that waits, for the second one. */
static void *create_vp(void *arg)
{
	vp_create(*(int *)arg, 5);
	return NULL;
}

static int wait_for_the_partition(void *arg)
{
	struct vm vm;

	if (!ctl_present()) {
		say_ready();
		pause();
	}
	block_signals();
	vm_init(&vm);
	ctl_fault(HVX_CALL_CREATE_VP, 1, HVX_STATUS_INSUFFICIENT_MEMORY, TESTHV_FAULT_FOREVER);
	thread_start(create_vp, &vm.fd);
	thread_start(create_vp, &vm.fd);
	say_ready();
	vp_create(vm.fd, 6);
	return 1;
}

FIXTURE(killed) {
	struct accounts before;
};

FIXTURE_VARIANT(killed) {
	int (*fn)(void *arg);
	bool may_end;		/* by itself, with an error */
};

FIXTURE_VARIANT_ADD(killed, in_a_running_guest) { wait_spinning };
FIXTURE_VARIANT_ADD(killed, in_a_halted_guest) { wait_halted };
FIXTURE_VARIANT_ADD(killed, waiting_for_the_vp) { wait_for_the_vp };
FIXTURE_VARIANT_ADD(killed, waiting_for_memory) { wait_for_memory };
FIXTURE_VARIANT_ADD(killed, waiting_against_discards) { wait_against_discards };
FIXTURE_VARIANT_ADD(killed, waiting_for_the_partition) { wait_for_the_partition, true };

FIXTURE_SETUP(killed)
{
	if (ctl_present()) {
		ctl_reset();
		accounts_read(&self->before);
	}
}

FIXTURE_TEARDOWN(killed)
{
	if (ctl_present())
		ctl_reset();
}

TEST_F(killed, ends)
{
	u64 start;
	pid_t pid;
	char c;
	int ret;

	if (variant->fn == wait_for_the_partition)
		NOT_ON_MAINLINE(MAINLINE_FEEDS_FOR_EVER);
	ASSERT_EQ(0, pipe(ready));
	pid = child_start(variant->fn, NULL);
	ASSERT_EQ(1, read(ready[0], &c, 1));
	usleep(300000);
	start = now_us();
	kill(pid, SIGKILL);
	ret = child_wait(pid);
	if (ret == NO_USERFAULTFD)
		SKIP(return, "no userfaultfd");
	EXPECT_TRUE(ret == -SIGKILL || (variant->may_end && ret == 1))
		TH_LOG("%d", ret);
	EXPECT_GT(limit_us(KILL_US), now_us() - start);
	if (ctl_present()) {
		ctl_reset();
		EXPECT_EQ(0, accounts_open(&self->before));
	}
}

/*
 * Signals
 */

/* C20: a VMM's loop needs to know two results. */
TEST(run_gives_message_or_eintr)
{
	unsigned int messages = 0, interrupted = 0;
	struct guest g;
	u64 start;
	int ret;

	guest_init_load(&g, guest_count);
	alarm_us(1000, 1000);
	start = now_us();
	while (now_us() - start < 3000000) {
		ret = vp_run(&g.vp);
		if (ret == -EINTR) {
			interrupted++;
			continue;
		}
		ASSERT_EQ(0, ret);
		ASSERT_EQ(++messages & 0xff, vp_io(&g.vp)->rax & 0xff);
		vp_skip(&g.vp);
	}
	alarm_us(0, 0);
	EXPECT_LT(0, messages);
	EXPECT_LT(0, interrupted);
	guest_free(&g);
}

static void interrupts(struct vm *vm)
{
	int fd = event_create();

	if (cap(vm->fd, MSHV_CAP_MSI_ROUTING))
		REQUIRE(!route_set(vm->fd, 1, 0x40), "MSHV_SET_MSI_ROUTING");
	if (cap(vm->fd, MSHV_CAP_IRQFD)) {
		REQUIRE(!irqfd_assign(vm->fd, fd, 1), "MSHV_IRQFD");
		REQUIRE(!irqfd_deassign(vm->fd, fd, 1), "MSHV_IRQFD");
	}
	if (cap(vm->fd, MSHV_CAP_IOEVENTFD)) {
		REQUIRE(!ioeventfd(vm->fd, fd, GIB, 4, 0, 0), "MSHV_IOEVENTFD");
		REQUIRE(!ioeventfd(vm->fd, fd, GIB, 4, BIT(MSHV_IOEVENTFD_BIT_DEASSIGN), 0),
			"MSHV_IOEVENTFD");
	}
	close(fd);
}

static void access_bitmap(struct vm *vm)
{
	u8 bitmap[64];
	struct mshv_gpap_access_bitmap arg = {
		.page_count = 512, .bitmap_ptr = (uintptr_t)bitmap,
	};

	if (cap(vm->fd, MSHV_CAP_GPAP_ACCESS_BITMAP))
		REQUIRE(!xioctl(vm->fd, MSHV_GET_GPAP_ACCESS_BITMAP, &arg),
			"MSHV_GET_GPAP_ACCESS_BITMAP");
}

/* C16: a thousand signals a second, and only RUN_VP is interrupted by them. */
TEST(signals_during_everything)
{
	const u32 name = HVX_REG_RIP;
	struct accounts before;
	union hvx_value value;
	struct guest g;
	void *mem;
	int i;

	accounts_read(&before);
	alarm_us(1000, 1000);
	for (i = 0; i < 10; i++) {
		guest_init_load(&g, guest_count);
		mem = mem_alloc(PAGE, PAGE);
		ASSERT_EQ(0, region_map(g.vm.fd, TEST_GPA, PAGE, mem, MAP_RWX));
		interrupts(&g.vm);
		access_bitmap(&g.vm);
		if (cap(g.vm.fd, MSHV_CAP_PARTITION_HVCALL)) {
			ASSERT_EQ(0, hv_get_regs(g.vm.fd, 0, &name, &value, 1));
			ASSERT_EQ(0, hv_install_intercept(g.vm.fd, HVX_INTERCEPT_X64_CPUID,
							  HVX_ACCESS_MASK_EXECUTE, 1));
		}
		ASSERT_EQ(GUEST_CODE_BASE, vp_get(&g.vp, HVX_REG_RIP));
		ASSERT_EQ(0, region_unmap(g.vm.fd, TEST_GPA, PAGE, mem));
		munmap(mem, PAGE);
		guest_free(&g);
	}
	alarm_us(0, 0);
	EXPECT_EQ(0, accounts_open(&before));
}

/* The freezer stops the guest, and it goes on where it was. */
static int spin_in_cgroup(void *arg)
{
	int mem = *(int *)arg;
	struct guest g;
	int fd = open("/sys/fs/cgroup/mshv-freezer/cgroup.procs", O_WRONLY);

	REQUIRE(fd >= 0 && write(fd, "0", 1) == 1, "cgroup.procs");
	guest_init_load(&g, guest_spin);
	/* the counter, where the parent sees it */
	REQUIRE(mmap(g.vm.ram + GUEST_DATA, PAGE, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_FIXED, mem, 0) != MAP_FAILED, "shared counter");
	/* it may show as EINTR, but as no more than that */
	while (vp_run(&g.vp) == -EINTR)
		;
	return 1;
}

static void freeze(const char *value)
{
	int fd = open("/sys/fs/cgroup/mshv-freezer/cgroup.freeze", O_WRONLY);

	REQUIRE(fd >= 0 && write(fd, value, 1) == 1, "cgroup.freeze");
	close(fd);
}

static bool moves(const u64 *counter)
{
	u64 last = READ_ONCE(*counter);
	unsigned int i;

	for (i = 0; i < 100; i++) {
		usleep(20000);
		if (READ_ONCE(*counter) != last)
			return true;
	}
	return false;
}

/* D108 */
TEST(frozen_and_thawed)
{
	int mem = memfd_create("counter", MFD_CLOEXEC);
	u64 *counter;
	pid_t pid;

	if (mkdir("/sys/fs/cgroup/mshv-freezer", 0755))
		SKIP(return, "no cgroup v2");
	ASSERT_EQ(0, ftruncate(mem, PAGE));
	counter = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, mem, 0);
	ASSERT_NE(MAP_FAILED, counter);
	pid = child_start(spin_in_cgroup, &mem);
	EXPECT_TRUE(moves(counter));
	freeze("1");
	usleep(500000);
	EXPECT_FALSE(moves(counter));
	freeze("0");
	EXPECT_TRUE(moves(counter));
	kill(pid, SIGKILL);
	EXPECT_EQ(-SIGKILL, child_wait(pid));
	rmdir("/sys/fs/cgroup/mshv-freezer");
}

/*
 * One process
 */

static const struct {
	const char *name;
	unsigned int cmd;
	bool vp;
} owned[] = {
#define IOCTL(n, vp) { #n, MSHV_##n, vp }
	IOCTL(INITIALIZE_PARTITION, false),
	IOCTL(CREATE_VP, false),
	IOCTL(SET_GUEST_MEMORY, false),
	IOCTL(IRQFD, false),
	IOCTL(IOEVENTFD, false),
	IOCTL(SET_MSI_ROUTING, false),
	IOCTL(GET_GPAP_ACCESS_BITMAP, false),
	IOCTL(ROOT_HVCALL, false),
	IOCTL(ROOT_HVCALL, true),
	IOCTL(RUN_VP, true),
	IOCTL(CANCEL_RUN_VP, true),
	IOCTL(GET_VP_REGISTERS, true),
	IOCTL(SET_VP_REGISTERS, true),
	IOCTL(GET_VP_STATE, true),
	IOCTL(SET_VP_STATE, true),
};

/* D10: with an argument that would be good, the answer is EIO, or there is no such ioctl. */
static int use_inherited(void *arg)
{
	struct guest *g = arg;
	u64 room[512] = { 0 };
	unsigned int i;
	u32 nr = MSHV_CAP_RUN_VP;
	int fd, ret;

	for (i = 0; i < ARRAY_SIZE(owned); i++) {
		fd = owned[i].vp ? g->vp.fd : g->vm.fd;
		ret = xioctl(fd, owned[i].cmd, room);
		if (ret != -EIO && ret != -ENOTTY) {
			fprintf(stderr, "# MSHV_%s: %d\n", owned[i].name, ret);
			return 1;
		}
	}
	if (mmap(NULL, PAGE, PROT_READ, MAP_SHARED, g->vp.fd, 0) != MAP_FAILED || errno != EIO)
		return 2;
	/* asking is free */
	return xioctl(g->vp.fd, MSHV_CHECK_EXTENSION, &nr) == 1 ? 0 : 3;
}

TEST(another_process_gets_eio)
{
	struct guest g;

	guest_init_load(&g, guest_count);
	EXPECT_EQ(0, child_wait(child_start(use_inherited, &g)));
	/* the owner's business is as it was */
	EXPECT_EQ(1, vp_run_out(&g.vp, 0x80));
	guest_free(&g);
}

/*
 * Exits that cannot be reported at first
 */

TEST(buffer_without_access)
{
	struct mshv_run_vp *run = mem_alloc(PAGE, PAGE);
	const struct hvx_message *msg = (void *)run->msg_buf;
	const struct hvx_msg_io_port *io = (void *)msg->payload;
	struct guest g;
	int i;

	guest_init_load(&g, guest_count);
	for (i = 1; i < 20; i++) {
		ASSERT_EQ(0, mprotect(run, PAGE, i & 1 ? PROT_NONE : PROT_READ));
		ASSERT_EQ(-EFAULT, xioctl(g.vp.fd, MSHV_RUN_VP, run));
		ASSERT_EQ(-EFAULT, xioctl(g.vp.fd, MSHV_RUN_VP, run));
		ASSERT_EQ(0, mprotect(run, PAGE, PROT_READ | PROT_WRITE));
		ASSERT_EQ(0, xioctl(g.vp.fd, MSHV_RUN_VP, run));
		ASSERT_EQ(HVX_MSG_X64_IO_PORT, msg->type);
		/* each exit once */
		ASSERT_EQ(i, io->rax & 0xff);
		vp_set(&g.vp, HVX_REG_RIP, io->h.rip + 2);
	}
	guest_free(&g);
}

TEST_HARNESS_MAIN
