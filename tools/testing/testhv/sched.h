/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hook for the hypervisor scheduler (sched=core, smt, lp).
 *
 * With the root scheduler child VPs run only inside DISPATCH_VP, and nothing
 * here is used. With the others the hypervisor runs them when the root's CPU has
 * time: the code for child VPs registers a struct sched_ops, and the root's exit
 * loop calls it at the two moments at which the root can be left alone.
 */
#ifndef TESTHV_SCHED_H
#define TESTHV_SCHED_H

#include "options.h"
#include "types.h"

struct pcpu;
struct root_vp;

/**
 * struct sched_ops - what the child VP code provides
 * @run: run child VPs on this CPU. Called without hv_lock and with the root VP's
 *	state loaded, which it is again on return. @idle: the root executed HLT;
 *	return when an interrupt is pending for the root (SVM_EXIT_INTR of a child)
 *	or nothing is runnable. Otherwise the root just finished an interrupt
 *	(EOI): run a child for at most one time slice.
 * @runnable: is any child VP runnable on @cpu? Cheap, called without hv_lock
 *	before @run. A VP that becomes runnable later sends the CPU an interrupt.
 * @park: a root VP has halted for good. Called without hv_lock.
 */
struct sched_ops {
	void (*run)(struct pcpu *cpu, bool idle);
	bool (*runnable)(struct pcpu *cpu);
	void (*park)(struct root_vp *rv);
};

/* Registers the scheduler; from an HV_INIT() function. */
void sched_register(const struct sched_ops *ops);

/* The hypervisor, not the root, decides when child VPs run. */
static inline bool sched_is_hypervisor(void)
{
	return options.sched != HVX_SCHEDULER_ROOT;
}

#endif /* TESTHV_SCHED_H */
