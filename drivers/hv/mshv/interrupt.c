// SPDX-License-Identifier: GPL-2.0
/* MSHV_ASSERT_INTERRUPT: an interrupt for the guest, without route and eventfd. */
#include <linux/kernel.h>
#include <linux/uaccess.h>

#include <uapi/linux/mshv.h>

#include "deposit.h"
#include "hvcall.h"
#include "mshv.h"
#include "trace.h"
#include "typed.h"

/* User space's numbers are the hypervisor's. */
static_assert(MSHV_INTERRUPT_FIXED == HVX_INTERRUPT_FIXED);
static_assert(MSHV_INTERRUPT_LOWEST_PRIORITY == HVX_INTERRUPT_LOWEST_PRIORITY);
static_assert(MSHV_INTERRUPT_SMI == HVX_INTERRUPT_SMI);
static_assert(MSHV_INTERRUPT_NMI == HVX_INTERRUPT_NMI);
static_assert(MSHV_INTERRUPT_INIT == HVX_INTERRUPT_INIT);
static_assert(MSHV_INTERRUPT_SIPI == HVX_INTERRUPT_SIPI);
static_assert(MSHV_INTERRUPT_EXTINT == HVX_INTERRUPT_EXTINT);
static_assert(MSHV_INTERRUPT_LINT0 == HVX_INTERRUPT_LOCALINT0);
static_assert(MSHV_INTERRUPT_LINT1 == HVX_INTERRUPT_LOCALINT1);
static_assert(BIT(MSHV_INTERRUPT_BIT_LEVEL) == HVX_ASSERT_LEVEL);
static_assert(BIT(MSHV_INTERRUPT_BIT_LOGICAL) == HVX_ASSERT_LOGICAL);

/* Vectors below are exceptions, which a local APIC does not deliver. */
#define MSHV_FIRST_VECTOR	16
#define MSHV_LAST_VECTOR	255

static bool mshv_interrupt_valid(const struct mshv_assert_interrupt *args)
{
	if (args->status || args->rsvd || args->flags & ~MSHV_INTERRUPT_FLAGS_MASK ||
	    args->vector > MSHV_LAST_VECTOR)
		return false;
	switch (args->type) {
	case MSHV_INTERRUPT_FIXED:
	case MSHV_INTERRUPT_LOWEST_PRIORITY:
		return args->vector >= MSHV_FIRST_VECTOR;
	case MSHV_INTERRUPT_SMI:
	case MSHV_INTERRUPT_NMI:
	case MSHV_INTERRUPT_INIT:
	case MSHV_INTERRUPT_SIPI:
	case MSHV_INTERRUPT_EXTINT:
	case MSHV_INTERRUPT_LINT0:
	case MSHV_INTERRUPT_LINT1:
		return true;
	default:
		return false;
	}
}

/**
 * mshv_assert_interrupt - MSHV_ASSERT_INTERRUPT
 * @pt: partition; its VPs may be running
 * @arg: struct mshv_assert_interrupt
 * @uarg: where it was
 */
long mshv_assert_interrupt(struct mshv_partition *pt, void *arg, void __user *uarg)
{
	struct mshv_assert_interrupt __user *user = uarg;
	struct mshv_assert_interrupt *args = arg;
	struct hvx_in_assert_interrupt in = {
		.partition_id = pt->id,
		.type = args->type,
		.flags = args->flags,
		.dest = args->dest,
		.vector = args->vector,
	};
	struct mshv_hvcall call = {
		.code = HVX_CALL_ASSERT_VIRTUAL_INTERRUPT,
		.in = &in,
		.in_size = sizeof(in),
	};
	int ret;

	if (!mshv_interrupt_valid(args))
		return -EINVAL;
	ret = mshv_hvcall_pool(&call, pt->pool);
	trace_mshv_assert_interrupt(pt->id, args->type, args->vector, args->dest, args->flags,
				    call.status);
	return mshv_put_status(ret, &call, &user->status);
}
