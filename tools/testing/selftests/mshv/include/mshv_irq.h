/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests of eventfds and interrupts share. */
#ifndef MSHV_IRQ_H
#define MSHV_IRQ_H

#include "mshv_util.h"

/* Fields of a route */
#define ROUTE_ADDRESS	0xfee00000U
#define ROUTE_DEST(id)	(((id) & 0xffU) << 12)
#define ROUTE_LOGICAL	(1U << 2)
#define ROUTE_TYPE(t)	((t) << 8)
#define ROUTE_LEVEL	(3U << 14)	/* and asserted */

/*
 * What has to happen does happen within that time, however busy the machine that
 * emulates the CPUs is. A lost interrupt stays lost.
 */
#define IRQ_WAIT_US	20000000ULL

/*
 * Calls under test
 */
int irqfd(int pt, int fd, u32 gsi, u32 flags, int resamplefd);
int irqfd_assign(int pt, int fd, u32 gsi);
int irqfd_resample(int pt, int fd, u32 gsi, int resamplefd);
int irqfd_deassign(int pt, int fd, u32 gsi);

/* @flags: 1 << MSHV_IOEVENTFD_BIT_* */
int ioeventfd(int pt, int fd, u64 addr, u32 len, u32 flags, u64 match);

int routes_set(int pt, const struct mshv_user_irq_entry *entries, u32 nr);
/* A table of one route, to APIC id 0. */
int route_set(int pt, u32 gsi, u32 data);

/*
 * Eventfds that do not block
 */
int event_create(void);
void event_signal(int fd);
/* What it counted, which it then no longer does. 0: it was not signalled. */
u64 event_take(int fd);
/* The same, after waiting for it to be signalled for at most IRQ_WAIT_US. */
u64 event_wait(int fd);

/**
 * struct irq_vp - a VP of a guest that counts its interrupts
 * @vp: the VP
 * @counts: interrupts by vector, in guest memory; [0]: it is ready
 * @thread: runs it
 * @stop: tells @thread to end
 * @eois: APIC_EOI messages that MSHV_RUN_VP returned
 * @eoi_vector: vector of the last one
 * @error: what MSHV_RUN_VP failed with, or 0
 */
struct irq_vp {
	struct vp vp;
	u32 *counts;
	pthread_t thread;
	bool stop;
	unsigned int eois;
	u32 eoi_vector;
	int error;
};

#define IRQ_GUEST_VPS	4

/**
 * struct irq_guest - a guest that counts its interrupts
 * @vm: partition
 * @nr: number of VPs
 * @vps: VPs
 */
struct irq_guest {
	struct vm vm;
	unsigned int nr;
	struct irq_vp vps[IRQ_GUEST_VPS];
};

enum irq_mode { IRQ_X2APIC, IRQ_XAPIC };

/*
 * A guest with @nr VPs of these indexes (NULL: from 0), which enable their local
 * APICs and halt with interrupts enabled. In IRQ_XAPIC mode VP n has the logical
 * id 1 << n. irq_guest_start() returns when all are ready.
 */
void irq_guest_init(struct irq_guest *g, unsigned int nr, const u32 *indexes,
		    enum irq_mode mode);
void irq_guest_start(struct irq_guest *g);
/* Ends the threads; the guest can be started again. */
void irq_guest_stop(struct irq_guest *g);
void irq_guest_free(struct irq_guest *g);

u32 irq_count(const struct irq_guest *g, unsigned int vp, unsigned int vector);
/* Waits at most IRQ_WAIT_US until the count is at least @count; the count. */
u32 irq_wait(const struct irq_guest *g, unsigned int vp, unsigned int vector, u32 count);
/* Long enough for an interrupt that is on its way. */
void irq_settle(void);

#endif /* MSHV_IRQ_H */
