// SPDX-License-Identifier: GPL-2.0
/*
 * Eventfds that a guest signals by a write to memory: the hypervisor's
 * doorbells (TLFS 11.4).
 *
 * A doorbell is a port of this partition and a connection to it of the guest's
 * partition, of the same number. The hypervisor puts the number of a port that
 * was written to into an event ring (event_ring.c).
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include <uapi/linux/mshv.h>

#include "hv_abi.h"
#include "compat.h"
#include "deposit.h"
#include "hvcall.h"
#include "irq.h"
#include "mshv.h"

/**
 * struct mshv_ioeventfd - an ioeventfd
 * @pt: partition
 * @eventfd: the eventfd
 * @addr: guest physical address
 * @len: bytes of the write, 0: any
 * @any_value: the value does not matter
 * @datamatch: if it does
 * @port: number of port and connection
 * @node: in mshv_ioeventfds.list
 * @rcu: for freeing
 */
struct mshv_ioeventfd {
	struct mshv_partition *pt;
	struct eventfd_ctx *eventfd;
	u64 addr;
	u32 len;
	bool any_value;
	u64 datamatch;
	u32 port;
	struct list_head node;
	struct rcu_head rcu;
};

/*
 * struct mshv_ioeventfd by port number, for the interrupt handler. Numbers are
 * given out in a cycle, so that a late signal does not meet a new owner.
 *
 * A port that the hypervisor did not delete keeps its number, which it then is
 * the value of, and has a mark.
 */
static DEFINE_XARRAY_FLAGS(mshv_ports, XA_FLAGS_ALLOC1);
#define MSHV_PORT_LOST	XA_MARK_1
static u32 mshv_next_port;

/* Whoever deletes lost ports, so that each is deleted once */
static DEFINE_MUTEX(mshv_lost_ports_lock);

/* How often the deletion of a port is tried before it counts as lost */
#define MSHV_PORT_ATTEMPTS	3

static int mshv_port_create(u32 port, struct mshv_partition *pt)
{
	const struct hvx_in_create_port in = {
		.port_partition_id = mshv_own_partition_id(),
		.port_id = port,
		.connection_partition_id = pt->id,
		.info = {
			.type = HVX_PORT_DOORBELL,
			.target_sint = HVX_SINT_DOORBELL,
			.target_vp = HVX_ANY_VP,
		},
	};
	struct mshv_hvcall call = {
		.code = HVX_CALL_CREATE_PORT,
		.in = &in,
		.in_size = sizeof(in),
	};

	return mshv_hvcall_pool(&call, &mshv_root_pool);
}

static int mshv_port_delete(u32 port)
{
	const struct hvx_in_delete_port in = {
		.port_partition_id = mshv_own_partition_id(),
		.port_id = port,
	};
	int i, ret = 0;

	for (i = 0; i < MSHV_PORT_ATTEMPTS; i++) {
		ret = mshv_hvcall_simple(HVX_CALL_DELETE_PORT, &in, sizeof(in), NULL, 0);
		if (!ret)
			break;
	}

	return ret;
}

/* The end of a port and its number. Nothing signals it any more. */
static void mshv_port_release(u32 port)
{
	if (!mshv_port_delete(port)) {
		xa_erase(&mshv_ports, port);
		return;
	}

	dev_warn_once(mshv_dev, "the hypervisor did not delete port %u\n", port);
	/* Allocates nothing: there is an entry */
	xa_store(&mshv_ports, port, xa_mk_value(port), GFP_KERNEL);
	xa_set_mark(&mshv_ports, port, MSHV_PORT_LOST);
}

/**
 * mshv_ports_retry() - delete ports that the hypervisor did not delete before
 *
 * When a partition has ended: its connections, which hold ports, are gone.
 */
void mshv_ports_retry(void)
{
	unsigned long port;
	void *entry;

	mutex_lock(&mshv_lost_ports_lock);
	xa_for_each_marked(&mshv_ports, port, entry, MSHV_PORT_LOST)
		if (!mshv_port_delete(port))
			xa_erase(&mshv_ports, port);
	mutex_unlock(&mshv_lost_ports_lock);
}

static u64 mshv_doorbell_flags(const struct mshv_ioeventfd *io)
{
	u64 size = io->len ? ilog2(io->len) + HVX_DOORBELL_SIZE_BYTE : HVX_DOORBELL_SIZE_ANY;

	return size | (io->any_value ? HVX_DOORBELL_ANY_VALUE : 0);
}

static int mshv_port_connect(const struct mshv_ioeventfd *io)
{
	const struct hvx_in_connect_port in = {
		.connection_partition_id = io->pt->id,
		.connection_id = io->port,
		.port_partition_id = mshv_own_partition_id(),
		.port_id = io->port,
		.info = {
			.type = HVX_PORT_DOORBELL,
			.gpa = io->addr,
			.trigger_value = io->datamatch,
			.flags = mshv_doorbell_flags(io),
		},
	};
	struct mshv_hvcall call = {
		.code = HVX_CALL_CONNECT_PORT,
		.in = &in,
		.in_size = sizeof(in),
	};

	return mshv_hvcall_pool(&call, io->pt->pool);
}

static int mshv_port_disconnect(const struct mshv_ioeventfd *io)
{
	const struct hvx_in_disconnect_port in = {
		.connection_partition_id = io->pt->id,
		.connection_id = io->port,
		.flags = HVX_DISCONNECT_IS_DOORBELL,
	};

	return mshv_hvcall_simple(HVX_CALL_DISCONNECT_PORT, &in, sizeof(in), NULL, 0);
}

static void mshv_ioeventfd_free(struct rcu_head *rcu)
{
	struct mshv_ioeventfd *io = container_of(rcu, struct mshv_ioeventfd, rcu);

	eventfd_ctx_put(io->eventfd);
	kfree(io);
}

/**
 * mshv_doorbell() - a port was signalled
 * @port: its number, from the hypervisor
 *
 * From the interrupt handler, or any context.
 */
void mshv_doorbell(u32 port)
{
	struct mshv_ioeventfd *io;

	rcu_read_lock();
	io = xa_load(&mshv_ports, port);
	if (io && !xa_is_value(io)) {
		atomic64_inc(&io->pt->counts[MSHV_PT_DOORBELLS]);
		mshv_eventfd_signal(io->eventfd);
	}
	rcu_read_unlock();
}

/* The doorbell works when, or even before, this returns. */
static int mshv_ioeventfd_connect(struct mshv_ioeventfd *io)
{
	int ret;

	ret = xa_alloc_cyclic(&mshv_ports, &io->port, io, XA_LIMIT(1, HVX_PORT_ID_MASK),
			      &mshv_next_port, MSHV_GFP);
	if (ret < 0)
		return ret == -EBUSY ? -ENOSPC : ret;

	ret = mshv_port_create(io->port, io->pt);
	if (ret)
		goto err_erase;

	ret = mshv_port_connect(io);
	if (ret)
		goto err_release;

	return 0;

err_release:
	mshv_port_release(io->port);
	return ret;
err_erase:
	xa_erase(&mshv_ports, io->port);
	return ret;
}

/* After the guest was disconnected, if it could be. */
static void mshv_ioeventfd_remove(struct mshv_ioeventfd *io)
{
	mshv_port_release(io->port);
	list_del(&io->node);
	io->pt->ioeventfds.nr--;
	call_rcu(&io->rcu, mshv_ioeventfd_free);
}

/* Whether one write could mean both. */
static bool mshv_ioeventfd_collides(const struct mshv_ioeventfd *a,
				    const struct mshv_ioeventfd *b)
{
	return a->addr == b->addr && (!a->len || !b->len || a->len == b->len) &&
	       (a->any_value || b->any_value || a->datamatch == b->datamatch);
}

static bool mshv_ioeventfd_equal(const struct mshv_ioeventfd *a, const struct mshv_ioeventfd *b)
{
	return a->addr == b->addr && a->len == b->len && a->any_value == b->any_value &&
	       a->datamatch == b->datamatch && a->eventfd == b->eventfd;
}

static struct mshv_ioeventfd *mshv_ioeventfd_find(struct mshv_partition *pt,
						  const struct mshv_ioeventfd *like,
						  bool (*fits)(const struct mshv_ioeventfd *a,
							       const struct mshv_ioeventfd *b))
{
	struct mshv_ioeventfd *io;

	list_for_each_entry(io, &pt->ioeventfds.list, node)
		if (fits(io, like))
			return io;

	return NULL;
}

static int mshv_ioeventfd_parse(const struct mshv_user_ioeventfd *args, struct mshv_ioeventfd *io)
{
	if ((args->flags & ~MSHV_IOEVENTFD_FLAGS_MASK) ||
	    memchr_inv(args->rsvd, 0, sizeof(args->rsvd)))
		return -EINVAL;
	/* MSHV_CAP_IOEVENTFD_PIO is 0: doorbells are in memory */
	if (args->flags & BIT(MSHV_IOEVENTFD_BIT_PIO))
		return -EOPNOTSUPP;
	if (args->len > 8 || (args->len && !is_power_of_2(args->len)) ||
	    args->addr + args->len < args->addr)
		return -EINVAL;

	io->addr = args->addr;
	io->len = args->len;
	io->any_value = !(args->flags & BIT(MSHV_IOEVENTFD_BIT_DATAMATCH));
	/* A value without a size could not be compared */
	if (!io->any_value && !io->len)
		return -EINVAL;
	if (!io->any_value)
		io->datamatch = args->datamatch & GENMASK_ULL(8 * io->len - 1, 0);

	return 0;
}

/* Takes over the reference to the eventfd. */
static int mshv_ioeventfd_assign(struct mshv_partition *pt, const struct mshv_ioeventfd *like)
{
	struct mshv_ioeventfd *io;
	int ret;

	if (mshv_ioeventfd_find(pt, like, mshv_ioeventfd_collides)) {
		ret = -EEXIST;
		goto err_put;
	}
	if (pt->ioeventfds.nr >= MSHV_MAX_IOEVENTFDS) {
		ret = -ENOSPC;
		goto err_put;
	}
	io = kmemdup(like, sizeof(*like), MSHV_GFP);
	if (!io) {
		ret = -ENOMEM;
		goto err_put;
	}
	io->pt = pt;

	ret = mshv_ioeventfd_connect(io);
	if (ret) {
		/* The interrupt handler may have seen it */
		call_rcu(&io->rcu, mshv_ioeventfd_free);
		return ret;
	}

	list_add_tail(&io->node, &pt->ioeventfds.list);
	pt->ioeventfds.nr++;

	return 0;

err_put:
	eventfd_ctx_put(like->eventfd);
	return ret;
}

/*
 * What the guest writes once it is disconnected is an exit again. What it wrote
 * before is in the rings, all of which are looked through: it finds the eventfd
 * there, and nothing comes later.
 */
static int mshv_ioeventfd_deassign(struct mshv_partition *pt, const struct mshv_ioeventfd *like)
{
	struct mshv_ioeventfd *io = mshv_ioeventfd_find(pt, like, mshv_ioeventfd_equal);
	int ret;

	eventfd_ctx_put(like->eventfd);
	if (!io)
		return -ENOENT;

	ret = mshv_port_disconnect(io);
	if (ret)
		return ret;
	mshv_event_rings_drain();
	mshv_ioeventfd_remove(io);

	return 0;
}

/**
 * mshv_ioeventfd() - MSHV_IOEVENTFD
 * @pt: partition; the caller holds its mutex
 * @arg: struct mshv_user_ioeventfd
 * @uarg: unused
 *
 * Return: 0, or
 * -EINVAL: unknown flag, reserved field, length, wrapping address, a value for
 *	writes of any length; not an eventfd
 * -EOPNOTSUPP: I/O ports, which the hypervisor has no doorbells for
 * -EBADF: not a file
 * -EEXIST: there is an ioeventfd that one write would also match
 * -ENOENT: to deassign: there is none that is exactly so
 * -ENOSPC: MSHV_MAX_IOEVENTFDS, or no port numbers
 * -ENOMEM
 * others: from the hypervisor, as in mshv_status_to_errno(); if it does not
 *	disconnect the guest, the ioeventfd goes on working
 */
long mshv_ioeventfd(struct mshv_partition *pt, void *arg, void __user *uarg)
{
	const struct mshv_user_ioeventfd *args = arg;
	struct mshv_ioeventfd like = {};
	int ret;

	ret = mshv_ioeventfd_parse(args, &like);
	if (ret)
		return ret;

	like.eventfd = eventfd_ctx_fdget(args->fd);
	if (IS_ERR(like.eventfd))
		return PTR_ERR(like.eventfd);

	if (args->flags & BIT(MSHV_IOEVENTFD_BIT_DEASSIGN))
		return mshv_ioeventfd_deassign(pt, &like);

	return mshv_ioeventfd_assign(pt, &like);
}

/**
 * mshv_ioeventfds_init() - no ioeventfds
 * @pt: new partition
 */
void mshv_ioeventfds_init(struct mshv_partition *pt)
{
	INIT_LIST_HEAD(&pt->ioeventfds.list);
	pt->ioeventfds.nr = 0;
}

/**
 * mshv_ioeventfds_release() - remove all ioeventfds
 * @pt: partition; the caller holds its mutex
 *
 * A connection that the hypervisor keeps ends with the partition; its port is
 * deleted then.
 */
void mshv_ioeventfds_release(struct mshv_partition *pt)
{
	struct mshv_ioeventfd *io, *next;

	list_for_each_entry_safe(io, next, &pt->ioeventfds.list, node) {
		mshv_port_disconnect(io);
		mshv_ioeventfd_remove(io);
		cond_resched();
	}
}

/**
 * mshv_ioeventfds_exit() - before the module goes
 */
void mshv_ioeventfds_exit(void)
{
	mshv_ports_retry();
	rcu_barrier();
	xa_destroy(&mshv_ports);
}
