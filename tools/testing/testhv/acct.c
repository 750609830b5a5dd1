// SPDX-License-Identifier: GPL-2.0
/* Accounts. */
#include "acct.h"

#include "panic.h"

static s64 accounts[TESTHV_ACCT_COUNT];

void acct_add(unsigned int account, s64 n)
{
	BUG_ON(account >= TESTHV_ACCT_COUNT);
	__atomic_add_fetch(&accounts[account], n, __ATOMIC_RELAXED);
}

s64 acct_read(unsigned int account)
{
	BUG_ON(account >= TESTHV_ACCT_COUNT);
	return __atomic_load_n(&accounts[account], __ATOMIC_RELAXED);
}
