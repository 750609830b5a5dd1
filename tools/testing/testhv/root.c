// SPDX-License-Identifier: GPL-2.0
/*
 * The root partition: its VPs, and what they exit for.
 *
 * Physical interrupts, all devices and the local APIC are the root's. The
 * hypervisor sees CPUID, MSRs that matter, hypercalls, the control port, and
 * touches of memory that the root does not own.
 */
#include "root.h"

#include "acct.h"
#include "apic.h"
#include "cpu.h"
#include "cpuid.h"
#include "ctl.h"
#include "hv_abi.h"
#include "hypercall.h"
#include "lib.h"
#include "log.h"
#include "mem.h"
#include "msr.h"
#include "options.h"
#include "pageown.h"
#include "panic.h"
#include "sched.h"
#include "tcg.h"

#define IDENTIFY_TIMEOUT_S	180

static struct root_vp *vps[MAX_CPUS];
static u8 *root_iopm, *root_msrpm;
static const struct sched_ops *sched_ops;

struct root_vp *root_vp_by_index(u32 vp_index)
{
	unsigned int i;

	for (i = 0; i < nr_cpus; i++)
		if (vps[i]->created && vps[i]->vp_index == vp_index)
			return vps[i];
	return NULL;
}

struct root_vp *root_vp_by_lp(u32 lp_index)
{
	unsigned int i;

	for (i = 0; i < nr_cpus; i++)
		if (vps[i]->added && vps[i]->lp_index == lp_index)
			return vps[i];
	return NULL;
}

void sched_register(const struct sched_ops *ops)
{
	sched_ops = ops;
}

static void *alloc_pages(u32 size)
{
	/* Boot time: page frames of boot_alloc() memory stay hidden for ever. */
	return boot_alloc(size, PAGE_SIZE);
}

static void vp_init(struct pcpu *cpu)
{
	struct root_vp *rv = alloc_pages(sizeof(*rv));
	struct vmcb_control *c;

	rv->cpu = cpu;
	rv->vp_index = cpu->index;
	rv->lp_index = cpu->index;
	rv->sipi_vector = -1;
	vcpu_init(&rv->vcpu, alloc_pages(sizeof(struct vmcb)), alloc_pages(vcpu_xsave_size()),
		  &root.npt, ROOT_ASID);
	c = &rv->vcpu.vmcb->c;
	c->iopm_pa = virt_to_phys(root_iopm);
	c->msrpm_pa = virt_to_phys(root_msrpm);
	if (sched_is_hypervisor())
		c->intercept1 |= SVM_INTERCEPT(SVM_EXIT_HLT);
	cpu->vp = rv;
	vps[cpu->index] = rv;
	stimer_reset(rv);
}

void root_init(void)
{
	unsigned int i;

	root.priv = root_privileges();
	root_iopm = boot_alloc(IOPM_SIZE, PAGE_SIZE);
	iopm_trap(root_iopm, TESTHV_CTL_PORT);
	root_msrpm = boot_alloc(MSRPM_SIZE, PAGE_SIZE);
	msrpm_trap(root_msrpm, MSR_APIC_BASE, true, false);
	msrpm_trap(root_msrpm, MSR_EFER, true, true);
	msrpm_trap(root_msrpm, MSR_VM_CR, true, true);
	msrpm_trap(root_msrpm, MSR_VM_HSAVE_PA, true, true);
	for (i = 0; i < nr_cpus; i++)
		vp_init(cpus[i]);
	/* The root adds and creates the others; an L1VH partition finds them made. */
	for (i = 0; i < (options.l1vh ? nr_cpus : 1); i++) {
		vps[i]->added = true;
		vps[i]->created = true;
	}
}

void root_init_pages(void)
{
	static const u8 code[] = {
		0xf3, 0x0f, 0x1e, 0xfa,		/* endbr64 */
		0x0f, 0x01, 0xd9,		/* vmmcall */
		0xc3,				/* ret */
	};
	unsigned int i;

	msr_page_init(&root.hypercall, ROOT_READ);
	memset(root.hypercall.page, 0xcc, PAGE_SIZE);
	memcpy(root.hypercall.page, code, sizeof(code));
	msr_page_init(&root.reftsc, ROOT_READ);
	for (i = 0; i < nr_cpus; i++) {
		msr_page_init(&vps[i]->assist, ROOT_RW);
		synic_init(vps[i]);
	}
}

u16 root_add_lp(u32 lp_index, u32 apic_id)
{
	struct pcpu *cpu = cpu_by_apic_id(apic_id);

	if (lp_index >= nr_cpus)
		return HVX_STATUS_INVALID_LP_INDEX;
	if (!cpu)
		return HVX_STATUS_INVALID_PARAMETER;
	if (cpu->vp->added || root_vp_by_lp(lp_index))
		return HVX_STATUS_INVALID_PARAMETER;
	cpu->vp->added = true;
	cpu->vp->lp_index = lp_index;
	log_info("logical processor %u is APIC id %u", lp_index, apic_id);
	return HVX_STATUS_SUCCESS;
}

u16 root_create_vp(u32 vp_index, u32 lp_index)
{
	struct root_vp *rv = root_vp_by_lp(lp_index);

	if (vp_index >= nr_cpus || root_vp_by_index(vp_index))
		return HVX_STATUS_INVALID_VP_INDEX;
	if (!rv)
		return HVX_STATUS_INVALID_LP_INDEX;
	if (rv->created)
		return HVX_STATUS_INVALID_PARAMETER;
	rv->created = true;
	rv->vp_index = vp_index;
	log_info("root VP %u on logical processor %u", vp_index, lp_index);
	return HVX_STATUS_SUCCESS;
}

/* A running VP goes on until the start-up IPI: Linux has parked it anyway. */
void root_init_ipi(struct root_vp *target)
{
	target->inited = true;
}

void root_startup_ipi(struct root_vp *target, u8 vector)
{
	if (!target->created) {
		log_err("start-up IPI for APIC id %u, which has no VP", target->cpu->apic_id);
		return;
	}
	if (!target->inited)
		return;		/* the second of the two that the protocol asks for */
	target->inited = false;
	log_info("root VP %u starts at %x", target->vp_index, vector << 12);
	WRITE_ONCE(target->sipi_vector, vector);
	if (target->cpu->online)
		kick_cpu(target->cpu);
	else
		smp_start(target->cpu);
}

/* Real mode at @vector << 12, everything else as INIT leaves it. */
static void start_ap(struct root_vp *rv)
{
	struct vcpu *v = &rv->vcpu;
	u8 vector;

	spin_lock(&hv_lock);
	vector = rv->sipi_vector;
	rv->sipi_vector = -1;
	vcpu_reset(v);
	v->vmcb->s.cs.selector = vector << 8;
	v->vmcb->s.cs.base = (u64)vector << 12;
	v->vmcb->s.rip = 0;
	synic_reset(rv);
	stimer_reset(rv);
	msr_page_reset(&rv->assist);
	rv->started = true;
	rv->parked = false;
	spin_unlock(&hv_lock);
	guest_load(v);
}

static void *caller_page(struct hvc_caller *who, u64 gpa, bool write)
{
	return root_can_access(gpa, 1) ? phys_to_virt(gpa) : NULL;
}

static void vmmcall_exit(struct root_vp *rv)
{
	struct vcpu *v = &rv->vcpu;
	struct hvc_caller who = {
		.vcpu = v, .root = rv, .priv = root.priv, .gpa = caller_page,
	};
	u64 result;

	/* TLFS 3.5: protected or long mode, CPL 0, and an identified guest */
	if (v->vmcb->s.cpl || !(v->vmcb->s.efer & EFER_LMA) ||
	    !msr_page_on(&root.hypercall)) {
		vcpu_inject_ud(v);
		return;
	}
	vcpu_skip(v, 3);
	if (hypercall(&who, v->gpr[REG_RCX], v->gpr[REG_RDX], v->gpr[REG_R8], &result))
		vcpu_set_gpr(v, REG_RAX, result);
}

static void cpuid_exit(struct root_vp *rv)
{
	struct vcpu *v = &rv->vcpu;
	struct cpuid_regs r = root_cpuid(v, v->vmcb->s.rax, v->gpr[REG_RCX]);

	v->vmcb->s.rax = r.eax;
	v->gpr[REG_RBX] = r.ebx;
	v->gpr[REG_RCX] = r.ecx;
	v->gpr[REG_RDX] = r.edx;
	vcpu_skip(v, 2);
	if (!root.guest_os_id && ref_time() > IDENTIFY_TIMEOUT_S * 10000000UL)
		config_error("this kernel does not become a root partition: no sign after %d s",
			     IDENTIFY_TIMEOUT_S);
}

/* Hidden memory: as on hardware that has nothing there to give. */
static void npf_exit(struct root_vp *rv)
{
	static struct log_limit limit;
	const struct vmcb_control *c = &rv->vcpu.vmcb->c;

	acct_add(TESTHV_ACCT_ROOT_VIOLATIONS, 1);
	if (log_limited(&limit))
		log_info("root VP %u: #GP on %s of %lx, which is not the root's (rip %lx)",
			 rv->vp_index, c->exit_info1 & SVM_NPF_WRITE ? "write" : "read",
			 c->exit_info2, rv->vcpu.vmcb->s.rip);
	vcpu_inject_gp(&rv->vcpu);
}

/* Exceptions while an event was delivered: the event is tried again. */
static void reinject(struct vcpu *v)
{
	if (v->vmcb->c.exit_int_info & SVM_EVENT_VALID && !v->vmcb->c.event_inj)
		v->vmcb->c.event_inj = v->vmcb->c.exit_int_info;
}

/* One that has to wait is raised when the root enables interrupts, or at any exit before. */
static void inject_nmi(struct root_vp *rv)
{
	struct vcpu *v = &rv->vcpu;

	vcpu_track_nmi_mask(v);
	if (rv->cpu->nmi_for_root && !v->nmi_masked &&
	    !(v->vmcb->c.event_inj & SVM_EVENT_VALID)) {
		rv->cpu->nmi_for_root = 0;
		vcpu_inject_nmi(v);
	}
	vcpu_watch_interrupts(v, rv->cpu->nmi_for_root);
}

/*
 * The root halts: the hypervisor's chance to run children. With none to run it
 * enters once more without the intercept, and really halts.
 *
 * The STI in front keeps interrupts off until the HLT, so that none is handled
 * between the root's last look at what there is to do and its sleep. QEMU's VMRUN
 * forgets that. An HLT without it is one that such an interrupt has come before:
 * the root has to look again.
 *
 * A CPU that is taken offline halts with interrupts disabled. They would end each
 * time slice of a child and never be taken, so children go elsewhere.
 */
static void hlt_exit(struct root_vp *rv)
{
	const struct vmcb *b = rv->vcpu.vmcb;
	bool can_wake = b->s.rflags & RFLAGS_IF, woken = !(b->c.int_state & SVM_INT_SHADOW);

	if (!can_wake && sched_ops && !rv->parked)
		sched_ops->park(rv);
	if (can_wake && sched_ops && sched_ops->runnable(rv->cpu)) {
		sched_ops->run(rv->cpu, true);
		woken = true;
	}
	if (can_wake && woken)
		vcpu_skip(&rv->vcpu, 1);
	else
		rv->vcpu.vmcb->c.intercept1 &= ~SVM_INTERCEPT(SVM_EXIT_HLT);
}

/* The root has finished an interrupt: it can be left alone for a time slice. */
static void run_children(struct root_vp *rv, u64 code)
{
	bool eoi = code == SVM_EXIT_MSR && (u32)rv->vcpu.gpr[REG_RCX] == HVX_MSR_EOI;

	if (code != SVM_EXIT_HLT)
		rv->vcpu.vmcb->c.intercept1 |= SVM_INTERCEPT(SVM_EXIT_HLT);
	if (eoi && sched_ops && sched_ops->runnable(rv->cpu))
		sched_ops->run(rv->cpu, false);
}

static void handle_exit(struct root_vp *rv, u64 code)
{
	struct vcpu *v = &rv->vcpu;

	switch (code) {
	case SVM_EXIT_NMI:
	case SVM_EXIT_VINTR:
		break;
	case SVM_EXIT_IRET:
		v->iret_rip = v->vmcb->s.rip;
		break;
	case SVM_EXIT_CPUID:
		cpuid_exit(rv);
		break;
	case SVM_EXIT_MSR:
		root_msr_exit(rv);
		break;
	case SVM_EXIT_VMMCALL:
		vmmcall_exit(rv);
		break;
	case SVM_EXIT_IOIO:
		ctl_exit(rv);
		break;
	case SVM_EXIT_NPF:
		npf_exit(rv);
		break;
	case SVM_EXIT_HLT:
		hlt_exit(rv);
		break;
	case SVM_EXIT_SWINT:
		root_swint_exit(rv);
		break;
	case SVM_EXIT_VMRUN:
	case SVM_EXIT_VMLOAD:
	case SVM_EXIT_VMSAVE:
	case SVM_EXIT_STGI:
	case SVM_EXIT_CLGI:
	case SVM_EXIT_SKINIT:
	case SVM_EXIT_INVLPGA:
		vcpu_inject_ud(v);
		break;
	case SVM_EXIT_SHUTDOWN:
		panic_vcpu(v, "root VP %u: triple fault", rv->vp_index);
	case (u64)SVM_EXIT_INVALID:
		panic_vcpu(v, "root VP %u: the CPU refuses its state", rv->vp_index);
	default:
		panic_vcpu(v, "root VP %u: unexpected exit %lx", rv->vp_index, code);
	}
	reinject(v);
}

void root_run(struct root_vp *rv)
{
	struct vcpu *v = &rv->vcpu;
	u64 code;

	if (rv->cpu->index == 0) {
		rv->started = true;
		guest_load(v);
	}
	for (;;) {
		if (READ_ONCE(rv->sipi_vector) >= 0)
			start_ap(rv);
		timer_repair(rv->cpu);
		inject_nmi(rv);
		code = vcpu_enter(v);
		if (tcg_is_host())
			v->vmcb->c.intercept1 |= SVM_INTERCEPT(SVM_EXIT_SWINT);
		root_stat_exit(&rv->stats, code);
		handle_exit(rv, code);
		if (sched_is_hypervisor())
			run_children(rv, code);
	}
}
