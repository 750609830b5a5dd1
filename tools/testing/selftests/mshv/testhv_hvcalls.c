// SPDX-License-Identifier: GPL-2.0
/*
 * The test hypervisor's own hypercalls, issued past the driver through
 * /dev/testhv_hvcall (tools/testing/testhv/kmod). Without that module they skip:
 * nothing here concerns the driver.
 */
#include <sys/mman.h>

#include "mshv_util.h"
#include "testhv_hvcall.h"
#include "kselftest_harness.h"

#define REPS(n)		((u64)(n) << HVX_HYPERCALL_REP_COUNT_SHIFT)
#define START(n)	((u64)(n) << HVX_HYPERCALL_REP_START_SHIFT)
#define VARHDR(n)	((u64)(n) << HVX_HYPERCALL_VARHDR_SHIFT)
#define NO_ID		0x7777777700000123ULL

static int dev = -1;

const char *test_device = TESTHV_HVCALL_DEV;

#define DEV_OPEN() do {						\
	if (dev < 0)							\
		dev = open(TESTHV_HVCALL_DEV, O_RDWR | O_CLOEXEC);	\
	ASSERT_LE(0, dev);						\
} while (0)

static u64 hvc_full(u64 control, const void *in, u32 in_size, u32 in_off, void *out,
		    u32 out_size, u32 out_off)
{
	struct testhv_hvcall c = {
		.control = control, .in = (u64)in, .out = (u64)out, .in_size = in_size,
		.out_size = out_size, .in_offset = in_off, .out_offset = out_off,
	};

	REQUIRE(!ioctl(dev, TESTHV_HVCALL, &c), "errno %d", errno);
	return c.result;
}

static u64 hvc(u64 control, const void *in, u32 in_size, void *out, u32 out_size)
{
	return hvc_full(control, in, in_size, 0, out, out_size, 0);
}

static u64 hvc_fast(u64 code, u64 a, u64 b)
{
	struct testhv_hvcall c = {
		.control = code | HVX_HYPERCALL_FAST, .in = a, .out = b,
		.flags = TESTHV_HVCALL_RAW_IN | TESTHV_HVCALL_RAW_OUT,
	};

	REQUIRE(!ioctl(dev, TESTHV_HVCALL, &c), "errno %d", errno);
	return c.result;
}

static u16 status_of(u64 result)
{
	return result & HVX_RESULT_STATUS_MASK;
}

static u16 reps_of(u64 result)
{
	return (result & HVX_RESULT_REPS_MASK) >> HVX_RESULT_REPS_SHIFT;
}

static void pages_alloc(u64 *pfns, u32 count, u32 order)
{
	struct testhv_pages p = { .count = count, .order = order, .pfns = (u64)pfns };

	REQUIRE(!ioctl(dev, TESTHV_PAGES, &p), "errno %d", errno);
}

static void *page_map(u64 pfn, size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, dev, pfn << 12);

	REQUIRE(p != MAP_FAILED, "errno %d", errno);
	return p;
}

/* Deposit @n pages, at most HVX_DEPOSIT_MAX_REPS. */
static void deposit_pages(u64 id, const u64 *pfns, unsigned int n)
{
	struct { u64 id, pfns[HVX_DEPOSIT_MAX_REPS]; } in = { .id = id };
	u64 r;

	memcpy(in.pfns, pfns, n * sizeof(*pfns));
	r = hvc(HVX_CALL_DEPOSIT_MEMORY | REPS(n), &in, 8 + 8 * n, NULL, 0);
	REQUIRE(!status_of(r) && reps_of(r) == n, "result %llx", r);
}

/* Deposit @n fresh pages. */
static void deposit(u64 id, unsigned int n)
{
	u64 pfns[HVX_DEPOSIT_MAX_REPS];

	while (n) {
		unsigned int now = n < HVX_DEPOSIT_MAX_REPS ? n : HVX_DEPOSIT_MAX_REPS;

		pages_alloc(pfns, now, 0);
		deposit_pages(id, pfns, now);
		n -= now;
	}
}

static unsigned int withdraw_all(u64 id)
{
	struct hvx_in_withdraw_memory in = { .partition_id = id };
	struct hvx_out_withdraw_memory out;
	unsigned int total = 0;
	u64 r;

	do {
		r = hvc(HVX_CALL_WITHDRAW_MEMORY | REPS(HVX_WITHDRAW_MAX_REPS), &in, sizeof(in),
			&out, sizeof(out));
		total += reps_of(r);
	} while (!status_of(r));
	REQUIRE(status_of(r) == HVX_STATUS_NO_RESOURCES, "result %llx", r);
	return total;
}

static u16 create(u64 flags, u64 *id)
{
	struct hvx_in_create_partition in = {
		.flags = flags, .compat_version = HVX_COMPATIBILITY_21H2,
	};
	struct hvx_out_create_partition out;
	u16 status;

	do {
		status = status_of(hvc(HVX_CALL_CREATE_PARTITION, &in, sizeof(in), &out,
				       sizeof(out)));
		if (status == HVX_STATUS_INSUFFICIENT_MEMORY)
			deposit(HVX_PARTITION_ID_SELF, 1);
	} while (status == HVX_STATUS_INSUFFICIENT_MEMORY);
	*id = out.partition_id;
	return status;
}

static u16 initialize(u64 id)
{
	return status_of(hvc_fast(HVX_CALL_INITIALIZE_PARTITION, id, 0));
}

static u16 finalize(u64 id)
{
	return status_of(hvc_fast(HVX_CALL_FINALIZE_PARTITION, id, 0));
}

static u16 delete(u64 id)
{
	return status_of(hvc_fast(HVX_CALL_DELETE_PARTITION, id, 0));
}

static u16 create_vp(u64 id, u32 index)
{
	struct hvx_in_create_vp in = { .partition_id = id, .vp_index = index };

	return status_of(hvc(HVX_CALL_CREATE_VP, &in, sizeof(in), NULL, 0));
}

/* What nobody looks at. */
#define PADDING	0x0badcafe

static u64 map_gpa(u64 id, u64 gpa_page, u32 flags, const u64 *pfns, unsigned int n)
{
	struct { struct hvx_in_map_gpa_pages h; u64 pfns[HVX_MAP_GPA_MAX_REPS]; } in = {
		.h = { .partition_id = id, .gpa_base = gpa_page, .flags = flags,
		       .rsvd = PADDING },
	};

	if (pfns)
		memcpy(in.pfns, pfns, n * sizeof(*pfns));
	return hvc(HVX_CALL_MAP_GPA_PAGES | REPS(n), &in, sizeof(in.h) + 8 * n, NULL, 0);
}

static u64 unmap_gpa(u64 id, u64 gpa_page, u32 flags, unsigned int n)
{
	struct hvx_in_unmap_gpa_pages in = {
		.partition_id = id, .gpa_base = gpa_page, .flags = flags, .rsvd = PADDING,
	};

	return hvc(HVX_CALL_UNMAP_GPA_PAGES | REPS(n), &in, sizeof(in), NULL, 0);
}

static u16 set_reg(u64 id, u32 vp, u32 name, union hvx_value v)
{
	struct { struct hvx_in_vp_registers h; struct hvx_register r; } in = {
		.h = { .partition_id = id, .vp_index = vp },
		.r = { .name = name, .value = v },
	};

	return status_of(hvc(HVX_CALL_SET_VP_REGISTERS | REPS(1), &in, sizeof(in), NULL, 0));
}

static u16 set_reg64(u64 id, u32 vp, u32 name, u64 val)
{
	return set_reg(id, vp, name, (union hvx_value){ .u64 = val });
}

static union hvx_value get_reg(u64 id, u32 vp, u32 name)
{
	struct { struct hvx_in_vp_registers h; u32 name; } in = {
		.h = { .partition_id = id, .vp_index = vp }, .name = name,
	};
	union hvx_value v;
	u64 r = hvc(HVX_CALL_GET_VP_REGISTERS | REPS(1), &in, sizeof(in.h) + 4, &v, sizeof(v));

	REQUIRE(!status_of(r), "register %x: %llx", name, r);
	return v;
}

static u16 map_state_page_at(u64 id, u32 vp, u16 type, u8 flags, u64 location, u64 *pfn)
{
	struct hvx_in_map_vp_state_page in = {
		.partition_id = id, .vp_index = vp, .type = type, .flags = flags,
		.location = location,
	};
	struct hvx_out_map_vp_state_page out;
	u16 status = status_of(hvc(HVX_CALL_MAP_VP_STATE_PAGE, &in, sizeof(in), &out,
				   sizeof(out)));

	*pfn = out.pfn;
	return status;
}

static u16 unmap_state_page(u64 id, u32 vp, u16 type)
{
	struct hvx_in_unmap_vp_state_page in = {
		.partition_id = id, .vp_index = vp, .type = type,
	};

	return status_of(hvc(HVX_CALL_UNMAP_VP_STATE_PAGE, &in, sizeof(in), NULL, 0));
}

static bool provides_pages(void)
{
	struct ctl_info info;

	ctl_info(&info);
	return info.overlay;
}

static void *map_state_page(u64 id, u32 vp, u16 type)
{
	bool provide = provides_pages();
	u64 pfn = 0;
	u16 status;

	if (provide)
		pages_alloc(&pfn, 1, 0);
	status = map_state_page_at(id, vp, type, provide ? HVX_STATE_PAGE_LOCATION_PROVIDED : 0,
				   pfn, &pfn);
	REQUIRE(!status, "status %x", status);
	return page_map(pfn, HVX_PAGE_SIZE);
}

static struct hvx_out_dispatch_vp dispatch(u64 id, u32 vp, u32 flags)
{
	struct hvx_in_dispatch_vp in = { .partition_id = id, .vp_index = vp, .flags = flags };
	struct hvx_out_dispatch_vp out;
	u64 r;

	do {
		r = hvc(HVX_CALL_DISPATCH_VP, &in, sizeof(in), &out, sizeof(out));
		REQUIRE(!status_of(r), "result %llx", r);
		in.flags = 0;
	} while (out.state == HVX_DISPATCH_STATE_READY &&
		 out.event == HVX_DISPATCH_EVENT_INVALID);
	return out;
}

/* A partition with one page of RAM at GPA 0x1000 and VP 0. */
struct raw_guest {
	u64 id;
	u64 pfn;
	u8 *ram;
	struct hvx_message *msg;
	struct hvx_register_page *regs;
};

static void raw_guest_init_privileged(struct raw_guest *g, u64 flags, u64 privileges)
{
	struct hvx_in_set_partition_property prop = {
		.code = HVX_PROP_PRIVILEGE_FLAGS, .value = privileges,
	};
	union hvx_value cs;

	REQUIRE(!create(flags | HVX_CREATE_INTERCEPT_MESSAGE_PAGE, &g->id), "create");
	prop.partition_id = g->id;
	REQUIRE(!status_of(hvc(HVX_CALL_SET_PARTITION_PROPERTY, &prop, sizeof(prop), NULL, 0)),
		"privileges");
	deposit(g->id, 64);
	REQUIRE(!initialize(g->id), "initialize");
	REQUIRE(!create_vp(g->id, 0), "create VP");
	pages_alloc(&g->pfn, 1, 0);
	g->ram = page_map(g->pfn, HVX_PAGE_SIZE);
	REQUIRE(!status_of(map_gpa(g->id, 1, 0xf, &g->pfn, 1)), "map");
	g->regs = map_state_page(g->id, 0, HVX_STATE_PAGE_REGISTERS);
	g->msg = map_state_page(g->id, 0, HVX_STATE_PAGE_INTERCEPT_MESSAGE);
	cs = get_reg(g->id, 0, HVX_REG_CS);
	cs.segment.base = 0;
	cs.segment.selector = 0;
	set_reg(g->id, 0, HVX_REG_CS, cs);
	set_reg64(g->id, 0, HVX_REG_RIP, 0x1000);
	set_reg64(g->id, 0, HVX_REG_RFLAGS, 2);
	set_reg64(g->id, 0, HVX_REG_EXPLICIT_SUSPEND, 0);
}

static void raw_guest_init(struct raw_guest *g, u64 flags)
{
	raw_guest_init_privileged(g, flags, 0);
}

static void raw_guest_free(struct raw_guest *g)
{
	munmap(g->ram, HVX_PAGE_SIZE);
	munmap(g->regs, HVX_PAGE_SIZE);
	munmap(g->msg, HVX_PAGE_SIZE);
	REQUIRE(!finalize(g->id), "finalize");
	REQUIRE(withdraw_all(g->id) == 64, "pages are missing");
	REQUIRE(!delete(g->id), "delete");
}

/* The argument checks in front of all calls */

TEST(unknown_codes)
{
	DEV_OPEN();
	EXPECT_EQ(HVX_STATUS_INVALID_HYPERCALL_CODE, status_of(hvc(0, NULL, 0, NULL, 0)));
	EXPECT_EQ(HVX_STATUS_INVALID_HYPERCALL_CODE, status_of(hvc(0x3333, NULL, 0, NULL, 0)));
	EXPECT_EQ(HVX_STATUS_INVALID_HYPERCALL_CODE, status_of(hvc(0xffff, NULL, 0, NULL, 0)));
}

TEST(control_word)
{
	struct hvx_in_partition in = { NO_ID };
	struct { u64 id, pfn; } dep = { NO_ID };
	unsigned int bit;

	DEV_OPEN();
	for (bit = 0; bit < 64; bit++)
		if (HVX_HYPERCALL_RSVD_MASK >> bit & 1)
			EXPECT_EQ(HVX_STATUS_INVALID_HYPERCALL_INPUT,
				  status_of(hvc(HVX_CALL_INITIALIZE_PARTITION | 1ULL << bit,
						&in, sizeof(in), NULL, 0)));
	/* simple calls have neither reps nor a variable header */
	EXPECT_EQ(HVX_STATUS_INVALID_HYPERCALL_INPUT,
		  status_of(hvc(HVX_CALL_INITIALIZE_PARTITION | REPS(1), &in, 8, NULL, 0)));
	EXPECT_EQ(HVX_STATUS_INVALID_HYPERCALL_INPUT,
		  status_of(hvc(HVX_CALL_INITIALIZE_PARTITION | START(1), &in, 8, NULL, 0)));
	EXPECT_EQ(HVX_STATUS_INVALID_HYPERCALL_INPUT,
		  status_of(hvc(HVX_CALL_INITIALIZE_PARTITION | VARHDR(1), &in, 8, NULL, 0)));
	/* rep calls have some, and start below their number */
	EXPECT_EQ(HVX_STATUS_INVALID_HYPERCALL_INPUT,
		  status_of(hvc(HVX_CALL_DEPOSIT_MEMORY, &dep, 16, NULL, 0)));
	EXPECT_EQ(HVX_STATUS_INVALID_HYPERCALL_INPUT,
		  status_of(hvc(HVX_CALL_DEPOSIT_MEMORY | REPS(1) | START(1), &dep, 16,
				NULL, 0)));
	EXPECT_EQ(HVX_STATUS_INVALID_HYPERCALL_INPUT,
		  status_of(hvc(HVX_CALL_DEPOSIT_MEMORY | REPS(512), &dep, 16, NULL, 0)));
	/* not every call may be fast */
	EXPECT_EQ(HVX_STATUS_INVALID_HYPERCALL_INPUT,
		  status_of(hvc_fast(HVX_CALL_CREATE_PARTITION, 0, 0)));
}

TEST(parameter_lists)
{
	struct hvx_in_get_partition_property in = {
		.partition_id = HVX_PARTITION_ID_SELF, .code = HVX_PROP_PROCESSOR_FEATURES0,
	};
	struct testhv_hvcall raw = { .control = HVX_CALL_GET_PARTITION_PROPERTY };
	u64 val;

	DEV_OPEN();
	EXPECT_EQ(0, status_of(hvc(HVX_CALL_GET_PARTITION_PROPERTY, &in, sizeof(in), &val, 8)));
	EXPECT_EQ(HVX_STATUS_INVALID_ALIGNMENT,
		  status_of(hvc_full(HVX_CALL_GET_PARTITION_PROPERTY, &in, sizeof(in), 4, &val,
				     8, 0)));
	EXPECT_EQ(HVX_STATUS_INVALID_ALIGNMENT,
		  status_of(hvc_full(HVX_CALL_GET_PARTITION_PROPERTY, &in, sizeof(in), 0, &val,
				     4, 12)));
	/* up to the last byte of the page, but not beyond */
	EXPECT_EQ(0, status_of(hvc_full(HVX_CALL_GET_PARTITION_PROPERTY, &in, sizeof(in),
					4096 - sizeof(in), &val, 8, 4088)));
	EXPECT_NE(0, status_of(hvc_full(HVX_CALL_GET_PARTITION_PROPERTY, &in, 8, 4088, &val,
					8, 0)));
	/* where there is no memory, and memory of the hypervisor */
	raw.flags = TESTHV_HVCALL_RAW_IN;
	raw.in = 0xffffffff000ULL;
	raw.out = (u64)&val;
	raw.out_size = 8;
	ASSERT_EQ(0, ioctl(dev, TESTHV_HVCALL, &raw));
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER, status_of(raw.result));
}

/* Life cycle */

TEST(partition_states)
{
	struct hvx_in_create_partition in = { .compat_version = HVX_COMPATIBILITY_21H2 };
	u64 id, stale;

	DEV_OPEN();
	in.flags = 1ULL << 40;
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER,
		  status_of(hvc(HVX_CALL_CREATE_PARTITION, &in, sizeof(in), &id, 8)));
	in.flags = HVX_CREATE_X2APIC;
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER,
		  status_of(hvc(HVX_CALL_CREATE_PARTITION, &in, sizeof(in), &id, 8)));

	ASSERT_EQ(0, create(HVX_CREATE_LAPIC, &id));
	stale = id;
	EXPECT_EQ(HVX_STATUS_INSUFFICIENT_MEMORY, initialize(id));
	EXPECT_EQ(HVX_STATUS_INVALID_PARTITION_STATE, create_vp(id, 0));
	EXPECT_EQ(HVX_STATUS_INVALID_PARTITION_STATE, finalize(id));
	deposit(id, 2);
	EXPECT_EQ(0, initialize(id));
	EXPECT_EQ(HVX_STATUS_INVALID_PARTITION_STATE, initialize(id));
	EXPECT_EQ(HVX_STATUS_INVALID_PARTITION_STATE, delete(id));
	EXPECT_EQ(HVX_STATUS_INSUFFICIENT_MEMORY, create_vp(id, 0));
	deposit(id, 8);
	EXPECT_EQ(0, create_vp(id, 0));
	EXPECT_EQ(HVX_STATUS_INVALID_VP_INDEX, create_vp(id, 0));
	EXPECT_EQ(0, finalize(id));
	EXPECT_EQ(HVX_STATUS_INVALID_PARTITION_STATE, finalize(id));
	EXPECT_EQ(HVX_STATUS_INVALID_PARTITION_STATE, create_vp(id, 1));
	/* what was deposited must be taken back first */
	EXPECT_EQ(HVX_STATUS_INVALID_PARTITION_STATE, delete(id));
	EXPECT_EQ(10, withdraw_all(id));
	EXPECT_EQ(0, delete(id));
	EXPECT_EQ(HVX_STATUS_INVALID_PARTITION_ID, initialize(stale));

	/* uninitialized ones can be deleted, and ids are not used again */
	ASSERT_EQ(0, create(0, &id));
	EXPECT_NE(stale, id);
	EXPECT_EQ(0, delete(id));
}

/* Memory */

TEST(deposits)
{
	struct { u64 id, pfns[3]; } in;
	u64 id, r;

	DEV_OPEN();
	ASSERT_EQ(0, create(0, &id));
	in.id = id;
	pages_alloc(in.pfns, 1, 0);
	in.pfns[1] = in.pfns[0];	/* the same page twice */
	r = hvc(HVX_CALL_DEPOSIT_MEMORY | REPS(2), &in, 24, NULL, 0);
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER, status_of(r));
	EXPECT_EQ(1, reps_of(r));
	in.pfns[0] = 1ULL << 60;	/* no such page */
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER,
		  status_of(hvc(HVX_CALL_DEPOSIT_MEMORY | REPS(1), &in, 16, NULL, 0)));
	EXPECT_EQ(1, withdraw_all(id));
	EXPECT_EQ(0, withdraw_all(id));
	EXPECT_EQ(0, delete(id));
}

TEST(guest_memory)
{
	u64 id, pfns[4], big, r;
	struct { u64 id, pfn; } dep;

	DEV_OPEN();
	ASSERT_EQ(0, create(0, &id));
	deposit(id, 16);
	pages_alloc(pfns, 4, 0);
	EXPECT_EQ(HVX_STATUS_INVALID_PARTITION_STATE, status_of(map_gpa(id, 0, 1, pfns, 1)));
	ASSERT_EQ(0, initialize(id));
	EXPECT_EQ(0, status_of(map_gpa(id, 0, 0xf, pfns, 4)));
	/* flags that make no sense */
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER, status_of(map_gpa(id, 0, 0, pfns, 1)));
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER, status_of(map_gpa(id, 0, 2, pfns, 1)));
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER, status_of(map_gpa(id, 0, 0x11, pfns, 1)));
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER,
		  status_of(map_gpa(id, 0, HVX_MAP_NO_ACCESS | 1, pfns, 1)));
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER, status_of(unmap_gpa(id, 0, 1, 1)));
	/* guest addresses that do not exist */
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER, status_of(map_gpa(id, 1ULL << 52, 1, pfns, 1)));
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER, status_of(map_gpa(id, ~0ULL, 1, pfns, 1)));
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER, status_of(unmap_gpa(id, ~0ULL, 0, 2)));
	/* a mapped page can't be deposited, a deposited page can't be mapped */
	dep.id = id;
	dep.pfn = pfns[0];
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER,
		  status_of(hvc(HVX_CALL_DEPOSIT_MEMORY | REPS(1), &dep, 16, NULL, 0)));
	EXPECT_EQ(0, status_of(unmap_gpa(id, 0, 0, 4)));
	EXPECT_EQ(0, status_of(hvc(HVX_CALL_DEPOSIT_MEMORY | REPS(1), &dep, 16, NULL, 0)));
	r = map_gpa(id, 7, 1, (u64[]){ pfns[1], pfns[0] }, 2);
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER, status_of(r));
	EXPECT_EQ(1, reps_of(r));
	/* large pages: aligned on both sides; splitting and joining them */
	pages_alloc(&big, 1, 9);
	EXPECT_EQ(0, status_of(map_gpa(id, 0x200, HVX_MAP_LARGE_PAGE | 0xf, &big, 1)));
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER,
		  status_of(map_gpa(id, 0x201, HVX_MAP_LARGE_PAGE | 0xf, &big, 1)));
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER,
		  status_of(map_gpa(id, 0x400, HVX_MAP_LARGE_PAGE | 0xf, pfns + 1, 1)));
	EXPECT_EQ(0, status_of(unmap_gpa(id, 0x200, 0, 1)));
	EXPECT_EQ(0, status_of(map_gpa(id, 0x200, HVX_MAP_LARGE_PAGE | 0xf, &big, 1)));
	EXPECT_EQ(0, status_of(map_gpa(id, 0x210, HVX_MAP_NO_ACCESS, NULL, 4)));
	EXPECT_EQ(0, status_of(unmap_gpa(id, 0x200, HVX_UNMAP_LARGE_PAGE, 1)));
	EXPECT_EQ(0, finalize(id));
	EXPECT_EQ(17, withdraw_all(id));
	EXPECT_EQ(0, delete(id));
}

/* VPs */

#define SKIP_UNLESS_ROOT_SCHEDULES() do {				\
	if (hypervisor_schedules())					\
		SKIP(return, "the hypervisor schedules");		\
} while (0)

/* There is one who decides which VP runs. */
TEST(no_dispatch_beside_a_scheduler)
{
	struct hvx_in_dispatch_vp in = { 0 };
	struct hvx_out_dispatch_vp out;
	u64 r;

	if (!hypervisor_schedules())
		SKIP(return, "the root schedules");
	DEV_OPEN();
	ASSERT_EQ(0, create(0, &in.partition_id));
	deposit(in.partition_id, 16);
	ASSERT_EQ(0, initialize(in.partition_id));
	ASSERT_EQ(0, create_vp(in.partition_id, 0));
	r = hvc(HVX_CALL_DISPATCH_VP, &in, sizeof(in), &out, sizeof(out));
	EXPECT_EQ(HVX_STATUS_OPERATION_DENIED, status_of(r));
	EXPECT_EQ(0, finalize(in.partition_id));
	EXPECT_EQ(16, withdraw_all(in.partition_id));
	EXPECT_EQ(0, delete(in.partition_id));
}

TEST(suspended_at_first)
{
	struct hvx_out_dispatch_vp out;
	u64 id;

	SKIP_UNLESS_ROOT_SCHEDULES();
	DEV_OPEN();
	ASSERT_EQ(0, create(HVX_CREATE_LAPIC, &id));
	deposit(id, 16);
	ASSERT_EQ(0, initialize(id));
	ASSERT_EQ(0, create_vp(id, 0));
	EXPECT_EQ(1, get_reg(id, 0, HVX_REG_EXPLICIT_SUSPEND).u64);
	EXPECT_EQ(0, get_reg(id, 0, HVX_REG_INTERCEPT_SUSPEND).u64);
	out = dispatch(id, 0, 0);
	EXPECT_EQ(HVX_DISPATCH_STATE_BLOCKED, out.state);
	EXPECT_EQ(HVX_DISPATCH_EVENT_SUSPEND, out.event);
	EXPECT_EQ(0, finalize(id));
	EXPECT_EQ(16, withdraw_all(id));
	EXPECT_EQ(0, delete(id));
}

TEST(port_exit)
{
	static const u8 code[] = {
		0xba, 0xf8, 0x03,	/* mov $0x3f8, %dx */
		0x00, 0xd8,		/* add %bl, %al */
		0x04, 0x30,		/* add $'0', %al */
		0xee,			/* out %al, %dx */
		0xb0, 0x00,		/* mov $0, %al */
		0xee,			/* out %al, %dx */
	};
	const struct hvx_msg_io_port *io;
	struct hvx_out_dispatch_vp out;
	struct raw_guest g;

	SKIP_UNLESS_ROOT_SCHEDULES();
	DEV_OPEN();
	raw_guest_init(&g, HVX_CREATE_LAPIC);
	memcpy(g.ram, code, sizeof(code));
	set_reg64(g.id, 0, HVX_REG_RAX, 2);
	set_reg64(g.id, 0, HVX_REG_RBX, 2);
	EXPECT_EQ(1, g.regs->version);
	EXPECT_EQ(1, g.regs->valid);
	EXPECT_EQ(0, g.regs->dirty);

	out = dispatch(g.id, 0, 0);
	EXPECT_EQ(HVX_DISPATCH_STATE_READY, out.state);
	EXPECT_EQ(HVX_DISPATCH_EVENT_INTERCEPT, out.event);
	ASSERT_EQ(HVX_MSG_X64_IO_PORT, g.msg->type);
	EXPECT_EQ(g.id, g.msg->sender);
	io = (const void *)g.msg->payload;
	EXPECT_EQ(0x3f8, io->port);
	EXPECT_EQ(1, io->access_info);
	EXPECT_EQ(HVX_ACCESS_WRITE, io->h.access_type);
	EXPECT_EQ(0x1007, io->h.rip);
	EXPECT_EQ(1, io->h.length_cr8 & 0xf);
	EXPECT_EQ(0x34, io->rax);
	EXPECT_EQ(0xee, io->bytes[0]);
	EXPECT_EQ(1, get_reg(g.id, 0, HVX_REG_INTERCEPT_SUSPEND).u64);

	g.regs->rip = 0x1008;
	g.regs->dirty = HVX_REGPAGE_IP;
	out = dispatch(g.id, 0, HVX_DISPATCH_CLEAR_INTERCEPT_SUSPEND);
	EXPECT_EQ(HVX_DISPATCH_EVENT_INTERCEPT, out.event);
	EXPECT_EQ(0, g.regs->dirty);
	EXPECT_EQ(0x100a, io->h.rip);
	EXPECT_EQ(0, io->rax);
	raw_guest_free(&g);
}

TEST(memory_exits)
{
	static const u8 code[] = {
		0xa1, 0x00, 0x30,	/* mov 0x3000, %ax: mapped, no access */
		0xa3, 0x00, 0x40,	/* mov %ax, 0x4000: never mapped */
	};
	const struct hvx_msg_memory *m;
	struct raw_guest g;

	SKIP_UNLESS_ROOT_SCHEDULES();
	DEV_OPEN();
	raw_guest_init(&g, HVX_CREATE_LAPIC);
	memcpy(g.ram, code, sizeof(code));
	m = (const void *)g.msg->payload;
	ASSERT_EQ(0, status_of(map_gpa(g.id, 3, HVX_MAP_NO_ACCESS, NULL, 1)));
	dispatch(g.id, 0, 0);
	EXPECT_EQ(HVX_MSG_GPA_INTERCEPT, g.msg->type);
	EXPECT_EQ(0x3000, m->gpa);
	EXPECT_EQ(0x3000, m->gva);
	EXPECT_EQ(HVX_MEM_GVA_VALID | HVX_MEM_GVA_GPA_VALID, m->access_info);
	EXPECT_EQ(HVX_ACCESS_READ, m->h.access_type);
	EXPECT_EQ(3, m->h.length_cr8 & 0xf);
	EXPECT_EQ(0, memcmp(m->bytes, code, sizeof(code)));

	set_reg64(g.id, 0, HVX_REG_RIP, 0x1003);
	dispatch(g.id, 0, HVX_DISPATCH_CLEAR_INTERCEPT_SUSPEND);
	EXPECT_EQ(HVX_MSG_UNMAPPED_GPA, g.msg->type);
	EXPECT_EQ(0x4000, m->gpa);
	EXPECT_EQ(HVX_ACCESS_WRITE, m->h.access_type);
	raw_guest_free(&g);
}

TEST(halt_and_wake)
{
	static const u8 code[] = {
		0xfb,			/* sti */
		0xf4,			/* hlt */
		0xe7, 0x10,		/* out %ax, $0x10 */
	};
	struct hvx_in_assert_interrupt in = {
		.type = HVX_INTERRUPT_EXTINT, .vector = 0x20,
	};
	struct hvx_out_dispatch_vp out;
	struct raw_guest g;
	u64 low;

	SKIP_UNLESS_ROOT_SCHEDULES();
	DEV_OPEN();
	/* without a local APIC a halt is the VMM's */
	raw_guest_init(&g, 0);
	memcpy(g.ram, code, sizeof(code));
	out = dispatch(g.id, 0, 0);
	EXPECT_EQ(HVX_DISPATCH_EVENT_INTERCEPT, out.event);
	EXPECT_EQ(HVX_MSG_X64_HALT, g.msg->type);
	raw_guest_free(&g);

	raw_guest_init(&g, HVX_CREATE_LAPIC);
	memcpy(g.ram, code, sizeof(code));
	/* an IRET at 0x1100 as the handler; IDT entry 0x20 of real mode */
	g.ram[0x100] = 0xcf;
	pages_alloc(&low, 1, 0);
	ASSERT_EQ(0, status_of(map_gpa(g.id, 0, 0xf, &low, 1)));
	*(u32 *)((u8 *)page_map(low, 4096) + 4 * 0x20) = 0x1100;
	set_reg64(g.id, 0, HVX_REG_RSP, 0x800);
	out = dispatch(g.id, 0, 0);
	EXPECT_EQ(HVX_DISPATCH_STATE_BLOCKED, out.state);
	EXPECT_EQ(HVX_DISPATCH_EVENT_INVALID, out.event);
	in.partition_id = g.id;
	ASSERT_EQ(0, status_of(hvc(HVX_CALL_ASSERT_VIRTUAL_INTERRUPT, &in, sizeof(in), NULL, 0)));
	out = dispatch(g.id, 0, 0);
	EXPECT_EQ(HVX_DISPATCH_EVENT_INTERCEPT, out.event);
	EXPECT_EQ(HVX_MSG_X64_IO_PORT, g.msg->type);
	raw_guest_free(&g);
}

TEST(triple_fault)
{
	static const u8 code[] = { 0x0f, 0x0b };	/* ud2 */
	union hvx_value idt = { .table = { .limit = 0 } };
	struct raw_guest g;

	SKIP_UNLESS_ROOT_SCHEDULES();
	DEV_OPEN();
	raw_guest_init(&g, HVX_CREATE_LAPIC);
	memcpy(g.ram, code, sizeof(code));
	set_reg(g.id, 0, HVX_REG_IDTR, idt);
	dispatch(g.id, 0, 0);
	EXPECT_EQ(HVX_MSG_UNRECOVERABLE_EXCEPTION, g.msg->type);
	raw_guest_free(&g);
}

/* Ports of the root, connections of the guest */

#define PORT		0x4711
#define CONNECTION	0x17
#define SINT		9	/* nobody's; it is masked */
#define INPUT		0x1800
#define SENDING		(HVX_PRIV_HYPERCALL_MSRS | HVX_PRIV_POST_MESSAGES | HVX_PRIV_SIGNAL_EVENTS)

static u16 create_port(u64 id, const struct hvx_port_info *info)
{
	struct hvx_in_create_port in = {
		.port_partition_id = HVX_PARTITION_ID_SELF, .port_id = PORT,
		.connection_partition_id = id, .info = *info,
	};
	u16 status;

	do {
		status = status_of(hvc(HVX_CALL_CREATE_PORT, &in, sizeof(in), NULL, 0));
		if (status == HVX_STATUS_INSUFFICIENT_MEMORY)
			deposit(HVX_PARTITION_ID_SELF, 1);
	} while (status == HVX_STATUS_INSUFFICIENT_MEMORY);
	return status;
}

static u16 connect_port(u64 id, u32 type)
{
	struct hvx_in_connect_port in = {
		.connection_partition_id = id, .connection_id = CONNECTION,
		.port_partition_id = HVX_PARTITION_ID_SELF, .port_id = PORT,
		.info.type = type,
	};

	return status_of(hvc(HVX_CALL_CONNECT_PORT, &in, sizeof(in), NULL, 0));
}

static u16 disconnect_port(u64 id)
{
	return status_of(hvc_fast(HVX_CALL_DISCONNECT_PORT, id, CONNECTION));
}

static u16 delete_port(void)
{
	return status_of(hvc_fast(HVX_CALL_DELETE_PORT, HVX_PARTITION_ID_SELF, PORT));
}

static void port_free(u64 id)
{
	REQUIRE(!disconnect_port(id), "disconnect");
	REQUIRE(!delete_port(), "delete port");
}

/* A guest in 32-bit protected mode that makes a hypercall and reports the result. */
static void caller_init(struct raw_guest *g, u64 privileges)
{
	static const u8 code[] = {
		0x0f, 0x01, 0xd9,	/* vmmcall */
		0xe7, 0x10,		/* out %eax, $0x10 */
	};
	u32 name;

	raw_guest_init_privileged(g, HVX_CREATE_LAPIC, privileges);
	memcpy(g->ram, code, sizeof(code));
	set_reg64(g->id, 0, HVX_REG_CR0, 0x11);
	for (name = HVX_REG_ES; name <= HVX_REG_DS; name++) {
		union hvx_value v = get_reg(g->id, 0, name);

		v.segment.base = 0;
		v.segment.limit = 0xffffffff;
		v.segment.attributes |= HVX_SEG_GRANULARITY | HVX_SEG_DEFAULT;
		set_reg(g->id, 0, name, v);
	}
	set_reg64(g->id, 0, HVX_REG_GUEST_OS_ID, 1);
	set_reg64(g->id, 0, HVX_REG_HYPERCALL, 0x5000 | HVX_MSR_PAGE_ENABLE);
}

static u16 call_from_guest(struct raw_guest *g, u64 control, u64 input)
{
	set_reg64(g->id, 0, HVX_REG_RIP, 0x1000);
	set_reg64(g->id, 0, HVX_REG_RAX, (u32)control);
	set_reg64(g->id, 0, HVX_REG_RDX, control >> 32);
	set_reg64(g->id, 0, HVX_REG_RCX, (u32)input);
	set_reg64(g->id, 0, HVX_REG_RBX, input >> 32);
	set_reg64(g->id, 0, HVX_REG_RSI, 0);
	set_reg64(g->id, 0, HVX_REG_RDI, 0);
	dispatch(g->id, 0, HVX_DISPATCH_CLEAR_INTERCEPT_SUSPEND);
	REQUIRE(g->msg->type == HVX_MSG_X64_IO_PORT, "message %x", g->msg->type);
	return ((const struct hvx_msg_io_port *)(const void *)g->msg->payload)->rax;
}

static u16 post_message(struct raw_guest *g, u32 connection, u32 type, u32 size)
{
	struct hvx_in_post_message in = {
		.connection_id = connection, .type = type, .payload_size = size,
		.payload = { 0xc0ffee, 0x600d, [29] = 0x1a57 },
	};

	memcpy(g->ram + (INPUT & 0xfff), &in, sizeof(in));
	return call_from_guest(g, HVX_CALL_POST_MESSAGE, INPUT);
}

static u16 signal_event(struct raw_guest *g, u32 connection, u16 flag)
{
	return call_from_guest(g, HVX_CALL_SIGNAL_EVENT | HVX_HYPERCALL_FAST,
			       connection | (u64)flag << 32);
}

TEST(ports_and_connections)
{
	struct hvx_port_info info = { .type = HVX_PORT_EVENT, .target_sint = SINT };
	struct raw_guest g;

	DEV_OPEN();
	raw_guest_init(&g, HVX_CREATE_LAPIC);
	/* flags: some, and all of them within the page */
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER, create_port(g.id, &info));
	info.base_flag = 2000;
	info.flag_count = 49;
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER, create_port(g.id, &info));
	info.flag_count = 48;
	info.target_sint = 16;
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER, create_port(g.id, &info));
	info.target_sint = SINT;
	info.target_vp = 4000;
	EXPECT_EQ(HVX_STATUS_INVALID_VP_INDEX, create_port(g.id, &info));
	info.target_vp = 0;
	info.type = HVX_PORT_MONITOR;
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER, create_port(g.id, &info));
	info.type = HVX_PORT_EVENT;
	EXPECT_EQ(0, create_port(g.id, &info));
	EXPECT_EQ(HVX_STATUS_INVALID_PORT_ID, create_port(g.id, &info));
	/* both ends are of one type */
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER, connect_port(g.id, HVX_PORT_MESSAGE));
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER, connect_port(g.id, HVX_PORT_DOORBELL));
	EXPECT_EQ(0, connect_port(g.id, HVX_PORT_EVENT));
	EXPECT_EQ(HVX_STATUS_INVALID_CONNECTION_ID, connect_port(g.id, HVX_PORT_EVENT));
	EXPECT_EQ(HVX_STATUS_OPERATION_DENIED, delete_port());
	port_free(g.id);
	EXPECT_EQ(HVX_STATUS_INVALID_PORT_ID, delete_port());
	raw_guest_free(&g);
}

TEST(messages_of_a_guest)
{
	struct hvx_port_info info = { .type = HVX_PORT_MESSAGE, .target_sint = SINT };
	struct hvx_message *slot;
	u64 messages, flags;
	struct raw_guest g;

	SKIP_UNLESS_ROOT_SCHEDULES();
	DEV_OPEN();
	ctl_synic(0, &messages, &flags);
	slot = (struct hvx_message *)page_map(messages, HVX_PAGE_SIZE) + SINT;
	/* The kernel has no use for this SINT, and leaves a message that was forged. */
	WRITE_ONCE(slot->type, HVX_MSG_NONE);
	caller_init(&g, SENDING);
	EXPECT_EQ(HVX_STATUS_INVALID_CONNECTION_ID, post_message(&g, CONNECTION, 1, 8));
	ASSERT_EQ(0, create_port(g.id, &info));
	ASSERT_EQ(0, connect_port(g.id, HVX_PORT_MESSAGE));
	EXPECT_EQ(HVX_STATUS_INVALID_CONNECTION_ID, post_message(&g, CONNECTION + 1, 1, 8));
	/* types of the hypervisor's own, and none; more than a slot holds */
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER, post_message(&g, CONNECTION, 0, 8));
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER,
		  post_message(&g, CONNECTION, HVX_MSG_X64_IO_PORT, 8));
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER, post_message(&g, CONNECTION, 1, 241));
	EXPECT_EQ(HVX_STATUS_INVALID_PORT_ID, signal_event(&g, CONNECTION, 0));
	ASSERT_EQ(HVX_MSG_NONE, READ_ONCE(slot->type));

	/* what is beyond the payload's size does not come along */
	EXPECT_EQ(0, post_message(&g, CONNECTION, 0x7fffffff, 8));
	EXPECT_EQ(0x7fffffff, READ_ONCE(slot->type));
	EXPECT_EQ(8, slot->payload_size);
	EXPECT_EQ(PORT, slot->sender);
	EXPECT_EQ(0xc0ffee, slot->payload[0]);
	EXPECT_EQ(0, slot->payload[1]);
	WRITE_ONCE(slot->type, HVX_MSG_NONE);
	EXPECT_EQ(0, post_message(&g, CONNECTION, 1, 240));
	EXPECT_EQ(240, slot->payload_size);
	EXPECT_EQ(0x600d, slot->payload[1]);
	EXPECT_EQ(0x1a57, slot->payload[29]);
	WRITE_ONCE(slot->type, HVX_MSG_NONE);
	port_free(g.id);
	raw_guest_free(&g);
}

TEST(events_of_a_guest)
{
	struct hvx_port_info info = {
		.type = HVX_PORT_EVENT, .target_sint = SINT, .base_flag = 100, .flag_count = 20,
	};
	u64 messages, flags;
	struct raw_guest g;
	u8 *bits;

	SKIP_UNLESS_ROOT_SCHEDULES();
	DEV_OPEN();
	ctl_synic(0, &messages, &flags);
	bits = ((struct hvx_event_flags_page *)page_map(flags, HVX_PAGE_SIZE))->sint[SINT];
	caller_init(&g, SENDING);
	ASSERT_EQ(0, create_port(g.id, &info));
	ASSERT_EQ(0, connect_port(g.id, HVX_PORT_EVENT));
	EXPECT_EQ(HVX_STATUS_INVALID_CONNECTION_ID, signal_event(&g, CONNECTION + 1, 0));
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER, signal_event(&g, CONNECTION, 20));
	EXPECT_EQ(HVX_STATUS_INVALID_PORT_ID, post_message(&g, CONNECTION, 1, 8));
	EXPECT_EQ(0, signal_event(&g, CONNECTION, 0));
	EXPECT_EQ(0, signal_event(&g, CONNECTION, 19));
	EXPECT_EQ(0, signal_event(&g, CONNECTION, 19));
	EXPECT_EQ(1 << 100 % 8, READ_ONCE(bits[100 / 8]));
	EXPECT_EQ(1 << 119 % 8, READ_ONCE(bits[119 / 8]));
	WRITE_ONCE(bits[100 / 8], 0);
	WRITE_ONCE(bits[119 / 8], 0);
	port_free(g.id);
	raw_guest_free(&g);
}

TEST(senders_need_privileges)
{
	struct raw_guest g;

	SKIP_UNLESS_ROOT_SCHEDULES();
	DEV_OPEN();
	caller_init(&g, HVX_PRIV_HYPERCALL_MSRS);
	EXPECT_EQ(HVX_STATUS_ACCESS_DENIED, post_message(&g, CONNECTION, 1, 8));
	EXPECT_EQ(HVX_STATUS_ACCESS_DENIED, signal_event(&g, CONNECTION, 0));
	raw_guest_free(&g);
}

/*
 * Places for pages: pages of one's own that are not in use otherwise, and only for
 * as long as the page is mapped.
 */
TEST(places_for_pages)
{
	const u8 provided = HVX_STATE_PAGE_LOCATION_PROVIDED;
	const u16 regs = HVX_STATE_PAGE_REGISTERS, msg = HVX_STATE_PAGE_INTERCEPT_MESSAGE;
	struct ctl_info info;
	struct raw_guest g;
	u64 place, pfn;
	u32 *p;

	DEV_OPEN();
	ctl_info(&info);
	raw_guest_init(&g, 0);
	pages_alloc(&place, 1, 0);
	p = page_map(place, HVX_PAGE_SIZE);
	*p = 0x600d600d;
	ASSERT_EQ(0, unmap_state_page(g.id, 0, regs));
	if (!info.overlay) {
		EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER,
			  map_state_page_at(g.id, 0, regs, provided, place, &pfn));
		SKIP(goto out, "this hypervisor chooses the places");
	}
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER,
		  map_state_page_at(g.id, 0, regs, 0, place, &pfn));
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER,
		  map_state_page_at(g.id, 0, regs, provided | 2, place, &pfn));
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER,
		  map_state_page_at(g.id, 0, regs, provided, 1ULL << 40, &pfn));
	/* the guest's */
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER,
		  map_state_page_at(g.id, 0, regs, provided, g.pfn, &pfn));
	EXPECT_EQ(info.l1vh ? HVX_STATUS_INVALID_PARAMETER : 0,
		  map_state_page_at(g.id, 0, regs, 0, 0, &pfn));
	if (!info.l1vh)
		EXPECT_EQ(0, unmap_state_page(g.id, 0, regs));

	ASSERT_EQ(0, map_state_page_at(g.id, 0, regs, provided, place, &pfn));
	EXPECT_EQ(place, pfn);
	EXPECT_EQ(TESTHV_PAGE_COVERED, ctl_page(place));
	EXPECT_NE(0x600d600d, *p);
	/* once more is no error, elsewhere is, and so is another page in its place */
	EXPECT_EQ(0, map_state_page_at(g.id, 0, regs, provided, place, &pfn));
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER,
		  map_state_page_at(g.id, 0, regs, provided, g.pfn, &pfn));
	ASSERT_EQ(0, unmap_state_page(g.id, 0, msg));
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER,
		  map_state_page_at(g.id, 0, msg, provided, place, &pfn));
	/* it is not for a guest now */
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER, status_of(map_gpa(g.id, 2, 0xf, &place, 1)));
	ASSERT_EQ(0, unmap_state_page(g.id, 0, regs));
	EXPECT_EQ(TESTHV_PAGE_ROOT, ctl_page(place));
	EXPECT_EQ(0x600d600d, *p);
out:
	munmap(p, HVX_PAGE_SIZE);
	raw_guest_free(&g);
}

static u16 map_stats_at(u64 id, u8 area, u64 location)
{
	struct hvx_in_map_stats_page2 in = {
		.page = { .type = HVX_STATS_VP, .id = { .partition_id = id, .area = area } },
		.location = location,
	};

	return status_of(hvc(HVX_CALL_MAP_STATS_PAGE2, &in, sizeof(in), NULL, 0));
}

static u16 unmap_stats(u64 id, u8 area)
{
	struct hvx_in_stats_page in = {
		.type = HVX_STATS_VP, .id = { .partition_id = id, .area = area },
	};

	return status_of(hvc(HVX_CALL_UNMAP_STATS_PAGE, &in, sizeof(in), NULL, 0));
}

TEST(places_for_statistics)
{
	struct raw_guest g;
	u64 place;

	DEV_OPEN();
	raw_guest_init(&g, 0);
	pages_alloc(&place, 1, 0);
	deposit(HVX_PARTITION_ID_SELF, 2);
	if (!provides_pages()) {
		EXPECT_EQ(HVX_STATUS_INVALID_HYPERCALL_CODE, map_stats_at(g.id, 0, place));
	} else {
		EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER, map_stats_at(g.id, 0, g.pfn));
		EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER, map_stats_at(g.id, 2, place));
		EXPECT_EQ(0, map_stats_at(g.id, 0, place));
		EXPECT_EQ(TESTHV_PAGE_COVERED, ctl_page(place));
		EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER, map_stats_at(g.id, 1, place));
		EXPECT_EQ(0, unmap_stats(g.id, 0));
		EXPECT_EQ(HVX_STATUS_NOT_FOUND, unmap_stats(g.id, 0));
		EXPECT_EQ(TESTHV_PAGE_ROOT, ctl_page(place));
		/* what is left goes with the partition */
		EXPECT_EQ(0, map_stats_at(g.id, 1, place));
	}
	raw_guest_free(&g);
	EXPECT_EQ(TESTHV_PAGE_ROOT, ctl_page(place));
}

/* Maps such a page of the caller's own partition: where the hypervisor has it or at @place. */
static u16 map_own_stats(u32 type, u32 vp, u8 area, u64 place, u64 *pfn)
{
	struct hvx_in_map_stats_page2 in = {
		.page = { .type = type,
			  .id = { HVX_PARTITION_ID_SELF, .vp_index = vp, .area = area } },
		.location = place,
	};
	struct hvx_out_map_stats_page out = { place };
	u16 status;

	if (provides_pages())
		status = status_of(hvc(HVX_CALL_MAP_STATS_PAGE2, &in, sizeof(in), NULL, 0));
	else
		status = status_of(hvc(HVX_CALL_MAP_STATS_PAGE, &in.page, sizeof(in.page), &out,
				       sizeof(out)));
	*pfn = out.pfn;
	return status;
}

static u16 unmap_own_stats(u32 type, u32 vp, u8 area)
{
	struct hvx_in_stats_page in = {
		.type = type, .id = { HVX_PARTITION_ID_SELF, .vp_index = vp, .area = area },
	};

	return status_of(hvc(HVX_CALL_UNMAP_STATS_PAGE, &in, sizeof(in), NULL, 0));
}

/* It has them for debugfs, and would lose them. */
#define NOT_MAPPED_BY_MAINLINE() do {						\
	if (on_mainline())							\
		SKIP(return, "mainline's driver maps these pages when it is loaded");	\
} while (0)

/* The caller's own VPs: those of the root have statistics as all others. */
TEST(own_vp_statistics)
{
	const u64 mapped = ctl_account(TESTHV_ACCT_STATS_PAGES);
	u64 *counters;
	struct ctl_info info;
	u64 place, pfn, again, before;
	unsigned int i;

	NOT_MAPPED_BY_MAINLINE();
	DEV_OPEN();
	ctl_info(&info);
	pages_alloc(&place, 1, 0);
	deposit(HVX_PARTITION_ID_SELF, 2);
	EXPECT_EQ(HVX_STATUS_INVALID_VP_INDEX,
		  map_own_stats(HVX_STATS_VP, info.lps, HVX_STATS_AREA_SELF, place, &pfn));
	EXPECT_EQ(HVX_STATUS_INVALID_PARAMETER, map_own_stats(HVX_STATS_VP, 0, 2, place, &pfn));
	/* for its parent, which the root has none of */
	if (info.l1vh)
		EXPECT_EQ(HVX_STATUS_ACCESS_DENIED,
			  map_own_stats(HVX_STATS_VP, 0, HVX_STATS_AREA_PARENT, place, &pfn));
	ASSERT_EQ(0, map_own_stats(HVX_STATS_VP, 0, HVX_STATS_AREA_SELF, place, &pfn));
	EXPECT_EQ(0, map_own_stats(HVX_STATS_VP, 0, HVX_STATS_AREA_SELF, place, &again));
	EXPECT_EQ(pfn, again);
	EXPECT_EQ(mapped + 1, ctl_account(TESTHV_ACCT_STATS_PAGES));

	counters = page_map(pfn, HVX_PAGE_SIZE);
	pin_to_cpu(0);
	EXPECT_NE(0, READ_ONCE(counters[HVX_VP_COUNTER_MSR]));
	EXPECT_NE(0, READ_ONCE(counters[HVX_VP_COUNTER_CPUID]));
	before = READ_ONCE(counters[HVX_VP_COUNTER_HYPERCALLS]);
	for (i = 0; i < 16; i++)
		initialize(NO_ID);
	EXPECT_LE(before + 16, READ_ONCE(counters[HVX_VP_COUNTER_HYPERCALLS]));
	munmap(counters, HVX_PAGE_SIZE);

	EXPECT_EQ(0, unmap_own_stats(HVX_STATS_VP, 0, HVX_STATS_AREA_SELF));
	EXPECT_EQ(HVX_STATUS_NOT_FOUND, unmap_own_stats(HVX_STATS_VP, 0, HVX_STATS_AREA_SELF));
	EXPECT_EQ(mapped, ctl_account(TESTHV_ACCT_STATS_PAGES));
}

TEST(own_partition_statistics)
{
	const u64 mapped = ctl_account(TESTHV_ACCT_STATS_PAGES);
	u64 *counters;
	struct ctl_info info;
	u64 places[2], pfn;
	unsigned int area;

	NOT_MAPPED_BY_MAINLINE();
	DEV_OPEN();
	ctl_info(&info);
	pages_alloc(places, 2, 0);
	deposit(HVX_PARTITION_ID_SELF, 2);
	for (area = 0; area < 2; area++) {
		if (info.l1vh && area == HVX_STATS_AREA_PARENT) {
			EXPECT_EQ(HVX_STATUS_ACCESS_DENIED,
				  map_own_stats(HVX_STATS_PARTITION, 0, area, places[area], &pfn));
			continue;
		}
		ASSERT_EQ(0, map_own_stats(HVX_STATS_PARTITION, 0, area, places[area], &pfn));
		counters = page_map(pfn, HVX_PAGE_SIZE);
		EXPECT_EQ(info.lps, READ_ONCE(counters[HVX_PARTITION_COUNTER_VIRTUAL_PROCESSORS]));
		munmap(counters, HVX_PAGE_SIZE);
		EXPECT_EQ(0, unmap_own_stats(HVX_STATS_PARTITION, 0, area));
	}
	EXPECT_EQ(mapped, ctl_account(TESTHV_ACCT_STATS_PAGES));
}

/* What is the root's alone. */
TEST(the_machine)
{
	struct hvx_in_get_system_property prop = { .id = HVX_SYSPROP_SCHEDULER_TYPE };
	struct hvx_in_stats_page stats = { .type = HVX_STATS_HYPERVISOR };
	struct hvx_out_get_system_property value;
	struct hvx_out_map_stats_page page;
	struct ctl_info info;

	DEV_OPEN();
	ctl_info(&info);
	if (!info.l1vh)
		SKIP(return, "this is the root");
	EXPECT_EQ(HVX_STATUS_ACCESS_DENIED,
		  status_of(hvc(HVX_CALL_GET_SYSTEM_PROPERTY, &prop, sizeof(prop), &value,
				sizeof(value))));
	EXPECT_EQ(HVX_STATUS_ACCESS_DENIED,
		  status_of(hvc(HVX_CALL_MAP_STATS_PAGE, &stats, sizeof(stats), &page,
				sizeof(page))));
	EXPECT_EQ(HVX_STATUS_ACCESS_DENIED, create_vp(HVX_PARTITION_ID_SELF, 5));
}

/*
 * Hypercalls by chance. Two children are theirs; a third, which is the driver's, works
 * beside them. The numbers of pages are of pages that are ours: what the root gives away
 * it must not touch any more.
 *
 * Environment: MSHV_HYPERCALLS (default 3000), MSHV_HYPERCALLS_SEED.
 */
#define WORDS		(HVX_PAGE_SIZE / 8)
#define CHILDREN	2
#define CHILD_PAGES	64
#define OUR_PAGES	32

struct chance {
	u64 state, ids[CHILDREN], given[CHILDREN][CHILD_PAGES], pfns[OUR_PAGES], words[WORDS];
};

/* With the first word that is the number of a page; those after it are as well. */
static const struct {
	u16 code;
	u16 page;
} any_calls[] = {
	{ HVX_CALL_INITIALIZE_PARTITION, WORDS },
	{ HVX_CALL_FINALIZE_PARTITION, WORDS },
	{ HVX_CALL_GET_PARTITION_PROPERTY, WORDS },
	{ HVX_CALL_SET_PARTITION_PROPERTY, WORDS },
	{ HVX_CALL_DEPOSIT_MEMORY, 1 },
	{ HVX_CALL_WITHDRAW_MEMORY, WORDS },
	{ HVX_CALL_MAP_GPA_PAGES, 3 },
	{ HVX_CALL_UNMAP_GPA_PAGES, WORDS },
	{ HVX_CALL_INSTALL_INTERCEPT, WORDS },
	{ HVX_CALL_CREATE_VP, WORDS },
	{ HVX_CALL_DELETE_VP, WORDS },
	{ HVX_CALL_GET_VP_REGISTERS, WORDS },
	{ HVX_CALL_SET_VP_REGISTERS, WORDS },
	{ HVX_CALL_TRANSLATE_VIRTUAL_ADDRESS, WORDS },
	{ HVX_CALL_CLEAR_VIRTUAL_INTERRUPT, WORDS },
	{ HVX_CALL_REGISTER_INTERCEPT_RESULT, WORDS },
	{ HVX_CALL_ASSERT_VIRTUAL_INTERRUPT, WORDS },
	{ HVX_CALL_DISPATCH_VP, WORDS },
	{ HVX_CALL_GET_GPA_PAGES_ACCESS_STATES, WORDS },
	{ HVX_CALL_MAP_VP_STATE_PAGE, 2 },
	{ HVX_CALL_UNMAP_VP_STATE_PAGE, WORDS },
	{ HVX_CALL_GET_VP_STATE, 2 },
	{ HVX_CALL_SET_VP_STATE, 2 },
	{ HVX_CALL_GET_VP_CPUID_VALUES, WORDS },
};

static u64 any_id(struct chance *c)
{
	u64 r = rnd(&c->state);

	return r & 15 ? c->ids[(r >> 8) % CHILDREN] : NO_ID ^ r >> 8;
}

static u64 any_page(struct chance *c)
{
	u64 r = rnd(&c->state);

	return r & 7 ? c->pfns[(r >> 8) % OUR_PAGES] : BIT(40) | r >> 8;
}

static u64 any_word(struct chance *c)
{
	u64 r = rnd(&c->state);

	switch (r & 7) {
	case 0:
		return 0;
	case 1:
		return ~0ULL;
	case 2:
		return BIT(r >> 8 & 63);
	case 3:
		return rnd(&c->state);
	case 4:
		return any_id(c);
	case 5:
		return HVX_REG_RAX + (r >> 8 & 63);
	default:
		return (r >> 8 & 3) | (r >> 16 & 15) << 32;
	}
}

static u64 any_call(struct chance *c)
{
	unsigned int i, call = rnd(&c->state) % ARRAY_SIZE(any_calls);
	u64 r = rnd(&c->state), control = any_calls[call].code;
	u32 off = r & 7 ? 0 : r >> 8 & 0xff;
	u64 out[WORDS];

	control |= REPS(r >> 16 & 3 ? r >> 18 & 3 : r >> 18 & 0xfff);
	if (!(r >> 32 & 15))
		control |= START(r >> 36 & 7);
	if (!(r >> 40 & 15))
		control |= VARHDR(r >> 44 & 3);
	if (!(r >> 48 & 63))
		control |= BIT(r >> 54 & 63);
	c->words[0] = any_id(c);
	for (i = 1; i < WORDS; i++)
		c->words[i] = i < any_calls[call].page && i < 64 ? any_word(c) : any_page(c);
	if (control & HVX_HYPERCALL_FAST || !(r >> 60))
		return hvc_fast(control & 0xffff, c->words[0], c->words[1]);
	return hvc_full(control, c->words, HVX_PAGE_SIZE - off, off, out, HVX_PAGE_SIZE, 0);
}

static void any_child(struct chance *c, unsigned int i)
{
	REQUIRE(!create(HVX_CREATE_INTERCEPT_MESSAGE_PAGE, &c->ids[i]), "create");
	/* the same again: fresh ones would be kept until the file is closed */
	deposit_pages(c->ids[i], c->given[i], CHILD_PAGES);
	REQUIRE(!initialize(c->ids[i]), "initialize");
	REQUIRE(!create_vp(c->ids[i], 0), "create VP");
}

static void any_child_end(u64 id)
{
	finalize(id);
	withdraw_all(id);
	REQUIRE(!delete(id), "delete");
}

FIXTURE(calls) {
	int unused;
};

FIXTURE_SETUP(calls)
{
}

FIXTURE_TEARDOWN(calls)
{
}

/* The number of calls ends it; the harness only what hangs. */
TEST_F_TIMEOUT(calls, anything, 86400)
{
	struct chance c = { .state = seed_from("MSHV_HYPERCALLS_SEED") };
	u64 calls = environment("MSHV_HYPERCALLS", 3000), i, right = 0;
	struct accounts before;
	struct guest g;
	u8 count = 0;

	DEV_OPEN();
	if (access(MSHV_DEV, F_OK))
		SKIP(return, "no " MSHV_DEV);
	TH_LOG("MSHV_HYPERCALLS_SEED=%llu", (unsigned long long)c.state);
	for (i = 0; i < CHILDREN; i++)
		pages_alloc(c.given[i], CHILD_PAGES, 0);
	/* what the root's pool grows by at first stays */
	any_child(&c, 0);
	any_child_end(c.ids[0]);
	accounts_read(&before);
	guest_init_load(&g, guest_count);
	pages_alloc(c.pfns, OUR_PAGES, 0);
	for (i = 0; i < CHILDREN; i++)
		any_child(&c, i);
	for (i = 0; i < calls; i++) {
		right += !status_of(any_call(&c));
		if (i % 64)
			continue;
		/* the other one goes on */
		count++;
		ASSERT_EQ(count, (u8)vp_run_out(&g.vp, 0x80));
		/* one that has come to its end has a successor */
		any_child_end(c.ids[i / 64 % CHILDREN]);
		any_child(&c, i / 64 % CHILDREN);
	}
	for (i = 0; i < CHILDREN; i++)
		any_child_end(c.ids[i]);
	guest_free(&g);
	TH_LOG("%llu calls, %llu of them right", (unsigned long long)calls,
	       (unsigned long long)right);
	EXPECT_LT(calls / 100, right);
	EXPECT_EQ(0, accounts_open(&before));
}

TEST_HARNESS_MAIN
