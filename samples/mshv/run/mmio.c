// SPDX-License-Identifier: GPL-2.0
/*
 * Accesses to device memory. The hypervisor tells the address and the bytes of
 * the instruction; what it moves, and between which register and memory, is
 * decoded here. Linux's accessors of device memory are plain MOVs (and
 * compilers make MOVZX of them).
 */
#include <string.h>

#include "vmm.h"

#define REX_R		0x4
#define REX_W		0x8
#define NO_REG		-1

/**
 * struct mov - a decoded move
 * @length: of the instruction
 * @size: bytes that are accessed in memory
 * @write: to memory
 * @reg: number of the register, or NO_REG: @imm is written
 * @high: the register is AH, CH, DH or BH
 * @reg_size: bytes of the register that a read changes
 * @sign: a read extends the sign
 * @imm: immediate
 */
struct mov {
	unsigned int length, size;
	bool write;
	int reg;
	bool high;
	unsigned int reg_size;
	bool sign;
	u64 imm;
};

/**
 * struct bytes - what is left to decode
 * @p: next byte
 * @end: behind the last
 * @overrun: more was wanted than there is
 */
struct bytes {
	const u8 *p, *end;
	bool overrun;
};

static u64 take(struct bytes *b, unsigned int n)
{
	u64 val = 0;

	if (n > (size_t)(b->end - b->p)) {
		b->overrun = true;
		return 0;
	}
	memcpy(&val, b->p, n);
	b->p += n;
	return val;
}

/* Skips the memory operand; the hypervisor has found out where it is. */
static u8 take_modrm(struct bytes *b)
{
	u8 modrm = take(b, 1), mod = modrm >> 6, rm = modrm & 7;
	unsigned int disp = mod == 1 ? 1 : mod == 2 ? 4 : 0;

	if (rm == 4) {
		u8 sib = take(b, 1);

		if (mod == 0 && (sib & 7) == 5)
			disp = 4;
	} else if (mod == 0 && rm == 5) {
		disp = 4;
	}
	take(b, disp);
	return modrm;
}

static void set_register(struct mov *m, u8 reg, u8 rex, unsigned int size)
{
	m->reg = reg | (rex & REX_R ? 8 : 0);
	m->reg_size = size;
	/* Without REX, byte registers 4 to 7 are the high bytes of 0 to 3. */
	if (size == 1 && !rex && m->reg >= 4) {
		m->reg -= 4;
		m->high = true;
	}
}

static bool decode_opcode(struct bytes *b, u8 rex, unsigned int size, unsigned int addr_size,
			  struct mov *m)
{
	u8 op = take(b, 1);

	switch (op) {
	case 0x88: case 0x89: case 0x8a: case 0x8b:	/* MOV, either direction */
		m->write = op < 0x8a;
		m->size = op & 1 ? size : 1;
		set_register(m, take_modrm(b) >> 3 & 7, rex, m->size);
		return true;
	case 0xa0: case 0xa1: case 0xa2: case 0xa3:	/* MOV between RAX and an address */
		m->write = op >= 0xa2;
		m->size = op & 1 ? size : 1;
		take(b, addr_size);
		m->reg_size = m->size;
		return true;
	case 0xc6: case 0xc7:				/* MOV of an immediate */
		m->write = true;
		m->size = op & 1 ? size : 1;
		m->reg = NO_REG;
		if (take_modrm(b) >> 3 & 7)
			return false;
		m->imm = m->size == 8 ? (u64)(int32_t)take(b, 4) : take(b, m->size);
		return true;
	case 0x0f:					/* MOVZX, MOVSX */
		op = take(b, 1);
		if ((op & 0xf6) != 0xb6)
			return false;
		m->size = op & 1 ? 2 : 1;
		m->sign = op & 8;
		m->reg = (take_modrm(b) >> 3 & 7) | (rex & REX_R ? 8 : 0);
		m->reg_size = size;
		return true;
	}
	return false;
}

/* 64-bit mode, and 32-bit mode for what runs before it. */
static bool decode(const struct hvx_msg_memory *msg, struct mov *m)
{
	bool is64 = msg->h.cs.attributes & HVX_SEG_LONG;
	struct bytes b = { msg->bytes, msg->bytes + msg->byte_count, false };
	unsigned int size = 4;
	u8 rex = 0;

	if (msg->byte_count > sizeof(msg->bytes))
		return false;
	memset(m, 0, sizeof(*m));
	while (b.p < b.end) {
		if (*b.p == 0x66)		/* operands of 16 bits */
			size = 2;
		else if (*b.p != 0x2e && *b.p != 0x3e)	/* segments without meaning */
			break;
		b.p++;
	}
	if (is64 && b.p < b.end && (*b.p & 0xf0) == 0x40) {
		rex = *b.p++;
		if (rex & REX_W)
			size = 8;
	}
	if (!decode_opcode(&b, rex, size, is64 ? 8 : 4, m))
		return false;
	m->length = b.p - msg->bytes;
	return !b.overrun;
}

static u64 mask(u64 val, unsigned int size)
{
	return size == 8 ? val : val & ((1ULL << 8 * size) - 1);
}

/* As the processor: 32-bit results clear the upper half, smaller ones nothing. */
static u64 merge(u64 old, u64 val, const struct mov *m)
{
	unsigned int shift = m->high ? 8 : 0;

	val = mask(val, m->size);
	if (m->sign && val >> (8 * m->size - 1))
		val |= ~0ULL << 8 * m->size;
	if (m->reg_size >= 4)
		return mask(val, m->reg_size);
	return (old & ~(mask(~0ULL, m->reg_size) << shift)) | mask(val, m->reg_size) << shift;
}

/**
 * mmio_access - carry out the guest's access
 * @vp: VP that stands in front of it
 * @msg: its intercept
 *
 * Return: whether the instruction could be decoded. RIP is behind it then.
 */
bool mmio_access(struct vp *vp, const struct hvx_msg_memory *msg)
{
	struct hvx_register_page *regs = vp->regs;
	struct bus *bus = &vp->vm->mmio;
	struct mov m;
	u64 val;

	if (!decode(msg, &m))
		return false;
	if (m.write ? msg->h.access_type != HVX_ACCESS_WRITE :
		      msg->h.access_type != HVX_ACCESS_READ)
		return false;
	stats_count(vp, m.write ? EXIT_MMIO_WRITE : EXIT_MMIO_READ);
	pthread_mutex_lock(&vp->vm->lock);
	if (m.write) {
		val = m.reg == NO_REG ? m.imm : regs->gpr[m.reg] >> (m.high ? 8 : 0);
		bus_write(bus, msg->gpa, m.size, mask(val, m.size));
	} else {
		val = bus_read(bus, msg->gpa, m.size);
		regs->gpr[m.reg] = merge(regs->gpr[m.reg], val, &m);
		regs->dirty |= HVX_REGPAGE_GENERAL;
	}
	pthread_mutex_unlock(&vp->vm->lock);
	regs->rip = msg->h.rip + m.length;
	regs->dirty |= HVX_REGPAGE_IP;
	return true;
}
