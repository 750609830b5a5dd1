// SPDX-License-Identifier: GPL-2.0
/* Partitions: create, initialize, finalize, delete (TLFS 4). */
#include "partition.h"

#include "acct.h"
#include "gpa.h"
#include "guest_msr.h"
#include "hypercall.h"
#include "intercept.h"
#include "lib.h"
#include "log.h"
#include "options.h"
#include "overlay.h"
#include "port.h"
#include "property.h"
#include "root.h"
#include "timer.h"
#include "vp.h"

#define CREATE_FLAGS	(HVX_CREATE_SMT_ENABLED_GUEST | HVX_CREATE_NESTED_VIRT |	\
			 HVX_CREATE_GPA_SUPER_PAGES | HVX_CREATE_EXO_PARTITION |	\
			 HVX_CREATE_LAPIC | HVX_CREATE_INTERCEPT_MESSAGE_PAGE |		\
			 HVX_CREATE_X2APIC)

#define ISOLATION_TYPE_MASK	0x1f

struct partition root_part = { .id = ROOT_PARTITION_ID, .state = PART_ACTIVE };
struct partition *partitions[MAX_PARTITIONS] = { &root_part };

/* Makes ids that are not used twice; the index is in the low 16 bits. */
static u64 id_generation = 1;

static bool id_is_self(const struct hvcall *c, u64 id)
{
	return id == HVX_PARTITION_ID_SELF || id == ROOT_PARTITION_ID;
}

u16 partition_find_or_self(const struct hvcall *c, u64 id, unsigned int states,
			   struct partition **p)
{
	struct partition *found;
	u64 index = id & 0xffff;

	/* Only the root creates partitions, so only it holds handles. */
	if (!c->caller)
		return HVX_STATUS_ACCESS_DENIED;
	if (id_is_self(c, id)) {
		*p = &root_part;
		return HVX_STATUS_SUCCESS;
	}
	if (index >= MAX_PARTITIONS)
		return HVX_STATUS_INVALID_PARTITION_ID;
	found = partitions[index];
	if (!found || found->id != id)
		return HVX_STATUS_INVALID_PARTITION_ID;
	if (!(states & BIT(found->state)))
		return HVX_STATUS_INVALID_PARTITION_STATE;
	*p = found;
	return HVX_STATUS_SUCCESS;
}

u16 partition_find(const struct hvcall *c, u64 id, unsigned int states, struct partition **p)
{
	u16 status = partition_find_or_self(c, id, states, p);

	if (status == HVX_STATUS_SUCCESS && *p == &root_part)
		return HVX_STATUS_INVALID_PARTITION_ID;
	return status;
}

struct child_vp *partition_vp(const struct partition *p, u32 index)
{
	const u32 per_page = PAGE_SIZE / sizeof(void *);
	struct child_vp **table;

	if (index >= MAX_CHILD_VPS)
		return NULL;
	table = p->vp_table[index / per_page];
	return table ? table[index % per_page] : NULL;
}

void partition_account(struct partition *p)
{
	acct_add(p == &root_part ? TESTHV_ACCT_ROOT_IN_USE : TESTHV_ACCT_PAGES_IN_USE,
		 (s64)(p->pool.nr_used - p->used_acct));
	p->used_acct = p->pool.nr_used;
	partition_stats_update(p);
}

int obj_charge(struct pagepool *pool, void **chain)
{
	unsigned int i;

	*chain = NULL;
	for (i = 0; i < options.appetite; i++) {
		void **page = pool_get(pool);

		if (!page) {
			obj_uncharge(pool, chain);
			return -1;
		}
		*page = *chain;
		*chain = page;
	}
	return 0;
}

void obj_uncharge(struct pagepool *pool, void **chain)
{
	while (*chain) {
		void **page = *chain;

		*chain = *page;
		pool_put(pool, page);
	}
}

u64 partition_ref_time(const struct partition *p)
{
	return p->time_base + (p->time_frozen ? 0 : ref_time());
}

static u16 check_create(const struct hvx_in_create_partition *in)
{
	if (in->flags & ~CREATE_FLAGS)
		return HVX_STATUS_INVALID_PARAMETER;
	if ((in->flags & HVX_CREATE_X2APIC) && !(in->flags & HVX_CREATE_LAPIC))
		return HVX_STATUS_INVALID_PARAMETER;
	if (in->flags & HVX_CREATE_NESTED_VIRT)
		return HVX_STATUS_PROCESSOR_FEATURE_NOT_SUPPORTED;
	if (in->rsvd || !in->compat_version)
		return HVX_STATUS_INVALID_PARAMETER;
	if (in->isolation & ISOLATION_TYPE_MASK)
		return HVX_STATUS_PROCESSOR_FEATURE_NOT_SUPPORTED;
	if (in->isolation)
		return HVX_STATUS_INVALID_PARAMETER;
	return HVX_STATUS_SUCCESS;
}

static unsigned int free_index(void)
{
	unsigned int i;

	for (i = ROOT_PARTITION_ID + 1; i < MAX_PARTITIONS; i++)
		if (!partitions[i])
			return i;
	return 0;
}

static u16 hv_create_partition(struct hvcall *c)
{
	const struct hvx_in_create_partition in = *(const struct hvx_in_create_partition *)c->in;
	struct hvx_out_create_partition *out = c->out;
	unsigned int index;
	struct partition *p;
	void *extra;
	u16 status;

	status = check_create(&in);
	if (status)
		return status;
	index = free_index();
	if (!index)
		return HVX_STATUS_NO_RESOURCES;
	p = pool_get(&root_part.pool);
	if (!p)
		return HVX_STATUS_INSUFFICIENT_MEMORY;
	if (obj_charge(&root_part.pool, &extra)) {
		pool_put(&root_part.pool, p);
		return HVX_STATUS_INSUFFICIENT_MEMORY;
	}

	p->extra = extra;
	p->index = index;
	p->id = id_generation++ << 16 | index;
	p->state = PART_UNINITIALIZED;
	p->flags = in.flags;
	p->time_base = -ref_time();
	p->procs_per_socket = 1;
	list_init(&p->connections);
	list_init(&p->overlays);
	partition_set_features(p, in.disabled_features, in.disabled_xsave);
	partitions[index] = p;

	partition_account(&root_part);
	acct_add(TESTHV_ACCT_PARTITIONS, 1);
	log_info("partition %lx: created, flags %lx", p->id, p->flags);
	out->partition_id = p->id;
	return HVX_STATUS_SUCCESS;
}

static u16 hv_initialize_partition(struct hvcall *c)
{
	const struct hvx_in_partition in = *(const struct hvx_in_partition *)c->in;
	struct partition *p;
	void *reftsc;
	u16 status;

	status = partition_find(c, in.partition_id, IN_UNINITIALIZED, &p);
	if (status)
		return status;
	reftsc = pool_get(&p->pool);
	if (!reftsc)
		return HVX_STATUS_INSUFFICIENT_MEMORY;
	if (npt_init(&p->npt, &p->pool)) {
		pool_put(&p->pool, reftsc);
		return HVX_STATUS_INSUFFICIENT_MEMORY;
	}
	overlay_init(&p->reftsc, reftsc, NPT_READ);
	overlay_init(&p->hypercall, guest_hypercall_page(), NPT_READ | NPT_EXEC);
	p->state = PART_ACTIVE;
	partition_account(p);
	log_info("partition %lx: initialized", p->id);
	return HVX_STATUS_SUCCESS;
}

/* The root's mapping of a statistics page of this partition goes. */
static void unmap_partition_stats(struct partition *p)
{
	unsigned int area;

	for (area = 0; area < ARRAY_SIZE(p->stats); area++)
		stats_page_free(&p->stats[area]);
}

static u16 hv_finalize_partition(struct hvcall *c)
{
	const struct hvx_in_partition in = *(const struct hvx_in_partition *)c->in;
	struct child_vp *vp;
	struct partition *p;
	u16 status;
	u32 i;

	/* Once more after each wait: another CPU may have been faster. */
again:
	status = partition_find(c, in.partition_id, IN_ACTIVE, &p);
	if (status)
		return status;
	for_each_vp(vp, i, p) {
		if (vp_stop(vp))
			goto again;
	}
	for_each_vp(vp, i, p)
		vp_destroy(vp);
	for (i = 0; i < VP_TABLE_PAGES; i++)
		if (p->vp_table[i])
			pool_put(&p->pool, p->vp_table[i]);
	memset(p->vp_table, 0, sizeof(p->vp_table));

	async_partition_gone(p);
	ports_partition_gone(p);
	intercepts_clear(p);
	unmap_partition_stats(p);
	overlay_remove(p, &p->hypercall);
	overlay_remove(p, &p->reftsc);
	pool_put(&p->pool, p->reftsc.page);
	gpa_unmap_all(p);
	p->state = PART_FINALIZED;
	partition_account(p);
	log_info("partition %lx: finalized", p->id);
	return HVX_STATUS_SUCCESS;
}

/*
 * The memory must have been withdrawn: the caller would never learn the page
 * numbers again. A call that completes later needs the partition, too.
 */
static u16 hv_delete_partition(struct hvcall *c)
{
	const struct hvx_in_partition in = *(const struct hvx_in_partition *)c->in;
	struct partition *p;
	u16 status;

	status = partition_find(c, in.partition_id, IN_UNINITIALIZED | IN_FINALIZED, &p);
	if (status)
		return status;
	if (p->pool.nr_free || p->pool.nr_used || p->async) {
		log_info("partition %lx: not deleted, %lu pages left, %lu of them in use",
			 p->id, p->pool.nr_free + p->pool.nr_used, p->pool.nr_used);
		return HVX_STATUS_INVALID_PARTITION_STATE;
	}
	unmap_partition_stats(p);
	ports_partition_gone(p);
	log_info("partition %lx: deleted", p->id);
	partitions[p->index] = NULL;
	obj_uncharge(&root_part.pool, &p->extra);
	pool_put(&root_part.pool, p);
	partition_account(&root_part);
	acct_add(TESTHV_ACCT_PARTITIONS, -1);
	return HVX_STATUS_SUCCESS;
}

static const struct hvc_row partition_rows[] = {
	{
		.code = HVX_CALL_CREATE_PARTITION, .name = "CreatePartition",
		.in = sizeof(struct hvx_in_create_partition),
		.out = sizeof(struct hvx_out_create_partition),
		.priv = HVX_PRIV_CREATE_PARTITIONS, .fn = hv_create_partition,
	}, {
		.code = HVX_CALL_INITIALIZE_PARTITION, .name = "InitializePartition",
		.flags = HVC_FAST, .in = sizeof(struct hvx_in_partition),
		.priv = HVX_PRIV_CREATE_PARTITIONS, .fn = hv_initialize_partition,
	}, {
		.code = HVX_CALL_FINALIZE_PARTITION, .name = "FinalizePartition",
		.flags = HVC_FAST, .in = sizeof(struct hvx_in_partition),
		.priv = HVX_PRIV_CREATE_PARTITIONS, .fn = hv_finalize_partition,
	}, {
		.code = HVX_CALL_DELETE_PARTITION, .name = "DeletePartition",
		.flags = HVC_FAST, .in = sizeof(struct hvx_in_partition),
		.priv = HVX_PRIV_CREATE_PARTITIONS, .fn = hv_delete_partition,
	},
};
HVC_TABLE(partition_rows);
