// SPDX-License-Identifier: GPL-2.0
/*
 * dialogue PROMPT SECONDS SCRIPT COMMAND [ARGUMENT]...: runs a command on a
 * terminal of its own and types the lines of a script, each when the prompt is
 * there. A line that starts with "? " is not typed: what the line before it
 * brought about has to match this extended regular expression. All output goes
 * to standard output. Each step may take so many seconds.
 *
 * Exit status: the command's; 124 when a step took too long or the command ended
 * early; 125 when an expectation was not met.
 */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STATUS_LATE	124
#define STATUS_WRONG	125

static char output[1 << 20];	/* since the last line was typed */
static size_t used;
static pid_t child;
static int terminal;

static void __attribute__((noreturn)) fail(int status, const char *what, const char *detail)
{
	fflush(stdout);
	fprintf(stderr, "\ndialogue: %s%s%s\n", what, detail ? ": " : "", detail ?: "");
	if (child > 0)
		kill(child, SIGTERM);
	exit(status);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Returns 0 at the end of output. */
static int collect(double until)
{
	struct pollfd fd = { .fd = terminal, .events = POLLIN };
	char data[4096];
	ssize_t n;

	if (poll(&fd, 1, until > now() ? (until - now()) * 1000 + 1 : 0) == 0)
		fail(STATUS_LATE, "the answer takes too long", NULL);
	n = read(terminal, data, sizeof(data));
	if (n <= 0)
		return 0;
	fwrite(data, 1, n, stdout);
	fflush(stdout);
	/* Only the end matters when there is more than fits. */
	if (used + n >= sizeof(output))
		used = 0;
	memcpy(output + used, data, n);
	used += n;
	output[used] = 0;
	return 1;
}

/* A shell may ask the terminal where the cursor is, and goes on without answer. */
static int at_prompt(const char *prompt)
{
	static const char query[] = "\033[6n";
	size_t len = strlen(prompt), end = used, qlen = strlen(query);

	if (end >= qlen && !memcmp(output + end - qlen, query, qlen))
		end -= qlen;
	return end >= len && !memcmp(output + end - len, prompt, len);
}

/* Returns 0 if the command ended. */
static int wait_for_prompt(const char *prompt, double seconds)
{
	double until = now() + seconds;

	while (!at_prompt(prompt))
		if (!collect(until))
			return 0;
	return 1;
}

static void type(const char *line)
{
	size_t len = strlen(line);

	used = 0;
	output[0] = 0;
	if (write(terminal, line, len) != (ssize_t)len)
		fail(STATUS_LATE, "cannot type", strerror(errno));
}

static void expect(char *pattern)
{
	regex_t regex;

	pattern[strcspn(pattern, "\n")] = 0;
	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NEWLINE | REG_NOSUB))
		fail(STATUS_WRONG, "not a regular expression", pattern);
	if (regexec(&regex, output, 0, NULL, 0))
		fail(STATUS_WRONG, "not in the answer", pattern);
	regfree(&regex);
}

static void start(char **argv)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };

	child = forkpty(&terminal, NULL, NULL, &size);
	if (child < 0)
		fail(STATUS_LATE, "no terminal", strerror(errno));
	if (child == 0) {
		execvp(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
}

static int finish(double seconds)
{
	double until = now() + seconds;
	int status;

	while (collect(until))
		;
	if (waitpid(child, &status, 0) != child)
		fail(STATUS_LATE, "the command is lost", strerror(errno));
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	double begin = now(), seconds, first;
	char line[4096];
	FILE *script;
	int status;

	if (argc < 5)
		fail(STATUS_WRONG, "usage: dialogue PROMPT SECONDS SCRIPT COMMAND...", NULL);
	seconds = atof(argv[2]);
	script = fopen(argv[3], "r");
	if (!script)
		fail(STATUS_WRONG, argv[3], strerror(errno));
	start(argv + 4);
	if (!wait_for_prompt(argv[1], seconds))
		fail(STATUS_LATE, "the command ended before its first prompt", NULL);
	first = now() - begin;
	while (fgets(line, sizeof(line), script)) {
		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (!wait_for_prompt(argv[1], seconds))
			fail(STATUS_LATE, "the command ended before", line);
		if (!strncmp(line, "? ", 2))
			expect(line + 2);
		else
			type(line);
	}
	status = finish(seconds);
	printf("\n%.1f seconds to the guest's shell, %.1f to its end\n", first, now() - begin);
	return status;
}
