// SPDX-License-Identifier: GPL-2.0
/*
 * Nested page tables (APM volume 2, 15.25).
 *
 * Four levels; a table at level n maps 2^(12 + 9n) bytes, level 1 holds 4 KiB
 * leaves. The number of entries in use of each table is kept in the page_info of
 * its page, so that tables are freed as soon as they are empty.
 */
#include "npt.h"

#include "lib.h"
#include "mem.h"
#include "pageown.h"
#include "panic.h"
#include "pcpu.h"
#include "pte.h"

#define PTE_NOACCESS	BIT(9)	/* software: a leaf that allows nothing */
#define PTE_OVERLAY	BIT(10)	/* software: NPT_OVERLAY */
#define PTE_TABLE	(PTE_P | PTE_W | PTE_U)

#define TOP_LEVEL	4
#define ENTRIES		512

static u64 level_size(unsigned int level)
{
	return BIT(PAGE_SHIFT + 9 * (level - 1));
}

static unsigned int level_of(u64 size)
{
	switch (size) {
	case PAGE_SIZE:
		return 1;
	case SIZE_2M:
		return 2;
	case SIZE_1G:
		return 3;
	}
	panic("npt: bad leaf size %lx", size);
}

static unsigned int index_at(u64 gpa, unsigned int level)
{
	return gpa >> (PAGE_SHIFT + 9 * (level - 1)) & (ENTRIES - 1);
}

static bool is_used(u64 e)
{
	return e & (PTE_P | PTE_NOACCESS);
}

static bool is_table(u64 e, unsigned int level)
{
	return level > 1 && (e & PTE_P) && !(e & PTE_PS);
}

static u64 *table_of(u64 e)
{
	return phys_to_virt(e & PTE_ADDR);
}

static u64 leaf_entry(u64 spa, unsigned int level, u32 perm)
{
	u64 e = spa | (level > 1 ? PTE_PS : 0);

	if (!(perm & NPT_READ))
		return e | PTE_NOACCESS;
	e |= PTE_P | PTE_U;
	if (perm & NPT_WRITE)
		e |= PTE_W;
	if (!(perm & NPT_EXEC))
		e |= PTE_NX;
	if (perm & NPT_OVERLAY)
		e |= PTE_OVERLAY;
	return e;
}

static u32 *use_count(const u64 *table)
{
	return &page_info(virt_to_phys(table))->maps;
}

static void set_entry(u64 *table, unsigned int i, u64 val)
{
	*use_count(table) += is_used(val) - is_used(table[i]);
	WRITE_ONCE(table[i], val);
}

/* Where a table page has come from. */
static struct pagepool *pool_of(const struct npt *npt, const u64 *table)
{
	return page_info(virt_to_phys(table))->state == PG_HIDDEN ? &hidden_pool : npt->pool;
}

static u64 *table_alloc(struct npt *npt)
{
	u64 *t = pool_get(npt->pool) ?: pool_get(&hidden_pool);

	BUG_ON(!t);	/* the callers have looked */
	npt->pages++;
	*use_count(t) = 0;
	return t;
}

static void table_free(struct npt *npt, u64 *table, unsigned int level)
{
	unsigned int i;

	for (i = 0; i < ENTRIES; i++)
		if (is_table(table[i], level))
			table_free(npt, table_of(table[i]), level - 1);
	*use_count(table) = 0;
	npt->pages--;
	pool_put(pool_of(npt, table), table);
}

int npt_init(struct npt *npt, struct pagepool *pool)
{
	if (!pool->nr_free)
		return -1;
	npt->pool = pool;
	npt->pages = 0;
	npt->gen = 1;
	npt->root = virt_to_phys(table_alloc(npt));
	return 0;
}

void npt_destroy(struct npt *npt)
{
	if (!npt->root)
		return;
	table_free(npt, phys_to_virt(npt->root), TOP_LEVEL);
	npt->root = 0;
}

/* Tables that must be added before a leaf of @level can be set for @gpa. */
static unsigned int tables_missing(const struct npt *npt, u64 gpa, unsigned int level)
{
	const u64 *table = phys_to_virt(npt->root);
	unsigned int l;

	for (l = TOP_LEVEL; l > level; l--) {
		u64 e = table[index_at(gpa, l)];

		if (!is_table(e, l))
			return l - level;
		table = table_of(e);
	}
	return 0;
}

/* A table with the same meaning as the large leaf @e of @level. */
static u64 *split(struct npt *npt, u64 e, unsigned int level)
{
	u64 step = level_size(level - 1);
	u64 *t = table_alloc(npt);
	unsigned int i;

	if (level - 1 == 1)
		e &= ~PTE_PS;
	for (i = 0; i < ENTRIES; i++)
		set_entry(t, i, e + i * step);
	return t;
}

/* The table that holds @gpa's entry of @level; memory was checked before. */
static u64 *make_path(struct npt *npt, u64 gpa, unsigned int level)
{
	u64 *table = phys_to_virt(npt->root);
	unsigned int l;

	for (l = TOP_LEVEL; l > level; l--) {
		unsigned int i = index_at(gpa, l);
		u64 e = table[i];
		u64 *next;

		if (is_table(e, l)) {
			next = table_of(e);
		} else {
			next = is_used(e) ? split(npt, e, l) : table_alloc(npt);
			set_entry(table, i, virt_to_phys(next) | PTE_TABLE);
		}
		table = next;
	}
	return table;
}

/* Set an entry; if it was a table, wait until no CPU walks it and free it. */
static void replace_entry(struct npt *npt, u64 *table, unsigned int i, unsigned int level,
			  u64 val)
{
	u64 old = table[i];

	set_entry(table, i, val);
	if (is_table(old, level)) {
		npt_flush(npt);
		table_free(npt, table_of(old), level - 1);
	}
}

int npt_map(struct npt *npt, u64 gpa, u64 spa, u64 size, u32 perm)
{
	unsigned int level = level_of(size);
	u64 *table, have = npt->pool->nr_free;

	if (perm & NPT_OVERLAY)
		have += hidden_pool.nr_free;
	if (tables_missing(npt, gpa, level) > have)
		return -1;
	table = make_path(npt, gpa, level);
	replace_entry(npt, table, index_at(gpa, level), level, leaf_entry(spa, level, perm));
	return 0;
}

int npt_unmap(struct npt *npt, u64 gpa, u64 size)
{
	u64 *path[TOP_LEVEL + 1];
	unsigned int level = level_of(size), l;
	u64 *table = phys_to_virt(npt->root);

	for (l = TOP_LEVEL; l > level; l--) {
		u64 e = table[index_at(gpa, l)];

		path[l] = table;
		if (!is_used(e))
			return 0;
		if (!is_table(e, l)) {
			if (tables_missing(npt, gpa, level) > npt->pool->nr_free)
				return -1;
			table = make_path(npt, gpa, level);
			set_entry(table, index_at(gpa, level), 0);
			return 0;
		}
		table = table_of(e);
	}
	replace_entry(npt, table, index_at(gpa, level), level, 0);
	for (l = level; l < TOP_LEVEL && !*use_count(table); l++) {
		table = path[l + 1];
		replace_entry(npt, table, index_at(gpa, l + 1), l + 1, 0);
	}
	return 0;
}

/* Entry that decides about @gpa, and its level. */
static u64 *find(const struct npt *npt, u64 gpa, unsigned int *level)
{
	u64 *table = phys_to_virt(npt->root);
	unsigned int l = TOP_LEVEL;

	while (is_table(table[index_at(gpa, l)], l)) {
		table = table_of(table[index_at(gpa, l)]);
		l--;
	}
	*level = l;
	return &table[index_at(gpa, l)];
}

static void describe(u64 e, u64 gpa, unsigned int level, struct npt_leaf *leaf)
{
	u64 size = level_size(level);

	leaf->size = size;
	leaf->spa = (e & PTE_ADDR & ~(size - 1)) | (gpa & (size - 1));
	leaf->perm = 0;
	if (e & PTE_P) {
		leaf->perm = NPT_READ;
		if (e & PTE_W)
			leaf->perm |= NPT_WRITE;
		if (!(e & PTE_NX))
			leaf->perm |= NPT_EXEC;
	}
	leaf->overlay = e & PTE_OVERLAY;
	leaf->accessed = e & PTE_A;
	leaf->dirty = e & PTE_D;
}

bool npt_lookup(const struct npt *npt, u64 gpa, struct npt_leaf *leaf)
{
	unsigned int level;
	u64 e;

	if (gpa >= level_size(TOP_LEVEL + 1))
		return false;
	e = READ_ONCE(*find(npt, gpa, &level));
	if (!is_used(e))
		return false;
	describe(e, gpa, level, leaf);
	return true;
}

void npt_set_ad(struct npt *npt, u64 gpa, u32 clear, u32 set)
{
	unsigned int level;
	u64 *e;

	if (gpa >= level_size(TOP_LEVEL + 1))
		return;
	e = find(npt, gpa, &level);
	if (!is_used(*e))
		return;
	/* Another CPU may be setting them at the same time. */
	__atomic_fetch_and(e, ~((clear & NPT_ACCESSED ? PTE_A : 0) |
				(clear & NPT_DIRTY ? PTE_D : 0)), __ATOMIC_SEQ_CST);
	__atomic_fetch_or(e, (set & NPT_ACCESSED ? PTE_A : 0) |
			     (set & NPT_DIRTY ? PTE_D : 0), __ATOMIC_SEQ_CST);
}

bool npt_next(const struct npt *npt, u64 *gpa, u64 end, struct npt_leaf *leaf)
{
	u64 pos = *gpa;

	end = min(end, level_size(TOP_LEVEL + 1));
	while (pos < end) {
		unsigned int level;
		u64 e = READ_ONCE(*find(npt, pos, &level));
		u64 size = level_size(level);

		if (is_used(e)) {
			*gpa = ALIGN_DOWN(pos, size);
			describe(e, *gpa, level, leaf);
			return true;
		}
		pos = ALIGN_DOWN(pos, size) + size;
	}
	return false;
}

static bool may_use_stale(struct pcpu *cpu, const struct npt *npt)
{
	return READ_ONCE(cpu->in_guest) && READ_ONCE(cpu->npt) == npt &&
	       READ_ONCE(cpu->npt_gen) < npt->gen;
}

void npt_flush(struct npt *npt)
{
	unsigned int i;

	npt->gen++;
	smp_mb();	/* pairs with the one in vcpu_enter() */
	for (i = 0; i < nr_cpus; i++)
		if (may_use_stale(cpus[i], npt))
			kick_cpu(cpus[i]);
	for (i = 0; i < nr_cpus; i++)
		while (may_use_stale(cpus[i], npt))
			__builtin_ia32_pause();
}
