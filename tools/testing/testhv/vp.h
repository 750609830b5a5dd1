/* SPDX-License-Identifier: GPL-2.0 */
/* Virtual processors of child partitions. Everything is under hv_lock. */
#ifndef TESTHV_VP_H
#define TESTHV_VP_H

#include "hv_abi.h"
#include "lapic.h"
#include "lib.h"
#include "overlay.h"
#include "partition.h"
#include "pcpu.h"
#include "stats.h"
#include "types.h"
#include "vcpu.h"

struct root_vp;

#define NR_MTRR_VAR	8
#define NR_MTRR_FIX	11

/*
 * struct vp_msrs - registers that only have to remember what was written
 *
 * Fields are named after the registers.
 */
struct vp_msrs {
	u64 apic_base;
	u64 mtrr_def_type;
	u64 mtrr_base[NR_MTRR_VAR];
	u64 mtrr_mask[NR_MTRR_VAR];
	u64 mtrr_fix[NR_MTRR_FIX];
	u64 bndcfgs;
	u64 debug_ctl;
	u64 spec_ctrl;
	u64 u_cet, s_cet, ssp, pl_ssp[4], int_ssp_table;
	u64 tsc_adjust;
	u64 misc_enable;
	u64 vp_assist;
	u64 crash[5], crash_ctl;
	u64 sint[HVX_SINT_COUNT];
	u64 scontrol, siefp, simp;
	u64 stimer_config[HVX_STIMER_COUNT];
	u64 stimer_count[HVX_STIMER_COUNT];
	u64 stimer_expiry[HVX_STIMER_COUNT];
};

/**
 * struct child_vp - a virtual processor of a child partition
 * @vcpu: SVM state
 * @part: its partition
 * @index: its index
 * @extra: pages that the appetite= option adds to its price
 * @cpu: CPU that runs it or is about to; NULL while it stands still
 * @home: root VP that dispatched it last and gets its signals
 * @stop: another CPU waits for it to stand still
 * @explicit_suspend: HVX_REG_EXPLICIT_SUSPEND
 * @intercept_suspend: HVX_REG_INTERCEPT_SUSPEND
 * @dispatch_suspend: HVX_REG_DISPATCH_SUSPEND
 * @activity: HVX_REG_INTERNAL_ACTIVITY_STATE
 * @blocked: the root was told that it is blocked and has not been signalled since
 * @signal_link: in the list of signals that wait for room in a message slot
 * @signals: HVX_REG_VP_ROOT_SIGNAL_COUNT
 * @pending_interruption: HVX_REG_PENDING_INTERRUPTION
 * @event: HVX_REG_PENDING_EVENT0 and 1
 * @deliverability: HVX_REG_DELIVERABILITY
 * @nmi_pending: an NMI waits
 * @dr7: DR7 as the guest knows it, see vp_set_dr7()
 * @lapic: local interrupt controller
 * @m: simple registers
 * @simp: message page
 * @siefp: event flags page
 * @assist: VP assist page
 * @tsc_base: guest TSC = TSC + this
 * @cpuid_rows: chain of pages of registered CPUID results
 * @msr_rows: chain of pages of registered MSR results
 * @regs_page: register page, if the root has mapped it
 * @msg_page: intercept message page, if the root has mapped it
 * @stats: what it did so far
 * @msg: last intercept message
 * @slice_end: reference time at which DISPATCH_VP returns
 * @run_link: in the queue of the hypervisor's scheduler
 */
struct child_vp {
	struct vcpu vcpu;
	struct partition *part;
	u32 index;
	void *extra;
	struct pcpu *cpu;
	struct root_vp *home;
	bool stop;
	bool explicit_suspend;
	bool intercept_suspend;
	bool dispatch_suspend;
	u64 activity;
	bool blocked;
	struct list signal_link;
	u64 signals;
	u64 pending_interruption;
	u64 event[2][2];
	u64 deliverability;
	bool nmi_pending;
	u64 dr7;
	struct lapic lapic;
	struct vp_msrs m;
	struct overlay simp, siefp, assist;
	u64 tsc_base;
	void *cpuid_rows;
	void *msr_rows;
	struct hvx_register_page *regs_page;
	struct hvx_message *msg_page;
	struct vp_stats stats;
	struct hvx_message msg;
	u64 slice_end;
	struct list run_link;
};

_Static_assert(sizeof(struct child_vp) <= PAGE_SIZE, "a VP is one page");

/**
 * vp_find - find a VP for a call and have it stand still
 * @c: call in progress
 * @id: partition id
 * @index: VP index
 * @vp: result
 *
 * A VP that runs on another CPU is stopped first, for which hv_lock is dropped and
 * taken again: call it before anything else.
 *
 * Return: HVX_STATUS_SUCCESS, what partition_find() returns, or INVALID_VP_INDEX.
 */
u16 vp_find(const struct hvcall *c, u64 id, u32 index, struct child_vp **vp);

/* As vp_find(), but leaves a running VP alone. */
u16 vp_find_running(const struct hvcall *c, u64 id, u32 index, struct child_vp **vp);

/**
 * vp_stop - have a VP stand still
 * @vp: VP
 *
 * Return: false when it does and did all the time. True when hv_lock was dropped
 * to wait for it: whatever the caller looked up must be looked up again.
 */
bool vp_stop(struct child_vp *vp);

/* Free a VP that stands still, with all that belongs to it. */
void vp_destroy(struct child_vp *vp);

/* Put all registers into the state after INIT. */
void vp_reset(struct child_vp *vp);

/* run.c: nothing keeps the VP from running (it may have nothing to do, though). */
bool vp_is_suspended(const struct child_vp *vp);
/* run.c: something changed that may make the VP run or take an interrupt. */
void vp_wake(struct child_vp *vp);
/* run.c: forget what the scheduler knows of the VP. */
void vp_sched_forget(struct child_vp *vp);

/*
 * vp.c: pages that the root shall see.
 *
 * A caller that has @provided the place wants the page at @gfn of its own memory.
 * shared_location() tells whether that is acceptable; @page is there already, or
 * NULL. shared_get() takes one from a pool, shared_put() ends it, shared_gfn()
 * is where the root sees it.
 */
u16 shared_location(bool provided, u64 gfn, void *page);
void *shared_get(struct pagepool *pool, bool provided, u64 gfn);
void shared_put(struct partition *p, void *page);
u64 shared_gfn(const void *page);

/* registers.c: write the register page, except classes that the VMM has changed. */
void regs_page_update(struct child_vp *vp);
/* registers.c: take over what the VMM has changed in the register page. */
void regs_page_apply(struct child_vp *vp);

/* guest_cpuid.c: free the registered results. */
void cpuid_rows_free(struct child_vp *vp);

#define DR7_FIXED	BIT(10)

/* vp.c: write DR7; its reserved bits are put right */
void vp_set_dr7(struct child_vp *vp, u64 val);

/* Current privilege level; the VMCB's own is right after an exit only. */
static inline unsigned int vp_cpl(const struct child_vp *vp)
{
	return vp->vcpu.vmcb->s.cpl & 3;
}

#endif /* TESTHV_VP_H */
