// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/fail_nth: what /proc/self/task/TID/fail-nth is in a kernel with
 * CONFIG_FAULT_INJECTION, for kernels without, as distributions have them.
 *
 * A number written makes the n-th of these fail in the calling task: allocations of
 * objects and of pages, copies from and to user space. What is left of the number
 * can be read; 0: it has failed. There is one such number at a time. What is done for
 * the function that the parameter "spared" names, by what it calls, does not count.
 * It belongs on no machine that does anything else.
 *
 * Probes at the functions' starts return in their place, while the device is open.
 * Copies fail where the kernel has them as functions of C: 6.1 does not, and
 * get_user() and put_user() nowhere are.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
#include <linux/uaccess.h>

/**
 * struct fail_point - a function that may fail
 * @name: its name; not every kernel has every one
 * @gfp: which of its arguments has the GFP flags, from 0; negative: it allocates nothing
 * @copy: it returns how much was not copied, its third argument
 * @value: what it returns otherwise
 * @probe: the probe
 */
struct fail_point {
	const char *name;
	int gfp;
	bool copy;
	unsigned long value;
	struct kprobe probe;
};

static struct fail_point fail_points[] = {
	/* up to 6.10 these two are in all kernels, as hooks that never fail */
	{ .name = "should_failslab", .gfp = 1, .value = -ENOMEM },
	{ .name = "should_fail_alloc_page", .gfp = 0, .value = true },
	/* later ones */
	{ .name = "kmem_cache_alloc_noprof", .gfp = 1 },
	{ .name = "kmem_cache_alloc_lru_noprof", .gfp = 2 },
	{ .name = "__kmalloc_noprof", .gfp = 1 },
	{ .name = "__kmalloc_cache_noprof", .gfp = 1 },
	{ .name = "__alloc_pages_noprof", .gfp = 0 },
	{ .name = "_copy_from_user", .gfp = -1, .copy = true },
	{ .name = "_copy_to_user", .gfp = -1, .copy = true },
};

static struct task_struct *fail_task;	/* only compared */
static int fail_left;

static char fail_spared[KSYM_NAME_LEN];
module_param_string(spared, fail_spared, sizeof(fail_spared), 0600);
MODULE_PARM_DESC(spared, "name of a function in which nothing fails");

static DEFINE_MUTEX(fail_mutex);
static unsigned int fail_users;

/* What a function that fails is left by. */
static noinline void fail_return(void)
{
}
NOKPROBE_SYMBOL(fail_return);

/* Only the task that failures are for gets here, so one buffer does. */
static bool fail_is_spared(void)
{
	static unsigned long callers[64];
	static char name[KSYM_SYMBOL_LEN];
	unsigned int i, n;

	if (!fail_spared[0])
		return false;
	n = stack_trace_save(callers, ARRAY_SIZE(callers), 0);
	for (i = 0; i < n; i++) {
		sprint_symbol_no_offset(name, callers[i]);
		if (!strcmp(name, fail_spared))
			return true;
	}
	return false;
}
NOKPROBE_SYMBOL(fail_is_spared);

static bool fail_now(const struct fail_point *point, struct pt_regs *regs)
{
	unsigned long gfp = 0;

	if (!in_task() || READ_ONCE(fail_task) != current)
		return false;
	if (point->gfp >= 0)
		gfp = regs_get_kernel_argument(regs, point->gfp);
	if (gfp & (__force unsigned long)__GFP_NOFAIL)
		return false;
	if (fail_is_spared())
		return false;
	if (!fail_left || --fail_left)
		return false;
	WRITE_ONCE(fail_task, NULL);
	return true;
}
NOKPROBE_SYMBOL(fail_now);

static int fail_handler(struct kprobe *probe, struct pt_regs *regs)
{
	struct fail_point *point = container_of(probe, struct fail_point, probe);

	if (!fail_now(point, regs))
		return 0;
	regs_set_return_value(regs, point->copy ? regs_get_kernel_argument(regs, 2) :
			      point->value);
	instruction_pointer_set(regs, (unsigned long)fail_return);
	return 1;
}
NOKPROBE_SYMBOL(fail_handler);

/* With it the probe stays one that may change where the execution goes on. */
static void fail_post_handler(struct kprobe *probe, struct pt_regs *regs, unsigned long flags)
{
}

static void fail_unhook(int count)
{
	while (count--)
		if (fail_points[count].probe.addr)
			unregister_kprobe(&fail_points[count].probe);
}

static int fail_hook(void)
{
	unsigned int i, hooked = 0;
	int ret;

	for (i = 0; i < ARRAY_SIZE(fail_points); i++) {
		struct kprobe *probe = &fail_points[i].probe;

		memset(probe, 0, sizeof(*probe));
		probe->symbol_name = fail_points[i].name;
		probe->pre_handler = fail_handler;
		probe->post_handler = fail_post_handler;
		ret = register_kprobe(probe);
		if (!ret) {
			hooked++;
			continue;
		}
		probe->addr = NULL;
		if (ret == -ENOENT)
			continue;
		fail_unhook(i);
		return ret;
	}
	return hooked ? 0 : -EOPNOTSUPP;
}

static int fail_open(struct inode *inode, struct file *file)
{
	int ret = 0;

	mutex_lock(&fail_mutex);
	if (!fail_users)
		ret = fail_hook();
	if (!ret)
		fail_users++;
	mutex_unlock(&fail_mutex);
	return ret;
}

static int fail_release(struct inode *inode, struct file *file)
{
	mutex_lock(&fail_mutex);
	if (!--fail_users) {
		WRITE_ONCE(fail_task, NULL);
		fail_unhook(ARRAY_SIZE(fail_points));
	}
	mutex_unlock(&fail_mutex);
	return 0;
}

static ssize_t fail_read(struct file *file, char __user *buf, size_t size, loff_t *pos)
{
	char text[16];
	int len = scnprintf(text, sizeof(text), "%d\n", READ_ONCE(fail_left));

	return simple_read_from_buffer(buf, size, pos, text, len);
}

static ssize_t fail_write(struct file *file, const char __user *buf, size_t size, loff_t *pos)
{
	int n, ret;

	ret = kstrtoint_from_user(buf, size, 0, &n);
	if (ret)
		return ret;
	if (n < 0)
		return -EINVAL;
	WRITE_ONCE(fail_left, n);
	WRITE_ONCE(fail_task, n ? current : NULL);
	return size;
}

static const struct file_operations fail_fops = {
	.owner = THIS_MODULE,
	.open = fail_open,
	.release = fail_release,
	.read = fail_read,
	.write = fail_write,
	.llseek = default_llseek,
};

static struct miscdevice fail_dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "fail_nth",
	.fops = &fail_fops,
	.mode = 0600,
};
module_misc_device(fail_dev);

MODULE_DESCRIPTION("The n-th failure of a task, for tests");
MODULE_LICENSE("GPL");
