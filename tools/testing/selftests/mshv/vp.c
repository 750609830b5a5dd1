// SPDX-License-Identifier: GPL-2.0
/*
 * Virtual processors: creation, registers, shared pages.
 *
 * Of Documentation/virt/mshv/defects.rst:
 * C4: registers_round_trip_one_by_one, registers_round_trip_all_at_once
 * D11: index_limits, many
 * D12: index_is_free_after_close
 * D21: suspend_registers_are_refused
 * D66: register_page_rubbish
 * D75: partition_closed_first
 */
#include <sys/mman.h>
#include <sys/resource.h>

#include "mshv_util.h"
#include "kselftest_harness.h"

TEST(index_limits)
{
	struct vm vm;
	int max, fd;

	vm_init(&vm);
	max = cap(vm.fd, MSHV_CAP_MAX_VPS);
	ASSERT_LT(0, max);
	EXPECT_EQ(-EINVAL, vp_create(vm.fd, max));
	EXPECT_EQ(-EINVAL, vp_create(vm.fd, 0x80000000));
	EXPECT_EQ(-EINVAL, vp_create(vm.fd, ~0U));
	/* what the hypervisor takes for itself */
	EXPECT_EQ(-EINVAL, vp_create(vm.fd, HVX_VP_INDEX_SELF));
	fd = vp_create(vm.fd, max - 1);
	EXPECT_LE(0, fd);
	close(fd);
	vm_free(&vm);
}

TEST(duplicates)
{
	struct vm vm;
	int a, b;

	vm_init(&vm);
	a = vp_create(vm.fd, 3);
	ASSERT_LE(0, a);
	EXPECT_EQ(-EEXIST, vp_create(vm.fd, 3));
	b = vp_create(vm.fd, 4);
	EXPECT_LE(0, b);
	EXPECT_EQ(-EEXIST, vp_create(vm.fd, 3));
	close(a);
	close(b);
	vm_free(&vm);
}

/* Closing a VP deletes it; a second descriptor for it counts. */
TEST(index_is_free_after_close)
{
	struct accounts before;
	struct vm vm;
	struct vp vp;
	int i, copy;

	vm_init(&vm);
	vp_init(&vp, &vm, 0);
	vp_free(&vp);
	/* what a VP costs at first stays with the partition */
	accounts_read(&before);
	for (i = 0; i < 20; i++) {
		vp_init(&vp, &vm, 0);
		vp_set(&vp, HVX_REG_RAX, i + 1);
		copy = dup(vp.fd);
		vp_free(&vp);
		EXPECT_EQ(-EEXIST, vp_create(vm.fd, 0));
		vp.fd = copy;
		EXPECT_EQ(i + 1, vp_get(&vp, HVX_REG_RAX));
		vp_free(&vp);
	}
	vp_init(&vp, &vm, 0);
	EXPECT_EQ(0, vp_get(&vp, HVX_REG_RAX));
	vp_free(&vp);
	if (ctl_present()) {
		EXPECT_EQ(before.v[TESTHV_ACCT_VPS], ctl_account(TESTHV_ACCT_VPS));
		EXPECT_EQ(before.v[TESTHV_ACCT_STATE_PAGES],
			  ctl_account(TESTHV_ACCT_STATE_PAGES));
		EXPECT_EQ(before.v[TESTHV_ACCT_STATS_PAGES],
			  ctl_account(TESTHV_ACCT_STATS_PAGES));
	}
	vm_free(&vm);
}

/* So many that the hypervisor has to be given memory again and again. */
TEST(many)
{
	struct accounts before;
	int fds[64];
	struct vm vm;
	unsigned int i;

	accounts_read(&before);
	vm_init(&vm);
	ASSERT_LE(ARRAY_SIZE(fds), cap(vm.fd, MSHV_CAP_MAX_VPS));
	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = vp_create(vm.fd, i);
		ASSERT_LE(0, fds[i]);
	}
	if (ctl_present())
		EXPECT_EQ(before.v[TESTHV_ACCT_VPS] + ARRAY_SIZE(fds),
			  ctl_account(TESTHV_ACCT_VPS));
	for (i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
	vm_free(&vm);
	EXPECT_EQ(0, accounts_open(&before));
}

TEST(no_free_fd)
{
	struct rlimit old, limit;
	struct accounts before;
	struct vm vm;
	int fd;

	vm_init(&vm);
	/* the pages that the first VP makes the partition own */
	fd = vp_create(vm.fd, 1);
	close(fd);
	accounts_read(&before);
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &old));
	limit = old;
	limit.rlim_cur = vm.fd + 1;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(-EMFILE, vp_create(vm.fd, 0));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
	if (ctl_present())
		EXPECT_EQ(before.v[TESTHV_ACCT_VPS], ctl_account(TESTHV_ACCT_VPS));
	fd = vp_create(vm.fd, 0);
	EXPECT_LE(0, fd);
	close(fd);
	vm_free(&vm);
}

/* A VP lives with its partition: after that one is closed it only says so. */
TEST(partition_closed_first)
{
	struct hvx_register reg = { .name = HVX_REG_RAX };
	struct vm vm;
	struct vp vp;

	vm_init(&vm);
	vp_init(&vp, &vm, 0);
	close(vm.fd);
	EXPECT_EQ(-ESHUTDOWN, vp_run(&vp));
	EXPECT_EQ(-ESHUTDOWN, vp_get_regs(vp.fd, &reg, 1));
	vp_free(&vp);
}

/* The state of a processor after INIT (AMD APM volume 2, table 14-1). */
TEST(initial_state)
{
	struct hvx_register cs = { .name = HVX_REG_CS };
	struct vm vm;
	struct vp vp;

	vm_init(&vm);
	vp_init(&vp, &vm, 0);
	EXPECT_EQ(0xfff0, vp_get(&vp, HVX_REG_RIP));
	EXPECT_EQ(2, vp_get(&vp, HVX_REG_RFLAGS));
	EXPECT_EQ(0, vp_get(&vp, HVX_REG_RAX));
	EXPECT_EQ(0, vp_get(&vp, HVX_REG_CR0) & (BIT(31) | BIT(0)));
	EXPECT_EQ(0, vp_get(&vp, HVX_REG_EFER));
	ASSERT_EQ(0, vp_get_regs(vp.fd, &cs, 1));
	EXPECT_EQ(0xf000, cs.value.segment.selector);
	EXPECT_EQ(0xffff0000, cs.value.segment.base);
	EXPECT_EQ(0xffff, cs.value.segment.limit);
	vp_free(&vp);
	vm_free(&vm);
}

/*
 * Registers
 */

static void value_make(const struct reg_info *info, union hvx_value *v)
{
	memset(v, 0, sizeof(*v));
	switch (info->kind) {
	case REG_U64:
		v->u64 = info->value;
		break;
	case REG_U128:
		v->u128[0] = info->value;
		v->u128[1] = ~info->value;
		break;
	case REG_SEGMENT:
		v->segment.base = info->value << 4;
		v->segment.limit = 0xffff;
		v->segment.selector = info->value;
		v->segment.attributes = HVX_SEG_PRESENT |
			(info->name == HVX_REG_LDTR ? 0x2 :
			 info->name == HVX_REG_TR ? 0xb :
			 info->name == HVX_REG_CS ? 0xb | HVX_SEG_NON_SYSTEM :
			 0x3 | HVX_SEG_NON_SYSTEM);
		break;
	case REG_TABLE:
		v->table.base = info->value;
		v->table.limit = 0x3ff;
		break;
	}
}

/* Three ways to the same registers. */
enum way { BY_IOCTL, BY_VP_HVCALL, BY_PT_HVCALL, WAYS };

static int regs_get(struct vp *vp, enum way by, struct hvx_register *regs, unsigned int count)
{
	union hvx_value values[128] = { 0 };
	u32 names[128];
	unsigned int i;
	int ret;

	if (by == BY_IOCTL)
		return vp_get_regs(vp->fd, regs, count);
	for (i = 0; i < count; i++)
		names[i] = regs[i].name;
	ret = hv_get_regs(by == BY_VP_HVCALL ? vp->fd : vp->vm->fd, vp->index, names, values,
			  count);
	for (i = 0; !ret && i < count; i++)
		regs[i].value = values[i];
	return ret;
}

static int regs_set(struct vp *vp, enum way by, const struct hvx_register *regs,
		    unsigned int count)
{
	if (by == BY_IOCTL)
		return vp_set_regs(vp->fd, regs, count);
	return hv_set_regs(by == BY_VP_HVCALL ? vp->fd : vp->vm->fd, vp->index, regs, count);
}

static bool way_absent(struct vp *vp, enum way by)
{
	static const u32 caps[WAYS] = {
		MSHV_CAP_VP_REGISTERS, MSHV_CAP_VP_HVCALL, MSHV_CAP_PARTITION_HVCALL,
	};

	return !cap(vp->fd, caps[by]);
}

TEST(registers_round_trip_one_by_one)
{
	struct hvx_register reg, got;
	const struct reg_info *info;
	struct vm vm;
	struct vp vp;
	enum way by;
	unsigned int i;

	vm_init(&vm);
	for (by = 0; by < WAYS; by++) {
		vp_init(&vp, &vm, 0);
		for (i = 0; i < reg_table_size && !way_absent(&vp, by); i++) {
			info = &reg_table[i];
			memset(&reg, 0, sizeof(reg));
			reg.name = info->name;
			got = reg;
			if (info->optional && regs_get(&vp, by, &got, 1))
				continue;
			value_make(info, &reg.value);
			EXPECT_EQ(0, regs_set(&vp, by, &reg, 1))
				TH_LOG("setting %s by way %d", info->text, by);
			EXPECT_EQ(0, regs_get(&vp, by, &got, 1))
				TH_LOG("getting %s by way %d", info->text, by);
			EXPECT_EQ(reg.value.u128[0], got.value.u128[0])
				TH_LOG("%s by way %d", info->text, by);
			EXPECT_EQ(reg.value.u128[1], got.value.u128[1])
				TH_LOG("high half of %s by way %d", info->text, by);
		}
		vp_free(&vp);
	}
	vm_free(&vm);
}

TEST(registers_round_trip_all_at_once)
{
	struct hvx_register regs[128] = { 0 }, got[128] = { 0 };
	unsigned int i, count = 0;
	struct vm vm;
	struct vp vp;
	enum way by;

	vm_init(&vm);
	vp_init(&vp, &vm, 0);
	for (i = 0; i < reg_table_size; i++) {
		if (reg_table[i].optional)
			continue;
		regs[count].name = reg_table[i].name;
		value_make(&reg_table[i], &regs[count].value);
		count++;
	}
	ASSERT_GE(ARRAY_SIZE(regs), count);
	for (by = 0; by < WAYS; by++) {
		if (way_absent(&vp, by))
			continue;
		ASSERT_EQ(0, regs_set(&vp, by, regs, count));
		memcpy(got, regs, sizeof(got));
		for (i = 0; i < count; i++)
			memset(&got[i].value, 0, sizeof(got[i].value));
		ASSERT_EQ(0, regs_get(&vp, by, got, count));
		for (i = 0; i < count; i++)
			EXPECT_EQ(0, memcmp(&regs[i].value, &got[i].value,
					    sizeof(got[i].value)))
				TH_LOG("register %#x by way %d", regs[i].name, by);
	}
	vp_free(&vp);
	vm_free(&vm);
}

/* Each VP has its own; the index in the hypercall says whose. */
TEST(registers_are_per_vp)
{
	const u32 name = HVX_REG_RBX;
	struct hvx_register reg = { .name = HVX_REG_RBX, .value.u64 = 0x1001 };
	union hvx_value value;
	struct vp a, b;
	struct vm vm;

	vm_init(&vm);
	vp_init(&a, &vm, 0);
	vp_init(&b, &vm, 5);
	vp_set(&a, HVX_REG_RBX, 0xa);
	vp_set(&b, HVX_REG_RBX, 0xb);
	EXPECT_EQ(0xa, vp_get(&a, HVX_REG_RBX));
	EXPECT_EQ(0xb, vp_get(&b, HVX_REG_RBX));
	if (cap(vm.fd, MSHV_CAP_PARTITION_HVCALL)) {
		ASSERT_EQ(0, hv_get_regs(vm.fd, 5, &name, &value, 1));
		EXPECT_EQ(0xb, value.u64);
		ASSERT_EQ(0, hv_set_regs(vm.fd, 5, &reg, 1));
		EXPECT_EQ(0xa, vp_get(&a, HVX_REG_RBX));
		EXPECT_EQ(0x1001, vp_get(&b, HVX_REG_RBX));
		/* a VP that does not exist */
		EXPECT_EQ(-EINVAL, hv_get_regs(vm.fd, 1, &name, &value, 1));
	}
	vp_free(&a);
	vp_free(&b);
	vm_free(&vm);
}

TEST(floating_point_control)
{
	struct hvx_register regs[] = {
		/* control word, status word, tags (abridged), opcode; then RIP */
		{ .name = HVX_REG_FP_CONTROL_STATUS, .value.u128 = { 0x000000000000027fULL, 0 } },
		/* RDP; then MXCSR */
		{ .name = HVX_REG_XMM_CONTROL_STATUS, .value.u128 = { 0, 0x00001f00ULL } },
	};
	struct vm vm;
	struct vp vp;

	vm_init(&vm);
	vp_init(&vp, &vm, 0);
	ASSERT_EQ(0, vp_set_regs(vp.fd, regs, 2));
	memset(&regs[0].value, 0, sizeof(regs[0].value));
	memset(&regs[1].value, 0, sizeof(regs[1].value));
	ASSERT_EQ(0, vp_get_regs(vp.fd, regs, 2));
	EXPECT_EQ(0x27f, regs[0].value.u128[0] & 0xffff);
	EXPECT_EQ(0x1f00, regs[1].value.u128[1] & 0xffffffff);
	vp_free(&vp);
	vm_free(&vm);
}

TEST(register_arguments)
{
	struct hvx_register reg = { .name = HVX_REG_RAX, .value.u64 = 7 };
	struct mshv_vp_registers good = { .count = 1, .regs_ptr = (uintptr_t)&reg }, arg;
	static const unsigned int cmds[] = { MSHV_GET_VP_REGISTERS, MSHV_SET_VP_REGISTERS };
	u8 *page = guard_page();
	unsigned int i, max;
	struct vm vm;
	struct vp vp;

	vm_init(&vm);
	vp_init(&vp, &vm, 0);
	max = cap(vp.fd, MSHV_CAP_VP_REGISTERS);
	if (!max)
		SKIP(return, "no MSHV_CAP_VP_REGISTERS");
	for (i = 0; i < 2; i++) {
		arg = good;
		arg.count = 0;
		EXPECT_EQ(-EINVAL, xioctl(vp.fd, cmds[i], &arg));
		arg.count = max + 1;
		EXPECT_EQ(-EINVAL, xioctl(vp.fd, cmds[i], &arg));
		arg.count = ~0U;
		EXPECT_EQ(-EINVAL, xioctl(vp.fd, cmds[i], &arg));
		arg = good;
		arg.reserved = 1;
		EXPECT_EQ(-EINVAL, xioctl(vp.fd, cmds[i], &arg));
		arg = good;
		arg.regs_ptr = 0;
		EXPECT_EQ(-EFAULT, xioctl(vp.fd, cmds[i], &arg));
		arg.regs_ptr = (uintptr_t)page + PAGE - sizeof(reg) + 8;
		EXPECT_EQ(-EFAULT, xioctl(vp.fd, cmds[i], &arg));
		arg.regs_ptr = ~0ULL - 16;
		EXPECT_EQ(-EFAULT, xioctl(vp.fd, cmds[i], &arg));
		reg.rsvd1 = 1;
		EXPECT_EQ(-EINVAL, xioctl(vp.fd, cmds[i], &good));
		reg.rsvd1 = 0;
		reg.rsvd2 = 1;
		EXPECT_EQ(-EINVAL, xioctl(vp.fd, cmds[i], &good));
		reg.rsvd2 = 0;
		reg.name = 0x12345678;
		EXPECT_EQ(-EINVAL, xioctl(vp.fd, cmds[i], &good));
		reg.name = HVX_REG_RAX;
	}
	EXPECT_EQ(0, vp_get(&vp, HVX_REG_RAX));
	vp_free(&vp);
	vm_free(&vm);
}

/* What holds a VP suspended is the kernel's, by every way. */
TEST(suspend_registers_are_refused)
{
	static const u32 names[] = {
		HVX_REG_EXPLICIT_SUSPEND, HVX_REG_INTERCEPT_SUSPEND, HVX_REG_DISPATCH_SUSPEND,
	};
	struct hvx_register regs[3] = {
		{ .name = HVX_REG_RCX, .value.u64 = 0x55 },
		{ 0 },
		{ .name = HVX_REG_RDX, .value.u64 = 0x66 },
	};
	unsigned int i, value;
	u64 rcx, rdx;
	struct vm vm;
	struct vp vp;
	enum way by;

	vm_init(&vm);
	vp_init(&vp, &vm, 0);
	rcx = vp_get(&vp, HVX_REG_RCX);
	rdx = vp_get(&vp, HVX_REG_RDX);
	for (by = 0; by < WAYS; by++) {
		if (way_absent(&vp, by))
			continue;
		for (i = 0; i < ARRAY_SIZE(names); i++) {
			for (value = 0; value < 2; value++) {
				/* alone, and hidden between others */
				regs[1].name = names[i];
				regs[1].value.u64 = value;
				EXPECT_EQ(-EINVAL, regs_set(&vp, by, &regs[1], 1))
					TH_LOG("register %#x by way %d", names[i], by);
				EXPECT_EQ(-EINVAL, regs_set(&vp, by, regs, 3))
					TH_LOG("register %#x by way %d", names[i], by);
			}
		}
	}
	/* nothing of the refused lists was done */
	EXPECT_EQ(rcx, vp_get(&vp, HVX_REG_RCX));
	EXPECT_EQ(rdx, vp_get(&vp, HVX_REG_RDX));
	vp_free(&vp);
	vm_free(&vm);
}

/* Values that no processor takes: refused, or reported when the VP runs. */
TEST(impossible_values)
{
	static const struct {
		u32 name;
		u64 value;
	} cases[] = {
		{ HVX_REG_CR0, BIT(31) },		/* paging without protection */
		{ HVX_REG_CR0, BIT(29) | BIT(4) },	/* NW without CD */
		{ HVX_REG_CR3, BIT(60) },
		{ HVX_REG_CR4, BIT(63) },
		{ HVX_REG_EFER, BIT(60) },
		{ HVX_REG_DR7, BIT(40) },
	};
	struct vm vm;
	struct vp vp;
	unsigned int i;
	int ret;

	vm_init(&vm);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct hvx_register reg = {
			.name = cases[i].name,
			.value.u64 = cases[i].value,
		};

		vp_init(&vp, &vm, 0);
		vp_setup(&vp, MODE_REAL, GUEST_CODE_BASE);
		ret = vp_set_regs(vp.fd, &reg, 1);
		if (!ret) {
			ret = vp_run(&vp);
			EXPECT_EQ(0, ret);
			EXPECT_TRUE(vp.msg.type == HVX_MSG_INVALID_VP_REGISTER ||
				    vp.msg.type == HVX_MSG_UNRECOVERABLE_EXCEPTION)
				TH_LOG("register %#x: message %s", cases[i].name,
				       msg_name(vp.msg.type));
			EXPECT_EQ(GUEST_CODE_BASE, vp_get(&vp, HVX_REG_RIP))
				TH_LOG("register %#x", cases[i].name);
		} else {
			EXPECT_EQ(-EINVAL, ret)
				TH_LOG("register %#x", cases[i].name);
		}
		vp_free(&vp);
	}
	vm_free(&vm);
}

/*
 * Pages shared with the VMM
 */

static void *vp_map(struct vp *vp, unsigned int index, size_t size, int prot, int flags)
{
	return mmap(NULL, size, prot, flags, vp->fd, index * sysconf(_SC_PAGESIZE));
}

GUEST_CODE(guest_registers, 64,
	   "mov $0x1122334455667788, %rax\n"
	   "mov $0x99, %r15d\n"
	   "out %al, $0x80\n"
	   "mov %rbx, %rax\n"
	   "out %eax, $0x81\n");

TEST(register_page)
{
	struct hvx_register_page *page;
	struct vm vm;
	struct vp vp;

	vm_init(&vm);
	vp_init(&vp, &vm, 0);
	if (!cap(vp.fd, MSHV_CAP_REGISTER_PAGE))
		SKIP(return, "no MSHV_CAP_REGISTER_PAGE");
	page = vp_map(&vp, MSHV_VP_MMAP_OFFSET_REGISTERS, PAGE, PROT_READ | PROT_WRITE,
		      MAP_SHARED);
	ASSERT_NE(MAP_FAILED, page);
	vp_load(&vp, MODE_LONG, guest_registers);
	vp_run_until(&vp, HVX_MSG_X64_IO_PORT);
	ASSERT_EQ(1, page->valid);
	EXPECT_EQ(HVX_REGISTER_PAGE_VERSION, page->version);
	EXPECT_EQ(0, page->dirty);
	EXPECT_EQ(0x1122334455667788ULL, page->gpr[0]);
	EXPECT_EQ(0x99, page->gpr[15]);
	EXPECT_EQ(vp_header(&vp)->rip, page->rip);
	EXPECT_EQ(vp_get(&vp, HVX_REG_RFLAGS), page->rflags);
	EXPECT_EQ(vp_get(&vp, HVX_REG_CR0), page->cr0);
	EXPECT_EQ(vp_get(&vp, HVX_REG_CR3), page->cr3);
	EXPECT_EQ(vp_get(&vp, HVX_REG_CR4), page->cr4);
	EXPECT_EQ(vp_get(&vp, HVX_REG_EFER), page->efer);
	EXPECT_EQ(GUEST_CS, page->seg[1].selector);
	/* what the VMM writes and marks is what the guest has */
	page->gpr[3] = 0xcafe;
	page->rip += 2;
	page->dirty = HVX_REGPAGE_GENERAL | HVX_REGPAGE_IP;
	EXPECT_EQ(0xcafe, vp_run_out(&vp, 0x81));
	EXPECT_EQ(0, page->dirty);
	/* unmarked, it does not count */
	vp_set(&vp, HVX_REG_RIP, GUEST_CODE_BASE);
	page->gpr[3] = 0xbad;
	page->dirty = 0;
	vp_run_out(&vp, 0x80);
	EXPECT_EQ(0xcafe, vp_run_out(&vp, 0x81));
	munmap(page, PAGE);
	vp_free(&vp);
	vm_free(&vm);
}

/* Rubbish in the page harms no one but the guest. */
TEST(register_page_rubbish)
{
	struct hvx_register_page *page;
	struct vm vm;
	struct vp vp;
	unsigned int i;

	vm_init(&vm);
	vp_init(&vp, &vm, 0);
	if (!cap(vp.fd, MSHV_CAP_REGISTER_PAGE))
		SKIP(return, "no MSHV_CAP_REGISTER_PAGE");
	page = vp_map(&vp, MSHV_VP_MMAP_OFFSET_REGISTERS, PAGE, PROT_READ | PROT_WRITE,
		      MAP_SHARED);
	ASSERT_NE(MAP_FAILED, page);
	signal_catch(SIGALRM);
	for (i = 0; i < 8; i++) {
		vp_load(&vp, MODE_LONG, guest_registers);
		vp_run_out(&vp, 0x80);
		memset(page, i & 1 ? 0xff : 0xa5 + i, PAGE);
		alarm_us(200000, 200000);
		vp_run(&vp);
		alarm_us(0, 0);
		memset(page, 0, PAGE);
	}
	vp_free(&vp);
	/* another VP is fine */
	vp_init(&vp, &vm, 1);
	vp_load(&vp, MODE_LONG, guest_registers);
	EXPECT_EQ(0x88, vp_run_out(&vp, 0x80));
	vp_free(&vp);
	vm_free(&vm);
}

TEST(intercept_page)
{
	struct hvx_message *page;
	struct vm vm;
	struct vp vp;

	vm_init(&vm);
	vp_init(&vp, &vm, 0);
	if (!cap(vp.fd, MSHV_CAP_INTERCEPT_PAGE))
		SKIP(return, "no MSHV_CAP_INTERCEPT_PAGE");
	page = vp_map(&vp, MSHV_VP_MMAP_OFFSET_INTERCEPT_MESSAGE, PAGE, PROT_READ, MAP_SHARED);
	ASSERT_NE(MAP_FAILED, page);
	vp_load(&vp, MODE_LONG, guest_registers);
	vp_run_until(&vp, HVX_MSG_X64_IO_PORT);
	EXPECT_EQ(0, memcmp(page, &vp.msg, 16 + vp.msg.payload_size));
	munmap(page, PAGE);
	vp_free(&vp);
	vm_free(&vm);
}

TEST(mmap_rules)
{
	struct vm vm;
	struct vp vp;
	void *p;

	vm_init(&vm);
	vp_init(&vp, &vm, 0);
	if (!cap(vp.fd, MSHV_CAP_REGISTER_PAGE))
		SKIP(return, "no MSHV_CAP_REGISTER_PAGE");
	EXPECT_EQ(MAP_FAILED, vp_map(&vp, MSHV_VP_MMAP_OFFSET_COUNT, PAGE, PROT_READ, MAP_SHARED));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, vp_map(&vp, 0x7fffffff, PAGE, PROT_READ, MAP_SHARED));
	EXPECT_EQ(EINVAL, errno);
	if (!cap(vp.fd, MSHV_CAP_GHCB_PAGE)) {
		EXPECT_EQ(MAP_FAILED, vp_map(&vp, MSHV_VP_MMAP_OFFSET_GHCB, PAGE, PROT_READ,
					     MAP_SHARED));
		EXPECT_EQ(ENODEV, errno);
	}
	/* one page at a time, and the page itself, not a copy */
	EXPECT_EQ(MAP_FAILED, vp_map(&vp, 0, 2 * PAGE, PROT_READ, MAP_SHARED));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, vp_map(&vp, 0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE));
	EXPECT_EQ(EINVAL, errno);
	p = vp_map(&vp, 0, PAGE, PROT_READ, MAP_SHARED);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(MAP_FAILED, mremap(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
	munmap(p, PAGE);
	vp_free(&vp);
	vm_free(&vm);
}

/* A mapping holds the VP, whatever else is closed. */
TEST(mapping_outlives_descriptors)
{
	struct hvx_register_page *page;
	struct accounts before;
	struct vm vm;
	struct vp vp;

	accounts_read(&before);
	vm_init(&vm);
	vp_init(&vp, &vm, 0);
	if (!cap(vp.fd, MSHV_CAP_REGISTER_PAGE))
		SKIP(return, "no MSHV_CAP_REGISTER_PAGE");
	page = vp_map(&vp, 0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	ASSERT_NE(MAP_FAILED, page);
	vp_free(&vp);
	page->gpr[0] = 1;
	EXPECT_EQ(-EEXIST, vp_create(vm.fd, 0));
	vm_free(&vm);
	page->gpr[0] = 2;
	EXPECT_EQ(2, page->gpr[0]);
	munmap(page, PAGE);
	EXPECT_EQ(0, accounts_open(&before));
}

/*
 * Where the pages are: the hypervisor's, or memory of the driver over which the
 * hypervisor lays them. That is the driver's again when they are gone.
 */
TEST(whose_pages)
{
	struct accounts before;
	struct ctl_info info;
	unsigned int n;
	struct vm vm;
	struct vp vp;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	ctl_info(&info);
	n = info.overlay ? 2 : 0;
	vm_init(&vm);
	accounts_read(&before);
	vp_init(&vp, &vm, 0);
	EXPECT_EQ(before.v[TESTHV_ACCT_STATE_PAGES] + 2, ctl_account(TESTHV_ACCT_STATE_PAGES));
	EXPECT_EQ(before.v[TESTHV_ACCT_COVERED] + n, ctl_account(TESTHV_ACCT_COVERED));
	vp_free(&vp);
	EXPECT_EQ(before.v[TESTHV_ACCT_STATE_PAGES], ctl_account(TESTHV_ACCT_STATE_PAGES));
	EXPECT_EQ(before.v[TESTHV_ACCT_COVERED], ctl_account(TESTHV_ACCT_COVERED));
	vm_free(&vm);
}

static long lost_pages(void)
{
	FILE *f = fopen("/sys/kernel/debug/mshv/pools", "r");
	long lost = -1;
	char line[128];

	while (f && lost < 0 && fgets(line, sizeof(line), f))
		sscanf(line, "lost: %ld", &lost);
	if (f)
		fclose(f);
	return lost;
}

/*
 * A page that the hypervisor does not take away can't be used again, if it lies
 * over memory of the driver. All else goes on.
 */
TEST(pages_that_are_kept)
{
	struct accounts before;
	struct ctl_info info;
	struct vm vm;
	struct vp vp;
	long lost;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	lost = lost_pages();
	if (lost < 0)
		SKIP(return, "no debugfs");
	ctl_info(&info);
	accounts_read(&before);
	vm_init(&vm);
	vp_init(&vp, &vm, 0);
	ctl_fault(HVX_CALL_UNMAP_VP_STATE_PAGE, 2, HVX_STATUS_OPERATION_FAILED, 1);
	vp_free(&vp);
	EXPECT_EQ(1, ctl_reset());
	EXPECT_EQ(lost + (info.overlay ? 1 : 0), lost_pages());
	vp_init(&vp, &vm, 0);
	vp_free(&vp);
	vm_free(&vm);
	EXPECT_EQ(0, accounts_open(&before));
}

/* A VP whose page cannot be mapped for lack of memory is none, and leaves nothing. */
TEST(pages_without_memory)
{
	struct accounts before;
	unsigned int n;
	struct vm vm;

	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	NOT_ON_MAINLINE(MAINLINE_FEEDS_FOR_EVER);
	accounts_read(&before);
	vm_init(&vm);
	for (n = 1; n <= 2; n++) {
		ctl_fault(HVX_CALL_MAP_VP_STATE_PAGE, n, HVX_STATUS_INSUFFICIENT_MEMORY,
			  TESTHV_FAULT_FOREVER);
		EXPECT_EQ(-ENOMEM, vp_create(vm.fd, 0));
		ctl_reset();
	}
	EXPECT_EQ(before.v[TESTHV_ACCT_STATE_PAGES], ctl_account(TESTHV_ACCT_STATE_PAGES));
	vm_free(&vm);
	EXPECT_EQ(0, accounts_open(&before));
}

TEST_HARNESS_MAIN
