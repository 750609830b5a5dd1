/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Objects of the driver.
 *
 * Locks, outermost first:
 *
 *   mshv_partition.mutex   all ioctls of a partition
 *     mshv_vp.mutex        all ioctls of a VP; held while it runs. Under
 *                          mshv_partition.mutex it is only tried
 *       locks of region.c, irq files
 *         mshv_pool.lock   deposited memory
 *
 * The interrupt handler finds partitions and VPs in xarrays, under RCU.
 */
#ifndef _MSHV_MSHV_H
#define _MSHV_MSHV_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/gfp.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "hv_abi.h"
#include "irq.h"
#include "page.h"
#include "region.h"
#include "stats.h"

struct dentry;
struct device;
struct mshv_dispatch_call;
struct mshv_pool;
struct seq_file;

/*
 * For all that users make the driver allocate: it is charged to their cgroup, and
 * fails when there is no room, rather than have the OOM killer make some, or the
 * log tell of it.
 */
#define MSHV_GFP	(GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/* VPs of a partition: what a scheduler message of the hypervisor can name */
#define MSHV_MAX_VPS	HVX_SCHED_MAX_VPS

/**
 * enum mshv_state - life cycle of a partition
 * @MSHV_PT_CREATED: only properties can be set, or the partition initialized;
 *		     all else fails with -EBADFD
 * @MSHV_PT_ACTIVE: initialized
 * @MSHV_PT_BROKEN: the hypervisor refused to take memory away from the guest;
 *		    all calls fail with -ENOTRECOVERABLE
 * @MSHV_PT_CLOSED: the partition's file was closed, while there are still VP
 *		    files; all calls fail with -ESHUTDOWN
 */
enum mshv_state {
	MSHV_PT_CREATED,
	MSHV_PT_ACTIVE,
	MSHV_PT_BROKEN,
	MSHV_PT_CLOSED,
};

/**
 * struct mshv_async - asynchronous hypercall of a partition
 * @lock: protects what follows against the interrupt handler
 * @done: the hypervisor's message arrived
 * @pending: issued and not completed
 * @status: from the message
 *
 * There is at most one, under mshv_partition.mutex; see async.c.
 */
struct mshv_async {
	spinlock_t lock;		/* against the interrupt handler */
	struct completion done;
	bool pending;
	u16 status;
};

/**
 * struct mshv_partition - a partition
 * @id: the hypervisor's name for it
 * @refs: one for the file of the partition and of each VP
 * @state: enum mshv_state; changes under @mutex, except that any context may
 *	   make it MSHV_PT_BROKEN
 * @mm: address space of the creator, which alone may use the partition; held
 *	with mmgrab()
 * @mutex: see the top of this file
 * @pool: memory given to the hypervisor for this partition
 * @vps: struct mshv_vp by index
 * @regions: guest memory
 * @irqs: routes and irqfds
 * @ioeventfds: ioeventfds
 * @async: asynchronous hypercall
 * @initialized: the hypervisor initialized it, so that it must be finalized
 * @counts: enum mshv_pt_count
 * @stats: what users see of them
 * @debugfs: its directory, and that of its VPs
 * @debugfs_vps: see @debugfs
 * @free: frees it when no interrupt handler can have it any more
 */
struct mshv_partition {
	u64 id;
	refcount_t refs;
	int state;
	struct mm_struct *mm;
	struct mutex mutex;		/* outermost lock */
	struct mshv_pool *pool;
	struct xarray vps;
	struct mshv_regions regions;
	struct mshv_irqs irqs;
	struct mshv_ioeventfds ioeventfds;
	struct mshv_async async;
	bool initialized;
	atomic64_t counts[MSHV_PT_COUNTS];
	struct mshv_stats *stats;
	struct dentry *debugfs;
	struct dentry *debugfs_vps;
	struct rcu_work free;
};

/**
 * struct mshv_run - what RUN_VP remembers from call to call
 * @wait: where the VP's thread sleeps
 * @signalled: the hypervisor signalled the VP; set by the interrupt handler,
 *	       cleared by the VP's thread before it has the VP run
 * @signals: how often the hypervisor did so
 * @cancelled: RUN_VP has to return -EINTR; set by any thread, cleared by the one
 *	       that returns it
 * @cpu: root scheduler: CPU on which the VP is being dispatched, or -1
 * @clear_intercept: root scheduler: the last dispatch ended with an intercept,
 *		     so the next one has to clear the suspension
 * @running: hypervisor scheduler: the VP was set running and did not stop yet
 * @undelivered: @message was not yet copied to user space
 * @message: the last intercept, as read from the intercept page, once
 *
 * All under mshv_vp.mutex but @wait, @signalled, @signals and @cancelled; @cpu is
 * read without.
 */
struct mshv_run {
	wait_queue_head_t wait;
	atomic_t signalled;
	atomic64_t signals;
	atomic_t cancelled;
	int cpu;
	bool clear_intercept;
	bool running;
	bool undelivered;
	struct hvx_message message;
};

/**
 * struct mshv_vp - a virtual processor
 * @partition: its partition, of which it holds a reference
 * @index: its index
 * @refs: one for the file, one for @partition.vps, one for each short user
 * @mutex: see the top of this file
 * @gone: being deleted, or was; under @mutex
 * @pages: register page, intercept message page
 * @run: state of RUN_VP
 * @dispatch: input and output of DISPATCH_VP
 * @counts: enum mshv_vp_count
 * @stats: what users see of them
 * @debugfs: its directory
 * @rcu: for freeing
 */
struct mshv_vp {
	struct mshv_partition *partition;
	u32 index;
	refcount_t refs;
	struct mutex mutex;		/* held while the VP runs */
	bool gone;
	struct mshv_page pages[HVX_STATE_PAGE_COUNT];
	struct mshv_run run;
	struct mshv_dispatch_call *dispatch;
	atomic64_t counts[MSHV_VP_COUNTS];
	struct mshv_stats *stats;
	struct dentry *debugfs;
	struct rcu_head rcu;
};

/* For messages; never NULL while anything of the driver is in use. */
extern struct device *mshv_dev;

/*
 * partition.c
 */
long mshv_create_partition(void *arg, void __user *uarg);
long mshv_initialize_partition(struct mshv_partition *pt, void *arg, void __user *uarg);
/*
 * Before the end of this kernel: no partition is created any more. Returns whether
 * the hypervisor has given back all memory that it had of the driver.
 */
bool mshv_partitions_stop(void);
int mshv_partitions_init(void);
void mshv_partitions_exit(void);
int mshv_state_error(int state);
const char *mshv_state_name(int state);

/* For debugfs: partitions that the hypervisor did not delete. */
int mshv_quarantine_show(struct seq_file *m);

/* The partition of this id, or NULL; under RCU. */
extern struct xarray mshv_partitions;
struct mshv_partition *mshv_partition_find(u64 id);
void mshv_partition_put(struct mshv_partition *pt);

/*
 * Makes the partition MSHV_PT_BROKEN and its VPs leave RUN_VP. Any context.
 * For the case that the hypervisor keeps a mapping that it was told to drop.
 */
void mshv_partition_break(struct mshv_partition *pt);

/*
 * reboot.c
 */
int mshv_reboot_init(void);
void mshv_reboot_exit(void);

/*
 * sleep.c
 */
int mshv_sleep_init(void);
void mshv_sleep_exit(void);

/*
 * vp.c
 */
long mshv_create_vp(struct mshv_partition *pt, void *arg, void __user *uarg);

/* The VP of this index, or NULL; under RCU. */
struct mshv_vp *mshv_vp_find(struct mshv_partition *pt, u32 index);

/* The VP of this index, or NULL; to be given back with mshv_vp_put(). */
struct mshv_vp *mshv_vp_get(struct mshv_partition *pt, u32 index);
void mshv_vp_put(struct mshv_vp *vp);

/* The end of the VPs that the hypervisor did not delete when it should have. */
void mshv_vps_destroy(struct mshv_partition *pt);

/* Has all VPs notice that the state of the partition changed. Any context. */
void mshv_vps_kick(struct mshv_partition *pt);

#endif /* _MSHV_MSHV_H */
