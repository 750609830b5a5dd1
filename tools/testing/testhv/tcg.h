/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What QEMU's emulation (TCG) gets wrong.
 *
 * A store to code first discards the translations of that code, then writes.
 * Another CPU may translate the old bytes in between, and that translation
 * stays. Linux changes its code by a breakpoint instruction that it puts in
 * front and removes last, so that a breakpoint comes back from the dead: CPUs
 * raise #BP where there is none in memory, and Linux dies of it. It happens
 * without a hypervisor, too, with more than one CPU on a busy machine.
 *
 * Another fault is QEMU's handling of IGNNE#. Each XRSTOR, on any CPU, clears a bit
 * in a word of CPU 0 that holds GIF and "nested paging" as well, and not
 * atomically (cpu_clear_ignne()). If CPU 0 ends the run of a guest at this moment it
 * may be in the hypervisor with one of these still set. With GIF an interrupt
 * arrives there (see stray.h). With nested paging the first instruction of the
 * hypervisor is a nested page fault, which ends the run once more and stores the
 * hypervisor's state as the guest's. It was seen once in some thirty boots of
 * guests, with two CPUs or more. On a CPU 0 that runs no guest that word never
 * changes, hence the option park=1 (park.h).
 *
 * VMRUN and each end of a guest's run set and clear a bit in the word by which other threads
 * tell the CPU that there is an interrupt (cs->interrupt_request in svm_helper.c), without
 * the lock that these hold. What they tell at this moment is forgotten, until the local
 * APIC has another reason to look. Most often that is a timer's next interrupt; but when
 * it is the timer's own that was forgotten, Linux sets none, and its CPU is without time.
 * That is rare at least: 400,000 interrupts of a timer among 3.7 million ends of a run all
 * came. But one run stood still as if it had happened. So an interrupt that stays
 * pending is sent once more (timer.c).
 *
 * As for the first, software interrupts, which is what QEMU intercepts a breakpoint as, are
 * intercepted, and where memory has another instruction its translation is
 * discarded by one more store.
 */
#ifndef TESTHV_TCG_H
#define TESTHV_TCG_H

#include "types.h"

/* The machine is emulated. */
bool tcg_is_host(void);

/* Discard translations of the instruction that begins at @code. */
void tcg_retranslate(void *code);

#endif /* TESTHV_TCG_H */
