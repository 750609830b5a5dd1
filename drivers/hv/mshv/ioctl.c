// SPDX-License-Identifier: GPL-2.0
/*
 * Dispatch of ioctls.
 *
 * Each ioctl is a row of a table, which also says by which capability user
 * space finds out about it. What an ioctl accepts beyond its mere existence,
 * flags, enumerators, limits, has rows of its own. An ioctl whose capability
 * reads 0 does not exist: it gives ENOTTY.
 *
 * What Kconfig leaves out has rows without a handler, so that the capabilities
 * of the ioctl and of all that it accepts are 0.
 */
#include <linux/bits.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <linux/util_macros.h>

#include <uapi/linux/mshv.h>

#include "arch.h"
#include "compat.h"
#include "gpap.h"
#include "hvcall.h"
#include "ioctl.h"
#include "irq.h"
#include "mshv.h"
#include "registers.h"
#include "root_hvcall.h"
#include "run.h"
#include "stats.h"
#include "typed.h"
#include "vp_state.h"

/* The longest argument that is copied in before a handler is called */
#define MSHV_MAX_ARG	64

/**
 * enum mshv_fd - kinds of file
 * @MSHV_FD_DEVICE: /dev/mshv
 * @MSHV_FD_PARTITION: from MSHV_CREATE_PARTITION
 * @MSHV_FD_VP: from MSHV_CREATE_VP
 */
enum mshv_fd {
	MSHV_FD_DEVICE,
	MSHV_FD_PARTITION,
	MSHV_FD_VP,
};

/* Partition states in which an ioctl may be called */
#define MSHV_WHEN_CREATED	BIT(MSHV_PT_CREATED)
#define MSHV_WHEN_ACTIVE	BIT(MSHV_PT_ACTIVE)

/* mshv_ioctl.flags */
#define MSHV_INTERRUPTIBLE	BIT(0)	/* any signal ends the wait for the lock */
#define MSHV_RUNS		BIT(1)	/* the VP needs not be stopped */
#define MSHV_UNLOCKED		BIT(2)	/* no lock is taken, so it never waits */

/**
 * struct mshv_ioctl - an ioctl of one kind of file
 * @cmd: full command
 * @cap: MSHV_CAP_*
 * @fd: enum mshv_fd
 * @in_size: bytes of the argument that are copied in; at most MSHV_MAX_ARG
 * @when: MSHV_WHEN_*: allowed states of the partition
 * @flags: MSHV_INTERRUPTIBLE, MSHV_RUNS, MSHV_UNLOCKED
 * @device: handler of a device ioctl
 * @partition: handler of a partition ioctl; called with mshv_partition.mutex
 * @vp: handler of a VP ioctl; called with mshv_vp.mutex, unless MSHV_UNLOCKED
 * @handler: any of the three; NULL: the ioctl was left out of this driver
 *
 * Handlers get the part of the argument that was copied in, and the user
 * address of the whole.
 */
struct mshv_ioctl {
	u32 cmd;
	u16 cap;
	u8 fd;
	u8 in_size;
	u8 when;
	u8 flags;
	union {
		long (*device)(void *arg, void __user *uarg);
		long (*partition)(struct mshv_partition *pt, void *arg, void __user *uarg);
		long (*vp)(struct mshv_vp *vp, void *arg, void __user *uarg);
		const void *handler;
	};
};

static long mshv_set_guest_memory(struct mshv_partition *pt, void *arg, void __user *uarg)
{
	return mshv_regions_set(pt, arg);
}

static const struct mshv_ioctl mshv_ioctls[] = {
	{
		.cmd = MSHV_CREATE_PARTITION,
		.cap = MSHV_CAP_CREATE_PARTITION,
		.fd = MSHV_FD_DEVICE,
		.in_size = sizeof(struct mshv_create_partition),
		.device = mshv_create_partition,
	},
	{
		.cmd = MSHV_ROOT_HVCALL,
		.cap = MSHV_CAP_DEVICE_HVCALL,
		.fd = MSHV_FD_DEVICE,
		.in_size = sizeof(struct mshv_root_hvcall),
		.device = PTR_IF(IS_ENABLED(CONFIG_MSHV_ROOT_HVCALL), mshv_device_hvcall),
	},
	{
		.cmd = MSHV_INITIALIZE_PARTITION,
		.cap = MSHV_CAP_INITIALIZE_PARTITION,
		.fd = MSHV_FD_PARTITION,
		.when = MSHV_WHEN_CREATED | MSHV_WHEN_ACTIVE,
		.partition = mshv_initialize_partition,
	},
	{
		.cmd = MSHV_CREATE_VP,
		.cap = MSHV_CAP_CREATE_VP,
		.fd = MSHV_FD_PARTITION,
		.in_size = sizeof(struct mshv_create_vp),
		.when = MSHV_WHEN_ACTIVE,
		.partition = mshv_create_vp,
	},
	{
		.cmd = MSHV_SET_GUEST_MEMORY,
		.cap = MSHV_CAP_GUEST_MEMORY,
		.fd = MSHV_FD_PARTITION,
		.in_size = sizeof(struct mshv_user_mem_region),
		.when = MSHV_WHEN_ACTIVE,
		.partition = mshv_set_guest_memory,
	},
	{
		.cmd = MSHV_GET_GPAP_ACCESS_BITMAP,
		.cap = MSHV_CAP_GPAP_ACCESS_BITMAP,
		.fd = MSHV_FD_PARTITION,
		.in_size = sizeof(struct mshv_gpap_access_bitmap),
		.when = MSHV_WHEN_ACTIVE,
		.partition = PTR_IF(IS_ENABLED(CONFIG_MSHV_GPAP_BITMAP),
				    mshv_get_gpap_access_bitmap),
	},
	{
		.cmd = MSHV_SET_MSI_ROUTING,
		.cap = MSHV_CAP_MSI_ROUTING,
		.fd = MSHV_FD_PARTITION,
		.in_size = sizeof(struct mshv_user_irq_table),
		.when = MSHV_WHEN_ACTIVE,
		.partition = PTR_IF(IS_ENABLED(CONFIG_MSHV_IRQFD), mshv_set_msi_routing),
	},
	{
		.cmd = MSHV_IRQFD,
		.cap = MSHV_CAP_IRQFD,
		.fd = MSHV_FD_PARTITION,
		.in_size = sizeof(struct mshv_user_irqfd),
		.when = MSHV_WHEN_ACTIVE,
		.partition = PTR_IF(IS_ENABLED(CONFIG_MSHV_IRQFD), mshv_irqfd),
	},
	{
		.cmd = MSHV_IOEVENTFD,
		.cap = MSHV_CAP_IOEVENTFD,
		.fd = MSHV_FD_PARTITION,
		.in_size = sizeof(struct mshv_user_ioeventfd),
		.when = MSHV_WHEN_ACTIVE,
		.partition = PTR_IF(IS_ENABLED(CONFIG_MSHV_IOEVENTFD), mshv_ioeventfd),
	},
	{
		.cmd = MSHV_ROOT_HVCALL,
		.cap = MSHV_CAP_PARTITION_HVCALL,
		.fd = MSHV_FD_PARTITION,
		.in_size = sizeof(struct mshv_root_hvcall),
		.when = MSHV_WHEN_CREATED | MSHV_WHEN_ACTIVE,
		.partition = PTR_IF(IS_ENABLED(CONFIG_MSHV_ROOT_HVCALL), mshv_partition_hvcall),
	},
	{
		.cmd = MSHV_GET_STATS_FD,
		.cap = MSHV_CAP_PARTITION_STATS,
		.fd = MSHV_FD_PARTITION,
		.when = MSHV_WHEN_ACTIVE,
		.partition = PTR_IF(IS_ENABLED(CONFIG_MSHV_STATS), mshv_partition_stats_fd),
	},
	{
		.cmd = MSHV_INSTALL_INTERCEPT,
		.cap = MSHV_CAP_INSTALL_INTERCEPT,
		.fd = MSHV_FD_PARTITION,
		.in_size = sizeof(struct mshv_install_intercept),
		.when = MSHV_WHEN_ACTIVE,
		.partition = PTR_IF(IS_ENABLED(CONFIG_MSHV_TYPED_CALLS), mshv_install_intercept),
	},
	{
		.cmd = MSHV_ASSERT_INTERRUPT,
		.cap = MSHV_CAP_ASSERT_INTERRUPT,
		.fd = MSHV_FD_PARTITION,
		.in_size = sizeof(struct mshv_assert_interrupt),
		.when = MSHV_WHEN_ACTIVE,
		.partition = PTR_IF(IS_ENABLED(CONFIG_MSHV_TYPED_CALLS), mshv_assert_interrupt),
	},
	{
		.cmd = MSHV_GET_PARTITION_PROPERTY,
		.cap = MSHV_CAP_GET_PROPERTY,
		.fd = MSHV_FD_PARTITION,
		.in_size = sizeof(struct mshv_partition_property),
		.when = MSHV_WHEN_CREATED | MSHV_WHEN_ACTIVE,
		.partition = PTR_IF(IS_ENABLED(CONFIG_MSHV_TYPED_CALLS),
				    mshv_get_partition_property),
	},
	{
		.cmd = MSHV_SET_PARTITION_PROPERTY,
		.cap = MSHV_CAP_SET_PROPERTY,
		.fd = MSHV_FD_PARTITION,
		.in_size = sizeof(struct mshv_partition_property),
		.when = MSHV_WHEN_CREATED | MSHV_WHEN_ACTIVE,
		.partition = PTR_IF(IS_ENABLED(CONFIG_MSHV_TYPED_CALLS),
				    mshv_set_partition_property),
	},
	{
		.cmd = MSHV_RUN_VP,
		.cap = MSHV_CAP_RUN_VP,
		.fd = MSHV_FD_VP,
		.when = MSHV_WHEN_ACTIVE,
		.flags = MSHV_INTERRUPTIBLE | MSHV_RUNS,
		.vp = mshv_run_vp,
	},
	{
		.cmd = MSHV_CANCEL_RUN_VP,
		.cap = MSHV_CAP_CANCEL_RUN_VP,
		.fd = MSHV_FD_VP,
		.when = MSHV_WHEN_ACTIVE,
		.flags = MSHV_UNLOCKED,
		.vp = mshv_cancel_run_vp,
	},
	{
		.cmd = MSHV_GET_VP_REGISTERS,
		.cap = MSHV_CAP_VP_REGISTERS,
		.fd = MSHV_FD_VP,
		.in_size = sizeof(struct mshv_vp_registers),
		.when = MSHV_WHEN_ACTIVE,
		.vp = mshv_get_vp_registers,
	},
	{
		.cmd = MSHV_SET_VP_REGISTERS,
		.cap = MSHV_CAP_VP_REGISTERS,
		.fd = MSHV_FD_VP,
		.in_size = sizeof(struct mshv_vp_registers),
		.when = MSHV_WHEN_ACTIVE,
		.vp = mshv_set_vp_registers,
	},
	{
		.cmd = MSHV_GET_VP_STATE,
		.cap = MSHV_CAP_VP_STATE_LAPIC,
		.fd = MSHV_FD_VP,
		.in_size = sizeof(struct mshv_get_set_vp_state),
		.when = MSHV_WHEN_ACTIVE,
		.vp = PTR_IF(IS_ENABLED(CONFIG_MSHV_VP_STATE), mshv_get_vp_state),
	},
	{
		.cmd = MSHV_SET_VP_STATE,
		.cap = MSHV_CAP_VP_STATE_LAPIC,
		.fd = MSHV_FD_VP,
		.in_size = sizeof(struct mshv_get_set_vp_state),
		.when = MSHV_WHEN_ACTIVE,
		.vp = PTR_IF(IS_ENABLED(CONFIG_MSHV_VP_STATE), mshv_set_vp_state),
	},
	{
		.cmd = MSHV_GET_STATS_FD,
		.cap = MSHV_CAP_VP_STATS,
		.fd = MSHV_FD_VP,
		.when = MSHV_WHEN_ACTIVE,
		.flags = MSHV_RUNS,
		.vp = PTR_IF(IS_ENABLED(CONFIG_MSHV_STATS), mshv_vp_stats_fd),
	},
	{
		.cmd = MSHV_ROOT_HVCALL,
		.cap = MSHV_CAP_VP_HVCALL,
		.fd = MSHV_FD_VP,
		.in_size = sizeof(struct mshv_root_hvcall),
		.when = MSHV_WHEN_ACTIVE,
		.vp = PTR_IF(IS_ENABLED(CONFIG_MSHV_ROOT_HVCALL), mshv_vp_hvcall),
	},
	{
		.cmd = MSHV_REGISTER_INTERCEPT_RESULT,
		.cap = MSHV_CAP_INTERCEPT_RESULT,
		.fd = MSHV_FD_VP,
		.in_size = sizeof(struct mshv_intercept_result),
		.when = MSHV_WHEN_ACTIVE,
		.vp = PTR_IF(IS_ENABLED(CONFIG_MSHV_TYPED_CALLS), mshv_register_intercept_result),
	},
	{
		.cmd = MSHV_GET_VP_CPUID_VALUES,
		.cap = MSHV_CAP_VP_CPUID_VALUES,
		.fd = MSHV_FD_VP,
		.in_size = sizeof(struct mshv_vp_cpuid_values),
		.when = MSHV_WHEN_ACTIVE,
		.vp = PTR_IF(IS_ENABLED(CONFIG_MSHV_TYPED_CALLS), mshv_get_vp_cpuid_values),
	},
	{
		.cmd = MSHV_VP_TRANSLATE_GVA,
		.cap = MSHV_CAP_TRANSLATE_GVA,
		.fd = MSHV_FD_VP,
		.in_size = sizeof(struct mshv_translate_gva),
		.when = MSHV_WHEN_ACTIVE,
		.vp = PTR_IF(IS_ENABLED(CONFIG_MSHV_TYPED_CALLS), mshv_translate_gva),
	},
};

static u32 mshv_cap_lapic(void)
{
	return mshv_arch_has_lapic();
}

static u32 mshv_cap_nested(void)
{
	return mshv_arch_has_nested();
}

/**
 * struct mshv_cap - capability with a value other than "the driver has it"
 * @cap: MSHV_CAP_*; those of ioctls too
 * @of: capability of the ioctl that it says more about: where that was left out,
 *	it is 0; or 0
 * @value: its value, when @probe is NULL
 * @call: HVX_CALL_* that the hypervisor must have, otherwise it is 0; or 0
 * @probe: asks the hypervisor or the kernel
 */
struct mshv_cap {
	u32 cap;
	u32 of;
	u32 value;
	u16 call;
	u32 (*probe)(void);
};

static const struct mshv_cap mshv_caps[] = {
	{ .cap = MSHV_CAP_REGISTER_PAGE, .value = 1 },
	{ .cap = MSHV_CAP_COMPAT_IOCTL, .value = IS_ENABLED(CONFIG_MSHV_COMPAT) },
	{ .cap = MSHV_CAP_CREATE_PARTITION_V2, .value = 1 },
	{ .cap = MSHV_CAP_PT_LAPIC, .probe = mshv_cap_lapic },
	{ .cap = MSHV_CAP_PT_X2APIC, .probe = mshv_cap_lapic },
	{ .cap = MSHV_CAP_PT_GPA_SUPER_PAGES, .value = 1 },
	{ .cap = MSHV_CAP_PT_NESTED, .probe = mshv_cap_nested },
	{ .cap = MSHV_CAP_PT_SMT, .value = 1 },
	{ .cap = MSHV_CAP_MOVABLE_MEMORY, .value = 1 },
	{ .cap = MSHV_CAP_MMIO_MEMORY, .value = IS_ENABLED(CONFIG_MSHV_MMIO) },
	{ .cap = MSHV_CAP_IRQFD, .value = 1, .call = HVX_CALL_ASSERT_VIRTUAL_INTERRUPT },
	{ .cap = MSHV_CAP_IRQFD_RESAMPLE, .of = MSHV_CAP_IRQFD, .value = 1,
	  .call = HVX_CALL_ASSERT_VIRTUAL_INTERRUPT },
	{ .cap = MSHV_CAP_IOEVENTFD, .value = 1, .call = HVX_CALL_CREATE_PORT },
	{ .cap = MSHV_CAP_GPAP_ACCESS_BITMAP, .value = 1,
	  .call = HVX_CALL_GET_GPA_PAGES_ACCESS_STATES },
	{ .cap = MSHV_CAP_MSI_ROUTING_DEST32, .of = MSHV_CAP_MSI_ROUTING, .value = 1 },
	{ .cap = MSHV_CAP_VP_REGISTERS, .value = MSHV_MAX_VP_REGISTERS },
	{ .cap = MSHV_CAP_INTERCEPT_PAGE, .value = 1 },
	{ .cap = MSHV_CAP_VP_STATE_LAPIC, .value = 1, .call = HVX_CALL_GET_VP_STATE },
	{ .cap = MSHV_CAP_VP_STATE_XSAVE, .of = MSHV_CAP_VP_STATE_LAPIC, .value = 1,
	  .call = HVX_CALL_GET_VP_STATE },
	{ .cap = MSHV_CAP_VP_STATE_SIMP, .of = MSHV_CAP_VP_STATE_LAPIC, .value = 1,
	  .call = HVX_CALL_GET_VP_STATE },
	{ .cap = MSHV_CAP_VP_STATE_SIEFP, .of = MSHV_CAP_VP_STATE_LAPIC, .value = 1,
	  .call = HVX_CALL_GET_VP_STATE },
	{ .cap = MSHV_CAP_VP_STATE_STIMERS, .of = MSHV_CAP_VP_STATE_LAPIC, .value = 1,
	  .call = HVX_CALL_GET_VP_STATE },
	{ .cap = MSHV_CAP_MAX_VPS, .value = MSHV_MAX_VPS },
	{ .cap = MSHV_CAP_MAX_REGIONS, .value = MSHV_MAX_REGIONS },
	{ .cap = MSHV_CAP_MAX_GSIS, .of = MSHV_CAP_MSI_ROUTING, .value = MSHV_MAX_GSIS },
	{ .cap = MSHV_CAP_HV_BUILD, .probe = mshv_arch_hv_build },
	{ .cap = MSHV_CAP_INSTALL_INTERCEPT, .value = 1, .call = HVX_CALL_INSTALL_INTERCEPT },
	{ .cap = MSHV_CAP_ASSERT_INTERRUPT, .value = 1,
	  .call = HVX_CALL_ASSERT_VIRTUAL_INTERRUPT },
	{ .cap = MSHV_CAP_GET_PROPERTY, .value = 1, .call = HVX_CALL_GET_PARTITION_PROPERTY },
	{ .cap = MSHV_CAP_SET_PROPERTY, .value = 1, .call = HVX_CALL_SET_PARTITION_PROPERTY },
	{ .cap = MSHV_CAP_TRANSLATE_GVA, .value = 1, .call = HVX_CALL_TRANSLATE_VIRTUAL_ADDRESS },
	{ .cap = MSHV_CAP_INTERCEPT_RESULT, .value = 1,
	  .call = HVX_CALL_REGISTER_INTERCEPT_RESULT },
	{ .cap = MSHV_CAP_MSR_RESULT, .of = MSHV_CAP_INTERCEPT_RESULT, .value = 1,
	  .call = HVX_CALL_REGISTER_INTERCEPT_RESULT },
	{ .cap = MSHV_CAP_VP_CPUID_VALUES, .value = MSHV_MAX_CPUID_ENTRIES,
	  .call = HVX_CALL_GET_VP_CPUID_VALUES },
};

/* Whether this is the capability of an ioctl that is not in this driver. */
static bool mshv_cap_left_out(u32 cap)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(mshv_ioctls); i++)
		if (mshv_ioctls[i].cap == cap && !mshv_ioctls[i].handler)
			return true;
	return false;
}

static u32 mshv_cap_value(const struct mshv_cap *cap)
{
	if (mshv_cap_left_out(cap->of))
		return 0;
	if (cap->call && !mshv_hvcall_present(cap->call))
		return 0;
	return cap->probe ? cap->probe() : cap->value;
}

u32 mshv_capability(u32 cap)
{
	int i;

	if (mshv_cap_left_out(cap))
		return 0;
	for (i = 0; i < ARRAY_SIZE(mshv_caps); i++)
		if (mshv_caps[i].cap == cap)
			return mshv_cap_value(&mshv_caps[i]);
	for (i = 0; i < ARRAY_SIZE(mshv_ioctls); i++)
		if (mshv_ioctls[i].cap == cap)
			return 1;
	return 0;
}

static long mshv_check_extension(void __user *uarg)
{
	u32 cap;

	if (get_user(cap, (u32 __user *)uarg))
		return -EFAULT;
	return min_t(u32, mshv_capability(cap), INT_MAX);
}

static const struct mshv_ioctl *mshv_ioctl_find(enum mshv_fd fd, u32 cmd)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(mshv_ioctls); i++)
		if (mshv_ioctls[i].cmd == cmd && mshv_ioctls[i].fd == fd)
			return mshv_capability(mshv_ioctls[i].cap) ? &mshv_ioctls[i] : NULL;
	return NULL;
}

/* Whether an ioctl may be called now. With the lock of its object, if it takes one. */
static int mshv_check_state(const struct mshv_ioctl *row, struct mshv_partition *pt)
{
	int state = READ_ONCE(pt->state);

	return row->when & BIT(state) ? 0 : mshv_state_error(state);
}

/*
 * A partition works on the memory of the process that created it. Another
 * process that got hold of a file must not have its own memory mapped, or its
 * time spent, and cannot be told apart by any later check.
 */
static int mshv_check_owner(struct mshv_partition *pt)
{
	return current->mm == pt->mm ? 0 : -EIO;
}

static int mshv_copy_arg(const struct mshv_ioctl *row, void *arg, void __user *uarg)
{
	if (copy_from_user(arg, uarg, row->in_size))
		return -EFAULT;
	return 0;
}

/* unlocked_ioctl of /dev/mshv */
long mshv_device_ioctl(struct file *file, unsigned int cmd, unsigned long uarg)
{
	u64 arg[MSHV_MAX_ARG / sizeof(u64)];
	const struct mshv_ioctl *row;
	int ret;

	if (cmd == MSHV_CHECK_EXTENSION)
		return mshv_check_extension((void __user *)uarg);
	row = mshv_ioctl_find(MSHV_FD_DEVICE, cmd);
	if (!row)
		return -ENOTTY;
	ret = mshv_copy_arg(row, arg, (void __user *)uarg);
	if (ret)
		return ret;
	return row->device(arg, (void __user *)uarg);
}

/* unlocked_ioctl of a partition */
long mshv_partition_ioctl(struct file *file, unsigned int cmd, unsigned long uarg)
{
	struct mshv_partition *pt = file->private_data;
	u64 arg[MSHV_MAX_ARG / sizeof(u64)];
	const struct mshv_ioctl *row;
	long ret;

	if (cmd == MSHV_CHECK_EXTENSION)
		return mshv_check_extension((void __user *)uarg);
	row = mshv_ioctl_find(MSHV_FD_PARTITION, cmd);
	if (!row)
		return -ENOTTY;
	ret = mshv_check_owner(pt);
	if (ret)
		return ret;
	ret = mshv_copy_arg(row, arg, (void __user *)uarg);
	if (ret)
		return ret;
	if (mutex_lock_killable(&pt->mutex))
		return -EINTR;
	ret = mshv_check_state(row, pt);
	if (!ret)
		ret = row->partition(pt, arg, (void __user *)uarg);
	mutex_unlock(&pt->mutex);
	return ret;
}

static int mshv_vp_lock(const struct mshv_ioctl *row, struct mshv_vp *vp)
{
	if (row->flags & MSHV_INTERRUPTIBLE)
		return mutex_lock_interruptible(&vp->mutex);
	return mutex_lock_killable(&vp->mutex);
}

static long mshv_vp_ioctl_locked(const struct mshv_ioctl *row, struct mshv_vp *vp, void *arg,
				 void __user *uarg)
{
	long ret;

	if (mshv_vp_lock(row, vp))
		return -EINTR;
	ret = mshv_check_state(row, vp->partition);
	if (!ret && !(row->flags & MSHV_RUNS))
		ret = mshv_vp_stop(vp);
	if (!ret)
		ret = row->vp(vp, arg, uarg);
	mutex_unlock(&vp->mutex);
	return ret;
}

/* unlocked_ioctl of a VP */
long mshv_vp_ioctl(struct file *file, unsigned int cmd, unsigned long uarg)
{
	struct mshv_vp *vp = file->private_data;
	u64 arg[MSHV_MAX_ARG / sizeof(u64)];
	const struct mshv_ioctl *row;
	long ret;

	if (cmd == MSHV_CHECK_EXTENSION)
		return mshv_check_extension((void __user *)uarg);
	row = mshv_ioctl_find(MSHV_FD_VP, cmd);
	if (!row)
		return -ENOTTY;
	ret = mshv_check_owner(vp->partition);
	if (ret)
		return ret;
	ret = mshv_copy_arg(row, arg, (void __user *)uarg);
	if (ret)
		return ret;
	if (!(row->flags & MSHV_UNLOCKED))
		return mshv_vp_ioctl_locked(row, vp, arg, (void __user *)uarg);
	ret = mshv_check_state(row, vp->partition);
	return ret ?: row->vp(vp, arg, (void __user *)uarg);
}
