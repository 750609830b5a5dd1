/* SPDX-License-Identifier: GPL-2.0 */
/* The physical local APIC, which is the root's; the hypervisor rides along. */
#ifndef TESTHV_APIC_H
#define TESTHV_APIC_H

#include "types.h"

/* Vector of Linux's Hyper-V callback: what kick_cpu() sends to a child's CPU. */
#define CALLBACK_VECTOR		0xf3

#define APIC_ID			0x020
#define APIC_TPR		0x080
#define APIC_EOI		0x0b0
#define APIC_SVR		0x0f0
#define APIC_ISR		0x100
#define APIC_IRR		0x200
#define APIC_ICR_LOW		0x300
#define APIC_ICR_HIGH		0x310
#define APIC_LVT_TIMER		0x320
#define APIC_LVT_LINT0		0x350
#define APIC_LVT_LINT1		0x360
#define APIC_TIMER_INIT		0x380
#define APIC_TIMER_COUNT	0x390
#define APIC_TIMER_DIVIDE	0x3e0

#define APIC_ICR_FIXED		0x000
#define APIC_ICR_NMI		0x400
#define APIC_ICR_INIT		0x500
#define APIC_ICR_STARTUP	0x600
#define APIC_ICR_MODE		0x700
#define APIC_ICR_PENDING	0x1000
#define APIC_ICR_ASSERT		0x4000
#define APIC_ICR_SHORTHAND	0xc0000
#define APIC_LVT_MASKED		0x10000

u32 apic_read(u32 reg);
void apic_write(u32 reg, u32 val);
u32 apic_id(void);

/* Whether an interrupt of that vector is pending, or in service, on this CPU. */
bool apic_is_pending(u8 vector);
bool apic_is_in_service(u8 vector);

/**
 * apic_send - send an interrupt from this CPU
 * @apic_id: physical destination
 * @icr: low half of the interrupt command register
 *
 * Leaves ICR's high half as it was: the root may be between its two writes.
 */
void apic_send(u32 apic_id, u32 icr);

/* Raise a fixed interrupt on a CPU, possibly this one. Lock not needed. */
static inline void apic_send_ipi(u32 apic_id, u8 vector)
{
	apic_send(apic_id, APIC_ICR_FIXED | APIC_ICR_ASSERT | vector);
}

/* The root's EOI, TPR and ICR MSRs; false means #GP. */
struct root_vp;
bool apic_read_msr(struct root_vp *rv, u32 msr, u64 *val);
bool apic_write_msr(struct root_vp *rv, u32 msr, u64 val);

#endif /* TESTHV_APIC_H */
