// SPDX-License-Identifier: GPL-2.0
/* Software interrupts of the root, which are its own, and those that are none. */
#include "cpu.h"
#include "hv_abi.h"
#include "insn.h"
#include "mem.h"
#include "pageown.h"
#include "root.h"
#include "tcg.h"
#include "walk.h"

/* The root's physical addresses are those of the machine. */
static u32 root_entry(const struct walk_space *space, u64 at, bool write, void **entry)
{
	*entry = phys_to_virt(at);
	return root_can_access(at, 1) ? HVX_TRANSLATE_SUCCESS : HVX_TRANSLATE_GPA_UNMAPPED;
}

/* The byte of the root's code at @gva; NULL: not to be found. */
static u8 *code_byte(const struct vmcb_save *s, u64 gva)
{
	const struct walk_space space = { .s = s, .entry = root_entry };
	u64 at;

	if (walk(&space, gva, WALK_EXEMPT, &at) || !root_can_access(at, 1))
		return NULL;
	return phys_to_virt(at);
}

static bool is_prefix(u8 byte, bool code64)
{
	switch (byte) {
	case 0x26: case 0x2e: case 0x36: case 0x3e:
	case 0x64 ... 0x67: case 0xf0: case 0xf2: case 0xf3:
		return true;
	}
	return code64 && (byte & 0xf0) == 0x40;
}

/*
 * INTn, INT3 or INTO, or what QEMU takes for one: see tcg.h. Outside long mode
 * it is tried again without the intercept.
 */
void root_swint_exit(struct root_vp *rv)
{
	struct vcpu *v = &rv->vcpu;
	const struct vmcb_save *s = &v->vmcb->s;
	bool code64 = s->cs.attrib & SVM_SEG_L;
	u64 gva = code64 ? s->rip : (u32)(s->cs.base + s->rip);
	u8 *code = NULL, *operand = NULL, op = 0, len = 0;

	if (s->efer & EFER_LMA) {
		do {
			code = code_byte(s, gva + len++);
			op = code ? READ_ONCE(*code) : 0;	/* it may be changing */
		} while (is_prefix(op, code64) && len < INSN_MAX);
		operand = code_byte(s, gva + len);
	}
	if (!code || (op == 0xcd && !operand)) {
		v->vmcb->c.intercept1 &= ~SVM_INTERCEPT(SVM_EXIT_SWINT);
		return;
	}
	if (op < 0xcc || op > 0xce) {
		tcg_retranslate(code_byte(s, gva));
		return;
	}
	vcpu_skip(v, op == 0xcd ? len + 1 : len);
	v->vmcb->c.event_inj = SVM_EVENT_VALID | SVM_EVENT_SOFT |
			       (op == 0xcd ? *operand : op == 0xcc ? EXC_BP : EXC_OF);
}
