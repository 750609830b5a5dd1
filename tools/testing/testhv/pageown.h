/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who owns each page frame of RAM.
 *
 * The root may touch what it owns and what the hypervisor shares with it.
 * Everything here is called with hv_lock held.
 */
#ifndef TESTHV_PAGEOWN_H
#define TESTHV_PAGEOWN_H

#include "types.h"

enum page_state {
	PG_NONE,	/* no RAM, or reserved by the firmware */
	PG_ROOT,	/* the root's, to use, map into children or deposit */
	PG_HIDDEN,	/* the hypervisor's own */
	PG_DEPOSITED,	/* given to a partition's pool; out of the root's reach */
	PG_SHARED,	/* the hypervisor's, but the root sees it */
	PG_OVERLAY,	/* the hypervisor's, and the root sees it at another place */
	PG_COVERED,	/* the root's: that place. What it holds is out of reach */
};

/* page_info::flags of a deposited page: taken out of the pool */
#define PAGE_IN_USE	BIT(0)

/**
 * struct page_info - one page frame
 * @state: an enum page_state
 * @flags: PAGE_IN_USE; other bits are free for the owner's use
 * @owner: index of the partition that it was deposited to
 * @maps: leaf mappings of the page in children's nested page tables; a page
 *	with any can not be deposited
 * @gfn: in state PG_OVERLAY: page number at which the root sees it
 */
struct page_info {
	u8 state;
	u8 flags;
	u16 owner;
	union {
		u32 maps;
		u32 gfn;
	};
};

/* The entry of the frame at physical address @spa; NULL where no RAM is. */
struct page_info *page_info(u64 spa);

/* The root owns all of [@spa, @spa + @size): it may map or deposit it. */
bool root_owns(u64 spa, u64 size);

/* The root can reach all of [@spa, @spa + @size): its own or shared pages. */
bool root_can_access(u64 spa, u64 size);

#define ROOT_READ	1
#define ROOT_WRITE	2
#define ROOT_RW		(ROOT_READ | ROOT_WRITE)

/**
 * root_hide_page - take a page out of the root's address space
 * @spa: page frame; state PG_ROOT or PG_SHARED
 * @state: PG_HIDDEN or PG_DEPOSITED
 * @owner: owner to record
 *
 * After one or several calls, and before the contents of the pages are used,
 * the caller does root_flush().
 *
 * Return: 0, or -1 when there was no memory to split a large mapping. Nothing
 * has changed then.
 */
int root_hide_page(u64 spa, enum page_state state, u16 owner);

/**
 * root_show_page - make a page visible in the root's address space
 * @spa: page frame
 * @state: PG_ROOT to give it back, PG_SHARED to keep it
 * @perm: ROOT_READ or ROOT_RW
 *
 * Clears the page's owner. The caller has scrubbed the page, where it must.
 *
 * Return: 0, or -1 when out of memory.
 */
int root_show_page(u64 spa, enum page_state state, unsigned int perm);

/* The root may have a page of the hypervisor laid over its page at @gpa. */
bool root_can_cover(u64 gpa);

/**
 * root_cover - let the root see a page instead of one of its own
 * @spa: page frame of the hypervisor; hidden or deposited
 * @gpa: where; root_can_cover() is true for it
 * @perm: ROOT_READ or ROOT_RW
 *
 * The caller does root_flush() before the root may rely on it.
 *
 * Return: 0, or -1 when there was no memory to split a large mapping.
 */
int root_cover(u64 spa, u64 gpa, unsigned int perm);

/* Undo root_cover(): @spa gets @state and @owner. The caller does root_flush(). */
void root_uncover(u64 spa, enum page_state state, u16 owner);

/* Widest physical address space that the root is shown. */
#define ROOT_PHYS_BITS_MAX	46U

/* Boot: create the array, which needs boot_alloc(); then the root's tables. */
void pageown_init(void);
void pageown_init_root(void);

/* Wait until no CPU of the root can use a translation that was removed. */
void root_flush(void);

#endif /* TESTHV_PAGEOWN_H */
