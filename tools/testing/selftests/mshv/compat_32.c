// SPDX-License-Identifier: GPL-2.0
/*
 * A 32-bit VMM, without any library: it uses each kind of argument that the
 * interface has (structures, addresses within them, addresses within what these
 * point to, mappings) and runs a guest. The test "compat" starts it.
 *
 * Its exit status is 0, or the number of the line that found a mistake, modulo
 * 250, plus 1; that line is written to standard error, too.
 */
#include <stddef.h>
#include <stdint.h>

#include <linux/mshv.h>

#include "hv_abi.h"

#define NR_exit		1
#define NR_write	4
#define NR_open		5
#define NR_close	6
#define NR_ioctl	54
#define NR_munmap	91
#define NR_mmap2	192
#define NR_eventfd2	328

#define EEXIST		17
#define EINTR		4
#define EFAULT		14

#define PROT_RW		3
#define MAP_SHARED	1
#define MAP_ANON	0x22		/* and private */

#define RAM_SIZE	0x100000u
#define CODE		0x1000

_Static_assert(sizeof(void *) == 4, "for 32-bit processes");

static long syscall6(long nr, long a, long b, long c, long d, long e, long f)
{
	long ret;

	/* the sixth argument is in a register that the compiler may be using */
	asm volatile("push %[f]\n\t"
		     "push %%ebp\n\t"
		     "mov 4(%%esp), %%ebp\n\t"
		     "int $0x80\n\t"
		     "pop %%ebp\n\t"
		     "add $4, %%esp"
		     : "=a" (ret)
		     : "a" (nr), "b" (a), "c" (b), "d" (c), "S" (d), "D" (e), [f] "m" (f)
		     : "memory", "cc");
	return ret;
}

static long syscall3(long nr, long a, long b, long c)
{
	long ret;

	asm volatile("int $0x80"
		     : "=a" (ret) : "a" (nr), "b" (a), "c" (b), "d" (c) : "memory");
	return ret;
}

static void __attribute__((noreturn)) leave(int status)
{
	for (;;)
		syscall3(NR_exit, status, 0, 0);
}

static void __attribute__((noreturn)) fail(unsigned int line)
{
	char text[] = "# compat_32.c:    0\n";
	char *digit = text + sizeof(text) - 3;
	unsigned int n = line;

	for (; n; n /= 10)
		*digit-- = '0' + n % 10;
	syscall3(NR_write, 2, (long)text, sizeof(text) - 1);
	leave(1 + line % 250);
}

#define CHECK(condition)			\
	do {					\
		if (!(condition))		\
			fail(__LINE__);		\
	} while (0)

static int ioctl(int fd, unsigned int cmd, const void *arg)
{
	return syscall3(NR_ioctl, fd, cmd, (long)arg);
}

static void *map(int fd, unsigned int flags, unsigned int size, unsigned int page)
{
	long addr = syscall6(NR_mmap2, 0, size, PROT_RW, flags, fd, page);

	CHECK(addr > 0 || addr < -4095);
	return (void *)addr;
}

static uint64_t address(const void *p)
{
	return (uintptr_t)p;
}

/* Real mode: says something, reads a word of 0x8000, waits for a write to it. */
static const uint8_t guest_code[] = {
	0xb8, 0x34, 0x12,		/* mov $0x1234, %ax */
	0xe7, 0x80,			/* out %ax, $0x80 */
	0xa1, 0x00, 0x80,		/* mov 0x8000, %ax */
	0xe7, 0x81,			/* out %ax, $0x81 */
	0xeb, 0xfe,			/* 1: jmp 1b */
};

struct vmm {
	int dev, pt, vp;
	uint8_t *ram;
};

static int capability(int fd, uint32_t nr)
{
	int ret = ioctl(fd, MSHV_CHECK_EXTENSION, &nr);

	CHECK(ret >= 0);
	return ret;
}

static void set_memory(const struct vmm *v, uint8_t flags)
{
	const struct mshv_user_mem_region region = {
		.size = RAM_SIZE,
		.userspace_addr = address(v->ram),
		.flags = flags,
	};

	CHECK(!ioctl(v->pt, MSHV_SET_GUEST_MEMORY, &region));
}

static void set_up(struct vmm *v)
{
	const struct mshv_create_partition create = { .pt_flags = 1 << MSHV_PT_BIT_LAPIC };
	const struct mshv_create_vp vp = { .vp_index = 0 };
	unsigned int i;

	v->dev = syscall3(NR_open, (long)"/dev/mshv", 2, 0);
	CHECK(v->dev >= 0);
	CHECK(capability(v->dev, MSHV_CAP_RUN_VP) == 1);
	v->pt = ioctl(v->dev, MSHV_CREATE_PARTITION, &create);
	CHECK(v->pt >= 0);
	CHECK(capability(v->pt, MSHV_CAP_RUN_VP) == 1);
	CHECK(!ioctl(v->pt, MSHV_INITIALIZE_PARTITION, NULL));
	v->ram = map(-1, MAP_ANON, RAM_SIZE, 0);
	set_memory(v, 1 << MSHV_SET_MEM_BIT_WRITABLE | 1 << MSHV_SET_MEM_BIT_EXECUTABLE);
	for (i = 0; i < sizeof(guest_code); i++)
		v->ram[CODE + i] = guest_code[i];
	v->vp = ioctl(v->pt, MSHV_CREATE_VP, &vp);
	CHECK(v->vp >= 0);
	CHECK(capability(v->vp, MSHV_CAP_RUN_VP) == 1);
	CHECK(ioctl(v->pt, MSHV_CREATE_VP, &vp) == -EEXIST);
}

/* An array behind an address in a structure. */
static void registers(const struct vmm *v)
{
	struct hvx_register regs[] = {
		{ .name = HVX_REG_CS, .value.segment = { .limit = 0xffff, .attributes = 0x9b } },
		{ .name = HVX_REG_RIP, .value.u64 = CODE },
		{ .name = HVX_REG_RBX, .value.u64 = 0x1122334455667788ULL },
	};
	const struct mshv_vp_registers arg = {
		.count = 3,
		.regs_ptr = address(regs),
	};

	CHECK(!ioctl(v->vp, MSHV_SET_VP_REGISTERS, &arg));
	regs[2].value.u64 = 0;
	CHECK(!ioctl(v->vp, MSHV_GET_VP_REGISTERS, &arg));
	CHECK(regs[1].value.u64 == CODE);
	CHECK(regs[2].value.u64 == 0x1122334455667788ULL);
}

/* Two addresses in a structure that is written as well. */
static void hypercall(const struct vmm *v)
{
	struct hvx_in_get_partition_property in = { .code = HVX_PROP_PHYSICAL_ADDRESS_WIDTH };
	struct hvx_out_get_partition_property out = { .value = 0 };
	struct mshv_root_hvcall call = {
		.code = HVX_CALL_GET_PARTITION_PROPERTY,
		.in_sz = sizeof(in),
		.out_sz = sizeof(out),
		.in_ptr = address(&in),
		.out_ptr = address(&out),
	};

	if (!capability(v->pt, MSHV_CAP_PARTITION_HVCALL))
		return;
	CHECK(!ioctl(v->pt, MSHV_ROOT_HVCALL, &call));
	CHECK(out.value >= 32 && out.value <= 52);
	call.in_ptr = 0x100000000ULL;		/* no address of this process */
	CHECK(ioctl(v->pt, MSHV_ROOT_HVCALL, &call) == -EFAULT);
}

static uint16_t run_to_port(const struct vmm *v, uint16_t port)
{
	struct mshv_run_vp run;
	const struct hvx_message *msg = (const void *)run.msg_buf;
	const struct hvx_msg_io_port *io = (const void *)msg->payload;
	struct hvx_register rip = { .name = HVX_REG_RIP };
	const struct mshv_vp_registers arg = { .count = 1, .regs_ptr = address(&rip) };

	CHECK(!ioctl(v->vp, MSHV_RUN_VP, &run));
	CHECK(msg->type == HVX_MSG_X64_IO_PORT);
	CHECK(io->port == port);
	rip.value.u64 = io->h.rip + 2;
	CHECK(!ioctl(v->vp, MSHV_SET_VP_REGISTERS, &arg));
	return io->rax;
}

/* Structures with descriptors, and one with a list at its end. */
static void eventfds(const struct vmm *v)
{
	struct {
		struct mshv_user_irq_table table;
		struct mshv_user_irq_entry entry;
	} routes = {
		.table.nr = 1,
		.entry = { .gsi = 3, .address_lo = 0xfee00000, .data = 0x40 },
	};
	struct mshv_user_irqfd irqfd = { .gsi = 3 };
	struct mshv_user_ioeventfd ioeventfd = { .addr = 0x40000000, .len = 4 };

	irqfd.fd = syscall3(NR_eventfd2, 0, 0, 0);
	CHECK(irqfd.fd >= 0);
	ioeventfd.fd = irqfd.fd;
	if (capability(v->pt, MSHV_CAP_MSI_ROUTING))
		CHECK(!ioctl(v->pt, MSHV_SET_MSI_ROUTING, &routes));
	if (capability(v->pt, MSHV_CAP_IRQFD))
		CHECK(!ioctl(v->pt, MSHV_IRQFD, &irqfd));
	if (capability(v->pt, MSHV_CAP_IOEVENTFD))
		CHECK(!ioctl(v->pt, MSHV_IOEVENTFD, &ioeventfd));
	syscall3(NR_close, irqfd.fd, 0, 0);
}

/* A bitmap behind an address: the guest has touched its code. */
static void access_bitmap(const struct vmm *v)
{
	uint64_t bitmap = 0;
	struct mshv_gpap_access_bitmap arg = {
		.access_type = MSHV_GPAP_ACCESS_TYPE_ACCESSED,
		.page_count = 16,
		.gpap_base = 0,
		.bitmap_ptr = address(&bitmap),
	};

	if (!capability(v->pt, MSHV_CAP_GPAP_ACCESS_BITMAP))
		return;
	CHECK(!ioctl(v->pt, MSHV_GET_GPAP_ACCESS_BITMAP, &arg));
	CHECK(bitmap & 1 << CODE / HVX_PAGE_SIZE);
}

static void pages(const struct vmm *v)
{
	const struct hvx_message *msg;
	void *regs;

	msg = map(v->vp, MAP_SHARED, HVX_PAGE_SIZE, MSHV_VP_MMAP_OFFSET_INTERCEPT_MESSAGE);
	CHECK(msg->type == HVX_MSG_X64_IO_PORT);
	syscall3(NR_munmap, (long)msg, HVX_PAGE_SIZE, 0);
	if (!capability(v->vp, MSHV_CAP_REGISTER_PAGE))
		return;
	regs = map(v->vp, MAP_SHARED, HVX_PAGE_SIZE, MSHV_VP_MMAP_OFFSET_REGISTERS);
	syscall3(NR_munmap, (long)regs, HVX_PAGE_SIZE, 0);
}

static void cancel(const struct vmm *v)
{
	struct mshv_run_vp run;

	if (!capability(v->vp, MSHV_CAP_CANCEL_RUN_VP))
		return;
	CHECK(!ioctl(v->vp, MSHV_CANCEL_RUN_VP, NULL));
	CHECK(ioctl(v->vp, MSHV_RUN_VP, &run) == -EINTR);
}

/* Without its memory the guest gets no further. */
static void take_memory(const struct vmm *v)
{
	struct mshv_run_vp run;
	const struct hvx_message *msg = (const void *)run.msg_buf;

	set_memory(v, 1 << MSHV_SET_MEM_BIT_UNMAP);
	CHECK(!ioctl(v->vp, MSHV_RUN_VP, &run));
	CHECK(msg->type == HVX_MSG_UNMAPPED_GPA);
	CHECK(ioctl(v->vp, MSHV_RUN_VP, (void *)8) == -EFAULT);
}

void _start(void)
{
	struct vmm v;

	set_up(&v);
	registers(&v);
	hypercall(&v);
	CHECK(run_to_port(&v, 0x80) == 0x1234);
	pages(&v);
	cancel(&v);
	*(uint16_t *)(v.ram + 0x8000) = 0x4321;
	CHECK(run_to_port(&v, 0x81) == 0x4321);
	access_bitmap(&v);
	eventfds(&v);
	take_memory(&v);
	syscall3(NR_close, v.pt, 0, 0);
	syscall3(NR_close, v.vp, 0, 0);
	leave(0);
}
