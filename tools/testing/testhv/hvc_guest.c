// SPDX-License-Identifier: GPL-2.0
/*
 * Hypercalls of any guest, the root or a child, about its own processors: flushes of
 * TLBs, interprocessor interrupts, spin locks (TLFS 7.8, 10.5).
 */
#include "apic.h"
#include "cpu.h"
#include "hypercall.h"
#include "lapic.h"
#include "npt.h"
#include "pageown.h"
#include "root.h"
#include "run.h"
#include "vp.h"
#include "vpset.h"

#define FIRST_VECTOR	16

/* A child may call what it was told to have. */
static bool lacks(const struct hvcall *c, u64 synth)
{
	const struct child_vp *vp = c->child;

	return vp && (vp->part->synth & synth) != synth;
}

/*
 * What the caller names is a subset of what is flushed, namely everything on all
 * its processors.
 */
static u16 flush(struct hvcall *c, u64 flags)
{
	struct child_vp *vp = c->child;

	if (flags & ~(HVX_FLUSH_ALL_PROCESSORS | HVX_FLUSH_ALL_SPACES |
		      HVX_FLUSH_NON_GLOBAL_ONLY | HVX_FLUSH_EXTENDED_RANGE))
		return HVX_STATUS_INVALID_PARAMETER;
	if (vp)
		npt_flush(&vp->part->npt);
	else
		root_flush();
	c->done = c->reps;
	return HVX_STATUS_SUCCESS;
}

static u16 flush_va(struct hvcall *c)
{
	if (lacks(c, HVX_SYNTH_TB_FLUSH))
		return HVX_STATUS_ACCESS_DENIED;
	return flush(c, ((const struct hvx_in_flush *)c->in)->flags);
}

static u16 flush_va_ex(struct hvcall *c)
{
	const struct hvx_in_flush_ex *in = c->in;
	u64 format = in->vp_set_format;
	struct vp_iter it;
	u16 status;

	if (lacks(c, HVX_SYNTH_TB_FLUSH | HVX_SYNTH_EX_MASKS))
		return HVX_STATUS_ACCESS_DENIED;
	if (format != HVX_VP_SET_SPARSE_4K && format != HVX_VP_SET_ALL)
		return HVX_STATUS_INVALID_PARAMETER;
	status = vp_set_start(&it, format == HVX_VP_SET_ALL ? 0 : in->valid_bank_mask,
			      in->banks, c->varhdr / sizeof(u64));
	return status ?: flush(c, in->flags);
}

static u16 send_to(struct hvcall *c, u32 vp_index, u8 vector)
{
	struct child_vp *vp = c->child;
	struct root_vp *rv;

	if (vp) {
		vp = partition_vp(vp->part, vp_index);
		if (!vp)
			return HVX_STATUS_INVALID_VP_INDEX;
		lapic_interrupt(vp, vector);
		return HVX_STATUS_SUCCESS;
	}
	rv = root_vp_by_index(vp_index);
	if (!rv)
		return HVX_STATUS_INVALID_VP_INDEX;
	apic_send_ipi(rv->cpu->apic_id, vector);
	return HVX_STATUS_SUCCESS;
}

static u16 send_ipis(struct hvcall *c, u32 vector, struct vp_iter *it)
{
	u16 status = HVX_STATUS_SUCCESS;
	u32 vp_index;

	if (vector < FIRST_VECTOR || vector > 0xff)
		return HVX_STATUS_INVALID_PARAMETER;
	while (!status && vp_set_next(it, &vp_index))
		status = send_to(c, vp_index, vector);
	sched_flush();
	return status;
}

static u16 send_ipi(struct hvcall *c)
{
	struct hvx_in_send_ipi in = *(const struct hvx_in_send_ipi *)c->in;
	struct vp_iter it = { .mask = 1, .banks = &in.processor_mask };

	if (lacks(c, HVX_SYNTH_CLUSTER_IPI))
		return HVX_STATUS_ACCESS_DENIED;
	if (in.vtl || in.rsvd[0] || in.rsvd[1] || in.rsvd[2])
		return HVX_STATUS_INVALID_PARAMETER;
	return send_ipis(c, in.vector, &it);
}

static u16 send_to_all(struct hvcall *c, u32 vector)
{
	struct child_vp *caller = c->child, *vp;
	u64 root_vps = GENMASK(nr_cpus - 1, 0);
	struct vp_iter it = { .mask = 1, .banks = &root_vps };
	u32 i;

	if (!caller)
		return send_ipis(c, vector, &it);
	if (vector < FIRST_VECTOR || vector > 0xff)
		return HVX_STATUS_INVALID_PARAMETER;
	for_each_vp(vp, i, caller->part)
		lapic_interrupt(vp, vector);
	sched_flush();
	return HVX_STATUS_SUCCESS;
}

static u16 send_ipi_ex(struct hvcall *c)
{
	const struct hvx_in_send_ipi_ex *in = c->in;
	u64 format = in->vp_set_format;
	u32 vector = in->vector;
	struct vp_iter it;
	u16 status;

	if (lacks(c, HVX_SYNTH_CLUSTER_IPI | HVX_SYNTH_EX_MASKS))
		return HVX_STATUS_ACCESS_DENIED;
	if (in->vtl || in->rsvd[0] || in->rsvd[1] || in->rsvd[2])
		return HVX_STATUS_INVALID_PARAMETER;
	if (format == HVX_VP_SET_ALL)
		return send_to_all(c, vector);
	if (format != HVX_VP_SET_SPARSE_4K)
		return HVX_STATUS_INVALID_PARAMETER;
	status = vp_set_start(&it, in->valid_bank_mask, in->banks, c->varhdr / sizeof(u64));
	return status ?: send_ipis(c, vector, &it);
}

static u16 notify_long_spin_wait(struct hvcall *c)
{
	return HVX_STATUS_SUCCESS;
}

#define SIZE(s)		sizeof(struct s)

static const struct hvc_row hvc_guest_rows[] = {
	{ HVX_CALL_FLUSH_VA_SPACE, HVC_FAST | HVC_HOT | HVC_CHILD, "FlushVirtualAddressSpace",
	  .in = SIZE(hvx_in_flush), .fn = flush_va },
	{ HVX_CALL_FLUSH_VA_LIST, HVC_REP | HVC_HOT | HVC_CHILD, "FlushVirtualAddressList",
	  .in = SIZE(hvx_in_flush), .rep_in = sizeof(u64), .fn = flush_va },
	{ HVX_CALL_NOTIFY_LONG_SPIN_WAIT, HVC_FAST | HVC_HOT | HVC_CHILD, "NotifyLongSpinWait",
	  .in = sizeof(u64), .fn = notify_long_spin_wait },
	{ HVX_CALL_SEND_IPI, HVC_FAST | HVC_HOT | HVC_CHILD, "SendSyntheticClusterIpi",
	  .in = SIZE(hvx_in_send_ipi), .fn = send_ipi },
	{ HVX_CALL_FLUSH_VA_SPACE_EX, HVC_VARHDR | HVC_HOT | HVC_CHILD,
	  "FlushVirtualAddressSpaceEx", .in = SIZE(hvx_in_flush_ex), .fn = flush_va_ex },
	{ HVX_CALL_FLUSH_VA_LIST_EX, HVC_REP | HVC_VARHDR | HVC_HOT | HVC_CHILD,
	  "FlushVirtualAddressListEx", .in = SIZE(hvx_in_flush_ex), .rep_in = sizeof(u64),
	  .fn = flush_va_ex },
	{ HVX_CALL_SEND_IPI_EX, HVC_VARHDR | HVC_HOT | HVC_CHILD, "SendSyntheticClusterIpiEx",
	  .in = SIZE(hvx_in_send_ipi_ex), .fn = send_ipi_ex },
};
HVC_TABLE(hvc_guest_rows);
