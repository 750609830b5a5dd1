// SPDX-License-Identifier: GPL-2.0
/* Pages shared with the hypervisor: see page.h. */
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kmsan-checks.h>
#include <linux/mm.h>

#include "deposit.h"
#include "hvcall.h"
#include "mshv.h"
#include "page.h"

bool mshv_pages_provided(void)
{
	return mshv_vmm_capable(HVX_VMM_CAP_OVERLAY_GPFN);
}

int mshv_page_provide(struct mshv_page *page)
{
	page->own = alloc_page(MSHV_GFP | __GFP_ZERO);
	if (!page->own)
		return -ENOMEM;
	page->va = page_address(page->own);
	page->pfn = page_to_pfn(page->own);
	return 0;
}

int mshv_page_attach(struct mshv_page *page, u64 pfn)
{
	if (page->own)
		return 0;
	page->va = memremap(pfn << HVX_PAGE_SHIFT, HVX_PAGE_SIZE, MEMREMAP_WB);
	if (!page->va)
		return -ENOMEM;
	/* It was deposited without a value, and the hypervisor gives it one. */
	kmsan_unpoison_memory(page->va, HVX_PAGE_SIZE);
	page->pfn = pfn;
	return 0;
}

void mshv_page_release(struct mshv_page *page, bool kept, struct mshv_pool *pool)
{
	const struct mshv_page old = *page;

	/* An interrupt handler may look for it. */
	WRITE_ONCE(page->va, NULL);
	barrier();
	page->own = NULL;
	if (old.own && kept)
		mshv_pool_lose_page(pool);
	else if (old.own)
		__free_page(old.own);
	else if (old.va)
		memunmap(old.va);
}
