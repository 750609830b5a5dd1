// SPDX-License-Identifier: GPL-2.0
/* The life of a VM, step by step, with all that it may own. */
#include <sys/mman.h>

#include "mshv_irq.h"
#include "mshv_life.h"

#define DOORBELL_GPA	(2 * LIFE_MEM_GPA)
#define VECTOR		0x40

/* Touches memory, rings a doorbell, and reports. */
GUEST_CODE(guest_ring, 64,
	   "mov $0x1000000, %ebx\n"
	   "incl (%rbx)\n"
	   "mov (%rbx), %eax\n"
	   "mov %eax, 0x1000000(%rbx)\n"
	   "out %eax, $0x80\n");

/* The same without a doorbell. */
GUEST_CODE(guest_touch, 64,
	   "mov $0x1000000, %ebx\n"
	   "incl (%rbx)\n"
	   "mov (%rbx), %eax\n"
	   "out %eax, $0x80\n");

/*
 * The device and the partition
 */

static int step_open(struct life *l, unsigned int arg)
{
	l->dev = open(MSHV_DEV, O_RDWR | O_CLOEXEC);
	return l->dev < 0 ? -errno : 0;
}

static void undo_open(struct life *l, unsigned int arg)
{
	close(l->dev);
	l->dev = -1;
}

static int step_ask(struct life *l, unsigned int arg)
{
	u32 nr = MSHV_CAP_CREATE_PARTITION;

	return xioctl(l->dev, MSHV_CHECK_EXTENSION, &nr);
}

static int step_device_hvcall(struct life *l, unsigned int arg)
{
	u64 in[2] = { HVX_PARTITION_ID_SELF, HVX_PROP_PROCESSOR_FEATURES1 };
	u64 value;

	return hvcall(l->dev, HVX_CALL_GET_PARTITION_PROPERTY, in, sizeof(in), &value,
		      sizeof(value));
}

static int step_create(struct life *l, unsigned int arg)
{
	l->pt = partition_create(l->dev, PT_DEFAULT);
	l->vm = (struct vm){ l->dev, l->pt, l->ram };
	return l->pt;
}

static void undo_create(struct life *l, unsigned int arg)
{
	close(l->pt);
	l->pt = -1;
}

/* The longer argument */
static int step_create_v2(struct life *l, unsigned int arg)
{
	struct mshv_create_partition_v2 v2 = {
		.pt_flags = PT_DEFAULT | BIT(MSHV_PT_BIT_CPU_AND_XSAVE_FEATURES),
		.pt_num_cpu_fbanks = MSHV_NUM_CPU_FEATURES_BANKS,
	};

	l->pt = xioctl(l->dev, MSHV_CREATE_PARTITION, &v2);
	return l->pt;
}

static int step_close(struct life *l, unsigned int arg)
{
	undo_create(l, arg);
	return 0;
}

static int step_initialize(struct life *l, unsigned int arg)
{
	return partition_initialize(l->pt);
}

/*
 * Memory
 */

static int step_ram(struct life *l, unsigned int arg)
{
	return region_map(l->pt, 0, RAM_SIZE, l->ram, MAP_RWX);
}

static void undo_ram(struct life *l, unsigned int arg)
{
	int ret = region_unmap(l->pt, 0, RAM_SIZE, l->ram);

	REQUIRE(!ret, "unmap: %d", ret);
}

static int step_mem(struct life *l, unsigned int arg)
{
	return region_map(l->pt, LIFE_MEM_GPA, LIFE_MEM_SIZE, l->mem, MAP_RWX);
}

static int step_unmap(struct life *l, unsigned int arg)
{
	return region_unmap(l->pt, LIFE_MEM_GPA, LIFE_MEM_SIZE, l->mem);
}

static void undo_mem(struct life *l, unsigned int arg)
{
	int ret = step_unmap(l, arg);

	REQUIRE(!ret, "unmap: %d", ret);
}

static void undo_unmap(struct life *l, unsigned int arg)
{
	int ret = step_mem(l, arg);

	REQUIRE(!ret, "map: %d", ret);
}

/* The host takes a page back. */
static int step_discard(struct life *l, unsigned int arg)
{
	return madvise(l->mem, PAGE, MADV_DONTNEED) ? -errno : 0;
}

static int step_bitmap(struct life *l, unsigned int arg)
{
	struct mshv_gpap_access_bitmap bitmap = {
		.access_type = MSHV_GPAP_ACCESS_TYPE_DIRTY,
		.access_op = arg,
		.page_count = LIFE_MEM_SIZE / PAGE,
		.gpap_base = LIFE_MEM_GPA / PAGE,
		.bitmap_ptr = (uintptr_t)l->page,
	};

	return xioctl(l->pt, MSHV_GET_GPAP_ACCESS_BITMAP, &bitmap);
}

/*
 * The VP
 */

static int step_vp(struct life *l, unsigned int arg)
{
	l->vp = vp_create(l->pt, 0);
	l->run = (struct vp){ .vm = &l->vm, .fd = l->vp };
	return l->vp;
}

static void undo_vp(struct life *l, unsigned int arg)
{
	close(l->vp);
	l->vp = -1;
}

/* The hypervisor need not have the page. */
static int step_mmap(struct life *l, unsigned int arg)
{
	void *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, l->vp, 0);

	if (p != MAP_FAILED)
		l->regs = p;
	return p == MAP_FAILED && errno != ENODEV ? -errno : 0;
}

static void undo_mmap(struct life *l, unsigned int arg)
{
	/* munmap() may lack memory, too, once */
	if (l->regs && munmap(l->regs, PAGE))
		REQUIRE(!munmap(l->regs, PAGE), "munmap");
	l->regs = NULL;
}

static int step_get_reg(struct life *l, unsigned int arg)
{
	struct hvx_register reg = { .name = HVX_REG_RIP };

	return vp_get_regs(l->vp, &reg, 1);
}

static int step_set_reg(struct life *l, unsigned int arg)
{
	struct hvx_register reg = { .name = HVX_REG_RIP, .value.u64 = GUEST_CODE_BASE };

	return vp_set_regs(l->vp, &reg, 1);
}

static int step_set_regs(struct life *l, unsigned int arg)
{
	if (cap(l->dev, MSHV_CAP_IOEVENTFD))
		vm_write_code(&l->vm, GUEST_CODE_BASE, guest_ring);
	else
		vm_write_code(&l->vm, GUEST_CODE_BASE, guest_touch);
	return vp_try_setup(&l->run, MODE_LONG, GUEST_CODE_BASE);
}

static int vp_state(struct life *l, unsigned int cmd, unsigned int type)
{
	struct mshv_get_set_vp_state state = {
		.type = type,
		.buf_sz = PAGE,
		.buf_ptr = (uintptr_t)l->page,
	};

	return xioctl(l->vp, cmd, &state);
}

static int step_get_state(struct life *l, unsigned int arg)
{
	return vp_state(l, MSHV_GET_VP_STATE, arg);
}

static int step_set_state(struct life *l, unsigned int arg)
{
	return vp_state(l, MSHV_SET_VP_STATE, arg);
}

/* To the report of the guest; again and again, from its start. */
static int step_run(struct life *l, unsigned int arg)
{
	int ret = vp_run(&l->run);

	if (ret)
		return ret;
	/* a fault that could not be resolved is the VMM's to see */
	if (l->run.msg.type == HVX_MSG_UNMAPPED_GPA || l->run.msg.type == HVX_MSG_GPA_INTERCEPT)
		return -EFAULT;
	REQUIRE(l->run.msg.type == HVX_MSG_X64_IO_PORT, "message %#x", l->run.msg.type);
	return 0;
}

static int step_cancel(struct life *l, unsigned int arg)
{
	return xioctl(l->vp, MSHV_CANCEL_RUN_VP, NULL);
}

/* That of step_cancel() */
static int step_cancelled(struct life *l, unsigned int arg)
{
	int ret = vp_run(&l->run);

	return ret == -EINTR ? 0 : ret;
}

/*
 * Statistics: @arg 0 of the partition, 1 of the VP
 */

static int step_stats(struct life *l, unsigned int arg)
{
	l->stats[arg] = xioctl(arg ? l->vp : l->pt, MSHV_GET_STATS_FD, NULL);
	return l->stats[arg];
}

static void undo_stats(struct life *l, unsigned int arg)
{
	close(l->stats[arg]);
	l->stats[arg] = -1;
}

static int step_stats_read(struct life *l, unsigned int arg)
{
	return pread(l->stats[arg], l->page, PAGE, 0) < 0 ? -errno : 0;
}

/*
 * Hypercalls that the VMM makes itself
 */

static int step_hv_get_regs(struct life *l, unsigned int arg)
{
	const u32 name = HVX_REG_RAX;
	union hvx_value value;

	return hv_get_regs(l->pt, 0, &name, &value, 1);
}

static int step_hv_intercept(struct life *l, unsigned int arg)
{
	return hv_install_intercept(l->pt, HVX_INTERCEPT_X64_CPUID, HVX_ACCESS_MASK_EXECUTE, 1);
}

static int step_hv_property(struct life *l, unsigned int arg)
{
	return hv_set_property(l->pt, HVX_PROP_UNIMPLEMENTED_MSR_ACTION, HVX_MSR_ACTION_FAULT);
}

/*
 * Ioctls with one hypercall behind each
 */

static int step_intercept(struct life *l, unsigned int arg)
{
	return pt_install_intercept(l->pt, MSHV_INTERCEPT_CPUID, ACCESS_EXECUTE, 2);
}

static int step_set_property(struct life *l, unsigned int arg)
{
	return pt_set_property(l->pt, HVX_PROP_UNIMPLEMENTED_MSR_ACTION, HVX_MSR_ACTION_FAULT);
}

static int step_get_property(struct life *l, unsigned int arg)
{
	u64 value;

	return pt_get_property(l->pt, HVX_PROP_UNIMPLEMENTED_MSR_ACTION, &value);
}

/* The guest's local APIC is off: it hears nothing. */
static int step_interrupt(struct life *l, unsigned int arg)
{
	return pt_assert_interrupt(l->pt, MSHV_INTERRUPT_FIXED, 0, VECTOR, 0);
}

static int step_cpuid_result(struct life *l, unsigned int arg)
{
	static const struct mshv_cpuid_bits eax = { 1, 1 };

	return vp_cpuid_result(l->vp, 0x4000ffff, 0, 0, &eax);
}

static int step_msr_result(struct life *l, unsigned int arg)
{
	return vp_msr_result(l->vp, 0x4badf00d, ACCESS_READ, MSHV_MSR_ACTION_IGNORE);
}

static int step_cpuid(struct life *l, unsigned int arg)
{
	struct mshv_cpuid_entry entry = { 0 };

	return vp_cpuid_values(l->vp, 0, &entry, 1);
}

static int step_translate(struct life *l, unsigned int arg)
{
	struct mshv_translate_gva_result result;
	u64 gpa;

	return vp_translate(l->vp, 0x1000, 0, &result, &gpa);
}

/*
 * Eventfds
 */

static int step_route(struct life *l, unsigned int arg)
{
	return route_set(l->pt, 0, VECTOR | (arg ? ROUTE_LEVEL : 0));
}

static int step_irqfd(struct life *l, unsigned int arg)
{
	return irqfd_assign(l->pt, l->event, 0);
}

static int step_irqfd_resample(struct life *l, unsigned int arg)
{
	return irqfd_resample(l->pt, l->event, 0, l->resample);
}

static int step_irqfd_end(struct life *l, unsigned int arg)
{
	return irqfd_deassign(l->pt, l->event, 0);
}

static void undo_irqfd(struct life *l, unsigned int arg)
{
	int ret = step_irqfd_end(l, arg);

	REQUIRE(!ret, "deassign: %d", ret);
}

static void undo_irqfd_end(struct life *l, unsigned int arg)
{
	int ret = arg ? step_irqfd_resample(l, arg) : step_irqfd(l, arg);

	REQUIRE(!ret, "assign: %d", ret);
}

/* An interrupt that is refused is nobody's error. */
static int step_signal(struct life *l, unsigned int arg)
{
	const u64 one = 1;

	return write(l->event, &one, sizeof(one)) < 0 ? -errno : 0;
}

static int step_doorbell(struct life *l, unsigned int arg)
{
	return ioeventfd(l->pt, l->event, DOORBELL_GPA, 4, 0, 0);
}

static int step_doorbell_end(struct life *l, unsigned int arg)
{
	return ioeventfd(l->pt, l->event, DOORBELL_GPA, 4, BIT(MSHV_IOEVENTFD_BIT_DEASSIGN), 0);
}

static void undo_doorbell(struct life *l, unsigned int arg)
{
	int ret = step_doorbell_end(l, arg);

	REQUIRE(!ret, "deassign: %d", ret);
}

static void undo_doorbell_end(struct life *l, unsigned int arg)
{
	int ret = step_doorbell(l, arg);

	REQUIRE(!ret, "assign: %d", ret);
}

#define STATE(type, capability)						\
	{ "GET_VP_STATE " #type, step_get_state, NULL,			\
	  MSHV_CAP_VP_STATE_##capability, MSHV_VP_STATE_##type },	\
	{ "SET_VP_STATE " #type, step_set_state, NULL,			\
	  MSHV_CAP_VP_STATE_##capability, MSHV_VP_STATE_##type }

const struct life_step life_steps[] = {
	{ "open", step_open, undo_open, .closes = true },
	{ "CHECK_EXTENSION", step_ask, NULL, MSHV_CAP_VP_REGISTERS },
	{ "ROOT_HVCALL of the device", step_device_hvcall, NULL, MSHV_CAP_DEVICE_HVCALL },
	{ "CREATE_PARTITION v2", step_create_v2, undo_create, MSHV_CAP_CREATE_PARTITION_V2,
	  .closes = true },
	{ "close", step_close, NULL, MSHV_CAP_CREATE_PARTITION_V2 },
	{ "CREATE_PARTITION", step_create, undo_create, .closes = true },
	{ "INITIALIZE_PARTITION", step_initialize },
	{ "SET_GUEST_MEMORY", step_ram, undo_ram },
	{ "SET_GUEST_MEMORY 2", step_mem, undo_mem },
	{ "CREATE_VP", step_vp, undo_vp, .closes = true },
	{ "mmap", step_mmap, undo_mmap, .closes = true },
	{ "GET_VP_REGISTERS", step_get_reg },
	{ "SET_VP_REGISTERS", step_set_reg },
	STATE(LAPIC, LAPIC),
	STATE(XSAVE, XSAVE),
	STATE(SIMP, SIMP),
	STATE(SIEFP, SIEFP),
	STATE(SYNTHETIC_TIMERS, STIMERS),
	{ "GET_STATS_FD", step_stats, undo_stats, MSHV_CAP_PARTITION_STATS, 0, .closes = true },
	{ "read of statistics", step_stats_read, NULL, MSHV_CAP_PARTITION_STATS, 0 },
	{ "GET_STATS_FD of the VP", step_stats, undo_stats, MSHV_CAP_VP_STATS, 1,
	  .closes = true },
	{ "read of the VP's statistics", step_stats_read, NULL, MSHV_CAP_VP_STATS, 1 },
	{ "ROOT_HVCALL GET_VP_REGISTERS", step_hv_get_regs, NULL, MSHV_CAP_PARTITION_HVCALL },
	{ "ROOT_HVCALL INSTALL_INTERCEPT", step_hv_intercept, NULL, MSHV_CAP_PARTITION_HVCALL,
	  .done = true },
	{ "ROOT_HVCALL SET_PARTITION_PROPERTY", step_hv_property, NULL, MSHV_CAP_PARTITION_HVCALL,
	  .done = true },
	{ "INSTALL_INTERCEPT", step_intercept, NULL, MSHV_CAP_INSTALL_INTERCEPT, .done = true },
	{ "SET_PARTITION_PROPERTY", step_set_property, NULL, MSHV_CAP_SET_PROPERTY },
	{ "GET_PARTITION_PROPERTY", step_get_property, NULL, MSHV_CAP_GET_PROPERTY },
	{ "ASSERT_INTERRUPT", step_interrupt, NULL, MSHV_CAP_ASSERT_INTERRUPT },
	{ "REGISTER_INTERCEPT_RESULT CPUID", step_cpuid_result, NULL, MSHV_CAP_INTERCEPT_RESULT },
	{ "REGISTER_INTERCEPT_RESULT MSR", step_msr_result, NULL, MSHV_CAP_MSR_RESULT },
	{ "GET_VP_CPUID_VALUES", step_cpuid, NULL, MSHV_CAP_VP_CPUID_VALUES },
	{ "VP_TRANSLATE_GVA", step_translate, NULL, MSHV_CAP_TRANSLATE_GVA },
	{ "SET_MSI_ROUTING", step_route, NULL, MSHV_CAP_MSI_ROUTING, 0 },
	{ "IRQFD", step_irqfd, undo_irqfd, MSHV_CAP_IRQFD },
	{ "signal", step_signal, NULL, MSHV_CAP_IRQFD },
	{ "IOEVENTFD", step_doorbell, undo_doorbell, MSHV_CAP_IOEVENTFD },
	{ "SET_VP_REGISTERS, all", step_set_regs },
	{ "RUN_VP", step_run },
	{ "RUN_VP again", step_run },
	{ "madvise", step_discard },
	{ "SET_VP_REGISTERS to the start", step_set_reg },
	{ "RUN_VP after madvise", step_run },
	{ "CANCEL_RUN_VP", step_cancel, NULL, MSHV_CAP_CANCEL_RUN_VP },
	{ "RUN_VP after CANCEL_RUN_VP", step_cancelled, NULL, MSHV_CAP_CANCEL_RUN_VP },
	{ "GET_GPAP_ACCESS_BITMAP", step_bitmap, NULL, MSHV_CAP_GPAP_ACCESS_BITMAP,
	  MSHV_GPAP_ACCESS_OP_NOOP },
	{ "GET_GPAP_ACCESS_BITMAP, clearing", step_bitmap, NULL, MSHV_CAP_GPAP_ACCESS_BITMAP,
	  MSHV_GPAP_ACCESS_OP_CLEAR },
	{ "IRQFD, deassign", step_irqfd_end, undo_irqfd_end, MSHV_CAP_IRQFD, 0 },
	{ "SET_MSI_ROUTING, level", step_route, NULL, MSHV_CAP_IRQFD_RESAMPLE, 1 },
	{ "IRQFD, resample", step_irqfd_resample, undo_irqfd, MSHV_CAP_IRQFD_RESAMPLE },
	{ "IRQFD, resample, deassign", step_irqfd_end, undo_irqfd_end, MSHV_CAP_IRQFD_RESAMPLE, 1 },
	{ "IOEVENTFD, deassign", step_doorbell_end, undo_doorbell_end, MSHV_CAP_IOEVENTFD },
	/* one for the end of the partition */
	{ "IOEVENTFD again", step_doorbell, undo_doorbell, MSHV_CAP_IOEVENTFD },
	{ "SET_GUEST_MEMORY, unmap", step_unmap, undo_unmap },
};

const unsigned int life_steps_count = ARRAY_SIZE(life_steps);

bool life_has(const struct life *l, const struct life_step *step)
{
	return !step->cap || cap(l->dev, step->cap);
}

void life_begin(struct life *l)
{
	memset(l, 0, sizeof(*l));
	l->dev = -1;
	l->pt = -1;
	l->vp = -1;
	l->stats[0] = -1;
	l->stats[1] = -1;
	l->event = event_create();
	l->resample = event_create();
	l->ram = mem_alloc(RAM_SIZE, PAGE);
	l->mem = mem_alloc(LIFE_MEM_SIZE, PAGE);
	l->page = mem_alloc(PAGE, PAGE);
}

void life_end(struct life *l)
{
	undo_mmap(l, 0);
	undo_stats(l, 1);
	undo_stats(l, 0);
	undo_vp(l, 0);
	undo_create(l, 0);
	undo_open(l, 0);
	close(l->event);
	close(l->resample);
	munmap(l->ram, RAM_SIZE);
	munmap(l->mem, LIFE_MEM_SIZE);
	munmap(l->page, PAGE);
}

int life_live(struct life *l)
{
	unsigned int i;
	int ret;

	life_begin(l);
	for (i = 0; i < life_steps_count; i++) {
		if (!life_has(l, &life_steps[i]))
			continue;
		l->at = life_steps[i].name;
		ret = life_steps[i].call(l, life_steps[i].arg);
		if (ret < 0)
			return ret;
	}
	return 0;
}
