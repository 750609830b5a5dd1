/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A decoder for guest instructions.
 *
 * QEMU's SVM has neither decode assists nor next-RIP, so that the hypervisor has to
 * look at instructions itself: for the address and length in messages, and to
 * carry out moves to and from the registers of a local APIC.
 */
#ifndef TESTHV_INSN_H
#define TESTHV_INSN_H

#include "types.h"

struct child_vp;

#define INSN_MAX	15

/**
 * enum insn_kind - what the decoder knows of an instruction's operation
 * @INSN_OTHER: nothing
 * @INSN_STORE: memory = register
 * @INSN_STORE_IMM: memory = immediate
 * @INSN_LOAD: register = memory
 * @INSN_LOAD_ZX: register = zero-extended memory
 * @INSN_LOAD_SX: register = sign-extended memory
 * @INSN_XCHG: exchange register and memory
 * @INSN_LTR: task register = register, or memory
 * @INSN_CR_WRITE: control register = register
 * @INSN_DR_READ: register = debug register
 * @INSN_DR_WRITE: debug register = register
 */
enum insn_kind {
	INSN_OTHER,
	INSN_STORE,
	INSN_STORE_IMM,
	INSN_LOAD,
	INSN_LOAD_ZX,
	INSN_LOAD_SX,
	INSN_XCHG,
	INSN_LTR,
	INSN_CR_WRITE,
	INSN_DR_READ,
	INSN_DR_WRITE,
};

/**
 * struct insn - a decoded instruction
 * @length: bytes, 0 when it could not be decoded
 * @prefixes: bytes in front of the opcode
 * @kind: enum insn_kind
 * @size: size of the memory operand in bytes; 0 if not known
 * @reg: the register operand; its high byte when @high
 * @reg_size: size of the register operand
 * @high: @reg is one of AH, CH, DH, BH
 * @imm: immediate of INSN_STORE_IMM; number of the control or debug register
 * @nr_mem: memory operands
 * @mem: their linear addresses
 */
struct insn {
	u8 length;
	u8 prefixes;
	u8 kind;
	u8 size;
	u8 reg;
	u8 reg_size;
	bool high;
	u64 imm;
	u8 nr_mem;
	u64 mem[2];
};

/**
 * insn_decode - decode the instruction at the VP's RIP
 * @vp: VP, just after an exit
 * @bytes: instruction bytes
 * @nr: how many there are
 * @insn: result
 *
 * Return: false when the bytes do not suffice or the instruction is not known. @insn
 * may still hold memory operands.
 */
bool insn_decode(struct child_vp *vp, const u8 *bytes, unsigned int nr, struct insn *insn);

/* Length of an instruction whose opcode has @opcode bytes and no operands. */
u8 insn_length(struct child_vp *vp, unsigned int opcode);

/* Value that a store writes, and the effect of a load. */
u64 insn_store_value(const struct child_vp *vp, const struct insn *insn);
void insn_load_value(struct child_vp *vp, const struct insn *insn, u64 val);

#endif /* TESTHV_INSN_H */
