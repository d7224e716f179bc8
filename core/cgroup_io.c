#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cgroup_priv.h"

const char *const cgroup_io_keys[IO_KINDS] = { "rbytes", "wbytes", "dbytes", "rios", "wios", "dios" };

/* v1's words for the first half of them, and in another file for the other. */
static const char *const v1_words[] = { "Read", "Write", "Discard" };

static struct cgroup_io *device_of(const char *name, struct cgroup_io *v, int *n)
{
	int i = 0;

	while (i < *n && strcmp(v[i].device, name))
		i++;
	if (i == CGROUP_IO_MAX)
		return NULL;
	if (i == *n) {
		v[i] = (struct cgroup_io){ 0 };
		str_copyn(v[i].device, sizeof v[i].device, name, strlen(name));
		++*n;
	}
	return &v[i];
}

/* "254:0 rbytes=4096 wbytes=0 ..." */
static void parse_v2(char *line, struct cgroup_io *v, int *n)
{
	char *device = strsep(&line, " "), *word;
	struct cgroup_io *io = line ? device_of(device, v, n) : NULL;

	while (io && (word = strsep(&line, " "))) {
		for (int k = 0; k < IO_KINDS; k++) {
			const char *value = str_after(word, cgroup_io_keys[k]);

			if (value && *value == '=')
				io->v[k] = strtoll(value + 1, NULL, 10);
		}
	}
}

/* "254:0 Read 4096"; the sums ("Total", "Sync") are of the same bytes. */
static void parse_v1(char *line, int first, struct cgroup_io *v, int *n)
{
	char *device = strsep(&line, " "), *word = strsep(&line, " ");
	struct cgroup_io *io = line ? device_of(device, v, n) : NULL;

	for (int k = 0; io && k < 3; k++)
		if (!strcmp(word, v1_words[k]))
			io->v[first + k] = strtoll(line, NULL, 10);
}

/* 0, or -1 where the group has no such file. first -1: v2's. */
static int read_file(const struct cgroup_dir *g, const char *file, int first, struct cgroup_io *v, int *n)
{
	char *text = cgroup_slurp(g, file), *rest = text;

	for (char *line; (line = strsep(&rest, "\n"));) {
		if (first < 0)
			parse_v2(line, v, n);
		else
			parse_v1(line, first, v, n);
	}
	free(text);
	return text ? 0 : -1;
}

int cgroup_io_read(const struct cgroup_dir *g, struct cgroup_io *v)
{
	int n = 0;

	if (g->hier->v2)
		return read_file(g, "io.stat", -1, v, &n) < 0 ? -1 : n;
	if (read_file(g, "blkio.throttle.io_service_bytes_recursive", IO_RBYTES, v, &n) < 0)
		return -1;
	read_file(g, "blkio.throttle.io_serviced_recursive", IO_RIOS, v, &n);
	return n;
}
