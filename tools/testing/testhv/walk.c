// SPDX-License-Identifier: GPL-2.0
/*
 * Walks of guest page tables in every mode, and TranslateVirtualAddress.
 *
 * Source: AMD64 Architecture Programmer's Manual, volume 2, chapter 5.
 */
#include "walk.h"

#include "cpu.h"
#include "gpa.h"
#include "hypercall.h"
#include "pte.h"
#include "vp.h"

#define RFLAGS_AC	BIT(18)
#define RFLAGS_VM	BIT(17)

/* Shape of the tables of one paging mode. */
struct mode {
	unsigned int levels;
	unsigned int bits;	/* of the address that a level resolves */
	unsigned int width;	/* of an entry in bytes */
	bool pae_top;		/* the top level is the four PDPTEs of PAE */
};

bool guest_is_64bit(const struct child_vp *vp)
{
	const struct vmcb_save *s = &vp->vcpu.vmcb->s;

	return (s->efer & EFER_LMA) && (s->cs.attrib & SVM_SEG_L);
}

u64 guest_code_address(const struct child_vp *vp, u64 rip)
{
	if (guest_is_64bit(vp))
		return rip;
	return (u32)(vp->vcpu.vmcb->s.cs.base + rip);
}

u32 walk_access(const struct child_vp *vp, u32 access)
{
	const struct vmcb_save *s = &vp->vcpu.vmcb->s;

	if (vp_cpl(vp) == 3)
		return access | WALK_USER;
	if (!(s->rflags & RFLAGS_AC))
		access |= WALK_SMAP;
	return access;
}

static struct mode paging_mode(const struct vmcb_save *s)
{
	if (s->efer & EFER_LMA)
		return (struct mode){ .levels = s->cr4 & CR4_LA57 ? 5 : 4, .bits = 9, .width = 8 };
	if (s->cr4 & CR4_PAE)
		return (struct mode){ .levels = 3, .bits = 9, .width = 8, .pae_top = true };
	return (struct mode){ .levels = 2, .bits = 10, .width = 4 };
}

static bool may_be_large(const struct vmcb_save *s, const struct mode *m, unsigned int level)
{
	if (m->width == 4)
		return level == 2 && (s->cr4 & CR4_PSE);
	return level == 2 || (level == 3 && !m->pae_top);
}

/* Reserved bits of an entry that is present. */
static bool is_malformed(const struct vmcb_save *s, const struct mode *m, u64 e, bool large,
			 u64 page_size)
{
	if (m->width == 4)
		return large && (e & BIT(21));
	if (e & PTE_ADDR & ~(gpa_limit() - 1))
		return true;
	if ((e & PTE_NX) && !(s->efer & EFER_NXE))
		return true;
	/* Bit 12 of a large entry is its PAT bit. */
	return large && (e & (page_size - 1) & PTE_ADDR & ~BIT(12));
}

static u64 large_base(const struct mode *m, u64 e, u64 page_size)
{
	if (m->width == 4)	/* PSE-36 */
		return (e & 0xffc00000) | (e & 0x1fe000) << 19;
	return e & PTE_ADDR & ~(page_size - 1);
}

static bool is_overlaid(const struct child_vp *vp, u64 gpa)
{
	struct npt_leaf leaf;

	return npt_lookup(&vp->part->npt, gpa, &leaf) && leaf.overlay;
}

static u32 child_entry(const struct walk_space *space, u64 at, bool write, void **entry)
{
	struct child_vp *vp = space->vp;
	struct npt_leaf leaf;

	*entry = gpa_ptr(vp->part, at, write);
	if (*entry)
		return is_overlaid(vp, at) ? HVX_TRANSLATE_ILLEGAL_OVERLAY : HVX_TRANSLATE_SUCCESS;
	if (at < gpa_limit() && npt_lookup(&vp->part->npt, at, &leaf))
		return write ? HVX_TRANSLATE_NO_WRITE : HVX_TRANSLATE_NO_READ;
	return HVX_TRANSLATE_GPA_UNMAPPED;
}

static u32 entry_read(const struct walk_space *space, u64 at, unsigned int width, u64 *e)
{
	void *entry;
	u32 ret = space->entry(space, at, false, &entry);

	if (!ret)
		*e = width == 4 ? *(const u32 *)entry : *(const u64 *)entry;
	return ret;
}

static u32 entry_set_bits(const struct walk_space *space, u64 at, u64 bits)
{
	void *entry;
	u32 ret = space->entry(space, at, true, &entry);

	if (!ret)
		__atomic_fetch_or((u32 *)entry, (u32)bits, __ATOMIC_SEQ_CST);
	return ret;
}

/* What all entries on the way allow together. */
struct rights {
	bool write, user, exec;
};

static bool is_allowed(const struct vmcb_save *s, const struct rights *r, u32 how)
{
	bool user = how & WALK_USER;

	if ((how & WALK_EXEC) && !r->exec)
		return false;
	if ((how & WALK_WRITE) && !r->write && (user || (s->cr0 & CR0_WP)))
		return false;
	if (how & WALK_EXEMPT)
		return true;
	if (user)
		return r->user;
	if (!r->user)
		return true;
	if ((how & WALK_EXEC) && (s->cr4 & CR4_SMEP))
		return false;
	return !((how & WALK_SMAP) && (how & (WALK_READ | WALK_WRITE)) && (s->cr4 & CR4_SMAP));
}

static u64 top_table(const struct vmcb_save *s, const struct mode *m)
{
	if (m->pae_top)
		return s->cr3 & 0xffffffe0;
	return m->width == 4 ? s->cr3 & 0xfffff000 : s->cr3 & PTE_ADDR;
}

u32 walk(const struct walk_space *space, u64 gva, u32 how, u64 *gpa)
{
	const struct vmcb_save *s = space->s;
	struct mode m = paging_mode(s);
	struct rights r = { true, true, true };
	unsigned int level;
	u64 table, at, e = 0;
	u32 ret;

	if (!(s->efer & EFER_LMA))
		gva = (u32)gva;
	*gpa = gva;
	if (!(s->cr0 & CR0_PG))
		return HVX_TRANSLATE_SUCCESS;
	if (m.levels >= 4) {
		unsigned int shift = 64 - (12 + 9 * m.levels);

		if ((u64)((s64)(gva << shift) >> shift) != gva)
			return HVX_TRANSLATE_PAGE_NOT_PRESENT;
	}

	table = top_table(s, &m);
	for (level = m.levels; level; level--) {
		unsigned int shift = 12 + m.bits * (level - 1);
		u64 index = gva >> shift & (BIT(m.bits) - 1);
		bool pdpte = m.pae_top && level == 3;
		bool large;

		if (pdpte)
			index &= 3;
		at = table + index * m.width;
		*gpa = at;
		ret = entry_read(space, at, m.width, &e);
		if (ret)
			return ret;
		if (!(e & PTE_P))
			return HVX_TRANSLATE_PAGE_NOT_PRESENT;
		large = (e & PTE_PS) && may_be_large(s, &m, level);
		if (is_malformed(s, &m, e, large, BIT(shift)))
			return HVX_TRANSLATE_INVALID_PTE_FLAGS;
		if (!pdpte) {
			r.write &= !!(e & PTE_W);
			r.user &= !!(e & PTE_U);
			r.exec &= m.width == 4 || !(e & PTE_NX);
			if (how & WALK_SET_AD) {
				ret = entry_set_bits(space, at, PTE_A);
				if (ret)
					return ret;
			}
		}
		if (large || level == 1) {
			u64 mask = BIT(shift) - 1;
			u64 base = large ? large_base(&m, e, BIT(shift)) :
				   m.width == 4 ? e & 0xfffff000 : e & PTE_ADDR;

			if (!is_allowed(s, &r, how))
				return HVX_TRANSLATE_PRIVILEGE_VIOLATION;
			if ((how & (WALK_SET_AD | WALK_WRITE)) == (WALK_SET_AD | WALK_WRITE)) {
				ret = entry_set_bits(space, at, PTE_D);
				if (ret)
					return ret;
			}
			*gpa = base | (gva & mask);
			return HVX_TRANSLATE_SUCCESS;
		}
		table = m.width == 4 ? e & 0xfffff000 : e & PTE_ADDR;
	}
	return HVX_TRANSLATE_PAGE_NOT_PRESENT;
}

u32 guest_walk(struct child_vp *vp, u64 gva, u32 how, u64 *gpa)
{
	const struct walk_space space = {
		.s = &vp->vcpu.vmcb->s, .entry = child_entry, .vp = vp,
	};

	return walk(&space, gva, how, gpa);
}

unsigned int guest_fetch(struct child_vp *vp, u8 *buf, unsigned int max)
{
	u64 gva = guest_code_address(vp, vp->vcpu.vmcb->s.rip);
	u32 how = walk_access(vp, WALK_EXEC);
	unsigned int done = 0;

	while (done < max) {
		u64 gpa, n = min((u64)(max - done), PAGE_SIZE - (gva & ~PAGE_MASK));
		const void *src;

		if (guest_walk(vp, gva, how, &gpa))
			break;
		src = gpa_ptr(vp->part, gpa, false);
		if (!src)
			break;
		memcpy(buf + done, src, n);
		done += n;
		gva += n;
	}
	return done;
}

#define TRANSLATE_FLAGS	(HVX_TRANSLATE_VALIDATE_READ | HVX_TRANSLATE_VALIDATE_WRITE |	\
			 HVX_TRANSLATE_VALIDATE_EXECUTE | HVX_TRANSLATE_PRIVILEGE_EXEMPT | \
			 HVX_TRANSLATE_SET_PT_BITS | HVX_TRANSLATE_TLB_FLUSH_INHIBIT |	\
			 HVX_TRANSLATE_SUPERVISOR | HVX_TRANSLATE_USER |		\
			 HVX_TRANSLATE_ENFORCE_SMAP | HVX_TRANSLATE_OVERRIDE_SMAP)

static u32 walk_flags(const struct child_vp *vp, u64 flags)
{
	u32 how = 0;

	if (flags & HVX_TRANSLATE_VALIDATE_READ)
		how |= WALK_READ;
	if (flags & HVX_TRANSLATE_VALIDATE_WRITE)
		how |= WALK_WRITE;
	if (flags & HVX_TRANSLATE_VALIDATE_EXECUTE)
		how |= WALK_EXEC;
	if (flags & HVX_TRANSLATE_SET_PT_BITS)
		how |= WALK_SET_AD;
	if (flags & HVX_TRANSLATE_PRIVILEGE_EXEMPT)
		return how | WALK_EXEMPT;
	if (!(flags & (HVX_TRANSLATE_SUPERVISOR | HVX_TRANSLATE_USER)))
		how = walk_access(vp, how);
	else if (flags & HVX_TRANSLATE_USER)
		how |= WALK_USER;
	if (flags & HVX_TRANSLATE_ENFORCE_SMAP)
		how |= WALK_SMAP;
	if (flags & HVX_TRANSLATE_OVERRIDE_SMAP)
		how &= ~WALK_SMAP;
	return how;
}

/* Flags that exclude each other */
static bool contradictory(u64 flags, u64 a, u64 b)
{
	return (flags & a) && (flags & b);
}

static u16 hv_translate_va(struct hvcall *c)
{
	const struct hvx_in_translate_va in = *(const struct hvx_in_translate_va *)c->in;
	struct hvx_out_translate_va *out = c->out;
	struct child_vp *vp;
	u16 status;
	u64 gpa;

	status = vp_find(c, in.partition_id, in.vp_index, &vp);
	if (status)
		return status;
	if (in.rsvd || (in.flags & ~TRANSLATE_FLAGS) || in.gva_page >> (64 - PAGE_SHIFT) ||
	    contradictory(in.flags, HVX_TRANSLATE_SUPERVISOR, HVX_TRANSLATE_USER) ||
	    contradictory(in.flags, HVX_TRANSLATE_ENFORCE_SMAP, HVX_TRANSLATE_OVERRIDE_SMAP))
		return HVX_STATUS_INVALID_PARAMETER;

	out->result = guest_walk(vp, in.gva_page << PAGE_SHIFT, walk_flags(vp, in.flags), &gpa);
	out->cache_overlay = HVX_CACHE_WRITE_BACK;
	if (!out->result && is_overlaid(vp, gpa))
		out->cache_overlay |= HVX_TRANSLATE_OVERLAY_PAGE;
	out->gpa_page = gpa >> PAGE_SHIFT;
	return HVX_STATUS_SUCCESS;
}

static const struct hvc_row walk_rows[] = {
	{
		.code = HVX_CALL_TRANSLATE_VIRTUAL_ADDRESS, .name = "TranslateVirtualAddress",
		.flags = HVC_HOT, .in = sizeof(struct hvx_in_translate_va),
		.out = sizeof(struct hvx_out_translate_va),
		.priv = HVX_PRIV_CREATE_PARTITIONS, .fn = hv_translate_va,
	},
};
HVC_TABLE(walk_rows);
