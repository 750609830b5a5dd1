// SPDX-License-Identifier: GPL-2.0
/*
 * Which hypercalls the hypervisor has, and what it can do with its parents.
 *
 * Of hypercalls it does not say so anywhere. But one about no partition has no
 * effect, and its status tells a code that is unknown from one that is not.
 */
#include <linux/bug.h>
#include <linux/cache.h>
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
	{ HVX_CALL_CREATE_PORT },
	{ HVX_CALL_GET_GPA_PAGES_ACCESS_STATES, 1 },
	{ HVX_CALL_GET_VP_STATE },
	{ HVX_CALL_GET_VP_CPUID_VALUES, 1 },
	{ HVX_CALL_MAP_STATS_PAGE2 },
};

static u64 mshv_vmm_caps __ro_after_init;

/* Hypervisors that do not have the property can do nothing of it. */
static u64 __init mshv_vmm_caps_read(void)
{
	const struct hvx_in_get_partition_property_ex in = {
		.partition_id = HVX_PARTITION_ID_SELF,
		.code = HVX_PROP_EX_VMM_CAPABILITIES,
	};
	struct hvx_property_banks out;

	if (mshv_hvcall_simple(HVX_CALL_GET_PARTITION_PROPERTY_EX, &in, sizeof(in),
			       &out, sizeof(out)))
		return 0;
	return out.bank_count ? out.banks[0] : 0;
}

bool mshv_vmm_capable(u64 cap)
{
	return mshv_vmm_caps & cap;
}

/* Once when the module is loaded, so that the answers do not change. */
void __init mshv_hvcalls_probe(void)
{
	/* More than any of them needs; its partition is HVX_PARTITION_ID_INVALID. */
	static const u8 in[64];
	u8 out[64];
	int i;

	mshv_vmm_caps = mshv_vmm_caps_read();
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
