// SPDX-License-Identifier: GPL-2.0
/* MapGpaPages, UnmapGpaPages, GetGpaPagesAccessStates (TLFS 5.3, 5.4). */
#include "gpa.h"

#include "acct.h"
#include "cpu.h"
#include "hypercall.h"
#include "log.h"
#include "options.h"
#include "overlay.h"
#include "pageown.h"
#include "panic.h"

#define MAP_FLAGS	(HVX_MAP_PERMISSIONS_MASK | HVX_MAP_ADJUSTABLE |	\
			 HVX_MAP_NO_ACCESS | HVX_MAP_NOT_CACHED | HVX_MAP_LARGE_PAGE)
#define ACCESS_FLAGS	(HVX_ACCESS_CLEAR_ACCESSED | HVX_ACCESS_SET_ACCESSED |	\
			 HVX_ACCESS_CLEAR_DIRTY | HVX_ACCESS_SET_DIRTY)

#define LOCAL_APIC_PAGE	0xfee00000UL

u64 gpa_limit(void)
{
	static u64 limit;

	if (!limit)
		limit = BIT(min(cpuid(0x80000008, 0).eax & 0xff, 48U));
	return limit;
}

void *gpa_ptr(struct partition *p, u64 gpa, bool write)
{
	struct npt_leaf leaf;

	if (!p->npt.root || gpa >= gpa_limit() || !npt_lookup(&p->npt, gpa, &leaf))
		return NULL;
	if (!(leaf.perm & NPT_READ) || (write && !(leaf.perm & NPT_WRITE)))
		return NULL;
	if (!ram_contains(leaf.spa, 1))
		return NULL;
	npt_set_ad(&p->npt, gpa, 0, write ? NPT_ACCESSED | NPT_DIRTY : NPT_ACCESSED);
	return phys_to_virt(leaf.spa);
}

bool gpa_read(struct partition *p, u64 gpa, void *buf, u64 size)
{
	u8 *dst = buf;

	while (size) {
		u64 n = min(size, PAGE_SIZE - (gpa & ~PAGE_MASK));
		const void *src = gpa_ptr(p, gpa, false);

		if (!src)
			return false;
		memcpy(dst, src, n);
		gpa += n;
		dst += n;
		size -= n;
	}
	return true;
}

bool gpa_write(struct partition *p, u64 gpa, const void *buf, u64 size)
{
	const u8 *src = buf;
	u64 at;

	for (at = gpa & PAGE_MASK; at < gpa + size; at += PAGE_SIZE)
		if (!gpa_ptr(p, at, true))
			return false;
	while (size) {
		u64 n = min(size, PAGE_SIZE - (gpa & ~PAGE_MASK));

		memcpy(gpa_ptr(p, gpa, true), src, n);
		gpa += n;
		src += n;
		size -= n;
	}
	return true;
}

static void count_maps(struct partition *p, u64 spa, u64 size, int sign)
{
	u64 at;

	for (at = spa; at < spa + size; at += PAGE_SIZE) {
		struct page_info *info = page_info(at);

		if (info)
			info->maps += sign;
	}
	acct_add(TESTHV_ACCT_GPA_PAGES, sign * (s64)(size >> PAGE_SHIFT));
	if (size == SIZE_2M) {
		p->gpa_2m += sign;
		acct_add(TESTHV_ACCT_GPA_LARGE, sign);
	} else {
		p->gpa_4k += sign * (s64)(size >> PAGE_SHIFT);
	}
}

/* A large page becomes small ones (@sign -1), or that is taken back. */
static void count_split(struct partition *p, int sign)
{
	p->gpa_2m += sign;
	p->gpa_4k -= sign * (s64)(SIZE_2M >> PAGE_SHIFT);
	acct_add(TESTHV_ACCT_GPA_LARGE, sign);
}

void gpa_was_split(struct partition *p, const struct npt_leaf *leaf)
{
	if (leaf->perm)
		count_split(p, -1);
}

/* As npt_lookup(): what the parent has mapped, be it behind an overlay. */
static bool lookup(const struct partition *p, u64 gpa, struct npt_leaf *leaf)
{
	const struct overlay *ov;

	if (!npt_lookup(&p->npt, gpa, leaf))
		return false;
	if (!leaf->overlay)
		return true;
	ov = overlay_at(p, gpa);
	*leaf = ov->under;
	return ov->mapped;
}

/* As npt_next(), in the same way. */
static bool next_leaf(const struct partition *p, u64 *gpa, u64 end, struct npt_leaf *leaf)
{
	while (npt_next(&p->npt, gpa, end, leaf)) {
		if (!leaf->overlay || lookup(p, *gpa, leaf))
			return true;
		*gpa += PAGE_SIZE;
	}
	return false;
}

/*
 * Count what [@gpa, @gpa + @size) maps in (@sign 1) or out (-1). Returns whether
 * anything at all is mapped there.
 */
static bool count_range(struct partition *p, u64 gpa, u64 size, int sign)
{
	u64 at = gpa, end = gpa + size;
	struct npt_leaf leaf;
	bool any = false;

	while (at < end && next_leaf(p, &at, end, &leaf)) {
		u64 from = max(at, gpa), to = min(at + leaf.size, end);

		any = true;
		if (leaf.perm)
			count_maps(p, leaf.spa + (from - at), to - from, sign);
		/* A part of a large leaf leaves small ones behind. */
		if (leaf.perm && leaf.size == SIZE_2M && to - from < SIZE_2M)
			count_split(p, sign);
		at += leaf.size;
	}
	return any;
}

void gpa_unmap_all(struct partition *p)
{
	if (!p->npt.root)
		return;
	count_range(p, 0, gpa_limit(), -1);
	npt_flush(&p->npt);
	npt_destroy(&p->npt);
}

/*
 * The root may hand out its RAM, and device memory that is not RAM at all if
 * it is mapped uncached. The local APIC's page is neither.
 */
static u16 check_source(u64 spa, u64 size, u32 flags)
{
	u64 at;

	if (!IS_ALIGNED(spa, size) || spa >= gpa_limit() || size > gpa_limit() - spa)
		return HVX_STATUS_INVALID_PARAMETER;
	if (root_owns(spa, size))
		return HVX_STATUS_SUCCESS;
	if (!(flags & HVX_MAP_NOT_CACHED))
		return HVX_STATUS_INVALID_PARAMETER;
	for (at = spa; at < spa + size; at += PAGE_SIZE) {
		const struct page_info *info = page_info(at);

		if (at == LOCAL_APIC_PAGE || (info && info->state != PG_NONE))
			return HVX_STATUS_INVALID_PARAMETER;
	}
	return HVX_STATUS_SUCCESS;
}

/* Checks what is the same for all elements of a map or unmap call. */
static u16 check_range(u64 gpa_page, u64 size, u64 reps)
{
	u64 limit = gpa_limit() >> PAGE_SHIFT;
	u64 pages = reps * (size >> PAGE_SHIFT);

	if (!IS_ALIGNED(gpa_page, size >> PAGE_SHIFT))
		return HVX_STATUS_INVALID_PARAMETER;
	if (gpa_page >= limit || pages > limit - gpa_page)
		return HVX_STATUS_INVALID_PARAMETER;
	return HVX_STATUS_SUCCESS;
}

static u16 check_map_flags(u32 flags)
{
	u32 perm = flags & HVX_MAP_PERMISSIONS_MASK;

	if (flags & ~MAP_FLAGS)
		return HVX_STATUS_INVALID_PARAMETER;
	if ((flags & HVX_MAP_LARGE_PAGE) && !options.large)
		return HVX_STATUS_INVALID_PARAMETER;
	if (flags & HVX_MAP_NO_ACCESS)
		return perm ? HVX_STATUS_INVALID_PARAMETER : HVX_STATUS_SUCCESS;
	return perm & HVX_MAP_READABLE ? HVX_STATUS_SUCCESS : HVX_STATUS_INVALID_PARAMETER;
}

static u32 npt_perm(u32 flags)
{
	u32 perm = 0;

	if (flags & HVX_MAP_NO_ACCESS)
		return 0;
	if (flags & HVX_MAP_READABLE)
		perm |= NPT_READ;
	if (flags & HVX_MAP_WRITABLE)
		perm |= NPT_WRITE;
	if (flags & HVX_MAP_EXECUTABLE)
		perm |= NPT_EXEC;
	return perm;
}

/* Replace what is at @gpa; on failure everything is as it was. */
static int map_one(struct partition *p, u64 gpa, u64 spa, u64 size, u32 perm, bool *changed)
{
	struct overlay *ov = overlay_at(p, gpa);
	bool any = count_range(p, gpa, size, -1);

	if (ov) {
		ov->under = (struct npt_leaf){ .spa = spa, .size = size, .perm = perm };
		ov->mapped = true;
	} else if (npt_map(&p->npt, gpa, spa, size, perm)) {
		count_range(p, gpa, size, 1);
		return -1;
	}
	if (perm)
		count_maps(p, spa, size, 1);
	*changed |= any;
	return 0;
}

/* With access tracking on, and around overlays, large pages become small ones. */
static int map_pages(struct partition *p, u64 gpa, u64 spa, u64 size, u32 perm, bool *changed)
{
	u64 off, step = perm ? PAGE_SIZE : 0;

	if (size == PAGE_SIZE || !(overlay_in(p, gpa, size) || (p->access_tracking && perm)))
		return map_one(p, gpa, spa, size, perm, changed);
	for (off = 0; off < size; off += PAGE_SIZE, spa += step)
		if (map_one(p, gpa + off, spa, PAGE_SIZE, perm, changed))
			return -1;
	return 0;
}

/* The same for unmapping. Pages beside an overlay are small: that can't fail. */
static int unmap_pages(struct partition *p, u64 gpa, u64 size)
{
	struct overlay *ov = overlay_at(p, gpa);
	u64 off;

	if (size > PAGE_SIZE && overlay_in(p, gpa, size)) {
		for (off = 0; off < size; off += PAGE_SIZE)
			unmap_pages(p, gpa + off, PAGE_SIZE);
		return 0;
	}
	count_range(p, gpa, size, -1);
	if (ov) {
		ov->mapped = false;
	} else if (npt_unmap(&p->npt, gpa, size)) {
		count_range(p, gpa, size, 1);
		return -1;
	}
	return 0;
}

/*
 * These two calls do not look at what pads their headers: mainline's driver, which has
 * to work on Hyper-V, leaves there what the page held before.
 */
static u16 hv_map_gpa_pages(struct hvcall *c)
{
	const struct hvx_in_map_gpa_pages in = *(const struct hvx_in_map_gpa_pages *)c->in;
	u64 size = in.flags & HVX_MAP_LARGE_PAGE ? SIZE_2M : PAGE_SIZE;
	u32 perm = npt_perm(in.flags);
	struct partition *p;
	bool changed = false;
	u16 status, i;

	status = partition_find(c, in.partition_id, IN_ACTIVE, &p);
	if (status)
		return status;
	status = check_map_flags(in.flags);
	if (status)
		return status;
	status = check_range(in.gpa_base, size, c->reps);
	if (status)
		return status;

	for (i = c->start; i < c->reps; i++) {
		u64 gpa = (in.gpa_base << PAGE_SHIFT) + i * size;
		u64 pfn = READ_ONCE(*(const u64 *)hvc_rep_in(c, i));
		u64 spa = pfn << PAGE_SHIFT;

		if (in.flags & HVX_MAP_NO_ACCESS) {
			spa = 0;
		} else {
			status = pfn >= gpa_limit() >> PAGE_SHIFT ?
				 HVX_STATUS_INVALID_PARAMETER :
				 check_source(spa, size, in.flags);
			if (status)
				break;
		}
		if (map_pages(p, gpa, spa, size, perm, &changed)) {
			status = HVX_STATUS_INSUFFICIENT_MEMORY;
			break;
		}
	}
	c->done = i;
	if (changed)
		npt_flush(&p->npt);
	p->gpa_changes++;
	partition_account(p);
	return status;
}

static u16 hv_unmap_gpa_pages(struct hvcall *c)
{
	const struct hvx_in_unmap_gpa_pages in = *(const struct hvx_in_unmap_gpa_pages *)c->in;
	u64 size = in.flags & HVX_UNMAP_LARGE_PAGE ? SIZE_2M : PAGE_SIZE;
	struct partition *p;
	u16 status, i;

	status = partition_find(c, in.partition_id, IN_ACTIVE, &p);
	if (status)
		return status;
	if (in.flags & ~HVX_UNMAP_LARGE_PAGE)
		return HVX_STATUS_INVALID_PARAMETER;
	status = check_range(in.gpa_base, size, c->reps);
	if (status)
		return status;

	for (i = c->start; i < c->reps; i++) {
		u64 gpa = (in.gpa_base << PAGE_SHIFT) + i * size;

		if (unmap_pages(p, gpa, size)) {
			status = HVX_STATUS_INSUFFICIENT_MEMORY;
			break;
		}
	}
	c->done = i;
	if (i > c->start)
		npt_flush(&p->npt);
	p->gpa_changes++;
	partition_account(p);
	return status;
}

u16 gpa_split_large(struct partition *p)
{
	struct npt_leaf leaf;
	u64 gpa = 0;

	while (npt_next(&p->npt, &gpa, gpa_limit(), &leaf)) {
		u64 end = gpa + leaf.size;

		if (leaf.perm && leaf.size == SIZE_2M) {
			if (npt_map(&p->npt, gpa, leaf.spa, PAGE_SIZE, leaf.perm)) {
				npt_flush(&p->npt);
				return HVX_STATUS_INSUFFICIENT_MEMORY;
			}
			count_split(p, -1);
		}
		gpa = end;
	}
	npt_flush(&p->npt);
	return HVX_STATUS_SUCCESS;
}

/*
 * Change the state of one page. The bits of a large leaf count for all its
 * pages, so they are cleared only by a call that reports on all of them.
 */
static void change_access(struct partition *p, u64 gpa, const struct npt_leaf *leaf,
			  u64 flags, bool whole)
{
	struct overlay *ov = overlay_at(p, gpa);
	u32 clear = 0, set = 0;

	if (!leaf->perm)
		return;
	if (whole && (flags & HVX_ACCESS_CLEAR_ACCESSED))
		clear |= NPT_ACCESSED;
	if (whole && (flags & HVX_ACCESS_CLEAR_DIRTY))
		clear |= NPT_DIRTY;
	if (flags & HVX_ACCESS_SET_ACCESSED)
		set |= NPT_ACCESSED;
	if (flags & HVX_ACCESS_SET_DIRTY)
		set |= NPT_DIRTY;
	if (ov) {
		ov->under.accessed = (leaf->accessed && !(clear & NPT_ACCESSED)) ||
				     (set & NPT_ACCESSED);
		ov->under.dirty = (leaf->dirty && !(clear & NPT_DIRTY)) || (set & NPT_DIRTY);
	} else if (clear || set) {
		npt_set_ad(&p->npt, gpa, clear, set);
	}
}

static u16 hv_get_gpa_access(struct hvcall *c)
{
	const struct hvx_in_get_gpa_access in = *(const struct hvx_in_get_gpa_access *)c->in;
	struct partition *p;
	u16 status, i;

	status = partition_find(c, in.partition_id, IN_ACTIVE, &p);
	if (status)
		return status;
	if (in.flags & ~ACCESS_FLAGS)
		return HVX_STATUS_INVALID_PARAMETER;
	status = check_range(in.gpa_base, PAGE_SIZE, c->reps);
	if (status)
		return status;

	for (i = c->start; i < c->reps;) {
		u64 gpa = (in.gpa_base + i) << PAGE_SHIFT, end;
		struct npt_leaf leaf;
		bool whole;
		u8 state;

		if (!lookup(p, gpa, &leaf)) {
			status = HVX_STATUS_INVALID_PARAMETER;
			break;
		}
		end = ALIGN_DOWN(gpa, leaf.size) + leaf.size;
		whole = IS_ALIGNED(gpa, leaf.size) &&
			i + (leaf.size >> PAGE_SHIFT) <= c->reps;
		state = leaf.perm ? (leaf.accessed ? HVX_ACCESS_STATE_ACCESSED : 0) |
				    (leaf.dirty ? HVX_ACCESS_STATE_DIRTY : 0) : 0;
		change_access(p, gpa, &leaf, in.flags, whole);
		for (; gpa < end && i < c->reps; gpa += PAGE_SIZE, i++)
			*(u8 *)hvc_rep_out(c, i) = state;
	}
	c->done = i;
	if (in.flags)
		npt_flush(&p->npt);
	return status;
}

static const struct hvc_row gpa_rows[] = {
	{
		.code = HVX_CALL_MAP_GPA_PAGES, .name = "MapGpaPages",
		.flags = HVC_REP | HVC_HOT, .in = sizeof(struct hvx_in_map_gpa_pages),
		.rep_in = sizeof(u64),
		.priv = HVX_PRIV_CREATE_PARTITIONS, .fn = hv_map_gpa_pages,
	}, {
		.code = HVX_CALL_UNMAP_GPA_PAGES, .name = "UnmapGpaPages",
		.flags = HVC_REP | HVC_HOT, .in = sizeof(struct hvx_in_unmap_gpa_pages),
		.priv = HVX_PRIV_CREATE_PARTITIONS, .fn = hv_unmap_gpa_pages,
	}, {
		.code = HVX_CALL_GET_GPA_PAGES_ACCESS_STATES, .name = "GetGpaPagesAccessStates",
		.flags = HVC_REP | HVC_HOT, .in = sizeof(struct hvx_in_get_gpa_access),
		.rep_out = 1,
		.priv = HVX_PRIV_CREATE_PARTITIONS, .fn = hv_get_gpa_access,
	},
};
HVC_TABLE(gpa_rows);
