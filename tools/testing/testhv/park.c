// SPDX-License-Identifier: GPL-2.0
/* A boot processor that does nothing. */
#include "park.h"

#include "acpi.h"
#include "apic.h"
#include "cpu.h"
#include "mem.h"
#include "options.h"
#include "panic.h"
#include "pcpu.h"

#define MTRR_CAP_COUNT		0xff
#define MAX_MSRS		64

/* What the firmware has set up in the boot processor alone, in this order */
static const u32 registers[] = { APIC_SVR, APIC_LVT_LINT0, APIC_LVT_LINT1 };
static const struct {
	u32 first, nr;
} msrs[] = {
	{ MSR_MTRR_PHYS_BASE0, 0 },	/* two for each that the processor has */
	{ MSR_MTRR_FIX_64K, 1 },
	{ MSR_MTRR_FIX_16K, 2 },
	{ MSR_MTRR_FIX_4K, 8 },
	{ MSR_PAT, 1 },
	{ MSR_MTRR_DEF_TYPE, 1 },
};

static u32 register_values[ARRAY_SIZE(registers)];
static u64 msr_values[MAX_MSRS];
static void (*rest_of_start)(void);

static unsigned int nr_msrs(unsigned int range)
{
	return msrs[range].nr ?: 2 * (rdmsr(MSR_MTRR_CAP) & MTRR_CAP_COUNT);
}

static void save_setup(void)
{
	unsigned int i, n, nr = 0;

	for (i = 0; i < ARRAY_SIZE(registers); i++)
		register_values[i] = apic_read(registers[i]);
	for (i = 0; i < ARRAY_SIZE(msrs); i++) {
		if (nr + nr_msrs(i) > MAX_MSRS)
			config_error("park=1: more MTRRs than expected");
		for (n = 0; n < nr_msrs(i); n++)
			msr_values[nr++] = rdmsr(msrs[i].first + n);
	}
}

static void load_setup(void)
{
	unsigned int i, n, nr = 0;

	for (i = 0; i < ARRAY_SIZE(registers); i++)
		apic_write(registers[i], register_values[i]);
	for (i = 0; i < ARRAY_SIZE(msrs); i++)
		for (n = 0; n < nr_msrs(i); n++)
			wrmsr(msrs[i].first + n, msr_values[nr++]);
}

static void enter_rest(void)
{
	WRITE_ONCE(this_cpu()->online, 1);
	while (!READ_ONCE(rest_of_start))
		cpu_relax();
	load_setup();
	rest_of_start();
}

/* Not even an NMI ends a halt with GIF clear. */
static void __noreturn halt_for_ever(void)
{
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
	clgi();
	for (;;)
		asm volatile("hlt");
}

void park_boot_cpu(void (*rest)(void))
{
	unsigned int i, nr;
	u32 ids[MAX_CPUS];

	nr = acpi_cpus(ids, MAX_CPUS);
	if (nr < 2 || ids[0] != apic_id())
		config_error("park=1 takes a second processor");
	acpi_hide_cpus(0, 1);
	if (options.lps) {
		acpi_hide_cpus(options.lps, MAX_CPUS);
		nr = min(nr, options.lps + 1);
	}
	for (i = 1; i < nr; i++)
		smp_add(boot_alloc(STACK_SIZE, STACK_SIZE), ids[i]);
	smp_boot(cpus[0], enter_rest);
	save_setup();
	/* From now on the lines of the old interrupt controller go elsewhere. */
	apic_write(APIC_LVT_LINT0, APIC_LVT_MASKED);
	apic_write(APIC_LVT_LINT1, APIC_LVT_MASKED);
	WRITE_ONCE(rest_of_start, rest);
	halt_for_ever();
}
