/* SPDX-License-Identifier: GPL-2.0 */
/* Exception stubs of the hypervisor, and the world switch. */

#define NMI_VECTOR	2
#define HOST_CR0	0x80010011	/* PG, WP, ET, PE: boot.S and trampoline.S */

	.text

/*
 * An NMI reaches the hypervisor only where it opens GIF to let one that caused
 * an exit go by (see vcpu_enter()).
 */
	.balign 16
nmi_stub:
	iretq

	.balign 16
	.globl	exc_stubs
exc_stubs:
	.set	vec, 0
	.rept	256
	.balign 16
	.if	vec == NMI_VECTOR
	jmp	nmi_stub
	.else
	.if	!((vec == 8) || (vec >= 10 && vec <= 14) || vec == 17 || vec == 21)
	pushq	$0				/* stands for the error code */
	.endif
	pushq	$vec
	jmp	exc_common
	.endif
	.set	vec, vec + 1
	.endr

exc_common:
	pushq	%r15
	pushq	%r14
	pushq	%r13
	pushq	%r12
	pushq	%r11
	pushq	%r10
	pushq	%r9
	pushq	%r8
	pushq	%rdi
	pushq	%rsi
	pushq	%rbp
	pushq	%rbx
	pushq	%rdx
	pushq	%rcx
	pushq	%rax
	cld
	movq	%rsp, %rdi
	movq	%rsp, %rbx
	andq	$-16, %rsp
	call	exception
	movq	%rbx, %rsp
	popq	%rax
	popq	%rcx
	popq	%rdx
	popq	%rbx
	popq	%rbp
	popq	%rsi
	popq	%rdi
	popq	%r8
	popq	%r9
	popq	%r10
	popq	%r11
	popq	%r12
	popq	%r13
	popq	%r14
	popq	%r15
	addq	$16, %rsp			/* vector and error code */
	iretq

/*
 * void svm_run(u64 *gpr, u64 vmcb_pa)
 *
 * Enters the guest with GIF clear before and after. RFLAGS.IF of the host decides
 * whether physical interrupts end the run of a guest that has V_INTR_MASKING;
 * other guests run with their own flag.
 *
 * QEMU 7.2 may leave CR0 as the guest had it, and with it paging off: at the end of
 * a run it loads CR0 by what serves MOV to CR0, too, and that does nothing when PG
 * gets set while EFER.LME is set and CR4.PAE is not. EFER and CR4 are the
 * guest's at this moment. All that it loads afterwards is the host's, whatever CR0
 * is. So this code runs where addresses are physical (vcpu_enter() sees to it),
 * and sets CR0 itself, before it touches memory. RAX is the host's already.
 */
	.balign 16
	.globl	svm_run
svm_run:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	pushq	%rdi
	movq	%rsi, %rax
	movq	1 * 8(%rdi), %rcx
	movq	2 * 8(%rdi), %rdx
	movq	3 * 8(%rdi), %rbx
	movq	5 * 8(%rdi), %rbp
	movq	6 * 8(%rdi), %rsi
	movq	8 * 8(%rdi), %r8
	movq	9 * 8(%rdi), %r9
	movq	10 * 8(%rdi), %r10
	movq	11 * 8(%rdi), %r11
	movq	12 * 8(%rdi), %r12
	movq	13 * 8(%rdi), %r13
	movq	14 * 8(%rdi), %r14
	movq	15 * 8(%rdi), %r15
	movq	7 * 8(%rdi), %rdi
	clgi					/* it is; but see tcg.h */
	sti
	nop					/* leaves the shadow of STI */
	vmrun	%rax
	movq	%cr0, %rax
	testl	%eax, %eax
	js	1f				/* PG */
	movl	$HOST_CR0, %eax
	movq	%rax, %cr0
1:	cli
	pushq	%rdi
	movq	8(%rsp), %rdi
	movq	%rcx, 1 * 8(%rdi)
	movq	%rdx, 2 * 8(%rdi)
	movq	%rbx, 3 * 8(%rdi)
	movq	%rbp, 5 * 8(%rdi)
	movq	%rsi, 6 * 8(%rdi)
	movq	%r8, 8 * 8(%rdi)
	movq	%r9, 9 * 8(%rdi)
	movq	%r10, 10 * 8(%rdi)
	movq	%r11, 11 * 8(%rdi)
	movq	%r12, 12 * 8(%rdi)
	movq	%r13, 13 * 8(%rdi)
	movq	%r14, 14 * 8(%rdi)
	movq	%r15, 15 * 8(%rdi)
	popq	%rax
	movq	%rax, 7 * 8(%rdi)
	popq	%rdi
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret
