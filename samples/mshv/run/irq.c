// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts of devices: the I/O APIC (Intel 82093AA), and behind it the
 * partition's routes.
 *
 * The hypervisor emulates local APICs and nothing else. An entry of the I/O
 * APIC's redirection table is what an interrupt message is made of, so that
 * each input has an irqfd, and a write to its entry changes the irqfd's route.
 * Signalling the eventfd is then all that it takes to interrupt the guest.
 *
 * The DSDT declares all inputs edge-triggered. Thus there is no state of a line
 * here, and no need to know when the guest has handled an interrupt.
 */
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "vmm.h"

#define REG_SELECT	0x00
#define REG_WINDOW	0x10

#define IOAPIC_ID	0
#define IOAPIC_VERSION	1
#define IOAPIC_RTE0	0x10

#define VERSION		(0x11 | (NR_GSIS - 1) << 16)

/* Redirection table entries */
#define RTE_VECTOR	0xffULL
#define RTE_MODE	0x700ULL
#define RTE_LOGICAL	(1ULL << 11)
#define RTE_READ_ONLY	(1ULL << 12 | 1ULL << 14)
#define RTE_MASKED	(1ULL << 16)
#define RTE_DEST_SHIFT	56

#define MSI_ADDRESS	0xfee00000
#define MSI_LOGICAL	(1 << 2)
#define MSI_DEST_SHIFT	12

/**
 * struct ioapic - the I/O APIC
 * @vm: machine
 * @select: register that the window shows
 * @id: its id, which nobody uses
 * @rte: redirection table
 * @eventfd: of each input, assigned to the GSI of the same number
 */
static struct ioapic {
	struct vm *vm;
	u8 select;
	u32 id;
	u64 rte[NR_GSIS];
	int eventfd[NR_GSIS];
} ioapic;

/* A masked input has no route: what its device says is lost, as on the bus. */
static void update_routes(struct ioapic *io)
{
	struct {
		struct mshv_user_irq_table table;
		struct mshv_user_irq_entry entries[NR_GSIS];
	} t = { .table.nr = 0 };
	unsigned int gsi;

	for (gsi = 0; gsi < NR_GSIS; gsi++) {
		u64 rte = io->rte[gsi];

		if (rte & RTE_MASKED)
			continue;
		t.entries[t.table.nr++] = (struct mshv_user_irq_entry){
			.gsi = gsi,
			.address_lo = MSI_ADDRESS | (rte >> RTE_DEST_SHIFT) << MSI_DEST_SHIFT |
				      (rte & RTE_LOGICAL ? MSI_LOGICAL : 0),
			.data = rte & (RTE_VECTOR | RTE_MODE),
		};
	}
	check(ioctl(io->vm->partition, MSHV_SET_MSI_ROUTING, &t), "MSHV_SET_MSI_ROUTING");
}

static u32 read_register(const struct ioapic *io)
{
	unsigned int n = io->select - IOAPIC_RTE0;

	switch (io->select) {
	case IOAPIC_ID:
		return io->id;
	case IOAPIC_VERSION:
		return VERSION;
	}
	return n / 2 < NR_GSIS ? io->rte[n / 2] >> 32 * (n & 1) : 0;
}

static void write_register(struct ioapic *io, u32 val)
{
	unsigned int n = io->select - IOAPIC_RTE0, shift = 32 * (n & 1);
	u64 old, new;

	if (io->select == IOAPIC_ID)
		io->id = val & 0x0f000000;
	if (n / 2 >= NR_GSIS)
		return;
	old = io->rte[n / 2];
	new = (old & ~(0xffffffffULL << shift)) | (u64)val << shift;
	io->rte[n / 2] = new & ~RTE_READ_ONLY;
	if (!(old & new & RTE_MASKED) && old != io->rte[n / 2])
		update_routes(io);
}

static u64 ioapic_read(void *dev, u64 offset, unsigned int len)
{
	struct ioapic *io = dev;

	switch (offset) {
	case REG_SELECT:
		return io->select;
	case REG_WINDOW:
		return read_register(io);
	}
	return 0;
}

static void ioapic_write(void *dev, u64 offset, unsigned int len, u64 val)
{
	struct ioapic *io = dev;

	switch (offset) {
	case REG_SELECT:
		io->select = val;
		break;
	case REG_WINDOW:
		write_register(io, val);
		break;
	}
}

void irq_raise(struct vm *vm, unsigned int gsi)
{
	u64 one = 1;

	vm->irqs++;
	if (write(ioapic.eventfd[gsi], &one, sizeof(one)) < 0)
		warn("interrupt %u is lost", gsi);
}

void irq_init(struct vm *vm)
{
	unsigned int gsi;

	ioapic.vm = vm;
	for (gsi = 0; gsi < NR_GSIS; gsi++) {
		struct mshv_user_irqfd args = { .gsi = gsi };

		args.fd = check(eventfd(0, EFD_CLOEXEC), "eventfd");
		check(ioctl(vm->partition, MSHV_IRQFD, &args), "MSHV_IRQFD");
		ioapic.eventfd[gsi] = args.fd;
		ioapic.rte[gsi] = RTE_MASKED;
	}
	bus_add(&vm->mmio, &(struct range){
		.start = IOAPIC_ADDR, .size = IOAPIC_SIZE,
		.read = ioapic_read, .write = ioapic_write, .dev = &ioapic,
	});
}
