// SPDX-License-Identifier: GPL-2.0
/* Memory that the hypervisor was given: see deposit.h. */
#include <linux/device.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "compat.h"
#include "deposit.h"
#include "hvcall.h"
#include "mshv.h"
#include "trace.h"

/* Pages per hypercall: small enough for the stack */
#define MSHV_BATCH		64

/*
 * The hypervisor says that it needs memory, but not how much. Each answer
 * doubles what it gets, to at most MAX pages; a call that swallows LIMIT pages
 * without any progress is given up.
 */
#define MSHV_DEPOSIT_MAX	256
#define MSHV_DEPOSIT_LIMIT	8192

/* "Contiguous" memory comes in naturally aligned blocks of this size. */
#define MSHV_CONTIGUOUS_ORDER	3

struct mshv_pool mshv_root_pool = {
	.partition_id = HVX_PARTITION_ID_SELF,
};

/* Pages that were lost to the hypervisor, since the module was loaded */
static atomic_long_t mshv_lost_pages;

struct mshv_pool *mshv_pool_create(void)
{
	struct mshv_pool *pool = kzalloc(sizeof(*pool), MSHV_GFP);

	if (pool)
		INIT_LIST_HEAD(&pool->node);
	return pool;
}

bool mshv_status_wants_memory(u16 status)
{
	switch (status) {
	case HVX_STATUS_INSUFFICIENT_MEMORY:
	case HVX_STATUS_INSUFFICIENT_ROOT_MEMORY:
	case HVX_STATUS_INSUFFICIENT_CONTIGUOUS_MEMORY:
	case HVX_STATUS_INSUFFICIENT_CONTIGUOUS_ROOT_MEMORY:
		return true;
	default:
		return false;
	}
}

static void mshv_lose_pages(struct mshv_pool *pool, long count, u16 status)
{
	atomic_long_add(count, &mshv_lost_pages);
	dev_warn_once(mshv_dev, "the hypervisor kept %ld pages of partition %#llx: they are lost\n",
		      count, pool->partition_id);
	trace_mshv_pages_lost(pool->partition_id, count, status);
}

void mshv_pool_lose_page(struct mshv_pool *pool)
{
	mshv_lose_pages(pool, 1, HVX_STATUS_SUCCESS);
}

long mshv_pages_held(void)
{
	return atomic_long_read(&mshv_lost_pages) + atomic_long_read(&mshv_root_pool.pages);
}

/* When the module goes: what it has to leave behind. */
void mshv_pool_report(void)
{
	long lost = mshv_pages_held();

	if (lost)
		dev_warn(mshv_dev, "%ld pages stay with the hypervisor\n", lost);
}

/*
 * Hands pages over. Those that the hypervisor did not take are the caller's
 * again, and it is told how many it took.
 */
static u16 mshv_deposit_pfns(struct mshv_pool *pool, const u64 *pfns, u16 count, u16 *taken)
{
	const struct hvx_in_deposit_memory in = { .partition_id = pool->partition_id };
	struct mshv_hvcall call = {
		.code = HVX_CALL_DEPOSIT_MEMORY,
		.reps = count,
		.in = &in,
		.in_size = sizeof(in),
		.list = pfns,
		.list_elem = sizeof(*pfns),
	};

	mshv_hvcall(&call);
	*taken = call.done;
	trace_mshv_deposit(pool->partition_id, call.done, call.status);
	return call.status;
}

/* Allocates up to MSHV_BATCH / 2^@order blocks, as single pages in ascending order. */
static u16 mshv_alloc_pages(struct mshv_pool *pool, u64 *pfns, long count, unsigned int order)
{
	u16 i, n = 0;

	while (n < count && n + (1 << order) <= MSHV_BATCH) {
		struct page *page = alloc_pages(MSHV_GFP, order);

		if (!page)
			break;
		split_page(page, order);
		for (i = 0; i < 1 << order; i++) {
			set_page_private(page + i, (unsigned long)pool);
			pfns[n++] = page_to_pfn(page + i);
		}
	}
	return n;
}

static void mshv_free_pfn(u64 pfn)
{
	struct page *page = pfn_to_page(pfn);

	set_page_private(page, 0);
	__free_page(page);
}

/* Deposits @count pages. Returns the number deposited, or a negative errno. */
static long mshv_deposit(struct mshv_pool *pool, long count, unsigned int order)
{
	u64 pfns[MSHV_BATCH];
	u16 n, taken, status;
	long given = 0;
	int ret = 0;

	while (given < count && !ret) {
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		n = mshv_alloc_pages(pool, pfns, count - given, order);
		if (!n) {
			ret = -ENOMEM;
			break;
		}
		atomic_long_add(n, &pool->pages);
		status = mshv_deposit_pfns(pool, pfns, n, &taken);
		given += taken;
		atomic64_add(taken, &pool->counts[MSHV_POOL_DEPOSITED]);
		if (status)
			ret = mshv_status_to_errno(status);
		atomic_long_sub(n - taken, &pool->pages);
		while (n > taken)
			mshv_free_pfn(pfns[--n]);
		cond_resched();
	}
	return given ?: ret;
}

/**
 * mshv_feed - give the hypervisor the memory that a hypercall needs
 * @a: what it got already
 * @status: one for which mshv_status_wants_memory() is true
 * @done: repetitions that are complete
 * @pool: the pool of the partition that the call concerns
 *
 * Returns 0 if the call can be tried again, or -ENOMEM, -EINTR or what the
 * hypervisor said to the deposit.
 */
int mshv_feed(struct mshv_appetite *a, u16 status, u16 done, struct mshv_pool *pool)
{
	bool root = false, contiguous = false;
	long given;

	switch (status) {
	case HVX_STATUS_INSUFFICIENT_CONTIGUOUS_ROOT_MEMORY:
		contiguous = true;
		fallthrough;
	case HVX_STATUS_INSUFFICIENT_ROOT_MEMORY:
		root = true;
		break;
	case HVX_STATUS_INSUFFICIENT_CONTIGUOUS_MEMORY:
		contiguous = true;
		break;
	}
	/* The memory of the root is not an L1VH partition's to give. */
	if (root && mshv_is_l1vh())
		return -ENOMEM;
	if (pool == &mshv_root_pool)
		root = true;

	if (done != a->done) {
		a->done = done;
		a->idle = 0;
	}
	if (a->idle >= MSHV_DEPOSIT_LIMIT)
		return -ENOMEM;
	given = mshv_deposit(root ? &mshv_root_pool : pool,
			     contiguous ? 1 << MSHV_CONTIGUOUS_ORDER : a->next,
			     contiguous ? MSHV_CONTIGUOUS_ORDER : 0);
	if (given < 0)
		return given;

	atomic64_inc(&pool->counts[MSHV_POOL_REQUESTS]);
	a->idle += given;
	if (root)
		a->root += given;
	else
		a->child += given;
	a->next = min(2 * a->next, (long)MSHV_DEPOSIT_MAX);
	return 0;
}

/* Takes back what a hypercall that failed in the end did not use. */
void mshv_unfeed(struct mshv_appetite *a, struct mshv_pool *pool)
{
	if (a->child)
		mshv_pool_withdraw(pool, a->child);
	if (a->root)
		mshv_pool_withdraw(&mshv_root_pool, a->root);
}

/**
 * mshv_pool_satisfy - give the hypervisor what it asked for, once
 * @pool: the pool of the partition that a hypercall concerned
 * @status: what the hypercall returned
 *
 * For hypercalls that are made under locks under which nothing can be
 * deposited. Sleeps.
 *
 * Returns 0 if the call can be tried again; -EINVAL if @status does not ask for
 * memory; else as mshv_feed().
 */
int mshv_pool_satisfy(struct mshv_pool *pool, u16 status)
{
	struct mshv_appetite a = MSHV_APPETITE_INIT;

	if (!mshv_status_wants_memory(status))
		return -EINVAL;
	return mshv_feed(&a, status, 0, pool);
}

/**
 * mshv_hvcall_pool - issue a hypercall and give the hypervisor the memory that
 *		      it needs for it
 * @call: the call
 * @pool: the pool of the partition that the call concerns
 *
 * A rep hypercall goes on where it stopped. If the call fails in the end, the
 * memory is taken back, as far as it is still free.
 *
 * Returns 0, -EINTR if there is a fatal signal, -ENOMEM if there is no more
 * memory to be had, or for the hypervisor's taking, or what
 * mshv_status_to_errno() makes of @call->status.
 */
int mshv_hvcall_pool(struct mshv_hvcall *call, struct mshv_pool *pool)
{
	struct mshv_appetite a = MSHV_APPETITE_INIT;
	int ret = 0;

	/* Not once more without the memory: it might succeed, and nobody would know. */
	while (!ret && mshv_status_wants_memory(mshv_hvcall(call)))
		ret = mshv_feed(&a, call->status, call->done, pool);
	if (!ret)
		ret = mshv_status_to_errno(call->status);
	if (ret)
		mshv_unfeed(&a, pool);
	return ret;
}

/* Whether a page that the hypervisor gives back is one that it was given. */
static bool mshv_pfn_is_ours(struct mshv_pool *pool, u64 pfn)
{
	struct page *page;

	if (pfn > ULONG_MAX >> PAGE_SHIFT || !pfn_valid(pfn))
		return false;
	page = pfn_to_page(pfn);
	return page_private(page) == (unsigned long)pool && page_count(page) == 1;
}

/*
 * Takes back what is ours of @count pages. Anything else belongs to whoever
 * deposited it, in the root's pool the kernel's start-up code, and stays there.
 */
static long mshv_take_back(struct mshv_pool *pool, u64 *pfns, u16 count)
{
	u16 i, taken, foreign = 0, status = HVX_STATUS_SUCCESS;
	long freed = 0;

	for (i = 0; i < count; i++) {
		if (mshv_pfn_is_ours(pool, pfns[i])) {
			mshv_free_pfn(pfns[i]);
			freed++;
		} else {
			pfns[foreign++] = pfns[i];
		}
	}
	atomic_long_sub(freed, &pool->pages);
	atomic64_add(freed, &pool->counts[MSHV_POOL_WITHDRAWN]);
	if (foreign) {
		taken = 0;
		if (pool == &mshv_root_pool)
			status = mshv_deposit_pfns(pool, pfns, foreign, &taken);
		if (taken < foreign)
			mshv_lose_pages(pool, foreign - taken, status);
	}
	return freed;
}

/**
 * mshv_pool_withdraw - take back memory that the hypervisor does not use
 * @pool: the pool
 * @max: at most so many pages
 *
 * Needs no memory itself, and is not interrupted by signals.
 *
 * Returns 0 when @max pages came back or the hypervisor has no more, otherwise
 * a negative errno.
 */
int mshv_pool_withdraw(struct mshv_pool *pool, long max)
{
	const struct hvx_in_withdraw_memory in = { .partition_id = pool->partition_id };
	u64 pfns[MSHV_BATCH];
	long total = 0;

	while (total < max) {
		struct mshv_hvcall call = {
			.code = HVX_CALL_WITHDRAW_MEMORY,
			.reps = min_t(long, max - total, MSHV_BATCH),
			.in = &in,
			.in_size = sizeof(in),
			.out = pfns,
			.out_size = sizeof(*pfns),
		};
		long freed;

		mshv_hvcall(&call);
		freed = mshv_take_back(pool, pfns, call.done);
		total += freed;
		trace_mshv_withdraw(pool->partition_id, freed, call.status);
		if (call.status == HVX_STATUS_NO_RESOURCES || freed < call.done)
			break;
		if (call.status)
			return mshv_status_to_errno(call.status);
		cond_resched();
	}
	return 0;
}

/* Frees a pool whose partition is deleted; pages that are still in it are lost. */
void mshv_pool_abandon(struct mshv_pool *pool)
{
	long pages = atomic_long_read(&pool->pages);

	if (pages)
		mshv_lose_pages(pool, pages, HVX_STATUS_SUCCESS);
	kfree(pool);
}

void mshv_root_pool_trim(void)
{
	mshv_pool_withdraw(&mshv_root_pool, atomic_long_read(&mshv_root_pool.pages));
}

long mshv_pool_lost(void)
{
	return atomic_long_read(&mshv_lost_pages);
}

void mshv_pool_show(struct seq_file *m, const char *name, struct mshv_pool *pool)
{
	seq_printf(m, "%s: %ld pages, %llu deposited, %llu withdrawn, %llu requests\n", name,
		   atomic_long_read(&pool->pages),
		   (u64)atomic64_read(&pool->counts[MSHV_POOL_DEPOSITED]),
		   (u64)atomic64_read(&pool->counts[MSHV_POOL_WITHDRAWN]),
		   (u64)atomic64_read(&pool->counts[MSHV_POOL_REQUESTS]));
}
