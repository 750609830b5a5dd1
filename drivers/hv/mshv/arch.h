/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What depends on the architecture, of this kernel and of its guests alike:
 * arch_x86.c and arch_arm64.c.
 */
#ifndef _MSHV_ARCH_H
#define _MSHV_ARCH_H

#include <linux/types.h>

struct hvx_in_create_partition;
struct hvx_message;
struct mshv_create_partition_v2;
struct mshv_dispatch_call;
struct mshv_irq;

/**
 * struct mshv_irq_msg - the message that makes an interrupt, as in a route
 * @address: low half of the address
 * @address_hi: high half
 * @data: data
 */
struct mshv_irq_msg {
	u32 address;
	u32 address_hi;
	u32 data;
};

/*
 * The interrupt of the SINTs: calls @handler on the CPU that it is for. After
 * mshv_arch_isr_exit() it is not running any more.
 */
int mshv_arch_isr_init(void (*handler)(void));
void mshv_arch_isr_exit(void);

/* On a CPU, before its SINTs are unmasked, and after they were masked. */
void mshv_arch_isr_online(void);
void mshv_arch_isr_offline(void);

/* What a SINT that is not masked shall contain: vector and how it is ended. */
u64 mshv_arch_sint(void);

/* Registers of this CPU's SynIC: HVX_REG_SCONTROL to HVX_REG_SIRBP, HVX_REG_SINT0 + n */
u64 mshv_arch_synic_get(u32 reg);
void mshv_arch_synic_set(u32 reg, u64 value);

/*
 * DISPATCH_VP. Called with interrupts disabled, which it enables. Returns the
 * result of the hypercall.
 */
u64 mshv_arch_dispatch(struct mshv_dispatch_call *call);

/* Has a CPU leave the hypervisor's dispatch. Any context. */
void mshv_arch_kick(int cpu);

/* Width of physical addresses, for when the hypervisor does not say */
unsigned int mshv_arch_address_width(void);

/* Build number of the hypervisor */
u32 mshv_arch_hv_build(void);

/* Which kinds of guest there can be: values of MSHV_CAP_PT_LAPIC, and _NESTED */
bool mshv_arch_has_lapic(void);
bool mshv_arch_has_nested(void);

/* What is not the same for all in the longer argument. Returns 0 or -EINVAL. */
int mshv_arch_create_v2(const struct mshv_create_partition_v2 *arg,
			struct hvx_in_create_partition *in);

/*
 * An interrupt message, decoded. Returns false if it is none that a guest could
 * get.
 */
bool mshv_arch_irq_decode(const struct mshv_irq_msg *msg, struct mshv_irq *irq);

/* Whether the high half of the address of a message may be so. */
bool mshv_arch_irq_address_valid(u32 address_hi);

/* The flags of ASSERT_VIRTUAL_INTERRUPT, HVX_ASSERT_* */
u32 mshv_arch_irq_flags(const struct mshv_irq *irq);

/* A message about an access to guest memory: where, and of which kind, HVX_ACCESS_*. */
u8 mshv_arch_memory_access(const struct hvx_message *msg, u64 *gpa);

/* Whether a message is the end of an interrupt, and of which. */
bool mshv_arch_irq_end(const struct hvx_message *msg, u32 *vector);

#endif /* _MSHV_ARCH_H */
