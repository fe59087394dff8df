// SPDX-License-Identifier: GPL-2.0
/*
 * ubd: files and block devices of the host as disks.
 *
 * ubd_options.c has opened the files before the kernel started; here they
 * become disks.
 */
#define pr_fmt(fmt) "ubd: " fmt

#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/init.h>
#include <linux/major.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "ubd.h"

static int ubd_set_read_only(struct block_device *bdev, bool ro)
{
	struct ubd *dev = bdev->bd_disk->private_data;

	return !ro && dev->config->read_only ? -EROFS : 0;
}

static const struct block_device_operations ubd_ops = {
	.owner		= THIS_MODULE,
	.set_read_only	= ubd_set_read_only,
};

/* ---- sysfs -------------------------------------------------------------- */

static ssize_t serial_show(struct device *device, struct device_attribute *attr,
			   char *buf)
{
	struct ubd *dev = dev_to_disk(device)->private_data;

	return sysfs_emit(buf, "%.*s\n", dev->config->serial_len,
			  dev->config->serial ?: "");
}
static DEVICE_ATTR_RO(serial);

static struct attribute *ubd_attrs[] = {
	&dev_attr_serial.attr,
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

static int __init ubd_add_disk(struct ubd *dev)
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
	set_capacity(disk, config->size >> SECTOR_SHIFT);
	if (config->read_only)
		set_disk_ro(disk, true);

	dev->disk = disk;
	err = device_add_disk(NULL, disk, ubd_groups);
	if (err) {
		dev->disk = NULL;
		put_disk(disk);
	}
	return err;
}

static int __init ubd_add(unsigned int unit)
{
	struct ubd_config *config = &ubd_configs[unit];
	struct ubd *dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	int err;

	if (!dev)
		return -ENOMEM;
	dev->unit = unit;
	dev->config = config;
	snprintf(dev->name, sizeof(dev->name), "ubd%c", 'a' + unit);

	err = ubd_queue_init(dev);
	if (err)
		goto free;
	/* Partitions are read in here, so what may be said is said before. */
	pr_info("%s: %.*s, %llu sectors%s\n", dev->name, config->file_len,
		config->file, config->size >> SECTOR_SHIFT,
		config->read_only ? ", read-only" : "");
	if (config->demoted)
		pr_notice("%s: the file may not be written: the disk is read-only\n",
			  dev->name);
	if (config->cut)
		pr_notice("%s: the last %u bytes are no whole sector: not part of the disk\n",
			  dev->name, config->cut);
	err = ubd_add_disk(dev);
	if (err)
		goto exit;
	return 0;

exit:
	ubd_queue_exit(dev);
free:
	kfree(dev);
	return err;
}

static int __init ubd_init(void)
{
	unsigned int unit;
	int err;

	err = register_blkdev(UBD_MAJOR, "ubd");
	if (err) {
		pr_err("major number %d cannot be had: error %d\n", UBD_MAJOR, err);
		return err;
	}
	for (unit = 0; unit < UBD_UNITS; unit++) {
		if (!ubd_configs[unit].word)
			continue;
		err = ubd_add(unit);
		if (err) {
			pr_err("%s: no disk made of it: error %d\n",
			       ubd_configs[unit].word, err);
			host_close(ubd_configs[unit].fd);
		}
	}
	return 0;
}
device_initcall(ubd_init);
