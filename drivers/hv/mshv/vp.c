// SPDX-License-Identifier: GPL-2.0
/*
 * Virtual processors: creation, pages that are shared with the VMM, end.
 *
 * A VP lives as long as its file, which its mappings hold, too. Then the
 * hypervisor's VP is deleted and the index can be used again.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/util_macros.h>

#include <uapi/linux/mshv.h>

#include "compat.h"
#include "debugfs.h"
#include "hvcall.h"
#include "ioctl.h"
#include "mshv.h"
#include "run.h"
#include "trace.h"

struct mshv_vp *mshv_vp_find(struct mshv_partition *pt, u32 index)
{
	if (index >= MSHV_MAX_VPS)
		return NULL;
	return xa_load(&pt->vps, array_index_nospec(index, MSHV_MAX_VPS));
}

struct mshv_vp *mshv_vp_get(struct mshv_partition *pt, u32 index)
{
	struct mshv_vp *vp;

	rcu_read_lock();
	vp = mshv_vp_find(pt, index);
	if (vp && !refcount_inc_not_zero(&vp->refs))
		vp = NULL;
	rcu_read_unlock();
	return vp;
}

void mshv_vp_put(struct mshv_vp *vp)
{
	if (!refcount_dec_and_test(&vp->refs))
		return;
	mutex_destroy(&vp->mutex);
	mshv_stats_end(vp->stats);
	kfree(vp->dispatch);
	kfree_rcu(vp, rcu);
}

void mshv_vps_kick(struct mshv_partition *pt)
{
	struct mshv_vp *vp;
	unsigned long index;

	rcu_read_lock();
	xa_for_each(&pt->vps, index, vp)
		mshv_vp_kick(vp);
	rcu_read_unlock();
}

/*
 * Pages
 */

static void mshv_vp_unmap_page(struct mshv_vp *vp, u16 type)
{
	int ret = mshv_hvcall_unmap_vp_state_page(vp->partition, vp->index, type);

	mshv_page_release(&vp->pages[type], ret, vp->partition->pool);
}

static int mshv_vp_map_page(struct mshv_vp *vp, u16 type)
{
	struct mshv_page *page = &vp->pages[type];
	bool provided = mshv_pages_provided();
	u64 pfn;
	int ret;

	ret = provided ? mshv_page_provide(page) : 0;
	if (ret)
		return ret;
	pfn = page->pfn;
	ret = mshv_hvcall_map_vp_state_page(vp->partition, vp->index, type, provided, &pfn);
	if (ret) {
		mshv_page_release(page, false, NULL);
		return ret;
	}
	ret = mshv_page_attach(page, pfn);
	if (ret)
		mshv_vp_unmap_page(vp, type);
	return ret;
}

static void mshv_vp_unmap_pages(struct mshv_vp *vp)
{
	u16 type;

	for (type = 0; type < HVX_STATE_PAGE_COUNT; type++)
		if (vp->pages[type].va)
			mshv_vp_unmap_page(vp, type);
}

/*
 * The driver cannot do without intercept messages. Without the register page
 * VMMs use registers, so the hypervisor may refuse it for any reason but lack
 * of memory.
 */
static int mshv_vp_map_pages(struct mshv_vp *vp)
{
	int ret;

	ret = mshv_vp_map_page(vp, HVX_STATE_PAGE_INTERCEPT_MESSAGE);
	if (ret)
		return ret;
	ret = mshv_vp_map_page(vp, HVX_STATE_PAGE_REGISTERS);
	if (ret == -ENOMEM || ret == -EINTR) {
		mshv_vp_unmap_pages(vp);
		return ret;
	}
	return 0;
}

static int mshv_vp_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct mshv_vp *vp = file->private_data;
	struct mshv_page *page;

	if (vma->vm_mm != vp->partition->mm)
		return -EIO;
	if (vma->vm_pgoff >= MSHV_VP_MMAP_OFFSET_COUNT || vma_pages(vma) != 1 ||
	    !(vma->vm_flags & VM_SHARED) || vma->vm_flags & VM_EXEC)
		return -EINVAL;
	page = &vp->pages[array_index_nospec(vma->vm_pgoff, MSHV_VP_MMAP_OFFSET_COUNT)];
	if (!page->va)
		return -ENODEV;

	/*
	 * The page is not an ordinary one. As a bare PFN nobody can pin it beyond
	 * the life of the mapping, and a child process does not inherit it.
	 */
	mshv_vm_flags_mod(vma, VM_DONTCOPY, VM_MAYEXEC);
	return remap_pfn_range(vma, vma->vm_start, page->pfn, PAGE_SIZE, vma->vm_page_prot);
}

/*
 * End
 */

/*
 * Deletes the hypervisor's VP. If the hypervisor refuses, the VP keeps its
 * index until the partition ends.
 */
static bool mshv_vp_delete(struct mshv_vp *vp)
{
	struct mshv_partition *pt = vp->partition;
	int ret;

	ret = mshv_hvcall_delete_vp(pt, vp->index);
	trace_mshv_vp_delete(pt->id, vp->index, ret);
	if (ret)
		return false;
	xa_erase_irq(&pt->vps, vp->index);
	mshv_vp_put(vp);
	return true;
}

void mshv_vps_destroy(struct mshv_partition *pt)
{
	struct mshv_vp *vp;
	unsigned long index;

	xa_for_each(&pt->vps, index, vp) {
		if (mshv_vp_delete(vp))
			continue;
		/* It goes with the partition. */
		xa_erase_irq(&pt->vps, index);
		mshv_vp_put(vp);
	}
	xa_destroy(&pt->vps);
}

static int mshv_vp_release(struct inode *inode, struct file *file)
{
	struct mshv_vp *vp = file->private_data;
	struct mshv_partition *pt = vp->partition;

	mutex_lock(&vp->mutex);
	mshv_vp_quiesce(vp);
	vp->gone = true;
	mutex_unlock(&vp->mutex);

	mshv_debugfs_remove_vp(vp);
	mshv_stats_end(vp->stats);
	vp->stats = NULL;
	atomic64_dec(&pt->counts[MSHV_PT_VPS]);
	mshv_vp_unmap_pages(vp);
	mshv_vp_delete(vp);
	mshv_vp_put(vp);
	mshv_partition_put(pt);
	return 0;
}

static const struct file_operations mshv_vp_fops = {
	.owner = THIS_MODULE,
	.release = mshv_vp_release,
	.unlocked_ioctl = mshv_vp_ioctl,
	.compat_ioctl = PTR_IF(IS_ENABLED(CONFIG_MSHV_COMPAT), compat_ptr_ioctl),
	.mmap = mshv_vp_mmap,
	.llseek = noop_llseek,
};

/*
 * Creation
 */

static struct mshv_vp *mshv_vp_alloc(struct mshv_partition *pt, u32 index)
{
	struct mshv_vp *vp;

	vp = kzalloc(sizeof(*vp), MSHV_GFP);
	if (!vp)
		return NULL;
	vp->partition = pt;
	vp->index = index;
	vp->dispatch = kzalloc(sizeof(*vp->dispatch), MSHV_GFP);
	if (!vp->dispatch)
		goto free_vp;
	if (mshv_stats_create_vp(vp))
		goto free_dispatch;
	refcount_set(&vp->refs, 1);
	mutex_init(&vp->mutex);
	mshv_run_init(&vp->run);
	return vp;

free_dispatch:
	kfree(vp->dispatch);
free_vp:
	kfree(vp);
	return NULL;
}

/* Makes the VP a file. Takes a reference of the VP and of its partition. */
static long mshv_vp_file(struct mshv_vp *vp)
{
	struct file *file;
	int fd;

	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	file = anon_inode_getfile("mshv_vp", &mshv_vp_fops, vp, O_RDWR);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	refcount_inc(&vp->refs);
	refcount_inc(&vp->partition->refs);
	atomic64_inc(&vp->partition->counts[MSHV_PT_VPS]);
	trace_mshv_vp_create(vp->partition->id, vp->index);
	mshv_debugfs_add_vp(vp);
	fd_install(fd, file);
	return fd;
}

/**
 * mshv_create_vp - MSHV_CREATE_VP
 * @pt: partition
 * @arg: struct mshv_create_vp
 * @uarg: where it was
 */
long mshv_create_vp(struct mshv_partition *pt, void *arg, void __user *uarg)
{
	struct mshv_create_vp *args = arg;
	struct mshv_vp *vp;
	long ret;

	if (args->vp_index >= MSHV_MAX_VPS)
		return -EINVAL;
	vp = mshv_vp_alloc(pt, args->vp_index);
	if (!vp)
		return -ENOMEM;
	ret = xa_insert_irq(&pt->vps, vp->index, vp, MSHV_GFP);
	if (ret) {
		ret = ret == -EBUSY ? -EEXIST : ret;
		goto put_vp;
	}
	ret = mshv_hvcall_create_vp(pt, vp->index);
	if (ret)
		goto erase_vp;
	ret = mshv_vp_map_pages(vp);
	if (ret)
		goto delete_vp;
	ret = mshv_vp_file(vp);
	if (ret < 0)
		goto unmap_pages;
	return ret;

unmap_pages:
	mshv_vp_unmap_pages(vp);
delete_vp:
	vp->gone = true;
	mshv_vp_delete(vp);
	return ret;
erase_vp:
	xa_erase_irq(&pt->vps, vp->index);
put_vp:
	mshv_vp_put(vp);
	return ret;
}
