// SPDX-License-Identifier: GPL-2.0
/* DepositMemory and WithdrawMemory: a partition lives on what it was given. */
#include "acct.h"
#include "hypercall.h"
#include "log.h"
#include "pageown.h"
#include "panic.h"
#include "partition.h"

static unsigned int deposited_account(const struct partition *p)
{
	return p == &root_part ? TESTHV_ACCT_ROOT_DEPOSITED : TESTHV_ACCT_PAGES_DEPOSITED;
}

/*
 * A page may be given away when it is the root's ordinary RAM and no child
 * has it in its address space.
 */
static u16 deposit_page(struct partition *p, u64 pfn)
{
	struct page_info *info;
	u64 spa = pfn << PAGE_SHIFT;

	if (pfn > ~0ULL >> PAGE_SHIFT || !root_owns(spa, PAGE_SIZE))
		return HVX_STATUS_INVALID_PARAMETER;
	info = page_info(spa);
	if (info->maps)
		return HVX_STATUS_INVALID_PARAMETER;
	if (root_hide_page(spa, PG_DEPOSITED, p->index))
		return HVX_STATUS_INSUFFICIENT_ROOT_MEMORY;
	return HVX_STATUS_SUCCESS;
}

static u16 hv_deposit_memory(struct hvcall *c)
{
	const struct hvx_in_deposit_memory *in = c->in;
	u64 id = READ_ONCE(in->partition_id);
	u16 status, i, first = c->start;
	u64 pfns[HVX_DEPOSIT_MAX_REPS];
	struct partition *p;

	status = partition_find_or_self(c, id, IN_ANY, &p);
	if (status)
		return status;
	for (i = first; i < c->reps; i++) {
		pfns[i] = READ_ONCE(*(const u64 *)hvc_rep_in(c, i));
		status = deposit_page(p, pfns[i]);
		if (status)
			break;
	}
	c->done = i;

	/* The pool writes to the pages, so the root must be done with them. */
	if (i > first)
		root_flush();
	for (i = first; i < c->done; i++)
		pool_add(&p->pool, phys_to_virt(pfns[i] << PAGE_SHIFT));
	acct_add(deposited_account(p), c->done - first);
	partition_stats_update(p);
	return status;
}

static u16 hv_withdraw_memory(struct hvcall *c)
{
	const struct hvx_in_withdraw_memory in = *(const struct hvx_in_withdraw_memory *)c->in;
	struct partition *p;
	u16 status, i;

	status = partition_find_or_self(c, in.partition_id, IN_ANY, &p);
	if (status)
		return status;
	for (i = c->start; i < c->reps; i++) {
		void *page = pool_remove(&p->pool);

		if (!page) {
			status = HVX_STATUS_NO_RESOURCES;
			break;
		}
		memset(page, 0, PAGE_SIZE);
		if (root_show_page(virt_to_phys(page), PG_ROOT, ROOT_RW)) {
			pool_add(&p->pool, page);
			status = HVX_STATUS_INSUFFICIENT_ROOT_MEMORY;
			break;
		}
		*(u64 *)hvc_rep_out(c, i) = virt_to_phys(page) >> PAGE_SHIFT;
	}
	c->done = i;
	acct_add(deposited_account(p), -(s64)(i - c->start));
	acct_add(TESTHV_ACCT_PAGES_WITHDRAWN, i - c->start);
	partition_stats_update(p);
	return status;
}

static const struct hvc_row deposit_rows[] = {
	{
		.code = HVX_CALL_DEPOSIT_MEMORY, .name = "DepositMemory",
		.flags = HVC_REP, .in = sizeof(struct hvx_in_deposit_memory),
		.rep_in = sizeof(u64),
		.priv = HVX_PRIV_ACCESS_MEMORY_POOL, .fn = hv_deposit_memory,
	}, {
		.code = HVX_CALL_WITHDRAW_MEMORY, .name = "WithdrawMemory",
		.flags = HVC_REP, .in = sizeof(struct hvx_in_withdraw_memory),
		.rep_out = sizeof(u64),
		.priv = HVX_PRIV_ACCESS_MEMORY_POOL, .fn = hv_withdraw_memory,
	},
};
HVC_TABLE(deposit_rows);
