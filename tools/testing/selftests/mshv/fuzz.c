// SPDX-License-Identifier: GPL-2.0
/*
 * Calls by chance: every ioctl of every file with arguments that are right, nearly
 * right, or nonsense, between calls that take away what they are about: close, dup,
 * mmap, munmap, madvise, signals. From several processes, each of which has several
 * partitions with several VPs, and a thread that runs these. Whatever they do,
 * the kernel has nothing to say about it, all is given back, and the driver works.
 *
 * Environment: MSHV_FUZZ_CALLS, the number in all, and MSHV_FUZZ_SEED to have the same
 * calls again; only threads are not in step then. make check-fuzz makes many, and
 * compares the errors with those that are documented.
 *
 * Where the kernel has KCOV and the driver was built for it, what the calls reach guides
 * them: a call that took a way through the driver which none had taken is kept, and made
 * again with changes. Then a seed does not give the same calls. MSHV_FUZZ_BLIND=1 only
 * counts the ways. Orders of calls are not learned: syzkaller does that, with the
 * description in tools/testing/mshv/syzkaller.
 *
 * Of Documentation/virt/mshv/defects.rst:
 * D70, D106: calls
 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "mshv_irq.h"
#include "mshv_kcov.h"
#include "kselftest_harness.h"

const char *test_ours = "end to the memory that a call can deposit";

#define NR_PROCESSES	3
#define NR_PT		3
#define NR_VP		4	/* of a partition */
#define NR_EVENTS	4
#define NR_STATS	4
#define NR_PAGES	4	/* mapped of VPs */
#define AREA_SIZE	(8 * MIB)
#define AREA_GAP	(4 * MIB)	/* nothing is mapped there */
#define SCRATCH		(16 * PAGE)
#define DEFAULT_CALLS	12000
/* From so many calls on each ioctl has to have succeeded. */
#define ENOUGH_CALLS	10000
/* Old files go, so that there are some that work. */
#define RENEW		300
/* Calls that are kept, and what of them: arguments, and what they point to */
#define MAX_KEPT	1024
#define KEPT_SIZE	(2 * PAGE)
/* Far from all else, so that a pointer with a wrong bit points there, or nowhere. */
#define BLOCK		(1ULL << 44)

/**
 * struct fuzzer - a process
 * @state: of its numbers
 * @dev: device
 * @pt: partitions, -1: none
 * @vp: their VPs
 * @events: eventfds
 * @stats: files of statistics
 * @pages: pages of VPs
 * @area: memory that is mapped into guests, and goes
 * @scratch: memory for arguments; a page without access follows
 * @readonly: a page of that kind
 * @stop: tells the threads to end
 * @kcov: of the thread that makes the calls
 * @self: makes the calls
 * @thread: runs VPs
 * @ticker: sees to it that neither of the two waits for long
 */
struct fuzzer {
	u64 state;
	int dev, pt[NR_PT], vp[NR_PT][NR_VP], events[NR_EVENTS], stats[NR_STATS];
	void *pages[NR_PAGES];
	u8 *area, *scratch, *readonly;
	bool stop;
	struct kcov kcov;
	pthread_t self, thread, ticker;
};

/*
 * Of all processes
 */

static struct counters {
	u64 calls, ok;
} *counters;

/**
 * struct reach - the ways through the driver
 * @guides: they decide about the calls
 * @edges: from place to place
 * @nr_edges: their number
 * @nr_kept: of the calls, as far as they have a place; each is complete when @ready says so
 * @kept: calls that took a new way: row of the table, and the end of the memory for arguments
 */
static struct reach {
	bool guides;
	u64 edges[KCOV_EDGES / 64];
	u32 nr_edges, nr_kept;
	struct kept {
		bool ready;
		unsigned int row;
		u8 bytes[KEPT_SIZE];
	} kept[MAX_KEPT];
} *reach;

static u64 below(struct fuzzer *f, u64 n)
{
	return rnd(&f->state) % n;
}

static bool one_in(struct fuzzer *f, u64 n)
{
	return !below(f, n);
}

/*
 * Values
 */

/* Numbers as they are wrong most often */
static u64 any(struct fuzzer *f)
{
	static const u64 special[] = {
		0, 1, 2, 3, 4, 8, 16, 63, 64, 0xff, 0x100, 0xfff, 0x1000, 0x1001, 0xffff,
		0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 1ULL << 32, 1ULL << 40,
		1ULL << 47, 1ULL << 52, 1ULL << 63, ~0ULL, ~0ULL - 0xfff,
	};

	return one_in(f, 4) ? rnd(&f->state) : special[below(f, ARRAY_SIZE(special))];
}

/* Mostly below @n */
static u64 number(struct fuzzer *f, u64 n)
{
	return one_in(f, 12) ? any(f) : below(f, n);
}

/* Mostly bits of @mask */
static u64 bits(struct fuzzer *f, u64 mask)
{
	return one_in(f, 12) ? any(f) : rnd(&f->state) & mask;
}

/* Mostly 0, as it must be */
static u64 zero(struct fuzzer *f)
{
	return one_in(f, 24) ? any(f) : 0;
}

static u64 gpa(struct fuzzer *f)
{
	return one_in(f, 12) ? any(f) : below(f, 2 * AREA_SIZE / PAGE) * PAGE;
}

static void *hva(struct fuzzer *f)
{
	return one_in(f, 12) ? (void *)any(f) : f->area + below(f, AREA_SIZE / PAGE) * PAGE;
}

/* Where the kernel reads or writes: mostly good for @size bytes. */
static void *buffer(struct fuzzer *f, size_t size)
{
	switch (below(f, 24)) {
	case 0:
		return (void *)any(f);
	case 1:
		return f->readonly;
	case 2:
		/* it ends too early */
		return f->scratch + SCRATCH - size / 2;
	case 3:
		return hva(f);
	default:
		return f->scratch + SCRATCH - ((size + PAGE - 1) & ~(PAGE - 1));
	}
}

/* Whether it is this program's to write there. */
static bool in_scratch(const struct fuzzer *f, const void *p, size_t size)
{
	return (const u8 *)p >= f->scratch && (const u8 *)p <= f->scratch + SCRATCH - size;
}

static int event(struct fuzzer *f)
{
	switch (below(f, 16)) {
	case 0:
		return any(f);
	case 1:
		return f->dev;
	case 2:
		return f->pt[below(f, NR_PT)];
	default:
		return f->events[below(f, NR_EVENTS)];
	}
}

/*
 * Arguments of ioctls
 */

static void arg_check_extension(struct fuzzer *f, void *arg)
{
	*(u32 *)arg = number(f, 0x100);
}

static void arg_create_partition(struct fuzzer *f, void *arg)
{
	struct mshv_create_partition_v2 *v2 = arg;

	v2->pt_flags = one_in(f, 2) ? PT_DEFAULT : bits(f, MSHV_PT_FLAGS_MASK);
	v2->pt_isolation = zero(f);
	v2->pt_num_cpu_fbanks = number(f, MSHV_NUM_CPU_FEATURES_BANKS + 1);
	v2->pt_cpu_fbanks[0] = bits(f, 0xff);
	v2->pt_cpu_fbanks[1] = zero(f);
	v2->pt_rsvd1[0] = zero(f);
	v2->pt_disabled_xsave = bits(f, 4);
}

static void arg_create_vp(struct fuzzer *f, void *arg)
{
	((struct mshv_create_vp *)arg)->vp_index = number(f, NR_VP);
}

static void arg_guest_memory(struct fuzzer *f, void *arg)
{
	struct mshv_user_mem_region *r = arg;
	u64 page = below(f, AREA_SIZE / PAGE);

	r->flags = bits(f, MSHV_SET_MEM_FLAGS_MASK);
	/* a few places, so that some are there to be unmapped */
	if (one_in(f, 2)) {
		page &= ~511ULL;
		r->size = 512 * PAGE;
	} else {
		r->size = number(f, 16) * PAGE;
	}
	r->userspace_addr = one_in(f, 8) ? (u64)hva(f) : (u64)f->area + page * PAGE;
	r->guest_pfn = one_in(f, 8) ? gpa(f) / PAGE : page;
	r->rsvd[below(f, 7)] = zero(f);
}

static void arg_irqfd(struct fuzzer *f, void *arg)
{
	struct mshv_user_irqfd *i = arg;

	i->fd = event(f);
	i->resamplefd = event(f);
	i->gsi = number(f, 8);
	i->flags = bits(f, MSHV_IRQFD_FLAGS_MASK);
}

static void arg_ioeventfd(struct fuzzer *f, void *arg)
{
	struct mshv_user_ioeventfd *i = arg;

	i->datamatch = below(f, 4);
	i->addr = one_in(f, 4) ? gpa(f) : 2 * AREA_SIZE + below(f, 4) * 8;
	i->len = one_in(f, 8) ? any(f) : 1U << below(f, 4);
	i->fd = event(f);
	i->flags = bits(f, MSHV_IOEVENTFD_FLAGS_MASK & ~BIT(MSHV_IOEVENTFD_BIT_PIO));
	i->rsvd[0] = zero(f);
}

static void arg_routing(struct fuzzer *f, void *arg)
{
	struct mshv_user_irq_table *t = arg;
	unsigned int i;

	t->nr = number(f, 8);
	t->rsvd = zero(f);
	for (i = 0; i < 8; i++) {
		struct mshv_user_irq_entry *e = &t->entries[i];

		e->gsi = number(f, 8);
		e->address_lo = ROUTE_ADDRESS | ROUTE_DEST(below(f, NR_VP));
		e->address_hi = zero(f);
		e->data = 0x40 + below(f, 8) + (one_in(f, 4) ? ROUTE_LEVEL : 0);
		if (one_in(f, 16))
			e->address_lo = any(f);
		if (one_in(f, 16))
			e->data = any(f);
	}
}

static void arg_bitmap(struct fuzzer *f, void *arg)
{
	struct mshv_gpap_access_bitmap *b = arg;

	b->access_type = number(f, MSHV_GPAP_ACCESS_TYPE_COUNT);
	b->access_op = number(f, MSHV_GPAP_ACCESS_OP_COUNT);
	b->rsvd[below(f, 6)] = zero(f);
	b->page_count = number(f, 600);
	b->gpap_base = gpa(f) / PAGE;
	b->bitmap_ptr = (uintptr_t)buffer(f, 128);
}

static void arg_hvcall(struct fuzzer *f, void *arg)
{
	static const u16 codes[] = {
		HVX_CALL_GET_PARTITION_PROPERTY, HVX_CALL_SET_PARTITION_PROPERTY,
		HVX_CALL_GET_VP_REGISTERS, HVX_CALL_SET_VP_REGISTERS, HVX_CALL_INSTALL_INTERCEPT,
		HVX_CALL_ASSERT_VIRTUAL_INTERRUPT, HVX_CALL_GET_VP_STATE, HVX_CALL_SET_VP_STATE,
		HVX_CALL_REGISTER_INTERCEPT_RESULT, HVX_CALL_GET_VP_CPUID_VALUES,
		HVX_CALL_TRANSLATE_VIRTUAL_ADDRESS, HVX_CALL_GET_GPA_PAGES_ACCESS_STATES,
	};
	struct mshv_root_hvcall *h = arg;
	u64 *in = buffer(f, 512);
	unsigned int i;

	h->code = one_in(f, 4) ? number(f, 0x120) : codes[below(f, ARRAY_SIZE(codes))];
	h->reps = number(f, 4);
	h->in_sz = one_in(f, 8) ? any(f) : 8 * (1 + below(f, 12));
	h->out_sz = one_in(f, 8) ? any(f) : 8 * below(f, 12);
	h->status = zero(f);
	h->rsvd[below(f, 6)] = zero(f);
	h->in_ptr = (uintptr_t)in;
	if (one_in(f, 2)) {
		/* what is allowed everywhere */
		h->code = HVX_CALL_GET_PARTITION_PROPERTY;
		h->reps = zero(f);
		h->in_sz = sizeof(struct hvx_in_get_partition_property);
		h->out_sz = sizeof(struct hvx_out_get_partition_property);
	}
	h->out_ptr = h->out_sz ? (uintptr_t)buffer(f, 512) : zero(f);
	if (!in_scratch(f, in, 512))
		return;
	for (i = 0; i < 64; i++)
		in[i] = any(f);
	in[0] = one_in(f, 2) ? HVX_PARTITION_ID_SELF : zero(f);
	if (!one_in(f, 4))
		in[1] = HVX_PROP_PROCESSOR_FEATURES0 + below(f, 2);
}

static void arg_install_intercept(struct fuzzer *f, void *arg)
{
	struct mshv_install_intercept *i = arg;

	i->type = number(f, 13);
	i->access = bits(f, MSHV_INTERCEPT_ACCESS_MASK);
	i->parameter = number(f, 64);
	i->status = zero(f);
	i->rsvd[below(f, 6)] = zero(f);
}

static void arg_assert_interrupt(struct fuzzer *f, void *arg)
{
	struct mshv_assert_interrupt *i = arg;

	i->dest = number(f, NR_VP);
	i->type = number(f, 10);
	i->vector = number(f, 256);
	i->flags = bits(f, MSHV_INTERRUPT_FLAGS_MASK);
	i->status = zero(f);
	i->rsvd = zero(f);
}

static void arg_property(struct fuzzer *f, void *arg)
{
	static const u32 codes[] = {
		HVX_PROP_SYNTHETIC_PROC_FEATURES, HVX_PROP_PRIVILEGE_FLAGS, HVX_PROP_TIME_FREEZE,
		HVX_PROP_REFERENCE_TIME, HVX_PROP_PROCESSORS_PER_SOCKET,
		HVX_PROP_GPA_PAGE_ACCESS_TRACKING, HVX_PROP_UNIMPLEMENTED_MSR_ACTION,
	};
	struct mshv_partition_property *p = arg;

	p->code = one_in(f, 8) ? any(f) : codes[below(f, ARRAY_SIZE(codes))];
	p->status = zero(f);
	p->rsvd = zero(f);
	p->value = number(f, 3);
}

static void arg_state(struct fuzzer *f, void *arg)
{
	struct mshv_get_set_vp_state *s = arg;

	s->type = number(f, MSHV_VP_STATE_COUNT);
	s->rsvd[below(f, 3)] = zero(f);
	s->buf_sz = one_in(f, 8) ? any(f) : PAGE * (1 + below(f, 2));
	s->buf_ptr = (uintptr_t)buffer(f, s->buf_sz <= SCRATCH ? s->buf_sz : PAGE);
}

static void arg_registers(struct fuzzer *f, void *arg)
{
	struct mshv_vp_registers *v = arg;
	struct hvx_register *regs = buffer(f, 32 * sizeof(*regs));
	unsigned int i;

	v->count = number(f, 24);
	v->reserved = zero(f);
	v->regs_ptr = (uintptr_t)regs;
	if (!in_scratch(f, regs, 32 * sizeof(*regs)))
		return;
	for (i = 0; i < 32; i++) {
		regs[i] = (struct hvx_register){
			.name = one_in(f, 4) ? reg_table[below(f, reg_table_size)].name :
					       HVX_REG_RAX + below(f, 18),
		};
		regs[i].value.u64 = one_in(f, 2) ? any(f) : GUEST_CODE_BASE;
		if (one_in(f, 64))
			regs[i].name = any(f);
	}
}

static void arg_result(struct fuzzer *f, void *arg)
{
	struct mshv_intercept_result *r = arg;

	r->type = number(f, 4);
	r->status = zero(f);
	r->rsvd = zero(f);
	if (r->type == MSHV_INTERCEPT_RESULT_CPUID) {
		r->cpuid.function = number(f, 0x20);
		r->cpuid.flags = bits(f, MSHV_CPUID_RESULT_FLAGS_MASK);
		r->cpuid.eax = (struct mshv_cpuid_bits){ any(f), any(f) };
		r->cpuid.rsvd = zero(f);
		return;
	}
	r->msr.index = one_in(f, 2) ? 0x4badf00d : any(f);
	r->msr.access = bits(f, MSHV_INTERCEPT_ACCESS_MASK);
	r->msr.action = number(f, MSHV_MSR_ACTION_COUNT);
	r->msr.rsvd[below(f, 9)] = zero(f);
}

static void arg_cpuid(struct fuzzer *f, void *arg)
{
	struct mshv_vp_cpuid_values *c = arg;

	c->count = number(f, 8);
	c->flags = bits(f, MSHV_CPUID_VALUES_FLAGS_MASK);
	c->entries_ptr = (uintptr_t)buffer(f, 8 * sizeof(struct mshv_cpuid_entry));
	c->status = zero(f);
	c->rsvd[below(f, 6)] = zero(f);
}

static void arg_translate(struct fuzzer *f, void *arg)
{
	struct mshv_translate_gva *t = arg;

	t->gva = one_in(f, 2) ? gpa(f) : any(f);
	t->flags = bits(f, MSHV_TRANSLATE_GVA_FLAGS_MASK);
	t->result = (uintptr_t)buffer(f, sizeof(struct mshv_translate_gva_result));
	t->gpa = (uintptr_t)buffer(f, 8);
}

static void arg_none(struct fuzzer *f, void *arg)
{
}

enum on { ON_DEV, ON_PT, ON_VP };

#define ROW(on, name, size, arg, cap, weight)	\
	{ #name, MSHV_##name, on, size, arg, MSHV_CAP_##cap, weight }
#define SIZE(type)	sizeof(struct mshv_##type)

/* Every ioctl of every kind of file */
static const struct row {
	const char *name;
	unsigned int cmd;
	enum on on;
	size_t size;
	void (*fill)(struct fuzzer *f, void *arg);
	u32 cap;
	unsigned int weight;
} rows[] = {
	ROW(ON_DEV, CHECK_EXTENSION, 4, arg_check_extension, CREATE_PARTITION, 1),
	ROW(ON_DEV, CREATE_PARTITION, SIZE(create_partition_v2), arg_create_partition,
	    CREATE_PARTITION, 2),
	ROW(ON_DEV, ROOT_HVCALL, SIZE(root_hvcall), arg_hvcall, DEVICE_HVCALL, 3),
	ROW(ON_PT, INITIALIZE_PARTITION, 0, arg_none, INITIALIZE_PARTITION, 2),
	ROW(ON_PT, CREATE_VP, SIZE(create_vp), arg_create_vp, CREATE_VP, 3),
	ROW(ON_PT, SET_GUEST_MEMORY, SIZE(user_mem_region), arg_guest_memory, GUEST_MEMORY, 6),
	ROW(ON_PT, GET_GPAP_ACCESS_BITMAP, SIZE(gpap_access_bitmap), arg_bitmap,
	    GPAP_ACCESS_BITMAP, 3),
	ROW(ON_PT, SET_MSI_ROUTING, 8 + 8 * sizeof(struct mshv_user_irq_entry), arg_routing,
	    MSI_ROUTING, 3),
	ROW(ON_PT, IRQFD, SIZE(user_irqfd), arg_irqfd, IRQFD, 5),
	ROW(ON_PT, IOEVENTFD, SIZE(user_ioeventfd), arg_ioeventfd, IOEVENTFD, 5),
	ROW(ON_PT, ROOT_HVCALL, SIZE(root_hvcall), arg_hvcall, PARTITION_HVCALL, 5),
	ROW(ON_PT, GET_STATS_FD, 0, arg_none, PARTITION_STATS, 1),
	ROW(ON_PT, INSTALL_INTERCEPT, SIZE(install_intercept), arg_install_intercept,
	    INSTALL_INTERCEPT, 3),
	ROW(ON_PT, ASSERT_INTERRUPT, SIZE(assert_interrupt), arg_assert_interrupt,
	    ASSERT_INTERRUPT, 3),
	ROW(ON_PT, GET_PARTITION_PROPERTY, SIZE(partition_property), arg_property,
	    GET_PROPERTY, 2),
	ROW(ON_PT, SET_PARTITION_PROPERTY, SIZE(partition_property), arg_property,
	    SET_PROPERTY, 3),
	ROW(ON_VP, RUN_VP, SIZE(run_vp), arg_none, RUN_VP, 6),
	ROW(ON_VP, CANCEL_RUN_VP, 0, arg_none, CANCEL_RUN_VP, 3),
	ROW(ON_VP, GET_VP_REGISTERS, SIZE(vp_registers), arg_registers, VP_REGISTERS, 4),
	ROW(ON_VP, SET_VP_REGISTERS, SIZE(vp_registers), arg_registers, VP_REGISTERS, 6),
	ROW(ON_VP, GET_VP_STATE, SIZE(get_set_vp_state), arg_state, VP_STATE_LAPIC, 4),
	ROW(ON_VP, SET_VP_STATE, SIZE(get_set_vp_state), arg_state, VP_STATE_LAPIC, 4),
	ROW(ON_VP, GET_STATS_FD, 0, arg_none, VP_STATS, 1),
	ROW(ON_VP, ROOT_HVCALL, SIZE(root_hvcall), arg_hvcall, VP_HVCALL, 5),
	ROW(ON_VP, REGISTER_INTERCEPT_RESULT, SIZE(intercept_result), arg_result,
	    INTERCEPT_RESULT, 3),
	ROW(ON_VP, GET_VP_CPUID_VALUES, SIZE(vp_cpuid_values), arg_cpuid, VP_CPUID_VALUES, 3),
	ROW(ON_VP, VP_TRANSLATE_GVA, SIZE(translate_gva), arg_translate, TRANSLATE_GVA, 4),
};

/* One of those that there are */
static int any_vp(struct fuzzer *f)
{
	unsigned int i, first = below(f, NR_PT * NR_VP);

	for (i = first; i < first + NR_PT * NR_VP; i++)
		if (f->vp[i / NR_VP % NR_PT][i % NR_VP] >= 0)
			return f->vp[i / NR_VP % NR_PT][i % NR_VP];
	return -1;
}

static int file_of(struct fuzzer *f, enum on on)
{
	switch (on) {
	case ON_DEV:
		return f->dev;
	case ON_PT:
		return f->pt[below(f, NR_PT)];
	default:
		return any_vp(f);
	}
}

/* Puts a new file in a place, in which it takes over from another. */
static void take_over(int *place, int fd)
{
	int old = *place;

	WRITE_ONCE(*place, fd);
	if (old >= 0)
		close(old);
}

static void close_vps(struct fuzzer *f, unsigned int pt)
{
	unsigned int i;

	for (i = 0; i < NR_VP; i++)
		take_over(&f->vp[pt][i], -1);
}

/* Guests touch their memory and ring doorbells from any place in their code. */
GUEST_CODE(guest_busy, 64,
	   "1: mov $0x1000000, %ebx\n"
	   "mov %eax, (%rbx)\n"
	   "incl 0x20000\n"
	   "incl 0x300000\n"
	   "out %al, $0x80\n"
	   "jmp 1b\n");

/* A partition with a VP that can run */
static void renew(struct fuzzer *f, unsigned int i)
{
	struct vm vm = { .dev = f->dev, .ram = f->area };
	struct vp vp = { .vm = &vm };

	close_vps(f, i);
	vm.fd = partition_create(f->dev, PT_DEFAULT);
	take_over(&f->pt[i], vm.fd);
	if (vm.fd < 0 || partition_initialize(vm.fd) ||
	    region_map(vm.fd, 0, RAM_SIZE, f->area, MAP_RWX))
		return;
	vp.fd = vp_create(vm.fd, 0);
	take_over(&f->vp[i][0], vp.fd);
	if (vp.fd < 0)
		return;
	vm_write_code(&vm, GUEST_CODE_BASE, guest_busy);
	vp_try_setup(&vp, MODE_LONG, GUEST_CODE_BASE);
}

static void new_file(struct fuzzer *f, const struct row *row, int fd, int parent)
{
	unsigned int i;

	switch (row->cmd) {
	case MSHV_CREATE_PARTITION:
		i = below(f, NR_PT);
		close_vps(f, i);
		take_over(&f->pt[i], fd);
		return;
	case MSHV_CREATE_VP:
		for (i = 0; i < NR_PT && f->pt[i] != parent; i++)
			;
		take_over(&f->vp[i % NR_PT][below(f, NR_VP)], fd);
		return;
	default:
		take_over(&f->stats[below(f, NR_STATS)], fd);
	}
}

static const struct row *any_row(struct fuzzer *f)
{
	unsigned int i, at = 0;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		at += rows[i].weight;
	at = below(f, at);
	for (i = 0; at >= rows[i].weight; i++)
		at -= rows[i].weight;
	return &rows[i];
}

/* A guest that could write to more than the area would be the end of this program. */
static void spare_program(struct fuzzer *f, struct mshv_user_mem_region *r)
{
	u64 start = (uintptr_t)f->area, end = start + AREA_SIZE + AREA_GAP;

	if (r->userspace_addr < start || r->userspace_addr > end ||
	    r->size > end - r->userspace_addr)
		r->flags &= ~BIT(MSHV_SET_MEM_BIT_WRITABLE);
}

/* Right up to a page's end, and below the one that results go to most often. */
static u8 *arg_place(struct fuzzer *f, const struct row *row)
{
	return f->scratch + SCRATCH - PAGE - row->size;
}

static u8 *kept_place(struct fuzzer *f)
{
	return f->scratch + SCRATCH - KEPT_SIZE;
}

/* Another value in a place of a call that is made again; most often of its arguments */
static void change(struct fuzzer *f, const struct row *row)
{
	size_t size = 1ULL << below(f, 4);
	u8 *p = arg_place(f, row), *end = p + row->size;
	u64 value = 0;

	if (!row->size || one_in(f, 4)) {
		p = f->scratch + SCRATCH - PAGE;
		end = p + 512;
	}
	if (end - p < size)
		return;
	p += below(f, (end - p) / size) * size;
	memcpy(&value, p, size);
	switch (below(f, 4)) {
	case 0:
		value = any(f);
		break;
	case 1:
		value ^= 1ULL << below(f, 8 * size);
		break;
	case 2:
		value += below(f, 16) - 8;
		break;
	default:
		value = below(f, 64);
	}
	memcpy(p, &value, size);
}

/* One that is kept, with changes, or NULL: none is */
static const struct row *call_again(struct fuzzer *f)
{
	u32 nr = READ_ONCE(reach->nr_kept);
	const struct kept *kept;
	const struct row *row;
	unsigned int i;

	if (nr > MAX_KEPT)
		nr = MAX_KEPT;
	if (!nr)
		return NULL;
	kept = &reach->kept[below(f, nr)];
	if (!__atomic_load_n(&kept->ready, __ATOMIC_ACQUIRE))
		return NULL;
	memcpy(kept_place(f), kept->bytes, KEPT_SIZE);
	row = &rows[kept->row];
	for (i = below(f, 4); i; i--)
		change(f, row);
	return row;
}

static const struct row *call_anew(struct fuzzer *f)
{
	const struct row *row = any_row(f);
	u8 *arg = arg_place(f, row);

	memset(arg, 0, row->size);
	row->fill(f, arg);
	if (row->size && one_in(f, 32))
		arg[below(f, row->size)] ^= 1U << below(f, 8);
	return row;
}

/* @bytes: before the call, which writes to some of them */
static void call_keep(struct fuzzer *f, const struct row *row, const u8 *bytes)
{
	unsigned int news = kcov_end(&f->kcov, reach->edges);
	struct kept *kept;
	u32 nr;

	if (!news)
		return;
	__atomic_fetch_add(&reach->nr_edges, news, __ATOMIC_RELAXED);
	nr = __atomic_fetch_add(&reach->nr_kept, 1, __ATOMIC_RELAXED);
	if (nr >= MAX_KEPT)
		return;
	kept = &reach->kept[nr];
	kept->row = row - rows;
	memcpy(kept->bytes, bytes, KEPT_SIZE);
	__atomic_store_n(&kept->ready, true, __ATOMIC_RELEASE);
}

static int call_traced(struct fuzzer *f, const struct row *row, int fd, void *place)
{
	u8 bytes[KEPT_SIZE];
	int ret;

	if (f->kcov.fd < 0)
		return xioctl(fd, row->cmd, place);
	memcpy(bytes, kept_place(f), KEPT_SIZE);
	kcov_begin(&f->kcov);
	ret = xioctl(fd, row->cmd, place);
	call_keep(f, row, bytes);
	return ret;
}

static void call(struct fuzzer *f)
{
	const struct row *row = NULL;
	void *place;
	int fd, ret;

	if (reach->guides && one_in(f, 2))
		row = call_again(f);
	if (!row)
		row = call_anew(f);
	place = arg_place(f, row);
	if (row->cmd == MSHV_SET_GUEST_MEMORY)
		spare_program(f, place);
	if (one_in(f, 48))
		place = row->cmd == MSHV_SET_GUEST_MEMORY ? NULL : buffer(f, row->size);
	fd = file_of(f, one_in(f, 24) ? below(f, ON_VP + 1) : row->on);
	if (fd < 0)
		return;
	ret = call_traced(f, row, fd, place);
	__atomic_fetch_add(&counters[row - rows].calls, 1, __ATOMIC_RELAXED);
	if (ret < 0)
		return;
	__atomic_fetch_add(&counters[row - rows].ok, 1, __ATOMIC_RELAXED);
	if (row->cmd == MSHV_CREATE_PARTITION || row->cmd == MSHV_CREATE_VP ||
	    row->cmd == MSHV_GET_STATS_FD)
		new_file(f, row, ret, fd);
}

/*
 * What is no ioctl
 */

static void do_close(struct fuzzer *f)
{
	unsigned int i = below(f, NR_PT);

	switch (below(f, 8)) {
	case 0:
		take_over(&f->pt[i], -1);
		break;
	case 1:
		take_over(&f->events[below(f, NR_EVENTS)], event_create());
		break;
	case 2:
		take_over(&f->stats[below(f, NR_STATS)], -1);
		break;
	default:
		take_over(&f->vp[i][below(f, NR_VP)], -1);
	}
}

/* The file stays, whatever becomes of the other descriptor. */
static void do_dup(struct fuzzer *f)
{
	int fd = any_vp(f);

	if (fd < 0)
		return;
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (fd >= 0)
		take_over(&f->vp[below(f, NR_PT)][below(f, NR_VP)], fd);
}

static void do_mmap(struct fuzzer *f)
{
	void **page = &f->pages[below(f, NR_PAGES)];
	int prot = bits(f, 7), flags = one_in(f, 8) ? MAP_PRIVATE : MAP_SHARED;
	int fd = file_of(f, ON_VP);

	if (*page != MAP_FAILED)
		munmap(*page, PAGE);
	*page = MAP_FAILED;
	if (fd < 0)
		return;
	*page = mmap(NULL, PAGE * (one_in(f, 8) ? 2 : 1), prot & 7, flags, fd,
		     number(f, 3) * PAGE);
}

/* The kernel's accesses fail where a program's would end it. */
static void do_touch(struct fuzzer *f)
{
	void *page = f->pages[below(f, NR_PAGES)];

	if (page == MAP_FAILED)
		return;
	if (one_in(f, 2) && getrandom(page, 1 + below(f, PAGE), 0) < 0)
		return;
	madvise(page, PAGE, below(f, 30));
	mprotect(page, PAGE, below(f, 8));
}

/* Behind the guests' backs */
static void do_memory(struct fuzzer *f)
{
	static const int advice[] = {
		MADV_DONTNEED, MADV_FREE, MADV_COLD, MADV_PAGEOUT, MADV_HUGEPAGE, MADV_NOHUGEPAGE,
	};
	u64 page = below(f, AREA_SIZE / PAGE), n = 1 + below(f, one_in(f, 4) ? 1024 : 8);
	u8 *p = f->area + page * PAGE;

	if (page + n > AREA_SIZE / PAGE)
		n = AREA_SIZE / PAGE - page;
	switch (below(f, 4)) {
	case 0:
		/* without a hole in between: other memory could get there */
		if (mmap(p, n * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS |
			 MAP_FIXED | MAP_NORESERVE, -1, 0) != p)
			test_die(__FILE__, __LINE__, "mmap");
		break;
	case 1:
		mprotect(p, n * PAGE, one_in(f, 2) ? PROT_NONE : PROT_READ);
		mprotect(p, n * PAGE, PROT_READ | PROT_WRITE);
		break;
	default:
		madvise(p, n * PAGE, advice[below(f, ARRAY_SIZE(advice))]);
	}
}

static void do_signal(struct fuzzer *f)
{
	int fd = f->events[below(f, NR_EVENTS)];

	if (one_in(f, 2))
		event_signal(fd);
	else
		event_take(fd);
	pthread_kill(f->thread, SIGUSR1);
}

static void do_read(struct fuzzer *f)
{
	int fd = f->stats[below(f, NR_STATS)];

	if (fd >= 0 && pread(fd, buffer(f, PAGE), number(f, PAGE), number(f, 4096)) < 0)
		lseek(fd, any(f), SEEK_SET);
}

static void do_fork(struct fuzzer *f)
{
	pid_t pid;

	if (!one_in(f, 8))
		return;
	pid = fork();
	if (!pid)
		_exit(0);
	if (pid > 0)
		child_wait(pid);
}

static void (*const others[])(struct fuzzer *f) = {
	do_close, do_dup, do_mmap, do_touch, do_memory, do_memory, do_signal, do_signal, do_read,
	do_fork,
};

/*
 * Processes
 */

/* Runs what VPs there are; it has numbers of its own. */
static void *run_vps(void *arg)
{
	struct fuzzer *f = arg;
	struct mshv_run_vp run;
	u64 state = f->state ^ 0x9e3779b97f4a7c15ULL;
	int fd;

	while (!READ_ONCE(f->stop)) {
		fd = READ_ONCE(f->vp[rnd(&state) % NR_PT][rnd(&state) % NR_VP]);
		/* it may be closed meanwhile, which the ioctl says of no file of ours */
		if (fd < 0 || ioctl(fd, MSHV_RUN_VP, &run))
			usleep(500);
	}
	return NULL;
}

/*
 * Waits do not last. A timer's signal would not do: it goes to one of the threads, which
 * may be the one that waits for the other.
 */
static void *tick(void *arg)
{
	struct fuzzer *f = arg;

	while (!READ_ONCE(f->stop)) {
		usleep(limit_us(5000));
		pthread_kill(f->self, SIGUSR1);
		pthread_kill(f->thread, SIGUSR1);
	}
	return NULL;
}

/*
 * A pointer with a wrong bit must not lead to this program's own data: the kernel would
 * write there, as it was asked to.
 */
static void *block_alloc(size_t size)
{
	void *p = mmap((void *)BLOCK, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	REQUIRE(p == (void *)BLOCK, "mmap");
	return p;
}

static void fuzzer_init(struct fuzzer *f, u64 state)
{
	unsigned int i;

	memset(f, -1, sizeof(*f));
	f->state = state;
	f->stop = false;
	f->dev = dev_open();
	for (i = 0; i < NR_EVENTS; i++)
		f->events[i] = event_create();
	f->area = block_alloc(AREA_SIZE + AREA_GAP + SCRATCH + 2 * PAGE);
	f->scratch = f->area + AREA_SIZE + AREA_GAP;
	f->readonly = f->scratch + SCRATCH + PAGE;
	REQUIRE(!mprotect(f->area + AREA_SIZE, AREA_GAP, PROT_NONE), "mprotect");
	REQUIRE(!mprotect(f->scratch + SCRATCH, PAGE, PROT_NONE), "mprotect");
	REQUIRE(!mprotect(f->readonly, PAGE, PROT_READ), "mprotect");
	f->self = pthread_self();
	f->thread = thread_start(run_vps, f);
	f->ticker = thread_start(tick, f);
}

struct job {
	u64 seed;
	unsigned int number;
	u64 calls;
};

static int process(void *arg)
{
	const struct job *job = arg;
	struct fuzzer f;
	u64 i;

	fuzzer_init(&f, (job->seed + job->number * 0x9e3779b97f4a7c15ULL) | 1);
	/* not in the threads: they need none, and would say nothing of one call */
	kcov_open(&f.kcov);
	for (i = 0; i < job->calls; i++) {
		if (i % RENEW == 0)
			renew(&f, i / RENEW % NR_PT);
		if (one_in(&f, 6))
			others[below(&f, ARRAY_SIZE(others))](&f);
		else
			call(&f);
	}
	WRITE_ONCE(f.stop, true);
	/* first the one that sends signals to the other */
	pthread_join(f.ticker, NULL);
	thread_stop(f.thread);
	return 0;
}

static void say(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		fprintf(stderr, "# %s of the %s: %llu calls, %llu of them right\n", rows[i].name,
			rows[i].on == ON_DEV ? "device" :
			rows[i].on == ON_PT ? "partition" : "VP",
			(unsigned long long)counters[i].calls, (unsigned long long)counters[i].ok);
	if (reach->nr_edges)
		fprintf(stderr, "# %u edges of the driver, %u calls that found them%s\n",
			reach->nr_edges, reach->nr_kept, reach->guides ? "" : ", blind");
}

static void *shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	REQUIRE(p != MAP_FAILED, "mmap");
	return p;
}

FIXTURE(fuzz) {
	int unused;
};

FIXTURE_SETUP(fuzz)
{
}

FIXTURE_TEARDOWN(fuzz)
{
}

/* The number of calls ends it; the harness only what hangs. */
TEST_F_TIMEOUT(fuzz, calls, 86400)
{
	u64 total = environment("MSHV_FUZZ_CALLS", DEFAULT_CALLS);
	u64 seed = seed_from("MSHV_FUZZ_SEED");
	struct job jobs[NR_PROCESSES];
	unsigned int i, lines, splats;
	pid_t pids[NR_PROCESSES];
	struct accounts before;
	int klog, dev;
	struct guest g;

	TH_LOG("MSHV_FUZZ_SEED=%llu MSHV_FUZZ_CALLS=%llu", (unsigned long long)seed,
	       (unsigned long long)total);
	counters = shared(PAGE);
	reach = shared(sizeof(*reach));
	reach->guides = !environment("MSHV_FUZZ_BLIND", 0);
	klog = klog_open();
	accounts_read(&before);
	for (i = 0; i < NR_PROCESSES; i++) {
		jobs[i] = (struct job){ seed, i, total / NR_PROCESSES };
		pids[i] = child_start(process, &jobs[i]);
	}
	for (i = 0; i < NR_PROCESSES; i++)
		EXPECT_EQ(0, child_wait(pids[i]));
	say();
	dev = dev_open();
	for (i = 0; i < ARRAY_SIZE(rows) && total >= ENOUGH_CALLS; i++) {
		if (!cap(dev, rows[i].cap))
			continue;
		EXPECT_NE(0, counters[i].ok)
			TH_LOG("%s", rows[i].name);
	}
	close(dev);
	EXPECT_EQ(0, accounts_open(&before));
	guest_init_load(&g, guest_count);
	EXPECT_EQ(1, vp_run_out(&g.vp, 0x80));
	guest_free(&g);
	if (klog < 0)
		return;
	klog_count(klog, &lines, &splats);
	EXPECT_GT(20, lines);
	EXPECT_EQ(0, splats);
	close(klog);
}

TEST_HARNESS_MAIN
