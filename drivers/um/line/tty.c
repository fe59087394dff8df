// SPDX-License-Identifier: GPL-2.0
/*
 * The consoles con0 to con15 as terminals /dev/tty0 to /dev/tty15.
 */
#define pr_fmt(fmt) "con: " fmt

#include <linux/capability.h>
#include <linux/init.h>
#include <linux/kd.h>
#include <linux/kfifo.h>
#include <linux/major.h>
#include <linux/reboot.h>
#include <linux/tty.h>
#include <linux/tty_driver.h>

#include <um/line.h>
#include "line.h"

/* How long the end waits for a host that takes no output, in ms. */
#define LINE_LAST_WAIT	2000

struct tty_driver *line_driver;

static struct line *line_of(struct tty_struct *tty)
{
	return tty->driver_data;
}

/* ---- operations --------------------------------------------------------- */

static int line_tty_install(struct tty_driver *driver, struct tty_struct *tty)
{
	struct line *line = &lines[tty->index];

	if (!line_exists(line))
		return -ENODEV;
	tty->driver_data = line;
	return tty_port_install(&line->port, driver, tty);
}

static int line_tty_open(struct tty_struct *tty, struct file *file)
{
	return tty_port_open(&line_of(tty)->port, tty, file);
}

static void line_tty_close(struct tty_struct *tty, struct file *file)
{
	struct line *line = line_of(tty);

	if (line)
		tty_port_close(&line->port, tty, file);
}

static void line_tty_hangup(struct tty_struct *tty)
{
	tty_port_hangup(&line_of(tty)->port);
}

static ssize_t line_tty_write(struct tty_struct *tty, const u8 *buf, size_t count)
{
	/*
	 * With output processing N_TTY writes each line in pieces, and calls
	 * flush_chars() when it has written all it has.
	 */
	bool pieces = O_OPOST(tty) && tty->termios.c_line == N_TTY;

	return line_queue(line_of(tty), buf, count, !pieces);
}

static int line_tty_put_char(struct tty_struct *tty, u8 ch)
{
	return line_queue(line_of(tty), &ch, 1, false);
}

static void line_tty_flush_chars(struct tty_struct *tty)
{
	line_push(line_of(tty));
}

static unsigned int line_tty_write_room(struct tty_struct *tty)
{
	return kfifo_avail(&line_of(tty)->port.xmit_fifo);
}

static unsigned int line_tty_chars_in_buffer(struct tty_struct *tty)
{
	return kfifo_len(&line_of(tty)->port.xmit_fifo);
}

static void line_tty_flush_buffer(struct tty_struct *tty)
{
	line_discard(line_of(tty));
	tty_wakeup(tty);
}

static void line_tty_throttle(struct tty_struct *tty)
{
	line_throttle(line_of(tty), true);
}

static void line_tty_unthrottle(struct tty_struct *tty)
{
	line_throttle(line_of(tty), false);
}

static void line_tty_stop(struct tty_struct *tty)
{
	line_stop(line_of(tty), true);
}

static void line_tty_start(struct tty_struct *tty)
{
	line_stop(line_of(tty), false);
}

/*
 * tty0 is what init takes for the virtual console.  It asks for the signal that
 * a key combination raises there: no such keys here, so it is never sent.
 */
static int line_tty_ioctl(struct tty_struct *tty, unsigned int cmd,
			  unsigned long arg)
{
	if (cmd == KDSIGACCEPT)
		return capable(CAP_KILL) ? 0 : -EPERM;
	return -ENOIOCTLCMD;
}

static const struct tty_operations line_tty_ops = {
	.install	= line_tty_install,
	.open		= line_tty_open,
	.close		= line_tty_close,
	.hangup		= line_tty_hangup,
	.write		= line_tty_write,
	.put_char	= line_tty_put_char,
	.flush_chars	= line_tty_flush_chars,
	.write_room	= line_tty_write_room,
	.chars_in_buffer = line_tty_chars_in_buffer,
	.flush_buffer	= line_tty_flush_buffer,
	.ioctl		= line_tty_ioctl,
	.throttle	= line_tty_throttle,
	.unthrottle	= line_tty_unthrottle,
	.stop		= line_tty_stop,
	.start		= line_tty_start,
};

static int line_port_activate(struct tty_port *port, struct tty_struct *tty)
{
	struct line *line = container_of(port, struct line, port);
	struct winsize ws;
	int err;

	err = line_activate(line);
	if (!err && line_winsize(line, &ws))
		tty_do_resize(tty, &ws);
	return err;
}

static void line_port_shutdown(struct tty_port *port)
{
	line_deactivate(container_of(port, struct line, port));
}

static const struct tty_port_operations line_port_ops = {
	.activate	= line_port_activate,
	.shutdown	= line_port_shutdown,
};

/* ---- size of the window ------------------------------------------------- */

static void line_resize(struct line *line)
{
	struct tty_struct *tty = tty_port_tty_get(&line->port);
	struct winsize ws;

	if (!tty)
		return;
	/* Against a close at the same time. */
	mutex_lock(&line->port.mutex);
	if (line_winsize(line, &ws))
		tty_do_resize(tty, &ws);
	mutex_unlock(&line->port.mutex);
	tty_kref_put(tty);
}

static void line_resize_all(struct work_struct *work)
{
	unsigned int i;

	for (i = 0; i < LINE_COUNT; i++) {
		if (line_exists(&lines[i]))
			line_resize(&lines[i]);
	}
}

static DECLARE_WORK(line_resize_work, line_resize_all);

void um_line_winch(void)
{
	/* Before there are terminals nobody has asked for their size. */
	if (line_driver)
		schedule_work(&line_resize_work);
}

/* ---- begin and end ------------------------------------------------------ */

static int line_last_words(struct notifier_block *nb, unsigned long action,
			   void *data)
{
	unsigned int i;

	for (i = 0; i < LINE_COUNT; i++) {
		if (line_exists(&lines[i]))
			line_drain(&lines[i], LINE_LAST_WAIT);
	}
	return NOTIFY_DONE;
}

static struct notifier_block line_reboot = {
	.notifier_call = line_last_words,
};

static void __init line_register(unsigned int index)
{
	struct tty_port *port = &lines[index].port;
	struct device *dev;

	port->ops = &line_port_ops;
	if (!line_exists(&lines[index]))
		return;
	dev = tty_port_register_device(port, line_driver, index, NULL);
	if (IS_ERR(dev))
		pr_err("%s: no terminal made of it: error %ld\n",
		       lines[index].name, -PTR_ERR(dev));
}

static int __init line_tty_init(void)
{
	struct tty_driver *driver;
	unsigned int i;
	int err;

	driver = tty_alloc_driver(LINE_COUNT, TTY_DRIVER_REAL_RAW |
				  TTY_DRIVER_DYNAMIC_DEV);
	if (IS_ERR(driver))
		return PTR_ERR(driver);
	driver->driver_name = "um_console";
	driver->name = "tty";
	driver->major = TTY_MAJOR;
	driver->minor_start = 0;
	driver->type = TTY_DRIVER_TYPE_CONSOLE;
	driver->init_termios = tty_std_termios;
	driver->init_termios.c_cflag |= CLOCAL;
	tty_set_operations(driver, &line_tty_ops);

	err = tty_register_driver(driver);
	if (err) {
		pr_err("no terminals: error %d\n", -err);
		tty_driver_kref_put(driver);
		return err;
	}
	line_driver = driver;
	for (i = 0; i < LINE_COUNT; i++)
		line_register(i);
	register_reboot_notifier(&line_reboot);
	return 0;
}
device_initcall(line_tty_init);
