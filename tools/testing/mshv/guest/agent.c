// SPDX-License-Identifier: GPL-2.0
/*
 * The runner's end inside the root partition.
 *
 *	agent report WORD...	write a line on the control port
 *	agent run JOB		run the job in directory JOB, report its status,
 *				end the machine
 *	agent halt		end the machine
 *
 * The host reads three byte-wide ports (QEMU's isa-debugcon): the program's
 * standard output, its standard error, and the control port. They need neither
 * interrupts nor DMA nor a driver, so they work as soon as user space does,
 * and nothing but the program ever writes to the first two.
 *
 * A job is a directory of files: "argv" and "env" (strings that end in NUL),
 * "cwd", and one of "pipe", "pty" or "tty", which says what the program gets
 * for standard streams: pipes and an empty input, a pseudo-terminal with its
 * output on the output port, or the serial line that is the user's terminal
 * ("tty" holds its rows and columns).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define PORT_EXIT	0xf4
#define PORT_OUT	0x5e8
#define PORT_ERR	0x5e9
#define PORT_CTL	0x5ea

#define TTY		"/dev/ttyS1"
#define LEAKS		"/mshv/leaks"
#define MAX_STRINGS	4096
#define MAX_DRAIN	256	/* reads: all that a pipe of 1 MiB can hold */

struct channel {
	int fd;
	unsigned short port;
};

/* Not <sys/io.h>'s outsb(): that one does not say that it reads memory. */
static void put(unsigned short port, const char *data, size_t len)
{
	asm volatile("rep outsb"
		     : "+S" (data), "+c" (len) : "d" (port) : "memory");
}

static void report(const char *fmt, ...)
{
	char line[512];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	if (len > (int)sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len++] = '\n';
	put(PORT_CTL, line, len);
}

static void halt(void)
{
	for (;;) {
		outb(0, PORT_EXIT);
		pause();
	}
}

static void fail(const char *what)
{
	report("error agent: %s: %s", what, strerror(errno));
	halt();
}

/* Read a file of the job; one NUL more than the file has ends it. */
static char *job_read(const char *name, size_t *len)
{
	struct stat st;
	char *data;
	int fd;

	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		fail(name);
	data = calloc(1, st.st_size + 1);
	if (!data || read(fd, data, st.st_size) != st.st_size)
		fail(name);
	close(fd);
	*len = st.st_size;
	return data;
}

static char **job_strings(const char *name)
{
	char **strings, *data, *end;
	size_t len, n = 0;

	strings = calloc(MAX_STRINGS + 1, sizeof(*strings));
	if (!strings)
		fail(name);
	data = job_read(name, &len);
	for (end = data + len; data < end; data += strlen(data) + 1) {
		if (n == MAX_STRINGS) {
			errno = E2BIG;
			fail(name);
		}
		strings[n++] = data;
	}
	return strings;
}

static void attach(int in, int out, int err)
{
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		fail("dup2");
}

static int terminal_open(const char *name)
{
	int fd;

	fd = open(name, O_RDWR);
	if (fd < 0 || ioctl(fd, TIOCSCTTY, 0))
		fail(name);
	return fd;
}

/* A serial line knows neither its speed nor the size of what is behind it. */
static void terminal_set_up(int fd, const char *size)
{
	struct winsize ws = { 0 };
	struct termios tio;

	if (tcgetattr(fd, &tio))
		fail(TTY);
	cfsetspeed(&tio, B115200);
	if (tcsetattr(fd, TCSANOW, &tio))
		fail(TTY);
	if (sscanf(size, "%hu %hu", &ws.ws_row, &ws.ws_col) == 2)
		ioctl(fd, TIOCSWINSZ, &ws);
}

static void __attribute__((noreturn)) program(void)
{
	char **env = job_strings("env");
	char **argv = job_strings("argv");
	sigset_t none;
	size_t len;
	int error;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (; *env; env++)
		putenv(*env);
	if (chdir(job_read("cwd", &len)))
		fail("working directory");
	execvp(argv[0], argv);
	error = errno;
	fprintf(stderr, "%s: %s\n", argv[0], strerror(error));
	_exit(error == ENOENT ? 127 : 126);
}

static pid_t start_on_pipes(struct channel *channels)
{
	int out[2], err[2];
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		fail("pipe");
	pid = fork();
	if (pid == 0) {
		setsid();
		attach(open("/dev/null", O_RDONLY), out[1], err[1]);
		program();
	}
	close(out[1]);
	close(err[1]);
	channels[0] = (struct channel){ out[0], PORT_OUT };
	channels[1] = (struct channel){ err[0], PORT_ERR };
	return pid;
}

static pid_t start_on_pty(struct channel *channels)
{
	char name[64];
	int pty, tty;
	pid_t pid;

	if (openpty(&pty, &tty, name, NULL, NULL))
		fail("pty");
	fcntl(pty, F_SETFD, FD_CLOEXEC);
	pid = fork();
	if (pid == 0) {
		setsid();
		close(tty);
		tty = terminal_open(name);
		attach(tty, tty, tty);
		program();
	}
	close(tty);
	channels[0] = (struct channel){ pty, PORT_OUT };
	channels[1].fd = -1;
	return pid;
}

static pid_t start_on_tty(struct channel *channels)
{
	size_t len;
	pid_t pid;
	int tty;

	pid = fork();
	if (pid == 0) {
		setsid();
		tty = terminal_open(TTY);
		terminal_set_up(tty, job_read("tty", &len));
		attach(tty, tty, tty);
		program();
	}
	channels[0].fd = -1;
	channels[1].fd = -1;
	return pid;
}

static pid_t start(struct channel *channels)
{
	pid_t pid;

	if (!access("tty", F_OK))
		pid = start_on_tty(channels);
	else if (!access("pty", F_OK))
		pid = start_on_pty(channels);
	else
		pid = start_on_pipes(channels);
	if (pid < 0)
		fail("fork");
	return pid;
}

/* Pass on what is there. Returns false when there is nothing (any more). */
static int relay(struct channel *channel)
{
	char data[4096];
	ssize_t len;

	if (channel->fd < 0)
		return 0;
	len = read(channel->fd, data, sizeof(data));
	if (len > 0) {
		put(channel->port, data, len);
		return 1;
	}
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	/* End of file; a pseudo-terminal that nobody has open says EIO. */
	close(channel->fd);
	channel->fd = -1;
	return 0;
}

/* As first process, reap whatever ends. Returns true when @pid did. */
static int reap(pid_t pid, int *status)
{
	int any, done = 0;
	pid_t ended;

	while ((ended = waitpid(-1, &any, WNOHANG)) > 0) {
		if (ended == pid) {
			*status = any;
			done = 1;
		}
	}
	return done;
}

/*
 * Relay until the program has ended. What it left running in the background
 * ends with the machine, as it would with a terminal's hang-up.
 */
static int supervise(pid_t pid, struct channel *channels, int sigchld)
{
	struct signalfd_siginfo info;
	struct pollfd fds[3];
	int i, n, status;

	for (i = 0; i < 2; i++)
		if (channels[i].fd >= 0)
			fcntl(channels[i].fd, F_SETFL, O_NONBLOCK);
	do {
		for (i = 0; i < 2; i++)
			fds[i] = (struct pollfd){ channels[i].fd, POLLIN, 0 };
		fds[2] = (struct pollfd){ sigchld, POLLIN, 0 };
		poll(fds, 3, -1);
		for (i = 0; i < 2; i++)
			if (fds[i].revents)
				relay(&channels[i]);
		if (fds[2].revents && read(sigchld, &info, sizeof(info)) < 0)
			fail("signalfd");
	} while (!reap(pid, &status));
	for (i = 0; i < 2; i++)
		for (n = 0; n < MAX_DRAIN && relay(&channels[i]); n++)
			;
	return status;
}

/* By what it says on the console */
static void look_for_leaks(const char *job)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (!pid) {
		execl(LEAKS, LEAKS, job, NULL);
		_exit(127);
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void run(const char *job)
{
	struct channel channels[2];
	sigset_t set;
	int sigchld, status;
	pid_t pid;

	if (chdir(job))
		fail(job);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigchld = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (sigchld < 0)
		fail("signalfd");
	pid = start(channels);
	status = supervise(pid, channels, sigchld);
	look_for_leaks(job);
	if (WIFSIGNALED(status))
		report("signal %d %s", WTERMSIG(status),
		       strsignal(WTERMSIG(status)));
	else
		report("status %d", WEXITSTATUS(status));
	halt();
}

int main(int argc, char **argv)
{
	char line[400] = "";
	int i;

	if (ioperm(PORT_EXIT, 4, 1) || ioperm(PORT_OUT, 3, 1)) {
		perror("ioperm");
		return 1;
	}
	if (argc == 2 && !strcmp(argv[1], "halt"))
		halt();
	if (argc == 3 && !strcmp(argv[1], "run"))
		run(argv[2]);
	if (argc < 3 || strcmp(argv[1], "report"))
		return 2;
	for (i = 2; i < argc; i++) {
		if (i > 2)
			strncat(line, " ", sizeof(line) - strlen(line) - 1);
		strncat(line, argv[i], sizeof(line) - strlen(line) - 1);
	}
	report("%s", line);
	return 0;
}
