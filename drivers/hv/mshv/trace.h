/* SPDX-License-Identifier: GPL-2.0 */
/* Trace events. Partitions and VPs go by the hypervisor's names for them. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM mshv

#if !defined(_MSHV_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _MSHV_TRACE_H

#include <linux/tracepoint.h>

TRACE_EVENT(mshv_hvcall_failed,
	TP_PROTO(u16 code, u16 status, u16 done, u16 reps),
	TP_ARGS(code, status, done, reps),
	TP_STRUCT__entry(
		__field(u16, code)
		__field(u16, status)
		__field(u16, done)
		__field(u16, reps)
	),
	TP_fast_assign(
		__entry->code = code;
		__entry->status = status;
		__entry->done = done;
		__entry->reps = reps;
	),
	TP_printk("code=%#x status=%#x done=%u/%u", __entry->code, __entry->status,
		  __entry->done, __entry->reps)
);

TRACE_EVENT(mshv_root_hvcall,
	TP_PROTO(u64 partition, u16 code, u16 status, u16 reps),
	TP_ARGS(partition, code, status, reps),
	TP_STRUCT__entry(
		__field(u64, partition)
		__field(u16, code)
		__field(u16, status)
		__field(u16, reps)
	),
	TP_fast_assign(
		__entry->partition = partition;
		__entry->code = code;
		__entry->status = status;
		__entry->reps = reps;
	),
	TP_printk("partition=%#llx code=%#x status=%#x reps=%u", __entry->partition,
		  __entry->code, __entry->status, __entry->reps)
);

/* Memory of the hypervisor; @status ended the hypercall */
DECLARE_EVENT_CLASS(mshv_pool,
	TP_PROTO(u64 partition, long pages, u16 status),
	TP_ARGS(partition, pages, status),
	TP_STRUCT__entry(
		__field(u64, partition)
		__field(long, pages)
		__field(u16, status)
	),
	TP_fast_assign(
		__entry->partition = partition;
		__entry->pages = pages;
		__entry->status = status;
	),
	TP_printk("partition=%#llx pages=%ld status=%#x", __entry->partition,
		  __entry->pages, __entry->status)
);

DEFINE_EVENT(mshv_pool, mshv_deposit,
	TP_PROTO(u64 partition, long pages, u16 status),
	TP_ARGS(partition, pages, status)
);

DEFINE_EVENT(mshv_pool, mshv_withdraw,
	TP_PROTO(u64 partition, long pages, u16 status),
	TP_ARGS(partition, pages, status)
);

DEFINE_EVENT(mshv_pool, mshv_pages_lost,
	TP_PROTO(u64 partition, long pages, u16 status),
	TP_ARGS(partition, pages, status)
);

DECLARE_EVENT_CLASS(mshv_partition,
	TP_PROTO(u64 partition),
	TP_ARGS(partition),
	TP_STRUCT__entry(
		__field(u64, partition)
	),
	TP_fast_assign(
		__entry->partition = partition;
	),
	TP_printk("partition=%#llx", __entry->partition)
);

DEFINE_EVENT(mshv_partition, mshv_partition_create,
	TP_PROTO(u64 partition),
	TP_ARGS(partition)
);

DEFINE_EVENT(mshv_partition, mshv_partition_destroy,
	TP_PROTO(u64 partition),
	TP_ARGS(partition)
);

TRACE_EVENT(mshv_partition_state,
	TP_PROTO(u64 partition, int state),
	TP_ARGS(partition, state),
	TP_STRUCT__entry(
		__field(u64, partition)
		__field(int, state)
	),
	TP_fast_assign(
		__entry->partition = partition;
		__entry->state = state;
	),
	TP_printk("partition=%#llx state=%s", __entry->partition,
		  __print_symbolic(__entry->state, { 0, "created" }, { 1, "active" },
				   { 2, "broken" }, { 3, "closed" }))
);

DECLARE_EVENT_CLASS(mshv_vp,
	TP_PROTO(u64 partition, u32 vp),
	TP_ARGS(partition, vp),
	TP_STRUCT__entry(
		__field(u64, partition)
		__field(u32, vp)
	),
	TP_fast_assign(
		__entry->partition = partition;
		__entry->vp = vp;
	),
	TP_printk("partition=%#llx vp=%u", __entry->partition, __entry->vp)
);

DEFINE_EVENT(mshv_vp, mshv_vp_create,
	TP_PROTO(u64 partition, u32 vp),
	TP_ARGS(partition, vp)
);

/* The VP's thread goes to sleep until the hypervisor signals the VP */
DEFINE_EVENT(mshv_vp, mshv_vp_block,
	TP_PROTO(u64 partition, u32 vp),
	TP_ARGS(partition, vp)
);

/* MSHV_CANCEL_RUN_VP */
DEFINE_EVENT(mshv_vp, mshv_vp_cancel,
	TP_PROTO(u64 partition, u32 vp),
	TP_ARGS(partition, vp)
);

DEFINE_EVENT(mshv_vp, mshv_vp_signal,
	TP_PROTO(u64 partition, u32 vp),
	TP_ARGS(partition, vp)
);

DECLARE_EVENT_CLASS(mshv_vp_result,
	TP_PROTO(u64 partition, u32 vp, int result),
	TP_ARGS(partition, vp, result),
	TP_STRUCT__entry(
		__field(u64, partition)
		__field(u32, vp)
		__field(int, result)
	),
	TP_fast_assign(
		__entry->partition = partition;
		__entry->vp = vp;
		__entry->result = result;
	),
	TP_printk("partition=%#llx vp=%u result=%d", __entry->partition, __entry->vp,
		  __entry->result)
);

DEFINE_EVENT(mshv_vp_result, mshv_vp_delete,
	TP_PROTO(u64 partition, u32 vp, int result),
	TP_ARGS(partition, vp, result)
);

/* The end of RUN_VP, with or without an intercept message */
DEFINE_EVENT(mshv_vp_result, mshv_vp_exit,
	TP_PROTO(u64 partition, u32 vp, int result),
	TP_ARGS(partition, vp, result)
);

TRACE_EVENT(mshv_vp_dispatch,
	TP_PROTO(u64 partition, u32 vp, u32 flags, u16 status, u32 state, u32 event),
	TP_ARGS(partition, vp, flags, status, state, event),
	TP_STRUCT__entry(
		__field(u64, partition)
		__field(u32, vp)
		__field(u32, flags)
		__field(u32, state)
		__field(u32, event)
		__field(u16, status)
	),
	TP_fast_assign(
		__entry->partition = partition;
		__entry->vp = vp;
		__entry->flags = flags;
		__entry->state = state;
		__entry->event = event;
		__entry->status = status;
	),
	TP_printk("partition=%#llx vp=%u flags=%#x status=%#x state=%u event=%u",
		  __entry->partition, __entry->vp, __entry->flags, __entry->status,
		  __entry->state, __entry->event)
);

TRACE_EVENT(mshv_vp_intercept,
	TP_PROTO(u64 partition, u32 vp, u32 type),
	TP_ARGS(partition, vp, type),
	TP_STRUCT__entry(
		__field(u64, partition)
		__field(u32, vp)
		__field(u32, type)
	),
	TP_fast_assign(
		__entry->partition = partition;
		__entry->vp = vp;
		__entry->type = type;
	),
	TP_printk("partition=%#llx vp=%u message=%#x", __entry->partition, __entry->vp,
		  __entry->type)
);

/* @type: HVX_VP_STATE_* that was read, or written if @set */
TRACE_EVENT(mshv_vp_state,
	TP_PROTO(u64 partition, u32 vp, u32 type, bool set, int result),
	TP_ARGS(partition, vp, type, set, result),
	TP_STRUCT__entry(
		__field(u64, partition)
		__field(u32, vp)
		__field(u32, type)
		__field(int, result)
		__field(bool, set)
	),
	TP_fast_assign(
		__entry->partition = partition;
		__entry->vp = vp;
		__entry->type = type;
		__entry->set = set;
		__entry->result = result;
	),
	TP_printk("partition=%#llx vp=%u %s type=%#x result=%d", __entry->partition,
		  __entry->vp, __entry->set ? "set" : "get", __entry->type,
		  __entry->result)
);

TRACE_EVENT(mshv_install_intercept,
	TP_PROTO(u64 partition, u32 type, u32 access, u64 parameter, u16 status),
	TP_ARGS(partition, type, access, parameter, status),
	TP_STRUCT__entry(
		__field(u64, partition)
		__field(u64, parameter)
		__field(u32, type)
		__field(u32, access)
		__field(u16, status)
	),
	TP_fast_assign(
		__entry->partition = partition;
		__entry->parameter = parameter;
		__entry->type = type;
		__entry->access = access;
		__entry->status = status;
	),
	TP_printk("partition=%#llx type=%u access=%#x parameter=%#llx status=%#x",
		  __entry->partition, __entry->type, __entry->access, __entry->parameter,
		  __entry->status)
);

TRACE_EVENT(mshv_assert_interrupt,
	TP_PROTO(u64 partition, u32 type, u32 vector, u64 dest, u32 flags, u16 status),
	TP_ARGS(partition, type, vector, dest, flags, status),
	TP_STRUCT__entry(
		__field(u64, partition)
		__field(u64, dest)
		__field(u32, type)
		__field(u32, vector)
		__field(u32, flags)
		__field(u16, status)
	),
	TP_fast_assign(
		__entry->partition = partition;
		__entry->dest = dest;
		__entry->type = type;
		__entry->vector = vector;
		__entry->flags = flags;
		__entry->status = status;
	),
	TP_printk("partition=%#llx type=%u vector=%u dest=%#llx flags=%#x status=%#x",
		  __entry->partition, __entry->type, __entry->vector, __entry->dest,
		  __entry->flags, __entry->status)
);

TRACE_EVENT(mshv_set_property,
	TP_PROTO(u64 partition, u32 code, u64 value, u16 status),
	TP_ARGS(partition, code, value, status),
	TP_STRUCT__entry(
		__field(u64, partition)
		__field(u64, value)
		__field(u32, code)
		__field(u16, status)
	),
	TP_fast_assign(
		__entry->partition = partition;
		__entry->value = value;
		__entry->code = code;
		__entry->status = status;
	),
	TP_printk("partition=%#llx code=%#x value=%#llx status=%#x", __entry->partition,
		  __entry->code, __entry->value, __entry->status)
);

/* The message about a call that completes later; or about none */
TRACE_EVENT(mshv_async_complete,
	TP_PROTO(u64 partition, u16 status, bool expected),
	TP_ARGS(partition, status, expected),
	TP_STRUCT__entry(
		__field(u64, partition)
		__field(u16, status)
		__field(bool, expected)
	),
	TP_fast_assign(
		__entry->partition = partition;
		__entry->status = status;
		__entry->expected = expected;
	),
	TP_printk("partition=%#llx status=%#x expected=%d", __entry->partition,
		  __entry->status, __entry->expected)
);

/* @key: CPUID leaf or MSR */
TRACE_EVENT(mshv_intercept_result,
	TP_PROTO(u64 partition, u32 vp, u32 type, u32 key, u16 status),
	TP_ARGS(partition, vp, type, key, status),
	TP_STRUCT__entry(
		__field(u64, partition)
		__field(u32, vp)
		__field(u32, type)
		__field(u32, key)
		__field(u16, status)
	),
	TP_fast_assign(
		__entry->partition = partition;
		__entry->vp = vp;
		__entry->type = type;
		__entry->key = key;
		__entry->status = status;
	),
	TP_printk("partition=%#llx vp=%u type=%u key=%#x status=%#x", __entry->partition,
		  __entry->vp, __entry->type, __entry->key, __entry->status)
);

/* @rounds: how often the hypervisor had to walk the guest's page tables */
TRACE_EVENT(mshv_translate_gva,
	TP_PROTO(u64 partition, u32 vp, u64 gva, u64 flags, u32 result, u64 gfn,
		 unsigned int rounds),
	TP_ARGS(partition, vp, gva, flags, result, gfn, rounds),
	TP_STRUCT__entry(
		__field(u64, partition)
		__field(u64, gva)
		__field(u64, flags)
		__field(u64, gfn)
		__field(u32, vp)
		__field(u32, result)
		__field(unsigned int, rounds)
	),
	TP_fast_assign(
		__entry->partition = partition;
		__entry->gva = gva;
		__entry->flags = flags;
		__entry->gfn = gfn;
		__entry->vp = vp;
		__entry->result = result;
		__entry->rounds = rounds;
	),
	TP_printk("partition=%#llx vp=%u gva=%#llx flags=%#llx result=%u gfn=%#llx rounds=%u",
		  __entry->partition, __entry->vp, __entry->gva, __entry->flags,
		  __entry->result, __entry->gfn, __entry->rounds)
);

/* A region of guest memory; @flags: 1 << MSHV_SET_MEM_BIT_* */
TRACE_EVENT(mshv_region,
	TP_PROTO(u64 partition, u64 gfn, u64 pages, u32 flags, int result),
	TP_ARGS(partition, gfn, pages, flags, result),
	TP_STRUCT__entry(
		__field(u64, partition)
		__field(u64, gfn)
		__field(u64, pages)
		__field(u32, flags)
		__field(int, result)
	),
	TP_fast_assign(
		__entry->partition = partition;
		__entry->gfn = gfn;
		__entry->pages = pages;
		__entry->flags = flags;
		__entry->result = result;
	),
	TP_printk("partition=%#llx gfn=%#llx pages=%llu flags=%s result=%d",
		  __entry->partition, __entry->gfn, __entry->pages,
		  __print_flags(__entry->flags, "|", { 1, "write" }, { 2, "execute" },
				{ 4, "unmap" }), __entry->result)
);

/* Pages that the hypervisor mapped or unmapped; large ones with @large */
DECLARE_EVENT_CLASS(mshv_gpa,
	TP_PROTO(u64 partition, u64 gfn, u64 count, u64 done, bool large, u16 status),
	TP_ARGS(partition, gfn, count, done, large, status),
	TP_STRUCT__entry(
		__field(u64, partition)
		__field(u64, gfn)
		__field(u64, count)
		__field(u64, done)
		__field(u16, status)
		__field(bool, large)
	),
	TP_fast_assign(
		__entry->partition = partition;
		__entry->gfn = gfn;
		__entry->count = count;
		__entry->done = done;
		__entry->large = large;
		__entry->status = status;
	),
	TP_printk("partition=%#llx gfn=%#llx done=%llu/%llu large=%d status=%#x",
		  __entry->partition, __entry->gfn, __entry->done, __entry->count,
		  __entry->large, __entry->status)
);

DEFINE_EVENT(mshv_gpa, mshv_gpa_map,
	TP_PROTO(u64 partition, u64 gfn, u64 count, u64 done, bool large, u16 status),
	TP_ARGS(partition, gfn, count, done, large, status)
);

DEFINE_EVENT(mshv_gpa, mshv_gpa_unmap,
	TP_PROTO(u64 partition, u64 gfn, u64 count, u64 done, bool large, u16 status),
	TP_ARGS(partition, gfn, count, done, large, status)
);

/* The guest touched a page; @result as of mshv_regions_fault() */
TRACE_EVENT(mshv_gpa_fault,
	TP_PROTO(u64 partition, u64 gfn, u32 access, int result),
	TP_ARGS(partition, gfn, access, result),
	TP_STRUCT__entry(
		__field(u64, partition)
		__field(u64, gfn)
		__field(u32, access)
		__field(int, result)
	),
	TP_fast_assign(
		__entry->partition = partition;
		__entry->gfn = gfn;
		__entry->access = access;
		__entry->result = result;
	),
	TP_printk("partition=%#llx gfn=%#llx access=%s result=%d", __entry->partition,
		  __entry->gfn,
		  __print_symbolic(__entry->access, { 0, "read" }, { 1, "write" },
				   { 2, "execute" }), __entry->result)
);

/* The host takes pages from the VMM */
TRACE_EVENT(mshv_gpa_invalidate,
	TP_PROTO(u64 partition, u64 first, u64 last, u16 status),
	TP_ARGS(partition, first, last, status),
	TP_STRUCT__entry(
		__field(u64, partition)
		__field(u64, first)
		__field(u64, last)
		__field(u16, status)
	),
	TP_fast_assign(
		__entry->partition = partition;
		__entry->first = first;
		__entry->last = last;
		__entry->status = status;
	),
	TP_printk("partition=%#llx gfn=%#llx-%#llx status=%#x", __entry->partition,
		  __entry->first, __entry->last, __entry->status)
);

TRACE_EVENT(mshv_irq_assert,
	TP_PROTO(u64 partition, u32 type, u32 vector, u64 dest, bool logical, bool level,
		 int result),
	TP_ARGS(partition, type, vector, dest, logical, level, result),
	TP_STRUCT__entry(
		__field(u64, partition)
		__field(u64, dest)
		__field(u32, type)
		__field(u32, vector)
		__field(int, result)
		__field(bool, logical)
		__field(bool, level)
	),
	TP_fast_assign(
		__entry->partition = partition;
		__entry->dest = dest;
		__entry->type = type;
		__entry->vector = vector;
		__entry->logical = logical;
		__entry->level = level;
		__entry->result = result;
	),
	TP_printk("partition=%#llx type=%u vector=%#x dest=%#llx logical=%d level=%d result=%d",
		  __entry->partition, __entry->type, __entry->vector, __entry->dest,
		  __entry->logical, __entry->level, __entry->result)
);

TRACE_EVENT(mshv_synic_message,
	TP_PROTO(u32 type, u64 sender),
	TP_ARGS(type, sender),
	TP_STRUCT__entry(
		__field(u64, sender)
		__field(u32, type)
	),
	TP_fast_assign(
		__entry->sender = sender;
		__entry->type = type;
	),
	TP_printk("message=%#x sender=%#llx", __entry->type, __entry->sender)
);

#endif /* _MSHV_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
