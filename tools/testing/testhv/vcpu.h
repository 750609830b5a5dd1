/* SPDX-License-Identifier: GPL-2.0 */
/* A virtual processor as SVM knows it; root VPs and child VPs contain one. */
#ifndef TESTHV_VCPU_H
#define TESTHV_VCPU_H

#include "svm.h"
#include "types.h"

struct npt;
struct pcpu;

/*
 * Address space identifiers. Processors have few of them (QEMU: 16), so that all
 * children share one: vcpu_start() has it flushed.
 */
#define ROOT_ASID	1
#define CHILD_ASID	2

/* Numbers of struct vcpu::gpr, as ModRM encodes them. */
enum {
	REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
	REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
	NR_GPRS
};

/**
 * struct vcpu - state of a virtual processor
 * @gpr: general registers. RAX and RSP live in the VMCB while the VP does not
 *	run and also after an exit: use vcpu_gpr() and vcpu_set_gpr()
 * @vmcb: control block; FS, GS, TR, LDTR, SYSCALL and SYSENTER state in it is
 *	valid only while another VP is loaded on the CPU (see guest_switch())
 * @vmcb_pa: its physical address
 * @npt: nested page tables that the VP runs on
 * @npt_gen: generation of @npt that this VP's TLB entries belong to
 * @last_cpu: CPU that ran it last; moving to another one flushes
 * @dr: debug address registers 0..3 (DR6, DR7 are in the VMCB)
 * @xcr0: guest's XCR0
 * @xss: guest's IA32_XSS
 * @tsc_aux: guest's TSC_AUX
 * @xsave: extended state, vcpu_xsave_size() bytes, aligned to 64, in the
 *	standard format for the full mask of the machine
 * @nmi_masked: an NMI is being handled: until IRET no other is taken
 * @iret_rip: where the IRET that ends NMI masking stands; ~0: none seen
 *
 * @dr, @xcr0, @xss, @tsc_aux and @xsave, too, are live in the CPU while the VP is
 * loaded on one.
 */
struct vcpu {
	u64 gpr[NR_GPRS];
	struct vmcb *vmcb;
	u64 vmcb_pa;
	struct npt *npt;
	u64 npt_gen;
	struct pcpu *last_cpu;
	u64 dr[4];
	u64 xcr0;
	u64 xss;
	u64 tsc_aux;
	void *xsave;
	bool nmi_masked;
	u64 iret_rip;
};

static inline u64 vcpu_gpr(const struct vcpu *v, unsigned int reg)
{
	if (reg == REG_RAX)
		return v->vmcb->s.rax;
	if (reg == REG_RSP)
		return v->vmcb->s.rsp;
	return v->gpr[reg];
}

static inline void vcpu_set_gpr(struct vcpu *v, unsigned int reg, u64 val)
{
	if (reg == REG_RAX)
		v->vmcb->s.rax = val;
	else if (reg == REG_RSP)
		v->vmcb->s.rsp = val;
	else
		v->gpr[reg] = val;
}

/* Result of RDMSR, CPUID and the like: zero-extends into the full registers. */
static inline void vcpu_set_edx_eax(struct vcpu *v, u64 val)
{
	v->vmcb->s.rax = (u32)val;
	v->gpr[REG_RDX] = val >> 32;
}

static inline u64 vcpu_edx_eax(const struct vcpu *v)
{
	return v->gpr[REG_RDX] << 32 | (u32)v->vmcb->s.rax;
}

/**
 * vcpu_skip - step over the instruction that caused the exit
 * @v: VP
 * @len: its length; QEMU's SVM has no next-RIP support, so callers know it
 *
 * Clears the interrupt shadow, wraps RIP at 32 bits outside 64-bit mode.
 */
void vcpu_skip(struct vcpu *v, unsigned int len);

/* Have the next entry raise an exception. Error code only where @vec has one. */
void vcpu_inject_excp(struct vcpu *v, u8 vec, u32 error_code);

static inline void vcpu_inject_gp(struct vcpu *v)
{
	vcpu_inject_excp(v, 13, 0);
}

static inline void vcpu_inject_ud(struct vcpu *v)
{
	vcpu_inject_excp(v, 6, 0);
}

/*
 * NMIs. vcpu_track_nmi_mask() is for each entry: QEMU has no virtual NMI masking, so
 * that it ends with the IRET that is intercepted, seen from the moment at which RIP
 * has moved on. The IRET exit sets struct vcpu::iret_rip and nothing else.
 */
void vcpu_track_nmi_mask(struct vcpu *v);
/* Have the next entry raise one. None may be masked, no event be injected. */
void vcpu_inject_nmi(struct vcpu *v);

/* Whether to have an exit, SVM_EXIT_VINTR, as soon as interrupts are enabled. */
void vcpu_watch_interrupts(struct vcpu *v, bool on);

/**
 * vcpu_enter - run a VP until its next exit
 * @v: the VP whose state is loaded on this CPU
 *
 * The caller must not hold hv_lock. Registers the CPU as running on the VP's
 * page tables, so that npt_flush() waits for it, and flushes the VP's TLB
 * entries where they are stale. With V_INTR_MASKING and an INTR intercept in
 * the VMCB (child VPs) any physical interrupt ends the run with SVM_EXIT_INTR
 * and stays pending; the root takes it when it is entered next.
 *
 * NMIs end a run with SVM_EXIT_NMI and need no action: those of npt_flush() and
 * kick_cpu() are over, others are kept for the root, which gets them at its next
 * entry (so a child's run loop returns to the root).
 *
 * Return: exit code.
 */
u64 vcpu_enter(struct vcpu *v);

/**
 * guest_switch - change the VP whose state is loaded on this CPU
 * @from: VP that was loaded
 * @to: VP to load
 *
 * Swaps everything that VMRUN leaves alone: VMSAVE state, debug registers,
 * XCR0 and extended state, TSC_AUX. Lock not needed.
 */
void guest_switch(struct vcpu *from, struct vcpu *to);

/* Load a VP on a CPU where no other one's state is worth saving. */
void guest_load(struct vcpu *v);

/* Each CPU, once: what guest_switch() needs. */
void vcpu_init_cpu(void);

/* Another VP with the same ASID may have run on this CPU: flush at the next entry. */
static inline void vcpu_start(struct vcpu *v)
{
	v->npt_gen = 0;
}

/**
 * vcpu_init - prepare a VP
 * @v: zeroed structure
 * @vmcb: zeroed page
 * @xsave: zeroed buffer of vcpu_xsave_size() bytes, aligned to 64
 * @npt: nested page tables
 * @asid: ROOT_ASID or CHILD_ASID
 *
 * Sets the intercepts that every VP needs, nested paging, and the state of a
 * processor after INIT. The caller adds its own intercepts and maps.
 */
void vcpu_init(struct vcpu *v, struct vmcb *vmcb, void *xsave, struct npt *npt, u32 asid);

/* Set all registers to what INIT leaves (APM volume 2, table 14-1). */
void vcpu_reset(struct vcpu *v);

/* Bytes that struct vcpu::xsave must have; at most two pages in QEMU 7.2. */
u32 vcpu_xsave_size(void);

/* XCR0 of a VP, loaded or not: QEMU 7.2 does not intercept XSETBV. */
u64 vcpu_xcr0(const struct vcpu *v);

/* All bits of XCR0 that the machine and testhv support. */
u64 vcpu_xcr0_mask(void);

#endif /* TESTHV_VCPU_H */
