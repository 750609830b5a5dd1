// SPDX-License-Identifier: GPL-2.0
/*
 * Statistics pages of the hypervisor.
 *
 * Each object can have two, of what it may know of itself and of what only its
 * parent may. Which counter is in which differs between hypervisors; older
 * ones have only the first, some have none. All of that is no error. Nothing
 * that the driver does depends on these pages.
 */
#include <linux/compiler.h>
#include <linux/io.h>
#include <linux/seq_file.h>

#include "deposit.h"
#include "hvcall.h"
#include "mshv.h"
#include "stats.h"

static void mshv_stats_page_input(const struct mshv_stats_pages *pages, u8 area,
				  struct hvx_in_stats_page *in)
{
	*in = (struct hvx_in_stats_page) {
		.type = pages->hv->object,
		.id = {
			.partition_id = pages->id,
			.vp_index = pages->vp_index,
			.area = area,
		},
	};
}

static void mshv_stats_page_unmap(const struct mshv_stats_pages *pages, u8 area)
{
	struct hvx_in_stats_page in;

	mshv_stats_page_input(pages, area, &in);
	/* A page that the hypervisor keeps is its own, and ends with the object. */
	mshv_hvcall_simple(HVX_CALL_UNMAP_STATS_PAGE, &in, sizeof(in), NULL, 0);
}

static int mshv_stats_page_map(struct mshv_stats_pages *pages, u8 area)
{
	struct hvx_out_map_stats_page out;
	struct hvx_in_stats_page in;
	struct mshv_hvcall call = {
		.code = HVX_CALL_MAP_STATS_PAGE,
		.in = &in,
		.in_size = sizeof(in),
		.out = &out,
		.out_size = sizeof(out),
	};
	int ret;

	mshv_stats_page_input(pages, area, &in);
	ret = mshv_hvcall_pool(&call, &mshv_root_pool);
	if (ret)
		return ret;
	pages->page[area] = memremap(out.pfn << HVX_PAGE_SHIFT, HVX_PAGE_SIZE, MEMREMAP_WB);
	if (pages->page[area])
		return 0;
	mshv_stats_page_unmap(pages, area);
	return -ENOMEM;
}

/**
 * mshv_stats_pages_map - map what the hypervisor has
 * @pages: which object; no pages yet
 *
 * Returns 0, also if there are no pages; -ENOMEM; -EINTR: fatal signal.
 */
int mshv_stats_pages_map(struct mshv_stats_pages *pages)
{
	int ret;
	u8 area;

	for (area = 0; area < MSHV_STATS_AREAS; area++) {
		ret = mshv_stats_page_map(pages, area);
		if (ret == -ENOMEM || ret == -EINTR) {
			mshv_stats_pages_unmap(pages);
			return ret;
		}
	}
	return 0;
}

void mshv_stats_pages_unmap(struct mshv_stats_pages *pages)
{
	u8 area;

	for (area = 0; area < MSHV_STATS_AREAS; area++) {
		if (!pages->page[area])
			continue;
		memunmap((void *)pages->page[area]);
		pages->page[area] = NULL;
		mshv_stats_page_unmap(pages, area);
	}
}

bool mshv_stats_pages_present(const struct mshv_stats_pages *pages)
{
	return pages->page[HVX_STATS_AREA_SELF] || pages->page[HVX_STATS_AREA_PARENT];
}

/* The parent's area knows more; what it does not have is 0 there. */
u64 mshv_stats_pages_read(const struct mshv_stats_pages *pages, unsigned int index)
{
	u64 value = 0;
	u8 area = MSHV_STATS_AREAS;

	while (area-- && !value)
		if (pages->page[area])
			value = READ_ONCE(pages->page[area][index]);
	return value;
}

void mshv_stats_pages_show(struct seq_file *m, const struct mshv_stats_pages *pages)
{
	unsigned int i;

	if (!mshv_stats_pages_present(pages))
		return;
	for (i = 0; i < pages->hv->nr; i++)
		seq_printf(m, "%-50s %llu\n", pages->hv->rows[i].name,
			   mshv_stats_pages_read(pages, pages->hv->rows[i].index));
}
