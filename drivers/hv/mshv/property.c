// SPDX-License-Identifier: GPL-2.0
/* MSHV_GET_PARTITION_PROPERTY and MSHV_SET_PARTITION_PROPERTY (TLFS 4.2). */
#include <linux/uaccess.h>

#include <uapi/linux/mshv.h>

#include "async.h"
#include "deposit.h"
#include "hvcall.h"
#include "mshv.h"
#include "property.h"
#include "trace.h"
#include "typed.h"

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
	if (mshv_property_is_early(args->code) && pt->state != MSHV_PT_CREATED)
		return -EBADFD;
	ret = mshv_hvcall_async(&call, pt);
	trace_mshv_set_property(pt->id, args->code, args->value, call.status);
	return mshv_put_status(ret, &call, &user->status);
}
