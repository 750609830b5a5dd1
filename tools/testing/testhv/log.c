// SPDX-License-Identifier: GPL-2.0
/* Log on QEMU's debug console. */
#include "log.h"

#include "cpu.h"
#include "lib.h"
#include "lock.h"
#include "pcpu.h"
#include "timer.h"

#define DEBUGCON_PORT	0xe9
#define LINE_MAX	256

enum log_level log_level = LOG_INFO;

static struct spinlock log_lock;

static void emit(const char *fmt, va_list ap)
{
	u64 ms = tsc_hz ? ref_time() / 10000 : 0;
	char line[LINE_MAX];
	const char *p = line;
	u64 len;

	len = snprintf(line, sizeof(line), "[%5lu.%03lu] %u: ", ms / 1000, ms % 1000,
		       this_cpu()->index);
	len += vsnprintf(line + len, sizeof(line) - len - 1, fmt, ap);
	line[len++] = '\n';
	asm volatile("rep outsb" : "+S"(p), "+c"(len) : "d"(DEBUGCON_PORT) : "memory");
}

void log_at(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	if (level > log_level)
		return;
	va_start(ap, fmt);
	spin_lock(&log_lock);
	emit(fmt, ap);
	spin_unlock(&log_lock);
	va_end(ap);
}

void log_raw(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(fmt, ap);
	va_end(ap);
}

bool log_limited(struct log_limit *l)
{
	u64 n = __atomic_add_fetch(&l->count, 1, __ATOMIC_RELAXED);

	return n <= 16 || (n & (n - 1)) == 0;
}
