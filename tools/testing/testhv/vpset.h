/* SPDX-License-Identifier: GPL-2.0 */
/* Sparse sets of virtual processors (TLFS 7.8.7.3). */
#ifndef TESTHV_VPSET_H
#define TESTHV_VPSET_H

#include "hv_abi.h"
#include "lib.h"
#include "types.h"

#define VP_SET_BANKS	64	/* VPs of a bank */

/**
 * struct vp_iter - where a walk over a set is
 * @mask: banks that follow
 * @banks: their words
 * @bank: the one that is looked at
 * @rest: its VPs that follow
 */
struct vp_iter {
	u64 mask;
	const u64 *banks;
	unsigned int bank;
	u64 rest;
};

/* @words is the number of banks that the caller sent. */
static inline u16 vp_set_start(struct vp_iter *it, u64 mask, const u64 *banks,
			       unsigned int words)
{
	if (hweight64(mask) != words)
		return HVX_STATUS_INVALID_HYPERCALL_INPUT;
	*it = (struct vp_iter){ .mask = mask, .banks = banks };
	return HVX_STATUS_SUCCESS;
}

static inline bool vp_set_next(struct vp_iter *it, u32 *vp_index)
{
	while (!it->rest) {
		if (!it->mask)
			return false;
		it->bank = __builtin_ctzl(it->mask);
		it->mask &= it->mask - 1;
		it->rest = READ_ONCE(*it->banks++);
	}
	*vp_index = it->bank * VP_SET_BANKS + __builtin_ctzl(it->rest);
	it->rest &= it->rest - 1;
	return true;
}

#endif /* TESTHV_VPSET_H */
