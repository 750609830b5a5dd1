/* SPDX-License-Identifier: GPL-2.0 */
/* Synthetic interrupt controller of the root's VPs. */
#ifndef TESTHV_SYNIC_H
#define TESTHV_SYNIC_H

#include "lib.h"
#include "msrpage.h"
#include "types.h"

struct hvx_message;
struct root_vp;

#define NR_SINTS	16
#define SINT_QUEUE_MAX	64

/**
 * struct sint - one synthetic interrupt source
 * @msr: value of its MSR
 * @queue: messages that wait for the slot
 * @queued: their number
 * @ring_head: next entry of its event ring to fill
 */
struct sint {
	u64 msr;
	struct list queue;
	u32 queued;
	u32 ring_head;
};

/**
 * struct synic - SynIC of a root VP
 * @control: SCONTROL
 * @simp: message page
 * @siefp: event flags page
 * @sirbp: ring buffer page (event ring)
 * @sint: the 16 sources
 */
struct synic {
	u64 control;
	struct msr_page simp, siefp, sirbp;
	struct sint sint[NR_SINTS];
};

/* Whether a root VP takes messages of that source, by an interrupt. */
bool synic_is_open(const struct root_vp *rv, unsigned int sint);

/**
 * synic_post_message - deliver a message to a root VP
 * @rv: target
 * @sint: source, 0..15
 * @msg: message; copied
 *
 * Writes it to the slot and raises the interrupt; waits in a queue while the
 * slot is taken. The message-pending flag of the slot is set then, and the next
 * one follows when the root writes EOM. With hv_lock held.
 *
 * Return: HVX_STATUS_SUCCESS; HVX_STATUS_INVALID_SYNIC_STATE when the target's
 * SynIC or message page is off; HVX_STATUS_INSUFFICIENT_BUFFERS when the queue
 * is full (counted as dropped).
 */
u16 synic_post_message(struct root_vp *rv, unsigned int sint, const struct hvx_message *msg);

/* The same, whatever tests have said about messages of its type. */
u16 synic_deliver_message(struct root_vp *rv, unsigned int sint, const struct hvx_message *msg);

/**
 * synic_signal_event - set an event flag of a root VP
 * @rv: target
 * @sint: source, 0..15
 * @flag: flag number, below 2048
 *
 * Return: HVX_STATUS_SUCCESS or HVX_STATUS_INVALID_SYNIC_STATE.
 */
u16 synic_signal_event(struct root_vp *rv, unsigned int sint, unsigned int flag);

/**
 * synic_ring_push - put an entry in the event ring of a root VP and interrupt it
 * @rv: target
 * @sint: source, 0..15; selects the ring within the page
 * @value: entry, not 0
 *
 * Return: HVX_STATUS_SUCCESS, HVX_STATUS_INVALID_SYNIC_STATE, or
 * HVX_STATUS_INSUFFICIENT_BUFFERS when the root has not emptied the ring: the
 * ring-full flag is set then.
 */
u16 synic_ring_push(struct root_vp *rv, unsigned int sint, u32 value);

/* Move the next queued message into the slot, if that is free. */
void synic_deliver(struct root_vp *rv, unsigned int sint);

/* Raise the interrupt of a SINT if it is not masked. */
void synic_raise(struct root_vp *rv, unsigned int sint);

/* MSR access of the root; false means #GP. */
bool synic_read_msr(struct root_vp *rv, u32 msr, u64 *val);
bool synic_write_msr(struct root_vp *rv, u32 msr, u64 val);

/* Create the pages of a new root VP, or put the SynIC of one back to reset state. */
void synic_init(struct root_vp *rv);
void synic_reset(struct root_vp *rv);

#endif /* TESTHV_SYNIC_H */
