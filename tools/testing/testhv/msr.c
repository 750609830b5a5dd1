// SPDX-License-Identifier: GPL-2.0
/* Synthetic and virtualized MSRs of the root (TLFS, appendix F). */
#include "msr.h"

#include "apic.h"
#include "cpu.h"
#include "hv_abi.h"
#include "lib.h"
#include "log.h"
#include "mem.h"
#include "options.h"
#include "pageown.h"
#include "panic.h"
#include "power.h"
#include "synic.h"
#include "timer.h"

#define EFER_VALID	(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE | EFER_FFXSR | EFER_TCE)

struct root root;

static bool write_hypercall_msr(u64 val)
{
	/*
	 * A kernel that puts a page of its own there believes to be a guest: it
	 * was built without support for the root role.
	 */
	if (!options.l1vh && val & HVX_MSR_PAGE_ENABLE &&
	    (val & HVX_MSR_PAGE_MASK) != virt_to_phys(root.hypercall.page))
		config_error("this kernel does not become a root partition (is MSHV_ROOT set?)");
	if (!root.guest_os_id)
		val &= ~HVX_MSR_PAGE_ENABLE;
	return msr_page_write(&root.hypercall, val);
}

static void write_guest_os_id(u64 val)
{
	if (val && !root.guest_os_id)
		log_info("root identifies itself as %016lx", val);
	root.guest_os_id = val;
	if (!val)
		msr_page_reset(&root.hypercall);
}

/* The sequence number changes the page from invalid to valid. */
static bool write_reftsc(u64 val)
{
	struct hvx_reference_tsc_page *page = root.reftsc.page;

	if (!msr_page_write(&root.reftsc, val))
		return false;
	page->scale = ref_tsc_scale();
	page->offset = ref_tsc_offset();
	__atomic_store_n(&page->sequence, val & HVX_MSR_PAGE_ENABLE, __ATOMIC_RELEASE);
	return true;
}

/* P3 is the address of a text, P4 its length, as Linux and Windows use them. */
static void report_crash(u64 ctl)
{
	char line[128];
	const char *text;
	u64 len, n;

	log_err("root crashed: %lx %lx %lx %lx %lx", root.crash[0], root.crash[1],
		root.crash[2], root.crash[3], root.crash[4]);
	len = min(root.crash[4], PAGE_SIZE);
	if (ctl & HVX_CRASH_CTL_NOTIFY_MSG && root_can_access(root.crash[3], len)) {
		text = phys_to_virt(root.crash[3]);
		while (len) {
			for (n = 0; n < len && n < sizeof(line) - 1 && text[n] != '\n'; n++)
				line[n] = text[n];
			line[n] = 0;
			log_err("| %s", line);
			n += n < len && text[n] == '\n';
			text += n;
			len -= n;
		}
	}
	if (options.panic_stop)
		stop(STOP_ROOT_PANIC);
}

static bool read_hv_msr(struct root_vp *rv, u32 msr, u64 *val)
{
	switch (msr) {
	case HVX_MSR_GUEST_OS_ID:
		*val = root.guest_os_id;
		return true;
	case HVX_MSR_HYPERCALL:
		*val = root.hypercall.msr;
		return true;
	case HVX_MSR_VP_INDEX:
		*val = rv->vp_index;
		return true;
	case HVX_MSR_RESET:
		*val = 0;
		return true;
	case HVX_MSR_TIME_REF_COUNT:
		*val = ref_time();
		return true;
	case HVX_MSR_REFERENCE_TSC:
		*val = root.reftsc.msr;
		return true;
	case HVX_MSR_TSC_FREQUENCY:
		*val = tsc_hz;
		return feature(FEAT_FREQ);
	case HVX_MSR_APIC_FREQUENCY:
		*val = apic_hz;
		return feature(FEAT_FREQ);
	case HVX_MSR_EOI ... HVX_MSR_TPR:
		return apic_read_msr(rv, msr, val);
	case HVX_MSR_VP_ASSIST_PAGE:
		*val = rv->assist.msr;
		return true;
	case HVX_MSR_SCONTROL ... HVX_MSR_SIRBP:
	case HVX_MSR_SINT0 ... HVX_MSR_SINT0 + HVX_SINT_COUNT - 1:
		return synic_read_msr(rv, msr, val);
	case HVX_MSR_STIMER0_CONFIG ... HVX_MSR_STIMER3_COUNT:
		return feature(FEAT_STIMER) && stimer_read_msr(rv, msr, val);
	case HVX_MSR_CRASH_P0 ... HVX_MSR_CRASH_P0 + 4:
		*val = root.crash[msr - HVX_MSR_CRASH_P0];
		return feature(FEAT_CRASH);
	case HVX_MSR_CRASH_CTL:
		*val = HVX_CRASH_CTL_NOTIFY | HVX_CRASH_CTL_NOTIFY_MSG;
		return feature(FEAT_CRASH);
	case HVX_MSR_TSC_INVARIANT_CONTROL:
		*val = root.tsc_invariant;
		return feature(FEAT_INVTSC);
	}
	return false;
}

static bool write_hv_msr(struct root_vp *rv, u32 msr, u64 val)
{
	switch (msr) {
	case HVX_MSR_GUEST_OS_ID:
		write_guest_os_id(val);
		return true;
	case HVX_MSR_HYPERCALL:
		return write_hypercall_msr(val);
	case HVX_MSR_RESET:
		if (val & 1)
			machine_reset();
		return true;
	case HVX_MSR_REFERENCE_TSC:
		return write_reftsc(val);
	case HVX_MSR_EOI ... HVX_MSR_TPR:
		return apic_write_msr(rv, msr, val);
	case HVX_MSR_VP_ASSIST_PAGE:
		return msr_page_write(&rv->assist, val);
	case HVX_MSR_SCONTROL ... HVX_MSR_SIRBP:
	case HVX_MSR_SINT0 ... HVX_MSR_SINT0 + HVX_SINT_COUNT - 1:
		return synic_write_msr(rv, msr, val);
	case HVX_MSR_STIMER0_CONFIG ... HVX_MSR_STIMER3_COUNT:
		return feature(FEAT_STIMER) && stimer_write_msr(rv, msr, val);
	case HVX_MSR_CRASH_P0 ... HVX_MSR_CRASH_P0 + 4:
		root.crash[msr - HVX_MSR_CRASH_P0] = val;
		return feature(FEAT_CRASH);
	case HVX_MSR_CRASH_CTL:
		if (feature(FEAT_CRASH) && val & HVX_CRASH_CTL_NOTIFY)
			report_crash(val);
		return feature(FEAT_CRASH);
	case HVX_MSR_TSC_INVARIANT_CONTROL:
		root.tsc_invariant = val & 1;
		return feature(FEAT_INVTSC) && !(val & ~1UL);
	}
	return false;
}

/* SVME is on underneath and not shown; LMA follows LME and paging. */
static bool write_efer(struct vcpu *v, u64 val)
{
	u64 lma = val & EFER_LME && v->vmcb->s.cr0 & CR0_PG ? EFER_LMA : 0;

	if (val & ~EFER_VALID)
		return false;
	v->vmcb->s.efer = (val & ~EFER_LMA) | lma | EFER_SVME;
	return true;
}

/* MSRs that only the root's use of its own CPU concerns need no lock. */
static bool is_local(u32 msr)
{
	return msr == MSR_EFER || msr == HVX_MSR_EOI || msr == HVX_MSR_TPR ||
	       msr == HVX_MSR_TIME_REF_COUNT || msr == HVX_MSR_VP_INDEX ||
	       (msr >= HVX_MSR_STIMER0_CONFIG && msr <= HVX_MSR_STIMER3_COUNT);
}

static bool read_msr(struct root_vp *rv, u32 msr, u64 *val)
{
	switch (msr) {
	case MSR_APIC_BASE:
		/* The processor that the root started on, parked or not */
		*val = (rdmsr(msr) & ~APIC_BASE_BSP) | (rv->cpu->index ? 0 : APIC_BASE_BSP);
		return true;
	case MSR_EFER:
		*val = rv->vcpu.vmcb->s.efer & ~EFER_SVME;
		return true;
	case MSR_VM_CR:
		*val = VM_CR_LOCK | VM_CR_SVMDIS;
		return true;
	case MSR_VM_HSAVE_PA:
		*val = 0;
		return true;
	}
	return read_hv_msr(rv, msr, val);
}

static bool write_msr(struct root_vp *rv, u32 msr, u64 val)
{
	switch (msr) {
	case MSR_EFER:
		return write_efer(&rv->vcpu, val);
	case MSR_VM_CR:
		return true;
	case MSR_VM_HSAVE_PA:
		return false;
	}
	return write_hv_msr(rv, msr, val);
}

void root_msr_exit(struct root_vp *rv)
{
	static struct log_limit limit;
	struct vcpu *v = &rv->vcpu;
	bool write = v->vmcb->c.exit_info1 & 1;
	u32 msr = v->gpr[REG_RCX];
	bool local = is_local(msr), ok;
	u64 val = 0;

	if (!local)
		spin_lock(&hv_lock);
	if (write)
		ok = write_msr(rv, msr, vcpu_edx_eax(v));
	else
		ok = read_msr(rv, msr, &val);
	if (!local)
		spin_unlock(&hv_lock);

	if (!ok) {
		if (log_limited(&limit))
			log_info("root VP %u: #GP on %s of MSR %x (value %lx)", rv->vp_index,
				 write ? "write" : "read", msr, vcpu_edx_eax(v));
		vcpu_inject_gp(v);
		return;
	}
	if (!write)
		vcpu_set_edx_eax(v, val);
	vcpu_skip(v, 2);
}
