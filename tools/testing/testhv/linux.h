/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TESTHV_LINUX_H
#define TESTHV_LINUX_H

struct root_vp;

/*
 * Put the kernel and the initramfs of boot_info where they belong, and set the
 * VP's registers to the kernel's 32-bit entry.
 */
void linux_load(struct root_vp *rv);

#endif /* TESTHV_LINUX_H */
