// SPDX-License-Identifier: GPL-2.0
/* What child VPs leave the guest for. */
#include "acct.h"
#include "cpu.h"
#include "gpa.h"
#include "guest_cpuid.h"
#include "guest_msr.h"
#include "hypercall.h"
#include "insn.h"
#include "intercept.h"
#include "lock.h"
#include "log.h"
#include "panic.h"
#include "port.h"
#include "run.h"
#include "task.h"
#include "tcg.h"
#include "walk.h"

static void cpuid_exit(struct child_vp *vp)
{
	struct vcpu *v = &vp->vcpu;
	u32 leaf = v->vmcb->s.rax, sub = v->gpr[REG_RCX];
	u8 len = insn_length(vp, 2);
	struct hvx_cpuid_result r;

	guest_cpuid(vp, leaf, sub, &r);
	if (intercept_access(vp->part, HVX_INTERCEPT_X64_CPUID, leaf)) {
		intercept_cpuid(vp, len, &r);
		return;
	}
	v->vmcb->s.rax = r.eax;
	v->gpr[REG_RBX] = r.ebx;
	v->gpr[REG_RCX] = r.ecx;
	v->gpr[REG_RDX] = r.edx;
	vcpu_skip(v, len);
}

static void msr_exit(struct child_vp *vp)
{
	struct vcpu *v = &vp->vcpu;
	bool write = v->vmcb->c.exit_info1 & 1, ok;
	u32 msr = v->gpr[REG_RCX];
	u32 mask = write ? HVX_ACCESS_MASK_WRITE : HVX_ACCESS_MASK_READ;
	u8 len = insn_length(vp, 2);
	u64 val;

	if ((vp->part->intercepts[HVX_INTERCEPT_X64_MSR] & mask) ||
	    (intercept_access(vp->part, HVX_INTERCEPT_X64_MSR_INDEX, msr) & mask)) {
		intercept_msr(vp, len, write);
		return;
	}
	/* FS, GS and SYSCALL MSRs are in the processor; RIP must be new for messages. */
	vmsave(v->vmcb_pa);
	if (write) {
		ok = guest_wrmsr(vp, msr, vcpu_edx_eax(v));
	} else {
		ok = guest_rdmsr(vp, msr, &val);
		if (ok)
			vcpu_set_edx_eax(v, val);
	}
	if (!ok) {
		vcpu_inject_gp(v);
		return;
	}
	vmload(v->vmcb_pa);
	vcpu_skip(v, len);
}

static void hlt_exit(struct child_vp *vp)
{
	u8 len = insn_length(vp, 1);

	/* Without a local APIC, what ends a halt is the VMM's to know. */
	if (!(vp->part->flags & HVX_CREATE_LAPIC)) {
		intercept_halt(vp, len);
		return;
	}
	vcpu_skip(&vp->vcpu, len);
	vp->activity |= HVX_ACTIVITY_HALT_SUSPEND;
}

static void xsetbv_exit(struct child_vp *vp)
{
	struct vcpu *v = &vp->vcpu;
	u64 val = vcpu_edx_eax(v);

	if (vp_cpl(vp) || (u32)v->gpr[REG_RCX] || !guest_xcr0_valid(vp->part, val)) {
		vcpu_inject_gp(v);
		return;
	}
	v->xcr0 = val;
	xsetbv(val);	/* the VP's state is loaded */
	vcpu_skip(v, insn_length(vp, 3));
}

static void *child_page(struct hvc_caller *who, u64 gpa, bool write)
{
	return gpa_ptr(((struct child_vp *)who->child)->part, gpa, write);
}

/* TLFS 3.5: control word and addresses, in 64-bit and in 32-bit mode. */
static void vmmcall_exit(struct child_vp *vp)
{
	struct vcpu *v = &vp->vcpu;
	struct hvc_caller who = {
		.vcpu = v, .child = vp, .priv = vp->part->priv, .gpa = child_page,
	};
	bool long_mode = guest_is_64bit(vp);
	u64 control, in, out, result;
	u8 len = insn_length(vp, 3);

	if (vp->part->intercepts[HVX_INTERCEPT_HYPERCALL]) {
		intercept_hypercall(vp, len);
		return;
	}
	if (vp_cpl(vp) || !(v->vmcb->s.cr0 & CR0_PE) ||
	    !(vp->part->hypercall_msr & HVX_MSR_PAGE_ENABLE)) {
		vcpu_inject_ud(v);
		return;
	}
	if (long_mode) {
		control = v->gpr[REG_RCX];
		in = v->gpr[REG_RDX];
		out = v->gpr[REG_R8];
	} else {
		control = v->gpr[REG_RDX] << 32 | (u32)v->vmcb->s.rax;
		in = v->gpr[REG_RBX] << 32 | (u32)v->gpr[REG_RCX];
		out = v->gpr[REG_RDI] << 32 | (u32)v->gpr[REG_RSI];
	}
	vcpu_skip(v, len);
	spin_unlock(&hv_lock);
	hypercall(&who, control, in, out, &result);
	spin_lock(&hv_lock);
	if (long_mode)
		v->vmcb->s.rax = result;
	else
		vcpu_set_edx_eax(v, result);
}

static void cr_write_exit(struct child_vp *vp)
{
	u8 bytes[INSN_MAX];
	struct insn insn;
	u64 val;

	if (!insn_decode(vp, bytes, guest_fetch(vp, bytes, sizeof(bytes)), &insn) ||
	    insn.kind != INSN_CR_WRITE || insn.imm != 8) {
		vcpu_inject_ud(&vp->vcpu);
		return;
	}
	val = vcpu_gpr(&vp->vcpu, insn.reg);
	if (val > 0xf) {
		vcpu_inject_gp(&vp->vcpu);
		return;
	}
	lapic_set_tpr(vp, val << 4);
	vcpu_skip(&vp->vcpu, insn.length);
}

/* DR7, or DR5 as its other name; see vp_set_dr7(). */
static void dr7_exit(struct child_vp *vp)
{
	struct vcpu *v = &vp->vcpu;
	u8 bytes[INSN_MAX];
	struct insn insn;
	u64 val;

	if (!insn_decode(vp, bytes, guest_fetch(vp, bytes, sizeof(bytes)), &insn) ||
	    (insn.kind != INSN_DR_READ && insn.kind != INSN_DR_WRITE) ||
	    (insn.imm == 5 && (v->vmcb->s.cr4 & CR4_DE))) {
		vcpu_inject_ud(v);
		return;
	}
	val = vcpu_gpr(v, insn.reg);
	if (insn.kind == INSN_DR_WRITE && insn.reg_size == 8 && val >> 32) {
		vcpu_inject_gp(v);
		return;
	}
	if (insn.kind == INSN_DR_WRITE)
		vp_set_dr7(vp, (u32)val);
	else
		vcpu_set_gpr(v, insn.reg, vp->dr7);
	vcpu_skip(v, insn.length);
}

/* Loads and stores that the hypervisor carries out itself. */
static bool is_simple_access(const struct insn *insn, bool write)
{
	switch (insn->kind) {
	case INSN_STORE:
	case INSN_STORE_IMM:
		return write;
	case INSN_LOAD:
	case INSN_LOAD_ZX:
	case INSN_LOAD_SX:
		return !write;
	}
	return false;
}

static bool decode_access(struct child_vp *vp, bool write, struct insn *insn)
{
	u8 bytes[INSN_MAX];
	unsigned int n = guest_fetch(vp, bytes, sizeof(bytes));

	return insn_decode(vp, bytes, n, insn) && is_simple_access(insn, write);
}

/*
 * Registers are 32 bits wide and aligned to 16 bytes; other accesses are undefined by
 * the manual. RIP moves first: a write may suspend the VP with a message.
 */
static bool lapic_access(struct child_vp *vp, u64 gpa, bool write)
{
	struct insn insn;

	if (!decode_access(vp, write, &insn))
		return false;
	vcpu_skip(&vp->vcpu, insn.length);
	if (write)
		lapic_write(vp, gpa & ~PAGE_MASK, insn_store_value(vp, &insn));
	else
		insn_load_value(vp, &insn, lapic_read(vp, gpa & ~PAGE_MASK) >>
						8 * (gpa & 3));
	return true;
}

/* A store that rings a doorbell is over with that. */
static bool doorbell_access(struct child_vp *vp, u64 gpa)
{
	struct insn insn;

	if (!doorbell_covers(vp->part, gpa) || !decode_access(vp, true, &insn))
		return false;
	if (!doorbell_ring(vp->part, gpa, insn.size, insn_store_value(vp, &insn)))
		return false;
	vcpu_skip(&vp->vcpu, insn.length);
	return true;
}

/* What was executed is not what is there: see tcg.h. */
static void retranslate(struct child_vp *vp)
{
	u64 gva = guest_code_address(vp, vp->vcpu.vmcb->s.rip), gpa;
	void *code;

	if (guest_walk(vp, gva, WALK_EXEC | WALK_EXEMPT, &gpa))
		return;
	code = gpa_ptr(vp->part, gpa, false);
	if (code)
		tcg_retranslate(code);
}

/*
 * INTn is intercepted for the sake of INT3 and INTO, see inject.c: do it for the
 * guest, or report the exception.
 */
static void swint_exit(struct child_vp *vp)
{
	struct vmcb_control *c = &vp->vcpu.vmcb->c;
	u8 bytes[INSN_MAX] = { 0 };
	u8 at = insn_length(vp, 0), vector;
	bool exception;

	if (guest_fetch(vp, bytes, sizeof(bytes)) < at + 1U)
		return;
	if (bytes[at] < 0xcc || bytes[at] > 0xce) {
		retranslate(vp);
		return;
	}
	exception = bytes[at] != 0xcd;
	vector = !exception ? bytes[at + 1] : bytes[at] == 0xcc ? EXC_BP : EXC_OF;
	if (exception && intercept_access(vp->part, HVX_INTERCEPT_EXCEPTION, vector)) {
		intercept_exception(vp, vector);
		return;
	}
	vcpu_skip(&vp->vcpu, exception ? at + 1 : at + 2);
	c->event_inj = SVM_EVENT_VALID | SVM_EVENT_SOFT | vector;
}

static bool is_spurious(const struct npt_leaf *leaf, u64 info)
{
	if (!(leaf->perm & NPT_READ))
		return false;
	if ((info & SVM_NPF_WRITE) && !(leaf->perm & NPT_WRITE))
		return false;
	return !((info & SVM_NPF_FETCH) && !(info & SVM_NPF_TABLE_WALK) &&
		 !(leaf->perm & NPT_EXEC));
}

/*
 * What the guest does to a page of the hypervisor's is not the VMM's to see. An event
 * that can't be delivered for that reason ends in a triple fault.
 */
static void overlay_violation(struct child_vp *vp)
{
	if (vp->vcpu.vmcb->c.exit_int_info & SVM_EVENT_VALID)
		intercept_unrecoverable(vp);
	else
		vcpu_inject_gp(&vp->vcpu);
}

static void npf_exit(struct child_vp *vp)
{
	const struct vmcb_control *c = &vp->vcpu.vmcb->c;
	u64 info = c->exit_info1, gpa = c->exit_info2;
	bool data = !(info & (SVM_NPF_TABLE_WALK | SVM_NPF_FETCH)) &&
		    !(c->exit_int_info & SVM_EVENT_VALID);
	bool write = info & SVM_NPF_WRITE;
	struct npt_leaf leaf;
	bool mapped = npt_lookup(&vp->part->npt, gpa, &leaf);

	if (data && lapic_is_mmio(vp) && (gpa & PAGE_MASK) == LAPIC_PAGE &&
	    lapic_access(vp, gpa, write))
		return;
	/* Another CPU mapped the page since. */
	if (mapped && is_spurious(&leaf, info))
		return;
	if (mapped && leaf.overlay) {
		overlay_violation(vp);
		return;
	}
	if (data && write && doorbell_access(vp, gpa))
		return;
	intercept_memory(vp, mapped);
}

static void invalid_exit(struct child_vp *vp)
{
	log_info("vp %lx.%u: the CPU refuses its state", vp->part->id, vp->index);
	vcpu_dump(&vp->vcpu);
	intercept_invalid_state(vp);
}

void vp_handle_exit(struct child_vp *vp, u64 code)
{
	struct vcpu *v = &vp->vcpu;

	switch (code) {
	case SVM_EXIT_VINTR:
	case SVM_EXIT_SMI:
		break;
	case SVM_EXIT_CPUID:
		cpuid_exit(vp);
		break;
	case SVM_EXIT_MSR:
		msr_exit(vp);
		break;
	case SVM_EXIT_IOIO:
		intercept_io(vp);
		break;
	case SVM_EXIT_HLT:
		hlt_exit(vp);
		break;
	case SVM_EXIT_NPF:
		npf_exit(vp);
		break;
	case SVM_EXIT_VMMCALL:
		vmmcall_exit(vp);
		break;
	case SVM_EXIT_XSETBV:
		xsetbv_exit(vp);
		break;
	case SVM_EXIT_CR_WRITE + 8:
		cr_write_exit(vp);
		break;
	case SVM_EXIT_DR_READ + 5:
	case SVM_EXIT_DR_READ + 7:
	case SVM_EXIT_DR_WRITE + 5:
	case SVM_EXIT_DR_WRITE + 7:
		dr7_exit(vp);
		break;
	case SVM_EXIT_TR_WRITE:
		ltr_exit(vp);
		break;
	case SVM_EXIT_SWINT:
		swint_exit(vp);
		break;
	case SVM_EXIT_IRET:
		v->iret_rip = v->vmcb->s.rip;
		break;
	case SVM_EXIT_SHUTDOWN:
		intercept_unrecoverable(vp);
		break;
	case SVM_EXIT_EXCP ... SVM_EXIT_EXCP + 31:
		intercept_exception(vp, code - SVM_EXIT_EXCP);
		break;
	case SVM_EXIT_RDPMC:
	case SVM_EXIT_INVD:
		vcpu_inject_gp(v);
		break;
	case SVM_EXIT_RSM:
	case SVM_EXIT_MONITOR:
	case SVM_EXIT_MWAIT:
	case SVM_EXIT_VMRUN:
	case SVM_EXIT_VMLOAD:
	case SVM_EXIT_VMSAVE:
	case SVM_EXIT_STGI:
	case SVM_EXIT_CLGI:
	case SVM_EXIT_SKINIT:
	case SVM_EXIT_INVLPGA:
		vcpu_inject_ud(v);
		break;
	case (u64)SVM_EXIT_INVALID:
	case (u32)SVM_EXIT_INVALID:	/* QEMU 7.2 */
		invalid_exit(vp);
		break;
	default:
		log_err("vp %lx.%u: unexpected exit %lx", vp->part->id, vp->index, code);
		intercept_unsupported(vp, HVX_UNSUPPORTED_INTERCEPT, code);
	}
}
