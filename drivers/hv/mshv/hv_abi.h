/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hypervisor's ABI as a root partition and its child partitions see it:
 * CPUID leaves, synthetic MSRs, hypercalls, messages, register names.
 *
 * One definition serves three programs: the driver, the test hypervisor and
 * the selftests. It is therefore freestanding (fixed-width types only) and
 * every name carries the prefix hvx_ or HVX_, so that it can be included next
 * to any kernel's own Hyper-V headers, whose names and even values differ
 * from version to version.
 *
 * Sources: the Hypervisor Top-Level Functional Specification (TLFS), and for
 * what that does not publish, the definitions of Linux 7.3 (include/hyperv)
 * and of the driver's earlier postings. "check-abi" compares the two.
 *
 * All multi-byte fields are little-endian. A "page number" is an address
 * divided by HVX_PAGE_SIZE. Reserved fields must be zero on input.
 */
#ifndef _MSHV_HV_ABI_H
#define _MSHV_HV_ABI_H

#include <linux/types.h>

#define HVX_PAGE_SHIFT			12
#define HVX_PAGE_SIZE			(1UL << HVX_PAGE_SHIFT)
#define HVX_LARGE_PAGE_SHIFT		21
#define HVX_LARGE_PAGE_SIZE		(1UL << HVX_LARGE_PAGE_SHIFT)
#define HVX_LARGE_PAGE_PFNS		(1UL << (HVX_LARGE_PAGE_SHIFT - HVX_PAGE_SHIFT))

#define HVX_ASSERT_SIZE(type, size) \
	_Static_assert(sizeof(type) == (size), "size of " #type)
#define HVX_ASSERT_OFFSET(type, member, offset) \
	_Static_assert(__builtin_offsetof(type, member) == (offset), \
		       "offset of " #type "." #member)

/*
 * CPUID (TLFS 2.4)
 */
#define HVX_CPUID_VENDOR		0x40000000
#define HVX_CPUID_INTERFACE		0x40000001
#define HVX_CPUID_VERSION		0x40000002
#define HVX_CPUID_FEATURES		0x40000003
#define HVX_CPUID_HINTS			0x40000004
#define HVX_CPUID_LIMITS		0x40000005
#define HVX_CPUID_HW_FEATURES		0x40000006
#define HVX_CPUID_CPU_MANAGEMENT	0x40000007
#define HVX_CPUID_SVM_FEATURES		0x40000008
#define HVX_CPUID_NESTED_PRIVILEGES	0x40000009
#define HVX_CPUID_NESTED_FEATURES	0x4000000a

#define HVX_CPUID_VENDOR_EBX		0x7263694d	/* "Micr" */
#define HVX_CPUID_VENDOR_ECX		0x666f736f	/* "osof" */
#define HVX_CPUID_VENDOR_EDX		0x76482074	/* "t Hv" */
#define HVX_CPUID_INTERFACE_EAX		0x31237648	/* "Hv#1" */

/*
 * Partition privileges, HVX_CPUID_FEATURES EAX (bits 31:0) and EBX (63:32);
 * TLFS 2.4 and 4.2.2.
 */
#define HVX_PRIV_VP_RUNTIME		(1ULL << 0)
#define HVX_PRIV_TIME_REF_COUNT		(1ULL << 1)
#define HVX_PRIV_SYNIC			(1ULL << 2)
#define HVX_PRIV_STIMER			(1ULL << 3)
#define HVX_PRIV_APIC_MSRS		(1ULL << 4)
#define HVX_PRIV_HYPERCALL_MSRS		(1ULL << 5)
#define HVX_PRIV_VP_INDEX		(1ULL << 6)
#define HVX_PRIV_RESET			(1ULL << 7)
#define HVX_PRIV_STATS_MSRS		(1ULL << 8)
#define HVX_PRIV_REFERENCE_TSC		(1ULL << 9)
#define HVX_PRIV_GUEST_IDLE		(1ULL << 10)
#define HVX_PRIV_FREQUENCY_MSRS		(1ULL << 11)
#define HVX_PRIV_DEBUG_MSRS		(1ULL << 12)
#define HVX_PRIV_REENLIGHTENMENT	(1ULL << 13)
#define HVX_PRIV_TSC_INVARIANT		(1ULL << 15)
#define HVX_PRIV_CREATE_PARTITIONS	(1ULL << 32)
#define HVX_PRIV_ACCESS_PARTITION_ID	(1ULL << 33)
#define HVX_PRIV_ACCESS_MEMORY_POOL	(1ULL << 34)
#define HVX_PRIV_ADJUST_MESSAGE_BUFFERS	(1ULL << 35)
#define HVX_PRIV_POST_MESSAGES		(1ULL << 36)
#define HVX_PRIV_SIGNAL_EVENTS		(1ULL << 37)
#define HVX_PRIV_CREATE_PORT		(1ULL << 38)
#define HVX_PRIV_CONNECT_PORT		(1ULL << 39)
#define HVX_PRIV_ACCESS_STATS		(1ULL << 40)
#define HVX_PRIV_DEBUGGING		(1ULL << 43)
#define HVX_PRIV_CPU_MANAGEMENT		(1ULL << 44)
#define HVX_PRIV_ACCESS_VP_REGISTERS	(1ULL << 49)
#define HVX_PRIV_EXTENDED_HYPERCALLS	(1ULL << 52)
#define HVX_PRIV_ISOLATION		(1ULL << 54)

/* HVX_CPUID_FEATURES ECX */
#define HVX_FEAT_DISPATCH_INTERRUPT_INJECTION	(1U << 9)
#define HVX_FEAT_GHCB_ROOT_MAPPING		(1U << 10)

/* HVX_CPUID_FEATURES EDX */
#define HVX_FEAT_XMM_INPUT		(1U << 4)
#define HVX_FEAT_GUEST_IDLE_STATE	(1U << 5)
#define HVX_FEAT_FREQUENCY_MSRS		(1U << 8)
#define HVX_FEAT_CRASH_MSRS		(1U << 10)
#define HVX_FEAT_EXT_GVA_RANGES_FLUSH	(1U << 14)
#define HVX_FEAT_XMM_OUTPUT		(1U << 15)
#define HVX_FEAT_STIMER_DIRECT		(1U << 19)

/* HVX_CPUID_HINTS EAX */
#define HVX_HINT_AS_SWITCH		(1U << 0)
#define HVX_HINT_LOCAL_FLUSH		(1U << 1)
#define HVX_HINT_REMOTE_FLUSH		(1U << 2)
#define HVX_HINT_APIC_MSRS		(1U << 3)
#define HVX_HINT_RESET_MSR		(1U << 4)
#define HVX_HINT_RELAXED_TIMING		(1U << 5)
#define HVX_HINT_NO_AUTO_EOI		(1U << 9)
#define HVX_HINT_CLUSTER_IPI		(1U << 10)
#define HVX_HINT_EX_MASKS		(1U << 11)
#define HVX_HINT_NESTED			(1U << 12)

/* HVX_CPUID_CPU_MANAGEMENT EAX */
#define HVX_CPUMGMT_START_LP		(1U << 0)
#define HVX_CPUMGMT_CREATE_ROOT_VP	(1U << 1)

/*
 * Synthetic MSRs (TLFS, appendix F)
 */
#define HVX_MSR_GUEST_OS_ID		0x40000000
#define HVX_MSR_HYPERCALL		0x40000001
#define HVX_MSR_VP_INDEX		0x40000002
#define HVX_MSR_RESET			0x40000003
#define HVX_MSR_VP_RUNTIME		0x40000010
#define HVX_MSR_TIME_REF_COUNT		0x40000020
#define HVX_MSR_REFERENCE_TSC		0x40000021
#define HVX_MSR_TSC_FREQUENCY		0x40000022
#define HVX_MSR_APIC_FREQUENCY		0x40000023
#define HVX_MSR_EOI			0x40000070
#define HVX_MSR_ICR			0x40000071
#define HVX_MSR_TPR			0x40000072
#define HVX_MSR_VP_ASSIST_PAGE		0x40000073
#define HVX_MSR_SCONTROL		0x40000080
#define HVX_MSR_SVERSION		0x40000081
#define HVX_MSR_SIEFP			0x40000082
#define HVX_MSR_SIMP			0x40000083
#define HVX_MSR_EOM			0x40000084
#define HVX_MSR_SIRBP			0x40000085
#define HVX_MSR_SINT0			0x40000090	/* ... SINT15 0x4000009f */
#define HVX_MSR_STIMER0_CONFIG		0x400000b0	/* then COUNT, 4 timers */
#define HVX_MSR_STIMER0_COUNT		0x400000b1
#define HVX_MSR_STIMER3_COUNT		0x400000b7
#define HVX_MSR_GUEST_IDLE		0x400000f0
#define HVX_MSR_CRASH_P0		0x40000100	/* ... P4 0x40000104 */
#define HVX_MSR_CRASH_CTL		0x40000105
#define HVX_MSR_REENLIGHTENMENT_CONTROL	0x40000106
#define HVX_MSR_TSC_EMULATION_CONTROL	0x40000107
#define HVX_MSR_TSC_EMULATION_STATUS	0x40000108
#define HVX_MSR_TSC_INVARIANT_CONTROL	0x40000118

/* Overlay page MSRs: bit 0 enables, bits 63:12 are the GPA page number */
#define HVX_MSR_PAGE_ENABLE		(1ULL << 0)
#define HVX_MSR_PAGE_MASK		(~(HVX_PAGE_SIZE - 1ULL))

#define HVX_CRASH_CTL_NOTIFY_MSG	(1ULL << 62)
#define HVX_CRASH_CTL_NOTIFY		(1ULL << 63)

/* HVX_MSR_SCONTROL */
#define HVX_SCONTROL_ENABLE		(1ULL << 0)

/* HVX_MSR_SINTn (TLFS 11.8.4) */
#define HVX_SINT_COUNT			16
#define HVX_SINT_VECTOR_MASK		0xffULL
#define HVX_SINT_MASKED			(1ULL << 16)
#define HVX_SINT_AUTO_EOI		(1ULL << 17)
#define HVX_SINT_POLLING		(1ULL << 18)
#define HVX_SINT_AS_INTERCEPT		(1ULL << 19)
#define HVX_SINT_PROXY			(1ULL << 20)
#define HVX_SINT_RESERVED_MASK		(~0x1f00ffULL)
#define HVX_SINT_FIRST_VECTOR		16
#define HVX_SYNIC_VERSION		1

/* SINTs with a fixed use in the root partition */
#define HVX_SINT_INTERCEPT		0
#define HVX_SINT_DOORBELL		5

/* HVX_MSR_STIMERn_CONFIG (TLFS 12.3) */
#define HVX_STIMER_COUNT		4
#define HVX_STIMER_ENABLE		(1ULL << 0)
#define HVX_STIMER_PERIODIC		(1ULL << 1)
#define HVX_STIMER_LAZY			(1ULL << 2)
#define HVX_STIMER_AUTO_ENABLE		(1ULL << 3)
#define HVX_STIMER_VECTOR_SHIFT		4
#define HVX_STIMER_VECTOR_MASK		(0xffULL << HVX_STIMER_VECTOR_SHIFT)
#define HVX_STIMER_DIRECT		(1ULL << 12)
#define HVX_STIMER_SINT_SHIFT		16
#define HVX_STIMER_SINT_MASK		(0xfULL << HVX_STIMER_SINT_SHIFT)

/**
 * struct hvx_reference_tsc_page - reference TSC page (TLFS 12.7)
 * @sequence: 0 means "not valid, use HVX_MSR_TIME_REF_COUNT"
 * @rsvd: reserved
 * @scale: fixed point, 64 fraction bits
 * @offset: added after scaling
 *
 * Reference time in units of 100 ns = ((tsc * scale) >> 64) + offset.
 */
struct hvx_reference_tsc_page {
	__u32 sequence;
	__u32 rsvd;
	__u64 scale;
	__s64 offset;
};

/*
 * Hypercall control and result words (TLFS 3.7 and 3.8)
 */
#define HVX_HYPERCALL_CODE_MASK		0xffffULL
#define HVX_HYPERCALL_FAST		(1ULL << 16)
#define HVX_HYPERCALL_VARHDR_SHIFT	17
#define HVX_HYPERCALL_VARHDR_MASK	(0x3ffULL << HVX_HYPERCALL_VARHDR_SHIFT)
#define HVX_HYPERCALL_NESTED		(1ULL << 31)
#define HVX_HYPERCALL_REP_COUNT_SHIFT	32
#define HVX_HYPERCALL_REP_COUNT_MASK	(0xfffULL << HVX_HYPERCALL_REP_COUNT_SHIFT)
#define HVX_HYPERCALL_REP_START_SHIFT	48
#define HVX_HYPERCALL_REP_START_MASK	(0xfffULL << HVX_HYPERCALL_REP_START_SHIFT)
#define HVX_HYPERCALL_RSVD_MASK		0xf000f00078000000ULL
#define HVX_HYPERCALL_MAX_REPS		0xfff

#define HVX_RESULT_STATUS_MASK		0xffffULL
#define HVX_RESULT_REPS_SHIFT		32
#define HVX_RESULT_REPS_MASK		(0xfffULL << HVX_RESULT_REPS_SHIFT)

/*
 * Hypercall status codes (TLFS, appendix D)
 */
#define HVX_STATUS_SUCCESS				0x0000
#define HVX_STATUS_INVALID_HYPERCALL_CODE		0x0002
#define HVX_STATUS_INVALID_HYPERCALL_INPUT		0x0003
#define HVX_STATUS_INVALID_ALIGNMENT			0x0004
#define HVX_STATUS_INVALID_PARAMETER			0x0005
#define HVX_STATUS_ACCESS_DENIED			0x0006
#define HVX_STATUS_INVALID_PARTITION_STATE		0x0007
#define HVX_STATUS_OPERATION_DENIED			0x0008
#define HVX_STATUS_UNKNOWN_PROPERTY			0x0009
#define HVX_STATUS_PROPERTY_VALUE_OUT_OF_RANGE		0x000a
#define HVX_STATUS_INSUFFICIENT_MEMORY			0x000b
#define HVX_STATUS_INVALID_PARTITION_ID			0x000d
#define HVX_STATUS_INVALID_VP_INDEX			0x000e
#define HVX_STATUS_NOT_FOUND				0x0010
#define HVX_STATUS_INVALID_PORT_ID			0x0011
#define HVX_STATUS_INVALID_CONNECTION_ID		0x0012
#define HVX_STATUS_INSUFFICIENT_BUFFERS			0x0013
#define HVX_STATUS_NOT_ACKNOWLEDGED			0x0014
#define HVX_STATUS_INVALID_VP_STATE			0x0015
#define HVX_STATUS_INVALID_SYNIC_STATE			0x0018
#define HVX_STATUS_NO_RESOURCES				0x001d
#define HVX_STATUS_PROCESSOR_FEATURE_NOT_SUPPORTED	0x0020
#define HVX_STATUS_INVALID_LP_INDEX			0x0041
#define HVX_STATUS_INVALID_REGISTER_VALUE		0x0050
#define HVX_STATUS_OPERATION_FAILED			0x0071
#define HVX_STATUS_INSUFFICIENT_ROOT_MEMORY		0x0073
#define HVX_STATUS_INSUFFICIENT_CONTIGUOUS_MEMORY	0x0075
#define HVX_STATUS_TIME_OUT				0x0078
#define HVX_STATUS_CALL_PENDING				0x0079
#define HVX_STATUS_INSUFFICIENT_CONTIGUOUS_ROOT_MEMORY	0x0083
#define HVX_STATUS_VTL_ALREADY_ENABLED			0x0086

/*
 * Hypercall codes (TLFS, appendix A)
 */
#define HVX_CALL_FLUSH_VA_SPACE			0x0002
#define HVX_CALL_FLUSH_VA_LIST			0x0003
#define HVX_CALL_GET_LP_RUN_TIME		0x0004
#define HVX_CALL_NOTIFY_LONG_SPIN_WAIT		0x0008
#define HVX_CALL_SEND_IPI			0x000b
#define HVX_CALL_FLUSH_VA_SPACE_EX		0x0013
#define HVX_CALL_FLUSH_VA_LIST_EX		0x0014
#define HVX_CALL_SEND_IPI_EX			0x0015
#define HVX_CALL_CREATE_PARTITION		0x0040
#define HVX_CALL_INITIALIZE_PARTITION		0x0041
#define HVX_CALL_FINALIZE_PARTITION		0x0042
#define HVX_CALL_DELETE_PARTITION		0x0043
#define HVX_CALL_GET_PARTITION_PROPERTY		0x0044
#define HVX_CALL_SET_PARTITION_PROPERTY		0x0045
#define HVX_CALL_GET_PARTITION_ID		0x0046
#define HVX_CALL_DEPOSIT_MEMORY			0x0048
#define HVX_CALL_WITHDRAW_MEMORY		0x0049
#define HVX_CALL_MAP_GPA_PAGES			0x004b
#define HVX_CALL_UNMAP_GPA_PAGES		0x004c
#define HVX_CALL_INSTALL_INTERCEPT		0x004d
#define HVX_CALL_CREATE_VP			0x004e
#define HVX_CALL_DELETE_VP			0x004f
#define HVX_CALL_GET_VP_REGISTERS		0x0050
#define HVX_CALL_SET_VP_REGISTERS		0x0051
#define HVX_CALL_TRANSLATE_VIRTUAL_ADDRESS	0x0052
#define HVX_CALL_CLEAR_VIRTUAL_INTERRUPT	0x0056
#define HVX_CALL_DELETE_PORT			0x0058
#define HVX_CALL_DISCONNECT_PORT		0x005b
#define HVX_CALL_POST_MESSAGE			0x005c
#define HVX_CALL_SIGNAL_EVENT			0x005d
#define HVX_CALL_MAP_STATS_PAGE			0x006c
#define HVX_CALL_UNMAP_STATS_PAGE		0x006d
#define HVX_CALL_SET_SYSTEM_PROPERTY		0x006f
#define HVX_CALL_ADD_LOGICAL_PROCESSOR		0x0076
#define HVX_CALL_GET_SYSTEM_PROPERTY		0x007b
#define HVX_CALL_MAP_DEVICE_INTERRUPT		0x007c
#define HVX_CALL_UNMAP_DEVICE_INTERRUPT		0x007d
#define HVX_CALL_RETARGET_DEVICE_INTERRUPT	0x007e
#define HVX_CALL_ENTER_SLEEP_STATE		0x0084
#define HVX_CALL_NOTIFY_PARTITION_EVENT		0x0087
#define HVX_CALL_NOTIFY_PORT_RING_EMPTY		0x008b
#define HVX_CALL_REGISTER_INTERCEPT_RESULT	0x0091
#define HVX_CALL_ASSERT_VIRTUAL_INTERRUPT	0x0094
#define HVX_CALL_CREATE_PORT			0x0095
#define HVX_CALL_CONNECT_PORT			0x0096
#define HVX_CALL_START_VP			0x0099
#define HVX_CALL_GET_VP_INDEX_FROM_APIC_ID	0x009a
#define HVX_CALL_SIGNAL_EVENT_DIRECT		0x00c0
#define HVX_CALL_POST_MESSAGE_DIRECT		0x00c1
#define HVX_CALL_DISPATCH_VP			0x00c2
#define HVX_CALL_GET_GPA_PAGES_ACCESS_STATES	0x00c9
#define HVX_CALL_ACQUIRE_SPARSE_SPA_PAGE_HOST_ACCESS	0x00d7
#define HVX_CALL_RELEASE_SPARSE_SPA_PAGE_HOST_ACCESS	0x00d8
#define HVX_CALL_MAP_VP_STATE_PAGE		0x00e1
#define HVX_CALL_UNMAP_VP_STATE_PAGE		0x00e2
#define HVX_CALL_GET_VP_STATE			0x00e3
#define HVX_CALL_SET_VP_STATE			0x00e4
#define HVX_CALL_GET_VP_CPUID_VALUES		0x00f4
#define HVX_CALL_GET_PARTITION_PROPERTY_EX	0x0101
#define HVX_CALL_DISABLE_HYP_EX			0x010f
#define HVX_CALL_MAP_STATS_PAGE2		0x0131
#define HVX_CALL_EXT_QUERY_CAPABILITIES		0x8001

/*
 * Identities
 */
#define HVX_PARTITION_ID_INVALID	0ULL
#define HVX_PARTITION_ID_SELF		(~0ULL)
#define HVX_VP_INDEX_SELF		0xfffffffeU
#define HVX_ANY_VP			0xffffffffU

/* Target VTL byte: bits 3:0 VTL, bit 4 "use target VTL" */
#define HVX_INPUT_VTL_USE		(1U << 4)
#define HVX_INPUT_VTL_MASK		0xfU

/**
 * struct hvx_vp_set - sparse VP set (TLFS 7.8.7.3, HV_VP_SET)
 * @format: HVX_VP_SET_SPARSE_4K or HVX_VP_SET_ALL
 * @valid_bank_mask: bit n set: a word for VPs 64n..64n+63 is present
 * @banks: the words that are present, lowest bank first
 */
struct hvx_vp_set {
	__u64 format;
	__u64 valid_bank_mask;
	__u64 banks[];
};

#define HVX_VP_SET_SPARSE_4K		0
#define HVX_VP_SET_ALL			1

/**
 * struct hvx_proximity - HV_PROXIMITY_DOMAIN_INFO
 * @domain_id: ACPI proximity domain
 * @flags: HVX_PROXIMITY_*
 */
struct hvx_proximity {
	__u32 domain_id;
	__u32 flags;
};

#define HVX_PROXIMITY_PREFERRED		(1U << 0)
#define HVX_PROXIMITY_VALID		(1U << 31)

/*
 * Partitions (TLFS 4)
 */

/* struct hvx_in_create_partition.flags */
#define HVX_CREATE_SMT_ENABLED_GUEST	(1ULL << 0)
#define HVX_CREATE_NESTED_VIRT		(1ULL << 1)
#define HVX_CREATE_GPA_SUPER_PAGES	(1ULL << 4)
#define HVX_CREATE_EXO_PARTITION	(1ULL << 8)
#define HVX_CREATE_LAPIC		(1ULL << 13)
#define HVX_CREATE_INTERCEPT_MESSAGE_PAGE (1ULL << 19)
#define HVX_CREATE_X2APIC		(1ULL << 22)

#define HVX_COMPATIBILITY_21H2		0x0609
#define HVX_FEATURE_BANKS		2

/* struct hvx_in_create_partition.isolation, bits 4:0 */
#define HVX_ISOLATION_NONE		0
#define HVX_ISOLATION_SNP		2
#define HVX_ISOLATION_TDX		3

/**
 * struct hvx_in_create_partition - input of HVX_CALL_CREATE_PARTITION
 * @flags: HVX_CREATE_*
 * @proximity: where to take memory from
 * @compat_version: HVX_COMPATIBILITY_*
 * @rsvd: reserved
 * @disabled_features: processor features that the partition shall not have
 * @disabled_xsave: likewise, XSAVE features
 * @isolation: HV_PARTITION_ISOLATION_PROPERTIES
 */
struct hvx_in_create_partition {
	__u64 flags;
	struct hvx_proximity proximity;
	__u32 compat_version;
	__u32 rsvd;
	__u64 disabled_features[HVX_FEATURE_BANKS];
	__u64 disabled_xsave;
	__u64 isolation;
};
HVX_ASSERT_SIZE(struct hvx_in_create_partition, 56);

struct hvx_out_create_partition {
	__u64 partition_id;
};

/* input of INITIALIZE, FINALIZE and DELETE_PARTITION; usually a fast call */
struct hvx_in_partition {
	__u64 partition_id;
};

struct hvx_out_get_partition_id {
	__u64 partition_id;
};

struct hvx_in_get_partition_property {
	__u64 partition_id;
	__u32 code;
	__u32 rsvd;
};

struct hvx_out_get_partition_property {
	__u64 value;
};

struct hvx_in_set_partition_property {
	__u64 partition_id;
	__u32 code;
	__u32 rsvd;
	__u64 value;
};
HVX_ASSERT_SIZE(struct hvx_in_set_partition_property, 24);

struct hvx_in_get_partition_property_ex {
	__u64 partition_id;
	__u32 code;
	__u32 rsvd;
	__u64 arg;
};

#define HVX_PROPERTY_EX_MAX_SIZE \
	(HVX_PAGE_SIZE - sizeof(struct hvx_in_get_partition_property_ex))

/* Partition property codes (TLFS 4.2.3) */
#define HVX_PROP_PRIVILEGE_FLAGS		0x00010000
#define HVX_PROP_SYNTHETIC_PROC_FEATURES	0x00010001
#define HVX_PROP_INTEGRATED_SCHEDULER		0x00020005
#define HVX_PROP_TIME_FREEZE			0x00030003
#define HVX_PROP_REFERENCE_TIME			0x00030005
#define HVX_PROP_PROCESSORS_PER_SOCKET		0x00050003
#define HVX_PROP_GPA_PAGE_ACCESS_TRACKING	0x00050005
#define HVX_PROP_UNIMPLEMENTED_MSR_ACTION	0x00050017
#define HVX_PROP_XSAVE_FEATURES			0x00060002
#define HVX_PROP_PHYSICAL_ADDRESS_WIDTH		0x00060006
#define HVX_PROP_XSAVE_STATES			0x00060007
#define HVX_PROP_MAX_XSAVE_DATA_SIZE		0x00060008
#define HVX_PROP_PROCESSOR_CLOCK_FREQUENCY	0x00060009
#define HVX_PROP_PROCESSOR_FEATURES0		0x0006000a
#define HVX_PROP_PROCESSOR_FEATURES1		0x0006000b
#define HVX_PROP_EX_VMM_CAPABILITIES		0x00090007
#define HVX_PROP_EX_ASSIGNABLE_SYNTHETIC	0x00090009

/* Values of HVX_PROP_UNIMPLEMENTED_MSR_ACTION */
#define HVX_MSR_ACTION_FAULT			0
#define HVX_MSR_ACTION_IGNORE			1

/**
 * struct hvx_property_banks - value of the EX properties that are bit sets
 * @bank_count: number of valid words in @banks
 * @rsvd: reserved
 * @banks: the bits
 */
struct hvx_property_banks {
	__u16 bank_count;
	__u16 rsvd[3];
	__u64 banks[1];
};

/* Bits of HVX_PROP_EX_VMM_CAPABILITIES */
#define HVX_VMM_CAP_MAP_GPA_PRESERVE_ADJUSTABLE	(1ULL << 0)
#define HVX_VMM_CAP_OVERLAY_GPFN		(1ULL << 1)
#define HVX_VMM_CAP_VP_AFFINITY			(1ULL << 2)
#define HVX_VMM_CAP_ASSIGNABLE_SYNTHETIC	(1ULL << 4)
#define HVX_VMM_CAP_INTEGRATED_SCHEDULER	(1ULL << 6)

/* Bits of HVX_PROP_SYNTHETIC_PROC_FEATURES */
#define HVX_SYNTH_HYPERVISOR_PRESENT	(1ULL << 0)
#define HVX_SYNTH_HV1			(1ULL << 1)
#define HVX_SYNTH_VP_RUNTIME		(1ULL << 2)
#define HVX_SYNTH_REF_COUNTER		(1ULL << 3)
#define HVX_SYNTH_SYNIC			(1ULL << 4)
#define HVX_SYNTH_STIMER		(1ULL << 5)
#define HVX_SYNTH_INTR_CTRL		(1ULL << 6)
#define HVX_SYNTH_HYPERCALL		(1ULL << 7)
#define HVX_SYNTH_VP_INDEX		(1ULL << 8)
#define HVX_SYNTH_REF_TSC		(1ULL << 9)
#define HVX_SYNTH_GUEST_IDLE		(1ULL << 10)
#define HVX_SYNTH_FREQUENCY		(1ULL << 11)
#define HVX_SYNTH_EXT_GVA_FLUSH		(1ULL << 15)
#define HVX_SYNTH_FAST_OUTPUT		(1ULL << 18)
#define HVX_SYNTH_START_VP		(1ULL << 20)
#define HVX_SYNTH_DIRECT_STIMER		(1ULL << 22)
#define HVX_SYNTH_EX_MASKS		(1ULL << 24)
#define HVX_SYNTH_TB_FLUSH		(1ULL << 25)
#define HVX_SYNTH_CLUSTER_IPI		(1ULL << 26)
#define HVX_SYNTH_LONG_SPIN		(1ULL << 27)
#define HVX_SYNTH_SIGNAL_EVENTS		(1ULL << 29)
#define HVX_SYNTH_RETARGET		(1ULL << 30)

/*
 * Memory (TLFS 5)
 */
struct hvx_in_deposit_memory {
	__u64 partition_id;
	__u64 pfns[];
};

#define HVX_DEPOSIT_MAX_REPS		511

struct hvx_in_withdraw_memory {
	__u64 partition_id;
	struct hvx_proximity proximity;
};

struct hvx_out_withdraw_memory {
	__u64 pfns[HVX_PAGE_SIZE / sizeof(__u64)];
};

#define HVX_WITHDRAW_MAX_REPS		512

#define HVX_MAP_READABLE		0x1U
#define HVX_MAP_WRITABLE		0x2U
#define HVX_MAP_KERNEL_EXECUTABLE	0x4U
#define HVX_MAP_USER_EXECUTABLE		0x8U
#define HVX_MAP_EXECUTABLE		0xcU
#define HVX_MAP_PERMISSIONS_MASK	0xfU
#define HVX_MAP_ADJUSTABLE		0x8000U
#define HVX_MAP_NO_ACCESS		0x10000U
#define HVX_MAP_NOT_CACHED		0x200000U
#define HVX_MAP_LARGE_PAGE		0x80000000U
#define HVX_UNMAP_LARGE_PAGE		0x2U

/**
 * struct hvx_in_map_gpa_pages - input of HVX_CALL_MAP_GPA_PAGES
 * @partition_id: whose address space
 * @gpa_base: first guest page number
 * @flags: HVX_MAP_*; with HVX_MAP_LARGE_PAGE a rep maps 2 MiB
 * @rsvd: reserved
 * @pfns: page number in the caller's address space per rep; ignored, and sent
 *	  as zero, with HVX_MAP_NO_ACCESS
 */
struct hvx_in_map_gpa_pages {
	__u64 partition_id;
	__u64 gpa_base;
	__u32 flags;
	__u32 rsvd;
	__u64 pfns[];
};

#define HVX_MAP_GPA_MAX_REPS		509

struct hvx_in_unmap_gpa_pages {
	__u64 partition_id;
	__u64 gpa_base;
	__u32 flags;
	__u32 rsvd;
};

#define HVX_UNMAP_GPA_MAX_REPS		512

#define HVX_ACCESS_CLEAR_ACCESSED	(1ULL << 0)
#define HVX_ACCESS_SET_ACCESSED		(1ULL << 1)
#define HVX_ACCESS_CLEAR_DIRTY		(1ULL << 2)
#define HVX_ACCESS_SET_DIRTY		(1ULL << 3)

struct hvx_in_get_gpa_access {
	__u64 partition_id;
	__u64 flags;
	__u64 gpa_base;
};

/* one byte of output per rep */
#define HVX_ACCESS_STATE_ACCESSED	0x1
#define HVX_ACCESS_STATE_DIRTY		0x2
#define HVX_GET_GPA_ACCESS_MAX_REPS	0xfff

/*
 * Virtual processors (TLFS 7)
 */

/**
 * struct hvx_in_create_vp - input of HVX_CALL_CREATE_VP
 * @partition_id: partition
 * @vp_index: index of the new VP
 * @rsvd: reserved
 * @subnode_type: 0 = any
 * @subnode_id: with @subnode_type
 * @proximity: where to take memory from
 * @flags: for a VP of the root partition: index of its logical processor
 */
struct hvx_in_create_vp {
	__u64 partition_id;
	__u32 vp_index;
	__u8 rsvd[3];
	__u8 subnode_type;
	__u64 subnode_id;
	struct hvx_proximity proximity;
	__u64 flags;
};
HVX_ASSERT_SIZE(struct hvx_in_create_vp, 40);

struct hvx_in_delete_vp {
	__u64 partition_id;
	__u32 vp_index;
	__u32 rsvd;
};

/**
 * struct hvx_segment - segment register
 * @base: linear base address
 * @limit: in bytes, granularity already applied
 * @selector: selector
 * @attributes: HVX_SEG_*, as in a descriptor (type in bits 3:0)
 */
struct hvx_segment {
	__u64 base;
	__u32 limit;
	__u16 selector;
	__u16 attributes;
};

#define HVX_SEG_TYPE_MASK	0x000f
#define HVX_SEG_NON_SYSTEM	0x0010
#define HVX_SEG_DPL_SHIFT	5
#define HVX_SEG_PRESENT		0x0080
#define HVX_SEG_AVAILABLE	0x1000
#define HVX_SEG_LONG		0x2000
#define HVX_SEG_DEFAULT		0x4000
#define HVX_SEG_GRANULARITY	0x8000

/**
 * struct hvx_table - GDTR or IDTR
 * @rsvd: reserved
 * @limit: in bytes
 * @base: linear address
 */
struct hvx_table {
	__u16 rsvd[3];
	__u16 limit;
	__u64 base;
};

/**
 * union hvx_value - value of a virtual processor register
 * @u8: narrower registers use the low bytes
 * @u16: likewise
 * @u32: likewise
 * @u64: most registers
 * @u128: XMM, x87 and feature registers, low half first
 * @segment: segment registers, LDTR, TR
 * @table: GDTR, IDTR
 */
union hvx_value {
	__u8 u8;
	__u16 u16;
	__u32 u32;
	__u64 u64;
	__u64 u128[2];
	struct hvx_segment segment;
	struct hvx_table table;
};
HVX_ASSERT_SIZE(union hvx_value, 16);

struct hvx_register {
	__u32 name;
	__u32 rsvd1;
	__u64 rsvd2;
	union hvx_value value;
};
HVX_ASSERT_SIZE(struct hvx_register, 32);

/* header of GET and SET_VP_REGISTERS */
struct hvx_in_vp_registers {
	__u64 partition_id;
	__u32 vp_index;
	__u8 vtl;
	__u8 rsvd8;
	__u16 rsvd16;
};
HVX_ASSERT_SIZE(struct hvx_in_vp_registers, 16);

struct hvx_in_get_vp_registers {
	struct hvx_in_vp_registers h;
	__u32 names[];
};

struct hvx_in_set_vp_registers {
	struct hvx_in_vp_registers h;
	struct hvx_register regs[];
};

#define HVX_GET_REGISTERS_MAX_REPS \
	(HVX_PAGE_SIZE / sizeof(union hvx_value))
#define HVX_SET_REGISTERS_MAX_REPS \
	((HVX_PAGE_SIZE - sizeof(struct hvx_in_vp_registers)) / \
	 sizeof(struct hvx_register))

/* Register names: suspend state (owned by the root kernel) */
#define HVX_REG_EXPLICIT_SUSPEND	0x00000000
#define HVX_REG_INTERCEPT_SUSPEND	0x00000001
#define HVX_REG_DISPATCH_SUSPEND	0x00000003
#define HVX_REG_INTERNAL_ACTIVITY_STATE	0x00000004
/* the CPUID leaves as registers */
#define HVX_REG_HYPERVISOR_VERSION	0x00000100
#define HVX_REG_PRIVILEGES_AND_FEATURES	0x00000200
#define HVX_REG_FEATURES		0x00000201
#define HVX_REG_LIMITS			0x00000202
#define HVX_REG_HW_FEATURES		0x00000203
#define HVX_REG_CRASH_P0		0x00000210	/* ... P4 0x214 */
#define HVX_REG_CRASH_CTL		0x00000215
/* interruption state */
#define HVX_REG_PENDING_INTERRUPTION	0x00010002
#define HVX_REG_INTERRUPT_STATE		0x00010003
#define HVX_REG_PENDING_EVENT0		0x00010004
#define HVX_REG_PENDING_EVENT1		0x00010005
#define HVX_REG_DELIVERABILITY		0x00010006
/* general registers: RAX RCX RDX RBX RSP RBP RSI RDI R8..R15 RIP RFLAGS */
#define HVX_REG_RAX			0x00020000
#define HVX_REG_RCX			0x00020001
#define HVX_REG_RDX			0x00020002
#define HVX_REG_RBX			0x00020003
#define HVX_REG_RSP			0x00020004
#define HVX_REG_RBP			0x00020005
#define HVX_REG_RSI			0x00020006
#define HVX_REG_RDI			0x00020007
#define HVX_REG_R8			0x00020008
#define HVX_REG_R15			0x0002000f
#define HVX_REG_RIP			0x00020010
#define HVX_REG_RFLAGS			0x00020011
/* floating point */
#define HVX_REG_XMM0			0x00030000	/* ... XMM15 0x3000f */
#define HVX_REG_FP_MMX0			0x00030010	/* ... MMX7 0x30017 */
#define HVX_REG_FP_CONTROL_STATUS	0x00030018
#define HVX_REG_XMM_CONTROL_STATUS	0x00030019
/* control registers */
#define HVX_REG_CR0			0x00040000
#define HVX_REG_CR2			0x00040001
#define HVX_REG_CR3			0x00040002
#define HVX_REG_CR4			0x00040003
#define HVX_REG_CR8			0x00040004
#define HVX_REG_XFEM			0x00040005
#define HVX_REG_INTERMEDIATE_CR0	0x00041000
#define HVX_REG_INTERMEDIATE_CR3	0x00041002
#define HVX_REG_INTERMEDIATE_CR4	0x00041003
#define HVX_REG_INTERMEDIATE_CR8	0x00041004
/* debug registers */
#define HVX_REG_DR0			0x00050000
#define HVX_REG_DR1			0x00050001
#define HVX_REG_DR2			0x00050002
#define HVX_REG_DR3			0x00050003
#define HVX_REG_DR6			0x00050004
#define HVX_REG_DR7			0x00050005
/* segment and table registers */
#define HVX_REG_ES			0x00060000
#define HVX_REG_CS			0x00060001
#define HVX_REG_SS			0x00060002
#define HVX_REG_DS			0x00060003
#define HVX_REG_FS			0x00060004
#define HVX_REG_GS			0x00060005
#define HVX_REG_LDTR			0x00060006
#define HVX_REG_TR			0x00060007
#define HVX_REG_IDTR			0x00070000
#define HVX_REG_GDTR			0x00070001
/* on arm64: the interrupt that is set aside for SINTs */
#define HVX_REG_ARM64_SINT_INTERRUPT_ID	0x00070001
/* registers behind architectural MSRs */
#define HVX_REG_TSC			0x00080000
#define HVX_REG_EFER			0x00080001
#define HVX_REG_KERNEL_GS_BASE		0x00080002
#define HVX_REG_APIC_BASE		0x00080003
#define HVX_REG_PAT			0x00080004
#define HVX_REG_SYSENTER_CS		0x00080005
#define HVX_REG_SYSENTER_EIP		0x00080006
#define HVX_REG_SYSENTER_ESP		0x00080007
#define HVX_REG_STAR			0x00080008
#define HVX_REG_LSTAR			0x00080009
#define HVX_REG_CSTAR			0x0008000a
#define HVX_REG_SFMASK			0x0008000b
#define HVX_REG_INITIAL_APIC_ID		0x0008000c
#define HVX_REG_MTRR_CAP		0x0008000d
#define HVX_REG_MTRR_DEF_TYPE		0x0008000e
#define HVX_REG_MTRR_PHYS_BASE0		0x00080010	/* ... BASEF 0x8001f */
#define HVX_REG_MTRR_PHYS_MASK0		0x00080040	/* ... MASKF 0x8004f */
#define HVX_REG_MTRR_FIX64K_00000	0x00080070
#define HVX_REG_MTRR_FIX16K_80000	0x00080071
#define HVX_REG_MTRR_FIX16K_A0000	0x00080072
#define HVX_REG_MTRR_FIX4K_C0000	0x00080073	/* ... F8000 0x8007a */
#define HVX_REG_TSC_AUX			0x0008007b
#define HVX_REG_BNDCFGS			0x0008007c
#define HVX_REG_DEBUG_CTL		0x0008007d
#define HVX_REG_SPEC_CTRL		0x00080084
#define HVX_REG_U_XSS			0x0008008b
#define HVX_REG_U_CET			0x0008008c
#define HVX_REG_S_CET			0x0008008d
#define HVX_REG_SSP			0x0008008e
#define HVX_REG_PL0_SSP			0x0008008f	/* ... PL3 0x80092 */
#define HVX_REG_INT_SSP_TABLE		0x00080093
#define HVX_REG_TSC_ADJUST		0x00080096
#define HVX_REG_MISC_ENABLE		0x000800a0
/* synthetic registers */
#define HVX_REG_VP_RUNTIME		0x00090000
#define HVX_REG_HYPERCALL		0x00090001
#define HVX_REG_GUEST_OS_ID		0x00090002
#define HVX_REG_VP_INDEX		0x00090003
#define HVX_REG_TIME_REF_COUNT		0x00090004
#define HVX_REG_VP_ASSIST_PAGE		0x00090013
#define HVX_REG_VP_ROOT_SIGNAL_COUNT	0x00090014
#define HVX_REG_REFERENCE_TSC		0x00090017
#define HVX_REG_SINT0			0x000a0000	/* ... SINT15 0xa000f */
#define HVX_REG_SCONTROL		0x000a0010
#define HVX_REG_SVERSION		0x000a0011
#define HVX_REG_SIEFP			0x000a0012
#define HVX_REG_SIMP			0x000a0013
#define HVX_REG_EOM			0x000a0014
#define HVX_REG_SIRBP			0x000a0015
#define HVX_REG_STIMER0_CONFIG		0x000b0000	/* then COUNT, 4 timers */
#define HVX_REG_STIMER0_COUNT		0x000b0001

/* HVX_REG_*_SUSPEND */
#define HVX_SUSPENDED			(1ULL << 0)

/* HVX_REG_INTERNAL_ACTIVITY_STATE */
#define HVX_ACTIVITY_STARTUP_SUSPEND	(1ULL << 0)
#define HVX_ACTIVITY_HALT_SUSPEND	(1ULL << 1)
#define HVX_ACTIVITY_IDLE_SUSPEND	(1ULL << 2)

/* HVX_REG_INTERRUPT_STATE */
#define HVX_INTR_SHADOW			(1ULL << 0)
#define HVX_INTR_NMI_MASKED		(1ULL << 1)

/* HVX_REG_PENDING_INTERRUPTION */
#define HVX_PENDING_VALID		(1ULL << 0)
#define HVX_PENDING_TYPE_SHIFT		1
#define HVX_PENDING_TYPE_MASK		(7ULL << HVX_PENDING_TYPE_SHIFT)
#define HVX_PENDING_TYPE_INTERRUPT	0
#define HVX_PENDING_TYPE_NMI		2
#define HVX_PENDING_TYPE_EXCEPTION	3
#define HVX_PENDING_TYPE_SOFT_INTERRUPT	4
#define HVX_PENDING_TYPE_PRIV_SOFT_EXC	5
#define HVX_PENDING_TYPE_SOFT_EXCEPTION	6
#define HVX_PENDING_ERROR_CODE		(1ULL << 4)
#define HVX_PENDING_LENGTH_SHIFT	5
#define HVX_PENDING_LENGTH_MASK		(0xfULL << HVX_PENDING_LENGTH_SHIFT)
#define HVX_PENDING_NESTED		(1ULL << 9)
#define HVX_PENDING_VECTOR_SHIFT	16
#define HVX_PENDING_VECTOR_MASK		(0xffffULL << HVX_PENDING_VECTOR_SHIFT)
#define HVX_PENDING_ERROR_SHIFT		32

/* HVX_REG_PENDING_EVENT0: event pending bit 0, type bits 3:1 */
#define HVX_EVENT_PENDING		(1ULL << 0)
#define HVX_EVENT_TYPE_SHIFT		1
#define HVX_EVENT_TYPE_EXCEPTION	0
#define HVX_EVENT_DELIVER_ERROR_CODE	(1ULL << 8)
#define HVX_EVENT_VECTOR_SHIFT		16
#define HVX_EVENT_ERROR_SHIFT		32

/**
 * struct hvx_register_page - VP register page, shared with the VMM
 * @version: HVX_REGISTER_PAGE_VERSION
 * @valid: the hypervisor keeps the page up to date
 * @rsvdz: reserved
 * @dirty: bit per HVX_REGPAGE_* class that the VMM changed
 * @gpr: RAX RCX RDX RBX RSP RBP RSI RDI R8..R15
 * @rip: instruction pointer
 * @rflags: flags
 * @rsvd0: reserved
 * @xmm: XMM0..XMM5
 * @seg: ES CS SS DS FS GS
 * @cr0: this and what follows is read-only for the VMM
 * @cr3: see @cr0
 * @cr4: see @cr0
 * @cr8: see @cr0
 * @efer: see @cr0
 * @dr7: see @cr0
 * @pending_interruption: as HVX_REG_PENDING_INTERRUPTION
 * @interrupt_state: as HVX_REG_INTERRUPT_STATE
 * @emulation_hints: unused
 * @xfem: XCR0
 * @rsvd1: not part of the saved page
 * @vector_count: vectors in @vector to inject at the next dispatch
 * @vector: see @vector_count
 */
struct hvx_register_page {
	__u16 version;
	__u8 valid;
	__u8 rsvdz;
	__u32 dirty;
	__u64 gpr[16];
	__u64 rip;
	__u64 rflags;
	__u64 rsvd0;
	__u64 xmm[6][2];
	struct hvx_segment seg[6];
	__u64 cr0;
	__u64 cr3;
	__u64 cr4;
	__u64 cr8;
	__u64 efer;
	__u64 dr7;
	__u64 pending_interruption;
	__u64 interrupt_state;
	__u64 emulation_hints;
	__u64 xfem;
	__u8 rsvd1[0x100];
	__u8 vector_count;
	__u8 vector[7];
};
HVX_ASSERT_OFFSET(struct hvx_register_page, xmm, 0xa0);
HVX_ASSERT_OFFSET(struct hvx_register_page, seg, 0x100);
HVX_ASSERT_OFFSET(struct hvx_register_page, cr0, 0x160);
HVX_ASSERT_OFFSET(struct hvx_register_page, vector_count, 0x2b0);

#define HVX_REGISTER_PAGE_VERSION	1
#define HVX_REGPAGE_GENERAL		(1U << 0)
#define HVX_REGPAGE_IP			(1U << 1)
#define HVX_REGPAGE_XMM			(1U << 2)
#define HVX_REGPAGE_SEGMENT		(1U << 3)
#define HVX_REGPAGE_FLAGS		(1U << 4)
#define HVX_REGPAGE_DIRTY_MASK		0x1fU

/* VP state pages */
#define HVX_STATE_PAGE_REGISTERS		0
#define HVX_STATE_PAGE_INTERCEPT_MESSAGE	1
#define HVX_STATE_PAGE_GHCB			2
#define HVX_STATE_PAGE_COUNT			3
#define HVX_STATE_PAGE_LOCATION_PROVIDED	0x1

struct hvx_in_map_vp_state_page {
	__u64 partition_id;
	__u32 vp_index;
	__u16 type;
	__u8 vtl;
	__u8 flags;
	__u64 location;
};
HVX_ASSERT_SIZE(struct hvx_in_map_vp_state_page, 24);

struct hvx_out_map_vp_state_page {
	__u64 pfn;
};

struct hvx_in_unmap_vp_state_page {
	__u64 partition_id;
	__u32 vp_index;
	__u16 type;
	__u8 vtl;
	__u8 rsvd;
};
HVX_ASSERT_SIZE(struct hvx_in_unmap_vp_state_page, 16);

/* DISPATCH_VP (root scheduler) */
#define HVX_DISPATCH_CLEAR_INTERCEPT_SUSPEND	0x01U
#define HVX_DISPATCH_ENABLE_CALLER_INTERRUPTS	0x02U
#define HVX_DISPATCH_SET_CALLER_SPEC_CTRL	0x04U
#define HVX_DISPATCH_SKIP_VP_SPEC_FLUSH		0x08U
#define HVX_DISPATCH_SKIP_CALLER_SPEC_FLUSH	0x10U
#define HVX_DISPATCH_SKIP_CALLER_USER_SPEC_FLUSH 0x20U
#define HVX_DISPATCH_SCAN_INTERRUPT_INJECTION	0x40U
#define HVX_DISPATCH_FLAGS_MASK			0x7fU

/**
 * struct hvx_in_dispatch_vp - input of HVX_CALL_DISPATCH_VP
 * @partition_id: partition
 * @vp_index: VP to run on the calling logical processor
 * @flags: HVX_DISPATCH_*
 * @time_slice: in 100 ns, 0 = until something happens
 * @spec_ctrl: with HVX_DISPATCH_SET_CALLER_SPEC_CTRL
 */
struct hvx_in_dispatch_vp {
	__u64 partition_id;
	__u32 vp_index;
	__u32 flags;
	__u64 time_slice;
	__u64 spec_ctrl;
};
HVX_ASSERT_SIZE(struct hvx_in_dispatch_vp, 32);

struct hvx_out_dispatch_vp {
	__u32 state;
	__u32 event;
};

#define HVX_DISPATCH_STATE_INVALID	0
#define HVX_DISPATCH_STATE_BLOCKED	1
#define HVX_DISPATCH_STATE_READY	2
#define HVX_DISPATCH_EVENT_INVALID	0
#define HVX_DISPATCH_EVENT_SUSPEND	1
#define HVX_DISPATCH_EVENT_INTERCEPT	2

/* Address translation */
#define HVX_TRANSLATE_VALIDATE_READ	0x0001ULL
#define HVX_TRANSLATE_VALIDATE_WRITE	0x0002ULL
#define HVX_TRANSLATE_VALIDATE_EXECUTE	0x0004ULL
#define HVX_TRANSLATE_PRIVILEGE_EXEMPT	0x0008ULL
#define HVX_TRANSLATE_SET_PT_BITS	0x0010ULL
#define HVX_TRANSLATE_TLB_FLUSH_INHIBIT	0x0020ULL
#define HVX_TRANSLATE_SUPERVISOR	0x0040ULL
#define HVX_TRANSLATE_USER		0x0080ULL
#define HVX_TRANSLATE_ENFORCE_SMAP	0x0100ULL
#define HVX_TRANSLATE_OVERRIDE_SMAP	0x0200ULL
#define HVX_TRANSLATE_SHADOW_STACK	0x0400ULL

struct hvx_in_translate_va {
	__u64 partition_id;
	__u32 vp_index;
	__u32 rsvd;
	__u64 flags;
	__u64 gva_page;
};
HVX_ASSERT_SIZE(struct hvx_in_translate_va, 32);

/* hvx_out_translate_va.cache_overlay: bits 7:0 are the cache type */
#define HVX_TRANSLATE_OVERLAY_PAGE		(1U << 8)

struct hvx_out_translate_va {
	__u32 result;
	__u32 cache_overlay;
	__u64 gpa_page;
};

#define HVX_TRANSLATE_SUCCESS			0
#define HVX_TRANSLATE_PAGE_NOT_PRESENT		1
#define HVX_TRANSLATE_PRIVILEGE_VIOLATION	2
#define HVX_TRANSLATE_INVALID_PTE_FLAGS		3
#define HVX_TRANSLATE_GPA_UNMAPPED		4
#define HVX_TRANSLATE_NO_READ			5
#define HVX_TRANSLATE_NO_WRITE			6
#define HVX_TRANSLATE_ILLEGAL_OVERLAY		7
#define HVX_TRANSLATE_INTERCEPT			8

/* VP state (GET_VP_STATE, SET_VP_STATE) */
#define HVX_VP_STATE_BY_PFN		(1U << 31)
#define HVX_VP_STATE_LAPIC		(0U | HVX_VP_STATE_BY_PFN)
#define HVX_VP_STATE_XSAVE		(1U | HVX_VP_STATE_BY_PFN)
#define HVX_VP_STATE_SIM_PAGE		(2U | HVX_VP_STATE_BY_PFN)
#define HVX_VP_STATE_SIEF_PAGE		(3U | HVX_VP_STATE_BY_PFN)
#define HVX_VP_STATE_SYNTHETIC_TIMERS	4U

/**
 * struct hvx_in_vp_state - header of GET_VP_STATE and SET_VP_STATE
 * @partition_id: partition
 * @vp_index: VP
 * @vtl: target VTL
 * @rsvd8: reserved
 * @rsvd16: reserved
 * @type: HVX_VP_STATE_*
 * @rsvd32: reserved
 * @xsave_flags: XSAVE only
 * @xsave_states: XSAVE only: XFEM of the states that are meant
 * @pfns: buffer pages (types by PFN), or the bytes (SET of other types)
 */
struct hvx_in_vp_state {
	__u64 partition_id;
	__u32 vp_index;
	__u8 vtl;
	__u8 rsvd8;
	__u16 rsvd16;
	__u32 type;
	__u32 rsvd32;
	__u64 xsave_flags;
	__u64 xsave_states;
	__u64 pfns[];
};
HVX_ASSERT_SIZE(struct hvx_in_vp_state, 40);

struct hvx_stimer_state {
	__u32 flags;
	__u32 rsvd;
	__u64 config;
	__u64 count;
	__u64 adjustment;
	__u64 undelivered_exp_time;
};

struct hvx_synthetic_timers_state {
	struct hvx_stimer_state timers[HVX_STIMER_COUNT];
	__u64 rsvd[5];
};
HVX_ASSERT_SIZE(struct hvx_synthetic_timers_state, 200);

/* HVX_VP_STATE_LAPIC; each field is the register of the same name. */
struct hvx_lapic_state {
	__u32 apic_id;
	__u32 version;
	__u32 ldr;
	__u32 dfr;
	__u32 spurious;
	__u32 isr[8];
	__u32 tmr[8];
	__u32 irr[8];
	__u32 esr;
	__u32 icr_high;
	__u32 icr_low;
	__u32 lvt_timer;
	__u32 lvt_thermal;
	__u32 lvt_perfmon;
	__u32 lvt_lint0;
	__u32 lvt_lint1;
	__u32 lvt_error;
	__u32 lvt_cmci;
	__u32 error_status;
	__u32 initial_count;
	__u32 counter_value;
	__u32 divide_configuration;
	__u32 remote_read;
};
HVX_ASSERT_SIZE(struct hvx_lapic_state, 176);
HVX_ASSERT_OFFSET(struct hvx_lapic_state, lvt_lint0, 0x8c);

/* CPUID as a VP sees it */
struct hvx_cpuid_query {
	__u32 eax;
	__u32 ecx;
	__u64 xfem;
	__u64 xss;
};

struct hvx_in_get_vp_cpuid {
	__u64 partition_id;
	__u32 vp_index;
	__u32 flags;
	__u64 rsvd;
	struct hvx_cpuid_query leaves[];
};

/* That much input fits in a page. */
#define HVX_GET_CPUID_MAX_REPS \
	((HVX_PAGE_SIZE - sizeof(struct hvx_in_get_vp_cpuid)) / \
	 sizeof(struct hvx_cpuid_query))

#define HVX_CPUID_USE_VP_XFEM_XSS	(1U << 0)
#define HVX_CPUID_APPLY_REGISTERED	(1U << 1)

struct hvx_cpuid_result {
	__u32 eax;
	__u32 ebx;
	__u32 ecx;
	__u32 edx;
};

/*
 * Intercepts (TLFS 7.6 and 9)
 */
#define HVX_INTERCEPT_X64_IO_PORT	0
#define HVX_INTERCEPT_X64_MSR		1
#define HVX_INTERCEPT_X64_CPUID		2
#define HVX_INTERCEPT_EXCEPTION		3
#define HVX_INTERCEPT_MMIO		5
#define HVX_INTERCEPT_X64_GLOBAL_CPUID	6
#define HVX_INTERCEPT_X64_APIC_SMI	7
#define HVX_INTERCEPT_HYPERCALL		8
#define HVX_INTERCEPT_X64_APIC_INIT_SIPI 9
#define HVX_INTERCEPT_X64_APIC_WRITE	11
#define HVX_INTERCEPT_X64_MSR_INDEX	12

/* struct hvx_in_install_intercept.access */
#define HVX_ACCESS_MASK_NONE		0
#define HVX_ACCESS_MASK_READ		1
#define HVX_ACCESS_MASK_WRITE		2
#define HVX_ACCESS_MASK_EXECUTE		4

/* struct hvx_msg_header.access_type */
#define HVX_ACCESS_READ			0
#define HVX_ACCESS_WRITE		1
#define HVX_ACCESS_EXECUTE		2

/**
 * struct hvx_in_install_intercept - input of HVX_CALL_INSTALL_INTERCEPT
 * @partition_id: partition
 * @access: HVX_ACCESS_MASK_*, 0 removes the intercept
 * @type: HVX_INTERCEPT_*
 * @parameter: port, CPUID leaf, exception vector or MSR; else 0
 */
struct hvx_in_install_intercept {
	__u64 partition_id;
	__u32 access;
	__u32 type;
	__u64 parameter;
};
HVX_ASSERT_SIZE(struct hvx_in_install_intercept, 24);

/**
 * struct hvx_in_register_intercept_result - REGISTER_INTERCEPT_RESULT
 * @partition_id: partition
 * @vp_index: VP
 * @type: HVX_INTERCEPT_X64_CPUID or HVX_INTERCEPT_X64_MSR
 * @cpuid: for CPUID; each result is a value and the mask of the bits it sets
 * @msr: for MSRs
 *
 * The structure has no padding at its end: clients pass 0x3c bytes.
 */
struct hvx_in_register_intercept_result {
	__u64 partition_id;
	__u32 vp_index;
	__u32 type;
	union {
		struct {
			__u32 eax;
			__u32 ecx;
			__u8 subleaf_specific;
			__u8 always_override;
			__u16 rsvd;
			struct {
				__u32 value;
				__u32 mask;
			} result[4];
		} cpuid;
		struct {
			__u32 index;
			__u32 access;
			__u32 action;
		} msr;
	};
} __attribute__((packed));
HVX_ASSERT_SIZE(struct hvx_in_register_intercept_result, 0x3c);

/*
 * Virtual interrupts
 */
#define HVX_INTERRUPT_FIXED		0
#define HVX_INTERRUPT_LOWEST_PRIORITY	1
#define HVX_INTERRUPT_SMI		2
#define HVX_INTERRUPT_REMOTE_READ	3
#define HVX_INTERRUPT_NMI		4
#define HVX_INTERRUPT_INIT		5
#define HVX_INTERRUPT_SIPI		6
#define HVX_INTERRUPT_EXTINT		7
#define HVX_INTERRUPT_LOCALINT0		8
#define HVX_INTERRUPT_LOCALINT1		9

#define HVX_ASSERT_LEVEL		(1U << 0)
#define HVX_ASSERT_LOGICAL		(1U << 1)
/* arm64 has this one instead */
#define HVX_ASSERT_ARM64_ASSERTED	(1U << 2)

/**
 * struct hvx_in_assert_interrupt - input of ASSERT_VIRTUAL_INTERRUPT
 * @partition_id: partition
 * @type: HVX_INTERRUPT_*
 * @flags: HVX_ASSERT_*
 * @dest: APIC id, or logical destination with HVX_ASSERT_LOGICAL
 * @vector: vector
 * @vtl: target VTL
 * @rsvd8: reserved
 * @rsvd16: reserved
 */
struct hvx_in_assert_interrupt {
	__u64 partition_id;
	__u32 type;
	__u32 flags;
	__u64 dest;
	__u32 vector;
	__u8 vtl;
	__u8 rsvd8;
	__u16 rsvd16;
};
HVX_ASSERT_SIZE(struct hvx_in_assert_interrupt, 32);

struct hvx_in_signal_event_direct {
	__u64 partition_id;
	__u32 vp_index;
	__u8 vtl;
	__u8 sint;
	__u16 flag;
};

struct hvx_out_signal_event_direct {
	__u8 newly_signaled;
	__u8 rsvd[7];
};

struct hvx_in_post_message_direct {
	__u64 partition_id;
	__u32 vp_index;
	__u8 vtl;
	__u8 rsvd8[3];
	__u32 sint;
	__u8 message[256];
	__u32 rsvd;
};
HVX_ASSERT_SIZE(struct hvx_in_post_message_direct, 280);

/*
 * Ports and connections (TLFS 11.4)
 */
#define HVX_PORT_MESSAGE		1
#define HVX_PORT_EVENT			2
#define HVX_PORT_MONITOR		3
#define HVX_PORT_DOORBELL		4
#define HVX_PORT_ID_MASK		0xffffffU

struct hvx_port_info {
	__u32 type;
	__u32 rsvd;
	__u32 target_sint;
	__u32 target_vp;
	__u16 base_flag;
	__u16 flag_count;
	__u32 rsvdz;
};

struct hvx_in_create_port {
	__u64 port_partition_id;
	__u32 port_id;
	__u8 port_vtl;
	__u8 min_connection_vtl;
	__u16 rsvd;
	__u64 connection_partition_id;
	struct hvx_port_info info;
	struct hvx_proximity proximity;
};
HVX_ASSERT_SIZE(struct hvx_in_create_port, 56);

struct hvx_in_delete_port {
	__u64 port_partition_id;
	__u32 port_id;
	__u32 rsvd;
};

#define HVX_DOORBELL_SIZE_MASK		0x7ULL
#define HVX_DOORBELL_SIZE_ANY		0ULL
#define HVX_DOORBELL_SIZE_BYTE		1ULL
#define HVX_DOORBELL_SIZE_WORD		2ULL
#define HVX_DOORBELL_SIZE_DWORD		3ULL
#define HVX_DOORBELL_SIZE_QWORD		4ULL
#define HVX_DOORBELL_ANY_VALUE		0x80000000ULL

struct hvx_connection_info {
	__u32 type;
	__u32 rsvd;
	__u64 gpa;
	__u64 trigger_value;
	__u64 flags;
};

struct hvx_in_connect_port {
	__u64 connection_partition_id;
	__u32 connection_id;
	__u8 connection_vtl;
	__u8 rsvd8;
	__u16 rsvd16;
	__u64 port_partition_id;
	__u32 port_id;
	__u32 rsvd32;
	struct hvx_connection_info info;
	struct hvx_proximity proximity;
};
HVX_ASSERT_SIZE(struct hvx_in_connect_port, 72);

#define HVX_DISCONNECT_IS_DOORBELL	(1U << 0)

struct hvx_in_disconnect_port {
	__u64 connection_partition_id;
	__u32 connection_id;
	__u32 flags;
};

struct hvx_in_notify_port_ring_empty {
	__u32 sint;
	__u32 rsvd;
};

/* Types from here on are the hypervisor's, not for HVX_CALL_POST_MESSAGE */
#define HVX_MSG_TYPE_HYPERVISOR		0x80000000U

struct hvx_in_post_message {
	__u32 connection_id;
	__u32 rsvd;
	__u32 type;
	__u32 payload_size;
	__u64 payload[30];
};
HVX_ASSERT_SIZE(struct hvx_in_post_message, 256);

struct hvx_in_signal_event {
	__u32 connection_id;
	__u16 flag;
	__u16 rsvd;
};
HVX_ASSERT_SIZE(struct hvx_in_signal_event, 8);

#define HVX_EVENT_RING_ENTRIES		63

/**
 * struct hvx_event_ring - per-SINT ring of signalled port ids
 * @signal_masked: the consumer polls, no interrupt wanted
 * @ring_full: the hypervisor had to hold back entries
 * @rsvdz: reserved
 * @data: ids of signalled ports in order of arrival, 0 = free; the consumer
 *	  writes 0 back
 */
struct hvx_event_ring {
	__u8 signal_masked;
	__u8 ring_full;
	__u16 rsvdz;
	__u32 data[HVX_EVENT_RING_ENTRIES];
};

struct hvx_event_ring_page {
	struct hvx_event_ring sint[HVX_SINT_COUNT];
};
HVX_ASSERT_SIZE(struct hvx_event_ring_page, 4096);

#define HVX_EVENT_FLAGS_BYTES		256

struct hvx_event_flags_page {
	__u8 sint[HVX_SINT_COUNT][HVX_EVENT_FLAGS_BYTES];
};
HVX_ASSERT_SIZE(struct hvx_event_flags_page, 4096);

/*
 * Messages (TLFS 11.2)
 */
#define HVX_MSG_NONE			0x00000000
#define HVX_MSG_UNMAPPED_GPA		0x80000000
#define HVX_MSG_GPA_INTERCEPT		0x80000001
#define HVX_MSG_TIMER_EXPIRED		0x80000010
#define HVX_MSG_INVALID_VP_REGISTER	0x80000020
#define HVX_MSG_UNRECOVERABLE_EXCEPTION	0x80000021
#define HVX_MSG_UNSUPPORTED_FEATURE	0x80000022
#define HVX_MSG_OPAQUE_INTERCEPT	0x8000003f
#define HVX_MSG_HYPERCALL_INTERCEPT	0x80000050
#define HVX_MSG_SYNIC_EVENT_INTERCEPT	0x80000060
#define HVX_MSG_SYNIC_SINT_INTERCEPT	0x80000061
#define HVX_MSG_SYNIC_SINT_DELIVERABLE	0x80000062
#define HVX_MSG_ASYNC_CALL_COMPLETION	0x80000070
#define HVX_MSG_SCHEDULER_VP_BITSET	0x80000100
#define HVX_MSG_SCHEDULER_VP_PAIR	0x80000101
#define HVX_MSG_X64_IO_PORT		0x80010000
#define HVX_MSG_X64_MSR			0x80010001
#define HVX_MSG_X64_CPUID		0x80010002
#define HVX_MSG_X64_EXCEPTION		0x80010003
#define HVX_MSG_X64_APIC_EOI		0x80010004
#define HVX_MSG_X64_LEGACY_FP_ERROR	0x80010005
#define HVX_MSG_X64_HALT		0x80010007
#define HVX_MSG_X64_INTERRUPTION_DELIVERABLE 0x80010008
#define HVX_MSG_X64_SIPI		0x80010009

#define HVX_MSG_SIZE			256
#define HVX_MSG_PAYLOAD_SIZE		240
#define HVX_MSG_FLAG_PENDING		0x1

/**
 * struct hvx_message - one message slot
 * @type: HVX_MSG_*, HVX_MSG_NONE marks a free slot
 * @payload_size: valid bytes of @payload
 * @flags: HVX_MSG_FLAG_*
 * @rsvd: reserved
 * @sender: partition id, or port id
 * @payload: depends on @type
 */
struct hvx_message {
	__u32 type;
	__u8 payload_size;
	__u8 flags;
	__u16 rsvd;
	__u64 sender;
	__u64 payload[HVX_MSG_PAYLOAD_SIZE / sizeof(__u64)];
};
HVX_ASSERT_SIZE(struct hvx_message, HVX_MSG_SIZE);

struct hvx_message_page {
	struct hvx_message sint[HVX_SINT_COUNT];
};
HVX_ASSERT_SIZE(struct hvx_message_page, 4096);

/* struct hvx_msg_header.execution_state */
#define HVX_EXEC_CPL_MASK		0x0003
#define HVX_EXEC_CR0_PE			0x0004
#define HVX_EXEC_CR0_AM			0x0008
#define HVX_EXEC_EFER_LMA		0x0010
#define HVX_EXEC_DEBUG_ACTIVE		0x0020
#define HVX_EXEC_INTERRUPTION_PENDING	0x0040
#define HVX_EXEC_INTERRUPT_SHADOW	0x1000

/**
 * struct hvx_msg_header - common start of x64 intercept payloads
 * @vp_index: VP
 * @length_cr8: instruction length in bits 3:0, CR8 in bits 7:4
 * @access_type: HVX_ACCESS_READ, _WRITE or _EXECUTE
 * @execution_state: HVX_EXEC_*
 * @cs: code segment
 * @rip: start of the instruction
 * @rflags: flags
 */
struct hvx_msg_header {
	__u32 vp_index;
	__u8 length_cr8;
	__u8 access_type;
	__u16 execution_state;
	struct hvx_segment cs;
	__u64 rip;
	__u64 rflags;
};
HVX_ASSERT_SIZE(struct hvx_msg_header, 40);

/* struct hvx_msg_io_port.access_info */
#define HVX_IO_SIZE_MASK		0x07
#define HVX_IO_STRING			0x08
#define HVX_IO_REP			0x10

struct hvx_msg_io_port {
	struct hvx_msg_header h;
	__u16 port;
	__u8 access_info;
	__u8 byte_count;
	__u32 rsvd;
	__u64 rax;
	__u8 bytes[16];
	struct hvx_segment ds;
	struct hvx_segment es;
	__u64 rcx;
	__u64 rsi;
	__u64 rdi;
};
HVX_ASSERT_SIZE(struct hvx_msg_io_port, 128);

/* struct hvx_msg_memory.access_info */
#define HVX_MEM_GVA_VALID		0x01
#define HVX_MEM_GVA_GPA_VALID		0x02

/* struct hvx_msg_memory.cache_type */
#define HVX_CACHE_UNCACHED		0
#define HVX_CACHE_WRITE_COMBINING	1
#define HVX_CACHE_WRITE_THROUGH		4
#define HVX_CACHE_WRITE_PROTECTED	5
#define HVX_CACHE_WRITE_BACK		6

struct hvx_msg_memory {
	struct hvx_msg_header h;
	__u32 cache_type;
	__u8 byte_count;
	__u8 access_info;
	__u8 tpr_priority;
	__u8 rsvd;
	__u64 gva;
	__u64 gpa;
	__u8 bytes[16];
};
HVX_ASSERT_SIZE(struct hvx_msg_memory, 80);

/* Of arm64 guests: what starts all intercept payloads, and that of an access */
struct hvx_msg_arm64_header {
	__u32 vp_index;
	__u8 instruction_length;
	__u8 access_type;
	__u16 execution_state;
	__u64 pc;
	__u64 cpsr;
};
HVX_ASSERT_SIZE(struct hvx_msg_arm64_header, 24);

struct hvx_msg_arm64_memory {
	struct hvx_msg_arm64_header h;
	__u32 cache_type;
	__u8 byte_count;
	__u8 access_info;
	__u16 rsvd;
	__u8 bytes[4];
	__u32 rsvd2;
	__u64 gva;
	__u64 gpa;
	__u64 syndrome;
};
HVX_ASSERT_SIZE(struct hvx_msg_arm64_memory, 64);

struct hvx_msg_cpuid {
	struct hvx_msg_header h;
	__u64 rax;
	__u64 rcx;
	__u64 rdx;
	__u64 rbx;
	__u64 default_rax;
	__u64 default_rcx;
	__u64 default_rdx;
	__u64 default_rbx;
};
HVX_ASSERT_SIZE(struct hvx_msg_cpuid, 104);

struct hvx_msg_msr {
	struct hvx_msg_header h;
	__u32 msr;
	__u32 rsvd;
	__u64 rdx;
	__u64 rax;
};
HVX_ASSERT_SIZE(struct hvx_msg_msr, 64);

/* struct hvx_msg_exception.info */
#define HVX_EXC_ERROR_CODE_VALID	0x01
#define HVX_EXC_SOFTWARE		0x02

/**
 * struct hvx_msg_exception - payload of HVX_MSG_X64_EXCEPTION
 * @h: common header
 * @vector: exception vector
 * @info: HVX_EXC_*
 * @byte_count: valid bytes of @bytes
 * @error_code: with HVX_EXC_ERROR_CODE_VALID
 * @parameter: faulting address of a page fault
 * @rsvd: reserved
 * @bytes: instruction bytes
 * @ds: data segment
 * @ss: stack segment
 * @gpr: RAX RCX RDX RBX RSP RBP RSI RDI R8..R15
 */
struct hvx_msg_exception {
	struct hvx_msg_header h;
	__u16 vector;
	__u8 info;
	__u8 byte_count;
	__u32 error_code;
	__u64 parameter;
	__u64 rsvd;
	__u8 bytes[16];
	struct hvx_segment ds;
	struct hvx_segment ss;
	__u64 gpr[16];
};
HVX_ASSERT_SIZE(struct hvx_msg_exception, 240);

struct hvx_msg_halt {
	struct hvx_msg_header h;
};

struct hvx_msg_unrecoverable_exception {
	struct hvx_msg_header h;
};

struct hvx_msg_invalid_vp_register {
	__u32 vp_index;
	__u32 rsvd;
};

#define HVX_UNSUPPORTED_INTERCEPT	1
#define HVX_UNSUPPORTED_TASK_SWITCH	2

struct hvx_msg_unsupported_feature {
	__u32 vp_index;
	__u32 feature_code;
	__u64 feature_parameter;
};

struct hvx_msg_apic_eoi {
	__u32 vp_index;
	__u32 vector;
};

struct hvx_msg_opaque_intercept {
	__u32 vp_index;
};

struct hvx_msg_sint_intercept {
	__u32 sint;
};

struct hvx_msg_interruption_deliverable {
	struct hvx_msg_header h;
	__u32 type;
	__u32 rsvd;
};

struct hvx_msg_sipi {
	struct hvx_msg_header h;
	__u32 target_vp_index;
	__u32 vector;
};

struct hvx_msg_async_completion {
	__u64 partition_id;
	__u32 status;
	__u32 completion_count;
	__u64 sub_status;
};

/**
 * struct hvx_msg_sched_bitset - payload of HVX_MSG_SCHEDULER_VP_BITSET
 * @partition_id: partition
 * @overflow_count: signals that found no room
 * @vp_count: VPs in the set
 * @rsvd: reserved
 * @format: as in struct hvx_vp_set
 * @valid_bank_mask: as in struct hvx_vp_set
 * @banks: as in struct hvx_vp_set
 */
struct hvx_msg_sched_bitset {
	__u64 partition_id;
	__u32 overflow_count;
	__u16 vp_count;
	__u16 rsvd;
	__u64 format;
	__u64 valid_bank_mask;
	__u64 banks[16];
};
HVX_ASSERT_SIZE(struct hvx_msg_sched_bitset, 160);

#define HVX_SCHED_MAX_VPS		1024
#define HVX_SCHED_MAX_PAIRS		19

/**
 * struct hvx_msg_sched_pair - payload of HVX_MSG_SCHEDULER_VP_PAIR
 * @overflow_count: signals that found no room
 * @vp_count: valid entries
 * @rsvd: reserved
 * @partition_ids: partition per entry
 * @vp_indexes: VP per entry
 * @rsvd2: reserved
 */
struct hvx_msg_sched_pair {
	__u32 overflow_count;
	__u8 vp_count;
	__u8 rsvd[3];
	__u64 partition_ids[HVX_SCHED_MAX_PAIRS];
	__u32 vp_indexes[HVX_SCHED_MAX_PAIRS];
	__u8 rsvd2[4];
};
HVX_ASSERT_SIZE(struct hvx_msg_sched_pair, HVX_MSG_PAYLOAD_SIZE);

/*
 * Statistics pages
 */
#define HVX_STATS_HYPERVISOR		0x00000001
#define HVX_STATS_LP			0x00000002
#define HVX_STATS_PARTITION		0x00010001
#define HVX_STATS_VP			0x00010002

#define HVX_STATS_AREA_SELF		0
#define HVX_STATS_AREA_PARENT		1

/**
 * struct hvx_stats_identity - which object's page
 * @partition_id: partition and VP pages; index for LP pages
 * @vp_index: VP pages
 * @flags: reserved
 * @rsvd: reserved
 * @area: HVX_STATS_AREA_*
 */
struct hvx_stats_identity {
	__u64 partition_id;
	__u32 vp_index;
	__u16 flags;
	__u8 rsvd;
	__u8 area;
};
HVX_ASSERT_SIZE(struct hvx_stats_identity, 16);

/* input of MAP_STATS_PAGE and UNMAP_STATS_PAGE */
struct hvx_in_stats_page {
	__u32 type;
	__u32 rsvd;
	struct hvx_stats_identity id;
};
HVX_ASSERT_SIZE(struct hvx_in_stats_page, 24);

struct hvx_out_map_stats_page {
	__u64 pfn;
};

/* input of MAP_STATS_PAGE2: @location is a page number of the caller */
struct hvx_in_map_stats_page2 {
	struct hvx_in_stats_page page;
	__u64 location;
};
HVX_ASSERT_SIZE(struct hvx_in_map_stats_page2, 32);

/* Indices of counters (u64 each) in a VP's statistics page, x64 */
#define HVX_VP_COUNTER_TOTAL_RUN_TIME		1
#define HVX_VP_COUNTER_HYPERVISOR_RUN_TIME	2
#define HVX_VP_COUNTER_HYPERCALLS		7
#define HVX_VP_COUNTER_CR_ACCESSES		11
#define HVX_VP_COUNTER_IO			13
#define HVX_VP_COUNTER_HLT			15
#define HVX_VP_COUNTER_CPUID			19
#define HVX_VP_COUNTER_MSR			21
#define HVX_VP_COUNTER_OTHER_INTERCEPTS		23
#define HVX_VP_COUNTER_EXTERNAL_INTERRUPTS	25
#define HVX_VP_COUNTER_PENDING_INTERRUPTS	27
#define HVX_VP_COUNTER_IO_MESSAGES		40
#define HVX_VP_COUNTER_MEMORY_MESSAGES		41
#define HVX_VP_COUNTER_APIC_EOIS		42
#define HVX_VP_COUNTER_OTHER_MESSAGES		43
#define HVX_VP_COUNTER_MIGRATIONS		45
#define HVX_VP_COUNTER_VIRTUAL_INTERRUPTS	59
#define HVX_VP_COUNTER_NESTED_PAGE_FAULTS	71
#define HVX_VP_COUNTER_DISPATCHES		74
#define HVX_VP_COUNTER_REFLECTED_EXCEPTIONS	79
#define HVX_VP_COUNTER_DISPATCH_THREAD_BLOCKED	202
#define HVX_STATS_COUNTERS			(HVX_PAGE_SIZE / sizeof(__u64))

/* ... of a partition */
#define HVX_PARTITION_COUNTER_VIRTUAL_PROCESSORS	1
#define HVX_PARTITION_COUNTER_DEPOSITED_PAGES		5
#define HVX_PARTITION_COUNTER_GPA_PAGES			6
#define HVX_PARTITION_COUNTER_GPA_CHANGES		7
#define HVX_PARTITION_COUNTER_GPA_PAGES_4K		10
#define HVX_PARTITION_COUNTER_GPA_PAGES_2M		11
#define HVX_PARTITION_COUNTER_ID			26

/* ... of a logical processor */
#define HVX_LP_COUNTER_GLOBAL_TIME		1
#define HVX_LP_COUNTER_TOTAL_RUN_TIME		2
#define HVX_LP_COUNTER_CONTEXT_SWITCHES		5
#define HVX_LP_COUNTER_ROOT_VP_INDEX		19

/* ... of the hypervisor */
#define HVX_HV_COUNTER_LOGICAL_PROCESSORS	1
#define HVX_HV_COUNTER_PARTITIONS		2
#define HVX_HV_COUNTER_PAGES			3
#define HVX_HV_COUNTER_VIRTUAL_PROCESSORS	4

/*
 * System properties, logical processors, sleep
 */
#define HVX_SYSPROP_SLEEP_STATE		3
#define HVX_SYSPROP_SCHEDULER_TYPE	15
#define HVX_SYSPROP_CRASHDUMP_AREA	47

#define HVX_SCHEDULER_LP		1
#define HVX_SCHEDULER_LP_SMT		2
#define HVX_SCHEDULER_CORE_SMT		3
#define HVX_SCHEDULER_ROOT		4

struct hvx_in_get_system_property {
	__u32 id;
	__u32 rsvd;
	__u64 arg;
};

struct hvx_out_get_system_property {
	__u64 value;
};

struct hvx_in_set_system_property {
	__u32 id;
	__u32 rsvd;
	__u32 sleep_state;
	__u8 pm1a_slp_typ;
	__u8 pm1b_slp_typ;
	__u16 rsvd16;
	__u64 rsvd64[7];
};
HVX_ASSERT_SIZE(struct hvx_in_set_system_property, 72);

#define HVX_SLEEP_S5			5

struct hvx_in_enter_sleep_state {
	__u32 sleep_state;
};

struct hvx_in_add_logical_processor {
	__u32 lp_index;
	__u32 apic_id;
	struct hvx_proximity proximity;
};
HVX_ASSERT_SIZE(struct hvx_in_add_logical_processor, 16);

struct hvx_out_add_logical_processor {
	__u64 startup_status[7];
};

struct hvx_in_get_lp_run_time {
	__u32 lp_index;
};

struct hvx_out_get_lp_run_time {
	__u64 global_time;
	__u64 local_run_time;
	__u64 rsvdz;
	__u64 hypervisor_time;
};

#define HVX_EVENT_ROOT_CRASHDUMP	2
#define HVX_EVENT_ALL_LPS_STARTED	4

struct hvx_in_notify_partition_event {
	__u32 event;
	__u32 input;
};

/*
 * Device interrupts of the root partition
 */
#define HVX_DEVICE_ID_TYPE_SHIFT	62
#define HVX_DEVICE_LOGICAL		0ULL
#define HVX_DEVICE_PCI			1ULL
#define HVX_DEVICE_IOAPIC		2ULL
#define HVX_DEVICE_ACPI			3ULL

#define HVX_INTERRUPT_SOURCE_MSI	1
#define HVX_INTERRUPT_SOURCE_IOAPIC	2

/**
 * struct hvx_interrupt_entry - HV_INTERRUPT_ENTRY
 * @source: HVX_INTERRUPT_SOURCE_*
 * @rsvd: reserved
 * @address: MSI address, or low half of the I/O APIC's entry
 * @data: MSI data, or high half of the I/O APIC's entry
 */
struct hvx_interrupt_entry {
	__u32 source;
	__u32 rsvd;
	__u32 address;
	__u32 data;
};

#define HVX_INTERRUPT_TARGET_MULTICAST	1
#define HVX_INTERRUPT_TARGET_VP_SET	2

struct hvx_in_map_device_interrupt {
	__u64 partition_id;
	__u64 device_id;
	__u64 flags;
	struct hvx_interrupt_entry logical;
	__u32 interrupt_type;
	__u32 trigger_mode;
	__u32 vector_count;
	__u32 rsvd;
	__u32 vector;
	__u32 target_flags;
	__u64 vp_set_format;
	__u64 valid_bank_mask;
	__u64 banks[];
};
HVX_ASSERT_OFFSET(struct hvx_in_map_device_interrupt, vector, 0x38);
HVX_ASSERT_OFFSET(struct hvx_in_map_device_interrupt, banks, 0x50);

struct hvx_out_map_device_interrupt {
	struct hvx_interrupt_entry entry;
};

struct hvx_in_unmap_device_interrupt {
	__u64 partition_id;
	__u64 device_id;
	struct hvx_interrupt_entry entry;
};
HVX_ASSERT_SIZE(struct hvx_in_unmap_device_interrupt, 0x20);

/*
 * TLB flush and IPIs (hinted, TLFS 9.4 and 10.5)
 */
#define HVX_FLUSH_ALL_PROCESSORS	(1ULL << 0)
#define HVX_FLUSH_ALL_SPACES		(1ULL << 1)
#define HVX_FLUSH_NON_GLOBAL_ONLY	(1ULL << 2)
#define HVX_FLUSH_EXTENDED_RANGE	(1ULL << 3)

struct hvx_in_flush {
	__u64 address_space;
	__u64 flags;
	__u64 processor_mask;
	__u64 gvas[];
};

struct hvx_in_flush_ex {
	__u64 address_space;
	__u64 flags;
	__u64 vp_set_format;
	__u64 valid_bank_mask;
	__u64 banks[];
};

struct hvx_in_send_ipi {
	__u32 vector;
	__u8 vtl;
	__u8 rsvd[3];
	__u64 processor_mask;
};

struct hvx_in_send_ipi_ex {
	__u32 vector;
	__u8 vtl;
	__u8 rsvd[3];
	__u64 vp_set_format;
	__u64 valid_bank_mask;
	__u64 banks[];
};

/**
 * struct hvx_vp_assist_page - VP assist page (TLFS 7.8.7)
 * @apic_assist: bit 0: no EOI needed
 * @rsvd: fields for other partition types
 */
struct hvx_vp_assist_page {
	__u32 apic_assist;
	__u32 rsvd[1023];
};

#endif /* _MSHV_HV_ABI_H */
