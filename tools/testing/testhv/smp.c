// SPDX-License-Identifier: GPL-2.0
/* Processors: finding them, and starting them in the hypervisor. */
#include "acpi.h"
#include "apic.h"
#include "cpu.h"
#include "lib.h"
#include "log.h"
#include "mem.h"
#include "options.h"
#include "panic.h"
#include "pcpu.h"
#include "root.h"
#include "timer.h"

#define INIT_DELAY_100NS	100000ULL	/* 10 ms */
#define START_TIMEOUT_100NS	50000000ULL	/* 5 s */

struct pcpu *cpus[MAX_CPUS];
unsigned int nr_cpus;

extern char boot_stack[];
extern char trampoline_start[], trampoline_end[], trampoline_gdt[], ap_entry[];
extern u32 trampoline_cr3, trampoline_stack, trampoline_jump;
extern char trampoline_gdt_ptr[];
void ap_main(void) __noreturn;

struct pcpu *cpu_by_apic_id(u32 id)
{
	unsigned int i;

	for (i = 0; i < nr_cpus; i++)
		if (cpus[i]->apic_id == id)
			return cpus[i];
	return NULL;
}

void smp_add(struct pcpu *cpu, u32 id)
{
	cpu->index = nr_cpus;
	cpu->apic_id = id;
	cpu->hsave_pa = virt_to_phys(boot_alloc(PAGE_SIZE, PAGE_SIZE));
	cpus[nr_cpus++] = cpu;
}

void smp_init(void)
{
	u32 ids[MAX_CPUS], bsp = apic_id();
	unsigned int i, nr;

	if (options.lps)
		acpi_hide_cpus(options.lps, MAX_CPUS);
	nr = acpi_cpus(ids, MAX_CPUS);
	smp_add((struct pcpu *)boot_stack, bsp);
	for (i = 0; i < nr; i++)
		if (ids[i] != bsp)
			smp_add(boot_alloc(STACK_SIZE, STACK_SIZE), ids[i]);
	cpus[0]->online = 1;
}

static void *in_trampoline(void *symbol)
{
	return phys_to_virt(TRAMPOLINE_PA + (symbol - (void *)trampoline_start));
}

static void fill_trampoline(const struct pcpu *cpu)
{
	memcpy(phys_to_virt(TRAMPOLINE_PA), trampoline_start, trampoline_end - trampoline_start);
	*(u32 *)(in_trampoline(trampoline_gdt_ptr) + 2) = (u64)in_trampoline(trampoline_gdt);
	*(u32 *)in_trampoline(&trampoline_cr3) = read_cr3();
	*(u32 *)in_trampoline(&trampoline_stack) = virt_to_phys(cpu) + STACK_SIZE;
	*(u32 *)in_trampoline(&trampoline_jump) = virt_to_phys(ap_entry);
}

static void delay(u64 ref)
{
	u64 end = ref_time() + ref;

	while (ref_time() < end)
		cpu_relax();
}

void smp_boot(struct pcpu *cpu, void (*entry)(void))
{
	u64 end;

	cpu->entry = entry;
	fill_trampoline(cpu);
	apic_send(cpu->apic_id, APIC_ICR_INIT | APIC_ICR_ASSERT);
	delay(INIT_DELAY_100NS);
	apic_send(cpu->apic_id, APIC_ICR_STARTUP | TRAMPOLINE_PA >> PAGE_SHIFT);
	end = ref_time() + START_TIMEOUT_100NS;
	while (!READ_ONCE(cpu->online)) {
		if (ref_time() > end)
			panic("CPU with APIC id %u does not start", cpu->apic_id);
		cpu_relax();
	}
}

static void enter_root(void)
{
	struct pcpu *cpu = this_cpu();

	vcpu_init_cpu();
	svm_init_cpu();
	WRITE_ONCE(cpu->online, 1);
	root_run(cpu->vp);
}

void smp_start(struct pcpu *cpu)
{
	smp_boot(cpu, enter_root);
}

void ap_main(void)
{
	idt_load();
	this_cpu()->entry();
	panic("the start of a processor came back");
}
