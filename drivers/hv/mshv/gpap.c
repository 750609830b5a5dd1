// SPDX-License-Identifier: GPL-2.0
/*
 * Accessed and dirty state of guest pages.
 *
 * Only mapped pages have state in the hypervisor, which is asked about them
 * alone. The others have what the record of the region remembers.
 */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <uapi/linux/mshv.h>

#include "gpap.h"
#include "hvcall.h"
#include "mshv.h"

/* Pages per copy to user space */
#define MSHV_GPAP_BLOCK		(8 * MSHV_CHUNK_PAGES)

/**
 * struct mshv_gpap - a query
 * @pt: partition
 * @type: MSHV_GPAP_ACCESS_TYPE_*
 * @op: MSHV_GPAP_ACCESS_OP_*
 * @base: first guest page of the current block
 * @nr: pages of the current block
 * @shift: bit of @base in its byte of the user's bitmap
 * @bits: result for the block, from bit @shift on; before it the end of the
 *	  block before
 * @states: the hypervisor's answer for a part of a chunk
 */
struct mshv_gpap {
	struct mshv_partition *pt;
	u8 type;
	u8 op;
	u64 base;
	unsigned int nr;
	unsigned int shift;
	DECLARE_BITMAP(bits, MSHV_GPAP_BLOCK + BITS_PER_BYTE);
	u8 states[MSHV_CHUNK_PAGES];
};

/**
 * struct mshv_gpap_part - the part of a block that is in one chunk of a region
 * @region: region
 * @chunk: the chunk's record, NULL if nothing of it was ever used
 * @gfn: first guest page
 * @nr: number of pages
 */
struct mshv_gpap_part {
	struct mshv_region *region;
	struct mshv_chunk *chunk;
	u64 gfn;
	unsigned int nr;
};

static unsigned int mshv_gpap_bit(const struct mshv_gpap *gpap, u64 gfn)
{
	return gpap->shift + gfn - gpap->base;
}

/*
 * What the operation means for the hypervisor. A page that is dirty is
 * accessed, too, so one cannot be set, nor the other cleared, alone.
 */
static u64 mshv_gpap_hv_flags(const struct mshv_gpap *gpap)
{
	bool dirty = gpap->type == MSHV_GPAP_ACCESS_TYPE_DIRTY;

	switch (gpap->op) {
	case MSHV_GPAP_ACCESS_OP_CLEAR:
		return HVX_ACCESS_CLEAR_DIRTY | (dirty ? 0 : HVX_ACCESS_CLEAR_ACCESSED);
	case MSHV_GPAP_ACCESS_OP_SET:
		return HVX_ACCESS_SET_ACCESSED | (dirty ? HVX_ACCESS_SET_DIRTY : 0);
	default:
		return 0;
	}
}

/* Asks the hypervisor about @nr mapped pages, @from pages into the part. */
static int mshv_gpap_ask(struct mshv_gpap *gpap, const struct mshv_gpap_part *part,
			 unsigned int from, unsigned int nr)
{
	bool dirty = gpap->type == MSHV_GPAP_ACCESS_TYPE_DIRTY;
	u8 mask = dirty ? HVX_ACCESS_STATE_DIRTY : HVX_ACCESS_STATE_ACCESSED;
	const struct hvx_in_get_gpa_access in = {
		.partition_id = gpap->pt->id,
		.flags = mshv_gpap_hv_flags(gpap),
		.gpa_base = part->gfn + from,
	};
	struct mshv_hvcall call = {
		.code = HVX_CALL_GET_GPA_PAGES_ACCESS_STATES,
		.reps = nr,
		.in = &in,
		.in_size = sizeof(in),
		.out = gpap->states,
		.out_size = sizeof(*gpap->states),
		.atomic = true,
	};
	unsigned int i;

	mshv_hvcall(&call);
	for (i = 0; i < call.done; i++)
		if (gpap->states[i] & mask)
			__set_bit(mshv_gpap_bit(gpap, part->gfn + from + i), gpap->bits);

	return mshv_status_to_errno(call.status);
}

/* Asks about what is mapped of a part. */
static int mshv_gpap_ask_part(struct mshv_gpap *gpap, const struct mshv_gpap_part *part)
{
	unsigned int from, to;
	int ret;

	if (part->chunk->large)
		return mshv_gpap_ask(gpap, part, 0, part->nr);

	for (from = 0; from < part->nr; from = to + 1) {
		for (to = from; to < part->nr && mshv_chunk_mapped(part->chunk, part->gfn + to);)
			to++;
		if (from == to)
			continue;
		ret = mshv_gpap_ask(gpap, part, from, to - from);
		if (ret)
			return ret;
	}

	return 0;
}

/* Takes what the record remembers of a part, and changes it as told. */
static void mshv_gpap_remembered(struct mshv_gpap *gpap, const struct mshv_gpap_part *part)
{
	unsigned int offset = part->gfn % MSHV_CHUNK_PAGES;
	struct mshv_chunk *chunk = part->chunk;
	u64 flags = mshv_gpap_hv_flags(gpap);
	unsigned long *bits;
	unsigned int i;

	bits = gpap->type == MSHV_GPAP_ACCESS_TYPE_DIRTY ? chunk->dirty : chunk->accessed;
	for (i = 0; i < part->nr; i++)
		if (test_bit(offset + i, bits))
			__set_bit(mshv_gpap_bit(gpap, part->gfn + i), gpap->bits);

	if (flags & HVX_ACCESS_CLEAR_ACCESSED)
		bitmap_clear(chunk->accessed, offset, part->nr);
	if (flags & HVX_ACCESS_CLEAR_DIRTY)
		bitmap_clear(chunk->dirty, offset, part->nr);
	if (flags & HVX_ACCESS_SET_ACCESSED)
		bitmap_set(chunk->accessed, offset, part->nr);
	if (flags & HVX_ACCESS_SET_DIRTY)
		bitmap_set(chunk->dirty, offset, part->nr);
}

/* Has the record remember what was cleared but could not be told. */
static void mshv_gpap_restore(struct mshv_gpap *gpap, const struct mshv_gpap_part *part)
{
	unsigned int offset = part->gfn % MSHV_CHUNK_PAGES;
	unsigned int i;

	for (i = 0; i < part->nr; i++) {
		if (!test_bit(mshv_gpap_bit(gpap, part->gfn + i), gpap->bits))
			continue;
		if (gpap->type == MSHV_GPAP_ACCESS_TYPE_ACCESSED)
			__set_bit(offset + i, part->chunk->accessed);
		/* Was cleared along with the other, and who knows */
		__set_bit(offset + i, part->chunk->dirty);
	}
}

static int mshv_gpap_part(struct mshv_gpap *gpap, struct mshv_gpap_part *part, bool restore)
{
	struct mshv_region *region = part->region;
	int ret = 0;

	/* Pages that were never mapped have state, too, once the VMM sets it */
	part->chunk = gpap->op == MSHV_GPAP_ACCESS_OP_SET && !restore ?
		      mshv_chunk_get(region, part->gfn) :
		      xa_load(&region->chunks, part->gfn >> MSHV_CHUNK_SHIFT);
	if (!part->chunk)
		return gpap->op == MSHV_GPAP_ACCESS_OP_SET ? -ENOMEM : 0;

	mutex_lock(&region->lock);
	if (restore) {
		mshv_gpap_restore(gpap, part);
	} else {
		ret = mshv_gpap_ask_part(gpap, part);
		if (!ret)
			mshv_gpap_remembered(gpap, part);
	}
	mutex_unlock(&region->lock);

	return ret;
}

/* Goes through the parts of a block. */
static int mshv_gpap_block(struct mshv_gpap *gpap, bool restore)
{
	u64 end = gpap->base + gpap->nr;
	struct mshv_gpap_part part = { .gfn = gpap->base };
	int ret = 0;

	while (part.gfn < end && !ret) {
		part.region = mshv_region_get(gpap->pt, part.gfn);
		if (!part.region)
			return -EINVAL;
		part.nr = min3(end, (u64)part.region->node.last + 1,
			       ALIGN_DOWN(part.gfn, MSHV_CHUNK_PAGES) + MSHV_CHUNK_PAGES) -
			  part.gfn;
		ret = mshv_gpap_part(gpap, &part, restore);
		mshv_region_put(part.region);
		part.gfn += part.nr;
		cond_resched();
	}

	return ret;
}

/* All of the range has to be guest memory. */
static bool mshv_gpap_covered(struct mshv_partition *pt, u64 gfn, u64 count)
{
	u64 end = gfn + count;

	while (gfn < end) {
		struct mshv_region *region = mshv_region_get(pt, gfn);

		if (!region)
			return false;
		gfn = (u64)region->node.last + 1;
		mshv_region_put(region);
		cond_resched();
	}

	return true;
}

/*
 * Starts the block from page @done of the range on. All blocks end with a chunk, so
 * that the state of a large page is asked for once, and as a whole; where that
 * is within a byte of the user's bitmap, the byte is written twice.
 */
static void mshv_gpap_start(struct mshv_gpap *gpap, const struct mshv_gpap_access_bitmap *args,
			    u64 done)
{
	unsigned int end = gpap->shift + gpap->nr;
	u8 rest = end % BITS_PER_BYTE ? ((u8 *)gpap->bits)[end / BITS_PER_BYTE] : 0;

	bitmap_zero(gpap->bits, MSHV_GPAP_BLOCK + BITS_PER_BYTE);
	*(u8 *)gpap->bits = rest;
	gpap->base = args->gpap_base + done;
	gpap->shift = done % BITS_PER_BYTE;
	gpap->nr = min_t(u64, args->page_count - done,
			 MSHV_GPAP_BLOCK - gpap->base % MSHV_CHUNK_PAGES);
}

static int mshv_gpap_run(struct mshv_gpap *gpap, const struct mshv_gpap_access_bitmap *args,
			 u64 *done)
{
	u8 __user *ubits = u64_to_user_ptr(args->bitmap_ptr);
	int ret;

	for (*done = 0; *done < args->page_count; *done += gpap->nr) {
		if (fatal_signal_pending(current))
			return -EINTR;

		mshv_gpap_start(gpap, args, *done);
		ret = mshv_gpap_block(gpap, false);
		if (!ret && copy_to_user(ubits + *done / BITS_PER_BYTE, gpap->bits,
					 BITS_TO_BYTES(gpap->shift + gpap->nr)))
			ret = -EFAULT;
		if (ret) {
			if (gpap->op == MSHV_GPAP_ACCESS_OP_CLEAR)
				mshv_gpap_block(gpap, true);
			return ret;
		}
	}

	return 0;
}

/**
 * mshv_get_gpap_access_bitmap() - MSHV_GET_GPAP_ACCESS_BITMAP
 * @pt: partition; the caller holds its mutex
 * @arg: struct mshv_gpap_access_bitmap
 * @uarg: its user address
 *
 * The bitmap tells the state before the operation. If a call fails after it
 * began, the page count in the argument is changed to the number of pages for
 * which the operation was done and the bitmap is valid; the state of the
 * others is not lost.
 *
 * Return: 0, or
 * -EINVAL: unknown type or operation, reserved field, no pages, no bitmap;
 *	not all pages are guest memory
 * -EFAULT: bitmap or argument cannot be written
 * -ENOMEM: no memory to remember what was set
 * -EINTR: fatal signal
 * others: from the hypervisor, as in mshv_status_to_errno()
 */
long mshv_get_gpap_access_bitmap(struct mshv_partition *pt, void *arg, void __user *uarg)
{
	struct mshv_gpap_access_bitmap __user *uargs = uarg;
	const struct mshv_gpap_access_bitmap *args = arg;
	struct mshv_gpap *gpap;
	u64 done;
	int ret;

	if (args->access_type >= MSHV_GPAP_ACCESS_TYPE_COUNT ||
	    args->access_op >= MSHV_GPAP_ACCESS_OP_COUNT ||
	    memchr_inv(args->rsvd, 0, sizeof(args->rsvd)) ||
	    !args->page_count || !args->bitmap_ptr)
		return -EINVAL;
	if (args->page_count > U64_MAX - args->gpap_base ||
	    !mshv_gpap_covered(pt, args->gpap_base, args->page_count))
		return -EINVAL;

	gpap = kzalloc(sizeof(*gpap), MSHV_GFP);
	if (!gpap)
		return -ENOMEM;
	gpap->pt = pt;
	gpap->type = args->access_type;
	gpap->op = args->access_op;

	ret = mshv_gpap_run(gpap, args, &done);
	kfree(gpap);
	if (ret && put_user(done, &uargs->page_count))
		ret = -EFAULT;

	return ret;
}
