/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Statistics of partitions and VPs: what the driver counts, and what the
 * hypervisor counts in pages that it shares.
 */
#ifndef _MSHV_STATS_H
#define _MSHV_STATS_H

#include <linux/types.h>

#include "hv_abi.h"
#include "page.h"

struct mshv_partition;
struct mshv_stats;
struct mshv_vp;
struct seq_file;

/**
 * enum mshv_pt_count - what is counted for a partition
 * @MSHV_PT_VPS: VPs that exist
 * @MSHV_PT_FAULTS: guest accesses for which memory was mapped
 * @MSHV_PT_INTERRUPTS: interrupts that eventfds asserted
 * @MSHV_PT_EOIS: ends of level-triggered interrupts
 * @MSHV_PT_DOORBELLS: guest writes that signalled an eventfd
 * @MSHV_PT_HVCALLS: hypercalls that were passed through
 * @MSHV_PT_COUNTS: number of these
 */
enum mshv_pt_count {
	MSHV_PT_VPS,
	MSHV_PT_FAULTS,
	MSHV_PT_INTERRUPTS,
	MSHV_PT_EOIS,
	MSHV_PT_DOORBELLS,
	MSHV_PT_HVCALLS,
	MSHV_PT_COUNTS,
};

/**
 * enum mshv_vp_count - what is counted for a VP
 * @MSHV_VP_RUNS: calls of RUN_VP
 * @MSHV_VP_INTERRUPTED: those of them that a signal ended
 * @MSHV_VP_DISPATCHES: root scheduler: hypercalls that ran the VP
 * @MSHV_VP_BLOCKS: how often its thread had to wait for the hypervisor
 * @MSHV_VP_FAULTS: intercepts for which memory was mapped
 * @MSHV_VP_EOIS: intercepts that ended a level-triggered interrupt
 * @MSHV_VP_EXITS: intercepts that were the VMM's, of all kinds; those of one
 *		   kind follow
 * @MSHV_VP_EXITS_UNMAPPED: access to memory that is not there
 * @MSHV_VP_EXITS_ACCESS: access that is not allowed
 * @MSHV_VP_EXITS_IO: I/O port
 * @MSHV_VP_EXITS_MSR: model-specific register
 * @MSHV_VP_EXITS_CPUID: CPUID
 * @MSHV_VP_EXITS_EXCEPTION: exception
 * @MSHV_VP_EXITS_HALT: HLT
 * @MSHV_VP_EXITS_FATAL: the VP cannot run on
 * @MSHV_VP_EXITS_OTHER: any other
 * @MSHV_VP_COUNTS: number of these
 */
enum mshv_vp_count {
	MSHV_VP_RUNS,
	MSHV_VP_INTERRUPTED,
	MSHV_VP_DISPATCHES,
	MSHV_VP_BLOCKS,
	MSHV_VP_FAULTS,
	MSHV_VP_EOIS,
	MSHV_VP_EXITS,
	MSHV_VP_EXITS_UNMAPPED,
	MSHV_VP_EXITS_ACCESS,
	MSHV_VP_EXITS_IO,
	MSHV_VP_EXITS_MSR,
	MSHV_VP_EXITS_CPUID,
	MSHV_VP_EXITS_EXCEPTION,
	MSHV_VP_EXITS_HALT,
	MSHV_VP_EXITS_FATAL,
	MSHV_VP_EXITS_OTHER,
	MSHV_VP_COUNTS,
};

/**
 * struct mshv_stats_hv_row - a counter of the hypervisor
 * @index: its place in the page
 * @flags: MSHV_STATS_*
 * @exponent: of its unit
 * @name: for users
 */
struct mshv_stats_hv_row {
	u16 index;
	u16 flags;
	s16 exponent;
	const char *name;
};

/**
 * struct mshv_stats_hv - the counters that one kind of object has
 * @object: HVX_STATS_*
 * @rows: the counters
 * @nr: number of @rows
 */
struct mshv_stats_hv {
	u32 object;
	const struct mshv_stats_hv_row *rows;
	unsigned int nr;
};

/* stats_names_x86.c, stats_names_arm64.c */
extern const struct mshv_stats_hv mshv_stats_hypervisor;
extern const struct mshv_stats_hv mshv_stats_lp;
extern const struct mshv_stats_hv mshv_stats_partition;
extern const struct mshv_stats_hv mshv_stats_vp;

/* Areas of an object's statistics: HVX_STATS_AREA_* */
#define MSHV_STATS_AREAS	2

/**
 * struct mshv_stats_pages - statistics pages of one object
 * @hv: what kind of object
 * @id: partition, or index of the logical processor
 * @vp_index: VP
 * @page: the pages, as far as there are any
 */
struct mshv_stats_pages {
	const struct mshv_stats_hv *hv;
	u64 id;
	u32 vp_index;
	struct mshv_page page[MSHV_STATS_AREAS];
};

/* stats_pages.c */
int mshv_stats_pages_map(struct mshv_stats_pages *pages);
void mshv_stats_pages_unmap(struct mshv_stats_pages *pages);
bool mshv_stats_pages_present(const struct mshv_stats_pages *pages);
u64 mshv_stats_pages_read(const struct mshv_stats_pages *pages, unsigned int index);
void mshv_stats_pages_show(struct seq_file *m, const struct mshv_stats_pages *pages);

#ifdef CONFIG_MSHV_STATS
/* stats.c: of a new object. Returns 0 or -ENOMEM. */
int mshv_stats_create_partition(struct mshv_partition *pt);
int mshv_stats_create_vp(struct mshv_vp *vp);

/*
 * The object ends: figures do not change any more, and the pages of the
 * hypervisor are given back. NULL is fine. Sleeps; with no lock that a MMU
 * notifier takes.
 */
void mshv_stats_end(struct mshv_stats *stats);

/*
 * An intercept, @type is HVX_MSG_*, with what became of it: 1 the driver handled
 * it, 0 it is the VMM's, negative the guest will try again.
 */
void mshv_stats_count_intercept(struct mshv_vp *vp, u32 type, int result);

/* RUN_VP ran the VP. */
void mshv_stats_count_run(struct mshv_vp *vp, int result);
#else
static inline int mshv_stats_create_partition(struct mshv_partition *pt)
{
	return 0;
}

static inline int mshv_stats_create_vp(struct mshv_vp *vp)
{
	return 0;
}

static inline void mshv_stats_end(struct mshv_stats *stats) {}
static inline void mshv_stats_count_intercept(struct mshv_vp *vp, u32 type, int result) {}
static inline void mshv_stats_count_run(struct mshv_vp *vp, int result) {}
#endif

/* All figures in words, for debugfs. */
int mshv_stats_show(struct seq_file *m, struct mshv_stats *stats);

long mshv_partition_stats_fd(struct mshv_partition *pt, void *arg, void __user *uarg);
long mshv_vp_stats_fd(struct mshv_vp *vp, void *arg, void __user *uarg);

#endif /* _MSHV_STATS_H */
