// SPDX-License-Identifier: GPL-2.0
/* Interrupts that reach the hypervisor itself: see stray.h. */
#include "stray.h"

#include "acct.h"
#include "apic.h"
#include "cpu.h"
#include "log.h"
#include "panic.h"
#include "pcpu.h"
#include "tcg.h"

#define FIRST_INTERRUPT	32

bool stray_interrupt(const struct exc_frame *f)
{
	static struct log_limit limit;
	bool accepted;

	if (f->vector < FIRST_INTERRUPT || !tcg_is_host())
		return false;
	clgi();		/* whatever QEMU believed */
	accepted = apic_is_in_service(f->vector);
	acct_add(TESTHV_ACCT_STRAY_INTERRUPTS, 1);
	/* It may have come while this CPU was holding the log's lock. */
	if (log_limited(&limit))
		log_raw("interrupt %lu in the hypervisor at %lx, %s by the APIC", f->vector,
			f->rip, accepted ? "accepted" : "not known");
	if (accepted) {
		apic_write(APIC_EOI, 0);
		apic_send_ipi(this_cpu()->apic_id, f->vector);
	}
	return true;
}

bool stray_provoke(u64 vector)
{
	if (vector < FIRST_INTERRUPT || vector > 0xff || !tcg_is_host())
		return false;
	apic_send_ipi(this_cpu()->apic_id, vector);
	stgi();
	asm volatile("sti; nop; nop; cli" : : : "memory");
	clgi();
	return true;
}
