// SPDX-License-Identifier: GPL-2.0
/* MSHV_GET_VP_CPUID_VALUES: what CPUID returns on a VP. */
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <uapi/linux/mshv.h>

#include "deposit.h"
#include "hvcall.h"
#include "mshv.h"
#include "typed.h"

static_assert(BIT(MSHV_CPUID_VALUES_BIT_USE_VP_XFEM_XSS) == HVX_CPUID_USE_VP_XFEM_XSS);
static_assert(BIT(MSHV_CPUID_VALUES_BIT_APPLY_REGISTERED) == HVX_CPUID_APPLY_REGISTERED);

/**
 * struct mshv_cpuid_batch - one hypercall's worth
 * @queries: input
 * @results: output
 */
struct mshv_cpuid_batch {
	struct hvx_cpuid_query queries[HVX_GET_CPUID_MAX_REPS];
	struct hvx_cpuid_result results[HVX_GET_CPUID_MAX_REPS];
};

static int mshv_cpuid_one_batch(struct mshv_vp *vp, u32 flags, struct mshv_cpuid_batch *batch,
				struct mshv_cpuid_entry *entries, u32 count, u16 *status)
{
	const struct hvx_in_get_vp_cpuid in = {
		.partition_id = vp->partition->id,
		.vp_index = vp->index,
		.flags = flags,
	};
	struct mshv_hvcall call = {
		.code = HVX_CALL_GET_VP_CPUID_VALUES,
		.reps = count,
		.in = &in,
		.in_size = sizeof(in),
		.list = batch->queries,
		.list_elem = sizeof(batch->queries[0]),
		.out = batch->results,
		.out_size = sizeof(batch->results[0]),
	};
	int ret;
	u32 i;

	for (i = 0; i < count; i++)
		batch->queries[i] = (struct hvx_cpuid_query) {
			.eax = entries[i].function,
			.ecx = entries[i].index,
			.xfem = entries[i].xfem,
			.xss = entries[i].xss,
		};
	ret = mshv_hvcall_pool(&call, vp->partition->pool);
	*status = call.status;
	for (i = 0; i < count && !ret; i++) {
		entries[i].eax = batch->results[i].eax;
		entries[i].ebx = batch->results[i].ebx;
		entries[i].ecx = batch->results[i].ecx;
		entries[i].edx = batch->results[i].edx;
	}
	return ret;
}

static int mshv_cpuid_all(struct mshv_vp *vp, const struct mshv_vp_cpuid_values *args,
			  struct mshv_cpuid_entry *entries, u16 *status)
{
	struct mshv_cpuid_batch *batch;
	int ret = 0;
	u32 n, i;

	batch = kvmalloc(sizeof(*batch), MSHV_GFP);
	if (!batch)
		return -ENOMEM;
	for (i = 0; i < args->count && !ret; i += n) {
		n = min_t(u32, args->count - i, HVX_GET_CPUID_MAX_REPS);
		ret = mshv_cpuid_one_batch(vp, args->flags, batch, entries + i, n, status);
	}
	kvfree(batch);
	return ret;
}

/**
 * mshv_get_vp_cpuid_values - MSHV_GET_VP_CPUID_VALUES
 * @vp: VP
 * @arg: struct mshv_vp_cpuid_values
 * @uarg: where it was
 *
 * All or nothing: on failure the user's array is as it was.
 */
long mshv_get_vp_cpuid_values(struct mshv_vp *vp, void *arg, void __user *uarg)
{
	struct mshv_vp_cpuid_values __user *user = uarg;
	struct mshv_vp_cpuid_values *args = arg;
	void __user *uentries = u64_to_user_ptr(args->entries_ptr);
	struct mshv_cpuid_entry *entries;
	u16 status = 0;
	size_t size;
	int ret;

	if (args->status || memchr_inv(args->rsvd, 0, sizeof(args->rsvd)) ||
	    args->flags & ~MSHV_CPUID_VALUES_FLAGS_MASK ||
	    !args->count || args->count > MSHV_MAX_CPUID_ENTRIES)
		return -EINVAL;
	size = args->count * sizeof(*entries);
	entries = kvmalloc(size, MSHV_GFP);
	if (!entries)
		return -ENOMEM;
	ret = -EFAULT;
	if (copy_from_user(entries, uentries, size))
		goto out;
	ret = mshv_cpuid_all(vp, args, entries, &status);
	if (!ret && copy_to_user(uentries, entries, size))
		ret = -EFAULT;
	if (put_user(status, &user->status))
		ret = -EFAULT;
out:
	kvfree(entries);
	return ret;
}
