// SPDX-License-Identifier: GPL-2.0
/*
 * RUN_VP when the hypervisor schedules: the VP is resumed by clearing its
 * suspend registers, and suspends itself with the next intercept, of which the
 * hypervisor tells by a message. Until then the thread sleeps.
 */
#include <linux/wait.h>

#include "hvcall.h"
#include "mshv.h"
#include "run.h"
#include "trace.h"

static int mshv_resume(struct mshv_vp *vp)
{
	/* In this order: the intercept bit must not be cleared after it is set anew. */
	static const struct hvx_register regs[] = {
		{ .name = HVX_REG_INTERCEPT_SUSPEND },
		{ .name = HVX_REG_EXPLICIT_SUSPEND },
	};
	struct mshv_run *run = &vp->run;
	u32 done;
	int ret;

	atomic_set(&run->signalled, 0);
	ret = mshv_hvcall_set_registers(vp->partition, vp->index, ARRAY_SIZE(regs), regs, &done);
	run->running = done == ARRAY_SIZE(regs);
	return ret;
}

/**
 * mshv_suspend - stop a VP that may be running
 * @vp: VP
 *
 * Returns 1 if it stopped because of an intercept, whose message is there or
 * will come; 0 if it stopped without; or a negative errno.
 */
static int mshv_suspend(struct mshv_vp *vp)
{
	u64 intercept;
	int ret;

	ret = mshv_hvcall_set_register(vp->partition, vp->index, HVX_REG_EXPLICIT_SUSPEND,
				       HVX_SUSPENDED);
	if (ret)
		return ret;
	ret = mshv_hvcall_get_register(vp->partition, vp->index, HVX_REG_INTERCEPT_SUSPEND,
				       &intercept);
	if (ret)
		return ret;
	return intercept & HVX_SUSPENDED;
}

int mshv_run_hv(struct mshv_vp *vp)
{
	struct mshv_run *run = &vp->run;
	int ret, stopped;

	ret = mshv_run_check(vp);
	if (ret)
		return ret;
	/* If it could not be suspended last time it is still on its way. */
	if (!run->running) {
		ret = mshv_resume(vp);
		if (ret)
			return ret;
	}
	trace_mshv_vp_block(vp->partition->id, vp->index);
	atomic64_inc(&vp->counts[MSHV_VP_BLOCKS]);
	ret = wait_event_interruptible(run->wait, atomic_read(&run->signalled) ||
				       mshv_run_over(vp));
	if (!ret && atomic_read(&run->signalled)) {
		run->running = false;
		return 0;
	}

	stopped = mshv_suspend(vp);
	if (stopped < 0)
		return stopped;
	if (!stopped) {
		run->running = false;
		return ret ? -EINTR : mshv_run_check(vp);
	}
	/*
	 * Too late: there is an intercept, and its message is under way. Should it
	 * never come, the end of the partition ends this.
	 */
	if (wait_event_killable(run->wait, atomic_read(&run->signalled) ||
				READ_ONCE(vp->partition->state) != MSHV_PT_ACTIVE))
		return -EINTR;
	if (!atomic_read(&run->signalled))
		return mshv_run_check(vp);
	run->running = false;
	return 0;
}

int mshv_stop_hv(struct mshv_vp *vp)
{
	int ret;

	if (!vp->run.running)
		return 0;
	ret = mshv_suspend(vp);
	return ret < 0 ? ret : 0;
}
