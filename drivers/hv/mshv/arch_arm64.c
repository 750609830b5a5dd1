// SPDX-License-Identifier: GPL-2.0
/*
 * arm64: hypercalls by HVC, the SynIC's registers by hypercall, a per-CPU
 * interrupt of the GIC.
 *
 * It compiles, and follows what mainline's driver does there, but has run nowhere
 * yet: there is no test hypervisor for this architecture.
 */
#include <linux/acpi.h>
#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/irqflags.h>
#include <linux/percpu.h>
#include <linux/smp.h>
#include <linux/string.h>

#include <uapi/linux/mshv.h>

#include "arch.h"
#include "compat.h"
#include "hv_abi.h"
#include "hvcall.h"
#include "irq.h"
#include "run.h"

static_assert(PAGE_SIZE == HVX_PAGE_SIZE);

/* Shared peripheral interrupts, by their number in the GIC */
#define MSHV_SPI_FIRST	32
#define MSHV_SPI_LAST	1019

static void (*mshv_isr_handler)(void);
static u32 mshv_isr_gsi;
static int mshv_isr_irq;

/* What request_percpu_irq() wants; nothing is in it */
static DEFINE_PER_CPU(long, mshv_isr_cookie);

/* For mshv_arch_kick(): one that is under way is as good as another */
static DEFINE_PER_CPU(call_single_data_t, mshv_kick_csd);

static irqreturn_t mshv_percpu_isr(int irq, void *cookie)
{
	mshv_isr_handler();
	return IRQ_HANDLED;
}

static void mshv_kicked(void *unused)
{
}

/* The hypervisor says which interrupt it has set aside for SINTs. */
static int mshv_isr_find(u32 *gsi)
{
	static const u32 name = HVX_REG_ARM64_SINT_INTERRUPT_ID;
	const struct hvx_in_vp_registers in = {
		.partition_id = HVX_PARTITION_ID_SELF,
		.vp_index = HVX_VP_INDEX_SELF,
	};
	union hvx_value value;
	struct mshv_hvcall call = {
		.code = HVX_CALL_GET_VP_REGISTERS,
		.reps = 1,
		.in = &in,
		.in_size = sizeof(in),
		.list = &name,
		.list_elem = sizeof(name),
		.out = &value,
		.out_size = sizeof(value),
	};

	if (acpi_disabled || mshv_hvcall(&call) || !value.u64)
		return -ENODEV;
	*gsi = value.u64;
	return 0;
}

int __init mshv_arch_isr_init(void (*handler)(void))
{
	int cpu, ret;

	for_each_possible_cpu(cpu)
		INIT_CSD(per_cpu_ptr(&mshv_kick_csd, cpu), mshv_kicked, NULL);
	ret = mshv_isr_find(&mshv_isr_gsi);
	if (ret)
		return ret;
	mshv_isr_handler = handler;
	mshv_isr_irq = acpi_register_gsi(NULL, mshv_isr_gsi, ACPI_EDGE_SENSITIVE,
					 ACPI_ACTIVE_HIGH);
	if (mshv_isr_irq < 0)
		return mshv_isr_irq;
	ret = request_percpu_irq(mshv_isr_irq, mshv_percpu_isr, "mshv", &mshv_isr_cookie);
	if (ret)
		acpi_unregister_gsi(mshv_isr_gsi);
	return ret;
}

void mshv_arch_isr_exit(void)
{
	free_percpu_irq(mshv_isr_irq, &mshv_isr_cookie);
	acpi_unregister_gsi(mshv_isr_gsi);
	/* Kicks that are under way have arrived before this does. */
	on_each_cpu(mshv_kicked, NULL, 1);
}

void mshv_arch_isr_online(void)
{
	enable_percpu_irq(mshv_isr_irq, IRQ_TYPE_NONE);
}

void mshv_arch_isr_offline(void)
{
	disable_percpu_irq(mshv_isr_irq);
}

u64 mshv_arch_sint(void)
{
	return mshv_isr_gsi;
}

u64 mshv_arch_synic_get(u32 reg)
{
	return hv_get_vpreg(reg);
}

void mshv_arch_synic_set(u32 reg, u64 value)
{
	hv_set_vpreg(reg, value);
}

/*
 * Between the two an interrupt can come and go that was meant to keep this CPU
 * from the hypercall; the next one ends it. No instruction closes that gap here.
 */
u64 mshv_arch_dispatch(struct mshv_dispatch_call *call)
{
	local_irq_enable();
	return hv_do_hypercall(HVX_CALL_DISPATCH_VP, &call->in, &call->out);
}

/* Modules cannot send the scheduler's interrupt here. */
void mshv_arch_kick(int cpu)
{
	smp_call_function_single_async(cpu, per_cpu_ptr(&mshv_kick_csd, cpu));
}

unsigned int mshv_arch_address_width(void)
{
	return CONFIG_ARM64_PA_BITS;
}

u32 mshv_arch_hv_build(void)
{
	return hv_get_vpreg(HVX_REG_HYPERVISOR_VERSION);
}

bool mshv_arch_has_lapic(void)
{
	return false;
}

bool mshv_arch_has_nested(void)
{
	return false;
}

int mshv_arch_create_v2(const struct mshv_create_partition_v2 *arg,
			struct hvx_in_create_partition *in)
{
	return memchr_inv(&arg->pt_rsvd2, 0, sizeof(arg->pt_rsvd2)) ? -EINVAL : 0;
}

/* A message is the number of a shared peripheral interrupt, as with GICv2m. */
bool mshv_arch_irq_decode(const struct mshv_irq_msg *msg, struct mshv_irq *irq)
{
	*irq = (struct mshv_irq) { .type = HVX_INTERRUPT_FIXED, .vector = msg->data };
	return irq->vector >= MSHV_SPI_FIRST && irq->vector <= MSHV_SPI_LAST;
}

bool mshv_arch_irq_address_valid(u32 address_hi)
{
	return !address_hi;
}

u32 mshv_arch_irq_flags(const struct mshv_irq *irq)
{
	return HVX_ASSERT_ARM64_ASSERTED;
}

u8 mshv_arch_memory_access(const struct hvx_message *msg, u64 *gpa)
{
	const struct hvx_msg_arm64_memory *mem = (const void *)msg->payload;

	*gpa = mem->gpa;
	return mem->h.access_type;
}

/* The hypervisor does not report it. */
bool mshv_arch_irq_end(const struct hvx_message *msg, u32 *vector)
{
	return false;
}
