/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hypercalls: how they are issued, and a typed function for each that the
 * driver itself makes.
 *
 * Unless said otherwise the functions may sleep, return 0 or a negative errno
 * made by mshv_status_to_errno(), and give the hypervisor more memory when it
 * asks for it (see deposit.c). With a fatal signal pending they give up with
 * -EINTR where that leaves nothing half done; other signals are ignored.
 */
#ifndef _MSHV_HVCALL_H
#define _MSHV_HVCALL_H

#include <linux/types.h>

#include "hv_abi.h"

struct mshv_partition;
struct mshv_pool;

/**
 * struct mshv_hvcall - one hypercall with its input and output
 * @code: HVX_CALL_*
 * @reps: number of repetitions; 0: a simple hypercall
 * @varhdr: size of the variable header, in units of 8 bytes; it is the part
 *	    of @in that follows the fixed header
 * @in: fixed input
 * @in_size: bytes of it
 * @list: input of the repetitions, @list_elem bytes each; NULL: zeroes
 * @list_elem: bytes of list input per repetition, 0: has none
 * @out: output; for a rep hypercall the array of its elements
 * @out_size: bytes of output; of one element, for a rep hypercall
 * @done: in and out: repetitions that are complete; the call starts there
 * @status: out: HVX_STATUS_*
 * @atomic: do not sleep between the parts of a call that the hypervisor
 *	    interrupted
 * @direct: @in and @out are pages (@out may be NULL) that the hypervisor shall
 *	    use themselves. Otherwise they can be anywhere, and are copied to and
 *	    from a page of the CPU with interrupts disabled
 *
 * @in_size + @reps * @list_elem, and @reps * @out_size, fit into a page.
 */
struct mshv_hvcall {
	u16 code;
	u16 reps;
	u16 varhdr;
	u16 in_size;
	u16 list_elem;
	u16 out_size;
	u16 done;
	u16 status;
	bool atomic;
	bool direct;
	const void *in;
	const void *list;
	void *out;
};

u16 mshv_hvcall(struct mshv_hvcall *call);

/* A simple hypercall without deposits; any context. */
int mshv_hvcall_simple(u16 code, const void *in, u16 in_size, void *out, u16 out_size);

/* Before the first hypercall, and after the last one. */
int mshv_hvcalls_init(void);
void mshv_hvcalls_exit(void);

/* hvcall_probe.c: whether the hypervisor has it. Only for what is probed there. */
void mshv_hvcalls_probe(void);
bool mshv_hvcall_present(u16 code);

/* The same for HVX_VMM_CAP_*: what it can do with VMMs that know of it. */
bool mshv_vmm_capable(u64 cap);

/* The status for user space, next to the errno, which is returned. */
int mshv_put_status(int ret, const struct mshv_hvcall *call, u16 __user *status);

int mshv_status_to_errno(u16 status);
const char *mshv_status_name(u16 status);

/* Partitions */
int mshv_hvcall_create_partition(const struct hvx_in_create_partition *in, u64 *id);
int mshv_hvcall_initialize_partition(struct mshv_partition *pt);
int mshv_hvcall_finalize_partition(u64 id);
int mshv_hvcall_delete_partition(u64 id);
int mshv_hvcall_get_property(struct mshv_pool *pool, u64 id, u32 code, u64 *value);
int mshv_hvcall_get_system_property(u32 id, u64 *value);

/*
 * hvcall_gpa.c: memory of a partition. @count is in pages, or in large pages
 * of 2 MiB each with HVX_MAP_LARGE_PAGE or HVX_UNMAP_LARGE_PAGE, and not
 * limited; @gfn is always in 4 KiB pages. *@done tells how many were
 * completed, also on failure.
 *
 * These do not sleep, nor do they deposit memory, so that they can be used in
 * MMU notifiers and under the locks that those take. They return HVX_STATUS_*:
 * when the hypervisor asks for memory, the caller drops its locks, calls
 * mshv_pool_satisfy() and starts again.
 */
u16 mshv_hvcall_map_gpa(struct mshv_partition *pt, u64 gfn, u64 count, u32 flags,
			const u64 *pfns, u64 *done);
u16 mshv_hvcall_unmap_gpa(struct mshv_partition *pt, u64 gfn, u64 count, u32 flags,
			  u64 *done);

/*
 * deposit.c: gives the hypervisor what it asks for with @status, from the
 * caller's cgroup. Sleeps; must not be called under a lock that an MMU
 * notifier takes. Returns 0: try the hypercall again; -EAGAIN is never
 * returned; -EINVAL: @status does not ask for memory; -ENOMEM; -EINTR: fatal
 * signal.
 */
int mshv_pool_satisfy(struct mshv_pool *pool, u16 status);

/* Virtual processors */
int mshv_hvcall_create_vp(struct mshv_partition *pt, u32 index);
int mshv_hvcall_delete_vp(struct mshv_partition *pt, u32 index);

/*
 * With @provided the page is to be at *@pfn; otherwise *@pfn tells where the
 * hypervisor has it.
 */
int mshv_hvcall_map_vp_state_page(struct mshv_partition *pt, u32 index, u16 type,
				  bool provided, u64 *pfn);
int mshv_hvcall_unmap_vp_state_page(struct mshv_partition *pt, u32 index, u16 type);

/*
 * Registers of a VP. @count is not limited; *@done, if @done is not NULL,
 * tells how many were completed, also on failure.
 */
int mshv_hvcall_get_registers(struct mshv_partition *pt, u32 index, u32 count,
			      const u32 *names, union hvx_value *values, u32 *done);
int mshv_hvcall_set_registers(struct mshv_partition *pt, u32 index, u32 count,
			      const struct hvx_register *regs, u32 *done);
int mshv_hvcall_get_register(struct mshv_partition *pt, u32 index, u32 name, u64 *value);
int mshv_hvcall_set_register(struct mshv_partition *pt, u32 index, u32 name, u64 value);

#endif /* _MSHV_HVCALL_H */
