// SPDX-License-Identifier: GPL-2.0
/* Which device is at an address. Where there is none, reads give all ones. */
#include "vmm.h"

void bus_add(struct bus *bus, const struct range *range)
{
	if (bus->count == MAX_RANGES)
		die("too many devices");
	bus->ranges[bus->count++] = *range;
}

static const struct range *find(const struct bus *bus, u64 addr)
{
	unsigned int i;

	for (i = 0; i < bus->count; i++)
		if (addr - bus->ranges[i].start < bus->ranges[i].size)
			return &bus->ranges[i];
	return NULL;
}

u64 bus_read(struct bus *bus, u64 addr, unsigned int len)
{
	const struct range *r = find(bus, addr);

	return r ? r->read(r->dev, addr - r->start, len) : ~0ULL;
}

void bus_write(struct bus *bus, u64 addr, unsigned int len, u64 val)
{
	const struct range *r = find(bus, addr);

	if (r)
		r->write(r->dev, addr - r->start, len, val);
}
