// SPDX-License-Identifier: GPL-2.0
/* A source of random numbers (virtio 1.1, section 5.4). */
#include <sys/random.h>

#include <linux/virtio_ids.h>

#include "virtio.h"

#define MAX_BYTES	256	/* for which getrandom() neither blocks nor fails */

static int rng_handle(struct virtio *v, struct request *r)
{
	unsigned int i;
	int total = 0;

	for (i = 0; i < r->count && total < MAX_BYTES; i++) {
		struct segment *s = &r->segments[i];
		ssize_t n;

		if (!s->write)
			return -1;
		n = getrandom(s->data, s->size < MAX_BYTES ? s->size : MAX_BYTES, 0);
		if (n < 0)
			break;
		total += n;
		if (n < (ssize_t)s->size)
			break;
	}
	return total;
}

void rng_init(struct vm *vm)
{
	static struct virtio rng = { .id = VIRTIO_ID_RNG, .handle = rng_handle };

	virtio_init(vm, &rng);
}
