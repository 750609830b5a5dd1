// SPDX-License-Identifier: GPL-2.0
/*
 * Overlay pages of children (TLFS 5.2.1).
 *
 * The nested page tables hold what the guest sees, so an overlay remembers what its
 * parent has mapped below it. gpa.c, which maps and unmaps, goes around overlays.
 */
#include "overlay.h"

#include "gpa.h"
#include "mem.h"
#include "panic.h"
#include "partition.h"

void overlay_init(struct overlay *ov, void *page, u32 perm)
{
	*ov = (struct overlay){ .page = page, .perm = perm };
	list_init(&ov->link);
}

/* The overlay at @gpa that is seen, or one that is not. */
static struct overlay *find(const struct partition *p, u64 gpa, bool visible)
{
	struct list *l;

	list_for_each(l, &p->overlays) {
		struct overlay *ov = list_entry(l, struct overlay, link);

		if (ov->gpa == (gpa & PAGE_MASK) && ov->visible == visible)
			return ov;
	}
	return NULL;
}

struct overlay *overlay_at(const struct partition *p, u64 gpa)
{
	return find(p, gpa, true);
}

bool overlay_in(const struct partition *p, u64 gpa, u64 size)
{
	struct list *l;

	list_for_each(l, &p->overlays)
		if (list_entry(l, struct overlay, link)->gpa - gpa < size)
			return true;
	return false;
}

static int show(struct partition *p, struct overlay *ov)
{
	return npt_map(&p->npt, ov->gpa, virt_to_phys(ov->page), PAGE_SIZE,
		       ov->perm | NPT_OVERLAY);
}

/* Be seen where no other overlay is. */
static int cover(struct partition *p, struct overlay *ov)
{
	ov->mapped = npt_lookup(&p->npt, ov->gpa, &ov->under);
	if (show(p, ov))
		return -1;
	if (ov->mapped && ov->under.size > PAGE_SIZE)
		gpa_was_split(p, &ov->under);
	ov->under.size = PAGE_SIZE;
	ov->visible = true;
	return 0;
}

/* The parent's mapping is seen again. The tables for it are there. */
static void uncover(struct partition *p, struct overlay *ov)
{
	const struct npt_leaf *u = &ov->under;

	if (!ov->mapped) {
		BUG_ON(npt_unmap(&p->npt, ov->gpa, PAGE_SIZE));
		return;
	}
	BUG_ON(npt_map(&p->npt, ov->gpa, u->spa, PAGE_SIZE, u->perm));
	if (u->perm)
		npt_set_ad(&p->npt, ov->gpa, 0, (u->accessed ? NPT_ACCESSED : 0) |
						(u->dirty ? NPT_DIRTY : 0));
}

int overlay_place(struct partition *p, struct overlay *ov, u64 gpa)
{
	int ret = 0;

	if (!list_empty(&ov->link) && ov->gpa == gpa)
		return 0;
	overlay_remove(p, ov);
	ov->gpa = gpa;
	if (!overlay_at(p, gpa))
		ret = cover(p, ov);
	if (!ret)
		list_add_tail(&p->overlays, &ov->link);
	npt_flush(&p->npt);
	partition_account(p);
	return ret;
}

void overlay_remove(struct partition *p, struct overlay *ov)
{
	struct overlay *behind;

	if (list_empty(&ov->link))
		return;
	list_del(&ov->link);
	if (!ov->visible)
		return;
	ov->visible = false;
	behind = find(p, ov->gpa, false);
	if (behind) {
		behind->mapped = ov->mapped;
		behind->under = ov->under;
		behind->visible = true;
		BUG_ON(show(p, behind));
	} else {
		uncover(p, ov);
	}
	npt_flush(&p->npt);
	partition_account(p);
}
