// SPDX-License-Identifier: GPL-2.0
/*
 * What published VMMs do, call by call, in their order and with their values:
 * QEMU 11.1, Cloud Hypervisor 54, and the rust-vmm crates below the latter. A
 * driver that refuses one of these calls, or does something else, breaks a
 * program that cannot be changed any more.
 *
 * Of Documentation/virt/mshv/defects.rst:
 * C2, C6: rust_vmm_msrs
 * C15: cloud_hypervisor_snapshot, snapshot_in_a_storm
 */
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#include "mshv_irq.h"
#include "mshv_util.h"
#include "kselftest_harness.h"

const u32 test_needs[] = {
	MSHV_CAP_DEVICE_HVCALL, MSHV_CAP_PARTITION_HVCALL, MSHV_CAP_VP_HVCALL,
	MSHV_CAP_IRQFD, MSHV_CAP_MSI_ROUTING, MSHV_CAP_VP_STATE_LAPIC, 0,
};

/* Every VMM asks for these: local APIC, x2APIC, large pages, feature masks. */
#define CLIENT_FLAGS	(BIT(MSHV_PT_BIT_LAPIC) | BIT(MSHV_PT_BIT_X2APIC) | \
			 BIT(MSHV_PT_BIT_GPA_SUPER_PAGES) | \
			 BIT(MSHV_PT_BIT_CPU_AND_XSAVE_FEATURES))

#define BANK0_RDTSCP	BIT(38)
#define BANK0_IBRS	BIT(44)
#define BANK0_RESERVED	BIT(63)
#define BANK1_LA57	BIT(4)
#define BANK1_CET_SS	BIT(8)
#define BANK1_CET_IBT	BIT(9)
#define BANK1_TSC_ADJUST BIT(18)
#define XSAVE_SUPERVISOR BIT(12)

/* The synthetic features of QEMU, and those that rust-vmm would like */
#define QEMU_SYNTHETIC	0x6400ffbULL
#define RUST_SYNTHETIC	0x0020004006400ffbULL
/* All but XSAVE, XSAVEOPT, AVX, AVX2, FMA, XSAVEC, XSAVES */
#define RUST_NO_XSAVE	0xffffffffffffe7e0ULL

#define NR_PINS		24
#define LVT_EXTINT	0x700
#define LVT_NMI		0x400
#define APIC_BASE	0xfee00000ULL
#define APIC_BASE_BSP	BIT(8)
#define APIC_BASE_ON	BIT(11)
#define BIOS_SIZE	(64 * KIB)
#define VECTOR		0x50

/**
 * struct client - a VMM's view of a partition
 * @vm: partition and memory
 * @vp: VP 0
 * @page: its register page
 * @features: of the partition: HVX_PROP_PROCESSOR_FEATURES0 and 1
 */
struct client {
	struct vm vm;
	struct vp vp;
	struct hvx_register_page *page;
	u64 features[2];
};

static void client_create(struct client *c, int open_flags, u64 bank0_off, u64 bank1_off,
			  u64 xsave_off)
{
	struct mshv_create_partition_v2 arg = {
		.pt_flags = CLIENT_FLAGS,
		.pt_num_cpu_fbanks = MSHV_NUM_CPU_FEATURES_BANKS,
		.pt_disabled_xsave = xsave_off,
	};
	u64 host[2];

	c->vm.dev = open(MSHV_DEV, open_flags);
	REQUIRE(c->vm.dev >= 0, "open");
	REQUIRE(!hv_get_property(c->vm.dev, HVX_PROP_PROCESSOR_FEATURES0, &host[0]), "host");
	REQUIRE(!hv_get_property(c->vm.dev, HVX_PROP_PROCESSOR_FEATURES1, &host[1]), "host");
	arg.pt_cpu_fbanks[0] = ~host[0] | bank0_off;
	arg.pt_cpu_fbanks[1] = ~host[1] | bank1_off;
	c->vm.fd = xioctl(c->vm.dev, MSHV_CREATE_PARTITION, &arg);
	REQUIRE(c->vm.fd >= 0, "CREATE_PARTITION: %d", c->vm.fd);
}

static void client_features(struct client *c)
{
	REQUIRE(!hv_get_property(c->vm.fd, HVX_PROP_PROCESSOR_FEATURES0, &c->features[0]),
		"features");
	REQUIRE(!hv_get_property(c->vm.fd, HVX_PROP_PROCESSOR_FEATURES1, &c->features[1]),
		"features");
}

static void client_ram(struct client *c)
{
	int ret;

	c->vm.ram = mem_alloc(RAM_SIZE, PAGE);
	ret = region_map(c->vm.fd, 0, RAM_SIZE, c->vm.ram, MAP_RWX);
	REQUIRE(!ret, "SET_GUEST_MEMORY: %d", ret);
}

static struct hvx_register_page *map_page(int vp)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, vp, 0);

	REQUIRE(page != MAP_FAILED, "no register page");
	return page;
}

static void client_free(struct client *c)
{
	munmap(c->page, PAGE);
	vp_free(&c->vp);
	vm_free(&c->vm);
}

static int register_cpuid(int vp_fd, u32 index, u32 eax, u32 ecx, bool subleaf, const u32 *val,
			  const u32 *mask)
{
	struct hvx_in_register_intercept_result in = {
		.vp_index = index,
		.type = HVX_INTERCEPT_X64_CPUID,
		.cpuid = {
			.eax = eax,
			.ecx = ecx,
			.subleaf_specific = subleaf,
			.always_override = 1,
		},
	};
	unsigned int i;

	for (i = 0; i < 4; i++) {
		in.cpuid.result[i].value = val[i];
		in.cpuid.result[i].mask = mask[i];
	}
	return hvcall(vp_fd, HVX_CALL_REGISTER_INTERCEPT_RESULT, &in, sizeof(in), NULL, 0);
}

static int assert_interrupt(int pt, u32 type, u32 flags, u64 dest, u32 vector)
{
	struct hvx_in_assert_interrupt in = {
		.type = type,
		.flags = flags,
		.dest = dest,
		.vector = vector,
	};

	return hvcall(pt, HVX_CALL_ASSERT_VIRTUAL_INTERRUPT, &in, sizeof(in), NULL, 0);
}

/* All clients have a buffer of one page. */
static int state_call(int fd, unsigned int cmd, u8 type, void *buf)
{
	struct mshv_get_set_vp_state arg = {
		.type = type,
		.buf_sz = PAGE,
		.buf_ptr = (uintptr_t)buf,
	};

	return xioctl(fd, cmd, &arg);
}

/* The lines of the legacy interrupt controller and of NMIs, as firmware has them */
static void set_lints(int vp_fd)
{
	struct hvx_lapic_state *lapic = mem_alloc(PAGE, PAGE);

	REQUIRE(!state_call(vp_fd, MSHV_GET_VP_STATE, MSHV_VP_STATE_LAPIC, lapic), "get");
	lapic->lvt_lint0 = LVT_EXTINT;
	lapic->lvt_lint1 = LVT_NMI;
	REQUIRE(!state_call(vp_fd, MSHV_SET_VP_STATE, MSHV_VP_STATE_LAPIC, lapic), "set");
	REQUIRE(!state_call(vp_fd, MSHV_GET_VP_STATE, MSHV_VP_STATE_LAPIC, lapic), "get");
	REQUIRE((lapic->lvt_lint0 & 0x700) == LVT_EXTINT, "%#x", lapic->lvt_lint0);
	REQUIRE((lapic->lvt_lint1 & 0x700) == LVT_NMI, "%#x", lapic->lvt_lint1);
	munmap(lapic, PAGE);
}

/*
 * Lists of registers
 */
struct regs {
	struct hvx_register r[127];
	unsigned int count;
};

static union hvx_value *add(struct regs *l, u32 name)
{
	struct hvx_register *r = &l->r[l->count++];

	REQUIRE(l->count <= ARRAY_SIZE(l->r), "too many registers");
	memset(r, 0, sizeof(*r));
	r->name = name;
	return &r->value;
}

static void add_u64(struct regs *l, u32 name, u64 value)
{
	add(l, name)->u64 = value;
}

static void add_names(struct regs *l, const u32 *names, unsigned int count)
{
	while (count--)
		add(l, *names++);
}

static void add_range(struct regs *l, u32 name, unsigned int count)
{
	while (count--)
		add(l, name++);
}

static void add_segment(struct regs *l, u32 name, u64 base, u32 limit, u16 sel, u16 attr)
{
	add(l, name)->segment = (struct hvx_segment){
		.base = base, .limit = limit, .selector = sel, .attributes = attr,
	};
}

static void regs_store(struct vp *vp, const struct regs *l, const char *what)
{
	int ret = hv_set_regs(vp->fd, vp->index, l->r, l->count);

	REQUIRE(!ret, "%s: %d", what, ret);
}

static int regs_load(struct vp *vp, struct regs *l)
{
	union hvx_value values[ARRAY_SIZE(l->r)];
	u32 names[ARRAY_SIZE(l->r)];
	unsigned int i;
	int ret;

	for (i = 0; i < l->count; i++)
		names[i] = l->r[i].name;
	ret = hv_get_regs(vp->fd, vp->index, names, values, l->count);
	for (i = 0; !ret && i < l->count; i++)
		l->r[i].value = values[i];
	return ret;
}

/*
 * QEMU
 */
static const u32 qemu_zero_msrs[] = {
	HVX_REG_SYSENTER_CS, HVX_REG_SYSENTER_ESP, HVX_REG_SYSENTER_EIP, HVX_REG_STAR,
	HVX_REG_CSTAR, HVX_REG_LSTAR, HVX_REG_KERNEL_GS_BASE, HVX_REG_SFMASK,
};

static void qemu_routes(int pt)
{
	struct {
		struct mshv_user_irq_table t;
		struct mshv_user_irq_entry e[NR_PINS];
	} routes = { .t.nr = NR_PINS };
	unsigned int i;
	int ret;

	for (i = 0; i < NR_PINS; i++)
		routes.e[i].gsi = i;
	ret = xioctl(pt, MSHV_SET_MSI_ROUTING, &routes);
	REQUIRE(!ret, "SET_MSI_ROUTING: %d", ret);
}

/* From opening the device to the first VP, memory apart. */
static void qemu_machine(struct client *c)
{
	memset(c, 0, sizeof(*c));
	client_create(c, O_RDWR | O_CLOEXEC, 0, BANK1_LA57, 0);
	REQUIRE(!hv_set_property(c->vm.fd, HVX_PROP_SYNTHETIC_PROC_FEATURES, QEMU_SYNTHETIC),
		"synthetic features");
	REQUIRE(!partition_initialize(c->vm.fd), "INITIALIZE_PARTITION");
	REQUIRE(!hv_set_property(c->vm.fd, HVX_PROP_UNIMPLEMENTED_MSR_ACTION,
				 HVX_MSR_ACTION_IGNORE), "MSR action");
	REQUIRE(!hv_set_property(c->vm.fd, HVX_PROP_TIME_FREEZE, 1), "freeze");
	REQUIRE(!hv_set_property(c->vm.fd, HVX_PROP_TIME_FREEZE, 0), "go on");
	client_features(c);
	qemu_routes(c->vm.fd);
	client_ram(c);
}

static void qemu_vp_init(struct vp *vp)
{
	struct regs l = { .count = 0 };

	add_names(&l, qemu_zero_msrs, ARRAY_SIZE(qemu_zero_msrs));
	add_u64(&l, HVX_REG_MTRR_DEF_TYPE, 0x806);
	regs_store(vp, &l, "first MSRs");
	set_lints(vp->fd);
}

static void qemu_standard(struct regs *l, u64 rip)
{
	l->count = 0;
	add_range(l, HVX_REG_RAX, 16);
	add_u64(l, HVX_REG_RIP, rip);
	add_u64(l, HVX_REG_RFLAGS, 2);
}

/* Special registers at reset: this is also what each emulated access writes back. */
static void qemu_special(struct regs *l, bool bsp)
{
	u32 name;

	l->count = 0;
	add_segment(l, HVX_REG_CS, 0xffff0000, 0xffff, 0xf000, 0x9b);
	for (name = HVX_REG_ES; name <= HVX_REG_GS; name++)
		if (name != HVX_REG_CS)
			add_segment(l, name, 0, 0xffff, 0, 0x93);
	add_segment(l, HVX_REG_TR, 0, 0xffff, 0, 0x8b);
	add_segment(l, HVX_REG_LDTR, 0, 0xffff, 0, 0x82);
	add(l, HVX_REG_GDTR)->table.limit = 0xffff;
	add(l, HVX_REG_IDTR)->table.limit = 0xffff;
	add_u64(l, HVX_REG_CR0, 0x60000010);
	add(l, HVX_REG_CR2);
	add(l, HVX_REG_CR3);
	add(l, HVX_REG_CR4);
	add(l, HVX_REG_CR8);
	add(l, HVX_REG_EFER);
	add_u64(l, HVX_REG_APIC_BASE, APIC_BASE | APIC_BASE_ON | (bsp ? APIC_BASE_BSP : 0));
}

static void add_fpu(struct regs *l)
{
	add_range(l, HVX_REG_XMM0, 16);
	add_range(l, HVX_REG_FP_MMX0, 8);
	add(l, HVX_REG_FP_CONTROL_STATUS)->u128[0] = 0x37f;
	add(l, HVX_REG_XMM_CONTROL_STATUS)->u128[1] = 0x1f80;
}

static void add_mtrrs(struct regs *l)
{
	add(l, HVX_REG_MTRR_DEF_TYPE);
	add_range(l, HVX_REG_MTRR_PHYS_BASE0, 8);
	add_range(l, HVX_REG_MTRR_PHYS_MASK0, 8);
	add_range(l, HVX_REG_MTRR_FIX64K_00000, 11);
}

static void qemu_msrs(struct regs *l, const struct client *c, bool bsp)
{
	static const u32 always[] = {
		HVX_REG_EFER, HVX_REG_TSC, HVX_REG_TSC_AUX, HVX_REG_SCONTROL, HVX_REG_SIEFP,
		HVX_REG_SIMP,
	};
	static const u32 first[] = {
		HVX_REG_HYPERCALL, HVX_REG_GUEST_OS_ID, HVX_REG_REFERENCE_TSC,
	};

	l->count = 0;
	add_names(l, always, ARRAY_SIZE(always));
	add_u64(l, HVX_REG_PAT, 0x0007040600070406ULL);
	add_names(l, qemu_zero_msrs, ARRAY_SIZE(qemu_zero_msrs));
	if (c->features[1] & BANK1_TSC_ADJUST)
		add(l, HVX_REG_TSC_ADJUST);
	if (bsp)
		add_names(l, first, ARRAY_SIZE(first));
	if (c->features[1] & (BANK1_CET_SS | BANK1_CET_IBT)) {
		add(l, HVX_REG_U_CET);
		add(l, HVX_REG_S_CET);
		add_range(l, HVX_REG_PL0_SSP, 4);
		add(l, HVX_REG_INT_SSP_TABLE);
		add(l, HVX_REG_U_XSS);
	}
	if (c->features[0] & BANK0_IBRS)
		add(l, HVX_REG_SPEC_CTRL);
	add_mtrrs(l);
}

static void qemu_xsave(int vp_fd)
{
	u8 *image = mem_alloc(PAGE, PAGE);
	u64 *header = (u64 *)(image + 512);

	*(u16 *)image = 0x37f;
	*(u32 *)(image + 24) = 0x1f80;
	header[0] = 3;
	header[1] = BIT(63) | 3;
	REQUIRE(!state_call(vp_fd, MSHV_SET_VP_STATE, MSHV_VP_STATE_XSAVE, image), "XSAVE");
	REQUIRE(!state_call(vp_fd, MSHV_GET_VP_STATE, MSHV_VP_STATE_XSAVE, image), "XSAVE");
	REQUIRE(header[1] & BIT(63), "not compact: %#llx", (unsigned long long)header[1]);
	munmap(image, PAGE);
}

/* The whole state of a VP at its reset, in QEMU's seven steps. */
static void qemu_store(const struct client *c, struct vp *vp)
{
	static const u32 events[] = {
		HVX_REG_PENDING_INTERRUPTION, HVX_REG_INTERRUPT_STATE, HVX_REG_PENDING_EVENT0,
	};
	bool bsp = !vp->index;
	struct regs l;

	qemu_standard(&l, 0xfff0);
	regs_store(vp, &l, "standard registers");
	qemu_special(&l, bsp);
	regs_store(vp, &l, "special registers");
	l.count = 0;
	add_u64(&l, HVX_REG_XFEM, 1);
	regs_store(vp, &l, "XFEM");
	l.count = 0;
	add_fpu(&l);
	regs_store(vp, &l, "FPU");
	qemu_msrs(&l, c, bsp);
	regs_store(vp, &l, "MSRs");
	qemu_xsave(vp->fd);
	l.count = 0;
	add_names(&l, events, ARRAY_SIZE(events));
	regs_store(vp, &l, "events");
}

GUEST_CODE(bios_reset, 16,
	   "ljmp $0xf000, $0xe000\n");
GUEST_CODE(bios_main, 16,
	   "mov $0x5a, %al\n"
	   "out %al, $0x80\n"
	   "push %cs\n"
	   "pop %ds\n"
	   "mov %al, 0x1000\n"		/* three bytes */
	   "out %al, $0x81\n"
	   "mov 0x1000, %al\n"
	   "out %al, $0x82\n"
	   "mov 0x1000, %al\n"
	   "out %al, $0x83\n");

#define BIOS_ALIAS	0xf0000ULL
#define BIOS_TOP	0xffff0000ULL

/* Port output completed as QEMU does: RIP and RAX by a hypercall, never the page. */
static u32 qemu_out(struct vp *vp, u16 port)
{
	const struct hvx_msg_io_port *io;
	struct regs l = { .count = 0 };

	vp_run_until(vp, HVX_MSG_X64_IO_PORT);
	io = vp_io(vp);
	REQUIRE(io->port == port, "port %#x, expected %#x", io->port, port);
	add_u64(&l, HVX_REG_RIP, io->h.rip + (io->h.length_cr8 & 0xf));
	add_u64(&l, HVX_REG_RAX, io->rax);
	regs_store(vp, &l, "port output");
	return io->rax & 0xff;
}

/*
 * The firmware is mapped twice, write protected; its shadow then becomes
 * memory, as the chipset's registers do it.
 */
TEST(qemu_firmware)
{
	static const u32 specials[] = {
		HVX_REG_CS, HVX_REG_DS, HVX_REG_ES, HVX_REG_FS, HVX_REG_GS, HVX_REG_SS,
		HVX_REG_TR, HVX_REG_LDTR, HVX_REG_GDTR, HVX_REG_IDTR, HVX_REG_CR0,
		HVX_REG_CR2, HVX_REG_CR3, HVX_REG_CR4, HVX_REG_CR8, HVX_REG_EFER,
		HVX_REG_APIC_BASE,
	};
	const struct hvx_msg_memory *m;
	struct regs l = { .count = 0 };
	struct client c;
	u8 *bios, *shadow;

	qemu_machine(&c);
	bios = mem_alloc(BIOS_SIZE, PAGE);
	shadow = mem_alloc(BIOS_SIZE, PAGE);
	memcpy(bios + 0xfff0, bios_reset, bios_reset_end - bios_reset);
	memcpy(bios + 0xe000, bios_main, bios_main_end - bios_main);
	bios[0x1000] = 0x11;
	memcpy(shadow, bios, BIOS_SIZE);
	/* low memory gives way to the alias */
	ASSERT_EQ(0, region_unmap(c.vm.fd, 0, RAM_SIZE, c.vm.ram));
	ASSERT_EQ(0, region_map(c.vm.fd, 0, BIOS_ALIAS, c.vm.ram, MAP_RWX));
	ASSERT_EQ(0, region_map(c.vm.fd, BIOS_ALIAS, BIOS_SIZE, bios, MAP_RX));
	ASSERT_EQ(0, region_map(c.vm.fd, BIOS_TOP, BIOS_SIZE, bios, MAP_RX));
	vp_init(&c.vp, &c.vm, 0);
	c.page = map_page(c.vp.fd);
	qemu_vp_init(&c.vp);
	qemu_store(&c, &c.vp);

	EXPECT_EQ(0x5a, qemu_out(&c.vp, 0x80));
	/* a write to firmware is the VMM's to decide about: it is dropped */
	vp_run_until(&c.vp, HVX_MSG_GPA_INTERCEPT);
	m = vp_memory(&c.vp);
	EXPECT_EQ(HVX_ACCESS_WRITE, m->h.access_type);
	EXPECT_EQ(BIOS_ALIAS + 0x1000, m->gpa);
	EXPECT_GE(16, m->byte_count);
	/* an emulator's write-back: the page first, then all special registers */
	ASSERT_EQ(1, c.page->valid);
	EXPECT_EQ(m->h.rip, c.page->rip);
	EXPECT_EQ(0xf000, c.page->seg[1].selector);
	EXPECT_EQ(BIOS_ALIAS, c.page->seg[3].base);
	EXPECT_EQ(0x60000010, c.page->cr0);
	add_names(&l, specials, ARRAY_SIZE(specials));
	ASSERT_EQ(0, regs_load(&c.vp, &l));
	c.page->rip += 3;
	c.page->dirty |= HVX_REGPAGE_GENERAL | HVX_REGPAGE_IP | HVX_REGPAGE_FLAGS;
	regs_store(&c.vp, &l, "special registers unchanged");
	EXPECT_EQ(0x5a, qemu_out(&c.vp, 0x81));
	EXPECT_EQ(0x11, qemu_out(&c.vp, 0x82));

	/* exact unmap of the old section, then the new one */
	ASSERT_EQ(0, region_unmap(c.vm.fd, BIOS_ALIAS, BIOS_SIZE, bios));
	shadow[0x1000] = 0x77;
	ASSERT_EQ(0, region_map(c.vm.fd, BIOS_ALIAS, BIOS_SIZE, shadow, MAP_RWX));
	EXPECT_EQ(0x77, qemu_out(&c.vp, 0x83));
	/* and the other mapping of the same pages is as it was */
	EXPECT_EQ(0, region_unmap(c.vm.fd, BIOS_TOP, BIOS_SIZE, bios));
	client_free(&c);
	munmap(bios, BIOS_SIZE);
	munmap(shadow, BIOS_SIZE);
}

GUEST_CODE(bsp_starts_ap, 64,
	   "mov $0xfee00000, %ebx\n"
	   "movl $0x01000000, 0x310(%rbx)\n"
	   "movl $0x4500, 0x300(%rbx)\n"		/* INIT */
	   "movl $0x4602, 0x300(%rbx)\n"		/* start at 0x2000 */
	   "out %al, $0x80\n");
GUEST_CODE(ap_code, 16,
	   "mov $0x42, %al\n"
	   "out %al, $0x83\n");

/* All VPs get the state of a reset and are run; the second waits for its IPI. */
TEST(qemu_second_processor)
{
	struct client c;
	struct vp ap;

	qemu_machine(&c);
	vm_write(&c.vm, 0x2000, ap_code, ap_code_end - ap_code);
	vp_init(&c.vp, &c.vm, 0);
	c.page = map_page(c.vp.fd);
	qemu_vp_init(&c.vp);
	qemu_store(&c, &c.vp);
	vp_init(&ap, &c.vm, 1);
	qemu_vp_init(&ap);
	qemu_store(&c, &ap);
	EXPECT_EQ(HVX_ACTIVITY_STARTUP_SUSPEND,
		  vp_get(&ap, HVX_REG_INTERNAL_ACTIVITY_STATE) & HVX_ACTIVITY_STARTUP_SUSPEND);

	signal_catch(SIGALRM);
	alarm_us(limit_us(200000), 100000);
	EXPECT_EQ(-EINTR, vp_run(&ap));
	alarm_us(0, 0);
	vp_load(&c.vp, MODE_LONG, bsp_starts_ap);
	vp_run_out(&c.vp, 0x80);
	EXPECT_EQ(0x42, vp_run_out(&ap, 0x83));
	EXPECT_EQ(0x200, vp_header(&ap)->cs.selector);
	EXPECT_EQ(0x2000, vp_header(&ap)->cs.base);
	EXPECT_EQ(2, vp_header(&ap)->rip);
	vp_free(&ap);
	client_free(&c);
}

GUEST_CODE(guest_cpuid, 64,
	   "mov %ebp, %eax\n"
	   "mov %esi, %ecx\n"
	   "cpuid\n"
	   "out %eax, $0x80\n");

static void run_cpuid(struct vp *vp, u32 eax, u32 ecx, u32 *out)
{
	vp_load(vp, MODE_LONG, guest_cpuid);
	vp_set(vp, HVX_REG_RBP, eax);
	vp_set(vp, HVX_REG_RSI, ecx);
	out[0] = vp_run_out(vp, 0x80);
	out[1] = vp_get(vp, HVX_REG_RBX);
	out[2] = vp_get(vp, HVX_REG_RCX);
	out[3] = vp_get(vp, HVX_REG_RDX);
}

#define CPUID_OSXSAVE	BIT(27)

/* QEMU sets whole leaves; a few hundred rows; what depends on registers stays live. */
TEST(qemu_cpuid)
{
	static const u32 all[4] = { ~0U, ~0U, ~0U, ~0U };
	static const u32 not_ebx[4] = { ~0U, 0, ~0U, ~0U };
	u32 value[4] = { 0xd, 0x68747541, 0x444d4163, 0x69746e65 }, got[4];
	struct client c;
	unsigned int i;

	qemu_machine(&c);
	vp_init(&c.vp, &c.vm, 0);
	c.page = map_page(c.vp.fd);
	EXPECT_EQ(0, register_cpuid(c.vp.fd, 0, 0, 0, false, value, all));
	value[2] = 0x80000001;
	EXPECT_EQ(0, register_cpuid(c.vp.fd, 0, 1, 0, false, value, all));
	/* leaf 4 by subleaves, and all 64 subleaves of leaf 0xd */
	for (i = 0; i < 4; i++) {
		value[0] = 0x100 + i;
		EXPECT_EQ(0, register_cpuid(c.vp.fd, 0, 4, i, true, value, all));
	}
	value[1] = 0x9999;
	for (i = 0; i < 64; i++)
		EXPECT_EQ(0, register_cpuid(c.vp.fd, 0, 0xd, i, true, value,
					    i < 2 ? not_ebx : all));
	for (i = 0; i < 0x28; i++)
		EXPECT_EQ(0, register_cpuid(c.vp.fd, 0, 0x80000000 + i, 0, false, value, all));
	for (i = 0; i < 4; i++) {
		run_cpuid(&c.vp, 4, i, got);
		EXPECT_EQ(0x100 + i, got[0]);
	}
	run_cpuid(&c.vp, 1, 0, got);
	EXPECT_EQ(0x80000001, got[2] & ~CPUID_OSXSAVE);
	run_cpuid(&c.vp, 0xd, 0, got);
	EXPECT_EQ(0x103, got[0]);
	EXPECT_NE(0x9999, got[1]);
	run_cpuid(&c.vp, 0x80000021, 0, got);
	EXPECT_EQ(0x9999, got[1]);
	client_free(&c);
}

/*
 * Cloud Hypervisor and rust-vmm
 */

/* The bits of HVX_PROP_EX_ASSIGNABLE_SYNTHETIC, without which rust-vmm panics */
static u64 rust_assignable(int dev)
{
	struct hvx_in_get_partition_property_ex in = {
		.code = HVX_PROP_EX_ASSIGNABLE_SYNTHETIC,
	};
	static u8 out[HVX_PROPERTY_EX_MAX_SIZE];
	const struct hvx_property_banks *banks = (void *)out;
	int ret;

	ret = hvcall(dev, HVX_CALL_GET_PARTITION_PROPERTY_EX, &in, sizeof(in), out, sizeof(out));
	REQUIRE(!ret, "assignable features: %d", ret);
	return banks->banks[0];
}

static void rust_machine(struct client *c)
{
	u64 synthetic;

	memset(c, 0, sizeof(*c));
	client_create(c, O_NONBLOCK | O_CLOEXEC, BANK0_RESERVED, 0, RUST_NO_XSAVE);
	synthetic = rust_assignable(c->vm.dev) & RUST_SYNTHETIC;
	REQUIRE(!hv_set_property(c->vm.fd, HVX_PROP_SYNTHETIC_PROC_FEATURES, synthetic),
		"synthetic features %#llx", (unsigned long long)synthetic);
	REQUIRE(!partition_initialize(c->vm.fd), "INITIALIZE_PARTITION");
	client_ram(c);
}

/* Time stands still until the VM is built. */
static void ch_machine(struct client *c)
{
	u64 value;

	rust_machine(c);
	REQUIRE(!hv_set_property(c->vm.fd, HVX_PROP_UNIMPLEMENTED_MSR_ACTION,
				 HVX_MSR_ACTION_IGNORE), "MSR action");
	REQUIRE(!hv_set_property(c->vm.fd, HVX_PROP_TIME_FREEZE, 1), "freeze");
	REQUIRE(!hv_get_property(c->vm.fd, HVX_PROP_XSAVE_FEATURES, &value), "XSAVE features");
	REQUIRE(!hv_get_property(c->vm.fd, HVX_PROP_SYNTHETIC_PROC_FEATURES, &value),
		"synthetic features");
	client_features(c);
}

#define FLAT_CODE	0xc09b
#define FLAT_DATA	0xc093

static void page_segment(struct hvx_segment *s, u16 sel, u16 attr)
{
	*s = (struct hvx_segment){
		.limit = 0xffffffff, .selector = sel, .attributes = attr,
	};
}

/* 32-bit protected mode without paging, by the page as far as that goes. */
static void ch_configure(struct client *c, u32 entry)
{
	struct hvx_register_page *p = c->page;
	struct regs l = { .count = 0 };
	unsigned int i;

	add_names(&l, qemu_zero_msrs, ARRAY_SIZE(qemu_zero_msrs));
	add_u64(&l, HVX_REG_MTRR_DEF_TYPE, 0x806);
	regs_store(&c->vp, &l, "boot MSRs");

	REQUIRE(p->valid == 1 && p->version == HVX_REGISTER_PAGE_VERSION && !p->dirty,
		"register page before the first run");
	memset(p->gpr, 0, sizeof(p->gpr));
	p->gpr[3] = 0x6000;
	p->rip = entry;
	p->rflags = 2;
	p->dirty |= HVX_REGPAGE_GENERAL | HVX_REGPAGE_IP | HVX_REGPAGE_FLAGS;

	for (i = 0; i < 6; i++)
		page_segment(&p->seg[i], i == 1 ? 8 : 0x10, i == 1 ? FLAT_CODE : FLAT_DATA);
	p->dirty |= HVX_REGPAGE_SEGMENT;
	l.count = 0;
	add_segment(&l, HVX_REG_TR, 0, 0x67, 0x18, 0x8b);
	add_segment(&l, HVX_REG_LDTR, 0, 0xffff, 0, 0x82);
	add(&l, HVX_REG_GDTR)->table = (struct hvx_table){ .limit = 31, .base = 0x500 };
	add(&l, HVX_REG_IDTR)->table = (struct hvx_table){ .limit = 7, .base = 0x520 };
	add_u64(&l, HVX_REG_INTERMEDIATE_CR0, 1);
	add(&l, HVX_REG_CR2);
	add_u64(&l, HVX_REG_INTERMEDIATE_CR3, p->cr3);
	add(&l, HVX_REG_INTERMEDIATE_CR4);
	add(&l, HVX_REG_CR8);
	add_u64(&l, HVX_REG_EFER, p->efer);
	add_u64(&l, HVX_REG_APIC_BASE, vp_get(&c->vp, HVX_REG_APIC_BASE));
	regs_store(&c->vp, &l, "special registers");
	l.count = 0;
	add_fpu(&l);
	regs_store(&c->vp, &l, "FPU");
	set_lints(c->vp.fd);
	/* not overwritten by all that, as they are dirty */
	REQUIRE(p->rip == entry && p->seg[3].selector == 0x10, "dirty classes of the page");
}

static void ch_build(struct client *c)
{
	ch_machine(c);
	vp_init(&c->vp, &c->vm, 0);
	c->page = map_page(c->vp.fd);
}

static void ch_resume(struct client *c)
{
	/* nobody minds if the hypervisor does not know it */
	hv_set_property(c->vm.fd, HVX_PROP_PROCESSORS_PER_SOCKET, 1);
	REQUIRE(!hv_set_property(c->vm.fd, HVX_PROP_TIME_FREEZE, 0), "go on");
}

/* A VM whose VP the test sets up by itself */
static void ch_start(struct client *c)
{
	ch_build(c);
	set_lints(c->vp.fd);
	ch_resume(c);
}

/* An exit for a port, which the page alone completes */
static const struct hvx_msg_io_port *ch_io(struct client *c, u16 port)
{
	const struct hvx_msg_io_port *io;

	vp_run_until(&c->vp, HVX_MSG_X64_IO_PORT);
	io = vp_io(&c->vp);
	REQUIRE(io->port == port, "port %#x, expected %#x", io->port, port);
	REQUIRE(c->page->valid, "no valid page");
	REQUIRE(c->page->rip == io->h.rip, "the page's RIP");
	REQUIRE(c->page->gpr[0] == io->rax, "the page's RAX");
	REQUIRE(!c->page->dirty, "dirty %#x", c->page->dirty);
	c->page->rip += io->h.length_cr8 & 0xf;
	c->page->dirty |= HVX_REGPAGE_IP | HVX_REGPAGE_GENERAL;
	return io;
}

GUEST_CODE(ch_guest, 32,
	   "mov $0x3fd, %edx\n"
	   "in (%dx), %al\n"
	   "out %al, $0x80\n"
	   "mov $0x3000, %esi\n"
	   "mov $3, %ecx\n"
	   "cld\n"
	   "mov $0x3f8, %edx\n"
	   "rep outsb\n"
	   "mov %ecx, %eax\n"
	   "out %eax, $0x81\n"
	   "mov %esi, %eax\n"
	   "out %eax, $0x82\n"
	   "mov 0xd0000008, %eax\n"		/* five bytes */
	   "out %eax, $0x83\n"
	   "mov %cr0, %eax\n"
	   "out %eax, $0x84\n"
	   "mov %ebx, %eax\n"
	   "out %eax, $0x85\n");

#define CH_MMIO		0xd0000008ULL

TEST(cloud_hypervisor_boot)
{
	const struct hvx_msg_io_port *io;
	const struct hvx_msg_memory *m;
	struct client c;

	ch_build(&c);
	ch_configure(&c, 0x1000);
	ch_resume(&c);
	vm_write(&c.vm, 0x1000, ch_guest, ch_guest_end - ch_guest);
	io = ch_io(&c, 0x3fd);
	EXPECT_EQ(HVX_ACCESS_READ, io->h.access_type);
	c.page->gpr[0] = 0x60;
	io = ch_io(&c, 0x80);
	EXPECT_EQ(0x60, io->rax);
	EXPECT_EQ(1, io->access_info & HVX_IO_SIZE_MASK);

	io = ch_io(&c, 0x3f8);
	EXPECT_EQ(HVX_IO_STRING | HVX_IO_REP | 1, io->access_info);
	EXPECT_EQ(3, io->rcx);
	EXPECT_EQ(0x3000, io->rsi);
	EXPECT_EQ(0, io->ds.base);
	c.page->gpr[1] = 0;
	c.page->gpr[6] += 3;
	EXPECT_EQ(0, ch_io(&c, 0x81)->rax);
	EXPECT_EQ(0x3003, ch_io(&c, 0x82)->rax);

	/* Without a translation of its own Cloud Hypervisor relies on the message's. */
	vp_run_until(&c.vp, HVX_MSG_UNMAPPED_GPA);
	m = vp_memory(&c.vp);
	EXPECT_EQ(HVX_ACCESS_READ, m->h.access_type);
	EXPECT_EQ(HVX_MEM_GVA_VALID | HVX_MEM_GVA_GPA_VALID, m->access_info);
	EXPECT_EQ(CH_MMIO, m->gva);
	EXPECT_EQ(CH_MMIO, m->gpa);
	EXPECT_GE(16, m->byte_count);
	EXPECT_EQ(1, c.page->cr0 & 1);
	EXPECT_EQ(8, c.page->seg[1].selector);
	c.page->gpr[0] = 0x12345678;
	c.page->rip += 5;
	c.page->dirty |= HVX_REGPAGE_GENERAL | HVX_REGPAGE_IP | HVX_REGPAGE_FLAGS;
	EXPECT_EQ(0x12345678, ch_io(&c, 0x83)->rax);
	EXPECT_EQ(1, ch_io(&c, 0x84)->rax & 0x80000001);
	EXPECT_EQ(0x6000, ch_io(&c, 0x85)->rax);
	client_free(&c);
}

/* Only bits that are 1 are forced; a row of nothing is accepted and does nothing. */
TEST(cloud_hypervisor_cpuid)
{
	static const u32 nothing[4];
	u32 value[4] = { 0, 0, BIT(31), BIT(28) | BIT(12) };
	u32 before[4], got[4];
	struct client c;

	ch_start(&c);
	run_cpuid(&c.vp, 1, 0, before);
	EXPECT_EQ(0, register_cpuid(c.vp.fd, 0, 1, 0, false, value, value));
	EXPECT_EQ(0, register_cpuid(c.vp.fd, 0, 0x80000008, 0, false, nothing, nothing));
	EXPECT_EQ(0, register_cpuid(c.vp.fd, 0, 0xb, 0, true, nothing, nothing));
	EXPECT_EQ(0, register_cpuid(c.vp.fd, 0, 0x8000001e, 0, true, nothing, nothing));
	run_cpuid(&c.vp, 1, 0, got);
	EXPECT_EQ(before[0], got[0]);
	EXPECT_EQ(before[1], got[1]);
	EXPECT_EQ(before[2] | value[2], got[2]);
	EXPECT_EQ(before[3] | value[3], got[3]);
	/* who relies on the hypervisor's leaf 1 has VP 0 with APIC id 0 */
	EXPECT_EQ(0, before[1] >> 24);
	/* the walk over cache levels ends */
	run_cpuid(&c.vp, 0x8000001d, 8, got);
	EXPECT_EQ(0, got[0] & 0x1f);
	client_free(&c);
}

GUEST_CODE(guest_waits, 64,
	   "mov $0xfee00000, %ebx\n"
	   "movl $0x1ff, 0xf0(%rbx)\n"
	   "xor %eax, %eax\n"
	   "sti\n"
	   "1: hlt\n"
	   "test %eax, %eax\n"
	   "jz 1b\n"
	   "out %eax, $0x80\n");
GUEST_CODE(handler_eoi, 64,
	   "movl $0, 0xb0(%rbx)\n"
	   "inc %eax\n"
	   "iretq\n");
GUEST_CODE(handler_nmi, 64,
	   "mov $0x100, %eax\n"
	   "iretq\n");

#define HANDLER_EOI	0x3000
#define HANDLER_NMI	0x3100

static void waiting_guest(struct client *c)
{
	vm_write(&c->vm, HANDLER_EOI, handler_eoi, handler_eoi_end - handler_eoi);
	vm_write(&c->vm, HANDLER_NMI, handler_nmi, handler_nmi_end - handler_nmi);
	guest_set_gate(&c->vm, VECTOR, HANDLER_EOI);
	guest_set_gate(&c->vm, 2, HANDLER_NMI);
	vp_load(&c->vp, MODE_LONG, guest_waits);
	/* into the HLT */
	signal_catch(SIGALRM);
	alarm_us(limit_us(200000), 100000);
	REQUIRE(vp_run(&c->vp) == -EINTR, "the guest does not wait");
	alarm_us(0, 0);
}

/* Of an edge the VMM hears nothing more, of a level the end. */
TEST(cloud_hypervisor_level_and_edge)
{
	const struct hvx_msg_apic_eoi *eoi;
	struct client c;

	ch_start(&c);
	waiting_guest(&c);
	ASSERT_EQ(0, assert_interrupt(c.vm.fd, HVX_INTERRUPT_FIXED, 0, 0, VECTOR));
	EXPECT_EQ(1, vp_run_out(&c.vp, 0x80));

	waiting_guest(&c);
	ASSERT_EQ(0, assert_interrupt(c.vm.fd, HVX_INTERRUPT_FIXED, HVX_ASSERT_LEVEL, 0,
				      VECTOR));
	vp_run_until(&c.vp, HVX_MSG_X64_APIC_EOI);
	eoi = (const void *)c.vp.msg.payload;
	EXPECT_EQ(0, eoi->vp_index);
	EXPECT_EQ(VECTOR, eoi->vector);
	EXPECT_EQ(1, vp_run_out(&c.vp, 0x80));

	/* an NMI is sent to a VP's index */
	waiting_guest(&c);
	ASSERT_EQ(0, assert_interrupt(c.vm.fd, HVX_INTERRUPT_NMI, 0, 0, 0));
	EXPECT_EQ(0x100, vp_run_out(&c.vp, 0x80));
	client_free(&c);
}

/* A pin of the I/O APIC is an irqfd; its route has the redirection hint set. */
TEST(cloud_hypervisor_pin)
{
	struct {
		struct mshv_user_irq_table t;
		struct mshv_user_irq_entry e[2];
	} routes = {
		.t.nr = 2,
		.e = { { .gsi = 0, .address_lo = 0xfee00008, .data = VECTOR },
		       { .gsi = 4, .address_lo = 0xfee00008, .data = VECTOR | BIT(15) } },
	};
	struct mshv_user_irqfd arg = { .gsi = 4 };
	struct client c;
	u64 one = 1;
	int round;

	ch_start(&c);
	arg.fd = eventfd(0, EFD_NONBLOCK);
	ASSERT_EQ(0, xioctl(c.vm.fd, MSHV_SET_MSI_ROUTING, &routes));
	ASSERT_EQ(0, xioctl(c.vm.fd, MSHV_IRQFD, &arg));
	for (round = 0; round < 3; round++) {
		waiting_guest(&c);
		ASSERT_EQ(sizeof(one), write(arg.fd, &one, sizeof(one)));
		vp_run_until(&c.vp, HVX_MSG_X64_APIC_EOI);
		EXPECT_EQ(1, vp_run_out(&c.vp, 0x80));
	}
	/* masking the pin, which may be done twice */
	arg.flags = BIT(MSHV_IRQFD_BIT_DEASSIGN);
	EXPECT_EQ(0, xioctl(c.vm.fd, MSHV_IRQFD, &arg));
	EXPECT_EQ(0, xioctl(c.vm.fd, MSHV_IRQFD, &arg));
	close(arg.fd);
	client_free(&c);
}

/* Frozen, reference time can be read, set, and does not move. */
TEST(cloud_hypervisor_time)
{
	u64 then, now;
	struct client c;

	ch_start(&c);
	ASSERT_EQ(0, hv_set_property(c.vm.fd, HVX_PROP_TIME_FREEZE, 1));
	ASSERT_EQ(0, hv_get_property(c.vm.fd, HVX_PROP_REFERENCE_TIME, &then));
	usleep(20000);
	ASSERT_EQ(0, hv_get_property(c.vm.fd, HVX_PROP_REFERENCE_TIME, &now));
	EXPECT_EQ(then, now);
	EXPECT_EQ(0, hv_set_property(c.vm.fd, HVX_PROP_REFERENCE_TIME, 50000000));
	ASSERT_EQ(0, hv_get_property(c.vm.fd, HVX_PROP_REFERENCE_TIME, &now));
	EXPECT_EQ(50000000, now);
	ASSERT_EQ(0, hv_set_property(c.vm.fd, HVX_PROP_TIME_FREEZE, 0));
	usleep(20000);
	ASSERT_EQ(0, hv_get_property(c.vm.fd, HVX_PROP_REFERENCE_TIME, &now));
	EXPECT_LT(50000000 + 200000 - 1, now);
	client_free(&c);
}

/* The MSRs that rust-vmm saves, as the partition's features have it */
static void rust_msrs(struct regs *l, const struct client *c)
{
	static const u32 common[] = {
		HVX_REG_TSC, HVX_REG_EFER, HVX_REG_KERNEL_GS_BASE, HVX_REG_APIC_BASE,
		HVX_REG_PAT, HVX_REG_SYSENTER_CS, HVX_REG_SYSENTER_EIP, HVX_REG_SYSENTER_ESP,
		HVX_REG_STAR, HVX_REG_LSTAR, HVX_REG_CSTAR, HVX_REG_SFMASK,
		HVX_REG_DEBUG_CTL, HVX_REG_EOM,
	};
	static const u32 synic[] = { HVX_REG_SCONTROL, HVX_REG_SIEFP, HVX_REG_SIMP };
	u64 xsave, synthetic;

	REQUIRE(!hv_get_property(c->vm.fd, HVX_PROP_XSAVE_FEATURES, &xsave), "XSAVE");
	REQUIRE(!hv_get_property(c->vm.fd, HVX_PROP_SYNTHETIC_PROC_FEATURES, &synthetic),
		"synthetic features");
	l->count = 0;
	add_names(l, common, ARRAY_SIZE(common));
	add_mtrrs(l);
	if (c->features[0] & BANK0_RDTSCP)
		add(l, HVX_REG_TSC_AUX);
	if (xsave & XSAVE_SUPERVISOR)
		add(l, HVX_REG_U_XSS);
	if (synthetic & HVX_SYNTH_SYNIC) {
		add_range(l, HVX_REG_SINT0, 16);
		add_names(l, synic, ARRAY_SIZE(synic));
	}
	if (synthetic & HVX_SYNTH_REF_TSC)
		add(l, HVX_REG_REFERENCE_TSC);
	if (synthetic & HVX_SYNTH_HYPERCALL)
		add(l, HVX_REG_GUEST_OS_ID);
}

/* Each can be read, and written with what was read. */
TEST(rust_vmm_msrs)
{
	struct regs list, one = { .count = 0 };
	struct client c;
	unsigned int i;

	rust_machine(&c);
	client_features(&c);
	vp_init(&c.vp, &c.vm, 0);
	c.page = map_page(c.vp.fd);
	rust_msrs(&list, &c);
	for (i = 0; i < list.count; i++) {
		one.count = 0;
		add(&one, list.r[i].name);
		EXPECT_EQ(0, regs_load(&c.vp, &one)) TH_LOG("get %#x", list.r[i].name);
		EXPECT_EQ(0, hv_set_regs(c.vp.fd, 0, one.r, 1))
			TH_LOG("set %#x", list.r[i].name);
	}
	client_free(&c);
}

GUEST_CODE(guest_counts, 64,
	   "1: inc %rax\n"
	   "movq %rax, %xmm3\n"
	   "out %eax, $0x80\n"
	   "movq %xmm3, %rdx\n"
	   "jmp 1b\n");

/* Registers in the groups of rust-vmm's vcpu state */
static void snapshot_registers(struct regs *l)
{
	static const u32 names[] = {
		HVX_REG_RIP, HVX_REG_RFLAGS, HVX_REG_TR, HVX_REG_LDTR, HVX_REG_GDTR,
		HVX_REG_IDTR, HVX_REG_INTERMEDIATE_CR0, HVX_REG_CR2, HVX_REG_INTERMEDIATE_CR3,
		HVX_REG_INTERMEDIATE_CR4, HVX_REG_CR8, HVX_REG_EFER, HVX_REG_APIC_BASE,
		HVX_REG_XFEM, HVX_REG_HYPERCALL, HVX_REG_PENDING_INTERRUPTION,
		HVX_REG_INTERRUPT_STATE, HVX_REG_PENDING_EVENT0, HVX_REG_PENDING_EVENT1,
		HVX_REG_INTERNAL_ACTIVITY_STATE,
	};

	l->count = 0;
	add_range(l, HVX_REG_RAX, 16);
	add_range(l, HVX_REG_ES, 6);
	add_range(l, HVX_REG_DR0, 6);
	add_names(l, names, ARRAY_SIZE(names));
	add_fpu(l);
}

/* All that a VMM saves of a VP. */
struct snapshot {
	struct regs regs, msrs;
	u8 states[MSHV_VP_STATE_COUNT][PAGE] __attribute__((aligned(PAGE)));
};

static void snapshot_take(struct snapshot *s, struct vp *vp, const struct client *c)
{
	unsigned int i;

	snapshot_registers(&s->regs);
	REQUIRE(!regs_load(vp, &s->regs), "registers");
	rust_msrs(&s->msrs, c);
	REQUIRE(!regs_load(vp, &s->msrs), "MSRs");
	for (i = 0; i < MSHV_VP_STATE_COUNT; i++)
		REQUIRE(!state_call(vp->fd, MSHV_GET_VP_STATE, i, s->states[i]), "state %u", i);
}

static void snapshot_restore(struct snapshot *s, struct vp *vp)
{
	unsigned int i;

	regs_store(vp, &s->msrs, "MSRs");
	regs_store(vp, &s->regs, "registers");
	for (i = 0; i < MSHV_VP_STATE_COUNT; i++)
		REQUIRE(!state_call(vp->fd, MSHV_SET_VP_STATE, i, s->states[i]), "state %u", i);
}

/* A guest that is stopped in one partition goes on in another. */
TEST(cloud_hypervisor_snapshot)
{
	static struct snapshot snapshot;
	struct client old, new;
	unsigned int i;
	u64 time;

	ch_start(&old);
	vp_load(&old.vp, MODE_LONG, guest_counts);
	for (i = 1; i <= 5; i++)
		EXPECT_EQ(i, vp_run_out(&old.vp, 0x80));
	ASSERT_EQ(0, hv_set_property(old.vm.fd, HVX_PROP_TIME_FREEZE, 1));
	snapshot_take(&snapshot, &old.vp, &old);
	ASSERT_EQ(0, hv_get_property(old.vm.fd, HVX_PROP_REFERENCE_TIME, &time));

	ch_machine(&new);
	memcpy(new.vm.ram, old.vm.ram, RAM_SIZE);
	vp_init(&new.vp, &new.vm, 0);
	new.page = map_page(new.vp.fd);
	snapshot_restore(&snapshot, &new.vp);
	ASSERT_EQ(0, hv_set_property(new.vm.fd, HVX_PROP_REFERENCE_TIME, time));
	ASSERT_EQ(0, hv_set_property(new.vm.fd, HVX_PROP_TIME_FREEZE, 0));
	client_free(&old);
	EXPECT_EQ(6, vp_run_out(&new.vp, 0x80));
	EXPECT_EQ(5, vp_get(&new.vp, HVX_REG_RDX));
	client_free(&new);
}

#define STORM_FIRST	0x20
#define STORM_MOVES	8
#define STORM_EACH	24

/*
 * It goes on in another partition, and that again and again, while interrupts arrive:
 * those that were requested, in service or about to be delivered by then are delivered
 * in the next partition, and none of them twice. Each vector comes once.
 */
TEST(snapshot_in_a_storm)
{
	static struct snapshot snapshot;
	struct irq_guest g[2], *old = &g[0], *new = &g[1], *swap;
	unsigned int move, i, vector = STORM_FIRST;
	struct client c;

	irq_guest_init(old, 1, NULL, IRQ_X2APIC);
	irq_guest_start(old);
	for (move = 0; move < STORM_MOVES; move++) {
		for (i = 0; i < STORM_EACH; i++, vector++)
			ASSERT_EQ(0, assert_interrupt(old->vm.fd, HVX_INTERRUPT_FIXED, 0, 0,
						      vector));
		irq_guest_stop(old);
		EXPECT_EQ(0, old->vps[0].error);
		c = (struct client){ .vm = old->vm };
		snapshot_take(&snapshot, &old->vps[0].vp, &c);

		irq_guest_init(new, 1, NULL, IRQ_X2APIC);
		memcpy(new->vm.ram, old->vm.ram, RAM_SIZE);
		snapshot_restore(&snapshot, &new->vps[0].vp);
		irq_guest_free(old);
		irq_guest_start(new);
		swap = old;
		old = new;
		new = swap;
	}
	/* the last that came have the lowest priority of all to wait for */
	for (i = STORM_FIRST; i < vector; i++)
		EXPECT_EQ(1, irq_wait(old, 0, i, 1))
			TH_LOG("vector %#x", i);
	irq_settle();
	for (i = STORM_FIRST; i < vector; i++)
		EXPECT_EQ(1, irq_count(old, 0, i))
			TH_LOG("vector %#x", i);
	irq_guest_stop(old);
	irq_guest_free(old);
}

/* Fast paths are probed by their number; the answer "no" has one errno. */
TEST(optional_ioctls)
{
	static const struct {
		unsigned int cmd;
		bool partition;
	} absent[] = {
		{ 0xc00cb808, true },	/* a device of a downstream kernel */
		{ 0x4018b800, true },	/* attributes of such a device */
		{ 0xc018b8f1, false },
	};
	u64 arg[32] = { 0 }, result = ~0ULL, gpa = ~0ULL;
	struct client c;
	unsigned int i;
	int ret;

	rust_machine(&c);
	vp_init(&c.vp, &c.vm, 0);
	c.page = map_page(c.vp.fd);
	for (i = 0; i < ARRAY_SIZE(absent); i++)
		EXPECT_EQ(-ENOTTY, xioctl(absent[i].partition ? c.vm.fd : c.vp.fd,
					  absent[i].cmd, arg));
	/* translation of an address: there, with that structure, or absent */
	arg[0] = 0x1234;
	arg[1] = 1;			/* for reading */
	arg[2] = (uintptr_t)&result;
	arg[3] = (uintptr_t)&gpa;
	ret = xioctl(c.vp.fd, 0xc020b8f2, arg);
	EXPECT_TRUE(!ret || ret == -ENOTTY) TH_LOG("%d", ret);
	if (!ret && (u32)result == HVX_TRANSLATE_SUCCESS)
		EXPECT_EQ(0x1234, gpa);
	client_free(&c);
}

TEST_HARNESS_MAIN
