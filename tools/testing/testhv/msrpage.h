/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages of the hypervisor that an MSR shows to the root (TLFS, "GPA overlay pages").
 *
 * To the root the hypervisor says where such a page is, and it can only be turned
 * on and off. An L1VH partition lays it over a page of its own, as guests do.
 * Everything is under hv_lock.
 */
#ifndef TESTHV_MSRPAGE_H
#define TESTHV_MSRPAGE_H

#include "hv_abi.h"
#include "types.h"

/**
 * struct msr_page - one such page
 * @page: the page
 * @msr: value of its MSR
 * @perm: ROOT_READ or ROOT_RW
 */
struct msr_page {
	void *page;
	u64 msr;
	unsigned int perm;
};

static inline bool msr_page_on(const struct msr_page *o)
{
	return o->msr & HVX_MSR_PAGE_ENABLE;
}

/* Boot: allocate the page, zeroed. It is never freed. */
void msr_page_init(struct msr_page *o, unsigned int perm);

/* The MSR is written. Return: false for a value that raises #GP. */
bool msr_page_write(struct msr_page *o, u64 val);

/* Back to the MSR's value after reset. */
void msr_page_reset(struct msr_page *o);

#endif /* TESTHV_MSRPAGE_H */
