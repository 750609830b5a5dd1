// SPDX-License-Identifier: GPL-2.0
/*
 * RegisterInterceptResult for MSRs: what becomes of an access to an MSR that the
 * hypervisor does not implement for the guest, instead of the partition's
 * HVX_PROP_UNIMPLEMENTED_MSR_ACTION.
 */
#include "guest_msr.h"
#include "hv_abi.h"
#include "lib.h"
#include "partition.h"
#include "vp.h"

/**
 * struct msr_row - registered results of an MSR
 * @msr: MSR
 * @used: HVX_ACCESS_MASK_*: accesses that there is a result for; 0: free
 * @read: HVX_MSR_ACTION_*
 * @write: HVX_MSR_ACTION_*
 */
struct msr_row {
	u32 msr;
	u16 used;
	u8 read;
	u8 write;
};

#define ROWS_PER_PAGE	((PAGE_SIZE - sizeof(void *)) / sizeof(struct msr_row))

struct msr_page {
	struct msr_page *next;
	struct msr_row rows[ROWS_PER_PAGE];
};

static struct msr_row *find_row(const struct child_vp *vp, u32 msr, struct msr_row **free)
{
	struct msr_page *page;
	unsigned int i;

	for (page = vp->msr_rows; page; page = page->next) {
		for (i = 0; i < ROWS_PER_PAGE; i++) {
			struct msr_row *row = &page->rows[i];

			if (row->used && row->msr == msr)
				return row;
			if (!row->used && free && !*free)
				*free = row;
		}
	}
	return NULL;
}

/* The row of an MSR, or a free one for it; NULL when memory runs out. */
static struct msr_row *make_row(struct child_vp *vp, u32 msr)
{
	struct msr_row *free = NULL, *row = find_row(vp, msr, &free);
	struct msr_page *page;

	if (row || free)
		return row ?: free;
	page = pool_get(&vp->part->pool);
	if (!page)
		return NULL;
	partition_account(vp->part);
	page->next = vp->msr_rows;
	vp->msr_rows = page;
	return &page->rows[0];
}

u16 msr_result_register(struct child_vp *vp, u32 msr, u32 access, u32 action)
{
	struct msr_row *row;

	if (!access || (access & ~(HVX_ACCESS_MASK_READ | HVX_ACCESS_MASK_WRITE)) ||
	    action > HVX_MSR_ACTION_IGNORE)
		return HVX_STATUS_INVALID_PARAMETER;
	row = make_row(vp, msr);
	if (!row)
		return HVX_STATUS_INSUFFICIENT_MEMORY;
	row->msr = msr;
	row->used |= access;
	if (access & HVX_ACCESS_MASK_READ)
		row->read = action;
	if (access & HVX_ACCESS_MASK_WRITE)
		row->write = action;
	return HVX_STATUS_SUCCESS;
}

u64 msr_result(const struct child_vp *vp, u32 msr, bool write)
{
	const struct msr_row *row = find_row(vp, msr, NULL);

	if (row && (row->used & (write ? HVX_ACCESS_MASK_WRITE : HVX_ACCESS_MASK_READ)))
		return write ? row->write : row->read;
	return vp->part->msr_action;
}

void msr_rows_free(struct child_vp *vp)
{
	while (vp->msr_rows) {
		struct msr_page *page = vp->msr_rows;

		vp->msr_rows = page->next;
		pool_put(&vp->part->pool, page);
	}
}
