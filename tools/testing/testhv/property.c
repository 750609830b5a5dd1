// SPDX-License-Identifier: GPL-2.0
/*
 * GetPartitionProperty, SetPartitionProperty, GetPartitionPropertyEx (TLFS 4.2).
 *
 * Linux issues SetPartitionProperty as a call that may complete later; with the
 * option async=MS it does, by a message.
 */
#include "property.h"

#include "acct.h"
#include "cpu.h"
#include "gpa.h"
#include "guest_cpuid.h"
#include "guest_tsc.h"
#include "hypercall.h"
#include "log.h"
#include "options.h"
#include "partition.h"
#include "root.h"
#include "sched.h"
#include "synic.h"
#include "timer.h"

/* What the VMM may give to a partition. */
#define ASSIGNABLE_SYNTH	(HVX_SYNTH_HYPERVISOR_PRESENT | HVX_SYNTH_HV1 |			\
				 HVX_SYNTH_VP_RUNTIME | HVX_SYNTH_REF_COUNTER |			\
				 HVX_SYNTH_SYNIC | HVX_SYNTH_STIMER | HVX_SYNTH_INTR_CTRL |	\
				 HVX_SYNTH_HYPERCALL | HVX_SYNTH_VP_INDEX | HVX_SYNTH_REF_TSC |	\
				 HVX_SYNTH_GUEST_IDLE | HVX_SYNTH_FREQUENCY |			\
				 HVX_SYNTH_DIRECT_STIMER | HVX_SYNTH_EX_MASKS |			\
				 HVX_SYNTH_TB_FLUSH | HVX_SYNTH_CLUSTER_IPI |			\
				 HVX_SYNTH_SIGNAL_EVENTS)

/* Posting messages is a privilege that no feature stands for. */
#define ASSIGNABLE_PRIV		(synth_to_priv(ASSIGNABLE_SYNTH) | HVX_PRIV_POST_MESSAGES)

#define MAX_ASYNC	64

/**
 * struct async_call - a SetPartitionProperty that completes later
 * @part: id of the partition; 0: the entry is free
 * @code: property
 * @value: its new value
 * @due: reference time
 * @rv: root VP that called
 * @flags: TESTHV_ASYNC_*
 */
static struct async_call {
	u64 part;
	u32 code;
	u64 value;
	u64 due;
	struct root_vp *rv;
	u64 flags;
} async_calls[MAX_ASYNC];

/* TESTHV_ASYNC_* of the calls to come */
static u64 async_flags;

static u16 get_property(const struct partition *p, u32 code, u64 *val)
{
	u64 banks[HVX_FEATURE_BANKS];
	bool self = p == &root_part;

	host_features(banks);
	switch (code) {
	case HVX_PROP_PRIVILEGE_FLAGS:
		*val = self ? root.priv : p->priv;
		break;
	case HVX_PROP_SYNTHETIC_PROC_FEATURES:
		*val = p->synth;
		break;
	case HVX_PROP_INTEGRATED_SCHEDULER:
		*val = self && options.l1vh && !sched_is_hypervisor();
		break;
	case HVX_PROP_TIME_FREEZE:
		*val = p->time_frozen;
		break;
	case HVX_PROP_REFERENCE_TIME:
		*val = partition_ref_time(p);
		break;
	case HVX_PROP_PROCESSORS_PER_SOCKET:
		*val = p->procs_per_socket;
		break;
	case HVX_PROP_GPA_PAGE_ACCESS_TRACKING:
		*val = p->access_tracking;
		break;
	case HVX_PROP_UNIMPLEMENTED_MSR_ACTION:
		*val = p->msr_action;
		break;
	case HVX_PROP_XSAVE_FEATURES:
		*val = self ? host_xsave_features() : p->xsave_features;
		break;
	case HVX_PROP_PHYSICAL_ADDRESS_WIDTH:
		*val = __builtin_ctzl(gpa_limit());
		break;
	case HVX_PROP_XSAVE_STATES:
		*val = self ? vcpu_xcr0_mask() & 7 : p->xcr0_mask;
		break;
	case HVX_PROP_MAX_XSAVE_DATA_SIZE:
		*val = guest_xsave_size(p);
		break;
	case HVX_PROP_PROCESSOR_CLOCK_FREQUENCY:
		*val = tsc_hz;
		break;
	case HVX_PROP_PROCESSOR_FEATURES0:
		*val = self ? banks[0] : p->features[0];
		break;
	case HVX_PROP_PROCESSOR_FEATURES1:
		*val = self ? banks[1] : p->features[1];
		break;
	default:
		return HVX_STATUS_UNKNOWN_PROPERTY;
	}
	return HVX_STATUS_SUCCESS;
}

/* The properties that decide what the processors are: before initialize only. */
static bool is_early(u32 code)
{
	return code == HVX_PROP_PRIVILEGE_FLAGS || code == HVX_PROP_SYNTHETIC_PROC_FEATURES;
}

static u16 check_property(const struct partition *p, u32 code, u64 val)
{
	u64 dummy;

	switch (code) {
	case HVX_PROP_PRIVILEGE_FLAGS:
		return val & ~ASSIGNABLE_PRIV ?
		       HVX_STATUS_PROPERTY_VALUE_OUT_OF_RANGE : HVX_STATUS_SUCCESS;
	case HVX_PROP_SYNTHETIC_PROC_FEATURES:
		return val & ~ASSIGNABLE_SYNTH ? HVX_STATUS_PROPERTY_VALUE_OUT_OF_RANGE :
						 HVX_STATUS_SUCCESS;
	case HVX_PROP_TIME_FREEZE:
	case HVX_PROP_GPA_PAGE_ACCESS_TRACKING:
	case HVX_PROP_UNIMPLEMENTED_MSR_ACTION:
		return val > 1 ? HVX_STATUS_PROPERTY_VALUE_OUT_OF_RANGE : HVX_STATUS_SUCCESS;
	case HVX_PROP_REFERENCE_TIME:
		return p->time_frozen ? HVX_STATUS_SUCCESS : HVX_STATUS_OPERATION_DENIED;
	case HVX_PROP_PROCESSORS_PER_SOCKET:
		return val && val <= MAX_CHILD_VPS ? HVX_STATUS_SUCCESS :
						     HVX_STATUS_PROPERTY_VALUE_OUT_OF_RANGE;
	}
	return get_property(p, code, &dummy) ?: HVX_STATUS_ACCESS_DENIED;
}

static u16 set_property(struct partition *p, u32 code, u64 val)
{
	u16 status = HVX_STATUS_SUCCESS;

	switch (code) {
	case HVX_PROP_PRIVILEGE_FLAGS:
		p->priv = val;
		break;
	case HVX_PROP_SYNTHETIC_PROC_FEATURES:
		p->synth = val;
		p->priv = synth_to_priv(val);
		break;
	case HVX_PROP_TIME_FREEZE:
		if (val != p->time_frozen) {
			p->time_base += val ? ref_time() : -ref_time();
			p->time_frozen = val;
			reftsc_update(p);
		}
		break;
	case HVX_PROP_REFERENCE_TIME:
		p->time_base = val;
		break;
	case HVX_PROP_PROCESSORS_PER_SOCKET:
		p->procs_per_socket = val;
		break;
	case HVX_PROP_GPA_PAGE_ACCESS_TRACKING:
		if (val && p->state == PART_ACTIVE)
			status = gpa_split_large(p);
		if (!status)
			p->access_tracking = val;
		partition_account(p);
		break;
	case HVX_PROP_UNIMPLEMENTED_MSR_ACTION:
		p->msr_action = val;
		break;
	}
	return status;
}

static u16 hv_get_property(struct hvcall *c)
{
	const struct hvx_in_get_partition_property in =
		*(const struct hvx_in_get_partition_property *)c->in;
	struct hvx_out_get_partition_property *out = c->out;
	struct partition *p;
	u16 status;
	u64 val;

	status = partition_find_or_self(c, in.partition_id, IN_ANY, &p);
	if (status)
		return status;
	if (in.rsvd)
		return HVX_STATUS_INVALID_PARAMETER;
	status = get_property(p, in.code, &val);
	if (status == HVX_STATUS_SUCCESS)
		out->value = val;
	return status;
}

/* Asynchronous completion */

static void complete(struct async_call *a, struct partition *p, u16 status)
{
	struct hvx_message m = {
		.type = HVX_MSG_ASYNC_CALL_COMPLETION,
		.payload_size = sizeof(struct hvx_msg_async_completion),
		.sender = a->part,
		.payload = { a->part, status | 1ULL << 32, 0 },
	};

	log_call("partition %lx: property %x completes with status %x", a->part, a->code, status);
	p->async = false;
	a->part = 0;
	acct_add(TESTHV_ACCT_ASYNC_PENDING, -1);
	if (!(a->flags & TESTHV_ASYNC_LOSE))
		synic_post_message(a->rv, HVX_SINT_INTERCEPT, &m);
	if (a->flags & TESTHV_ASYNC_TWICE)
		synic_post_message(a->rv, HVX_SINT_INTERCEPT, &m);
}

static void complete_all(u64 now, const struct partition *only)
{
	unsigned int i;

	for (i = 0; i < MAX_ASYNC; i++) {
		struct async_call *a = &async_calls[i];
		struct partition *p;

		if (!a->part)
			continue;
		p = partitions[a->part & 0xffff];
		if (only ? p == only : a->due <= now)
			complete(a, p, only ? HVX_STATUS_INVALID_PARTITION_STATE :
					      set_property(p, a->code, a->value));
	}
}

void async_configure(u64 *ms, u64 *flags)
{
	u64 old_ms = options.async_ms, old_flags = async_flags;

	options.async_ms = *ms;
	async_flags = *flags;
	*ms = old_ms;
	*flags = old_flags;
}

void async_run(u64 now)
{
	complete_all(now, NULL);
}

void async_partition_gone(struct partition *p)
{
	complete_all(0, p);
}

u64 async_deadline(void)
{
	u64 next = NO_DEADLINE;
	unsigned int i;

	for (i = 0; i < MAX_ASYNC; i++)
		if (async_calls[i].part)
			next = min(next, async_calls[i].due);
	return next;
}

/* Return: CALL_PENDING, or NO_RESOURCES when there is no room to remember it. */
static u16 set_later(struct hvcall *c, struct partition *p, u32 code, u64 val)
{
	unsigned int i;

	for (i = 0; i < MAX_ASYNC && async_calls[i].part; i++)
		;
	if (i == MAX_ASYNC)
		return HVX_STATUS_NO_RESOURCES;
	async_calls[i] = (struct async_call){
		.part = p->id, .code = code, .value = val, .rv = c->caller, .flags = async_flags,
		.due = ref_time() + options.async_ms * 10000UL,
	};
	p->async = true;
	acct_add(TESTHV_ACCT_ASYNC_PENDING, 1);
	timer_arm(this_cpu(), async_calls[i].due);
	return HVX_STATUS_CALL_PENDING;
}

static u16 hv_set_property(struct hvcall *c)
{
	const struct hvx_in_set_partition_property in =
		*(const struct hvx_in_set_partition_property *)c->in;
	struct partition *p;
	u16 status;

	status = partition_find(c, in.partition_id, IN_UNINITIALIZED | IN_ACTIVE, &p);
	if (status)
		return status;
	if (in.rsvd)
		return HVX_STATUS_INVALID_PARAMETER;
	if (is_early(in.code) && p->state != PART_UNINITIALIZED)
		return HVX_STATUS_INVALID_PARTITION_STATE;
	status = check_property(p, in.code, in.value);
	if (status)
		return status;
	/* One at a time: the message does not say which call it is about. */
	if (p->async)
		return HVX_STATUS_OPERATION_DENIED;
	if (options.async_ms)
		return set_later(c, p, in.code, in.value);
	return set_property(p, in.code, in.value);
}

static u64 vmm_capabilities(void)
{
	u64 caps = HVX_VMM_CAP_ASSIGNABLE_SYNTHETIC;

	if (feature(FEAT_OVERLAY))
		caps |= HVX_VMM_CAP_OVERLAY_GPFN;
	if (options.l1vh)
		caps |= HVX_VMM_CAP_INTEGRATED_SCHEDULER;
	return caps;
}

static u16 hv_get_property_ex(struct hvcall *c)
{
	const struct hvx_in_get_partition_property_ex in =
		*(const struct hvx_in_get_partition_property_ex *)c->in;
	struct hvx_property_banks *out = c->out;
	struct partition *p;
	u64 bank;
	u16 status;

	status = partition_find_or_self(c, in.partition_id, IN_ANY, &p);
	if (status)
		return status;
	if (in.rsvd)
		return HVX_STATUS_INVALID_PARAMETER;
	switch (in.code) {
	case HVX_PROP_EX_VMM_CAPABILITIES:
		bank = vmm_capabilities();
		break;
	case HVX_PROP_EX_ASSIGNABLE_SYNTHETIC:
		bank = ASSIGNABLE_SYNTH;
		break;
	default:
		return HVX_STATUS_UNKNOWN_PROPERTY;
	}
	*out = (struct hvx_property_banks){ .bank_count = 1, .banks = { bank } };
	return HVX_STATUS_SUCCESS;
}

/* The root's own properties describe the machine. */
static const struct hvc_row property_rows[] = {
	{
		.code = HVX_CALL_GET_PARTITION_PROPERTY, .name = "GetPartitionProperty",
		.in = sizeof(struct hvx_in_get_partition_property),
		.out = sizeof(struct hvx_out_get_partition_property),
		.priv = HVX_PRIV_CREATE_PARTITIONS, .fn = hv_get_property,
	}, {
		.code = HVX_CALL_SET_PARTITION_PROPERTY, .name = "SetPartitionProperty",
		.in = sizeof(struct hvx_in_set_partition_property),
		.priv = HVX_PRIV_CREATE_PARTITIONS, .fn = hv_set_property,
	}, {
		.code = HVX_CALL_GET_PARTITION_PROPERTY_EX, .name = "GetPartitionPropertyEx",
		.in = sizeof(struct hvx_in_get_partition_property_ex),
		.out = sizeof(struct hvx_property_banks),
		.priv = HVX_PRIV_CREATE_PARTITIONS, .fn = hv_get_property_ex,
	},
};
HVC_TABLE(property_rows);
