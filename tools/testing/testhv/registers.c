// SPDX-License-Identifier: GPL-2.0
/*
 * GetVpRegisters, SetVpRegisters, and the register page (TLFS 7.8, 7.9).
 *
 * A write checks the one register that it changes: clients write CR0, CR4 and EFER in
 * any order. What they make together is checked when the VP runs.
 */
#include "registers.h"

#include "cpu.h"
#include "guest_cpuid.h"
#include "guest_msr.h"
#include "guest_tsc.h"
#include "hypercall.h"
#include "intercept.h"
#include "log.h"
#include "root.h"
#include "run.h"
#include "task.h"
#include "timer.h"

#define CR0_VALID	(CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP |	\
			 CR0_AM | CR0_NW | CR0_CD | CR0_PG)

#define RFLAGS_VALID	0x3f7fd7UL
#define DR6_FIXED	0xffff0ff0UL

/* Extended state: layout of the legacy region and the header. */
#define XS_FCW		0
#define XS_FSW		2
#define XS_FTW		4
#define XS_FOP		6
#define XS_FIP		8
#define XS_FDP		16
#define XS_MXCSR	24
#define XS_ST		32
#define XS_XMM		160
#define XS_STATE_BV	512
#define XCR0_X87	BIT(0)
#define XCR0_SSE	BIT(1)
#define MXCSR_RESET	0x1f80
#define MXCSR_VALID	0xffff

typedef u16 (*reg_get_fn)(struct child_vp *vp, u32 i, union hvx_value *v);
typedef u16 (*reg_set_fn)(struct child_vp *vp, u32 i, const union hvx_value *v);

/**
 * struct reg_row - a range of register names
 * @first: first name
 * @count: how many
 * @get: read; @i counts from @first. The value is all zero before
 * @set: write, NULL for a read-only register
 */
struct reg_row {
	u32 first;
	u32 count;
	reg_get_fn get;
	reg_set_fn set;
};

static struct vmcb_save *save(struct child_vp *vp)
{
	return &vp->vcpu.vmcb->s;
}

/* Suspension */

static u16 get_suspend(struct child_vp *vp, u32 i, union hvx_value *v)
{
	v->u64 = i == 0 ? vp->explicit_suspend : vp->intercept_suspend;
	return HVX_STATUS_SUCCESS;
}

static u16 set_suspend(struct child_vp *vp, u32 i, const union hvx_value *v)
{
	if (v->u64 & ~HVX_SUSPENDED)
		return HVX_STATUS_INVALID_REGISTER_VALUE;
	if (i == 0)
		vp->explicit_suspend = v->u64;
	else
		vp->intercept_suspend = v->u64;
	return HVX_STATUS_SUCCESS;
}

static u16 get_dispatch_suspend(struct child_vp *vp, u32 i, union hvx_value *v)
{
	v->u64 = vp->dispatch_suspend;
	return HVX_STATUS_SUCCESS;
}

static u16 set_dispatch_suspend(struct child_vp *vp, u32 i, const union hvx_value *v)
{
	if (v->u64 & ~HVX_SUSPENDED)
		return HVX_STATUS_INVALID_REGISTER_VALUE;
	vp->dispatch_suspend = v->u64;
	return HVX_STATUS_SUCCESS;
}

static u16 get_activity(struct child_vp *vp, u32 i, union hvx_value *v)
{
	v->u64 = vp->activity;
	return HVX_STATUS_SUCCESS;
}

static u16 set_activity(struct child_vp *vp, u32 i, const union hvx_value *v)
{
	if (v->u64 & ~(HVX_ACTIVITY_STARTUP_SUSPEND | HVX_ACTIVITY_HALT_SUSPEND |
		       HVX_ACTIVITY_IDLE_SUSPEND))
		return HVX_STATUS_INVALID_REGISTER_VALUE;
	vp->activity = v->u64;
	return HVX_STATUS_SUCCESS;
}

/* Events */

static u16 get_pending_interruption(struct child_vp *vp, u32 i, union hvx_value *v)
{
	v->u64 = vp->pending_interruption;
	return HVX_STATUS_SUCCESS;
}

static u16 set_pending_interruption(struct child_vp *vp, u32 i, const union hvx_value *v)
{
	u64 type = (v->u64 & HVX_PENDING_TYPE_MASK) >> HVX_PENDING_TYPE_SHIFT;
	u64 vector = (v->u64 & HVX_PENDING_VECTOR_MASK) >> HVX_PENDING_VECTOR_SHIFT;

	if ((v->u64 & HVX_PENDING_VALID) &&
	    (type == 1 || type == 7 || vector > 255 ||
	     (type == HVX_PENDING_TYPE_EXCEPTION && vector > 31)))
		return HVX_STATUS_INVALID_REGISTER_VALUE;
	vp->pending_interruption = v->u64;
	return HVX_STATUS_SUCCESS;
}

static u16 get_interrupt_state(struct child_vp *vp, u32 i, union hvx_value *v)
{
	v->u64 = (vp->vcpu.vmcb->c.int_state & SVM_INT_SHADOW ? HVX_INTR_SHADOW : 0) |
		 (vp->vcpu.nmi_masked ? HVX_INTR_NMI_MASKED : 0);
	return HVX_STATUS_SUCCESS;
}

static u16 set_interrupt_state(struct child_vp *vp, u32 i, const union hvx_value *v)
{
	if (v->u64 & ~(HVX_INTR_SHADOW | HVX_INTR_NMI_MASKED))
		return HVX_STATUS_INVALID_REGISTER_VALUE;
	vp->vcpu.vmcb->c.int_state = v->u64 & HVX_INTR_SHADOW ? SVM_INT_SHADOW : 0;
	vp->vcpu.nmi_masked = v->u64 & HVX_INTR_NMI_MASKED;
	return HVX_STATUS_SUCCESS;
}

static u16 get_event(struct child_vp *vp, u32 i, union hvx_value *v)
{
	v->u128[0] = vp->event[i][0];
	v->u128[1] = vp->event[i][1];
	return HVX_STATUS_SUCCESS;
}

static u16 set_event(struct child_vp *vp, u32 i, const union hvx_value *v)
{
	u64 type = v->u64 >> HVX_EVENT_TYPE_SHIFT & 7;

	/* Only exceptions can be raised this way, and only through the first register. */
	if ((v->u64 & HVX_EVENT_PENDING) &&
	    (i != 0 || type != HVX_EVENT_TYPE_EXCEPTION ||
	     (v->u64 >> HVX_EVENT_VECTOR_SHIFT & 0xffff) > 31))
		return HVX_STATUS_INVALID_REGISTER_VALUE;
	vp->event[i][0] = v->u128[0];
	vp->event[i][1] = v->u128[1];
	return HVX_STATUS_SUCCESS;
}

static u16 get_deliverability(struct child_vp *vp, u32 i, union hvx_value *v)
{
	v->u64 = vp->deliverability;
	return HVX_STATUS_SUCCESS;
}

/*
 * With a local APIC in the hypervisor there is nothing to notify about. Bit 0,
 * NMI notification, is refused as Hyper-V does.
 */
static u16 set_deliverability(struct child_vp *vp, u32 i, const union hvx_value *v)
{
	if (v->u64)
		return HVX_STATUS_INVALID_PARAMETER;
	vp->deliverability = 0;
	return HVX_STATUS_SUCCESS;
}

/* General registers */

static u16 get_gpr(struct child_vp *vp, u32 i, union hvx_value *v)
{
	v->u64 = vcpu_gpr(&vp->vcpu, i);
	return HVX_STATUS_SUCCESS;
}

static u16 set_gpr(struct child_vp *vp, u32 i, const union hvx_value *v)
{
	vcpu_set_gpr(&vp->vcpu, i, v->u64);
	return HVX_STATUS_SUCCESS;
}

static u16 get_rip(struct child_vp *vp, u32 i, union hvx_value *v)
{
	v->u64 = i == 0 ? save(vp)->rip : save(vp)->rflags;
	return HVX_STATUS_SUCCESS;
}

static u16 set_rip(struct child_vp *vp, u32 i, const union hvx_value *v)
{
	if (i == 0) {
		save(vp)->rip = v->u64;
		return HVX_STATUS_SUCCESS;
	}
	if (v->u64 & ~RFLAGS_VALID)
		return HVX_STATUS_INVALID_REGISTER_VALUE;
	save(vp)->rflags = v->u64 | RFLAGS_FIXED;
	return HVX_STATUS_SUCCESS;
}

/* Floating point */

static u64 *xstate_bv(struct child_vp *vp)
{
	return (u64 *)((u8 *)vp->vcpu.xsave + XS_STATE_BV);
}

/*
 * A component whose bit in XSTATE_BV is clear is in its initial state, whatever
 * its bytes say. Put the initial state there before touching part of it.
 */
static u8 *fp_component(struct child_vp *vp, u64 bit)
{
	u8 *x = vp->vcpu.xsave;

	if (*xstate_bv(vp) & bit)
		return x;
	if (bit == XCR0_X87) {
		memset(x, 0, XS_MXCSR);
		memset(x + XS_ST, 0, XS_XMM - XS_ST);
		*(u16 *)(x + XS_FCW) = 0x37f;
	} else {
		memset(x + XS_XMM, 0, 16 * 16);
		*(u32 *)(x + XS_MXCSR) = MXCSR_RESET;
	}
	*xstate_bv(vp) |= bit;
	return x;
}

static u16 get_xmm(struct child_vp *vp, u32 i, union hvx_value *v)
{
	memcpy(v, fp_component(vp, XCR0_SSE) + XS_XMM + 16 * i, 16);
	return HVX_STATUS_SUCCESS;
}

static u16 set_xmm(struct child_vp *vp, u32 i, const union hvx_value *v)
{
	memcpy(fp_component(vp, XCR0_SSE) + XS_XMM + 16 * i, v, 16);
	return HVX_STATUS_SUCCESS;
}

static u16 get_st(struct child_vp *vp, u32 i, union hvx_value *v)
{
	memcpy(v, fp_component(vp, XCR0_X87) + XS_ST + 16 * i, 10);
	return HVX_STATUS_SUCCESS;
}

static u16 set_st(struct child_vp *vp, u32 i, const union hvx_value *v)
{
	memcpy(fp_component(vp, XCR0_X87) + XS_ST + 16 * i, v, 10);
	return HVX_STATUS_SUCCESS;
}

/* FCW, FSW, FTW (abridged), reserved, FOP, FIP: as in the legacy region */
static u16 get_fp_control(struct child_vp *vp, u32 i, union hvx_value *v)
{
	const u8 *x = fp_component(vp, XCR0_X87);
	u8 *out = (u8 *)v;

	memcpy(out, x + XS_FCW, 5);
	memcpy(out + 6, x + XS_FOP, 2);
	memcpy(out + 8, x + XS_FIP, 8);
	return HVX_STATUS_SUCCESS;
}

static u16 set_fp_control(struct child_vp *vp, u32 i, const union hvx_value *v)
{
	u8 *x = fp_component(vp, XCR0_X87);
	const u8 *in = (const u8 *)v;

	memcpy(x + XS_FCW, in, 5);
	memcpy(x + XS_FOP, in + 6, 2);
	memcpy(x + XS_FIP, in + 8, 8);
	return HVX_STATUS_SUCCESS;
}

/* FDP, MXCSR, MXCSR mask */
static u16 get_xmm_control(struct child_vp *vp, u32 i, union hvx_value *v)
{
	u8 *out = (u8 *)v;
	u32 mask = MXCSR_VALID;

	memcpy(out, fp_component(vp, XCR0_X87) + XS_FDP, 8);
	memcpy(out + 8, fp_component(vp, XCR0_SSE) + XS_MXCSR, 4);
	memcpy(out + 12, &mask, 4);
	return HVX_STATUS_SUCCESS;
}

static u16 set_xmm_control(struct child_vp *vp, u32 i, const union hvx_value *v)
{
	const u8 *in = (const u8 *)v;
	u32 mxcsr;

	memcpy(&mxcsr, in + 8, 4);
	if (mxcsr & ~MXCSR_VALID)
		return HVX_STATUS_INVALID_REGISTER_VALUE;
	memcpy(fp_component(vp, XCR0_X87) + XS_FDP, in, 8);
	memcpy(fp_component(vp, XCR0_SSE) + XS_MXCSR, &mxcsr, 4);
	return HVX_STATUS_SUCCESS;
}

/* Control registers */

enum { CR0_I, CR2_I, CR3_I, CR4_I, CR8_I, XFEM_I };

static u16 get_cr(struct child_vp *vp, u32 i, union hvx_value *v)
{
	switch (i) {
	case CR0_I:
		v->u64 = save(vp)->cr0;
		break;
	case CR2_I:
		v->u64 = save(vp)->cr2;
		break;
	case CR3_I:
		v->u64 = save(vp)->cr3;
		break;
	case CR4_I:
		v->u64 = save(vp)->cr4;
		break;
	case CR8_I:
		v->u64 = vp->vcpu.vmcb->c.int_ctl & 0xf;
		break;
	case XFEM_I:
		v->u64 = vp->vcpu.xcr0;
		break;
	}
	return HVX_STATUS_SUCCESS;
}

static u16 set_cr(struct child_vp *vp, u32 i, const union hvx_value *v)
{
	switch (i) {
	case CR0_I:
		if (v->u64 & ~CR0_VALID)
			return HVX_STATUS_INVALID_REGISTER_VALUE;
		save(vp)->cr0 = v->u64 | CR0_ET;
		break;
	case CR2_I:
		save(vp)->cr2 = v->u64;
		break;
	case CR3_I:
		save(vp)->cr3 = v->u64;
		break;
	case CR4_I:
		if (v->u64 & ~guest_cr4_mask(vp->part))
			return HVX_STATUS_INVALID_REGISTER_VALUE;
		save(vp)->cr4 = v->u64;
		break;
	case CR8_I:
		if (v->u64 > 0xf)
			return HVX_STATUS_INVALID_REGISTER_VALUE;
		lapic_set_tpr(vp, v->u64 << 4);
		break;
	case XFEM_I:
		if (!guest_xcr0_valid(vp->part, v->u64))
			return HVX_STATUS_INVALID_REGISTER_VALUE;
		vp->vcpu.xcr0 = v->u64;
		break;
	}
	return HVX_STATUS_SUCCESS;
}

/* INTERMEDIATE_CRx: the same registers, numbered as the processor does */
static u16 get_intermediate(struct child_vp *vp, u32 i, union hvx_value *v)
{
	static const u8 map[] = { CR0_I, CR2_I, CR3_I, CR4_I, CR8_I };

	return get_cr(vp, map[i], v);
}

static u16 set_intermediate(struct child_vp *vp, u32 i, const union hvx_value *v)
{
	static const u8 map[] = { CR0_I, CR2_I, CR3_I, CR4_I, CR8_I };

	return set_cr(vp, map[i], v);
}

/* Debug registers */

static u16 get_dr(struct child_vp *vp, u32 i, union hvx_value *v)
{
	v->u64 = i < 4 ? vp->vcpu.dr[i] : i == 4 ? save(vp)->dr6 : vp->dr7;
	return HVX_STATUS_SUCCESS;
}

static u16 set_dr(struct child_vp *vp, u32 i, const union hvx_value *v)
{
	if (i < 4) {
		vp->vcpu.dr[i] = v->u64;
		return HVX_STATUS_SUCCESS;
	}
	if (v->u64 >> 32)
		return HVX_STATUS_INVALID_REGISTER_VALUE;
	if (i == 4)
		save(vp)->dr6 = v->u64 | DR6_FIXED;
	else
		vp_set_dr7(vp, v->u64);
	return HVX_STATUS_SUCCESS;
}

/* Segments and tables */

static struct vmcb_seg *segment(struct child_vp *vp, u32 i)
{
	struct vmcb_save *s = save(vp);
	struct vmcb_seg *segs[] = {
		&s->es, &s->cs, &s->ss, &s->ds, &s->fs, &s->gs, &s->ldtr, &s->tr,
	};

	return segs[i];
}

#define TR_I	7

static u16 get_segment(struct child_vp *vp, u32 i, union hvx_value *v)
{
	struct vmcb_seg seg = *segment(vp, i);

	if (i == TR_I)
		seg.attrib = tr_attrib_from_vmcb(seg.attrib);
	v->segment = seg_to_hvx(&seg);
	return HVX_STATUS_SUCCESS;
}

static u16 set_segment(struct child_vp *vp, u32 i, const union hvx_value *v)
{
	if (v->segment.attributes & 0x0f00)
		return HVX_STATUS_INVALID_REGISTER_VALUE;
	seg_from_hvx(segment(vp, i), &v->segment);
	if (i == TR_I)
		save(vp)->tr.attrib = tr_attrib_to_vmcb(save(vp)->tr.attrib);
	return HVX_STATUS_SUCCESS;
}

static u16 get_table(struct child_vp *vp, u32 i, union hvx_value *v)
{
	const struct vmcb_seg *t = i == 0 ? &save(vp)->idtr : &save(vp)->gdtr;

	v->table.base = t->base;
	v->table.limit = t->limit;
	return HVX_STATUS_SUCCESS;
}

static u16 set_table(struct child_vp *vp, u32 i, const union hvx_value *v)
{
	struct vmcb_seg *t = i == 0 ? &save(vp)->idtr : &save(vp)->gdtr;

	t->base = v->table.base;
	t->limit = v->table.limit;
	return HVX_STATUS_SUCCESS;
}

/*
 * Registers behind MSRs: read and written as the guest would, with its checks.
 */
static u16 get_msr(struct child_vp *vp, u32 msr, union hvx_value *v)
{
	return guest_msr_get(vp, msr, &v->u64) ? HVX_STATUS_SUCCESS :
						 HVX_STATUS_INVALID_PARAMETER;
}

static u16 set_msr(struct child_vp *vp, u32 msr, const union hvx_value *v)
{
	return guest_msr_set(vp, msr, v->u64) ? HVX_STATUS_SUCCESS :
						HVX_STATUS_INVALID_REGISTER_VALUE;
}

static const u32 msr_names[] = {
	[HVX_REG_TSC & 0xff] = MSR_TSC,
	[HVX_REG_EFER & 0xff] = MSR_EFER,
	[HVX_REG_KERNEL_GS_BASE & 0xff] = MSR_KERNEL_GS_BASE,
	[HVX_REG_APIC_BASE & 0xff] = MSR_APIC_BASE,
	[HVX_REG_PAT & 0xff] = MSR_PAT,
	[HVX_REG_SYSENTER_CS & 0xff] = MSR_SYSENTER_CS,
	[HVX_REG_SYSENTER_EIP & 0xff] = MSR_SYSENTER_EIP,
	[HVX_REG_SYSENTER_ESP & 0xff] = MSR_SYSENTER_ESP,
	[HVX_REG_STAR & 0xff] = MSR_STAR,
	[HVX_REG_LSTAR & 0xff] = MSR_LSTAR,
	[HVX_REG_CSTAR & 0xff] = MSR_CSTAR,
	[HVX_REG_SFMASK & 0xff] = MSR_SFMASK,
	[HVX_REG_MTRR_CAP & 0xff] = MSR_MTRR_CAP,
	[HVX_REG_MTRR_DEF_TYPE & 0xff] = MSR_MTRR_DEF_TYPE,
	[HVX_REG_MTRR_FIX64K_00000 & 0xff] = MSR_MTRR_FIX64K_00000,
	[HVX_REG_MTRR_FIX16K_80000 & 0xff] = MSR_MTRR_FIX16K_80000,
	[HVX_REG_MTRR_FIX16K_A0000 & 0xff] = MSR_MTRR_FIX16K_A0000,
	[HVX_REG_TSC_AUX & 0xff] = MSR_TSC_AUX,
	[HVX_REG_BNDCFGS & 0xff] = MSR_BNDCFGS,
	[HVX_REG_DEBUG_CTL & 0xff] = MSR_DEBUG_CTL,
	[HVX_REG_SPEC_CTRL & 0xff] = MSR_SPEC_CTRL,
	[HVX_REG_U_XSS & 0xff] = MSR_XSS,
	[HVX_REG_U_CET & 0xff] = MSR_U_CET,
	[HVX_REG_S_CET & 0xff] = MSR_S_CET,
	[HVX_REG_PL0_SSP & 0xff] = MSR_PL0_SSP,
	[(HVX_REG_PL0_SSP & 0xff) + 1] = MSR_PL0_SSP + 1,
	[(HVX_REG_PL0_SSP & 0xff) + 2] = MSR_PL0_SSP + 2,
	[(HVX_REG_PL0_SSP & 0xff) + 3] = MSR_PL0_SSP + 3,
	[HVX_REG_INT_SSP_TABLE & 0xff] = MSR_INT_SSP_TABLE,
	[HVX_REG_TSC_ADJUST & 0xff] = MSR_TSC_ADJUST,
	[HVX_REG_MISC_ENABLE & 0xff] = MSR_MISC_ENABLE,
};

/* The MSR of register 0x80000 + @i; 0 for none. */
static u32 msr_of(u32 i)
{
	const u32 base0 = HVX_REG_MTRR_PHYS_BASE0 & 0xff, mask0 = HVX_REG_MTRR_PHYS_MASK0 & 0xff;
	const u32 fix4k = HVX_REG_MTRR_FIX4K_C0000 & 0xff;

	if (i >= base0 && i < base0 + NR_MTRR_VAR)
		return MSR_MTRR_PHYS_BASE0 + 2 * (i - base0);
	if (i >= mask0 && i < mask0 + NR_MTRR_VAR)
		return MSR_MTRR_PHYS_BASE0 + 2 * (i - mask0) + 1;
	if (i >= fix4k && i < fix4k + 8)
		return MSR_MTRR_FIX4K_C0000 + (i - fix4k);
	return i < ARRAY_SIZE(msr_names) ? msr_names[i] : 0;
}

static u16 get_arch(struct child_vp *vp, u32 i, union hvx_value *v)
{
	u32 msr = msr_of(i);

	if (i == (HVX_REG_INITIAL_APIC_ID & 0xff)) {
		v->u64 = vp->lapic.id;
		return HVX_STATUS_SUCCESS;
	}
	if (i == (HVX_REG_SSP & 0xff)) {
		v->u64 = vp->m.ssp;
		return HVX_STATUS_SUCCESS;
	}
	return msr ? get_msr(vp, msr, v) : HVX_STATUS_INVALID_PARAMETER;
}

static u16 set_arch(struct child_vp *vp, u32 i, const union hvx_value *v)
{
	u32 msr = msr_of(i);

	if (i == (HVX_REG_SSP & 0xff)) {
		vp->m.ssp = v->u64;
		return HVX_STATUS_SUCCESS;
	}
	if (i == (HVX_REG_TSC & 0xff)) {
		guest_tsc_set(vp, v->u64);
		return HVX_STATUS_SUCCESS;
	}
	if (!msr || msr == MSR_MTRR_CAP)
		return HVX_STATUS_INVALID_PARAMETER;
	return set_msr(vp, msr, v);
}

/* Synthetic registers; those of the table are MSRs */

static u16 get_synthetic(struct child_vp *vp, u32 i, union hvx_value *v)
{
	switch (HVX_REG_VP_RUNTIME + i) {
	case HVX_REG_VP_RUNTIME:
		return get_msr(vp, HVX_MSR_VP_RUNTIME, v);
	case HVX_REG_HYPERCALL:
		return get_msr(vp, HVX_MSR_HYPERCALL, v);
	case HVX_REG_GUEST_OS_ID:
		return get_msr(vp, HVX_MSR_GUEST_OS_ID, v);
	case HVX_REG_VP_INDEX:
		return get_msr(vp, HVX_MSR_VP_INDEX, v);
	case HVX_REG_TIME_REF_COUNT:
		return get_msr(vp, HVX_MSR_TIME_REF_COUNT, v);
	case HVX_REG_VP_ASSIST_PAGE:
		return get_msr(vp, HVX_MSR_VP_ASSIST_PAGE, v);
	case HVX_REG_REFERENCE_TSC:
		return get_msr(vp, HVX_MSR_REFERENCE_TSC, v);
	case HVX_REG_VP_ROOT_SIGNAL_COUNT:
		v->u64 = vp->signals;
		return HVX_STATUS_SUCCESS;
	}
	return HVX_STATUS_INVALID_PARAMETER;
}

static u16 set_synthetic(struct child_vp *vp, u32 i, const union hvx_value *v)
{
	switch (HVX_REG_VP_RUNTIME + i) {
	case HVX_REG_HYPERCALL:
		return set_msr(vp, HVX_MSR_HYPERCALL, v);
	case HVX_REG_GUEST_OS_ID:
		return set_msr(vp, HVX_MSR_GUEST_OS_ID, v);
	case HVX_REG_VP_ASSIST_PAGE:
		return set_msr(vp, HVX_MSR_VP_ASSIST_PAGE, v);
	case HVX_REG_REFERENCE_TSC:
		return set_msr(vp, HVX_MSR_REFERENCE_TSC, v);
	}
	return HVX_STATUS_INVALID_PARAMETER;
}

static u16 get_crash(struct child_vp *vp, u32 i, union hvx_value *v)
{
	v->u64 = i < 5 ? vp->m.crash[i] : vp->m.crash_ctl;
	return HVX_STATUS_SUCCESS;
}

static u16 get_sint(struct child_vp *vp, u32 i, union hvx_value *v)
{
	return get_msr(vp, HVX_MSR_SINT0 + i, v);
}

static u16 set_sint(struct child_vp *vp, u32 i, const union hvx_value *v)
{
	return set_msr(vp, HVX_MSR_SINT0 + i, v);
}

/* SCONTROL, SVERSION, SIEFP, SIMP, EOM are in the order of their MSRs. */
static u16 get_synic(struct child_vp *vp, u32 i, union hvx_value *v)
{
	return get_msr(vp, HVX_MSR_SCONTROL + i, v);
}

static u16 set_synic(struct child_vp *vp, u32 i, const union hvx_value *v)
{
	return set_msr(vp, HVX_MSR_SCONTROL + i, v);
}

static u16 get_stimer(struct child_vp *vp, u32 i, union hvx_value *v)
{
	return get_msr(vp, HVX_MSR_STIMER0_CONFIG + i, v);
}

static u16 set_stimer(struct child_vp *vp, u32 i, const union hvx_value *v)
{
	return set_msr(vp, HVX_MSR_STIMER0_CONFIG + i, v);
}

/* The guest's CPUID leaves 0x40000002 to 6 as registers */
static u16 get_cpuid_leaf(struct child_vp *vp, u32 leaf, union hvx_value *v)
{
	struct hvx_cpuid_result r;

	guest_cpuid(vp, leaf, 0, &r);
	memcpy(v, &r, sizeof(r));
	return HVX_STATUS_SUCCESS;
}

static u16 get_version(struct child_vp *vp, u32 i, union hvx_value *v)
{
	return get_cpuid_leaf(vp, HVX_CPUID_VERSION, v);
}

static u16 get_features(struct child_vp *vp, u32 i, union hvx_value *v)
{
	return get_cpuid_leaf(vp, HVX_CPUID_FEATURES + i, v);
}

static const struct reg_row reg_rows[] = {
	{ HVX_REG_EXPLICIT_SUSPEND, 2, get_suspend, set_suspend },
	{ HVX_REG_DISPATCH_SUSPEND, 1, get_dispatch_suspend, set_dispatch_suspend },
	{ HVX_REG_INTERNAL_ACTIVITY_STATE, 1, get_activity, set_activity },
	{ HVX_REG_HYPERVISOR_VERSION, 1, get_version, NULL },
	{ HVX_REG_PRIVILEGES_AND_FEATURES, 4, get_features, NULL },
	{ HVX_REG_CRASH_P0, 6, get_crash, NULL },
	{ HVX_REG_PENDING_INTERRUPTION, 1, get_pending_interruption, set_pending_interruption },
	{ HVX_REG_INTERRUPT_STATE, 1, get_interrupt_state, set_interrupt_state },
	{ HVX_REG_PENDING_EVENT0, 2, get_event, set_event },
	{ HVX_REG_DELIVERABILITY, 1, get_deliverability, set_deliverability },
	{ HVX_REG_RAX, 16, get_gpr, set_gpr },
	{ HVX_REG_RIP, 2, get_rip, set_rip },
	{ HVX_REG_XMM0, 16, get_xmm, set_xmm },
	{ HVX_REG_FP_MMX0, 8, get_st, set_st },
	{ HVX_REG_FP_CONTROL_STATUS, 1, get_fp_control, set_fp_control },
	{ HVX_REG_XMM_CONTROL_STATUS, 1, get_xmm_control, set_xmm_control },
	{ HVX_REG_CR0, 6, get_cr, set_cr },
	{ HVX_REG_INTERMEDIATE_CR0, 5, get_intermediate, set_intermediate },
	{ HVX_REG_DR0, 6, get_dr, set_dr },
	{ HVX_REG_ES, 8, get_segment, set_segment },
	{ HVX_REG_IDTR, 2, get_table, set_table },
	{ HVX_REG_TSC, 0xa1, get_arch, set_arch },
	{ HVX_REG_VP_RUNTIME, 0x18, get_synthetic, set_synthetic },
	{ HVX_REG_SINT0, HVX_SINT_COUNT, get_sint, set_sint },
	{ HVX_REG_SCONTROL, 5, get_synic, set_synic },
	{ HVX_REG_STIMER0_CONFIG, 2 * HVX_STIMER_COUNT, get_stimer, set_stimer },
};

static const struct reg_row *reg_row(u32 name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(reg_rows); i++)
		if (name >= reg_rows[i].first && name - reg_rows[i].first < reg_rows[i].count)
			return &reg_rows[i];
	return NULL;
}

u16 vp_get_register(struct child_vp *vp, u32 name, union hvx_value *v)
{
	const struct reg_row *row = reg_row(name);

	memset(v, 0, sizeof(*v));
	if (!row)
		return HVX_STATUS_INVALID_PARAMETER;
	return row->get(vp, name - row->first, v);
}

u16 vp_set_register(struct child_vp *vp, u32 name, const union hvx_value *v)
{
	const struct reg_row *row = reg_row(name);

	if (!row)
		return HVX_STATUS_INVALID_PARAMETER;
	if (!row->set)
		return HVX_STATUS_ACCESS_DENIED;
	return row->set(vp, name - row->first, v);
}

/* There is no VTL but 0. */
static u16 check_header(const struct hvx_in_vp_registers *h)
{
	if (h->vtl & ~HVX_INPUT_VTL_USE || h->rsvd8 || h->rsvd16)
		return HVX_STATUS_INVALID_PARAMETER;
	return HVX_STATUS_SUCCESS;
}

static u16 hv_get_vp_registers(struct hvcall *c)
{
	const struct hvx_in_vp_registers h = *(const struct hvx_in_vp_registers *)c->in;
	struct child_vp *vp;
	u16 status, i;

	status = vp_find(c, h.partition_id, h.vp_index, &vp);
	if (status)
		return status;
	status = check_header(&h);
	if (status)
		return status;
	for (i = c->start; i < c->reps; i++) {
		union hvx_value v;

		status = vp_get_register(vp, READ_ONCE(*(const u32 *)hvc_rep_in(c, i)), &v);
		if (status)
			break;
		memcpy(hvc_rep_out(c, i), &v, sizeof(v));
	}
	c->done = i;
	return status;
}

static u16 hv_set_vp_registers(struct hvcall *c)
{
	const struct hvx_in_vp_registers h = *(const struct hvx_in_vp_registers *)c->in;
	bool was_intercepted, was_suspended;
	struct child_vp *vp;
	u16 status, i;

	status = vp_find(c, h.partition_id, h.vp_index, &vp);
	if (status)
		return status;
	status = check_header(&h);
	if (status)
		return status;
	was_intercepted = vp->intercept_suspend;
	was_suspended = vp->explicit_suspend;
	for (i = c->start; i < c->reps; i++) {
		struct hvx_register r;

		memcpy(&r, hvc_rep_in(c, i), sizeof(r));
		status = r.rsvd1 || r.rsvd2 ? HVX_STATUS_INVALID_PARAMETER :
					      vp_set_register(vp, r.name, &r.value);
		if (status) {
			log_call("vp %lx.%u: register %x not set: status %x", h.partition_id,
				 h.vp_index, r.name, status);
			break;
		}
	}
	c->done = i;
	/* What the VMM changed in the page comes on top when the VP is resumed. */
	if ((was_intercepted && !vp->intercept_suspend) ||
	    (was_suspended && !vp->explicit_suspend))
		regs_page_apply(vp);
	regs_page_update(vp);
	vp_wake(vp);
	sched_flush();
	return status;
}

void regs_page_update(struct child_vp *vp)
{
	struct hvx_register_page *p = vp->regs_page;
	const struct vmcb *b = vp->vcpu.vmcb;
	union hvx_value v;
	unsigned int i;
	u32 dirty;

	if (!p)
		return;
	dirty = READ_ONCE(p->dirty);
	p->version = HVX_REGISTER_PAGE_VERSION;
	p->valid = 1;
	if (!(dirty & HVX_REGPAGE_GENERAL))
		for (i = 0; i < NR_GPRS; i++)
			p->gpr[i] = vcpu_gpr(&vp->vcpu, i);
	if (!(dirty & HVX_REGPAGE_IP))
		p->rip = b->s.rip;
	if (!(dirty & HVX_REGPAGE_FLAGS))
		p->rflags = b->s.rflags;
	if (!(dirty & HVX_REGPAGE_XMM))
		for (i = 0; i < ARRAY_SIZE(p->xmm); i++) {
			get_xmm(vp, i, &v);
			memcpy(p->xmm[i], &v, sizeof(v));
		}
	if (!(dirty & HVX_REGPAGE_SEGMENT))
		for (i = 0; i < ARRAY_SIZE(p->seg); i++)
			p->seg[i] = seg_to_hvx(segment(vp, i));
	p->cr0 = b->s.cr0;
	p->cr3 = b->s.cr3;
	p->cr4 = b->s.cr4;
	p->cr8 = b->c.int_ctl & 0xf;
	guest_msr_get(vp, MSR_EFER, &p->efer);
	p->dr7 = vp->dr7;
	p->pending_interruption = vp->pending_interruption;
	get_interrupt_state(vp, 0, &v);
	p->interrupt_state = v.u64;
	p->xfem = vp->vcpu.xcr0;
}

/*
 * The page is the VMM's to scribble on at any time: every field is read once. A value
 * that the register does not take is ignored, as there is no one to tell.
 */
void regs_page_apply(struct child_vp *vp)
{
	struct hvx_register_page *p = vp->regs_page;
	union hvx_value v;
	unsigned int i;
	u32 dirty;

	if (!p)
		return;
	dirty = __atomic_exchange_n(&p->dirty, 0, __ATOMIC_SEQ_CST);
	if (dirty & HVX_REGPAGE_GENERAL)
		for (i = 0; i < NR_GPRS; i++)
			vcpu_set_gpr(&vp->vcpu, i, READ_ONCE(p->gpr[i]));
	if (dirty & HVX_REGPAGE_IP)
		save(vp)->rip = READ_ONCE(p->rip);
	if (dirty & HVX_REGPAGE_FLAGS) {
		v.u64 = READ_ONCE(p->rflags);
		set_rip(vp, 1, &v);
	}
	if (dirty & HVX_REGPAGE_XMM)
		for (i = 0; i < ARRAY_SIZE(p->xmm); i++) {
			v.u128[0] = READ_ONCE(p->xmm[i][0]);
			v.u128[1] = READ_ONCE(p->xmm[i][1]);
			set_xmm(vp, i, &v);
		}
	if (dirty & HVX_REGPAGE_SEGMENT)
		for (i = 0; i < ARRAY_SIZE(p->seg); i++) {
			memcpy(&v, &p->seg[i], sizeof(v));
			set_segment(vp, i, &v);
		}
}

static const struct hvc_row register_rows[] = {
	{
		.code = HVX_CALL_GET_VP_REGISTERS, .name = "GetVpRegisters",
		.flags = HVC_REP | HVC_HOT, .in = sizeof(struct hvx_in_vp_registers),
		.rep_in = sizeof(u32), .rep_out = sizeof(union hvx_value),
		.priv = HVX_PRIV_ACCESS_VP_REGISTERS, .fn = hv_get_vp_registers,
	}, {
		.code = HVX_CALL_SET_VP_REGISTERS, .name = "SetVpRegisters",
		.flags = HVC_REP | HVC_HOT, .in = sizeof(struct hvx_in_vp_registers),
		.rep_in = sizeof(struct hvx_register),
		.priv = HVX_PRIV_ACCESS_VP_REGISTERS, .fn = hv_set_vp_registers,
	},
};
HVC_TABLE(register_rows);
