/* SPDX-License-Identifier: GPL-2.0 */
/* The hypervisor's own memory, and pools of pages. */
#ifndef TESTHV_MEM_H
#define TESTHV_MEM_H

#include "types.h"

/* All RAM is mapped one to one; the image is mapped a second time at -2 GiB. */
#define IMAGE_VIRT	0xffffffff80000000UL

extern u64 image_phys;	/* where the image lies now; page aligned */

static inline void *phys_to_virt(u64 pa)
{
	return (void *)pa;
}

static inline u64 virt_to_phys(const void *p)
{
	u64 va = (u64)p;

	return va >= IMAGE_VIRT ? va - IMAGE_VIRT + image_phys : va;
}

/**
 * struct pagepool - free pages of one owner
 * @head: free pages, linked through their first bytes
 * @nr_free: pages in the list
 * @nr_used: pages handed out by pool_get() and not yet put back
 */
struct pagepool {
	void *head;
	u64 nr_free;
	u64 nr_used;
};

/* Give a page to the pool. It must be the hypervisor's, out of guests' reach. */
void pool_add(struct pagepool *pool, void *page);
/* Take a free page away from the pool for good; NULL when none is free. */
void *pool_remove(struct pagepool *pool);
/* Use a page: zeroed, or NULL when the pool is empty. */
void *pool_get(struct pagepool *pool);
/* Stop using a page that pool_get() returned. */
void pool_put(struct pagepool *pool, void *page);

/* The hidden region, used for everything that is not paid for by a deposit. */
extern struct pagepool hidden_pool;

/* A zeroed hidden page; NULL when the region is used up. Under hv_lock. */
static inline void *page_alloc(void)
{
	return pool_get(&hidden_pool);
}

/* Zeroed, contiguous hidden memory, never freed; boot time only. */
void *boot_alloc(u64 size, u64 align);

/**
 * ram_contains - is a physical range RAM of the machine
 * @pa: start
 * @size: length in bytes
 */
bool ram_contains(u64 pa, u64 size);

/* Choose the hidden region and move the image there. */
void mem_init(void);
/* Put what boot_alloc() left into hidden_pool. */
void mem_init_pool(void);

extern u64 ram_top;		/* end of the highest RAM */
extern u64 ram_bytes;		/* sum of all RAM */
extern u64 hidden_start, hidden_end;

#endif /* TESTHV_MEM_H */
