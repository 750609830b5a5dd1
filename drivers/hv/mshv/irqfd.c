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
#include <linux/hashtable.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/rculist.h>
#include <linux/slab.h>
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
 * @poll: to get there
 * @node: in mshv_irqs.irqfds
 * @resampler: in mshv_irqs.resamplers, if there is @resample
 * @hash: in mshv_irqfds
 */
struct mshv_irqfd {
	struct mshv_partition *pt;
	u32 gsi;
	struct eventfd_ctx *eventfd;
	struct eventfd_ctx *resample;
	bool closed;
	wait_queue_entry_t wait;
	poll_table poll;
	struct list_head node;
	struct list_head resampler;
	struct hlist_node hash;
};

/*
 * All irqfds by eventfd. An irqfd takes what its eventfd is signalled with; a
 * second one would get it or not, so there is none, in no partition.
 */
static DEFINE_HASHTABLE(mshv_irqfds, 8);
static DEFINE_MUTEX(mshv_irqfds_lock);

static struct mshv_irqfd *mshv_irqfd_find(const struct eventfd_ctx *eventfd)
{
	struct mshv_irqfd *irqfd;

	lockdep_assert_held(&mshv_irqfds_lock);
	hash_for_each_possible(mshv_irqfds, irqfd, hash, (unsigned long)eventfd)
		if (irqfd->eventfd == eventfd)
			return irqfd;

	return NULL;
}

static int mshv_irqfd_publish(struct mshv_irqfd *irqfd)
{
	int ret = 0;

	mutex_lock(&mshv_irqfds_lock);
	if (mshv_irqfd_find(irqfd->eventfd))
		ret = -EBUSY;
	else
		hash_add(mshv_irqfds, &irqfd->hash, (unsigned long)irqfd->eventfd);
	mutex_unlock(&mshv_irqfds_lock);

	return ret;
}

static void mshv_irqfd_unpublish(struct mshv_irqfd *irqfd)
{
	mutex_lock(&mshv_irqfds_lock);
	hash_del(&irqfd->hash);
	mutex_unlock(&mshv_irqfds_lock);
}

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

static void mshv_irqfd_enqueue(struct file *file, wait_queue_head_t *queue, poll_table *poll)
{
	struct mshv_irqfd *irqfd = container_of(poll, struct mshv_irqfd, poll);

	add_wait_queue_priority(queue, &irqfd->wait);
}

/* Last, for irqfds in any stage of construction but in no list. */
static void mshv_irqfd_free(struct mshv_irqfd *irqfd)
{
	if (irqfd->resample)
		eventfd_ctx_put(irqfd->resample);
	if (irqfd->eventfd)
		eventfd_ctx_put(irqfd->eventfd);
	kfree(irqfd);
}

static void mshv_irqfd_remove(struct mshv_irqfd *irqfd)
{
	struct mshv_irqs *irqs = &irqfd->pt->irqs;
	u64 count;

	/* When this returns, mshv_irqfd_wakeup() is neither running nor will be */
	eventfd_ctx_remove_wait_queue(irqfd->eventfd, &irqfd->wait, &count);

	list_del(&irqfd->node);
	irqs->nr_irqfds--;
	if (irqfd->resample) {
		list_del_rcu(&irqfd->resampler);
		synchronize_srcu_expedited(&irqs->srcu);
	}
	mshv_irqfd_unpublish(irqfd);
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
	init_poll_funcptr(&irqfd->poll, mshv_irqfd_enqueue);

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
	struct mshv_irqfd *irqfd;
	int ret;

	irqfd = mshv_irqfd_create(pt, file, args);
	if (IS_ERR(irqfd))
		return PTR_ERR(irqfd);

	ret = mshv_irqfd_publish(irqfd);
	if (ret) {
		mshv_irqfd_free(irqfd);
		return ret;
	}

	list_add_tail(&irqfd->node, &pt->irqs.irqfds);
	pt->irqs.nr_irqfds++;
	if (irqfd->resample)
		list_add_rcu(&irqfd->resampler, &pt->irqs.resamplers);

	/* From here on it works; what was signalled before counts, too */
	if (vfs_poll(file, &irqfd->poll) & EPOLLIN)
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
	struct eventfd_ctx *eventfd;
	struct mshv_irqfd *irqfd;

	eventfd = eventfd_ctx_fdget(args->fd);
	if (IS_ERR(eventfd))
		return PTR_ERR(eventfd);

	mutex_lock(&mshv_irqfds_lock);
	irqfd = mshv_irqfd_find(eventfd);
	/* If it is this partition's, its mutex, which is held, keeps it */
	if (irqfd && (irqfd->pt != pt || irqfd->gsi != args->gsi))
		irqfd = NULL;
	mutex_unlock(&mshv_irqfds_lock);

	if (irqfd)
		mshv_irqfd_remove(irqfd);
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
 * -EBUSY: the eventfd is assigned already, to any GSI of any partition
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
 */
void mshv_irqfds_release(struct mshv_partition *pt)
{
	struct mshv_irqfd *irqfd, *next;

	list_for_each_entry_safe(irqfd, next, &pt->irqs.irqfds, node)
		mshv_irqfd_remove(irqfd);
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
		if (!mshv_irq_route(pt, irqfd->gsi, &irq) || !irq.level ||
		    irq.vector != vector)
			continue;
		mshv_irq_ended(pt, &irq);
		mshv_eventfd_signal(irqfd->resample);
		found = true;
	}
	srcu_read_unlock(&pt->irqs.srcu, idx);

	return found;
}
