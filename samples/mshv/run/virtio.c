// SPDX-License-Identifier: GPL-2.0
/*
 * The virtio-mmio transport, for devices with one queue.
 *
 * The guest's notification is an ioeventfd: no VP stops for it. Nothing that the
 * guest writes to its rings is trusted; a driver that breaks the rules finds
 * its device in need of a reset.
 */
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_ring.h>

#include "virtio.h"

#define MAGIC		0x74726976	/* "virt" */
#define VERSION		2
#define VENDOR		0x5648534d	/* "MSHV" */

enum { DEVICE, DRIVER };

/* Ring fields that the other side changes or reads at the same time */
static u16 load(const u16 *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static void store(u16 *p, u16 val)
{
	__atomic_store_n(p, val, __ATOMIC_RELEASE);
}

static void interrupt(struct virtio *v, u32 cause)
{
	v->interrupt |= cause;
	irq_raise(v->vm, v->gsi);
}

static void broken(struct virtio *v)
{
	v->ready = false;
	v->status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	interrupt(v, VIRTIO_MMIO_INT_CONFIG);
}

/* Follows the chain from @head. Returns false if it is not a proper one. */
static bool gather(struct virtio *v, u16 head, struct request *r)
{
	const struct vring_desc *table = vm_memory(v->vm, v->desc, v->size * sizeof(*table));
	struct vring_desc d = { .next = head, .flags = VRING_DESC_F_NEXT };

	if (!table)
		return false;
	r->head = head;
	for (r->count = 0; d.flags & VRING_DESC_F_NEXT; r->count++) {
		struct segment *s = &r->segments[r->count];

		if (d.next >= v->size || r->count == v->size)
			return false;
		/* The guest may change it while we look: look once. */
		memcpy(&d, &table[d.next], sizeof(d));
		atomic_signal_fence(memory_order_seq_cst);
		s->data = vm_memory(v->vm, d.addr, d.len);
		s->size = d.len;
		s->write = d.flags & VRING_DESC_F_WRITE;
		if (!s->data || (d.flags & VRING_DESC_F_INDIRECT))
			return false;
	}
	return true;
}

static bool complete(struct virtio *v, const struct request *r, u32 written)
{
	struct vring_used *used = vm_memory(v->vm, v->used, sizeof(*used) +
					    v->size * sizeof(used->ring[0]));

	if (!used)
		return false;
	used->ring[used->idx % v->size] = (struct vring_used_elem){ r->head, written };
	store(&used->idx, used->idx + 1);
	return true;
}

/* All requests that are there. Returns how many, or -1 for a broken driver. */
static int work(struct virtio *v)
{
	struct vring_avail *avail = vm_memory(v->vm, v->avail, sizeof(*avail) +
					      v->size * sizeof(avail->ring[0]));
	struct request r;
	int done, written;

	if (!avail)
		return -1;
	for (done = 0; v->next != load(&avail->idx); done++) {
		/* The guest adds requests as we go, but never more than fit. */
		if (done > QUEUE_SIZE)
			return done;
		if (!gather(v, load(&avail->ring[v->next % v->size]), &r))
			return -1;
		written = v->handle(v, &r);
		if (written < 0 || !complete(v, &r, written))
			return -1;
		v->next++;
	}
	return done;
}

static void on_notify(void *dev)
{
	struct virtio *v = dev;
	u64 count;
	int done;

	if (read(v->notify, &count, sizeof(count)) < 0)
		return;
	v->vm->notifies++;
	if (!v->ready || !(v->status & VIRTIO_CONFIG_S_DRIVER_OK))
		return;
	done = work(v);
	if (done < 0)
		broken(v);
	else if (done > 0)
		interrupt(v, VIRTIO_MMIO_INT_VRING);
}

static void reset(struct virtio *v)
{
	v->select[DEVICE] = 0;
	v->select[DRIVER] = 0;
	v->accepted = 0;
	v->status = 0;
	v->interrupt = 0;
	v->queue_select = 0;
	v->size = 0;
	v->ready = false;
	v->desc = 0;
	v->avail = 0;
	v->used = 0;
	v->next = 0;
}

static u32 features_read(const struct virtio *v)
{
	return v->select[DEVICE] < 2 ? v->features >> 32 * v->select[DEVICE] : 0;
}

static void features_write(struct virtio *v, u32 val)
{
	unsigned int shift = 32 * v->select[DRIVER];

	if (v->select[DRIVER] < 2 && !(v->status & VIRTIO_CONFIG_S_FEATURES_OK))
		v->accepted = (v->accepted & ~(0xffffffffULL << shift)) | (u64)val << shift;
}

/* FEATURES_OK stays clear if the driver wants what there is not. */
static void status_write(struct virtio *v, u32 val)
{
	if (!val) {
		reset(v);
		return;
	}
	if ((v->accepted & ~v->features) || !(v->accepted & 1ULL << VIRTIO_F_VERSION_1))
		val &= ~VIRTIO_CONFIG_S_FEATURES_OK;
	v->status = val | (v->status & VIRTIO_CONFIG_S_NEEDS_RESET);
}

static void ready_write(struct virtio *v, u32 val)
{
	bool power_of_two = v->size && !(v->size & (v->size - 1));

	v->ready = (val & 1) && power_of_two && v->size <= QUEUE_SIZE;
	v->next = 0;
}

static void set_half(u64 *addr, bool high, u32 val)
{
	*addr = high ? (u32)*addr | (u64)val << 32 : (*addr & ~0xffffffffULL) | val;
}

static u32 read_register(struct virtio *v, u64 offset)
{
	switch (offset) {
	case VIRTIO_MMIO_MAGIC_VALUE:
		return MAGIC;
	case VIRTIO_MMIO_VERSION:
		return VERSION;
	case VIRTIO_MMIO_DEVICE_ID:
		return v->id;
	case VIRTIO_MMIO_VENDOR_ID:
		return VENDOR;
	case VIRTIO_MMIO_DEVICE_FEATURES:
		return features_read(v);
	case VIRTIO_MMIO_QUEUE_NUM_MAX:
		return v->queue_select ? 0 : QUEUE_SIZE;
	case VIRTIO_MMIO_QUEUE_READY:
		return !v->queue_select && v->ready;
	case VIRTIO_MMIO_INTERRUPT_STATUS:
		return v->interrupt;
	case VIRTIO_MMIO_STATUS:
		return v->status;
	}
	return 0;		/* also for the generation of the configuration */
}

static void write_queue_register(struct virtio *v, u64 offset, u32 val)
{
	if (v->queue_select)
		return;
	switch (offset) {
	case VIRTIO_MMIO_QUEUE_NUM:
		v->size = val;
		break;
	case VIRTIO_MMIO_QUEUE_READY:
		ready_write(v, val);
		break;
	case VIRTIO_MMIO_QUEUE_DESC_LOW:
	case VIRTIO_MMIO_QUEUE_DESC_HIGH:
		set_half(&v->desc, offset == VIRTIO_MMIO_QUEUE_DESC_HIGH, val);
		break;
	case VIRTIO_MMIO_QUEUE_AVAIL_LOW:
	case VIRTIO_MMIO_QUEUE_AVAIL_HIGH:
		set_half(&v->avail, offset == VIRTIO_MMIO_QUEUE_AVAIL_HIGH, val);
		break;
	case VIRTIO_MMIO_QUEUE_USED_LOW:
	case VIRTIO_MMIO_QUEUE_USED_HIGH:
		set_half(&v->used, offset == VIRTIO_MMIO_QUEUE_USED_HIGH, val);
		break;
	}
}

static void write_register(struct virtio *v, u64 offset, u32 val)
{
	switch (offset) {
	case VIRTIO_MMIO_DEVICE_FEATURES_SEL:
		v->select[DEVICE] = val;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES_SEL:
		v->select[DRIVER] = val;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES:
		features_write(v, val);
		break;
	case VIRTIO_MMIO_QUEUE_SEL:
		v->queue_select = val;
		break;
	case VIRTIO_MMIO_INTERRUPT_ACK:
		v->interrupt &= ~val;
		break;
	case VIRTIO_MMIO_STATUS:
		status_write(v, val);
		break;
	default:
		/* The addresses and the size are fixed while the queue is in use. */
		if (!v->ready || offset == VIRTIO_MMIO_QUEUE_READY)
			write_queue_register(v, offset, val);
	}
}

static u64 virtio_read(void *dev, u64 offset, unsigned int len)
{
	struct virtio *v = dev;
	u64 val = 0;

	if (offset < VIRTIO_MMIO_CONFIG)
		return len == 4 ? read_register(v, offset) : 0;
	offset -= VIRTIO_MMIO_CONFIG;
	if (offset + len <= CONFIG_SIZE)
		memcpy(&val, v->config + offset, len);
	return val;
}

static void virtio_write(void *dev, u64 offset, unsigned int len, u64 val)
{
	if (offset < VIRTIO_MMIO_CONFIG && len == 4)
		write_register(dev, offset, val);
}

/**
 * virtio_init - add a device
 * @vm: machine
 * @v: device with @id, @features, @config and @handle
 */
void virtio_init(struct vm *vm, struct virtio *v)
{
	unsigned int n = vm->nr_virtio++;
	struct mshv_user_ioeventfd args = {
		.addr = VIRTIO_ADDR + n * VIRTIO_STRIDE + VIRTIO_MMIO_QUEUE_NOTIFY,
		.len = 4,
		.datamatch = 0,		/* the number of the queue */
		.flags = 1 << MSHV_IOEVENTFD_BIT_DATAMATCH,
	};

	v->vm = vm;
	v->gsi = VIRTIO_GSI + n;
	v->features |= 1ULL << VIRTIO_F_VERSION_1;
	v->notify = check(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
	args.fd = v->notify;
	check(ioctl(vm->partition, MSHV_IOEVENTFD, &args), "MSHV_IOEVENTFD");
	vm_poll(vm, v->notify, on_notify, v);
	bus_add(&vm->mmio, &(struct range){
		.start = VIRTIO_ADDR + n * VIRTIO_STRIDE, .size = VIRTIO_SIZE,
		.read = virtio_read, .write = virtio_write, .dev = v,
	});
}
