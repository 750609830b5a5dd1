// SPDX-License-Identifier: GPL-2.0
/*
 * What is mapped of a region, and how it is taken away.
 *
 * Pages are unmapped, not remapped with HVX_MAP_NO_ACCESS: unmapping needs no
 * memory in the hypervisor, so it cannot fail for want of any in the middle of
 * the host's reclaim. Nor are regions mapped NO_ACCESS in advance, which would
 * cost a hypercall and page tables for every 2 MiB that the guest may never
 * touch. The price is that the hypervisor reports an access as
 * HVX_MSG_UNMAPPED_GPA instead of HVX_MSG_GPA_INTERCEPT, so the run loop hands
 * both to mshv_regions_fault(). To the guest it is the same, also where the
 * hypervisor itself reads guest memory: it checks "mapped" and "readable"
 * together and sends a memory intercept if either is wrong (TLFS 3.8).
 *
 * A large page is unmapped as a whole, even if the host takes only part of it:
 * to split it the hypervisor might need memory. The rest is mapped again, in
 * small pages, when the guest asks for it.
 *
 * If the hypervisor refuses to unmap, the host gets its page back all the
 * same; MMU notifiers cannot say no. Then the partition is broken: its VPs do
 * not run again, and the page keeps a reference of ours, so that nobody else
 * gets memory that a guest might still reach.
 */
#include <linux/device.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "hvcall.h"
#include "mshv.h"
#include "trace.h"

static u64 mshv_entry_pfn(u64 entry)
{
	return entry >> MSHV_ENTRY_SHIFT;
}

static u64 mshv_entry(u64 pfn, bool writable)
{
	return (pfn << MSHV_ENTRY_SHIFT) | MSHV_ENTRY_PRESENT |
	       (writable ? MSHV_ENTRY_WRITABLE : 0);
}

/* First guest page of the chunk that has @gfn; the region may begin later */
static u64 mshv_chunk_base(u64 gfn)
{
	return ALIGN_DOWN(gfn, MSHV_CHUNK_PAGES);
}

static unsigned int mshv_chunk_offset(u64 gfn)
{
	return gfn % MSHV_CHUNK_PAGES;
}

/**
 * mshv_chunk_get() - the record for a guest page; makes it if need be
 * @region: region
 * @gfn: guest page number in it
 *
 * May sleep and allocate memory; not under mshv_region.lock.
 *
 * Return: the chunk, or NULL if out of memory.
 */
struct mshv_chunk *mshv_chunk_get(struct mshv_region *region, u64 gfn)
{
	unsigned long index = gfn >> MSHV_CHUNK_SHIFT;
	struct mshv_chunk *chunk, *old;

	chunk = xa_load(&region->chunks, index);
	if (chunk)
		return chunk;

	chunk = kzalloc(sizeof(*chunk), MSHV_GFP);
	if (!chunk)
		return NULL;

	old = xa_cmpxchg(&region->chunks, index, NULL, chunk, MSHV_GFP);
	if (old) {
		kfree(chunk);
		chunk = xa_is_err(old) ? NULL : old;
	}

	return chunk;
}

/**
 * mshv_chunk_mapped() - is a page mapped, however?
 * @chunk: record; the caller holds mshv_region.lock
 * @gfn: guest page number in it
 */
bool mshv_chunk_mapped(const struct mshv_chunk *chunk, u64 gfn)
{
	return chunk->large || (chunk->table && chunk->table[mshv_chunk_offset(gfn)]);
}

/*
 * References to pages that the hypervisor keeps. At the time of an MMU
 * notifier the host's page tables still hold theirs, so the page is alive.
 */
static void mshv_entry_keep(struct mshv_region *region, u64 *entry, unsigned int nr)
{
	u64 pfn = mshv_entry_pfn(*entry);
	unsigned int i;

	if (!(*entry & MSHV_ENTRY_PRESENT) || (*entry & MSHV_ENTRY_KEPT))
		return;

	if (region->kind->has_pages) {
		for (i = 0; i < nr; i++)
			get_page(pfn_to_page(pfn + i));
	}
	*entry |= MSHV_ENTRY_KEPT;
	region->nr_kept += nr;
}

static void mshv_entry_unkeep(struct mshv_region *region, u64 entry, unsigned int nr, bool put)
{
	u64 pfn = mshv_entry_pfn(entry);
	unsigned int i;

	if (!(entry & MSHV_ENTRY_KEPT))
		return;

	if (put && region->kind->has_pages) {
		for (i = 0; i < nr; i++)
			put_page(pfn_to_page(pfn + i));
	}
	region->nr_kept -= nr;
}

/*
 * The hypervisor's accessed and dirty state goes with the mapping. It is not
 * asked for beforehand, that would double the cost of each invalidation; the
 * worst is assumed.
 */
static void mshv_chunk_clear_large(struct mshv_region *region, struct mshv_chunk *chunk)
{
	bitmap_fill(chunk->accessed, MSHV_CHUNK_PAGES);
	if (chunk->large & MSHV_ENTRY_WRITABLE)
		bitmap_fill(chunk->dirty, MSHV_CHUNK_PAGES);
	mshv_entry_unkeep(region, chunk->large, MSHV_CHUNK_PAGES, true);
	chunk->large = 0;
}

static void mshv_chunk_clear_small(struct mshv_region *region, struct mshv_chunk *chunk,
				   unsigned int offset, unsigned int nr)
{
	unsigned int i;

	for (i = offset; i < offset + nr; i++) {
		__set_bit(i, chunk->accessed);
		if (chunk->table[i] & MSHV_ENTRY_WRITABLE)
			__set_bit(i, chunk->dirty);
		mshv_entry_unkeep(region, chunk->table[i], 1, true);
		chunk->table[i] = 0;
	}

	chunk->nr -= nr;
	if (!chunk->nr) {
		kfree(chunk->table);
		chunk->table = NULL;
	}
}

/* Unmaps what of [first, last] is mapped in small pages; stops at an error. */
static u16 mshv_chunk_zap_small(struct mshv_region *region, struct mshv_chunk *chunk,
				u64 first, u64 last)
{
	unsigned int end = mshv_chunk_offset(last) + 1;
	unsigned int from = mshv_chunk_offset(first);
	u64 base = mshv_chunk_base(first);
	unsigned int to;
	u16 status;
	u64 done;

	while (chunk->table) {
		while (from < end && !chunk->table[from])
			from++;
		for (to = from; to < end && chunk->table[to]; to++)
			;
		if (from == to)
			break;

		status = mshv_hvcall_unmap_gpa(region->pt, base + from, to - from, 0, &done);
		if (done)
			mshv_chunk_clear_small(region, chunk, from, done);
		if (status != HVX_STATUS_SUCCESS)
			return status;
		from = to;
	}

	return HVX_STATUS_SUCCESS;
}

/*
 * Unmaps @nr large pages in neighbouring chunks; on an error *@done tells how
 * many are unmapped.
 */
static u16 mshv_region_zap_large(struct mshv_region *region, u64 gfn, u64 nr, u64 *done)
{
	u16 status;
	u64 i;

	status = mshv_hvcall_unmap_gpa(region->pt, mshv_chunk_base(gfn), nr,
				       HVX_UNMAP_LARGE_PAGE, done);
	for (i = 0; i < *done; i++)
		mshv_chunk_clear_large(region, xa_load(&region->chunks,
						       (gfn >> MSHV_CHUNK_SHIFT) + i));

	return status;
}

static void mshv_chunk_keep(struct mshv_region *region, struct mshv_chunk *chunk,
			    u64 first, u64 last)
{
	unsigned int i;

	mshv_entry_keep(region, &chunk->large, MSHV_CHUNK_PAGES);
	if (!chunk->table)
		return;
	for (i = mshv_chunk_offset(first); i <= mshv_chunk_offset(last); i++)
		mshv_entry_keep(region, &chunk->table[i], 1);
}

/* Number of large pages, @chunk's and the next ones up to guest page @last. */
static u64 mshv_region_count_large(struct mshv_region *region, u64 gfn, u64 last)
{
	unsigned long index = gfn >> MSHV_CHUNK_SHIFT;
	struct mshv_chunk *chunk;
	u64 nr = 0;

	do {
		chunk = xa_load(&region->chunks, index + nr);
		if (!chunk || !chunk->large)
			break;
		nr++;
	} while (nr < HVX_UNMAP_GPA_MAX_REPS && index + nr <= last >> MSHV_CHUNK_SHIFT);

	return nr;
}

/*
 * Unmaps guest pages [first, last], and the rest of large pages that are in
 * part in this range. With @keep it goes on after an error and keeps the pages
 * in question. Returns the first status that was not success.
 */
static u16 mshv_region_zap_range(struct mshv_region *region, u64 first, u64 last,
				 bool keep, bool may_sleep)
{
	unsigned long end = last >> MSHV_CHUNK_SHIFT;
	unsigned long index = first >> MSHV_CHUNK_SHIFT;
	u16 status, ret = HVX_STATUS_SUCCESS;
	struct mshv_chunk *chunk;
	u64 from, to, done;

	for (chunk = xa_find(&region->chunks, &index, end, XA_PRESENT); chunk;
	     chunk = xa_find_after(&region->chunks, &index, end, XA_PRESENT)) {
		from = max_t(u64, first, (u64)index << MSHV_CHUNK_SHIFT);
		to = min_t(u64, last, mshv_chunk_base(from) + MSHV_CHUNK_PAGES - 1);

		if (chunk->large)
			status = mshv_region_zap_large(region, from,
						       mshv_region_count_large(region, from, last),
						       &done);
		else
			status = mshv_chunk_zap_small(region, chunk, from, to);

		if (status != HVX_STATUS_SUCCESS) {
			ret = ret ?: status;
			if (!keep)
				break;
			if (chunk->large || chunk->table)
				mshv_chunk_keep(region, chunk, from, to);
		}
		if (may_sleep)
			cond_resched();
	}

	return ret;
}

/**
 * mshv_region_zap() - unmap all that is mapped of a region
 * @region: region; the caller holds its lock
 * @keep: see it through: keep the pages that cannot be unmapped
 *
 * Return: 0, or an errno for what the hypervisor said first. Without @keep the
 * region is then as useful as before: what was unmapped is mapped again on
 * demand.
 */
int mshv_region_zap(struct mshv_region *region, bool keep)
{
	u16 status = mshv_region_zap_range(region, region->node.start, region->node.last,
					   keep, true);

	return mshv_status_to_errno(status);
}

/*
 * The host is about to take pages away from the VMM, or to write-protect them.
 * Whatever the reason, the guest gets them back by a fault.
 */
static bool mshv_region_invalidate(struct mmu_interval_notifier *notifier,
				   const struct mmu_notifier_range *range, unsigned long seq)
{
	struct mshv_region *region = container_of(notifier, struct mshv_region, notifier);
	bool may_sleep = mmu_notifier_range_blockable(range);
	u64 first, last;
	u16 status;

	if (may_sleep)
		mutex_lock(&region->lock);
	else if (!mutex_trylock(&region->lock))
		return false;

	mmu_interval_set_seq(notifier, seq);

	first = mshv_region_gfn(region, max(range->start, notifier->interval_tree.start));
	last = mshv_region_gfn(region, min(range->end - 1, notifier->interval_tree.last));
	status = mshv_region_zap_range(region, first, last, true, may_sleep);
	trace_mshv_gpa_invalidate(region->pt->id, first, last, status);
	if (status != HVX_STATUS_SUCCESS) {
		mshv_partition_break(region->pt);
		dev_err_ratelimited(mshv_dev,
				    "partition %llu stopped: guest memory not unmapped: %s\n",
				    region->pt->id, mshv_status_name(status));
	}

	mutex_unlock(&region->lock);
	return true;
}

const struct mmu_interval_notifier_ops mshv_region_notifier_ops = {
	.invalidate = mshv_region_invalidate,
};

/*
 * A page that the guest can write to counts as written. Its dirty state in the
 * hypervisor is not the host's, and if the host thought of it as clean, it
 * could drop it instead of writing it out. The page is mapped in the VMM
 * (mshv_region.lock keeps it so), which is what folio_mark_dirty() asks for.
 */
static void mshv_region_dirty(struct mshv_region *region, u64 pfn, u64 nr)
{
	u64 end = pfn + nr;

	if (!region->kind->has_pages)
		return;

	while (pfn < end) {
		struct page *page = pfn_to_page(pfn);
		struct folio *folio = page_folio(page);

		folio_mark_dirty(folio);
		pfn += folio_nr_pages(folio) - folio_page_idx(folio, page);
	}
}

static u32 mshv_region_map_flags(const struct mshv_region *region, bool writable)
{
	u32 flags = region->kind->map_flags | HVX_MAP_READABLE;

	if (writable)
		flags |= HVX_MAP_WRITABLE;
	if (mshv_region_executable(region))
		flags |= HVX_MAP_EXECUTABLE;

	return flags;
}

static bool mshv_span_is_large(const struct mshv_span *span)
{
	unsigned int i;

	if (span->nr != MSHV_CHUNK_PAGES || mshv_chunk_offset(span->gfn) ||
	    !bitmap_full(span->present, MSHV_CHUNK_PAGES) ||
	    !IS_ALIGNED(span->pfns[0], MSHV_CHUNK_PAGES))
		return false;
	if (!bitmap_full(span->writable, MSHV_CHUNK_PAGES) &&
	    !bitmap_empty(span->writable, MSHV_CHUNK_PAGES))
		return false;

	for (i = 1; i < MSHV_CHUNK_PAGES; i++)
		if (span->pfns[i] != span->pfns[0] + i)
			return false;

	return true;
}

static u16 mshv_chunk_map_large(struct mshv_region *region, struct mshv_chunk *chunk,
				const struct mshv_span *span)
{
	bool writable = test_bit(0, span->writable);
	u16 status;
	u64 done;

	status = mshv_chunk_zap_small(region, chunk, span->gfn,
				      span->gfn + MSHV_CHUNK_PAGES - 1);
	if (status != HVX_STATUS_SUCCESS)
		return status;

	if (writable)
		mshv_region_dirty(region, span->pfns[0], MSHV_CHUNK_PAGES);
	status = mshv_hvcall_map_gpa(region->pt, span->gfn, 1,
				     mshv_region_map_flags(region, writable) | HVX_MAP_LARGE_PAGE,
				     span->pfns, &done);
	if (done)
		chunk->large = mshv_entry(span->pfns[0], writable);

	return status;
}

/* Maps span pages [from, to), which are present and equally writable. */
static u16 mshv_chunk_map_run(struct mshv_region *region, struct mshv_chunk *chunk,
			      const struct mshv_span *span, unsigned int from, unsigned int to)
{
	unsigned int offset = mshv_chunk_offset(span->gfn);
	bool writable = test_bit(from, span->writable);
	u16 status;
	u64 i, done;

	for (i = from; writable && i < to; i++)
		mshv_region_dirty(region, span->pfns[i], 1);
	status = mshv_hvcall_map_gpa(region->pt, span->gfn + from, to - from,
				     mshv_region_map_flags(region, writable),
				     span->pfns + from, &done);
	for (i = from; i < from + done; i++) {
		chunk->nr += !chunk->table[offset + i];
		chunk->table[offset + i] = mshv_entry(span->pfns[i], writable);
	}

	return status;
}

/* What the guest did not ask for is mapped if that changes anything. */
static bool mshv_chunk_wants(const struct mshv_chunk *chunk, const struct mshv_span *span,
			     unsigned int i, u64 wanted)
{
	u64 entry = chunk->table[mshv_chunk_offset(span->gfn) + i];

	if (!test_bit(i, span->present))
		return false;

	return span->gfn + i == wanted ||
	       entry != mshv_entry(span->pfns[i], test_bit(i, span->writable));
}

static u16 mshv_chunk_map_small(struct mshv_region *region, struct mshv_chunk *chunk,
				const struct mshv_span *span, u64 wanted)
{
	unsigned int from, to;
	u16 status;

	for (from = 0; from < span->nr; from = to) {
		to = from + 1;
		if (!mshv_chunk_wants(chunk, span, from, wanted))
			continue;
		while (to < span->nr && mshv_chunk_wants(chunk, span, to, wanted) &&
		       test_bit(to, span->writable) == test_bit(from, span->writable))
			to++;

		status = mshv_chunk_map_run(region, chunk, span, from, to);
		if (status != HVX_STATUS_SUCCESS)
			return status;
	}

	return HVX_STATUS_SUCCESS;
}

/**
 * mshv_chunk_map() - map what was found in the host
 * @region: region; the caller holds its lock and knows that @span is current
 * @chunk: record of the chunk
 * @span: host pages; @wanted is present
 * @wanted: guest page to be mapped even if it is already: the guest has just
 *	    been told that it is not
 * @spare: in: a table of zeroes, if @chunk may need one; out: NULL if it was
 *	   used
 *
 * One large page if possible, else small ones. Other pages of the span are
 * mapped along because it costs little now, and an intercept later.
 *
 * Return: HVX_STATUS_*. On failure any part may be mapped; the record is
 * right.
 */
u16 mshv_chunk_map(struct mshv_region *region, struct mshv_chunk *chunk,
		   const struct mshv_span *span, u64 wanted, u64 **spare)
{
	u16 status;
	u64 done;

	if (mshv_span_is_large(span)) {
		status = mshv_chunk_map_large(region, chunk, span);
		/* A hypervisor may not do large pages; others ask for memory */
		if (status != HVX_STATUS_INVALID_PARAMETER &&
		    status != HVX_STATUS_OPERATION_DENIED)
			return status;
	}

	if (chunk->large) {
		status = mshv_region_zap_large(region, wanted, 1, &done);
		if (status != HVX_STATUS_SUCCESS)
			return status;
	}

	if (!chunk->table) {
		chunk->table = *spare;
		*spare = NULL;
	}
	status = mshv_chunk_map_small(region, chunk, span, wanted);
	if (!chunk->nr) {
		*spare = chunk->table;
		chunk->table = NULL;
	}

	return status;
}

/**
 * mshv_region_drop_record() - free the record of a region
 * @region: region that nobody else uses
 * @put: give back the pages that were kept
 *
 * Return: number of pages that were kept and not given back.
 */
unsigned long mshv_region_drop_record(struct mshv_region *region, bool put)
{
	unsigned long index, lost = put ? 0 : region->nr_kept;
	struct mshv_chunk *chunk;
	unsigned int i;

	xa_for_each(&region->chunks, index, chunk) {
		mshv_entry_unkeep(region, chunk->large, MSHV_CHUNK_PAGES, put);
		for (i = 0; chunk->table && i < MSHV_CHUNK_PAGES; i++)
			mshv_entry_unkeep(region, chunk->table[i], 1, put);
		kfree(chunk->table);
		kfree(chunk);
		cond_resched();
	}
	xa_destroy(&region->chunks);

	return lost;
}
