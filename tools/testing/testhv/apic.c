// SPDX-License-Identifier: GPL-2.0
/* Local APIC, in xAPIC mode, and the MSRs that stand for it. */
#include "apic.h"

#include "hv_abi.h"
#include "log.h"
#include "mem.h"
#include "pcpu.h"
#include "root.h"
#include "timer.h"

#define APIC_PHYS		0xfee00000UL
#define APIC_ID_SHIFT		24

u32 apic_read(u32 reg)
{
	return READ_ONCE(*(u32 *)phys_to_virt(APIC_PHYS + reg));
}

void apic_write(u32 reg, u32 val)
{
	WRITE_ONCE(*(u32 *)phys_to_virt(APIC_PHYS + reg), val);
}

u32 apic_id(void)
{
	return apic_read(APIC_ID) >> APIC_ID_SHIFT;
}

static bool test_vector(u32 reg, u8 vector)
{
	return apic_read(reg + vector / 32 * 0x10) >> vector % 32 & 1;
}

bool apic_is_pending(u8 vector)
{
	return test_vector(APIC_IRR, vector);
}

bool apic_is_in_service(u8 vector)
{
	return test_vector(APIC_ISR, vector);
}

static void wait_idle(void)
{
	while (apic_read(APIC_ICR_LOW) & APIC_ICR_PENDING)
		__builtin_ia32_pause();
}

void apic_send(u32 dest, u32 icr)
{
	u32 high;

	wait_idle();
	high = apic_read(APIC_ICR_HIGH);
	apic_write(APIC_ICR_HIGH, dest << APIC_ID_SHIFT);
	apic_write(APIC_ICR_LOW, icr);
	wait_idle();
	apic_write(APIC_ICR_HIGH, high);
}

/* INIT and start-up IPIs are emulated; a real INIT would end the hypervisor. */
static bool write_icr(struct root_vp *rv, u64 val)
{
	u32 low = val, dest = val >> (32 + APIC_ID_SHIFT);
	u32 mode = low & APIC_ICR_MODE;
	struct pcpu *cpu;

	if (mode != APIC_ICR_INIT && mode != APIC_ICR_STARTUP) {
		wait_idle();
		apic_write(APIC_ICR_HIGH, val >> 32);
		apic_write(APIC_ICR_LOW, low);
		return true;
	}
	if (mode == APIC_ICR_INIT && !(low & APIC_ICR_ASSERT))
		return true;
	cpu = cpu_by_apic_id(dest);
	if (low & APIC_ICR_SHORTHAND || !cpu || !cpu->vp || cpu->vp == rv) {
		log_err("root VP %u: INIT or SIPI to APIC id %u ignored (ICR %lx)",
			rv->vp_index, dest, val);
		return true;
	}
	if (mode == APIC_ICR_INIT)
		root_init_ipi(cpu->vp);
	else
		root_startup_ipi(cpu->vp, low);
	return true;
}

bool apic_read_msr(struct root_vp *rv, u32 msr, u64 *val)
{
	switch (msr) {
	case HVX_MSR_ICR:
		*val = (u64)apic_read(APIC_ICR_HIGH) << 32 | apic_read(APIC_ICR_LOW);
		return true;
	case HVX_MSR_TPR:
		*val = apic_read(APIC_TPR);
		return true;
	}
	return false;	/* EOI is write-only */
}

bool apic_write_msr(struct root_vp *rv, u32 msr, u64 val)
{
	switch (msr) {
	case HVX_MSR_EOI:
		apic_write(APIC_EOI, 0);
		timer_run(rv->cpu);
		return true;
	case HVX_MSR_ICR:
		return write_icr(rv, val);
	case HVX_MSR_TPR:
		if (val > 0xff)
			return false;
		apic_write(APIC_TPR, val);
		return true;
	}
	return false;
}
