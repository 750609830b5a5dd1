// SPDX-License-Identifier: GPL-2.0
/*
 * Running child VPs, and DispatchVp.
 *
 * A VP runs on the CPU whose root VP dispatched it (or, with the hypervisor's
 * scheduler, on the CPU that it is queued for). Physical interrupts stay
 * pending and bring the root back.
 */
#include "run.h"

#include "acct.h"
#include "apic.h"
#include "cpu.h"
#include "guest_msr.h"
#include "hypercall.h"
#include "init.h"
#include "intercept.h"
#include "lock.h"
#include "log.h"
#include "options.h"
#include "pageown.h"
#include "root.h"
#include "sched.h"
#include "stimer.h"
#include "tcg.h"
#include "timer.h"

/* All ports are intercepted, in all children; one map serves them. */
static u8 child_iopm[IOPM_SIZE] __aligned(PAGE_SIZE);

void vp_vcpu_setup(struct child_vp *vp)
{
	struct vmcb_control *c = &vp->vcpu.vmcb->c;

	c->iopm_pa = virt_to_phys(child_iopm);
	c->msrpm_pa = guest_msrpm(vp);
	c->int_ctl = SVM_V_INTR_MASKING;
	c->intercept1 |= SVM_INTERCEPT(SVM_EXIT_INTR) | SVM_INTERCEPT(SVM_EXIT_SMI) |
			 SVM_INTERCEPT(SVM_EXIT_RDPMC) | SVM_INTERCEPT(SVM_EXIT_RSM) |
			 SVM_INTERCEPT(SVM_EXIT_INVD) | SVM_INTERCEPT(SVM_EXIT_HLT);
	if (tcg_is_host()) {
		c->dr_read |= BIT(5) | BIT(7);
		c->dr_write |= BIT(5) | BIT(7);
		c->intercept1 |= SVM_INTERCEPT(SVM_EXIT_TR_WRITE);
	}
	c->intercept2 |= SVM_INTERCEPT(SVM_EXIT_MONITOR) | SVM_INTERCEPT(SVM_EXIT_MWAIT) |
			 SVM_INTERCEPT(SVM_EXIT_XSETBV);
}

void vp_kick(struct child_vp *vp)
{
	/* In guest mode or just before it: the interrupt makes it leave at once. */
	if (vp->cpu && vp->cpu != this_cpu())
		apic_send_ipi(vp->cpu->apic_id, CALLBACK_VECTOR);
}

bool vp_is_suspended(const struct child_vp *vp)
{
	return vp->explicit_suspend || vp->intercept_suspend || vp->dispatch_suspend;
}

/* An event that ends a HLT, or with @idle the idle state of the GUEST_IDLE MSR. */
static bool has_event(const struct child_vp *vp, bool idle)
{
	bool open = idle || (vp->vcpu.vmcb->s.rflags & RFLAGS_IF);

	if (vp->nmi_pending && !vp->vcpu.nmi_masked)
		return true;
	if ((vp->pending_interruption & HVX_PENDING_VALID) ||
	    (vp->event[0][0] & HVX_EVENT_PENDING))
		return true;
	return open && (vp->lapic.extint || lapic_pending(vp) >= 0);
}

bool vp_has_work(const struct child_vp *vp)
{
	if (vp->lapic.init)
		return true;
	if (vp->activity & HVX_ACTIVITY_STARTUP_SUSPEND)
		return vp->lapic.sipi >= 0;
	if (vp->activity & HVX_ACTIVITY_HALT_SUSPEND)
		return has_event(vp, false);
	if (vp->activity & HVX_ACTIVITY_IDLE_SUSPEND)
		return has_event(vp, true);
	return true;
}

void vp_wake(struct child_vp *vp)
{
	if (vp->cpu) {
		vp_kick(vp);
		return;
	}
	if (!vp_is_suspended(vp) && vp_has_work(vp))
		sched_ready(vp);
}

void vp_report_intercept(struct child_vp *vp)
{
	/* The root scheduler learns it from DispatchVp, if there is a page for it. */
	if (!sched_is_hypervisor() && vp->msg_page)
		return;
	sched_post_intercept(vp);
}

u64 vp_next_deadline(const struct child_vp *vp)
{
	return min(vp->lapic.timer_deadline, child_stimer_deadline(vp));
}

void vp_run_timers(struct child_vp *vp, u64 now)
{
	lapic_timer_run(vp, now);
	child_stimer_run(vp);
}

static void arm(struct child_vp *vp)
{
	u64 deadline = min(vp->slice_end, vp_next_deadline(vp));

	timer_arm(vp->cpu, min(deadline, sched_next_deadline(vp->cpu)));
}

/* May the VP enter the guest now? If not, @end says why. */
static bool may_enter(struct child_vp *vp, enum run_end *end)
{
	if (vp->intercept_suspend) {
		*end = RUN_INTERCEPT;
		return false;
	}
	if (vp->explicit_suspend || vp->dispatch_suspend) {
		*end = RUN_SUSPENDED;
		return false;
	}
	if (vp->stop || ref_time() >= vp->slice_end) {
		*end = RUN_STOPPED;
		return false;
	}
	if (!vp_has_work(vp)) {
		*end = RUN_IDLE;
		return false;
	}
	return true;
}

enum run_end vp_run(struct child_vp *vp, u64 slice_end)
{
	struct pcpu *cpu = this_cpu();
	struct vcpu *root_vcpu = &cpu->vp->vcpu;
	enum run_end end = RUN_STOPPED;
	u64 start = ref_time(), inside = 0, time;

	vp_stat_inc(&vp->stats, VP_STAT_DISPATCHES);
	if (vp->vcpu.last_cpu && vp->vcpu.last_cpu != cpu)
		vp_stat_inc(&vp->stats, VP_STAT_MIGRATIONS);
	vp->cpu = cpu;
	vp->home = cpu->vp;
	vp->slice_end = slice_end;
	cpu->child = vp;
	vcpu_start(&vp->vcpu);
	guest_switch(root_vcpu, &vp->vcpu);
	for (;;) {
		u64 code;

		vp_run_timers(vp, ref_time());
		if (!may_enter(vp, &end))
			break;
		vp_prepare_entry(vp);
		/* An INIT makes it wait for a start-up IPI. */
		if (vp->intercept_suspend || !vp_has_work(vp))
			continue;
		arm(vp);
		acct_add(TESTHV_ACCT_DISPATCHES, 1);
		spin_unlock(&hv_lock);
		time = ref_time();
		code = vcpu_enter(&vp->vcpu);
		inside += ref_time() - time;
		spin_lock(&hv_lock);
		log_trace("vp %lx.%u: exit %lx info %lx %lx rip %lx", vp->part->id, vp->index,
			  code, vp->vcpu.vmcb->c.exit_info1, vp->vcpu.vmcb->c.exit_info2,
			  vp->vcpu.vmcb->s.rip);
		vp_stat_exit(&vp->stats, code);
		vp_save_interrupted_event(vp);
		if (code == SVM_EXIT_INTR || code == SVM_EXIT_NMI) {
			/* Something for the root, or for this loop to look at. */
			if (may_enter(vp, &end))
				end = RUN_STOPPED;
			break;
		}
		vp_handle_exit(vp, code);
	}
	guest_switch(&vp->vcpu, root_vcpu);
	timer_arm(cpu, sched_next_deadline(cpu));
	time = ref_time() - start;
	vp_stat_add(&vp->stats, VP_STAT_RUN_TIME, time);
	vp_stat_add(&vp->stats, VP_STAT_HV_RUN_TIME, time - min(time, inside));
	lp_stats_ran(cpu, time);
	regs_page_update(vp);
	cpu->child = NULL;
	vp->cpu = NULL;
	return end;
}

static void block(struct child_vp *vp)
{
	vp->blocked = true;
	vp_stat_set(&vp->stats, VP_STAT_BLOCKED, 1);
}

/* Interrupts that the root has left in the register page for us. */
static void scan_vectors(struct child_vp *vp)
{
	struct hvx_register_page *p = vp->regs_page;
	u64 vectors;
	u8 i, n;

	if (!p)
		return;
	vectors = __atomic_exchange_n((u64 *)&p->vector_count, 0, __ATOMIC_SEQ_CST);
	n = min_t(u8, vectors, sizeof(p->vector));
	for (i = 1; i <= n; i++) {
		u8 vector = vectors >> (8 * i);

		if (vector >= 16)
			lapic_set_irr(vp, vector, false);
	}
}

static void dispatch(struct child_vp *vp, u64 time_slice, u32 *state, u32 *event)
{
	u64 now = ref_time();
	u64 end = time_slice && time_slice < NO_DEADLINE - now ? now + time_slice : NO_DEADLINE;

	*state = HVX_DISPATCH_STATE_READY;
	*event = HVX_DISPATCH_EVENT_INVALID;
	if (vp->explicit_suspend || vp->dispatch_suspend) {
		*state = HVX_DISPATCH_STATE_BLOCKED;
		*event = HVX_DISPATCH_EVENT_SUSPEND;
		block(vp);
		return;
	}
	if (vp->intercept_suspend) {
		*state = HVX_DISPATCH_STATE_BLOCKED;
		*event = HVX_DISPATCH_EVENT_INTERCEPT;
		return;
	}
	regs_page_apply(vp);
	switch (vp_run(vp, end)) {
	case RUN_STOPPED:
		break;
	case RUN_INTERCEPT:
		*event = HVX_DISPATCH_EVENT_INTERCEPT;
		break;
	case RUN_SUSPENDED:
		*state = HVX_DISPATCH_STATE_BLOCKED;
		*event = HVX_DISPATCH_EVENT_SUSPEND;
		block(vp);
		break;
	case RUN_IDLE:
		*state = HVX_DISPATCH_STATE_BLOCKED;
		block(vp);
		sched_wait(vp);
		break;
	}
}

static u16 hv_dispatch_vp(struct hvcall *c)
{
	const struct hvx_in_dispatch_vp in = *(const struct hvx_in_dispatch_vp *)c->in;
	struct hvx_out_dispatch_vp *out = c->out;
	struct child_vp *vp;
	u32 state, event;
	u16 status;

	status = vp_find_running(c, in.partition_id, in.vp_index, &vp);
	if (status)
		return status;
	if (sched_is_hypervisor())
		return HVX_STATUS_OPERATION_DENIED;
	if (in.flags & ~HVX_DISPATCH_FLAGS_MASK)
		return HVX_STATUS_INVALID_PARAMETER;
	if (vp->cpu)
		return HVX_STATUS_INVALID_VP_STATE;

	sched_dispatched(vp);
	vp->home = c->caller;
	if (in.flags & HVX_DISPATCH_CLEAR_INTERCEPT_SUSPEND)
		vp->intercept_suspend = false;
	if (in.flags & HVX_DISPATCH_SCAN_INTERRUPT_INJECTION)
		scan_vectors(vp);
	dispatch(vp, in.time_slice, &state, &event);
	sched_flush();
	/* The lock was dropped: is the page still the caller's? */
	if (!root_can_access(c->out_gpa, sizeof(*out)))
		return HVX_STATUS_INVALID_PARAMETER;
	out->state = state;
	out->event = event;
	return HVX_STATUS_SUCCESS;
}

static void run_init(void)
{
	memset(child_iopm, 0xff, IOPM_SIZE);
}
HV_INIT(run_init);

static const struct hvc_row run_rows[] = {
	{
		.code = HVX_CALL_DISPATCH_VP, .name = "DispatchVp",
		.flags = HVC_HOT, .in = sizeof(struct hvx_in_dispatch_vp),
		.out = sizeof(struct hvx_out_dispatch_vp),
		.priv = HVX_PRIV_CREATE_PARTITIONS, .fn = hv_dispatch_vp,
	},
};
HVC_TABLE(run_rows);
