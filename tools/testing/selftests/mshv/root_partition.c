// SPDX-License-Identifier: GPL-2.0
/*
 * The root partition that the test hypervisor builds: are all its CPUs in it, is
 * the hypervisor's memory out of reach, does the control port refuse nonsense?
 * Do NMIs arrive? Only what has guests in it needs the driver.
 */
#include <cpuid.h>
#include <sched.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "mshv_util.h"
#include "kselftest_harness.h"

const char *test_device = "/dev/mem";

#define SKIP_WITHOUT_TESTHV() do {					\
	if (!ctl_present())						\
		SKIP(return, "no control port");			\
} while (0)

struct region {
	u64 first, end;		/* page numbers */
};

static bool is_hypervisors(u64 pfn)
{
	u64 state = ctl_page(pfn);

	return state == TESTHV_PAGE_HIDDEN || state == TESTHV_PAGE_SHARED;
}

/*
 * The hidden region: below 4 GiB, many MiB long and aligned to 2 MiB. Pages that the
 * root shares with the hypervisor are in it, but also anywhere else.
 */
static struct region hidden_region(void)
{
	const u64 step = 2 * MIB / PAGE, limit = 4 * GIB / PAGE;
	struct region r = { .first = step };

	while (r.first < limit && ctl_page(r.first) != TESTHV_PAGE_HIDDEN)
		r.first += step;
	r.end = r.first;
	while (r.end < limit && is_hypervisors(r.end))
		r.end += step;
	return r;
}

/*
 * A CPU that was started past the hypervisor works as well as any other: it sees
 * QEMU's own hypervisor leaf, or none.
 */
TEST(every_cpu_is_inside)
{
	unsigned int cpu, online = 0, eax, ebx, ecx, edx;
	struct ctl_info info;
	cpu_set_t set;

	SKIP_WITHOUT_TESTHV();
	ctl_info(&info);
	for (cpu = 0; cpu < info.lps; cpu++) {
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		if (sched_setaffinity(0, sizeof(set), &set))
			continue;
		online++;
		__cpuid(HVX_CPUID_VENDOR, eax, ebx, ecx, edx);
		EXPECT_EQ(HVX_CPUID_VENDOR_EBX, ebx);
		EXPECT_EQ(HVX_CPUID_VENDOR_ECX, ecx);
		EXPECT_EQ(HVX_CPUID_VENDOR_EDX, edx);
		__cpuid(HVX_CPUID_FEATURES, eax, ebx, ecx, edx);
		EXPECT_NE(0, ebx & (HVX_PRIV_CREATE_PARTITIONS >> 32));
		EXPECT_EQ(info.l1vh, !(ebx & (HVX_PRIV_CPU_MANAGEMENT >> 32)));
	}
	EXPECT_EQ(info.lps, online);
	EXPECT_EQ(info.lps, cpus_online());
}

/* What would let the root step out of its partition is not there. */
TEST(svm_is_hidden)
{
	unsigned int eax, ebx, ecx, edx;

	__cpuid(0x80000001, eax, ebx, ecx, edx);
	EXPECT_EQ(0, ecx & 4);
	__cpuid(0x8000000a, eax, ebx, ecx, edx);
	EXPECT_EQ(0, eax | ebx | ecx | edx);
}

/* 0: the access went through; otherwise the signal that it raised. */
static int access_page(u64 pfn, bool write)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		int fd = open("/dev/mem", O_RDWR);
		volatile u32 *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
				       pfn * PAGE);
		u32 v;

		if (fd < 0 || p == MAP_FAILED)
			_exit(1);
		v = *p;
		if (write)
			*p = v;
		_exit(0);
	}
	waitpid(pid, &status, 0);
	REQUIRE(!WIFEXITED(status) || !WEXITSTATUS(status), "/dev/mem refuses page %llx",
		(unsigned long long)pfn);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

TEST(hidden_memory_faults)
{
	struct region r;
	u64 before;

	SKIP_WITHOUT_TESTHV();
	r = hidden_region();
	ASSERT_LT(r.first, r.end);
	ASSERT_EQ(TESTHV_PAGE_HIDDEN, ctl_page(r.first));
	before = ctl_account(TESTHV_ACCT_ROOT_VIOLATIONS);
	EXPECT_EQ(SIGSEGV, access_page(r.first, false));
	EXPECT_EQ(SIGSEGV, access_page(r.first, true));
	EXPECT_EQ(before + 2, ctl_account(TESTHV_ACCT_ROOT_VIOLATIONS));
}

/* All can be read; the hypercall page, for one, is not the root's to write. */
TEST(shared_pages)
{
	unsigned int found = 0, read_only = 0;
	struct ctl_info info;
	struct region r;
	u64 pfn;

	SKIP_WITHOUT_TESTHV();
	ctl_info(&info);
	if (info.l1vh)
		SKIP(return, "an L1VH partition has them in memory of its own");
	r = hidden_region();
	for (pfn = r.first; pfn < r.end; pfn++) {
		if (ctl_page(pfn) != TESTHV_PAGE_SHARED)
			continue;
		found++;
		EXPECT_EQ(0, access_page(pfn, false));
		read_only += access_page(pfn, true) == SIGSEGV;
	}
	/* hypercall and TSC page; VP assist, SIMP, SIEFP and SIRBP of each CPU */
	EXPECT_LE(2 + 4 * cpus_online(), found);
	EXPECT_LE(2, read_only);
	EXPECT_LT(read_only, found);
}

/*
 * The same pages lie over the partition's own. Those of the SynIC are there when
 * the driver is.
 */
TEST(covered_pages)
{
	struct ctl_info info;

	SKIP_WITHOUT_TESTHV();
	ctl_info(&info);
	if (!info.l1vh)
		SKIP(return, "the root has them where the hypervisor does");
	EXPECT_LE(2 + (access("/dev/mshv", F_OK) ? 1 : 4) * cpus_online(),
		  ctl_account(TESTHV_ACCT_COVERED));
}

static int vmmcall(void *arg)
{
	u64 rax, rcx = HVX_CALL_GET_PARTITION_ID;

	asm volatile("vmmcall" : "=a" (rax), "+c" (rcx) : "d" (0) : "r8", "memory");
	return 0;
}

TEST(no_hypercalls_from_user_space)
{
	EXPECT_EQ(-SIGILL, child_wait(child_start(vmmcall, NULL)));
}

static int ctl_op(u64 op, u64 rbx, u64 rcx, u64 rsi, u64 rdi)
{
	return ctl_raw(op, &rbx, &rcx, &rsi, &rdi);
}

TEST(control_port_refuses)
{
	const u64 code = HVX_CALL_CREATE_PARTITION;

	SKIP_WITHOUT_TESTHV();
	EXPECT_EQ(TESTHV_CTL_EOP, ctl_op(0x7fffffff, 0, 0, 0, 0));
	EXPECT_EQ(TESTHV_CTL_EARG, ctl_op(TESTHV_CTL_ACCOUNT, TESTHV_ACCT_COUNT, 0, 0, 0));
	EXPECT_EQ(TESTHV_CTL_EARG, ctl_op(TESTHV_CTL_FAULT, 0x10000, 1, 5, 1));
	EXPECT_EQ(TESTHV_CTL_EARG, ctl_op(TESTHV_CTL_FAULT, code, 0, 5, 1));
	EXPECT_EQ(TESTHV_CTL_EARG, ctl_op(TESTHV_CTL_FAULT, code, 1, 0, 1));
	EXPECT_EQ(TESTHV_CTL_EARG, ctl_op(TESTHV_CTL_FAULT, code, 1, 0x10005, 1));
	EXPECT_EQ(TESTHV_CTL_EARG, ctl_op(TESTHV_CTL_FAULT, code, 1, 5, 0));
	EXPECT_EQ(TESTHV_CTL_EARG, ctl_op(TESTHV_CTL_REP_LIMIT, code, 1, 0, 0));
	EXPECT_EQ(TESTHV_CTL_EARG, ctl_op(TESTHV_CTL_CALLS, 0xffff, 0, 0, 0));
	EXPECT_EQ(TESTHV_CTL_EARG, ctl_op(TESTHV_CTL_LOG, 99, 0, 0, 0));
	EXPECT_EQ(TESTHV_CTL_EARG, ctl_op(TESTHV_CTL_POST, 999, 1, 0, 0));
	EXPECT_EQ(TESTHV_CTL_EARG, ctl_op(TESTHV_CTL_POST, (u64)HVX_SINT_COUNT << 32, 1, 0, 0));
	EXPECT_EQ(TESTHV_CTL_EARG, ctl_op(TESTHV_CTL_POST_FROM, 0, 0, 1, 0));
	EXPECT_EQ(TESTHV_CTL_EARG, ctl_op(TESTHV_CTL_RING, 999, 1, 1, 0));
	EXPECT_EQ(TESTHV_CTL_EARG, ctl_op(TESTHV_CTL_RING, 0, 0, 1, 0));
	EXPECT_EQ(TESTHV_CTL_EARG, ctl_op(TESTHV_CTL_RING, 0, 1ULL << 32, 1, 0));
	EXPECT_EQ(TESTHV_CTL_EARG, ctl_op(TESTHV_CTL_RING, 0, 1, 1ULL << 32, 0));
	EXPECT_EQ(TESTHV_CTL_EARG, ctl_op(TESTHV_CTL_STRAY, 31, 0, 0, 0));
	EXPECT_EQ(TESTHV_CTL_EARG, ctl_op(TESTHV_CTL_STRAY, 0x100, 0, 0, 0));
}

#define MAX_CPUS	64

/* The line @name of /proc/interrupts, by CPU; zeros without such a line. */
static void interrupts_taken(const char *name, unsigned long *n)
{
	char line[32 + 11 * MAX_CPUS], *at;
	unsigned int cpu;
	FILE *f;

	memset(n, 0, MAX_CPUS * sizeof(*n));
	f = fopen("/proc/interrupts", "r");
	REQUIRE(f, "/proc/interrupts");
	while (fgets(line, sizeof(line), f)) {
		at = line + strspn(line, " ");
		if (strncmp(at, name, strlen(name)))
			continue;
		at += strlen(name);
		for (cpu = 0; cpu < cpus_online() && cpu < MAX_CPUS; cpu++)
			n[cpu] = strtoul(at, &at, 10);
		break;
	}
	fclose(f);
}

#define CALLBACK_VECTOR	0xf3

/* Interrupts of that vector that CPU 0 has taken. */
static unsigned long callbacks_taken(void)
{
	unsigned long n[MAX_CPUS];

	interrupts_taken("HYP:", n);
	return n[0];
}

/* The root gets an interrupt that arrived while the hypervisor was running. */
TEST(interrupts_that_went_astray)
{
	const unsigned int rounds = 100;
	unsigned long before, stray;
	cpu_set_t set;
	unsigned int i;

	SKIP_WITHOUT_TESTHV();
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(set), &set));
	before = callbacks_taken();
	stray = ctl_account(TESTHV_ACCT_STRAY_INTERRUPTS);
	if (ctl_op(TESTHV_CTL_STRAY, CALLBACK_VECTOR, 0, 0, 0) == TESTHV_CTL_EARG)
		SKIP(return, "on hardware there are none");
	for (i = 1; i < rounds; i++)
		ASSERT_EQ(TESTHV_CTL_OK, ctl_op(TESTHV_CTL_STRAY, CALLBACK_VECTOR, 0, 0, 0));
	EXPECT_LE(rounds, ctl_account(TESTHV_ACCT_STRAY_INTERRUPTS) - stray);
	EXPECT_LE(rounds, callbacks_taken() - before);
}

#define NMI_ROUNDS	20

/* A VP that computes and leaves the guest by turns. */
GUEST_CODE(guest_busy, 64,
	   "1: mov $100000, %ecx\n"
	   "2: dec %ecx\n"
	   "jnz 2b\n"
	   "out %al, $0x80\n"
	   "jmp 1b");

static int run_for_ever(void *arg)
{
	struct vm vm;
	struct vp vp;

	pin_to_cpu((unsigned long)arg);
	vm_init(&vm);
	vp_init(&vp, &vm, 0);
	vp_load(&vp, MODE_LONG, guest_busy);
	while (!vp_run(&vp))
		vp_skip(&vp);
	return 1;
}

/* Pages come and go, so that the hypervisor stops all CPUs for a moment. */
static int create_for_ever(void *arg)
{
	struct vm vm;

	pin_to_cpu((unsigned long)arg);
	while (!access(MSHV_DEV, F_OK)) {
		vm_init(&vm);
		vm_free(&vm);
	}
	return 1;
}

/* Every CPU but this has an NMI from the kernel, which waits for what comes of it. */
static void backtrace_from(unsigned int cpu)
{
	int fd = open("/proc/sysrq-trigger", O_WRONLY);

	REQUIRE(fd >= 0, "/proc/sysrq-trigger");
	pin_to_cpu(cpu);
	REQUIRE(write(fd, "l", 1) == 1, "backtrace of all CPUs");
	close(fd);
}

/* How many NMIs each CPU takes, and how many of them it ought to, while others run. */
struct nmis {
	unsigned long taken[MAX_CPUS], sent[MAX_CPUS];
};

static void nmis_send(struct nmis *n, unsigned int rounds)
{
	const unsigned int cpus = cpus_online();
	unsigned long before[MAX_CPUS], after[MAX_CPUS];
	unsigned int cpu, i;

	interrupts_taken("NMI:", before);
	for (i = 0; i < rounds; i++)
		backtrace_from(i % cpus);
	interrupts_taken("NMI:", after);
	for (cpu = 0; cpu < cpus; cpu++) {
		n->taken[cpu] = after[cpu] - before[cpu];
		n->sent[cpu] = rounds - rounds / cpus - (cpu < rounds % cpus);
	}
}

/* None is lost, and none is one too many. */
TEST(nmis)
{
	unsigned int cpu;
	struct nmis n;

	if (cpus_online() < 2)
		SKIP(return, "one CPU");
	nmis_send(&n, NMI_ROUNDS);
	for (cpu = 0; cpu < cpus_online(); cpu++)
		EXPECT_EQ(n.sent[cpu], n.taken[cpu]);
}

#define BESIDE_ROUNDS	8

#define RCU_STALLS	"/sys/module/rcupdate/parameters/rcu_cpu_stall_suppress"

/*
 * A processor keeps one NMI that is pending, not two: when the hypervisor's own comes at
 * the same moment, it has one for both, and takes it for its own. None is made up, as
 * the root would not know what it is for. The kernel counts ten seconds for one that is
 * lost, in which it holds up RCU: hence the limits of these tests, and no word about a
 * stall from a machine on which these seconds are longer.
 */
FIXTURE(beside) {
};

FIXTURE_SETUP(beside)
{
	REQUIRE(!file_write(RCU_STALLS, "1"), RCU_STALLS);
}

FIXTURE_TEARDOWN(beside)
{
	REQUIRE(!file_write(RCU_STALLS, "0"), RCU_STALLS);
}

static void nmis_beside(struct __test_metadata *_metadata, int (*fn)(void *arg))
{
	const unsigned long cpus = cpus_online();
	pid_t pid[MAX_CPUS];
	unsigned long cpu;
	struct nmis n;

	for (cpu = 0; cpu < cpus; cpu++)
		pid[cpu] = child_start(fn, (void *)cpu);
	nmis_send(&n, BESIDE_ROUNDS);
	for (cpu = 0; cpu < cpus; cpu++) {
		EXPECT_EQ(0, kill(pid[cpu], SIGKILL));
		EXPECT_EQ(-SIGKILL, child_wait(pid[cpu]));
		EXPECT_GE(n.sent[cpu], n.taken[cpu]);
		EXPECT_LE(n.sent[cpu] / 2, n.taken[cpu]);
	}
}

TEST_F_TIMEOUT(beside, nmis_while_guests_run, 120)
{
	if (cpus_online() < 2)
		SKIP(return, "one CPU");
	if (access(MSHV_DEV, F_OK))
		SKIP(return, "no driver");
	nmis_beside(_metadata, run_for_ever);
}

TEST_F_TIMEOUT(beside, nmis_while_the_hypervisor_sends_its_own, 120)
{
	if (cpus_online() < 2)
		SKIP(return, "one CPU");
	if (access(MSHV_DEV, F_OK))
		SKIP(return, "no driver");
	nmis_beside(_metadata, create_for_ever);
}

/* The kernel does not know what they are for, and says so in its log. */
TEST(nmis_while_the_hypervisor_runs)
{
	unsigned long before[MAX_CPUS], after[MAX_CPUS];
	unsigned int cpu, i;

	SKIP_WITHOUT_TESTHV();
	interrupts_taken("NMI:", before);
	for (cpu = 0; cpu < cpus_online(); cpu++) {
		pin_to_cpu(cpu);
		for (i = 0; i < NMI_ROUNDS; i++)
			ASSERT_EQ(TESTHV_CTL_OK, ctl_op(TESTHV_CTL_NMI, 0, 0, 0, 0));
	}
	interrupts_taken("NMI:", after);
	for (cpu = 0; cpu < cpus_online(); cpu++)
		EXPECT_EQ(NMI_ROUNDS, after[cpu] - before[cpu]);
}

TEST(control_port_is_full_at_some_time)
{
	unsigned int n;

	SKIP_WITHOUT_TESTHV();
	for (n = 0; n < 1000; n++)
		if (ctl_op(TESTHV_CTL_FAULT, HVX_CALL_CREATE_PARTITION, 1000, 5, 1))
			break;
	EXPECT_LT(n, 1000);
	EXPECT_EQ(TESTHV_CTL_EFULL,
		  ctl_op(TESTHV_CTL_FAULT, HVX_CALL_CREATE_PARTITION, 1000, 5, 1));
	EXPECT_EQ(0, ctl_reset());
}

/* Two threads that wake each other through a pipe, so that both CPUs schedule. */
static int switch_for_ever(void *arg)
{
	int up[2], down[2];
	char c = 0;

	if (pipe(up) || pipe(down))
		return 1;
	if (!fork()) {
		close(up[1]);
		close(down[0]);
		while (read(up[0], &c, 1) == 1 && write(down[1], &c, 1) == 1)
			;
		_exit(0);
	}
	while (write(up[1], &c, 1) == 1 && read(down[0], &c, 1) == 1)
		;
	return 1;
}

/*
 * The kernel changes its own code by means of breakpoints, while other CPUs run
 * it. QEMU keeps some of them: the root dies unless the hypervisor notices.
 */
TEST(code_changes_under_other_cpus)
{
	static const char knob[] = "/proc/sys/kernel/sched_schedstats";
	time_t end = time(NULL) + 4;
	pid_t pid;
	int fd;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "one CPU");
	fd = open(knob, O_WRONLY);
	if (fd < 0)
		SKIP(return, "no %s", knob);
	pid = child_start(switch_for_ever, NULL);
	while (time(NULL) < end) {
		ASSERT_EQ(1, pwrite(fd, "1", 1, 0));
		ASSERT_EQ(1, pwrite(fd, "0", 1, 0));
	}
	EXPECT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(-SIGKILL, child_wait(pid));
	close(fd);
}

static int byte_to_port(void *arg)
{
	if (ioperm(TESTHV_CTL_PORT, 4, 1))
		return 1;
	outb(0, TESTHV_CTL_PORT);
	return 0;
}

TEST(control_port_wants_32_bits)
{
	SKIP_WITHOUT_TESTHV();
	EXPECT_EQ(-SIGSEGV, child_wait(child_start(byte_to_port, NULL)));
}

TEST_HARNESS_MAIN
