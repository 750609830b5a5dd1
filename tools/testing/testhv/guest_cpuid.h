/* SPDX-License-Identifier: GPL-2.0 */
/* CPUID of child partitions, and what follows from it. */
#ifndef TESTHV_GUEST_CPUID_H
#define TESTHV_GUEST_CPUID_H

#include "partition.h"
#include "vp.h"

/* What CPUID returns to this VP now, registered results included. */
void guest_cpuid(struct child_vp *vp, u32 leaf, u32 sub, struct hvx_cpuid_result *r);

/* Processor features that the hypervisor can offer (HVX_PROP_PROCESSOR_FEATURES0, 1). */
void host_features(u64 *banks);
u64 host_xsave_features(void);

/* Bits of CR4 and values of XCR0 that the partition's VPs may set. */
u64 guest_cr4_mask(const struct partition *p);
bool guest_xcr0_valid(const struct partition *p, u64 xcr0);

/* Size of the XSAVE image of a partition's VPs in bytes. */
u32 guest_xsave_size(const struct partition *p);

#endif /* TESTHV_GUEST_CPUID_H */
