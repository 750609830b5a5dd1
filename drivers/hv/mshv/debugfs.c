// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/mshv, see Documentation/virt/mshv/testing.rst:
 *
 *   scheduler				who decides when VPs run
 *   pools				memory that the hypervisor was given
 *   stats				counters of the hypervisor
 *   lp/INDEX/stats			... of a logical processor
 *   partition/ID/state
 *   partition/ID/stats			... of a partition, and the driver's
 *   partition/ID/vp/INDEX/stats	... of a VP, and the driver's
 */
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>

#include "compat.h"
#include "debugfs.h"
#include "deposit.h"
#include "mshv.h"
#include "run.h"
#include "stats.h"

#define MSHV_DEBUGFS_MODE	0400

static struct dentry *mshv_debugfs;
static struct dentry *mshv_debugfs_partitions;

/*
 * Statistics pages of the whole machine are mapped while somebody reads them,
 * and by one reader at a time: the hypervisor counts no references.
 */
static DEFINE_MUTEX(mshv_debugfs_lock);

static int mshv_debugfs_show_pages(struct seq_file *m, const struct mshv_stats_hv *hv, u64 id)
{
	struct mshv_stats_pages pages = { .hv = hv, .id = id };
	int ret;

	if (mutex_lock_killable(&mshv_debugfs_lock))
		return -EINTR;
	ret = mshv_stats_pages_map(&pages);
	if (!ret) {
		mshv_stats_pages_show(m, &pages);
		mshv_stats_pages_unmap(&pages);
	}
	mutex_unlock(&mshv_debugfs_lock);
	mshv_root_pool_trim();
	return ret;
}

static int mshv_hypervisor_stats_show(struct seq_file *m, void *v)
{
	return mshv_debugfs_show_pages(m, &mshv_stats_hypervisor, 0);
}
DEFINE_SHOW_ATTRIBUTE(mshv_hypervisor_stats);

static int mshv_lp_stats_show(struct seq_file *m, void *v)
{
	return mshv_debugfs_show_pages(m, &mshv_stats_lp, (unsigned long)m->private);
}
DEFINE_SHOW_ATTRIBUTE(mshv_lp_stats);

static int mshv_object_stats_show(struct seq_file *m, void *v)
{
	return mshv_stats_show(m, m->private);
}
DEFINE_SHOW_ATTRIBUTE(mshv_object_stats);

static int mshv_scheduler_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%s\n", mshv_scheduler_name());
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(mshv_scheduler);

static int mshv_pools_show(struct seq_file *m, void *v)
{
	mshv_pool_show(m, "root", &mshv_root_pool);
	seq_printf(m, "lost: %ld pages\n", mshv_pool_lost());
	return mshv_quarantine_show(m);
}
DEFINE_SHOW_ATTRIBUTE(mshv_pools);

static int mshv_partition_state_show(struct seq_file *m, void *v)
{
	struct mshv_partition *pt = m->private;

	seq_printf(m, "%s\n", mshv_state_name(READ_ONCE(pt->state)));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(mshv_partition_state);

/* A directory named by a number. */
static struct dentry *mshv_debugfs_number(u64 number, struct dentry *parent)
{
	char name[24];

	snprintf(name, sizeof(name), "%llu", number);
	return debugfs_create_dir(name, parent);
}

void mshv_debugfs_add_partition(struct mshv_partition *pt)
{
	pt->debugfs = mshv_debugfs_number(pt->id, mshv_debugfs_partitions);
	pt->debugfs_vps = debugfs_create_dir("vp", pt->debugfs);
	debugfs_create_file("state", MSHV_DEBUGFS_MODE, pt->debugfs, pt,
			    &mshv_partition_state_fops);
	debugfs_create_file("stats", MSHV_DEBUGFS_MODE, pt->debugfs, pt->stats,
			    &mshv_object_stats_fops);
}

void mshv_debugfs_remove_partition(struct mshv_partition *pt)
{
	debugfs_remove(pt->debugfs);
	pt->debugfs = NULL;
}

void mshv_debugfs_add_vp(struct mshv_vp *vp)
{
	vp->debugfs = mshv_debugfs_number(vp->index, vp->partition->debugfs_vps);
	debugfs_create_file("stats", MSHV_DEBUGFS_MODE, vp->debugfs, vp->stats,
			    &mshv_object_stats_fops);
}

void mshv_debugfs_remove_vp(struct mshv_vp *vp)
{
	debugfs_remove(vp->debugfs);
	vp->debugfs = NULL;
}

/* Those of the machine are the root's to see. */
static void mshv_debugfs_add_machine(void)
{
	struct dentry *lps = debugfs_create_dir("lp", mshv_debugfs);
	unsigned long lp;

	debugfs_create_file("stats", MSHV_DEBUGFS_MODE, mshv_debugfs, NULL,
			    &mshv_hypervisor_stats_fops);
	for_each_present_cpu(lp)
		debugfs_create_file("stats", MSHV_DEBUGFS_MODE, mshv_debugfs_number(lp, lps),
				    (void *)lp, &mshv_lp_stats_fops);
}

void mshv_debugfs_init(void)
{
	mshv_debugfs = debugfs_create_dir("mshv", NULL);
	mshv_debugfs_partitions = debugfs_create_dir("partition", mshv_debugfs);
	debugfs_create_file("scheduler", MSHV_DEBUGFS_MODE, mshv_debugfs, NULL,
			    &mshv_scheduler_fops);
	debugfs_create_file("pools", MSHV_DEBUGFS_MODE, mshv_debugfs, NULL, &mshv_pools_fops);
	if (!mshv_is_l1vh())
		mshv_debugfs_add_machine();
}

void mshv_debugfs_exit(void)
{
	debugfs_remove(mshv_debugfs);
	mshv_debugfs = NULL;
}
