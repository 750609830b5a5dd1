// SPDX-License-Identifier: GPL-2.0
/* The hypervisor's command line: its personality. */
#include "lib.h"
#include "log.h"
#include "options.h"
#include "panic.h"
#include "testhv_ctl.h"

struct options options = {
	.sched = HVX_SCHEDULER_ROOT,
	.large = true,
	.panic_stop = true,
};

static const struct {
	const char *name;
	bool on;
} features[NR_FEATURES] = {
	[FEAT_REFTSC]	= { "reftsc", true },
	[FEAT_REFCOUNT]	= { "refcount", false },
	[FEAT_STIMER]	= { "stimer", true },
	[FEAT_INVTSC]	= { "invtsc", true },
	[FEAT_FREQ]	= { "freq", true },
	[FEAT_CRASH]	= { "crash", true },
	[FEAT_FLUSH]	= { "flush", false },
	[FEAT_IPI]	= { "ipi", false },
	[FEAT_EX]	= { "ex", false },
	[FEAT_OVERLAY]	= { "overlay", false },
};

bool feature(enum feature f)
{
	if (options.feat_on & BIT(f))
		return true;
	if (options.feat_off & BIT(f))
		return false;
	return features[f].on || (f == FEAT_OVERLAY && options.l1vh);
}

static bool is(const char *val, size_t len, const char *text)
{
	return strlen(text) == len && !strncmp(val, text, len);
}

static bool get_number(const char *val, size_t len, u64 max, u64 *out)
{
	const char *end;

	return parse_u64(val, &end, out) && end == val + len && *out <= max;
}

static bool set_sched(const char *val, size_t len)
{
	static const char * const names[] = {
		[HVX_SCHEDULER_LP] = "lp",
		[HVX_SCHEDULER_LP_SMT] = "smt",
		[HVX_SCHEDULER_CORE_SMT] = "core",
		[HVX_SCHEDULER_ROOT] = "root",
	};
	unsigned int i;

	for (i = HVX_SCHEDULER_LP; i < ARRAY_SIZE(names); i++) {
		if (is(val, len, names[i])) {
			options.sched = i;
			return true;
		}
	}
	return false;
}

/* +name or -name, separated by commas; the latest word on a feature counts */
static bool set_feat(const char *val, size_t len)
{
	const char *end = val + len;

	while (val < end) {
		size_t n = 1;
		unsigned int i;

		while (val + n < end && val[n] != ',')
			n++;
		for (i = 0; i < NR_FEATURES; i++)
			if (is(val + 1, n - 1, features[i].name))
				break;
		if (i == NR_FEATURES || (*val != '+' && *val != '-'))
			return false;
		options.feat_on &= ~BIT(i);
		options.feat_off &= ~BIT(i);
		if (*val == '+')
			options.feat_on |= BIT(i);
		else
			options.feat_off |= BIT(i);
		val += n;
		if (val < end)
			val++;
	}
	return len != 0;
}

/* codes, separated by commas */
static bool set_lacks(const char *val, size_t len)
{
	const char *end = val + len;
	u64 code;

	options.nr_lacks = 0;
	while (options.nr_lacks < MAX_LACKS && parse_u64(val, &val, &code) && code <= 0xffff) {
		options.lacks[options.nr_lacks++] = code;
		if (val == end)
			return true;
		if (*val++ != ',')
			return false;
	}
	return false;
}

static bool set_panic(const char *val, size_t len)
{
	options.panic_stop = is(val, len, "stop");
	return options.panic_stop || is(val, len, "continue");
}

static bool set_word(const char *name, size_t name_len, const char *val, size_t len)
{
	u64 n;

	if (is(name, name_len, "sched"))
		return set_sched(val, len);
	if (is(name, name_len, "feat"))
		return set_feat(val, len);
	if (is(name, name_len, "panic"))
		return set_panic(val, len);
	if (is(name, name_len, "lacks"))
		return set_lacks(val, len);
	if (is(name, name_len, "lps")) {
		if (!get_number(val, len, 64, &n) || !n)
			return false;
		options.lps = n;
	} else if (is(name, name_len, "appetite")) {
		if (!get_number(val, len, 4096, &n))
			return false;
		options.appetite = n;
	} else if (is(name, name_len, "large")) {
		if (!get_number(val, len, 1, &n))
			return false;
		options.large = n;
	} else if (is(name, name_len, "l1vh")) {
		if (!get_number(val, len, 1, &n))
			return false;
		options.l1vh = n;
	} else if (is(name, name_len, "vmbus")) {
		if (!get_number(val, len, 1, &n))
			return false;
		options.vmbus = n;
	} else if (is(name, name_len, "cx16")) {
		if (!get_number(val, len, 1, &n))
			return false;
		options.cx16 = n;
	} else if (is(name, name_len, "async")) {
		if (!get_number(val, len, TESTHV_ASYNC_MAX_MS, &n))
			return false;
		options.async_ms = n;
	} else if (is(name, name_len, "park")) {
		if (!get_number(val, len, 1, &n))
			return false;
		options.park = n;
	} else if (is(name, name_len, "hidden")) {
		if (!get_number(val, len, BIT(31), &n))
			return false;
		options.hidden = n;
	} else if (is(name, name_len, "log")) {
		if (!get_number(val, len, LOG_ALL, &n))
			return false;
		log_level = n;
	} else {
		return false;
	}
	return true;
}

void options_parse(const char *p)
{
	while (*p) {
		const char *word = p, *eq = NULL;
		char text[64];

		for (; *p && *p != ' '; p++)
			if (*p == '=' && !eq)
				eq = p;
		if (p != word && (!eq || !set_word(word, eq - word, eq + 1, p - eq - 1))) {
			snprintf(text, min((size_t)(p - word) + 1, sizeof(text)), "%s", word);
			config_error("bad option '%s'", text);
		}
		while (*p == ' ')
			p++;
	}
}
