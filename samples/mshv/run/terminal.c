// SPDX-License-Identifier: GPL-2.0
/*
 * The user's side of the serial console. A terminal becomes raw, so that the
 * guest sees each key; Ctrl-A x ends the guest, Ctrl-A Ctrl-A is Ctrl-A.
 */
#include <errno.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "vmm.h"

#define ESCAPE		1	/* Ctrl-A */

static struct termios saved;
static bool escaped;

static void restore(void)
{
	tcsetattr(STDIN_FILENO, TCSADRAIN, &saved);
}

void terminal_init(void)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &saved))
		return;
	raw = saved;
	cfmakeraw(&raw);
	atexit(restore);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

static size_t filter(struct vm *vm, u8 *data, size_t size)
{
	size_t in, out = 0;

	if (!isatty(STDIN_FILENO))
		return size;
	for (in = 0; in < size; in++) {
		if (!escaped && data[in] == ESCAPE) {
			escaped = true;
			continue;
		}
		if (escaped && (data[in] == 'x' || data[in] == 'X'))
			vm_stop(vm, STATUS_RESET);
		else
			data[out++] = data[in];
		escaped = false;
	}
	return out;
}

int terminal_read(struct vm *vm, u8 *to, size_t size)
{
	ssize_t n = read(STDIN_FILENO, to, size);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n <= 0)
		return -1;
	return filter(vm, to, n);
}

void terminal_write(const u8 *data, size_t size)
{
	while (size) {
		ssize_t n = write(STDOUT_FILENO, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;		/* nobody listens; the guest goes on */
		data += n;
		size -= n;
	}
}
