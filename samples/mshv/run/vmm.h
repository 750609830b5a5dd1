/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mshv-run: what its parts know of each other.
 *
 * One thread per VP runs the guest and carries out what it stops at; the main
 * thread waits for input and for eventfds. Devices are under vm->lock.
 */
#ifndef _SAMPLES_MSHV_VMM_H
#define _SAMPLES_MSHV_VMM_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/mshv.h>

#include "hv_abi.h"

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define KIB(n)		((u64)(n) << 10)
#define MIB(n)		((u64)(n) << 20)
#define GIB(n)		((u64)(n) << 30)

/* Guest physical addresses */
#define RAM_LOW_END	GIB(3)		/* RAM beyond it continues at 4 GiB */
#define RAM_HIGH_START	GIB(4)
#define BIOS_START	0x9fc00		/* not RAM for the guest, up to 1 MiB */
#define BIOS_END	MIB(1)
#define GDT_ADDR	0x6000
#define BOOT_PARAMS	0x7000
#define CMDLINE_ADDR	0x20000
#define ACPI_ADDR	0xe0000		/* where the guest looks for the RSDP */
#define ACPI_END	0xf0000
#define RESET_VECTOR	0xffff0		/* where a PC starts */
#define VIRTIO_ADDR	0xd0000000
#define VIRTIO_STRIDE	0x1000
#define VIRTIO_SIZE	0x200
#define IOAPIC_ADDR	0xfec00000
#define IOAPIC_SIZE	0x1000

/* Ports */
#define UART_PORT	0x3f8
#define UART_PORTS	8
#define SLEEP_PORT	0x600		/* ACPI sleep control, then sleep status */
#define RESET_PORT	0x602
#define POWER_PORTS	3
#define RESET_VALUE	1
#define RTC_PORT	0x70
#define RTC_PORTS	2

/* Inputs of the I/O APIC; all are edge-triggered */
#define NR_GSIS		24
#define UART_GSI	4
#define VIRTIO_GSI	5		/* and the following */

#define MAX_VPS		64
#define MAX_VIRTIO	2

/* How mshv-run ends; what a shell sees. */
enum status {
	STATUS_POWER_OFF,
	STATUS_ERROR,			/* said on standard error */
	STATUS_USAGE,
	STATUS_RESET,			/* the guest asked for it */
	STATUS_CRASH,			/* the guest cannot go on */
};

struct vm;

/**
 * struct range - addresses or ports that belong to a device
 * @start: first
 * @size: number
 * @read: a read of 1, 2, 4 or 8 bytes at an offset
 * @write: likewise
 * @dev: their first argument
 *
 * Both are called with vm->lock held.
 */
struct range {
	u64 start, size;
	u64 (*read)(void *dev, u64 offset, unsigned int len);
	void (*write)(void *dev, u64 offset, unsigned int len, u64 val);
	void *dev;
};

#define MAX_RANGES	8

struct bus {
	struct range ranges[MAX_RANGES];
	unsigned int count;
};

/**
 * struct poller - something the main thread waits for
 * @fd: to be readable; -1: not now
 * @ready: called with vm->lock held
 * @dev: its argument
 */
struct poller {
	int fd;
	void (*ready)(void *dev);
	void *dev;
};

#define MAX_POLLERS	16

/* Kinds of exits that are counted, see stats.c */
enum exit_kind {
	EXIT_PORT_READ, EXIT_PORT_WRITE, EXIT_MMIO_READ, EXIT_MMIO_WRITE,
	EXIT_EOI, EXIT_SIGNAL, EXIT_OTHER,
	NR_EXIT_KINDS
};

/**
 * struct vp - a virtual processor
 * @vm: its machine
 * @index: its index, which is also its APIC id
 * @fd: its file
 * @regs: its register page
 * @thread: the thread that runs it
 * @exits: how often it stopped, by kind
 */
struct vp {
	struct vm *vm;
	u32 index;
	int fd;
	struct hvx_register_page *regs;
	pthread_t thread;
	u64 exits[NR_EXIT_KINDS];
};

/**
 * struct vm - the machine
 * @device: /dev/mshv
 * @partition: the partition's file
 * @ram: guest memory, low part and high part in one piece
 * @ram_size: bytes
 * @nr_vps: number of VPs
 * @vps: the VPs
 * @nr_virtio: number of virtio devices
 * @lock: protects the devices and what follows
 * @ports: devices on ports
 * @mmio: devices in the address space
 * @pollers: what the main thread waits for
 * @nr_pollers: their number
 * @wake: eventfd: the main thread shall look at what follows, and at @pollers
 * @stopped: the machine has ended
 * @status: why
 * @interrupted: a signal says that it shall end
 * @irqs: interrupts sent to the guest
 * @notifies: ioeventfds that the guest has signalled
 */
struct vm {
	int device, partition;
	u8 *ram;
	u64 ram_size;
	unsigned int nr_vps;
	struct vp vps[MAX_VPS];
	unsigned int nr_virtio;

	pthread_mutex_t lock;
	struct bus ports, mmio;
	struct poller pollers[MAX_POLLERS];
	unsigned int nr_pollers;
	int wake;
	bool stopped;
	enum status status;
	volatile sig_atomic_t interrupted;
	u64 irqs, notifies;
};

/* util.c */
void warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
int check(int result, const char *what);
double now(void);
int open_file(const char *path, int flags, u64 *size);
void read_file(int fd, const char *path, void *to, u64 offset, u64 size);

/* vm.c: partition, memory, VPs */
void vm_create(struct vm *vm, bool x2apic);
void vm_destroy(struct vm *vm);
void *vm_memory(struct vm *vm, u64 gpa, u64 size);
u64 vm_low_ram(const struct vm *vm);
u64 vm_high_ram(const struct vm *vm);
struct poller *vm_poll(struct vm *vm, int fd, void (*ready)(void *dev), void *dev);
void vp_set_registers(struct vp *vp, const struct hvx_register *regs, u32 count);
void vp_get_registers(struct vp *vp, struct hvx_register *regs, u32 count);

/* bzimage.c, acpi.c */
void linux_load(struct vm *vm, const char *kernel, const char *initrd, const char *cmdline);
void acpi_build(struct vm *vm);

/* run.c */
void vm_run(struct vm *vm);
void vm_stop(struct vm *vm, enum status status);
void vm_wake(struct vm *vm);

/* port.c */
bool port_access(struct vp *vp, const struct hvx_msg_io_port *msg);

/* mmio.c */
bool mmio_access(struct vp *vp, const struct hvx_msg_memory *msg);

/* bus.c */
void bus_add(struct bus *bus, const struct range *range);
u64 bus_read(struct bus *bus, u64 addr, unsigned int len);
void bus_write(struct bus *bus, u64 addr, unsigned int len, u64 val);

/* irq.c: the I/O APIC and the partition's routes */
void irq_init(struct vm *vm);
void irq_raise(struct vm *vm, unsigned int gsi);

/* Devices */
void power_init(struct vm *vm);
void rtc_init(struct vm *vm);
void uart_init(struct vm *vm);
void blk_init(struct vm *vm, const char *path);
void rng_init(struct vm *vm);

/* terminal.c: reading gives the number of bytes, or -1 at the end */
void terminal_init(void);
int terminal_read(struct vm *vm, u8 *to, size_t size);
void terminal_write(const u8 *data, size_t size);

/* stats.c */
void stats_count(struct vp *vp, enum exit_kind kind);
void stats_print(const struct vm *vm, double seconds);

#endif /* _SAMPLES_MSHV_VMM_H */
