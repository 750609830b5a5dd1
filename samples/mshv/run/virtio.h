/* SPDX-License-Identifier: GPL-2.0 */
/* The virtio-mmio transport (virtio 1.1, section 4.2) and split queues (2.6). */
#ifndef _SAMPLES_MSHV_VIRTIO_H
#define _SAMPLES_MSHV_VIRTIO_H

#include "vmm.h"

#define QUEUE_SIZE	64
#define CONFIG_SIZE	64

/* A piece of guest memory that a request names. */
struct segment {
	u8 *data;
	u32 size;
	bool write;		/* the device writes it */
};

/**
 * struct request - a chain of descriptors
 * @head: its first descriptor
 * @segments: the memory, all of it the guest's own
 * @count: number of segments
 */
struct request {
	u16 head;
	struct segment segments[QUEUE_SIZE];
	unsigned int count;
};

/**
 * struct virtio - a device with one queue
 * @vm: machine
 * @gsi: its interrupt
 * @id: what it is, VIRTIO_ID_*
 * @features: what it offers
 * @config: its configuration space
 * @handle: carries out a request, returns how many bytes it wrote to guest memory;
 *	    -1: the guest's driver is broken
 * @notify: eventfd that the guest's write to QUEUE_NOTIFY signals
 * @select: halves of the features that the next access means: device's, driver's
 * @accepted: features that the driver has taken
 * @status: VIRTIO_CONFIG_S_*
 * @interrupt: VIRTIO_MMIO_INT_*
 * @queue_select: 0 is the only queue that is there
 * @size: entries of the queue
 * @ready: the queue is in use
 * @desc: guest physical address of the descriptors
 * @avail: of the ring of available requests
 * @used: of the ring of used requests
 * @next: request to be looked at next
 */
struct virtio {
	struct vm *vm;
	unsigned int gsi;
	u32 id;
	u64 features;
	u8 config[CONFIG_SIZE];
	int (*handle)(struct virtio *v, struct request *r);
	int notify;
	u32 select[2];
	u64 accepted;
	u32 status, interrupt, queue_select, size;
	bool ready;
	u64 desc, avail, used;
	u16 next;
};

void virtio_init(struct vm *vm, struct virtio *v);

#endif /* _SAMPLES_MSHV_VIRTIO_H */
