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

static void mshv_stats_page_unmap(struct mshv_stats_pages *pages, u8 area)
{
	struct hvx_in_stats_page in;
	int ret;

	mshv_stats_page_input(pages, area, &in);
	ret = mshv_hvcall_simple(HVX_CALL_UNMAP_STATS_PAGE, &in, sizeof(in), NULL, 0);
	mshv_page_release(&pages->page[area], ret, &mshv_root_pool);
}

static int mshv_stats_page_map(struct mshv_stats_pages *pages, u8 area)
{
	/* Hypervisors may know overlays, but not here. */
	bool provided = mshv_pages_provided() && mshv_hvcall_present(HVX_CALL_MAP_STATS_PAGE2);
	struct mshv_page *page = &pages->page[area];
	struct hvx_out_map_stats_page out = {};
	struct hvx_in_map_stats_page2 in;
	struct mshv_hvcall call = {
		.code = provided ? HVX_CALL_MAP_STATS_PAGE2 : HVX_CALL_MAP_STATS_PAGE,
		.in = &in,
		.in_size = provided ? sizeof(in) : sizeof(in.page),
		.out = &out,
		.out_size = provided ? 0 : sizeof(out),
	};
	int ret;

	ret = provided ? mshv_page_provide(page) : 0;
	if (ret)
		return ret;
	mshv_stats_page_input(pages, area, &in.page);
	in.location = page->pfn;
	ret = mshv_hvcall_pool(&call, &mshv_root_pool);
	if (ret) {
		mshv_page_release(page, false, NULL);
		return ret;
	}
	ret = mshv_page_attach(page, out.pfn);
	if (ret)
		mshv_stats_page_unmap(pages, area);
	return ret;
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

	/* Nothing that anybody could look at */
	if (!pages->hv->nr)
		return 0;
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

	for (area = 0; area < MSHV_STATS_AREAS; area++)
		if (pages->page[area].va)
			mshv_stats_page_unmap(pages, area);
}

bool mshv_stats_pages_present(const struct mshv_stats_pages *pages)
{
	return pages->page[HVX_STATS_AREA_SELF].va || pages->page[HVX_STATS_AREA_PARENT].va;
}

/* The parent's area knows more; what it does not have is 0 there. */
u64 mshv_stats_pages_read(const struct mshv_stats_pages *pages, unsigned int index)
{
	u64 value = 0;
	u8 area = MSHV_STATS_AREAS;

	while (area-- && !value) {
		const u64 *counters = pages->page[area].va;

		if (counters)
			value = READ_ONCE(counters[index]);
	}
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
