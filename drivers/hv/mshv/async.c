// SPDX-License-Identifier: GPL-2.0
/*
 * Hypercalls that complete later.
 *
 * SetPartitionProperty may answer "pending". Its end then comes by a message,
 * which names the partition but not the call, so a partition has one such call
 * at a time, and a message when there is none is nobody's.
 */
#include <linux/completion.h>
#include <linux/spinlock.h>

#include "async.h"
#include "deposit.h"
#include "hvcall.h"
#include "mshv.h"
#include "trace.h"

void mshv_async_init(struct mshv_async *async)
{
	spin_lock_init(&async->lock);
	init_completion(&async->done);
}

/* From now on a message is about the call that follows. */
static void mshv_async_begin(struct mshv_async *async)
{
	spin_lock_irq(&async->lock);
	reinit_completion(&async->done);
	async->pending = true;
	spin_unlock_irq(&async->lock);
}

/* The call was complete when it returned. */
static void mshv_async_end(struct mshv_async *async)
{
	spin_lock_irq(&async->lock);
	async->pending = false;
	spin_unlock_irq(&async->lock);
}

void mshv_async_complete(struct mshv_partition *pt, u16 status)
{
	struct mshv_async *async = &pt->async;
	unsigned long flags;
	bool expected;

	spin_lock_irqsave(&async->lock, flags);
	expected = async->pending;
	if (expected) {
		async->pending = false;
		async->status = status;
		complete(&async->done);
	}
	spin_unlock_irqrestore(&async->lock, flags);
	trace_mshv_async_complete(pt->id, status, expected);
}

static int mshv_async_once(struct mshv_hvcall *call, struct mshv_partition *pt)
{
	struct mshv_async *async = &pt->async;

	/* The message may come before the hypercall returns. */
	mshv_async_begin(async);
	if (mshv_hvcall(call) != HVX_STATUS_CALL_PENDING) {
		mshv_async_end(async);
		return 0;
	}
	if (wait_for_completion_killable(&async->done))
		return -EINTR;
	call->status = async->status;
	return 0;
}

/**
 * mshv_hvcall_async - issue a hypercall that may complete later, and wait for it
 * @call: the call, a simple one
 * @pt: the partition that it concerns; the caller holds mshv_partition.mutex
 *
 * Gives the hypervisor the memory that it needs for the call.
 *
 * The wait ends by the message or by a fatal signal. In the latter case the
 * call is still under way: should somebody else make another one, that waits
 * for the message first, so that it does not take it for its own.
 *
 * Returns as mshv_hvcall_pool() does, with @call->status.
 */
int mshv_hvcall_async(struct mshv_hvcall *call, struct mshv_partition *pt)
{
	struct mshv_appetite appetite = MSHV_APPETITE_INIT;
	int ret;

	if (READ_ONCE(pt->async.pending) && wait_for_completion_killable(&pt->async.done))
		return -EINTR;
	do {
		ret = mshv_async_once(call, pt);
		if (ret || !mshv_status_wants_memory(call->status))
			break;
		ret = mshv_feed(&appetite, call->status, 0, pt->pool);
	} while (!ret);

	if (!ret)
		ret = mshv_status_to_errno(call->status);
	if (ret)
		mshv_unfeed(&appetite, pt->pool);
	return ret;
}
