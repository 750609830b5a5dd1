// SPDX-License-Identifier: GPL-2.0
/* Software interrupts of the root, which are its own, and those that are none. */
#include "cpu.h"
#include "insn.h"
#include "mem.h"
#include "pageown.h"
#include "pte.h"
#include "root.h"
#include "tcg.h"

/* The byte of the root's code at @gva, in long mode; NULL: not to be found. */
static u8 *code_byte(const struct vmcb_save *s, u64 gva)
{
	unsigned int level = s->cr4 & CR4_LA57 ? 5 : 4;
	u64 table = s->cr3 & PTE_ADDR;

	for (; level; level--) {
		unsigned int shift = 12 + 9 * (level - 1);
		u64 at = table + (gva >> shift & 511) * 8, e;

		if (!root_can_access(at, 8))
			return NULL;
		e = *(u64 *)phys_to_virt(at);
		if (!(e & PTE_P))
			return NULL;
		if (level == 1 || ((e & PTE_PS) && level <= 3)) {
			u64 in_page = BIT(shift) - 1;

			at = (e & PTE_ADDR & ~in_page) | (gva & in_page);
			return root_can_access(at, 1) ? phys_to_virt(at) : NULL;
		}
		table = e & PTE_ADDR;
	}
	return NULL;
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
