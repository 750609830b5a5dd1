// SPDX-License-Identifier: GPL-2.0
/* Numbers for tests that go by chance, and from the environment. */
#include "mshv_util.h"

/* xorshift64*: reproducible, and each thread can have its own */
u64 rnd(u64 *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}

u64 environment(const char *name, u64 value)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : value;
}

u64 seed_from(const char *name)
{
	return environment(name, now_us()) | 1;
}
