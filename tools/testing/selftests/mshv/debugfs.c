// SPDX-License-Identifier: GPL-2.0
/*
 * Statistics in debugfs, of this driver and of mainline's. The files have the same
 * places, and other names for the same counters.
 *
 * Kinds of fault that cannot occur: a module that does not load, or memory that is
 * lost, because debugfs is switched off (nothing depends on what its functions
 * return); directories in a wrong place for VPs of a partition that is not
 * initialized (there are no such VPs); debugfs that goes away while partitions live
 * (there is no reboot notifier).
 *
 * Of Documentation/virt/mshv/defects.rst:
 * D101: - nothing is removed at a reboot
 */
#include <dirent.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "mshv_util.h"
#include "kselftest_harness.h"

#define DEBUGFS		"/sys/kernel/debug/mshv"
#define NAME_SIZE	sizeof(((struct dirent *)0)->d_name)

GUEST_CODE(guest_out, 64,
	   "out %al, $0x80\n");

/* Contents of a file below DEBUGFS; NULL if it is not there. */
static char *debug_read(const char *fmt, ...)
{
	static char buf[32768];
	char path[256];
	size_t n = 0;
	va_list ap;
	ssize_t r;
	int fd;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return NULL;
	while (n < sizeof(buf) - 1 && (r = read(fd, buf + n, sizeof(buf) - 1 - n)) > 0)
		n += r;
	close(fd);
	buf[n] = 0;
	return buf;
}

/* Value in a line "name   value", or "name   : value" as mainline has it. */
static long long debug_value(const char *text, const char *name)
{
	size_t len = strlen(name);
	const char *line, *value;

	for (line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!*line)
			break;
		if (strncmp(line, name, len))
			continue;
		value = line + len + strspn(line + len, " ");
		if (value == line + len && *value != ':')
			continue;
		return atoll(value + (*value == ':'));
	}
	return -1;
}

/* The counter's name here or in mainline */
static long long counter(const char *text, const char *name, const char *mainlines)
{
	return debug_value(text, on_mainline() ? mainlines : name);
}

/* The partitions there other than @own, and the name of one. */
static unsigned int others(const char *own, char *name)
{
	DIR *dir = opendir(DEBUGFS "/partition");
	unsigned int n = 0;
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		if (e->d_name[0] == '.' || !strcmp(e->d_name, own))
			continue;
		snprintf(name, NAME_SIZE, "%s", e->d_name);
		n++;
	}
	if (dir)
		closedir(dir);
	return n;
}

/* Mainline has the caller's own partition there as well. */
static void own_partition(char *name)
{
	name[0] = 0;
	REQUIRE(others("", name) == on_mainline(), "something is left in " DEBUGFS);
}

/* What is there without statistics, too */
TEST(state)
{
	struct ctl_info info = { 0 };
	struct stat st;
	char *text;

	if (access(DEBUGFS, F_OK) || on_mainline())
		SKIP(return, "no state of the driver in " DEBUGFS);
	ASSERT_EQ(0, stat(DEBUGFS "/scheduler", &st));
	EXPECT_EQ(0400, st.st_mode & 07777);
	text = debug_read(DEBUGFS "/scheduler");
	ASSERT_NE(NULL, text);
	if (ctl_present()) {
		ctl_info(&info);
		EXPECT_EQ(info.scheduler == HVX_SCHEDULER_ROOT, !strcmp(text, "root\n"));
	}
	text = debug_read(DEBUGFS "/pools");
	ASSERT_NE(NULL, text);
	EXPECT_EQ(0, strncmp(text, "root: ", 6));
	if (!info.overlay)
		EXPECT_NE(NULL, strstr(text, "lost: 0 pages"));
}

/* The memory of a partition that the hypervisor does not delete is nobody else's. */
TEST(undeleted_partition)
{
	struct accounts before;
	struct vm vm;
	char *text;

	if (access(DEBUGFS, F_OK) || on_mainline())
		SKIP(return, "no state of the driver in " DEBUGFS);
	if (!ctl_present())
		SKIP(return, "needs the test hypervisor");
	accounts_read(&before);
	vm_init(&vm);
	ctl_fault(HVX_CALL_DELETE_PARTITION, 1, HVX_STATUS_OPERATION_FAILED,
		  TESTHV_FAULT_FOREVER);
	vm_free(&vm);
	text = debug_read(DEBUGFS "/pools");
	ASSERT_NE(NULL, text);
	EXPECT_NE(NULL, strstr(text, "undeleted partition "));
	ctl_reset();
	/* with the end of another it is tried again */
	vm_init(&vm);
	vm_free(&vm);
	text = debug_read(DEBUGFS "/pools");
	ASSERT_NE(NULL, text);
	EXPECT_EQ(NULL, strstr(text, "undeleted partition "));
	EXPECT_EQ(0, accounts_open(&before));
}

/* Are there counters? That of mainline's driver cannot be asked. */
static bool has_stats(void)
{
	int dev = dev_open();
	bool has;

	has = !access(DEBUGFS, F_OK) && (on_mainline() || cap(dev, MSHV_CAP_PARTITION_STATS));
	close(dev);
	return has;
}

TEST(machine)
{
	struct ctl_info info;
	char *text;

	if (!has_stats() || !ctl_present())
		SKIP(return, "needs the test hypervisor and counters in " DEBUGFS);
	ctl_info(&info);
	/* what concerns the machine is for the root */
	text = debug_read(DEBUGFS "/stats");
	ASSERT_EQ(info.l1vh, !text);
	if (info.l1vh)
		return;
	EXPECT_EQ(info.lps, counter(text, "hv_logical_processors", "HvLogicalProcessors"));
	text = debug_read(DEBUGFS "/lp/%u/stats", info.lps - 1);
	ASSERT_NE(NULL, text);
	EXPECT_EQ(info.lps - 1, counter(text, "hv_root_vp_index", "LpRootVpIndex"));
	EXPECT_LT(0, counter(text, "hv_global_time", "LpGlobalTime"));
}

TEST(partition)
{
	char own[NAME_SIZE], id[NAME_SIZE] = "";
	struct accounts before;
	struct vm vm;
	struct vp vp;
	char *text;

	if (!has_stats())
		SKIP(return, "no counters in " DEBUGFS);
	accounts_read(&before);
	own_partition(own);
	vm_init(&vm);
	vp_init(&vp, &vm, 1);
	ASSERT_EQ(1, others(own, id));
	if (!on_mainline()) {
		text = debug_read(DEBUGFS "/partition/%s/state", id);
		ASSERT_NE(NULL, text);
		EXPECT_EQ(0, strcmp(text, "active\n"));
	}
	text = debug_read(DEBUGFS "/partition/%s/stats", id);
	ASSERT_NE(NULL, text);
	EXPECT_EQ(1, counter(text, "vps", "PtVirtualProcessors"));
	vp_load(&vp, MODE_LONG, guest_out);
	vp_run_out(&vp, 0x80);
	text = debug_read(DEBUGFS "/partition/%s/vp/1/stats", id);
	ASSERT_NE(NULL, text);
	if (!on_mainline())
		EXPECT_EQ(1, debug_value(text, "exits_io"));
	if (ctl_present())
		EXPECT_EQ(1, counter(text, "hv_io_intercept_messages", "VpIoInterceptMessages"));
	vp_free(&vp);
	/* mainline keeps the VP as long as the partition */
	EXPECT_EQ(on_mainline(), !!debug_read(DEBUGFS "/partition/%s/vp/1/stats", id));
	vm_free(&vm);
	EXPECT_EQ(0, others(own, id));
	EXPECT_EQ(0, accounts_open(&before));
}

/* Before it is initialized a partition has no counters of the hypervisor's. */
TEST(partition_not_initialized)
{
	char own[NAME_SIZE], id[NAME_SIZE] = "";
	int dev = dev_open(), pt;
	char *text;

	if (access(DEBUGFS, F_OK))
		SKIP(return, "no " DEBUGFS);
	own_partition(own);
	pt = partition_create(dev, PT_DEFAULT);
	ASSERT_LE(0, pt);
	ASSERT_EQ(!on_mainline(), others(own, id));
	if (!on_mainline()) {
		text = debug_read(DEBUGFS "/partition/%s/state", id);
		ASSERT_NE(NULL, text);
		EXPECT_EQ(0, strcmp(text, "created\n"));
		text = debug_read(DEBUGFS "/partition/%s/stats", id);
		EXPECT_EQ(!!cap(dev, MSHV_CAP_PARTITION_STATS), !!text);
		if (text) {
			EXPECT_EQ(0, debug_value(text, "vps"));
			EXPECT_EQ(-1, debug_value(text, "hv_gpa_pages"));
		}
	}
	close(pt);
	EXPECT_EQ(0, others(own, id));
	close(dev);
}

/* Without pages the files are there, and say what the driver knows. */
TEST(without_pages)
{
	struct ctl_info info;
	struct vm vm;

	if (on_mainline())
		SKIP(return, "mainline's driver maps the pages when it is loaded");
	if (!has_stats() || !ctl_present())
		SKIP(return, "needs the test hypervisor and counters in " DEBUGFS);
	ctl_reset();
	vm_init(&vm);
	ctl_info(&info);
	ctl_fault(stats_map_code(), 1, HVX_STATUS_INVALID_PARAMETER, TESTHV_FAULT_FOREVER);
	EXPECT_EQ(info.l1vh, !debug_read(DEBUGFS "/stats"));
	EXPECT_EQ(info.l1vh, !debug_read(DEBUGFS "/lp/0/stats"));
	ctl_reset();
	vm_free(&vm);
}

/* Mainline's driver shows its own partition's as well. */
TEST(parent)
{
	const char *count = "VpHypercallsCount";
	struct ctl_info info;
	long long before;
	char own[NAME_SIZE];
	char *text;
	int dev;

	if (!has_stats() || !on_mainline() || !ctl_present())
		SKIP(return, "needs the test hypervisor and mainline's driver");
	ctl_info(&info);
	own_partition(own);
	EXPECT_EQ(info.l1vh, !strcmp(own, "self"));
	text = debug_read(DEBUGFS "/partition/%s/stats", own);
	ASSERT_NE(NULL, text);
	EXPECT_EQ(info.lps, debug_value(text, "PtVirtualProcessors"));
	pin_to_cpu(0);
	text = debug_read(DEBUGFS "/partition/%s/vp/0/stats", own);
	ASSERT_NE(NULL, text);
	before = debug_value(text, count);
	EXPECT_LT(0, before);
	dev = dev_open();
	close(partition_create(dev, PT_DEFAULT));
	close(dev);
	text = debug_read(DEBUGFS "/partition/%s/vp/0/stats", own);
	ASSERT_NE(NULL, text);
	EXPECT_LT(before, debug_value(text, count));
	EXPECT_NE(NULL, debug_read(DEBUGFS "/partition/%s/vp/%u/stats", own, info.lps - 1));
}

TEST_HARNESS_MAIN
