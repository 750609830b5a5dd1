/* SPDX-License-Identifier: GPL-2.0 */
/* Going without the boot processor, which QEMU mistreats: see tcg.h. */
#ifndef TESTHV_PARK_H
#define TESTHV_PARK_H

/**
 * park_boot_cpu - have the second processor take the place of this one
 * @rest: what is left of the start; runs on the second processor
 *
 * The root sees a machine that has one processor less, and starts on its first.
 * Does not return.
 */
void park_boot_cpu(void (*rest)(void)) __noreturn;

#endif /* TESTHV_PARK_H */
