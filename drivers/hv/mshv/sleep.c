// SPDX-License-Identifier: GPL-2.0
/*
 * Hibernation is refused, in either direction.
 *
 * Afterwards nothing would be left of what the hypervisor has of this partition (its
 * SynIC, the pages that they share) and of its children, and none of that can be put
 * back. The kernel makes no image where it is the root, without saying so, but would
 * make one in an L1VH partition. Suspend to RAM is refused by the kernel in the root;
 * other parents are virtual machines, which do not have it. In suspend to idle the
 * hypervisor runs on, and VPs stop because the processes that run them are frozen.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/notifier.h>
#include <linux/printk.h>
#include <linux/suspend.h>

#include "mshv.h"

static int mshv_sleep(struct notifier_block *nb, unsigned long action, void *unused)
{
	if (action != PM_HIBERNATION_PREPARE && action != PM_RESTORE_PREPARE)
		return NOTIFY_DONE;
	pr_err("no hibernation, as the hypervisor would know nothing of it\n");
	return notifier_from_errno(-EBUSY);
}

static struct notifier_block mshv_sleep_nb = {
	.notifier_call = mshv_sleep,
};

int __init mshv_sleep_init(void)
{
	return register_pm_notifier(&mshv_sleep_nb);
}

void mshv_sleep_exit(void)
{
	unregister_pm_notifier(&mshv_sleep_nb);
}
