// SPDX-License-Identifier: GPL-2.0
/* Intercept messages: decoding, printing, completing. */
#include "mshv_util.h"

static const struct {
	u32 type;
	const char *name;
	bool header;		/* payload starts with struct hvx_msg_header */
} messages[] = {
	{ HVX_MSG_NONE, "NONE" },
	{ HVX_MSG_UNMAPPED_GPA, "UNMAPPED_GPA", true },
	{ HVX_MSG_GPA_INTERCEPT, "GPA_INTERCEPT", true },
	{ HVX_MSG_INVALID_VP_REGISTER, "INVALID_VP_REGISTER" },
	{ HVX_MSG_UNRECOVERABLE_EXCEPTION, "UNRECOVERABLE_EXCEPTION", true },
	{ HVX_MSG_UNSUPPORTED_FEATURE, "UNSUPPORTED_FEATURE" },
	{ HVX_MSG_OPAQUE_INTERCEPT, "OPAQUE_INTERCEPT" },
	{ HVX_MSG_SYNIC_SINT_INTERCEPT, "SYNIC_SINT_INTERCEPT" },
	{ HVX_MSG_X64_IO_PORT, "IO_PORT", true },
	{ HVX_MSG_X64_MSR, "MSR", true },
	{ HVX_MSG_X64_CPUID, "CPUID", true },
	{ HVX_MSG_X64_EXCEPTION, "EXCEPTION", true },
	{ HVX_MSG_X64_APIC_EOI, "APIC_EOI" },
	{ HVX_MSG_X64_HALT, "HALT", true },
	{ HVX_MSG_X64_INTERRUPTION_DELIVERABLE, "INTERRUPTION_DELIVERABLE", true },
	{ HVX_MSG_X64_SIPI, "SIPI", true },
};

const char *msg_name(u32 type)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(messages); i++)
		if (messages[i].type == type)
			return messages[i].name;
	return "unknown";
}

static bool msg_has_header(u32 type)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(messages); i++)
		if (messages[i].type == type)
			return messages[i].header;
	return false;
}

void msg_print(const struct hvx_message *msg)
{
	const struct hvx_msg_header *h = (const void *)msg->payload;
	const struct hvx_msg_exception *exc = (const void *)msg->payload;
	const struct hvx_msg_memory *mem = (const void *)msg->payload;
	const struct hvx_msg_io_port *io = (const void *)msg->payload;
	const struct hvx_msg_msr *msr = (const void *)msg->payload;

	fprintf(stderr, "# message %#x %s, %u bytes", msg->type, msg_name(msg->type),
		msg->payload_size);
	if (msg_has_header(msg->type))
		fprintf(stderr, ", VP %u cs %#x rip %#llx len %u access %u state %#x flags %#llx",
			h->vp_index, h->cs.selector, (unsigned long long)h->rip,
			h->length_cr8 & 0xf, h->access_type, h->execution_state,
			(unsigned long long)h->rflags);
	switch (msg->type) {
	case HVX_MSG_UNMAPPED_GPA:
	case HVX_MSG_GPA_INTERCEPT:
		fprintf(stderr, ", gpa %#llx gva %#llx", (unsigned long long)mem->gpa,
			(unsigned long long)mem->gva);
		break;
	case HVX_MSG_X64_IO_PORT:
		fprintf(stderr, ", port %#x info %#x rax %#llx", io->port, io->access_info,
			(unsigned long long)io->rax);
		break;
	case HVX_MSG_X64_MSR:
		fprintf(stderr, ", msr %#x", msr->msr);
		break;
	case HVX_MSG_X64_EXCEPTION:
		fprintf(stderr, ", vector %u error %#x parameter %#llx", exc->vector,
			exc->error_code, (unsigned long long)exc->parameter);
		break;
	}
	fputc('\n', stderr);
}

static const void *vp_payload(struct vp *vp, u32 type, size_t size)
{
	if (vp->msg.type != type)
		msg_print(&vp->msg);
	REQUIRE(vp->msg.type == type, "not a message %s", msg_name(type));
	REQUIRE(vp->msg.payload_size >= size, "payload of %u bytes, %zu expected",
		vp->msg.payload_size, size);
	return vp->msg.payload;
}

const struct hvx_msg_header *vp_header(struct vp *vp)
{
	REQUIRE(msg_has_header(vp->msg.type), "message %#x has no header", vp->msg.type);
	return (const void *)vp->msg.payload;
}

const struct hvx_msg_io_port *vp_io(struct vp *vp)
{
	return vp_payload(vp, HVX_MSG_X64_IO_PORT, sizeof(struct hvx_msg_io_port));
}

const struct hvx_msg_memory *vp_memory(struct vp *vp)
{
	u32 type = vp->msg.type == HVX_MSG_UNMAPPED_GPA ? vp->msg.type :
		HVX_MSG_GPA_INTERCEPT;

	return vp_payload(vp, type, sizeof(struct hvx_msg_memory));
}

const struct hvx_msg_msr *vp_msr(struct vp *vp)
{
	return vp_payload(vp, HVX_MSG_X64_MSR, sizeof(struct hvx_msg_msr));
}

const struct hvx_msg_cpuid *vp_cpuid(struct vp *vp)
{
	return vp_payload(vp, HVX_MSG_X64_CPUID, sizeof(struct hvx_msg_cpuid));
}

const struct hvx_msg_exception *vp_exception(struct vp *vp)
{
	return vp_payload(vp, HVX_MSG_X64_EXCEPTION, sizeof(struct hvx_msg_exception));
}

void vp_skip(struct vp *vp)
{
	const struct hvx_msg_header *h = vp_header(vp);
	unsigned int length = h->length_cr8 & 0xf;

	REQUIRE(length, "no instruction length");
	vp_set(vp, HVX_REG_RIP, h->rip + length);
}

void vp_complete_in(struct vp *vp, u32 value)
{
	const struct hvx_msg_io_port *io = vp_io(vp);
	unsigned int size = io->access_info & HVX_IO_SIZE_MASK;
	u64 rax = io->rax;

	REQUIRE(io->h.access_type == HVX_ACCESS_READ, "not a read");
	if (size == 4)
		rax = value;
	else if (size == 2)
		rax = (rax & ~0xffffULL) | (value & 0xffff);
	else
		rax = (rax & ~0xffULL) | (value & 0xff);
	vp_set(vp, HVX_REG_RAX, rax);
	vp_skip(vp);
}
