/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Start of the other processors: copied to a page below 1 MiB. The values at the
 * end are filled in by smp.c; all addresses are relative to the page, whose
 * segment CS names.
 */
	.section .rodata
	.balign 16
	.globl	trampoline_start, trampoline_end
	.globl	trampoline_cr3, trampoline_stack, trampoline_gdt_ptr
	.globl	trampoline_gdt, trampoline_jump
	.code16
trampoline_start:
	cli
	cld
	movw	%cs, %ax
	movw	%ax, %ds
	lgdtl	trampoline_gdt_ptr - trampoline_start
	movl	trampoline_cr3 - trampoline_start, %eax
	movl	%eax, %cr3
	movl	$0x20, %eax			/* PAE */
	movl	%eax, %cr4
	movl	$0xc0000080, %ecx
	rdmsr
	orl	$0x900, %eax			/* LME, NXE */
	wrmsr
	movl	trampoline_stack - trampoline_start, %esp
	movl	$0x80010001, %eax		/* PG, WP, PE; caches on */
	movl	%eax, %cr0
	ljmpl	*(trampoline_jump - trampoline_start)
	.balign 8
trampoline_gdt:
	.quad	0
	.quad	0x00af9b000000ffff
	.quad	0x00cf93000000ffff
trampoline_gdt_ptr:
	.word	23
	.long	0				/* address of the table above */
	.balign 4
trampoline_cr3:
	.long	0
trampoline_stack:
	.long	0
trampoline_jump:
	.long	0				/* physical address of ap_entry */
	.word	0x08
trampoline_end:

	.text
	.code64
/* Runs at the physical address at first, with the processor's own stack. */
	.globl	ap_entry
ap_entry:
	movq	$1f, %rax
	jmp	*%rax
1:	movl	$0x10, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	lgdt	boot_gdt_ptr_high(%rip)
	movl	%esp, %esp			/* clear the upper half */
	xorl	%ebp, %ebp
	call	ap_main
	ud2
