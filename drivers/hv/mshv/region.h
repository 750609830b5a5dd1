/* SPDX-License-Identifier: GPL-2.0 */
/* Guest memory: regions of the VMM's address space as guest physical memory. */
#ifndef _MSHV_REGION_H
#define _MSHV_REGION_H

#include <linux/types.h>

struct mshv_partition;
struct mshv_user_mem_region;

/* enum mshv_access - what the guest wanted to do; values of HVX_ACCESS_* */
enum mshv_access {
	MSHV_ACCESS_READ,
	MSHV_ACCESS_WRITE,
	MSHV_ACCESS_EXECUTE,
};

/* struct mshv_regions - memory regions of a partition */
struct mshv_regions {
	unsigned int count;
};

void mshv_regions_init(struct mshv_partition *pt);
int mshv_regions_set(struct mshv_partition *pt, const struct mshv_user_mem_region *arg);
void mshv_regions_destroy(struct mshv_partition *pt);
int mshv_regions_fault(struct mshv_partition *pt, u64 gfn, enum mshv_access access);

#endif /* _MSHV_REGION_H */
