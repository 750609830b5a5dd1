// SPDX-License-Identifier: GPL-2.0
/*
 * The driver goes and comes back, and leaves the SynIC as it was: off, or with
 * VMBus, whose driver shares it. What it serves keeps it.
 */
#include "mshv_util.h"
#include "kselftest_harness.h"

const char *test_ours = "module mshv";

#define VMBUS_SINT	2

/* Where VMBus's driver is alive */
#define VMBUS_ACTIVE	"/sys/bus/vmbus"

static u64 rdmsr(unsigned int cpu, u32 msr)
{
	char path[32];
	u64 value;
	int fd;

	snprintf(path, sizeof(path), "/dev/cpu/%u/msr", cpu);
	fd = open(path, O_RDONLY);
	REQUIRE(fd >= 0 && pread(fd, &value, sizeof(value), msr) == sizeof(value),
		"%s, MSR %#x", path, msr);
	close(fd);
	return value;
}

#define MAX_CPUS	64

/* What the driver shares with VMBus on a CPU, and what is its own */
struct synic {
	u64 control, simp, siefp, vmbus_sint;
	u64 sirbp, intercept_sint, doorbell_sint;
};

static void synic_read(struct synic *s)
{
	unsigned int cpu;

	for (cpu = 0; cpu < cpus_online() && cpu < MAX_CPUS; cpu++, s++) {
		s->control = rdmsr(cpu, HVX_MSR_SCONTROL);
		s->simp = rdmsr(cpu, HVX_MSR_SIMP);
		s->siefp = rdmsr(cpu, HVX_MSR_SIEFP);
		s->vmbus_sint = rdmsr(cpu, HVX_MSR_SINT0 + VMBUS_SINT);
		s->sirbp = rdmsr(cpu, HVX_MSR_SIRBP);
		s->intercept_sint = rdmsr(cpu, HVX_MSR_SINT0 + HVX_SINT_INTERCEPT);
		s->doorbell_sint = rdmsr(cpu, HVX_MSR_SINT0 + HVX_SINT_DOORBELL);
	}
}

GUEST_CODE(guest_out, 64, "out %al, $0x80\n");

/* A guest runs and leaves on each CPU. */
static void guests_run(void)
{
	unsigned int cpu;
	struct vm vm;
	struct vp vp;

	for (cpu = 0; cpu < cpus_online(); cpu++) {
		pin_to_cpu(cpu);
		vm_init(&vm);
		vp_init(&vp, &vm, 0);
		vp_load(&vp, MODE_LONG, guest_out);
		vp_run_out(&vp, 0x80);
		vp_free(&vp);
		vm_free(&vm);
	}
}

TEST(in_use)
{
	int fd = driver_open();
	int dev = dev_open();

	if (fd < 0)
		SKIP(return, "no module's file");
	EXPECT_EQ(-EWOULDBLOCK, driver_unload());
	EXPECT_EQ(-EEXIST, driver_load(fd));
	close(dev);
	close(fd);
}

TEST(reload)
{
	static struct synic loaded[MAX_CPUS], without[MAX_CPUS], again[MAX_CPUS];
	const bool vmbus = !access(VMBUS_ACTIVE, F_OK);
	int fd = driver_open();
	struct accounts before;
	unsigned int cpu;

	if (fd < 0)
		SKIP(return, "no module's file");
	if (access("/dev/cpu/0/msr", R_OK) && system("modprobe msr"))
		SKIP(return, "no MSRs");
	guests_run();
	synic_read(loaded);
	accounts_read(&before);
	ASSERT_EQ(0, driver_unload());
	EXPECT_EQ(-1, access(MSHV_DEV, F_OK));
	synic_read(without);
	ASSERT_EQ(0, driver_load(fd));
	synic_read(again);
	guests_run();
	/* pages that lie over the partition's own are there again, too */
	EXPECT_EQ(0, accounts_open(&before));

	for (cpu = 0; cpu < cpus_online() && cpu < MAX_CPUS; cpu++) {
		const struct synic *l = &loaded[cpu], *w = &without[cpu], *a = &again[cpu];

		EXPECT_TRUE(l->simp & l->siefp & l->sirbp & HVX_MSR_PAGE_ENABLE);
		EXPECT_TRUE(l->control & HVX_SCONTROL_ENABLE);
		EXPECT_FALSE((l->intercept_sint | l->doorbell_sint) & HVX_SINT_MASKED);

		EXPECT_TRUE(w->intercept_sint & w->doorbell_sint & HVX_SINT_MASKED);
		EXPECT_FALSE(w->sirbp & HVX_MSR_PAGE_ENABLE);
		EXPECT_EQ(vmbus, w->control & HVX_SCONTROL_ENABLE);
		EXPECT_EQ(vmbus, w->simp & HVX_MSR_PAGE_ENABLE);
		EXPECT_EQ(vmbus, w->siefp & HVX_MSR_PAGE_ENABLE);
		EXPECT_EQ(vmbus, !(w->vmbus_sint & HVX_SINT_MASKED));
		if (vmbus) {
			EXPECT_EQ(l->simp, w->simp);
			EXPECT_EQ(l->siefp, w->siefp);
		}
		EXPECT_EQ(l->vmbus_sint, w->vmbus_sint);
		/* the driver's own pages may be elsewhere */
		EXPECT_TRUE(a->simp & a->siefp & a->sirbp & HVX_MSR_PAGE_ENABLE);
		EXPECT_EQ(l->control, a->control);
		EXPECT_EQ(l->intercept_sint, a->intercept_sint);
		EXPECT_EQ(l->doorbell_sint, a->doorbell_sint);
	}
	close(fd);
}

TEST_HARNESS_MAIN
