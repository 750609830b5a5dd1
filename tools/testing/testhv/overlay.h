/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Overlay pages: pages of the hypervisor's that a child sees in its address space, in
 * front of what its parent has mapped there (TLFS 5.2.1). Everything is under hv_lock.
 */
#ifndef TESTHV_OVERLAY_H
#define TESTHV_OVERLAY_H

#include "lib.h"
#include "npt.h"
#include "types.h"

struct partition;

/**
 * struct overlay - one of them
 * @link: in the partition's list, while it is somewhere
 * @gpa: where
 * @page: the page; it keeps its contents while it is nowhere
 * @perm: NPT_* that the guest has
 * @visible: it is in the nested page tables, not behind another overlay
 * @mapped: the parent has mapped something there
 * @under: what, if @visible and @mapped; always a small page
 */
struct overlay {
	struct list link;
	u64 gpa;
	void *page;
	u32 perm;
	bool visible;
	bool mapped;
	struct npt_leaf under;
};

/* A new overlay is nowhere. */
void overlay_init(struct overlay *ov, void *page, u32 perm);

/**
 * overlay_place - put an overlay somewhere, or somewhere else
 * @p: partition
 * @ov: overlay
 * @gpa: aligned guest address, below gpa_limit()
 *
 * What was in front at the old place, if anything, is as if it had never been there.
 *
 * Return: 0, or -1 when there was no memory for page tables: it is nowhere then.
 */
int overlay_place(struct partition *p, struct overlay *ov, u64 gpa);

/* Take an overlay away; does nothing when it is nowhere. */
void overlay_remove(struct partition *p, struct overlay *ov);

/* The overlay that is seen in the page of @gpa, or NULL. */
struct overlay *overlay_at(const struct partition *p, u64 gpa);

/* Some overlay is in [@gpa, @gpa + @size). */
bool overlay_in(const struct partition *p, u64 gpa, u64 size);

#endif /* TESTHV_OVERLAY_H */
