// SPDX-License-Identifier: GPL-2.0
/* MSRs of child VPs, architectural and synthetic. */
#include "guest_msr.h"

#include "cpu.h"
#include "gpa.h"
#include "guest_cpuid.h"
#include "guest_tsc.h"
#include "init.h"
#include "log.h"
#include "overlay.h"
#include "port.h"
#include "run.h"
#include "stimer.h"
#include "timer.h"
#include "vp.h"

#define EFER_VALID	(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE | EFER_FFXSR)
#define MTRR_CAP	(NR_MTRR_VAR | BIT(8) | BIT(10))	/* fixed ranges, WC */
#define MTRR_DEF_VALID	0xcffUL

/* Address of a field of a packed structure whose fields are aligned all the same. */
#define VMCB_FIELD(s, f)	((u64 *)(void *)((u8 *)(s) + offsetof(struct vmcb_save, f)))

/* Calls the hypervisor, filled in at boot. */
static u8 hypercall_page[PAGE_SIZE] __aligned(PAGE_SIZE);

/* What is intercepted normally, and when the VMM wants to see all MSRs. */
static u8 msrpm[MSRPM_SIZE] __aligned(PAGE_SIZE), msrpm_all[MSRPM_SIZE] __aligned(PAGE_SIZE);

u64 guest_msrpm(const struct child_vp *vp)
{
	const struct partition *p = vp->part;

	return virt_to_phys(p->intercepts[HVX_INTERCEPT_X64_MSR] || p->params ? msrpm_all :
										msrpm);
}

/*
 * The MSRs that VMSAVE and guest_switch() swap are the guest's to use without an
 * exit; QEMU and the APM agree that all others must not reach the machine.
 */
static void guest_msr_init(void)
{
	static const u32 direct[] = {
		MSR_FS_BASE, MSR_GS_BASE, MSR_KERNEL_GS_BASE, MSR_STAR, MSR_LSTAR, MSR_CSTAR,
		MSR_SFMASK, MSR_SYSENTER_CS, MSR_SYSENTER_ESP, MSR_SYSENTER_EIP,
	};
	static const u8 code[] = {
		0xf3, 0x0f, 0x1e, 0xfa,		/* endbr64 */
		0x0f, 0x01, 0xd9,		/* vmmcall */
		0xc3,				/* ret */
	};
	unsigned int i;

	memset(msrpm, 0xff, MSRPM_SIZE);
	memset(msrpm_all, 0xff, MSRPM_SIZE);
	for (i = 0; i < ARRAY_SIZE(direct); i++)
		msrpm_trap(msrpm, direct[i], false, false);
	memcpy(hypercall_page, code, sizeof(code));
}
HV_INIT(guest_msr_init);

void *guest_hypercall_page(void)
{
	return hypercall_page;
}

static bool is_loaded(const struct child_vp *vp)
{
	return vp->cpu == this_cpu();
}

/* Where a register that only remembers its value is kept; NULL for others. */
static u64 *plain_msr(struct child_vp *vp, u32 msr)
{
	struct vmcb_save *s = &vp->vcpu.vmcb->s;
	struct vp_msrs *m = &vp->m;

	if (msr >= MSR_MTRR_PHYS_BASE0 && msr < MSR_MTRR_PHYS_BASE0 + 2 * NR_MTRR_VAR) {
		u32 i = (msr - MSR_MTRR_PHYS_BASE0) / 2;

		return msr & 1 ? &m->mtrr_mask[i] : &m->mtrr_base[i];
	}
	if (msr >= MSR_MTRR_FIX4K_C0000 && msr < MSR_MTRR_FIX4K_C0000 + 8)
		return &m->mtrr_fix[3 + msr - MSR_MTRR_FIX4K_C0000];
	if (msr >= MSR_PL0_SSP && msr < MSR_PL0_SSP + 4)
		return &m->pl_ssp[msr - MSR_PL0_SSP];
	switch (msr) {
	case MSR_MTRR_FIX64K_00000:
		return &m->mtrr_fix[0];
	case MSR_MTRR_FIX16K_80000:
		return &m->mtrr_fix[1];
	case MSR_MTRR_FIX16K_A0000:
		return &m->mtrr_fix[2];
	case MSR_SYSENTER_CS:
		return VMCB_FIELD(s, sysenter_cs);
	case MSR_SYSENTER_ESP:
		return VMCB_FIELD(s, sysenter_esp);
	case MSR_SYSENTER_EIP:
		return VMCB_FIELD(s, sysenter_eip);
	case MSR_STAR:
		return VMCB_FIELD(s, star);
	case MSR_LSTAR:
		return VMCB_FIELD(s, lstar);
	case MSR_CSTAR:
		return VMCB_FIELD(s, cstar);
	case MSR_SFMASK:
		return VMCB_FIELD(s, sfmask);
	case MSR_FS_BASE:
		return VMCB_FIELD(s, fs.base);
	case MSR_GS_BASE:
		return VMCB_FIELD(s, gs.base);
	case MSR_KERNEL_GS_BASE:
		return VMCB_FIELD(s, kernel_gs_base);
	case MSR_BNDCFGS:
		return &m->bndcfgs;
	case MSR_SPEC_CTRL:
		return &m->spec_ctrl;
	case MSR_U_CET:
		return &m->u_cet;
	case MSR_S_CET:
		return &m->s_cet;
	case MSR_INT_SSP_TABLE:
		return &m->int_ssp_table;
	case MSR_MISC_ENABLE:
		return &m->misc_enable;
	case MSR_DEBUG_CTL:
		return &m->debug_ctl;
	}
	return NULL;
}

/*
 * An MSR that places an overlay page. Without memory for that the page stays
 * disabled, which the guest can read.
 */
static bool write_page_msr(struct partition *p, u64 *msr, struct overlay *ov, u64 val)
{
	u64 gpa = val & HVX_MSR_PAGE_MASK;

	if ((val & HVX_MSR_PAGE_ENABLE) && gpa >= gpa_limit())
		return false;
	*msr = val;
	if (!(val & HVX_MSR_PAGE_ENABLE)) {
		overlay_remove(p, ov);
	} else if (overlay_place(p, ov, gpa)) {
		log_err("partition %lx: no memory for an overlay page at %lx", p->id, gpa);
		*msr &= ~HVX_MSR_PAGE_ENABLE;
	}
	return true;
}

static bool write_reftsc(struct child_vp *vp, u64 val)
{
	struct partition *p = vp->part;

	if (val & ~(HVX_MSR_PAGE_ENABLE | HVX_MSR_PAGE_MASK) ||
	    !write_page_msr(p, &p->reftsc_msr, &p->reftsc, val))
		return false;
	reftsc_update(p);
	return true;
}

static bool write_hypercall(struct child_vp *vp, u64 val)
{
	struct partition *p = vp->part;

	/* TLFS 3.13: only an identified guest can enable it; bit 1 locks. */
	if (p->hypercall_msr & BIT(1))
		return true;
	if (!p->guest_os_id)
		val &= ~HVX_MSR_PAGE_ENABLE;
	return write_page_msr(p, &p->hypercall_msr, &p->hypercall,
			      val & (HVX_MSR_PAGE_MASK | HVX_MSR_PAGE_ENABLE | BIT(1)));
}

static bool write_os_id(struct partition *p, u64 val)
{
	p->guest_os_id = val;
	if (!val) {
		p->hypercall_msr &= ~HVX_MSR_PAGE_ENABLE;
		overlay_remove(p, &p->hypercall);
	}
	return true;
}

static bool read_synthetic(struct child_vp *vp, u32 msr, u64 *val)
{
	const struct vp_msrs *m = &vp->m;

	if (msr >= HVX_MSR_SINT0 && msr < HVX_MSR_SINT0 + HVX_SINT_COUNT) {
		*val = m->sint[msr - HVX_MSR_SINT0];
		return true;
	}
	if (msr >= HVX_MSR_STIMER0_CONFIG && msr <= HVX_MSR_STIMER3_COUNT) {
		unsigned int n = (msr - HVX_MSR_STIMER0_CONFIG) / 2;

		*val = msr & 1 ? m->stimer_count[n] : m->stimer_config[n];
		return true;
	}
	if (msr >= HVX_MSR_CRASH_P0 && msr < HVX_MSR_CRASH_P0 + 5) {
		*val = m->crash[msr - HVX_MSR_CRASH_P0];
		return true;
	}
	switch (msr) {
	case HVX_MSR_GUEST_OS_ID:
		*val = vp->part->guest_os_id;
		return true;
	case HVX_MSR_HYPERCALL:
		*val = vp->part->hypercall_msr;
		return true;
	case HVX_MSR_VP_INDEX:
		*val = vp->index;
		return true;
	case HVX_MSR_VP_RUNTIME:
		*val = vp->stats.counts[VP_STAT_RUN_TIME];
		return true;
	case HVX_MSR_TIME_REF_COUNT:
		*val = partition_ref_time(vp->part);
		return true;
	case HVX_MSR_REFERENCE_TSC:
		*val = vp->part->reftsc_msr;
		return true;
	case HVX_MSR_TSC_FREQUENCY:
		*val = tsc_hz;
		return true;
	case HVX_MSR_APIC_FREQUENCY:
		*val = LAPIC_HZ;
		return true;
	case HVX_MSR_TPR:
		*val = lapic_tpr(vp);
		return true;
	case HVX_MSR_ICR:
		*val = (u64)vp->lapic.icr_high << 32 | vp->lapic.icr_low;
		return true;
	case HVX_MSR_VP_ASSIST_PAGE:
		*val = m->vp_assist;
		return true;
	case HVX_MSR_SCONTROL:
		*val = m->scontrol;
		return true;
	case HVX_MSR_SVERSION:
		*val = HVX_SYNIC_VERSION;
		return true;
	case HVX_MSR_SIEFP:
		*val = m->siefp;
		return true;
	case HVX_MSR_SIMP:
		*val = m->simp;
		return true;
	case HVX_MSR_EOM:
		*val = 0;
		return true;
	case HVX_MSR_CRASH_CTL:
		*val = HVX_CRASH_CTL_NOTIFY | HVX_CRASH_CTL_NOTIFY_MSG;
		return true;
	case HVX_MSR_TSC_INVARIANT_CONTROL:
		*val = 0;
		return true;
	}
	return false;
}

static bool write_sint(struct child_vp *vp, unsigned int n, u64 val)
{
	if ((val & HVX_SINT_RESERVED_MASK) ||
	    (!(val & HVX_SINT_MASKED) && (val & HVX_SINT_VECTOR_MASK) < HVX_SINT_FIRST_VECTOR))
		return false;
	vp->m.sint[n] = val;
	return true;
}

static bool write_synthetic(struct child_vp *vp, u32 msr, u64 val)
{
	struct vp_msrs *m = &vp->m;
	u64 page_bits = HVX_MSR_PAGE_ENABLE | HVX_MSR_PAGE_MASK;

	if (msr >= HVX_MSR_SINT0 && msr < HVX_MSR_SINT0 + HVX_SINT_COUNT)
		return write_sint(vp, msr - HVX_MSR_SINT0, val);
	if (msr >= HVX_MSR_STIMER0_CONFIG && msr <= HVX_MSR_STIMER3_COUNT)
		return child_stimer_write(vp, (msr - HVX_MSR_STIMER0_CONFIG) / 2, msr & 1, val);
	if (msr >= HVX_MSR_CRASH_P0 && msr < HVX_MSR_CRASH_P0 + 5) {
		m->crash[msr - HVX_MSR_CRASH_P0] = val;
		return true;
	}
	switch (msr) {
	case HVX_MSR_GUEST_OS_ID:
		return write_os_id(vp->part, val);
	case HVX_MSR_HYPERCALL:
		return write_hypercall(vp, val);
	case HVX_MSR_REFERENCE_TSC:
		return write_reftsc(vp, val);
	case HVX_MSR_EOI:
		lapic_eoi(vp);
		return true;
	case HVX_MSR_ICR:
		lapic_write(vp, 0x310, val >> 32);
		lapic_write(vp, 0x300, val);
		return true;
	case HVX_MSR_TPR:
		if (val > 0xff)
			return false;
		lapic_set_tpr(vp, val);
		return true;
	case HVX_MSR_VP_ASSIST_PAGE:
		return !(val & ~page_bits) &&
		       write_page_msr(vp->part, &m->vp_assist, &vp->assist, val);
	case HVX_MSR_SCONTROL:
		if (val & ~HVX_SCONTROL_ENABLE)
			return false;
		m->scontrol = val;
		return true;
	case HVX_MSR_SIEFP:
		return write_page_msr(vp->part, &m->siefp, &vp->siefp, val & page_bits);
	case HVX_MSR_SIMP:
		return write_page_msr(vp->part, &m->simp, &vp->simp, val & page_bits);
	case HVX_MSR_EOM:
		return true;
	case HVX_MSR_CRASH_CTL:
		m->crash_ctl = val;
		log_info("vp %lx.%u reports a crash: %lx %lx %lx %lx %lx", vp->part->id,
			 vp->index, m->crash[0], m->crash[1], m->crash[2], m->crash[3],
			 m->crash[4]);
		return true;
	case HVX_MSR_TSC_INVARIANT_CONTROL:
		return true;
	}
	return false;
}

bool guest_msr_get(struct child_vp *vp, u32 msr, u64 *val)
{
	const struct vmcb_save *s = &vp->vcpu.vmcb->s;
	const u64 *plain = plain_msr(vp, msr);

	if (plain) {
		*val = *plain;
		return true;
	}
	switch (msr) {
	case MSR_TSC:
		*val = guest_tsc(vp);
		return true;
	case MSR_TSC_ADJUST:
		*val = vp->m.tsc_adjust;
		return true;
	case MSR_EFER:
		*val = s->efer & ~EFER_SVME;
		return true;
	case MSR_PAT:
		*val = s->g_pat;
		return true;
	case MSR_APIC_BASE:
		*val = vp->m.apic_base;
		return true;
	case MSR_MTRR_CAP:
		*val = MTRR_CAP;
		return true;
	case MSR_MTRR_DEF_TYPE:
		*val = vp->m.mtrr_def_type;
		return true;
	case MSR_TSC_AUX:
		*val = is_loaded(vp) ? rdmsr(MSR_TSC_AUX) : vp->vcpu.tsc_aux;
		return true;
	case MSR_XSS:
	case MSR_UCODE_REV:
	case MSR_MCG_CAP:
	case MSR_MCG_STATUS:
		*val = 0;
		return true;
	}
	return read_synthetic(vp, msr, val);
}

static bool pat_valid(u64 val)
{
	unsigned int i;

	for (i = 0; i < 64; i += 8) {
		u8 type = val >> i;

		if (type > 7 || type == 2 || type == 3)
			return false;
	}
	return true;
}

bool guest_msr_set(struct child_vp *vp, u32 msr, u64 val)
{
	struct vmcb *b = vp->vcpu.vmcb;
	u64 *plain = plain_msr(vp, msr);

	if (plain) {
		*plain = val;
		return true;
	}
	switch (msr) {
	case MSR_TSC:
		guest_tsc_write(vp, val);
		return true;
	case MSR_TSC_ADJUST:
		guest_tsc_adjust(vp, val);
		return true;
	case MSR_EFER:
		if (val & ~EFER_VALID)
			return false;
		b->s.efer = val | EFER_SVME;
		return true;
	case MSR_PAT:
		if (!pat_valid(val))
			return false;
		b->s.g_pat = val;
		return true;
	case MSR_APIC_BASE:
		if (!lapic_base_valid(vp, val))
			return false;
		vp->m.apic_base = val;
		return true;
	case MSR_MTRR_DEF_TYPE:
		if (val & ~MTRR_DEF_VALID)
			return false;
		vp->m.mtrr_def_type = val;
		return true;
	case MSR_TSC_AUX:
		if (val >> 32)
			return false;
		vp->vcpu.tsc_aux = val;
		if (is_loaded(vp))
			wrmsr(MSR_TSC_AUX, val);
		return true;
	case MSR_XSS:
		return val == 0;
	case MSR_UCODE_REV:
	case MSR_MCG_STATUS:
		return true;
	}
	return write_synthetic(vp, msr, val);
}

/* The privilege that a synthetic MSR needs; 0 for one that is always there. */
static u64 msr_privilege(u32 msr)
{
	switch (msr) {
	case HVX_MSR_GUEST_OS_ID:
	case HVX_MSR_HYPERCALL:
		return HVX_PRIV_HYPERCALL_MSRS;
	case HVX_MSR_VP_INDEX:
		return HVX_PRIV_VP_INDEX;
	case HVX_MSR_VP_RUNTIME:
		return HVX_PRIV_VP_RUNTIME;
	case HVX_MSR_TIME_REF_COUNT:
		return HVX_PRIV_TIME_REF_COUNT;
	case HVX_MSR_REFERENCE_TSC:
		return HVX_PRIV_REFERENCE_TSC;
	case HVX_MSR_TSC_FREQUENCY:
	case HVX_MSR_APIC_FREQUENCY:
		return HVX_PRIV_FREQUENCY_MSRS;
	case HVX_MSR_EOI:
	case HVX_MSR_ICR:
	case HVX_MSR_TPR:
	case HVX_MSR_VP_ASSIST_PAGE:
		return HVX_PRIV_APIC_MSRS;
	case HVX_MSR_SCONTROL ... HVX_MSR_EOM:
	case HVX_MSR_SINT0 ... HVX_MSR_SINT0 + HVX_SINT_COUNT - 1:
		return HVX_PRIV_SYNIC;
	case HVX_MSR_STIMER0_CONFIG ... HVX_MSR_STIMER3_COUNT:
		return HVX_PRIV_STIMER;
	case HVX_MSR_GUEST_IDLE:
		return HVX_PRIV_GUEST_IDLE;
	case HVX_MSR_TSC_INVARIANT_CONTROL:
		return HVX_PRIV_TSC_INVARIANT;
	case HVX_MSR_CRASH_P0 ... HVX_MSR_CRASH_CTL:
		return HVX_PRIV_HYPERCALL_MSRS;
	}
	return 0;
}

static bool may_access(const struct child_vp *vp, u32 msr)
{
	u64 priv = msr_privilege(msr);

	if (msr == MSR_XSS || (msr >= MSR_U_CET && msr <= MSR_INT_SSP_TABLE) ||
	    msr == MSR_BNDCFGS || msr == MSR_MISC_ENABLE)
		return false;		/* features that no guest is shown */
	return (vp->part->priv & priv) == priv;
}

static bool is_readonly(u32 msr)
{
	switch (msr) {
	case MSR_MTRR_CAP:
	case MSR_MCG_CAP:
	case HVX_MSR_VP_INDEX:
	case HVX_MSR_VP_RUNTIME:
	case HVX_MSR_TIME_REF_COUNT:
	case HVX_MSR_TSC_FREQUENCY:
	case HVX_MSR_APIC_FREQUENCY:
	case HVX_MSR_SVERSION:
	case HVX_MSR_GUEST_IDLE:
		return true;
	}
	return false;
}

bool guest_rdmsr(struct child_vp *vp, u32 msr, u64 *val)
{
	if (msr >= MSR_X2APIC_FIRST && msr <= MSR_X2APIC_LAST)
		return lapic_read_msr(vp, msr, val);
	if (msr == HVX_MSR_GUEST_IDLE && may_access(vp, msr)) {
		vp->activity |= HVX_ACTIVITY_IDLE_SUSPEND;
		*val = 0;
		return true;
	}
	if (msr == HVX_MSR_EOI)
		return false;
	if (may_access(vp, msr) && guest_msr_get(vp, msr, val))
		return true;
	*val = 0;
	return msr_result(vp, msr, false) == HVX_MSR_ACTION_IGNORE;
}

/* What an EFER that the guest writes must not change, or has to follow. */
static bool write_efer(struct child_vp *vp, u64 val)
{
	const struct vmcb_save *s = &vp->vcpu.vmcb->s;

	if ((s->cr0 & CR0_PG) && ((val ^ s->efer) & EFER_LME))
		return false;
	val = (val & ~EFER_LMA) | (s->efer & EFER_LMA);
	return guest_msr_set(vp, MSR_EFER, val);
}

bool guest_wrmsr(struct child_vp *vp, u32 msr, u64 val)
{
	u64 old;

	if (msr >= MSR_X2APIC_FIRST && msr <= MSR_X2APIC_LAST)
		return lapic_write_msr(vp, msr, val);
	if (msr == MSR_EFER)
		return write_efer(vp, val);
	if (may_access(vp, msr) && (guest_msr_get(vp, msr, &old) || msr == HVX_MSR_EOI))
		return !is_readonly(msr) && guest_msr_set(vp, msr, val);
	return msr_result(vp, msr, true) == HVX_MSR_ACTION_IGNORE;
}
