// SPDX-License-Identifier: GPL-2.0
/*
 * mshv-run: a small virtual machine monitor on /dev/mshv. It boots a Linux
 * kernel with its console on this terminal, and with a disk and a source of
 * random numbers by virtio.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm.h"

#define DEFAULT_MEMORY	MIB(512)
#define MIN_MEMORY	MIB(32)
#define MAX_MEMORY	GIB(512)

static const char usage[] =
	"usage: mshv-run -k BZIMAGE [OPTION]...\n"
	"\n"
	"Boots a Linux kernel in a partition of Hyper-V. Its first serial port is this\n"
	"terminal: Ctrl-A x ends the guest. Exit status: 0 the guest powered off,\n"
	"1 error, 2 usage, 3 it was reset or ended from outside, 4 it crashed.\n"
	"\n"
	"  -k, --kernel BZIMAGE   the kernel\n"
	"  -i, --initrd FILE      its initramfs\n"
	"  -c, --cmdline TEXT     its command line (default: console=ttyS0)\n"
	"  -m, --memory SIZE      memory, in MiB or with a suffix M or G (default 512M)\n"
	"  -p, --processors N     virtual processors (default 1)\n"
	"  -d, --disk FILE        a disk, as /dev/vda; read-only if the file is\n"
	"  -s, --statistics       at the end, tell how often the guest stopped for what\n"
	"      --xapic            local APICs without their x2APIC mode\n";

static const struct option long_options[] = {
	{ "kernel", required_argument, NULL, 'k' },
	{ "initrd", required_argument, NULL, 'i' },
	{ "cmdline", required_argument, NULL, 'c' },
	{ "memory", required_argument, NULL, 'm' },
	{ "processors", required_argument, NULL, 'p' },
	{ "disk", required_argument, NULL, 'd' },
	{ "statistics", no_argument, NULL, 's' },
	{ "xapic", no_argument, NULL, 'x' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

struct settings {
	const char *kernel, *initrd, *cmdline, *disk;
	u64 memory;
	unsigned int processors;
	bool statistics, xapic;
};

static u64 parse_memory(const char *text)
{
	char *end;
	u64 n = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || n > MAX_MEMORY / MIB(1))
		n = 0;
	if (!strcmp(end, "G"))
		n = n * GIB(1);
	else if (!*end || !strcmp(end, "M"))
		n = n * MIB(1);
	else
		n = 0;
	if (n < MIN_MEMORY || n > MAX_MEMORY)
		die("--memory %s: must be from %lluM to %lluG", text,
		    (unsigned long long)(MIN_MEMORY / MIB(1)),
		    (unsigned long long)(MAX_MEMORY / GIB(1)));
	return n;
}

static unsigned int parse_processors(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n < 1 || n > MAX_VPS)
		die("--processors %s: must be from 1 to %u", text, MAX_VPS);
	return n;
}

static void __attribute__((noreturn)) bad_usage(void)
{
	fputs(usage, stderr);
	exit(STATUS_USAGE);
}

static void parse(int argc, char **argv, struct settings *s)
{
	int option;

	while ((option = getopt_long(argc, argv, "k:i:c:m:p:d:sh", long_options, NULL)) >= 0) {
		switch (option) {
		case 'k':
			s->kernel = optarg;
			break;
		case 'i':
			s->initrd = optarg;
			break;
		case 'c':
			s->cmdline = optarg;
			break;
		case 'm':
			s->memory = parse_memory(optarg);
			break;
		case 'p':
			s->processors = parse_processors(optarg);
			break;
		case 'd':
			s->disk = optarg;
			break;
		case 's':
			s->statistics = true;
			break;
		case 'x':
			s->xapic = true;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(STATUS_POWER_OFF);
		default:
			bad_usage();
		}
	}
	if (optind < argc || !s->kernel)
		bad_usage();
}

int main(int argc, char **argv)
{
	static struct vm vm;
	struct settings s = {
		.cmdline = "console=ttyS0", .memory = DEFAULT_MEMORY, .processors = 1,
	};
	double start = now();

	parse(argc, argv, &s);
	vm.ram_size = s.memory;
	vm.nr_vps = s.processors;
	vm_create(&vm, !s.xapic);
	irq_init(&vm);
	power_init(&vm);
	rtc_init(&vm);
	rng_init(&vm);
	if (s.disk)
		blk_init(&vm, s.disk);
	acpi_build(&vm);
	linux_load(&vm, s.kernel, s.initrd, s.cmdline);
	uart_init(&vm);
	vm_run(&vm);
	if (s.statistics)
		stats_print(&vm, now() - start);
	vm_destroy(&vm);
	return vm.status;
}
