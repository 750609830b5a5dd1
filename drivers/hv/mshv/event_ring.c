// SPDX-License-Identifier: GPL-2.0
/*
 * The event ring of each CPU, in which the hypervisor puts the numbers of
 * doorbell ports that guests wrote to.
 *
 * The ring is emptied as a whole and in no order. Where the hypervisor will
 * write next is not tracked: after a reload of the module that would be a
 * guess.
 */
#include <linux/irq_work.h>
#include <linux/irqflags.h>
#include <linux/percpu.h>
#include <linux/smp.h>

#include "hv_abi.h"
#include "hvcall.h"
#include "irq.h"

/*
 * Rounds through the ring before other interrupts get their turn. A guest can
 * write to doorbells as fast as they are handled.
 */
#define MSHV_RING_ROUNDS	4

/**
 * struct mshv_event_ring - event ring of a CPU
 * @ring: shared with the hypervisor, NULL: none
 * @more: goes on with what one interrupt did not finish
 */
struct mshv_event_ring {
	struct hvx_event_ring *ring;
	struct irq_work more;
};

static void mshv_event_ring_more(struct irq_work *work)
{
	mshv_event_ring_drain();
}

static DEFINE_PER_CPU(struct mshv_event_ring, mshv_event_ring);

static bool mshv_ring_is_empty(const struct hvx_event_ring *ring)
{
	unsigned int i;

	for (i = 0; i < HVX_EVENT_RING_ENTRIES; i++)
		if (READ_ONCE(ring->data[i]))
			return false;

	return true;
}

/* Returns whether there was anything. */
static bool mshv_ring_empty(struct hvx_event_ring *ring)
{
	bool found = false;
	unsigned int i;
	u32 port;

	for (i = 0; i < HVX_EVENT_RING_ENTRIES; i++) {
		if (!READ_ONCE(ring->data[i]))
			continue;
		port = xchg(&ring->data[i], 0);
		mshv_doorbell(port);
		found = true;
	}

	return found;
}

/* One round. Returns whether another is needed. */
static bool mshv_ring_round(struct hvx_event_ring *ring)
{
	const struct hvx_in_notify_port_ring_empty in = { .sint = HVX_SINT_DOORBELL };

	if (mshv_ring_empty(ring))
		return true;

	if (READ_ONCE(ring->ring_full)) {
		WRITE_ONCE(ring->ring_full, 0);
		mshv_hvcall_simple(HVX_CALL_NOTIFY_PORT_RING_EMPTY, &in, sizeof(in), NULL, 0);
		return true;
	}

	WRITE_ONCE(ring->signal_masked, 0);
	/* From here on the hypervisor interrupts again; what came before shows now. */
	mb();
	if (mshv_ring_is_empty(ring))
		return false;
	WRITE_ONCE(ring->signal_masked, 1);

	return true;
}

/**
 * mshv_event_ring_drain() - handle the doorbells that rang on this CPU
 *
 * From the interrupt handler.
 */
void mshv_event_ring_drain(void)
{
	struct mshv_event_ring *this = this_cpu_ptr(&mshv_event_ring);
	unsigned int round;

	if (!this->ring)
		return;

	for (round = 0; round < MSHV_RING_ROUNDS; round++)
		if (!mshv_ring_round(this->ring))
			return;

	irq_work_queue(&this->more);
}

static void mshv_event_ring_drain_ipi(void *unused)
{
	/* As in the interrupt handler, which see. */
	lockdep_hardirq_threaded();
	mshv_event_ring_drain();
}

/**
 * mshv_event_rings_drain() - handle the doorbells that rang on any CPU
 *
 * When it returns, all that were in a ring when it was called are handled. May
 * sleep.
 */
void mshv_event_rings_drain(void)
{
	on_each_cpu(mshv_event_ring_drain_ipi, NULL, 1);
}

static void mshv_event_ring_drain_here(void)
{
	unsigned long flags;

	local_irq_save(flags);
	mshv_event_ring_drain();
	local_irq_restore(flags);
}

/**
 * mshv_event_ring_online() - the CPU's ring is there
 * @ring: ring of HVX_SINT_DOORBELL
 *
 * On the CPU, before its doorbell interrupt is unmasked. Takes what the
 * hypervisor put in while there was no interrupt.
 */
void mshv_event_ring_online(struct hvx_event_ring *ring)
{
	struct mshv_event_ring *this = this_cpu_ptr(&mshv_event_ring);

	/* Not all kernels relocate initialized per-CPU data of modules */
	this->more = IRQ_WORK_INIT(mshv_event_ring_more);
	WRITE_ONCE(this->ring, ring);
	mshv_event_ring_drain_here();
}

/**
 * mshv_event_ring_offline() - the CPU's ring goes away
 *
 * On the CPU, after its doorbell interrupt was masked.
 */
void mshv_event_ring_offline(void)
{
	mshv_event_ring_drain_here();
	irq_work_sync(this_cpu_ptr(&mshv_event_ring.more));
	this_cpu_write(mshv_event_ring.ring, NULL);
}
