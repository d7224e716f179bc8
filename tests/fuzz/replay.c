/*
 * TAP: each file of tests/corpus/NAME, or of the files and folders that are
 * given, goes through the target that this is linked with. NAME is the program's.
 */
#include <dirent.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"
#include "tests/unit/unit.h"

static const char *path;

static void replay(void)
{
	FILE *f = fopen(path, "rbe");
	size_t size = 0, room = 1 << 20;
	uint8_t *data = malloc(room), *exact;

	check(f && data);
	size = fread(data, 1, room, f);
	check(size < room && !fclose(f));
	/* a block of the input's own length, as libFuzzer gives it */
	exact = malloc(size + !size);
	check(exact != NULL);
	memcpy(exact, data, size);
	free(data);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
}

static void replay_file(const char *file)
{
	path = file;
	unit(file, replay);
}

static int by_name(const struct dirent *ent)
{
	return ent->d_name[0] != '.';
}

static void replay_folder(const char *folder)
{
	struct dirent **names = NULL;
	int n = scandir(folder, &names, by_name, alphasort);
	char file[4096];

	for (int i = 0; i < n; i++) {
		snprintf(file, sizeof file, "%s/%s", folder, names[i]->d_name);
		replay_file(file);
		free(names[i]);
	}
	free(names);
}

int main(int argc, char **argv)
{
	const char *base = strrchr(argv[0], '/');
	char folder[4096];
	struct stat st;

	snprintf(folder, sizeof folder, "tests/corpus/%s", base ? base + 1 : argv[0]);
	if (argc == 1)
		replay_folder(folder);
	for (int i = 1; i < argc; i++) {
		if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
			replay_folder(argv[i]);
		else
			replay_file(argv[i]);
	}
	/* no corpus, no proof: started elsewhere than in the top folder, say */
	if (!unit_count)
		printf("1..0 # SKIP no %s here\n", folder);
	return unit_count ? unit_done() : 0;
}
