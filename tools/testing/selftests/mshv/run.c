// SPDX-License-Identifier: GPL-2.0
/*
 * MSHV_RUN_VP: exits and their messages, processor modes, signals, parallelism.
 *
 * Of Documentation/virt/mshv/defects.rst:
 * A16, D90: - only x86-64 can be run here; for others the driver is compiled at most
 * A17: guest_shares_its_cpu
 * A38: signal_sweep
 * D62: - atomics: the interrupt handler sets them, the VP's thread clears them before
 *   it dispatches
 * D71: - there is no such check; signals and the suspension are independent
 * D72: guest_shares_its_cpu
 * D73: guest_time_is_accounted
 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include "mshv_util.h"
#include "testhv_hvcall.h"
#include "kselftest_harness.h"

/*
 * Ports
 */

GUEST_CODE(guest_out_sizes, 16,
	   "mov $0x11223344, %eax\n"
	   "out %al, $0x10\n"
	   "out %ax, $0x11\n"
	   "out %eax, $0x12\n"
	   "mov $0x1234, %dx\n"
	   "out %al, %dx\n"
	   "mov $0xffff, %dx\n"
	   "out %ax, %dx\n");

TEST(port_write)
{
	static const struct {
		u16 port;
		unsigned int size, length;
	} expected[] = {
		{ 0x10, 1, 2 }, { 0x11, 2, 2 }, { 0x12, 4, 3 }, { 0x1234, 1, 1 }, { 0xffff, 2, 1 },
	};
	const struct hvx_msg_io_port *io;
	struct guest g;
	unsigned int i;

	guest_init(&g);
	vp_load(&g.vp, MODE_REAL, guest_out_sizes);
	for (i = 0; i < ARRAY_SIZE(expected); i++) {
		vp_run_until(&g.vp, HVX_MSG_X64_IO_PORT);
		io = vp_io(&g.vp);
		EXPECT_EQ(expected[i].port, io->port);
		EXPECT_EQ(expected[i].size, io->access_info & HVX_IO_SIZE_MASK);
		EXPECT_EQ(0, io->access_info & (HVX_IO_STRING | HVX_IO_REP));
		EXPECT_EQ(HVX_ACCESS_WRITE, io->h.access_type);
		EXPECT_EQ(expected[i].length, io->h.length_cr8 & 0xf);
		EXPECT_EQ(0x11223344, io->rax);
		EXPECT_EQ(0, io->h.vp_index);
		EXPECT_EQ(0, io->h.cs.selector);
		EXPECT_EQ(0, io->h.execution_state & (HVX_EXEC_CR0_PE | HVX_EXEC_EFER_LMA));
		vp_skip(&g.vp);
	}
	guest_free(&g);
}

GUEST_CODE(guest_in_sizes, 16,
	   "mov $0xaabbccdd, %eax\n"
	   "in $0x20, %al\n"
	   "out %eax, $0x80\n"
	   "in $0x21, %ax\n"
	   "out %eax, $0x80\n"
	   "mov $0x3f8, %dx\n"
	   "in %dx, %eax\n"
	   "out %eax, $0x80\n");

TEST(port_read)
{
	const struct hvx_msg_io_port *io;
	struct guest g;

	guest_init(&g);
	vp_load(&g.vp, MODE_REAL, guest_in_sizes);
	vp_run_until(&g.vp, HVX_MSG_X64_IO_PORT);
	io = vp_io(&g.vp);
	EXPECT_EQ(0x20, io->port);
	EXPECT_EQ(1, io->access_info & HVX_IO_SIZE_MASK);
	EXPECT_EQ(HVX_ACCESS_READ, io->h.access_type);
	vp_complete_in(&g.vp, 0x11);
	EXPECT_EQ(0xaabbcc11, vp_run_out(&g.vp, 0x80));
	vp_run_until(&g.vp, HVX_MSG_X64_IO_PORT);
	EXPECT_EQ(2, vp_io(&g.vp)->access_info & HVX_IO_SIZE_MASK);
	vp_complete_in(&g.vp, 0x2222);
	EXPECT_EQ(0xaabb2222, vp_run_out(&g.vp, 0x80));
	vp_run_until(&g.vp, HVX_MSG_X64_IO_PORT);
	EXPECT_EQ(0x3f8, vp_io(&g.vp)->port);
	EXPECT_EQ(4, vp_io(&g.vp)->access_info & HVX_IO_SIZE_MASK);
	vp_complete_in(&g.vp, 0x33333333);
	EXPECT_EQ(0x33333333, vp_run_out(&g.vp, 0x80));
	guest_free(&g);
}

GUEST_CODE(guest_strings, 64,
	   "mov $0x10000, %esi\n"
	   "mov $0x10100, %edi\n"
	   "mov $3, %ecx\n"
	   "mov $0x1f0, %dx\n"
	   "cld\n"
	   "rep outsw\n"
	   "insb\n");

/* The VMM gets what it needs to emulate: count, addresses, segments. */
TEST(port_strings)
{
	const struct hvx_msg_io_port *io;
	struct guest g;

	guest_init(&g);
	vp_load(&g.vp, MODE_LONG, guest_strings);
	vp_run_until(&g.vp, HVX_MSG_X64_IO_PORT);
	io = vp_io(&g.vp);
	EXPECT_EQ(0x1f0, io->port);
	EXPECT_EQ(HVX_IO_STRING | HVX_IO_REP | 2, io->access_info);
	EXPECT_EQ(HVX_ACCESS_WRITE, io->h.access_type);
	EXPECT_EQ(3, io->rcx);
	EXPECT_EQ(0x10000, io->rsi);
	EXPECT_EQ(GUEST_DS, io->ds.selector);
	vp_set(&g.vp, HVX_REG_RCX, 0);
	vp_skip(&g.vp);
	vp_run_until(&g.vp, HVX_MSG_X64_IO_PORT);
	io = vp_io(&g.vp);
	EXPECT_EQ(HVX_IO_STRING | 1, io->access_info);
	EXPECT_EQ(HVX_ACCESS_READ, io->h.access_type);
	EXPECT_EQ(0x10100, io->rdi);
	EXPECT_EQ(GUEST_DS, io->es.selector);
	guest_free(&g);
}

/*
 * Modes
 */

GUEST_CODE(guest_real, 16,
	   "mov $0x2000, %ax\n"
	   "mov %ax, %ds\n"		/* segments shift by four */
	   "mov 0x10, %eax\n"		/* 0x20010 */
	   "push %ax\n"
	   "pop %bx\n"
	   "inc %ebx\n"
	   "mov %ebx, %eax\n"
	   "out %ax, $0x80\n");

TEST(real_mode)
{
	struct guest g;

	guest_init(&g);
	vp_load(&g.vp, MODE_REAL, guest_real);
	*(u32 *)(g.vm.ram + 0x20010) = 0x4241;
	EXPECT_EQ(0x4242, vp_run_out(&g.vp, 0x80));
	guest_free(&g);
}

GUEST_CODE(guest_protected, 32,
	   "movl $0x12345678, 0x180000\n"	/* beyond 1 MiB */
	   "push $0x5566\n"
	   "pop %ebx\n"
	   "add 0x180000, %ebx\n"
	   "mov %ebx, %eax\n"
	   "out %eax, $0x80\n"
	   "mov %cs, %eax\n"
	   "out %ax, $0x81\n");

TEST(protected_mode)
{
	const struct hvx_msg_header *h;
	struct guest g;

	guest_init(&g);
	vp_load(&g.vp, MODE_PROTECTED, guest_protected);
	EXPECT_EQ(0x12345678 + 0x5566, vp_run_out(&g.vp, 0x80));
	h = vp_header(&g.vp);
	EXPECT_EQ(HVX_EXEC_CR0_PE, h->execution_state & (HVX_EXEC_CR0_PE | HVX_EXEC_EFER_LMA));
	EXPECT_EQ(0, h->execution_state & HVX_EXEC_CPL_MASK);
	EXPECT_EQ(GUEST_CS, vp_run_out(&g.vp, 0x81));
	EXPECT_EQ(0x12345678, *(u32 *)(g.vm.ram + 0x180000));
	guest_free(&g);
}

GUEST_CODE(guest_long, 64,
	   "mov $0x123456789abcdef0, %r8\n"
	   "mov %r8, 0x180000\n"
	   "mov %r8, %rax\n"
	   "shr $32, %rax\n"
	   "out %eax, $0x80\n"
	   "movq %r8, %xmm3\n"
	   "paddd %xmm3, %xmm3\n"
	   "movq %xmm3, %rax\n"
	   "out %eax, $0x81\n");

TEST(long_mode)
{
	const struct hvx_msg_header *h;
	struct guest g;

	guest_init(&g);
	vp_load(&g.vp, MODE_LONG, guest_long);
	EXPECT_EQ(0x12345678, vp_run_out(&g.vp, 0x80));
	h = vp_header(&g.vp);
	EXPECT_EQ(HVX_EXEC_CR0_PE | HVX_EXEC_EFER_LMA,
		  h->execution_state & (HVX_EXEC_CR0_PE | HVX_EXEC_EFER_LMA));
	EXPECT_EQ(0x3579bde0, vp_run_out(&g.vp, 0x81));
	EXPECT_EQ(0x123456789abcdef0ULL, *(u64 *)(g.vm.ram + 0x180000));
	guest_free(&g);
}

/* The guest itself goes from real to long mode, as a boot loader does. */
GUEST_CODE(guest_climb, 16,
	   "lgdtl %cs:(0x6200)\n"
	   "mov $0x8000, %eax\n"
	   "mov %eax, %cr3\n"
	   "mov $0x20, %eax\n"
	   "mov %eax, %cr4\n"
	   "mov $0xc0000080, %ecx\n"
	   "rdmsr\n"
	   "or $0x100, %eax\n"
	   "wrmsr\n"
	   "mov $0x80000011, %eax\n"
	   "mov %eax, %cr0\n"
	   "ljmpl $0x08, $0x1100\n");
GUEST_CODE(guest_climbed, 64,
	   "mov $0x10, %eax\n"
	   "mov %eax, %ds\n"
	   "mov $0x1000, %rax\n"
	   "shl $32, %rax\n"
	   "or $0x77, %rax\n"
	   "mov %rax, %rbx\n"
	   "shr $40, %rbx\n"
	   "add %rbx, %rax\n"
	   "out %eax, $0x80\n"
	   "mov $0xc0000080, %ecx\n"
	   "rdmsr\n"
	   "out %eax, $0x81\n");

TEST(from_real_to_long_mode)
{
	struct guest g;

	guest_init(&g);
	/* GDT and page tables of long mode, then back to real mode */
	vp_setup(&g.vp, MODE_LONG, GUEST_CODE_BASE);
	vp_free(&g.vp);
	vp_init(&g.vp, &g.vm, 0);
	*(u16 *)(g.vm.ram + 0x6200) = 0x27;
	*(u32 *)(g.vm.ram + 0x6202) = GUEST_GDT;
	vm_write(&g.vm, 0x1100, guest_climbed, guest_climbed_end - guest_climbed);
	vm_write(&g.vm, 0x1000, guest_climb, guest_climb_end - guest_climb);
	{
		struct hvx_register regs[] = {
			{ .name = HVX_REG_CS, .value.segment = {
				.limit = 0xffff, .attributes = 0x9b } },
			{ .name = HVX_REG_RIP, .value.u64 = 0x1000 },
			{ .name = HVX_REG_RSP, .value.u64 = GUEST_STACK },
		};

		ASSERT_EQ(0, vp_set_regs(g.vp.fd, regs, ARRAY_SIZE(regs)));
	}
	EXPECT_EQ(0x77 + 0x10, vp_run_out(&g.vp, 0x80));
	EXPECT_EQ(0x500, vp_run_out(&g.vp, 0x81) & 0x500);	/* LME and LMA */
	guest_free(&g);
}

/*
 * EFER.LME without paging: QEMU 7.2 then brings the hypervisor back with paging off
 * unless CR4.PAE is set. A guest is in that state by right, on its way into
 * long mode and out of it.
 */
#define EFER_LME	BIT(8)
#define EFER_LMA	BIT(10)

GUEST_CODE(guest_out_forever, 16,
	   "1: out %al, $0x80\n"
	   "jmp 1b\n");

TEST(long_mode_enable_from_outside)
{
	static const u64 cr0[] = {
		0x10,		/* ET */
		0x11,		/* PE */
		0x1f,		/* and EM, TS, MP: no floating point */
		0x60000030,	/* CD, NW, NE, ET */
	};
	struct guest g;
	unsigned int i, n;

	guest_init(&g);
	for (i = 0; i < ARRAY_SIZE(cr0); i++) {
		vp_load(&g.vp, MODE_REAL, guest_out_forever);
		vp_set(&g.vp, HVX_REG_CR0, cr0[i]);
		vp_set(&g.vp, HVX_REG_EFER, EFER_LME);
		for (n = 0; n < 3; n++) {
			vp_run_out(&g.vp, 0x80);
			EXPECT_EQ(EFER_LME, vp_get(&g.vp, HVX_REG_EFER));
			EXPECT_EQ(cr0[i], vp_get(&g.vp, HVX_REG_CR0));
			EXPECT_EQ(0, vp_get(&g.vp, HVX_REG_CR4));
		}
	}
	guest_free(&g);
}

/* Round and round: LME, then PAE, then PG; 64-bit code; PG off, then PAE. */
GUEST_CODE(guest_to_protected, 16,
	   "mov $0x11, %eax\n"
	   "mov %eax, %cr0\n"
	   "ljmpl $0x08, $0x1100\n");
GUEST_CODE(guest_up, 32,
	   "mov $0x10, %eax\n"
	   "mov %eax, %ds\n"
	   "mov %eax, %ss\n"
	   "mov $0xc0000080, %ecx\n"
	   "rdmsr\n"
	   "or $0x100, %eax\n"
	   "wrmsr\n"
	   "rdmsr\n"
	   "out %eax, $0x80\n"
	   "mov $0x20, %eax\n"
	   "mov %eax, %cr4\n"
	   "out %eax, $0x81\n"
	   "mov $0x8000, %eax\n"
	   "mov %eax, %cr3\n"
	   "mov $0x80000011, %eax\n"
	   "mov %eax, %cr0\n"
	   "rdmsr\n"
	   "out %eax, $0x82\n"
	   "ljmpl $0x28, $0x1200\n");
GUEST_CODE(guest_top, 64,
	   "mov $0x4433221100, %rax\n"
	   "shr $8, %rax\n"
	   "out %eax, $0x83\n"
	   "pushq $0x08\n"
	   "pushq $0x1300\n"
	   "lretq\n");
GUEST_CODE(guest_down, 32,
	   "mov $0x11, %eax\n"
	   "mov %eax, %cr0\n"
	   "xor %eax, %eax\n"
	   "mov %eax, %cr4\n"
	   "rdmsr\n"
	   "out %eax, $0x84\n"
	   "ljmpl $0x08, $0x1100\n");

TEST(long_mode_in_and_out)
{
	struct hvx_register gdtr = {
		.name = HVX_REG_GDTR, .value.table = { .base = GUEST_GDT, .limit = 0x2f },
	};
	struct guest g;
	unsigned int i;

	guest_init(&g);
	vp_load(&g.vp, MODE_REAL, guest_to_protected);
	vm_write_code(&g.vm, 0x1100, guest_up);
	vm_write_code(&g.vm, 0x1200, guest_top);
	vm_write_code(&g.vm, 0x1300, guest_down);
	guest_page_tables(&g.vm);
	*(u64 *)(g.vm.ram + GUEST_GDT + 0x28) = 0x00af9b000000ffffULL;
	ASSERT_EQ(0, vp_set_regs(g.vp.fd, &gdtr, 1));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(EFER_LME, vp_run_out(&g.vp, 0x80));
		EXPECT_EQ(EFER_LME, vp_get(&g.vp, HVX_REG_EFER));
		EXPECT_EQ(0, vp_header(&g.vp)->execution_state & HVX_EXEC_EFER_LMA);
		ASSERT_EQ(0x20, vp_run_out(&g.vp, 0x81));
		ASSERT_EQ(EFER_LME | EFER_LMA, vp_run_out(&g.vp, 0x82));
		EXPECT_EQ(EFER_LME | EFER_LMA, vp_get(&g.vp, HVX_REG_EFER));
		ASSERT_EQ(0x44332211, vp_run_out(&g.vp, 0x83));
		ASSERT_EQ(EFER_LME, vp_run_out(&g.vp, 0x84));
		EXPECT_EQ(EFER_LME, vp_get(&g.vp, HVX_REG_EFER));
		EXPECT_EQ(0, vp_get(&g.vp, HVX_REG_CR4));
	}
	guest_free(&g);
}

/*
 * The task register: QEMU 7.2 ends itself at an interrupt of a lower privilege level
 * unless TR holds a TSS that is not busy.
 */
#define GUEST_USER_CS	0x2b
#define GUEST_USER_DS	0x33
#define USER_CODE	0x1100UL
#define USER_FAULT	0x1200UL
#define KERNEL_STACK	0x7800UL
#define TSS_BUSY	BIT(41)

GUEST_CODE(guest_ltr, 64,
	   "ltr %ax\n"
	   "out %eax, $0x81\n");
GUEST_CODE(guest_out_error, 64,
	   "pop %rax\n"
	   "out %eax, $0x80\n");

TEST(load_task_register_refused)
{
	static const struct {
		u16 selector;
		u32 error;
	} cases[] = {
		{ 0, 0 }, { 3, 0 },
		{ GUEST_DS, GUEST_DS },
		{ GUEST_TSS, GUEST_TSS },		/* busy */
		{ GUEST_TSS | 4, GUEST_TSS | 4 },	/* LDT */
		{ 0x28, 0x28 },				/* behind the end */
	};
	struct guest g;
	unsigned int i;

	guest_init(&g);
	vm_write_code(&g.vm, 0x1200, guest_out_error);
	guest_set_gate(&g.vm, 13, 0x1200);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		vp_load(&g.vp, MODE_LONG, guest_ltr);
		vp_set(&g.vp, HVX_REG_RAX, cases[i].selector);
		EXPECT_EQ(cases[i].error, vp_run_out(&g.vp, 0x80));
	}
	guest_free(&g);
}

/* User segments behind the TSS of guest.c, and where user code and its faults go. */
static void user_init(struct guest *g, u64 code_segment)
{
	struct hvx_register gdtr = {
		.name = HVX_REG_GDTR, .value.table = { .base = GUEST_GDT, .limit = 0x37 },
	};
	u64 *gdt = (void *)(g->vm.ram + GUEST_GDT);

	gdt[GUEST_USER_CS / 8] = code_segment;
	gdt[GUEST_USER_DS / 8] = 0x00cff3000000ffffULL;
	memcpy(g->vm.ram + USER_CODE, "\x0f\x0b", 2);	/* ud2 */
	*(u32 *)(g->vm.ram + GUEST_TSS_BASE + 4) = KERNEL_STACK;
	REQUIRE(!vp_set_regs(g->vp.fd, &gdtr, 1), "GDTR");
}

GUEST_CODE(guest_to_user_64, 64,
	   "ltr 0x6300\n"
	   "str %eax\n"
	   "out %eax, $0x80\n"
	   "pushq $0x33\n"
	   "pushq $0x7000\n"
	   "pushq $0x2\n"
	   "pushq $0x2b\n"
	   "pushq $0x1100\n"
	   "iretq\n");
GUEST_CODE(guest_out_rsp, 64,
	   "mov %esp, %eax\n"
	   "out %eax, $0x81\n");

TEST(load_task_register)
{
	struct hvx_register tr = {
		.name = HVX_REG_TR, .value.segment.attributes = 0x8b,
	};
	struct guest g;
	u64 *tss;

	guest_init(&g);
	vp_load(&g.vp, MODE_LONG, guest_to_user_64);
	user_init(&g, 0x00affb000000ffffULL);
	tss = (u64 *)(g.vm.ram + GUEST_GDT + GUEST_TSS);
	*tss &= ~TSS_BUSY;
	*(u16 *)(g.vm.ram + 0x6300) = GUEST_TSS;
	ASSERT_EQ(0, vp_set_regs(g.vp.fd, &tr, 1));
	vm_write_code(&g.vm, USER_FAULT, guest_out_rsp);
	guest_set_gate(&g.vm, 6, USER_FAULT);
	EXPECT_EQ(GUEST_TSS, vp_run_out(&g.vp, 0x80));
	EXPECT_EQ(TSS_BUSY, *tss & TSS_BUSY);
	ASSERT_EQ(0, vp_get_regs(g.vp.fd, &tr, 1));
	EXPECT_EQ(GUEST_TSS, tr.value.segment.selector);
	EXPECT_EQ(GUEST_TSS_BASE, tr.value.segment.base);
	EXPECT_EQ(0x67, tr.value.segment.limit);
	EXPECT_EQ(0x8b, tr.value.segment.attributes);
	EXPECT_EQ(KERNEL_STACK - 5 * 8, vp_run_out(&g.vp, 0x81));
	guest_free(&g);
}

GUEST_CODE(guest_to_user_32, 32,
	   "push $0x33\n"
	   "push $0x7000\n"
	   "push $0x2\n"
	   "push $0x2b\n"
	   "push $0x1100\n"
	   "iret\n");
GUEST_CODE(guest_out_esp, 32,
	   "mov %esp, %eax\n"
	   "out %eax, $0x81\n");

static void user_init_32(struct guest *g)
{
	vp_load(&g->vp, MODE_PROTECTED, guest_to_user_32);
	user_init(g, 0x00cffb000000ffffULL);
	*(u32 *)(g->vm.ram + GUEST_TSS_BASE + 8) = GUEST_DS;
	vm_write_code(&g->vm, USER_FAULT, guest_out_esp);
	*(u64 *)(g->vm.ram + GUEST_IDT + 6 * 8) =
		USER_FAULT | (u64)GUEST_CS << 16 | 0x8e00ULL << 32;
}

/* TR as the VMM has set it, with a busy TSS as processors have it */
TEST(task_register_from_outside)
{
	struct hvx_register tr = { .name = HVX_REG_TR };
	struct guest g;

	guest_init(&g);
	user_init_32(&g);
	EXPECT_EQ(KERNEL_STACK - 5 * 4, vp_run_out(&g.vp, 0x81));
	/* A processor may find out at the exception, or at once. */
	user_init_32(&g);
	ASSERT_EQ(0, vp_set_regs(g.vp.fd, &tr, 1));
	ASSERT_EQ(0, vp_run(&g.vp));
	if (g.vp.msg.type != HVX_MSG_UNRECOVERABLE_EXCEPTION)
		EXPECT_EQ(HVX_MSG_INVALID_VP_REGISTER, g.vp.msg.type);
	/* the VMM may put it right */
	user_init_32(&g);
	EXPECT_EQ(KERNEL_STACK - 5 * 4, vp_run_out(&g.vp, 0x81));
	guest_free(&g);
}

/*
 * Errors of the FPU, told as in the days when it was a chip of its own (CR0.NE is
 * clear): by a wire, which VPs do not have, but which QEMU connects to the machine's
 * interrupt controller. Neither the root nor another guest may hear of it.
 */
#define CR0_NE		BIT(5)
#define FSW_ZERO_DIVIDE	(BIT(2) | BIT(7))	/* and a summary */
#define FCW_ZERO_DIVIDE	(0x37f & ~BIT(2))

#define FPU_CODE						\
	"fninit\n"						\
	"fldcw 0x10000\n"					\
	"fld1\n"						\
	"fdivs 0x10004\n"					\
	"fwait\n"						\
	"fnstsw %ax\n"						\
	"out %eax, $0x80\n"

GUEST_CODE(guest_fpu_64, 64, FPU_CODE);
GUEST_CODE(guest_fpu_32, 32, FPU_CODE);
GUEST_CODE(guest_out_80, 64, "out %eax, $0x80\n");

/* The processor goes on, or stands still until it is interrupted. */
static void fpu_error(struct __test_metadata *_metadata, struct guest *g)
{
	const u32 data[] = { FCW_ZERO_DIVIDE, 0 };
	int ret;

	vm_write(&g->vm, GUEST_DATA, data, sizeof(data));
	vp_set(&g->vp, HVX_REG_CR0, vp_get(&g->vp, HVX_REG_CR0) & ~CR0_NE);
	alarm_us(2000000, 100000);
	ret = vp_run(&g->vp);
	alarm_us(0, 0);
	if (ret) {
		EXPECT_EQ(-EINTR, ret);
		return;
	}
	ASSERT_EQ(HVX_MSG_X64_IO_PORT, g->vp.msg.type);
	EXPECT_EQ(FSW_ZERO_DIVIDE, vp_io(&g->vp)->rax & FSW_ZERO_DIVIDE);
}

static int divide_by_zero(void *arg)
{
	const u16 control = FCW_ZERO_DIVIDE;
	const float zero = 0;

	asm volatile("fninit; fldcw %0; fld1; fdivs %1; fwait" : : "m" (control), "m" (zero));
	return 0;
}

TEST(fpu_errors_by_wire)
{
	struct guest g, other;
	unsigned int i;

	for (i = 0; i < 10; i++) {
		pin_to_cpu(i % cpus_online());
		guest_init(&g);
		guest_init(&other);
		vp_load(&g.vp, MODE_LONG, guest_fpu_64);
		fpu_error(_metadata, &g);
		vp_load(&g.vp, MODE_PROTECTED, guest_fpu_32);
		fpu_error(_metadata, &g);
		EXPECT_EQ(-SIGFPE, child_wait(child_start(divide_by_zero, NULL)));
		vp_load(&other.vp, MODE_LONG, guest_out_80);
		vp_run_out(&other.vp, 0x80);
		guest_free(&other);
		guest_free(&g);
	}
}

/*
 * Memory
 */

#define MMIO_GPA	0xd0000000UL

GUEST_CODE(guest_mmio, 64,
	   "mov $0xd0000010, %ebx\n"
	   "mov $0xcafe, %ecx\n"
	   "mov %ecx, (%rbx)\n"
	   "mov 0x20(%rbx), %edx\n"
	   "mov %edx, %eax\n"
	   "out %eax, $0x80\n");

TEST(mmio)
{
	static const u8 write[] = { 0x89, 0x0b }, read[] = { 0x8b, 0x53, 0x20 };
	const struct hvx_msg_memory *m;
	struct guest g;

	guest_init(&g);
	vp_load(&g.vp, MODE_LONG, guest_mmio);
	vp_run_until(&g.vp, HVX_MSG_UNMAPPED_GPA);
	m = vp_memory(&g.vp);
	EXPECT_EQ(HVX_ACCESS_WRITE, m->h.access_type);
	EXPECT_EQ(MMIO_GPA + 0x10, m->gpa);
	EXPECT_EQ(HVX_MEM_GVA_VALID, m->access_info & HVX_MEM_GVA_VALID);
	EXPECT_EQ(MMIO_GPA + 0x10, m->gva);
	/* the instruction's bytes, so that the VMM can emulate it */
	ASSERT_LE(sizeof(write), m->byte_count);
	ASSERT_GE(16, m->byte_count);
	EXPECT_EQ(0, memcmp(m->bytes, write, sizeof(write)));
	EXPECT_EQ(0xcafe, vp_get(&g.vp, HVX_REG_RCX));
	vp_set(&g.vp, HVX_REG_RIP, m->h.rip + sizeof(write));

	vp_run_until(&g.vp, HVX_MSG_UNMAPPED_GPA);
	m = vp_memory(&g.vp);
	EXPECT_EQ(HVX_ACCESS_READ, m->h.access_type);
	EXPECT_EQ(MMIO_GPA + 0x30, m->gpa);
	ASSERT_LE(sizeof(read), m->byte_count);
	EXPECT_EQ(0, memcmp(m->bytes, read, sizeof(read)));
	vp_set(&g.vp, HVX_REG_RDX, 0x600d);
	vp_set(&g.vp, HVX_REG_RIP, m->h.rip + sizeof(read));
	EXPECT_EQ(0x600d, vp_run_out(&g.vp, 0x80));
	guest_free(&g);
}

/* Guest page tables: the address that the message names is behind them. */
TEST(mmio_translated)
{
	const struct hvx_msg_memory *m;
	struct guest g;
	u64 *pd;

	guest_init(&g);
	vp_load(&g.vp, MODE_LONG, guest_mmio);
	/* the table of the fourth GiB: 0xd0000000 now is 0xa0000000 */
	pd = (void *)(g.vm.ram + GUEST_PT + 5 * PAGE);
	pd[(MMIO_GPA & (GIB - 1)) / (2 * MIB)] = 0xa0000000UL | 0x87;
	vp_run_until(&g.vp, HVX_MSG_UNMAPPED_GPA);
	m = vp_memory(&g.vp);
	EXPECT_EQ(0xa0000010, m->gpa);
	EXPECT_EQ(MMIO_GPA + 0x10, m->gva);
	guest_free(&g);
}

/* An access again and again gives the message again and again. */
TEST(mmio_repeated)
{
	struct guest g;
	int i;

	guest_init(&g);
	vp_load(&g.vp, MODE_LONG, guest_mmio);
	for (i = 0; i < 20; i++) {
		vp_run_until(&g.vp, HVX_MSG_UNMAPPED_GPA);
		ASSERT_EQ(MMIO_GPA + 0x10, vp_memory(&g.vp)->gpa);
	}
	guest_free(&g);
}

/*
 * Instructions that only exit when asked to
 */

GUEST_CODE(guest_cpuid, 64,
	   "mov $0x40000001, %eax\n"
	   "xor %ecx, %ecx\n"
	   "cpuid\n"
	   "out %eax, $0x80\n"
	   "mov %edx, %eax\n"
	   "out %eax, $0x81\n");

TEST(cpuid_intercept)
{
	const struct hvx_msg_cpuid *c;
	struct guest g;

	guest_init(&g);
	if (!cap(g.vm.fd, MSHV_CAP_PARTITION_HVCALL))
		SKIP(return, "no MSHV_CAP_PARTITION_HVCALL");
	/* without an intercept it is the hypervisor's */
	vp_load(&g.vp, MODE_LONG, guest_cpuid);
	vp_run_out(&g.vp, 0x80);
	ASSERT_EQ(0, hv_install_intercept(g.vm.fd, HVX_INTERCEPT_X64_CPUID,
					  HVX_ACCESS_MASK_EXECUTE, 0x40000001));
	vp_load(&g.vp, MODE_LONG, guest_cpuid);
	vp_run_until(&g.vp, HVX_MSG_X64_CPUID);
	c = vp_cpuid(&g.vp);
	EXPECT_EQ(0x40000001, c->rax);
	EXPECT_EQ(0, c->rcx);
	EXPECT_EQ(2, c->h.length_cr8 & 0xf);
	vp_set(&g.vp, HVX_REG_RAX, 0x1111);
	vp_set(&g.vp, HVX_REG_RDX, 0x2222);
	vp_skip(&g.vp);
	EXPECT_EQ(0x1111, vp_run_out(&g.vp, 0x80));
	EXPECT_EQ(0x2222, vp_run_out(&g.vp, 0x81));
	/* taken away again */
	ASSERT_EQ(0, hv_install_intercept(g.vm.fd, HVX_INTERCEPT_X64_CPUID,
					  HVX_ACCESS_MASK_NONE, 0x40000001));
	vp_load(&g.vp, MODE_LONG, guest_cpuid);
	EXPECT_NE(0x1111, vp_run_out(&g.vp, 0x80));
	guest_free(&g);
}

/* A number that no processor has. */
GUEST_CODE(guest_msr, 64,
	   "mov $0x4badf00d, %ecx\n"
	   "mov $0x11, %eax\n"
	   "mov $0x22, %edx\n"
	   "wrmsr\n"
	   "rdmsr\n"
	   "out %eax, $0x80\n"
	   "mov %edx, %eax\n"
	   "out %eax, $0x81\n");

TEST(msr_intercept)
{
	const struct hvx_msg_msr *m;
	struct guest g;

	guest_init(&g);
	if (!cap(g.vm.fd, MSHV_CAP_PARTITION_HVCALL))
		SKIP(return, "no MSHV_CAP_PARTITION_HVCALL");
	ASSERT_EQ(0, hv_install_intercept(g.vm.fd, HVX_INTERCEPT_X64_MSR,
					  HVX_ACCESS_MASK_READ | HVX_ACCESS_MASK_WRITE, 0));
	vp_load(&g.vp, MODE_LONG, guest_msr);
	vp_run_until(&g.vp, HVX_MSG_X64_MSR);
	m = vp_msr(&g.vp);
	EXPECT_EQ(HVX_ACCESS_WRITE, m->h.access_type);
	EXPECT_EQ(0x4badf00d, m->msr);
	EXPECT_EQ(0x11, m->rax);
	EXPECT_EQ(0x22, m->rdx);
	vp_skip(&g.vp);
	vp_run_until(&g.vp, HVX_MSG_X64_MSR);
	m = vp_msr(&g.vp);
	EXPECT_EQ(HVX_ACCESS_READ, m->h.access_type);
	EXPECT_EQ(0x4badf00d, m->msr);
	EXPECT_EQ(2, m->h.length_cr8 & 0xf);
	vp_set(&g.vp, HVX_REG_RAX, 0x33);
	vp_set(&g.vp, HVX_REG_RDX, 0x44);
	vp_skip(&g.vp);
	EXPECT_EQ(0x33, vp_run_out(&g.vp, 0x80));
	EXPECT_EQ(0x44, vp_run_out(&g.vp, 0x81));
	guest_free(&g);
}

/*
 * Exceptions
 */

GUEST_CODE(guest_ud, 64, "ud2\n");
GUEST_CODE(guest_de, 64,
	   "xor %ecx, %ecx\n"
	   "mov $1, %eax\n"
	   "xor %edx, %edx\n"
	   "div %ecx\n");
GUEST_CODE(guest_bp, 64, "int3\n");
GUEST_CODE(guest_gp, 64,
	   "mov $0x8000000000000000, %rbx\n"	/* not canonical */
	   "mov (%rbx), %eax\n");
GUEST_CODE(guest_pf, 64,
	   "mov $0x123456789a, %rbx\n"
	   "mov %eax, (%rbx)\n");

static const struct exception {
	const char *name;
	unsigned int vector;
	const u8 *code, *end;
	unsigned int offset;		/* of the instruction */
	bool has_error;
	u32 error;
} exceptions[] = {
	{ "#UD", 6, guest_ud, guest_ud_end, 0, false },
	{ "#DE", 0, guest_de, guest_de_end, 9, false },
	{ "#BP", 3, guest_bp, guest_bp_end, 0, false },
	{ "#GP", 13, guest_gp, guest_gp_end, 10, true, 0 },
	{ "#PF", 14, guest_pf, guest_pf_end, 10, true, 2 },
};

TEST(exception_intercepts)
{
	const struct hvx_msg_exception *e;
	struct guest g;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(exceptions); i++) {
		const struct exception *x = &exceptions[i];

		guest_init(&g);
		if (!cap(g.vm.fd, MSHV_CAP_PARTITION_HVCALL))
			SKIP(return, "no MSHV_CAP_PARTITION_HVCALL");
		ASSERT_EQ(0, hv_install_intercept(g.vm.fd, HVX_INTERCEPT_EXCEPTION,
						  HVX_ACCESS_MASK_EXECUTE, x->vector));
		vm_write(&g.vm, GUEST_CODE_BASE, x->code, x->end - x->code);
		vp_setup(&g.vp, MODE_LONG, GUEST_CODE_BASE);
		vp_run_until(&g.vp, HVX_MSG_X64_EXCEPTION);
		e = vp_exception(&g.vp);
		EXPECT_EQ(x->vector, e->vector)
			TH_LOG("%s", x->name);
		EXPECT_EQ(x->has_error, e->info & HVX_EXC_ERROR_CODE_VALID)
			TH_LOG("%s", x->name);
		if (x->has_error)
			EXPECT_EQ(x->error, e->error_code);
		EXPECT_EQ(GUEST_CODE_BASE + x->offset, e->h.rip)
			TH_LOG("%s", x->name);
		if (x->vector == 14)
			EXPECT_EQ(0x123456789aULL, e->parameter);
		guest_free(&g);
	}
}

/* Not intercepted, exceptions are the guest's own business. */
GUEST_CODE(guest_handler, 64,
	   "pop %rax\n"			/* #PF: the error code */
	   "out %eax, $0x80\n"
	   "mov %cr2, %rax\n"
	   "out %eax, $0x81\n"
	   "mov (%rsp), %rax\n"		/* RIP */
	   "out %eax, $0x82\n");

TEST(exceptions_in_the_guest)
{
	struct guest g;

	guest_init(&g);
	vp_load(&g.vp, MODE_LONG, guest_pf);
	vm_write(&g.vm, 0x2000, guest_handler, guest_handler_end - guest_handler);
	guest_set_gate(&g.vm, 14, 0x2000);
	EXPECT_EQ(2, vp_run_out(&g.vp, 0x80));
	EXPECT_EQ(0x3456789aUL, vp_run_out(&g.vp, 0x81));
	EXPECT_EQ(GUEST_CODE_BASE + 10, vp_run_out(&g.vp, 0x82));
	guest_free(&g);
}

/* The VMM gives the guest an exception. */
TEST(injected_exception)
{
	struct guest g;

	guest_init(&g);
	vp_load(&g.vp, MODE_LONG, guest_long);
	vm_write(&g.vm, 0x2000, guest_handler, guest_handler_end - guest_handler);
	guest_set_gate(&g.vm, 13, 0x2000);
	vp_set(&g.vp, HVX_REG_PENDING_EVENT0,
	       HVX_EVENT_PENDING | HVX_EVENT_TYPE_EXCEPTION << HVX_EVENT_TYPE_SHIFT |
	       HVX_EVENT_DELIVER_ERROR_CODE | 13ULL << HVX_EVENT_VECTOR_SHIFT |
	       0x1234ULL << HVX_EVENT_ERROR_SHIFT);
	EXPECT_EQ(0x1234, vp_run_out(&g.vp, 0x80));
	/* once */
	EXPECT_EQ(0, vp_get(&g.vp, HVX_REG_PENDING_EVENT0) & HVX_EVENT_PENDING);
	guest_free(&g);
}

TEST(triple_fault)
{
	struct guest g;
	struct hvx_register idtr = { .name = HVX_REG_IDTR };

	guest_init(&g);
	vp_load(&g.vp, MODE_LONG, guest_ud);
	ASSERT_EQ(0, vp_set_regs(g.vp.fd, &idtr, 1));
	vp_run_until(&g.vp, HVX_MSG_UNRECOVERABLE_EXCEPTION);
	EXPECT_EQ(0, vp_header(&g.vp)->vp_index);
	/* the VMM may reset the VP and go on */
	vp_load(&g.vp, MODE_LONG, guest_long);
	EXPECT_EQ(0x12345678, vp_run_out(&g.vp, 0x80));
	guest_free(&g);
}

/*
 * Signals
 */

GUEST_CODE(guest_spin_rax, 64,
	   "xor %eax, %eax\n"
	   "1: inc %rax\n"
	   "mov %rax, 0x10000\n"
	   "jmp 1b\n");

TEST(signal_ends_the_run)
{
	u64 *counter;
	u64 start, last = 0;
	struct guest g;
	int i;

	guest_init(&g);
	counter = (void *)(g.vm.ram + GUEST_DATA);
	vp_load(&g.vp, MODE_LONG, guest_spin_rax);
	signal_catch(SIGALRM);
	for (i = 0; i < 10; i++) {
		start = now_us();
		alarm_us(limit_us(50000), limit_us(50000));
		do {	/* a busy host may take the time of a run or two */
			ASSERT_EQ(-EINTR, vp_run(&g.vp));
		} while (READ_ONCE(*counter) == last && now_us() - start < limit_us(3000000));
		EXPECT_GT(limit_us(3000000), now_us() - start);
		/* it goes on where it was, and does not lose anything */
		EXPECT_LT(last, READ_ONCE(*counter));
		last = READ_ONCE(*counter);
		ASSERT_LE(last, vp_get(&g.vp, HVX_REG_RAX));
		ASSERT_GE(last + 1, vp_get(&g.vp, HVX_REG_RAX));
	}
	guest_free(&g);
}

/* Signals at any point of the call leave the state whole. */
TEST(signal_sweep)
{
	u64 *counter;
	u64 last = 0;
	struct guest g;
	int us, ret;

	guest_init(&g);
	counter = (void *)(g.vm.ram + GUEST_DATA);
	vp_load(&g.vp, MODE_LONG, guest_spin_rax);
	for (us = 1; us < 3000; us += 1 + us / 8) {
		/* again and again: the first may come before the call */
		alarm_us(us, 5000);
		ret = vp_run(&g.vp);
		alarm_us(0, 0);
		ASSERT_EQ(-EINTR, ret);
		ASSERT_LE(last, READ_ONCE(*counter));
		last = READ_ONCE(*counter);
		ASSERT_LE(last, vp_get(&g.vp, HVX_REG_RAX));
		ASSERT_GE(last + 1, vp_get(&g.vp, HVX_REG_RAX));
	}
	/* and a run without signals makes headway */
	alarm_us(200000, 200000);
	ASSERT_EQ(-EINTR, vp_run(&g.vp));
	EXPECT_LT(last, READ_ONCE(*counter));
	guest_free(&g);
}

/* A signal that waits already: the guest does not get far, or nowhere. */
TEST(pending_signal)
{
	sigset_t set, old;
	struct guest g;
	u64 start;

	guest_init(&g);
	vp_load(&g.vp, MODE_LONG, guest_spin_rax);
	signal_catch(SIGUSR1);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	/* blocked it does not count */
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &set, &old));
	raise(SIGUSR1);
	start = now_us();
	alarm_us(100000, 100000);
	EXPECT_EQ(-EINTR, vp_run(&g.vp));
	EXPECT_LT(50000, now_us() - start);
	sigprocmask(SIG_SETMASK, &old, NULL);
	guest_free(&g);
}

static pthread_t main_thread;

static void *kick_later(void *arg)
{
	usleep(*(unsigned int *)arg);
	pthread_kill(main_thread, SIGUSR1);
	return NULL;
}

/* A halted guest costs nothing and can be interrupted. */
TEST(halted_guest_sleeps)
{
	unsigned int us = limit_us(1500000);
	u64 cpu, start;
	pthread_t thread;
	struct guest g;

	guest_init(&g);
	vp_load(&g.vp, MODE_LONG, guest_halt);
	signal_catch(SIGUSR1);
	main_thread = pthread_self();
	start = now_us();
	ASSERT_EQ(0, pthread_create(&thread, NULL, kick_later, &us));
	cpu = thread_cpu_us();
	EXPECT_EQ(-EINTR, vp_run(&g.vp));
	cpu = thread_cpu_us() - cpu;
	EXPECT_LE(us, now_us() - start);
	EXPECT_GT(us / 5, cpu)
		TH_LOG("%llu us of CPU time", (unsigned long long)cpu);
	pthread_join(thread, NULL);
	guest_free(&g);
}

/* Without a local APIC nothing could wake it but the VMM, which is told. */
TEST(halt_without_lapic)
{
	struct guest g;

	vm_init_flags(&g.vm, 0);
	guest_add_vps(&g, 1);
	vp_load(&g.vp, MODE_LONG, guest_halt);
	vp_run_until(&g.vp, HVX_MSG_X64_HALT);
	EXPECT_EQ(GUEST_CODE_BASE, vp_header(&g.vp)->rip);
	EXPECT_EQ(1, vp_header(&g.vp)->length_cr8 & 0xf);
	guest_free(&g);
}

static int run_spinning_guest(void *arg)
{
	struct guest g;

	guest_init(&g);
	if (arg)
		vp_load(&g.vp, MODE_LONG, guest_halt);
	else
		vp_load(&g.vp, MODE_LONG, guest_spin_rax);
	vp_run(&g.vp);
	return 1;
}

TEST(kill_ends_the_run)
{
	struct accounts before;
	u64 start;
	pid_t pid;
	long i;

	for (i = 0; i < 2; i++) {
		accounts_read(&before);
		pid = child_start(run_spinning_guest, (void *)i);
		usleep(400000);
		start = now_us();
		kill(pid, SIGKILL);
		EXPECT_EQ(-SIGKILL, child_wait(pid));
		EXPECT_GT(limit_us(5000000), now_us() - start);
		EXPECT_EQ(0, accounts_open(&before));
	}
}

/*
 * What RUN_VP returns
 */

/* A message that could not be copied is not lost. */
TEST(bad_buffer)
{
	u8 *page = guard_page();
	struct guest g;
	u64 rip;

	guest_init(&g);
	vp_load(&g.vp, MODE_LONG, guest_count);
	EXPECT_EQ(1, vp_run_out(&g.vp, 0x80));
	EXPECT_EQ(-EFAULT, xioctl(g.vp.fd, MSHV_RUN_VP, NULL));
	EXPECT_EQ(-EFAULT, xioctl(g.vp.fd, MSHV_RUN_VP, page + PAGE - MSHV_RUN_VP_BUF_SZ + 1));
	/* executed again, the instruction would give another message now */
	rip = vp_get(&g.vp, HVX_REG_RIP);
	ASSERT_EQ(0x80, g.vm.ram[rip + 1]);
	g.vm.ram[rip + 1] = 0x99;
	EXPECT_EQ(2, vp_run_out(&g.vp, 0x80));
	g.vm.ram[rip + 1] = 0x80;
	/* with exactly enough room */
	EXPECT_EQ(0, xioctl(g.vp.fd, MSHV_RUN_VP, page + PAGE - MSHV_RUN_VP_BUF_SZ));
	guest_free(&g);
}

/* Without the VMM's doing anything the same instruction exits again. */
TEST(exit_again)
{
	struct guest g;
	u64 rip;

	guest_init(&g);
	vp_load(&g.vp, MODE_LONG, guest_count);
	vp_run_until(&g.vp, HVX_MSG_X64_IO_PORT);
	rip = vp_header(&g.vp)->rip;
	vp_run_until(&g.vp, HVX_MSG_X64_IO_PORT);
	EXPECT_EQ(rip, vp_header(&g.vp)->rip);
	vp_skip(&g.vp);
	EXPECT_EQ(2, vp_run_out(&g.vp, 0x80));
	guest_free(&g);
}

TEST(many_exits)
{
	struct guest g;
	unsigned int i;

	guest_init(&g);
	vp_load(&g.vp, MODE_LONG, guest_count);
	for (i = 1; i < 2000; i++)
		ASSERT_EQ(i & 0xff, vp_run_out(&g.vp, 0x80));
	guest_free(&g);
}

/* Rest of the buffer: nothing of the kernel's stack. */
TEST(message_tail_is_clean)
{
	struct mshv_run_vp run;
	struct hvx_message *msg = (void *)run.msg_buf;
	struct guest g;
	unsigned int i;

	guest_init(&g);
	vp_load(&g.vp, MODE_LONG, guest_count);
	memset(&run, 0xa5, sizeof(run));
	ASSERT_EQ(0, xioctl(g.vp.fd, MSHV_RUN_VP, &run));
	EXPECT_EQ(HVX_MSG_X64_IO_PORT, msg->type);
	EXPECT_EQ(sizeof(struct hvx_msg_io_port), msg->payload_size);
	for (i = 16 + msg->payload_size; i < sizeof(run); i++)
		ASSERT_EQ(0, run.msg_buf[i])
			TH_LOG("byte %u", i);
	guest_free(&g);
}

/*
 * State of the host and of other guests
 */

GUEST_CODE(guest_trash_fpu, 64,
	   "pcmpeqd %xmm0, %xmm0\n"
	   "movdqa %xmm0, %xmm1\n"
	   "movdqa %xmm0, %xmm7\n"
	   "movdqa %xmm0, %xmm15\n"
	   "fninit\n"
	   "fldpi\n"
	   "out %al, $0x80\n"
	   "movq %xmm15, %rax\n"
	   "out %eax, $0x81\n");

/* Runs the VP with all XMM registers loaded; are they the same afterwards? */
static int run_with_xmm(int fd, struct mshv_run_vp *run, u64 *after)
{
	long ret;

	asm volatile("movq %[pattern], %%xmm0\n"
		     "movq %[pattern], %%xmm1\n"
		     "movq %[pattern], %%xmm7\n"
		     "movq %[pattern], %%xmm15\n"
		     "syscall\n"
		     "movq %%xmm0, 0(%[after])\n"
		     "movq %%xmm1, 8(%[after])\n"
		     "movq %%xmm7, 16(%[after])\n"
		     "movq %%xmm15, 24(%[after])\n"
		     : "=a" (ret)
		     : "a" (SYS_ioctl), "D" (fd), "S" ((unsigned long)MSHV_RUN_VP), "d" (run),
		       [pattern] "r" (0x1122334455667788ULL), [after] "r" (after)
		     : "rcx", "r11", "memory", "xmm0", "xmm1", "xmm7", "xmm15");
	return ret;
}

TEST(floating_point_is_kept_apart)
{
	struct mshv_run_vp run;
	u64 after[4];
	struct guest g;
	unsigned int i;

	guest_init(&g);
	vp_load(&g.vp, MODE_LONG, guest_trash_fpu);
	ASSERT_EQ(0, run_with_xmm(g.vp.fd, &run, after));
	for (i = 0; i < ARRAY_SIZE(after); i++)
		EXPECT_EQ(0x1122334455667788ULL, after[i]);
	memcpy(&g.vp.msg, run.msg_buf, sizeof(g.vp.msg));
	vp_skip(&g.vp);
	/* nor did the guest get the host's */
	EXPECT_EQ(0xffffffff, vp_run_out(&g.vp, 0x81));
	guest_free(&g);
}

/* Two guests by turns in one thread: each has its own registers. */
GUEST_CODE(guest_own_state, 64,
	   "movq %rbx, %xmm5\n"
	   "mov %rbx, %r12\n"
	   "mov $0xc0000102, %ecx\n"	/* KERNEL_GS_BASE */
	   "mov %ebx, %eax\n"
	   "xor %edx, %edx\n"
	   "wrmsr\n"
	   "mov %rbx, %dr0\n"
	   "1:\n"
	   "movq %xmm5, %rax\n"
	   "out %eax, $0x80\n"
	   "mov %r12, %rax\n"
	   "out %eax, $0x81\n"
	   "rdmsr\n"
	   "out %eax, $0x82\n"
	   "mov %dr0, %rax\n"
	   "out %eax, $0x83\n"
	   "jmp 1b\n");

TEST(guests_are_kept_apart)
{
	struct guest g[3];
	unsigned int i, turn;

	for (i = 0; i < ARRAY_SIZE(g); i++) {
		guest_init(&g[i]);
		vp_load(&g[i].vp, MODE_LONG, guest_own_state);
		vp_set(&g[i].vp, HVX_REG_RBX, 0x1000 + i);
	}
	for (turn = 0; turn < 12; turn++)
		for (i = 0; i < ARRAY_SIZE(g); i++)
			ASSERT_EQ(0x1000 + i, vp_run_out(&g[i].vp, 0x80 + turn % 4));
	for (i = 0; i < ARRAY_SIZE(g); i++)
		guest_free(&g[i]);
}

/* A VP moves with its thread. */
TEST(migration)
{
	unsigned int cpus = cpus_online();
	struct guest g;
	unsigned int i;

	if (cpus < 2)
		SKIP(return, "needs two CPUs");
	guest_init(&g);
	vp_load(&g.vp, MODE_LONG, guest_own_state);
	vp_set(&g.vp, HVX_REG_RBX, 0x4711);
	for (i = 0; i < 40; i++) {
		pin_to_cpu(i % cpus);
		ASSERT_EQ(0x4711, vp_run_out(&g.vp, 0x80 + i % 4));
	}
	guest_free(&g);
}

/*
 * Several VPs
 */

/* Adds to a word that all VPs share, waits for its turn, tells who it is. */
GUEST_CODE(guest_turns, 64,
	   "mov $200, %ecx\n"
	   "1: cmp %ebx, 0x10000\n"	/* my turn? */
	   "pause\n"
	   "jne 1b\n"
	   "incl 0x10040\n"
	   "xorl $1, 0x10000\n"
	   "loop 1b\n"
	   "mov 0x10040, %eax\n"
	   "out %eax, $0x80\n");

struct runner {
	struct vp vp;
	int cpu;
	u32 value;
	pthread_t thread;
};

static void *run_to_port(void *arg)
{
	struct runner *r = arg;

	if (r->cpu >= 0)
		pin_to_cpu(r->cpu);
	r->value = vp_run_out(&r->vp, 0x80);
	return NULL;
}

static void take_turns(struct vm *vm, struct runner r[2])
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		vp_init(&r[i].vp, vm, i);
		vp_load(&r[i].vp, MODE_LONG, guest_turns);
		vp_set(&r[i].vp, HVX_REG_RBX, i);
		vp_set(&r[i].vp, HVX_REG_RSP, GUEST_STACK - 0x800 * i);
	}
	for (i = 0; i < 2; i++)
		REQUIRE(!pthread_create(&r[i].thread, NULL, run_to_port, &r[i]), "thread");
	for (i = 0; i < 2; i++) {
		pthread_join(r[i].thread, NULL);
		vp_free(&r[i].vp);
	}
}

TEST(two_vps_on_two_cpus)
{
	struct runner r[2] = { { .cpu = 0 }, { .cpu = 1 } };
	struct vm vm;

	if (cpus_online() < 2)
		SKIP(return, "needs two CPUs");
	vm_init(&vm);
	take_turns(&vm, r);
	EXPECT_EQ(400, *(u32 *)(vm.ram + 0x10040));
	/* whoever was first ended one or no step before the other */
	EXPECT_LE(399, r[0].value);
	EXPECT_LE(399, r[1].value);
	vm_free(&vm);
}

/* On one CPU the host's scheduler has to interrupt the one for the other. */
GUEST_CODE(guest_wait_flag, 64,
	   "movl $1, 0x10000(,%rbx,4)\n"
	   "xor $1, %ebx\n"
	   "1: pause\n"
	   "cmpl $0, 0x10000(,%rbx,4)\n"
	   "je 1b\n"
	   "mov $7, %eax\n"
	   "out %eax, $0x80\n");

TEST(two_vps_on_one_cpu)
{
	struct runner r[2] = { { .cpu = 0 }, { .cpu = 0 } };
	struct vm vm;
	unsigned int i;

	vm_init(&vm);
	for (i = 0; i < 2; i++) {
		vp_init(&r[i].vp, &vm, i);
		vp_load(&r[i].vp, MODE_LONG, guest_wait_flag);
		vp_set(&r[i].vp, HVX_REG_RBX, i);
	}
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&r[i].thread, NULL, run_to_port, &r[i]));
	for (i = 0; i < 2; i++) {
		pthread_join(r[i].thread, NULL);
		EXPECT_EQ(7, r[i].value);
		vp_free(&r[i].vp);
	}
	vm_free(&vm);
}

static void *use_cpu(void *arg)
{
	bool *stop = arg;

	pin_to_cpu(0);
	while (!READ_ONCE(*stop))
		;
	return NULL;
}

/* A guest that never exits does not keep the CPU from others. */
TEST(guest_shares_its_cpu)
{
	u64 start, guest, all;
	pthread_t thread;
	bool stop = false;
	struct guest g;

	if (hypervisor_schedules())	/* the thread sleeps while the guest runs */
		SKIP(return, "the guest's time is not the thread's");
	guest_init(&g);
	vp_load(&g.vp, MODE_LONG, guest_spin_rax);
	pin_to_cpu(0);
	ASSERT_EQ(0, pthread_create(&thread, NULL, use_cpu, &stop));
	start = now_us();
	alarm_us(2000000, 2000000);
	guest = thread_cpu_us();
	while (now_us() - start < 2000000 && vp_run(&g.vp) == -EINTR)
		;
	guest = thread_cpu_us() - guest;
	all = now_us() - start;
	WRITE_ONCE(stop, true);
	pthread_join(thread, NULL);
	EXPECT_LT(all / 10, guest)
		TH_LOG("of %llu us", (unsigned long long)all);
	EXPECT_GT(all / 10 * 9, guest)
		TH_LOG("of %llu us", (unsigned long long)all);
	guest_free(&g);
}

/* Time in the guest is the VMM's time. */
TEST(guest_time_is_accounted)
{
	u64 cpu, start;
	struct guest g;

	if (hypervisor_schedules())
		SKIP(return, "the guest's time is not the thread's");
	guest_init(&g);
	vp_load(&g.vp, MODE_LONG, guest_spin_rax);
	alarm_us(1000000, 1000000);
	start = now_us();
	cpu = thread_cpu_us();
	EXPECT_EQ(-EINTR, vp_run(&g.vp));
	cpu = thread_cpu_us() - cpu;
	EXPECT_LT((now_us() - start) / 3, cpu);
	guest_free(&g);
}

/* A limit of CPU time is found out by a tick, and acted on by the thread itself. */
TEST(cpu_time_is_limited)
{
	struct itimerval it = { .it_value.tv_usec = 300000 };
	struct guest g;
	u64 cpu;

	if (hypervisor_schedules())
		SKIP(return, "the guest's time is not the thread's");
	guest_init(&g);
	vp_load(&g.vp, MODE_LONG, guest_spin_rax);
	signal_catch(SIGPROF);
	cpu = thread_cpu_us();
	ASSERT_EQ(0, setitimer(ITIMER_PROF, &it, NULL));
	EXPECT_EQ(-EINTR, vp_run(&g.vp));
	cpu = thread_cpu_us() - cpu;
	EXPECT_LT(100000, cpu);
	EXPECT_GT(limit_us(3000000), cpu);
	guest_free(&g);
}

/*
 * A suspension by an intercept that the driver does not know of, set past it. The
 * hypervisor says "blocked" and signals nothing: without the event, which says
 * why, the thread would sleep for ever.
 */
GUEST_CODE(guest_out_and_spin, 64,
	   "out %al, $0x80\n"
	   "1: incq 0x10000\n"
	   "jmp 1b\n");

static int suspend_past_the_driver(const struct vp *vp, u64 partition_id)
{
	struct {
		struct hvx_in_vp_registers h;
		struct hvx_register reg;
	} in = {
		.h = { .partition_id = partition_id, .vp_index = vp->index },
		.reg = { .name = HVX_REG_INTERCEPT_SUSPEND, .value.u64 = HVX_SUSPENDED },
	};
	struct testhv_hvcall c = {
		.control = HVX_CALL_SET_VP_REGISTERS | 1ULL << HVX_HYPERCALL_REP_COUNT_SHIFT,
		.in = (uintptr_t)&in,
		.in_size = sizeof(in),
	};
	int fd = open(TESTHV_HVCALL_DEV, O_RDWR | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	ret = xioctl(fd, TESTHV_HVCALL, &c);
	close(fd);
	REQUIRE(!(c.result & HVX_RESULT_STATUS_MASK), "status %llx",
		(unsigned long long)c.result);
	return ret;
}

TEST(suspended_without_a_message)
{
	u64 *counter;
	struct guest g;
	u64 id, last;

	guest_init(&g);
	counter = (void *)(g.vm.ram + GUEST_DATA);
	vp_load(&g.vp, MODE_LONG, guest_out_and_spin);
	vp_run_out(&g.vp, 0x80);
	id = g.vp.msg.sender;
	alarm_us(limit_us(50000), limit_us(50000));
	ASSERT_EQ(-EINTR, vp_run(&g.vp));
	alarm_us(0, 0);
	last = READ_ONCE(*counter);
	if (suspend_past_the_driver(&g.vp, id) == -ENOENT)
		SKIP(return, "needs the module testhv_hvcall");
	alarm_us(limit_us(200000), limit_us(200000));
	ASSERT_EQ(-EINTR, vp_run(&g.vp));
	alarm_us(0, 0);
	EXPECT_LT(last, READ_ONCE(*counter));
	guest_free(&g);
}

TEST_HARNESS_MAIN
