// SPDX-License-Identifier: GPL-2.0
/*
 * MSHV_INSTALL_INTERCEPT and MSHV_REGISTER_INTERCEPT_RESULT (TLFS 9): which
 * doings of the guest the VMM hears of, and which the hypervisor answers as
 * the VMM has told it before.
 */
#include <linux/kernel.h>
#include <linux/nospec.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <uapi/linux/mshv.h>

#include "deposit.h"
#include "hvcall.h"
#include "mshv.h"
#include "trace.h"
#include "typed.h"

/* User space's numbers are the hypervisor's. */
static_assert(MSHV_INTERCEPT_IO_PORT == HVX_INTERCEPT_X64_IO_PORT);
static_assert(MSHV_INTERCEPT_MSR == HVX_INTERCEPT_X64_MSR);
static_assert(MSHV_INTERCEPT_CPUID == HVX_INTERCEPT_X64_CPUID);
static_assert(MSHV_INTERCEPT_EXCEPTION == HVX_INTERCEPT_EXCEPTION);
static_assert(MSHV_INTERCEPT_HYPERCALL == HVX_INTERCEPT_HYPERCALL);
static_assert(MSHV_INTERCEPT_APIC_INIT_SIPI == HVX_INTERCEPT_X64_APIC_INIT_SIPI);
static_assert(MSHV_INTERCEPT_APIC_WRITE == HVX_INTERCEPT_X64_APIC_WRITE);
static_assert(MSHV_INTERCEPT_MSR_INDEX == HVX_INTERCEPT_X64_MSR_INDEX);
static_assert(MSHV_INTERCEPT_RESULT_CPUID == HVX_INTERCEPT_X64_CPUID);
static_assert(MSHV_INTERCEPT_RESULT_MSR == HVX_INTERCEPT_X64_MSR);
static_assert(MSHV_MSR_ACTION_FAULT == HVX_MSR_ACTION_FAULT);
static_assert(MSHV_MSR_ACTION_IGNORE == HVX_MSR_ACTION_IGNORE);

#define MSHV_READ	BIT(MSHV_INTERCEPT_BIT_READ)
#define MSHV_WRITE	BIT(MSHV_INTERCEPT_BIT_WRITE)
#define MSHV_EXECUTE	BIT(MSHV_INTERCEPT_BIT_EXECUTE)

static_assert(MSHV_READ == HVX_ACCESS_MASK_READ);
static_assert(MSHV_WRITE == HVX_ACCESS_MASK_WRITE);
static_assert(MSHV_EXECUTE == HVX_ACCESS_MASK_EXECUTE);

/**
 * struct mshv_intercept_type - a kind of intercept
 * @access: accesses that there are; 0: no such kind
 * @max_parameter: highest parameter
 */
struct mshv_intercept_type {
	u32 access;
	u32 max_parameter;
};

static const struct mshv_intercept_type mshv_intercept_types[] = {
	[MSHV_INTERCEPT_IO_PORT] = { MSHV_READ | MSHV_WRITE, U16_MAX },
	[MSHV_INTERCEPT_MSR] = { MSHV_READ | MSHV_WRITE, 0 },
	[MSHV_INTERCEPT_CPUID] = { MSHV_EXECUTE, U32_MAX },
	[MSHV_INTERCEPT_EXCEPTION] = { MSHV_EXECUTE, 31 },
	[MSHV_INTERCEPT_HYPERCALL] = { MSHV_EXECUTE, 0 },
	[MSHV_INTERCEPT_APIC_INIT_SIPI] = { MSHV_READ | MSHV_WRITE | MSHV_EXECUTE, 0 },
	[MSHV_INTERCEPT_APIC_WRITE] = { MSHV_WRITE, U32_MAX },
	[MSHV_INTERCEPT_MSR_INDEX] = { MSHV_READ | MSHV_WRITE, U32_MAX },
};

static bool mshv_intercept_valid(const struct mshv_install_intercept *args)
{
	const struct mshv_intercept_type *type;

	if (args->status || memchr_inv(args->rsvd, 0, sizeof(args->rsvd)) ||
	    args->type >= ARRAY_SIZE(mshv_intercept_types))
		return false;
	type = &mshv_intercept_types[array_index_nospec(args->type,
							ARRAY_SIZE(mshv_intercept_types))];
	return type->access && !(args->access & ~type->access) &&
	       args->parameter <= type->max_parameter;
}

/**
 * mshv_install_intercept - MSHV_INSTALL_INTERCEPT
 * @pt: partition; its VPs may be running
 * @arg: struct mshv_install_intercept
 * @uarg: where it was
 */
long mshv_install_intercept(struct mshv_partition *pt, void *arg, void __user *uarg)
{
	struct mshv_install_intercept __user *user = uarg;
	struct mshv_install_intercept *args = arg;
	struct hvx_in_install_intercept in = {
		.partition_id = pt->id,
		.access = args->access,
		.type = args->type,
		.parameter = args->parameter,
	};
	struct mshv_hvcall call = {
		.code = HVX_CALL_INSTALL_INTERCEPT,
		.in = &in,
		.in_size = sizeof(in),
	};
	int ret;

	if (!mshv_intercept_valid(args))
		return -EINVAL;
	ret = mshv_hvcall_pool(&call, pt->pool);
	trace_mshv_install_intercept(pt->id, args->type, args->access, args->parameter,
				     call.status);
	return mshv_put_status(ret, &call, &user->status);
}

static int mshv_cpuid_result(const struct mshv_cpuid_result *cpuid,
			     struct hvx_in_register_intercept_result *in)
{
	const struct mshv_cpuid_bits *bits[] = {
		&cpuid->eax, &cpuid->ebx, &cpuid->ecx, &cpuid->edx,
	};
	int i;

	if (cpuid->flags & ~MSHV_CPUID_RESULT_FLAGS_MASK || cpuid->rsvd)
		return -EINVAL;
	in->cpuid.eax = cpuid->function;
	in->cpuid.ecx = cpuid->index;
	in->cpuid.subleaf_specific =
		!!(cpuid->flags & BIT(MSHV_CPUID_RESULT_BIT_SUBLEAF_SPECIFIC));
	in->cpuid.always_override =
		!!(cpuid->flags & BIT(MSHV_CPUID_RESULT_BIT_ALWAYS_OVERRIDE));
	for (i = 0; i < ARRAY_SIZE(bits); i++) {
		in->cpuid.result[i].value = bits[i]->value;
		in->cpuid.result[i].mask = bits[i]->mask;
	}
	return 0;
}

static int mshv_msr_result(const struct mshv_msr_result *msr,
			   struct hvx_in_register_intercept_result *in)
{
	if (!msr->access || msr->access & ~(MSHV_READ | MSHV_WRITE) ||
	    msr->action >= MSHV_MSR_ACTION_COUNT ||
	    memchr_inv(msr->rsvd, 0, sizeof(msr->rsvd)))
		return -EINVAL;
	in->msr.index = msr->index;
	in->msr.access = msr->access;
	in->msr.action = msr->action;
	return 0;
}

static int mshv_result_prepare(const struct mshv_intercept_result *args,
			       struct hvx_in_register_intercept_result *in)
{
	if (args->status || args->rsvd)
		return -EINVAL;
	switch (args->type) {
	case MSHV_INTERCEPT_RESULT_CPUID:
		return mshv_cpuid_result(&args->cpuid, in);
	case MSHV_INTERCEPT_RESULT_MSR:
		return mshv_msr_result(&args->msr, in);
	default:
		return -EINVAL;
	}
}

/**
 * mshv_register_intercept_result - MSHV_REGISTER_INTERCEPT_RESULT
 * @vp: VP
 * @arg: struct mshv_intercept_result
 * @uarg: where it was
 *
 * The number of results is limited by the memory that the hypervisor gets for
 * them out of the caller's cgroup.
 */
long mshv_register_intercept_result(struct mshv_vp *vp, void *arg, void __user *uarg)
{
	struct mshv_intercept_result __user *user = uarg;
	struct mshv_intercept_result *args = arg;
	struct hvx_in_register_intercept_result in = {
		.partition_id = vp->partition->id,
		.vp_index = vp->index,
		.type = args->type,
	};
	struct mshv_hvcall call = {
		.code = HVX_CALL_REGISTER_INTERCEPT_RESULT,
		.in = &in,
		.in_size = sizeof(in),
	};
	int ret;

	ret = mshv_result_prepare(args, &in);
	if (ret)
		return ret;
	ret = mshv_hvcall_pool(&call, vp->partition->pool);
	/* Leaf or MSR: the first field of both */
	trace_mshv_intercept_result(vp->partition->id, vp->index, args->type,
				    args->cpuid.function, call.status);
	return mshv_put_status(ret, &call, &user->status);
}
