// SPDX-License-Identifier: GPL-2.0
/*
 * Running: a thread for each VP, and the main thread, which waits for input and
 * for eventfds.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "vmm.h"

#define KICK_SIGNAL	SIGUSR1
#define KICK_INTERVAL	10000000	/* ns */

/* With vm->lock held. */
void vm_wake(struct vm *vm)
{
	u64 one = 1;

	if (write(vm->wake, &one, sizeof(one)) < 0 && errno != EAGAIN)
		warn("eventfd: %s", strerror(errno));
}

/* With vm->lock held. The first reason counts. */
void vm_stop(struct vm *vm, enum status status)
{
	if (!vm->stopped)
		vm->status = status;
	vm->stopped = true;
	vm_wake(vm);
}

static void stop(struct vm *vm, enum status status)
{
	pthread_mutex_lock(&vm->lock);
	vm_stop(vm, status);
	pthread_mutex_unlock(&vm->lock);
}

static bool is_stopped(struct vm *vm)
{
	bool stopped;

	pthread_mutex_lock(&vm->lock);
	stopped = vm->stopped;
	pthread_mutex_unlock(&vm->lock);
	return stopped;
}

/* What ends the guest; the reason goes to the user. */
static void crash(struct vp *vp, const struct hvx_message *msg)
{
	const struct hvx_msg_header *h = (const void *)msg->payload;
	const struct hvx_msg_memory *mem = (const void *)msg->payload;
	const struct hvx_msg_io_port *io = (const void *)msg->payload;

	switch (msg->type) {
	case HVX_MSG_UNRECOVERABLE_EXCEPTION:
		warn("VP %u: triple fault at RIP %#" PRIx64, vp->index, (uint64_t)h->rip);
		break;
	case HVX_MSG_UNMAPPED_GPA:
	case HVX_MSG_GPA_INTERCEPT:
		warn("VP %u: the access to %#" PRIx64 " at RIP %#" PRIx64
		     " is none that a device has", vp->index, (uint64_t)mem->gpa,
		     (uint64_t)h->rip);
		break;
	case HVX_MSG_X64_IO_PORT:
		warn("VP %u: string instruction for port %#x at RIP %#" PRIx64
		     " with something else than memory", vp->index, io->port,
		     (uint64_t)h->rip);
		break;
	default:
		warn("VP %u: cannot go on, message %#x", vp->index, msg->type);
	}
	stop(vp->vm, STATUS_CRASH);
}

/* The VP stopped. Returns false if the guest cannot go on. */
static bool handle(struct vp *vp, const struct hvx_message *msg)
{
	switch (msg->type) {
	case HVX_MSG_X64_IO_PORT:
		return port_access(vp, (const void *)msg->payload);
	case HVX_MSG_UNMAPPED_GPA:
	case HVX_MSG_GPA_INTERCEPT:
		return mmio_access(vp, (const void *)msg->payload);
	case HVX_MSG_X64_APIC_EOI:
		/* Of a level-triggered interrupt, which no device here has. */
		stats_count(vp, EXIT_EOI);
		return true;
	}
	stats_count(vp, EXIT_OTHER);
	return false;
}

static void *vp_thread(void *arg)
{
	struct vp *vp = arg;
	struct mshv_run_vp buffer;
	struct hvx_message msg;

	while (!is_stopped(vp->vm)) {
		if (ioctl(vp->fd, MSHV_RUN_VP, &buffer)) {
			if (errno == EINTR) {
				stats_count(vp, EXIT_SIGNAL);
				continue;
			}
			warn("VP %u: MSHV_RUN_VP: %s", vp->index, strerror(errno));
			stop(vp->vm, STATUS_ERROR);
			break;
		}
		memcpy(&msg, buffer.msg_buf, sizeof(msg));
		if (!handle(vp, &msg)) {
			crash(vp, &msg);
			break;
		}
	}
	return NULL;
}

static void start_threads(struct vm *vm)
{
	unsigned int i;
	int error;

	for (i = 0; i < vm->nr_vps; i++) {
		error = pthread_create(&vm->vps[i].thread, NULL, vp_thread, &vm->vps[i]);
		if (error)
			die("thread: %s", strerror(error));
	}
}

/*
 * A signal that arrives just before MSHV_RUN_VP does not end it, so that the
 * signal is sent until the thread is gone.
 */
static void end_thread(struct vp *vp)
{
	struct timespec until;

	do {
		pthread_kill(vp->thread, KICK_SIGNAL);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += KICK_INTERVAL;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
	} while (pthread_timedjoin_np(vp->thread, NULL, &until) == ETIMEDOUT);
}

static void on_kick(int signal)
{
}

static struct vm *signal_vm;

/* Somebody wants the guest gone: end as if it had been reset. */
static void on_end(int signal)
{
	u64 one = 1;

	signal_vm->interrupted = 1;
	if (write(signal_vm->wake, &one, sizeof(one)) < 0)
		return;
}

static void set_signals(struct vm *vm)
{
	/* Without SA_RESTART, so that it ends MSHV_RUN_VP. */
	struct sigaction kick = { .sa_handler = on_kick };
	struct sigaction end = { .sa_handler = on_end };

	signal_vm = vm;
	sigaction(KICK_SIGNAL, &kick, NULL);
	sigaction(SIGINT, &end, NULL);
	sigaction(SIGTERM, &end, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* With vm->lock held, except while it waits. */
static void wait_for_events(struct vm *vm)
{
	struct pollfd fds[MAX_POLLERS + 1];
	unsigned int i, n = vm->nr_pollers;
	u64 count;

	for (i = 0; i < n; i++)
		fds[i] = (struct pollfd){ .fd = vm->pollers[i].fd, .events = POLLIN };
	fds[n] = (struct pollfd){ .fd = vm->wake, .events = POLLIN };
	pthread_mutex_unlock(&vm->lock);
	if (poll(fds, n + 1, -1) < 0 && errno != EINTR)
		die("poll: %s", strerror(errno));
	pthread_mutex_lock(&vm->lock);
	if (read(vm->wake, &count, sizeof(count)) < 0 && errno != EAGAIN)
		die("eventfd: %s", strerror(errno));
	for (i = 0; i < n; i++)
		if (fds[i].revents && fds[i].fd == vm->pollers[i].fd)
			vm->pollers[i].ready(vm->pollers[i].dev);
}

/**
 * vm_run - run the guest until it ends
 * @vm: machine, with everything in place
 *
 * vm->status tells how it ended. All threads are gone.
 */
void vm_run(struct vm *vm)
{
	unsigned int i;

	set_signals(vm);
	start_threads(vm);
	pthread_mutex_lock(&vm->lock);
	while (!vm->stopped && !vm->interrupted)
		wait_for_events(vm);
	if (vm->interrupted)
		vm_stop(vm, STATUS_RESET);
	pthread_mutex_unlock(&vm->lock);
	for (i = 0; i < vm->nr_vps; i++)
		end_thread(&vm->vps[i]);
}
