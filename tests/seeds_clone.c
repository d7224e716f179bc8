/*
 * The Go program of the posts, in C: a command in new namespaces, by clone(2).
 *
 *	seeds_clone uts,pid,mnt,user COMMAND [ARG]...
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
	const char *name;
	unsigned long flag;
} namespaces[] = {
	{ "cgroup", CLONE_NEWCGROUP },
	{ "ipc", CLONE_NEWIPC },
	{ "mnt", CLONE_NEWNS },
	{ "net", CLONE_NEWNET },
	{ "pid", CLONE_NEWPID },
	{ "user", CLONE_NEWUSER },
	{ "uts", CLONE_NEWUTS },
};

static unsigned long flags_of(char *names)
{
	unsigned long flags = 0;

	for (char *name = strtok(names, ","); name; name = strtok(NULL, ","))
		for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
			if (strcmp(name, namespaces[i].name) == 0)
				flags |= namespaces[i].flag;
	return flags;
}

int main(int argc, char **argv)
{
	int status;
	long pid;

	if (argc < 3)
		return 125;
	/* without a stack of its own the child goes on as after fork(2) */
	pid = syscall(SYS_clone, flags_of(argv[1]) | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (pid < 0 || waitpid((pid_t)pid, &status, 0) < 0) {
		perror("seeds_clone");
		return 125;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
