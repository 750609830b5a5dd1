/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TESTHV_CTL_EXIT_H
#define TESTHV_CTL_EXIT_H

struct root_vp;

/* Handle SVM_EXIT_IOIO of a root VP: the control port. Without hv_lock. */
void ctl_exit(struct root_vp *rv);

#endif /* TESTHV_CTL_EXIT_H */
