/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The task register of children.
 *
 * QEMU 7.2 calls abort() when an interrupt changes the privilege level while TR holds
 * anything but an available TSS that is present. After LTR and task switches it
 * does so, although a processor marks the TSS in TR busy, but LTR may also load
 * a null selector, and a VMM may write what it likes.
 *
 * So while QEMU runs the machine, the TSS in the VMCB is never busy, a VP with
 * another kind of TR is not run, and LTR is carried out here.
 */
#ifndef TESTHV_TASK_H
#define TESTHV_TASK_H

#include "svm.h"

struct child_vp;

/* Attributes for the VMCB from those that a processor would have. */
u16 tr_attrib_to_vmcb(u16 attrib);

/* The other way: a TSS in TR is busy. */
u16 tr_attrib_from_vmcb(u16 attrib);

/* A VP can run with it. Guests cannot change that. */
bool tr_is_usable(const struct vmcb_seg *tr);

/* Exit of a child: LTR. */
void ltr_exit(struct child_vp *vp);

#endif /* TESTHV_TASK_H */
