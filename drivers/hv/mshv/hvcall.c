// SPDX-License-Identifier: GPL-2.0
/*
 * Hypercalls.
 *
 * Input and output pass through pages of the CPU, which the kernel has.
 * Interrupt handlers of the kernel use them, too, so interrupts are disabled
 * from the first write to the last read; what is in between is one copy of at
 * most a page each way and one hypercall, whose length the hypervisor limits
 * by completing only part of a long list.
 */
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "deposit.h"
#include "hvcall.h"
#include "mshv.h"
#include "trace.h"

/* How often a rep hypercall may succeed without any progress. */
#define MSHV_IDLE_ROUNDS	8

/* What hv_do_hypercall() returns when the kernel has no hypercall page */
#define MSHV_STATUS_NO_HYPERCALLS	HVX_RESULT_STATUS_MASK

static const struct {
	u16 status;
	int error;
	const char *name;
} mshv_statuses[] = {
#define S(status, error) { HVX_STATUS_##status, error, #status }
	S(SUCCESS, 0),
	S(INVALID_HYPERCALL_CODE, -EINVAL),
	S(INVALID_HYPERCALL_INPUT, -EINVAL),
	S(INVALID_ALIGNMENT, -EINVAL),
	S(INVALID_PARAMETER, -EINVAL),
	S(ACCESS_DENIED, -EACCES),
	S(INVALID_PARTITION_STATE, -EBADFD),
	S(OPERATION_DENIED, -EACCES),
	S(UNKNOWN_PROPERTY, -EINVAL),
	S(PROPERTY_VALUE_OUT_OF_RANGE, -EINVAL),
	S(INSUFFICIENT_MEMORY, -ENOMEM),
	S(INVALID_PARTITION_ID, -EINVAL),
	S(INVALID_VP_INDEX, -EINVAL),
	S(NOT_FOUND, -ENOENT),
	S(INVALID_PORT_ID, -EINVAL),
	S(INVALID_CONNECTION_ID, -EINVAL),
	S(INSUFFICIENT_BUFFERS, -ENOBUFS),
	S(NOT_ACKNOWLEDGED, -EBUSY),
	S(INVALID_VP_STATE, -EBUSY),
	S(NO_RESOURCES, -ENOSPC),
	S(PROCESSOR_FEATURE_NOT_SUPPORTED, -EOPNOTSUPP),
	S(INVALID_LP_INDEX, -EINVAL),
	S(INVALID_REGISTER_VALUE, -EINVAL),
	S(OPERATION_FAILED, -EIO),
	S(INSUFFICIENT_ROOT_MEMORY, -ENOMEM),
	S(INSUFFICIENT_CONTIGUOUS_MEMORY, -ENOMEM),
	S(TIME_OUT, -ETIMEDOUT),
	S(CALL_PENDING, -EINPROGRESS),
	S(INSUFFICIENT_CONTIGUOUS_ROOT_MEMORY, -ENOMEM),
	S(VTL_ALREADY_ENABLED, -EEXIST),
#undef S
	{ MSHV_STATUS_NO_HYPERCALLS, -EOPNOTSUPP, "NO_HYPERCALL_PAGE" },
};

/**
 * mshv_status_to_errno - what user space is told
 * @status: of a hypercall
 *
 * Returns 0 or a negative errno; -EIO for every status that is not in the
 * table.
 */
int mshv_status_to_errno(u16 status)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(mshv_statuses); i++)
		if (mshv_statuses[i].status == status)
			return mshv_statuses[i].error;
	return -EIO;
}

const char *mshv_status_name(u16 status)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(mshv_statuses); i++)
		if (mshv_statuses[i].status == status)
			return mshv_statuses[i].name;
	return "unknown status";
}

int mshv_put_status(int ret, const struct mshv_hvcall *call, u16 __user *status)
{
	return put_user(call->status, status) ? -EFAULT : ret;
}

/*
 * The output page of each CPU. Kernels that know nothing of L1VH partitions have
 * them in the root only.
 */
static typeof(hyperv_pcpu_output_arg) mshv_hvcall_output;

void mshv_hvcalls_exit(void)
{
	unsigned int cpu;

	if (mshv_hvcall_output == hyperv_pcpu_output_arg)
		return;
	for_each_possible_cpu(cpu)
		free_page((unsigned long)*per_cpu_ptr(mshv_hvcall_output, cpu));
	free_percpu(mshv_hvcall_output);
}

int __init mshv_hvcalls_init(void)
{
	unsigned int cpu;

	mshv_hvcall_output = hyperv_pcpu_output_arg ?: alloc_percpu(void *);
	if (!mshv_hvcall_output)
		return -ENOMEM;
	if (mshv_hvcall_output == hyperv_pcpu_output_arg)
		return 0;
	for_each_possible_cpu(cpu) {
		void *page = (void *)get_zeroed_page(GFP_KERNEL);

		if (!page) {
			mshv_hvcalls_exit();
			return -ENOMEM;
		}
		*per_cpu_ptr(mshv_hvcall_output, cpu) = page;
	}
	return 0;
}

static u64 mshv_hvcall_copied(struct mshv_hvcall *call, u64 control)
{
	size_t list = call->done * call->list_elem;
	size_t list_size = (call->reps - call->done) * call->list_elem;
	size_t out_size = call->out_size;
	void *in, *out = NULL;
	unsigned long flags;
	size_t done;
	u64 result;

	local_irq_save(flags);
	in = *this_cpu_ptr(hyperv_pcpu_input_arg);
	memcpy(in, call->in, call->in_size);
	if (call->list)
		memcpy(in + call->in_size + list, call->list + list, list_size);
	else if (list_size)
		memset(in + call->in_size + list, 0, list_size);
	if (out_size) {
		/* Nothing of an earlier call's may pass for what this one says. */
		out = *this_cpu_ptr(mshv_hvcall_output);
		memset(out + call->done * out_size, 0,
		       (call->reps ? call->reps - call->done : 1) * out_size);
	}

	result = hv_do_hypercall(control, in, out);

	if (out && call->reps) {
		done = min_t(u64, (result & HVX_RESULT_REPS_MASK) >> HVX_RESULT_REPS_SHIFT,
			     call->reps);
		if (done > call->done)
			memcpy(call->out + call->done * out_size, out + call->done * out_size,
			       (done - call->done) * out_size);
	} else if (out && !(result & HVX_RESULT_STATUS_MASK)) {
		memcpy(call->out, out, out_size);
	}
	local_irq_restore(flags);
	return result;
}

/* One trip to the hypervisor. */
static u64 mshv_hvcall_once(struct mshv_hvcall *call)
{
	u64 control = call->code |
		      (u64)call->varhdr << HVX_HYPERCALL_VARHDR_SHIFT |
		      (u64)call->reps << HVX_HYPERCALL_REP_COUNT_SHIFT |
		      (u64)call->done << HVX_HYPERCALL_REP_START_SHIFT;

	if (call->direct)
		return hv_do_hypercall(control, (void *)call->in, call->out);
	return mshv_hvcall_copied(call, control);
}

/**
 * mshv_hvcall - issue a hypercall
 * @call: the call
 *
 * Goes on with a rep hypercall that the hypervisor interrupted until it is
 * complete or has failed. Any context, with @call->atomic; otherwise it may
 * sleep.
 *
 * Returns HVX_STATUS_*, as @call->status does.
 */
u16 mshv_hvcall(struct mshv_hvcall *call)
{
	unsigned int idle = 0;
	u16 completed;
	u64 result;

	for (;;) {
		result = mshv_hvcall_once(call);
		call->status = result & HVX_RESULT_STATUS_MASK;
		if (!call->reps || call->status == MSHV_STATUS_NO_HYPERCALLS)
			break;

		completed = (result & HVX_RESULT_REPS_MASK) >> HVX_RESULT_REPS_SHIFT;
		if (completed > call->done && completed <= call->reps) {
			call->done = completed;
			idle = 0;
		} else if (!call->status && ++idle == MSHV_IDLE_ROUNDS) {
			call->status = HVX_STATUS_OPERATION_FAILED;
		}
		if (call->status || call->done == call->reps)
			break;
		if (!call->atomic)
			cond_resched();
	}
	if (call->status)
		trace_mshv_hvcall_failed(call->code, call->status, call->done, call->reps);
	return call->status;
}

int mshv_hvcall_simple(u16 code, const void *in, u16 in_size, void *out, u16 out_size)
{
	struct mshv_hvcall call = {
		.code = code,
		.in = in,
		.in_size = in_size,
		.out = out,
		.out_size = out_size,
		.atomic = true,
	};

	return mshv_status_to_errno(mshv_hvcall(&call));
}

/* A simple hypercall that may take memory out of @pool. */
static int mshv_hvcall_simple_pool(struct mshv_pool *pool, u16 code, const void *in,
				   u16 in_size, void *out, u16 out_size)
{
	struct mshv_hvcall call = {
		.code = code,
		.in = in,
		.in_size = in_size,
		.out = out,
		.out_size = out_size,
	};

	return mshv_hvcall_pool(&call, pool);
}

/*
 * Partitions
 */

int mshv_hvcall_create_partition(const struct hvx_in_create_partition *in, u64 *id)
{
	struct hvx_out_create_partition out;
	int ret;

	ret = mshv_hvcall_simple_pool(&mshv_root_pool, HVX_CALL_CREATE_PARTITION,
				      in, sizeof(*in), &out, sizeof(out));
	if (!ret)
		*id = out.partition_id;
	return ret;
}

int mshv_hvcall_initialize_partition(struct mshv_partition *pt)
{
	struct hvx_in_partition in = { .partition_id = pt->id };

	return mshv_hvcall_simple_pool(pt->pool, HVX_CALL_INITIALIZE_PARTITION,
				       &in, sizeof(in), NULL, 0);
}

int mshv_hvcall_finalize_partition(u64 id)
{
	struct hvx_in_partition in = { .partition_id = id };

	return mshv_hvcall_simple(HVX_CALL_FINALIZE_PARTITION, &in, sizeof(in), NULL, 0);
}

int mshv_hvcall_delete_partition(u64 id)
{
	struct hvx_in_partition in = { .partition_id = id };

	return mshv_hvcall_simple(HVX_CALL_DELETE_PARTITION, &in, sizeof(in), NULL, 0);
}

int mshv_hvcall_get_property(struct mshv_pool *pool, u64 id, u32 code, u64 *value)
{
	struct hvx_in_get_partition_property in = {
		.partition_id = id,
		.code = code,
	};
	struct hvx_out_get_partition_property out;
	int ret;

	ret = mshv_hvcall_simple_pool(pool, HVX_CALL_GET_PARTITION_PROPERTY, &in, sizeof(in),
				      &out, sizeof(out));
	if (!ret)
		*value = out.value;
	return ret;
}

int mshv_hvcall_get_system_property(u32 id, u64 *value)
{
	struct hvx_in_get_system_property in = { .id = id };
	struct hvx_out_get_system_property out;
	int ret;

	ret = mshv_hvcall_simple(HVX_CALL_GET_SYSTEM_PROPERTY, &in, sizeof(in),
				 &out, sizeof(out));
	if (!ret)
		*value = out.value;
	return ret;
}

/*
 * Virtual processors
 */

int mshv_hvcall_create_vp(struct mshv_partition *pt, u32 index)
{
	struct hvx_in_create_vp in = {
		.partition_id = pt->id,
		.vp_index = index,
	};

	return mshv_hvcall_simple_pool(pt->pool, HVX_CALL_CREATE_VP, &in, sizeof(in), NULL, 0);
}

int mshv_hvcall_delete_vp(struct mshv_partition *pt, u32 index)
{
	struct hvx_in_delete_vp in = {
		.partition_id = pt->id,
		.vp_index = index,
	};

	return mshv_hvcall_simple(HVX_CALL_DELETE_VP, &in, sizeof(in), NULL, 0);
}

int mshv_hvcall_map_vp_state_page(struct mshv_partition *pt, u32 index, u16 type,
				  bool provided, u64 *pfn)
{
	struct hvx_in_map_vp_state_page in = {
		.partition_id = pt->id,
		.vp_index = index,
		.type = type,
		.flags = provided ? HVX_STATE_PAGE_LOCATION_PROVIDED : 0,
		.location = provided ? *pfn : 0,
	};
	struct hvx_out_map_vp_state_page out;
	int ret;

	ret = mshv_hvcall_simple_pool(pt->pool, HVX_CALL_MAP_VP_STATE_PAGE, &in, sizeof(in),
				      &out, sizeof(out));
	if (!ret)
		*pfn = out.pfn;
	return ret;
}

int mshv_hvcall_unmap_vp_state_page(struct mshv_partition *pt, u32 index, u16 type)
{
	struct hvx_in_unmap_vp_state_page in = {
		.partition_id = pt->id,
		.vp_index = index,
		.type = type,
	};

	return mshv_hvcall_simple(HVX_CALL_UNMAP_VP_STATE_PAGE, &in, sizeof(in), NULL, 0);
}

/*
 * A call of up to @max registers at a time. @proto has what is not the same for
 * getting and setting them: the code, the lists and the sizes of their elements.
 */
static int mshv_hvcall_registers(struct mshv_partition *pt, u32 index, u32 count, u16 max,
				 const struct mshv_hvcall *proto, u32 *done)
{
	const struct hvx_in_vp_registers in = {
		.partition_id = pt->id,
		.vp_index = index,
	};
	int ret = 0;
	u32 n = 0;

	while (n < count && !ret) {
		struct mshv_hvcall call = *proto;

		call.reps = min_t(u32, count - n, max);
		call.in = &in;
		call.in_size = sizeof(in);
		call.list += n * call.list_elem;
		if (call.out)
			call.out += n * call.out_size;
		ret = mshv_hvcall_pool(&call, pt->pool);
		n += call.done;
	}
	if (done)
		*done = n;
	return ret;
}

int mshv_hvcall_get_registers(struct mshv_partition *pt, u32 index, u32 count,
			      const u32 *names, union hvx_value *values, u32 *done)
{
	const struct mshv_hvcall proto = {
		.code = HVX_CALL_GET_VP_REGISTERS,
		.list = names,
		.list_elem = sizeof(*names),
		.out = values,
		.out_size = sizeof(*values),
	};

	return mshv_hvcall_registers(pt, index, count, HVX_GET_REGISTERS_MAX_REPS, &proto, done);
}

int mshv_hvcall_set_registers(struct mshv_partition *pt, u32 index, u32 count,
			      const struct hvx_register *regs, u32 *done)
{
	const struct mshv_hvcall proto = {
		.code = HVX_CALL_SET_VP_REGISTERS,
		.list = regs,
		.list_elem = sizeof(*regs),
	};

	return mshv_hvcall_registers(pt, index, count, HVX_SET_REGISTERS_MAX_REPS, &proto, done);
}

/* Returns the low 64 bits of a register's value. */
int mshv_hvcall_get_register(struct mshv_partition *pt, u32 index, u32 name, u64 *value)
{
	union hvx_value v;
	int ret;

	ret = mshv_hvcall_get_registers(pt, index, 1, &name, &v, NULL);
	if (!ret)
		*value = v.u64;
	return ret;
}

int mshv_hvcall_set_register(struct mshv_partition *pt, u32 index, u32 name, u64 value)
{
	const struct hvx_register reg = { .name = name, .value.u64 = value };

	return mshv_hvcall_set_registers(pt, index, 1, &reg, NULL);
}
