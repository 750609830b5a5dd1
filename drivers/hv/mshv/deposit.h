/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory that the hypervisor was given.
 *
 * A partition's objects live in memory that its parent deposits in the
 * partition's pool (TLFS 5.2.5), page by page. While the hypervisor has a page
 * the kernel must not touch it. When the partition is gone all of it has to come
 * back.
 */
#ifndef _MSHV_DEPOSIT_H
#define _MSHV_DEPOSIT_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/types.h>

struct mshv_hvcall;
struct seq_file;

/**
 * enum mshv_pool_count - what is counted for a pool
 * @MSHV_POOL_DEPOSITED: pages that the hypervisor got
 * @MSHV_POOL_WITHDRAWN: pages that it gave back
 * @MSHV_POOL_REQUESTS: hypercalls that were made again because it wanted some
 * @MSHV_POOL_COUNTS: number of these
 */
enum mshv_pool_count {
	MSHV_POOL_DEPOSITED,
	MSHV_POOL_WITHDRAWN,
	MSHV_POOL_REQUESTS,
	MSHV_POOL_COUNTS,
};

/**
 * struct mshv_pool - memory deposited for one partition
 * @partition_id: the partition, once it exists; HVX_PARTITION_ID_SELF for this one
 * @pages: pages that are deposited and did not come back
 * @counts: enum mshv_pool_count
 * @finalize: the partition has yet to be finalized, before it can be deleted
 * @node: in the list of partitions that the hypervisor did not delete
 *
 * Each deposited page points to its pool, so that nothing is freed that was
 * not deposited by this driver in this pool. No lock is needed.
 */
struct mshv_pool {
	u64 partition_id;
	atomic_long_t pages;
	atomic64_t counts[MSHV_POOL_COUNTS];
	bool finalize;
	struct list_head node;
};

/* What the hypervisor took for this partition, on behalf of its children. */
extern struct mshv_pool mshv_root_pool;

/**
 * struct mshv_appetite - what one hypercall swallowed
 * @next: pages that it gets next time
 * @idle: pages that it got without making progress
 * @child: pages that went to the partition's own pool
 * @root: pages that went to the root's pool
 * @done: progress so far
 */
struct mshv_appetite {
	long next;
	long idle;
	long child;
	long root;
	u16 done;
};

#define MSHV_APPETITE_INIT	{ .next = 16 }

struct mshv_pool *mshv_pool_create(void);
bool mshv_status_wants_memory(u16 status);
int mshv_feed(struct mshv_appetite *a, u16 status, u16 done, struct mshv_pool *pool);
void mshv_unfeed(struct mshv_appetite *a, struct mshv_pool *pool);
int mshv_hvcall_pool(struct mshv_hvcall *call, struct mshv_pool *pool);
int mshv_pool_withdraw(struct mshv_pool *pool, long max);
void mshv_pool_abandon(struct mshv_pool *pool);
void mshv_pool_report(void);
/* Pages that the hypervisor has for no partition. */
long mshv_pages_held(void);

/* A page that was not deposited, but that the hypervisor does not give back. */
void mshv_pool_lose_page(struct mshv_pool *pool);

/* Takes back what the hypervisor needed from this partition for others. */
void mshv_root_pool_trim(void);

/* For debugfs */
void mshv_pool_show(struct seq_file *m, const char *name, struct mshv_pool *pool);
long mshv_pool_lost(void);

#endif /* _MSHV_DEPOSIT_H */
