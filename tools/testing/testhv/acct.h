/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Accounts that tests read through the control port.
 *
 * The numbers of the accounts are part of the control port's interface and are
 * defined in include/testhv_ctl.h.
 */
#ifndef TESTHV_ACCT_H
#define TESTHV_ACCT_H

#include "testhv_ctl.h"
#include "types.h"

/* Add @n, possibly negative, to an account. Lock not needed. */
void acct_add(unsigned int account, s64 n);

s64 acct_read(unsigned int account);

#endif /* TESTHV_ACCT_H */
