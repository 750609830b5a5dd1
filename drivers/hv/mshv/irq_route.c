// SPDX-License-Identifier: GPL-2.0
/* Routes: from GSIs to interrupt messages. */
#include <linux/bitmap.h>
#include <linux/nospec.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <uapi/linux/mshv.h>

#include "arch.h"
#include "hvcall.h"
#include "irq.h"
#include "mshv.h"
#include "trace.h"

/**
 * struct mshv_irq_routes - a routing table
 * @nr: number of GSIs it has room for
 * @msgs: message of each; all zero: there is no route
 */
struct mshv_irq_routes {
	u32 nr;
	struct mshv_irq_msg msgs[];
};

/**
 * mshv_irqs_init() - no routes, no irqfds
 * @pt: new partition
 *
 * Return: 0 or -ENOMEM.
 */
int mshv_irqs_init(struct mshv_partition *pt)
{
	RCU_INIT_POINTER(pt->irqs.routes, NULL);
	INIT_LIST_HEAD(&pt->irqs.irqfds);
	INIT_LIST_HEAD(&pt->irqs.resamplers);
	pt->irqs.nr_irqfds = 0;

	return init_srcu_struct(&pt->irqs.srcu);
}

/**
 * mshv_irqs_destroy() - free what mshv_irqs_init() and the ioctls allocated
 * @pt: partition; its eventfds are released, and no interrupt handler finds it
 */
void mshv_irqs_destroy(struct mshv_partition *pt)
{
	cleanup_srcu_struct(&pt->irqs.srcu);
	kvfree(rcu_access_pointer(pt->irqs.routes));
}

/* Checks all entries. Returns the number of GSIs that the table needs. */
static int mshv_irq_entries_check(const struct mshv_user_irq_entry *entries, u32 count)
{
	DECLARE_BITMAP(used, MSHV_MAX_GSIS);
	u32 i, nr = 0;

	bitmap_zero(used, MSHV_MAX_GSIS);
	for (i = 0; i < count; i++) {
		if (entries[i].gsi >= MSHV_MAX_GSIS ||
		    !mshv_arch_irq_address_valid(entries[i].address_hi) ||
		    __test_and_set_bit(entries[i].gsi, used))
			return -EINVAL;
		nr = max(nr, entries[i].gsi + 1);
	}

	return nr;
}

static struct mshv_irq_routes *mshv_irq_routes_create(const struct mshv_user_irq_entry *entries,
						      u32 count)
{
	struct mshv_irq_routes *routes;
	int nr;
	u32 i;

	nr = mshv_irq_entries_check(entries, count);
	if (nr < 0)
		return ERR_PTR(nr);

	routes = kvzalloc(struct_size(routes, msgs, nr), MSHV_GFP);
	if (!routes)
		return ERR_PTR(-ENOMEM);

	routes->nr = nr;
	for (i = 0; i < count; i++) {
		struct mshv_irq_msg *msg = &routes->msgs[entries[i].gsi];

		msg->address = entries[i].address_lo;
		msg->address_hi = entries[i].address_hi;
		msg->data = entries[i].data;
	}

	return routes;
}

static struct mshv_irq_routes *mshv_irq_routes_read(const struct mshv_user_irq_entry __user *from,
						    u32 count)
{
	struct mshv_user_irq_entry *entries;
	struct mshv_irq_routes *routes;

	if (!count)
		return NULL;

	entries = vmemdup_user(from, array_size(count, sizeof(*entries)));
	if (IS_ERR(entries))
		return ERR_CAST(entries);
	routes = mshv_irq_routes_create(entries, count);
	kvfree(entries);

	return routes;
}

/**
 * mshv_set_msi_routing() - MSHV_SET_MSI_ROUTING
 * @pt: partition; the caller holds its mutex
 * @arg: struct mshv_user_irq_table, without the entries
 * @uarg: its user address
 *
 * Replaces the whole table. When it returns, no interrupt is sent by the old
 * one any more. An irqfd whose GSI has no route does nothing; one with a
 * resample eventfd whose route is not level triggered any more is not
 * resampled.
 *
 * Return: 0, or
 * -EFAULT: an entry cannot be read
 * -EINVAL: more than MSHV_MAX_GSIS entries, a GSI not below that or twice,
 *	reserved field or lowest byte of an address_hi not 0
 * -ENOMEM
 */
long mshv_set_msi_routing(struct mshv_partition *pt, void *arg, void __user *uarg)
{
	const struct mshv_user_irq_table *table = arg;
	const struct mshv_user_irq_table __user *utable = uarg;
	struct mshv_irq_routes *routes;

	if (table->nr > MSHV_MAX_GSIS || table->rsvd)
		return -EINVAL;

	routes = mshv_irq_routes_read(utable->entries, table->nr);
	if (IS_ERR(routes))
		return PTR_ERR(routes);

	routes = rcu_replace_pointer(pt->irqs.routes, routes, lockdep_is_held(&pt->mutex));
	synchronize_srcu_expedited(&pt->irqs.srcu);
	kvfree(routes);

	return 0;
}

/**
 * mshv_irq_route() - the route of a GSI
 * @pt: partition; the caller is in a read section of mshv_irqs.srcu, or holds
 *	the partition's mutex
 * @gsi: GSI
 * @irq: out: the interrupt
 *
 * Any context.
 *
 * Return: whether there is a route, and a valid one.
 */
bool mshv_irq_route(struct mshv_partition *pt, u32 gsi, struct mshv_irq *irq)
{
	const struct mshv_irq_routes *routes;

	routes = srcu_dereference_check(pt->irqs.routes, &pt->irqs.srcu,
					lockdep_is_held(&pt->mutex));
	if (!routes || gsi >= routes->nr)
		return false;

	return mshv_arch_irq_decode(&routes->msgs[array_index_nospec(gsi, routes->nr)], irq);
}

/**
 * mshv_irq_assert() - send an interrupt to a partition
 * @pt: partition
 * @irq: interrupt
 *
 * Any context. There is nobody to tell if the hypervisor refuses: the
 * interrupt is lost, as if the guest's device had sent nonsense.
 *
 * It is always the hypercall. A root that schedules the VPs could put a vector
 * into the register page instead, for the hypervisor to find at the next
 * dispatch; but the VMM writes to that page, too, and with the hypervisor's
 * scheduler nobody looks there.
 */
void mshv_irq_assert(struct mshv_partition *pt, const struct mshv_irq *irq)
{
	const struct hvx_in_assert_interrupt in = {
		.partition_id = pt->id,
		.type = irq->type,
		.flags = mshv_arch_irq_flags(irq),
		.dest = irq->dest,
		.vector = irq->vector,
	};
	int ret;

	atomic64_inc(&pt->counts[MSHV_PT_INTERRUPTS]);
	ret = mshv_hvcall_simple(HVX_CALL_ASSERT_VIRTUAL_INTERRUPT, &in, sizeof(in), NULL, 0);
	trace_mshv_irq_assert(pt->id, irq->type, irq->vector, irq->dest, irq->logical,
			      irq->level, ret);
}
