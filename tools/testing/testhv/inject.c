// SPDX-License-Identifier: GPL-2.0
/* Events of child VPs: INIT, SIPI, NMI, interrupts, exceptions (APM volume 2, 15.20, 15.21). */
#include "cpu.h"
#include "gpa.h"
#include "guest_msr.h"
#include "intercept.h"
#include "run.h"
#include "task.h"
#include "tcg.h"

#define CR8_WRITE	BIT(8)

/* QEMU takes INT3 and INTO for INTn: their intercepts do not see them. */
#define SOFT_EXCEPTIONS	(BIT(EXC_BP) | BIT(EXC_OF))

void vp_save_interrupted_event(struct child_vp *vp)
{
	u64 info = vp->vcpu.vmcb->c.exit_int_info, type = info & SVM_EVENT_TYPE_MASK;
	u8 vector = info & SVM_EVENT_VECTOR_MASK;
	u64 hv_type;

	/* What a triple fault interrupted is over. */
	if (!(info & SVM_EVENT_VALID) || vp->vcpu.vmcb->c.exit_code == SVM_EXIT_SHUTDOWN)
		return;
	switch (type) {
	case SVM_EVENT_INTR:
		hv_type = HVX_PENDING_TYPE_INTERRUPT;
		break;
	case SVM_EVENT_NMI:
		hv_type = HVX_PENDING_TYPE_NMI;
		break;
	case SVM_EVENT_EXCP:
		/* INT3 and INTO are carried out again; RIP is still there. */
		if (vector == EXC_BP || vector == EXC_OF)
			return;
		hv_type = HVX_PENDING_TYPE_EXCEPTION;
		break;
	default:
		return;
	}
	vp->pending_interruption = HVX_PENDING_VALID | hv_type << HVX_PENDING_TYPE_SHIFT |
				   (u64)vector << HVX_PENDING_VECTOR_SHIFT;
	if (info & SVM_EVENT_EV)
		vp->pending_interruption |= HVX_PENDING_ERROR_CODE |
					    (info >> 32) << HVX_PENDING_ERROR_SHIFT;
}

static void inject_pending_interruption(struct child_vp *vp)
{
	u64 p = vp->pending_interruption, ev = SVM_EVENT_VALID;

	ev |= (p & HVX_PENDING_VECTOR_MASK) >> HVX_PENDING_VECTOR_SHIFT & 0xff;
	switch ((p & HVX_PENDING_TYPE_MASK) >> HVX_PENDING_TYPE_SHIFT) {
	case HVX_PENDING_TYPE_INTERRUPT:
		ev |= SVM_EVENT_INTR;
		break;
	case HVX_PENDING_TYPE_NMI:
		ev |= SVM_EVENT_NMI;
		vp->vcpu.nmi_masked = true;
		break;
	case HVX_PENDING_TYPE_SOFT_INTERRUPT:
		ev |= SVM_EVENT_SOFT;
		vcpu_skip(&vp->vcpu, (p & HVX_PENDING_LENGTH_MASK) >> HVX_PENDING_LENGTH_SHIFT);
		break;
	case HVX_PENDING_TYPE_SOFT_EXCEPTION:
	case HVX_PENDING_TYPE_PRIV_SOFT_EXC:
		vcpu_skip(&vp->vcpu, (p & HVX_PENDING_LENGTH_MASK) >> HVX_PENDING_LENGTH_SHIFT);
		ev |= SVM_EVENT_EXCP;
		break;
	default:
		ev |= SVM_EVENT_EXCP;
	}
	if (p & HVX_PENDING_ERROR_CODE)
		ev |= SVM_EVENT_EV | (p >> HVX_PENDING_ERROR_SHIFT) << 32;
	vp->pending_interruption = 0;
	vp->vcpu.vmcb->c.event_inj = ev;
}

static void inject_event0(struct child_vp *vp)
{
	u64 e = vp->event[0][0], ev;

	ev = SVM_EVENT_VALID | SVM_EVENT_EXCP | (e >> HVX_EVENT_VECTOR_SHIFT & 0x1f);
	if (e & HVX_EVENT_DELIVER_ERROR_CODE)
		ev |= SVM_EVENT_EV | (e >> HVX_EVENT_ERROR_SHIFT) << 32;
	if ((ev & SVM_EVENT_VECTOR_MASK) == EXC_PF)
		vp->vcpu.vmcb->s.cr2 = vp->event[0][1];
	vp->event[0][0] = 0;
	vp->event[0][1] = 0;
	vp->vcpu.vmcb->c.event_inj = ev;
}

/*
 * Inject the interrupt that is due, or have an exit as soon as one can be: when
 * IF opens (a virtual interrupt that is intercepted) or the guest lowers CR8.
 */
static void inject_interrupt(struct child_vp *vp)
{
	struct vmcb *b = vp->vcpu.vmcb;
	int vector = vp->lapic.extint ? vp->lapic.extint_vector : lapic_pending(vp);
	bool open = (b->s.rflags & RFLAGS_IF) && !(b->c.int_state & SVM_INT_SHADOW) &&
		    !(b->c.event_inj & SVM_EVENT_VALID);

	b->c.cr_write &= ~CR8_WRITE;
	if (vector >= 0 && open) {
		b->c.event_inj = SVM_EVENT_VALID | SVM_EVENT_INTR | vector;
		vp_stat_inc(&vp->stats, VP_STAT_INTERRUPTS);
		if (vp->lapic.extint)
			vp->lapic.extint = false;
		else
			lapic_accept(vp, vector);
		vector = lapic_pending(vp);
	}
	vcpu_watch_interrupts(&vp->vcpu, vector >= 0);
	/* QEMU 7.2 dies of a write to CR8 while there is a virtual interrupt. */
	if (vector >= 0 || lapic_masked_by_tpr(vp) >= 0)
		b->c.cr_write |= CR8_WRITE;
}

static void take_init(struct child_vp *vp)
{
	struct lapic *l = &vp->lapic;
	u64 base = vp->m.apic_base;
	int sipi = l->sipi;

	vcpu_reset(&vp->vcpu);
	vp_set_dr7(vp, DR7_FIXED);
	lapic_reset(l, l->id);
	l->sipi = sipi;
	vp->m.apic_base = base;
	vp->pending_interruption = 0;
	memset(vp->event, 0, sizeof(vp->event));
	vp->nmi_pending = false;
	vp->activity = base & APIC_BASE_BSP ? 0 : HVX_ACTIVITY_STARTUP_SUSPEND;
	/* The registers of this VP are loaded: DR, XCR0 and FPU survive an INIT. */
	vmload(vp->vcpu.vmcb_pa);
}

static void take_sipi(struct child_vp *vp)
{
	struct vmcb_save *s = &vp->vcpu.vmcb->s;
	u8 vector = vp->lapic.sipi;

	vp->lapic.sipi = -1;
	if (!(vp->activity & HVX_ACTIVITY_STARTUP_SUSPEND))
		return;
	/* Whatever the VMM had written to a VP that has never run does not count. */
	vcpu_reset(&vp->vcpu);
	vp_set_dr7(vp, DR7_FIXED);
	vmload(vp->vcpu.vmcb_pa);
	s->cs.selector = vector << 8;
	s->cs.base = (u64)vector << 12;
	s->rip = 0;
	vp->activity = 0;
}

/* What the processor would refuse, as far as it does not check it itself. */
static bool state_is_valid(const struct child_vp *vp)
{
	const struct vmcb_save *s = &vp->vcpu.vmcb->s;
	bool pg = s->cr0 & CR0_PG, lme = s->efer & EFER_LME;

	if (pg && !(s->cr0 & CR0_PE))
		return false;
	if ((s->cr0 & CR0_NW) && !(s->cr0 & CR0_CD))
		return false;
	if (!!(s->efer & EFER_LMA) != (lme && pg))
		return false;
	if (lme && pg && !(s->cr4 & CR4_PAE))
		return false;
	/* QEMU 7.2 then saves the hypervisor's registers as the VP's. */
	if (s->cr3 >= gpa_limit())
		return false;
	if (!tr_is_usable(&s->tr))
		return false;
	return !(lme && pg && (s->cs.attrib & SVM_SEG_L) && (s->cs.attrib & SVM_SEG_DB));
}

/* The VMM sets segments, not the privilege level that goes with them. */
static void update_cpl(struct child_vp *vp)
{
	struct vmcb_save *s = &vp->vcpu.vmcb->s;

	if (!(s->cr0 & CR0_PE))
		s->cpl = 0;
	else if (s->rflags & BIT(17))
		s->cpl = 3;
	else
		s->cpl = (s->ss.attrib & SVM_SEG_DPL) >> 5;
}

void vp_prepare_entry(struct child_vp *vp)
{
	struct vmcb *b = vp->vcpu.vmcb;

	if (vp->lapic.init)
		take_init(vp);
	if (vp->lapic.sipi >= 0)
		take_sipi(vp);
	if (!vp_has_work(vp))
		return;
	vp->activity = 0;
	if (!state_is_valid(vp)) {
		intercept_invalid_state(vp);
		return;
	}
	update_cpl(vp);
	b->c.excp = vp->part->excp_intercepts;
	b->c.intercept1 &= ~SVM_INTERCEPT(SVM_EXIT_SWINT);
	if ((b->c.excp & SOFT_EXCEPTIONS) || tcg_is_host())
		b->c.intercept1 |= SVM_INTERCEPT(SVM_EXIT_SWINT);
	b->c.msrpm_pa = guest_msrpm(vp);
	vcpu_track_nmi_mask(&vp->vcpu);
	if (!(b->c.event_inj & SVM_EVENT_VALID)) {
		if (vp->pending_interruption & HVX_PENDING_VALID) {
			inject_pending_interruption(vp);
		} else if (vp->event[0][0] & HVX_EVENT_PENDING) {
			inject_event0(vp);
		} else if (vp->nmi_pending && !vp->vcpu.nmi_masked &&
			   !(b->c.int_state & SVM_INT_SHADOW)) {
			vp->nmi_pending = false;
			vcpu_inject_nmi(&vp->vcpu);
		}
	}
	inject_interrupt(vp);
}
