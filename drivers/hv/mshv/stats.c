// SPDX-License-Identifier: GPL-2.0
/*
 * Statistics for users: a file that describes itself, and debugfs.
 *
 * The file holds the statistics, not the object that they are of: who watches a
 * VM must not keep it alive. When the object ends it leaves its last figures.
 */
#include <linux/anon_inodes.h>
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <uapi/linux/mshv.h>

#include "deposit.h"
#include "mshv.h"
#include "stats.h"

#define MSHV_STATS_COUNT	(MSHV_STATS_TYPE_CUMULATIVE | MSHV_STATS_UNIT_NONE)
#define MSHV_STATS_GAUGE	(MSHV_STATS_TYPE_INSTANT | MSHV_STATS_UNIT_NONE)

/* Room for a name */
#define MSHV_STATS_NAME_SIZE	64
#define MSHV_STATS_DESC_SIZE	(sizeof(struct mshv_stats_desc) + MSHV_STATS_NAME_SIZE)

static_assert(MSHV_STATS_DESC_SIZE % sizeof(u64) == 0);
static_assert(MSHV_STATS_NAME_SIZE % sizeof(u64) == 0);
static_assert(sizeof(struct mshv_stats_header) % sizeof(u64) == 0);

/**
 * struct mshv_stats_row - a figure of the driver's
 * @flags: MSHV_STATS_*
 * @index: for @read
 * @read: gets it; the object is @stats.pt or @stats.vp
 * @name: for users
 */
struct mshv_stats_row {
	u16 flags;
	u16 index;
	u64 (*read)(const struct mshv_stats *stats, unsigned int index);
	const char *name;
};

/**
 * struct mshv_stats - statistics of a partition or VP
 * @refs: one for the object, one for each file
 * @lock: protects what follows. Nothing is copied from or to users under it:
 *	  they must not be able to hold up the end of the object
 * @pt: partition, until it ends; NULL for a VP
 * @vp: VP, until it ends; NULL for a partition
 * @rows: figures of the driver's
 * @nr_rows: number of @rows
 * @pages: figures of the hypervisor's
 * @mapped: @pages were asked for
 * @image: what files read; NULL until there is a file
 * @size: bytes of it
 * @data: the figures in it
 * @ended: the object is gone
 */
struct mshv_stats {
	refcount_t refs;
	struct mutex lock;	/* see above */
	struct mshv_partition *pt;
	struct mshv_vp *vp;
	const struct mshv_stats_row *rows;
	unsigned int nr_rows;
	struct mshv_stats_pages pages;
	bool mapped;
	void *image;
	size_t size;
	u64 *data;
	bool ended;
};

/*
 * Figures of the driver's
 */

static u64 mshv_stats_pt_count(const struct mshv_stats *stats, unsigned int index)
{
	return atomic64_read(&stats->pt->counts[index]);
}

static u64 mshv_stats_pt_regions(const struct mshv_stats *stats, unsigned int index)
{
	return READ_ONCE(stats->pt->regions.count);
}

static u64 mshv_stats_pt_pool(const struct mshv_stats *stats, unsigned int index)
{
	return atomic_long_read(&stats->pt->pool->pages);
}

static u64 mshv_stats_pt_pool_count(const struct mshv_stats *stats, unsigned int index)
{
	return atomic64_read(&stats->pt->pool->counts[index]);
}

static u64 mshv_stats_vp_count(const struct mshv_stats *stats, unsigned int index)
{
	return atomic64_read(&stats->vp->counts[index]);
}

static u64 mshv_stats_vp_signals(const struct mshv_stats *stats, unsigned int index)
{
	return atomic64_read(&stats->vp->run.signals);
}

#define PT_GAUGE(i, n)	{ MSHV_STATS_GAUGE, MSHV_PT_##i, mshv_stats_pt_count, n }
#define PT_COUNT(i, n)	{ MSHV_STATS_COUNT, MSHV_PT_##i, mshv_stats_pt_count, n }
#define POOL_COUNT(i, n) { MSHV_STATS_COUNT, MSHV_POOL_##i, mshv_stats_pt_pool_count, n }
#define VP_COUNT(i, n)	{ MSHV_STATS_COUNT, MSHV_VP_##i, mshv_stats_vp_count, n }

static const struct mshv_stats_row mshv_stats_pt_rows[] = {
	PT_GAUGE(VPS, "vps"),
	{ MSHV_STATS_GAUGE, 0, mshv_stats_pt_regions, "memory_regions" },
	PT_COUNT(FAULTS, "memory_faults"),
	PT_COUNT(INTERRUPTS, "interrupts"),
	PT_COUNT(EOIS, "interrupt_ends"),
	PT_COUNT(DOORBELLS, "doorbells"),
	PT_COUNT(HVCALLS, "hypercalls"),
	{ MSHV_STATS_GAUGE, 0, mshv_stats_pt_pool, "deposited_pages" },
	POOL_COUNT(DEPOSITED, "pages_deposited"),
	POOL_COUNT(WITHDRAWN, "pages_withdrawn"),
	POOL_COUNT(REQUESTS, "memory_requests"),
};

static const struct mshv_stats_row mshv_stats_vp_rows[] = {
	VP_COUNT(RUNS, "runs"),
	VP_COUNT(INTERRUPTED, "runs_interrupted"),
	VP_COUNT(DISPATCHES, "dispatches"),
	VP_COUNT(BLOCKS, "blocks"),
	{ MSHV_STATS_COUNT, 0, mshv_stats_vp_signals, "signals" },
	VP_COUNT(FAULTS, "memory_faults"),
	VP_COUNT(EOIS, "interrupt_ends"),
	VP_COUNT(EXITS, "exits"),
	VP_COUNT(EXITS_UNMAPPED, "exits_unmapped"),
	VP_COUNT(EXITS_ACCESS, "exits_access"),
	VP_COUNT(EXITS_IO, "exits_io"),
	VP_COUNT(EXITS_MSR, "exits_msr"),
	VP_COUNT(EXITS_CPUID, "exits_cpuid"),
	VP_COUNT(EXITS_EXCEPTION, "exits_exception"),
	VP_COUNT(EXITS_HALT, "exits_halt"),
	VP_COUNT(EXITS_FATAL, "exits_fatal"),
	VP_COUNT(EXITS_OTHER, "exits_other"),
};

static enum mshv_vp_count mshv_stats_exit_kind(u32 type)
{
	switch (type) {
	case HVX_MSG_UNMAPPED_GPA:
		return MSHV_VP_EXITS_UNMAPPED;
	case HVX_MSG_GPA_INTERCEPT:
		return MSHV_VP_EXITS_ACCESS;
	case HVX_MSG_X64_IO_PORT:
		return MSHV_VP_EXITS_IO;
	case HVX_MSG_X64_MSR:
		return MSHV_VP_EXITS_MSR;
	case HVX_MSG_X64_CPUID:
		return MSHV_VP_EXITS_CPUID;
	case HVX_MSG_X64_EXCEPTION:
		return MSHV_VP_EXITS_EXCEPTION;
	case HVX_MSG_X64_HALT:
		return MSHV_VP_EXITS_HALT;
	case HVX_MSG_INVALID_VP_REGISTER:
	case HVX_MSG_UNRECOVERABLE_EXCEPTION:
	case HVX_MSG_UNSUPPORTED_FEATURE:
		return MSHV_VP_EXITS_FATAL;
	default:
		return MSHV_VP_EXITS_OTHER;
	}
}

void mshv_stats_count_intercept(struct mshv_vp *vp, u32 type, int result)
{
	if (result < 0)
		return;
	if (!result) {
		atomic64_inc(&vp->counts[MSHV_VP_EXITS]);
		atomic64_inc(&vp->counts[mshv_stats_exit_kind(type)]);
	} else if (type == HVX_MSG_X64_APIC_EOI) {
		atomic64_inc(&vp->counts[MSHV_VP_EOIS]);
	} else {
		atomic64_inc(&vp->counts[MSHV_VP_FAULTS]);
		atomic64_inc(&vp->partition->counts[MSHV_PT_FAULTS]);
	}
}

void mshv_stats_count_run(struct mshv_vp *vp, int result)
{
	/* User space does not see that the call begins anew. */
	if (result == -ERESTARTNOHAND)
		return;
	atomic64_inc(&vp->counts[MSHV_VP_RUNS]);
	if (result == -EINTR)
		atomic64_inc(&vp->counts[MSHV_VP_INTERRUPTED]);
}

/*
 * The image
 */

/* The hypervisor's pages are mapped when somebody wants to know. */
static int mshv_stats_map(struct mshv_stats *stats)
{
	int ret;

	/* Before it is initialized a partition has none. */
	if (stats->mapped || (stats->pt && !READ_ONCE(stats->pt->initialized)))
		return 0;
	if (stats->pt)
		stats->pages.id = stats->pt->id;
	ret = mshv_stats_pages_map(&stats->pages);
	stats->mapped = !ret;
	return ret;
}

static void mshv_stats_refresh(struct mshv_stats *stats)
{
	u64 *data = stats->data;
	unsigned int i;

	if (stats->ended)
		return;
	for (i = 0; i < stats->nr_rows; i++)
		*data++ = stats->rows[i].read(stats, stats->rows[i].index);
	if (!mshv_stats_pages_present(&stats->pages))
		return;
	for (i = 0; i < stats->pages.hv->nr; i++)
		*data++ = mshv_stats_pages_read(&stats->pages, stats->pages.hv->rows[i].index);
}

static void *mshv_stats_describe(void *at, unsigned int n, u32 flags, s16 exponent,
				 const char *name)
{
	struct mshv_stats_desc *desc = at;

	desc->flags = flags;
	desc->exponent = exponent;
	desc->size = 1;
	desc->offset = n * sizeof(u64);
	strscpy(desc->name, name, MSHV_STATS_NAME_SIZE);
	return at + MSHV_STATS_DESC_SIZE;
}

/* Header, name of the object, descriptors, and room for the figures. */
static int mshv_stats_build(struct mshv_stats *stats)
{
	unsigned int i, n, nr_hv = 0;
	struct mshv_stats_header *header;
	void *desc;

	if (mshv_stats_pages_present(&stats->pages))
		nr_hv = stats->pages.hv->nr;
	n = stats->nr_rows + nr_hv;
	stats->size = sizeof(*header) + MSHV_STATS_NAME_SIZE +
		      n * (MSHV_STATS_DESC_SIZE + sizeof(u64));
	header = kvzalloc(stats->size, MSHV_GFP);
	if (!header)
		return -ENOMEM;
	header->name_size = MSHV_STATS_NAME_SIZE;
	header->num_desc = n;
	header->id_offset = sizeof(*header);
	header->desc_offset = header->id_offset + MSHV_STATS_NAME_SIZE;
	header->data_offset = header->desc_offset + n * MSHV_STATS_DESC_SIZE;
	if (stats->vp)
		snprintf((void *)header + header->id_offset, MSHV_STATS_NAME_SIZE,
			 "mshv-%llu/vp-%u", stats->pages.id, stats->vp->index);
	else
		snprintf((void *)header + header->id_offset, MSHV_STATS_NAME_SIZE,
			 "mshv-%llu", stats->pages.id);

	desc = (void *)header + header->desc_offset;
	for (i = 0; i < stats->nr_rows; i++)
		desc = mshv_stats_describe(desc, i, stats->rows[i].flags, 0,
					   stats->rows[i].name);
	for (i = 0; i < nr_hv; i++) {
		const struct mshv_stats_hv_row *row = &stats->pages.hv->rows[i];

		desc = mshv_stats_describe(desc, stats->nr_rows + i, row->flags, row->exponent,
					   row->name);
	}
	stats->data = desc;
	stats->image = header;
	return 0;
}

/*
 * Life
 */

static struct mshv_stats *mshv_stats_create(const struct mshv_stats_hv *hv)
{
	struct mshv_stats *stats = kzalloc(sizeof(*stats), MSHV_GFP);

	if (!stats)
		return NULL;
	refcount_set(&stats->refs, 1);
	mutex_init(&stats->lock);
	stats->pages.hv = hv;
	return stats;
}

int mshv_stats_create_partition(struct mshv_partition *pt)
{
	struct mshv_stats *stats = mshv_stats_create(&mshv_stats_partition);

	if (!stats)
		return -ENOMEM;
	stats->pt = pt;
	stats->rows = mshv_stats_pt_rows;
	stats->nr_rows = ARRAY_SIZE(mshv_stats_pt_rows);
	pt->stats = stats;
	return 0;
}

int mshv_stats_create_vp(struct mshv_vp *vp)
{
	struct mshv_stats *stats = mshv_stats_create(&mshv_stats_vp);

	if (!stats)
		return -ENOMEM;
	stats->vp = vp;
	stats->pages.id = vp->partition->id;
	stats->pages.vp_index = vp->index;
	stats->rows = mshv_stats_vp_rows;
	stats->nr_rows = ARRAY_SIZE(mshv_stats_vp_rows);
	vp->stats = stats;
	return 0;
}

static void mshv_stats_put(struct mshv_stats *stats)
{
	if (!refcount_dec_and_test(&stats->refs))
		return;
	mutex_destroy(&stats->lock);
	kvfree(stats->image);
	kfree(stats);
}

void mshv_stats_end(struct mshv_stats *stats)
{
	if (!stats)
		return;
	mutex_lock(&stats->lock);
	if (stats->image) {
		mshv_stats_refresh(stats);
		((struct mshv_stats_header *)stats->image)->flags |= MSHV_STATS_ENDED;
	}
	mshv_stats_pages_unmap(&stats->pages);
	stats->ended = true;
	stats->pt = NULL;
	stats->vp = NULL;
	mutex_unlock(&stats->lock);
	mshv_stats_put(stats);
}

/*
 * debugfs
 */

int mshv_stats_show(struct seq_file *m, struct mshv_stats *stats)
{
	unsigned int i;
	int ret;

	if (mutex_lock_killable(&stats->lock))
		return -EINTR;
	ret = stats->ended ? -ENODEV : mshv_stats_map(stats);
	if (!ret) {
		for (i = 0; i < stats->nr_rows; i++)
			seq_printf(m, "%-50s %llu\n", stats->rows[i].name,
				   stats->rows[i].read(stats, stats->rows[i].index));
		mshv_stats_pages_show(m, &stats->pages);
	}
	mutex_unlock(&stats->lock);
	return ret;
}

/*
 * Files
 */

/* All figures that one call reads are of one moment. */
static ssize_t mshv_stats_read(struct file *file, char __user *buf, size_t size, loff_t *pos)
{
	struct mshv_stats *stats = file->private_data;
	ssize_t ret = -EFAULT;
	void *copy;

	if (*pos >= stats->size || !size)
		return 0;
	size = min_t(size_t, size, stats->size - *pos);
	copy = kvmalloc(size, MSHV_GFP);
	if (!copy)
		return -ENOMEM;
	if (mutex_lock_killable(&stats->lock)) {
		kvfree(copy);
		return -EINTR;
	}
	mshv_stats_refresh(stats);
	memcpy(copy, stats->image + *pos, size);
	mutex_unlock(&stats->lock);
	if (!copy_to_user(buf, copy, size)) {
		*pos += size;
		ret = size;
	}
	kvfree(copy);
	return ret;
}

static loff_t mshv_stats_llseek(struct file *file, loff_t offset, int whence)
{
	struct mshv_stats *stats = file->private_data;

	return fixed_size_llseek(file, offset, whence, stats->size);
}

static int mshv_stats_release(struct inode *inode, struct file *file)
{
	mshv_stats_put(file->private_data);
	return 0;
}

static const struct file_operations mshv_stats_fops = {
	.owner = THIS_MODULE,
	.release = mshv_stats_release,
	.read = mshv_stats_read,
	.llseek = mshv_stats_llseek,
};

/* Makes sure that there is an image. */
static int mshv_stats_open(struct mshv_stats *stats)
{
	int ret = 0;

	if (mutex_lock_killable(&stats->lock))
		return -EINTR;
	if (!stats->image) {
		ret = mshv_stats_map(stats);
		if (!ret)
			ret = mshv_stats_build(stats);
	}
	mutex_unlock(&stats->lock);
	return ret;
}

static long mshv_stats_fd(struct mshv_stats *stats)
{
	struct file *file;
	int fd, ret;

	ret = mshv_stats_open(stats);
	if (ret)
		return ret;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	file = anon_inode_getfile("mshv_stats", &mshv_stats_fops, stats, O_RDONLY);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	file->f_mode |= FMODE_LSEEK | FMODE_PREAD;
	refcount_inc(&stats->refs);
	fd_install(fd, file);
	return fd;
}

/**
 * mshv_partition_stats_fd - MSHV_GET_STATS_FD of a partition
 * @pt: partition
 * @arg: none
 * @uarg: none
 */
long mshv_partition_stats_fd(struct mshv_partition *pt, void *arg, void __user *uarg)
{
	return mshv_stats_fd(pt->stats);
}

/**
 * mshv_vp_stats_fd - MSHV_GET_STATS_FD of a VP
 * @vp: VP
 * @arg: none
 * @uarg: none
 */
long mshv_vp_stats_fd(struct mshv_vp *vp, void *arg, void __user *uarg)
{
	return mshv_stats_fd(vp->stats);
}
