// SPDX-License-Identifier: GPL-2.0
/*
 * MSHV_ROOT_HVCALL: who may call what, and what becomes of arguments and results.
 *
 * Hypercalls that complete later, and properties that a VMM must not set, are in
 * property.c; registers that it must not set in vp.c. Not tested: whom the memory
 * is charged to that the hypervisor gets. Deposits for these calls are made by the
 * same function as all others, and there is no other to make them. On the device
 * there is nothing to wait for: its table has no call that completes later.
 *
 * Of Documentation/virt/mshv/defects.rst:
 * A4: deposit_and_go_on
 * A5: partial_completion, failure_in_the_middle
 * A22: codes_that_are_refused, codes_that_are_allowed
 * A35: device_is_the_root_partition
 * A36, D17: bad_repetitions
 * D3: bad_fields
 * D22: registers_of_a_running_vp
 * D23: register_header
 * D26: unexpected_pending
 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include "mshv_util.h"
#include "kselftest_harness.h"

#define DEV	1
#define PT	2
#define VP	4

struct fds {
	struct vm vm;
	struct vp vp;
};

/* One of the file descriptors and what it is for. */
struct kind {
	int fd;
	unsigned int kind;
	const char *name;
};

static bool fds_open(struct fds *f, struct kind kinds[3])
{
	vm_init(&f->vm);
	vp_init(&f->vp, &f->vm, 0);
	kinds[0] = (struct kind){ f->vm.dev, DEV, "device" };
	kinds[1] = (struct kind){ f->vm.fd, PT, "partition" };
	kinds[2] = (struct kind){ f->vp.fd, VP, "VP" };
	return cap(f->vm.dev, MSHV_CAP_DEVICE_HVCALL) &&
	       cap(f->vm.dev, MSHV_CAP_PARTITION_HVCALL) && cap(f->vm.dev, MSHV_CAP_VP_HVCALL);
}

static void fds_close(struct fds *f)
{
	vp_free(&f->vp);
	vm_free(&f->vm);
}

/* The calls that are let through, each with an input that harms nobody. */
struct allowed {
	u16 code;
	unsigned int kinds;
	u16 reps;
	u16 in_size;
	u16 out_size;
	u32 word2;		/* third 32-bit word of the input */
	u32 word4;		/* fifth */
};

static const struct allowed allowed[] = {
	{ HVX_CALL_GET_PARTITION_PROPERTY, DEV | PT | VP, 0, 16, 8,
	  HVX_PROP_PHYSICAL_ADDRESS_WIDTH },
	{ HVX_CALL_SET_PARTITION_PROPERTY, PT, 0, 24, 0, HVX_PROP_TIME_FREEZE },
	{ HVX_CALL_INSTALL_INTERCEPT, PT | VP, 0, 24, 0 },
	{ HVX_CALL_GET_VP_REGISTERS, PT | VP, 1, 20, 16, 0, HVX_REG_RAX },
	{ HVX_CALL_SET_VP_REGISTERS, PT | VP, 1, 48, 0, 0, HVX_REG_RAX },
	{ HVX_CALL_TRANSLATE_VIRTUAL_ADDRESS, PT | VP, 0, 32, 16 },
	{ HVX_CALL_CLEAR_VIRTUAL_INTERRUPT, PT | VP, 0, 8, 0 },
	{ HVX_CALL_REGISTER_INTERCEPT_RESULT, PT | VP, 0, 0x3c, 0 },
	{ HVX_CALL_ASSERT_VIRTUAL_INTERRUPT, PT | VP, 0, 32, 0 },
	{ HVX_CALL_SIGNAL_EVENT_DIRECT, PT | VP, 0, 16, 8 },
	{ HVX_CALL_POST_MESSAGE_DIRECT, PT | VP, 0, 280, 0 },
	{ HVX_CALL_GET_GPA_PAGES_ACCESS_STATES, PT | VP, 1, 24, 1 },
	{ HVX_CALL_GET_VP_CPUID_VALUES, PT | VP, 1, 48, 16 },
	{ HVX_CALL_GET_PARTITION_PROPERTY_EX, DEV | PT | VP, 0, 24, HVX_PROPERTY_EX_MAX_SIZE,
	  HVX_PROP_EX_VMM_CAPABILITIES },
};

static const struct allowed *allowed_find(u16 code, unsigned int kind)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(allowed); i++)
		if (allowed[i].code == code && allowed[i].kinds & kind)
			return &allowed[i];
	return NULL;
}

static void request(struct mshv_root_hvcall *hc, u32 *in, void *out,
		    const struct allowed *a)
{
	memset(hc, 0, sizeof(*hc));
	memset(in, 0, PAGE);
	in[2] = a->word2;
	in[4] = a->word4;
	hc->code = a->code;
	hc->reps = a->reps;
	hc->in_sz = a->in_size;
	hc->in_ptr = (uintptr_t)in;
	hc->out_sz = a->out_size;
	hc->out_ptr = a->out_size ? (uintptr_t)out : 0;
}

TEST(codes_that_are_refused)
{
	static u32 in[PAGE / 4], out[PAGE / 4];
	struct mshv_root_hvcall hc;
	struct accounts before;
	struct kind kinds[3];
	u64 calls = 0;
	unsigned int code, k;
	struct fds f;

	if (!fds_open(&f, kinds))
		SKIP(return, "no hypercalls");
	if (ctl_present()) {
		accounts_read(&before);
		calls = before.v[TESTHV_ACCT_HYPERCALLS];
	}
	for (k = 0; k < 3; k++) {
		for (code = 0; code < 0x10000; code++) {
			if (allowed_find(code, kinds[k].kind))
				continue;
			memset(&hc, 0, sizeof(hc));
			hc.code = code;
			hc.in_sz = 8;
			hc.in_ptr = (uintptr_t)in;
			hc.out_sz = 8;
			hc.out_ptr = (uintptr_t)out;
			ASSERT_EQ(-EINVAL, hvcall_raw(kinds[k].fd, &hc))
				TH_LOG("code %#x on the %s", code, kinds[k].name);
			ASSERT_EQ(0, hc.status)
				TH_LOG("code %#x reached the hypervisor", code);
		}
	}
	/* none got through: what happened meanwhile was the host's own */
	if (ctl_present()) {
		EXPECT_GT(100000, ctl_account(TESTHV_ACCT_HYPERCALLS) - calls);
		EXPECT_EQ(0, accounts_open(&before));
	}
	fds_close(&f);
}

/* The others get as far as the hypervisor, whatever that says. */
TEST(codes_that_are_allowed)
{
	static u32 in[PAGE / 4], out[PAGE / 4];
	struct mshv_root_hvcall hc;
	struct kind kinds[3];
	unsigned int i, k;
	struct fds f;
	int ret;

	if (!fds_open(&f, kinds))
		SKIP(return, "no hypercalls");
	for (i = 0; i < ARRAY_SIZE(allowed); i++) {
		for (k = 0; k < 3; k++) {
			if (!(allowed[i].kinds & kinds[k].kind))
				continue;
			request(&hc, in, out, &allowed[i]);
			ret = hvcall_raw(kinds[k].fd, &hc);
			EXPECT_TRUE(!ret || hc.status)
				TH_LOG("code %#x on the %s: %d", allowed[i].code, kinds[k].name,
				       ret);
		}
	}
	fds_close(&f);
}

/* Each field with each bad value, on each kind of descriptor. */
TEST(bad_fields)
{
	static u32 in[PAGE / 4], out[2 * PAGE / 4];
	const struct allowed *get = &allowed[0];
	struct mshv_root_hvcall hc;
	struct kind kinds[3];
	struct fds f;
	unsigned int i, k;

#define BAD(field, value)						\
	do {								\
		request(&hc, in, out, get);				\
		hc.field = value;					\
		EXPECT_EQ(-EINVAL, hvcall_raw(kinds[k].fd, &hc))	\
			TH_LOG("%s = %s on the %s", #field, #value, kinds[k].name); \
	} while (0)

	if (!fds_open(&f, kinds))
		SKIP(return, "no hypercalls");
	for (k = 0; k < 3; k++) {
		BAD(status, 1);
		BAD(status, 0xffff);
		BAD(in_ptr, 0);
		BAD(in_sz, 0);
		BAD(in_sz, 7);
		BAD(in_sz, PAGE + 1);
		BAD(in_sz, 0xffff);
		BAD(out_sz, 0);
		BAD(out_sz, PAGE + 1);
		BAD(out_sz, 0xffff);
		BAD(out_ptr, 0);
		for (i = 0; i < sizeof(hc.rsvd); i++)
			BAD(rsvd[i], 1);
		/* and without a bad field it works */
		request(&hc, in, out, get);
		EXPECT_EQ(0, hvcall_raw(kinds[k].fd, &hc));
		EXPECT_EQ(0, hc.status);
	}
	fds_close(&f);
}

/* The number of repetitions has twelve bits, and must fit the buffers. */
TEST(bad_repetitions)
{
	static const u16 reps[] = { 256, 257, 4095, 4096, 8192, 0xffff };
	static u32 in[PAGE / 4], out[PAGE / 4];
	struct mshv_root_hvcall hc;
	struct kind kinds[3];
	struct fds f;
	unsigned int i;

	if (!fds_open(&f, kinds))
		SKIP(return, "no hypercalls");
	for (i = 0; i < ARRAY_SIZE(reps); i++) {
		request(&hc, in, out, allowed_find(HVX_CALL_GET_VP_REGISTERS, VP));
		hc.reps = reps[i];
		EXPECT_EQ(-EINVAL, hvcall_raw(f.vp.fd, &hc))
			TH_LOG("%u repetitions in buffers for one", reps[i]);
		hc.status = 0;
		hc.in_sz = PAGE;
		hc.out_sz = PAGE;
		hc.reps = reps[i];
		if (reps[i] > 256)
			EXPECT_EQ(-EINVAL, hvcall_raw(f.vp.fd, &hc))
				TH_LOG("%u repetitions", reps[i]);
	}
	/* none, where the hypercall repeats; some, where it does not */
	request(&hc, in, out, allowed_find(HVX_CALL_GET_VP_REGISTERS, VP));
	hc.reps = 0;
	EXPECT_EQ(-EINVAL, hvcall_raw(f.vp.fd, &hc));
	request(&hc, in, out, &allowed[0]);
	hc.reps = 1;
	EXPECT_EQ(-EINVAL, hvcall_raw(f.vp.fd, &hc));
	fds_close(&f);
}

TEST(bad_pointers)
{
	static u32 in[PAGE / 4], out[PAGE / 4];
	u8 *page = guard_page();
	struct mshv_root_hvcall hc;
	struct kind kinds[3];
	struct fds f;
	unsigned int k;

	if (!fds_open(&f, kinds))
		SKIP(return, "no hypercalls");
	for (k = 0; k < 3; k++) {
		request(&hc, in, out, &allowed[0]);
		hc.in_ptr = 8;
		EXPECT_EQ(-EFAULT, hvcall_raw(kinds[k].fd, &hc));
		EXPECT_EQ(0, hc.status);
		hc.in_ptr = 0xffff888000000000UL;
		EXPECT_EQ(-EFAULT, hvcall_raw(kinds[k].fd, &hc));
		hc.in_ptr = (uintptr_t)page + PAGE - hc.in_sz + 1;
		EXPECT_EQ(-EFAULT, hvcall_raw(kinds[k].fd, &hc));
		request(&hc, in, out, &allowed[0]);
		hc.out_ptr = 8;
		EXPECT_EQ(-EFAULT, hvcall_raw(kinds[k].fd, &hc));
		/* input and output right before a hole */
		request(&hc, in, out, &allowed[0]);
		memcpy(page + PAGE - hc.in_sz, in, hc.in_sz);
		hc.in_ptr = (uintptr_t)page + PAGE - hc.in_sz;
		hc.out_ptr = (uintptr_t)page + PAGE - hc.out_sz;
		EXPECT_EQ(0, hvcall_raw(kinds[k].fd, &hc));
	}
	fds_close(&f);
}

/* What the hypervisor said is in the structure, next to the errno. */
TEST(status_is_reported)
{
	struct hvx_in_get_partition_property in = { .code = 0x00ff00ff };
	struct mshv_root_hvcall hc = {
		.code = HVX_CALL_GET_PARTITION_PROPERTY,
		.in_sz = sizeof(in),
		.in_ptr = (uintptr_t)&in,
	};
	u64 out = 0x5555;
	struct kind kinds[3];
	struct fds f;
	unsigned int k;

	if (!fds_open(&f, kinds))
		SKIP(return, "no hypercalls");
	hc.out_ptr = (uintptr_t)&out;
	hc.out_sz = sizeof(out);
	for (k = 0; k < 3; k++) {
		hc.status = 0;
		EXPECT_EQ(-EINVAL, hvcall_raw(kinds[k].fd, &hc));
		EXPECT_NE(0, hc.status)
			TH_LOG("on the %s", kinds[k].name);
		/* output is written only on success */
		EXPECT_EQ(0x5555, out);
	}
	fds_close(&f);
}

/* The partition is the descriptor's, whatever the input says. */
TEST(partition_id_is_the_kernels)
{
	const u64 ids[] = { 0, 1, 2, 0x12345678, HVX_PARTITION_ID_SELF };
	struct hvx_in_get_vp_registers *in = calloc(1, PAGE);
	struct vm vm[2];
	struct vp vp[2];
	union hvx_value value;
	unsigned int i, k;

	for (k = 0; k < 2; k++) {
		vm_init(&vm[k]);
		vp_init(&vp[k], &vm[k], 0);
		vp_set(&vp[k], HVX_REG_RAX, 0x100 + k);
	}
	if (!cap(vm[0].fd, MSHV_CAP_PARTITION_HVCALL))
		SKIP(return, "no MSHV_CAP_PARTITION_HVCALL");
	in->names[0] = HVX_REG_RAX;
	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		for (k = 0; k < 2; k++) {
			in->h.partition_id = ids[i];
			ASSERT_EQ(0, hvcall_rep(vm[k].fd, HVX_CALL_GET_VP_REGISTERS, 1, in, 20,
						&value, 16, NULL, NULL));
			EXPECT_EQ(0x100 + k, value.u64);
			/* the caller's input is not written to */
			EXPECT_EQ(ids[i], in->h.partition_id);
		}
	}
	for (k = 0; k < 2; k++) {
		vp_free(&vp[k]);
		vm_free(&vm[k]);
	}
}

/* On the device it is the root partition itself. */
TEST(device_is_the_root_partition)
{
	u64 privileges = 0;
	int dev = dev_open();

	if (!cap(dev, MSHV_CAP_DEVICE_HVCALL))
		SKIP(return, "no MSHV_CAP_DEVICE_HVCALL");
	ASSERT_EQ(0, hv_get_property(dev, HVX_PROP_PRIVILEGE_FLAGS, &privileges));
	EXPECT_EQ(HVX_PRIV_CREATE_PARTITIONS, privileges & HVX_PRIV_CREATE_PARTITIONS);
}

static void names_init(u32 *names, struct hvx_register *regs, unsigned int count)
{
	unsigned int i;

	memset(regs, 0, count * sizeof(*regs));
	for (i = 0; i < count; i++) {
		/* R8..R15 and XMM registers: independent of each other */
		names[i] = i < 8 ? HVX_REG_R8 + i : HVX_REG_XMM0 + i - 8;
		regs[i].name = names[i];
		regs[i].value.u64 = 0x1000 + i;
	}
}

#define REGS	24

/* The hypervisor stops when it likes; the caller does not see that. */
TEST(partial_completion)
{
	static const unsigned int limits[] = { 1, 5, 23 };
	struct hvx_register regs[REGS];
	union hvx_value values[REGS];
	u32 names[REGS];
	struct kind kinds[3];
	unsigned int i, k;
	u64 calls;
	struct fds f;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	if (!fds_open(&f, kinds))
		SKIP(return, "no hypercalls");
	for (k = 0; k < ARRAY_SIZE(limits); k++) {
		names_init(names, regs, REGS);
		ctl_rep_limit(HVX_CALL_SET_VP_REGISTERS, limits[k]);
		ctl_rep_limit(HVX_CALL_GET_VP_REGISTERS, limits[k]);
		calls = ctl_calls(HVX_CALL_SET_VP_REGISTERS, NULL);
		/* hv_set_regs() and hv_get_regs() check the count, too */
		ASSERT_EQ(0, hv_set_regs(f.vm.fd, 0, regs, REGS));
		EXPECT_EQ((REGS + limits[k] - 1) / limits[k],
			  ctl_calls(HVX_CALL_SET_VP_REGISTERS, NULL) - calls);
		memset(values, 0, sizeof(values));
		ASSERT_EQ(0, hv_get_regs(f.vp.fd, 0, names, values, REGS));
		for (i = 0; i < REGS; i++)
			ASSERT_EQ(0x1000 + i, values[i].u64);
		/* the same for the ioctls that use them */
		ASSERT_EQ(0, vp_set_regs(f.vp.fd, regs, REGS));
		ASSERT_EQ(0, vp_get_regs(f.vp.fd, regs, REGS));
	}
	ctl_reset();
	fds_close(&f);
}

/* A failure in the middle: how many were done, and only those were. */
TEST(failure_in_the_middle)
{
	struct hvx_in_set_vp_registers *in = calloc(1, PAGE);
	struct hvx_register regs[REGS];
	u32 names[REGS];
	struct kind kinds[3];
	u16 done, status;
	unsigned int i;
	struct fds f;

	if (!fds_open(&f, kinds))
		SKIP(return, "no hypercalls");
	names_init(names, regs, REGS);
	regs[9].name = 0x7fffffff;
	memcpy(in->regs, regs, sizeof(regs));
	EXPECT_EQ(-EINVAL, hvcall_rep(f.vm.fd, HVX_CALL_SET_VP_REGISTERS, REGS, in,
				      sizeof(*in) + sizeof(regs), NULL, 0, &done, &status));
	EXPECT_EQ(9, done);
	EXPECT_NE(0, status);
	for (i = 0; i < REGS; i++)
		if (i != 9)
			EXPECT_EQ(i < 9 ? 0x1000 + i : 0, vp_get(&f.vp, names[i]))
				TH_LOG("register %u", i);
	fds_close(&f);
}

/* "Needs memory" is the kernel's to satisfy, without starting all over. */
TEST(deposit_and_go_on)
{
	static const u16 statuses[] = {
		HVX_STATUS_INSUFFICIENT_MEMORY, HVX_STATUS_INSUFFICIENT_CONTIGUOUS_MEMORY,
		HVX_STATUS_INSUFFICIENT_ROOT_MEMORY,
		HVX_STATUS_INSUFFICIENT_CONTIGUOUS_ROOT_MEMORY,
	};
	struct hvx_register regs[REGS];
	unsigned int i, k, nr;
	u32 names[REGS];
	struct kind kinds[3];
	struct ctl_info info;
	u64 deposits;
	struct fds f;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	if (!fds_open(&f, kinds))
		SKIP(return, "no hypercalls");
	ctl_info(&info);
	/* an L1VH partition has none of the root's memory to give */
	nr = info.l1vh ? 2 : ARRAY_SIZE(statuses);
	for (k = 0; k < nr; k++) {
		names_init(names, regs, REGS);
		for (i = 0; i < REGS; i++)
			regs[i].value.u64 += 0x100 * k;
		deposits = ctl_calls(HVX_CALL_DEPOSIT_MEMORY, NULL);
		ctl_fault_reps(HVX_CALL_SET_VP_REGISTERS, 1, statuses[k], 1, 7);
		EXPECT_EQ(0, hv_set_regs(f.vm.fd, 0, regs, REGS))
			TH_LOG("status %#x", statuses[k]);
		EXPECT_EQ(1, ctl_reset());
		EXPECT_LT(deposits, ctl_calls(HVX_CALL_DEPOSIT_MEMORY, NULL));
		for (i = 0; i < REGS; i++)
			EXPECT_EQ(0x1000 + i + 0x100 * k, vp_get(&f.vp, names[i]));
	}
	fds_close(&f);
}

/* A call that says "pending" and never was to: an error, with its status. */
TEST(unexpected_pending)
{
	u64 width;
	struct hvx_in_get_partition_property in = { .code = HVX_PROP_PHYSICAL_ADDRESS_WIDTH };
	struct kind kinds[3];
	u16 status;
	struct fds f;
	int ret;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	if (!fds_open(&f, kinds))
		SKIP(return, "no hypercalls");
	ctl_fault(HVX_CALL_GET_PARTITION_PROPERTY, 1, HVX_STATUS_CALL_PENDING, 1);
	ret = hvcall_rep(f.vm.fd, HVX_CALL_GET_PARTITION_PROPERTY, 0, &in, sizeof(in), &width,
			 sizeof(width), NULL, &status);
	EXPECT_GT(0, ret);
	EXPECT_EQ(HVX_STATUS_CALL_PENDING, status);
	ctl_reset();
	EXPECT_EQ(0, hv_get_property(f.vm.fd, HVX_PROP_PHYSICAL_ADDRESS_WIDTH, &width));
	fds_close(&f);
}

/* Reserved fields and other VTLs in the input are not let pass. */
TEST(register_header)
{
	struct hvx_in_get_vp_registers *in = calloc(1, PAGE);
	union hvx_value value;
	struct kind kinds[3];
	struct fds f;
	unsigned int k;

	if (!fds_open(&f, kinds))
		SKIP(return, "no hypercalls");
	in->names[0] = HVX_REG_RAX;
#define GET(fd) hvcall_rep(fd, HVX_CALL_GET_VP_REGISTERS, 1, in, 20, &value, 16, NULL, NULL)
	for (k = 1; k < 3; k++) {
		EXPECT_EQ(0, GET(kinds[k].fd));
		in->h.vtl = HVX_INPUT_VTL_USE | 1;
		EXPECT_GT(0, GET(kinds[k].fd));
		in->h.vtl = 0;
		in->h.rsvd8 = 1;
		EXPECT_GT(0, GET(kinds[k].fd));
		in->h.rsvd8 = 0;
		in->h.vp_index = 1;
		EXPECT_EQ(-EINVAL, GET(kinds[k].fd));
		in->h.vp_index = HVX_ANY_VP;
		EXPECT_EQ(-EINVAL, GET(kinds[k].fd));
		in->h.vp_index = 0;
	}
	fds_close(&f);
}

GUEST_CODE(guest_spin, 64, "1: jmp 1b\n");

static void *run_vp(void *arg)
{
	struct vp *vp = arg;

	return (void *)(long)vp_run(vp);
}

/* A VP that runs has no registers for others to read, but is not stopped. */
TEST(registers_of_a_running_vp)
{
	const u32 name = HVX_REG_RIP;
	union hvx_value value;
	struct hvx_register reg = { .name = HVX_REG_RAX };
	pthread_t thread;
	u64 width;
	struct vm vm;
	struct vp vp;
	void *ret;

	vm_init(&vm);
	vp_init(&vp, &vm, 0);
	if (!cap(vm.fd, MSHV_CAP_PARTITION_HVCALL))
		SKIP(return, "no MSHV_CAP_PARTITION_HVCALL");
	vp_load(&vp, MODE_LONG, guest_spin);
	signal_catch(SIGUSR1);
	ASSERT_EQ(0, pthread_create(&thread, NULL, run_vp, &vp));
	/* a loaded machine takes its time to start the thread */
	while (hv_get_regs(vm.fd, 0, &name, &value, 1) == 0)
		usleep(10000);
	EXPECT_EQ(-EBUSY, hv_get_regs(vm.fd, 0, &name, &value, 1));
	EXPECT_EQ(-EBUSY, hv_set_regs(vm.fd, 0, &reg, 1));
	/* nor are there others */
	EXPECT_EQ(-EINVAL, hv_get_regs(vm.fd, 1, &name, &value, 1));
	EXPECT_EQ(-EINVAL, hv_get_regs(vm.fd, 1 << 20, &name, &value, 1));
	/* what does not concern the VP works */
	EXPECT_EQ(0, hv_get_property(vm.fd, HVX_PROP_PHYSICAL_ADDRESS_WIDTH, &width));
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, &ret);
	EXPECT_EQ(-EINTR, (long)ret);
	EXPECT_EQ(0, hv_get_regs(vm.fd, 0, &name, &value, 1));
	EXPECT_EQ(GUEST_CODE_BASE, value.u64);
	vp_free(&vp);
	vm_free(&vm);
}

/* That is for the hypervisor to say, whatever the number. */
TEST(registers_of_no_vp)
{
	static const u32 none[] = { 1, GUEST_VPS, 1023, 1024, 0x7fffffff, 0xfffffffd };
	const u32 name = HVX_REG_RBX;
	union hvx_value value;
	struct guest g;
	unsigned int i;

	guest_init_load(&g, guest_count);
	NEED_CAP(g.vm.fd, MSHV_CAP_PARTITION_HVCALL);
	for (i = 0; i < ARRAY_SIZE(none); i++)
		EXPECT_EQ(-EINVAL, hv_get_regs(g.vm.fd, none[i], &name, &value, 1))
			TH_LOG("VP %#x", none[i]);
	EXPECT_EQ(0, hv_get_regs(g.vm.fd, 0, &name, &value, 1));
	guest_free(&g);
}

TEST_HARNESS_MAIN
