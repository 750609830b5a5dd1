// SPDX-License-Identifier: GPL-2.0
/* GetVpState and SetVpState: local APIC, extended state, SynIC pages, timers. */
#include "cpu.h"
#include "gpa.h"
#include "guest_cpuid.h"
#include "hypercall.h"
#include "pageown.h"
#include "run.h"
#include "stimer.h"
#include "timer.h"
#include "vp.h"

#define XS_STATE_BV	512
#define XS_XCOMP_BV	520
#define XS_HEADER_END	576
#define XS_MXCSR	24
#define XCOMP_COMPACT	BIT(63)
#define MXCSR_VALID	0xffff

/**
 * struct state_type - one kind of state
 * @type: HVX_VP_STATE_*
 * @size: its size; 0: that of the partition's XSAVE image
 * @get: write it to @buf
 * @set: take it from @buf, which nobody else can change
 */
struct state_type {
	u32 type;
	u32 size;
	void (*get)(struct child_vp *vp, void *buf);
	u16 (*set)(struct child_vp *vp, const void *buf);
};

static void get_lapic(struct child_vp *vp, void *buf)
{
	const struct lapic *l = &vp->lapic;
	struct hvx_lapic_state s = {
		.apic_id = l->id,
		.version = lapic_read(vp, 0x30),
		.ldr = l->ldr,
		.dfr = l->dfr,
		.spurious = l->svr,
		.esr = l->esr_latched,
		.icr_high = l->icr_high,
		.icr_low = l->icr_low,
		.lvt_timer = l->lvt[LVT_TIMER],
		.lvt_thermal = l->lvt[LVT_THERMAL],
		.lvt_perfmon = l->lvt[LVT_PERFMON],
		.lvt_lint0 = l->lvt[LVT_LINT0],
		.lvt_lint1 = l->lvt[LVT_LINT1],
		.lvt_error = l->lvt[LVT_ERROR],
		.lvt_cmci = l->lvt[LVT_CMCI],
		.error_status = l->esr,
		.initial_count = l->timer_count,
		.counter_value = lapic_read(vp, 0x390),
		.divide_configuration = l->timer_divide,
	};

	memcpy(s.isr, l->isr, sizeof(s.isr));
	memcpy(s.tmr, l->tmr, sizeof(s.tmr));
	memcpy(s.irr, l->irr, sizeof(s.irr));
	memcpy(buf, &s, sizeof(s));
}

static u16 set_lapic(struct child_vp *vp, const void *buf)
{
	const struct hvx_lapic_state *s = buf;
	struct lapic *l = &vp->lapic;

	/* Vectors 0 to 15 are the processor's. */
	if ((s->irr[0] | s->isr[0]) & 0xffff)
		return HVX_STATUS_INVALID_PARAMETER;
	l->id = s->apic_id;
	l->ldr = s->ldr & 0xff000000;
	l->dfr = s->dfr | 0x0fffffff;
	l->svr = s->spurious & 0x3ff;
	memcpy(l->isr, s->isr, sizeof(l->isr));
	memcpy(l->tmr, s->tmr, sizeof(l->tmr));
	memcpy(l->irr, s->irr, sizeof(l->irr));
	l->esr_latched = s->esr;
	l->esr = s->error_status;
	l->icr_high = s->icr_high;
	l->icr_low = s->icr_low;
	l->lvt[LVT_TIMER] = s->lvt_timer;
	l->lvt[LVT_THERMAL] = s->lvt_thermal;
	l->lvt[LVT_PERFMON] = s->lvt_perfmon;
	l->lvt[LVT_LINT0] = s->lvt_lint0;
	l->lvt[LVT_LINT1] = s->lvt_lint1;
	l->lvt[LVT_ERROR] = s->lvt_error;
	l->lvt[LVT_CMCI] = s->lvt_cmci;
	l->timer_divide = s->divide_configuration & 0xb;
	lapic_timer_restore(l, s->initial_count, s->counter_value);
	return HVX_STATUS_SUCCESS;
}

/*
 * Children's states are x87, SSE and AVX, whose places are the same in the compact
 * and in the standard format. The image is told to be a compact one.
 */
static void get_xsave(struct child_vp *vp, void *buf)
{
	u64 mask = vp->part->xcr0_mask, bv;

	memcpy(buf, vp->vcpu.xsave, guest_xsave_size(vp->part));
	memcpy(&bv, (u8 *)buf + XS_STATE_BV, sizeof(bv));
	bv &= mask;
	memset((u8 *)buf + XS_STATE_BV, 0, XS_HEADER_END - XS_STATE_BV);
	memcpy((u8 *)buf + XS_STATE_BV, &bv, sizeof(bv));
	mask |= XCOMP_COMPACT;
	memcpy((u8 *)buf + XS_XCOMP_BV, &mask, sizeof(mask));
}

static u16 set_xsave(struct child_vp *vp, const void *buf)
{
	u64 mask = vp->part->xcr0_mask, bv, xcomp;
	u8 *x = vp->vcpu.xsave;
	u32 mxcsr;

	memcpy(&bv, (const u8 *)buf + XS_STATE_BV, sizeof(bv));
	memcpy(&xcomp, (const u8 *)buf + XS_XCOMP_BV, sizeof(xcomp));
	memcpy(&mxcsr, (const u8 *)buf + XS_MXCSR, sizeof(mxcsr));
	if ((bv & ~mask) || (mxcsr & ~MXCSR_VALID) || (xcomp && !(xcomp & XCOMP_COMPACT)) ||
	    (xcomp & ~(mask | XCOMP_COMPACT)) || (xcomp && (bv & ~xcomp)) ||
	    !mem_is_zero((const u8 *)buf + XS_XCOMP_BV + 8, XS_HEADER_END - XS_XCOMP_BV - 8))
		return HVX_STATUS_INVALID_PARAMETER;
	memcpy(x, buf, guest_xsave_size(vp->part));
	memset(x + XS_STATE_BV, 0, XS_HEADER_END - XS_STATE_BV);
	memcpy(x + XS_STATE_BV, &bv, sizeof(bv));
	return HVX_STATUS_SUCCESS;
}

/* The SynIC's pages are guest memory, if they are anywhere. */
static void get_page(struct child_vp *vp, u64 msr, void *buf)
{
	memset(buf, 0, PAGE_SIZE);
	if (msr & HVX_MSR_PAGE_ENABLE)
		gpa_read(vp->part, msr & HVX_MSR_PAGE_MASK, buf, PAGE_SIZE);
}

static u16 set_page(struct child_vp *vp, u64 msr, const void *buf)
{
	if (msr & HVX_MSR_PAGE_ENABLE)
		gpa_write(vp->part, msr & HVX_MSR_PAGE_MASK, buf, PAGE_SIZE);
	return HVX_STATUS_SUCCESS;
}

static void get_simp(struct child_vp *vp, void *buf)
{
	get_page(vp, vp->m.simp, buf);
}

static u16 set_simp(struct child_vp *vp, const void *buf)
{
	return set_page(vp, vp->m.simp, buf);
}

static void get_siefp(struct child_vp *vp, void *buf)
{
	get_page(vp, vp->m.siefp, buf);
}

static u16 set_siefp(struct child_vp *vp, const void *buf)
{
	return set_page(vp, vp->m.siefp, buf);
}

static void get_timers(struct child_vp *vp, void *buf)
{
	struct hvx_synthetic_timers_state s = {};
	unsigned int i;

	for (i = 0; i < HVX_STIMER_COUNT; i++) {
		s.timers[i].config = vp->m.stimer_config[i];
		s.timers[i].count = vp->m.stimer_count[i];
	}
	memcpy(buf, &s, sizeof(s));
}

static u16 set_timers(struct child_vp *vp, const void *buf)
{
	const struct hvx_synthetic_timers_state *s = buf;
	unsigned int i;

	for (i = 0; i < HVX_STIMER_COUNT; i++)
		if (!child_stimer_config_valid(s->timers[i].config))
			return HVX_STATUS_INVALID_PARAMETER;
	for (i = 0; i < HVX_STIMER_COUNT; i++) {
		child_stimer_write(vp, i, false, s->timers[i].config & ~HVX_STIMER_ENABLE);
		child_stimer_write(vp, i, true, s->timers[i].count);
		child_stimer_write(vp, i, false, s->timers[i].config);
	}
	return HVX_STATUS_SUCCESS;
}

static const struct state_type types[] = {
	{ HVX_VP_STATE_LAPIC, sizeof(struct hvx_lapic_state), get_lapic, set_lapic },
	{ HVX_VP_STATE_XSAVE, 0, get_xsave, set_xsave },
	{ HVX_VP_STATE_SIM_PAGE, PAGE_SIZE, get_simp, set_simp },
	{ HVX_VP_STATE_SIEF_PAGE, PAGE_SIZE, get_siefp, set_siefp },
	{ HVX_VP_STATE_SYNTHETIC_TIMERS, sizeof(struct hvx_synthetic_timers_state),
	  get_timers, set_timers },
};

static const struct state_type *find_type(u32 type)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].type == type)
			return &types[i];
	return NULL;
}

/* What both calls ask of their input. */
static u16 check_input(const struct hvx_in_vp_state *in, const struct child_vp *vp,
		       const struct state_type **type)
{
	*type = find_type(in->type);
	if (!*type || (in->vtl & ~HVX_INPUT_VTL_USE) || in->rsvd8 || in->rsvd16 || in->rsvd32 ||
	    in->xsave_flags)
		return HVX_STATUS_INVALID_PARAMETER;
	if (in->type == HVX_VP_STATE_XSAVE) {
		if (in->xsave_states & ~vp->part->xcr0_mask)
			return HVX_STATUS_INVALID_PARAMETER;
	} else if (in->xsave_states) {
		return HVX_STATUS_INVALID_PARAMETER;
	}
	if (in->type == HVX_VP_STATE_LAPIC && !(vp->part->flags & HVX_CREATE_LAPIC))
		return HVX_STATUS_INVALID_PARTITION_STATE;
	return HVX_STATUS_SUCCESS;
}

/* The first of the root's pages that are named after the header. One is enough. */
static u16 buffer_page(const struct hvcall *c, void **page)
{
	u64 pfn, i;

	if (!c->varhdr)
		return HVX_STATUS_INVALID_HYPERCALL_INPUT;
	for (i = c->varhdr / sizeof(u64); i--;) {
		pfn = READ_ONCE(((const u64 *)hvc_varhdr(c))[i]);
		if (pfn > ~0ULL >> PAGE_SHIFT || !root_owns(pfn << PAGE_SHIFT, PAGE_SIZE))
			return HVX_STATUS_INVALID_PARAMETER;
		*page = phys_to_virt(pfn << PAGE_SHIFT);
	}
	return HVX_STATUS_SUCCESS;
}

static u16 hv_get_vp_state(struct hvcall *c)
{
	const struct hvx_in_vp_state in = *(const struct hvx_in_vp_state *)c->in;
	const struct state_type *t;
	struct child_vp *vp;
	void *buf = c->out;
	u16 status;

	status = vp_find(c, in.partition_id, in.vp_index, &vp);
	if (status)
		return status;
	status = check_input(&in, vp, &t);
	if (status)
		return status;
	if (t->type & HVX_VP_STATE_BY_PFN) {
		status = buffer_page(c, &buf);
		if (status)
			return status;
	} else if (c->varhdr) {
		return HVX_STATUS_INVALID_HYPERCALL_INPUT;
	} else if (!buf) {
		return HVX_STATUS_INVALID_PARAMETER;
	}
	t->get(vp, buf);
	return HVX_STATUS_SUCCESS;
}

static u16 hv_set_vp_state(struct hvcall *c)
{
	const struct hvx_in_vp_state in = *(const struct hvx_in_vp_state *)c->in;
	static u8 copy[PAGE_SIZE] __aligned(64);	/* under hv_lock */
	const struct state_type *t;
	struct child_vp *vp;
	const void *data;
	void *page;
	u32 size;
	u16 status;

	status = vp_find(c, in.partition_id, in.vp_index, &vp);
	if (status)
		return status;
	status = check_input(&in, vp, &t);
	if (status)
		return status;
	size = t->size ?: guest_xsave_size(vp->part);
	if (t->type & HVX_VP_STATE_BY_PFN) {
		status = buffer_page(c, &page);
		if (status)
			return status;
		data = page;
	} else {
		if (c->varhdr < size)
			return HVX_STATUS_INVALID_HYPERCALL_INPUT;
		data = hvc_varhdr(c);
	}
	memcpy(copy, data, size);
	status = t->set(vp, copy);
	regs_page_update(vp);
	vp_wake(vp);
	sched_flush();
	return status;
}

static const struct hvc_row state_rows[] = {
	{
		.code = HVX_CALL_GET_VP_STATE, .name = "GetVpState",
		.flags = HVC_VARHDR, .in = sizeof(struct hvx_in_vp_state),
		.out = sizeof(struct hvx_synthetic_timers_state),
		.priv = HVX_PRIV_CREATE_PARTITIONS, .fn = hv_get_vp_state,
	}, {
		.code = HVX_CALL_SET_VP_STATE, .name = "SetVpState",
		.flags = HVC_VARHDR, .in = sizeof(struct hvx_in_vp_state),
		.priv = HVX_PRIV_CREATE_PARTITIONS, .fn = hv_set_vp_state,
	},
};
HVC_TABLE(state_rows);
