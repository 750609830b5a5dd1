// SPDX-License-Identifier: GPL-2.0
/* KCOV of the kernel: Documentation/dev-tools/kcov.rst. */
#include <sys/mman.h>

#include <linux/kcov.h>

#include "mshv_kcov.h"

#define KCOV		"/sys/kernel/debug/kcov"
/* What does not fit is not recorded. */
#define KCOV_PLACES	(64 * KIB)

bool kcov_open(struct kcov *k)
{
	k->fd = open(KCOV, O_RDWR | O_CLOEXEC);
	if (k->fd < 0)
		return false;
	REQUIRE(!ioctl(k->fd, KCOV_INIT_TRACE, KCOV_PLACES), "KCOV_INIT_TRACE");
	k->area = mmap(NULL, KCOV_PLACES * sizeof(*k->area), PROT_READ | PROT_WRITE, MAP_SHARED,
		       k->fd, 0);
	REQUIRE(k->area != MAP_FAILED, "mmap");
	REQUIRE(!ioctl(k->fd, KCOV_ENABLE, KCOV_TRACE_PC), "KCOV_ENABLE");
	return true;
}

void kcov_begin(struct kcov *k)
{
	WRITE_ONCE(k->area[0], 0);
}

/* Multiplied by a number without a pattern, the high bits depend on all of it. */
static u32 edge(u64 from, u64 to)
{
	return (from * 31 + to) * 0x9e3779b97f4a7c15ULL >> 48;
}

unsigned int kcov_end(struct kcov *k, u64 *edges)
{
	unsigned long nr = READ_ONCE(k->area[0]), i;
	unsigned int news = 0;
	u64 from = 0, bit;
	u32 e;

	for (i = 1; i <= nr; i++) {
		e = edge(from, k->area[i]);
		from = k->area[i];
		bit = BIT(e % 64);
		if (READ_ONCE(edges[e / 64]) & bit)
			continue;
		news += !(__atomic_fetch_or(&edges[e / 64], bit, __ATOMIC_RELAXED) & bit);
	}
	return news;
}
