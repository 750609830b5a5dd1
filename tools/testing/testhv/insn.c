// SPDX-License-Identifier: GPL-2.0
/* Decoder for guest instructions (APM volume 3, appendix A). */
#include "insn.h"

#include "cpu.h"
#include "lib.h"
#include "vp.h"
#include "walk.h"

enum { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS };

#define REX_B	0x1
#define REX_X	0x2
#define REX_R	0x4
#define REX_W	0x8

/* State of a decoding in progress. */
struct decoder {
	struct child_vp *vp;
	const u8 *p, *end, *start;
	bool overrun;
	bool is64;
	u8 rex;
	u8 op_size, addr_size;
	int seg;		/* override, or -1 */
	bool lock;
	u8 mod, reg, rm;
	bool has_mem;
	bool rip_relative;
	u64 ea;			/* segment base included */
};

static u64 take(struct decoder *d, unsigned int n)
{
	u64 v = 0;
	unsigned int i;

	if (n > (unsigned int)(d->end - d->p)) {
		d->overrun = true;
		d->p = d->end;
		return 0;
	}
	for (i = 0; i < n; i++)
		v |= (u64)d->p[i] << (8 * i);
	d->p += n;
	return v;
}

static s64 take_signed(struct decoder *d, unsigned int n)
{
	unsigned int shift = 64 - 8 * n;

	return (s64)(take(d, n) << shift) >> shift;
}

static u64 seg_base(struct decoder *d, int seg)
{
	struct vmcb_save *s = &d->vp->vcpu.vmcb->s;
	const struct vmcb_seg *segs[] = { &s->es, &s->cs, &s->ss, &s->ds, &s->fs, &s->gs };

	if (seg < SEG_FS)
		return d->is64 ? 0 : segs[seg]->base;
	/* VMRUN leaves these in the processor. */
	if (this_cpu()->cur == &d->vp->vcpu)
		vmsave(d->vp->vcpu.vmcb_pa);
	return segs[seg]->base;
}

static u64 linear(struct decoder *d, int deflt_seg, u64 offset)
{
	int seg = d->seg >= 0 ? d->seg : deflt_seg;
	u64 base = seg_base(d, seg);

	if (d->addr_size == 2)
		offset = (u16)offset;
	else if (d->addr_size == 4)
		offset = (u32)offset;
	return d->is64 ? base + offset : (u32)(base + offset);
}

static u64 gpr(const struct decoder *d, unsigned int n)
{
	return vcpu_gpr(&d->vp->vcpu, n);
}

static void decode_prefixes(struct decoder *d, u8 def_op, u8 def_addr)
{
	d->op_size = def_op;
	d->addr_size = def_addr;
	for (;;) {
		if (d->p == d->end)
			return;
		switch (*d->p) {
		case 0x66:
			d->op_size = def_op == 2 ? 4 : 2;
			break;
		case 0x67:
			d->addr_size = def_addr == 4 ? (d->is64 ? 4 : 2) : 4;
			break;
		case 0x26:
			d->seg = d->is64 ? -1 : SEG_ES;
			break;
		case 0x2e:
			d->seg = d->is64 ? -1 : SEG_CS;
			break;
		case 0x36:
			d->seg = d->is64 ? -1 : SEG_SS;
			break;
		case 0x3e:
			d->seg = d->is64 ? -1 : SEG_DS;
			break;
		case 0x64:
			d->seg = SEG_FS;
			break;
		case 0x65:
			d->seg = SEG_GS;
			break;
		case 0xf0:
			d->lock = true;
			break;
		case 0xf2:
		case 0xf3:
			break;
		default:
			if (!d->is64 || (*d->p & 0xf0) != 0x40)
				return;
			d->rex = *d->p++;
			if (d->rex & REX_W)
				d->op_size = 8;
			return;
		}
		d->p++;
	}
}

static void decode_ea16(struct decoder *d)
{
	static const u8 base[] = {
		REG_RBX, REG_RBX, REG_RBP, REG_RBP, REG_RSI, REG_RDI, REG_RBP, REG_RBX
	};
	static const s8 index[] = { REG_RSI, REG_RDI, REG_RSI, REG_RDI, -1, -1, -1, -1 };
	int seg = base[d->rm] == REG_RBP ? SEG_SS : SEG_DS;
	u64 off = 0;

	if (d->mod == 0 && d->rm == 6) {
		off = take(d, 2);
		seg = SEG_DS;
	} else {
		off = gpr(d, base[d->rm]);
		if (index[d->rm] >= 0)
			off += gpr(d, index[d->rm]);
		if (d->mod == 1)
			off += take_signed(d, 1);
		else if (d->mod == 2)
			off += take_signed(d, 2);
	}
	d->ea = linear(d, seg, off);
}

static void decode_ea(struct decoder *d)
{
	unsigned int base = d->rm;
	int seg = SEG_DS;
	u64 off = 0;

	if (d->rm == 4) {
		u8 sib = take(d, 1);
		unsigned int index = (sib >> 3 & 7) | (d->rex & REX_X ? 8 : 0);

		base = sib & 7;
		if (index != 4)
			off += gpr(d, index) << (sib >> 6);
		if (base == 5 && d->mod == 0) {
			off += take_signed(d, 4);
			d->ea = linear(d, seg, off);
			return;
		}
	} else if (d->rm == 5 && d->mod == 0) {
		off = take_signed(d, 4);
		d->rip_relative = d->is64;
		d->ea = d->is64 ? off : linear(d, seg, off);
		return;
	}
	base |= d->rex & REX_B ? 8 : 0;
	if (base == REG_RSP || base == REG_RBP)
		seg = SEG_SS;
	off += gpr(d, base);
	if (d->mod == 1)
		off += take_signed(d, 1);
	else if (d->mod == 2)
		off += take_signed(d, 4);
	d->ea = linear(d, seg, off);
}

static void decode_modrm(struct decoder *d)
{
	u8 b = take(d, 1);

	d->mod = b >> 6;
	d->reg = (b >> 3 & 7) | (d->rex & REX_R ? 8 : 0);
	d->rm = b & 7;
	if (d->mod == 3)
		return;
	d->has_mem = true;
	if (d->addr_size == 2)
		decode_ea16(d);
	else
		decode_ea(d);
}

/* RIP-relative addresses count from the end of the instruction. */
static void finish_ea(struct decoder *d, struct insn *insn)
{
	if (!d->has_mem)
		return;
	if (d->rip_relative) {
		d->ea += d->vp->vcpu.vmcb->s.rip + (d->p - d->start);
		if (d->seg >= SEG_FS)
			d->ea += seg_base(d, d->seg);
	}
	insn->mem[insn->nr_mem++] = d->ea;
}

static bool has_modrm(u8 op)
{
	if (op < 0x40)
		return (op & 7) < 4;
	switch (op) {
	case 0x62: case 0x63: case 0x69: case 0x6b:
	case 0x80 ... 0x8f:
	case 0xc0: case 0xc1: case 0xc4 ... 0xc7:
	case 0xd0 ... 0xd3: case 0xd8 ... 0xdf:
	case 0xf6: case 0xf7: case 0xfe: case 0xff:
		return true;
	}
	return false;
}

static bool has_modrm_0f(u8 op)
{
	switch (op) {
	case 0x05 ... 0x09: case 0x0b: case 0x0e:
	case 0x30 ... 0x37: case 0x77:
	case 0x80 ... 0x8f: case 0xa0 ... 0xa2: case 0xa8 ... 0xaa:
	case 0xc8 ... 0xcf:
		return false;
	}
	return true;
}

/* Bytes of immediate operand of a one-byte opcode that has a ModRM byte. */
static unsigned int imm_size(const struct decoder *d, u8 op)
{
	unsigned int z = d->op_size == 2 ? 2 : 4;

	switch (op) {
	case 0x69: case 0x81: case 0xc7:
		return z;
	case 0x6b: case 0x80: case 0x82: case 0x83: case 0xc0: case 0xc1: case 0xc6:
		return 1;
	case 0xf6:
		return (d->reg & 7) < 2 ? 1 : 0;
	case 0xf7:
		return (d->reg & 7) < 2 ? z : 0;
	}
	return 0;
}

static void set_reg(const struct decoder *d, struct insn *insn, u8 size)
{
	insn->reg = d->reg;
	insn->reg_size = size;
	/* Without REX, byte registers 4..7 are the high bytes of 0..3. */
	if (size == 1 && !d->rex && d->reg >= 4 && d->reg < 8) {
		insn->reg = d->reg - 4;
		insn->high = true;
	}
}

static void add_mem(struct decoder *d, struct insn *insn, int seg, bool may_override, u64 off)
{
	int saved = d->seg;

	if (!may_override)
		d->seg = -1;
	insn->mem[insn->nr_mem++] = linear(d, seg, off);
	d->seg = saved;
}

/* Memory that string instructions use. */
static bool decode_string(struct decoder *d, u8 op, struct insn *insn)
{
	bool src = false, dst = false;

	switch (op) {
	case 0xa4 ... 0xa7:
		src = true;
		dst = true;
		break;
	case 0xac: case 0xad: case 0x6e: case 0x6f:
		src = true;
		break;
	case 0xaa: case 0xab: case 0xae: case 0xaf: case 0x6c: case 0x6d:
		dst = true;
		break;
	default:
		return false;
	}
	if (src)
		add_mem(d, insn, SEG_DS, true, gpr(d, REG_RSI));
	if (dst)
		add_mem(d, insn, SEG_ES, false, gpr(d, REG_RDI));
	insn->size = op & 1 ? d->op_size : 1;
	return true;
}

/* Memory that instructions without ModRM use through the stack pointer. */
static bool decode_stack(struct decoder *d, u8 op, struct insn *insn)
{
	const struct vmcb_save *s = &d->vp->vcpu.vmcb->s;
	u8 size = d->is64 && d->op_size == 4 ? 8 : d->op_size;

	d->addr_size = d->is64 ? 8 : s->ss.attrib & SVM_SEG_DB ? 4 : 2;
	switch (op) {
	case 0x06: case 0x0e: case 0x16: case 0x1e: case 0x50 ... 0x57: case 0x60:
	case 0x68: case 0x6a: case 0x9a: case 0x9c: case 0xe8:
		add_mem(d, insn, SEG_SS, false, gpr(d, REG_RSP) - size);
		return true;
	case 0x07: case 0x17: case 0x1f: case 0x58 ... 0x5f: case 0x61:
	case 0x9d: case 0xc2: case 0xc3: case 0xc9 ... 0xcb: case 0xcf:
		add_mem(d, insn, SEG_SS, false, gpr(d, REG_RSP));
		return true;
	}
	return false;
}

static bool decode_one_byte(struct decoder *d, u8 op, struct insn *insn)
{
	u8 size = op & 1 ? d->op_size : 1;
	unsigned int imm;

	if (op >= 0xa0 && op <= 0xa3) {
		u64 off = take(d, d->addr_size);

		insn->mem[insn->nr_mem++] = linear(d, SEG_DS, off);
		insn->kind = op < 0xa2 ? INSN_LOAD : INSN_STORE;
		insn->size = size;
		set_reg(d, insn, size);
		return true;
	}
	if (decode_string(d, op, insn))
		return true;
	if (!has_modrm(op)) {
		decode_stack(d, op, insn);
		return false;
	}
	decode_modrm(d);
	imm = imm_size(d, op);
	if (imm)
		insn->imm = take_signed(d, imm);
	finish_ea(d, insn);
	insn->size = size;
	set_reg(d, insn, size);
	switch (op) {
	case 0x88: case 0x89:
		insn->kind = INSN_STORE;
		break;
	case 0x8a: case 0x8b:
		insn->kind = INSN_LOAD;
		break;
	case 0x86: case 0x87:
		insn->kind = INSN_XCHG;
		break;
	case 0xc6: case 0xc7:
		insn->kind = (d->reg & 7) == 0 ? INSN_STORE_IMM : INSN_OTHER;
		break;
	case 0xff:
		/* CALL and PUSH use the stack, too. */
		if ((d->reg & 7) == 2 || (d->reg & 7) == 6)
			decode_stack(d, 0x50, insn);
		break;
	}
	return true;
}

static bool decode_two_byte(struct decoder *d, struct insn *insn)
{
	u8 op = take(d, 1);

	if (op == 0x38 || op == 0x3a) {
		u8 map = op;

		take(d, 1);
		decode_modrm(d);
		if (map == 0x3a)
			take(d, 1);
		finish_ea(d, insn);
		return true;
	}
	if (!has_modrm_0f(op))
		return false;
	decode_modrm(d);
	switch (op) {
	case 0x70 ... 0x73: case 0xa4: case 0xac: case 0xba: case 0xc2: case 0xc4 ... 0xc6:
		take(d, 1);
	}
	finish_ea(d, insn);
	switch (op) {
	case 0x00:
		if ((d->reg & 7) != 3)
			break;
		insn->kind = INSN_LTR;
		insn->size = 2;
		insn->reg = d->rm | (d->rex & REX_B ? 8 : 0);
		insn->reg_size = 2;
		break;
	case 0x21: case 0x23:
		insn->kind = op == 0x21 ? INSN_DR_READ : INSN_DR_WRITE;
		insn->reg = d->rm | (d->rex & REX_B ? 8 : 0);
		insn->imm = d->reg;
		insn->reg_size = d->is64 ? 8 : 4;
		break;
	case 0x22:
		insn->kind = INSN_CR_WRITE;
		insn->reg = d->rm | (d->rex & REX_B ? 8 : 0);
		/* LOCK MOV CR0 is AMD's way to name CR8 outside 64-bit mode. */
		insn->imm = d->lock ? d->reg | 8 : d->reg;
		insn->reg_size = d->is64 ? 8 : 4;
		break;
	case 0xb6: case 0xb7:
		insn->kind = INSN_LOAD_ZX;
		insn->size = op & 1 ? 2 : 1;
		insn->reg = d->reg;
		insn->reg_size = d->op_size;
		break;
	case 0xbe: case 0xbf:
		insn->kind = INSN_LOAD_SX;
		insn->size = op & 1 ? 2 : 1;
		insn->reg = d->reg;
		insn->reg_size = d->op_size;
		break;
	}
	return true;
}

static void decoder_init(struct decoder *d, struct child_vp *vp, const u8 *bytes,
			 unsigned int nr)
{
	bool big = vp->vcpu.vmcb->s.cs.attrib & SVM_SEG_DB;

	*d = (struct decoder){
		.vp = vp, .p = bytes, .start = bytes, .end = bytes + min(nr, 15U),
		.is64 = guest_is_64bit(vp), .seg = -1,
	};
	if (d->is64)
		decode_prefixes(d, 4, 8);
	else
		decode_prefixes(d, big ? 4 : 2, big ? 4 : 2);
}

bool insn_decode(struct child_vp *vp, const u8 *bytes, unsigned int nr, struct insn *insn)
{
	struct decoder d;
	bool known;
	u8 op;

	memset(insn, 0, sizeof(*insn));
	decoder_init(&d, vp, bytes, nr);
	insn->prefixes = d.p - d.start;
	op = take(&d, 1);
	known = op == 0x0f ? decode_two_byte(&d, insn) : decode_one_byte(&d, op, insn);
	if (d.overrun)
		insn->nr_mem = 0;
	if (d.overrun || !known)
		return false;
	insn->length = d.p - d.start;
	return true;
}

u8 insn_length(struct child_vp *vp, unsigned int opcode)
{
	u8 bytes[INSN_MAX];
	struct decoder d;
	unsigned int n;

	n = guest_fetch(vp, bytes, sizeof(bytes));
	decoder_init(&d, vp, bytes, n);
	return d.p - d.start + opcode;
}

static u64 truncate(u64 val, unsigned int size)
{
	return size >= 8 ? val : val & (BIT(8 * size) - 1);
}

u64 insn_store_value(const struct child_vp *vp, const struct insn *insn)
{
	u64 val;

	if (insn->kind == INSN_STORE_IMM)
		return truncate(insn->imm, insn->size);
	val = vcpu_gpr(&vp->vcpu, insn->reg);
	return truncate(insn->high ? val >> 8 : val, insn->size);
}

void insn_load_value(struct child_vp *vp, const struct insn *insn, u64 val)
{
	u64 old = vcpu_gpr(&vp->vcpu, insn->reg);

	val = truncate(val, insn->size);
	if (insn->kind == INSN_LOAD_SX) {
		unsigned int shift = 64 - 8 * insn->size;

		val = truncate((s64)(val << shift) >> shift, insn->reg_size);
	}
	switch (insn->reg_size) {
	case 1:
		val = insn->high ? (old & ~0xff00UL) | val << 8 : (old & ~0xffUL) | val;
		break;
	case 2:
		val |= old & ~0xffffUL;
		break;
	}
	vcpu_set_gpr(&vp->vcpu, insn->reg, val);
}
