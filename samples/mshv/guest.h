/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What mshv-hello and its guest agree upon.
 */
#ifndef _SAMPLES_MSHV_GUEST_H
#define _SAMPLES_MSHV_GUEST_H

/* Guest physical addresses; the guest has nothing but these 2 MiB. */
#define GUEST_MEMORY_SIZE	0x200000
#define GUEST_ENTRY		0x1000
#define GUEST_FACTORS		0x8000	/* two u64 that the VMM chose */
#define GUEST_PAGE_TABLES	0x10000
#define GUEST_STACK		0x20000

/* Output: a character to the serial port, a status to the exit port. */
#define GUEST_PORT_SERIAL	0x3f8
#define GUEST_PORT_EXIT		0xf4

#endif /* _SAMPLES_MSHV_GUEST_H */
