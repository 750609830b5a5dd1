// SPDX-License-Identifier: GPL-2.0
/* Hypercalls that concern the root alone: processors, interrupts, power. */
#include "acpi.h"
#include "apic.h"
#include "cpu.h"
#include "hv_abi.h"
#include "hypercall.h"
#include "lib.h"
#include "log.h"
#include "options.h"
#include "pageown.h"
#include "panic.h"
#include "power.h"
#include "root.h"
#include "vpset.h"

#define FIRST_VECTOR		16

#define MSI_ADDRESS		0xfee00000U
#define MSI_DEST_SHIFT		12
#define RTE_LEVEL		BIT(15)
#define RTE_DEST_SHIFT		24	/* in the high half */

static bool is_root_id(u64 id)
{
	return id == ROOT_PARTITION_ID || id == HVX_PARTITION_ID_SELF;
}

static u16 get_partition_id(struct hvcall *c)
{
	struct hvx_out_get_partition_id *out = c->out;

	out->partition_id = ROOT_PARTITION_ID;
	return HVX_STATUS_SUCCESS;
}

static u16 get_lp_run_time(struct hvcall *c)
{
	struct hvx_in_get_lp_run_time in = *(const struct hvx_in_get_lp_run_time *)c->in;
	struct hvx_out_get_lp_run_time *out = c->out;

	if (!root_vp_by_lp(in.lp_index))
		return HVX_STATUS_INVALID_LP_INDEX;
	*out = (struct hvx_out_get_lp_run_time){ .global_time = ref_time() };
	out->local_run_time = out->global_time;
	return HVX_STATUS_SUCCESS;
}

static u16 add_logical_processor(struct hvcall *c)
{
	struct hvx_in_add_logical_processor in =
		*(const struct hvx_in_add_logical_processor *)c->in;
	struct hvx_out_add_logical_processor *out = c->out;
	u16 status = root_add_lp(in.lp_index, in.apic_id);

	if (!status)
		*out = (struct hvx_out_add_logical_processor){};
	return status;
}

static u16 create_vp(struct hvcall *c)
{
	struct hvx_in_create_vp in = *(const struct hvx_in_create_vp *)c->in;

	if (!is_root_id(in.partition_id))
		return child_create_vp(c, &in);
	if (options.l1vh)
		return HVX_STATUS_ACCESS_DENIED;
	if (in.flags > UINT32_MAX)
		return HVX_STATUS_INVALID_PARAMETER;
	return root_create_vp(in.vp_index, in.flags);
}

/*
 * The root's devices raise their interrupts at the physical local APIC of the
 * target, so the answer is what the root would have programmed without us.
 */
static u16 device_entry(u64 device_id, u32 trigger, u32 vector, u32 apic_id,
			struct hvx_interrupt_entry *entry)
{
	*entry = (struct hvx_interrupt_entry){};
	switch (device_id >> HVX_DEVICE_ID_TYPE_SHIFT) {
	case HVX_DEVICE_PCI:
		entry->source = HVX_INTERRUPT_SOURCE_MSI;
		entry->address = MSI_ADDRESS | apic_id << MSI_DEST_SHIFT;
		entry->data = vector;
		return HVX_STATUS_SUCCESS;
	case HVX_DEVICE_IOAPIC:
		entry->source = HVX_INTERRUPT_SOURCE_IOAPIC;
		entry->address = vector | (trigger ? RTE_LEVEL : 0);
		entry->data = apic_id << RTE_DEST_SHIFT;
		return HVX_STATUS_SUCCESS;
	}
	return HVX_STATUS_INVALID_PARAMETER;
}

/*
 * The root sends interrupts to a processor that never entered the hypervisor: it
 * was started by a start-up IPI that went past us, and runs outside.
 */
static void check_inside(const struct root_vp *rv)
{
	if (rv->started)
		return;
	error_line("root VP %u (APIC id %u) runs outside the hypervisor", rv->vp_index,
		   rv->cpu->apic_id);
	stop(STOP_OUTSIDE);
}

static u16 map_device_interrupt(struct hvcall *c)
{
	struct hvx_in_map_device_interrupt in = *(const struct hvx_in_map_device_interrupt *)c->in;
	struct hvx_out_map_device_interrupt *out = c->out;
	struct hvx_interrupt_entry entry;
	struct root_vp *rv;
	struct vp_iter it;
	u32 vp_index;
	u16 status;

	if (!is_root_id(in.partition_id))
		return HVX_STATUS_INVALID_PARTITION_ID;
	/* The bank mask, which the fixed structure ends with, is in the variable part. */
	if (c->varhdr < sizeof(u64))
		return HVX_STATUS_INVALID_HYPERCALL_INPUT;
	if (in.flags || in.rsvd || in.interrupt_type != HVX_INTERRUPT_FIXED ||
	    in.trigger_mode > 1 || in.vector_count != 1 || in.vector < FIRST_VECTOR ||
	    in.vector > 0xff || in.target_flags != HVX_INTERRUPT_TARGET_VP_SET ||
	    in.vp_set_format != HVX_VP_SET_SPARSE_4K)
		return HVX_STATUS_INVALID_PARAMETER;
	status = vp_set_start(&it, in.valid_bank_mask,
			      ((const struct hvx_in_map_device_interrupt *)c->in)->banks,
			      c->varhdr / sizeof(u64) - 1);
	if (status)
		return status;
	if (!vp_set_next(&it, &vp_index))
		return HVX_STATUS_INVALID_PARAMETER;
	rv = root_vp_by_index(vp_index);
	if (!rv)
		return HVX_STATUS_INVALID_VP_INDEX;
	check_inside(rv);
	status = device_entry(in.device_id, in.trigger_mode, in.vector, rv->cpu->apic_id, &entry);
	if (status)
		return status;
	out->entry = entry;
	log_call("device %lx: vector %x to root VP %u", in.device_id, in.vector, vp_index);
	return HVX_STATUS_SUCCESS;
}

static u16 unmap_device_interrupt(struct hvcall *c)
{
	struct hvx_in_unmap_device_interrupt in =
		*(const struct hvx_in_unmap_device_interrupt *)c->in;
	u64 type = in.device_id >> HVX_DEVICE_ID_TYPE_SHIFT;

	if (!is_root_id(in.partition_id))
		return HVX_STATUS_INVALID_PARTITION_ID;
	if (type != HVX_DEVICE_PCI && type != HVX_DEVICE_IOAPIC)
		return HVX_STATUS_INVALID_PARAMETER;
	return HVX_STATUS_SUCCESS;
}

static u16 get_system_property(struct hvcall *c)
{
	struct hvx_in_get_system_property in =
		*(const struct hvx_in_get_system_property *)c->in;
	struct hvx_out_get_system_property *out = c->out;

	if (options.l1vh)
		return HVX_STATUS_ACCESS_DENIED;
	if (in.id != HVX_SYSPROP_SCHEDULER_TYPE)
		return HVX_STATUS_INVALID_PARAMETER;
	out->value = options.sched;
	return HVX_STATUS_SUCCESS;
}

static u16 set_system_property(struct hvcall *c)
{
	struct hvx_in_set_system_property in =
		*(const struct hvx_in_set_system_property *)c->in;

	if (in.id != HVX_SYSPROP_SLEEP_STATE || in.sleep_state != HVX_SLEEP_S5)
		return HVX_STATUS_INVALID_PARAMETER;
	power_set_s5(in.pm1a_slp_typ);
	return HVX_STATUS_SUCCESS;
}

static u16 enter_sleep_state(struct hvcall *c)
{
	struct hvx_in_enter_sleep_state in = *(const struct hvx_in_enter_sleep_state *)c->in;

	if (in.sleep_state != HVX_SLEEP_S5)
		return HVX_STATUS_INVALID_PARAMETER;
	power_off();
}

static u16 notify_partition_event(struct hvcall *c)
{
	struct hvx_in_notify_partition_event in =
		*(const struct hvx_in_notify_partition_event *)c->in;

	if (in.event != HVX_EVENT_ALL_LPS_STARTED && in.event != HVX_EVENT_ROOT_CRASHDUMP)
		return HVX_STATUS_INVALID_PARAMETER;
	log_info("root reports event %u", in.event);
	return HVX_STATUS_SUCCESS;
}

#define SIZE(s)		sizeof(struct s)

static const struct hvc_row hvc_root_rows[] = {
	{ HVX_CALL_GET_LP_RUN_TIME, 0, "GetLogicalProcessorRunTime",
	  .in = SIZE(hvx_in_get_lp_run_time), .out = SIZE(hvx_out_get_lp_run_time),
	  .priv = HVX_PRIV_CPU_MANAGEMENT, .fn = get_lp_run_time },
	{ HVX_CALL_GET_PARTITION_ID, 0, "GetPartitionId",
	  .out = SIZE(hvx_out_get_partition_id), .priv = HVX_PRIV_ACCESS_PARTITION_ID,
	  .fn = get_partition_id },
	{ HVX_CALL_CREATE_VP, 0, "CreateVp",
	  .in = SIZE(hvx_in_create_vp), .priv = HVX_PRIV_CREATE_PARTITIONS, .fn = create_vp },
	{ HVX_CALL_SET_SYSTEM_PROPERTY, 0, "SetSystemProperty",
	  .in = SIZE(hvx_in_set_system_property), .priv = HVX_PRIV_CPU_MANAGEMENT,
	  .fn = set_system_property },
	{ HVX_CALL_ADD_LOGICAL_PROCESSOR, 0, "AddLogicalProcessor",
	  .in = SIZE(hvx_in_add_logical_processor), .out = SIZE(hvx_out_add_logical_processor),
	  .priv = HVX_PRIV_CPU_MANAGEMENT, .fn = add_logical_processor },
	{ HVX_CALL_GET_SYSTEM_PROPERTY, 0, "GetSystemProperty",
	  .in = SIZE(hvx_in_get_system_property), .out = SIZE(hvx_out_get_system_property),
	  .priv = HVX_PRIV_CREATE_PARTITIONS, .fn = get_system_property },
	{ HVX_CALL_MAP_DEVICE_INTERRUPT, HVC_VARHDR, "MapDeviceInterrupt",
	  .in = offsetof(struct hvx_in_map_device_interrupt, valid_bank_mask),
	  .out = SIZE(hvx_out_map_device_interrupt), .priv = HVX_PRIV_CPU_MANAGEMENT,
	  .fn = map_device_interrupt },
	{ HVX_CALL_UNMAP_DEVICE_INTERRUPT, 0, "UnmapDeviceInterrupt",
	  .in = SIZE(hvx_in_unmap_device_interrupt), .priv = HVX_PRIV_CPU_MANAGEMENT,
	  .fn = unmap_device_interrupt },
	{ HVX_CALL_ENTER_SLEEP_STATE, HVC_FAST, "EnterSleepState",
	  .in = SIZE(hvx_in_enter_sleep_state), .priv = HVX_PRIV_CPU_MANAGEMENT,
	  .fn = enter_sleep_state },
	{ HVX_CALL_NOTIFY_PARTITION_EVENT, 0, "NotifyPartitionEvent",
	  .in = SIZE(hvx_in_notify_partition_event), .priv = HVX_PRIV_CPU_MANAGEMENT,
	  .fn = notify_partition_event },
};
HVC_TABLE(hvc_root_rows);
