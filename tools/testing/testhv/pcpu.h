/* SPDX-License-Identifier: GPL-2.0 */
/* Physical processors. */
#ifndef TESTHV_PCPU_H
#define TESTHV_PCPU_H

#include "lock.h"
#include "types.h"

struct npt;
struct root_vp;
struct vcpu;

#define MAX_CPUS	32
#define STACK_SIZE	0x8000UL

/**
 * struct timer - the physical timer of a processor
 * @own: deadline of timer_arm(), in reference time
 * @armed: deadline that the hardware is set to
 * @vector: vector that it will raise
 * @reminded: QEMU was, of an interrupt that is late
 * @overdue: exits since an interrupt should have been there long ago
 */
struct timer {
	u64 own;
	u64 armed;
	u8 vector;
	bool reminded;
	unsigned int overdue;
};

/**
 * struct pcpu - a physical processor; it lies at the bottom of its stack
 * @index: order of discovery; 0 is the boot processor
 * @apic_id: local APIC id
 * @entry: what it does once it is started; does not return
 * @online: it runs the hypervisor
 * @in_guest: a VP runs on it at this moment
 * @npt: nested page tables of the VP that runs; valid with @in_guest
 * @npt_gen: generation of @npt that the run began with
 * @nmi_expected: an NMI of kick_cpu() is pending; under @kick_lock
 * @nmi_for_root: an NMI arrived that is the root's
 * @vp: root VP that lives here; set once
 * @cur: VP whose state is loaded: the root VP's, or a child's during its run
 * @child: opaque pointer of the child VP code, NULL while the root runs
 * @hsave_pa: page that the processor keeps the hypervisor's state in
 * @nr_exits: VM exits so far
 * @kick_lock: guards @nmi_expected
 * @timer: what the local APIC timer is set to
 */
struct pcpu {
	u32 index;
	u32 apic_id;
	void (*entry)(void);
	u32 online;
	u32 in_guest;
	struct npt *npt;
	u64 npt_gen;
	u32 nmi_expected;
	u32 nmi_for_root;
	struct root_vp *vp;
	struct vcpu *cur;
	void *child;
	u64 hsave_pa;
	u64 nr_exits;
	struct spinlock kick_lock;
	struct timer timer;
};

static inline struct pcpu *this_cpu(void)
{
	u64 rsp;

	asm("mov %%rsp, %0" : "=r"(rsp));
	return (struct pcpu *)(rsp & ~(STACK_SIZE - 1));
}

/* All processors of the machine, from the firmware's tables. */
extern struct pcpu *cpus[MAX_CPUS];
extern unsigned int nr_cpus;

/* Boot CPU: find the others. */
void smp_init(void);

/* Boot time: make @cpu the next in the list. */
void smp_add(struct pcpu *cpu, u32 apic_id);

/* Start the processor @cpu with @entry, which sets cpu->online. One at a time. */
void smp_boot(struct pcpu *cpu, void (*entry)(void));

/* Start the processor @cpu; it ends up in root_run(). Under hv_lock. */
void smp_start(struct pcpu *cpu);

struct pcpu *cpu_by_apic_id(u32 apic_id);

/**
 * kick_cpu - force a CPU out of guest mode
 * @cpu: any CPU; nothing happens when it is this one or not in guest mode
 *
 * Does not wait. The guest that ran there, root or child, sees nothing of it.
 */
void kick_cpu(struct pcpu *cpu);

#endif /* TESTHV_PCPU_H */
