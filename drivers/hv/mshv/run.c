// SPDX-License-Identifier: GPL-2.0
/* RUN_VP: what does not depend on who schedules. */
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include <uapi/linux/mshv.h>

#include "arch.h"
#include "compat.h"
#include "deposit.h"
#include "hvcall.h"
#include "mshv.h"
#include "region.h"
#include "run.h"
#include "trace.h"

static_assert(sizeof(struct mshv_dispatch_call) == 64);
static_assert(sizeof(struct hvx_message) == MSHV_RUN_VP_BUF_SZ);

static bool mshv_root_scheduler __ro_after_init;
static u32 mshv_scheduler_type __ro_after_init;

/*
 * An L1VH partition is not told how the machine is scheduled. The hypervisor runs
 * its children, unless it leaves them to the partition ("integrated scheduler"),
 * in the same way as to the root.
 */
static u64 __init mshv_l1vh_scheduler(void)
{
	u64 integrated;

	if (mshv_vmm_capable(HVX_VMM_CAP_INTEGRATED_SCHEDULER) &&
	    !mshv_hvcall_get_property(&mshv_root_pool, HVX_PARTITION_ID_SELF,
				      HVX_PROP_INTEGRATED_SCHEDULER, &integrated) && integrated)
		return HVX_SCHEDULER_ROOT;
	return HVX_SCHEDULER_CORE_SMT;
}

int __init mshv_scheduler_init(void)
{
	u64 type;
	int ret = 0;

	if (mshv_is_l1vh())
		type = mshv_l1vh_scheduler();
	else
		ret = mshv_hvcall_get_system_property(HVX_SYSPROP_SCHEDULER_TYPE, &type);
	if (ret)
		return ret;
	mshv_scheduler_type = type;
	switch (mshv_scheduler_type) {
	case HVX_SCHEDULER_LP:
	case HVX_SCHEDULER_LP_SMT:
	case HVX_SCHEDULER_CORE_SMT:
		mshv_root_scheduler = false;
		return 0;
	case HVX_SCHEDULER_ROOT:
		mshv_root_scheduler = true;
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

const char *mshv_scheduler_name(void)
{
	switch (mshv_scheduler_type) {
	case HVX_SCHEDULER_LP:
		return "classic";
	case HVX_SCHEDULER_LP_SMT:
		return "classic, SMT";
	case HVX_SCHEDULER_CORE_SMT:
		return "core";
	default:
		return "root";
	}
}

bool mshv_root_schedules(void)
{
	return mshv_root_scheduler;
}

void mshv_run_init(struct mshv_run *run)
{
	init_waitqueue_head(&run->wait);
	run->cpu = -1;
}

void mshv_vp_signal(struct mshv_vp *vp)
{
	trace_mshv_vp_signal(vp->partition->id, vp->index);
	atomic64_inc(&vp->run.signals);
	atomic_set(&vp->run.signalled, 1);
	wake_up(&vp->run.wait);
}

/**
 * mshv_vps_recheck() - have all VPs that sleep look whether they have to
 *
 * With the root scheduler, for a CPU that goes: the hypervisor sends the signal for
 * a VP to the CPU that dispatched it last. Each such VP is dispatched once more,
 * elsewhere. On the CPU that goes, when it takes no more messages.
 */
void mshv_vps_recheck(void)
{
	struct mshv_partition *pt;
	struct mshv_vp *vp;
	unsigned long id, index;

	if (!mshv_root_scheduler)
		return;
	rcu_read_lock();
	xa_for_each(&mshv_partitions, id, pt) {
		xa_for_each(&pt->vps, index, vp) {
			atomic_set(&vp->run.signalled, 1);
			wake_up(&vp->run.wait);
		}
	}
	rcu_read_unlock();
}

void mshv_vp_kick(struct mshv_vp *vp)
{
	int cpu;

	wake_up(&vp->run.wait);
	/* Pairs with the barrier between setting and checking in mshv_dispatch(). */
	smp_mb();
	cpu = READ_ONCE(vp->run.cpu);
	if (cpu >= 0)
		mshv_arch_kick(cpu);
}

int mshv_vp_stop(struct mshv_vp *vp)
{
	/* With the root scheduler it runs within RUN_VP only. */
	return mshv_root_scheduler ? 0 : mshv_stop_hv(vp);
}

void mshv_vp_quiesce(struct mshv_vp *vp)
{
	if (mshv_root_scheduler)
		mshv_quiesce_root(vp);
	else
		mshv_stop_hv(vp);
}

bool mshv_run_over(struct mshv_vp *vp)
{
	return READ_ONCE(vp->partition->state) != MSHV_PT_ACTIVE ||
	       atomic_read(&vp->run.cancelled);
}

int mshv_run_check(struct mshv_vp *vp)
{
	int state = READ_ONCE(vp->partition->state);

	if (state != MSHV_PT_ACTIVE)
		return mshv_state_error(state);
	if (atomic_read(&vp->run.cancelled))
		return -EINTR;
	return mshv_guest_work();
}

/*
 * Guest memory that is not mapped at the moment, and the end of an interrupt
 * that has a resample eventfd, are the kernel's business, and the VMM does not
 * hear of them. The message came out of a page that the VMM can
 * write to: all that it could achieve is that its guest gets its own memory.
 *
 * Returns 1 if the guest can go on, 0 if the VMM has to decide, or a negative
 * errno, in which case the guest will try again.
 */
static int mshv_handle_intercept(struct mshv_vp *vp)
{
	const struct hvx_message *msg = &vp->run.message;
	u32 vector;
	u8 access;
	u64 gpa;

	if (mshv_arch_irq_end(msg, &vector))
		return mshv_irq_eoi(vp->partition, vector);
	if (msg->type != HVX_MSG_GPA_INTERCEPT && msg->type != HVX_MSG_UNMAPPED_GPA)
		return 0;
	access = mshv_arch_memory_access(msg, &gpa);
	if (access > HVX_ACCESS_EXECUTE)
		return 0;
	return mshv_regions_fault(vp->partition, gpa >> HVX_PAGE_SHIFT, access);
}

static int mshv_run_until_exit(struct mshv_vp *vp)
{
	struct mshv_run *run = &vp->run;
	int ret;

	do {
		ret = mshv_root_scheduler ? mshv_run_root(vp) : mshv_run_hv(vp);
		if (ret)
			return ret;
		/* Once, from a page that the VMM can change at any time */
		memcpy(&run->message, vp->pages[HVX_STATE_PAGE_INTERCEPT_MESSAGE].va,
		       sizeof(run->message));
		barrier();
		trace_mshv_vp_intercept(vp->partition->id, vp->index, run->message.type);
		ret = mshv_handle_intercept(vp);
		mshv_stats_count_intercept(vp, run->message.type, ret);
	} while (ret == 1);
	return ret;
}

/* Has a message that the VMM did not get yet, or runs the VP until there is one. */
static int mshv_next_message(struct mshv_vp *vp)
{
	struct mshv_run *run = &vp->run;
	int ret;

	if (run->undelivered)
		return atomic_read(&run->cancelled) ? -EINTR : 0;
	ret = mshv_run_until_exit(vp);
	run->undelivered = !ret;
	return ret;
}

/**
 * mshv_run_vp - MSHV_RUN_VP
 * @vp: VP
 * @arg: none
 * @uarg: struct mshv_run_vp: where the intercept message goes
 *
 * Returns 0 with a message; -EINTR when there is a signal, or
 * MSHV_CANCEL_RUN_VP was called; -EFAULT when the message cannot be copied: it
 * then is the result of the next call, too.
 */
long mshv_run_vp(struct mshv_vp *vp, void *arg, void __user *uarg)
{
	struct mshv_run *run = &vp->run;
	int ret;

	ret = mshv_next_message(vp);
	trace_mshv_vp_exit(vp->partition->id, vp->index, ret);
	mshv_stats_count_run(vp, ret);
	/* Whatever it is due to, this is the -EINTR that was asked for so far. */
	if (ret == -EINTR)
		atomic_set(&run->cancelled, 0);
	if (ret)
		return ret;
	if (copy_to_user(uarg, &run->message, sizeof(run->message)))
		return -EFAULT;
	run->undelivered = false;
	return 0;
}

/**
 * mshv_cancel_run_vp - MSHV_CANCEL_RUN_VP
 * @vp: VP; its mutex is not held
 * @arg: none
 * @uarg: none
 *
 * Any thread, at any time. It is remembered until a RUN_VP returns -EINTR, so
 * there is no moment at which it has no effect.
 *
 * Returns 0.
 */
long mshv_cancel_run_vp(struct mshv_vp *vp, void *arg, void __user *uarg)
{
	trace_mshv_vp_cancel(vp->partition->id, vp->index);
	atomic_set(&vp->run.cancelled, 1);
	mshv_vp_kick(vp);
	return 0;
}
