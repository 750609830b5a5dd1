/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guest memory: regions of the VMM's address space as guest physical memory.
 *
 * A region is a promise, not a mapping: setting one asks nothing of the
 * hypervisor. Pages are mapped when the guest touches them (region_fault.c)
 * and unmapped when the host takes them from the VMM (MMU notifier,
 * region_map.c), so that guest memory can be swapped, migrated, merged and
 * reclaimed like any other memory of the VMM.
 *
 * What is mapped is recorded per chunk: 2 MiB of guest physical address space,
 * the size of a large page. A chunk is one large page, or up to 512 small
 * ones. Record and hypervisor agree whenever mshv_region.lock is free, so that
 * what has to be unmapped, and in which unit, is never guessed from the state
 * of the host's pages.
 */
#ifndef _MSHV_REGION_H
#define _MSHV_REGION_H

#include <linux/bitmap.h>
#include <linux/interval_tree.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include <uapi/linux/mshv.h>

#include "hv_abi.h"

struct mshv_partition;
struct mshv_region;

/* Regions of a partition: MSHV_CAP_MAX_REGIONS */
#define MSHV_MAX_REGIONS	32768

#define MSHV_CHUNK_SHIFT	(HVX_LARGE_PAGE_SHIFT - HVX_PAGE_SHIFT)
#define MSHV_CHUNK_PAGES	((unsigned int)HVX_LARGE_PAGE_PFNS)

/* enum mshv_access - what the guest wanted to do; values of HVX_ACCESS_* */
enum mshv_access {
	MSHV_ACCESS_READ,
	MSHV_ACCESS_WRITE,
	MSHV_ACCESS_EXECUTE,
};

/**
 * struct mshv_regions - memory regions of a partition
 * @tree: struct mshv_region by guest page numbers
 * @lock: protects @tree against faulting VPs; writers also hold
 *	  mshv_partition.mutex
 * @count: number of regions; under mshv_partition.mutex
 * @gfn_limit: first guest page number that the guest cannot address, 0 until
 *	       the first region is set
 * @kept: regions with pages that the hypervisor did not give back, after
 *	  mshv_regions_destroy()
 */
struct mshv_regions {
	struct rb_root_cached tree;
	spinlock_t lock;		/* against faulting VPs */
	unsigned int count;
	u64 gfn_limit;
	struct list_head kept;
};

/**
 * struct mshv_span - host pages behind a part of one chunk, at one moment
 * @gfn: first guest page
 * @nr: number of pages
 * @seq: of the MMU notifier, from before the pages were looked up
 * @pfns: page numbers, valid where @present
 * @hmm: the same array while hmm_range_fault() fills it in
 * @present: bit n: the page @gfn + n can be mapped
 * @writable: bit n: and the guest may write to it
 */
struct mshv_span {
	u64 gfn;
	unsigned int nr;
	unsigned long seq;
	union {
		u64 pfns[MSHV_CHUNK_PAGES];
		unsigned long hmm[MSHV_CHUNK_PAGES];
	};
	DECLARE_BITMAP(present, MSHV_CHUNK_PAGES);
	DECLARE_BITMAP(writable, MSHV_CHUNK_PAGES);
};

/**
 * struct mshv_region_kind - what depends on the kind of host memory
 * @vm_flags: VM_IO | VM_PFNMAP if all its VMAs have one of these, 0 if none
 * @map_flags: HVX_MAP_* beside the permissions
 * @has_pages: the memory has a struct page that can be referenced
 * @lookup: finds the host pages of a span that are present now, without
 *	    faulting any in. -EBUSY: try again; -EINVAL: not allowed as guest
 *	    memory
 */
struct mshv_region_kind {
	unsigned long vm_flags;
	u32 map_flags;
	bool has_pages;
	int (*lookup)(struct mshv_region *region, struct mshv_span *span);
};

/*
 * Entries of the record: page number, and these bits. 0: not mapped.
 */
#define MSHV_ENTRY_PRESENT	BIT_ULL(0)
#define MSHV_ENTRY_WRITABLE	BIT_ULL(1)
/* The hypervisor refused to unmap it: the driver holds a reference */
#define MSHV_ENTRY_KEPT		BIT_ULL(2)
#define MSHV_ENTRY_SHIFT	3

/**
 * struct mshv_chunk - record of what is mapped in 2 MiB of guest memory
 * @large: entry of a large page; then @nr is 0
 * @table: entries of small pages, MSHV_CHUNK_PAGES of them; NULL if @nr is 0
 * @nr: number of entries of @table that are not 0
 * @accessed: pages to be reported as accessed, whatever the hypervisor says:
 *	      the state went away with a mapping, or was set by the VMM
 * @dirty: likewise
 *
 * Exists from the first use of the chunk to the end of the region.
 */
struct mshv_chunk {
	u64 large;
	u64 *table;
	unsigned int nr;
	DECLARE_BITMAP(accessed, MSHV_CHUNK_PAGES);
	DECLARE_BITMAP(dirty, MSHV_CHUNK_PAGES);
};

/**
 * struct mshv_region - a memory region
 * @node: guest page numbers, first and last, in mshv_regions.tree
 * @refs: one for the tree, one for each fault that is being handled
 * @pt: partition
 * @kind: what sort of memory it is
 * @uaddr: address of its first page in the VMM
 * @flags: 1 << MSHV_SET_MEM_BIT_*
 * @notifier: on the VMM's address range
 * @hooked: @notifier is in place
 * @lock: protects what follows and all mappings of the region. Taken by
 *	  @notifier: no memory may be allocated and no fault handled under it
 * @dying: nothing may be mapped any more
 * @chunks: struct mshv_chunk by guest page number >> MSHV_CHUNK_SHIFT
 * @nr_kept: number of pages with MSHV_ENTRY_KEPT
 * @link: in mshv_regions.kept
 */
struct mshv_region {
	struct interval_tree_node node;
	struct kref refs;
	struct mshv_partition *pt;
	const struct mshv_region_kind *kind;
	unsigned long uaddr;
	u8 flags;
	struct mmu_interval_notifier notifier;
	bool hooked;
	struct mutex lock;	/* of what follows and the mappings */
	bool dying;
	struct xarray chunks;
	unsigned long nr_kept;
	struct list_head link;
};

/* region.c */
void mshv_regions_init(struct mshv_partition *pt);
int mshv_regions_set(struct mshv_partition *pt, const struct mshv_user_mem_region *arg);
void mshv_regions_destroy(struct mshv_partition *pt);
void mshv_regions_forget(struct mshv_partition *pt, bool deleted);
struct mshv_region *mshv_region_get(struct mshv_partition *pt, u64 gfn);
void mshv_region_put(struct mshv_region *region);

/* region_fault.c */
int mshv_regions_fault(struct mshv_partition *pt, u64 gfn, enum mshv_access access);

/* region_map.c */
extern const struct mmu_interval_notifier_ops mshv_region_notifier_ops;
struct mshv_chunk *mshv_chunk_get(struct mshv_region *region, u64 gfn);
u16 mshv_chunk_map(struct mshv_region *region, struct mshv_chunk *chunk,
		   const struct mshv_span *span, u64 wanted, u64 **spare);
bool mshv_chunk_mapped(const struct mshv_chunk *chunk, u64 gfn);
int mshv_region_zap(struct mshv_region *region, bool keep);
unsigned long mshv_region_drop_record(struct mshv_region *region, bool put);

/* region_movable.c, region_mmio.c */
extern const struct mshv_region_kind mshv_region_movable;
extern const struct mshv_region_kind mshv_region_mmio;

static inline bool mshv_region_writable(const struct mshv_region *region)
{
	return region->flags & BIT(MSHV_SET_MEM_BIT_WRITABLE);
}

static inline bool mshv_region_executable(const struct mshv_region *region)
{
	return region->flags & BIT(MSHV_SET_MEM_BIT_EXECUTABLE);
}

static inline u64 mshv_region_gfn(const struct mshv_region *region, unsigned long uaddr)
{
	return region->node.start + ((uaddr - region->uaddr) >> HVX_PAGE_SHIFT);
}

static inline unsigned long mshv_region_uaddr(const struct mshv_region *region, u64 gfn)
{
	return region->uaddr + ((gfn - region->node.start) << HVX_PAGE_SHIFT);
}

#endif /* _MSHV_REGION_H */
