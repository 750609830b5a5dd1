/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages that the hypervisor shares with the driver, and the driver perhaps with
 * the VMM.
 *
 * They are the hypervisor's, and it tells where they are; or it wants to be told
 * where its parent would like to have them, and lays them over memory of the
 * parent ("overlay"). An L1VH partition has no choice: memory that is not its own
 * is not in its address space.
 *
 *	mshv_page_provide()	if the hypervisor is to be told
 *	the hypercall that maps the page
 *	mshv_page_attach()
 *	the hypercall that unmaps it
 *	mshv_page_release()
 */
#ifndef _MSHV_PAGE_H
#define _MSHV_PAGE_H

#include <linux/types.h>

struct mshv_pool;
struct page;

/**
 * struct mshv_page - such a page
 * @va: kernel address, NULL: there is no such page
 * @pfn: its page number
 * @own: memory of ours that it lies over, or NULL
 */
struct mshv_page {
	void *va;
	unsigned long pfn;
	struct page *own;
};

/* Whether pages of VPs and statistics are provided. */
bool mshv_pages_provided(void);

/*
 * Allocates a page, of zeroes, as long as nothing is laid over it. Returns 0 or
 * -ENOMEM.
 */
int mshv_page_provide(struct mshv_page *page);

/*
 * The page is there; @pfn is what the hypervisor says, and of no interest if it
 * was told. Returns 0 or -ENOMEM; then it has to be unmapped and released.
 */
int mshv_page_attach(struct mshv_page *page, u64 pfn);

/*
 * The page is no more, or never was. With @kept the hypervisor refused to take it
 * away: memory of ours is not used again then, and counts as lost to @pool.
 */
void mshv_page_release(struct mshv_page *page, bool kept, struct mshv_pool *pool);

#endif /* _MSHV_PAGE_H */
