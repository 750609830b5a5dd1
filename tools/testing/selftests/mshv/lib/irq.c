// SPDX-License-Identifier: GPL-2.0
/* Eventfds, routes, and a guest that counts its interrupts. */
#include <poll.h>
#include <sys/eventfd.h>

#include "mshv_irq.h"

int irqfd(int pt, int fd, u32 gsi, u32 flags, int resamplefd)
{
	struct mshv_user_irqfd arg = {
		.fd = fd, .gsi = gsi, .flags = flags, .resamplefd = resamplefd,
	};

	return xioctl(pt, MSHV_IRQFD, &arg);
}

int irqfd_assign(int pt, int fd, u32 gsi)
{
	return irqfd(pt, fd, gsi, 0, -1);
}

int irqfd_resample(int pt, int fd, u32 gsi, int resamplefd)
{
	return irqfd(pt, fd, gsi, BIT(MSHV_IRQFD_BIT_RESAMPLE), resamplefd);
}

int irqfd_deassign(int pt, int fd, u32 gsi)
{
	return irqfd(pt, fd, gsi, BIT(MSHV_IRQFD_BIT_DEASSIGN), -1);
}

int ioeventfd(int pt, int fd, u64 addr, u32 len, u32 flags, u64 match)
{
	struct mshv_user_ioeventfd arg = {
		.fd = fd, .addr = addr, .len = len, .flags = flags, .datamatch = match,
	};

	return xioctl(pt, MSHV_IOEVENTFD, &arg);
}

int routes_set(int pt, const struct mshv_user_irq_entry *entries, u32 nr)
{
	struct mshv_user_irq_table *table;
	int ret;

	table = calloc(1, sizeof(*table) + nr * sizeof(*entries));
	REQUIRE(table, "no memory");
	table->nr = nr;
	if (nr)
		memcpy(table->entries, entries, nr * sizeof(*entries));
	ret = xioctl(pt, MSHV_SET_MSI_ROUTING, table);
	free(table);
	return ret;
}

int route_set(int pt, u32 gsi, u32 data)
{
	const struct mshv_user_irq_entry entry = {
		.gsi = gsi, .address_lo = ROUTE_ADDRESS, .data = data,
	};

	return routes_set(pt, &entry, 1);
}

int event_create(void)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	REQUIRE(fd >= 0, "eventfd");
	return fd;
}

void event_signal(int fd)
{
	const u64 one = 1;

	REQUIRE(write(fd, &one, sizeof(one)) == sizeof(one), "write to an eventfd");
}

u64 event_take(int fd)
{
	u64 value;

	return read(fd, &value, sizeof(value)) == sizeof(value) ? value : 0;
}

u64 event_wait(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	poll(&p, 1, IRQ_WAIT_US / 1000);
	return event_take(fd);
}

/*
 * The guest. Registers that the host sets: R15 = counters of the VP, R14 =
 * logical destination register of an xAPIC, 0 for x2APIC.
 *
 * Each vector has a stub that pushes its number and jumps to the common handler.
 */
#define GUEST_HANDLER	0x1400UL
#define GUEST_STUBS	0x40000UL
#define GUEST_STUB_SIZE	16
#define GUEST_COUNTS	0x50000UL	/* a page for each VP */
#define GUEST_STACKS	0x60000UL	/* likewise */

GUEST_CODE(guest_main, 64,
	   "test %r14, %r14\n"
	   "jnz 1f\n"
	   "mov $0x1b, %ecx\n"
	   "rdmsr\n"
	   "or $0xc00, %eax\n"		/* x2APIC mode */
	   "wrmsr\n"
	   "xor %edx, %edx\n"
	   "mov $0x80f, %ecx\n"		/* spurious vector, enabled */
	   "mov $0x1ff, %eax\n"
	   "wrmsr\n"
	   "jmp 2f\n"
	   "1: mov $0xfee00000, %ebx\n"
	   "mov %r14d, 0xd0(%rbx)\n"
	   "movl $0x1ff, 0xf0(%rbx)\n"
	   "2: lock incl (%r15)\n"
	   "sti\n"
	   "3: hlt\n"
	   "jmp 3b\n");

GUEST_CODE(guest_handler, 64,
	   "push %rax\n"
	   "push %rcx\n"
	   "push %rdx\n"
	   "mov 24(%rsp), %eax\n"
	   "lock incl (%r15,%rax,4)\n"
	   "cmp $2, %eax\n"		/* an NMI has no end */
	   "je 2f\n"
	   "xor %eax, %eax\n"
	   "xor %edx, %edx\n"
	   "test %r14, %r14\n"
	   "jnz 1f\n"
	   "mov $0x80b, %ecx\n"
	   "wrmsr\n"
	   "jmp 2f\n"
	   "1: mov $0xfee00000, %ecx\n"
	   "mov %eax, 0xb0(%rcx)\n"
	   "2: pop %rdx\n"
	   "pop %rcx\n"
	   "pop %rax\n"
	   "add $8, %rsp\n"
	   "iretq\n");

static void guest_stub(struct vm *vm, unsigned int vector)
{
	u64 at = GUEST_STUBS + vector * GUEST_STUB_SIZE;
	__s32 to = GUEST_HANDLER - (at + 10);
	u8 code[10] = { 0x68, vector, 0, 0, 0, 0xe9 };	/* push, jmp */

	memcpy(code + 6, &to, sizeof(to));
	vm_write(vm, at, code, sizeof(code));
	guest_set_gate(vm, vector, at);
}

static void irq_vp_init(struct irq_guest *g, unsigned int i, u32 index, enum irq_mode mode)
{
	struct irq_vp *v = &g->vps[i];

	vp_init(&v->vp, &g->vm, index);
	v->counts = (u32 *)(g->vm.ram + GUEST_COUNTS + i * PAGE);
	vp_load(&v->vp, MODE_LONG, guest_main);
	vp_set(&v->vp, HVX_REG_R15, GUEST_COUNTS + i * PAGE);
	vp_set(&v->vp, HVX_REG_RAX + 14, mode == IRQ_XAPIC ? 1UL << (24 + i) : 0);
	vp_set(&v->vp, HVX_REG_RSP, GUEST_STACKS + (i + 1) * PAGE);
}

void irq_guest_init(struct irq_guest *g, unsigned int nr, const u32 *indexes,
		    enum irq_mode mode)
{
	unsigned int i, vector;

	memset(g, 0, sizeof(*g));
	g->nr = nr;
	vm_init(&g->vm);
	for (i = 0; i < nr; i++)
		irq_vp_init(g, i, indexes ? indexes[i] : i, mode);
	vm_write(&g->vm, GUEST_HANDLER, guest_handler, guest_handler_end - guest_handler);
	guest_stub(&g->vm, 2);
	for (vector = 16; vector < 256; vector++)
		guest_stub(&g->vm, vector);
}

static void *irq_vp_run(void *arg)
{
	struct irq_vp *v = arg;
	const struct hvx_msg_apic_eoi *eoi = (const void *)v->vp.msg.payload;
	int ret;

	while (!READ_ONCE(v->stop)) {
		ret = vp_run(&v->vp);
		if (ret == -EINTR)
			continue;
		if (ret) {
			WRITE_ONCE(v->error, ret);
			break;
		}
		if (v->vp.msg.type != HVX_MSG_X64_APIC_EOI)
			msg_print(&v->vp.msg);
		REQUIRE(v->vp.msg.type == HVX_MSG_X64_APIC_EOI, "message %#x", v->vp.msg.type);
		WRITE_ONCE(v->eoi_vector, eoi->vector);
		WRITE_ONCE(v->eois, v->eois + 1);
	}
	return NULL;
}

u32 irq_count(const struct irq_guest *g, unsigned int vp, unsigned int vector)
{
	return READ_ONCE(g->vps[vp].counts[vector]);
}

u32 irq_wait(const struct irq_guest *g, unsigned int vp, unsigned int vector, u32 count)
{
	u64 end = now_us() + limit_us(IRQ_WAIT_US);

	while (irq_count(g, vp, vector) < count && now_us() < end)
		usleep(50);
	return irq_count(g, vp, vector);
}

void irq_settle(void)
{
	usleep(limit_us(50000));
}

void irq_guest_start(struct irq_guest *g)
{
	unsigned int i;

	for (i = 0; i < g->nr; i++) {
		g->vps[i].stop = false;
		g->vps[i].thread = thread_start(irq_vp_run, &g->vps[i]);
	}
	for (i = 0; i < g->nr; i++)
		REQUIRE(irq_wait(g, i, 0, 1) == 1, "VP %u is not ready", i);
	/* from the count to the halt */
	irq_settle();
}

void irq_guest_stop(struct irq_guest *g)
{
	unsigned int i;

	for (i = 0; i < g->nr; i++)
		WRITE_ONCE(g->vps[i].stop, true);
	for (i = 0; i < g->nr; i++)
		thread_stop(g->vps[i].thread);
}

void irq_guest_free(struct irq_guest *g)
{
	unsigned int i;

	for (i = 0; i < g->nr; i++)
		vp_free(&g->vps[i].vp);
	vm_free(&g->vm);
}
