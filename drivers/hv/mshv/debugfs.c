// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/mshv, see Documentation/virt/mshv/testing.rst:
 *
 *   scheduler			who decides when VPs run
 *   pools			memory that the hypervisor was given
 *   partition/ID/state
 *   partition/ID/vp/INDEX/
 *
 * and what debugfs_stats.c adds.
 */
#include <linux/debugfs.h>
#include <linux/kernel.h>
#include <linux/seq_file.h>

#include "compat.h"
#include "debugfs.h"
#include "deposit.h"
#include "mshv.h"
#include "run.h"
#include "stats.h"

static struct dentry *mshv_debugfs;
static struct dentry *mshv_debugfs_partitions;

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

struct dentry *mshv_debugfs_number(u64 number, struct dentry *parent)
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
	mshv_debugfs_add_stats(pt->stats, pt->debugfs);
}

void mshv_debugfs_remove_partition(struct mshv_partition *pt)
{
	debugfs_remove(pt->debugfs);
	pt->debugfs = NULL;
}

void mshv_debugfs_add_vp(struct mshv_vp *vp)
{
	vp->debugfs = mshv_debugfs_number(vp->index, vp->partition->debugfs_vps);
	mshv_debugfs_add_stats(vp->stats, vp->debugfs);
}

void mshv_debugfs_remove_vp(struct mshv_vp *vp)
{
	debugfs_remove(vp->debugfs);
	vp->debugfs = NULL;
}

void mshv_debugfs_init(void)
{
	mshv_debugfs = debugfs_create_dir("mshv", NULL);
	mshv_debugfs_partitions = debugfs_create_dir("partition", mshv_debugfs);
	debugfs_create_file("scheduler", MSHV_DEBUGFS_MODE, mshv_debugfs, NULL,
			    &mshv_scheduler_fops);
	debugfs_create_file("pools", MSHV_DEBUGFS_MODE, mshv_debugfs, NULL, &mshv_pools_fops);
	/* Statistics of the machine are the root's to see. */
	if (!mshv_is_l1vh())
		mshv_debugfs_add_machine(mshv_debugfs);
}

void mshv_debugfs_exit(void)
{
	debugfs_remove(mshv_debugfs);
	mshv_debugfs = NULL;
}
