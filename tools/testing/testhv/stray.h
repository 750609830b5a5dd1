/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interrupts that reach the hypervisor although GIF is clear.
 *
 * On a processor there are none. QEMU 7.2 was seen to deliver one, seldom, on a
 * busy machine, between the STI and the VMRUN of svm_run(). It is the root's, so
 * the root gets it.
 */
#ifndef TESTHV_STRAY_H
#define TESTHV_STRAY_H

#include "types.h"

struct exc_frame;

/* Pass on what @f says to the root. False: it is no interrupt but a fault. */
bool stray_interrupt(const struct exc_frame *f);

/* Have @vector arrive in the hypervisor, on this CPU. False: cannot be tried. */
bool stray_provoke(u64 vector);

#endif /* TESTHV_STRAY_H */
