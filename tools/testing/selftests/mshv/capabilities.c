// SPDX-License-Identifier: GPL-2.0
/*
 * MSHV_CHECK_EXTENSION: every capability is answered, the answer is the same
 * on every kind of file descriptor, what is advertised works and what is not
 * is ENOTTY.
 *
 * Of Documentation/virt/mshv/defects.rst:
 * C8, D13: advertised_ones_work
 * C10, D89: absent_ones_are_enotty, absent_flags_and_pages_are_refused
 * D1: unknown_capabilities_are_zero, same_answer_on_every_fd
 */
#include <sys/eventfd.h>
#include <sys/mman.h>

#include "mshv_util.h"
#include "kselftest_harness.h"

const char *test_ours = "MSHV_CHECK_EXTENSION";

/* One of each kind of file descriptor. */
enum kind { KIND_DEV, KIND_PT, KIND_VP };

static int fds_get(const struct guest *f, enum kind kind)
{
	return kind == KIND_DEV ? f->vm.dev : kind == KIND_PT ? f->vm.fd : f->vp.fd;
}

/*
 * Probes: true if the capability does what it says. Each has a fresh partition
 * with one VP that has not run.
 */
typedef bool (*probe_fn)(struct guest *f, int value);

static bool creates_with(struct guest *f, u64 flags)
{
	int pt = partition_create(f->vm.dev, flags);

	if (pt < 0)
		return false;
	close(pt);
	return true;
}

static bool probe_create(struct guest *f, int value)
{
	return creates_with(f, 0);
}

static bool probe_create_v2(struct guest *f, int value)
{
	struct mshv_create_partition_v2 arg = {
		.pt_flags = BIT(MSHV_PT_BIT_CPU_AND_XSAVE_FEATURES),
		.pt_num_cpu_fbanks = MSHV_NUM_CPU_FEATURES_BANKS,
	};
	int pt = xioctl(f->vm.dev, MSHV_CREATE_PARTITION, &arg);

	if (pt < 0)
		return false;
	close(pt);
	return true;
}

static bool probe_lapic(struct guest *f, int value)
{
	return creates_with(f, BIT(MSHV_PT_BIT_LAPIC));
}

static bool probe_x2apic(struct guest *f, int value)
{
	return creates_with(f, BIT(MSHV_PT_BIT_LAPIC) | BIT(MSHV_PT_BIT_X2APIC));
}

static bool probe_super_pages(struct guest *f, int value)
{
	return creates_with(f, BIT(MSHV_PT_BIT_GPA_SUPER_PAGES));
}

static bool probe_nested(struct guest *f, int value)
{
	return creates_with(f, BIT(MSHV_PT_BIT_NESTED_VIRTUALIZATION));
}

static bool probe_smt(struct guest *f, int value)
{
	return creates_with(f, BIT(MSHV_PT_BIT_SMT_ENABLED_GUEST));
}

static bool probe_device_hvcall(struct guest *f, int value)
{
	u64 width = 0;

	return !hv_get_property(f->vm.dev, HVX_PROP_PHYSICAL_ADDRESS_WIDTH, &width) && width;
}

static bool probe_partition_hvcall(struct guest *f, int value)
{
	u64 width = 0;

	return !hv_get_property(f->vm.fd, HVX_PROP_PHYSICAL_ADDRESS_WIDTH, &width) && width;
}

static bool probe_vp_hvcall(struct guest *f, int value)
{
	const u32 name = HVX_REG_RFLAGS;
	union hvx_value v = { .u64 = 0 };

	return !hv_get_regs(f->vp.fd, 0, &name, &v, 1) && v.u64 & 2;
}

static bool probe_initialize(struct guest *f, int value)
{
	int pt = partition_create(f->vm.dev, PT_DEFAULT);
	int ret = partition_initialize(pt);

	close(pt);
	return !ret;
}

static bool probe_create_vp(struct guest *f, int value)
{
	int fd = vp_create(f->vm.fd, 1);

	close(fd);
	return fd >= 0;
}

GUEST_CODE(guest_sum, 16,
	   "mov $0x1234, %ax\n"
	   "add %bx, %ax\n"
	   "out %ax, $0x80\n");

static bool probe_run(struct guest *f, int value)
{
	vp_load(&f->vp, MODE_REAL, guest_sum);
	vp_set(&f->vp, HVX_REG_RBX, 0x1111);
	return vp_run_out(&f->vp, 0x80) == 0x2345;
}

GUEST_CODE(guest_read, 16,
	   "mov 0x8000, %ax\n"
	   "out %ax, $0x80\n");

static bool probe_memory(struct guest *f, int value)
{
	vp_load(&f->vp, MODE_REAL, guest_read);
	*(u16 *)(f->vm.ram + 0x8000) = 0xbeef;
	return vp_run_out(&f->vp, 0x80) == 0xbeef;
}

/* Discarded memory reads as zero in the guest, too: it was not pinned. */
static bool probe_movable(struct guest *f, int value)
{
	if (!probe_memory(f, value))
		return false;
	if (madvise(f->vm.ram + 0x8000, PAGE, MADV_DONTNEED))
		return false;
	vp_set(&f->vp, HVX_REG_RIP, GUEST_CODE_BASE);
	return vp_run_out(&f->vp, 0x80) == 0;
}

static bool probe_vp_registers(struct guest *f, int value)
{
	struct hvx_register *regs = calloc(value + 1, sizeof(*regs));
	bool ok;
	int i;

	for (i = 0; i < value + 1; i++)
		regs[i].name = HVX_REG_RAX + i % 16;
	ok = !vp_get_regs(f->vp.fd, regs, value) &&
	     !vp_set_regs(f->vp.fd, regs, value) &&
	     vp_get_regs(f->vp.fd, regs, value + 1) == -EINVAL;
	free(regs);
	return ok;
}

static bool maps_vp_page(struct guest *f, unsigned int index)
{
	long size = sysconf(_SC_PAGESIZE);
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, f->vp.fd, index * size);

	if (p == MAP_FAILED)
		return false;
	munmap(p, size);
	return true;
}

static bool probe_register_page(struct guest *f, int value)
{
	return maps_vp_page(f, MSHV_VP_MMAP_OFFSET_REGISTERS);
}

static bool probe_intercept_page(struct guest *f, int value)
{
	return maps_vp_page(f, MSHV_VP_MMAP_OFFSET_INTERCEPT_MESSAGE);
}

static bool probe_ghcb_page(struct guest *f, int value)
{
	return maps_vp_page(f, MSHV_VP_MMAP_OFFSET_GHCB);
}

static bool probe_cancel(struct guest *f, int value)
{
	return !xioctl(f->vp.fd, MSHV_CANCEL_RUN_VP, NULL) && vp_run(&f->vp) == -EINTR;
}

static bool probe_max_vps(struct guest *f, int value)
{
	int last = vp_create(f->vm.fd, value - 1);
	int beyond = vp_create(f->vm.fd, value);

	close(last);
	return last >= 0 && beyond == -EINVAL;
}

static bool probe_max_regions(struct guest *f, int value)
{
	return value >= 64;
}

static bool routes(struct guest *f, u32 gsi, u32 address_hi, u32 data)
{
	struct {
		struct mshv_user_irq_table table;
		struct mshv_user_irq_entry entry;
	} arg = {
		.table.nr = 1,
		.entry = {
			.gsi = gsi,
			.address_lo = 0xfee00000,
			.address_hi = address_hi,
			.data = data,
		},
	};

	return !xioctl(f->vm.fd, MSHV_SET_MSI_ROUTING, &arg);
}

static bool probe_msi_routing(struct guest *f, int value)
{
	return routes(f, 0, 0, 0x40);
}

static bool probe_msi_routing_dest32(struct guest *f, int value)
{
	return routes(f, 0, 0x100, 0x40);
}

static bool probe_max_gsis(struct guest *f, int value)
{
	return routes(f, value - 1, 0, 0x40) && !routes(f, value, 0, 0x40);
}

static bool assigns_irqfd(struct guest *f, u32 flags)
{
	struct mshv_user_irqfd arg = { .flags = flags };
	int ret;

	arg.fd = eventfd(0, 0);
	arg.resamplefd = eventfd(0, 0);
	ret = xioctl(f->vm.fd, MSHV_IRQFD, &arg);
	close(arg.fd);
	close(arg.resamplefd);
	return !ret;
}

static bool probe_irqfd(struct guest *f, int value)
{
	return assigns_irqfd(f, 0);
}

static bool probe_irqfd_resample(struct guest *f, int value)
{
	/* level triggered */
	return routes(f, 0, 0, 0x8040) && assigns_irqfd(f, BIT(MSHV_IRQFD_BIT_RESAMPLE));
}

static bool assigns_ioeventfd(struct guest *f, u64 addr, u32 flags)
{
	struct mshv_user_ioeventfd arg = { .addr = addr, .len = 4, .flags = flags };
	int ret;

	arg.fd = eventfd(0, 0);
	ret = xioctl(f->vm.fd, MSHV_IOEVENTFD, &arg);
	close(arg.fd);
	return !ret;
}

static bool probe_ioeventfd(struct guest *f, int value)
{
	return assigns_ioeventfd(f, 1 * GIB, 0);
}

static bool probe_ioeventfd_pio(struct guest *f, int value)
{
	return assigns_ioeventfd(f, 0x60, BIT(MSHV_IOEVENTFD_BIT_PIO));
}

static bool probe_gpap(struct guest *f, int value)
{
	u8 bits[RAM_SIZE / PAGE / 8];
	struct mshv_gpap_access_bitmap arg = {
		.page_count = RAM_SIZE / PAGE,
		.bitmap_ptr = (u64)bits,
	};

	return !xioctl(f->vm.fd, MSHV_GET_GPAP_ACCESS_BITMAP, &arg);
}

static bool probe_build(struct guest *f, int value)
{
	return value > 0;
}

static bool probe_install_intercept(struct guest *f, int value)
{
	return !pt_install_intercept(f->vm.fd, MSHV_INTERCEPT_CPUID, ACCESS_EXECUTE, 1);
}

static bool probe_assert_interrupt(struct guest *f, int value)
{
	return !pt_assert_interrupt(f->vm.fd, MSHV_INTERRUPT_FIXED, 0, 0x40, 0);
}

static bool probe_get_property(struct guest *f, int value)
{
	u64 width = 0;

	return !pt_get_property(f->vm.fd, HVX_PROP_PHYSICAL_ADDRESS_WIDTH, &width) && width;
}

static bool probe_set_property(struct guest *f, int value)
{
	return !pt_set_property(f->vm.fd, HVX_PROP_UNIMPLEMENTED_MSR_ACTION,
				HVX_MSR_ACTION_IGNORE);
}

static bool probe_translate(struct guest *f, int value)
{
	struct mshv_translate_gva_result result;
	u64 gpa = 0;

	vp_setup(&f->vp, MODE_LONG, GUEST_CODE_BASE);
	return !vp_translate(f->vp.fd, 0x1234, 0, &result, &gpa) && !result.code &&
	       gpa == 0x1234;
}

static bool probe_intercept_result(struct guest *f, int value)
{
	static const struct mshv_cpuid_bits eax = { 1, 1 };

	return !vp_cpuid_result(f->vp.fd, 0x4000ffff, 0, 0, &eax);
}

static bool probe_msr_result(struct guest *f, int value)
{
	return !vp_msr_result(f->vp.fd, 0x4badf00d, ACCESS_READ, MSHV_MSR_ACTION_IGNORE);
}

static bool probe_cpuid_values(struct guest *f, int value)
{
	struct mshv_cpuid_entry *e = calloc(value + 1, sizeof(*e));
	bool ok = !vp_cpuid_values(f->vp.fd, 0, e, value) && e[value - 1].eax &&
		  vp_cpuid_values(f->vp.fd, 0, e, value + 1) == -EINVAL;

	free(e);
	return ok;
}

/*
 * The capabilities. @cmd, if not 0, is the ioctl that does not exist on @kind
 * without the capability. What has neither probe nor ioctl is never set by
 * this driver.
 */
static const struct capability {
	u32 nr;
	const char *name;
	probe_fn probe;
	enum kind kind;
	unsigned int cmd;
} capabilities[] = {
#define CAP(n, ...) { MSHV_CAP_##n, #n, __VA_ARGS__ }
	CAP(CORE_API_STABLE),
	CAP(REGISTER_PAGE, probe_register_page),
	CAP(VTL_RETURN_ACTION),
	CAP(DR6_SHARED),
	CAP(CREATE_PARTITION, probe_create, KIND_DEV, MSHV_CREATE_PARTITION),
	CAP(CREATE_PARTITION_V2, probe_create_v2),
	CAP(PT_LAPIC, probe_lapic),
	CAP(PT_X2APIC, probe_x2apic),
	CAP(PT_GPA_SUPER_PAGES, probe_super_pages),
	CAP(PT_NESTED, probe_nested),
	CAP(PT_SMT, probe_smt),
	CAP(DEVICE_HVCALL, probe_device_hvcall, KIND_DEV, MSHV_ROOT_HVCALL),
	CAP(COMPAT_IOCTL),
	CAP(INITIALIZE_PARTITION, probe_initialize, KIND_PT, MSHV_INITIALIZE_PARTITION),
	CAP(CREATE_VP, probe_create_vp, KIND_PT, MSHV_CREATE_VP),
	CAP(GUEST_MEMORY, probe_memory, KIND_PT, MSHV_SET_GUEST_MEMORY),
	CAP(MOVABLE_MEMORY, probe_movable),
	CAP(MMIO_MEMORY),
	CAP(IRQFD, probe_irqfd, KIND_PT, MSHV_IRQFD),
	CAP(IRQFD_RESAMPLE, probe_irqfd_resample),
	CAP(IOEVENTFD, probe_ioeventfd, KIND_PT, MSHV_IOEVENTFD),
	CAP(IOEVENTFD_PIO, probe_ioeventfd_pio),
	CAP(MSI_ROUTING, probe_msi_routing, KIND_PT, MSHV_SET_MSI_ROUTING),
	CAP(GPAP_ACCESS_BITMAP, probe_gpap, KIND_PT, MSHV_GET_GPAP_ACCESS_BITMAP),
	CAP(PARTITION_HVCALL, probe_partition_hvcall, KIND_PT, MSHV_ROOT_HVCALL),
	CAP(MSI_ROUTING_DEST32, probe_msi_routing_dest32),
	CAP(RUN_VP, probe_run, KIND_VP, MSHV_RUN_VP),
	CAP(VP_HVCALL, probe_vp_hvcall, KIND_VP, MSHV_ROOT_HVCALL),
	CAP(VP_REGISTERS, probe_vp_registers, KIND_VP, MSHV_GET_VP_REGISTERS),
	CAP(INTERCEPT_PAGE, probe_intercept_page),
	CAP(GHCB_PAGE, probe_ghcb_page),
	CAP(VP_STATE_LAPIC, NULL, KIND_VP, MSHV_GET_VP_STATE),
	CAP(VP_STATE_XSAVE, NULL, KIND_VP, MSHV_GET_VP_STATE),
	CAP(VP_STATE_SIMP, NULL, KIND_VP, MSHV_GET_VP_STATE),
	CAP(VP_STATE_SIEFP, NULL, KIND_VP, MSHV_SET_VP_STATE),
	CAP(VP_STATE_STIMERS, NULL, KIND_VP, MSHV_SET_VP_STATE),
	CAP(CANCEL_RUN_VP, probe_cancel, KIND_VP, MSHV_CANCEL_RUN_VP),
	CAP(MAX_VPS, probe_max_vps),
	CAP(MAX_REGIONS, probe_max_regions),
	CAP(MAX_GSIS, probe_max_gsis),
	CAP(HV_BUILD, probe_build),
	CAP(PARTITION_STATS, NULL, KIND_PT, MSHV_GET_STATS_FD),
	CAP(VP_STATS, NULL, KIND_VP, MSHV_GET_STATS_FD),
	CAP(INSTALL_INTERCEPT, probe_install_intercept, KIND_PT, MSHV_INSTALL_INTERCEPT),
	CAP(ASSERT_INTERRUPT, probe_assert_interrupt, KIND_PT, MSHV_ASSERT_INTERRUPT),
	CAP(GET_PROPERTY, probe_get_property, KIND_PT, MSHV_GET_PARTITION_PROPERTY),
	CAP(SET_PROPERTY, probe_set_property, KIND_PT, MSHV_SET_PARTITION_PROPERTY),
	CAP(TRANSLATE_GVA, probe_translate, KIND_VP, MSHV_VP_TRANSLATE_GVA),
	CAP(INTERCEPT_RESULT, probe_intercept_result, KIND_VP, MSHV_REGISTER_INTERCEPT_RESULT),
	CAP(MSR_RESULT, probe_msr_result, KIND_VP, MSHV_REGISTER_INTERCEPT_RESULT),
	CAP(VP_CPUID_VALUES, probe_cpuid_values, KIND_VP, MSHV_GET_VP_CPUID_VALUES),
};

static const struct capability *capability_find(u32 nr)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(capabilities); i++)
		if (capabilities[i].nr == nr)
			return &capabilities[i];
	return NULL;
}

TEST(core_api_is_not_stable)
{
	struct guest f;

	guest_init(&f);
	EXPECT_EQ(0, cap(f.vm.dev, MSHV_CAP_CORE_API_STABLE));
	EXPECT_EQ(0, cap(f.vm.fd, MSHV_CAP_CORE_API_STABLE));
	EXPECT_EQ(0, cap(f.vp.fd, MSHV_CAP_CORE_API_STABLE));
	guest_free(&f);
}

TEST(vtl_capabilities_are_absent)
{
	int dev = dev_open();

	EXPECT_EQ(0, cap(dev, MSHV_CAP_VTL_RETURN_ACTION));
	EXPECT_EQ(0, cap(dev, MSHV_CAP_DR6_SHARED));
}

/* Without these nothing below means anything. */
TEST(essential_capabilities_are_present)
{
	static const u32 essential[] = {
		MSHV_CAP_CREATE_PARTITION, MSHV_CAP_INITIALIZE_PARTITION,
		MSHV_CAP_CREATE_VP, MSHV_CAP_GUEST_MEMORY, MSHV_CAP_RUN_VP,
		MSHV_CAP_MAX_VPS,
	};
	int dev = dev_open();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(essential); i++)
		EXPECT_LT(0, cap(dev, essential[i]))
			TH_LOG("capability %#x", essential[i]);
}

TEST(unknown_capabilities_are_zero)
{
	static const u32 far[] = {
		0x10000, 0x7fffffff, 0x80000000, 0x80000080, 0xffffffff,
	};
	struct guest f;
	unsigned int i;
	u32 nr;

	guest_init(&f);
	for (nr = 0; nr < 0x1000; nr++) {
		if (capability_find(nr))
			continue;
		ASSERT_EQ(0, cap(f.vm.dev, nr))
			TH_LOG("capability %#x is not known to this test", nr);
		ASSERT_EQ(0, cap(f.vm.fd, nr));
		ASSERT_EQ(0, cap(f.vp.fd, nr));
	}
	for (i = 0; i < ARRAY_SIZE(far); i++)
		EXPECT_EQ(0, cap(f.vm.dev, far[i]));
	guest_free(&f);
}

TEST(same_answer_on_every_fd)
{
	struct guest f;
	unsigned int i;

	guest_init(&f);
	for (i = 0; i < ARRAY_SIZE(capabilities); i++) {
		int value = cap(f.vm.dev, capabilities[i].nr);

		TH_LOG("%-22s %#6x = %d", capabilities[i].name, capabilities[i].nr, value);
		EXPECT_EQ(value, cap(f.vm.fd, capabilities[i].nr));
		EXPECT_EQ(value, cap(f.vp.fd, capabilities[i].nr));
	}
	guest_free(&f);
}

TEST(bad_pointer_is_efault)
{
	u8 *page = guard_page();
	struct guest f;

	guest_init(&f);
	EXPECT_EQ(-EFAULT, xioctl(f.vm.dev, MSHV_CHECK_EXTENSION, NULL));
	EXPECT_EQ(-EFAULT, xioctl(f.vm.fd, MSHV_CHECK_EXTENSION, NULL));
	EXPECT_EQ(-EFAULT, xioctl(f.vp.fd, MSHV_CHECK_EXTENSION, NULL));
	EXPECT_EQ(-EFAULT, xioctl(f.vm.dev, MSHV_CHECK_EXTENSION, page + PAGE - 3));
	/* the last four bytes before the hole are enough */
	memset(page + PAGE - 4, 0, 4);
	EXPECT_EQ(0, xioctl(f.vm.dev, MSHV_CHECK_EXTENSION, page + PAGE - 4));
	guest_free(&f);
}

TEST(advertised_ones_work)
{
	unsigned int i;
	struct guest f;
	int value;

	for (i = 0; i < ARRAY_SIZE(capabilities); i++) {
		const struct capability *c = &capabilities[i];

		guest_init(&f);
		value = cap(f.vm.dev, c->nr);
		if (value && c->probe)
			EXPECT_TRUE(c->probe(&f, value))
				TH_LOG("%s is %d and does not work", c->name, value);
		if (value && c->cmd)
			EXPECT_NE(-ENOTTY, xioctl(fds_get(&f, c->kind), c->cmd, NULL))
				TH_LOG("%s is %d and ENOTTY", c->name, value);
		/* what this suite does not know how to test is not to be claimed */
		if (!c->probe && !c->cmd && c->nr != MSHV_CAP_MMIO_MEMORY &&
		    c->nr != MSHV_CAP_COMPAT_IOCTL)
			EXPECT_EQ(0, value)
				TH_LOG("%s", c->name);
		guest_free(&f);
	}
}

/* Is any capability set that stands for this ioctl on this kind of fd? */
static bool ioctl_advertised(int fd, enum kind kind, unsigned int cmd)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(capabilities); i++)
		if (capabilities[i].cmd == cmd && capabilities[i].kind == kind &&
		    cap(fd, capabilities[i].nr))
			return true;
	/* GET and SET of VP state share their capabilities, as do registers */
	if (cmd == MSHV_SET_VP_STATE)
		return ioctl_advertised(fd, kind, MSHV_GET_VP_STATE);
	return false;
}

TEST(absent_ones_are_enotty)
{
	struct guest f;
	unsigned int i;

	guest_init(&f);
	for (i = 0; i < ARRAY_SIZE(capabilities); i++) {
		const struct capability *c = &capabilities[i];

		if (!c->cmd || ioctl_advertised(f.vm.dev, c->kind, c->cmd))
			continue;
		EXPECT_EQ(-ENOTTY, xioctl(fds_get(&f, c->kind), c->cmd, NULL))
			TH_LOG("%s is absent, its ioctl is there", c->name);
	}
	guest_free(&f);
}

/* What clients of downstream kernels try, to fall back if it is ENOTTY */
TEST(downstream_ioctls_are_enotty)
{
	static const unsigned int create_device = 0xc00cb808, set_attr = 0x4018b800;
	u64 arg[3] = { 0 };
	struct guest f;

	guest_init(&f);
	EXPECT_EQ(-ENOTTY, xioctl(f.vm.fd, create_device, arg));
	EXPECT_EQ(-ENOTTY, xioctl(f.vm.dev, create_device, arg));
	EXPECT_EQ(-ENOTTY, xioctl(f.vm.fd, set_attr, arg));
	/* a VP's number on a partition, and the reverse */
	EXPECT_EQ(-ENOTTY, xioctl(f.vm.fd, MSHV_VP_TRANSLATE_GVA, arg));
	EXPECT_EQ(-ENOTTY, xioctl(f.vp.fd, MSHV_SET_PARTITION_PROPERTY, arg));
	guest_free(&f);
}

/* Flags and pages that are not advertised are refused, not ignored. */
TEST(absent_flags_and_pages_are_refused)
{
	static const struct {
		u32 nr;
		u64 flags;
	} flags[] = {
		{ MSHV_CAP_PT_LAPIC, BIT(MSHV_PT_BIT_LAPIC) },
		{ MSHV_CAP_PT_X2APIC, PT_DEFAULT },
		{ MSHV_CAP_PT_GPA_SUPER_PAGES, BIT(MSHV_PT_BIT_GPA_SUPER_PAGES) },
		{ MSHV_CAP_PT_NESTED, BIT(MSHV_PT_BIT_NESTED_VIRTUALIZATION) },
		{ MSHV_CAP_PT_SMT, BIT(MSHV_PT_BIT_SMT_ENABLED_GUEST) },
	};
	struct guest f;
	unsigned int i;

	guest_init(&f);
	for (i = 0; i < ARRAY_SIZE(flags); i++)
		if (!cap(f.vm.dev, flags[i].nr))
			EXPECT_FALSE(creates_with(&f, flags[i].flags))
				TH_LOG("capability %#x", flags[i].nr);
	if (!cap(f.vm.dev, MSHV_CAP_REGISTER_PAGE))
		EXPECT_FALSE(probe_register_page(&f, 0));
	if (!cap(f.vm.dev, MSHV_CAP_INTERCEPT_PAGE))
		EXPECT_FALSE(probe_intercept_page(&f, 0));
	if (!cap(f.vm.dev, MSHV_CAP_IRQFD_RESAMPLE))
		EXPECT_FALSE(probe_irqfd_resample(&f, 0));
	if (!cap(f.vm.dev, MSHV_CAP_MSI_ROUTING_DEST32))
		EXPECT_FALSE(probe_msi_routing_dest32(&f, 0));
	if (!cap(f.vm.dev, MSHV_CAP_IOEVENTFD_PIO))
		EXPECT_FALSE(probe_ioeventfd_pio(&f, 0));
	if (!cap(f.vm.dev, MSHV_CAP_GHCB_PAGE))
		EXPECT_FALSE(probe_ghcb_page(&f, 0));
	guest_free(&f);
}

TEST_HARNESS_MAIN
