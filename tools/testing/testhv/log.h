/* SPDX-License-Identifier: GPL-2.0 */
/* The hypervisor's own log, on QEMU's debug console (port 0xe9). */
#ifndef TESTHV_LOG_H
#define TESTHV_LOG_H

#include "types.h"

enum log_level {
	LOG_ERR,	/* something is wrong with the machine or a guest */
	LOG_INFO,	/* life cycle: what a reader of a log wants to follow */
	LOG_CALL,	/* each hypercall that is not on a hot path */
	LOG_TRACE,	/* each hypercall and each intercept */
	LOG_ALL,	/* each exit */
};

extern enum log_level log_level;

/**
 * log_at - write one line to the log
 * @level: the line is dropped when above log_level
 * @fmt: format as of vsnprintf(), without the final newline
 *
 * Lines of different CPUs do not mix. Must not be called from the fault path,
 * which uses log_raw().
 */
void log_at(enum log_level level, const char *fmt, ...) __printf(2, 3);

/* As log_at(), without lock and level: for CPU faults and panics only. */
void log_raw(const char *fmt, ...) __printf(1, 2);

#define log_err(...)	log_at(LOG_ERR, __VA_ARGS__)
#define log_info(...)	log_at(LOG_INFO, __VA_ARGS__)
#define log_call(...) do {						\
	if (unlikely(log_level >= LOG_CALL))				\
		log_at(LOG_CALL, __VA_ARGS__);				\
} while (0)
#define log_trace(...) do {						\
	if (unlikely(log_level >= LOG_TRACE))				\
		log_at(LOG_TRACE, __VA_ARGS__);				\
} while (0)

/**
 * struct log_limit - limits one source of lines
 * @count: events seen so far
 */
struct log_limit {
	u64 count;
};

/* Says whether to log this event: the first 16, then each power of two. */
bool log_limited(struct log_limit *l);

#endif /* TESTHV_LOG_H */
