/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TESTHV_MSR_H
#define TESTHV_MSR_H

#include "root.h"

/* Handle SVM_EXIT_MSR of a root VP. Called without hv_lock. */
void root_msr_exit(struct root_vp *rv);

#endif /* TESTHV_MSR_H */
