/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Spin locks.
 *
 * One lock, hv_lock, covers all shared state: exit handlers that touch any take
 * it, nothing holds it while a guest runs. Holding it while waiting for another
 * CPU to leave guest mode is fine, because leaving needs no lock.
 */
#ifndef TESTHV_LOCK_H
#define TESTHV_LOCK_H

#include "types.h"

struct spinlock {
	u32 locked;
};

static inline void spin_lock(struct spinlock *l)
{
	while (__atomic_exchange_n(&l->locked, 1, __ATOMIC_ACQUIRE))
		while (READ_ONCE(l->locked))
			__builtin_ia32_pause();
}

static inline void spin_unlock(struct spinlock *l)
{
	__atomic_store_n(&l->locked, 0, __ATOMIC_RELEASE);
}

extern struct spinlock hv_lock;

#endif /* TESTHV_LOCK_H */
