/* SPDX-License-Identifier: GPL-2.0 */
/*
 * AMD-V: layout of the virtual machine control block and its constants.
 *
 * Source: AMD64 Architecture Programmer's Manual, volume 2, chapter 15 and
 * appendices B and C.
 */
#ifndef TESTHV_SVM_H
#define TESTHV_SVM_H

#include "types.h"

/* Exit codes. Those from INTR up number the bits of the intercept words. */
enum svm_exit {
	SVM_EXIT_CR_READ	= 0x000,	/* + number of the register */
	SVM_EXIT_CR_WRITE	= 0x010,
	SVM_EXIT_DR_READ	= 0x020,
	SVM_EXIT_DR_WRITE	= 0x030,
	SVM_EXIT_EXCP		= 0x040,	/* + vector */
	SVM_EXIT_INTR		= 0x060,
	SVM_EXIT_NMI		= 0x061,
	SVM_EXIT_SMI		= 0x062,
	SVM_EXIT_INIT		= 0x063,
	SVM_EXIT_VINTR		= 0x064,
	SVM_EXIT_CR0_SEL_WRITE	= 0x065,
	SVM_EXIT_TR_WRITE	= 0x06d,
	SVM_EXIT_RDTSC		= 0x06e,
	SVM_EXIT_RDPMC		= 0x06f,
	SVM_EXIT_PUSHF		= 0x070,
	SVM_EXIT_POPF		= 0x071,
	SVM_EXIT_CPUID		= 0x072,
	SVM_EXIT_RSM		= 0x073,
	SVM_EXIT_IRET		= 0x074,
	SVM_EXIT_SWINT		= 0x075,
	SVM_EXIT_INVD		= 0x076,
	SVM_EXIT_PAUSE		= 0x077,
	SVM_EXIT_HLT		= 0x078,
	SVM_EXIT_INVLPG		= 0x079,
	SVM_EXIT_INVLPGA	= 0x07a,
	SVM_EXIT_IOIO		= 0x07b,
	SVM_EXIT_MSR		= 0x07c,
	SVM_EXIT_TASK_SWITCH	= 0x07d,
	SVM_EXIT_FERR_FREEZE	= 0x07e,
	SVM_EXIT_SHUTDOWN	= 0x07f,
	SVM_EXIT_VMRUN		= 0x080,
	SVM_EXIT_VMMCALL	= 0x081,
	SVM_EXIT_VMLOAD		= 0x082,
	SVM_EXIT_VMSAVE		= 0x083,
	SVM_EXIT_STGI		= 0x084,
	SVM_EXIT_CLGI		= 0x085,
	SVM_EXIT_SKINIT		= 0x086,
	SVM_EXIT_RDTSCP		= 0x087,
	SVM_EXIT_ICEBP		= 0x088,
	SVM_EXIT_WBINVD		= 0x089,
	SVM_EXIT_MONITOR	= 0x08a,
	SVM_EXIT_MWAIT		= 0x08b,
	SVM_EXIT_MWAIT_COND	= 0x08c,
	SVM_EXIT_XSETBV		= 0x08d,
	SVM_EXIT_NPF		= 0x400,
	SVM_EXIT_INVALID	= -1,
};

/* Bit of an exit in vmcb_control::intercept1 (0x60..0x7f) and 2 (0x80..0x9f). */
#define SVM_INTERCEPT(exit)	((u32)1 << ((exit) & 0x1f))

/* vmcb_control::int_ctl */
#define SVM_V_IRQ		BIT(8)
#define SVM_V_INTR_PRIO(p)	((u64)(p) << 16)
#define SVM_V_IGN_TPR		BIT(20)
#define SVM_V_INTR_MASKING	BIT(24)
#define SVM_V_INTR_VECTOR(v)	((u64)(v) << 32)
#define SVM_V_INTR_VECTOR_MASK	(0xffUL << 32)

/* vmcb_control::int_state */
#define SVM_INT_SHADOW		BIT(0)

/* vmcb_control::tlb_ctl */
#define SVM_TLB_NOTHING		0
#define SVM_TLB_FLUSH_ALL	1

/* vmcb_control::event_inj and exit_int_info */
#define SVM_EVENT_VALID		BIT(31)
#define SVM_EVENT_EV		BIT(11)		/* error code in bits 63:32 */
#define SVM_EVENT_TYPE_MASK	GENMASK(10, 8)
#define SVM_EVENT_INTR		(0UL << 8)
#define SVM_EVENT_NMI		(2UL << 8)
#define SVM_EVENT_EXCP		(3UL << 8)
#define SVM_EVENT_SOFT		(4UL << 8)
#define SVM_EVENT_VECTOR_MASK	GENMASK(7, 0)

/* exit_info1 of IOIO */
#define SVM_IOIO_IN		BIT(0)
#define SVM_IOIO_STR		BIT(2)
#define SVM_IOIO_REP		BIT(3)
#define SVM_IOIO_SIZE(i)	((i) >> 4 & 7)		/* bytes: 1, 2 or 4 */
#define SVM_IOIO_ADDR(i)	(16U << ((i) >> 8 & 3))	/* bits; one of 7..9 is set */
#define SVM_IOIO_SEG(i)		((i) >> 10 & 7)
#define SVM_IOIO_PORT(i)	((u16)((i) >> 16))

/* exit_info1 of NPF: page-fault error code plus these */
#define SVM_NPF_PRESENT		BIT(0)
#define SVM_NPF_WRITE		BIT(1)
#define SVM_NPF_USER		BIT(2)
#define SVM_NPF_FETCH		BIT(4)
#define SVM_NPF_FINAL		BIT(32)	/* fault on the final guest address */
#define SVM_NPF_TABLE_WALK	BIT(33)	/* fault on a guest page table */

/* Segment attributes: descriptor bits 55:52 and 47:40 packed. */
#define SVM_SEG_TYPE		GENMASK(3, 0)
#define SVM_SEG_S		BIT(4)
#define SVM_SEG_DPL		GENMASK(6, 5)
#define SVM_SEG_P		BIT(7)
#define SVM_SEG_AVL		BIT(8)
#define SVM_SEG_L		BIT(9)
#define SVM_SEG_DB		BIT(10)
#define SVM_SEG_G		BIT(11)

struct vmcb_seg {
	u16 selector;
	u16 attrib;
	u32 limit;	/* in bytes, expanded */
	u64 base;
} __packed;

struct vmcb_control {
	u16 cr_read, cr_write;		/* 0x000: intercept bits, one a register */
	u16 dr_read, dr_write;		/* 0x004 */
	u32 excp;			/* 0x008: one bit a vector */
	u32 intercept1;			/* 0x00c: exits 0x60..0x7f */
	u32 intercept2;			/* 0x010: exits 0x80..0x9f */
	u32 intercept3;
	u8 rsvd1[0x3c - 0x18];
	u16 pause_threshold;		/* 0x03c */
	u16 pause_count;
	u64 iopm_pa;			/* 0x040 */
	u64 msrpm_pa;			/* 0x048 */
	u64 tsc_offset;			/* 0x050 */
	u32 asid;			/* 0x058 */
	u8 tlb_ctl;
	u8 rsvd2[3];
	u64 int_ctl;			/* 0x060 */
	u64 int_state;			/* 0x068 */
	u64 exit_code;			/* 0x070 */
	u64 exit_info1;			/* 0x078 */
	u64 exit_info2;			/* 0x080 */
	u64 exit_int_info;		/* 0x088 */
	u64 np_enable;			/* 0x090 */
	u64 avic_bar;			/* 0x098 */
	u64 ghcb;			/* 0x0a0 */
	u64 event_inj;			/* 0x0a8 */
	u64 ncr3;			/* 0x0b0 */
	u64 lbr_enable;			/* 0x0b8 */
	u64 clean;			/* 0x0c0 */
	u64 next_rip;			/* 0x0c8: 0 without NRIPS */
	u8 nr_bytes;			/* 0x0d0: 0 without decode assists */
	u8 bytes[15];
	u8 rsvd3[0x400 - 0xe0];
} __packed;

struct vmcb_save {
	struct vmcb_seg es, cs, ss, ds;	/* 0x400 */
	struct vmcb_seg fs, gs;
	struct vmcb_seg gdtr, ldtr, idtr, tr;
	u8 rsvd1[0xcb - 0xa0];
	u8 cpl;				/* 0x4cb */
	u32 rsvd2;
	u64 efer;			/* 0x4d0 */
	u8 rsvd3[0x148 - 0xd8];
	u64 cr4;			/* 0x548 */
	u64 cr3;
	u64 cr0;
	u64 dr7;
	u64 dr6;
	u64 rflags;			/* 0x570 */
	u64 rip;
	u8 rsvd4[0x1d8 - 0x180];
	u64 rsp;			/* 0x5d8 */
	u64 s_cet, ssp, isst;
	u64 rax;			/* 0x5f8 */
	u64 star, lstar, cstar, sfmask;
	u64 kernel_gs_base;
	u64 sysenter_cs, sysenter_esp, sysenter_eip;
	u64 cr2;			/* 0x640 */
	u8 rsvd5[0x268 - 0x248];
	u64 g_pat;			/* 0x668 */
	u64 dbgctl;
	u64 br_from, br_to;
	u64 last_excp_from, last_excp_to;
	u8 rsvd6[0xc00 - 0x298];
} __packed;

/* The control block: one page, accessed by physical address by VMRUN. */
struct vmcb {
	struct vmcb_control c;
	struct vmcb_save s;
} __packed;

_Static_assert(sizeof(struct vmcb) == PAGE_SIZE, "VMCB is one page");
_Static_assert(offsetof(struct vmcb, c.iopm_pa) == 0x40, "iopm_pa");
_Static_assert(offsetof(struct vmcb, c.next_rip) == 0xc8, "next_rip");
_Static_assert(offsetof(struct vmcb, s.cpl) == 0x4cb, "cpl");
_Static_assert(offsetof(struct vmcb, s.efer) == 0x4d0, "efer");
_Static_assert(offsetof(struct vmcb, s.cr4) == 0x548, "cr4");
_Static_assert(offsetof(struct vmcb, s.rsp) == 0x5d8, "rsp");
_Static_assert(offsetof(struct vmcb, s.rax) == 0x5f8, "rax");
_Static_assert(offsetof(struct vmcb, s.cr2) == 0x640, "cr2");
_Static_assert(offsetof(struct vmcb, s.g_pat) == 0x668, "g_pat");

/* Permission maps, physically contiguous; a set bit intercepts. */
#define IOPM_SIZE	(3 * PAGE_SIZE)
#define MSRPM_SIZE	(2 * PAGE_SIZE)

/* Makes the map at @iopm trap @port. */
void iopm_trap(u8 *iopm, u16 port);

/**
 * msrpm_trap - set the intercepts of one MSR
 * @msrpm: map of MSRPM_SIZE bytes
 * @msr: number; must lie in one of the three ranges that the map covers
 * @read: trap RDMSR
 * @write: trap WRMSR
 */
void msrpm_trap(u8 *msrpm, u32 msr, bool read, bool write);

/* Boot: stops the machine with a message when there is no usable SVM. */
void svm_check(void);

/**
 * svm_init_cpu - turn on SVM on this CPU
 *
 * Clears GIF for good: pending interrupts are taken by the root, at VMRUN.
 */
void svm_init_cpu(void);

#endif /* TESTHV_SVM_H */
