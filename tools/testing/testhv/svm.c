// SPDX-License-Identifier: GPL-2.0
/* Turning on SVM, and its permission maps. */
#include "svm.h"

#include "cpu.h"
#include "lib.h"
#include "mem.h"
#include "panic.h"
#include "pcpu.h"

#define SVM_FEATURE_NP	BIT(0)

void svm_check(void)
{
	if (!(cpuid(0x80000001, 0).ecx & BIT(2)))
		config_error("this CPU has no SVM; use TCG and -cpu max, or nested KVM on AMD");
	if (!(cpuid(0x8000000a, 0).edx & SVM_FEATURE_NP))
		config_error("this CPU's SVM has no nested paging");
	if (rdmsr(MSR_VM_CR) & VM_CR_SVMDIS)
		config_error("SVM is disabled by the firmware");
}

void svm_init_cpu(void)
{
	struct pcpu *cpu = this_cpu();

	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
	wrmsr(MSR_VM_HSAVE_PA, cpu->hsave_pa);
	clgi();
}

void iopm_trap(u8 *iopm, u16 port)
{
	iopm[port / 8] |= 1 << port % 8;
}

void msrpm_trap(u8 *msrpm, u32 msr, bool read, bool write)
{
	static const u32 base[] = { 0, 0xc0000000, 0xc0010000 };
	unsigned int i, bit;

	for (i = 0; i < ARRAY_SIZE(base); i++)
		if (msr - base[i] < 0x2000)
			break;
	BUG_ON(i == ARRAY_SIZE(base));
	bit = (msr - base[i]) * 2 + i * 0x800 * 8;
	msrpm[bit / 8] &= ~(3 << bit % 8);
	msrpm[bit / 8] |= (read | write << 1) << bit % 8;
}
