/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hypercall dispatch.
 *
 * Each file that implements calls has a table of rows and announces it with
 * HVC_TABLE(). The checks that the TLFS asks of every call (chapter "Hypercall
 * interface") are done once, before the handler runs.
 */
#ifndef TESTHV_HYPERCALL_H
#define TESTHV_HYPERCALL_H

#include "types.h"

struct root_vp;
struct vcpu;
struct hvcall;

/* hvc_row::flags */
#define HVC_REP		BIT(0)	/* rep call: @rep_in, @rep_out hold */
#define HVC_FAST	BIT(1)	/* may be called with parameters in registers */
#define HVC_VARHDR	BIT(2)	/* takes a variable-sized header */
#define HVC_CHILD	BIT(3)	/* may be called by a child partition */
#define HVC_HOT		BIT(4)	/* not logged one by one */

/**
 * struct hvc_row - one hypercall
 * @code: call code
 * @flags: HVC_* bits
 * @name: for the log, as in the TLFS
 * @in: size of the fixed input header in bytes
 * @out: size of the fixed output header in bytes
 * @rep_in: size of one input element of a rep call
 * @rep_out: size of one output element of a rep call
 * @priv: privileges that the caller's partition must hold, all of them; bits
 *	31:0 as in CPUID 0x40000003 EAX, 63:32 as in EBX
 * @fn: handler, called with hv_lock held. It may drop the lock and take it again
 *
 * Return of @fn: an HVX_STATUS_*. A rep handler starts at element @start, sets
 * @done to the number of elements that are complete, those before @start
 * included, and may stop early with success: the caller calls again.
 */
struct hvc_row {
	u16 code;
	u16 flags;
	const char *name;
	u16 in;
	u16 out;
	u16 rep_in;
	u16 rep_out;
	u64 priv;
	u16 (*fn)(struct hvcall *c);
};

struct hvc_table {
	const struct hvc_row *rows;
	unsigned int nr;
};

/* Announce an array of rows. Duplicate codes stop the boot. */
#define HVC_TABLE(array)						\
	static const struct hvc_table array##_table = {		\
		(array), sizeof(array) / sizeof((array)[0])		\
	};								\
	static const struct hvc_table *array##_entry			\
	__used __section(".hvcalls") = &array##_table

/**
 * struct hvcall - a call in progress
 * @row: what is called
 * @caller: root VP that calls; NULL when a child does
 * @vcpu: VP that calls
 * @child: opaque child VP that calls, NULL when the root does
 * @code: call code
 * @fast: parameters were in registers
 * @varhdr: size of the variable header in bytes
 * @reps: number of elements, 0 for a simple call
 * @start: first element to process
 * @done: see struct hvc_row
 * @in: input: fixed header, variable header, elements. Other processors may be
 *	writing there: copy before checking
 * @out: output; NULL when the call has none
 * @in_gpa: address that the caller passed
 * @out_gpa: address that the caller passed
 * @fast_in: register parameters; @in points here for a fast call
 * @no_return: the handler has arranged for the VP not to see a result now (a
 *	call that completes later, or one that changed RIP itself)
 */
struct hvcall {
	const struct hvc_row *row;
	struct root_vp *caller;
	struct vcpu *vcpu;
	void *child;
	u16 code;
	bool fast;
	u16 varhdr;
	u16 reps;
	u16 start;
	u16 done;
	const void *in;
	void *out;
	u64 in_gpa;
	u64 out_gpa;
	u64 fast_in[2];
	bool no_return;
};

/* Input element @i of a rep call. */
static inline const void *hvc_rep_in(const struct hvcall *c, unsigned int i)
{
	return (const u8 *)c->in + c->row->in + c->varhdr + i * c->row->rep_in;
}

/* Output element @i of a rep call. */
static inline void *hvc_rep_out(const struct hvcall *c, unsigned int i)
{
	return (u8 *)c->out + c->row->out + i * c->row->rep_out;
}

/* The variable-sized header, @varhdr bytes. */
static inline const void *hvc_varhdr(const struct hvcall *c)
{
	return (const u8 *)c->in + c->row->in;
}

/**
 * struct hvc_caller - who calls, and how its memory is reached
 * @vcpu: VP
 * @root: root VP or NULL
 * @child: opaque child VP or NULL
 * @priv: privileges of its partition
 * @gpa: translate a guest page; returns NULL when the caller cannot read (or,
 *	with @write, write) it
 */
struct hvc_caller {
	struct vcpu *vcpu;
	struct root_vp *root;
	void *child;
	u64 priv;
	void *(*gpa)(struct hvc_caller *who, u64 gpa, bool write);
};

/**
 * hypercall - check and carry out one call
 * @who: caller
 * @control: control word (RCX in 64-bit mode)
 * @in: input address or first fast parameter
 * @out: output address or second fast parameter
 * @result: result word for the caller
 *
 * Called without hv_lock.
 *
 * Return: false when the call has no result now (hvcall::no_return).
 */
bool hypercall(struct hvc_caller *who, u64 control, u64 in, u64 out, u64 *result);

/**
 * struct hvc_fault - fault that a test has asked for
 * @code: call code it applies to
 * @nth: 1: the next call, 2: the one after it...
 * @count: how many calls in a row fail, from the @nth on
 * @status: status to fail with, after the checks and before the handler runs
 * @reps: rep calls: elements to carry out first
 */
struct hvc_fault {
	u16 code;
	u64 nth;
	u64 count;
	u16 status;
	u16 reps;
};

/* The functions below are called with hv_lock held. */

/* Arm a fault; 0, or -1 when there is no room for another one. */
int hypercall_fault_add(const struct hvc_fault *f);

/* Disarm all faults and limits. Return: how often faults fired. */
u64 hypercall_fault_clear(void);

/* Have each call of a rep call stop after @reps elements; 0 lifts the limit. */
int hypercall_rep_limit(u16 code, u16 reps);

/**
 * hypercall_counts - how often a call was made
 * @code: call code
 * @calls: calls that passed the checks
 * @failed: those of them that did not return success
 *
 * Return: 0, or -1 for a code without row.
 */
int hypercall_counts(u16 code, u64 *calls, u64 *failed);

/* Boot: collect the tables. */
void hypercall_init(void);

#endif /* TESTHV_HYPERCALL_H */
