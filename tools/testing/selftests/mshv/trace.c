// SPDX-License-Identifier: GPL-2.0
/*
 * Trace events: all that happens to a partition fires the event that says so, and
 * tools can parse what the events say of themselves.
 *
 * Of Documentation/virt/mshv/defects.rst:
 * D64: - no event looks at memory that the VMM can write to or that may not be there
 * D107: events_fire, formats_parse
 */
#include <dirent.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "mshv_irq.h"
#include "mshv_util.h"
#include "kselftest_harness.h"

const char *test_ours = "trace events of these names";

#define TRACEFS		"/sys/kernel/tracing/"
#define EVENTS		TRACEFS "events/mshv/"
#define TEST_GPA	(16 * MIB)

static void tracefs_write(const char *file, const char *text)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), TRACEFS "%s", file);
	fd = open(path, O_WRONLY | O_TRUNC);
	REQUIRE(fd >= 0, "%s", path);
	REQUIRE(write(fd, text, strlen(text)) == (ssize_t)strlen(text), "%s", path);
	close(fd);
}

/* The whole file; to be freed. */
static char *tracefs_read(const char *path)
{
	size_t size = 0, room = 1 << 16;
	char *text = malloc(room);
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY);
	REQUIRE(fd >= 0, "%s", path);
	while ((n = read(fd, text + size, room - size - 1)) > 0) {
		size += n;
		if (room - size < 4096)
			text = realloc(text, room *= 2);
		REQUIRE(text, "memory");
	}
	close(fd);
	text[size] = 0;
	return text;
}

static bool tracing_available(void)
{
	return !access(EVENTS "enable", W_OK);
}

/* Writes to memory of a region of its own, says so, and goes on. */
GUEST_CODE(guest_work, 64,
	   "1: mov $0x1000000, %ebx\n"
	   "mov %eax, (%rbx)\n"
	   "out %eax, $0x80\n"
	   "jmp 1b\n");

static void assert_interrupt(struct vm *vm)
{
	int fd;

	if (!cap(vm->fd, MSHV_CAP_IRQFD) || !cap(vm->fd, MSHV_CAP_MSI_ROUTING))
		return;
	fd = event_create();
	REQUIRE(!route_set(vm->fd, 1, 0x40), "MSHV_SET_MSI_ROUTING");
	REQUIRE(!irqfd_assign(vm->fd, fd, 1), "MSHV_IRQFD");
	event_signal(fd);
	close(fd);
}

/* One of everything. */
static void live(void)
{
	struct mshv_translate_gva_result result;
	struct guest g;
	void *mem;
	u64 gpa;

	guest_init_load(&g, guest_work);
	mem = mem_alloc(4 * PAGE, PAGE);
	REQUIRE(!region_map(g.vm.fd, TEST_GPA, 4 * PAGE, mem, MAP_RWX), "map");
	vp_run_out(&g.vp, 0x80);
	/* the page goes and comes again */
	madvise(mem, PAGE, MADV_DONTNEED);
	vp_run_out(&g.vp, 0x80);
	if (cap(g.vm.fd, MSHV_CAP_PARTITION_HVCALL))
		hv_install_intercept(g.vm.fd, HVX_INTERCEPT_X64_CPUID, HVX_ACCESS_MASK_EXECUTE, 1);
	if (cap(g.vp.fd, MSHV_CAP_TRANSLATE_GVA))
		REQUIRE(!vp_translate(g.vp.fd, TEST_GPA, 0, &result, &gpa), "translate");
	assert_interrupt(&g.vm);
	if (cap(g.vm.fd, MSHV_CAP_CANCEL_RUN_VP))
		xioctl(g.vp.fd, MSHV_CANCEL_RUN_VP, NULL);
	vp_load(&g.vp, MODE_LONG, guest_halt);
	alarm_us(50000, 50000);
	while (vp_run(&g.vp) != -EINTR)
		;
	REQUIRE(vp_run(&g.vp) == -EINTR, "halted");
	alarm_us(0, 0);
	/* refused by the hypervisor */
	hv_install_intercept(g.vm.fd, 0x7fffffff, HVX_ACCESS_MASK_EXECUTE, 0);
	REQUIRE(!region_unmap(g.vm.fd, TEST_GPA, 4 * PAGE, mem), "unmap");
	guest_free(&g);
}

/* What live() makes happen, with a text that the event must have at least once. */
static const struct {
	const char *event;
	const char *text;
	u32 cap;		/* only with this capability */
} expected[] = {
	{ "mshv_partition_create", "partition=0x" },
	{ "mshv_partition_state", "state=active" },
	{ "mshv_partition_state", "state=closed" },
	{ "mshv_partition_destroy", "partition=0x" },
	{ "mshv_vp_create", "vp=0" },
	{ "mshv_vp_delete", "vp=0 result=0" },
	{ "mshv_region", "gfn=0x1000 pages=4 flags=write|execute result=0" },
	{ "mshv_region", "gfn=0x1000 pages=4 flags=unmap result=0" },
	{ "mshv_gpa_fault", "gfn=0x1000 access=write result=1" },
	{ "mshv_gpa_map", "status=0" },
	{ "mshv_gpa_unmap", "status=0" },
	{ "mshv_gpa_invalidate", "gfn=0x1000-0x1000 status=0" },
	{ "mshv_irq_assert", "vector=0x40 dest=0x0 logical=0 level=0 result=0", MSHV_CAP_IRQFD },
	{ "mshv_deposit", "status=0" },
	{ "mshv_withdraw", "pages=" },
	{ "mshv_vp_intercept", "message=0x80010000" },
	{ "mshv_vp_exit", "result=0" },
	{ "mshv_vp_exit", "result=-4" },
	{ "mshv_vp_block", "vp=0" },
	{ "mshv_translate_gva", "gva=0x1000000 ", MSHV_CAP_TRANSLATE_GVA },
	{ "mshv_vp_cancel", "vp=0", MSHV_CAP_CANCEL_RUN_VP },
	{ "mshv_root_hvcall", "code=0x4d status=0", MSHV_CAP_PARTITION_HVCALL },
	{ "mshv_hvcall_failed", "code=0x4d", MSHV_CAP_PARTITION_HVCALL },
};

/* Whether a line of the trace is of this event and has this text. */
static bool trace_has(const char *trace, const char *event, const char *text)
{
	size_t len = strlen(event);
	const char *at, *end, *hit;

	for (at = strstr(trace, event); at; at = strstr(at + 1, event)) {
		if (at[-1] != ' ' || at[len] != ':')
			continue;
		end = strchr(at, '\n');
		hit = strstr(at, text);
		if (hit && (!end || hit < end))
			return true;
	}
	return false;
}

TEST(events_fire)
{
	int dev = dev_open();
	unsigned int i;
	char *trace;

	if (!tracing_available())
		SKIP(return, "no tracefs");
	tracefs_write("buffer_size_kb", "4096");
	tracefs_write("trace", "");
	tracefs_write("events/mshv/enable", "1");
	live();
	tracefs_write("events/mshv/enable", "0");
	trace = tracefs_read(TRACEFS "trace");
	for (i = 0; i < ARRAY_SIZE(expected); i++) {
		if (expected[i].cap && !cap(dev, expected[i].cap))
			continue;
		EXPECT_TRUE(trace_has(trace, expected[i].event, expected[i].text))
			TH_LOG("%s: no \"%s\"", expected[i].event, expected[i].text);
	}
	/* nobody can compute the kernel's addresses from it */
	EXPECT_EQ(NULL, strstr(trace, "=ffff"));
	EXPECT_EQ(NULL, strstr(trace, "=0xffff8"));
	free(trace);
	close(dev);
}

/* The root scheduler's part. */
TEST(dispatches_are_traced)
{
	struct ctl_info info;
	char text[64];
	char *trace;

	if (!tracing_available())
		SKIP(return, "no tracefs");
	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	ctl_info(&info);
	if (info.scheduler != HVX_SCHEDULER_ROOT)
		SKIP(return, "not the root's scheduler");
	tracefs_write("trace", "");
	tracefs_write("events/mshv/mshv_vp_dispatch/enable", "1");
	live();
	tracefs_write("events/mshv/mshv_vp_dispatch/enable", "0");
	trace = tracefs_read(TRACEFS "trace");
	snprintf(text, sizeof(text), "status=0x0 state=%u event=%u", HVX_DISPATCH_STATE_READY,
		 HVX_DISPATCH_EVENT_INTERCEPT);
	EXPECT_TRUE(trace_has(trace, "mshv_vp_dispatch", text));
	EXPECT_EQ(NULL, strstr(trace, "mshv_vp_exit:"));
	free(trace);
}

/*
 * A format's fields lie one after the other, without overlap and without holes that
 * nobody would write to, and each that the print format uses is there.
 */
static void check_format(struct __test_metadata *_metadata, const char *event, char *format)
{
	char name[64], *line, *save, *print;
	unsigned int offset, size, sign, end = 0, fields = 0;
	int n;

	print = strstr(format, "\nprint fmt: \"");
	ASSERT_NE(NULL, print)
		TH_LOG("%s", event);
	*print++ = 0;
	for (line = strtok_r(format, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char rec[80];
		char *type = strstr(line, "field:");

		if (!type)
			continue;
		n = sscanf(type, "field:%*[^;]; offset:%u; size:%u; signed:%u", &offset, &size,
			   &sign);
		ASSERT_EQ(3, n)
			TH_LOG("%s: %s", event, line);
		ASSERT_EQ(end, offset)
			TH_LOG("%s: %s", event, line);
		end = offset + size;
		*strchr(type, ';') = 0;
		snprintf(name, sizeof(name), "%s", strrchr(type, ' ') + 1);
		if (!strncmp(name, "common_", 7))
			continue;
		fields++;
		/* a field that is never printed is of no use to anybody */
		snprintf(rec, sizeof(rec), "REC->%s", name);
		EXPECT_NE(NULL, strstr(print, rec))
			TH_LOG("%s: %s is not printed", event, name);
	}
	EXPECT_LT(0, fields);
	EXPECT_NE(NULL, strstr(print, "REC->"));
}

TEST(formats_parse)
{
	unsigned int events = 0;
	struct dirent *entry;
	char path[512];
	char *format;
	DIR *dir;

	if (!tracing_available())
		SKIP(return, "no tracefs");
	dir = opendir(EVENTS);
	ASSERT_NE(NULL, dir);
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, "mshv_", 5))
			continue;
		snprintf(path, sizeof(path), EVENTS "%s/format", entry->d_name);
		format = tracefs_read(path);
		check_format(_metadata, entry->d_name, format);
		free(format);
		events++;
	}
	closedir(dir);
	EXPECT_LE(20, events);
}

TEST_HARNESS_MAIN
