/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Time and timers.
 *
 * The root is offered synthetic timers in direct mode, so that the physical
 * local APIC timer of each CPU is the hypervisor's. It is programmed for the
 * earliest deadline of that CPU and raises the root's vector; one that comes
 * too early is harmless to Linux.
 */
#ifndef TESTHV_TIMER_H
#define TESTHV_TIMER_H

#include "types.h"

struct pcpu;
struct root_vp;

#define NR_STIMERS	4
#define NO_DEADLINE	(~0ULL)

/**
 * struct stimer - a synthetic timer of a root VP
 * @config: STIMERx_CONFIG
 * @count: STIMERx_COUNT
 * @deadline: next expiry in reference time; NO_DEADLINE when it is idle
 */
struct stimer {
	u64 config;
	u64 count;
	u64 deadline;
};

extern u64 tsc_hz;	/* measured */
extern u64 apic_hz;	/* of the APIC timer at divide-by-one */

/* Reference time: 100 ns units since the hypervisor started. */
u64 ref_time(void);
/* The reference time at a TSC value. */
u64 tsc_to_ref(u64 tsc);

/* Scale of the reference TSC page: ref = (tsc * scale >> 64) + offset. */
u64 ref_tsc_scale(void);
s64 ref_tsc_offset(void);

/**
 * timer_arm - ask for control on a CPU at a time
 * @cpu: this CPU
 * @deadline: reference time; NO_DEADLINE takes an earlier request back
 *
 * One deadline a CPU, beside those of the root's own timers: a child VP that runs
 * or waits there. When it comes, an interrupt ends the run of a child, or is
 * taken by the root (whose handler's EOI then enters the hypervisor, see
 * struct sched_ops). Lock not needed.
 */
void timer_arm(struct pcpu *cpu, u64 deadline);

/*
 * Have @fn called on a CPU when the deadline of its timer_arm() has passed, without
 * hv_lock and with the root's state loaded.
 */
void timer_set_hook(void (*fn)(struct pcpu *cpu));

/* Let due timers of this CPU fire, program the hardware for the next one. */
void timer_run(struct pcpu *cpu);

/* Each exit of the root: program the hardware again if the root shut it down. */
void timer_repair(struct pcpu *cpu);

/* Synthetic timer MSRs of the root; false means #GP. */
bool stimer_read_msr(struct root_vp *rv, u32 msr, u64 *val);
bool stimer_write_msr(struct root_vp *rv, u32 msr, u64 val);
void stimer_reset(struct root_vp *rv);

/* Boot CPU: measure frequencies. */
void timer_calibrate(void);

#endif /* TESTHV_TIMER_H */
