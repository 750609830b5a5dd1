// SPDX-License-Identifier: GPL-2.0
/* GetVpState and SetVpState: local APIC, extended state, SynIC pages, timers. */
#include "apic.h"
#include "cpu.h"
#include "guest_cpuid.h"
#include "hypercall.h"
#include "pageown.h"
#include "run.h"
#include "stimer.h"
#include "timer.h"
#include "vp.h"

/* Layout of the legacy region and the header of an XSAVE image (APM volume 1, 11.5) */
#define XS_MXCSR	24
#define XS_STATE_BV	512
#define XS_XCOMP_BV	520
#define XS_HEADER_END	576
#define XCOMP_COMPACT	BIT(63)
#define MXCSR_VALID	0xffff
#define XS_LEGACY	(BIT(0) | BIT(1))	/* x87 and SSE */

#define APIC_SVR_VALID		0x3ffU
#define APIC_DIVIDE_VALID	0xbU
#define FIRST_VECTOR_MASK	0xffffU	/* vectors 0 to 15 are the processor's */

/**
 * struct state_type - one kind of state
 * @type: HVX_VP_STATE_*
 * @size: its size; 0: that of the partition's XSAVE image
 * @check: whether the VP has it and, unless @buf is NULL, can take it from @buf
 * @get: write it to @buf
 * @set: take it from @buf, which nobody else can change
 *
 * @states are the extended states that are meant, for HVX_VP_STATE_XSAVE.
 */
struct state_type {
	u32 type;
	u32 size;
	u16 (*check)(struct child_vp *vp, const void *buf, u64 states);
	void (*get)(struct child_vp *vp, void *buf, u64 states);
	void (*set)(struct child_vp *vp, const void *buf, u64 states);
};

static void get_lapic(struct child_vp *vp, void *buf, u64 states)
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

static u16 check_lapic(struct child_vp *vp, const void *buf, u64 states)
{
	const struct hvx_lapic_state *s = buf;

	if (!(vp->part->flags & HVX_CREATE_LAPIC))
		return HVX_STATUS_INVALID_PARTITION_STATE;
	if (buf && ((s->irr[0] | s->isr[0] | s->tmr[0]) & FIRST_VECTOR_MASK))
		return HVX_STATUS_INVALID_PARAMETER;
	return HVX_STATUS_SUCCESS;
}

/* Reserved bits do not stick, as with a write by the guest. */
static void set_lapic(struct child_vp *vp, const void *buf, u64 states)
{
	const struct hvx_lapic_state *s = buf;
	const u32 lvt[NR_LVTS] = {
		[LVT_TIMER] = s->lvt_timer, [LVT_THERMAL] = s->lvt_thermal,
		[LVT_PERFMON] = s->lvt_perfmon, [LVT_LINT0] = s->lvt_lint0,
		[LVT_LINT1] = s->lvt_lint1, [LVT_ERROR] = s->lvt_error,
		[LVT_CMCI] = s->lvt_cmci,
	};
	struct lapic *l = &vp->lapic;
	unsigned int i;

	l->id = s->apic_id;
	l->ldr = s->ldr & 0xff000000;
	l->dfr = s->dfr | 0x0fffffff;
	l->svr = s->spurious & APIC_SVR_VALID;
	memcpy(l->isr, s->isr, sizeof(l->isr));
	memcpy(l->tmr, s->tmr, sizeof(l->tmr));
	memcpy(l->irr, s->irr, sizeof(l->irr));
	l->esr_latched = s->esr;
	l->esr = s->error_status;
	l->icr_high = s->icr_high;
	l->icr_low = s->icr_low & ~(u32)APIC_ICR_PENDING;
	for (i = 0; i < NR_LVTS; i++)
		lapic_write_lvt(vp, i, lvt[i]);
	l->timer_divide = s->divide_configuration & APIC_DIVIDE_VALID;
	lapic_timer_restore(l, s->initial_count, s->counter_value);
}

/*
 * Children's states are x87, SSE and AVX. Their places are the same in the compact
 * and in the standard format; what is handed out is told to be a compact image.
 */
static const struct xs_part {
	u64 state;
	u32 start;
	u32 end;
} xs_parts[] = {
	{ BIT(0), 0, XS_MXCSR },
	{ BIT(0), 32, 160 },
	{ BIT(1), XS_MXCSR, 32 },
	{ BIT(1), 160, 416 },
	{ BIT(2), XS_HEADER_END, XS_HEADER_END + 256 },
};

static void xs_copy(void *dst, const void *src, u64 states)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(xs_parts); i++) {
		const struct xs_part *p = &xs_parts[i];

		if (states & p->state)
			memcpy((u8 *)dst + p->start, (const u8 *)src + p->start,
			       p->end - p->start);
	}
}

static u64 xs_get(const void *image, u32 at)
{
	u64 val;

	memcpy(&val, (const u8 *)image + at, sizeof(val));
	return val;
}

static void xs_put(void *image, u32 at, u64 val)
{
	memcpy((u8 *)image + at, &val, sizeof(val));
}

/* States of the VP that are not in their initial configuration. */
static u64 xs_in_use(const struct child_vp *vp)
{
	/* FXSAVE, which serves where there is no XSAVE, has no header. */
	u64 bv = vcpu_xcr0_mask() == XS_LEGACY ? XS_LEGACY : xs_get(vp->vcpu.xsave, XS_STATE_BV);

	return bv & vp->part->xcr0_mask;
}

static void get_xsave(struct child_vp *vp, void *buf, u64 states)
{
	memset(buf, 0, guest_xsave_size(vp->part));
	xs_copy(buf, vp->vcpu.xsave, states);
	xs_put(buf, XS_STATE_BV, xs_in_use(vp) & states);
	xs_put(buf, XS_XCOMP_BV, vp->part->xcr0_mask | XCOMP_COMPACT);
}

static u16 check_xsave(struct child_vp *vp, const void *buf, u64 states)
{
	u64 mask = vp->part->xcr0_mask, bv, xcomp;
	u32 mxcsr;

	if (!buf)
		return HVX_STATUS_SUCCESS;
	bv = xs_get(buf, XS_STATE_BV);
	xcomp = xs_get(buf, XS_XCOMP_BV);
	memcpy(&mxcsr, (const u8 *)buf + XS_MXCSR, sizeof(mxcsr));
	if ((bv & ~mask) || (mxcsr & ~MXCSR_VALID) ||
	    !mem_is_zero((const u8 *)buf + XS_XCOMP_BV + 8, XS_HEADER_END - XS_XCOMP_BV - 8))
		return HVX_STATUS_INVALID_PARAMETER;
	if (xcomp && (!(xcomp & XCOMP_COMPACT) || (xcomp & ~(mask | XCOMP_COMPACT)) ||
		      (bv & ~xcomp)))
		return HVX_STATUS_INVALID_PARAMETER;
	return HVX_STATUS_SUCCESS;
}

static void set_xsave(struct child_vp *vp, const void *buf, u64 states)
{
	u64 bv = (xs_in_use(vp) & ~states) | (xs_get(buf, XS_STATE_BV) & states);
	u8 *x = vp->vcpu.xsave;

	xs_copy(x, buf, states);
	memset(x + XS_STATE_BV, 0, XS_HEADER_END - XS_STATE_BV);
	xs_put(x, XS_STATE_BV, bv);
}

/* The SynIC's pages, which are there whether the guest sees them or not. */
static void get_simp(struct child_vp *vp, void *buf, u64 states)
{
	memcpy(buf, vp->simp.page, PAGE_SIZE);
}

static void set_simp(struct child_vp *vp, const void *buf, u64 states)
{
	memcpy(vp->simp.page, buf, PAGE_SIZE);
}

static void get_siefp(struct child_vp *vp, void *buf, u64 states)
{
	memcpy(buf, vp->siefp.page, PAGE_SIZE);
}

static void set_siefp(struct child_vp *vp, const void *buf, u64 states)
{
	memcpy(vp->siefp.page, buf, PAGE_SIZE);
}

static u16 check_nothing(struct child_vp *vp, const void *buf, u64 states)
{
	return HVX_STATUS_SUCCESS;
}

static void get_timers(struct child_vp *vp, void *buf, u64 states)
{
	struct hvx_synthetic_timers_state s = {};
	unsigned int i;

	for (i = 0; i < HVX_STIMER_COUNT; i++) {
		s.timers[i].config = vp->m.stimer_config[i];
		s.timers[i].count = vp->m.stimer_count[i];
	}
	memcpy(buf, &s, sizeof(s));
}

static u16 check_timers(struct child_vp *vp, const void *buf, u64 states)
{
	const struct hvx_synthetic_timers_state *s = buf;
	unsigned int i;

	if (!buf)
		return HVX_STATUS_SUCCESS;
	for (i = 0; i < HVX_STIMER_COUNT; i++)
		if (!child_stimer_config_valid(s->timers[i].config) || s->timers[i].flags ||
		    s->timers[i].rsvd)
			return HVX_STATUS_INVALID_PARAMETER;
	return mem_is_zero(s->rsvd, sizeof(s->rsvd)) ? HVX_STATUS_SUCCESS :
						       HVX_STATUS_INVALID_PARAMETER;
}

static void set_timers(struct child_vp *vp, const void *buf, u64 states)
{
	const struct hvx_synthetic_timers_state *s = buf;
	unsigned int i;

	for (i = 0; i < HVX_STIMER_COUNT; i++) {
		child_stimer_write(vp, i, false, s->timers[i].config & ~HVX_STIMER_ENABLE);
		child_stimer_write(vp, i, true, s->timers[i].count);
		child_stimer_write(vp, i, false, s->timers[i].config);
	}
}

static const struct state_type types[] = {
	{ HVX_VP_STATE_LAPIC, sizeof(struct hvx_lapic_state), check_lapic, get_lapic, set_lapic },
	{ HVX_VP_STATE_XSAVE, 0, check_xsave, get_xsave, set_xsave },
	{ HVX_VP_STATE_SIM_PAGE, PAGE_SIZE, check_nothing, get_simp, set_simp },
	{ HVX_VP_STATE_SIEF_PAGE, PAGE_SIZE, check_nothing, get_siefp, set_siefp },
	{ HVX_VP_STATE_SYNTHETIC_TIMERS, sizeof(struct hvx_synthetic_timers_state),
	  check_timers, get_timers, set_timers },
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
	status = t->check(vp, NULL, in.xsave_states);
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
	t->get(vp, buf, in.xsave_states);
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
	/* Once: the root can write to it all the time. */
	memcpy(copy, data, size);
	status = t->check(vp, copy, in.xsave_states);
	if (status)
		return status;
	t->set(vp, copy, in.xsave_states);
	regs_page_update(vp);
	vp_wake(vp);
	sched_flush();
	return HVX_STATUS_SUCCESS;
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
