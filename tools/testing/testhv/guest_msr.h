/* SPDX-License-Identifier: GPL-2.0 */
/* MSRs of child partitions. */
#ifndef TESTHV_GUEST_MSR_H
#define TESTHV_GUEST_MSR_H

#include "types.h"

struct child_vp;

#define MSR_SPEC_CTRL		0x48
#define MSR_TSC_ADJUST		0x3b
#define MSR_UCODE_REV		0x8b
#define MSR_MTRR_CAP		0xfe
#define MSR_MCG_CAP		0x179
#define MSR_MCG_STATUS		0x17a
#define MSR_MISC_ENABLE		0x1a0
#define MSR_DEBUG_CTL		0x1d9
#define MSR_MTRR_PHYS_BASE0	0x200
#define MSR_MTRR_FIX64K_00000	0x250
#define MSR_MTRR_FIX16K_80000	0x258
#define MSR_MTRR_FIX16K_A0000	0x259
#define MSR_MTRR_FIX4K_C0000	0x268
#define MSR_MTRR_DEF_TYPE	0x2ff
#define MSR_U_CET		0x6a0
#define MSR_S_CET		0x6a2
#define MSR_PL0_SSP		0x6a4
#define MSR_INT_SSP_TABLE	0x6a8
#define MSR_TSC_DEADLINE	0x6e0
#define MSR_X2APIC_FIRST	0x800
#define MSR_X2APIC_LAST		0x8ff
#define MSR_BNDCFGS		0xd90

/*
 * Read and write an MSR for the VMM: features and privileges that the guest lacks do
 * not matter. False: no such MSR, or not a value for it.
 */
bool guest_msr_get(struct child_vp *vp, u32 msr, u64 *val);
bool guest_msr_set(struct child_vp *vp, u32 msr, u64 val);

/* RDMSR and WRMSR of the guest. False means #GP. */
bool guest_rdmsr(struct child_vp *vp, u32 msr, u64 *val);
bool guest_wrmsr(struct child_vp *vp, u32 msr, u64 val);

/*
 * msr_result.c: what becomes of an access to an MSR that the guest does not have.
 * Registration returns HVX_STATUS_SUCCESS, INVALID_PARAMETER or INSUFFICIENT_MEMORY.
 */
u16 msr_result_register(struct child_vp *vp, u32 msr, u32 access, u32 action);
/* HVX_MSR_ACTION_* */
u64 msr_result(const struct child_vp *vp, u32 msr, bool write);
void msr_rows_free(struct child_vp *vp);

/* The page through which guests call the hypervisor, the same for all. */
void *guest_hypercall_page(void);

/* The permission map of a VP: what is intercepted depends on what is installed. */
u64 guest_msrpm(const struct child_vp *vp);

#endif /* TESTHV_GUEST_MSR_H */
