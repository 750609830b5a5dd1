/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Control port of the test hypervisor, for tests only. The driver under test
 * never uses it.
 *
 * One OUT of EAX to port TESTHV_CTL_PORT is one request: EAX holds the
 * operation, RBX, RCX, RSI and RDI its arguments; on return RAX holds 0 or a
 * TESTHV_CTL_E* code and the other registers the results. All of it happens
 * within the one instruction, so that CPUs and processes cannot mix their
 * requests. Usable from user space of the root partition after ioperm().
 */
#ifndef _TESTHV_CTL_H
#define _TESTHV_CTL_H

#include <linux/types.h>

#define TESTHV_CTL_PORT		0x0dc8
#define TESTHV_CTL_MAGIC	0x5648545354ULL		/* "TSTHV" */

#define TESTHV_CTL_OK		0
#define TESTHV_CTL_EOP		1	/* unknown operation */
#define TESTHV_CTL_EARG		2	/* bad argument, nothing was done */
#define TESTHV_CTL_EFULL	3	/* no room for another rule */

/*
 * TESTHV_CTL_PING: out RBX = TESTHV_CTL_MAGIC, RCX = logical processors,
 * RSI = scheduler type (HVX_SCHEDULER_*), RDI = TESTHV_FLAG_*
 */
#define TESTHV_CTL_PING		0
#define TESTHV_FLAG_LARGE_PAGES	(1ULL << 0)
#define TESTHV_FLAG_L1VH	(1ULL << 1)	/* Linux is a parent, but not the root */
#define TESTHV_FLAG_OVERLAY	(1ULL << 2)	/* the parent gives places for pages */

/* TESTHV_CTL_ACCOUNT: in RBX = TESTHV_ACCT_*; out RBX = its value */
#define TESTHV_CTL_ACCOUNT	1

/*
 * TESTHV_CTL_FAULT: in RBX = hypercall code, RCX = n, RSI = status,
 * RDI = count. The n-th call of the code from now on (1 = the next) and the
 * count - 1 calls after it fail with the status, after the argument checks
 * and before anything is done. Count ~0 means "from then on, all". For a rep
 * hypercall the upper half of RSI, if not 0, is how many reps succeed first.
 */
#define TESTHV_CTL_FAULT	2
#define TESTHV_FAULT_REPS_SHIFT	32
#define TESTHV_FAULT_FOREVER	(~0ULL)

/*
 * TESTHV_CTL_FAULT_CLEAR: removes all rules and limits; out RBX = how often the
 * rules fired
 */
#define TESTHV_CTL_FAULT_CLEAR	3

/*
 * TESTHV_CTL_REP_LIMIT: in RBX = code, RCX = k. Every call of the code
 * completes at most k reps and returns success; 0 lifts the limit.
 */
#define TESTHV_CTL_REP_LIMIT	4

/*
 * TESTHV_CTL_CALLS: in RBX = code; out RBX = calls that passed the argument
 * checks, RCX = calls that did not return success
 */
#define TESTHV_CTL_CALLS	5

/* TESTHV_CTL_LOG: in RBX = log level 0..4; out RBX = the old one */
#define TESTHV_CTL_LOG		6

/*
 * TESTHV_CTL_PAGE: in RBX = page number; out RBX = TESTHV_PAGE_*,
 * RCX = id of the partition that owns it, if any
 */
#define TESTHV_CTL_PAGE		7
#define TESTHV_PAGE_ROOT	0	/* the root's ordinary memory */
#define TESTHV_PAGE_HIDDEN	1	/* the hypervisor's own */
#define TESTHV_PAGE_DEPOSITED	2	/* deposited, free in the partition's pool */
#define TESTHV_PAGE_USED	3	/* deposited and in use */
#define TESTHV_PAGE_SHARED	4	/* hypervisor's or deposited, root may touch it */
#define TESTHV_PAGE_NOT_RAM	5
#define TESTHV_PAGE_COVERED	6	/* root's, with a page of the hypervisor over it */

/*
 * TESTHV_CTL_POST: in RBX = LP index | SINT << 32, RCX = message type |
 * payload size << 32, RSI, RDI = first words of the payload. Posts a forged
 * message to the root.
 */
#define TESTHV_CTL_POST		8

/*
 * TESTHV_CTL_POST_FROM: like TESTHV_CTL_POST, with RSI = sender and RDI = first
 * word of the payload
 */
#define TESTHV_CTL_POST_FROM	9

/*
 * TESTHV_CTL_RING: in RBX = LP index | SINT << 32, RCX = entry, not 0, RSI = n.
 * Puts a forged port number into the root's event ring n times; out RSI = how
 * often there was room.
 */
#define TESTHV_CTL_RING		10

/*
 * TESTHV_CTL_ASYNC: in RBX = milliseconds after which SET_PARTITION_PROPERTY
 * completes, by a message, 0: at once; RCX = TESTHV_ASYNC_*; both for the calls
 * from now on. Out RBX, RCX = what they were. The option async= sets RBX.
 */
#define TESTHV_CTL_ASYNC	11
#define TESTHV_ASYNC_MAX_MS	60000
#define TESTHV_ASYNC_LOSE	(1ULL << 0)	/* it completes, without message */
#define TESTHV_ASYNC_TWICE	(1ULL << 1)	/* the message comes twice */

/*
 * TESTHV_CTL_STRAY: in RBX = vector. That interrupt arrives while the hypervisor
 * runs, on this CPU, as QEMU has them do at times. The root gets it.
 */
#define TESTHV_CTL_STRAY	12

/*
 * TESTHV_CTL_SYNIC: in RBX = LP index; out RBX, RCX = page numbers of the message and
 * event flags pages of the root there
 */
#define TESTHV_CTL_SYNIC	13

/* TESTHV_CTL_NMI: an NMI arrives while the hypervisor runs, on this CPU. */
#define TESTHV_CTL_NMI		14

/*
 * TESTHV_CTL_PAYLOAD: in RBX = index, RCX = word. That word of the payload of the
 * next TESTHV_CTL_POST_WHOLE.
 */
#define TESTHV_CTL_PAYLOAD	15

/*
 * TESTHV_CTL_POST_WHOLE: in RBX = LP index | SINT << 32, RCX = message type |
 * payload size << 32, RSI = sender. Like TESTHV_CTL_POST, with the whole payload as
 * set before, which is 0 again afterwards. The size may be more than there is.
 */
#define TESTHV_CTL_POST_WHOLE	16

/*
 * TESTHV_CTL_DISTURB: in RBX = message type, 0: none, RCX = TESTHV_DISTURB_*,
 * RSI = count, RDI = milliseconds. What becomes of the next count messages of that
 * type to the root; ~0: of all. In place of what was said before; out RBX = messages
 * that this was true of. TESTHV_CTL_FAULT_CLEAR ends it as well.
 */
#define TESTHV_CTL_DISTURB	17
#define TESTHV_DISTURB_LOSE	(1ULL << 0)	/* it does not come */
#define TESTHV_DISTURB_AGAIN	(1ULL << 1)	/* it comes so much later, in any case */
#define TESTHV_DISTURB_MAX_MS	60000

/*
 * TESTHV_CTL_OUT: in RBX = I/O port, RCX = 16-bit value, RSI = milliseconds, RDI =
 * count. Writes the value to that port of the machine after so long, and count - 1
 * times again, each so much later. Count 0: no more. In place of what was said before;
 * out RBX = writes that led to. TESTHV_CTL_FAULT_CLEAR ends it as well.
 */
#define TESTHV_CTL_OUT		18
#define TESTHV_OUT_MAX_MS	60000

/* Accounts. "Now" figures must return to their old value after teardown. */
enum testhv_acct {
	TESTHV_ACCT_PAGES_DEPOSITED,	/* now, all partitions but the root */
	TESTHV_ACCT_PAGES_IN_USE,	/* now, of these */
	TESTHV_ACCT_PAGES_WITHDRAWN,	/* ever */
	TESTHV_ACCT_ROOT_DEPOSITED,	/* now, in the root's own pool */
	TESTHV_ACCT_ROOT_IN_USE,	/* now, of these */
	TESTHV_ACCT_PARTITIONS,		/* now, without the root */
	TESTHV_ACCT_VPS,		/* now, of child partitions */
	TESTHV_ACCT_GPA_PAGES,		/* now, 4 KiB pages mapped into children */
	TESTHV_ACCT_GPA_LARGE,		/* now, 2 MiB mappings among these */
	TESTHV_ACCT_STATE_PAGES,	/* now, mapped VP state pages */
	TESTHV_ACCT_STATS_PAGES,	/* now, mapped statistics pages */
	TESTHV_ACCT_COVERED,		/* now, root's pages with one of ours over them */
	TESTHV_ACCT_INTERCEPTS,		/* now, installed intercepts */
	TESTHV_ACCT_PORTS,		/* now */
	TESTHV_ACCT_CONNECTIONS,	/* now */
	TESTHV_ACCT_ASYNC_PENDING,	/* now, asynchronous calls not completed */
	TESTHV_ACCT_MESSAGES_POSTED,	/* ever, to the root */
	TESTHV_ACCT_MESSAGES_DROPPED,	/* ever, queue was full */
	TESTHV_ACCT_DISPATCHES,		/* ever, DISPATCH_VP entered a VP */
	TESTHV_ACCT_INTERCEPT_EXITS,	/* ever, intercept messages to the root */
	TESTHV_ACCT_ROOT_VIOLATIONS,	/* ever, root touched what is not its own */
	TESTHV_ACCT_HYPERCALLS,		/* ever */
	TESTHV_ACCT_STRAY_INTERRUPTS,	/* ever, see TESTHV_CTL_STRAY */
	TESTHV_ACCT_COUNT
};

#endif /* _TESTHV_CTL_H */
