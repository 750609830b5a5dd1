/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Differences between kernel versions, 6.1 to 7.3. All of them are here; no
 * other file asks for the version.
 */
#ifndef _MSHV_COMPAT_H
#define _MSHV_COMPAT_H

#include <linux/acpi.h>
#include <linux/eventfd.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/task_work.h>
#include <linux/version.h>
#include <trace/events/ipi.h>
#include <asm/mshyperv.h>
#ifdef CONFIG_X86_64
#include <asm/msr.h>
#endif

#include "hv_abi.h"

/* As Kconfig says, which is not asked out of tree */
#ifdef CONFIG_PREEMPT_RT
#error "mshv: the interrupt handler cannot do its work with PREEMPT_RT"
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
#include <linux/entry-virt.h>
#endif

/* Until then it comes with asm/processor.h. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
#include <asm/cpuid/api.h>
#endif

/*
 * Role of this kernel. An L1VH partition is a parent without being the root. What
 * kernels before 6.15 know nothing of shows from the privileges.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)
static inline bool mshv_is_root(void)
{
	return hv_root_partition();
}

static inline bool mshv_is_l1vh(void)
{
	return hv_l1vh_partition();
}
#else
static inline bool mshv_is_root(void)
{
	return hv_root_partition;
}

static inline bool mshv_is_l1vh(void)
{
	u32 mask = (HVX_PRIV_CREATE_PARTITIONS | HVX_PRIV_CPU_MANAGEMENT |
		    HVX_PRIV_ISOLATION) >> 32;

	return !hv_root_partition &&
	       (ms_hyperv.priv_high & mask) == HVX_PRIV_CREATE_PARTITIONS >> 32;
}
#endif

/*
 * The interrupt handler. Before 6.15 there is one hook, which VMBus uses where it
 * has a device, though not in a root partition unless that is nested: then the
 * driver cannot load.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)
static inline bool mshv_isr_available(void)
{
	return true;
}

static inline void mshv_isr_install(void (*handler)(void))
{
	hv_setup_mshv_handler(handler);
}

static inline void mshv_isr_remove(void)
{
	hv_setup_mshv_handler(NULL);
}
#else
static inline bool mshv_isr_available(void)
{
	if (mshv_is_root())
		return !(ms_hyperv.hints & HVX_HINT_NESTED);
	return !acpi_dev_found("VMBUS") && !acpi_dev_found("VMBus");
}

static inline void mshv_isr_install(void (*handler)(void))
{
	hv_setup_vmbus_handler(handler);
}

static inline void mshv_isr_remove(void)
{
	hv_remove_vmbus_handler();
}
#endif

/* The hypervisor's name for this partition. Before 6.15 only x86 has it. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0) || defined(CONFIG_X86_64)
static inline u64 mshv_own_partition_id(void)
{
	return hv_current_partition_id;
}
#else
static inline u64 mshv_own_partition_id(void)
{
	return HVX_PARTITION_ID_SELF;
}
#endif

#ifdef CONFIG_X86_64
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
static inline u64 mshv_rdmsr(u32 msr)
{
	u64 value;

	rdmsrq(msr, value);
	return value;
}

static inline void mshv_wrmsr(u32 msr, u64 value)
{
	wrmsrq(msr, value);
}
#else
static inline u64 mshv_rdmsr(u32 msr)
{
	u64 value;

	rdmsrl(msr, value);
	return value;
}

static inline void mshv_wrmsr(u32 msr, u64 value)
{
	wrmsrl(msr, value);
}
#endif
#endif /* CONFIG_X86_64 */

/*
 * Whether there is something that this thread must do before a guest is entered:
 * mshv_guest_work() is to be called then. With interrupts disabled.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
static inline bool mshv_guest_work_pending(void)
{
	return xfer_to_guest_mode_work_pending();
}
#else
/*
 * Whether TIF_NOTIFY_RESUME is about more than restartable sequences. These are
 * what glibc's threads have it for after each preemption; they have to be right
 * in user mode, and until then can wait.
 */
static inline bool mshv_resume_work_pending(void)
{
	bool work = task_work_pending(current);

#ifdef CONFIG_MEMCG
	work |= !!current->memcg_nr_pages_over_high;
#endif
#ifdef CONFIG_BLK_CGROUP
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	work |= !!current->throttle_disk;
#else
	work |= !!current->throttle_queue;
#endif
#endif
	return work && test_thread_flag(TIF_NOTIFY_RESUME);
}

static inline bool mshv_guest_work_pending(void)
{
	return signal_pending(current) || need_resched() || mshv_resume_work_pending();
}
#endif

/**
 * mshv_guest_work - do what must be done before a guest is entered
 *
 * Returns 0 when the guest can be entered, -EINTR when a signal is pending, or
 * another value that RUN_VP has to return at once.
 *
 * Before 6.18 a module cannot carry out the pending work of a return to user
 * mode. So it lets the system call be restarted by way of user mode: the
 * restart is done by the code that delivers signals, which TIF_NOTIFY_SIGNAL
 * has run even without a signal. If there is one by then, and it has a
 * handler, the result is EINTR.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
static inline int mshv_guest_work(void)
{
	/* Interrupts are enabled: what comes after this is seen before the guest is entered. */
	if (!__xfer_to_guest_mode_work_pending())
		return 0;
	return xfer_to_guest_mode_handle_work();
}
#else
static inline int mshv_guest_work(void)
{
	if (signal_pending(current))
		return -EINTR;
	if (mshv_resume_work_pending()) {
		set_thread_flag(TIF_NOTIFY_SIGNAL);
		return -ERESTARTNOHAND;
	}
	cond_resched();
	return 0;
}
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
static inline void mshv_vm_flags_mod(struct vm_area_struct *vma, unsigned long set,
				     unsigned long clear)
{
	vm_flags_mod(vma, set, clear);
}
#else
static inline void mshv_vm_flags_mod(struct vm_area_struct *vma, unsigned long set,
				     unsigned long clear)
{
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
}
#endif

/**
 * mshv_follow_pfnmap - where a page of device memory points
 * @vma: with VM_IO or VM_PFNMAP
 * @uaddr: address in it
 * @pfn: out: page number
 * @writable: out: the VMM may write to it
 *
 * With the mmap lock. Returns 0, or -EINVAL if nothing is mapped there.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
static inline int mshv_follow_pfnmap(struct vm_area_struct *vma, unsigned long uaddr,
				     unsigned long *pfn, bool *writable)
{
	struct follow_pfnmap_args args = { .vma = vma, .address = uaddr };

	if (follow_pfnmap_start(&args))
		return -EINVAL;
	*pfn = args.pfn;
	*writable = args.writable;
	follow_pfnmap_end(&args);
	return 0;
}
#else
static inline int mshv_follow_pfnmap(struct vm_area_struct *vma, unsigned long uaddr,
				     unsigned long *pfn, bool *writable)
{
	spinlock_t *lock;	/* of the page table */
	pte_t *pte;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
	int ret = follow_pte(vma, uaddr, &pte, &lock);
#else
	int ret = follow_pte(vma->vm_mm, uaddr, &pte, &lock);
#endif

	if (ret)
		return ret;
	/* follow_pte() took it; sparse does not see that. */
	__acquire(lock);
	*pfn = pte_pfn(*pte);
	*writable = pte_write(*pte);
	pte_unmap_unlock(pte, lock);
	return 0;
}
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
static inline void mshv_eventfd_signal(struct eventfd_ctx *ctx)
{
	eventfd_signal(ctx);
}
#else
static inline void mshv_eventfd_signal(struct eventfd_ctx *ctx)
{
	eventfd_signal(ctx, 1);
}
#endif

#endif /* _MSHV_COMPAT_H */
