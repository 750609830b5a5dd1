// SPDX-License-Identifier: GPL-2.0
/*
 * The host's end of VMBus, with no channel to offer: option vmbus=1. For the SynIC it
 * makes no difference: Linux's driver is alive, uses it on each processor, and
 * expects answers.
 *
 * Messages are those of Linux: include/linux/hyperv.h.
 */
#include "vmbus.h"

#include "log.h"
#include "options.h"
#include "root.h"
#include "synic.h"

#define VMBUS_MESSAGE		1	/* type of message, for the hypervisor */
#define VMBUS_SINT		2
/* Before version 5.0 it is the former. */
#define VMBUS_CONNECTION_OLD	1
#define VMBUS_CONNECTION	4

enum {
	VMBUS_REQUEST_OFFERS		= 3,
	VMBUS_ALL_OFFERS_DELIVERED	= 4,
	VMBUS_INITIATE_CONTACT		= 14,
	VMBUS_VERSION_RESPONSE		= 15,
	VMBUS_UNLOAD			= 16,
	VMBUS_UNLOAD_RESPONSE		= 17,
};

struct vmbus_header {
	u32 type;
	u32 rsvd;
};

struct vmbus_contact {
	struct vmbus_header h;
	u32 version;
	u32 vp_index;
};

struct vmbus_version_response {
	struct vmbus_header h;
	u8 supported;
	u8 state;
	u16 rsvd;
	u32 connection_id;
};

/* The VP that made contact gets the answers. */
static u32 contact_vp;

static u16 answer(const void *payload, u8 size)
{
	struct root_vp *rv = root_vp_by_index(contact_vp);
	struct hvx_message m = { .type = VMBUS_MESSAGE, .payload_size = size };

	if (!rv)
		return HVX_STATUS_INVALID_VP_INDEX;
	memcpy(m.payload, payload, size);
	return synic_post_message(rv, VMBUS_SINT, &m);
}

static u16 answer_header(u32 type)
{
	struct vmbus_header h = { .type = type };

	return answer(&h, sizeof(h));
}

static u16 make_contact(const struct vmbus_contact *contact, u32 connection_id)
{
	struct vmbus_version_response r = {
		.h.type = VMBUS_VERSION_RESPONSE,
		.supported = 1,
		.connection_id = connection_id,
	};

	log_info("VMBus version %x", contact->version);
	contact_vp = contact->vp_index;
	return answer(&r, sizeof(r));
}

u16 vmbus_post(const struct hvx_in_post_message *in)
{
	const struct vmbus_header *h = (const void *)in->payload;

	if (!options.vmbus || (in->connection_id != VMBUS_CONNECTION &&
			       in->connection_id != VMBUS_CONNECTION_OLD))
		return HVX_STATUS_INVALID_CONNECTION_ID;
	if (in->rsvd || in->type != VMBUS_MESSAGE || in->payload_size > HVX_MSG_PAYLOAD_SIZE ||
	    in->payload_size < sizeof(*h))
		return HVX_STATUS_INVALID_PARAMETER;
	switch (h->type) {
	case VMBUS_INITIATE_CONTACT:
		if (in->payload_size < sizeof(struct vmbus_contact))
			return HVX_STATUS_INVALID_PARAMETER;
		return make_contact((const void *)h, in->connection_id);
	case VMBUS_REQUEST_OFFERS:
		return answer_header(VMBUS_ALL_OFFERS_DELIVERED);
	case VMBUS_UNLOAD:
		return answer_header(VMBUS_UNLOAD_RESPONSE);
	}
	/* Others are about channels; who does not know them says nothing. */
	return HVX_STATUS_SUCCESS;
}
