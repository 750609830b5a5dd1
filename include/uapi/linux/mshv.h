/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * User-space interface of /dev/mshv and of the file descriptors that come
 * from it: partitions and virtual processors (VPs).
 *
 * The interface is a superset of that of mainline Linux 7.3: same numbers,
 * names and layouts. What is added here has ioctl numbers and capabilities
 * from 0x80 on. The interface is not stable: there is no version; ask
 * MSHV_CHECK_EXTENSION for each element that you use.
 *
 * Documentation/virt/mshv/api.rst describes every ioctl with its errors.
 */
#ifndef _UAPI_LINUX_MSHV_H
#define _UAPI_LINUX_MSHV_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define MSHV_IOCTL	0xB8

/*
 * All file descriptors
 */

/*
 * The argument points to a capability number (MSHV_CAP_*). Returns 0 if the
 * running kernel and hypervisor do not have it or do not know it, and a
 * positive value, for some capabilities a limit, if they do.
 */
#define MSHV_CHECK_EXTENSION	_IOW(MSHV_IOCTL, 0x00, __u32)

/* Reserved: "the core of this interface is stable". It is not. Always 0. */
#define MSHV_CAP_CORE_API_STABLE	0x0
/* mmap of a VP's register page */
#define MSHV_CAP_REGISTER_PAGE		0x1
/* The next two belong to the VTL driver; always 0 here */
#define MSHV_CAP_VTL_RETURN_ACTION	0x2
#define MSHV_CAP_DR6_SHARED		0x3

/* Capabilities of the device */
#define MSHV_CAP_CREATE_PARTITION	0x80
#define MSHV_CAP_CREATE_PARTITION_V2	0x81	/* with feature masks */
#define MSHV_CAP_PT_LAPIC		0x82	/* MSHV_PT_BIT_* of this name */
#define MSHV_CAP_PT_X2APIC		0x83
#define MSHV_CAP_PT_GPA_SUPER_PAGES	0x84
#define MSHV_CAP_PT_NESTED		0x85
#define MSHV_CAP_PT_SMT			0x86
#define MSHV_CAP_DEVICE_HVCALL		0x87	/* MSHV_ROOT_HVCALL on the device */
#define MSHV_CAP_COMPAT_IOCTL		0x88	/* ioctls of 32-bit programs */
/* Capabilities of partitions */
#define MSHV_CAP_INITIALIZE_PARTITION	0x90
#define MSHV_CAP_CREATE_VP		0x91
#define MSHV_CAP_GUEST_MEMORY		0x92
#define MSHV_CAP_MOVABLE_MEMORY		0x93	/* guest memory is not pinned */
#define MSHV_CAP_MMIO_MEMORY		0x94	/* device memory as guest memory */
#define MSHV_CAP_IRQFD			0x95
#define MSHV_CAP_IRQFD_RESAMPLE		0x96
#define MSHV_CAP_IOEVENTFD		0x97
#define MSHV_CAP_IOEVENTFD_PIO		0x98
#define MSHV_CAP_MSI_ROUTING		0x99
#define MSHV_CAP_GPAP_ACCESS_BITMAP	0x9a
#define MSHV_CAP_PARTITION_HVCALL	0x9b
#define MSHV_CAP_MSI_ROUTING_DEST32	0x9c	/* address_hi of a route */
/* Capabilities of VPs */
#define MSHV_CAP_RUN_VP			0xa0
#define MSHV_CAP_VP_HVCALL		0xa1
#define MSHV_CAP_VP_REGISTERS		0xa2	/* registers per call */
#define MSHV_CAP_INTERCEPT_PAGE		0xa3	/* mmap of the intercept message */
#define MSHV_CAP_GHCB_PAGE		0xa4
#define MSHV_CAP_VP_STATE_LAPIC		0xa5	/* MSHV_VP_STATE_* of this name */
#define MSHV_CAP_VP_STATE_XSAVE		0xa6
#define MSHV_CAP_VP_STATE_SIMP		0xa7
#define MSHV_CAP_VP_STATE_SIEFP		0xa8
#define MSHV_CAP_VP_STATE_STIMERS	0xa9
#define MSHV_CAP_CANCEL_RUN_VP		0xc8
/* Limits */
#define MSHV_CAP_MAX_VPS		0xb0	/* VPs of a partition */
#define MSHV_CAP_MAX_REGIONS		0xb1	/* memory regions of a partition */
#define MSHV_CAP_MAX_GSIS		0xb2	/* routes of a partition */
#define MSHV_CAP_HV_BUILD		0xb3	/* build of the hypervisor */
/* Statistics: MSHV_GET_STATS_FD */
#define MSHV_CAP_PARTITION_STATS	0xc0
#define MSHV_CAP_VP_STATS		0xc1
/* Capabilities of calls that have a hypercall behind them */
#define MSHV_CAP_INSTALL_INTERCEPT	0xd0
#define MSHV_CAP_ASSERT_INTERRUPT	0xd1
#define MSHV_CAP_GET_PROPERTY		0xd2
#define MSHV_CAP_SET_PROPERTY		0xd3
#define MSHV_CAP_TRANSLATE_GVA		0xd4
#define MSHV_CAP_INTERCEPT_RESULT	0xd5
#define MSHV_CAP_MSR_RESULT		0xd6	/* MSHV_INTERCEPT_RESULT_MSR */
#define MSHV_CAP_VP_CPUID_VALUES	0xd7	/* entries per call */

/*
 * /dev/mshv
 */
enum {
	MSHV_PT_BIT_LAPIC,
	MSHV_PT_BIT_X2APIC,
	MSHV_PT_BIT_GPA_SUPER_PAGES,
	MSHV_PT_BIT_CPU_AND_XSAVE_FEATURES,
	MSHV_PT_BIT_NESTED_VIRTUALIZATION,
	MSHV_PT_BIT_SMT_ENABLED_GUEST,
	MSHV_PT_BIT_COUNT,
};

#define MSHV_PT_FLAGS_MASK ((1 << MSHV_PT_BIT_COUNT) - 1)

enum {
	MSHV_PT_ISOLATION_NONE,
	MSHV_PT_ISOLATION_COUNT,
};

/**
 * struct mshv_create_partition - argument of MSHV_CREATE_PARTITION
 * @pt_flags: bit set, 1 << MSHV_PT_BIT_*
 * @pt_isolation: MSHV_PT_ISOLATION_*
 *
 * Returns a new file descriptor, close-on-exec, for the partition. "Early"
 * partition properties can be set until MSHV_INITIALIZE_PARTITION.
 */
struct mshv_create_partition {
	__u64 pt_flags;
	__u64 pt_isolation;
};

#define MSHV_NUM_CPU_FEATURES_BANKS 2

/**
 * struct mshv_create_partition_v2 - longer argument of MSHV_CREATE_PARTITION
 * @pt_flags: as above, with 1 << MSHV_PT_BIT_CPU_AND_XSAVE_FEATURES, which
 *	      says that the argument is this structure
 * @pt_isolation: as above
 * @pt_num_cpu_fbanks: MSHV_NUM_CPU_FEATURES_BANKS
 * @pt_rsvd: must be 0
 * @pt_cpu_fbanks: processor features that the partition shall not have
 * @pt_rsvd1: must be 0
 * @pt_disabled_xsave: XSAVE features that the partition shall not have
 * @pt_rsvd2: must be 0; instead of the former where there is no XSAVE
 *
 * The masks are passed on to the hypervisor. The ioctl's number is that of
 * the short structure.
 */
struct mshv_create_partition_v2 {
	__u64 pt_flags;
	__u64 pt_isolation;
	__u16 pt_num_cpu_fbanks;
	__u8  pt_rsvd[6];
	__u64 pt_cpu_fbanks[MSHV_NUM_CPU_FEATURES_BANKS];
	__u64 pt_rsvd1[2];
#if defined(__x86_64__) || defined(__i386__)
	__u64 pt_disabled_xsave;
#else
	__u64 pt_rsvd2;			/* must be 0 */
#endif
} __attribute__((packed));

#define MSHV_CREATE_PARTITION	_IOW(MSHV_IOCTL, 0x00, struct mshv_create_partition)

/*
 * Partitions
 */

/**
 * struct mshv_create_vp - argument of MSHV_CREATE_VP
 * @vp_index: index of the new VP, below the value of MSHV_CAP_MAX_VPS
 */
struct mshv_create_vp {
	__u32 vp_index;
};

enum {
	MSHV_SET_MEM_BIT_WRITABLE,
	MSHV_SET_MEM_BIT_EXECUTABLE,
	MSHV_SET_MEM_BIT_UNMAP,
	MSHV_SET_MEM_BIT_COUNT
};

#define MSHV_SET_MEM_FLAGS_MASK ((1 << MSHV_SET_MEM_BIT_COUNT) - 1)

/* Page size of the hypervisor, in which guest memory is counted */
#define MSHV_HV_PAGE_SIZE	0x1000

/**
 * struct mshv_user_mem_region - argument of MSHV_SET_GUEST_MEMORY
 * @size: in bytes, a multiple of MSHV_HV_PAGE_SIZE
 * @guest_pfn: first guest physical page number
 * @userspace_addr: address in the caller, a multiple of MSHV_HV_PAGE_SIZE
 * @flags: bit set, 1 << MSHV_SET_MEM_BIT_*; with UNMAP the others are ignored
 * @rsvd: must be 0
 *
 * Maps memory of the caller into the partition, or unmaps what was mapped
 * with the same size, guest_pfn and userspace_addr. Guest ranges must not
 * overlap; ranges of the caller may.
 */
struct mshv_user_mem_region {
	__u64 size;
	__u64 guest_pfn;
	__u64 userspace_addr;
	__u8 flags;
	__u8 rsvd[7];
};

enum {
	MSHV_IRQFD_BIT_DEASSIGN,
	MSHV_IRQFD_BIT_RESAMPLE,
	MSHV_IRQFD_BIT_COUNT,
};

#define MSHV_IRQFD_FLAGS_MASK	((1 << MSHV_IRQFD_BIT_COUNT) - 1)

/**
 * struct mshv_user_irqfd - argument of MSHV_IRQFD
 * @fd: eventfd; signalling it asserts the interrupt
 * @resamplefd: eventfd that the end of interrupt signals; only with RESAMPLE
 * @gsi: entry of the routing table, see MSHV_SET_MSI_ROUTING
 * @flags: bit set, 1 << MSHV_IRQFD_BIT_*
 */
struct mshv_user_irqfd {
	__s32 fd;
	__s32 resamplefd;
	__u32 gsi;
	__u32 flags;
};

enum {
	MSHV_IOEVENTFD_BIT_DATAMATCH,
	MSHV_IOEVENTFD_BIT_PIO,
	MSHV_IOEVENTFD_BIT_DEASSIGN,
	MSHV_IOEVENTFD_BIT_COUNT,
};

#define MSHV_IOEVENTFD_FLAGS_MASK	((1 << MSHV_IOEVENTFD_BIT_COUNT) - 1)

/**
 * struct mshv_user_ioeventfd - argument of MSHV_IOEVENTFD
 * @datamatch: with DATAMATCH: only writes of this value count
 * @addr: guest physical address, or port with PIO
 * @len: 1, 2, 4, 8 bytes, or 0 for writes of any size
 * @fd: eventfd that the guest's write signals, instead of an exit
 * @flags: bit set, 1 << MSHV_IOEVENTFD_BIT_*
 * @rsvd: must be 0
 */
struct mshv_user_ioeventfd {
	__u64 datamatch;
	__u64 addr;
	__u32 len;
	__s32 fd;
	__u32 flags;
	__u8  rsvd[4];
};

/**
 * struct mshv_user_irq_entry - one route
 * @gsi: its number, below the value of MSHV_CAP_MAX_GSIS
 * @address_lo: MSI address
 * @address_hi: bits 31..8 of the destination, in their place; bits 7..0, and
 *	without MSHV_CAP_MSI_ROUTING_DEST32 all, must be 0
 * @data: MSI data
 */
struct mshv_user_irq_entry {
	__u32 gsi;
	__u32 address_lo;
	__u32 address_hi;
	__u32 data;
};

/**
 * struct mshv_user_irq_table - argument of MSHV_SET_MSI_ROUTING
 * @nr: number of entries; 0 empties the table
 * @rsvd: must be 0
 * @entries: the whole new table, no gsi twice
 */
struct mshv_user_irq_table {
	__u32 nr;
	__u32 rsvd;
	struct mshv_user_irq_entry entries[];
};

enum {
	MSHV_GPAP_ACCESS_TYPE_ACCESSED,
	MSHV_GPAP_ACCESS_TYPE_DIRTY,
	MSHV_GPAP_ACCESS_TYPE_COUNT
};

enum {
	MSHV_GPAP_ACCESS_OP_NOOP,
	MSHV_GPAP_ACCESS_OP_CLEAR,
	MSHV_GPAP_ACCESS_OP_SET,
	MSHV_GPAP_ACCESS_OP_COUNT
};

/**
 * struct mshv_gpap_access_bitmap - argument of MSHV_GET_GPAP_ACCESS_BITMAP
 * @access_type: MSHV_GPAP_ACCESS_TYPE_*: what the bitmap tells
 * @access_op: MSHV_GPAP_ACCESS_OP_*: what becomes of the state afterwards
 * @rsvd: must be 0
 * @page_count: number of guest pages
 * @gpap_base: first guest physical page number
 * @bitmap_ptr: address of at least (page_count + 7) / 8 bytes; bit 0 of byte
 *		0 is the first page
 */
struct mshv_gpap_access_bitmap {
	__u8 access_type;
	__u8 access_op;
	__u8 rsvd[6];
	__u64 page_count;
	__u64 gpap_base;
	__u64 bitmap_ptr;
};

/**
 * struct mshv_root_hvcall - argument of MSHV_ROOT_HVCALL
 * @code: hypercall code
 * @reps: in: number of repetitions, 0 for simple hypercalls; out: number
 *	  completed
 * @in_sz: bytes of input, at most MSHV_HV_PAGE_SIZE
 * @out_sz: bytes of output, at most MSHV_HV_PAGE_SIZE; 0 if out_ptr is 0
 * @status: in: must be 0; out: status of the hypervisor
 * @rsvd: must be 0
 * @in_ptr: address of the input; its first 8 bytes, the partition id, are
 *	    filled in by the kernel
 * @out_ptr: address of the output, or 0
 */
struct mshv_root_hvcall {
	__u16 code;
	__u16 reps;
	__u16 in_sz;
	__u16 out_sz;
	__u16 status;
	__u8 rsvd[6];
	__u64 in_ptr;
	__u64 out_ptr;
};

/*
 * Calls with a hypercall behind them. In all of them @status is 0 on entry and
 * is the hypervisor's status afterwards, also when the call fails; it is 0 if
 * the failure was not the hypervisor's.
 */

/* What the guest does that is intercepted */
enum {
	MSHV_INTERCEPT_IO_PORT = 0,
	MSHV_INTERCEPT_MSR = 1,
	MSHV_INTERCEPT_CPUID = 2,
	MSHV_INTERCEPT_EXCEPTION = 3,
	MSHV_INTERCEPT_HYPERCALL = 8,
	MSHV_INTERCEPT_APIC_INIT_SIPI = 9,
	MSHV_INTERCEPT_APIC_WRITE = 11,
	MSHV_INTERCEPT_MSR_INDEX = 12,
};

enum {
	MSHV_INTERCEPT_BIT_READ,
	MSHV_INTERCEPT_BIT_WRITE,
	MSHV_INTERCEPT_BIT_EXECUTE,
	MSHV_INTERCEPT_BIT_COUNT
};

#define MSHV_INTERCEPT_ACCESS_MASK	((1 << MSHV_INTERCEPT_BIT_COUNT) - 1)

/**
 * struct mshv_install_intercept - argument of MSHV_INSTALL_INTERCEPT
 * @type: MSHV_INTERCEPT_*
 * @access: bit set, 1 << MSHV_INTERCEPT_BIT_*: accesses to be intercepted; 0
 *	    removes the intercept
 * @parameter: port, CPUID leaf, exception vector, mask of APIC registers, or
 *	       MSR, as @type needs; otherwise 0
 * @status: out: status of the hypervisor
 * @rsvd: must be 0
 */
struct mshv_install_intercept {
	__u32 type;
	__u32 access;
	__u64 parameter;
	__u16 status;
	__u8  rsvd[6];
};

/* How an interrupt is delivered */
enum {
	MSHV_INTERRUPT_FIXED = 0,
	MSHV_INTERRUPT_LOWEST_PRIORITY = 1,
	MSHV_INTERRUPT_SMI = 2,
	MSHV_INTERRUPT_NMI = 4,
	MSHV_INTERRUPT_INIT = 5,
	MSHV_INTERRUPT_SIPI = 6,
	MSHV_INTERRUPT_EXTINT = 7,
	MSHV_INTERRUPT_LINT0 = 8,
	MSHV_INTERRUPT_LINT1 = 9,
};

enum {
	MSHV_INTERRUPT_BIT_LEVEL,
	MSHV_INTERRUPT_BIT_LOGICAL,
	MSHV_INTERRUPT_BIT_COUNT
};

#define MSHV_INTERRUPT_FLAGS_MASK	((1 << MSHV_INTERRUPT_BIT_COUNT) - 1)

/**
 * struct mshv_assert_interrupt - argument of MSHV_ASSERT_INTERRUPT
 * @dest: APIC id of the target, or logical destination with LOGICAL
 * @type: MSHV_INTERRUPT_*
 * @vector: 16 to 255 with FIXED and LOWEST_PRIORITY, 0 to 255 with others
 * @flags: bit set, 1 << MSHV_INTERRUPT_BIT_*: level-triggered; logical
 *	   destination
 * @status: out: status of the hypervisor
 * @rsvd: must be 0
 */
struct mshv_assert_interrupt {
	__u64 dest;
	__u32 type;
	__u32 vector;
	__u32 flags;
	__u16 status;
	__u16 rsvd;
};

/**
 * struct mshv_partition_property - argument of MSHV_GET_PARTITION_PROPERTY and
 *				    MSHV_SET_PARTITION_PROPERTY
 * @code: the hypervisor's code of the property
 * @status: out: status of the hypervisor
 * @rsvd: must be 0
 * @value: its value; out with GET, where it must be 0 on entry
 */
struct mshv_partition_property {
	__u32 code;
	__u16 status;
	__u16 rsvd;
	__u64 value;
};

#define MSHV_INITIALIZE_PARTITION	_IO(MSHV_IOCTL, 0x00)
#define MSHV_CREATE_VP			_IOW(MSHV_IOCTL, 0x01, struct mshv_create_vp)
#define MSHV_SET_GUEST_MEMORY		_IOW(MSHV_IOCTL, 0x02, struct mshv_user_mem_region)
#define MSHV_IRQFD			_IOW(MSHV_IOCTL, 0x03, struct mshv_user_irqfd)
#define MSHV_IOEVENTFD			_IOW(MSHV_IOCTL, 0x04, struct mshv_user_ioeventfd)
#define MSHV_SET_MSI_ROUTING		_IOW(MSHV_IOCTL, 0x05, struct mshv_user_irq_table)
#define MSHV_GET_GPAP_ACCESS_BITMAP	_IOWR(MSHV_IOCTL, 0x06, struct mshv_gpap_access_bitmap)
/* On the device, on partitions and on VPs */
#define MSHV_ROOT_HVCALL		_IOWR(MSHV_IOCTL, 0x07, struct mshv_root_hvcall)
#define MSHV_INSTALL_INTERCEPT		_IOWR(MSHV_IOCTL, 0x90, struct mshv_install_intercept)
#define MSHV_ASSERT_INTERRUPT		_IOWR(MSHV_IOCTL, 0x91, struct mshv_assert_interrupt)
#define MSHV_GET_PARTITION_PROPERTY	_IOWR(MSHV_IOCTL, 0x92, struct mshv_partition_property)
#define MSHV_SET_PARTITION_PROPERTY	_IOWR(MSHV_IOCTL, 0x93, struct mshv_partition_property)

/*
 * Virtual processors
 */

#define MSHV_RUN_VP_BUF_SZ 256

/* Page offsets for mmap() on a VP: multiply by the system's page size */
enum {
	MSHV_VP_MMAP_OFFSET_REGISTERS,
	MSHV_VP_MMAP_OFFSET_INTERCEPT_MESSAGE,
	MSHV_VP_MMAP_OFFSET_GHCB,
	MSHV_VP_MMAP_OFFSET_COUNT
};

/**
 * struct mshv_run_vp - argument of MSHV_RUN_VP
 * @msg_buf: out: the hypervisor's intercept message
 */
struct mshv_run_vp {
	__u8 msg_buf[MSHV_RUN_VP_BUF_SZ];
};

enum {
	MSHV_VP_STATE_LAPIC,
	MSHV_VP_STATE_XSAVE,
	MSHV_VP_STATE_SIMP,
	MSHV_VP_STATE_SIEFP,
	MSHV_VP_STATE_SYNTHETIC_TIMERS,
	MSHV_VP_STATE_COUNT,
};

/**
 * struct mshv_get_set_vp_state - argument of MSHV_GET_VP_STATE and
 *				  MSHV_SET_VP_STATE
 * @type: MSHV_VP_STATE_*
 * @rsvd: must be 0
 * @buf_sz: in: bytes of the buffer, a multiple of MSHV_HV_PAGE_SIZE; out:
 *	    bytes that the state has, also when EINVAL says "too small"
 * @buf_ptr: address of the buffer, a multiple of MSHV_HV_PAGE_SIZE
 */
struct mshv_get_set_vp_state {
	__u8 type;
	__u8 rsvd[3];
	__u32 buf_sz;
	__u64 buf_ptr;
};

/**
 * struct mshv_vp_registers - argument of MSHV_GET_VP_REGISTERS and
 *			      MSHV_SET_VP_REGISTERS
 * @count: number of registers, at most the value of MSHV_CAP_VP_REGISTERS
 * @reserved: must be 0
 * @regs_ptr: address of an array of the hypervisor's 32-byte register
 *	      associations (name, two reserved fields, 16-byte value)
 *
 * Registers that hold a VP suspended belong to the kernel and are refused.
 */
struct mshv_vp_registers {
	__u32 count;
	__u32 reserved;
	__u64 regs_ptr;
};

/* Kinds of result that can be registered */
enum {
	MSHV_INTERCEPT_RESULT_MSR = 1,
	MSHV_INTERCEPT_RESULT_CPUID = 2,
};

enum {
	MSHV_CPUID_RESULT_BIT_SUBLEAF_SPECIFIC,
	MSHV_CPUID_RESULT_BIT_ALWAYS_OVERRIDE,
	MSHV_CPUID_RESULT_BIT_COUNT
};

#define MSHV_CPUID_RESULT_FLAGS_MASK	((1 << MSHV_CPUID_RESULT_BIT_COUNT) - 1)

/**
 * struct mshv_cpuid_bits - what a register of CPUID returns
 * @value: value
 * @mask: the bits of @value that count; others are as they would be without
 */
struct mshv_cpuid_bits {
	__u32 value;
	__u32 mask;
};

/**
 * struct mshv_cpuid_result - what CPUID returns
 * @function: leaf, EAX
 * @index: subleaf, ECX
 * @flags: bit set, 1 << MSHV_CPUID_RESULT_BIT_*: for this subleaf only; in
 *	   preference to what the hypervisor would put there
 * @rsvd: must be 0
 * @eax: result in EAX
 * @ebx: result in EBX
 * @ecx: result in ECX
 * @edx: result in EDX
 */
struct mshv_cpuid_result {
	__u32 function;
	__u32 index;
	__u32 flags;
	__u32 rsvd;
	struct mshv_cpuid_bits eax;
	struct mshv_cpuid_bits ebx;
	struct mshv_cpuid_bits ecx;
	struct mshv_cpuid_bits edx;
};

/* What becomes of an access to an MSR that the guest does not have */
enum {
	MSHV_MSR_ACTION_FAULT,		/* #GP */
	MSHV_MSR_ACTION_IGNORE,		/* writes are dropped, reads give 0 */
	MSHV_MSR_ACTION_COUNT
};

/**
 * struct mshv_msr_result - what becomes of accesses to an MSR
 * @index: MSR
 * @access: bit set, 1 << MSHV_INTERCEPT_BIT_READ or _WRITE, at least one
 * @action: MSHV_MSR_ACTION_*
 * @rsvd: must be 0
 */
struct mshv_msr_result {
	__u32 index;
	__u32 access;
	__u32 action;
	__u32 rsvd[9];
};

/**
 * struct mshv_intercept_result - argument of MSHV_REGISTER_INTERCEPT_RESULT
 * @type: MSHV_INTERCEPT_RESULT_*
 * @status: out: status of the hypervisor
 * @rsvd: must be 0
 * @cpuid: for CPUID
 * @msr: for MSR
 */
struct mshv_intercept_result {
	__u32 type;
	__u16 status;
	__u16 rsvd;
	union {
		struct mshv_cpuid_result cpuid;
		struct mshv_msr_result msr;
	};
};

/**
 * struct mshv_cpuid_entry - one question to CPUID, and the answer
 * @function: leaf, EAX
 * @index: subleaf, ECX
 * @xfem: XCR0 that the answer shall be for, without USE_VP_XFEM_XSS
 * @xss: IA32_XSS, likewise
 * @eax: out
 * @ebx: out
 * @ecx: out
 * @edx: out
 */
struct mshv_cpuid_entry {
	__u32 function;
	__u32 index;
	__u64 xfem;
	__u64 xss;
	__u32 eax;
	__u32 ebx;
	__u32 ecx;
	__u32 edx;
};

enum {
	MSHV_CPUID_VALUES_BIT_USE_VP_XFEM_XSS,
	MSHV_CPUID_VALUES_BIT_APPLY_REGISTERED,
	MSHV_CPUID_VALUES_BIT_COUNT
};

#define MSHV_CPUID_VALUES_FLAGS_MASK	((1 << MSHV_CPUID_VALUES_BIT_COUNT) - 1)

/**
 * struct mshv_vp_cpuid_values - argument of MSHV_GET_VP_CPUID_VALUES
 * @count: number of entries, at most the value of MSHV_CAP_VP_CPUID_VALUES
 * @flags: bit set, 1 << MSHV_CPUID_VALUES_BIT_*: take XCR0 and IA32_XSS of the
 *	   VP, not of the entries; with results that were registered
 * @entries_ptr: address of an array of struct mshv_cpuid_entry
 * @status: out: status of the hypervisor
 * @rsvd: must be 0
 */
struct mshv_vp_cpuid_values {
	__u32 count;
	__u32 flags;
	__u64 entries_ptr;
	__u16 status;
	__u8  rsvd[6];
};

enum {
	MSHV_TRANSLATE_GVA_BIT_READ,
	MSHV_TRANSLATE_GVA_BIT_WRITE,
	MSHV_TRANSLATE_GVA_BIT_EXECUTE,
	MSHV_TRANSLATE_GVA_BIT_PRIVILEGE_EXEMPT,
	MSHV_TRANSLATE_GVA_BIT_SET_PAGE_TABLE_BITS,
	MSHV_TRANSLATE_GVA_BIT_TLB_FLUSH_INHIBIT,
	MSHV_TRANSLATE_GVA_BIT_SUPERVISOR,
	MSHV_TRANSLATE_GVA_BIT_USER,
	MSHV_TRANSLATE_GVA_BIT_ENFORCE_SMAP,
	MSHV_TRANSLATE_GVA_BIT_OVERRIDE_SMAP,
	MSHV_TRANSLATE_GVA_BIT_SHADOW_STACK,
	MSHV_TRANSLATE_GVA_BIT_COUNT
};

#define MSHV_TRANSLATE_GVA_FLAGS_MASK	((1 << MSHV_TRANSLATE_GVA_BIT_COUNT) - 1)

/* How a translation ended */
enum {
	MSHV_TRANSLATE_GVA_SUCCESS,
	MSHV_TRANSLATE_GVA_PAGE_NOT_PRESENT,
	MSHV_TRANSLATE_GVA_PRIVILEGE_VIOLATION,
	MSHV_TRANSLATE_GVA_INVALID_PTE_FLAGS,
	MSHV_TRANSLATE_GVA_GPA_UNMAPPED,
	MSHV_TRANSLATE_GVA_NO_READ_ACCESS,
	MSHV_TRANSLATE_GVA_NO_WRITE_ACCESS,
	MSHV_TRANSLATE_GVA_ILLEGAL_OVERLAY,
	MSHV_TRANSLATE_GVA_INTERCEPT,
	MSHV_TRANSLATE_GVA_UNACCEPTED,
};

/**
 * struct mshv_translate_gva_result - result of MSHV_VP_TRANSLATE_GVA
 * @code: MSHV_TRANSLATE_GVA_SUCCESS, or why there is no translation
 * @cache_type: memory type, as in the PAT
 * @overlay: bit 0: the page is an overlay of the hypervisor's
 * @rsvd: 0
 */
struct mshv_translate_gva_result {
	__u32 code;
	__u8  cache_type;
	__u8  overlay;
	__u16 rsvd;
};

/**
 * struct mshv_translate_gva - argument of MSHV_VP_TRANSLATE_GVA
 * @gva: address in the address space that the VP uses now
 * @flags: bit set, 1 << MSHV_TRANSLATE_GVA_BIT_*
 * @result: address of a struct mshv_translate_gva_result
 * @gpa: address of a __u64: the guest physical address; meaningful only with
 *	 MSHV_TRANSLATE_GVA_SUCCESS
 *
 * Number and layout are those of downstream kernels, whose clients use it.
 */
struct mshv_translate_gva {
	__u64 gva;
	__u64 flags;
	__u64 result;
	__u64 gpa;
};

#define MSHV_RUN_VP			_IOR(MSHV_IOCTL, 0x00, struct mshv_run_vp)
#define MSHV_GET_VP_STATE		_IOWR(MSHV_IOCTL, 0x01, struct mshv_get_set_vp_state)
#define MSHV_SET_VP_STATE		_IOWR(MSHV_IOCTL, 0x02, struct mshv_get_set_vp_state)
#define MSHV_GET_VP_REGISTERS		_IOWR(MSHV_IOCTL, 0x05, struct mshv_vp_registers)
#define MSHV_SET_VP_REGISTERS		_IOW(MSHV_IOCTL, 0x06, struct mshv_vp_registers)
/* Makes the current MSHV_RUN_VP, or else the next one, fail with EINTR, once */
#define MSHV_CANCEL_RUN_VP		_IO(MSHV_IOCTL, 0x88)
#define MSHV_REGISTER_INTERCEPT_RESULT	_IOWR(MSHV_IOCTL, 0x98, struct mshv_intercept_result)
#define MSHV_GET_VP_CPUID_VALUES	_IOWR(MSHV_IOCTL, 0x99, struct mshv_vp_cpuid_values)
#define MSHV_VP_TRANSLATE_GVA		_IOWR(MSHV_IOCTL, 0xF2, struct mshv_translate_gva)

/*
 * Statistics
 *
 * A statistics file begins with a header, which says where the rest is: the
 * name of the object, descriptors, data. Except for @flags of the header the
 * layout and the values are those of KVM's files, see KVM_GET_STATS_FD.
 */

/* The object is gone, its figures are final */
#define MSHV_STATS_ENDED		(1 << 0)

/**
 * struct mshv_stats_header - start of a statistics file
 * @flags: MSHV_STATS_ENDED
 * @name_size: bytes of a name, a multiple of 8; names end with a 0
 * @num_desc: number of descriptors
 * @id_offset: where the name of the object is, in bytes from the start
 * @desc_offset: where the descriptors are, sizeof(struct mshv_stats_desc) +
 *		 name_size bytes each
 * @data_offset: where the figures are
 */
struct mshv_stats_header {
	__u32 flags;
	__u32 name_size;
	__u32 num_desc;
	__u32 id_offset;
	__u32 desc_offset;
	__u32 data_offset;
};

/* Only grows; may do both; highest so far */
#define MSHV_STATS_TYPE_MASK		(0xf << 0)
#define MSHV_STATS_TYPE_CUMULATIVE	(0 << 0)
#define MSHV_STATS_TYPE_INSTANT		(1 << 0)
#define MSHV_STATS_TYPE_PEAK		(2 << 0)
/* Unit, to be multiplied with base ^ exponent */
#define MSHV_STATS_UNIT_MASK		(0xf << 4)
#define MSHV_STATS_UNIT_NONE		(0 << 4)
#define MSHV_STATS_UNIT_BYTES		(1 << 4)
#define MSHV_STATS_UNIT_SECONDS		(2 << 4)
#define MSHV_STATS_UNIT_CYCLES		(3 << 4)
#define MSHV_STATS_UNIT_BOOLEAN		(4 << 4)
#define MSHV_STATS_BASE_MASK		(0xf << 8)
#define MSHV_STATS_BASE_POW10		(0 << 8)
#define MSHV_STATS_BASE_POW2		(1 << 8)

/**
 * struct mshv_stats_desc - describes a figure
 * @flags: MSHV_STATS_TYPE_*, MSHV_STATS_UNIT_* and MSHV_STATS_BASE_*
 * @exponent: of the unit
 * @size: number of __u64 that it has; always 1
 * @offset: of the figure, in bytes from data_offset
 * @bucket_size: always 0
 * @name: name_size bytes
 */
struct mshv_stats_desc {
	__u32 flags;
	__s16 exponent;
	__u16 size;
	__u32 offset;
	__u32 bucket_size;
	char name[];
};

/* On partitions and on VPs. Returns a file descriptor, for pread() */
#define MSHV_GET_STATS_FD		_IO(MSHV_IOCTL, 0x80)

/*
 * The rest is served by mainline's VTL driver, not by this one. It is defined
 * here so that this header can stand in for mainline's.
 */
#define MSHV_MAX_RUN_MSG_SIZE		256

struct mshv_vtl_set_eventfd {
	__s32 fd;
	__u32 flag;
};

struct mshv_vtl_signal_event {
	__u32 connection_id;
	__u32 flag;
};

struct mshv_vtl_sint_post_msg {
	__u64 message_type;
	__u32 connection_id;
	__u32 payload_size;
	__u64 payload_ptr;
};

struct mshv_vtl_ram_disposition {
	__u64 start_pfn;
	__u64 last_pfn;			/* exclusive */
};

struct mshv_vtl_set_poll_file {
	__u32 cpu;
	__u32 fd;
};

struct mshv_vtl_hvcall_setup {
	__u64 bitmap_array_size;	/* bytes */
	__u64 allow_bitmap_ptr;
};

struct mshv_vtl_hvcall {
	__u64 control;
	__u64 input_size;
	__u64 input_ptr;
	__u64 status;
	__u64 output_size;
	__u64 output_ptr;
};

struct mshv_sint_mask {
	__u8 mask;
	__u8 reserved[7];
};

#define MSHV_CREATE_VTL			_IOR(MSHV_IOCTL, 0x1D, char)
#define MSHV_HVCALL_SETUP		_IOW(MSHV_IOCTL, 0x1E, struct mshv_vtl_hvcall_setup)
#define MSHV_HVCALL			_IOWR(MSHV_IOCTL, 0x1F, struct mshv_vtl_hvcall)
#define MSHV_ADD_VTL0_MEMORY		_IOW(MSHV_IOCTL, 0x21, struct mshv_vtl_ram_disposition)
#define MSHV_SINT_SIGNAL_EVENT		_IOW(MSHV_IOCTL, 0x22, struct mshv_vtl_signal_event)
#define MSHV_SINT_POST_MESSAGE		_IOW(MSHV_IOCTL, 0x23, struct mshv_vtl_sint_post_msg)
#define MSHV_SINT_SET_EVENTFD		_IOW(MSHV_IOCTL, 0x24, struct mshv_vtl_set_eventfd)
#define MSHV_SET_POLL_FILE		_IOW(MSHV_IOCTL, 0x25, struct mshv_vtl_set_poll_file)
#define MSHV_SINT_PAUSE_MESSAGE_STREAM	_IOW(MSHV_IOCTL, 0x25, struct mshv_sint_mask)
#define MSHV_RETURN_TO_LOWER_VTL	_IO(MSHV_IOCTL, 0x27)

#endif /* _UAPI_LINUX_MSHV_H */
