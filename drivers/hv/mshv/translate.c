// SPDX-License-Identifier: GPL-2.0
/*
 * MSHV_VP_TRANSLATE_GVA: from an address that the guest uses to guest physical
 * memory, by the guest's own page tables.
 *
 * The hypervisor walks them where they are, and says so when a table is in
 * guest memory that is not mapped at the moment. The guest would have that
 * mapped by its own access; here it is done in the guest's place.
 */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include <uapi/linux/mshv.h>

#include "deposit.h"
#include "hvcall.h"
#include "mshv.h"
#include "trace.h"
#include "typed.h"

static_assert(BIT_ULL(MSHV_TRANSLATE_GVA_BIT_READ) == HVX_TRANSLATE_VALIDATE_READ);
static_assert(BIT_ULL(MSHV_TRANSLATE_GVA_BIT_SHADOW_STACK) == HVX_TRANSLATE_SHADOW_STACK);
static_assert(MSHV_TRANSLATE_GVA_GPA_UNMAPPED == HVX_TRANSLATE_GPA_UNMAPPED);
static_assert(MSHV_TRANSLATE_GVA_NO_WRITE_ACCESS == HVX_TRANSLATE_NO_WRITE);
static_assert(MSHV_TRANSLATE_GVA_INTERCEPT == HVX_TRANSLATE_INTERCEPT);
static_assert(sizeof(struct mshv_translate_gva) == 32);
static_assert(sizeof(struct mshv_translate_gva_result) == 8);

/*
 * A walk has at most five tables, each of which may have to be faulted in, for
 * reading and then for writing. More rounds than that are needed only while the
 * host takes them away again.
 */
#define MSHV_TRANSLATE_ROUNDS	128

static bool mshv_flags_contradict(u64 flags, u64 both)
{
	return (flags & both) == both;
}

static bool mshv_translate_valid(const struct mshv_translate_gva *args)
{
	return !(args->flags & ~(u64)MSHV_TRANSLATE_GVA_FLAGS_MASK) &&
	       !mshv_flags_contradict(args->flags,
				      HVX_TRANSLATE_SUPERVISOR | HVX_TRANSLATE_USER) &&
	       !mshv_flags_contradict(args->flags,
				      HVX_TRANSLATE_ENFORCE_SMAP | HVX_TRANSLATE_OVERRIDE_SMAP);
}

/*
 * Maps the guest page that stopped the walk. Returns 1 if another walk may get
 * further, 0 if not, or a negative errno.
 */
static int mshv_translate_fault(struct mshv_vp *vp, const struct hvx_out_translate_va *out)
{
	switch (out->result) {
	case HVX_TRANSLATE_GPA_UNMAPPED:
	case HVX_TRANSLATE_NO_READ:
		return mshv_regions_fault(vp->partition, out->gpa_page, MSHV_ACCESS_READ);
	case HVX_TRANSLATE_NO_WRITE:
		return mshv_regions_fault(vp->partition, out->gpa_page, MSHV_ACCESS_WRITE);
	default:
		return 0;
	}
}

static int mshv_translate(struct mshv_vp *vp, const struct mshv_translate_gva *args,
			  struct hvx_out_translate_va *out)
{
	const struct hvx_in_translate_va in = {
		.partition_id = vp->partition->id,
		.vp_index = vp->index,
		.flags = args->flags,
		.gva_page = args->gva >> HVX_PAGE_SHIFT,
	};
	unsigned int round;
	int ret;

	for (round = 1; round <= MSHV_TRANSLATE_ROUNDS; round++) {
		struct mshv_hvcall call = {
			.code = HVX_CALL_TRANSLATE_VIRTUAL_ADDRESS,
			.in = &in,
			.in_size = sizeof(in),
			.out = out,
			.out_size = sizeof(*out),
		};

		ret = mshv_hvcall_pool(&call, vp->partition->pool);
		if (ret)
			return ret;
		ret = mshv_translate_fault(vp, out);
		if (ret <= 0) {
			trace_mshv_translate_gva(vp->partition->id, vp->index, args->gva,
						 args->flags, out->result, out->gpa_page, round);
			return ret;
		}
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return -EBUSY;
}

/**
 * mshv_translate_gva - MSHV_VP_TRANSLATE_GVA
 * @vp: VP, whose registers say how it translates
 * @arg: struct mshv_translate_gva
 * @uarg: where it was
 */
long mshv_translate_gva(struct mshv_vp *vp, void *arg, void __user *uarg)
{
	const struct mshv_translate_gva *args = arg;
	struct mshv_translate_gva_result result = {};
	struct hvx_out_translate_va out;
	u64 gpa;
	int ret;

	if (!mshv_translate_valid(args))
		return -EINVAL;
	ret = mshv_translate(vp, args, &out);
	if (ret)
		return ret;
	result.code = out.result;
	result.cache_type = out.cache_overlay;
	result.overlay = !!(out.cache_overlay & HVX_TRANSLATE_OVERLAY_PAGE);
	gpa = out.gpa_page << HVX_PAGE_SHIFT | (args->gva & (HVX_PAGE_SIZE - 1));
	if (copy_to_user(u64_to_user_ptr(args->result), &result, sizeof(result)) ||
	    put_user(gpa, (u64 __user *)u64_to_user_ptr(args->gpa)))
		return -EFAULT;
	return 0;
}
