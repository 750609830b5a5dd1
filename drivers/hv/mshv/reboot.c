// SPDX-License-Identifier: GPL-2.0
/*
 * The end of this kernel, and what comes after it.
 *
 * A restart resets the hypervisor, too. A kernel that kexec puts in the place of
 * this one does not: pages that the hypervisor has remain out of reach, and nobody
 * tells that kernel which they are. It would use one of them and crash, sooner or
 * later. With partitions alive, or pages that the hypervisor did not give back, the
 * machine is restarted instead; nothing in the kernel lets a driver say no.
 */
#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/reboot.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "mshv.h"
#include "synic.h"

/* What kexec has for the notifiers as the command */
#define MSHV_KEXEC	"kexec reboot"

static void mshv_restart(struct work_struct *work)
{
	kernel_restart(NULL);
}

static DECLARE_WORK(mshv_restart_work, mshv_restart);

static int mshv_reboot(struct notifier_block *nb, unsigned long code, void *command)
{
	bool clean = mshv_partitions_stop();

	if (!clean && command && !strcmp(command, MSHV_KEXEC)) {
		dev_emerg(mshv_dev, "no kexec, as the hypervisor has memory of this kernel: restarted instead\n");
		/* Notifiers hear of that once more, so not from here. */
		schedule_work(&mshv_restart_work);
		for (;;)
			schedule_timeout_uninterruptible(MAX_SCHEDULE_TIMEOUT);
	}
	/* The next kernel must not find pages shared with nobody. */
	mshv_synic_stop();
	return NOTIFY_DONE;
}

static struct notifier_block mshv_reboot_nb = {
	.notifier_call = mshv_reboot,
};

int __init mshv_reboot_init(void)
{
	return register_reboot_notifier(&mshv_reboot_nb);
}

void mshv_reboot_exit(void)
{
	unregister_reboot_notifier(&mshv_reboot_nb);
}
