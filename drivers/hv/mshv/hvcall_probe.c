// SPDX-License-Identifier: GPL-2.0
/*
 * Which hypercalls the hypervisor has.
 *
 * It does not say so anywhere. But a hypercall about no partition has no effect,
 * and its status tells a code that is unknown from one that is not.
 */
#include <linux/bug.h>
#include <linux/init.h>
#include <linux/kernel.h>

#include "hvcall.h"

/* @reps: 1 for a rep hypercall */
static struct {
	u16 code;
	u16 reps;
	bool present;
} mshv_probed[] = {
	{ HVX_CALL_GET_PARTITION_PROPERTY },
	{ HVX_CALL_SET_PARTITION_PROPERTY },
	{ HVX_CALL_INSTALL_INTERCEPT },
	{ HVX_CALL_TRANSLATE_VIRTUAL_ADDRESS },
	{ HVX_CALL_REGISTER_INTERCEPT_RESULT },
	{ HVX_CALL_ASSERT_VIRTUAL_INTERRUPT },
	{ HVX_CALL_GET_VP_CPUID_VALUES, 1 },
};

/* Once when the module is loaded, so that the answers do not change. */
void __init mshv_hvcalls_probe(void)
{
	/* More than any of them needs; its partition is HVX_PARTITION_ID_INVALID. */
	static const u8 in[64];
	u8 out[64];
	int i;

	for (i = 0; i < ARRAY_SIZE(mshv_probed); i++) {
		struct mshv_hvcall call = {
			.code = mshv_probed[i].code,
			.reps = mshv_probed[i].reps,
			.in = in,
			.in_size = sizeof(in),
			.out = out,
			.out_size = sizeof(out),
		};

		mshv_probed[i].present = mshv_hvcall(&call) != HVX_STATUS_INVALID_HYPERCALL_CODE;
	}
}

bool mshv_hvcall_present(u16 code)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(mshv_probed); i++)
		if (mshv_probed[i].code == code)
			return mshv_probed[i].present;
	WARN_ON_ONCE(1);
	return false;
}
