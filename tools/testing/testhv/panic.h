/* SPDX-License-Identifier: GPL-2.0 */
/* Ways to stop the machine, each with its own QEMU exit status. */
#ifndef TESTHV_PANIC_H
#define TESTHV_PANIC_H

#include "types.h"

struct vcpu;

/* What the stubs of entry.S push. */
struct exc_frame {
	u64 rax, rcx, rdx, rbx, rbp, rsi, rdi;
	u64 r8, r9, r10, r11, r12, r13, r14, r15;
	u64 vector, error;
	u64 rip, cs, rflags, rsp, ss;
};

/*
 * Values written to isa-debug-exit; QEMU exits with 2 * value + 1. The runner
 * turns them into messages, so they are part of the interface.
 */
enum stop_code {
	STOP_CONFIG = 0x10,	/* bad option, module or machine: status 33 */
	STOP_FAULT = 0x11,	/* the hypervisor itself failed: status 35 */
	STOP_EXIT = 0x12,	/* a root VP left in an unexpected way: status 37 */
	STOP_ROOT_PANIC = 0x13,	/* the root kernel reported a crash: status 39 */
	STOP_OUTSIDE = 0x14,	/* a root CPU runs outside the hypervisor: status 41 */
};

/**
 * stop - end the machine
 * @code: exit status for QEMU
 *
 * Falls back to a triple fault where there is no isa-debug-exit device.
 */
void stop(enum stop_code code) __noreturn;

/* A line that begins with "testhv: error:", for the runner; without time stamp. */
void error_line(const char *fmt, ...) __printf(1, 2);

/* Such a line and STOP_CONFIG: the user can do something about it. */
void config_error(const char *fmt, ...) __printf(1, 2) __noreturn;

/* A bug of the hypervisor: message, state of this CPU, STOP_FAULT. */
void panic(const char *fmt, ...) __printf(1, 2) __noreturn;

/* Full state of a VP and what it had exited for, then STOP_EXIT. */
void panic_vcpu(struct vcpu *v, const char *fmt, ...) __printf(2, 3) __noreturn;

/* Writes the full state of a VP to the log. */
void vcpu_dump(const struct vcpu *v);

/* Exception handlers of the hypervisor: build the table; load it on a CPU. */
void idt_init(void);
void idt_load(void);

#define BUG_ON(cond) do {						\
	if (unlikely(cond))						\
		panic("%s:%d: %s", __FILE__, __LINE__, #cond);		\
} while (0)

#endif /* TESTHV_PANIC_H */
