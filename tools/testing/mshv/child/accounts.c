// SPDX-License-Identifier: GPL-2.0
/* Prints what testhv holds for partitions: the accounts that have to close. */
#include <stdio.h>
#include <sys/io.h>

#include "testhv_ctl.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static unsigned long control(unsigned long op, unsigned long *rbx)
{
	unsigned long rax = op, rcx = 0, rsi = 0, rdi = 0;

	asm volatile("outl %%eax, %%dx"
		     : "+a" (rax), "+b" (*rbx), "+c" (rcx), "+S" (rsi), "+D" (rdi)
		     : "d" ((unsigned short)TESTHV_CTL_PORT)
		     : "memory");
	return rax;
}

int main(void)
{
	static const struct {
		const char *name;
		unsigned long account;
	} accounts[] = {
		{ "deposited", TESTHV_ACCT_PAGES_DEPOSITED },
		{ "used", TESTHV_ACCT_PAGES_IN_USE },
		{ "partitions", TESTHV_ACCT_PARTITIONS },
		{ "vps", TESTHV_ACCT_VPS },
		{ "mapped", TESTHV_ACCT_GPA_PAGES },
		{ "state", TESTHV_ACCT_STATE_PAGES },
		{ "intercepts", TESTHV_ACCT_INTERCEPTS },
		{ "ports", TESTHV_ACCT_PORTS },
		{ "connections", TESTHV_ACCT_CONNECTIONS },
	};
	unsigned long value = 0;
	unsigned int i;

	if (ioperm(TESTHV_CTL_PORT, 4, 1) || control(TESTHV_CTL_PING, &value) ||
	    value != TESTHV_CTL_MAGIC)
		return 1;
	for (i = 0; i < ARRAY_SIZE(accounts); i++) {
		value = accounts[i].account;
		if (control(TESTHV_CTL_ACCOUNT, &value))
			return 1;
		printf("%s%s %lu", i ? ", " : "", accounts[i].name, value);
	}
	putchar('\n');
	return 0;
}
