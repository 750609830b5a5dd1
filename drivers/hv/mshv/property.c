// SPDX-License-Identifier: GPL-2.0
/*
 * MSHV_GET_PARTITION_PROPERTY and MSHV_SET_PARTITION_PROPERTY (TLFS 4.2).
 *
 * Some properties decide about more than the partition: what it may do to
 * others, how much of the machine it gets. Those are not the VMM's to set,
 * neither here nor with MSHV_ROOT_HVCALL.
 */
#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/uaccess.h>

#include <uapi/linux/mshv.h>

#include "async.h"
#include "deposit.h"
#include "hvcall.h"
#include "mshv.h"
#include "trace.h"
#include "typed.h"

/*
 * Privileges for guests: what a guest does to itself, and messages. Not for
 * guests: partitions, memory and ports of its own, statistics, debugging, and
 * the machine.
 */
#define MSHV_GUEST_PRIVILEGES							\
	(HVX_PRIV_VP_RUNTIME | HVX_PRIV_TIME_REF_COUNT | HVX_PRIV_SYNIC |	\
	 HVX_PRIV_STIMER | HVX_PRIV_APIC_MSRS | HVX_PRIV_HYPERCALL_MSRS |	\
	 HVX_PRIV_VP_INDEX | HVX_PRIV_RESET | HVX_PRIV_REFERENCE_TSC |		\
	 HVX_PRIV_GUEST_IDLE | HVX_PRIV_FREQUENCY_MSRS |			\
	 HVX_PRIV_REENLIGHTENMENT | HVX_PRIV_TSC_INVARIANT |			\
	 HVX_PRIV_ACCESS_PARTITION_ID | HVX_PRIV_POST_MESSAGES |		\
	 HVX_PRIV_SIGNAL_EVENTS | HVX_PRIV_CONNECT_PORT |			\
	 HVX_PRIV_ACCESS_VP_REGISTERS | HVX_PRIV_EXTENDED_HYPERCALLS)

/**
 * struct mshv_property - a property that user space may set
 * @code: HVX_PROP_*
 * @early: only before the partition is initialized
 * @bits: what may be set in its value
 */
struct mshv_property {
	u32 code;
	bool early;
	u64 bits;
};

static const struct mshv_property mshv_properties[] = {
	{ HVX_PROP_PRIVILEGE_FLAGS, true, MSHV_GUEST_PRIVILEGES },
	{ HVX_PROP_SYNTHETIC_PROC_FEATURES, true, U64_MAX },
	{ HVX_PROP_TIME_FREEZE, false, U64_MAX },
	{ HVX_PROP_REFERENCE_TIME, false, U64_MAX },
	{ HVX_PROP_PROCESSORS_PER_SOCKET, false, U64_MAX },
	{ HVX_PROP_GPA_PAGE_ACCESS_TRACKING, false, U64_MAX },
	{ HVX_PROP_UNIMPLEMENTED_MSR_ACTION, false, U64_MAX },
};

static const struct mshv_property *mshv_property_find(u32 code)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(mshv_properties); i++)
		if (mshv_properties[i].code == code)
			return &mshv_properties[i];
	return NULL;
}

int mshv_property_check(u32 code, u64 value)
{
	const struct mshv_property *property = mshv_property_find(code);

	return property && !(value & ~property->bits) ? 0 : -EPERM;
}

/**
 * mshv_get_partition_property - MSHV_GET_PARTITION_PROPERTY
 * @pt: partition
 * @arg: struct mshv_partition_property
 * @uarg: where it was
 */
long mshv_get_partition_property(struct mshv_partition *pt, void *arg, void __user *uarg)
{
	struct mshv_partition_property __user *user = uarg;
	struct mshv_partition_property *args = arg;
	struct hvx_in_get_partition_property in = {
		.partition_id = pt->id,
		.code = args->code,
	};
	struct hvx_out_get_partition_property out;
	struct mshv_hvcall call = {
		.code = HVX_CALL_GET_PARTITION_PROPERTY,
		.in = &in,
		.in_size = sizeof(in),
		.out = &out,
		.out_size = sizeof(out),
	};
	int ret;

	if (args->status || args->rsvd || args->value)
		return -EINVAL;
	ret = mshv_hvcall_pool(&call, pt->pool);
	if (!ret && put_user(out.value, &user->value))
		ret = -EFAULT;
	return mshv_put_status(ret, &call, &user->status);
}

/**
 * mshv_set_partition_property - MSHV_SET_PARTITION_PROPERTY
 * @pt: partition
 * @arg: struct mshv_partition_property
 * @uarg: where it was
 *
 * The hypervisor may complete it later, see mshv_hvcall_async().
 */
long mshv_set_partition_property(struct mshv_partition *pt, void *arg, void __user *uarg)
{
	struct mshv_partition_property __user *user = uarg;
	struct mshv_partition_property *args = arg;
	struct hvx_in_set_partition_property in = {
		.partition_id = pt->id,
		.code = args->code,
		.value = args->value,
	};
	struct mshv_hvcall call = {
		.code = HVX_CALL_SET_PARTITION_PROPERTY,
		.in = &in,
		.in_size = sizeof(in),
	};
	int ret;

	if (args->status || args->rsvd)
		return -EINVAL;
	ret = mshv_property_check(args->code, args->value);
	if (ret)
		return ret;
	if (mshv_property_find(args->code)->early && pt->state != MSHV_PT_CREATED)
		return -EBADFD;
	ret = mshv_hvcall_async(&call, pt);
	trace_mshv_set_property(pt->id, args->code, args->value, call.status);
	return mshv_put_status(ret, &call, &user->status);
}
