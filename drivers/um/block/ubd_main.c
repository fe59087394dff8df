// SPDX-License-Identifier: GPL-2.0
/*
 * ubd: files and block devices of the host as disks.
 *
 * Those of the command line were opened before the kernel started (ubd_options.c);
 * here they become disks, and here others are added and removed while it runs.
 */
#define pr_fmt(fmt) "ubd: " fmt

#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/file.h>
#include <linux/init.h>
#include <linux/major.h>
#include <linux/module.h>
#include <linux/panic_notifier.h>
#include <linux/preempt.h>
#include <linux/reboot.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/time64.h>
#include <linux/wait.h>
#include <asm/options.h>

#include <um/ubd.h>
#include "ubd.h"

/* Units come, go and change one at a time. */
static DEFINE_MUTEX(ubd_mutex);
static struct ubd *ubds[UBD_UNITS];

static int ubd_set_read_only(struct block_device *bdev, bool ro)
{
	struct ubd *dev = bdev->bd_disk->private_data;

	return !ro && dev->config->read_only ? -EROFS : 0;
}

static int ubd_open_disk(struct gendisk *disk, blk_mode_t mode)
{
	struct ubd *dev = disk->private_data;

	return dev->going ? -ENXIO : 0;
}

static void ubd_free_disk(struct gendisk *disk)
{
	kfree(disk->private_data);
}

static const struct block_device_operations ubd_ops = {
	.owner		= THIS_MODULE,
	.open		= ubd_open_disk,
	.free_disk	= ubd_free_disk,
	.set_read_only	= ubd_set_read_only,
};

/* ---- sysfs -------------------------------------------------------------- */

static ssize_t serial_show(struct device *device, struct device_attribute *attr,
			   char *buf)
{
	struct ubd *dev = dev_to_disk(device)->private_data;
	const struct ubd_part *serial = &dev->config->serial;

	return sysfs_emit(buf, "%.*s\n", serial->len, serial->start ?: "");
}
static DEVICE_ATTR_RO(serial);

static int ubd_resize_locked(int unit);

/* The file may have another size by now. */
static ssize_t rescan_store(struct device *device, struct device_attribute *attr,
			    const char *buf, size_t len)
{
	struct ubd *dev = dev_to_disk(device)->private_data;
	bool yes;
	int err = kstrtobool(buf, &yes);

	if (err || !yes)
		return err ?: len;
	/* Who removes the disk waits for this one. */
	if (!mutex_trylock(&ubd_mutex))
		return restart_syscall();
	err = ubd_resize_locked(dev->unit);
	mutex_unlock(&ubd_mutex);
	return err ?: len;
}
static DEVICE_ATTR_WO(rescan);

static int ubd_commit_unlocking(int unit, char *why, size_t len);

/* What the COW file has goes into the file below it. */
static ssize_t commit_store(struct device *device, struct device_attribute *attr,
			    const char *buf, size_t len)
{
	struct ubd *dev = dev_to_disk(device)->private_data;
	char why[256];
	bool yes;
	int err = kstrtobool(buf, &yes);

	if (err || !yes)
		return err ?: len;
	if (!mutex_trylock(&ubd_mutex))
		return restart_syscall();
	err = ubd_commit_unlocking(dev->unit, why, sizeof(why));
	if (err)
		pr_err("%s\n", why);
	return err ?: len;
}
static DEVICE_ATTR_WO(commit);

static struct attribute *ubd_attrs[] = {
	&dev_attr_commit.attr,
	&dev_attr_serial.attr,
	&dev_attr_rescan.attr,
	NULL
};
ATTRIBUTE_GROUPS(ubd);

/* ---- disks -------------------------------------------------------------- */

static void ubd_limits(const struct ubd_config *config, struct queue_limits *lim)
{
	lim->logical_block_size = SECTOR_SIZE;
	/* Less than a page of the host's page cache costs it a read. */
	lim->physical_block_size = PAGE_SIZE;
	lim->io_min = PAGE_SIZE;
	lim->max_hw_sectors = SZ_1M >> SECTOR_SHIFT;
	lim->max_segments = UBD_MAX_SEGS;
	lim->max_segment_size = SZ_1M;
	if (!config->sync && !ubd_sync_all)
		lim->features = BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA;
	if (!config->no_trim && !config->read_only) {
		lim->discard_granularity = PAGE_SIZE;
		lim->max_hw_discard_sectors = UINT_MAX >> SECTOR_SHIFT;
		lim->max_write_zeroes_sectors = UINT_MAX >> SECTOR_SHIFT;
	}
}

/* Partitions are read when the disk is added, so what may be said is said before. */
static void ubd_announce(const struct ubd *dev)
{
	const struct ubd_config *config = dev->config;
	const struct ubd_image *image = &config->image;
	char backing[128] = "";

	if (image->nr_layers > 1)
		ubd_layer_name(config, 1, backing, sizeof(backing));
	pr_info("%s: %.*s%s%s, %llu sectors%s\n", dev->name, config->file.len,
		config->file.start, *backing ? " on " : "", backing,
		(u64)image->size >> SECTOR_SHIFT,
		config->read_only ? ", read-only" : "");
	if (config->created)
		pr_info("%s: the COW file was made\n", dev->name);
	if (config->moved)
		pr_notice("%s: the backing file has another name than the COW file said\n",
			  dev->name);
	if (config->newer)
		pr_notice("%s: the COW file's time could not be kept: COW files on it do not fit any more\n",
			  dev->name);
	if (config->demoted)
		pr_notice("%s: the file may not be written: the disk is read-only\n",
			  dev->name);
	if (config->cut)
		pr_notice("%s: the last %u bytes are no whole sector: not part of the disk\n",
			  dev->name, config->cut);
}

static int ubd_add_disk(struct ubd *dev)
{
	const struct ubd_config *config = dev->config;
	struct queue_limits lim = { };
	struct gendisk *disk;
	int err;

	ubd_limits(config, &lim);
	disk = blk_mq_alloc_disk(&dev->tags, &lim, dev);
	if (IS_ERR(disk))
		return PTR_ERR(disk);

	disk->major = UBD_MAJOR;
	disk->first_minor = dev->unit << UBD_MINOR_BITS;
	disk->minors = 1 << UBD_MINOR_BITS;
	disk->fops = &ubd_ops;
	disk->private_data = dev;
	strscpy(disk->disk_name, dev->name, DISK_NAME_LEN);
	set_capacity(disk, config->image.size >> SECTOR_SHIFT);
	if (config->read_only)
		set_disk_ro(disk, true);

	dev->disk = disk;
	err = device_add_disk(NULL, disk, ubd_groups);
	if (err)
		put_disk(disk);
	return err;
}

/* Makes a disk of a unit that is configured. */
static int ubd_add(unsigned int unit)
{
	struct ubd *dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	int err;

	if (!dev)
		return -ENOMEM;
	dev->unit = unit;
	dev->config = &ubd_configs[unit];
	snprintf(dev->name, sizeof(dev->name), "ubd%c", 'a' + unit);

	err = ubd_queue_init(dev);
	if (err)
		goto free;
	ubd_announce(dev);
	err = ubd_add_disk(dev);
	if (err)
		goto exit;
	ubds[unit] = dev;
	return 0;

exit:
	ubd_queue_exit(dev);
free:
	kfree(dev);
	return err;
}

/* True when nobody has the disk open, and nobody will. */
static bool ubd_retire(struct ubd *dev)
{
	mutex_lock(&dev->disk->open_mutex);
	dev->going = !disk_openers(dev->disk);
	mutex_unlock(&dev->disk->open_mutex);
	return dev->going;
}

/* ---- while the kernel runs ---------------------------------------------- */

static struct ubd *ubd_find(int unit)
{
	return unit >= 0 && unit < UBD_UNITS ? ubds[unit] : NULL;
}

int ubd_attach(const char *spec, char *why, size_t len)
{
	struct ubd_why *text = kzalloc(sizeof(*text), GFP_KERNEL);
	const char *word = kstrdup(spec, GFP_KERNEL);
	int unit = -ENOMEM, err;

	if (!text || !word) {
		scnprintf(why, len, "%s: out of memory", spec);
		goto out;
	}
	mutex_lock(&ubd_mutex);
	unit = strncmp(word, "ubd", 3) ? ubd_say(text, "%s: no unit: it begins with ubd", word) :
					 ubd_configure(word, text);
	if (unit >= 0) {
		err = ubd_add(unit);
		if (err) {
			ubd_say(text, "%s: no disk can be made: %s", word,
				um_strerror(err));
			ubd_unconfigure(&ubd_configs[unit]);
			unit = err;
		} else {
			ubd_configs[unit].own_word = true;
		}
	}
	mutex_unlock(&ubd_mutex);
	if (unit < 0)
		strscpy(why, text->text, len);
out:
	kfree(text);
	if (unit < 0)
		kfree(word);
	return unit;
}

int ubd_detach(int unit, char *why, size_t len)
{
	struct ubd_config *config;
	const char *word = NULL;
	struct ubd *dev;
	int err = 0;

	/* Who looked for partitions may be about to close it. */
	flush_delayed_fput();
	mutex_lock(&ubd_mutex);
	dev = ubd_find(unit);
	if (!dev) {
		scnprintf(why, len, "ubd%d: there is no such disk", unit);
		err = -ENODEV;
	} else if (dev->merging) {
		scnprintf(why, len, "ubd%d: it is being merged into its backing file", unit);
		err = -EBUSY;
	} else if (!ubd_retire(dev)) {
		scnprintf(why, len, "ubd%d: in use in the guest", unit);
		err = -EBUSY;
	} else {
		config = dev->config;
		err = blkdev_issue_flush(dev->disk->part0);
		del_gendisk(dev->disk);
		if (err)
			scnprintf(why, len, "ubd%d: removed, but what was written last may be lost: %s",
				  unit, um_strerror(err));
		ubd_queue_exit(dev);
		ubds[unit] = NULL;
		word = config->own_word ? config->word : NULL;
		ubd_unconfigure(config);
		put_disk(dev->disk);
	}
	mutex_unlock(&ubd_mutex);
	kfree(word);
	return err;
}

static int ubd_resize_locked(int unit)
{
	struct ubd *dev = ubd_find(unit);
	struct ubd_layer *l;
	struct host_stat st;
	int err;

	if (!dev)
		return -ENODEV;
	l = dev->config->image.layer;
	/* A COW file has the size that it was made with. */
	err = l->is_cow ? -EOPNOTSUPP : host_fstat(l->fd, &st);
	if (err)
		return err;
	st.size &= ~(u64)(SECTOR_SIZE - 1);
	if (!st.size)
		return -EINVAL;
	dev->config->image.size = st.size;
	set_capacity_and_notify(dev->disk, st.size >> SECTOR_SHIFT);
	return 0;
}

int ubd_resize(int unit)
{
	int err;

	mutex_lock(&ubd_mutex);
	err = ubd_resize_locked(unit);
	mutex_unlock(&ubd_mutex);
	return err;
}

/* Merges that go on, and who waits for their end. */
static int ubd_merges;
static DECLARE_WAIT_QUEUE_HEAD(ubd_merged);

/* With the mutex, which is free while the files are merged. */
static int ubd_commit_unit(int unit, struct ubd_why *why)
{
	struct ubd *dev = ubd_find(unit);
	int err;

	if (!dev) {
		ubd_say(why, "ubd%d: there is no such disk", unit);
		return -ENODEV;
	}
	if (dev->merging) {
		ubd_say(why, "%s: it is being merged into its backing file", dev->name);
		return -EBUSY;
	}
	dev->merging = true;
	WRITE_ONCE(ubd_merges, ubd_merges + 1);
	mutex_unlock(&ubd_mutex);
	err = ubd_commit_files(dev, why);
	mutex_lock(&ubd_mutex);
	dev->merging = false;
	WRITE_ONCE(ubd_merges, ubd_merges - 1);
	wake_up_all(&ubd_merged);
	return err;
}

/* The mutex is free when it returns. */
static int ubd_commit_unlocking(int unit, char *why, size_t len)
{
	struct ubd_why *text = kzalloc(sizeof(*text), GFP_KERNEL);
	int err = -ENOMEM;

	if (text)
		err = ubd_commit_unit(unit, text);
	mutex_unlock(&ubd_mutex);
	if (text)
		strscpy(why, text->text, len);
	else
		scnprintf(why, len, "ubd%d: out of memory", unit);
	kfree(text);
	return err;
}

int ubd_commit(int unit, char *why, size_t len)
{
	mutex_lock(&ubd_mutex);
	return ubd_commit_unlocking(unit, why, len);
}

int ubd_describe(int unit, char *buf, size_t len)
{
	int n = -ENODEV;

	mutex_lock(&ubd_mutex);
	if (ubd_find(unit))
		n = scnprintf(buf, len, "%s", ubd_configs[unit].word);
	mutex_unlock(&ubd_mutex);
	return n;
}

/* ---- the end ------------------------------------------------------------- */

/*
 * What a plain file has is the host's once it is written; of a COW file the
 * bitmap is still here.
 */
static void ubd_flush_all(u64 patience)
{
	unsigned int unit;
	int err;

	for (unit = 0; unit < UBD_UNITS; unit++) {
		if (!ubds[unit])
			continue;
		err = ubd_image_last_flush(&ubd_configs[unit].image, patience);
		if (err)
			pr_err("%s: what was written last may be lost: %s\n",
			       ubds[unit]->name, um_strerror(err));
	}
}

static void ubd_shutdown(void)
{
	/* One that is ended in its middle leaves a disk that is what it was, too. */
	ubd_commit_stop();
	wait_event_timeout(ubd_merged, !READ_ONCE(ubd_merges), 60 * HZ);
	mutex_lock(&ubd_mutex);
	preempt_disable();
	ubd_flush_all(60ULL * NSEC_PER_SEC);
	preempt_enable();
	mutex_unlock(&ubd_mutex);
}

static int ubd_reboot(struct notifier_block *nb, unsigned long event, void *arg)
{
	ubd_shutdown();
	return NOTIFY_DONE;
}

/* Behind all others that may still write; a halt knows no more than this. */
static struct notifier_block ubd_reboot_notifier = {
	.notifier_call = ubd_reboot,
	.priority = INT_MIN,
};

/* And behind what other devices have written. */
static int ubd_sys_off(struct sys_off_data *data)
{
	ubd_shutdown();
	return NOTIFY_DONE;
}

static int ubd_panic(struct notifier_block *nb, unsigned long event, void *arg)
{
	/* Who has the mutex does not go on. */
	if (mutex_trylock(&ubd_mutex)) {
		ubd_flush_all(2ULL * NSEC_PER_SEC);
		mutex_unlock(&ubd_mutex);
	}
	return NOTIFY_DONE;
}

static struct notifier_block ubd_panic_notifier = {
	.notifier_call = ubd_panic,
};

static int __init ubd_init(void)
{
	unsigned int unit;
	int err;

	err = register_blkdev(UBD_MAJOR, "ubd");
	if (err) {
		pr_err("major number %d cannot be had: %s\n", UBD_MAJOR,
		       um_strerror(err));
		return err;
	}
	register_reboot_notifier(&ubd_reboot_notifier);
	register_sys_off_handler(SYS_OFF_MODE_POWER_OFF_PREPARE, SYS_OFF_PRIO_DEFAULT,
				 ubd_sys_off, NULL);
	register_sys_off_handler(SYS_OFF_MODE_RESTART_PREPARE, SYS_OFF_PRIO_DEFAULT,
				 ubd_sys_off, NULL);
	atomic_notifier_chain_register(&panic_notifier_list, &ubd_panic_notifier);
	for (unit = 0; unit < UBD_UNITS; unit++) {
		if (!ubd_configs[unit].word)
			continue;
		err = ubd_add(unit);
		if (err) {
			pr_err("%s: no disk made of it: %s\n",
			       ubd_configs[unit].word, um_strerror(err));
			ubd_unconfigure(&ubd_configs[unit]);
		}
	}
	return 0;
}
device_initcall(ubd_init);
