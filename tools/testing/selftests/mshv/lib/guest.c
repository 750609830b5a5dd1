// SPDX-License-Identifier: GPL-2.0
/*
 * Processor modes of guests. The low 64 KiB of guest memory hold: code from
 * 0x1000, IDT at 0x5000, GDT at 0x6000, TSS behind it, the stack below 0x8000,
 * page tables from 0x8000.
 */
#include "mshv_util.h"

#define CR0_PE		BIT(0)
#define CR0_ET		BIT(4)
#define CR0_NE		BIT(5)
#define CR0_PG		BIT(31)
#define CR4_PAE		BIT(5)
#define CR4_OSFXSR	BIT(9)
#define CR4_OSXMMEXCPT	BIT(10)
#define EFER_LME	BIT(8)
#define EFER_LMA	BIT(10)

#define PTE_PRESENT	BIT(0)
#define PTE_WRITE	BIT(1)
#define PTE_USER	BIT(2)
#define PTE_LARGE	BIT(7)

void guest_page_tables(struct vm *vm)
{
	u64 *pml4 = (void *)(vm->ram + GUEST_PT);
	u64 *pdpt = pml4 + 512;
	u64 *pd = pdpt + 512;
	unsigned int i;

	memset(pml4, 0, 2 * PAGE);
	pml4[0] = (GUEST_PT + PAGE) | PTE_PRESENT | PTE_WRITE | PTE_USER;
	for (i = 0; i < 4; i++)
		pdpt[i] = (GUEST_PT + (2 + i) * PAGE) | PTE_PRESENT | PTE_WRITE | PTE_USER;
	for (i = 0; i < 4 * 512; i++)
		pd[i] = i * 2 * MIB | PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_LARGE;
}

void guest_set_gate(struct vm *vm, unsigned int vector, u64 handler)
{
	u64 *gate = (void *)(vm->ram + GUEST_IDT + vector * 16);

	gate[0] = (handler & 0xffff) | (u64)GUEST_CS << 16 | 0x8e00ULL << 32 |
		  (handler >> 16 & 0xffff) << 48;
	gate[1] = handler >> 32;
}

static void guest_gdt(struct vm *vm, enum vp_mode mode)
{
	u64 *gdt = (void *)(vm->ram + GUEST_GDT);

	gdt[0] = 0;
	gdt[GUEST_CS / 8] = mode == MODE_LONG ? 0x00af9b000000ffffULL : 0x00cf9b000000ffffULL;
	gdt[GUEST_DS / 8] = 0x00cf93000000ffffULL;
	gdt[GUEST_TSS / 8] = 0x00008b0000000067ULL | GUEST_TSS_BASE << 16;
	gdt[GUEST_TSS / 8 + 1] = 0;
}

/* Register lists */
struct regs {
	struct hvx_register r[40];
	unsigned int count;
};

static struct hvx_register *regs_add(struct regs *regs, u32 name)
{
	struct hvx_register *r = &regs->r[regs->count++];

	r->name = name;
	return r;
}

static void regs_u64(struct regs *regs, u32 name, u64 value)
{
	regs_add(regs, name)->value.u64 = value;
}

static void regs_segment(struct regs *regs, u32 name, u16 selector, u32 limit,
			 u16 attributes)
{
	struct hvx_segment *s = &regs_add(regs, name)->value.segment;

	s->selector = selector;
	s->limit = limit;
	s->attributes = attributes;
	if (name == HVX_REG_TR)
		s->base = GUEST_TSS_BASE;
}

static void regs_table(struct regs *regs, u32 name, u64 base, u16 limit)
{
	struct hvx_table *t = &regs_add(regs, name)->value.table;

	t->base = base;
	t->limit = limit;
}

/* type 11: code, execute/read, accessed; type 3: data, read/write, accessed */
#define ATTR_CODE	(0xb | HVX_SEG_NON_SYSTEM | HVX_SEG_PRESENT)
#define ATTR_DATA	(0x3 | HVX_SEG_NON_SYSTEM | HVX_SEG_PRESENT)
#define ATTR_TSS	(0xb | HVX_SEG_PRESENT)
#define ATTR_LDT	(0x2 | HVX_SEG_PRESENT)

static void regs_segments(struct regs *regs, enum vp_mode mode)
{
	u16 code = ATTR_CODE, data = ATTR_DATA;
	u16 cs = 0, ds = 0;
	u32 limit = 0xffff;
	u32 name;

	if (mode != MODE_REAL) {
		cs = GUEST_CS;
		ds = GUEST_DS;
		limit = 0xffffffff;
		data |= HVX_SEG_GRANULARITY | HVX_SEG_DEFAULT;
		code |= HVX_SEG_GRANULARITY |
			(mode == MODE_LONG ? HVX_SEG_LONG : HVX_SEG_DEFAULT);
	}
	regs_segment(regs, HVX_REG_CS, cs, limit, code);
	for (name = HVX_REG_ES; name <= HVX_REG_GS; name++)
		if (name != HVX_REG_CS)
			regs_segment(regs, name, ds, limit, data);
	regs_segment(regs, HVX_REG_LDTR, 0, 0xffff, ATTR_LDT);
	regs_segment(regs, HVX_REG_TR, mode == MODE_REAL ? 0 : GUEST_TSS, 0x67, ATTR_TSS);
}

int vp_try_setup(struct vp *vp, enum vp_mode mode, u64 ip)
{
	struct regs regs = { .count = 0 };

	guest_gdt(vp->vm, mode);
	if (mode == MODE_LONG) {
		guest_page_tables(vp->vm);
		regs_u64(&regs, HVX_REG_CR4, CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT);
		regs_u64(&regs, HVX_REG_CR3, GUEST_PT);
		regs_u64(&regs, HVX_REG_EFER, EFER_LME | EFER_LMA);
		regs_u64(&regs, HVX_REG_CR0, CR0_PG | CR0_NE | CR0_ET | CR0_PE);
	} else {
		regs_u64(&regs, HVX_REG_CR0, CR0_ET | (mode == MODE_PROTECTED ? CR0_PE : 0));
		regs_u64(&regs, HVX_REG_EFER, 0);
		regs_u64(&regs, HVX_REG_CR4, 0);
	}
	regs_segments(&regs, mode);
	regs_table(&regs, HVX_REG_GDTR, GUEST_GDT, 5 * 8 - 1);
	regs_table(&regs, HVX_REG_IDTR, mode == MODE_REAL ? 0 : GUEST_IDT,
		   mode == MODE_REAL ? 0x3ff : 0xfff);
	/* All VPs but the first wait for a start-up IPI when they are new. */
	regs_u64(&regs, HVX_REG_INTERNAL_ACTIVITY_STATE, 0);
	regs_u64(&regs, HVX_REG_RIP, ip);
	regs_u64(&regs, HVX_REG_RSP, GUEST_STACK);
	regs_u64(&regs, HVX_REG_RFLAGS, 2);
	/* nothing of what an earlier failure left */
	regs_u64(&regs, HVX_REG_PENDING_INTERRUPTION, 0);
	regs_u64(&regs, HVX_REG_INTERRUPT_STATE, 0);
	return vp_set_regs(vp->fd, regs.r, regs.count);
}

void vp_setup(struct vp *vp, enum vp_mode mode, u64 ip)
{
	int ret = vp_try_setup(vp, mode, ip);

	REQUIRE(!ret, "SET_VP_REGISTERS for mode %d: %d", mode, ret);
}

void vp_load_code(struct vp *vp, enum vp_mode mode, const u8 *code, const u8 *end)
{
	vm_write(vp->vm, GUEST_CODE_BASE, code, end - code);
	vp_setup(vp, mode, GUEST_CODE_BASE);
}
