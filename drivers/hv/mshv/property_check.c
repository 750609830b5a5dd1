// SPDX-License-Identifier: GPL-2.0
/*
 * Which properties of its partition a VMM may set.
 *
 * Some decide about more than the partition: what it may do to others, how much
 * of the machine it gets. Those are not the VMM's to set, neither with
 * MSHV_SET_PARTITION_PROPERTY nor with MSHV_ROOT_HVCALL.
 */
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/kernel.h>

#include "hv_abi.h"
#include "property.h"

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

bool mshv_property_is_early(u32 code)
{
	const struct mshv_property *property = mshv_property_find(code);

	return property && property->early;
}
