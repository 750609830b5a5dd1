// SPDX-License-Identifier: GPL-2.0
/* Detection of QEMU's emulation, and the way around its stale translations. */
#include "tcg.h"

#include "cpu.h"
#include "init.h"

#define HYPERVISOR_LEAF	0x40000000

static u32 signature_word(const char *s)
{
	return s[0] | s[1] << 8 | s[2] << 16 | (u32)s[3] << 24;
}

static bool on_tcg;

static void tcg_init(void)
{
	struct cpuid_regs r;

	if (!(cpuid(1, 0).ecx & BIT(31)))
		return;
	r = cpuid(HYPERVISOR_LEAF, 0);
	on_tcg = r.ebx == signature_word("TCGT") && r.ecx == signature_word("CGTC") &&
		 r.edx == signature_word("GTCG");
}
HV_INIT(tcg_init);

bool tcg_is_host(void)
{
	return on_tcg;
}

/* A locked operation, as the owner of the code may be writing to it. */
void tcg_retranslate(void *code)
{
	asm volatile("lock; orb $0, (%0)" : : "r" (code) : "memory", "cc");
}
