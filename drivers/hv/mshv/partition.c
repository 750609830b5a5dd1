// SPDX-License-Identifier: GPL-2.0
/*
 * Partitions: creation, life cycle, and an end in which everything that the
 * hypervisor was given comes back.
 */
#include <linux/anon_inodes.h>
#include <linux/device.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/rwsem.h>
#include <linux/sched/mm.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/util_macros.h>
#include <linux/workqueue.h>

#include <uapi/linux/mshv.h>

#include "arch.h"
#include "async.h"
#include "debugfs.h"
#include "deposit.h"
#include "hvcall.h"
#include "ioctl.h"
#include "mshv.h"
#include "run.h"
#include "trace.h"

/* How often a step of the teardown is tried before the partition is set aside */
#define MSHV_RETIRE_ATTEMPTS	3

/* Partitions by id, for the interrupt handler */
DEFINE_XARRAY_FLAGS(mshv_partitions, XA_FLAGS_LOCK_IRQ);

/*
 * Partitions that the hypervisor did not let go of: their pools. Tried again
 * whenever a partition ends, and for the last time when the module is unloaded.
 */
static LIST_HEAD(mshv_quarantine);
static DEFINE_MUTEX(mshv_quarantine_lock);

/* Partitions that the hypervisor has, or may have */
static atomic_t mshv_living = ATOMIC_INIT(0);

/* Frees partitions that the interrupt handler may still be looking at. */
static struct workqueue_struct *mshv_free_queue;

/* Held for reading while one is created, and for writing to end that. */
static DECLARE_RWSEM(mshv_create_lock);
static bool mshv_no_more;

/* Creation flags: the user's bit, the hypervisor's, and who says yes to it */
static const struct {
	u64 hv_flag;
	u32 cap;
} mshv_pt_flags[MSHV_PT_BIT_COUNT] = {
	[MSHV_PT_BIT_LAPIC] = { HVX_CREATE_LAPIC, MSHV_CAP_PT_LAPIC },
	[MSHV_PT_BIT_X2APIC] = { HVX_CREATE_X2APIC, MSHV_CAP_PT_X2APIC },
	[MSHV_PT_BIT_GPA_SUPER_PAGES] = { HVX_CREATE_GPA_SUPER_PAGES,
					  MSHV_CAP_PT_GPA_SUPER_PAGES },
	[MSHV_PT_BIT_CPU_AND_XSAVE_FEATURES] = { 0, MSHV_CAP_CREATE_PARTITION_V2 },
	[MSHV_PT_BIT_NESTED_VIRTUALIZATION] = { HVX_CREATE_NESTED_VIRT, MSHV_CAP_PT_NESTED },
	[MSHV_PT_BIT_SMT_ENABLED_GUEST] = { HVX_CREATE_SMT_ENABLED_GUEST, MSHV_CAP_PT_SMT },
};

/**
 * mshv_state_error - why an ioctl cannot be called
 * @state: enum mshv_state that does not allow it
 */
int mshv_state_error(int state)
{
	switch (state) {
	case MSHV_PT_CREATED:
		return -EBADFD;
	case MSHV_PT_BROKEN:
		return -ENOTRECOVERABLE;
	default:
		return -ESHUTDOWN;
	}
}

/* For people */
const char *mshv_state_name(int state)
{
	static const char * const names[] = {
		[MSHV_PT_CREATED] = "created",
		[MSHV_PT_ACTIVE] = "active",
		[MSHV_PT_BROKEN] = "broken",
		[MSHV_PT_CLOSED] = "closed",
	};

	return names[state];
}

struct mshv_partition *mshv_partition_find(u64 id)
{
	return xa_load(&mshv_partitions, id);
}

static void mshv_partition_set_state(struct mshv_partition *pt, int state)
{
	WRITE_ONCE(pt->state, state);
	trace_mshv_partition_state(pt->id, state);
}

/* The rest of a longer argument; the start was copied and is not read again. */
static int mshv_create_partition_v2(struct hvx_in_create_partition *in,
				    struct mshv_create_partition_v2 __user *uarg)
{
	const size_t start = sizeof(struct mshv_create_partition);
	struct mshv_create_partition_v2 arg;

	if (copy_from_user((void *)&arg + start, (void __user *)uarg + start,
			   sizeof(arg) - start))
		return -EFAULT;
	if (arg.pt_num_cpu_fbanks != MSHV_NUM_CPU_FEATURES_BANKS ||
	    memchr_inv(arg.pt_rsvd, 0, sizeof(arg.pt_rsvd)) ||
	    memchr_inv(arg.pt_rsvd1, 0, sizeof(arg.pt_rsvd1)))
		return -EINVAL;
	memcpy(in->disabled_features, arg.pt_cpu_fbanks, sizeof(in->disabled_features));
	return mshv_arch_create_v2(&arg, in);
}

static int mshv_create_flags(u64 pt_flags, u64 *hv_flags)
{
	int i;

	if (pt_flags & ~(u64)MSHV_PT_FLAGS_MASK)
		return -EINVAL;
	for (i = 0; i < MSHV_PT_BIT_COUNT; i++) {
		if (!(pt_flags & BIT_ULL(i)))
			continue;
		if (!mshv_capability(mshv_pt_flags[i].cap))
			return -EINVAL;
		*hv_flags |= mshv_pt_flags[i].hv_flag;
	}
	return 0;
}

static bool mshv_retry(int (*step)(u64 id), u64 id)
{
	int i;

	for (i = 0; i < MSHV_RETIRE_ATTEMPTS; i++)
		if (!step(id))
			return true;
	return false;
}

/*
 * Has the hypervisor forget a partition and takes its memory back. Frees the
 * pool, and returns true, if that worked.
 */
static bool mshv_retire(struct mshv_pool *pool)
{
	int i;

	if (pool->finalize && !mshv_retry(mshv_hvcall_finalize_partition, pool->partition_id))
		return false;
	pool->finalize = false;

	for (i = 0; mshv_pool_withdraw(pool, LONG_MAX); i++)
		if (i == MSHV_RETIRE_ATTEMPTS)
			return false;
	if (!mshv_retry(mshv_hvcall_delete_partition, pool->partition_id))
		return false;
	mshv_pool_abandon(pool);
	return true;
}

/*
 * Tries again what is in quarantine. With @last, gives up on what is left.
 */
static void mshv_quarantine_retry(bool last)
{
	struct mshv_pool *pool, *next;

	mutex_lock(&mshv_quarantine_lock);
	list_for_each_entry_safe(pool, next, &mshv_quarantine, node) {
		list_del(&pool->node);
		if (mshv_retire(pool))
			continue;
		if (last)
			mshv_pool_abandon(pool);
		else
			list_add(&pool->node, &mshv_quarantine);
	}
	mutex_unlock(&mshv_quarantine_lock);
}

int mshv_quarantine_show(struct seq_file *m)
{
	struct mshv_pool *pool;
	char name[48];

	if (mutex_lock_killable(&mshv_quarantine_lock))
		return -EINTR;
	list_for_each_entry(pool, &mshv_quarantine, node) {
		snprintf(name, sizeof(name), "undeleted partition %llu", pool->partition_id);
		mshv_pool_show(m, name, pool);
	}
	mutex_unlock(&mshv_quarantine_lock);
	return 0;
}

/* Returns whether the hypervisor has no more memory of the partition. */
static bool mshv_partition_retire(struct mshv_pool *pool)
{
	bool retired;

	mshv_quarantine_retry(false);
	retired = mshv_retire(pool);
	if (!retired) {
		dev_warn_once(mshv_dev, "the hypervisor did not delete partition %#llx\n",
			      pool->partition_id);
		mutex_lock(&mshv_quarantine_lock);
		list_add(&pool->node, &mshv_quarantine);
		mutex_unlock(&mshv_quarantine_lock);
	}
	mshv_root_pool_trim();
	return retired;
}

static void mshv_partition_free(struct mshv_partition *pt)
{
	mshv_stats_end(pt->stats);
	mshv_irqs_destroy(pt);
	mutex_destroy(&pt->mutex);
	mmdrop(pt->mm);
	kfree(pt);
}

static void mshv_partition_free_work(struct work_struct *work)
{
	mshv_partition_free(container_of(to_rcu_work(work), struct mshv_partition, free));
}

static void mshv_partition_destroy(struct mshv_partition *pt)
{
	trace_mshv_partition_destroy(pt->id);
	mshv_debugfs_remove_partition(pt);
	mshv_stats_end(pt->stats);
	pt->stats = NULL;
	mshv_vps_destroy(pt);
	mshv_regions_destroy(pt);
	/* From here on the hypervisor may give the id to another partition. */
	xa_erase_irq(&mshv_partitions, pt->id);
	pt->pool->finalize = pt->initialized;
	mshv_regions_forget(pt, mshv_partition_retire(pt->pool));
	mshv_ports_retry();
	atomic_dec(&mshv_living);
	/*
	 * The interrupt handler may have found it before, which is nothing that who
	 * closes the last file has to wait for.
	 */
	queue_rcu_work(mshv_free_queue, &pt->free);
}

void mshv_partition_put(struct mshv_partition *pt)
{
	if (refcount_dec_and_test(&pt->refs))
		mshv_partition_destroy(pt);
}

void mshv_partition_break(struct mshv_partition *pt)
{
	if (cmpxchg(&pt->state, MSHV_PT_ACTIVE, MSHV_PT_BROKEN) != MSHV_PT_ACTIVE)
		return;
	trace_mshv_partition_state(pt->id, MSHV_PT_BROKEN);
	mshv_vps_kick(pt);
}

static int mshv_partition_release(struct inode *inode, struct file *file)
{
	struct mshv_partition *pt = file->private_data;

	mutex_lock(&pt->mutex);
	mshv_partition_set_state(pt, MSHV_PT_CLOSED);
	mshv_vps_kick(pt);
	mshv_ioeventfds_release(pt);
	mshv_irqfds_release(pt);
	mutex_unlock(&pt->mutex);
	mshv_partition_put(pt);
	return 0;
}

static const struct file_operations mshv_partition_fops = {
	.owner = THIS_MODULE,
	.release = mshv_partition_release,
	.unlocked_ioctl = mshv_partition_ioctl,
	.compat_ioctl = PTR_IF(IS_ENABLED(CONFIG_MSHV_COMPAT), compat_ptr_ioctl),
	.llseek = noop_llseek,
};

/* The driver's side of a partition that the hypervisor has yet to create. */
static struct mshv_partition *mshv_partition_alloc(void)
{
	struct mshv_partition *pt;

	pt = kzalloc(sizeof(*pt), MSHV_GFP);
	if (!pt)
		return NULL;
	pt->pool = mshv_pool_create();
	if (!pt->pool)
		goto free_pt;
	if (mshv_stats_create_partition(pt))
		goto free_pool;
	pt->state = MSHV_PT_CREATED;
	INIT_RCU_WORK(&pt->free, mshv_partition_free_work);
	refcount_set(&pt->refs, 1);
	mutex_init(&pt->mutex);
	xa_init_flags(&pt->vps, XA_FLAGS_LOCK_IRQ | XA_FLAGS_ACCOUNT);
	mshv_async_init(&pt->async);
	mshv_regions_init(pt);
	mshv_ioeventfds_init(pt);
	if (mshv_irqs_init(pt))
		goto free_stats;
	pt->mm = current->mm;
	mmgrab(pt->mm);
	return pt;

free_stats:
	mutex_destroy(&pt->mutex);
	mshv_stats_end(pt->stats);
free_pool:
	kfree(pt->pool);
free_pt:
	kfree(pt);
	return NULL;
}

/* Makes the partition a file, which takes over the reference. */
static long mshv_partition_file(struct mshv_partition *pt)
{
	struct file *file;
	int fd;

	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	file = anon_inode_getfile("mshv_partition", &mshv_partition_fops, pt, O_RDWR);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	trace_mshv_partition_create(pt->id);
	mshv_debugfs_add_partition(pt);
	fd_install(fd, file);
	return fd;
}

/*
 * Has the hypervisor create the partition. From then on there is one way to end
 * it, whatever the next step that fails: the last reference.
 */
static long mshv_partition_create(struct mshv_partition *pt,
				  const struct hvx_in_create_partition *in)
{
	long ret;

	atomic_inc(&mshv_living);
	ret = mshv_hvcall_create_partition(in, &pt->id);
	if (ret) {
		atomic_dec(&mshv_living);
		kfree(pt->pool);
		mshv_partition_free(pt);
		return ret;
	}
	pt->pool->partition_id = pt->id;
	ret = xa_err(xa_store_irq(&mshv_partitions, pt->id, pt, MSHV_GFP));
	if (!ret)
		ret = mshv_partition_file(pt);
	if (ret < 0)
		mshv_partition_put(pt);
	return ret;
}

/**
 * mshv_create_partition - MSHV_CREATE_PARTITION
 * @arg: struct mshv_create_partition
 * @uarg: where it was, and where the rest is if it is the longer structure
 */
long mshv_create_partition(void *arg, void __user *uarg)
{
	struct hvx_in_create_partition in = {
		.flags = HVX_CREATE_EXO_PARTITION | HVX_CREATE_INTERCEPT_MESSAGE_PAGE,
		.compat_version = HVX_COMPATIBILITY_21H2,
	};
	struct mshv_create_partition *args = arg;
	struct mshv_partition *pt;
	long ret;

	ret = mshv_create_flags(args->pt_flags, &in.flags);
	if (ret)
		return ret;
	if (args->pt_isolation != MSHV_PT_ISOLATION_NONE)
		return -EINVAL;
	if (args->pt_flags & BIT_ULL(MSHV_PT_BIT_CPU_AND_XSAVE_FEATURES)) {
		ret = mshv_create_partition_v2(&in, uarg);
		if (ret)
			return ret;
	}
	down_read(&mshv_create_lock);
	if (mshv_no_more) {
		ret = -ESHUTDOWN;
		goto out;
	}
	ret = -ENOMEM;
	pt = mshv_partition_alloc();
	if (pt)
		ret = mshv_partition_create(pt, &in);
out:
	up_read(&mshv_create_lock);
	return ret;
}

/**
 * mshv_initialize_partition - MSHV_INITIALIZE_PARTITION
 * @pt: partition; nothing happens if it is already initialized
 * @arg: none
 * @uarg: none
 */
long mshv_initialize_partition(struct mshv_partition *pt, void *arg, void __user *uarg)
{
	int ret;

	if (pt->state == MSHV_PT_ACTIVE)
		return 0;
	ret = mshv_hvcall_initialize_partition(pt);
	if (ret)
		return ret;
	pt->initialized = true;
	mshv_partition_set_state(pt, MSHV_PT_ACTIVE);
	return 0;
}

bool mshv_partitions_stop(void)
{
	down_write(&mshv_create_lock);
	mshv_no_more = true;
	up_write(&mshv_create_lock);
	mshv_quarantine_retry(false);
	mshv_root_pool_trim();
	return !atomic_read(&mshv_living) && list_empty(&mshv_quarantine) && !mshv_pages_held();
}

int mshv_partitions_init(void)
{
	mshv_free_queue = alloc_workqueue("mshv_free", WQ_UNBOUND, 0);
	return mshv_free_queue ? 0 : -ENOMEM;
}

/* Before the module goes away, when there are no partitions. */
void mshv_partitions_exit(void)
{
	/* What is queued after a grace period, and then what is in the queue */
	rcu_barrier();
	destroy_workqueue(mshv_free_queue);
	mshv_quarantine_retry(true);
	mshv_root_pool_trim();
	mshv_pool_report();
	xa_destroy(&mshv_partitions);
}
