/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interrupts for guests out of eventfds, and eventfds out of guests' writes.
 *
 * A GSI is an index into the routing table of a partition, and nothing else:
 * not a vector, not a pin. An irqfd names a GSI and looks its route up each
 * time it is signalled, so that a new table holds for all of them at once.
 */
#ifndef _MSHV_IRQ_H
#define _MSHV_IRQ_H

#include <linux/list.h>
#include <linux/srcu.h>
#include <linux/types.h>

struct hvx_event_ring;
struct mshv_irq_routes;
struct mshv_partition;

/* Routes of a partition: MSHV_CAP_MAX_GSIS */
#define MSHV_MAX_GSIS		4096
/* Limits of a partition, so that none takes all memory and all port ids */
#define MSHV_MAX_IRQFDS		MSHV_MAX_GSIS
#define MSHV_MAX_IOEVENTFDS	1024

/**
 * struct mshv_irqs - routes of a partition, and eventfds that use them
 * @routes: routing table, NULL: empty; read under @srcu, written under
 *	    mshv_partition.mutex
 * @srcu: protects @routes and @resamplers; its readers may run in any context
 *	  and make hypercalls
 * @irqfds: struct mshv_irqfd; under mshv_partition.mutex
 * @nr_irqfds: number of them
 * @resamplers: those that have a resample eventfd; read under @srcu, written
 *		under mshv_partition.mutex
 */
struct mshv_irqs {
	struct mshv_irq_routes __rcu *routes;
	struct srcu_struct srcu;
	struct list_head irqfds;
	unsigned int nr_irqfds;
	struct list_head resamplers;
};

/**
 * struct mshv_ioeventfds - eventfds that the guest of a partition signals
 * @list: struct mshv_ioeventfd; under mshv_partition.mutex
 * @nr: number of them
 */
struct mshv_ioeventfds {
	struct list_head list;
	unsigned int nr;
};

/**
 * struct mshv_irq - a route, decoded
 * @type: HVX_INTERRUPT_*
 * @vector: vector
 * @dest: APIC id, or logical destination
 * @logical: what @dest is
 * @level: level triggered
 */
struct mshv_irq {
	u32 type;
	u32 vector;
	u64 dest;
	bool logical;
	bool level;
};

#ifdef CONFIG_MSHV_IRQFD
/* irq_route.c */
int mshv_irqs_init(struct mshv_partition *pt);
void mshv_irqs_destroy(struct mshv_partition *pt);
bool mshv_irq_route(struct mshv_partition *pt, u32 gsi, struct mshv_irq *irq);
void mshv_irq_assert(struct mshv_partition *pt, const struct mshv_irq *irq);

/* irqfd.c */
void mshv_irqfds_release(struct mshv_partition *pt);
bool mshv_irq_eoi(struct mshv_partition *pt, u32 vector);
#else
static inline int mshv_irqs_init(struct mshv_partition *pt)
{
	return 0;
}

static inline bool mshv_irq_eoi(struct mshv_partition *pt, u32 vector)
{
	return false;
}

static inline void mshv_irqs_destroy(struct mshv_partition *pt) {}
static inline void mshv_irqfds_release(struct mshv_partition *pt) {}
#endif

long mshv_set_msi_routing(struct mshv_partition *pt, void *arg, void __user *uarg);
long mshv_irqfd(struct mshv_partition *pt, void *arg, void __user *uarg);

#ifdef CONFIG_MSHV_IOEVENTFD
/* ioeventfd.c */
void mshv_ioeventfds_init(struct mshv_partition *pt);
void mshv_ioeventfds_release(struct mshv_partition *pt);
void mshv_doorbell(u32 port);
void mshv_ports_retry(void);
void mshv_ioeventfds_exit(void);

/* event_ring.c: of the CPU on which they are called, but the last */
void mshv_event_ring_online(struct hvx_event_ring *ring);
void mshv_event_ring_offline(void);
void mshv_event_ring_drain(void);
void mshv_event_rings_drain(void);
#else
static inline void mshv_ioeventfds_init(struct mshv_partition *pt) {}
static inline void mshv_ioeventfds_release(struct mshv_partition *pt) {}
static inline void mshv_ports_retry(void) {}
static inline void mshv_ioeventfds_exit(void) {}
static inline void mshv_event_ring_online(struct hvx_event_ring *ring) {}
static inline void mshv_event_ring_offline(void) {}
static inline void mshv_event_ring_drain(void) {}
#endif

long mshv_ioeventfd(struct mshv_partition *pt, void *arg, void __user *uarg);

#endif /* _MSHV_IRQ_H */
