// SPDX-License-Identifier: GPL-2.0
/*
 * Statistics in /sys/kernel/debug/mshv, see Documentation/virt/mshv/testing.rst:
 *
 *   stats			counters of the hypervisor
 *   lp/INDEX/stats		... of a logical processor
 *   partition/ID/stats		... of a partition, and the driver's
 *   partition/ID/vp/INDEX/stats	... of a VP, and the driver's
 */
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>

#include "debugfs.h"
#include "deposit.h"
#include "stats.h"

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

void mshv_debugfs_add_stats(struct mshv_stats *stats, struct dentry *dir)
{
	debugfs_create_file("stats", MSHV_DEBUGFS_MODE, dir, stats, &mshv_object_stats_fops);
}

void mshv_debugfs_add_machine(struct dentry *dir)
{
	struct dentry *lps = debugfs_create_dir("lp", dir);
	unsigned long lp;

	debugfs_create_file("stats", MSHV_DEBUGFS_MODE, dir, NULL, &mshv_hypervisor_stats_fops);
	for_each_present_cpu(lp)
		debugfs_create_file("stats", MSHV_DEBUGFS_MODE, mshv_debugfs_number(lp, lps),
				    (void *)lp, &mshv_lp_stats_fops);
}
