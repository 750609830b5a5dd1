// SPDX-License-Identifier: GPL-2.0
/* The task register of children: see task.h. */
#include "task.h"

#include "cpu.h"
#include "gpa.h"
#include "insn.h"
#include "intercept.h"
#include "npt.h"
#include "tcg.h"
#include "vp.h"
#include "walk.h"

#define TSS_BUSY	BIT(1)
#define TSS_TYPE_32_64	BIT(3)

#define SELECTOR_LDT	BIT(2)

/* A descriptor's second word, and the fourth in long mode */
#define DESC_ATTRIB(w)	(((w) >> 8 & 0xff) | ((w) >> 12 & 0xf00))
#define DESC_UPPER_TYPE	GENMASK(12, 8)
#define DESC_TYPE_BYTE	5

static bool is_tss(u16 attrib)
{
	return (attrib & (SVM_SEG_S | BIT(2) | BIT(0))) == BIT(0);
}

u16 tr_attrib_to_vmcb(u16 attrib)
{
	return tcg_is_host() && is_tss(attrib) ? attrib & ~TSS_BUSY : attrib;
}

u16 tr_attrib_from_vmcb(u16 attrib)
{
	return is_tss(attrib) ? attrib | TSS_BUSY : attrib;
}

bool tr_is_usable(const struct vmcb_seg *tr)
{
	return !tcg_is_host() || (is_tss(tr->attrib) && (tr->attrib & SVM_SEG_P));
}

/* As if the processor had left the guest for it: the VMM maps the page, LTR comes again. */
static void nested_fault(struct child_vp *vp, u64 gpa, u64 info)
{
	struct vmcb_control *c = &vp->vcpu.vmcb->c;
	struct npt_leaf leaf;

	c->exit_info1 = info;
	c->exit_info2 = gpa;
	intercept_memory(vp, npt_lookup(&vp->part->npt, gpa, &leaf));
}

/* A byte of guest memory by its linear address. NULL: the guest cannot go on. */
static u8 *linear_ptr(struct child_vp *vp, u64 gva, u32 how)
{
	u64 gpa, write = how & WALK_WRITE ? SVM_NPF_WRITE : 0;
	u32 ret = guest_walk(vp, gva, how | WALK_SET_AD, &gpa);
	u8 *ptr;

	switch (ret) {
	case HVX_TRANSLATE_SUCCESS:
		ptr = gpa_ptr(vp->part, gpa, write);
		if (!ptr)
			nested_fault(vp, gpa, write);
		return ptr;
	case HVX_TRANSLATE_GPA_UNMAPPED:
	case HVX_TRANSLATE_NO_READ:
		nested_fault(vp, gpa, SVM_NPF_TABLE_WALK);
		return NULL;
	case HVX_TRANSLATE_NO_WRITE:
		nested_fault(vp, gpa, SVM_NPF_TABLE_WALK | SVM_NPF_WRITE);
		return NULL;
	}
	vp->vcpu.vmcb->s.cr2 = gva;
	vcpu_inject_excp(&vp->vcpu, EXC_PF, write |
			 (ret == HVX_TRANSLATE_PRIVILEGE_VIOLATION ? SVM_NPF_PRESENT : 0));
	return NULL;
}

static bool linear_read(struct child_vp *vp, u64 gva, u32 how, void *buf, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		const u8 *p = linear_ptr(vp, gva + i, how);

		if (!p)
			return false;
		((u8 *)buf)[i] = READ_ONCE(*p);
	}
	return true;
}

static bool read_selector(struct child_vp *vp, const struct insn *insn, u16 *selector)
{
	*selector = vcpu_gpr(&vp->vcpu, insn->reg);
	return !insn->nr_mem ||
	       linear_read(vp, insn->mem[0], walk_access(vp, WALK_READ), selector, 2);
}

static void load_tr(struct child_vp *vp, u16 selector, const u32 *desc)
{
	struct vmcb_seg *tr = &vp->vcpu.vmcb->s.tr;
	u32 limit = (desc[0] & 0xffff) | (desc[1] & 0xf0000);

	/* The other registers that VMLOAD loads are in the processor. */
	vmsave(vp->vcpu.vmcb_pa);
	*tr = (struct vmcb_seg){
		.selector = selector,
		.attrib = tr_attrib_to_vmcb(DESC_ATTRIB(desc[1])),
		.limit = desc[1] & BIT(23) ? limit << 12 | 0xfff : limit,
		.base = desc[0] >> 16 | (desc[1] & 0xff) << 16 | (desc[1] & 0xff000000) |
			(u64)desc[2] << 32,
	};
	vmload(vp->vcpu.vmcb_pa);
}

/* False: the exception that is due instead has been injected. */
static bool check_descriptor(struct child_vp *vp, u16 selector, const u32 *desc, bool lma)
{
	u16 attrib = DESC_ATTRIB(desc[1]);

	if (!is_tss(attrib) || (attrib & TSS_BUSY) || (lma && !(attrib & TSS_TYPE_32_64)) ||
	    (desc[3] & DESC_UPPER_TYPE)) {
		vcpu_inject_excp(&vp->vcpu, EXC_GP, selector & ~3U);
		return false;
	}
	if (!(attrib & SVM_SEG_P)) {
		vcpu_inject_excp(&vp->vcpu, EXC_NP, selector & ~3U);
		return false;
	}
	return true;
}

void ltr_exit(struct child_vp *vp)
{
	const struct vmcb *b = vp->vcpu.vmcb;
	bool lma = b->s.efer & EFER_LMA;
	unsigned int size = lma ? 16 : 8;
	u8 bytes[INSN_MAX], *busy;
	u32 desc[4] = { 0 };
	struct insn insn;
	u16 selector;
	u64 at;

	if (!insn_decode(vp, bytes, guest_fetch(vp, bytes, sizeof(bytes)), &insn) ||
	    insn.kind != INSN_LTR) {
		intercept_unsupported(vp, HVX_UNSUPPORTED_INTERCEPT, b->c.exit_code);
		return;
	}
	if (!read_selector(vp, &insn, &selector))
		return;
	if (!(selector & ~3U) || (selector & SELECTOR_LDT) ||
	    (selector & ~7U) + size - 1 > b->s.gdtr.limit) {
		vcpu_inject_excp(&vp->vcpu, EXC_GP, selector & ~3U);
		return;
	}
	at = b->s.gdtr.base + (selector & ~7U);
	if (!linear_read(vp, at, WALK_READ | WALK_SMAP, desc, size) ||
	    !check_descriptor(vp, selector, desc, lma))
		return;
	busy = linear_ptr(vp, at + DESC_TYPE_BYTE, WALK_WRITE | WALK_SMAP);
	if (!busy)
		return;
	__atomic_fetch_or(busy, TSS_BUSY, __ATOMIC_SEQ_CST);
	load_tr(vp, selector, desc);
	vcpu_skip(&vp->vcpu, insn.length);
}
