// SPDX-License-Identifier: GPL-2.0
/*
 * Raw hypercalls from user space, for tests of the test hypervisor.
 *
 * See include/testhv_hvcall.h. Needs a root partition under testhv: it issues
 * VMMCALL itself, so that every bit of the control word can be tried.
 */
#include <linux/cpufeature.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "testhv_ctl.h"
#include "testhv_hvcall.h"

#define MAX_PAGES_PER_CALL	65536
#define MAX_ORDER_ALLOWED	9

/* One block of pages that a file owns. */
struct block {
	struct list_head link;
	struct page *page;
	unsigned int order;
};

/**
 * struct hvcall_file - an open file
 * @lock: one call at a time uses the pages
 * @in: input page
 * @out: output page
 * @blocks: pages given to user space
 */
struct hvcall_file {
	struct mutex lock;	/* one call at a time */
	void *in;
	void *out;
	struct list_head blocks;
};

static u64 do_hypercall(u64 control, u64 in, u64 out)
{
	register u64 r8 asm("r8") = out;
	u64 result;

	asm volatile("vmmcall"
		     : "=a"(result), "+c"(control), "+d"(in), "+r"(r8)
		     : : "memory", "cc", "r9", "r10", "r11");
	return result;
}

static int check_call(const struct testhv_hvcall *c)
{
	if (c->rsvd || (c->flags & ~(TESTHV_HVCALL_RAW_IN | TESTHV_HVCALL_RAW_OUT)))
		return -EINVAL;
	if (c->in_offset >= PAGE_SIZE || c->in_size > PAGE_SIZE - c->in_offset ||
	    c->out_offset >= PAGE_SIZE || c->out_size > PAGE_SIZE - c->out_offset)
		return -EINVAL;
	return 0;
}

static long hvcall_call(struct hvcall_file *f, struct testhv_hvcall __user *arg)
{
	struct testhv_hvcall c;
	u64 in, out;
	int ret;

	if (copy_from_user(&c, arg, sizeof(c)))
		return -EFAULT;
	ret = check_call(&c);
	if (ret)
		return ret;

	in = c.in;
	out = c.out;
	if (!(c.flags & TESTHV_HVCALL_RAW_IN)) {
		if (copy_from_user(f->in + c.in_offset, u64_to_user_ptr(c.in), c.in_size))
			return -EFAULT;
		in = virt_to_phys(f->in) + c.in_offset;
	}
	if (!(c.flags & TESTHV_HVCALL_RAW_OUT)) {
		memset(f->out, 0, PAGE_SIZE);
		out = virt_to_phys(f->out) + c.out_offset;
	}
	c.result = do_hypercall(c.control, in, out);
	if (!(c.flags & TESTHV_HVCALL_RAW_OUT) &&
	    copy_to_user(u64_to_user_ptr(c.out), f->out + c.out_offset, c.out_size))
		return -EFAULT;
	return copy_to_user(arg, &c, sizeof(c)) ? -EFAULT : 0;
}

static struct block *block_alloc(unsigned int order)
{
	struct block *b = kmalloc(sizeof(*b), GFP_KERNEL);

	if (!b)
		return NULL;
	b->order = order;
	b->page = alloc_pages(GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN, order);
	if (!b->page) {
		kfree(b);
		return NULL;
	}
	return b;
}

/* Pages that could not all be had or told stay the file's until it is closed. */
static long hvcall_pages(struct hvcall_file *f, struct testhv_pages __user *arg)
{
	struct testhv_pages p;
	u64 __user *pfns;
	u32 i;

	if (copy_from_user(&p, arg, sizeof(p)))
		return -EFAULT;
	if (!p.count || p.count > MAX_PAGES_PER_CALL || p.order > MAX_ORDER_ALLOWED)
		return -EINVAL;
	pfns = u64_to_user_ptr(p.pfns);
	for (i = 0; i < p.count; i++) {
		struct block *b = block_alloc(p.order);

		if (!b)
			return -ENOMEM;
		list_add_tail(&b->link, &f->blocks);
		if (put_user((u64)page_to_pfn(b->page), &pfns[i]))
			return -EFAULT;
		cond_resched();
	}
	return 0;
}

static long hvcall_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct hvcall_file *f = file->private_data;
	long ret = -ENOTTY;

	if (mutex_lock_killable(&f->lock))
		return -EINTR;
	if (cmd == TESTHV_HVCALL)
		ret = hvcall_call(f, (void __user *)arg);
	else if (cmd == TESTHV_PAGES)
		ret = hvcall_pages(f, (void __user *)arg);
	mutex_unlock(&f->lock);
	return ret;
}

static int hvcall_mmap(struct file *file, struct vm_area_struct *vma)
{
	return remap_pfn_range(vma, vma->vm_start, vma->vm_pgoff,
			       vma->vm_end - vma->vm_start, vma->vm_page_prot);
}

static int hvcall_open(struct inode *inode, struct file *file)
{
	struct hvcall_file *f = kzalloc(sizeof(*f), GFP_KERNEL);

	if (!f)
		return -ENOMEM;
	mutex_init(&f->lock);
	INIT_LIST_HEAD(&f->blocks);
	f->in = (void *)get_zeroed_page(GFP_KERNEL);
	f->out = (void *)get_zeroed_page(GFP_KERNEL);
	if (!f->in || !f->out) {
		free_page((unsigned long)f->in);
		free_page((unsigned long)f->out);
		kfree(f);
		return -ENOMEM;
	}
	file->private_data = f;
	return 0;
}

/* Whose page is it? A touch of one that is not the root's would be a #GP. */
static bool page_is_ours(u64 pfn)
{
	u64 op = TESTHV_CTL_PAGE, state = pfn, owner = 0, rsi = 0, rdi = 0;

	asm volatile("outl %%eax, %%dx"
		     : "+a"(op), "+b"(state), "+c"(owner), "+S"(rsi), "+D"(rdi)
		     : "d"(TESTHV_CTL_PORT) : "memory");
	return op == TESTHV_CTL_OK && state == TESTHV_PAGE_ROOT;
}

static bool block_is_ours(const struct block *b)
{
	unsigned int i;

	for (i = 0; i < 1U << b->order; i++)
		if (!page_is_ours(page_to_pfn(b->page) + i))
			return false;
	return true;
}

static int hvcall_release(struct inode *inode, struct file *file)
{
	struct hvcall_file *f = file->private_data;
	struct block *b, *tmp;
	unsigned long leaked = 0;

	list_for_each_entry_safe(b, tmp, &f->blocks, link) {
		if (block_is_ours(b))
			__free_pages(b->page, b->order);
		else
			leaked += 1UL << b->order;
		kfree(b);
		cond_resched();
	}
	if (leaked)
		pr_info("%lu pages are still the hypervisor's\n", leaked);
	free_page((unsigned long)f->in);
	free_page((unsigned long)f->out);
	kfree(f);
	return 0;
}

static const struct file_operations hvcall_fops = {
	.owner = THIS_MODULE,
	.open = hvcall_open,
	.release = hvcall_release,
	.unlocked_ioctl = hvcall_ioctl,
	.mmap = hvcall_mmap,
	.llseek = noop_llseek,
};

static struct miscdevice hvcall_dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "testhv_hvcall",
	.fops = &hvcall_fops,
	.mode = 0600,
};

static int __init hvcall_init(void)
{
	if (!boot_cpu_has(X86_FEATURE_HYPERVISOR))
		return -ENODEV;
	return misc_register(&hvcall_dev);
}
module_init(hvcall_init);

static void __exit hvcall_exit(void)
{
	misc_deregister(&hvcall_dev);
}
module_exit(hvcall_exit);

MODULE_DESCRIPTION("Raw hypercalls from user space, for tests of testhv");
MODULE_LICENSE("GPL");
