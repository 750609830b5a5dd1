// SPDX-License-Identifier: GPL-2.0
/*
 * SynIC of the root's VPs (TLFS chapter 11).
 *
 * Interrupts are raised through the physical local APIC, and the root sends EOI:
 * automatic EOI is not offered.
 */
#include "synic.h"

#include "acct.h"
#include "apic.h"
#include "disturb.h"
#include "hv_abi.h"
#include "log.h"
#include "mem.h"
#include "pageown.h"
#include "panic.h"
#include "root.h"

/* A message that waits for its slot. */
struct queued {
	struct list node;
	struct hvx_message msg;
};

#define QUEUED_PER_PAGE	(PAGE_SIZE / sizeof(struct queued))

static struct list free_nodes = LIST_INIT(free_nodes);

static struct queued *queued_alloc(void)
{
	struct queued *q;
	unsigned int i;

	if (list_empty(&free_nodes)) {
		q = page_alloc();
		if (!q)
			return NULL;
		for (i = 0; i < QUEUED_PER_PAGE; i++)
			list_add(&free_nodes, &q[i].node);
	}
	q = list_first(&free_nodes, struct queued, node);
	list_del(&q->node);
	return q;
}

static void queued_free(struct queued *q)
{
	list_add(&free_nodes, &q->node);
}

static bool enabled(const struct root_vp *rv, const struct msr_page *o)
{
	return rv->created && (rv->synic.control & HVX_SCONTROL_ENABLE) && msr_page_on(o);
}

static struct hvx_message *slot_of(struct root_vp *rv, unsigned int sint)
{
	return &((struct hvx_message_page *)rv->synic.simp.page)->sint[sint];
}

bool synic_is_open(const struct root_vp *rv, unsigned int sint)
{
	return enabled(rv, &rv->synic.simp) &&
	       !(rv->synic.sint[sint].msr & HVX_SINT_MASKED);
}

void synic_raise(struct root_vp *rv, unsigned int sint)
{
	u64 msr = rv->synic.sint[sint].msr;

	if (!(msr & (HVX_SINT_MASKED | HVX_SINT_POLLING)))
		apic_send_ipi(rv->cpu->apic_id, msr & HVX_SINT_VECTOR_MASK);
}

/* The type is written last: the root looks at it to see that a slot is full. */
static void fill_slot(struct hvx_message *slot, const struct hvx_message *msg, bool pending)
{
	u32 type = msg->type;

	memcpy(&slot->payload_size, &msg->payload_size,
	       sizeof(*msg) - offsetof(struct hvx_message, payload_size));
	slot->flags = pending ? HVX_MSG_FLAG_PENDING : 0;
	__atomic_store_n(&slot->type, type, __ATOMIC_RELEASE);
}

u16 synic_post_message(struct root_vp *rv, unsigned int sint, const struct hvx_message *msg)
{
	if (enabled(rv, &rv->synic.simp) && disturb_message(rv, sint, msg))
		return HVX_STATUS_SUCCESS;
	return synic_deliver_message(rv, sint, msg);
}

u16 synic_deliver_message(struct root_vp *rv, unsigned int sint, const struct hvx_message *msg)
{
	struct sint *s = &rv->synic.sint[sint];
	struct hvx_message *slot = slot_of(rv, sint);
	struct queued *q;

	if (!enabled(rv, &rv->synic.simp))
		return HVX_STATUS_INVALID_SYNIC_STATE;
	acct_add(TESTHV_ACCT_MESSAGES_POSTED, 1);
	if (!s->queued && READ_ONCE(slot->type) == HVX_MSG_NONE) {
		fill_slot(slot, msg, false);
		synic_raise(rv, sint);
		return HVX_STATUS_SUCCESS;
	}
	q = s->queued < SINT_QUEUE_MAX ? queued_alloc() : NULL;
	if (!q) {
		acct_add(TESTHV_ACCT_MESSAGES_DROPPED, 1);
		return HVX_STATUS_INSUFFICIENT_BUFFERS;
	}
	q->msg = *msg;
	list_add_tail(&s->queue, &q->node);
	s->queued++;
	__atomic_fetch_or(&slot->flags, HVX_MSG_FLAG_PENDING, __ATOMIC_SEQ_CST);
	/* The root may have freed the slot before it could see the flag. */
	synic_deliver(rv, sint);
	return HVX_STATUS_SUCCESS;
}

void synic_deliver(struct root_vp *rv, unsigned int sint)
{
	struct sint *s = &rv->synic.sint[sint];
	struct hvx_message *slot = slot_of(rv, sint);
	struct queued *q;

	if (!s->queued || !enabled(rv, &rv->synic.simp) ||
	    READ_ONCE(slot->type) != HVX_MSG_NONE)
		return;
	q = list_first(&s->queue, struct queued, node);
	list_del(&q->node);
	s->queued--;
	fill_slot(slot, &q->msg, s->queued);
	queued_free(q);
	synic_raise(rv, sint);
}

u16 synic_signal_event(struct root_vp *rv, unsigned int sint, unsigned int flag)
{
	struct hvx_event_flags_page *page = rv->synic.siefp.page;
	u8 *byte = &page->sint[sint][flag / 8];
	u8 bit = 1 << flag % 8;

	if (!enabled(rv, &rv->synic.siefp))
		return HVX_STATUS_INVALID_SYNIC_STATE;
	if (!(__atomic_fetch_or(byte, bit, __ATOMIC_SEQ_CST) & bit))
		synic_raise(rv, sint);
	return HVX_STATUS_SUCCESS;
}

/*
 * An event for a SINT that is "as intercept" is told by a message of SINT 0,
 * once until the root looked at everything and unmasks again.
 */
static void ring_signal(struct root_vp *rv, unsigned int sint, struct hvx_event_ring *ring)
{
	const struct hvx_message m = {
		.type = HVX_MSG_SYNIC_SINT_INTERCEPT,
		.payload_size = sizeof(struct hvx_msg_sint_intercept),
		.payload = { sint },
	};

	if (!(rv->synic.sint[sint].msr & HVX_SINT_AS_INTERCEPT)) {
		synic_raise(rv, sint);
		return;
	}
	WRITE_ONCE(ring->signal_masked, 1);
	if (synic_post_message(rv, HVX_SINT_INTERCEPT, &m))
		WRITE_ONCE(ring->signal_masked, 0);
}

u16 synic_ring_push(struct root_vp *rv, unsigned int sint, u32 value)
{
	struct hvx_event_ring_page *rings = rv->synic.sirbp.page;
	struct hvx_event_ring *ring = &rings->sint[sint];
	struct sint *s = &rv->synic.sint[sint];

	if (!enabled(rv, &rv->synic.sirbp))
		return HVX_STATUS_INVALID_SYNIC_STATE;
	if (READ_ONCE(ring->data[s->ring_head])) {
		WRITE_ONCE(ring->ring_full, 1);
		return HVX_STATUS_INSUFFICIENT_BUFFERS;
	}
	WRITE_ONCE(ring->data[s->ring_head], value);
	s->ring_head = (s->ring_head + 1) % HVX_EVENT_RING_ENTRIES;
	smp_mb();	/* the entry is visible before the mask is looked at */
	if (!READ_ONCE(ring->signal_masked))
		ring_signal(rv, sint, ring);
	return HVX_STATUS_SUCCESS;
}

bool synic_read_msr(struct root_vp *rv, u32 msr, u64 *val)
{
	struct synic *s = &rv->synic;

	switch (msr) {
	case HVX_MSR_SCONTROL:
		*val = s->control;
		return true;
	case HVX_MSR_SVERSION:
		*val = HVX_SYNIC_VERSION;
		return true;
	case HVX_MSR_SIEFP:
		*val = s->siefp.msr;
		return true;
	case HVX_MSR_SIMP:
		*val = s->simp.msr;
		return true;
	case HVX_MSR_SIRBP:
		*val = s->sirbp.msr;
		return true;
	case HVX_MSR_EOM:
		*val = 0;
		return true;
	case HVX_MSR_SINT0 ... HVX_MSR_SINT0 + HVX_SINT_COUNT - 1:
		*val = s->sint[msr - HVX_MSR_SINT0].msr;
		return true;
	}
	return false;
}

static void deliver_all(struct root_vp *rv)
{
	unsigned int i;

	for (i = 0; i < NR_SINTS; i++)
		synic_deliver(rv, i);
}

static bool write_sint(struct sint *s, u64 val)
{
	u8 vector = val & HVX_SINT_VECTOR_MASK;

	if (val & (HVX_SINT_RESERVED_MASK | HVX_SINT_AUTO_EOI | HVX_SINT_PROXY))
		return false;
	if (!(val & HVX_SINT_MASKED) && vector < HVX_SINT_FIRST_VECTOR)
		return false;
	s->msr = val;
	return true;
}

bool synic_write_msr(struct root_vp *rv, u32 msr, u64 val)
{
	struct synic *s = &rv->synic;

	switch (msr) {
	case HVX_MSR_SCONTROL:
		if (val & ~HVX_SCONTROL_ENABLE)
			return false;
		s->control = val;
		deliver_all(rv);
		return true;
	case HVX_MSR_SIEFP:
		return msr_page_write(&s->siefp, val);
	case HVX_MSR_SIMP:
		if (!msr_page_write(&s->simp, val))
			return false;
		deliver_all(rv);
		return true;
	case HVX_MSR_SIRBP:
		return msr_page_write(&s->sirbp, val);
	case HVX_MSR_EOM:
		deliver_all(rv);
		return true;
	case HVX_MSR_SINT0 ... HVX_MSR_SINT0 + HVX_SINT_COUNT - 1:
		return write_sint(&s->sint[msr - HVX_MSR_SINT0], val);
	}
	return false;	/* SVERSION is read-only */
}

void synic_init(struct root_vp *rv)
{
	unsigned int i;

	for (i = 0; i < NR_SINTS; i++)
		list_init(&rv->synic.sint[i].queue);
	msr_page_init(&rv->synic.simp, ROOT_RW);
	msr_page_init(&rv->synic.siefp, ROOT_RW);
	msr_page_init(&rv->synic.sirbp, ROOT_RW);
	synic_reset(rv);
}

void synic_reset(struct root_vp *rv)
{
	struct synic *s = &rv->synic;
	unsigned int i;

	s->control = 0;
	msr_page_reset(&s->simp);
	msr_page_reset(&s->siefp);
	msr_page_reset(&s->sirbp);
	memset(s->simp.page, 0, PAGE_SIZE);
	memset(s->siefp.page, 0, PAGE_SIZE);
	memset(s->sirbp.page, 0, PAGE_SIZE);
	for (i = 0; i < NR_SINTS; i++) {
		struct sint *t = &s->sint[i];

		t->msr = HVX_SINT_MASKED;
		t->ring_head = 0;
		while (!list_empty(&t->queue)) {
			struct queued *q = list_first(&t->queue, struct queued, node);

			list_del(&q->node);
			queued_free(q);
		}
		t->queued = 0;
	}
}
