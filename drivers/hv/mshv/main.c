// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mshv: partitions of the Microsoft hypervisor for virtual machine
 * monitors in its root partition, or in another that may have children ("L1VH").
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/crash_dump.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/util_macros.h>

#include "compat.h"
#include "debugfs.h"
#include "hvcall.h"
#include "ioctl.h"
#include "mshv.h"
#include "run.h"
#include "synic.h"

struct device *mshv_dev;

static const struct file_operations mshv_device_fops = {
	.owner = THIS_MODULE,
	.open = nonseekable_open,
	.unlocked_ioctl = mshv_device_ioctl,
	.compat_ioctl = PTR_IF(IS_ENABLED(CONFIG_MSHV_COMPAT), compat_ptr_ioctl),
	.llseek = noop_llseek,
};

static struct miscdevice mshv_miscdev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "mshv",
	.fops = &mshv_device_fops,
	.mode = 0600,
};

static int __init mshv_init(void)
{
	int ret;

	if (!hv_is_hyperv_initialized() || !(mshv_is_root() || mshv_is_l1vh())) {
		pr_err("this kernel is not a Hyper-V root or L1VH partition\n");
		return -ENODEV;
	}
	if (is_kdump_kernel()) {
		pr_err("not available in a crash dump kernel\n");
		return -ENODEV;
	}
	ret = mshv_hvcalls_init();
	if (ret)
		return ret;
	mshv_hvcalls_probe();
	ret = mshv_scheduler_init();
	if (ret) {
		pr_err("the hypervisor's scheduler is unknown: %d\n", ret);
		goto end_hvcalls;
	}
	ret = mshv_synic_init();
	if (ret) {
		pr_err("no interrupts from the hypervisor: %d\n", ret);
		goto end_hvcalls;
	}
	ret = mshv_partitions_init();
	if (ret)
		goto end_synic;
	ret = mshv_reboot_init();
	if (ret)
		goto end_partitions;
	ret = mshv_sleep_init();
	if (ret)
		goto end_reboot;
	mshv_debugfs_init();
	/* Last: from here on there are users. */
	ret = misc_register(&mshv_miscdev);
	if (ret) {
		pr_err("no device: %d\n", ret);
		goto end_debugfs;
	}
	mshv_dev = mshv_miscdev.this_device;
	return 0;

end_debugfs:
	mshv_debugfs_exit();
	mshv_sleep_exit();
end_reboot:
	mshv_reboot_exit();
end_partitions:
	mshv_partitions_exit();
end_synic:
	mshv_synic_exit();
end_hvcalls:
	mshv_hvcalls_exit();
	return ret;
}

static void __exit mshv_exit(void)
{
	mshv_reboot_exit();
	mshv_sleep_exit();
	mshv_debugfs_exit();
	mshv_partitions_exit();
	mshv_ioeventfds_exit();
	mshv_dev = NULL;
	misc_deregister(&mshv_miscdev);
	mshv_synic_exit();
	mshv_hvcalls_exit();
}

module_init(mshv_init);
module_exit(mshv_exit);

MODULE_DESCRIPTION("Microsoft hypervisor: partitions for virtual machine monitors");
MODULE_LICENSE("GPL");
