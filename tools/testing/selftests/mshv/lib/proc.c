// SPDX-License-Identifier: GPL-2.0
/* Processes, threads, signals, processors. */
#include "mshv_util.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

pid_t child_start(int (*fn)(void *arg), void *arg)
{
	pid_t parent = getpid();
	pid_t pid;

	fflush(NULL);
	pid = fork();
	REQUIRE(pid >= 0, "fork");
	if (pid)
		return pid;
	/* no test leaves processes behind, however it ends */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	_exit(fn(arg));
}

int child_wait(pid_t pid)
{
	int status;
	pid_t ret;

	do {
		ret = waitpid(pid, &status, 0);
	} while (ret < 0 && errno == EINTR);
	REQUIRE(ret == pid, "waitpid");
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* A message of one byte, with a descriptor */
struct fd_message {
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec iov;
	struct msghdr msg;
};

static struct cmsghdr *fd_message_init(struct fd_message *m)
{
	memset(m, 0, sizeof(*m));
	m->iov = (struct iovec){ .iov_base = &m->byte, .iov_len = 1 };
	m->msg = (struct msghdr){
		.msg_iov = &m->iov,
		.msg_iovlen = 1,
		.msg_control = &m->control,
		.msg_controllen = sizeof(m->control),
	};
	return CMSG_FIRSTHDR(&m->msg);
}

void fd_send(int sock, int fd)
{
	struct fd_message m;
	struct cmsghdr *c = fd_message_init(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	REQUIRE(sendmsg(sock, &m.msg, 0) == 1, "sendmsg");
}

int fd_receive(int sock)
{
	struct fd_message m;
	struct cmsghdr *c;
	int fd;

	fd_message_init(&m);
	REQUIRE(recvmsg(sock, &m.msg, MSG_CMSG_CLOEXEC) == 1, "recvmsg");
	c = CMSG_FIRSTHDR(&m.msg);
	REQUIRE(c && c->cmsg_type == SCM_RIGHTS, "no descriptor");
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

unsigned int cpus_online(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN);
}

void pin_to_cpu(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	REQUIRE(!sched_setaffinity(0, sizeof(set), &set), "CPU %u", cpu);
}

static void handler_nothing(int sig)
{
	(void)sig;
}

void signal_catch(int sig)
{
	struct sigaction sa = { .sa_handler = handler_nothing };

	REQUIRE(!sigaction(sig, &sa, NULL), "sigaction");
}

pthread_t thread_start(void *(*fn)(void *arg), void *arg)
{
	pthread_t thread;

	signal_catch(SIGUSR1);
	REQUIRE(!pthread_create(&thread, NULL, fn, arg), "pthread_create");
	return thread;
}

long thread_end(pthread_t thread, u64 grace_us)
{
	u64 end = now_us() + limit_us(grace_us);
	struct timespec ts;
	void *ret;

	do {
		/* one that comes before the ioctl would be lost */
		if (now_us() >= end)
			pthread_kill(thread, SIGUSR1);
		clock_gettime(CLOCK_REALTIME, &ts);
		ts.tv_nsec += 10000000;
		if (ts.tv_nsec >= 1000000000) {
			ts.tv_nsec -= 1000000000;
			ts.tv_sec++;
		}
	} while (pthread_timedjoin_np(thread, &ret, &ts));
	return (long)ret;
}

void thread_stop(pthread_t thread)
{
	thread_end(thread, 0);
}
