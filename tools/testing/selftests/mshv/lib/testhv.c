// SPDX-License-Identifier: GPL-2.0
/* The control port of the test hypervisor. */
#include <sys/io.h>

#include "mshv_util.h"

int ctl_raw(u64 op, u64 *rbx, u64 *rcx, u64 *rsi, u64 *rdi)
{
	u64 rax = op;

	asm volatile("outl %%eax, %%dx"
		     : "+a" (rax), "+b" (*rbx), "+c" (*rcx), "+S" (*rsi), "+D" (*rdi)
		     : "d" ((u16)TESTHV_CTL_PORT)
		     : "memory");
	return rax;
}

static bool ctl_probe(void)
{
	u64 rbx = 0, rcx = 0, rsi = 0, rdi = 0;

	/* elsewhere the port does not exist and the write goes nowhere */
	if (ioperm(TESTHV_CTL_PORT, 4, 1))
		return false;
	return ctl_raw(TESTHV_CTL_PING, &rbx, &rcx, &rsi, &rdi) == TESTHV_CTL_OK &&
	       rbx == TESTHV_CTL_MAGIC;
}

bool ctl_present(void)
{
	static int present = -1;

	/* the permission is a thread's own; threads inherit it */
	if (present < 0)
		present = ctl_probe();
	return present;
}

static void ctl_request(u64 op, u64 *rbx, u64 *rcx, u64 *rsi, u64 *rdi)
{
	int ret;

	REQUIRE(ctl_present(), "no control port");
	ret = ctl_raw(op, rbx, rcx, rsi, rdi);
	REQUIRE(ret == TESTHV_CTL_OK, "operation %llu: %d", (unsigned long long)op, ret);
}

void ctl_info(struct ctl_info *info)
{
	u64 rbx = 0, rcx = 0, rsi = 0, rdi = 0;

	ctl_request(TESTHV_CTL_PING, &rbx, &rcx, &rsi, &rdi);
	info->lps = rcx;
	info->scheduler = rsi;
	info->large_pages = rdi & TESTHV_FLAG_LARGE_PAGES;
	info->l1vh = rdi & TESTHV_FLAG_L1VH;
	info->overlay = rdi & TESTHV_FLAG_OVERLAY;
}

bool hypervisor_schedules(void)
{
	struct ctl_info info;

	if (!ctl_present())
		return false;
	ctl_info(&info);
	return info.scheduler != HVX_SCHEDULER_ROOT;
}

u16 stats_map_code(void)
{
	u64 rbx = HVX_CALL_MAP_STATS_PAGE2, rcx = 0, rsi = 0, rdi = 0;
	struct ctl_info info;

	ctl_info(&info);
	/* it may know of places, and still lack this call */
	if (info.overlay && ctl_raw(TESTHV_CTL_CALLS, &rbx, &rcx, &rsi, &rdi) == TESTHV_CTL_OK)
		return HVX_CALL_MAP_STATS_PAGE2;
	return HVX_CALL_MAP_STATS_PAGE;
}

u64 ctl_page(u64 pfn)
{
	u64 rbx = pfn, rcx = 0, rsi = 0, rdi = 0;

	ctl_request(TESTHV_CTL_PAGE, &rbx, &rcx, &rsi, &rdi);
	return rbx;
}

u64 ctl_reset(void)
{
	u64 rbx = 0, rcx = 0, rsi = 0, rdi = 0;

	ctl_request(TESTHV_CTL_FAULT_CLEAR, &rbx, &rcx, &rsi, &rdi);
	return rbx;
}

void ctl_fault_reps(u16 code, u64 nth, u16 status, u64 count,
		    u32 reps_first)
{
	u64 rbx = code, rcx = nth, rdi = count;
	u64 rsi = status | (u64)reps_first << TESTHV_FAULT_REPS_SHIFT;

	ctl_request(TESTHV_CTL_FAULT, &rbx, &rcx, &rsi, &rdi);
}

void ctl_fault(u16 code, u64 nth, u16 status, u64 count)
{
	ctl_fault_reps(code, nth, status, count, 0);
}

void ctl_rep_limit(u16 code, unsigned int reps)
{
	u64 rbx = code, rcx = reps, rsi = 0, rdi = 0;

	ctl_request(TESTHV_CTL_REP_LIMIT, &rbx, &rcx, &rsi, &rdi);
}

u64 ctl_calls(u16 code, u64 *failed)
{
	u64 rbx = code, rcx = 0, rsi = 0, rdi = 0;

	ctl_request(TESTHV_CTL_CALLS, &rbx, &rcx, &rsi, &rdi);
	if (failed)
		*failed = rcx;
	return rbx;
}

void ctl_async(u64 ms, u64 flags)
{
	u64 rbx = ms, rcx = flags, rsi = 0, rdi = 0;

	ctl_request(TESTHV_CTL_ASYNC, &rbx, &rcx, &rsi, &rdi);
}

void ctl_synic(unsigned int lp, u64 *messages, u64 *flags)
{
	u64 rsi = 0, rdi = 0;

	*messages = lp;
	*flags = 0;
	ctl_request(TESTHV_CTL_SYNIC, messages, flags, &rsi, &rdi);
}

u64 ctl_account(unsigned int account)
{
	u64 rbx = account, rcx = 0, rsi = 0, rdi = 0;

	ctl_request(TESTHV_CTL_ACCOUNT, &rbx, &rcx, &rsi, &rdi);
	return rbx;
}

/* Messages about partitions all come by this SINT. */
bool ctl_post(unsigned int lp, u32 type, u8 size, u64 word0, u64 word1)
{
	u64 rbx = lp | (u64)HVX_SINT_INTERCEPT << 32, rcx = type | (u64)size << 32;

	return !ctl_raw(TESTHV_CTL_POST, &rbx, &rcx, &word0, &word1);
}

bool ctl_post_from(unsigned int lp, u32 type, u8 size, u64 sender, u64 word0)
{
	u64 rbx = lp | (u64)HVX_SINT_INTERCEPT << 32, rcx = type | (u64)size << 32;

	return !ctl_raw(TESTHV_CTL_POST_FROM, &rbx, &rcx, &sender, &word0);
}

void ctl_payload(unsigned int index, u64 word)
{
	u64 rbx = index, rcx = word, rsi = 0, rdi = 0;

	ctl_request(TESTHV_CTL_PAYLOAD, &rbx, &rcx, &rsi, &rdi);
}

bool ctl_post_whole(unsigned int lp, unsigned int sint, u32 type, u8 size, u64 sender)
{
	u64 rbx = lp | (u64)sint << 32, rcx = type | (u64)size << 32, rdi = 0;

	return !ctl_raw(TESTHV_CTL_POST_WHOLE, &rbx, &rcx, &sender, &rdi);
}

u64 ctl_disturb(u32 type, u64 flags, u64 count, u64 ms)
{
	u64 rbx = type;

	ctl_request(TESTHV_CTL_DISTURB, &rbx, &flags, &count, &ms);
	return rbx;
}

u64 ctl_out(u16 port, u16 value, u64 ms, u64 count)
{
	u64 rbx = port, rcx = value;

	ctl_request(TESTHV_CTL_OUT, &rbx, &rcx, &ms, &count);
	return rbx;
}

unsigned int ctl_ring(unsigned int lp, u32 port, unsigned int times)
{
	u64 rbx = lp | (u64)HVX_SINT_DOORBELL << 32, rcx = port, rsi = times, rdi = 0;

	ctl_request(TESTHV_CTL_RING, &rbx, &rcx, &rsi, &rdi);
	return rsi;
}

/* Figures that teardown must bring back to what they were. */
static const struct {
	enum testhv_acct account;
	const char *text;
} closing[] = {
	{ TESTHV_ACCT_PAGES_DEPOSITED, "pages deposited" },
	{ TESTHV_ACCT_PAGES_IN_USE, "pages in use" },
	{ TESTHV_ACCT_ROOT_IN_USE, "root's pages in use" },
	{ TESTHV_ACCT_PARTITIONS, "partitions" },
	{ TESTHV_ACCT_VPS, "VPs" },
	{ TESTHV_ACCT_GPA_PAGES, "mapped guest pages" },
	{ TESTHV_ACCT_GPA_LARGE, "large mappings" },
	{ TESTHV_ACCT_STATE_PAGES, "VP state pages" },
	{ TESTHV_ACCT_STATS_PAGES, "statistics pages" },
	{ TESTHV_ACCT_COVERED, "covered pages" },
	{ TESTHV_ACCT_INTERCEPTS, "intercepts" },
	{ TESTHV_ACCT_PORTS, "ports" },
	{ TESTHV_ACCT_CONNECTIONS, "connections" },
	{ TESTHV_ACCT_ASYNC_PENDING, "asynchronous calls" },
	{ TESTHV_ACCT_ROOT_VIOLATIONS, "accesses of the root to foreign memory" },
};

void accounts_read(struct accounts *a)
{
	unsigned int i;

	for (i = 0; i < TESTHV_ACCT_COUNT; i++)
		a->v[i] = ctl_present() ? ctl_account(i) : 0;
}

unsigned int accounts_open(const struct accounts *before)
{
	unsigned int i, open = 0;
	struct accounts now;

	accounts_read(&now);
	for (i = 0; i < ARRAY_SIZE(closing); i++) {
		enum testhv_acct a = closing[i].account;

		if (now.v[a] == before->v[a])
			continue;
		fprintf(stderr, "# account '%s' was %llu, is %llu\n", closing[i].text,
			(unsigned long long)before->v[a], (unsigned long long)now.v[a]);
		open++;
	}
	return open;
}
