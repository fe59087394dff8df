// SPDX-License-Identifier: GPL-2.0
/*
 * Disks that come and go while the kernel runs.
 */
#include <kunit/test.h>
#include <linux/blkdev.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/major.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmstat.h>
#include <um/host.h>
#include <um/ubd.h>

#define UNIT	15
#define SIZE	SZ_1M

/* Files of the host for one test. */
struct files {
	char	plain[64];
	char	cow[64];
};

static int ubd_test_init(struct kunit *test)
{
	struct files *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	int fd;

	KUNIT_ASSERT_NOT_NULL(test, f);
	snprintf(f->plain, sizeof(f->plain), "/tmp/um-kunit-%d.img", host_getpid());
	snprintf(f->cow, sizeof(f->cow), "/tmp/um-kunit-%d.cow", host_getpid());
	fd = host_open(f->plain, O_RDWR | O_CREAT | O_EXCL, 0600);
	KUNIT_ASSERT_GE(test, fd, 0);
	KUNIT_ASSERT_EQ(test, host_truncate(fd, SIZE), 0);
	host_close(fd);
	test->priv = f;
	return 0;
}

static void ubd_test_exit(struct kunit *test)
{
	struct files *f = test->priv;

	ubd_detach(UNIT, NULL, 0);
	host_unlink(f->plain);
	host_unlink(f->cow);
}

__printf(2, 3) static int attach(char *why, const char *fmt, ...)
{
	char spec[200];
	va_list args;

	va_start(args, fmt);
	vscnprintf(spec, sizeof(spec), fmt, args);
	va_end(args);
	why[0] = '\0';
	return ubd_attach(spec, why, 300);
}

static struct file *open_disk(void)
{
	return bdev_file_open_by_dev(MKDEV(UBD_MAJOR, UNIT << 4),
				     BLK_OPEN_READ | BLK_OPEN_WRITE, NULL, NULL);
}

/* Writes a byte to the disk and has it on stable storage. */
static int write_byte(char c, loff_t at)
{
	struct file *file = open_disk();
	int err;

	if (IS_ERR(file))
		return PTR_ERR(file);
	err = kernel_write(file, &c, 1, &at) == 1 ? vfs_fsync(file, 0) : -EIO;
	fput(file);
	flush_delayed_fput();
	return err;
}

static int read_byte(loff_t at)
{
	struct file *file = open_disk();
	unsigned char c = 0;
	int err;

	if (IS_ERR(file))
		return PTR_ERR(file);
	err = kernel_read(file, &c, 1, &at) == 1 ? c : -EIO;
	fput(file);
	flush_delayed_fput();
	return err;
}

static int byte_of_file(const char *path, u64 at)
{
	unsigned char c = 0;
	struct host_iovec iov = { .base = &c, .len = 1 };
	int fd = host_open(path, O_RDONLY, 0), n;

	n = host_preadv(fd, &iov, 1, at, 0);
	host_close(fd);
	return n == 1 ? c : -EIO;
}

/* The number that the next descriptor gets. */
static int next_fd(void)
{
	int fd = host_dup(0);

	host_close(fd);
	return fd;
}

/* Lines of a file of the host's /proc. */
static int lines(const char *path)
{
	int fd = host_open(path, O_RDONLY, 0), n = 0;
	char buf[256];
	long len, i;

	while ((len = host_read(fd, buf, sizeof(buf))) > 0)
		for (i = 0; i < len; i++)
			n += buf[i] == '\n';
	host_close(fd);
	return n;
}

static void ubd_test_come_and_go(struct kunit *test)
{
	struct files *f = test->priv;
	unsigned long slab = 0;
	char why[300];
	int i, unit, fd = 0, maps = 0;

	for (i = 0; i < 1000; i++) {
		/* What is kept for the next time is there by now. */
		if (i == 100) {
			fd = next_fd();
			maps = lines("/proc/self/maps");
			slab = global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B);
		}
		unit = i & 1 ? attach(why, "ubdp=%s", f->plain) :
			       attach(why, "ubdp=%s,%s", f->cow, f->plain);
		KUNIT_ASSERT_EQ_MSG(test, UNIT, unit, "%s", why);
		/* Only to the COW file: the other is its backing file. */
		if (i % 50 == 0)
			KUNIT_ASSERT_EQ(test, 0, write_byte(i, i));
		KUNIT_ASSERT_EQ_MSG(test, 0, ubd_detach(UNIT, why, sizeof(why)), "%s", why);
	}
	KUNIT_EXPECT_EQ(test, next_fd(), fd);
	/* Stacks of threads are kept for the next ones, a few of them. */
	KUNIT_EXPECT_LT(test, lines("/proc/self/maps"), maps + 16);
	rcu_barrier();
	KUNIT_EXPECT_LT(test, global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B), slab + 64);
}

static void ubd_test_in_use(struct kunit *test)
{
	struct files *f = test->priv;
	struct file *file;
	char why[300];

	KUNIT_ASSERT_EQ(test, UNIT, attach(why, "ubdp=%s", f->plain));
	file = open_disk();
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	KUNIT_EXPECT_EQ(test, -EBUSY, ubd_detach(UNIT, why, sizeof(why)));
	KUNIT_EXPECT_STREQ(test, why, "ubd15: in use in the guest");
	fput(file);
	flush_delayed_fput();
	KUNIT_EXPECT_EQ(test, 0, ubd_detach(UNIT, why, sizeof(why)));
	KUNIT_EXPECT_EQ(test, -ENODEV, ubd_detach(UNIT, why, sizeof(why)));
	KUNIT_EXPECT_TRUE(test, IS_ERR(open_disk()));
}

static void ubd_test_mistakes(struct kunit *test)
{
	struct files *f = test->priv;
	char why[300], text[100];

	KUNIT_EXPECT_LT(test, attach(why, "ubdp=/nowhere/file"), 0);
	KUNIT_EXPECT_STREQ(test, why, "ubdp=/nowhere/file: No such file or directory");
	KUNIT_EXPECT_LT(test, attach(why, "ubd99=%s", f->plain), 0);
	KUNIT_EXPECT_NOT_NULL(test, strstr(why, "the unit is none of"));
	KUNIT_EXPECT_LT(test, attach(why, "ubdpx=%s", f->plain), 0);
	KUNIT_EXPECT_NOT_NULL(test, strstr(why, "unknown flag 'x'"));
	KUNIT_EXPECT_LT(test, attach(why, "hda=%s", f->plain), 0);
	KUNIT_EXPECT_LT(test, attach(why, "ubdp"), 0);
	KUNIT_EXPECT_LT(test, attach(why, "ubdp=%s,%s", f->plain, f->plain), 0);

	KUNIT_ASSERT_EQ(test, UNIT, attach(why, "ubdp=%s", f->plain));
	KUNIT_EXPECT_LT(test, attach(why, "ubdp=%s", f->plain), 0);
	KUNIT_EXPECT_NOT_NULL(test, strstr(why, "the unit was given before"));
	KUNIT_EXPECT_LT(test, attach(why, "ubdo=%s", f->plain), 0);
	KUNIT_EXPECT_NOT_NULL(test, strstr(why, "in use by ubdp="));
	KUNIT_EXPECT_GT(test, ubd_describe(UNIT, text, sizeof(text)), 0);
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, f->plain));
	KUNIT_EXPECT_EQ(test, -ENODEV, ubd_describe(UNIT - 1, text, sizeof(text)));
	KUNIT_EXPECT_EQ(test, -ENODEV, ubd_describe(99, text, sizeof(text)));
}

static void ubd_test_cow(struct kunit *test)
{
	struct files *f = test->priv;
	char why[300];

	KUNIT_ASSERT_EQ_MSG(test, UNIT, attach(why, "ubdp=%s,%s", f->cow, f->plain), "%s", why);
	KUNIT_EXPECT_EQ(test, 0, write_byte('x', 70000));
	KUNIT_EXPECT_EQ(test, 'x', read_byte(70000));
	KUNIT_EXPECT_EQ(test, 0, read_byte(7));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, ubd_resize(UNIT));
	KUNIT_ASSERT_EQ(test, 0, ubd_detach(UNIT, why, sizeof(why)));
	KUNIT_EXPECT_EQ(test, 0, byte_of_file(f->plain, 70000));
	/* By itself it knows its backing file. */
	KUNIT_ASSERT_EQ_MSG(test, UNIT, attach(why, "ubdp=%s", f->cow), "%s", why);
	KUNIT_EXPECT_EQ(test, 'x', read_byte(70000));
}

static void ubd_test_resize(struct kunit *test)
{
	struct files *f = test->priv;
	struct file *file;
	char why[300];
	int fd;

	KUNIT_ASSERT_EQ(test, UNIT, attach(why, "ubdp=%s", f->plain));
	fd = host_open(f->plain, O_RDWR, 0);
	KUNIT_EXPECT_EQ(test, host_truncate(fd, 2 * SIZE + 100), 0);
	KUNIT_EXPECT_EQ(test, 0, ubd_resize(UNIT));
	file = open_disk();
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	KUNIT_EXPECT_EQ(test, 2 * SIZE, bdev_nr_bytes(file_bdev(file)));
	fput(file);
	flush_delayed_fput();
	KUNIT_EXPECT_EQ(test, 0, write_byte('y', 2 * SIZE - 1));
	KUNIT_EXPECT_EQ(test, 'y', byte_of_file(f->plain, 2 * SIZE - 1));
	KUNIT_EXPECT_EQ(test, host_truncate(fd, 100), 0);
	KUNIT_EXPECT_EQ(test, -EINVAL, ubd_resize(UNIT));
	KUNIT_EXPECT_EQ(test, -ENODEV, ubd_resize(UNIT - 1));
	host_close(fd);
}

static struct kunit_case ubd_test_cases[] = {
	KUNIT_CASE(ubd_test_in_use),
	KUNIT_CASE(ubd_test_mistakes),
	KUNIT_CASE(ubd_test_cow),
	KUNIT_CASE(ubd_test_resize),
	KUNIT_CASE_SLOW(ubd_test_come_and_go),
	{}
};

static struct kunit_suite ubd_test_suite = {
	.name = "um-ubd",
	.init = ubd_test_init,
	.exit = ubd_test_exit,
	.test_cases = ubd_test_cases,
};
kunit_test_suite(ubd_test_suite);

MODULE_DESCRIPTION("KUnit tests of ubd");
MODULE_LICENSE("GPL");
