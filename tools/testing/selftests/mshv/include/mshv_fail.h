/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A system call in which the n-th thing fails that can be made to: allocations of
 * objects and pages, copies from and to user space. By CONFIG_FAULT_INJECTION of the
 * kernel, or by the module fail_nth in its place.
 */
#ifndef MSHV_FAIL_H
#define MSHV_FAIL_H

#include <stdbool.h>
#include <sys/types.h>

/* Whether this kernel can; from then on nothing is exempt. */
bool fail_present(void);
/*
 * From now on nothing fails that is done for the kernel's own @function, by itself or
 * by what it calls. False: it cannot be told, or there is none of that name.
 */
bool fail_spare(const char *function);
/* From here on: the @nth fails, in this thread. */
void fail_begin(unsigned int nth);
/* Up to here: whether something failed. */
bool fail_end(void);
/* The same of a child that has ended and is not waited for yet. */
bool fail_in_zombie(pid_t pid);

#endif /* MSHV_FAIL_H */
