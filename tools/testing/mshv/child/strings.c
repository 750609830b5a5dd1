// SPDX-License-Identifier: GPL-2.0
/*
 * Run in the guest: string instructions on ports, with all that can happen to the
 * memory side. The port is the scratch register of the serial port, which holds the
 * last byte that was written to it.
 */
#include <asm/prctl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SCRATCH		0x3ff
#define CONSOLE		0x3f8
#define PAGE		4096UL
#define SIZE		(3 * PAGE)

#define EXPECT(what)							\
	do {								\
		if (!(what)) {						\
			printf("strings: not so: %s\n", #what);	\
			exit(1);					\
		}							\
	} while (0)

#define OUTS(instruction, port, from, count) ({				\
	const void *rsi = (const void *)(from);			\
	unsigned long rcx = (count);					\
	asm volatile(instruction					\
		     : "+S" (rsi), "+c" (rcx)				\
		     : "d" ((unsigned short)(port)) : "memory");	\
	EXPECT(!rcx);							\
	rsi; })

#define INS(instruction, to, count) ({					\
	void *rdi = (to);						\
	unsigned long rcx = (count);					\
	asm volatile(instruction					\
		     : "+D" (rdi), "+c" (rcx)				\
		     : "d" ((unsigned short)SCRATCH) : "memory");	\
	EXPECT(!rcx);							\
	rdi; })

/* Pages that the kernel has not yet filled in: each first access is a page fault. */
static unsigned char *fresh(int flags)
{
	unsigned char *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	EXPECT(p != MAP_FAILED);
	return p;
}

static int all(const unsigned char *p, size_t size, unsigned char value)
{
	while (size--)
		if (*p++ != value)
			return 0;
	return 1;
}

static void output(void)
{
	static const char text[] = "strings: this line was one instruction\n";
	unsigned char *p = fresh(0);
	unsigned long i;

	EXPECT(OUTS("rep outsb", CONSOLE, text, sizeof(text) - 1) == text + sizeof(text) - 1);
	for (i = 0; i < SIZE; i++)
		p[i] = i * 7 + i / 256;
	EXPECT(OUTS("rep outsb", SCRATCH, p, SIZE) == p + SIZE);
	EXPECT(inb(SCRATCH) == p[SIZE - 1]);
	EXPECT(OUTS("std; rep outsb; cld", SCRATCH, p + SIZE - 1, SIZE) == p - 1);
	EXPECT(inb(SCRATCH) == p[0]);
	EXPECT(OUTS("rep outsb", SCRATCH, p + 5, 0) == p + 5);
	EXPECT(inb(SCRATCH) == p[0]);
	/* without REP the count does not count */
	OUTS("outsb; xor %%ecx, %%ecx", SCRATCH, p + 9, 100);
	EXPECT(inb(SCRATCH) == p[9]);
	/* elements in two pages */
	OUTS("rep outsl", SCRATCH, p + PAGE - 2, 1);
	EXPECT(inb(SCRATCH) == p[PAGE - 2]);
}

static void input(void)
{
	unsigned char *p = fresh(0);
	unsigned int i, word;

	outb(0xa5, SCRATCH);
	EXPECT(INS("rep insb", p, SIZE) == p + SIZE);
	EXPECT(all(p, SIZE, 0xa5));
	outb(0x3c, SCRATCH);
	EXPECT(INS("rep insl", p + 2, (SIZE - 4) / 4) == p + SIZE - 2);
	for (i = 2; i < SIZE - 2; i += 4) {
		memcpy(&word, p + i, 4);
		EXPECT(word == 0x3c);
	}
	EXPECT(p[0] == 0xa5 && p[1] == 0xa5 && p[SIZE - 2] == 0xa5 && p[SIZE - 1] == 0xa5);
	EXPECT(INS("std; rep insw; cld", p + 6, 2) == p + 2);
	EXPECT(p[2] == 0x3c && p[3] == 0 && p[4] == 0x3c && p[5] == 0);
}

/* A segment with a base, and addresses of 32 bits */
static void prefixes(void)
{
	unsigned char *p = fresh(MAP_32BIT);

	p[0] = 0x11;
	p[8] = 0x22;
	EXPECT(!syscall(SYS_arch_prctl, ARCH_SET_GS, p));
	OUTS("gs outsb; xor %%ecx, %%ecx", SCRATCH, 8, 0);
	EXPECT(inb(SCRATCH) == 0x22);
	OUTS("rep outsb %%ds:(%%esi), %%dx", SCRATCH, p, 1);
	EXPECT(inb(SCRATCH) == 0x11);
	EXPECT(INS("rep insb %%dx, %%es:(%%edi)", p + PAGE, 3) == p + PAGE + 3);
	EXPECT(all(p + PAGE, 3, 0x11) && !p[PAGE + 3]);
}

/* What a process must not touch it does not get by a detour. */
static void refused(void)
{
	unsigned char *p = fresh(0);
	int status;
	pid_t pid;

	EXPECT(!mprotect(p + PAGE, PAGE, PROT_READ));
	fflush(stdout);
	pid = fork();
	if (!pid) {
		signal(SIGSEGV, SIG_DFL);
		INS("rep insb", p, 2 * PAGE);
		_exit(0);
	}
	EXPECT(waitpid(pid, &status, 0) == pid);
	EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	pid = fork();
	if (!pid) {
		OUTS("rep outsb", SCRATCH, 0xffffffff81000000UL, 1);
		_exit(0);
	}
	EXPECT(waitpid(pid, &status, 0) == pid);
	EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	EXPECT(all(p + PAGE, PAGE, 0));
}

int main(void)
{
	/* Elements of 4 bytes reach beyond the last port of the serial port. */
	if (ioperm(CONSOLE, 16, 1)) {
		perror("ioperm");
		return 1;
	}
	output();
	input();
	prefixes();
	refused();
	return 0;
}
