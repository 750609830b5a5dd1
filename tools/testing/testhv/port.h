/* SPDX-License-Identifier: GPL-2.0 */
/* Ports and connections (TLFS 11.4). Everything is under hv_lock. */
#ifndef TESTHV_PORT_H
#define TESTHV_PORT_H

#include "partition.h"
#include "types.h"

/* The partition goes, and so do its connections; the ports are the root's to delete. */
void ports_partition_gone(struct partition *p);

/* Some doorbell is in the page of @gpa: worth looking at the instruction. */
bool doorbell_covers(const struct partition *p, u64 gpa);

/**
 * doorbell_ring - a child writes
 * @p: its partition
 * @gpa: guest address
 * @size: of the write in bytes
 * @val: value
 *
 * Return: true when a doorbell took the write.
 */
bool doorbell_ring(struct partition *p, u64 gpa, unsigned int size, u64 val);

#endif /* TESTHV_PORT_H */
