// SPDX-License-Identifier: GPL-2.0
/*
 * State of VPs: local APIC, extended state, pages of the SynIC, timers.
 *
 * What a state call cannot run into: a state that is larger than the smallest
 * buffer that is accepted, one page, as no hypervisor within reach has one; so
 * "buffer too small" is not provoked. Pages that stay pinned: the driver does
 * not pin any.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include "mshv_util.h"
#include "kselftest_harness.h"

const u32 test_needs[] = { MSHV_CAP_VP_STATE_LAPIC, 0 };

#define NR_STATES	MSHV_VP_STATE_COUNT
#define LAPIC_SIZE	sizeof(struct hvx_lapic_state)
#define TIMERS_SIZE	sizeof(struct hvx_synthetic_timers_state)
#define VECTOR		0x40

/* In the legacy region and the header of an XSAVE image */
#define XS_MXCSR	24
#define XS_XMM0		160
#define XS_STATE_BV	512
#define XS_XCOMP_BV	520
#define XS_RESERVED	528
#define XS_SSE		BIT(1)

static const u32 state_caps[NR_STATES] = {
	MSHV_CAP_VP_STATE_LAPIC, MSHV_CAP_VP_STATE_XSAVE, MSHV_CAP_VP_STATE_SIMP,
	MSHV_CAP_VP_STATE_SIEFP, MSHV_CAP_VP_STATE_STIMERS,
};

/* A VM with a VP, and a buffer for its states. */
struct state_vm {
	struct guest g;
	u8 *buf;
};

static void state_vm_init(struct state_vm *s)
{
	guest_init(&s->g);
	s->buf = mem_alloc(PAGE, PAGE);
}

static void state_vm_free(struct state_vm *s)
{
	munmap(s->buf, PAGE);
	guest_free(&s->g);
}

static int state_call(int fd, unsigned int cmd, u8 type, void *buf, u32 *size)
{
	struct mshv_get_set_vp_state arg = {
		.type = type,
		.buf_sz = *size,
		.buf_ptr = (uintptr_t)buf,
	};
	int ret = xioctl(fd, cmd, &arg);

	*size = arg.buf_sz;
	return ret;
}

/* One page, as all clients have it. */
static int state_get(struct state_vm *s, u8 type, void *buf)
{
	u32 size = PAGE;

	return state_call(s->g.vp.fd, MSHV_GET_VP_STATE, type, buf, &size);
}

static int state_set(struct state_vm *s, u8 type, const void *buf)
{
	u32 size = PAGE;

	return state_call(s->g.vp.fd, MSHV_SET_VP_STATE, type, (void *)buf, &size);
}

static u64 get64(const u8 *at)
{
	u64 val;

	memcpy(&val, at, sizeof(val));
	return val;
}

static void put64(u8 *at, u64 val)
{
	memcpy(at, &val, sizeof(val));
}

static bool all_bytes(const u8 *at, size_t size, u8 value)
{
	while (size--)
		if (*at++ != value)
			return false;
	return true;
}

/*
 * All kinds
 */
FIXTURE(each) {
	struct state_vm s;
};

FIXTURE_VARIANT(each) {
	u8 type;
	u32 size;		/* 0: between a legacy image and a page */
};

FIXTURE_VARIANT_ADD(each, lapic) {
	.type = MSHV_VP_STATE_LAPIC,
	.size = PAGE,
};

FIXTURE_VARIANT_ADD(each, xsave) {
	.type = MSHV_VP_STATE_XSAVE,
};

FIXTURE_VARIANT_ADD(each, simp) {
	.type = MSHV_VP_STATE_SIMP,
	.size = PAGE,
};

FIXTURE_VARIANT_ADD(each, siefp) {
	.type = MSHV_VP_STATE_SIEFP,
	.size = PAGE,
};

FIXTURE_VARIANT_ADD(each, timers) {
	.type = MSHV_VP_STATE_SYNTHETIC_TIMERS,
	.size = TIMERS_SIZE,
};

FIXTURE_SETUP(each)
{
	state_vm_init(&self->s);
	if (!cap(self->s.g.vp.fd, state_caps[variant->type]))
		SKIP(return, "no capability %#x", state_caps[variant->type]);
}

FIXTURE_TEARDOWN(each)
{
	state_vm_free(&self->s);
}

/* A new VP's state can be had, set, and is then the same. */
TEST_F(each, round_trip)
{
	u8 *again = mem_alloc(PAGE, PAGE);
	u32 size = PAGE, size_set = PAGE;

	memset(self->s.buf, 0xa5, PAGE);
	ASSERT_EQ(0, state_call(self->s.g.vp.fd, MSHV_GET_VP_STATE, variant->type, self->s.buf,
				&size));
	if (variant->size) {
		EXPECT_EQ(variant->size, size);
	} else {
		EXPECT_LE(576, size);
		EXPECT_GE(PAGE, size);
	}
	/* no more than the state has is written */
	EXPECT_TRUE(all_bytes(self->s.buf + size, PAGE - size, 0xa5));
	ASSERT_EQ(0, state_call(self->s.g.vp.fd, MSHV_SET_VP_STATE, variant->type, self->s.buf,
				&size_set));
	EXPECT_EQ(size, size_set);
	ASSERT_EQ(0, state_get(&self->s, variant->type, again));
	EXPECT_EQ(0, memcmp(self->s.buf, again, size));
	munmap(again, PAGE);
}

TEST_F(each, bad_argument)
{
	static const unsigned int cmds[] = { MSHV_GET_VP_STATE, MSHV_SET_VP_STATE };
	static const u32 sizes[] = { 0, 1, PAGE - 1, PAGE + 1, 2 * PAGE - 8, 0xffffffff };
	struct mshv_get_set_vp_state good = {
		.type = variant->type,
		.buf_sz = PAGE,
		.buf_ptr = (uintptr_t)self->s.buf,
	}, arg;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		for (j = 0; j < sizeof(good.rsvd); j++) {
			arg = good;
			arg.rsvd[j] = 1;
			EXPECT_EQ(-EINVAL, xioctl(self->s.g.vp.fd, cmds[i], &arg));
		}
		for (j = 0; j < ARRAY_SIZE(sizes); j++) {
			arg = good;
			arg.buf_sz = sizes[j];
			EXPECT_EQ(-EINVAL, xioctl(self->s.g.vp.fd, cmds[i], &arg))
				TH_LOG("buf_sz %u", sizes[j]);
			EXPECT_EQ(sizes[j], arg.buf_sz);
		}
		for (j = 0; j < 12; j++) {
			arg = good;
			arg.buf_ptr += 1 << j;
			if (1 << j < PAGE)
				EXPECT_EQ(-EINVAL, xioctl(self->s.g.vp.fd, cmds[i], &arg))
					TH_LOG("buf_ptr + %u", 1 << j);
		}
		for (j = NR_STATES; j < 256; j++) {
			arg = good;
			arg.type = j;
			ASSERT_EQ(-EINVAL, xioctl(self->s.g.vp.fd, cmds[i], &arg));
		}
		/* other files do not know it */
		EXPECT_EQ(-ENOTTY, xioctl(self->s.g.vm.fd, cmds[i], &good));
		EXPECT_EQ(-ENOTTY, xioctl(self->s.g.vm.dev, cmds[i], &good));
	}
}

TEST_F(each, bad_memory)
{
	struct mshv_get_set_vp_state *arg = mem_alloc(PAGE, PAGE);
	u8 *before = mem_alloc(PAGE, PAGE);
	u8 *guard = guard_page();
	u32 size;

	ASSERT_EQ(0, state_get(&self->s, variant->type, before));

	/* no buffer at all; nothing behind the first page; the last page */
	size = PAGE;
	EXPECT_EQ(-EFAULT, state_call(self->s.g.vp.fd, MSHV_GET_VP_STATE, variant->type, NULL,
				      &size));
	size = PAGE;
	EXPECT_EQ(-EFAULT, state_call(self->s.g.vp.fd, MSHV_SET_VP_STATE, variant->type, NULL,
				      &size));
	size = PAGE;
	EXPECT_EQ(-EFAULT, state_call(self->s.g.vp.fd, MSHV_GET_VP_STATE, variant->type,
				      guard + PAGE, &size));
	size = PAGE;
	EXPECT_EQ(-EFAULT, state_call(self->s.g.vp.fd, MSHV_SET_VP_STATE, variant->type,
				      guard + PAGE, &size));
	size = PAGE;
	EXPECT_EQ(-EFAULT, state_call(self->s.g.vp.fd, MSHV_GET_VP_STATE, variant->type,
				      (void *)(~0UL << HVX_PAGE_SHIFT), &size));
	/* what is behind the state is neither read nor written */
	size = 2 * PAGE;
	EXPECT_EQ(0, state_call(self->s.g.vp.fd, MSHV_GET_VP_STATE, variant->type, guard, &size));
	size = 0xfffff000;
	EXPECT_EQ(0, state_call(self->s.g.vp.fd, MSHV_SET_VP_STATE, variant->type, guard, &size));

	/* a buffer that can only be read is good for setting */
	memcpy(self->s.buf, before, PAGE);
	ASSERT_EQ(0, mprotect(self->s.buf, PAGE, PROT_READ));
	EXPECT_EQ(-EFAULT, state_get(&self->s, variant->type, self->s.buf));
	EXPECT_EQ(0, state_set(&self->s, variant->type, self->s.buf));

	/* an argument whose size cannot be written, or that is not there */
	*arg = (struct mshv_get_set_vp_state) {
		.type = variant->type,
		.buf_sz = PAGE,
		.buf_ptr = (uintptr_t)guard,
	};
	ASSERT_EQ(0, mprotect(arg, PAGE, PROT_READ));
	EXPECT_EQ(-EFAULT, xioctl(self->s.g.vp.fd, MSHV_GET_VP_STATE, arg));
	EXPECT_EQ(-EFAULT, xioctl(self->s.g.vp.fd, MSHV_SET_VP_STATE, arg));
	EXPECT_EQ(-EFAULT, xioctl(self->s.g.vp.fd, MSHV_SET_VP_STATE, NULL));
	EXPECT_EQ(-EFAULT, xioctl(self->s.g.vp.fd, MSHV_GET_VP_STATE, guard + PAGE - 8));

	ASSERT_EQ(0, state_get(&self->s, variant->type, guard));
	EXPECT_EQ(0, memcmp(before, guard, PAGE));
	munmap(guard, 2 * PAGE);
	munmap(before, PAGE);
	munmap(arg, PAGE);
}

static int state_of_parent(void *arg)
{
	struct state_vm *s = arg;

	return state_get(s, MSHV_VP_STATE_LAPIC, s->buf) == -EIO &&
	       state_set(s, MSHV_VP_STATE_LAPIC, s->buf) == -EIO ? 0 : 1;
}

TEST_F(each, wrong_time_and_place)
{
	struct accounts before;

	EXPECT_EQ(0, child_wait(child_start(state_of_parent, &self->s)));
	close(self->s.g.vm.fd);
	EXPECT_EQ(-ESHUTDOWN, state_get(&self->s, variant->type, self->s.buf));
	EXPECT_EQ(-ESHUTDOWN, state_set(&self->s, variant->type, self->s.buf));
	self->s.g.vm.fd = -1;
	if (!ctl_present())
		return;
	/* once more from end to end, for the accounts */
	state_vm_free(&self->s);
	accounts_read(&before);
	state_vm_init(&self->s);
	EXPECT_EQ(0, state_get(&self->s, variant->type, self->s.buf));
	EXPECT_EQ(0, state_set(&self->s, variant->type, self->s.buf));
	state_vm_free(&self->s);
	EXPECT_EQ(0, accounts_open(&before));
	state_vm_init(&self->s);
}

/* What the hypervisor says is told by an errno; memory that it wants it gets. */
TEST_F(each, hypervisor_errors)
{
	static const struct {
		u16 status;
		int error;
		bool root;
	} cases[] = {
		{ HVX_STATUS_INVALID_PARAMETER, EINVAL },
		{ HVX_STATUS_ACCESS_DENIED, EACCES },
		{ HVX_STATUS_INVALID_PARTITION_STATE, EBADFD },
		{ HVX_STATUS_INVALID_VP_STATE, EBUSY },
		{ HVX_STATUS_NO_RESOURCES, ENOSPC },
		{ HVX_STATUS_TIME_OUT, ETIMEDOUT },
		{ 0x7abc, EIO },
		{ HVX_STATUS_INSUFFICIENT_MEMORY, 0 },
		{ HVX_STATUS_INSUFFICIENT_ROOT_MEMORY, 0, true },
		{ HVX_STATUS_INSUFFICIENT_CONTIGUOUS_MEMORY, 0 },
		{ HVX_STATUS_INSUFFICIENT_CONTIGUOUS_ROOT_MEMORY, 0, true },
	};
	u8 *after = mem_alloc(PAGE, PAGE);
	struct ctl_info info;
	unsigned int i;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	ctl_reset();
	ctl_info(&info);
	ASSERT_EQ(0, state_get(&self->s, variant->type, self->s.buf));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int error = cases[i].error;

		/* the root's memory is not an L1VH partition's to give */
		if (info.l1vh && cases[i].root)
			error = ENOMEM;
		memset(after, 0xa5, PAGE);
		ctl_fault(HVX_CALL_GET_VP_STATE, 1, cases[i].status, 1);
		EXPECT_EQ(-error, state_get(&self->s, variant->type, after))
			TH_LOG("status %#x", cases[i].status);
		EXPECT_EQ(1, ctl_reset());
		if (error)
			EXPECT_TRUE(all_bytes(after, PAGE, 0xa5));
		ctl_fault(HVX_CALL_SET_VP_STATE, 1, cases[i].status, 1);
		EXPECT_EQ(-error, state_set(&self->s, variant->type, self->s.buf))
			TH_LOG("status %#x", cases[i].status);
		EXPECT_EQ(1, ctl_reset());
	}
	EXPECT_EQ(0, state_get(&self->s, variant->type, after));
	EXPECT_EQ(0, memcmp(self->s.buf, after, 176));
	munmap(after, PAGE);
}

/* A hypervisor that never has enough memory is not fed for ever. */
TEST_F_TIMEOUT(each, insatiable, 120)
{
	struct accounts before;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	NOT_ON_MAINLINE(MAINLINE_FEEDS_FOR_EVER);
	ctl_reset();
	ASSERT_EQ(0, state_get(&self->s, variant->type, self->s.buf));
	accounts_read(&before);
	ctl_fault(HVX_CALL_SET_VP_STATE, 1, HVX_STATUS_INSUFFICIENT_MEMORY, TESTHV_FAULT_FOREVER);
	EXPECT_EQ(-ENOMEM, state_set(&self->s, variant->type, self->s.buf));
	ctl_reset();
	EXPECT_EQ(before.v[TESTHV_ACCT_PAGES_DEPOSITED],
		  ctl_account(TESTHV_ACCT_PAGES_DEPOSITED));
	EXPECT_EQ(0, state_set(&self->s, variant->type, self->s.buf));
}

/*
 * Local APIC
 */

/* Waits for an interrupt, whose handler reports. */
GUEST_CODE(guest_interrupt, 64,
	   "sti\n"
	   "1: hlt\n"
	   "jmp 1b\n"
	   ".org guest_interrupt + 0x40\n"
	   "mov $0x1234, %eax\n"
	   "out %eax, $0x80\n");

static void load_interrupt(struct state_vm *s)
{
	vp_load(&s->g.vp, MODE_LONG, guest_interrupt);
	guest_set_gate(&s->g.vm, VECTOR, GUEST_CODE_BASE + 0x40);
}

TEST(lapic_fields)
{
	struct hvx_lapic_state *l, was;
	struct state_vm s;

	state_vm_init(&s);
	if (!cap(s.g.vp.fd, MSHV_CAP_VP_STATE_LAPIC))
		SKIP(return, "no MSHV_CAP_VP_STATE_LAPIC");
	l = (void *)s.buf;
	memset(s.buf, 0xa5, PAGE);
	ASSERT_EQ(0, state_get(&s, MSHV_VP_STATE_LAPIC, l));
	/* nothing of the kernel's memory in the rest of the page */
	EXPECT_TRUE(all_bytes(s.buf + LAPIC_SIZE, PAGE - LAPIC_SIZE, 0));
	EXPECT_EQ(0, l->apic_id);
	EXPECT_EQ(0, l->isr[7] | l->irr[7] | l->tmr[7]);
	EXPECT_EQ(0xff, l->spurious & 0xff);

	/* as VMMs wire a PC's local APIC */
	l->spurious = 0x1ff;
	l->lvt_lint0 = 0x700;
	l->lvt_lint1 = 0x400;
	l->lvt_timer = 0x20030;
	l->lvt_error = 0x31;
	l->divide_configuration = 3;
	l->ldr = 0x01000000;
	was = *l;
	ASSERT_EQ(0, state_set(&s, MSHV_VP_STATE_LAPIC, l));
	memset(s.buf, 0, PAGE);
	ASSERT_EQ(0, state_get(&s, MSHV_VP_STATE_LAPIC, l));
	EXPECT_EQ(0, memcmp(&was, l, sizeof(was)));

	/* without enabling, the table's entries are masked */
	l->spurious = 0xff;
	ASSERT_EQ(0, state_set(&s, MSHV_VP_STATE_LAPIC, l));
	ASSERT_EQ(0, state_get(&s, MSHV_VP_STATE_LAPIC, l));
	EXPECT_EQ(0x10700, l->lvt_lint0);
	state_vm_free(&s);
}

/* An interrupt that is requested in the state is one for the guest. */
TEST(lapic_interrupt)
{
	struct hvx_lapic_state *l;
	struct state_vm s;

	state_vm_init(&s);
	if (!cap(s.g.vp.fd, MSHV_CAP_VP_STATE_LAPIC))
		SKIP(return, "no MSHV_CAP_VP_STATE_LAPIC");
	load_interrupt(&s);
	l = (void *)s.buf;
	ASSERT_EQ(0, state_get(&s, MSHV_VP_STATE_LAPIC, l));
	l->spurious = 0x1ff;
	l->irr[VECTOR / 32] = 1U << VECTOR % 32;
	ASSERT_EQ(0, state_set(&s, MSHV_VP_STATE_LAPIC, l));
	EXPECT_EQ(0x1234, vp_run_out(&s.g.vp, 0x80));
	/* now it is in service */
	ASSERT_EQ(0, state_get(&s, MSHV_VP_STATE_LAPIC, l));
	EXPECT_EQ(0, l->irr[VECTOR / 32]);
	EXPECT_EQ(1U << VECTOR % 32, l->isr[VECTOR / 32]);
	state_vm_free(&s);
}

/* A timer that has begun to count goes on. */
TEST(lapic_timer)
{
	struct hvx_lapic_state *l;
	struct state_vm s;
	u32 left;

	state_vm_init(&s);
	if (!cap(s.g.vp.fd, MSHV_CAP_VP_STATE_LAPIC))
		SKIP(return, "no MSHV_CAP_VP_STATE_LAPIC");
	load_interrupt(&s);
	l = (void *)s.buf;
	ASSERT_EQ(0, state_get(&s, MSHV_VP_STATE_LAPIC, l));
	l->spurious = 0x1ff;
	l->divide_configuration = 0xb;
	l->lvt_timer = VECTOR;
	l->initial_count = 0xfffffff0;
	l->counter_value = 0xf0000000;
	ASSERT_EQ(0, state_set(&s, MSHV_VP_STATE_LAPIC, l));
	ASSERT_EQ(0, state_get(&s, MSHV_VP_STATE_LAPIC, l));
	left = l->counter_value;
	EXPECT_GE(0xf0000000, left);
	EXPECT_LT(0xc0000000, left);
	/* set once more, with little left, it fires */
	l->counter_value = 1000;
	ASSERT_EQ(0, state_set(&s, MSHV_VP_STATE_LAPIC, l));
	EXPECT_EQ(0x1234, vp_run_out(&s.g.vp, 0x80));
	state_vm_free(&s);
}

TEST(lapic_invalid)
{
	struct hvx_lapic_state *l, was;
	struct state_vm s;

	state_vm_init(&s);
	if (!cap(s.g.vp.fd, MSHV_CAP_VP_STATE_LAPIC))
		SKIP(return, "no MSHV_CAP_VP_STATE_LAPIC");
	l = (void *)s.buf;
	ASSERT_EQ(0, state_get(&s, MSHV_VP_STATE_LAPIC, l));
	was = *l;
	/* vectors that no interrupt can have; nothing else is taken either */
	l->irr[0] = 1U << 5;
	l->ldr = 0x02000000;
	EXPECT_EQ(-EINVAL, state_set(&s, MSHV_VP_STATE_LAPIC, l));
	*l = was;
	l->isr[0] = 1;
	l->lvt_lint0 = 0x700;
	EXPECT_EQ(-EINVAL, state_set(&s, MSHV_VP_STATE_LAPIC, l));
	ASSERT_EQ(0, state_get(&s, MSHV_VP_STATE_LAPIC, l));
	EXPECT_EQ(0, memcmp(&was, l, sizeof(was)));
	state_vm_free(&s);
}

TEST(lapic_absent)
{
	struct state_vm s;

	vm_init_flags(&s.g.vm, 0);
	guest_add_vps(&s.g, 1);
	s.buf = mem_alloc(PAGE, PAGE);
	if (!cap(s.g.vp.fd, MSHV_CAP_VP_STATE_LAPIC))
		SKIP(return, "no MSHV_CAP_VP_STATE_LAPIC");
	EXPECT_EQ(-STATE_ERRNO, state_get(&s, MSHV_VP_STATE_LAPIC, s.buf));
	EXPECT_TRUE(all_bytes(s.buf, PAGE, 0));
	EXPECT_EQ(-STATE_ERRNO, state_set(&s, MSHV_VP_STATE_LAPIC, s.buf));
	/* the other kinds do not need it */
	EXPECT_EQ(0, state_get(&s, MSHV_VP_STATE_XSAVE, s.buf));
	EXPECT_EQ(0, state_set(&s, MSHV_VP_STATE_XSAVE, s.buf));
	state_vm_free(&s);
}

/*
 * Extended state
 */

/* Shows what is in one register and leaves something in another. */
GUEST_CODE(guest_xmm, 64,
	   "movq %xmm0, %rax\n"
	   "out %eax, $0x80\n"
	   "shr $32, %rax\n"
	   "out %eax, $0x81\n"
	   "mov $0x5eed5eedcafef00d, %rax\n"
	   "movq %rax, %xmm1\n"
	   "out %al, $0x82\n");

TEST(xsave_is_what_the_guest_sees)
{
	struct state_vm s;
	u32 mxcsr;

	state_vm_init(&s);
	if (!cap(s.g.vp.fd, MSHV_CAP_VP_STATE_XSAVE))
		SKIP(return, "no MSHV_CAP_VP_STATE_XSAVE");
	vp_load(&s.g.vp, MODE_LONG, guest_xmm);
	ASSERT_EQ(0, state_get(&s, MSHV_VP_STATE_XSAVE, s.buf));
	EXPECT_EQ(BIT(63), get64(s.buf + XS_XCOMP_BV) & BIT(63));
	memcpy(&mxcsr, s.buf + XS_MXCSR, sizeof(mxcsr));
	EXPECT_EQ(0x1f80, mxcsr);

	put64(s.buf + XS_XMM0, 0x0123456789abcdefULL);
	put64(s.buf + XS_STATE_BV, get64(s.buf + XS_STATE_BV) | XS_SSE);
	ASSERT_EQ(0, state_set(&s, MSHV_VP_STATE_XSAVE, s.buf));
	EXPECT_EQ(0x0123456789abcdefULL, vp_get(&s.g.vp, HVX_REG_XMM0));
	EXPECT_EQ(0x89abcdef, vp_run_out(&s.g.vp, 0x80));
	EXPECT_EQ(0x01234567, vp_run_out(&s.g.vp, 0x81));
	vp_run_out(&s.g.vp, 0x82);
	memset(s.buf, 0, PAGE);
	ASSERT_EQ(0, state_get(&s, MSHV_VP_STATE_XSAVE, s.buf));
	EXPECT_EQ(0x0123456789abcdefULL, get64(s.buf + XS_XMM0));
	EXPECT_EQ(0x5eed5eedcafef00dULL, get64(s.buf + XS_XMM0 + 16));
	EXPECT_EQ(XS_SSE, get64(s.buf + XS_STATE_BV) & XS_SSE);

	/* a state that the image says to be in its initial configuration */
	put64(s.buf + XS_STATE_BV, get64(s.buf + XS_STATE_BV) & ~XS_SSE);
	ASSERT_EQ(0, state_set(&s, MSHV_VP_STATE_XSAVE, s.buf));
	vp_set(&s.g.vp, HVX_REG_RIP, GUEST_CODE_BASE);
	EXPECT_EQ(0, vp_run_out(&s.g.vp, 0x80));
	state_vm_free(&s);
}

/* Two VPs do not get each other's. */
TEST(xsave_is_each_vps_own)
{
	struct state_vm s;
	struct vp other;
	u32 size = PAGE;

	state_vm_init(&s);
	if (!cap(s.g.vp.fd, MSHV_CAP_VP_STATE_XSAVE))
		SKIP(return, "no MSHV_CAP_VP_STATE_XSAVE");
	vp_init(&other, &s.g.vm, 1);
	ASSERT_EQ(0, state_get(&s, MSHV_VP_STATE_XSAVE, s.buf));
	put64(s.buf + XS_XMM0, 1);
	put64(s.buf + XS_STATE_BV, XS_SSE);
	ASSERT_EQ(0, state_set(&s, MSHV_VP_STATE_XSAVE, s.buf));
	put64(s.buf + XS_XMM0, 2);
	ASSERT_EQ(0, state_call(other.fd, MSHV_SET_VP_STATE, MSHV_VP_STATE_XSAVE, s.buf, &size));
	vp_load(&s.g.vp, MODE_LONG, guest_xmm);
	vp_setup(&other, MODE_LONG, GUEST_CODE_BASE);
	EXPECT_EQ(1, vp_run_out(&s.g.vp, 0x80));
	EXPECT_EQ(2, vp_run_out(&other, 0x80));
	EXPECT_EQ(1, vp_get(&s.g.vp, HVX_REG_XMM0));
	vp_free(&other);
	state_vm_free(&s);
}

TEST(xsave_invalid)
{
	u8 *was = mem_alloc(PAGE, PAGE);
	struct state_vm s;
	unsigned int i;

	state_vm_init(&s);
	if (!cap(s.g.vp.fd, MSHV_CAP_VP_STATE_XSAVE))
		SKIP(return, "no MSHV_CAP_VP_STATE_XSAVE");
	ASSERT_EQ(0, state_get(&s, MSHV_VP_STATE_XSAVE, was));
	for (i = 0; i < 4; i++) {
		memcpy(s.buf, was, PAGE);
		put64(s.buf + XS_XMM0, 0xbad);
		switch (i) {
		case 0:		/* a state that no processor has */
			put64(s.buf + XS_STATE_BV, BIT(62));
			break;
		case 1:
			put64(s.buf + XS_XCOMP_BV, BIT(63) | BIT(62));
			break;
		case 2:		/* reserved bytes of the header */
			s.buf[XS_RESERVED] = 1;
			break;
		case 3:		/* reserved bits, with which XRSTOR faults */
			put64(s.buf + XS_MXCSR, 0xffffffff);
			break;
		}
		EXPECT_EQ(-EINVAL, state_set(&s, MSHV_VP_STATE_XSAVE, s.buf))
			TH_LOG("case %u", i);
	}
	ASSERT_EQ(0, state_get(&s, MSHV_VP_STATE_XSAVE, s.buf));
	EXPECT_EQ(0, memcmp(was, s.buf, PAGE));
	munmap(was, PAGE);
	state_vm_free(&s);
}

/* The size comes from the hypervisor, and may be anything. */
TEST(xsave_properties)
{
	struct state_vm s;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	ctl_reset();
	state_vm_init(&s);
	if (!cap(s.g.vp.fd, MSHV_CAP_VP_STATE_XSAVE))
		SKIP(return, "no MSHV_CAP_VP_STATE_XSAVE");
	ctl_fault(HVX_CALL_GET_PARTITION_PROPERTY, 1, HVX_STATUS_UNKNOWN_PROPERTY, 1);
	EXPECT_EQ(-EINVAL, state_get(&s, MSHV_VP_STATE_XSAVE, s.buf));
	EXPECT_EQ(1, ctl_reset());
	ctl_fault(HVX_CALL_GET_PARTITION_PROPERTY, 2, HVX_STATUS_ACCESS_DENIED, 1);
	EXPECT_EQ(-EACCES, state_set(&s, MSHV_VP_STATE_XSAVE, s.buf));
	EXPECT_EQ(1, ctl_reset());
	EXPECT_EQ(0, state_get(&s, MSHV_VP_STATE_XSAVE, s.buf));
	state_vm_free(&s);
}

/*
 * Pages of the SynIC
 */

/* Reports a word of the page at 0x20000 and leaves another there. */
GUEST_CODE(guest_page, 64,
	   "mov 0x20010, %eax\n"
	   "out %eax, $0x80\n"
	   "movl $0x600dda7a, 0x20020\n"
	   "mov 0x20010, %eax\n"
	   "out %eax, $0x81\n");

#define SYNIC_PAGE	0x20000UL

static void synic_page(struct __test_metadata *_metadata, u8 type, u32 reg)
{
	struct state_vm s;
	u32 word;

	state_vm_init(&s);
	vp_load(&s.g.vp, MODE_LONG, guest_page);
	/* off: empty, and there all the same */
	ASSERT_EQ(0, state_get(&s, type, s.buf));
	EXPECT_TRUE(all_bytes(s.buf, PAGE, 0));
	EXPECT_EQ(0, state_set(&s, type, s.buf));

	vp_set(&s.g.vp, HVX_REG_SCONTROL, HVX_SCONTROL_ENABLE);
	vp_set(&s.g.vp, reg, SYNIC_PAGE | HVX_MSR_PAGE_ENABLE);
	EXPECT_EQ(0, vp_run_out(&s.g.vp, 0x80));

	memset(s.buf, 0x5a, PAGE);
	ASSERT_EQ(0, state_set(&s, type, s.buf));
	EXPECT_EQ(0x5a5a5a5a, vp_run_out(&s.g.vp, 0x81));
	memset(s.buf, 0, PAGE);
	ASSERT_EQ(0, state_get(&s, type, s.buf));
	memcpy(&word, s.buf + 0x20, sizeof(word));
	EXPECT_EQ(0x600dda7a, word);
	EXPECT_TRUE(all_bytes(s.buf + 0x24, PAGE - 0x24, 0x5a));
	EXPECT_EQ(SYNIC_PAGE | HVX_MSR_PAGE_ENABLE, vp_get(&s.g.vp, reg));
	state_vm_free(&s);
}

TEST(message_page)
{
	int dev = dev_open();

	if (!cap(dev, MSHV_CAP_VP_STATE_SIMP))
		SKIP(return, "no MSHV_CAP_VP_STATE_SIMP");
	synic_page(_metadata, MSHV_VP_STATE_SIMP, HVX_REG_SIMP);
}

TEST(event_flags_page)
{
	int dev = dev_open();

	if (!cap(dev, MSHV_CAP_VP_STATE_SIEFP))
		SKIP(return, "no MSHV_CAP_VP_STATE_SIEFP");
	synic_page(_metadata, MSHV_VP_STATE_SIEFP, HVX_REG_SIEFP);
}

/*
 * Synthetic timers
 */

TEST(timers)
{
	struct hvx_synthetic_timers_state *t;
	u8 *was = mem_alloc(PAGE, PAGE);
	struct state_vm s;
	unsigned int i;

	state_vm_init(&s);
	if (!cap(s.g.vp.fd, MSHV_CAP_VP_STATE_STIMERS))
		SKIP(return, "no MSHV_CAP_VP_STATE_STIMERS");
	load_interrupt(&s);
	t = (void *)s.buf;
	ASSERT_EQ(0, state_get(&s, MSHV_VP_STATE_SYNTHETIC_TIMERS, t));
	EXPECT_TRUE(all_bytes(s.buf, TIMERS_SIZE, 0));
	for (i = 0; i < HVX_STIMER_COUNT; i++) {
		t->timers[i].config = HVX_STIMER_DIRECT | HVX_STIMER_PERIODIC |
				      (0x50ULL + i) << HVX_STIMER_VECTOR_SHIFT;
		t->timers[i].count = 10000000ULL * (i + 1);
	}
	memcpy(was, t, TIMERS_SIZE);
	ASSERT_EQ(0, state_set(&s, MSHV_VP_STATE_SYNTHETIC_TIMERS, t));
	memset(s.buf, 0, PAGE);
	ASSERT_EQ(0, state_get(&s, MSHV_VP_STATE_SYNTHETIC_TIMERS, t));
	EXPECT_EQ(0, memcmp(was, t, TIMERS_SIZE));
	/* it is the same that the registers show */
	EXPECT_EQ(t->timers[1].config, vp_get(&s.g.vp, HVX_REG_STIMER0_CONFIG + 2));
	EXPECT_EQ(t->timers[1].count, vp_get(&s.g.vp, HVX_REG_STIMER0_COUNT + 2));

	/* invalid in the last one: none of them changes */
	memset(t, 0, TIMERS_SIZE);
	t->timers[3].config = BIT(40);
	EXPECT_EQ(-EINVAL, state_set(&s, MSHV_VP_STATE_SYNTHETIC_TIMERS, t));
	ASSERT_EQ(0, state_get(&s, MSHV_VP_STATE_SYNTHETIC_TIMERS, t));
	EXPECT_EQ(0, memcmp(was, t, TIMERS_SIZE));

	/* one that is due */
	memset(t, 0, TIMERS_SIZE);
	t->timers[2].config = HVX_STIMER_ENABLE | HVX_STIMER_DIRECT |
			      (u64)VECTOR << HVX_STIMER_VECTOR_SHIFT;
	t->timers[2].count = 1;
	ASSERT_EQ(0, state_set(&s, MSHV_VP_STATE_SYNTHETIC_TIMERS, t));
	EXPECT_EQ(0x1234, vp_run_out(&s.g.vp, 0x80));
	ASSERT_EQ(0, state_get(&s, MSHV_VP_STATE_SYNTHETIC_TIMERS, t));
	EXPECT_EQ(0, t->timers[2].config & HVX_STIMER_ENABLE);
	munmap(was, PAGE);
	state_vm_free(&s);
}

/*
 * While the VP runs
 */

GUEST_CODE(guest_count_xmm, 64,
	   "1: incq 0x10000\n"
	   "movq 0x10000, %xmm0\n"
	   "jmp 1b\n");

struct runner {
	struct state_vm s;
	pthread_t run, kick;
	bool stop, done;
	int ret;
};

static void *run_until_stopped(void *arg)
{
	struct runner *r = arg;

	do {
		r->ret = vp_run(&r->s.g.vp);
	} while (r->ret == -EINTR && !READ_ONCE(r->stop));
	WRITE_ONCE(r->done, true);
	return NULL;
}

/* Without signals RUN_VP would keep the VP for itself. */
static void *kick_until_stopped(void *arg)
{
	struct runner *r = arg;

	while (!READ_ONCE(r->done)) {
		usleep(2000);
		pthread_kill(r->run, SIGUSR1);
	}
	return NULL;
}

static void runner_start(struct runner *r)
{
	memset(r, 0, sizeof(*r));
	state_vm_init(&r->s);
	vp_load(&r->s.g.vp, MODE_LONG, guest_count_xmm);
	r->run = thread_start(run_until_stopped, r);
	guest_wait_running(&r->s.g);
	r->kick = thread_start(kick_until_stopped, r);
}

static void runner_stop(struct runner *r)
{
	WRITE_ONCE(r->stop, true);
	pthread_join(r->kick, NULL);
	pthread_join(r->run, NULL);
	state_vm_free(&r->s);
}

/* From another thread: a call has its turn when RUN_VP returns. */
TEST(while_it_runs)
{
	static const u8 types[] = {
		MSHV_VP_STATE_LAPIC, MSHV_VP_STATE_XSAVE, MSHV_VP_STATE_SYNTHETIC_TIMERS,
	};
	u64 before, end, seen = 0;
	struct runner r;
	unsigned int i, n = 0;

	runner_start(&r);
	if (!cap(r.s.g.vp.fd, MSHV_CAP_VP_STATE_XSAVE))
		SKIP(return, "no MSHV_CAP_VP_STATE_XSAVE");
	before = guest_counter(&r.s.g);
	for (end = now_us() + 3000000; now_us() < end; n++) {
		for (i = 0; i < ARRAY_SIZE(types); i++) {
			ASSERT_EQ(0, state_get(&r.s, types[i], r.s.buf));
			/* of a VP that stood, so no older than the one before */
			if (types[i] == MSHV_VP_STATE_XSAVE) {
				EXPECT_LE(seen, get64(r.s.buf + XS_XMM0));
				seen = get64(r.s.buf + XS_XMM0);
				EXPECT_GE(guest_counter(&r.s.g), seen);
			}
			/* XSAVE once more would take the guest back in time */
			if (types[i] != MSHV_VP_STATE_XSAVE)
				ASSERT_EQ(0, state_set(&r.s, types[i], r.s.buf));
		}
	}
	TH_LOG("%u rounds", n);
	EXPECT_LT(before, guest_counter(&r.s.g));
	runner_stop(&r);
	EXPECT_EQ(-EINTR, r.ret);
}

TEST_HARNESS_MAIN
