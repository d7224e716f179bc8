/* Image files as detached mounts: by the file itself where the kernel can, else through a loop device. loop(4) */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/loop.h>

#include "core/fd.h"
#include "core/mnt.h"
#include "core/sys.h"

#define TRIES 64

/* Where a file system says what it is; little-endian. */
static const struct image {
	const char *type;
	off_t at;
	unsigned char magic[4];
	size_t len;
	bool by_file; /* since 6.12 it can be mounted without a device */
	const char *flag;
} images[] = {
	{ "erofs", 1024, { 0xe2, 0xe1, 0xf5, 0xe0 }, 4, true, NULL },
	{ "squashfs", 0, "hsqs", 4, false, NULL },
	/* not to write to the journal, nor to read it: what a crash has left in there is not done */
	{ "ext4", 1080, { 0x53, 0xef }, 2, false, "noload" },
};

static const struct image *find_image(int file)
{
	for (size_t i = 0; i < sizeof images / sizeof *images; i++) {
		unsigned char got[4];

		if (pread(file, got, images[i].len, images[i].at) == (ssize_t)images[i].len && !memcmp(got, images[i].magic, images[i].len))
			return &images[i];
	}
	return NULL;
}

static int mount_from(const struct image *im, const char *source, unsigned attrs, const char *path, struct err *e)
{
	auto_close int fs = sys_fsopen(im->type);
	int mnt;

	if (fs < 0) {
		int rc = err_sys(e, path, "mount the %s image", im->type);

		if (rc == -ENODEV)
			err_hint(e, "this kernel has no %s; see /proc/filesystems", im->type);
		return rc;
	}
	if (sys_fsconfig_string(fs, "source", source) < 0 || sys_fsconfig_flag(fs, "ro") < 0 ||
	    (im->flag && sys_fsconfig_flag(fs, im->flag) < 0) || sys_fsconfig_create(fs) < 0)
		return err_sys(e, path, "mount the %s image", im->type);
	mnt = sys_fsmount(fs, attrs);
	return mnt >= 0 ? mnt : err_sys(e, path, "mount the %s image", im->type);
}

/* A free loop device with the file in it, which lets go of it with its last user. Its path into `name`. */
static int open_loop(int file, char name[32], const char *path, struct err *e)
{
	auto_close int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	struct loop_config config = { .fd = (unsigned)file, .info.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR };

	if (control < 0) {
		int rc = err_sys(e, "/dev/loop-control", "open, for %s", path);

		if (rc == -ENOENT || rc == -ENODEV || rc == -ENXIO)
			err_hint(e, "this kernel has no loop devices, or this /dev does not show them (modprobe loop)");
		return rc;
	}
	for (int i = 0; i < TRIES; i++) {
		auto_close int dev = -1;
		int n = ioctl(control, LOOP_CTL_GET_FREE);

		if (n < 0)
			return err_sys(e, "/dev/loop-control", "find a free device");
		snprintf(name, 32, "/dev/loop%d", n);
		dev = fd_open(AT_FDCWD, name, O_RDONLY, e);
		if (dev < 0)
			return dev;
		if (ioctl(dev, LOOP_CONFIGURE, &config) == 0)
			return take_fd(&dev);
		/* somebody else was faster */
		if (errno != EBUSY)
			return err_sys(e, name, "put %s into the loop device", path);
	}
	return err_set(e, EBUSY, "/dev/loop-control", "find a free device");
}

static int mount_by_loop(const struct image *im, int file, unsigned attrs, const char *path, struct err *e)
{
	char name[32];
	/* until it is mounted nobody else holds it */
	auto_close int loop = open_loop(file, name, path, e);

	return loop < 0 ? loop : mount_from(im, name, attrs, path, e);
}

int mnt_image(int file, const char *path, unsigned attrs, struct err *e)
{
	const struct image *im = find_image(file);
	char source[32];
	int rc;

	if (!im)
		return err_bad(e, path, "is neither a directory nor an image: erofs, squashfs and ext4 are known");
	if (im->by_file) {
		/* by this name, the table of mounts has no path of the host's in it */
		snprintf(source, sizeof source, "/proc/self/fd/%d", file);
		rc = mount_from(im, access(source, F_OK) == 0 ? source : path, attrs, path, e);
		/* what the kernel, or the file system that the file is on, has not got */
		if (rc != -ENOTBLK && rc != -EINVAL)
			return rc;
		err_clear(e);
	}
	return mount_by_loop(im, file, attrs, path, e);
}
