/* SPDX-License-Identifier: GPL-2.0 */
/* The hypervisor as a reader of page tables, its children's and the root's. */
#ifndef TESTHV_WALK_H
#define TESTHV_WALK_H

#include "types.h"

struct child_vp;
struct vmcb_save;

/* Accesses for guest_walk(); a bit set. */
#define WALK_READ	BIT(0)
#define WALK_WRITE	BIT(1)
#define WALK_EXEC	BIT(2)
#define WALK_USER	BIT(3)	/* at CPL 3 */
#define WALK_EXEMPT	BIT(4)	/* ignore the user/supervisor bits */
#define WALK_SMAP	BIT(5)	/* supervisor access to user pages fails with CR4.SMAP */
#define WALK_SET_AD	BIT(6)	/* set accessed and dirty bits */

/**
 * struct walk_space - what a processor translates with
 * @s: its registers
 * @entry: gives the place of a page table entry that is to be read or written, or
 *	tells by an HVX_TRANSLATE_* why there is none
 * @vp: the child VP that it is, for @entry
 */
struct walk_space {
	const struct vmcb_save *s;
	u32 (*entry)(const struct walk_space *space, u64 gpa, bool write, void **entry);
	struct child_vp *vp;
};

/**
 * walk - translate a linear address as a processor would
 * @space: whose
 * @gva: linear address
 * @how: WALK_*
 * @gpa: the guest address; after a failure, the entry or table at fault
 *
 * Whether @gpa itself is mapped is not looked at.
 *
 * Return: HVX_TRANSLATE_SUCCESS, PAGE_NOT_PRESENT, PRIVILEGE_VIOLATION,
 * INVALID_PTE_FLAGS, GPA_UNMAPPED (a page table is nowhere), NO_READ, NO_WRITE
 * (the VMM has mapped a page table without that access), ILLEGAL_OVERLAY.
 */
u32 walk(const struct walk_space *space, u64 gva, u32 how, u64 *gpa);

/* The same for a child VP, which must not run on another CPU. */
u32 guest_walk(struct child_vp *vp, u64 gva, u32 how, u64 *gpa);

/* Access bits for what the VP does itself at its current privilege. */
u32 walk_access(const struct child_vp *vp, u32 access);

/* Linear address of an instruction pointer in the code segment. */
u64 guest_code_address(const struct child_vp *vp, u64 rip);

/**
 * guest_fetch - read instruction bytes at CS:RIP
 * @vp: VP
 * @buf: buffer
 * @max: at most that many
 *
 * Return: number of bytes that could be read.
 */
unsigned int guest_fetch(struct child_vp *vp, u8 *buf, unsigned int max);

/* Code executes in 64-bit mode. */
bool guest_is_64bit(const struct child_vp *vp);

#endif /* TESTHV_WALK_H */
