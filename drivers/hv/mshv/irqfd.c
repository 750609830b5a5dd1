// SPDX-License-Identifier: GPL-2.0
/*
 * Eventfds that send an interrupt to the guest.
 *
 * An irqfd lives from MSHV_IRQFD to its deassignment or to the close of the
 * partition's file. When user space closes the eventfd before, nobody can
 * signal it any more, and it is removed at the next occasion.
 */
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/list.h>
#include <linux/poll.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include <uapi/linux/mshv.h>

#include "compat.h"
#include "hvcall.h"
#include "irq.h"
#include "mshv.h"

/**
 * struct mshv_irqfd - an irqfd
 * @pt: partition
 * @gsi: GSI
 * @eventfd: the eventfd
 * @resample: eventfd that gets the end of the interrupt, or NULL
 * @closed: user space closed @eventfd
 * @wait: in the wait queue of @eventfd
 * @node: in mshv_irqs.irqfds
 * @resampler: in mshv_irqs.resamplers, if there is @resample
 */
struct mshv_irqfd {
	struct mshv_partition *pt;
	u32 gsi;
	struct eventfd_ctx *eventfd;
	struct eventfd_ctx *resample;
	bool closed;
	wait_queue_entry_t wait;
	struct list_head node;
	struct list_head resampler;
};

/**
 * struct mshv_irqfd_poll - the way into the wait queue of an eventfd
 * @table: for poll() of the eventfd
 * @irqfd: irqfd that wants to get there
 * @count: out: what the eventfd counted before
 * @entered: out: it got there
 */
struct mshv_irqfd_poll {
	poll_table table;
	struct mshv_irqfd *irqfd;
	u64 count;
	bool entered;
};

static void mshv_irqfd_inject(struct mshv_irqfd *irqfd)
{
	struct mshv_partition *pt = irqfd->pt;
	struct mshv_irq irq;
	int idx;

	idx = srcu_read_lock(&pt->irqs.srcu);
	if (mshv_irq_route(pt, irqfd->gsi, &irq))
		mshv_irq_assert(pt, &irq);
	srcu_read_unlock(&pt->irqs.srcu, idx);
}

/* The eventfd was signalled, or closed. With the lock of its wait queue. */
static int mshv_irqfd_wakeup(wait_queue_entry_t *wait, unsigned int mode, int sync, void *key)
{
	struct mshv_irqfd *irqfd = container_of(wait, struct mshv_irqfd, wait);
	__poll_t events = key_to_poll(key);
	int taken = 0;
	u64 count;

	if (events & EPOLLIN) {
		eventfd_ctx_do_read(irqfd->eventfd, &count);
		mshv_irqfd_inject(irqfd);
		taken = 1;
	}
	if (events & EPOLLHUP)
		WRITE_ONCE(irqfd->closed, true);

	return taken;
}

/*
 * An irqfd takes each signal of its eventfd. Of two that want to, be it from
 * two partitions or two hypervisors, one would take them all, so there is only
 * one, the first in the queue. Not every kernel's add_wait_queue_priority()
 * sees to that.
 */
static void mshv_irqfd_enqueue(struct file *file, wait_queue_head_t *queue, poll_table *table)
{
	struct mshv_irqfd_poll *poll = container_of(table, struct mshv_irqfd_poll, table);
	struct mshv_irqfd *irqfd = poll->irqfd;
	wait_queue_entry_t *first;

	spin_lock_irq(&queue->lock);
	first = list_first_entry_or_null(&queue->head, wait_queue_entry_t, entry);
	if (!first || !(first->flags & WQ_FLAG_PRIORITY)) {
		irqfd->wait.flags |= WQ_FLAG_EXCLUSIVE | WQ_FLAG_PRIORITY;
		__add_wait_queue(queue, &irqfd->wait);
		eventfd_ctx_do_read(irqfd->eventfd, &poll->count);
		poll->entered = true;
	}
	spin_unlock_irq(&queue->lock);
}

/* In any stage of construction, but in no list. */
static void mshv_irqfd_free(struct mshv_irqfd *irqfd)
{
	if (irqfd->resample)
		eventfd_ctx_put(irqfd->resample);
	if (irqfd->eventfd)
		eventfd_ctx_put(irqfd->eventfd);
	kfree(irqfd);
}

static void mshv_irqfd_link(struct mshv_irqfd *irqfd)
{
	struct mshv_irqs *irqs = &irqfd->pt->irqs;

	list_add_tail(&irqfd->node, &irqs->irqfds);
	irqs->nr_irqfds++;
	if (irqfd->resample)
		list_add_rcu(&irqfd->resampler, &irqs->resamplers);
}

/* When this returns, mshv_irq_eoi() neither uses it nor finds it. */
static void mshv_irqfd_unlink(struct mshv_irqfd *irqfd)
{
	struct mshv_irqs *irqs = &irqfd->pt->irqs;

	list_del(&irqfd->node);
	irqs->nr_irqfds--;
	if (irqfd->resample) {
		list_del_rcu(&irqfd->resampler);
		synchronize_srcu_expedited(&irqs->srcu);
	}
}

static void mshv_irqfd_remove(struct mshv_irqfd *irqfd)
{
	u64 count;

	/* When this returns, mshv_irqfd_wakeup() is neither running nor will be */
	eventfd_ctx_remove_wait_queue(irqfd->eventfd, &irqfd->wait, &count);
	mshv_irqfd_unlink(irqfd);
	mshv_irqfd_free(irqfd);
}

/* Those whose eventfd user space has closed. */
static void mshv_irqfds_reap(struct mshv_partition *pt)
{
	struct mshv_irqfd *irqfd, *next;

	list_for_each_entry_safe(irqfd, next, &pt->irqs.irqfds, node)
		if (READ_ONCE(irqfd->closed))
			mshv_irqfd_remove(irqfd);
}

static struct mshv_irqfd *mshv_irqfd_create(struct mshv_partition *pt, struct file *file,
					    const struct mshv_user_irqfd *args)
{
	struct mshv_irqfd *irqfd;
	struct eventfd_ctx *ctx;

	irqfd = kzalloc(sizeof(*irqfd), MSHV_GFP);
	if (!irqfd)
		return ERR_PTR(-ENOMEM);
	irqfd->pt = pt;
	irqfd->gsi = args->gsi;
	init_waitqueue_func_entry(&irqfd->wait, mshv_irqfd_wakeup);

	ctx = eventfd_ctx_fileget(file);
	if (IS_ERR(ctx))
		goto err_free;
	irqfd->eventfd = ctx;

	if (args->flags & BIT(MSHV_IRQFD_BIT_RESAMPLE)) {
		ctx = eventfd_ctx_fdget(args->resamplefd);
		if (IS_ERR(ctx))
			goto err_free;
		irqfd->resample = ctx;
	}

	return irqfd;

err_free:
	mshv_irqfd_free(irqfd);
	return ERR_CAST(ctx);
}

/* Only a level triggered interrupt has an end that the hypervisor reports. */
static int mshv_irqfd_check_route(struct mshv_partition *pt, const struct mshv_user_irqfd *args)
{
	struct mshv_irq irq;

	if (args->gsi >= MSHV_MAX_GSIS)
		return -EINVAL;
	if (!(args->flags & BIT(MSHV_IRQFD_BIT_RESAMPLE)))
		return 0;

	return mshv_irq_route(pt, args->gsi, &irq) && irq.level ? 0 : -EINVAL;
}

static int mshv_irqfd_assign_file(struct mshv_partition *pt, struct file *file,
				  const struct mshv_user_irqfd *args)
{
	struct mshv_irqfd_poll poll = {};
	struct mshv_irqfd *irqfd;

	irqfd = mshv_irqfd_create(pt, file, args);
	if (IS_ERR(irqfd))
		return PTR_ERR(irqfd);

	/* In the list of resamplers before the first interrupt can end */
	mshv_irqfd_link(irqfd);
	poll.irqfd = irqfd;
	init_poll_funcptr(&poll.table, mshv_irqfd_enqueue);
	vfs_poll(file, &poll.table);
	if (!poll.entered) {
		mshv_irqfd_unlink(irqfd);
		mshv_irqfd_free(irqfd);
		return -EBUSY;
	}

	/* What was signalled before counts, too */
	if (poll.count)
		mshv_irqfd_inject(irqfd);

	return 0;
}

static int mshv_irqfd_assign(struct mshv_partition *pt, const struct mshv_user_irqfd *args)
{
	struct file *file;
	int ret;

	ret = mshv_irqfd_check_route(pt, args);
	if (ret)
		return ret;
	if (pt->irqs.nr_irqfds >= MSHV_MAX_IRQFDS)
		return -ENOSPC;

	file = fget(args->fd);
	if (!file)
		return -EBADF;
	ret = mshv_irqfd_assign_file(pt, file, args);
	fput(file);

	return ret;
}

static int mshv_irqfd_deassign(struct mshv_partition *pt, const struct mshv_user_irqfd *args)
{
	struct mshv_irqfd *irqfd, *next;
	struct eventfd_ctx *eventfd;

	eventfd = eventfd_ctx_fdget(args->fd);
	if (IS_ERR(eventfd))
		return PTR_ERR(eventfd);

	/* There is one at most */
	list_for_each_entry_safe(irqfd, next, &pt->irqs.irqfds, node) {
		if (irqfd->eventfd == eventfd && irqfd->gsi == args->gsi) {
			mshv_irqfd_remove(irqfd);
			break;
		}
	}
	eventfd_ctx_put(eventfd);

	return 0;
}

/**
 * mshv_irqfd() - MSHV_IRQFD
 * @pt: partition; the caller holds its mutex
 * @arg: struct mshv_user_irqfd
 * @uarg: unused
 *
 * The GSI needs no route yet, except for a resample eventfd. After a
 * deassignment the eventfd does not send interrupts any more; if it was not
 * assigned to this GSI nothing happens.
 *
 * Return: 0, or
 * -EINVAL: unknown flag; GSI not below MSHV_MAX_GSIS; not an eventfd;
 *	resample eventfd and no level triggered route
 * -EBADF: not a file
 * -EBUSY: the eventfd is assigned already, to any GSI of any partition, or has
 *	another user that takes all its signals
 * -ENOSPC: MSHV_MAX_IRQFDS
 * -ENOMEM
 */
long mshv_irqfd(struct mshv_partition *pt, void *arg, void __user *uarg)
{
	const struct mshv_user_irqfd *args = arg;

	if (args->flags & ~MSHV_IRQFD_FLAGS_MASK)
		return -EINVAL;

	mshv_irqfds_reap(pt);
	if (args->flags & BIT(MSHV_IRQFD_BIT_DEASSIGN))
		return mshv_irqfd_deassign(pt, args);

	return mshv_irqfd_assign(pt, args);
}

/**
 * mshv_irqfds_release() - remove all irqfds
 * @pt: partition; the caller holds its mutex
 *
 * As mshv_irqfd_remove() for each, but waits once for all of them.
 */
void mshv_irqfds_release(struct mshv_partition *pt)
{
	struct mshv_irqfd *irqfd, *next;
	u64 count;

	list_for_each_entry(irqfd, &pt->irqs.irqfds, node) {
		eventfd_ctx_remove_wait_queue(irqfd->eventfd, &irqfd->wait, &count);
		if (irqfd->resample)
			list_del_rcu(&irqfd->resampler);
		cond_resched();
	}
	synchronize_srcu_expedited(&pt->irqs.srcu);

	list_for_each_entry_safe(irqfd, next, &pt->irqs.irqfds, node)
		mshv_irqfd_free(irqfd);
	INIT_LIST_HEAD(&pt->irqs.irqfds);
	pt->irqs.nr_irqfds = 0;
}

/*
 * An interrupt from an 8259 stays asserted in the hypervisor until it is told
 * otherwise; others end with the EOI.
 */
static void mshv_irq_ended(struct mshv_partition *pt, const struct mshv_irq *irq)
{
	const struct hvx_in_partition in = { .partition_id = pt->id };

	if (irq->type == HVX_INTERRUPT_EXTINT)
		mshv_hvcall_simple(HVX_CALL_CLEAR_VIRTUAL_INTERRUPT, &in, sizeof(in), NULL, 0);
}

/**
 * mshv_irq_eoi() - a guest ended a level triggered interrupt
 * @pt: partition
 * @vector: its vector
 *
 * Signals the resample eventfds of all GSIs that are routed to this vector,
 * level triggered. Any context.
 *
 * Return: whether there are any.
 */
bool mshv_irq_eoi(struct mshv_partition *pt, u32 vector)
{
	struct mshv_irqfd *irqfd;
	struct mshv_irq irq;
	bool found = false;
	int idx;

	idx = srcu_read_lock(&pt->irqs.srcu);
	list_for_each_entry_srcu(irqfd, &pt->irqs.resamplers, resampler,
				 srcu_read_lock_held(&pt->irqs.srcu)) {
		if (READ_ONCE(irqfd->closed) || !mshv_irq_route(pt, irqfd->gsi, &irq) ||
		    !irq.level || irq.vector != vector)
			continue;
		mshv_irq_ended(pt, &irq);
		mshv_eventfd_signal(irqfd->resample);
		found = true;
	}
	srcu_read_unlock(&pt->irqs.srcu, idx);
	if (found)
		atomic64_inc(&pt->counts[MSHV_PT_EOIS]);

	return found;
}
