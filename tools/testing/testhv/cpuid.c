// SPDX-License-Identifier: GPL-2.0
/* CPUID as the root sees it (TLFS chapter 2). */
#include "cpuid.h"

#include "cpu.h"
#include "hv_abi.h"
#include "options.h"
#include "pageown.h"
#include "pcpu.h"
#include "root.h"

#define HV_LEAF_FIRST		0x40000000
#define HV_LEAF_LAST		0x4fffffff
#define HV_LEAF_MAX		HVX_CPUID_NESTED_FEATURES

/* leaf 1 ECX */
#define F1C_MONITOR		BIT(3)
#define F1C_CX16		BIT(13)
#define F1C_X2APIC		BIT(21)
#define F1C_OSXSAVE		BIT(27)
#define F1C_HYPERVISOR		BIT(31)
/* leaf 7 ECX, EDX */
#define F7C_OSPKE		BIT(4)
#define F7C_LA57		BIT(16)
#define F7D_CET_IBT		BIT(20)
/* leaf 0x80000001 ECX */
#define F81C_SVM		BIT(2)
#define F81C_SKINIT		BIT(12)
/* leaf 0x80000007 EDX */
#define F87D_INVARIANT_TSC	BIT(8)

/* leaf HVX_CPUID_HW_FEATURES EAX: hardware that is in use */
#define HW_MSR_BITMAPS		BIT(1)
#define HW_NESTED_PAGING	BIT(3)

#define MAX_CHILD_VPS		64
#define MAX_INTERRUPT_VECTORS	4096

/* The build must lie in the range that Linux 7.3's driver knows. */
#define HV_BUILD		27744
#define HV_VERSION		(10 << 16)

static u32 feature_edx(void)
{
	u32 edx = 0;

	if (feature(FEAT_FREQ))
		edx |= HVX_FEAT_FREQUENCY_MSRS;
	if (feature(FEAT_CRASH))
		edx |= HVX_FEAT_CRASH_MSRS;
	if (feature(FEAT_STIMER))
		edx |= HVX_FEAT_STIMER_DIRECT;
	return edx;
}

static u32 hints(void)
{
	u32 eax = HVX_HINT_APIC_MSRS | HVX_HINT_RELAXED_TIMING | HVX_HINT_NO_AUTO_EOI;

	if (feature(FEAT_FLUSH))
		eax |= HVX_HINT_REMOTE_FLUSH;
	if (feature(FEAT_IPI))
		eax |= HVX_HINT_CLUSTER_IPI;
	if (feature(FEAT_EX))
		eax |= HVX_HINT_EX_MASKS;
	return eax;
}

static struct cpuid_regs hv_leaf(u32 leaf)
{
	switch (leaf) {
	case HVX_CPUID_VENDOR:
		return (struct cpuid_regs){ HV_LEAF_MAX, HVX_CPUID_VENDOR_EBX,
					    HVX_CPUID_VENDOR_ECX, HVX_CPUID_VENDOR_EDX };
	case HVX_CPUID_INTERFACE:
		return (struct cpuid_regs){ .eax = HVX_CPUID_INTERFACE_EAX };
	case HVX_CPUID_VERSION:
		return (struct cpuid_regs){ .eax = HV_BUILD, .ebx = HV_VERSION };
	case HVX_CPUID_FEATURES:
		return (struct cpuid_regs){ .eax = root.priv, .ebx = root.priv >> 32,
					    .edx = feature_edx() };
	case HVX_CPUID_HINTS:
		return (struct cpuid_regs){ .eax = hints() };
	case HVX_CPUID_LIMITS:
		return (struct cpuid_regs){ MAX_CHILD_VPS, nr_cpus, MAX_INTERRUPT_VECTORS, 0 };
	case HVX_CPUID_HW_FEATURES:
		return (struct cpuid_regs){ .eax = HW_MSR_BITMAPS | HW_NESTED_PAGING };
	case HVX_CPUID_CPU_MANAGEMENT:
		if (options.l1vh)
			break;
		return (struct cpuid_regs){ .eax = HVX_CPUMGMT_START_LP |
						   HVX_CPUMGMT_CREATE_ROOT_VP };
	}
	return (struct cpuid_regs){};
}

struct cpuid_regs root_cpuid(struct vcpu *v, u32 leaf, u32 sub)
{
	u64 cr4 = v->vmcb->s.cr4;
	struct cpuid_regs r;

	if (leaf >= HV_LEAF_FIRST && leaf <= HV_LEAF_LAST)
		return hv_leaf(leaf);

	r = cpuid(leaf, sub);
	switch (leaf) {
	case 1:
		r.ecx &= ~(F1C_MONITOR | F1C_X2APIC | F1C_OSXSAVE);
		if (!options.cx16)
			r.ecx &= ~F1C_CX16;
		if (cr4 & CR4_OSXSAVE)
			r.ecx |= F1C_OSXSAVE;
		r.ecx |= F1C_HYPERVISOR;
		break;
	case 7:
		if (sub)
			break;
		r.ecx &= ~(F7C_OSPKE | F7C_LA57);
		if (cr4 & CR4_PKE)
			r.ecx |= F7C_OSPKE;
		r.edx &= ~F7D_CET_IBT;
		break;
	case 0x80000001:
		r.ecx &= ~(F81C_SVM | F81C_SKINIT);
		break;
	case 0x80000007:
		if (feature(FEAT_INVTSC))
			r.edx |= F87D_INVARIANT_TSC;
		break;
	case 0x80000008:
		if ((r.eax & 0xff) > ROOT_PHYS_BITS_MAX)
			r.eax = (r.eax & ~0xffU) | ROOT_PHYS_BITS_MAX;
		break;
	case 0x8000000a:
		r = (struct cpuid_regs){};
		break;
	}
	return r;
}

u64 root_privileges(void)
{
	u64 priv = HVX_PRIV_SYNIC | HVX_PRIV_APIC_MSRS | HVX_PRIV_HYPERCALL_MSRS |
		   HVX_PRIV_VP_INDEX | HVX_PRIV_RESET | HVX_PRIV_CREATE_PARTITIONS |
		   HVX_PRIV_ACCESS_MEMORY_POOL | HVX_PRIV_ADJUST_MESSAGE_BUFFERS |
		   HVX_PRIV_POST_MESSAGES | HVX_PRIV_SIGNAL_EVENTS | HVX_PRIV_CREATE_PORT |
		   HVX_PRIV_CONNECT_PORT | HVX_PRIV_ACCESS_STATS | HVX_PRIV_DEBUGGING |
		   HVX_PRIV_ACCESS_VP_REGISTERS;

	/*
	 * CPU management tells the root from other parents. Kernels before 6.15 that
	 * are not the root have no room for the answer when they ask for their id,
	 * and die of it.
	 */
	if (!options.l1vh)
		priv |= HVX_PRIV_CPU_MANAGEMENT | HVX_PRIV_ACCESS_PARTITION_ID;
	if (feature(FEAT_REFCOUNT))
		priv |= HVX_PRIV_TIME_REF_COUNT;
	if (feature(FEAT_STIMER))
		priv |= HVX_PRIV_STIMER;
	if (feature(FEAT_REFTSC))
		priv |= HVX_PRIV_REFERENCE_TSC;
	if (feature(FEAT_FREQ))
		priv |= HVX_PRIV_FREQUENCY_MSRS;
	if (feature(FEAT_INVTSC))
		priv |= HVX_PRIV_TSC_INVARIANT;
	return priv;
}
