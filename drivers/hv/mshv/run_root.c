// SPDX-License-Identifier: GPL-2.0
/*
 * RUN_VP with the root scheduler: the thread lends its logical processor to the
 * VP, by DISPATCH_VP, until an intercept, an interrupt for this kernel, or until
 * the VP has nothing to do. In the last case the thread sleeps until the
 * hypervisor signals the VP.
 */
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/preempt.h>
#include <linux/smp.h>
#include <linux/vtime.h>
#include <linux/wait.h>

#include "arch.h"
#include "compat.h"
#include "deposit.h"
#include "hvcall.h"
#include "mshv.h"
#include "run.h"
#include "trace.h"

/* How long to wait for signals that are on their way, when a VP ends */
#define MSHV_DRAIN_TIMEOUT	(HZ / 10)

/*
 * Runs the VP on this CPU, until it stops or there is an interrupt for this
 * kernel. Returns false if the thread has something else to do first: then
 * nothing was done.
 */
static bool mshv_dispatch(struct mshv_vp *vp, u32 flags, u16 *status)
{
	struct mshv_dispatch_call *call = vp->dispatch;
	bool enter;

	call->in = (struct hvx_in_dispatch_vp) {
		.partition_id = vp->partition->id,
		.vp_index = vp->index,
		.flags = flags,
	};
	call->out = (struct hvx_out_dispatch_vp) {
		.state = HVX_DISPATCH_STATE_READY,
	};

	preempt_disable();
	local_irq_disable();
	WRITE_ONCE(vp->run.cpu, smp_processor_id());
	/* Pairs with the one in mshv_vp_kick(). */
	smp_mb();
	enter = !mshv_run_over(vp) && !mshv_guest_work_pending();
	if (enter) {
		atomic64_inc(&vp->counts[MSHV_VP_DISPATCHES]);
		vtime_account_guest_enter();
		*status = mshv_arch_dispatch(call) & HVX_RESULT_STATUS_MASK;
		local_irq_disable();
		vtime_account_guest_exit();
	}
	local_irq_enable();
	WRITE_ONCE(vp->run.cpu, -1);
	preempt_enable();
	if (enter)
		trace_mshv_vp_dispatch(vp->partition->id, vp->index, flags, *status,
				       call->out.state, call->out.event);
	return enter;
}

/*
 * The same, with memory for the hypervisor if it needs some. Returns 1 if nothing
 * was done.
 */
static int mshv_dispatch_pool(struct mshv_vp *vp, u32 flags)
{
	struct mshv_appetite appetite = MSHV_APPETITE_INIT;
	u16 status;
	int ret;

	for (;;) {
		if (!mshv_dispatch(vp, flags, &status))
			return 1;
		if (!mshv_status_wants_memory(status))
			return mshv_status_to_errno(status);
		ret = mshv_feed(&appetite, status, 0, vp->partition->pool);
		if (ret)
			return ret;
	}
}

static int mshv_wait_signal(struct mshv_vp *vp)
{
	struct mshv_run *run = &vp->run;

	trace_mshv_vp_block(vp->partition->id, vp->index);
	atomic64_inc(&vp->counts[MSHV_VP_BLOCKS]);
	if (wait_event_interruptible(run->wait, atomic_read(&run->signalled) ||
				     mshv_run_over(vp)))
		return -EINTR;
	return 0;
}

/* The VP has nothing to do, or is suspended as it is when it is new. */
static int mshv_blocked(struct mshv_vp *vp, u32 event)
{
	int ret;

	if (event == HVX_DISPATCH_EVENT_SUSPEND) {
		ret = mshv_hvcall_set_register(vp->partition, vp->index,
					       HVX_REG_EXPLICIT_SUSPEND, 0);
		if (ret)
			return ret;
	}
	return mshv_wait_signal(vp);
}

/*
 * What a dispatch had for a result. Returns 1 to dispatch the VP again, 0 when
 * there is an intercept message, or a negative errno.
 *
 * The state counts: an intercept is one to be handled only of a VP that is ready.
 * A blocked one that is suspended by an intercept had it handled before, and
 * nobody would signal it; it has the suspension cleared with the next dispatch.
 * Should that leave it blocked it is as any other that is.
 */
static int mshv_dispatched(struct mshv_vp *vp)
{
	const struct hvx_out_dispatch_vp *out = &vp->dispatch->out;
	bool intercept = out->event == HVX_DISPATCH_EVENT_INTERCEPT;
	struct mshv_run *run = &vp->run;
	bool cleared = run->clear_intercept;

	switch (out->state) {
	case HVX_DISPATCH_STATE_BLOCKED:
		run->clear_intercept = intercept && !cleared;
		return run->clear_intercept ? 1 : mshv_blocked(vp, out->event) ?: 1;
	case HVX_DISPATCH_STATE_READY:
		run->clear_intercept = intercept;
		return !intercept;
	default:
		return -EIO;
	}
}

int mshv_run_root(struct mshv_vp *vp)
{
	struct mshv_run *run = &vp->run;
	int ret;

	do {
		ret = mshv_run_check(vp);
		if (ret)
			return ret;
		/* A signal from here on is about what this dispatch finds. */
		atomic_set(&run->signalled, 0);
		ret = mshv_dispatch_pool(vp, run->clear_intercept ?
					 HVX_DISPATCH_CLEAR_INTERCEPT_SUSPEND : 0);
		if (!ret)
			ret = mshv_dispatched(vp);
	} while (ret == 1);
	return ret;
}

/* Whether all signals that the hypervisor sent have arrived. */
static bool mshv_drained(struct mshv_vp *vp)
{
	u64 sent;

	if (mshv_hvcall_get_register(vp->partition, vp->index,
				     HVX_REG_VP_ROOT_SIGNAL_COUNT, &sent))
		return true;
	return atomic64_read(&vp->run.signals) >= sent;
}

/*
 * Has the hypervisor send no more signals for the VP and takes delivery of
 * those it sent. Late ones do no harm, as the interrupt handler does not find the
 * VP any more; so there is a limit to the wait.
 */
void mshv_quiesce_root(struct mshv_vp *vp)
{
	unsigned long end = jiffies + MSHV_DRAIN_TIMEOUT;

	if (mshv_hvcall_set_register(vp->partition, vp->index, HVX_REG_DISPATCH_SUSPEND,
				     HVX_SUSPENDED))
		return;
	while (!mshv_drained(vp) && time_before(jiffies, end))
		schedule_timeout_uninterruptible(1);
}
