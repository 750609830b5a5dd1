/* SPDX-License-Identifier: GPL-2.0 */
/* Nested page tables. */
#ifndef TESTHV_NPT_H
#define TESTHV_NPT_H

#include "types.h"

struct pagepool;

#define NPT_READ	BIT(0)
#define NPT_WRITE	BIT(1)
#define NPT_EXEC	BIT(2)
#define NPT_RWX		(NPT_READ | NPT_WRITE | NPT_EXEC)
#define NPT_OVERLAY	BIT(3)	/* not a permission: marks the leaf */

/**
 * struct npt - nested page tables of one partition
 * @root: physical address of the top table; 0 before npt_init()
 * @gen: counts changes that need a flush; compared at each VM entry
 * @pool: pool that table pages come from and go back to
 * @pages: table pages in use
 *
 * All functions are called with hv_lock held.
 */
struct npt {
	u64 root;
	u64 gen;
	struct pagepool *pool;
	u64 pages;
};

/**
 * struct npt_leaf - what a lookup found
 * @spa: physical address that the guest address is backed by
 * @size: bytes that the leaf maps: 4 KiB, 2 MiB or 1 GiB
 * @perm: NPT_* bits; 0 for a page that is mapped with NO_ACCESS
 * @overlay: marked with NPT_OVERLAY
 * @accessed: the guest used the leaf since the bit was cleared
 * @dirty: the guest wrote through it since the bit was cleared
 */
struct npt_leaf {
	u64 spa;
	u64 size;
	u32 perm;
	bool overlay;
	bool accessed;
	bool dirty;
};

/* Return: 0, or -1 when @pool had no page for the top table. */
int npt_init(struct npt *npt, struct pagepool *pool);

/* Free all tables. No CPU may use them any more. */
void npt_destroy(struct npt *npt);

/**
 * npt_map - set one leaf
 * @npt: tables
 * @gpa: guest address, aligned to @size
 * @spa: physical address, aligned to @size
 * @size: PAGE_SIZE, SIZE_2M or SIZE_1G
 * @perm: NPT_* bits. 0 maps the page as NO_ACCESS: every access faults but
 *	npt_lookup() finds it. What x86 cannot express is widened: without READ
 *	nothing is allowed.
 *
 * Replaces what the range mapped before, be it smaller leaves (whose tables are
 * freed after a flush) or a part of a larger leaf, which is split. The caller
 * does npt_flush() when anything was there.
 *
 * Tables for an overlay may come from the hypervisor's own memory: nobody can be asked
 * for a deposit when the guest writes to an MSR.
 *
 * Return: 0, or -1 when the pool ran out; the mapping is then as before.
 */
int npt_map(struct npt *npt, u64 gpa, u64 spa, u64 size, u32 perm);

/**
 * npt_unmap - remove what maps [@gpa, @gpa + @size)
 * @npt: tables
 * @gpa: guest address, aligned to @size
 * @size: PAGE_SIZE, SIZE_2M or SIZE_1G
 *
 * Tables that become empty are freed. Splits a larger leaf that covers the
 * range. The caller does npt_flush().
 *
 * Return: 0 (also when nothing was mapped), or -1 when a split found the pool
 * empty; nothing has changed then.
 */
int npt_unmap(struct npt *npt, u64 gpa, u64 size);

/* Find the leaf that maps @gpa. Return: false when none does. */
bool npt_lookup(const struct npt *npt, u64 gpa, struct npt_leaf *leaf);

#define NPT_ACCESSED	BIT(0)
#define NPT_DIRTY	BIT(1)

/**
 * npt_set_ad - change accessed and dirty bits of the leaf that maps @gpa
 * @npt: tables
 * @gpa: guest address
 * @clear: NPT_ACCESSED, NPT_DIRTY
 * @set: the same, applied after @clear
 *
 * After clearing the caller does npt_flush() before it relies on the bits being
 * set again.
 */
void npt_set_ad(struct npt *npt, u64 gpa, u32 clear, u32 set);

/**
 * npt_next - walk over the leaves in order of guest address
 * @npt: tables
 * @gpa: in: where to look from; out: start of the leaf that was found
 * @end: end of the range to look at
 * @leaf: the leaf
 *
 * Return: false when no leaf starts or lies in [@gpa, @end).
 */
bool npt_next(const struct npt *npt, u64 *gpa, u64 end, struct npt_leaf *leaf);

/**
 * npt_flush - make sure that no CPU uses a translation that was removed
 * @npt: tables that were changed
 *
 * Forces every CPU that runs a guest on @npt out of guest mode and waits for it,
 * then frees the tables that were unlinked. May be called with hv_lock held;
 * not from a CPU in its fault path.
 */
void npt_flush(struct npt *npt);

#endif /* TESTHV_NPT_H */
