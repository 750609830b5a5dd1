// SPDX-License-Identifier: GPL-2.0
/* A disk (virtio 1.1, section 5.2), in a file or on a block device. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <linux/virtio_blk.h>
#include <linux/virtio_ids.h>

#include "virtio.h"

#define SECTOR		512
#define ID_SIZE		20

static struct disk {
	struct virtio v;	/* first: the device is found by it */
	int fd;
	u64 sectors;
	bool read_only;
} disk;

static bool transfer(struct disk *d, u8 *data, u64 size, u64 offset, bool to_guest)
{
	while (size) {
		ssize_t n = to_guest ? pread(d->fd, data, size, offset) :
				       pwrite(d->fd, data, size, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		size -= n;
		offset += n;
	}
	return true;
}

/* The segments between header and status. Returns a VIRTIO_BLK_S_*. */
static u8 do_transfer(struct disk *d, struct request *r, u64 sector, bool to_guest, int *written)
{
	unsigned int i;

	for (i = 1; i < r->count - 1; i++) {
		struct segment *s = &r->segments[i];

		if (s->write != to_guest || s->size % SECTOR || sector > d->sectors ||
		    s->size / SECTOR > d->sectors - sector ||
		    !transfer(d, s->data, s->size, sector * SECTOR, to_guest))
			return VIRTIO_BLK_S_IOERR;
		sector += s->size / SECTOR;
		if (to_guest)
			*written += s->size;
	}
	return VIRTIO_BLK_S_OK;
}

static u8 get_id(struct request *r, int *written)
{
	struct segment *s = &r->segments[1];

	if (r->count != 3 || !s->write || s->size < ID_SIZE)
		return VIRTIO_BLK_S_IOERR;
	memset(s->data, 0, ID_SIZE);
	memcpy(s->data, "mshv-run", 8);
	*written += ID_SIZE;
	return VIRTIO_BLK_S_OK;
}

static u8 execute(struct disk *d, struct request *r, const struct virtio_blk_outhdr *hdr,
		  int *written)
{
	switch (hdr->type) {
	case VIRTIO_BLK_T_IN:
		return do_transfer(d, r, hdr->sector, true, written);
	case VIRTIO_BLK_T_OUT:
		if (d->read_only)
			return VIRTIO_BLK_S_IOERR;
		return do_transfer(d, r, hdr->sector, false, written);
	case VIRTIO_BLK_T_FLUSH:
		return fdatasync(d->fd) ? VIRTIO_BLK_S_IOERR : VIRTIO_BLK_S_OK;
	case VIRTIO_BLK_T_GET_ID:
		return get_id(r, written);
	}
	return VIRTIO_BLK_S_UNSUPP;
}

/* A header from the guest, data, and a byte of status for the guest. */
static int blk_handle(struct virtio *v, struct request *r)
{
	struct segment *first = &r->segments[0], *last = &r->segments[r->count - 1];
	struct disk *d = (struct disk *)v;
	struct virtio_blk_outhdr hdr;
	int written = 1;

	if (r->count < 2 || first->write || first->size != sizeof(hdr) || !last->write ||
	    last->size != 1)
		return -1;
	memcpy(&hdr, first->data, sizeof(hdr));
	*last->data = execute(d, r, &hdr, &written);
	return written;
}

void blk_init(struct vm *vm, const char *path)
{
	struct virtio_blk_config config;
	u64 size;

	disk.read_only = access(path, W_OK) && errno != ENOENT;
	disk.fd = open_file(path, disk.read_only ? O_RDONLY : O_RDWR, &size);
	if (size < SECTOR || size % SECTOR)
		die("%s: not a disk image: %llu bytes are no multiple of %u", path,
		    (unsigned long long)size, SECTOR);
	disk.sectors = size / SECTOR;
	disk.v.id = VIRTIO_ID_BLOCK;
	disk.v.handle = blk_handle;
	disk.v.features = 1ULL << VIRTIO_BLK_F_FLUSH |
			  (disk.read_only ? 1ULL << VIRTIO_BLK_F_RO : 0);
	memset(&config, 0, sizeof(config));
	config.capacity = disk.sectors;
	memcpy(disk.v.config, &config, CONFIG_SIZE < sizeof(config) ? CONFIG_SIZE : sizeof(config));
	virtio_init(vm, &disk.v);
}
