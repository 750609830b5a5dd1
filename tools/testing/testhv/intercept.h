/* SPDX-License-Identifier: GPL-2.0 */
/* Intercepts: what is installed, and the messages about them. */
#ifndef TESTHV_INTERCEPT_H
#define TESTHV_INTERCEPT_H

#include "types.h"
#include "vp.h"

/* Access mask that is installed for a type and parameter; 0 without intercept. */
u32 intercept_access(const struct partition *p, u32 type, u64 parameter);

/* Forget all installed intercepts. */
void intercepts_clear(struct partition *p);

/* Fill in what all intercept messages begin with. @length: of the instruction. */
void msg_header(struct child_vp *vp, struct hvx_msg_header *h, u8 length, u8 access);

struct hvx_segment seg_to_hvx(const struct vmcb_seg *s);
void seg_from_hvx(struct vmcb_seg *s, const struct hvx_segment *h);

/**
 * intercept_send - suspend a VP and tell the root why
 * @vp: VP that left the guest
 * @type: HVX_MSG_*
 * @payload: contents
 * @size: their length
 */
void intercept_send(struct child_vp *vp, u32 type, const void *payload, u8 size);

/*
 * Messages of the exits. They look at the VP as the exit left it: RIP is at the
 * instruction.
 */
void intercept_io(struct child_vp *vp);
void intercept_memory(struct child_vp *vp, bool mapped);
void intercept_cpuid(struct child_vp *vp, u8 len, const struct hvx_cpuid_result *deflt);
void intercept_msr(struct child_vp *vp, u8 len, bool write);
void intercept_exception(struct child_vp *vp, u8 vector);
void intercept_halt(struct child_vp *vp, u8 len);
void intercept_hypercall(struct child_vp *vp, u8 len);
void intercept_unrecoverable(struct child_vp *vp);
void intercept_invalid_state(struct child_vp *vp);
void intercept_unsupported(struct child_vp *vp, u32 feature, u64 parameter);
void intercept_apic_eoi(struct child_vp *vp, u8 vector);

#endif /* TESTHV_INTERCEPT_H */
