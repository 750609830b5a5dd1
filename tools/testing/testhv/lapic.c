// SPDX-License-Identifier: GPL-2.0
/* Local APICs of child VPs, AssertVirtualInterrupt, ClearVirtualInterrupt. */
#include "lapic.h"

#include "apic.h"
#include "cpu.h"
#include "guest_msr.h"
#include "hypercall.h"
#include "intercept.h"
#include "log.h"
#include "run.h"
#include "timer.h"
#include "vp.h"

#define LAPIC_VERSION	0x00050014	/* 6 LVT entries, an integrated APIC */
#define SVR_ENABLE	BIT(8)
#define LVT_MASKED	BIT(16)
#define LVT_PERIODIC	BIT(17)
#define LVT_MODE_SHIFT	8
#define ESR_ILLEGAL_VECTOR_SENT	BIT(5)

#define ICR_LOGICAL	BIT(11)
#define ICR_ASSERT	BIT(14)
#define ICR_LEVEL	BIT(15)
#define ICR_SHORTHAND(v) ((v) >> 18 & 3)

/* Offsets of registers; cpu.h and apic.h have those that the root uses. */
#define REG_ID		0x020
#define REG_VERSION	0x030
#define REG_TPR		0x080
#define REG_PPR		0x0a0
#define REG_EOI		0x0b0
#define REG_LDR		0x0d0
#define REG_DFR		0x0e0
#define REG_SVR		0x0f0
#define REG_ISR		0x100
#define REG_TMR		0x180
#define REG_IRR		0x200
#define REG_ESR		0x280
#define REG_LVT_CMCI	0x2f0
#define REG_ICR_LOW	0x300
#define REG_ICR_HIGH	0x310
#define REG_LVT_TIMER	0x320
#define REG_LVT_ERROR	0x370
#define REG_TIMER_INIT	0x380
#define REG_TIMER_COUNT	0x390
#define REG_TIMER_DIVIDE 0x3e0
#define REG_SELF_IPI	0x3f0

#define BROADCAST	0xff
#define X2_BROADCAST	0xffffffffU

/* LAPIC_HZ in units of reference time */
#define TICKS_PER_REF	(LAPIC_HZ / 10000000)

static bool bit_get(const u32 *map, u8 n)
{
	return map[n / 32] >> (n % 32) & 1;
}

static void bit_put(u32 *map, u8 n, bool val)
{
	map[n / 32] = (map[n / 32] & ~(1U << n % 32)) | (u32)val << n % 32;
}

static int highest(const u32 *map)
{
	int i;

	for (i = 7; i >= 0; i--)
		if (map[i])
			return 32 * i + 31 - __builtin_clz(map[i]);
	return -1;
}

static bool has_lapic(const struct child_vp *vp)
{
	return vp->part->flags & HVX_CREATE_LAPIC;
}

static bool is_x2apic(const struct child_vp *vp)
{
	return vp->m.apic_base & APIC_BASE_X2APIC;
}

static bool is_enabled(const struct child_vp *vp)
{
	return (vp->m.apic_base & APIC_BASE_ENABLE) && (vp->lapic.svr & SVR_ENABLE);
}

void lapic_reset(struct lapic *l, u32 id)
{
	unsigned int i;

	memset(l, 0, sizeof(*l));
	l->id = id;
	l->dfr = ~0U;
	l->svr = 0xff;
	for (i = 0; i < NR_LVTS; i++)
		l->lvt[i] = LVT_MASKED;
	l->timer_deadline = NO_DEADLINE;
	l->sipi = -1;
}

u8 lapic_tpr(const struct child_vp *vp)
{
	u8 class = vp->vcpu.vmcb->c.int_ctl & 0xf;

	/* Written through CR8 since: then the low bits are zero. */
	return vp->lapic.tpr >> 4 == class ? vp->lapic.tpr : class << 4;
}

void lapic_set_tpr(struct child_vp *vp, u8 tpr)
{
	struct vmcb_control *c = &vp->vcpu.vmcb->c;

	vp->lapic.tpr = tpr;
	c->int_ctl = (c->int_ctl & ~0xfUL) | tpr >> 4;
}

static u8 ppr(const struct child_vp *vp)
{
	int isr = highest(vp->lapic.isr);
	u8 tpr = lapic_tpr(vp);

	if (isr >= 0 && (isr & 0xf0) > (tpr & 0xf0))
		return isr & 0xf0;
	return tpr;
}

int lapic_pending(const struct child_vp *vp)
{
	int irr = highest(vp->lapic.irr);

	if (irr < 0 || (irr & 0xf0) <= (ppr(vp) & 0xf0))
		return -1;
	return irr;
}

int lapic_masked_by_tpr(const struct child_vp *vp)
{
	int irr = highest(vp->lapic.irr), isr = highest(vp->lapic.isr);

	if (irr < 0 || (isr >= 0 && (irr & 0xf0) <= (isr & 0xf0)))
		return -1;
	return (irr & 0xf0) <= (lapic_tpr(vp) & 0xf0) ? irr : -1;
}

void lapic_accept(struct child_vp *vp, u8 vector)
{
	bit_put(vp->lapic.irr, vector, false);
	bit_put(vp->lapic.isr, vector, true);
}

void lapic_set_irr(struct child_vp *vp, u8 vector, bool level)
{
	bit_put(vp->lapic.irr, vector, true);
	bit_put(vp->lapic.tmr, vector, level);
}

void lapic_eoi(struct child_vp *vp)
{
	int vector = highest(vp->lapic.isr);

	vp_stat_inc(&vp->stats, VP_STAT_APIC_EOIS);
	if (vector < 0)
		return;
	bit_put(vp->lapic.isr, vector, false);
	/* The VMM's I/O APIC waits for the end of a level-triggered interrupt. */
	if (bit_get(vp->lapic.tmr, vector))
		intercept_apic_eoi(vp, vector);
}

/* Timer */

static u32 timer_divisor(const struct lapic *l)
{
	u32 code = (l->timer_divide & 3) | (l->timer_divide >> 1 & 4);

	return 1U << ((code + 1) & 7);
}

/* Length of @count ticks in reference time, at least 1. */
static u64 timer_period(const struct lapic *l)
{
	return max(1UL, (u64)l->timer_count * timer_divisor(l) / TICKS_PER_REF);
}

static void timer_start(struct lapic *l)
{
	l->timer_start = ref_time();
	l->timer_deadline = l->timer_count ? l->timer_start + timer_period(l) : NO_DEADLINE;
}

/* The counter goes on from @current. */
void lapic_timer_restore(struct lapic *l, u32 count, u32 current)
{
	u64 gone = count > current ? (u64)(count - current) * timer_divisor(l) / TICKS_PER_REF : 0;

	l->timer_count = count;
	l->timer_deadline = NO_DEADLINE;
	if (!count || !current)
		return;
	l->timer_start = ref_time() - gone;
	l->timer_deadline = l->timer_start + timer_period(l);
}

static u32 timer_current(const struct lapic *l)
{
	u64 ticks;

	if (l->timer_deadline == NO_DEADLINE)
		return 0;
	ticks = (ref_time() - l->timer_start) * TICKS_PER_REF / timer_divisor(l);
	return ticks < l->timer_count ? l->timer_count - ticks : 0;
}

void lapic_timer_run(struct child_vp *vp, u64 now)
{
	struct lapic *l = &vp->lapic;
	u32 lvt = l->lvt[LVT_TIMER];

	if (l->timer_deadline > now)
		return;
	if (lvt & LVT_PERIODIC) {
		u64 period = timer_period(l);

		/* Ticks that nobody saw are not made up for. */
		l->timer_start = now - (now - l->timer_deadline) % period;
		l->timer_deadline = l->timer_start + period;
	} else {
		l->timer_deadline = NO_DEADLINE;
	}
	if (!(lvt & LVT_MASKED) && is_enabled(vp))
		lapic_set_irr(vp, lvt, false);
}

/* Interrupt delivery between VPs and from the VMM */

static bool matches(const struct child_vp *vp, u64 dest, bool logical)
{
	const struct lapic *l = &vp->lapic;
	u32 ldr;

	if (is_x2apic(vp)) {
		if (!logical)
			return dest == l->id || dest == X2_BROADCAST || dest == BROADCAST;
		ldr = (l->id & ~0xfU) << 12 | 1U << (l->id & 0xf);
		/* Senders that know 8 bits only reach the first cluster. */
		return dest >> 16 == ldr >> 16 && (dest & ldr & 0xffff);
	}
	if (!logical)
		return dest == l->id || dest == BROADCAST;
	ldr = l->ldr >> 24;
	if (l->dfr >> 28 == 0xf)
		return dest & ldr & 0xff;
	return (dest & 0xf0) == (ldr & 0xf0) && (dest & ldr & 0xf);
}

static bool deliver_one(struct child_vp *vp, u32 type, u8 vector, bool level)
{
	struct lapic *l = &vp->lapic;

	switch (type) {
	case HVX_INTERRUPT_FIXED:
	case HVX_INTERRUPT_LOWEST_PRIORITY:
		if (!is_enabled(vp))
			return false;
		lapic_set_irr(vp, vector, level);
		break;
	case HVX_INTERRUPT_NMI:
		vp->nmi_pending = true;
		break;
	case HVX_INTERRUPT_INIT:
		l->init = true;
		l->sipi = -1;
		break;
	case HVX_INTERRUPT_SIPI:
		if (!(vp->activity & HVX_ACTIVITY_STARTUP_SUSPEND) && !l->init)
			return false;
		l->sipi = vector;
		break;
	case HVX_INTERRUPT_EXTINT:
		l->extint = true;
		l->extint_vector = vector;
		break;
	default:
		return false;
	}
	vp_wake(vp);
	return true;
}

unsigned int lapic_deliver(struct partition *p, u32 type, u64 dest, bool logical, u8 vector,
			   bool level)
{
	struct child_vp *vp, *best = NULL;
	unsigned int n = 0;
	u32 i;

	for_each_vp(vp, i, p) {
		if (!matches(vp, dest, logical))
			continue;
		if (type == HVX_INTERRUPT_LOWEST_PRIORITY) {
			if (is_enabled(vp) && (!best || ppr(vp) < ppr(best)))
				best = vp;
			continue;
		}
		n += deliver_one(vp, type, vector, level);
	}
	if (best)
		n += deliver_one(best, type, vector, level);
	return n;
}

void lapic_interrupt(struct child_vp *vp, u8 vector)
{
	deliver_one(vp, HVX_INTERRUPT_FIXED, vector, false);
}

static void illegal_vector(struct child_vp *vp)
{
	vp->lapic.esr |= ESR_ILLEGAL_VECTOR_SENT;
}

static void send_ipi(struct child_vp *vp, u32 low, u64 dest)
{
	u32 type = low >> 8 & 7, i;
	struct child_vp *other;
	u8 vector = low;

	if (type == HVX_INTERRUPT_INIT && (low & ICR_LEVEL) && !(low & ICR_ASSERT))
		return;		/* INIT deassert: nothing on this kind of APIC */
	if ((type == HVX_INTERRUPT_FIXED || type == HVX_INTERRUPT_LOWEST_PRIORITY) &&
	    vector < 16) {
		illegal_vector(vp);
		return;
	}
	switch (ICR_SHORTHAND(low)) {
	case 0:
		lapic_deliver(vp->part, type, dest, low & ICR_LOGICAL, vector, false);
		break;
	case 1:
		deliver_one(vp, type, vector, false);
		break;
	default:
		for_each_vp(other, i, vp->part)
			if (other != vp || ICR_SHORTHAND(low) == 2)
				deliver_one(other, type, vector, false);
	}
	sched_flush();
}

/* Registers */

static int lvt_index(u32 off)
{
	if (off == REG_LVT_CMCI)
		return LVT_CMCI;
	if (off >= REG_LVT_TIMER && off <= REG_LVT_ERROR)
		return (off - REG_LVT_TIMER) >> 4;
	return -1;
}

u32 lapic_read(struct child_vp *vp, u32 off)
{
	const struct lapic *l = &vp->lapic;

	off &= ~0xfU;
	if (off >= REG_ISR && off < REG_ISR + 0x80)
		return l->isr[(off - REG_ISR) >> 4];
	if (off >= REG_TMR && off < REG_TMR + 0x80)
		return l->tmr[(off - REG_TMR) >> 4];
	if (off >= REG_IRR && off < REG_IRR + 0x80)
		return l->irr[(off - REG_IRR) >> 4];
	if (lvt_index(off) >= 0)
		return l->lvt[lvt_index(off)];
	switch (off) {
	case REG_ID:
		return is_x2apic(vp) ? l->id : l->id << 24;
	case REG_VERSION:
		return LAPIC_VERSION;
	case REG_TPR:
		return lapic_tpr(vp);
	case REG_PPR:
		return ppr(vp);
	case REG_LDR:
		return is_x2apic(vp) ? (l->id & ~0xfU) << 12 | 1U << (l->id & 0xf) : l->ldr;
	case REG_DFR:
		return l->dfr;
	case REG_SVR:
		return l->svr;
	case REG_ESR:
		return l->esr_latched;
	case REG_ICR_LOW:
		return l->icr_low;
	case REG_ICR_HIGH:
		return l->icr_high;
	case REG_TIMER_INIT:
		return l->timer_count;
	case REG_TIMER_COUNT:
		return timer_current(l);
	case REG_TIMER_DIVIDE:
		return l->timer_divide;
	}
	return 0;
}

void lapic_write_lvt(struct child_vp *vp, enum lapic_lvt i, u32 val)
{
	static const u32 valid[NR_LVTS] = {
		[LVT_TIMER] = 0x310ff, [LVT_THERMAL] = 0x117ff, [LVT_PERFMON] = 0x117ff,
		[LVT_LINT0] = 0x1f7ff, [LVT_LINT1] = 0x1f7ff, [LVT_ERROR] = 0x110ff,
		[LVT_CMCI] = 0x117ff,
	};

	val &= valid[i] & ~0x1000U;
	if (!(vp->lapic.svr & SVR_ENABLE))
		val |= LVT_MASKED;
	vp->lapic.lvt[i] = val;
}

void lapic_write(struct child_vp *vp, u32 off, u32 val)
{
	struct lapic *l = &vp->lapic;
	unsigned int i;

	off &= ~0xfU;
	if (lvt_index(off) >= 0) {
		lapic_write_lvt(vp, lvt_index(off), val);
		return;
	}
	switch (off) {
	case REG_TPR:
		lapic_set_tpr(vp, val);
		break;
	case REG_EOI:
		lapic_eoi(vp);
		break;
	case REG_LDR:
		if (!is_x2apic(vp))
			l->ldr = val & 0xff000000;
		break;
	case REG_DFR:
		if (!is_x2apic(vp))
			l->dfr = val | 0x0fffffff;
		break;
	case REG_SVR:
		l->svr = val & 0x3ff;
		if (!(val & SVR_ENABLE))
			for (i = 0; i < NR_LVTS; i++)
				l->lvt[i] |= LVT_MASKED;
		break;
	case REG_ESR:
		l->esr_latched = l->esr;
		l->esr = 0;
		break;
	case REG_ICR_HIGH:
		l->icr_high = val & 0xff000000;
		break;
	case REG_ICR_LOW:
		l->icr_low = val & ~(u32)APIC_ICR_PENDING;
		send_ipi(vp, val, l->icr_high >> 24);
		break;
	case REG_TIMER_INIT:
		l->timer_count = val;
		timer_start(l);
		break;
	case REG_TIMER_DIVIDE:
		l->timer_divide = val & 0xb;
		break;
	}
}

static bool x2apic_has(u32 off, bool write)
{
	switch (off) {
	case REG_TPR: case REG_SVR: case REG_ESR: case REG_ICR_LOW: case REG_TIMER_INIT:
	case REG_TIMER_DIVIDE: case REG_LVT_CMCI: case REG_LVT_TIMER ... REG_LVT_ERROR:
		return true;
	case REG_EOI: case REG_SELF_IPI:
		return write;
	case REG_ID: case REG_VERSION: case REG_PPR: case REG_LDR: case REG_TIMER_COUNT:
	case REG_ISR ... REG_IRR + 0x70:
		return !write;
	}
	return false;
}

bool lapic_read_msr(struct child_vp *vp, u32 msr, u64 *val)
{
	u32 off = (msr - MSR_X2APIC_FIRST) << 4;

	if (!is_x2apic(vp) || !x2apic_has(off, false))
		return false;
	*val = lapic_read(vp, off);
	if (off == REG_ICR_LOW)
		*val |= (u64)vp->lapic.icr_high << 32;
	return true;
}

bool lapic_write_msr(struct child_vp *vp, u32 msr, u64 val)
{
	u32 off = (msr - MSR_X2APIC_FIRST) << 4;

	if (!is_x2apic(vp) || !x2apic_has(off, true))
		return false;
	switch (off) {
	case REG_ICR_LOW:
		vp->lapic.icr_low = (u32)val & ~(u32)APIC_ICR_PENDING;
		vp->lapic.icr_high = val >> 32;
		send_ipi(vp, val, val >> 32);
		return true;
	case REG_SELF_IPI:
		if ((u8)val < 16)
			illegal_vector(vp);
		else
			lapic_set_irr(vp, val, false);
		return true;
	case REG_EOI:
	case REG_ESR:
		if (val)
			return false;
	}
	if (val >> 32)
		return false;
	lapic_write(vp, off, val);
	return true;
}

bool lapic_is_mmio(const struct child_vp *vp)
{
	return has_lapic(vp) &&
	       (vp->m.apic_base & (APIC_BASE_ENABLE | APIC_BASE_X2APIC)) == APIC_BASE_ENABLE;
}

bool lapic_base_valid(const struct child_vp *vp, u64 val)
{
	u64 flags = APIC_BASE_BSP | APIC_BASE_ENABLE;

	if (!has_lapic(vp))
		return (val & ~PAGE_MASK & ~flags) == 0;
	if (vp->part->flags & HVX_CREATE_X2APIC)
		flags |= APIC_BASE_X2APIC;
	/* The page cannot be moved, and x2APIC needs the APIC to be on. */
	if ((val & PAGE_MASK) != LAPIC_PAGE || (val & ~PAGE_MASK & ~flags))
		return false;
	return !(val & APIC_BASE_X2APIC) || (val & APIC_BASE_ENABLE);
}

/* AssertVirtualInterrupt (TLFS 10.4) */
static u16 hv_assert_interrupt(struct hvcall *c)
{
	const struct hvx_in_assert_interrupt in = *(const struct hvx_in_assert_interrupt *)c->in;
	struct partition *p;
	u16 status;

	status = partition_find(c, in.partition_id, IN_ACTIVE, &p);
	if (status)
		return status;
	if (in.flags & ~(HVX_ASSERT_LEVEL | HVX_ASSERT_LOGICAL) || in.vector > 0xff ||
	    (in.vtl & ~HVX_INPUT_VTL_USE) || in.rsvd8 || in.rsvd16)
		return HVX_STATUS_INVALID_PARAMETER;
	switch (in.type) {
	case HVX_INTERRUPT_FIXED:
	case HVX_INTERRUPT_LOWEST_PRIORITY:
		/* Vectors 0 to 15 are the processor's. */
		if (in.vector < 16)
			return HVX_STATUS_INVALID_PARAMETER;
		if (!(p->flags & HVX_CREATE_LAPIC))
			return HVX_STATUS_INVALID_PARTITION_STATE;
		break;
	case HVX_INTERRUPT_INIT:
	case HVX_INTERRUPT_SIPI:
		if (!(p->flags & HVX_CREATE_LAPIC))
			return HVX_STATUS_INVALID_PARTITION_STATE;
		break;
	case HVX_INTERRUPT_NMI:
	case HVX_INTERRUPT_EXTINT:
		break;
	default:
		return HVX_STATUS_INVALID_PARAMETER;
	}
	/* As on a bus: an interrupt that no APIC accepts is lost. */
	lapic_deliver(p, in.type, in.dest, in.flags & HVX_ASSERT_LOGICAL, in.vector,
		      in.flags & HVX_ASSERT_LEVEL);
	sched_flush();
	return HVX_STATUS_SUCCESS;
}

/* Takes back an external interrupt that was asserted and not delivered yet. */
static u16 hv_clear_interrupt(struct hvcall *c)
{
	const struct hvx_in_partition in = *(const struct hvx_in_partition *)c->in;
	struct child_vp *vp;
	struct partition *p;
	u16 status;
	u32 i;

	status = partition_find(c, in.partition_id, IN_ACTIVE, &p);
	if (status)
		return status;
	for_each_vp(vp, i, p)
		vp->lapic.extint = false;
	return HVX_STATUS_SUCCESS;
}

static const struct hvc_row lapic_rows[] = {
	{
		.code = HVX_CALL_ASSERT_VIRTUAL_INTERRUPT, .name = "AssertVirtualInterrupt",
		.flags = HVC_HOT, .in = sizeof(struct hvx_in_assert_interrupt),
		.priv = HVX_PRIV_CREATE_PARTITIONS, .fn = hv_assert_interrupt,
	}, {
		.code = HVX_CALL_CLEAR_VIRTUAL_INTERRUPT, .name = "ClearVirtualInterrupt",
		.flags = HVC_FAST, .in = sizeof(struct hvx_in_partition),
		.priv = HVX_PRIV_CREATE_PARTITIONS, .fn = hv_clear_interrupt,
	},
};
HVC_TABLE(lapic_rows);
