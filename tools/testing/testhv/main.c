// SPDX-License-Identifier: GPL-2.0
/* Order of the hypervisor's start, from the loader to the root's kernel. */
#include "apic.h"
#include "cpu.h"
#include "hypercall.h"
#include "init.h"
#include "linux.h"
#include "lock.h"
#include "log.h"
#include "mem.h"
#include "multiboot.h"
#include "options.h"
#include "pageown.h"
#include "panic.h"
#include "park.h"
#include "pcpu.h"
#include "power.h"
#include "root.h"
#include "svm.h"
#include "timer.h"

extern const initcall_fn _initcalls_start[], _initcalls_end[];

void main(u32 magic, u64 info) __noreturn;

static void check_apic(void)
{
	u64 base = rdmsr(MSR_APIC_BASE);

	if (!(base & APIC_BASE_ENABLE) || base & APIC_BASE_X2APIC)
		config_error("the local APIC is not in xAPIC mode");
	if (!(base & APIC_BASE_BSP))
		config_error("not started on the boot processor");
}

/* What follows runs on the processor that the root will start on. */
static void main_rest(void)
{
	const initcall_fn *fn;

	vcpu_init_cpu();
	power_init();
	pageown_init();
	if (!options.park)
		smp_init();
	root_init();
	mem_init_pool();
	pageown_init_root();
	root_init_pages();
	hypercall_init();
	for (fn = _initcalls_start; fn < _initcalls_end; fn++)
		(*fn)();
	linux_load(this_cpu()->vp);
	svm_init_cpu();
	log_info("%u processors, %lu pages of the hypervisor free; starting the root", nr_cpus,
		 hidden_pool.nr_free);
	root_run(this_cpu()->vp);
}

void main(u32 magic, u64 info)
{
	idt_init();
	multiboot_parse(magic, info);
	options_parse(boot_info.cmdline);
	svm_check();
	check_apic();
	mem_init();
	idt_init();
	timer_calibrate();
	if (options.park)
		park_boot_cpu(main_rest);
	main_rest();
	panic("the root's run came back");
}
