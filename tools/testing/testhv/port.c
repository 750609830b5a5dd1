// SPDX-License-Identifier: GPL-2.0
/*
 * CreatePort, ConnectPort and their opposites, PostMessage, SignalEvent (TLFS 11.4).
 *
 * The root owns the ports. A doorbell that a child rings puts the id of its port in
 * the event ring of a root VP; what a child sends to the other kinds of ports gets in
 * the message or event flags page.
 */
#include "port.h"

#include "acct.h"
#include "hypercall.h"
#include "log.h"
#include "root.h"
#include "synic.h"
#include "vmbus.h"
#include "vp.h"

#define CONNECT_FLAGS	(HVX_DOORBELL_SIZE_MASK | HVX_DOORBELL_ANY_VALUE)

/**
 * struct port - a port of the root
 * @link: in the list of all ports
 * @extra: what appetite= adds to its price
 * @id: chosen by the root
 * @type: HVX_PORT_*
 * @part: partition that may connect to it
 * @sint: where it raises
 * @vp: root VP, or HVX_ANY_VP
 * @base_flag: event port: event flag that flag 0 of the sender is
 * @flag_count: event port: how many there are
 * @connected: connections to it
 * @pending: it was rung and the ring had no room for it
 */
struct port {
	struct list link;
	void *extra;
	u32 id;
	u32 type;
	u64 part;
	u32 sint;
	u32 vp;
	u16 base_flag;
	u16 flag_count;
	u32 connected;
	bool pending;
};

/**
 * struct connection - of a child to a port; doorbells are in its address space
 * @link: in the partition's list
 * @extra: what appetite= adds to its price
 * @id: chosen by the root
 * @port: what it rings or sends to
 * @gpa: doorbell: guest address
 * @value: doorbell: that rings it
 * @flags: doorbell: HVX_DOORBELL_*
 */
struct connection {
	struct list link;
	void *extra;
	u32 id;
	struct port *port;
	u64 gpa;
	u64 value;
	u64 flags;
};

static struct list ports = LIST_INIT(ports);

static struct port *find_port(u32 id)
{
	struct list *l;

	list_for_each(l, &ports) {
		struct port *port = list_entry(l, struct port, link);

		if (port->id == id)
			return port;
	}
	return NULL;
}

static struct connection *find_connection(const struct partition *p, u32 id)
{
	struct list *l;

	list_for_each(l, &p->connections) {
		struct connection *conn = list_entry(l, struct connection, link);

		if (conn->id == id)
			return conn;
	}
	return NULL;
}

static void *object_alloc(struct partition *payer, void **extra)
{
	void *obj = pool_get(&payer->pool);

	if (obj && obj_charge(&payer->pool, extra)) {
		pool_put(&payer->pool, obj);
		obj = NULL;
	}
	partition_account(payer);
	return obj;
}

static void object_free(struct partition *payer, void *obj, void *extra)
{
	obj_uncharge(&payer->pool, &extra);
	pool_put(&payer->pool, obj);
	partition_account(payer);
}

static void port_free(struct port *port)
{
	list_del(&port->link);
	object_free(&root_part, port, port->extra);
	acct_add(TESTHV_ACCT_PORTS, -1);
}

static void connection_free(struct partition *p, struct connection *conn)
{
	conn->port->connected--;
	list_del(&conn->link);
	object_free(p, conn, conn->extra);
	acct_add(TESTHV_ACCT_CONNECTIONS, -1);
}

void ports_partition_gone(struct partition *p)
{
	struct list *l, *tmp;

	list_for_each_safe(l, tmp, &p->connections)
		connection_free(p, list_entry(l, struct connection, link));
}

static u16 check_port_info(const struct hvx_port_info *info)
{
	switch (info->type) {
	case HVX_PORT_MESSAGE:
	case HVX_PORT_DOORBELL:
		break;
	case HVX_PORT_EVENT:
		if (!info->flag_count ||
		    info->base_flag + info->flag_count > 8 * HVX_EVENT_FLAGS_BYTES)
			return HVX_STATUS_INVALID_PARAMETER;
		break;
	default:
		return HVX_STATUS_INVALID_PARAMETER;
	}
	if (info->rsvd || info->target_sint >= NR_SINTS)
		return HVX_STATUS_INVALID_PARAMETER;
	if (info->target_vp != HVX_ANY_VP && !root_vp_by_index(info->target_vp))
		return HVX_STATUS_INVALID_VP_INDEX;
	return HVX_STATUS_SUCCESS;
}

static u16 hv_create_port(struct hvcall *c)
{
	const struct hvx_in_create_port in = *(const struct hvx_in_create_port *)c->in;
	struct partition *owner, *p;
	struct port *port;
	void *extra = NULL;
	u16 status;

	status = partition_find_or_self(c, in.port_partition_id, IN_ACTIVE, &owner);
	if (status)
		return status;
	status = partition_find(c, in.connection_partition_id,
				IN_UNINITIALIZED | IN_ACTIVE, &p);
	if (status)
		return status;
	if (owner != &root_part)
		return HVX_STATUS_ACCESS_DENIED;
	if (in.port_id & ~HVX_PORT_ID_MASK || !in.port_id || find_port(in.port_id))
		return HVX_STATUS_INVALID_PORT_ID;
	if (in.port_vtl || in.min_connection_vtl || in.rsvd)
		return HVX_STATUS_INVALID_PARAMETER;
	status = check_port_info(&in.info);
	if (status)
		return status;
	port = object_alloc(&root_part, &extra);
	if (!port)
		return HVX_STATUS_INSUFFICIENT_MEMORY;
	port->extra = extra;
	port->id = in.port_id;
	port->type = in.info.type;
	port->part = p->id;
	port->sint = in.info.target_sint;
	port->vp = in.info.target_vp;
	port->base_flag = in.info.base_flag;
	port->flag_count = in.info.flag_count;
	list_add_tail(&ports, &port->link);
	acct_add(TESTHV_ACCT_PORTS, 1);
	return HVX_STATUS_SUCCESS;
}

static u16 hv_delete_port(struct hvcall *c)
{
	const struct hvx_in_delete_port in = *(const struct hvx_in_delete_port *)c->in;
	struct partition *owner;
	struct port *port;
	u16 status;

	status = partition_find_or_self(c, in.port_partition_id, IN_ANY, &owner);
	if (status)
		return status;
	port = owner == &root_part ? find_port(in.port_id) : NULL;
	if (!port || in.rsvd)
		return HVX_STATUS_INVALID_PORT_ID;
	/* A connection would ring in the void. */
	if (port->connected)
		return HVX_STATUS_OPERATION_DENIED;
	port_free(port);
	return HVX_STATUS_SUCCESS;
}

static u16 hv_connect_port(struct hvcall *c)
{
	const struct hvx_in_connect_port in = *(const struct hvx_in_connect_port *)c->in;
	struct connection *conn;
	struct partition *p, *owner;
	struct port *port;
	void *extra = NULL;
	u16 status;

	status = partition_find(c, in.connection_partition_id, IN_ACTIVE, &p);
	if (status)
		return status;
	status = partition_find_or_self(c, in.port_partition_id, IN_ACTIVE, &owner);
	if (status)
		return status;
	port = owner == &root_part ? find_port(in.port_id) : NULL;
	if (!port)
		return HVX_STATUS_INVALID_PORT_ID;
	if (port->part != p->id)
		return HVX_STATUS_ACCESS_DENIED;
	if (!in.connection_id || find_connection(p, in.connection_id))
		return HVX_STATUS_INVALID_CONNECTION_ID;
	if (in.connection_vtl || in.info.type != port->type)
		return HVX_STATUS_INVALID_PARAMETER;
	if (port->type == HVX_PORT_DOORBELL &&
	    ((in.info.flags & ~CONNECT_FLAGS) ||
	     (in.info.flags & HVX_DOORBELL_SIZE_MASK) > HVX_DOORBELL_SIZE_QWORD))
		return HVX_STATUS_INVALID_PARAMETER;
	conn = object_alloc(p, &extra);
	if (!conn)
		return HVX_STATUS_INSUFFICIENT_MEMORY;
	conn->extra = extra;
	conn->id = in.connection_id;
	conn->port = port;
	conn->gpa = in.info.gpa;
	conn->value = in.info.trigger_value;
	conn->flags = in.info.flags;
	port->connected++;
	list_add_tail(&p->connections, &conn->link);
	acct_add(TESTHV_ACCT_CONNECTIONS, 1);
	return HVX_STATUS_SUCCESS;
}

static u16 hv_disconnect_port(struct hvcall *c)
{
	const struct hvx_in_disconnect_port in = *(const struct hvx_in_disconnect_port *)c->in;
	struct connection *conn;
	struct partition *p;
	u16 status;

	status = partition_find(c, in.connection_partition_id, IN_ANY, &p);
	if (status)
		return status;
	if (in.flags & ~HVX_DISCONNECT_IS_DOORBELL)
		return HVX_STATUS_INVALID_PARAMETER;
	conn = find_connection(p, in.connection_id);
	if (!conn)
		return HVX_STATUS_INVALID_CONNECTION_ID;
	connection_free(p, conn);
	return HVX_STATUS_SUCCESS;
}

bool doorbell_covers(const struct partition *p, u64 gpa)
{
	struct list *l;

	list_for_each(l, &p->connections) {
		struct connection *conn = list_entry(l, struct connection, link);

		if (conn->port->type == HVX_PORT_DOORBELL &&
		    conn->gpa >> PAGE_SHIFT == gpa >> PAGE_SHIFT)
			return true;
	}
	return false;
}

static bool matches(const struct connection *conn, u64 gpa, unsigned int size, u64 val)
{
	u64 code = conn->flags & HVX_DOORBELL_SIZE_MASK;

	if (conn->port->type != HVX_PORT_DOORBELL || conn->gpa != gpa)
		return false;
	if (code != HVX_DOORBELL_SIZE_ANY && size != 1U << (code - 1))
		return false;
	return (conn->flags & HVX_DOORBELL_ANY_VALUE) || conn->value == val;
}

/* The root VP that hears of a port without a target: the one on this CPU. */
static struct root_vp *target_of(const struct port *port)
{
	struct root_vp *rv = port->vp == HVX_ANY_VP ? NULL : root_vp_by_index(port->vp);

	return rv ?: this_cpu()->vp;
}

/* A port that is already waiting for room in the ring needs not be told twice. */
static void signal(struct port *port)
{
	port->pending = synic_ring_push(target_of(port), port->sint, port->id) != 0;
}

bool doorbell_ring(struct partition *p, u64 gpa, unsigned int size, u64 val)
{
	struct list *l;

	list_for_each(l, &p->connections) {
		struct connection *conn = list_entry(l, struct connection, link);

		if (!matches(conn, gpa, size, val))
			continue;
		signal(conn->port);
		return true;
	}
	return false;
}

/* The root has emptied a ring that was full: what waited may go in now. */
static u16 hv_notify_port_ring_empty(struct hvcall *c)
{
	const struct hvx_in_notify_port_ring_empty in =
		*(const struct hvx_in_notify_port_ring_empty *)c->in;
	struct list *l;

	if (in.sint >= NR_SINTS || in.rsvd)
		return HVX_STATUS_INVALID_PARAMETER;
	list_for_each(l, &ports) {
		struct port *port = list_entry(l, struct port, link);

		if (port->pending && port->sint == in.sint)
			signal(port);
	}
	return HVX_STATUS_SUCCESS;
}

/* The port of @type that the caller's connection @id goes to. */
static u16 find_target(const struct hvcall *c, u32 id, u32 type, struct port **port)
{
	const struct child_vp *vp = c->child;
	struct connection *conn = vp ? find_connection(vp->part, id) : NULL;

	if (!conn)
		return HVX_STATUS_INVALID_CONNECTION_ID;
	*port = conn->port;
	return conn->port->type == type ? HVX_STATUS_SUCCESS : HVX_STATUS_INVALID_PORT_ID;
}

static u16 hv_post_message(struct hvcall *c)
{
	const struct hvx_in_post_message in = *(const struct hvx_in_post_message *)c->in;
	struct hvx_message m = { .type = in.type, .payload_size = in.payload_size };
	struct port *port;
	u16 status;

	if (!c->child)
		return vmbus_post(&in);
	status = find_target(c, in.connection_id, HVX_PORT_MESSAGE, &port);
	if (status)
		return status;
	if (in.rsvd || !in.type || (in.type & HVX_MSG_TYPE_HYPERVISOR) ||
	    in.payload_size > HVX_MSG_PAYLOAD_SIZE)
		return HVX_STATUS_INVALID_PARAMETER;
	m.sender = port->id;
	memcpy(m.payload, in.payload, in.payload_size);
	return synic_post_message(target_of(port), port->sint, &m);
}

static u16 hv_signal_event(struct hvcall *c)
{
	const struct hvx_in_signal_event in = *(const struct hvx_in_signal_event *)c->in;
	struct port *port;
	u16 status;

	status = find_target(c, in.connection_id, HVX_PORT_EVENT, &port);
	if (status)
		return status;
	if (in.rsvd || in.flag >= port->flag_count)
		return HVX_STATUS_INVALID_PARAMETER;
	return synic_signal_event(target_of(port), port->sint, port->base_flag + in.flag);
}

static const struct hvc_row port_rows[] = {
	{
		.code = HVX_CALL_CREATE_PORT, .name = "CreatePort",
		.in = sizeof(struct hvx_in_create_port),
		.priv = HVX_PRIV_CREATE_PORT, .fn = hv_create_port,
	}, {
		.code = HVX_CALL_DELETE_PORT, .name = "DeletePort",
		.flags = HVC_FAST, .in = sizeof(struct hvx_in_delete_port),
		.priv = HVX_PRIV_CREATE_PORT, .fn = hv_delete_port,
	}, {
		.code = HVX_CALL_CONNECT_PORT, .name = "ConnectPort",
		.in = sizeof(struct hvx_in_connect_port),
		.priv = HVX_PRIV_CONNECT_PORT, .fn = hv_connect_port,
	}, {
		.code = HVX_CALL_DISCONNECT_PORT, .name = "DisconnectPort",
		.flags = HVC_FAST, .in = sizeof(struct hvx_in_disconnect_port),
		.priv = HVX_PRIV_CONNECT_PORT, .fn = hv_disconnect_port,
	}, {
		.code = HVX_CALL_NOTIFY_PORT_RING_EMPTY, .name = "NotifyPortRingEmpty",
		.flags = HVC_FAST | HVC_HOT, .in = sizeof(struct hvx_in_notify_port_ring_empty),
		.fn = hv_notify_port_ring_empty,
	}, {
		.code = HVX_CALL_POST_MESSAGE, .name = "PostMessage",
		.flags = HVC_HOT | HVC_CHILD, .in = sizeof(struct hvx_in_post_message),
		.priv = HVX_PRIV_POST_MESSAGES, .fn = hv_post_message,
	}, {
		.code = HVX_CALL_SIGNAL_EVENT, .name = "SignalEvent",
		.flags = HVC_FAST | HVC_HOT | HVC_CHILD,
		.in = sizeof(struct hvx_in_signal_event),
		.priv = HVX_PRIV_SIGNAL_EVENTS, .fn = hv_signal_event,
	},
};
HVC_TABLE(port_rows);
