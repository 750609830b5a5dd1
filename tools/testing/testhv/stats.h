/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Statistics of VPs, partitions, processors and the hypervisor: kept always, and
 * shown in pages that the root has mapped. Everything is under hv_lock.
 */
#ifndef TESTHV_STATS_H
#define TESTHV_STATS_H

#include "types.h"

struct partition;
struct pcpu;

#define STATS_AREAS	2

/* What is counted of a VP. stats.c says which counter it is. */
enum vp_stat {
	VP_STAT_RUN_TIME,		/* 100 ns, in vp_run() */
	VP_STAT_HV_RUN_TIME,		/* of this, outside of the guest */
	VP_STAT_HYPERCALLS,
	VP_STAT_CR_ACCESSES,
	VP_STAT_IO,
	VP_STAT_HLT,
	VP_STAT_CPUID,
	VP_STAT_MSR,
	VP_STAT_OTHER_EXITS,
	VP_STAT_EXTERNAL_INTERRUPTS,
	VP_STAT_PENDING_INTERRUPTS,
	VP_STAT_EXCEPTIONS,
	VP_STAT_NESTED_FAULTS,
	VP_STAT_IO_MESSAGES,
	VP_STAT_MEMORY_MESSAGES,
	VP_STAT_OTHER_MESSAGES,
	VP_STAT_APIC_EOIS,
	VP_STAT_MIGRATIONS,
	VP_STAT_INTERRUPTS,		/* injected */
	VP_STAT_DISPATCHES,
	VP_STAT_BLOCKED,		/* the root waits to be signalled */
	NR_VP_STATS
};

/**
 * struct vp_stats - statistics of a VP
 * @pages: pages that the root has mapped, by HVX_STATS_AREA_*
 * @counts: what it did so far
 */
struct vp_stats {
	void *pages[STATS_AREAS];
	u64 counts[NR_VP_STATS];
};

void vp_stat_add(struct vp_stats *s, enum vp_stat stat, u64 n);
void vp_stat_set(struct vp_stats *s, enum vp_stat stat, u64 val);

static inline void vp_stat_inc(struct vp_stats *s, enum vp_stat stat)
{
	vp_stat_add(s, stat, 1);
}

/* A VP has left the guest for this reason. */
void vp_stat_exit(struct vp_stats *s, u64 code);
/* A VP has sent a message of this type. */
void vp_stat_message(struct vp_stats *s, u32 type);
/* The VP is no more. */
void vp_stats_free(struct vp_stats *s);

/*
 * The root's own VPs: their exits are counted without the lock, by the CPU itself,
 * and shown with each hypercall that they make.
 */
void root_stat_exit(struct vp_stats *s, u64 code);
void vp_stats_show(const struct vp_stats *s);

/* Memory, VPs or mappings of the partition have changed. */
void partition_stats_update(const struct partition *p);

/* A VP has run on the processor for so long, in 100 ns. */
void lp_stats_ran(struct pcpu *cpu, u64 time);

/* Take a mapped page back from the root; NULL is fine. */
void stats_page_free(void **page);

#endif /* TESTHV_STATS_H */
