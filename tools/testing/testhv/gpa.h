/* SPDX-License-Identifier: GPL-2.0 */
/* Guest physical memory of child partitions. Everything is under hv_lock. */
#ifndef TESTHV_GPA_H
#define TESTHV_GPA_H

#include "partition.h"
#include "types.h"

/* First guest address that a child cannot have; also of system addresses. */
u64 gpa_limit(void);

/**
 * gpa_ptr - where the hypervisor reaches a page of a child
 * @p: partition
 * @gpa: guest address
 * @write: the caller is going to write
 *
 * Valid up to the end of the page and until hv_lock is dropped.
 *
 * Return: NULL when the child may not make that access or no RAM is there.
 */
void *gpa_ptr(struct partition *p, u64 gpa, bool write);

/* Copy, across pages; false when part of it is out of reach (nothing written). */
bool gpa_read(struct partition *p, u64 gpa, void *buf, u64 size);
bool gpa_write(struct partition *p, u64 gpa, const void *buf, u64 size);

/* Remove all mappings and the tables. Overlays are gone already. */
void gpa_unmap_all(struct partition *p);

/* An overlay has split a large page. */
void gpa_was_split(struct partition *p, const struct npt_leaf *leaf);

/* Break large mappings up, so that each page has its own accessed and dirty bits. */
u16 gpa_split_large(struct partition *p);

#endif /* TESTHV_GPA_H */
