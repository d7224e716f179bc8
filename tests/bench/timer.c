/*
 * Run several commands in turn, round after round, so that whatever else the
 * machine does hits all of them alike; print each one's times and its ratio to
 * others, taken round by round. Each round has another order: what a command
 * leaves the kernel to do (a network namespace is taken apart later) costs the
 * next one time, and is not always to cost the same one.
 *
 *   timer ROUNDS SPEC
 *
 * SPEC has a line a command: NAME TAB NAMESPACE TAB WORDS. NAMESPACE is a file
 * with a mount namespace to enter before the command is executed, or "-". A
 * line that starts with "=" asks for a ratio: = TAB A TAB B TAB TARGET; one
 * with "-" for a difference in milliseconds.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX 32

struct command {
	char *name;
	int ns;
	char *argv[128];
	double *wall, *cpu;
};

static struct command commands[MAX];
static struct {
	char *a, *b, *target;
	bool minus;
} ratios[MAX];
static int n_commands, n_ratios;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double ms(struct timeval t)
{
	return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

static void die(const char *what)
{
	fprintf(stderr, "timer: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* One run. What the command prints is of no interest; that it succeeds is. */
static void run(struct command *c, int round)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), status;
	double start = now();
	struct rusage use;
	pid_t pid = vfork();

	if (pid == 0) {
		if (c->ns >= 0 && setns(c->ns, CLONE_NEWNS) < 0)
			_exit(121);
		dup2(null, 0);
		dup2(null, 1);
		execvp(c->argv[0], c->argv);
		_exit(122);
	}
	if (pid < 0 || wait4(pid, &status, 0, &use) < 0)
		die(c->name);
	close(null);
	if (round < 0)
		return;
	c->wall[round] = now() - start;
	c->cpu[round] = ms(use.ru_utime) + ms(use.ru_stime);
	if (status) {
		fprintf(stderr, "timer: %s ended with status %d\n", c->name, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
		exit(1);
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double quantile(const double *v, int n, double q)
{
	double *sorted = malloc((size_t)n * sizeof *sorted), r;

	memcpy(sorted, v, (size_t)n * sizeof *sorted);
	qsort(sorted, (size_t)n, sizeof *sorted, by_value);
	r = sorted[(int)(q * (n - 1) + 0.5)];
	free(sorted);
	return r;
}

static struct command *find(const char *name)
{
	for (int i = 0; i < n_commands; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static void print_ratio(int i, int rounds)
{
	struct command *a = find(ratios[i].a), *b = find(ratios[i].b);
	double *v = malloc((size_t)rounds * sizeof *v);

	if (a && b) {
		for (int r = 0; r < rounds; r++)
			v[r] = ratios[i].minus ? a->wall[r] - b->wall[r] : a->wall[r] / b->wall[r];
		printf("%-22s %c %-22s %6.2f   quartiles %.2f %.2f   aim %s\n", a->name, ratios[i].minus ? '-' : '/', b->name, quantile(v, rounds, 0.5),
		       quantile(v, rounds, 0.25), quantile(v, rounds, 0.75), ratios[i].target);
	}
	free(v);
}

static void read_spec(const char *path, int rounds)
{
	static char line[8192];
	FILE *f = fopen(path, "re");

	if (!f)
		die(path);
	while (fgets(line, sizeof line, f)) {
		char *rest = strdup(line), *name = strsep(&rest, "\t\n"), *second = strsep(&rest, "\t\n");

		if (!*name || *name == '#' || !rest)
			continue;
		if (!strcmp(name, "=") || !strcmp(name, "-")) {
			ratios[n_ratios].minus = *name == '-';
			ratios[n_ratios].a = second;
			ratios[n_ratios].b = strsep(&rest, "\t\n");
			ratios[n_ratios++].target = strsep(&rest, "\t\n");
			continue;
		}
		struct command *c = &commands[n_commands++];
		int words = 0;

		c->name = name;
		c->ns = strcmp(second, "-") ? open(second, O_RDONLY | O_CLOEXEC) : -1;
		for (char *word; (word = strsep(&rest, " \t\n")) && words < 127;)
			if (*word)
				c->argv[words++] = word;
		c->wall = calloc((size_t)rounds, sizeof *c->wall);
		c->cpu = calloc((size_t)rounds, sizeof *c->cpu);
	}
	fclose(f);
}

/* The same orders in each call, by a generator of Knuth's. */
static void shuffle(int order[MAX])
{
	static uint64_t state = 1;

	for (int i = 0; i < n_commands; i++) {
		int k;

		state = state * 6364136223846793005U + 1442695040888963407U;
		k = (int)((state >> 33) % (unsigned)(i + 1));
		order[i] = order[k];
		order[k] = i;
	}
}

int main(int argc, char **argv)
{
	int rounds = argc == 3 ? (int)strtol(argv[1], NULL, 10) : 0, order[MAX];

	if (rounds < 1) {
		fprintf(stderr, "usage: timer ROUNDS SPEC\n");
		return 2;
	}
	read_spec(argv[2], rounds);
	for (int round = -2; round < rounds; round++) {
		shuffle(order);
		for (int i = 0; i < n_commands; i++)
			run(&commands[order[i]], round);
	}
	printf("%-22s %9s %9s %9s %9s   (ms, %d rounds)\n", "", "median", "p25", "p75", "cpu", rounds);
	for (int i = 0; i < n_commands; i++) {
		struct command *c = &commands[i];

		printf("%-22s %9.2f %9.2f %9.2f %9.2f\n", c->name, quantile(c->wall, rounds, 0.5), quantile(c->wall, rounds, 0.25),
		       quantile(c->wall, rounds, 0.75), quantile(c->cpu, rounds, 0.5));
	}
	printf("\n");
	for (int i = 0; i < n_ratios; i++)
		print_ratio(i, rounds);
	return 0;
}
