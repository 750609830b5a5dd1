// SPDX-License-Identifier: GPL-2.0
/*
 * SynIC of child VPs: message and event flag pages, which are overlays, and the
 * hypercalls with which the VMM uses them directly (TLFS 11).
 */
#include "synic_child.h"

#include "hypercall.h"
#include "run.h"
#include "vp.h"

/* Raise the interrupt of a SINT. */
static void raise(struct child_vp *vp, unsigned int sint)
{
	u64 msr = vp->m.sint[sint];

	if (msr & (HVX_SINT_MASKED | HVX_SINT_POLLING))
		return;
	lapic_set_irr(vp, msr & HVX_SINT_VECTOR_MASK, false);
	vp_wake(vp);
}

static bool enabled(const struct child_vp *vp, u64 page_msr)
{
	return (vp->m.scontrol & HVX_SCONTROL_ENABLE) && (page_msr & HVX_MSR_PAGE_ENABLE);
}

u16 child_post_message(struct child_vp *vp, unsigned int sint, const struct hvx_message *msg)
{
	struct hvx_message_page *page = vp->simp.page;
	struct hvx_message *slot;

	if (!enabled(vp, vp->m.simp))
		return HVX_STATUS_INVALID_VP_STATE;
	slot = &page->sint[sint];
	if (READ_ONCE(slot->type) != HVX_MSG_NONE) {
		/* The guest writes EOM when it has emptied the slot. */
		slot->flags |= HVX_MSG_FLAG_PENDING;
		return HVX_STATUS_INSUFFICIENT_BUFFERS;
	}
	memcpy((u8 *)slot + sizeof(slot->type), (const u8 *)msg + sizeof(msg->type),
	       sizeof(*slot) - sizeof(slot->type));
	__atomic_store_n(&slot->type, msg->type, __ATOMIC_RELEASE);
	raise(vp, sint);
	return HVX_STATUS_SUCCESS;
}

u16 child_signal_event(struct child_vp *vp, unsigned int sint, unsigned int flag, bool *newly)
{
	struct hvx_event_flags_page *page = vp->siefp.page;
	u8 bit = 1U << flag % 8;

	if (!enabled(vp, vp->m.siefp))
		return HVX_STATUS_INVALID_VP_STATE;
	*newly = !(__atomic_fetch_or(&page->sint[sint][flag / 8], bit, __ATOMIC_SEQ_CST) & bit);
	if (*newly)
		raise(vp, sint);
	return HVX_STATUS_SUCCESS;
}

bool child_timer_message(struct child_vp *vp, unsigned int sint, unsigned int timer,
			 u64 expiry, u64 now)
{
	struct hvx_message m = {
		.type = HVX_MSG_TIMER_EXPIRED, .payload_size = 24,
		.payload = { timer, expiry, now },
	};

	return child_post_message(vp, sint, &m) != HVX_STATUS_INSUFFICIENT_BUFFERS;
}

static u16 hv_signal_event_direct(struct hvcall *c)
{
	const struct hvx_in_signal_event_direct in =
		*(const struct hvx_in_signal_event_direct *)c->in;
	struct hvx_out_signal_event_direct *out = c->out;
	struct child_vp *vp;
	bool newly = false;
	u16 status;

	status = vp_find_running(c, in.partition_id, in.vp_index, &vp);
	if (status)
		return status;
	if ((in.vtl & ~HVX_INPUT_VTL_USE) || in.sint >= HVX_SINT_COUNT ||
	    in.flag >= 8 * HVX_EVENT_FLAGS_BYTES)
		return HVX_STATUS_INVALID_PARAMETER;
	status = child_signal_event(vp, in.sint, in.flag, &newly);
	sched_flush();
	if (status == HVX_STATUS_SUCCESS)
		*out = (struct hvx_out_signal_event_direct){ .newly_signaled = newly };
	return status;
}

static u16 hv_post_message_direct(struct hvcall *c)
{
	const struct hvx_in_post_message_direct *in = c->in;
	u64 id = READ_ONCE(in->partition_id);
	u32 vp_index = READ_ONCE(in->vp_index), sint = READ_ONCE(in->sint);
	struct hvx_message m;
	struct child_vp *vp;
	u16 status;

	memcpy(&m, in->message, sizeof(m));
	status = vp_find_running(c, id, vp_index, &vp);
	if (status)
		return status;
	if ((in->vtl & ~HVX_INPUT_VTL_USE) || sint >= HVX_SINT_COUNT ||
	    m.payload_size > HVX_MSG_PAYLOAD_SIZE)
		return HVX_STATUS_INVALID_PARAMETER;
	status = child_post_message(vp, sint, &m);
	sched_flush();
	return status;
}

static const struct hvc_row synic_rows[] = {
	{
		.code = HVX_CALL_SIGNAL_EVENT_DIRECT, .name = "SignalEventDirect",
		.flags = HVC_HOT, .in = sizeof(struct hvx_in_signal_event_direct),
		.out = sizeof(struct hvx_out_signal_event_direct),
		.priv = HVX_PRIV_CREATE_PARTITIONS, .fn = hv_signal_event_direct,
	}, {
		.code = HVX_CALL_POST_MESSAGE_DIRECT, .name = "PostMessageDirect",
		.flags = HVC_HOT, .in = sizeof(struct hvx_in_post_message_direct),
		.priv = HVX_PRIV_CREATE_PARTITIONS, .fn = hv_post_message_direct,
	},
};
HVC_TABLE(synic_rows);
