// SPDX-License-Identifier: GPL-2.0
/*
 * MSHV_ROOT_HVCALL: hypercalls that the VMM makes itself.
 *
 * Only those in the table, and only about the partition whose file it is. What
 * the hypervisor gets is a copy of the input, checked for what the driver cares
 * about: sizes, registers that are its own, properties that are not the VMM's.
 */
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/uaccess.h>

#include <uapi/linux/mshv.h>

#include "async.h"
#include "deposit.h"
#include "hvcall.h"
#include "mshv.h"
#include "property.h"
#include "registers.h"
#include "root_hvcall.h"
#include "run.h"
#include "trace.h"

/* mshv_hvcall_row.flags */
#define HVC_REP		BIT(0)	/* rep hypercall */
#define HVC_DEVICE	BIT(1)	/* on the device too, for the root partition */
#define HVC_CREATED	BIT(2)	/* before the partition is initialized, too */
#define HVC_ASYNC	BIT(3)	/* may complete later; on partitions only */
#define HVC_STOPPED	BIT(4)	/* names a VP, which must not be running */

/**
 * struct mshv_hvcall_row - a hypercall that a VMM may make
 * @code: HVX_CALL_*
 * @flags: HVC_*
 * @in: least bytes of input, without what @in_elem counts
 * @in_elem: bytes of input per repetition
 * @out: most bytes of output; per repetition, for a rep hypercall
 */
struct mshv_hvcall_row {
	u16 code;
	u16 flags;
	u16 in;
	u16 in_elem;
	u16 out;
};

static const struct mshv_hvcall_row mshv_hvcall_rows[] = {
	{
		.code = HVX_CALL_GET_PARTITION_PROPERTY,
		.flags = HVC_DEVICE | HVC_CREATED,
		.in = sizeof(struct hvx_in_get_partition_property),
		.out = sizeof(struct hvx_out_get_partition_property),
	},
	{
		.code = HVX_CALL_SET_PARTITION_PROPERTY,
		.flags = HVC_ASYNC | HVC_CREATED,
		.in = sizeof(struct hvx_in_set_partition_property),
	},
	{
		.code = HVX_CALL_INSTALL_INTERCEPT,
		.in = sizeof(struct hvx_in_install_intercept),
	},
	{
		.code = HVX_CALL_GET_VP_REGISTERS,
		.flags = HVC_REP | HVC_STOPPED,
		.in = sizeof(struct hvx_in_vp_registers),
		.in_elem = sizeof(u32),
		.out = sizeof(union hvx_value),
	},
	{
		.code = HVX_CALL_SET_VP_REGISTERS,
		.flags = HVC_REP | HVC_STOPPED,
		.in = sizeof(struct hvx_in_vp_registers),
		.in_elem = sizeof(struct hvx_register),
	},
	{
		.code = HVX_CALL_TRANSLATE_VIRTUAL_ADDRESS,
		.flags = HVC_STOPPED,
		.in = sizeof(struct hvx_in_translate_va),
		.out = sizeof(struct hvx_out_translate_va),
	},
	{
		.code = HVX_CALL_CLEAR_VIRTUAL_INTERRUPT,
		.in = sizeof(struct hvx_in_partition),
	},
	{
		.code = HVX_CALL_REGISTER_INTERCEPT_RESULT,
		/* the shortest form, that of MSRs */
		.in = offsetofend(struct hvx_in_register_intercept_result, msr),
	},
	{
		.code = HVX_CALL_ASSERT_VIRTUAL_INTERRUPT,
		.in = sizeof(struct hvx_in_assert_interrupt),
	},
	{
		.code = HVX_CALL_SIGNAL_EVENT_DIRECT,
		.in = sizeof(struct hvx_in_signal_event_direct),
		.out = sizeof(struct hvx_out_signal_event_direct),
	},
	{
		.code = HVX_CALL_POST_MESSAGE_DIRECT,
		.in = sizeof(struct hvx_in_post_message_direct),
	},
	{
		.code = HVX_CALL_GET_GPA_PAGES_ACCESS_STATES,
		.flags = HVC_REP,
		.in = sizeof(struct hvx_in_get_gpa_access),
		.out = sizeof(u8),
	},
	{
		.code = HVX_CALL_GET_VP_CPUID_VALUES,
		.flags = HVC_REP | HVC_STOPPED,
		.in = sizeof(struct hvx_in_get_vp_cpuid),
		.in_elem = sizeof(struct hvx_cpuid_query),
		.out = sizeof(struct hvx_cpuid_result),
	},
	{
		.code = HVX_CALL_GET_PARTITION_PROPERTY_EX,
		.flags = HVC_DEVICE | HVC_CREATED,
		.in = sizeof(struct hvx_in_get_partition_property_ex),
		.out = HVX_PAGE_SIZE,
	},
};

/* What all the hypercalls on a VP start with, after the partition */
struct mshv_vp_input {
	u64 partition_id;
	u32 vp_index;
};

/**
 * struct mshv_user_hvcall - one use of MSHV_ROOT_HVCALL
 * @row: the hypercall
 * @args: the user's argument, and what is to be reported
 * @uarg: where the argument was
 * @partition_id: partition that it is about
 * @pool: its pool
 * @in: page with the input
 * @out: page for the output
 */
struct mshv_user_hvcall {
	const struct mshv_hvcall_row *row;
	struct mshv_root_hvcall *args;
	struct mshv_root_hvcall __user *uarg;
	u64 partition_id;
	struct mshv_pool *pool;
	void *in;
	void *out;
};

static const struct mshv_hvcall_row *mshv_hvcall_find(u16 code)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(mshv_hvcall_rows); i++)
		if (mshv_hvcall_rows[i].code == code)
			return &mshv_hvcall_rows[i];
	return NULL;
}

static bool mshv_hvcall_args_valid(const struct mshv_root_hvcall *args)
{
	return !args->status && !memchr_inv(args->rsvd, 0, sizeof(args->rsvd)) &&
	       args->in_ptr && args->in_sz <= HVX_PAGE_SIZE &&
	       !args->out_ptr == !args->out_sz && args->out_sz <= HVX_PAGE_SIZE;
}

/* Sizes and repetitions agree with each other and with the hypercall. */
static bool mshv_hvcall_sizes_valid(const struct mshv_hvcall_row *row,
				    const struct mshv_root_hvcall *args)
{
	if (!(row->flags & HVC_REP))
		return !args->reps && args->in_sz >= row->in && args->out_sz <= row->out;

	/* None of these overflows: a page has at most 4096 of anything. */
	return args->reps && args->reps <= HVX_HYPERCALL_MAX_REPS &&
	       args->in_sz >= row->in + args->reps * row->in_elem &&
	       args->reps * row->out <= HVX_PAGE_SIZE && (row->out || !args->out_sz);
}

static bool mshv_hvcall_sets_reserved(const struct mshv_user_hvcall *uc)
{
	const struct hvx_in_set_vp_registers *in = uc->in;
	u16 i;

	if (uc->row->code != HVX_CALL_SET_VP_REGISTERS)
		return false;
	for (i = 0; i < uc->args->reps; i++)
		if (mshv_register_is_reserved(in->regs[i].name))
			return true;
	return false;
}

static int mshv_hvcall_check_input(const struct mshv_user_hvcall *uc)
{
	const struct hvx_in_set_partition_property *property = uc->in;

	if (mshv_hvcall_sets_reserved(uc))
		return -EINVAL;
	if (uc->row->code == HVX_CALL_SET_PARTITION_PROPERTY)
		return mshv_property_check(property->code, property->value);
	return 0;
}

static void mshv_hvcall_free(struct mshv_user_hvcall *uc)
{
	free_page((unsigned long)uc->in);
	free_page((unsigned long)uc->out);
}

/* Checks the argument and copies the input. Nothing to free on failure. */
static int mshv_hvcall_prepare(struct mshv_user_hvcall *uc)
{
	struct mshv_root_hvcall *args = uc->args;
	int ret;

	if (!mshv_hvcall_sizes_valid(uc->row, args))
		return -EINVAL;
	uc->in = (void *)get_zeroed_page(MSHV_GFP);
	uc->out = (void *)get_zeroed_page(MSHV_GFP);
	ret = -ENOMEM;
	if (!uc->in || !uc->out)
		goto free;
	ret = -EFAULT;
	if (copy_from_user(uc->in, u64_to_user_ptr(args->in_ptr), args->in_sz))
		goto free;
	*(u64 *)uc->in = uc->partition_id;
	ret = mshv_hvcall_check_input(uc);
	if (ret)
		goto free;
	return 0;

free:
	mshv_hvcall_free(uc);
	return ret;
}

/* Output first: with a zero return everything is in place. */
static int mshv_hvcall_report(struct mshv_user_hvcall *uc, int ret)
{
	const struct mshv_root_hvcall *args = uc->args;

	if (!ret && args->out_sz &&
	    copy_to_user(u64_to_user_ptr(args->out_ptr), uc->out, args->out_sz))
		ret = -EFAULT;
	if (put_user(args->status, &uc->uarg->status) || put_user(args->reps, &uc->uarg->reps))
		ret = -EFAULT;
	return ret;
}

static void mshv_hvcall_init(struct mshv_hvcall *call, const struct mshv_user_hvcall *uc)
{
	*call = (struct mshv_hvcall) {
		.code = uc->row->code,
		.reps = uc->args->reps,
		.in = uc->in,
		.out = uc->row->out ? uc->out : NULL,
		.direct = true,
	};
}

/* A call that is complete when it returns. */
static int mshv_hvcall_sync(struct mshv_user_hvcall *uc)
{
	struct mshv_hvcall call;
	int ret;

	mshv_hvcall_init(&call, uc);
	ret = mshv_hvcall_pool(&call, uc->pool);
	uc->args->status = call.status;
	uc->args->reps = call.done;
	return ret;
}

/* A call that may be complete only when a message says so. */
static int mshv_hvcall_later(struct mshv_partition *pt, struct mshv_user_hvcall *uc)
{
	struct mshv_hvcall call;
	int ret;

	mshv_hvcall_init(&call, uc);
	ret = mshv_hvcall_async(&call, pt);
	uc->args->status = call.status;
	return ret;
}

/**
 * mshv_device_hvcall - MSHV_ROOT_HVCALL on the device: about the root partition
 * @arg: struct mshv_root_hvcall
 * @uarg: where it was
 */
long mshv_device_hvcall(void *arg, void __user *uarg)
{
	struct mshv_user_hvcall uc = {
		.args = arg,
		.uarg = uarg,
		.partition_id = HVX_PARTITION_ID_SELF,
		.pool = &mshv_root_pool,
	};
	int ret;

	if (!mshv_hvcall_args_valid(uc.args))
		return -EINVAL;
	uc.row = mshv_hvcall_find(uc.args->code);
	if (!uc.row || !(uc.row->flags & HVC_DEVICE))
		return -EINVAL;
	ret = mshv_hvcall_prepare(&uc);
	if (ret)
		return ret;
	ret = mshv_hvcall_report(&uc, mshv_hvcall_sync(&uc));
	mshv_hvcall_free(&uc);
	return ret;
}

/*
 * Keeps the VP that the input names from running, if the hypercall is one for
 * stopped VPs. @own is the VP whose mutex the caller has. *@other is to be
 * given to mshv_hvcall_unlock_vp().
 *
 * If there is no such VP the hypervisor will say so.
 */
static int mshv_hvcall_lock_vp(struct mshv_user_hvcall *uc, struct mshv_partition *pt,
			       struct mshv_vp *own, struct mshv_vp **other)
{
	const struct mshv_vp_input *in = uc->in;
	struct mshv_vp *vp;
	int ret;

	*other = NULL;
	if (!(uc->row->flags & HVC_STOPPED) || (own && own->index == in->vp_index))
		return 0;
	vp = mshv_vp_get(pt, in->vp_index);
	if (!vp)
		return 0;
	if (!mutex_trylock(&vp->mutex)) {
		mshv_vp_put(vp);
		return -EBUSY;
	}
	ret = vp->gone ? -EINVAL : mshv_vp_stop(vp);
	if (ret) {
		mutex_unlock(&vp->mutex);
		mshv_vp_put(vp);
		return ret;
	}
	*other = vp;
	return 0;
}

static void mshv_hvcall_unlock_vp(struct mshv_vp *vp)
{
	if (!vp)
		return;
	mutex_unlock(&vp->mutex);
	mshv_vp_put(vp);
}

static long mshv_child_hvcall(struct mshv_partition *pt, struct mshv_vp *own, void *arg,
			      void __user *uarg)
{
	struct mshv_user_hvcall uc = {
		.args = arg,
		.uarg = uarg,
		.partition_id = pt->id,
		.pool = pt->pool,
	};
	struct mshv_vp *other;
	int ret;

	if (!mshv_hvcall_args_valid(uc.args))
		return -EINVAL;
	uc.row = mshv_hvcall_find(uc.args->code);
	if (!uc.row || (own && uc.row->flags & HVC_ASYNC))
		return -EINVAL;
	if (READ_ONCE(pt->state) == MSHV_PT_CREATED && !(uc.row->flags & HVC_CREATED))
		return -EBADFD;
	ret = mshv_hvcall_prepare(&uc);
	if (ret)
		return ret;
	ret = mshv_hvcall_lock_vp(&uc, pt, own, &other);
	if (ret)
		goto free;

	if (uc.row->flags & HVC_ASYNC)
		ret = mshv_hvcall_later(pt, &uc);
	else
		ret = mshv_hvcall_sync(&uc);
	trace_mshv_root_hvcall(pt->id, uc.row->code, uc.args->status, uc.args->reps);
	ret = mshv_hvcall_report(&uc, ret);
	mshv_hvcall_unlock_vp(other);
free:
	mshv_hvcall_free(&uc);
	return ret;
}

/**
 * mshv_partition_hvcall - MSHV_ROOT_HVCALL on a partition
 * @pt: partition
 * @arg: struct mshv_root_hvcall
 * @uarg: where it was
 */
long mshv_partition_hvcall(struct mshv_partition *pt, void *arg, void __user *uarg)
{
	atomic64_inc(&pt->counts[MSHV_PT_HVCALLS]);
	return mshv_child_hvcall(pt, NULL, arg, uarg);
}

/**
 * mshv_vp_hvcall - MSHV_ROOT_HVCALL on a VP
 * @vp: VP; the input may name another one of the same partition
 * @arg: struct mshv_root_hvcall
 * @uarg: where it was
 */
long mshv_vp_hvcall(struct mshv_vp *vp, void *arg, void __user *uarg)
{
	atomic64_inc(&vp->partition->counts[MSHV_PT_HVCALLS]);
	return mshv_child_hvcall(vp->partition, vp, arg, uarg);
}
