// SPDX-License-Identifier: GPL-2.0
/* x86-64: MSRs, VMCALL, local APICs. */
#include <linux/bitfield.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/irqflags.h>
#include <linux/processor.h>
#include <linux/smp.h>
#include <asm/alternative.h>
#include <asm/cpufeatures.h>

#include <uapi/linux/mshv.h>

#include "arch.h"
#include "compat.h"
#include "deposit.h"
#include "hv_abi.h"
#include "hvcall.h"
#include "irq.h"
#include "run.h"

/* Fields of an interrupt message (Intel SDM 11.11, AMD APM 16.11) */
#define MSHV_MSI_ADDRESS_LOGICAL	BIT(2)
#define MSHV_MSI_ADDRESS_DEST		GENMASK(19, 12)
#define MSHV_MSI_DATA_VECTOR		GENMASK(7, 0)
#define MSHV_MSI_DATA_TYPE		GENMASK(10, 8)
#define MSHV_MSI_DATA_LEVEL		BIT(15)
/* In address_hi: the rest of a destination of more than 8 bits */
#define MSHV_MSI_ADDRESS_HI_DEST	GENMASK(31, 8)

/* Vectors below are exceptions; local APICs refuse them as interrupts */
#define MSHV_FIRST_VECTOR		16

/* In HVX_PROP_PROCESSOR_FEATURES1: virtualization extensions for guests */
#define MSHV_FEATURES1_NESTED		BIT_ULL(6)

int __init mshv_arch_isr_init(void (*handler)(void))
{
	if (!mshv_isr_available())
		return -EBUSY;
	mshv_isr_install(handler);
	return 0;
}

void mshv_arch_isr_exit(void)
{
	mshv_isr_remove();
}

/* The vector is the kernel's own, and always there. */
void mshv_arch_isr_online(void)
{
}

void mshv_arch_isr_offline(void)
{
}

u64 mshv_arch_sint(void)
{
	u64 auto_eoi = ms_hyperv.hints & HVX_HINT_NO_AUTO_EOI ? 0 : HVX_SINT_AUTO_EOI;

	return HYPERVISOR_CALLBACK_VECTOR | auto_eoi;
}

/* The registers are MSRs, too, in another order. */
static u32 mshv_synic_msr(u32 reg)
{
	switch (reg) {
	case HVX_REG_SCONTROL:
		return HVX_MSR_SCONTROL;
	case HVX_REG_SIEFP:
		return HVX_MSR_SIEFP;
	case HVX_REG_SIMP:
		return HVX_MSR_SIMP;
	case HVX_REG_EOM:
		return HVX_MSR_EOM;
	case HVX_REG_SIRBP:
		return HVX_MSR_SIRBP;
	default:
		return HVX_MSR_SINT0 + reg - HVX_REG_SINT0;
	}
}

u64 mshv_arch_synic_get(u32 reg)
{
	return mshv_rdmsr(mshv_synic_msr(reg));
}

void mshv_arch_synic_set(u32 reg, u64 value)
{
	mshv_wrmsr(mshv_synic_msr(reg), value);
}

/*
 * After STI the processor takes no interrupt before the next instruction, which
 * therefore is the hypercall itself, and not in the kernel's hypercall page. An
 * interrupt that has been pending since the caller's last look meets a hypervisor
 * that is in the call already, and makes it return, as any that comes later.
 *
 * R8 is loaded within: a variable that is the register would not survive calls of
 * functions, which sanitizers and lockdep put in between.
 */
u64 mshv_arch_dispatch(struct mshv_dispatch_call *call)
{
	u64 out = virt_to_phys(&call->out);
	u64 in = virt_to_phys(&call->in);
	u64 control = HVX_CALL_DISPATCH_VP;
	u64 result;

	trace_hardirqs_on();
	asm volatile("mov %[out], %%r8\n\t"
		     "sti\n\t"
		     ALTERNATIVE("vmcall", "vmmcall", X86_FEATURE_VMMCALL)
		     : "=a" (result), "+c" (control), "+d" (in)
		     : [out] "r" (out)
		     : "memory", "cc", "r8", "r9", "r10", "r11");
	return result;
}

void mshv_arch_kick(int cpu)
{
	smp_send_reschedule(cpu);
}

unsigned int mshv_arch_address_width(void)
{
	return boot_cpu_data.x86_phys_bits;
}

u32 mshv_arch_hv_build(void)
{
	return cpuid_eax(HVX_CPUID_VERSION);
}

bool mshv_arch_has_lapic(void)
{
	return true;
}

bool mshv_arch_has_nested(void)
{
	u64 features;

	if (mshv_hvcall_get_property(&mshv_root_pool, HVX_PARTITION_ID_SELF,
				     HVX_PROP_PROCESSOR_FEATURES1, &features))
		return false;
	return features & MSHV_FEATURES1_NESTED;
}

int mshv_arch_create_v2(const struct mshv_create_partition_v2 *arg,
			struct hvx_in_create_partition *in)
{
	in->disabled_xsave = arg->pt_disabled_xsave;
	return 0;
}

bool mshv_arch_irq_decode(const struct mshv_irq_msg *msg, struct mshv_irq *irq)
{
	irq->type = FIELD_GET(MSHV_MSI_DATA_TYPE, msg->data);
	irq->vector = FIELD_GET(MSHV_MSI_DATA_VECTOR, msg->data);
	irq->dest = FIELD_GET(MSHV_MSI_ADDRESS_DEST, msg->address) | msg->address_hi;
	irq->logical = msg->address & MSHV_MSI_ADDRESS_LOGICAL;
	irq->level = msg->data & MSHV_MSI_DATA_LEVEL;

	switch (irq->type) {
	case HVX_INTERRUPT_FIXED:
	case HVX_INTERRUPT_LOWEST_PRIORITY:
		return irq->vector >= MSHV_FIRST_VECTOR;
	case HVX_INTERRUPT_NMI:
	case HVX_INTERRUPT_INIT:
	case HVX_INTERRUPT_EXTINT:
		return true;
	default:
		return false;
	}
}

bool mshv_arch_irq_address_valid(u32 address_hi)
{
	return !(address_hi & ~MSHV_MSI_ADDRESS_HI_DEST);
}

u32 mshv_arch_irq_flags(const struct mshv_irq *irq)
{
	return (irq->level ? HVX_ASSERT_LEVEL : 0) | (irq->logical ? HVX_ASSERT_LOGICAL : 0);
}

u8 mshv_arch_memory_access(const struct hvx_message *msg, u64 *gpa)
{
	const struct hvx_msg_memory *mem = (const void *)msg->payload;

	*gpa = mem->gpa;
	return mem->h.access_type;
}

bool mshv_arch_irq_end(const struct hvx_message *msg, u32 *vector)
{
	const struct hvx_msg_apic_eoi *eoi = (const void *)msg->payload;

	if (msg->type != HVX_MSG_X64_APIC_EOI)
		return false;
	*vector = eoi->vector;
	return true;
}
