// SPDX-License-Identifier: GPL-2.0
/*
 * Overlay pages: what the hypervisor shows a guest in front of its memory. The memory
 * behind is neither seen nor changed, and comes back as it was, or as the VMM has made
 * it in the meantime.
 */
#include <sys/mman.h>

#include "mshv_util.h"
#include "kselftest_harness.h"

#define PLACE		0x20000UL
#define OTHER_PLACE	0x21000UL
#define HANDLER		0x2000UL
#define FAR		(16 * MIB)	/* for memory of its own */
#define NOWHERE		(1 * GIB)
#define PATTERN		0x5a
#define PATTERN_WORD	0x5a5a5a5aU
#define ENABLE		HVX_MSR_PAGE_ENABLE
#define VECTOR_GP	13
#define MSR_TSC		0x10

GUEST_CODE(guest_load, 64, "mov (%rbx), %eax; out %eax, $0x80");
GUEST_CODE(guest_store, 64, "mov %ecx, (%rbx); out %eax, $0x81");
GUEST_CODE(guest_wrmsr, 64, "wrmsr; out %eax, $0x82");
GUEST_CODE(guest_call, 64, "call *%rbx; out %eax, $0x83");
GUEST_CODE(guest_fault, 64, "out %eax, $0x84");

#define FEATURES	(HVX_SYNTH_HYPERVISOR_PRESENT | HVX_SYNTH_HV1 | HVX_SYNTH_SYNIC |	\
			 HVX_SYNTH_INTR_CTRL | HVX_SYNTH_HYPERCALL | HVX_SYNTH_REF_TSC)

/* Only hypercalls of the VMM give a partition these features. */
static bool is_absent(void)
{
	int dev = dev_open();
	bool absent = !cap(dev, MSHV_CAP_PARTITION_HVCALL);

	close(dev);
	return absent;
}

#define NEED_FEATURES() do {						\
	if (is_absent())						\
		SKIP(return, "no MSHV_CAP_PARTITION_HVCALL");		\
} while (0)

static void synthetic_init(struct guest *g)
{
	vm_create(&g->vm, PT_DEFAULT);
	REQUIRE(!hv_set_property(g->vm.fd, HVX_PROP_SYNTHETIC_PROC_FEATURES, FEATURES),
		"features");
	vm_activate(&g->vm);
	guest_add_vps(g, 1);
	memset(g->vm.ram + PLACE, PATTERN, 2 * PAGE);
	vm_write_code(&g->vm, HANDLER, guest_fault);
	guest_set_gate(&g->vm, VECTOR_GP, HANDLER);
}

static void prepare_load(struct guest *g, u64 gpa)
{
	vp_load(&g->vp, MODE_LONG, guest_load);
	vp_set(&g->vp, HVX_REG_RBX, gpa);
}

static u32 load(struct guest *g, u64 gpa)
{
	prepare_load(g, gpa);
	return vp_run_out(&g->vp, 0x80);
}

static void prepare_store(struct guest *g, u64 gpa, u32 value)
{
	vp_load(&g->vp, MODE_LONG, guest_store);
	vp_set(&g->vp, HVX_REG_RBX, gpa);
	vp_set(&g->vp, HVX_REG_RCX, value);
}

static void store(struct guest *g, u64 gpa, u32 value)
{
	prepare_store(g, gpa, value);
	vp_run_out(&g->vp, 0x81);
}

static void prepare_wrmsr(struct guest *g, u32 msr, u64 value)
{
	vp_load(&g->vp, MODE_LONG, guest_wrmsr);
	vp_set(&g->vp, HVX_REG_RCX, msr);
	vp_set(&g->vp, HVX_REG_RAX, (u32)value);
	vp_set(&g->vp, HVX_REG_RDX, value >> 32);
}

static void write_msr(struct guest *g, u32 msr, u64 value)
{
	prepare_wrmsr(g, msr, value);
	vp_run_out(&g->vp, 0x82);
}

/* A store that ends in the guest's handler of #GP. */
static void store_faults(struct guest *g, u64 gpa)
{
	prepare_store(g, gpa, 0);
	vp_run_out(&g->vp, 0x84);
}

/* The memory that the VMM has given is what it was. */
static bool untouched(const struct guest *g)
{
	const u8 *p = g->vm.ram + PLACE;

	return p[0] == PATTERN && !memcmp(p, p + 1, 2 * PAGE - 1);
}

/*
 * Every kind of them
 */

FIXTURE(page) {
	struct guest g;
};

FIXTURE_VARIANT(page) {
	u32 msr;
	bool writable;
};

FIXTURE_VARIANT_ADD(page, messages) {
	.msr = HVX_MSR_SIMP,
	.writable = true,
};

FIXTURE_VARIANT_ADD(page, event_flags) {
	.msr = HVX_MSR_SIEFP,
	.writable = true,
};

FIXTURE_VARIANT_ADD(page, vp_assist) {
	.msr = HVX_MSR_VP_ASSIST_PAGE,
	.writable = true,
};

FIXTURE_VARIANT_ADD(page, hypercall) {
	.msr = HVX_MSR_HYPERCALL,
};

FIXTURE_VARIANT_ADD(page, reference_tsc) {
	.msr = HVX_MSR_REFERENCE_TSC,
};

FIXTURE_SETUP(page)
{
	if (is_absent())
		return;
	synthetic_init(&self->g);
	write_msr(&self->g, HVX_MSR_GUEST_OS_ID, 1);
}

FIXTURE_TEARDOWN(page)
{
	if (!is_absent())
		guest_free(&self->g);
}

TEST_F(page, covers_and_uncovers)
{
	struct guest *g = &self->g;

	NEED_FEATURES();
	EXPECT_EQ(PATTERN_WORD, load(g, PLACE));
	write_msr(g, variant->msr, PLACE | ENABLE);
	EXPECT_NE(PATTERN_WORD, load(g, PLACE));
	EXPECT_NE(PATTERN_WORD, load(g, PLACE + PAGE - 4));
	EXPECT_EQ(PATTERN_WORD, load(g, OTHER_PLACE));
	EXPECT_TRUE(untouched(g));

	write_msr(g, variant->msr, OTHER_PLACE | ENABLE);
	EXPECT_EQ(PATTERN_WORD, load(g, PLACE));
	EXPECT_NE(PATTERN_WORD, load(g, OTHER_PLACE));

	write_msr(g, variant->msr, OTHER_PLACE);
	EXPECT_EQ(PATTERN_WORD, load(g, OTHER_PLACE));
	store(g, OTHER_PLACE, PATTERN_WORD);
	EXPECT_TRUE(untouched(g));
}

TEST_F(page, keeps_what_is_written)
{
	struct guest *g = &self->g;

	NEED_FEATURES();
	write_msr(g, variant->msr, PLACE | ENABLE);
	if (!variant->writable) {
		store_faults(g, PLACE);
		EXPECT_TRUE(untouched(g));
		return;
	}
	EXPECT_EQ(0, load(g, PLACE + 0x804));
	store(g, PLACE + 0x804, 0x600dda7a);
	EXPECT_EQ(0x600dda7a, load(g, PLACE + 0x804));
	write_msr(g, variant->msr, OTHER_PLACE | ENABLE);
	EXPECT_EQ(0x600dda7a, load(g, OTHER_PLACE + 0x804));
	write_msr(g, variant->msr, 0);
	EXPECT_EQ(PATTERN_WORD, load(g, OTHER_PLACE + 0x804));
	EXPECT_TRUE(untouched(g));
}

TEST_F(page, needs_no_memory_behind)
{
	struct guest *g = &self->g;

	NEED_FEATURES();
	prepare_load(g, NOWHERE);
	vp_run_until(&g->vp, HVX_MSG_UNMAPPED_GPA);
	write_msr(g, variant->msr, NOWHERE | ENABLE);
	load(g, NOWHERE);
	write_msr(g, variant->msr, 0);
	prepare_load(g, NOWHERE);
	vp_run_until(&g->vp, HVX_MSG_UNMAPPED_GPA);
	EXPECT_EQ(NOWHERE, vp_memory(&g->vp)->gpa);
}

/* Where no guest can have memory, no overlay can be. */
TEST_F(page, has_an_address)
{
	struct guest *g = &self->g;

	NEED_FEATURES();
	prepare_wrmsr(g, variant->msr, 1ULL << 60 | ENABLE);
	vp_run_out(&g->vp, 0x84);
	EXPECT_TRUE(untouched(g));
}

/* The VMM takes memory away and brings other: that is what is uncovered. */
TEST_F(page, memory_changes_behind)
{
	struct guest *g = &self->g;
	u8 *memory = mem_alloc(PAGE, PAGE);

	NEED_FEATURES();
	memset(memory, 0x11, PAGE);
	ASSERT_EQ(0, region_map(g->vm.fd, FAR, PAGE, memory, MAP_RWX));
	EXPECT_EQ(0x11111111, load(g, FAR));
	write_msr(g, variant->msr, FAR | ENABLE);
	EXPECT_NE(0x11111111, load(g, FAR));
	ASSERT_EQ(0, region_unmap(g->vm.fd, FAR, PAGE, memory));
	EXPECT_NE(0x11111111, load(g, FAR));
	write_msr(g, variant->msr, 0);
	prepare_load(g, FAR);
	vp_run_until(&g->vp, HVX_MSG_UNMAPPED_GPA);

	write_msr(g, variant->msr, FAR | ENABLE);
	memset(memory, 0x22, PAGE);
	ASSERT_EQ(0, region_map(g->vm.fd, FAR, PAGE, memory, MAP_RWX));
	EXPECT_NE(0x22222222, load(g, FAR));
	write_msr(g, variant->msr, 0);
	EXPECT_EQ(0x22222222, load(g, FAR));
	EXPECT_EQ(0x22, memory[PAGE - 1]);
	munmap(memory, PAGE);
}

/* A large page is split for one, and what is around stays as it is. */
TEST_F(page, in_a_large_page)
{
	struct guest *g = &self->g;
	u8 *memory = mem_alloc(2 * MIB, 2 * MIB);
	unsigned int round;

	NEED_FEATURES();
	madvise(memory, 2 * MIB, MADV_HUGEPAGE);
	memset(memory, 0x11, 2 * MIB);
	for (round = 0; round < 2; round++) {
		ASSERT_EQ(0, region_map(g->vm.fd, FAR, 2 * MIB, memory, MAP_RWX));
		EXPECT_EQ(0x11111111, load(g, FAR));
		write_msr(g, variant->msr, (FAR + MIB) | ENABLE);
		EXPECT_NE(0x11111111, load(g, FAR + MIB));
		EXPECT_EQ(0x11111111, load(g, FAR + MIB - 4));
		EXPECT_EQ(0x11111111, load(g, FAR + MIB + PAGE));
		ASSERT_EQ(0, region_unmap(g->vm.fd, FAR, 2 * MIB, memory));
		EXPECT_NE(0x11111111, load(g, FAR + MIB));
		prepare_load(g, FAR + MIB + PAGE);
		vp_run_until(&g->vp, HVX_MSG_UNMAPPED_GPA);
		ASSERT_EQ(0, region_map(g->vm.fd, FAR, 2 * MIB, memory, MAP_RWX));
		EXPECT_EQ(0x11111111, load(g, FAR));
		EXPECT_NE(0x11111111, load(g, FAR + MIB));
		write_msr(g, variant->msr, 0);
		EXPECT_EQ(0x11111111, load(g, FAR + MIB));
		ASSERT_EQ(0, region_unmap(g->vm.fd, FAR, 2 * MIB, memory));
	}
	munmap(memory, 2 * MIB);
}

/* It goes with its partition. */
TEST(accounts_close)
{
	struct accounts before;
	struct guest g;

	NEED_FEATURES();
	if (!ctl_present())
		SKIP(return, "no control port");
	accounts_read(&before);
	synthetic_init(&g);
	write_msr(&g, HVX_MSR_GUEST_OS_ID, 1);
	write_msr(&g, HVX_MSR_HYPERCALL, PLACE | ENABLE);
	write_msr(&g, HVX_MSR_SIMP, PLACE | ENABLE);
	write_msr(&g, HVX_MSR_SIEFP, OTHER_PLACE | ENABLE);
	write_msr(&g, HVX_MSR_REFERENCE_TSC, NOWHERE | ENABLE);
	write_msr(&g, HVX_MSR_VP_ASSIST_PAGE, (NOWHERE + GIB) | ENABLE);
	guest_free(&g);
	EXPECT_EQ(0, accounts_open(&before));
}

/* One is seen, which of them is the hypervisor's choice; then the other. */
TEST(two_at_one_place)
{
	struct guest g;
	u32 simp, siefp;

	NEED_FEATURES();
	synthetic_init(&g);
	write_msr(&g, HVX_MSR_SIMP, PLACE | ENABLE);
	store(&g, PLACE, 1);
	write_msr(&g, HVX_MSR_SIMP, 0);
	write_msr(&g, HVX_MSR_SIEFP, PLACE | ENABLE);
	store(&g, PLACE, 2);
	write_msr(&g, HVX_MSR_SIMP, PLACE | ENABLE);
	siefp = load(&g, PLACE);
	EXPECT_TRUE(siefp == 1 || siefp == 2);
	write_msr(&g, HVX_MSR_SIEFP, 0);
	simp = load(&g, PLACE);
	EXPECT_EQ(1, simp);
	write_msr(&g, HVX_MSR_SIEFP, PLACE | ENABLE);
	write_msr(&g, HVX_MSR_SIMP, 0);
	EXPECT_EQ(2, load(&g, PLACE));
	write_msr(&g, HVX_MSR_SIEFP, 0);
	EXPECT_EQ(PATTERN_WORD, load(&g, PLACE));
	EXPECT_TRUE(untouched(&g));
	guest_free(&g);
}

static void second_init(struct guest *g, struct guest *second)
{
	vp_init(&second->vp, &g->vm, 1);
	second->vm = g->vm;
	second->vp.vm = &g->vm;
}

/* All VPs see the overlays of each. */
TEST(other_processors_see_it)
{
	struct guest g, second;

	NEED_FEATURES();
	synthetic_init(&g);
	second_init(&g, &second);
	write_msr(&g, HVX_MSR_SIMP, PLACE | ENABLE);
	write_msr(&second, HVX_MSR_SIMP, OTHER_PLACE | ENABLE);
	store(&g, PLACE, 1);
	store(&second, OTHER_PLACE, 2);
	EXPECT_EQ(2, load(&g, OTHER_PLACE));
	EXPECT_EQ(1, load(&second, PLACE));
	write_msr(&second, HVX_MSR_SIMP, 0);
	EXPECT_EQ(PATTERN_WORD, load(&g, OTHER_PLACE));
	EXPECT_EQ(1, load(&second, PLACE));
	EXPECT_TRUE(untouched(&g));
	vp_free(&second.vp);
	guest_free(&g);
}

static u64 load_long(struct guest *g, u64 gpa)
{
	return load(g, gpa) | (u64)load(g, gpa + 4) << 32;
}

static u64 reference_time(const struct guest *g)
{
	u64 time;

	REQUIRE(!hv_get_property(g->vm.fd, HVX_PROP_REFERENCE_TIME, &time), "reference time");
	return time;
}

/* The page makes of the VP's counter what the time is at that moment. */
static bool keeps_time(struct guest *g)
{
	u64 scale = load_long(g, PLACE + offsetof(struct hvx_reference_tsc_page, scale));
	u64 offset = load_long(g, PLACE + offsetof(struct hvx_reference_tsc_page, offset));
	u64 before = reference_time(g), tsc = vp_get(&g->vp, HVX_REG_TSC);
	u64 time = ((__uint128_t)tsc * scale >> 64) + offset;
	u64 after = reference_time(g);

	if (load(g, PLACE) && time + 1 >= before && time <= after + 1)
		return true;
	ksft_print_msg("%llu is not between %llu and %llu\n", time, before, after);
	return false;
}

/*
 * VMMs set the counters of the VPs one after the other, in a second at most, and mean
 * that they are in step: the guest's timers are by the time that one page tells to all.
 */
TEST(reference_time_of_all_processors)
{
	struct guest g, second;

	NEED_FEATURES();
	synthetic_init(&g);
	second_init(&g, &second);
	write_msr(&g, HVX_MSR_REFERENCE_TSC, PLACE | ENABLE);
	EXPECT_TRUE(keeps_time(&g));
	EXPECT_TRUE(keeps_time(&second));
	vp_set(&g.vp, HVX_REG_TSC, 1ULL << 50);
	usleep(50000);
	vp_set(&second.vp, HVX_REG_TSC, 1ULL << 50);
	EXPECT_TRUE(keeps_time(&g));
	EXPECT_TRUE(keeps_time(&second));

	/* without a formula for both there is none */
	write_msr(&second, MSR_TSC, 0);
	EXPECT_EQ(0, load(&g, PLACE));
	vp_set(&second.vp, HVX_REG_TSC, vp_get(&g.vp, HVX_REG_TSC));
	EXPECT_TRUE(keeps_time(&g));
	EXPECT_TRUE(keeps_time(&second));
	vp_free(&second.vp);
	guest_free(&g);
}

static u32 call_hypervisor(struct guest *g, u64 page)
{
	vp_load(&g->vp, MODE_LONG, guest_call);
	vp_set(&g->vp, HVX_REG_RBX, page);
	vp_set(&g->vp, HVX_REG_RCX, HVX_CALL_NOTIFY_LONG_SPIN_WAIT | HVX_HYPERCALL_FAST);
	return vp_run_out(&g->vp, 0x83);
}

/* Only a guest that says what it is has a hypercall page. */
TEST(hypercall_page)
{
	struct guest g;

	NEED_FEATURES();
	synthetic_init(&g);
	write_msr(&g, HVX_MSR_HYPERCALL, PLACE | ENABLE);
	EXPECT_EQ(PATTERN_WORD, load(&g, PLACE));
	write_msr(&g, HVX_MSR_GUEST_OS_ID, 1);
	write_msr(&g, HVX_MSR_HYPERCALL, PLACE | ENABLE);
	EXPECT_EQ(HVX_STATUS_SUCCESS, call_hypervisor(&g, PLACE));
	write_msr(&g, HVX_MSR_HYPERCALL, NOWHERE | ENABLE);
	EXPECT_EQ(HVX_STATUS_SUCCESS, call_hypervisor(&g, NOWHERE));
	write_msr(&g, HVX_MSR_HYPERCALL, PLACE | ENABLE);
	EXPECT_NE(PATTERN_WORD, load(&g, PLACE));
	write_msr(&g, HVX_MSR_GUEST_OS_ID, 0);
	EXPECT_EQ(PATTERN_WORD, load(&g, PLACE));
	EXPECT_EQ(PLACE, vp_get(&g.vp, HVX_REG_HYPERCALL));
	EXPECT_TRUE(untouched(&g));
	guest_free(&g);
}

/* Nothing of an event can be written there: the processor gives up. */
TEST(stack_on_the_hypercall_page)
{
	struct guest g;

	NEED_FEATURES();
	synthetic_init(&g);
	write_msr(&g, HVX_MSR_GUEST_OS_ID, 1);
	write_msr(&g, HVX_MSR_HYPERCALL, PLACE | ENABLE);
	prepare_store(&g, PLACE, 0);
	vp_set(&g.vp, HVX_REG_RSP, PLACE + PAGE / 2);
	vp_run_until(&g.vp, HVX_MSG_UNRECOVERABLE_EXCEPTION);
	EXPECT_TRUE(untouched(&g));
	guest_free(&g);
}

/* A message gets into the page, wherever the guest has put it by then. */
TEST(messages_arrive)
{
	struct hvx_in_post_message_direct in = { .sint = 3 };
	struct hvx_message *m = (void *)in.message;
	struct guest g;

	NEED_FEATURES();
	m->type = 0x1234;
	m->payload_size = 8;
	m->payload[0] = 0xc0ffee;
	synthetic_init(&g);
	vp_set(&g.vp, HVX_REG_SCONTROL, HVX_SCONTROL_ENABLE);
	write_msr(&g, HVX_MSR_SIMP, PLACE | ENABLE);
	ASSERT_EQ(0, hvcall(g.vm.fd, HVX_CALL_POST_MESSAGE_DIRECT, &in, sizeof(in), NULL, 0));
	EXPECT_EQ(0x1234, load(&g, PLACE + 3 * HVX_MSG_SIZE));
	EXPECT_EQ(0xc0ffee, load(&g, PLACE + 3 * HVX_MSG_SIZE + 16));
	write_msr(&g, HVX_MSR_SIMP, OTHER_PLACE | ENABLE);
	EXPECT_EQ(0x1234, load(&g, OTHER_PLACE + 3 * HVX_MSG_SIZE));
	EXPECT_TRUE(untouched(&g));
	guest_free(&g);
}

/* The VMM learns that an address is not that of memory it has given. */
TEST(translation)
{
	struct mshv_translate_gva_result result;
	struct guest g;
	u64 gpa;

	NEED_FEATURES();
	synthetic_init(&g);
	if (!cap(g.vm.dev, MSHV_CAP_TRANSLATE_GVA))
		SKIP(return, "no MSHV_CAP_TRANSLATE_GVA");
	write_msr(&g, HVX_MSR_SIMP, PLACE | ENABLE);
	ASSERT_EQ(0, vp_translate(g.vp.fd, PLACE + 8, 0, &result, &gpa));
	EXPECT_EQ(HVX_TRANSLATE_SUCCESS, result.code);
	EXPECT_EQ(PLACE + 8, gpa);
	EXPECT_EQ(1, result.overlay);
	ASSERT_EQ(0, vp_translate(g.vp.fd, OTHER_PLACE, 0, &result, &gpa));
	EXPECT_EQ(0, result.overlay);
	/* page tables are looked for in memory only */
	vp_set(&g.vp, HVX_REG_CR3, PLACE);
	ASSERT_EQ(0, vp_translate(g.vp.fd, OTHER_PLACE, 0, &result, &gpa));
	EXPECT_EQ(HVX_TRANSLATE_ILLEGAL_OVERLAY, result.code);
	guest_free(&g);
}

TEST_HARNESS_MAIN
