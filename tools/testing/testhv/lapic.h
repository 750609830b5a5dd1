/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Local APICs of child VPs, xAPIC and x2APIC (APM volume 2, chapter 16).
 *
 * Exists for partitions created with HVX_CREATE_LAPIC. Without it only NMI and
 * external interrupts can be raised in a VP. Everything is under hv_lock.
 */
#ifndef TESTHV_LAPIC_H
#define TESTHV_LAPIC_H

#include "types.h"

struct child_vp;
struct partition;

#define LAPIC_PAGE		0xfee00000UL

/* Frequency of the timer at divide-by-one, as told by HVX_MSR_APIC_FREQUENCY */
#define LAPIC_HZ		100000000ULL

enum lapic_lvt {
	LVT_TIMER, LVT_THERMAL, LVT_PERFMON, LVT_LINT0, LVT_LINT1, LVT_ERROR, LVT_CMCI,
	NR_LVTS
};

/**
 * struct lapic - local APIC of a VP
 * @id: APIC id
 * @tpr: task priority; bits 7:4 are also in the VMCB, where the guest changes
 *	them without an exit
 * @ldr: logical destination, xAPIC
 * @dfr: destination format
 * @svr: spurious interrupt vector, and the software enable bit
 * @esr: errors since the last write of the register
 * @esr_latched: what it reads as
 * @icr_low: interrupt command
 * @icr_high: interrupt command, destination
 * @lvt: local vector table
 * @irr: requested interrupts
 * @isr: interrupts in service
 * @tmr: 1 for those that were level-triggered
 * @timer_count: initial count
 * @timer_divide: divide configuration register
 * @timer_start: reference time at which the count began
 * @timer_deadline: reference time of the next expiry; NO_DEADLINE
 * @extint: an external interrupt waits
 * @extint_vector: its vector
 * @init: an INIT waits to be carried out
 * @sipi: a start-up IPI waits: its vector; -1 none
 */
struct lapic {
	u32 id;
	u8 tpr;
	u32 ldr, dfr, svr;
	u32 esr, esr_latched;
	u32 icr_low, icr_high;
	u32 lvt[NR_LVTS];
	u32 irr[8], isr[8], tmr[8];
	u32 timer_count, timer_divide;
	u64 timer_start, timer_deadline;
	bool extint;
	u8 extint_vector;
	bool init;
	int sipi;
};

void lapic_reset(struct lapic *l, u32 id);

u8 lapic_tpr(const struct child_vp *vp);
void lapic_set_tpr(struct child_vp *vp, u8 tpr);

/* Highest interrupt that the APIC wants to deliver now, or -1. */
int lapic_pending(const struct child_vp *vp);
/* Highest one that only the task priority holds back, or -1. */
int lapic_masked_by_tpr(const struct child_vp *vp);
/* @vector is delivered: it is in service from now on. */
void lapic_accept(struct child_vp *vp, u8 vector);

/* Access to a register at @off in the APIC's page, as far as one exists. */
u32 lapic_read(struct child_vp *vp, u32 off);
/* May suspend the VP for a message about the write. */
void lapic_write(struct child_vp *vp, u32 off, u32 val);
/* Write an entry of the vector table; masked while the APIC is disabled. */
void lapic_write_lvt(struct child_vp *vp, enum lapic_lvt i, u32 val);

/* MSRs 0x800..0x8ff; false means #GP. */
bool lapic_read_msr(struct child_vp *vp, u32 msr, u64 *val);
bool lapic_write_msr(struct child_vp *vp, u32 msr, u64 val);

/* The VP's APIC answers at LAPIC_PAGE. */
bool lapic_is_mmio(const struct child_vp *vp);
/* The base register may be written with that value. */
bool lapic_base_valid(const struct child_vp *vp, u64 val);

/* Write of an EOI register; see lapic_write(). */
void lapic_eoi(struct child_vp *vp);

/* Raise a fixed interrupt. */
void lapic_set_irr(struct child_vp *vp, u8 vector, bool level);

/* Set the timer's initial and current count; the divisor is set before. */
void lapic_timer_restore(struct lapic *l, u32 count, u32 current);

/* Let an expired timer fire. */
void lapic_timer_run(struct child_vp *vp, u64 now);

/**
 * lapic_deliver - send an interrupt to VPs of a partition
 * @p: partition
 * @type: HVX_INTERRUPT_*
 * @dest: destination: APIC id, or logical
 * @logical: see @dest
 * @vector: vector
 * @level: level-triggered
 *
 * Wakes the targets. The caller does sched_flush() afterwards.
 *
 * Return: number of VPs that took it.
 */
unsigned int lapic_deliver(struct partition *p, u32 type, u64 dest, bool logical, u8 vector,
			   bool level);

/* Send a fixed interrupt to one VP; otherwise as lapic_deliver(). */
void lapic_interrupt(struct child_vp *vp, u8 vector);

#endif /* TESTHV_LAPIC_H */
