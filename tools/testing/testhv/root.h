/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The root partition and its virtual processors. With the option l1vh=1 it is not
 * the root but one that is a parent all the same ("L1VH"): it has no say over the
 * machine, and lays pages of the hypervisor over its own as guests do.
 */
#ifndef TESTHV_ROOT_H
#define TESTHV_ROOT_H

#include "msrpage.h"
#include "npt.h"
#include "pcpu.h"
#include "stats.h"
#include "synic.h"
#include "timer.h"
#include "types.h"
#include "vcpu.h"

#define ROOT_PARTITION_ID	1

/* Page that other processors start on; reserved in the root's memory map. */
#define TRAMPOLINE_PA		0x8000UL

/**
 * struct root_vp - a virtual processor of the root, pinned to its CPU
 * @vcpu: SVM state
 * @cpu: the CPU that it lives on
 * @vp_index: index told to the root
 * @lp_index: logical processor it runs on, as told by AddLogicalProcessor
 * @added: the logical processor was added (true from the start for the BSP)
 * @created: the VP exists
 * @started: it was entered at least once
 * @parked: it has halted for good, until a start-up IPI (hypervisor scheduler)
 * @sipi_vector: start vector that waits; -1 when none does
 * @inited: an INIT was received and the next SIPI counts
 * @assist: VP assist page
 * @synic: SynIC
 * @stimer: synthetic timers
 * @stats: what it did so far
 */
struct root_vp {
	struct vcpu vcpu;
	struct pcpu *cpu;
	u32 vp_index;
	u32 lp_index;
	bool added;
	bool created;
	bool started;
	bool parked;
	bool inited;
	int sipi_vector;
	struct msr_page assist;
	struct synic synic;
	struct stimer stimer[NR_STIMERS];
	struct vp_stats stats;
};

/**
 * struct root - the root partition
 * @npt: its nested page tables: identity, with holes
 * @priv: privileges, CPUID 0x40000003 EAX in the low half, EBX in the high
 * @guest_os_id: MSR of the same name
 * @hypercall: hypercall page
 * @reftsc: reference TSC page
 * @tsc_invariant: MSR of that name
 * @crash: crash MSRs P0..P4
 */
struct root {
	struct npt npt;
	u64 priv;
	u64 guest_os_id;
	struct msr_page hypercall;
	struct msr_page reftsc;
	u64 tsc_invariant;
	u64 crash[5];
};

extern struct root root;

/* VP of that index that was created; NULL when there is none (yet). */
struct root_vp *root_vp_by_index(u32 vp_index);
struct root_vp *root_vp_by_lp(u32 lp_index);

static inline bool vcpu_is_root(const struct vcpu *v)
{
	return v == &this_cpu()->vp->vcpu;
}

/* Boot: build the partition and its VPs; then the pages that it shares. */
void root_init(void);
void root_init_pages(void);

/* AddLogicalProcessor and CreateVp of the root. Return: HVX_STATUS_*. */
u16 root_add_lp(u32 lp_index, u32 apic_id);
u16 root_create_vp(u32 vp_index, u32 lp_index);

/* Enter the root on this CPU and handle its exits for ever. */
void root_run(struct root_vp *rv) __noreturn;

/* An exit for a software interrupt or breakpoint. */
void root_swint_exit(struct root_vp *rv);

struct hvcall;
struct hvx_in_create_vp;

/*
 * CreateVp for a child partition. Weak in hvc_root.c, where it knows none; the
 * code for child partitions provides the real one. Return: HVX_STATUS_*.
 */
u16 child_create_vp(struct hvcall *c, const struct hvx_in_create_vp *in);

/*
 * Handle a physical INIT or start-up IPI that VP @from sends to @target. The
 * target starts or restarts at @vector << 12 under the hypervisor.
 */
void root_init_ipi(struct root_vp *target);
void root_startup_ipi(struct root_vp *target, u8 vector);

#endif /* TESTHV_ROOT_H */
