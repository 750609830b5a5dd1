/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Child partitions: life cycle, memory pool, properties.
 *
 * Everything here is under hv_lock.
 */
#ifndef TESTHV_PARTITION_H
#define TESTHV_PARTITION_H

#include "hv_abi.h"
#include "lib.h"
#include "mem.h"
#include "npt.h"
#include "overlay.h"
#include "stats.h"
#include "types.h"

struct child_vp;
struct hvcall;

#define MAX_PARTITIONS		512
#define MAX_CHILD_VPS		1024
#define VP_TABLE_PAGES		(MAX_CHILD_VPS * sizeof(void *) / PAGE_SIZE)

/**
 * enum part_state - state of a partition (TLFS 4.1)
 * @PART_UNINITIALIZED: takes memory, properties, initialize and delete
 * @PART_ACTIVE: takes everything but delete
 * @PART_FINALIZED: its objects are gone; takes withdraw and delete
 */
enum part_state {
	PART_UNINITIALIZED,
	PART_ACTIVE,
	PART_FINALIZED,
};

/* States as a set, for partition_find() */
#define IN_UNINITIALIZED	BIT(PART_UNINITIALIZED)
#define IN_ACTIVE		BIT(PART_ACTIVE)
#define IN_FINALIZED		BIT(PART_FINALIZED)
#define IN_ANY			(IN_UNINITIALIZED | IN_ACTIVE | IN_FINALIZED)

/**
 * struct partition - a child partition, or the root as an owner of memory
 * @id: what the root knows it by; never used twice
 * @index: index in the table and in struct page_info::owner; 0 is the root
 * @state: enum part_state
 * @extra: pages that the appetite= option adds to the object's price
 * @flags: HVX_CREATE_* that it was created with
 * @pool: memory that was deposited to it
 * @used_acct: what the account of used pages knows of @pool
 * @npt: its guest physical address space
 * @vp_table: pages of pointers to its VPs, allocated as needed
 * @nr_vps: VPs that exist
 * @features: processor features that it has
 * @xsave_features: XSAVE features that it has
 * @xcr0_mask: bits of XCR0 that its VPs may set
 * @priv: privileges, as in CPUID 0x40000003 EAX and EBX
 * @synth: HVX_SYNTH_* that the VMM asked for
 * @msr_action: HVX_MSR_ACTION_*
 * @procs_per_socket: as set by the VMM; informative
 * @access_tracking: accessed and dirty bits are kept for the VMM
 * @time_frozen: reference time stands still
 * @time_base: reference time = @time_base (+ ref_time(), unless frozen)
 * @guest_os_id: MSR of the same name
 * @hypercall_msr: MSR of the hypercall page
 * @reftsc_msr: MSR of the reference TSC page
 * @overlays: pages that cover guest memory
 * @hypercall: the page that the guest calls the hypervisor through
 * @reftsc: the reference TSC page
 * @intercepts: HVX_ACCESS_MASK_* of each HVX_INTERCEPT_* that takes no parameter
 * @excp_intercepts: exception vectors with an intercept
 * @params: pages of installed intercepts that have a parameter
 * @connections: doorbells that it may ring
 * @async: a SET_PARTITION_PROPERTY completes later
 * @stats: mapped statistics page of each area
 * @gpa_4k: small pages that are mapped
 * @gpa_2m: large pages that are mapped
 * @gpa_changes: calls that changed mappings
 */
struct partition {
	u64 id;
	u16 index;
	u16 state;
	void *extra;
	u64 flags;
	struct pagepool pool;
	u64 used_acct;
	struct npt npt;
	struct child_vp **vp_table[VP_TABLE_PAGES];
	u32 nr_vps;
	u64 features[HVX_FEATURE_BANKS];
	u64 xsave_features;
	u64 xcr0_mask;
	u64 priv;
	u64 synth;
	u64 msr_action;
	u64 procs_per_socket;
	bool access_tracking;
	bool time_frozen;
	u64 time_base;
	u64 guest_os_id;
	u64 hypercall_msr;
	u64 reftsc_msr;
	struct list overlays;
	struct overlay hypercall, reftsc;
	u32 intercepts[16];
	u32 excp_intercepts;
	void *params;
	struct list connections;
	bool async;
	void *stats[STATS_AREAS];
	u64 gpa_4k, gpa_2m, gpa_changes;
};

_Static_assert(sizeof(struct partition) <= PAGE_SIZE, "a partition is one page");

/* The root as owner of the pool that pays for partitions and LPs. */
extern struct partition root_part;
extern struct partition *partitions[MAX_PARTITIONS];

/**
 * partition_find - find a child partition for a call
 * @c: call in progress
 * @id: partition id from its input
 * @states: IN_* states that the call may be made in
 * @p: result
 *
 * Return: HVX_STATUS_SUCCESS; ACCESS_DENIED when a child calls;
 * INVALID_PARTITION_ID for an id that is not alive or not a child's;
 * INVALID_PARTITION_STATE.
 */
u16 partition_find(const struct hvcall *c, u64 id, unsigned int states, struct partition **p);

/* As above, but also accepts the caller's own partition (@p is &root_part then). */
u16 partition_find_or_self(const struct hvcall *c, u64 id, unsigned int states,
			   struct partition **p);

/* The VP of that index, or NULL. */
struct child_vp *partition_vp(const struct partition *p, u32 index);

/* The VP of that index or the first one behind it, whose index @i becomes; or NULL. */
static inline struct child_vp *partition_next_vp(const struct partition *p, u32 *i)
{
	struct child_vp *vp = NULL;

	while (*i < MAX_CHILD_VPS && !(vp = partition_vp(p, *i)))
		++*i;
	return vp;
}

/* Iterate over the VPs of a partition. */
#define for_each_vp(vp, i, p)						\
	for ((i) = 0; ((vp) = partition_next_vp((p), &(i))); (i)++)

/* Bring the accounts of used pages up to date after the pool was used. */
void partition_account(struct partition *p);

/**
 * obj_charge - take the pages that appetite= adds to an object's price
 * @pool: who pays
 * @chain: the pages
 *
 * Return: 0, or -1 when the pool has too few; nothing was taken then.
 */
int obj_charge(struct pagepool *pool, void **chain);
void obj_uncharge(struct pagepool *pool, void **chain);

/* Reference time of the partition, 100 ns units. */
u64 partition_ref_time(const struct partition *p);

/* property.c: privileges of a partition with these HVX_SYNTH_* features */
u64 synth_to_priv(u64 synth);
/* property.c: take away all that belongs to disabled features, set masks */
void partition_set_features(struct partition *p, const u64 *disabled, u64 disabled_xsave);

#endif /* TESTHV_PARTITION_H */
