// SPDX-License-Identifier: GPL-2.0
/*
 * The root's CPUs go and come while guests run, doorbells ring and
 * interrupts are delivered; and the machine is told to sleep, which is refused when
 * all CPUs but one are gone, unless it is sleep that leaves everything on.
 *
 * Of Documentation/virt/mshv/defects.rst:
 * D87: - a page that cannot be had keeps the CPU from coming, and the others go
 * D103: one_at_a_time, all_but_one
 */
#include <pthread.h>
#include <sys/io.h>

#include "mshv_irq.h"
#include "mshv_util.h"
#include "kselftest_harness.h"

#define MAX_CPUS	64
#define ROUNDS		3
#define GSI		5
#define VECTOR		0x45
#define DOORBELL	(16 * MIB)
/* Of ACPI's fixed description table; and of what it describes */
#define FADT_PM1A_EVT_BLK	56
#define FADT_PM1_EVT_LEN	88
#define PM1_TMR_EN		1
/* There the eventfd does not hear of an interrupt's end, see irq_deliver. */
#define RESAMPLES	(!on_mainline())

GUEST_CODE(guest_compute, 64,
	   "1: incl (%rdi)\n"
	   "jmp 1b\n");

GUEST_CODE(guest_ring, 64,
	   "1: mov %ecx, (%rbx)\n"
	   "incl (%rdi)\n"
	   "jmp 1b\n");

/* A VP with the thread that runs it, and the word of memory that it counts in. */
struct runner {
	struct vp vp;
	u32 *count;
	pthread_t thread;
	bool stop;
	int ret;
};

static void *runner_thread(void *arg)
{
	struct runner *r = arg;

	while (!READ_ONCE(r->stop)) {
		r->ret = vp_run(&r->vp);
		if (r->ret != -EINTR)
			break;
	}
	return NULL;
}

/* Before any VP of @vm runs: they share what vp_setup() writes to memory. */
static void runner_init(struct runner *r, struct vm *vm, u32 index, const u8 *code,
			const u8 *end)
{
	u64 data = GUEST_DATA + index * PAGE;
	u64 ip = GUEST_CODE_BASE + index * PAGE;

	vm_write(vm, ip, code, end - code);
	vp_init(&r->vp, vm, index);
	vp_setup(&r->vp, MODE_LONG, ip);
	vp_set(&r->vp, HVX_REG_RBX, DOORBELL);
	vp_set(&r->vp, HVX_REG_RDI, data);
	r->count = (u32 *)(vm->ram + data);
}

static void runner_start(struct runner *r)
{
	r->thread = thread_start(runner_thread, r);
}

static void runner_stop(struct runner *r)
{
	WRITE_ONCE(r->stop, true);
	thread_stop(r->thread);
	vp_free(&r->vp);
}

/* Does the guest do anything, from now on? */
static bool runs(const struct runner *r)
{
	u32 count = READ_ONCE(*r->count);
	u64 end = now_us() + limit_us(IRQ_WAIT_US);

	while (READ_ONCE(*r->count) - count < 2 && now_us() < end)
		usleep(100);
	return READ_ONCE(*r->count) - count >= 2;
}

static void cpu_path(char *path, size_t size, unsigned int cpu)
{
	snprintf(path, size, "/sys/devices/system/cpu/cpu%u/online", cpu);
}

static int cpu_online(unsigned int cpu, bool online)
{
	char path[64];

	cpu_path(path, sizeof(path), cpu);
	return file_write(path, online ? "1" : "0");
}

/* CPUs that can be taken away. */
static unsigned int hotplug_cpus(unsigned int *cpus)
{
	unsigned int cpu, n = 0;
	char path[64];

	for (cpu = 1; cpu < MAX_CPUS; cpu++) {
		cpu_path(path, sizeof(path), cpu);
		if (!access(path, W_OK))
			cpus[n++] = cpu;
	}
	return n;
}

/* Both areas of the driver that are options */
const u32 test_needs[] = { MSHV_CAP_IRQFD, MSHV_CAP_MSI_ROUTING, MSHV_CAP_IOEVENTFD, 0 };

FIXTURE(hotplug) {
	struct irq_guest g;
	struct vm vm;
	struct runner computes, rings;
	unsigned int cpus[MAX_CPUS], nr;
	int irq, resample, doorbell;
	u32 interrupts;
};

FIXTURE_SETUP(hotplug)
{
	self->nr = hotplug_cpus(self->cpus);
	irq_guest_init(&self->g, 1, NULL, IRQ_X2APIC);
	irq_guest_start(&self->g);
	self->irq = event_create();
	self->resample = event_create();
	if (RESAMPLES) {
		ASSERT_EQ(0, route_set(self->g.vm.fd, GSI, VECTOR | ROUTE_LEVEL));
		ASSERT_EQ(0, irqfd_resample(self->g.vm.fd, self->irq, GSI, self->resample));
	} else {
		ASSERT_EQ(0, route_set(self->g.vm.fd, GSI, VECTOR));
		ASSERT_EQ(0, irqfd_assign(self->g.vm.fd, self->irq, GSI));
	}

	vm_init(&self->vm);
	self->doorbell = event_create();
	ASSERT_EQ(0, ioeventfd(self->vm.fd, self->doorbell, DOORBELL, 4, 0, 0));
	runner_init(&self->computes, &self->vm, 0, guest_compute, guest_compute_end);
	runner_init(&self->rings, &self->vm, 1, guest_ring, guest_ring_end);
	runner_start(&self->computes);
	runner_start(&self->rings);
}

FIXTURE_TEARDOWN(hotplug)
{
	irq_guest_stop(&self->g);
	EXPECT_EQ(0, self->g.vps[0].error);
	irq_guest_free(&self->g);
	runner_stop(&self->computes);
	runner_stop(&self->rings);
	EXPECT_EQ(-EINTR, self->computes.ret);
	EXPECT_EQ(-EINTR, self->rings.ret);
	vm_free(&self->vm);
}

/* All that guests do goes on: they compute, ring, are interrupted and end that. */
#define EXPECT_ALIVE(when, cpu) do {						\
	EXPECT_TRUE(runs(&self->computes)) TH_LOG(when " %u", cpu);		\
	event_take(self->doorbell);						\
	EXPECT_TRUE(runs(&self->rings)) TH_LOG(when " %u", cpu);		\
	EXPECT_LT(0, event_wait(self->doorbell)) TH_LOG(when " %u", cpu);	\
	event_signal(self->irq);						\
	if (RESAMPLES)								\
		EXPECT_EQ(1, event_wait(self->resample)) TH_LOG(when " %u", cpu); \
	self->interrupts++;							\
	EXPECT_EQ(self->interrupts,						\
		  irq_wait(&self->g, 0, VECTOR, self->interrupts));		\
} while (0)

TEST_F_TIMEOUT(hotplug, one_at_a_time, 300)
{
	unsigned int round, i;

	if (!self->nr)
		SKIP(return, "no CPU can be taken away");
	EXPECT_ALIVE("before", 0);
	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < self->nr; i++) {
			ASSERT_EQ(0, cpu_online(self->cpus[i], false));
			EXPECT_ALIVE("without", self->cpus[i]);
			ASSERT_EQ(0, cpu_online(self->cpus[i], true));
			EXPECT_ALIVE("back", self->cpus[i]);
		}
	}
}

TEST_F_TIMEOUT(hotplug, all_but_one, 300)
{
	unsigned int round, i;

	if (!self->nr)
		SKIP(return, "no CPU can be taken away");
	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < self->nr; i++)
			ASSERT_EQ(0, cpu_online(self->cpus[i], false));
		EXPECT_ALIVE("down to", 1);
		for (i = 0; i < self->nr; i++)
			ASSERT_EQ(0, cpu_online(self->cpus[i], true));
		EXPECT_ALIVE("up to", self->nr + 1);
	}
}

/* The first line of a file; empty without it. */
static void read_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "r");

	line[0] = 0;
	if (!file)
		return;
	REQUIRE(fgets(line, size, file), "%s", path);
	fclose(file);
}

static bool can_sleep(const char *state)
{
	char line[64];

	/* Where "mem" is suspend to idle, it is not refused. */
	read_line("/sys/power/mem_sleep", line, sizeof(line));
	if (!strcmp(state, "mem") && !strstr(line, "[deep]"))
		return false;
	read_line("/sys/power/state", line, sizeof(line));
	return strstr(line, state);
}

/* Whether the log has this among what is new; all that is read. */
static bool logged(int klog, const char *text)
{
	bool found = false;
	char line[1024];

	while (klog_line(klog, line, sizeof(line)))
		found |= !!strstr(line, text);
	return found;
}

static int fall_asleep(const char *state)
{
	return file_write("/sys/power/state", state);
}

/* VPs freeze with their processes, CPUs go, and everything comes back. */
TEST_F_TIMEOUT(hotplug, suspend_is_refused, 300)
{
	struct ctl_info info = { };

	if (!can_sleep("mem"))
		SKIP(return, "no suspend to RAM");
	/* testhv leaves it to QEMU, and that would do it. */
	if (ctl_present())
		ctl_info(&info);
	if (info.l1vh)
		SKIP(return, "no root partition");
	EXPECT_GT(0, fall_asleep("mem"));
	EXPECT_ALIVE("awake", 0);
}

/* ACPI's register that says which of its events interrupt: an I/O port; 0: none. */
static u16 acpi_event_enable(void)
{
	u8 fadt[FADT_PM1_EVT_LEN + 1];
	int fd = open("/sys/firmware/acpi/tables/FACP", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, fadt, sizeof(fadt));
	u32 port;

	if (fd >= 0)
		close(fd);
	if (n != sizeof(fadt))
		return 0;
	memcpy(&port, fadt + FADT_PM1A_EVT_BLK, sizeof(port));
	port += fadt[FADT_PM1_EVT_LEN] / 2;
	return port > 0xffff || ioperm(port, 2, 1) ? 0 : port;
}

/*
 * Processes freeze, and so do VPs, devices are suspended, all CPUs idle. ACPI's timer,
 * which overflows every two seconds, wakes the machine once somebody lets it, in which
 * testhv stands in for the world. Where that comes too early the kernel forbids it again.
 */
TEST_F_TIMEOUT(hotplug, suspend_to_idle, 300)
{
	const char *stats = "/sys/power/suspend_stats/success";
	u16 port = acpi_event_enable();
	long before;

	if (!ctl_present() || !port || !can_sleep("freeze"))
		SKIP(return, "no suspend to idle");
	before = file_number(stats, "");
	ctl_out(port, inw(port) | PM1_TMR_EN, 2000, 100);
	EXPECT_EQ(0, fall_asleep("freeze"));
	EXPECT_LT(0, ctl_out(port, 0, 0, 0));
	EXPECT_EQ(before + 1, file_number(stats, ""));
	EXPECT_ALIVE("awake", 0);
}

TEST_F(hotplug, hibernation_is_refused)
{
	int klog = klog_open();

	ASSERT_LE(0, klog);
	if (!can_sleep("disk"))
		SKIP(return, "no hibernation");
	EXPECT_EQ(-EBUSY, fall_asleep("disk"));
	EXPECT_TRUE(logged(klog, "mshv: no hibernation"));
	EXPECT_ALIVE("awake", 0);
	close(klog);
}

/* New CPUs are set up for partitions that were there before, and after. */
TEST(partition_made_while_a_cpu_is_away)
{
	unsigned int cpus[MAX_CPUS], nr = hotplug_cpus(cpus);
	struct runner r = { };
	struct vm vm;

	if (!nr)
		SKIP(return, "no CPU can be taken away");
	ASSERT_EQ(0, cpu_online(cpus[0], false));
	vm_init(&vm);
	runner_init(&r, &vm, 0, guest_compute, guest_compute_end);
	runner_start(&r);
	EXPECT_TRUE(runs(&r));
	ASSERT_EQ(0, cpu_online(cpus[0], true));
	EXPECT_TRUE(runs(&r));
	runner_stop(&r);
	vm_free(&vm);
}

TEST_HARNESS_MAIN
