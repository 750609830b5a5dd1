// SPDX-License-Identifier: GPL-2.0
/*
 * The synthetic interrupt controller (TLFS 11).
 *
 * Each CPU has pages that it shares with the hypervisor, and two interrupt
 * sources: one for messages about partitions, one for doorbells. Where VMBus
 * already set up the pages they are shared with it and not switched off.
 *
 * The handler is there before the first source is unmasked, and each source is
 * masked, on its own CPU, before the handler goes.
 */
#include <linux/bits.h>
#include <linux/bitops.h>
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/device.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>

#include "arch.h"
#include "async.h"
#include "compat.h"
#include "hv_abi.h"
#include "irq.h"
#include "mshv.h"
#include "run.h"
#include "synic.h"
#include "trace.h"

enum mshv_synic_page {
	MSHV_SIMP,		/* struct hvx_message_page */
	MSHV_SIEFP,		/* struct hvx_event_flags_page */
	MSHV_SIRBP,		/* struct hvx_event_ring_page */
	MSHV_SYNIC_PAGES,
};

static const u32 mshv_synic_page_regs[MSHV_SYNIC_PAGES] = {
	[MSHV_SIMP] = HVX_REG_SIMP,
	[MSHV_SIEFP] = HVX_REG_SIEFP,
	[MSHV_SIRBP] = HVX_REG_SIRBP,
};

static const struct {
	u32 sint;
	u64 flags;
} mshv_sints[] = {
	{ HVX_SINT_INTERCEPT, 0 },
	{ HVX_SINT_DOORBELL, HVX_SINT_AS_INTERCEPT },
};

/**
 * struct mshv_synic - a CPU's part
 * @pages: shared pages, by enum mshv_synic_page
 * @enabled: bit mask of the pages that the driver enabled
 * @control: the driver enabled the controller
 */
struct mshv_synic {
	struct mshv_page pages[MSHV_SYNIC_PAGES];
	unsigned long enabled;
	bool control;
};

static DEFINE_PER_CPU(struct mshv_synic, mshv_synic);

static int mshv_cpuhp_state;

/* More than the hypervisor can have in its queue for a CPU */
#define MSHV_DRAIN_MESSAGES	1024

/*
 * Messages. What they say is the hypervisor's word, but not beyond doubt:
 * a VP or partition may have gone since, and counts are bounded here.
 */

/* Under RCU. */
static void mshv_signal_vp(u64 partition_id, u32 index)
{
	struct mshv_partition *pt = mshv_partition_find(partition_id);
	struct mshv_vp *vp = pt ? mshv_vp_find(pt, index) : NULL;

	if (vp)
		mshv_vp_signal(vp);
}

/*
 * A VP can run. Where the hypervisor schedules there is nobody to be told, and the
 * thread in RUN_VP would take it for the intercept that it waits for.
 */
static void mshv_schedule_vp(u64 partition_id, u32 index)
{
	if (mshv_root_schedules())
		mshv_signal_vp(partition_id, index);
}

static void mshv_handle_pair(const struct hvx_message *msg)
{
	const struct hvx_msg_sched_pair *pair = (const void *)msg->payload;
	unsigned int i, count = min_t(unsigned int, pair->vp_count, HVX_SCHED_MAX_PAIRS);

	for (i = 0; i < count; i++)
		mshv_schedule_vp(pair->partition_ids[i], pair->vp_indexes[i]);
}

static void mshv_handle_bitset(const struct hvx_message *msg)
{
	const struct hvx_msg_sched_bitset *set = (const void *)msg->payload;
	unsigned long mask = set->valid_bank_mask & GENMASK_ULL(ARRAY_SIZE(set->banks) - 1, 0);
	unsigned int bank, bit, word = 0;

	for_each_set_bit(bank, &mask, ARRAY_SIZE(set->banks)) {
		unsigned long bits = set->banks[word++];

		for_each_set_bit(bit, &bits, BITS_PER_LONG)
			mshv_schedule_vp(set->partition_id, bank * BITS_PER_LONG + bit);
	}
}

/* A VP has a message in its intercept page; its partition is the sender. */
static void mshv_handle_opaque(const struct hvx_message *msg)
{
	const struct hvx_msg_opaque_intercept *opaque = (const void *)msg->payload;

	mshv_signal_vp(msg->sender, opaque->vp_index);
}

static void mshv_handle_async(const struct hvx_message *msg)
{
	const struct hvx_msg_async_completion *async = (const void *)msg->payload;
	struct mshv_partition *pt = mshv_partition_find(async->partition_id);

	if (pt)
		mshv_async_complete(pt, async->status);
}

/* Doorbells come with the message of another SINT, in this one's slot. */
static void mshv_handle_sint(const struct hvx_message *msg)
{
	const struct hvx_msg_sint_intercept *intercept = (const void *)msg->payload;

	if (intercept->sint == HVX_SINT_DOORBELL)
		mshv_event_ring_drain();
}

static void mshv_handle_eoi(const struct hvx_message *msg)
{
	struct mshv_partition *pt = mshv_partition_find(msg->sender);
	u32 vector;

	if (pt && mshv_arch_irq_end(msg, &vector))
		mshv_irq_eoi(pt, vector);
}

static const struct {
	u32 type;
	void (*handle)(const struct hvx_message *msg);
} mshv_messages[] = {
	{ HVX_MSG_SCHEDULER_VP_PAIR, mshv_handle_pair },
	{ HVX_MSG_SCHEDULER_VP_BITSET, mshv_handle_bitset },
	{ HVX_MSG_OPAQUE_INTERCEPT, mshv_handle_opaque },
	{ HVX_MSG_ASYNC_CALL_COMPLETION, mshv_handle_async },
	{ HVX_MSG_SYNIC_SINT_INTERCEPT, mshv_handle_sint },
	{ HVX_MSG_X64_APIC_EOI, mshv_handle_eoi },
};

static void mshv_handle_message(u32 type, const struct hvx_message *msg)
{
	int i;

	trace_mshv_synic_message(type, msg->sender);
	for (i = 0; i < ARRAY_SIZE(mshv_messages); i++) {
		if (mshv_messages[i].type == type) {
			rcu_read_lock();
			mshv_messages[i].handle(msg);
			rcu_read_unlock();
			return;
		}
	}
	dev_warn_once(mshv_dev, "unknown message %#x of the hypervisor dropped\n", type);
}

/* Frees the slot, whatever was in it, and asks for the next message. */
static void mshv_message_done(struct hvx_message *slot)
{
	WRITE_ONCE(slot->type, HVX_MSG_NONE);
	/* The hypervisor looks at the type when it sets the flag, and we vice versa. */
	mb();
	if (READ_ONCE(slot->flags) & HVX_MSG_FLAG_PENDING)
		mshv_arch_synic_set(HVX_REG_EOM, 0);
}

static struct hvx_message *mshv_intercept_slot(struct mshv_synic *synic)
{
	struct hvx_message_page *simp = synic->pages[MSHV_SIMP].va;

	return simp ? &simp->sint[HVX_SINT_INTERCEPT] : NULL;
}

static struct hvx_event_ring *mshv_doorbell_ring(struct mshv_synic *synic)
{
	struct hvx_event_ring_page *rings = synic->pages[MSHV_SIRBP].va;

	return &rings->sint[HVX_SINT_DOORBELL];
}

/*
 * Interrupt handler of both sources. It wakes up threads and signals eventfds, with
 * locks that a kernel with PREEMPT_RT, where they sleep, must not take here. Kconfig
 * excludes such kernels, so lockdep need not complain on their behalf.
 */
static void mshv_isr(void)
{
	struct hvx_message *slot = mshv_intercept_slot(this_cpu_ptr(&mshv_synic));
	u32 type;

	lockdep_hardirq_threaded();
	if (!slot)
		return;
	type = READ_ONCE(slot->type);
	if (type == HVX_MSG_NONE)
		return;
	/* The type is written last. */
	rmb();
	mshv_handle_message(type, slot);
	mshv_message_done(slot);
}

/*
 * Set-up of a CPU, on that CPU
 */

/*
 * A page that is enabled is where whoever did it has it. Otherwise the root is
 * told where it will be; others say so themselves.
 */
static int mshv_synic_map(struct mshv_synic *synic, enum mshv_synic_page index)
{
	struct mshv_page *page = &synic->pages[index];
	u32 reg = mshv_synic_page_regs[index];
	u64 value = mshv_arch_synic_get(reg);
	bool enabled = value & HVX_MSR_PAGE_ENABLE;
	int ret;

	if (!enabled && mshv_is_l1vh()) {
		ret = mshv_page_provide(page);
		value = (u64)page->pfn << HVX_PAGE_SHIFT;
	} else {
		ret = mshv_page_attach(page, value >> HVX_PAGE_SHIFT);
	}
	if (ret || enabled)
		return ret;
	mshv_arch_synic_set(reg, value | HVX_MSR_PAGE_ENABLE);
	__set_bit(index, &synic->enabled);
	return 0;
}

static void mshv_synic_unmap(struct mshv_synic *synic)
{
	enum mshv_synic_page index;

	for (index = 0; index < MSHV_SYNIC_PAGES; index++) {
		u32 reg = mshv_synic_page_regs[index];

		if (__test_and_clear_bit(index, &synic->enabled))
			mshv_arch_synic_set(reg, mshv_arch_synic_get(reg) & ~HVX_MSR_PAGE_ENABLE);
		mshv_page_release(&synic->pages[index], false, NULL);
	}
}

static void mshv_sints_mask(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(mshv_sints); i++)
		mshv_arch_synic_set(HVX_REG_SINT0 + mshv_sints[i].sint,
				    HVX_SINT_MASKED | mshv_arch_sint());
}

static void mshv_sints_unmask(void)
{
	u64 sint = mshv_arch_sint();
	int i;

	for (i = 0; i < ARRAY_SIZE(mshv_sints); i++)
		mshv_arch_synic_set(HVX_REG_SINT0 + mshv_sints[i].sint,
				    sint | mshv_sints[i].flags);
}

/* Handles what came without an interrupt. Called with interrupts enabled. */
static void mshv_messages_drain(void)
{
	struct hvx_message *slot = mshv_intercept_slot(this_cpu_ptr(&mshv_synic));
	unsigned int i;

	local_irq_disable();
	for (i = 0; i < MSHV_DRAIN_MESSAGES && READ_ONCE(slot->type) != HVX_MSG_NONE; i++)
		mshv_isr();
	local_irq_enable();
}

static int mshv_synic_online(unsigned int cpu)
{
	struct mshv_synic *synic = this_cpu_ptr(&mshv_synic);
	enum mshv_synic_page page;
	u64 control;
	int ret;

	for (page = 0; page < MSHV_SYNIC_PAGES; page++) {
		ret = mshv_synic_map(synic, page);
		if (ret) {
			mshv_synic_unmap(synic);
			return ret;
		}
	}
	control = mshv_arch_synic_get(HVX_REG_SCONTROL);
	synic->control = !(control & HVX_SCONTROL_ENABLE);
	if (synic->control)
		mshv_arch_synic_set(HVX_REG_SCONTROL, control | HVX_SCONTROL_ENABLE);

	mshv_event_ring_online(mshv_doorbell_ring(synic));
	mshv_arch_isr_online();
	mshv_sints_unmask();
	/* What came while the CPU was away; what a predecessor left is for nobody. */
	mshv_messages_drain();
	return 0;
}

static int mshv_synic_offline(unsigned int cpu)
{
	struct mshv_synic *synic = this_cpu_ptr(&mshv_synic);

	/* Interrupts are enabled here: what was pending has been handled after this. */
	mshv_sints_mask();
	mshv_messages_drain();
	mshv_arch_isr_offline();
	mshv_event_ring_offline();
	mshv_vps_recheck();
	if (synic->control)
		mshv_arch_synic_set(HVX_REG_SCONTROL,
				    mshv_arch_synic_get(HVX_REG_SCONTROL) & ~HVX_SCONTROL_ENABLE);
	synic->control = false;
	mshv_synic_unmap(synic);
	return 0;
}

void mshv_synic_stop(void)
{
	if (mshv_cpuhp_state > 0)
		cpuhp_remove_state(mshv_cpuhp_state);
	mshv_cpuhp_state = 0;
}

int __init mshv_synic_init(void)
{
	int ret;

	ret = mshv_arch_isr_init(mshv_isr);
	if (ret)
		return ret;
	ret = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "hyperv/mshv:online",
				mshv_synic_online, mshv_synic_offline);
	if (ret < 0) {
		mshv_arch_isr_exit();
		return ret;
	}
	mshv_cpuhp_state = ret;
	return 0;
}

void mshv_synic_exit(void)
{
	mshv_synic_stop();
	mshv_arch_isr_exit();
}
