// SPDX-License-Identifier: GPL-2.0
/*
 * The smallest virtual machine monitor on /dev/mshv that is one: a partition
 * with 2 MiB of memory and one virtual processor. Its guest (guest.S) prints
 * on a serial port of which there is nothing but the port number. The VMM
 * passes that on to standard output and exits with 0 if the guest printed what
 * it had to: the guest multiplies two numbers that were not known when it was
 * built.
 *
 * The order of the steps is the interface's: device, partition, properties,
 * initialise, memory, VP, registers, run.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <linux/mshv.h>

#include "guest.h"
#include "hv_abi.h"

#define TIME_LIMIT	30	/* seconds */
#define RFLAGS_FIXED	0x2	/* the bit that always is 1 */

extern const char _binary_guest_bin_start[], _binary_guest_bin_end[];

/* What the guest has printed. */
struct console {
	char text[512];
	size_t len;
};

static void __attribute__((noreturn, format(printf, 1, 2)))
die(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("mshv-hello: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

static int check(int result, const char *what)
{
	if (result < 0)
		die("%s: %s", what, strerror(errno));
	return result;
}

/* Every ioctl is optional; a driver that lacks one says so beforehand. */
static void need(int fd, __u32 capability, const char *what)
{
	if (check(ioctl(fd, MSHV_CHECK_EXTENSION, &capability),
		  "MSHV_CHECK_EXTENSION") == 0)
		die("this driver does not have %s", what);
}

/*
 * What of Hyper-V the guest sees is a property that can be set only before the
 * partition is initialised. The kernel fills in the partition's id.
 */
static void show_hypervisor(int partition)
{
	struct hvx_in_set_partition_property in = {
		.code = HVX_PROP_SYNTHETIC_PROC_FEATURES,
		.value = HVX_SYNTH_HYPERVISOR_PRESENT | HVX_SYNTH_HV1 |
			 HVX_SYNTH_HYPERCALL | HVX_SYNTH_VP_INDEX,
	};
	struct mshv_root_hvcall call = {
		.code = HVX_CALL_SET_PARTITION_PROPERTY,
		.in_sz = sizeof(in),
		.in_ptr = (uintptr_t)&in,
	};

	need(partition, MSHV_CAP_PARTITION_HVCALL, "MSHV_ROOT_HVCALL");
	check(ioctl(partition, MSHV_ROOT_HVCALL, &call),
	      "MSHV_ROOT_HVCALL, set partition property");
}

static int create_partition(int device)
{
	struct mshv_create_partition args = {
		.pt_flags = 1 << MSHV_PT_BIT_LAPIC,
		.pt_isolation = MSHV_PT_ISOLATION_NONE,
	};
	int partition;

	partition = check(ioctl(device, MSHV_CREATE_PARTITION, &args),
			  "MSHV_CREATE_PARTITION");
	need(partition, MSHV_CAP_GUEST_MEMORY, "MSHV_SET_GUEST_MEMORY");
	need(partition, MSHV_CAP_CREATE_VP, "MSHV_CREATE_VP");
	show_hypervisor(partition);
	check(ioctl(partition, MSHV_INITIALIZE_PARTITION),
	      "MSHV_INITIALIZE_PARTITION");
	return partition;
}

static char *create_memory(int partition)
{
	struct mshv_user_mem_region region = {
		.size = GUEST_MEMORY_SIZE,
		.guest_pfn = 0,
		.flags = 1 << MSHV_SET_MEM_BIT_WRITABLE |
			 1 << MSHV_SET_MEM_BIT_EXECUTABLE,
	};
	char *memory;

	memory = mmap(NULL, GUEST_MEMORY_SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	region.userspace_addr = (uintptr_t)memory;
	check(ioctl(partition, MSHV_SET_GUEST_MEMORY, &region),
	      "MSHV_SET_GUEST_MEMORY");
	return memory;
}

static int create_vp(int partition)
{
	struct mshv_create_vp args = { .vp_index = 0 };
	int vp;

	vp = check(ioctl(partition, MSHV_CREATE_VP, &args), "MSHV_CREATE_VP");
	need(vp, MSHV_CAP_RUN_VP, "MSHV_RUN_VP");
	need(vp, MSHV_CAP_VP_REGISTERS, "MSHV_SET_VP_REGISTERS");
	return vp;
}

static void get_registers(int vp, struct hvx_register *regs, __u32 count)
{
	struct mshv_vp_registers args = {
		.count = count,
		.regs_ptr = (uintptr_t)regs,
	};

	check(ioctl(vp, MSHV_GET_VP_REGISTERS, &args), "MSHV_GET_VP_REGISTERS");
}

static void set_registers(int vp, struct hvx_register *regs, __u32 count)
{
	struct mshv_vp_registers args = {
		.count = count,
		.regs_ptr = (uintptr_t)regs,
	};

	check(ioctl(vp, MSHV_SET_VP_REGISTERS, &args), "MSHV_SET_VP_REGISTERS");
}

/*
 * A new VP is as after reset and would start below 4 GiB, where firmware has
 * its place. Only the code segment and the start address differ.
 */
static void set_entry(int vp)
{
	struct hvx_register regs[] = {
		{ .name = HVX_REG_CS },
		{ .name = HVX_REG_RIP },
		{ .name = HVX_REG_RFLAGS },
	};

	get_registers(vp, regs, 1);
	regs[0].value.segment.base = 0;
	regs[0].value.segment.selector = 0;
	regs[1].value.u64 = GUEST_ENTRY;
	regs[2].value.u64 = RFLAGS_FIXED;
	set_registers(vp, regs, 3);
}

static void console_put(struct console *console, char c)
{
	putchar(c);
	if (console->len < sizeof(console->text) - 1)
		console->text[console->len++] = c;
}

/*
 * The VP stands in front of its OUT instruction. Returns the guest's status
 * if it left one, else -1 for "go on".
 */
static int handle_port(int vp, const struct hvx_msg_io_port *io,
		       struct console *console)
{
	struct hvx_register rip = {
		.name = HVX_REG_RIP,
		.value.u64 = io->h.rip + (io->h.length_cr8 & 0xf),
	};

	if (io->h.access_type != HVX_ACCESS_WRITE ||
	    (io->access_info & HVX_IO_STRING))
		die("no device at port %#x for this access", io->port);
	if (io->port == GUEST_PORT_EXIT)
		return io->rax & 0xff;
	if (io->port != GUEST_PORT_SERIAL)
		die("no device at port %#x", io->port);
	console_put(console, io->rax);
	set_registers(vp, &rip, 1);
	return -1;
}

static void __attribute__((noreturn)) unexpected(const struct hvx_message *msg)
{
	const struct hvx_msg_header *h = (const void *)msg->payload;
	const struct hvx_msg_memory *mem = (const void *)msg->payload;

	if (msg->type == HVX_MSG_UNMAPPED_GPA ||
	    msg->type == HVX_MSG_GPA_INTERCEPT)
		die("the guest at RIP %#" PRIx64 " touches %#" PRIx64 ", where it has no memory",
		    (uint64_t)h->rip, (uint64_t)mem->gpa);
	if (msg->type == HVX_MSG_UNRECOVERABLE_EXCEPTION)
		die("the guest crashed at RIP %#" PRIx64, (uint64_t)h->rip);
	die("unexpected message %#x at RIP %#" PRIx64, msg->type,
	    (uint64_t)h->rip);
}

static volatile sig_atomic_t time_is_up;

static void on_alarm(int signal)
{
	(void)signal;
	time_is_up = 1;
}

/* Without SA_RESTART, so that it ends a MSHV_RUN_VP. */
static void set_time_limit(void)
{
	struct sigaction action = { .sa_handler = on_alarm };

	check(sigaction(SIGALRM, &action, NULL), "sigaction");
	alarm(TIME_LIMIT);
}

/* Returns the guest's status. */
static int run(int vp, struct console *console, unsigned int *exits)
{
	struct mshv_run_vp buffer;
	struct hvx_message msg;
	int status;

	for (;;) {
		if (time_is_up)
			die("the guest is not done after %d s", TIME_LIMIT);
		if (ioctl(vp, MSHV_RUN_VP, &buffer)) {
			if (errno == EINTR)
				continue;
			die("MSHV_RUN_VP: %s", strerror(errno));
		}
		++*exits;
		memcpy(&msg, buffer.msg_buf, sizeof(msg));
		if (msg.type != HVX_MSG_X64_IO_PORT)
			unexpected(&msg);
		status = handle_port(vp, (const void *)msg.payload, console);
		if (status >= 0)
			return status;
	}
}

static void choose_factors(__u64 *factors)
{
	__u32 random[2];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		die("getrandom: %s", strerror(errno));
	factors[0] = random[0];
	factors[1] = random[1];
}

/* What an honest guest prints. */
static void expect(char *text, size_t size, const __u64 *factors)
{
	snprintf(text, size,
		 "Hello from real mode.\n"
		 "Hello from long mode, on Microsoft Hv.\n"
		 "%" PRIu64 " * %" PRIu64 " = %" PRIu64 ".\n",
		 (uint64_t)factors[0], (uint64_t)factors[1],
		 (uint64_t)(factors[0] * factors[1]));
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

int main(void)
{
	struct console console = { .len = 0 };
	char expected[sizeof(console.text)];
	int device, partition, vp, status;
	unsigned int exits = 0;
	__u64 factors[2];
	double start;
	char *memory;

	start = now();
	device = open("/dev/mshv", O_RDWR | O_CLOEXEC);
	check(device, "/dev/mshv");
	need(device, MSHV_CAP_CREATE_PARTITION, "MSHV_CREATE_PARTITION");

	partition = create_partition(device);
	memory = create_memory(partition);
	choose_factors(factors);
	memcpy(memory + GUEST_ENTRY, _binary_guest_bin_start,
	       _binary_guest_bin_end - _binary_guest_bin_start);
	memcpy(memory + GUEST_FACTORS, factors, sizeof(factors));

	vp = create_vp(partition);
	set_entry(vp);
	set_time_limit();
	status = run(vp, &console, &exits);

	close(vp);
	close(partition);
	close(device);
	munmap(memory, GUEST_MEMORY_SIZE);

	if (status)
		die("the guest ended with status %d", status);
	expect(expected, sizeof(expected), factors);
	if (strcmp(console.text, expected))
		die("the guest should have said:\n%s", expected);
	printf("mshv-hello: right. %u exits, %.1f ms.\n", exits,
	       (now() - start) * 1000);
	return 0;
}
