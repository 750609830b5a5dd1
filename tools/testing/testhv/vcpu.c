// SPDX-License-Identifier: GPL-2.0
/* Virtual processors: entering, switching, resetting. */
#include "vcpu.h"

#include "apic.h"
#include "cpu.h"
#include "lib.h"
#include "mem.h"
#include "npt.h"
#include "panic.h"
#include "pcpu.h"
#include "tcg.h"
#include "task.h"

#define XSAVE_AREA_LEGACY	576	/* legacy region and header */
#define XSAVE_FCW		0
#define XSAVE_MXCSR		24
#define FCW_RESET		0x37f	/* as FNINIT leaves it */
#define MXCSR_RESET		0x1f80
#define DR6_RESET		0xffff0ff0
#define DR7_RESET		0x400
#define SVM_RUN_SIZE		0x100	/* no less than it has */

static bool has_xsave, has_xss, has_tsc_aux;
static u64 xcr0_mask;
static u32 xsave_size;

void svm_run(u64 *gpr, u64 vmcb_pa);

/* The world switch, at its physical address: see entry.S. */
static void run(struct vcpu *v)
{
	void (*fn)(u64 *gpr, u64 vmcb_pa) = phys_to_virt(virt_to_phys(svm_run));

	fn(v->gpr, v->vmcb_pa);
}

/* Physical NMI that made the guest exit: let it reach the host's empty handler. */
static void consume_nmi(void)
{
	stgi();
	asm volatile("nop");
	clgi();
}

/* QEMU ended the run of a guest twice (see tcg.h): what was the guest's is gone. */
static void check_state(const struct vcpu *v)
{
	const struct vmcb_save *s = &v->vmcb->s;

	if (tcg_is_host() && s->cr3 == read_cr3() &&
	    s->rip - virt_to_phys(svm_run) < SVM_RUN_SIZE)
		config_error("QEMU has lost the state of a VP");
}

u64 vcpu_enter(struct vcpu *v)
{
	struct pcpu *cpu = this_cpu();
	struct npt *npt = v->npt;
	u64 gen;

	WRITE_ONCE(cpu->npt, npt);
	do {
		gen = READ_ONCE(npt->gen);
		WRITE_ONCE(cpu->npt_gen, gen);
		WRITE_ONCE(cpu->in_guest, 1);
		smp_mb();	/* pairs with the one in npt_flush() */
	} while (gen != READ_ONCE(npt->gen));

	v->vmcb->c.tlb_ctl = SVM_TLB_NOTHING;
	if (gen != v->npt_gen || v->last_cpu != cpu) {
		v->vmcb->c.tlb_ctl = SVM_TLB_FLUSH_ALL;
		v->npt_gen = gen;
		v->last_cpu = cpu;
	}
	v->vmcb->c.ncr3 = npt->root;
	run(v);
	check_state(v);
	WRITE_ONCE(cpu->in_guest, 0);
	cpu->nr_exits++;
	v->vmcb->c.event_inj = 0;
	if (v->vmcb->c.exit_code != SVM_EXIT_NMI)
		return v->vmcb->c.exit_code;

	spin_lock(&cpu->kick_lock);
	if (!cpu->nmi_expected)
		cpu->nmi_for_root = 1;
	cpu->nmi_expected = 0;
	consume_nmi();
	spin_unlock(&cpu->kick_lock);
	return SVM_EXIT_NMI;
}

void kick_cpu(struct pcpu *cpu)
{
	if (cpu == this_cpu())
		return;
	spin_lock(&cpu->kick_lock);
	if (READ_ONCE(cpu->in_guest) && !cpu->nmi_expected) {
		cpu->nmi_expected = 1;
		apic_send(cpu->apic_id, APIC_ICR_NMI | APIC_ICR_ASSERT);
	}
	spin_unlock(&cpu->kick_lock);
}

static void save_extra(struct vcpu *v)
{
	vmsave(v->vmcb_pa);
	v->dr[0] = read_dr0();
	v->dr[1] = read_dr1();
	v->dr[2] = read_dr2();
	v->dr[3] = read_dr3();
	if (has_tsc_aux)
		v->tsc_aux = rdmsr(MSR_TSC_AUX);
	if (has_xss)
		v->xss = rdmsr(MSR_XSS);
	if (!has_xsave) {
		fxsave(v->xsave);
		return;
	}
	v->xcr0 = xgetbv();
	xsetbv(xcr0_mask);
	xsave(v->xsave, xcr0_mask);
}

static void load_extra(const struct vcpu *v)
{
	vmload(v->vmcb_pa);
	write_dr0(v->dr[0]);
	write_dr1(v->dr[1]);
	write_dr2(v->dr[2]);
	write_dr3(v->dr[3]);
	if (has_tsc_aux)
		wrmsr(MSR_TSC_AUX, v->tsc_aux);
	if (has_xss)
		wrmsr(MSR_XSS, v->xss);
	if (!has_xsave) {
		fxrstor(v->xsave);
		return;
	}
	xsetbv(xcr0_mask);
	xrstor(v->xsave, xcr0_mask);
	xsetbv(v->xcr0);
}

void guest_switch(struct vcpu *from, struct vcpu *to)
{
	save_extra(from);
	load_extra(to);
	this_cpu()->cur = to;
}

void guest_load(struct vcpu *v)
{
	load_extra(v);
	this_cpu()->cur = v;
}

void vcpu_skip(struct vcpu *v, unsigned int len)
{
	struct vmcb_save *s = &v->vmcb->s;

	s->rip += len;
	if (!(s->efer & EFER_LMA) || !(s->cs.attrib & SVM_SEG_L))
		s->rip = (u32)s->rip;
	v->vmcb->c.int_state &= ~SVM_INT_SHADOW;
}

static bool has_error_code(u8 vec)
{
	return vec == EXC_DF || (vec >= EXC_TS && vec <= EXC_PF) || vec == EXC_AC;
}

void vcpu_inject_excp(struct vcpu *v, u8 vec, u32 error_code)
{
	u64 ev = vec | SVM_EVENT_EXCP | SVM_EVENT_VALID;

	if (has_error_code(vec))
		ev |= SVM_EVENT_EV | (u64)error_code << 32;
	v->vmcb->c.event_inj = ev;
}

/* A virtual interrupt that is intercepted; its vector is never seen. */
void vcpu_watch_interrupts(struct vcpu *v, bool on)
{
	struct vmcb_control *c = &v->vmcb->c;

	c->int_ctl &= ~(SVM_V_IRQ | SVM_V_IGN_TPR | SVM_V_INTR_PRIO(0xf));
	c->intercept1 &= ~SVM_INTERCEPT(SVM_EXIT_VINTR);
	if (on) {
		c->int_ctl |= SVM_V_IRQ | SVM_V_IGN_TPR | SVM_V_INTR_PRIO(0xf);
		c->intercept1 |= SVM_INTERCEPT(SVM_EXIT_VINTR);
	}
}

void vcpu_track_nmi_mask(struct vcpu *v)
{
	struct vmcb *b = v->vmcb;

	if (v->iret_rip != ~0ULL && b->s.rip != v->iret_rip) {
		v->iret_rip = ~0ULL;
		v->nmi_masked = false;
	}
	if (v->nmi_masked && v->iret_rip == ~0ULL)
		b->c.intercept1 |= SVM_INTERCEPT(SVM_EXIT_IRET);
	else
		b->c.intercept1 &= ~SVM_INTERCEPT(SVM_EXIT_IRET);
}

void vcpu_inject_nmi(struct vcpu *v)
{
	v->vmcb->c.event_inj = SVM_EVENT_VALID | SVM_EVENT_NMI | EXC_NMI;
	v->nmi_masked = true;
	vcpu_track_nmi_mask(v);
}

static void reset_seg(struct vmcb_seg *s, u16 attrib)
{
	*s = (struct vmcb_seg){ .attrib = attrib, .limit = 0xffff };
}

void vcpu_reset(struct vcpu *v)
{
	struct vmcb_save *s = &v->vmcb->s;
	u64 pat = s->g_pat;

	memset(s, 0, sizeof(*s));
	memset(v->gpr, 0, sizeof(v->gpr));
	memset(v->dr, 0, sizeof(v->dr));
	reset_seg(&s->cs, SVM_SEG_P | SVM_SEG_S | 0xb);
	s->cs.selector = 0xf000;
	s->cs.base = 0xffff0000;
	reset_seg(&s->ds, SVM_SEG_P | SVM_SEG_S | 0x3);
	s->es = s->ds;
	s->fs = s->ds;
	s->gs = s->ds;
	s->ss = s->ds;
	reset_seg(&s->ldtr, SVM_SEG_P | 0x2);
	reset_seg(&s->tr, tr_attrib_to_vmcb(SVM_SEG_P | 0xb));
	reset_seg(&s->gdtr, 0);
	reset_seg(&s->idtr, 0);
	v->gpr[REG_RDX] = cpuid(1, 0).eax;
	v->nmi_masked = false;
	v->iret_rip = ~0ULL;
	s->cr0 = CR0_CD | CR0_NW | CR0_ET;
	s->efer = EFER_SVME;
	s->rflags = RFLAGS_FIXED;
	s->rip = 0xfff0;
	s->dr6 = DR6_RESET;
	s->dr7 = DR7_RESET;
	s->g_pat = pat ?: PAT_RESET;
	v->vmcb->c.int_state = 0;
	v->vmcb->c.event_inj = 0;
	v->vmcb->c.int_ctl &= SVM_V_INTR_MASKING;
}

void vcpu_init(struct vcpu *v, struct vmcb *vmcb, void *xsave_area, struct npt *npt, u32 asid)
{
	struct vmcb_control *c = &vmcb->c;

	v->vmcb = vmcb;
	v->vmcb_pa = virt_to_phys(vmcb);
	v->npt = npt;
	v->npt_gen = 0;
	v->last_cpu = NULL;
	v->xsave = xsave_area;
	v->xcr0 = 1;
	*(u16 *)(v->xsave + XSAVE_FCW) = FCW_RESET;
	*(u32 *)(v->xsave + XSAVE_MXCSR) = MXCSR_RESET;

	c->intercept1 = SVM_INTERCEPT(SVM_EXIT_NMI) | SVM_INTERCEPT(SVM_EXIT_CPUID) |
			SVM_INTERCEPT(SVM_EXIT_MSR) | SVM_INTERCEPT(SVM_EXIT_IOIO) |
			SVM_INTERCEPT(SVM_EXIT_INVLPGA) | SVM_INTERCEPT(SVM_EXIT_SHUTDOWN);
	c->intercept2 = SVM_INTERCEPT(SVM_EXIT_VMRUN) | SVM_INTERCEPT(SVM_EXIT_VMMCALL) |
			SVM_INTERCEPT(SVM_EXIT_VMLOAD) | SVM_INTERCEPT(SVM_EXIT_VMSAVE) |
			SVM_INTERCEPT(SVM_EXIT_STGI) | SVM_INTERCEPT(SVM_EXIT_CLGI) |
			SVM_INTERCEPT(SVM_EXIT_SKINIT);
	c->asid = asid;
	c->np_enable = 1;
	c->ncr3 = npt->root;
	vcpu_reset(v);
}

u32 vcpu_xsave_size(void)
{
	return xsave_size;
}

u64 vcpu_xcr0(const struct vcpu *v)
{
	return has_xsave && this_cpu()->cur == v ? xgetbv() : v->xcr0;
}

u64 vcpu_xcr0_mask(void)
{
	return xcr0_mask;
}

/* CR4 of the hypervisor must allow what guest_switch() does. */
static void init_xsave(void)
{
	struct cpuid_regs r = cpuid(1, 0);

	write_cr4(read_cr4() | CR4_OSFXSR);
	has_xsave = r.ecx & BIT(26);
	has_tsc_aux = (cpuid(0x80000001, 0).edx & BIT(27)) ||
		      (cpuid(7, 0).ecx & BIT(22));
	if (!has_xsave) {
		xcr0_mask = 3;
		xsave_size = XSAVE_AREA_LEGACY;
		return;
	}
	write_cr4(read_cr4() | CR4_OSXSAVE);
	r = cpuid(0xd, 0);
	xcr0_mask = (u64)r.edx << 32 | r.eax;
	xsave_size = r.ecx;
	has_xss = cpuid(0xd, 1).eax & BIT(3);
}

void vcpu_init_cpu(void)
{
	init_xsave();
}
