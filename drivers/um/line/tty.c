// SPDX-License-Identifier: GPL-2.0
/*
 * The consoles con0 to con15 as terminals /dev/tty0 to /dev/tty15, and the serial
 * lines ssl0 to ssl63 as /dev/ttyS0 to /dev/ttyS63.
 */
#define pr_fmt(fmt) "lines: " fmt

#include <linux/capability.h>
#include <linux/init.h>
#include <linux/kd.h>
#include <linux/kfifo.h>
#include <linux/major.h>
#include <linux/reboot.h>
#include <linux/tty.h>
#include <linux/tty_driver.h>

#include <um/host.h>
#include <um/line.h>
#include "line.h"

/* How long the end waits for hosts that take no output, in ms. */
#define LINE_LAST_WAIT	2000

/* How long closing one waits for a host that takes no output. */
#define LINE_CLOSING_WAIT	(3 * HZ)

static struct line *line_of(struct tty_struct *tty)
{
	return tty->driver_data;
}

/* ---- operations --------------------------------------------------------- */

/*
 * Who opens a line that takes calls waits for one, whatever the last user has
 * thought of modems; the others have nobody to wait for.
 */
static void line_set_clocal(struct line *line, struct tty_struct *tty)
{
	down_write(&tty->termios_rwsem);
	if (line_takes_calls(line))
		tty->termios.c_cflag &= ~CLOCAL;
	else
		tty->termios.c_cflag |= CLOCAL;
	up_write(&tty->termios_rwsem);
}

static int line_tty_install(struct tty_driver *driver, struct tty_struct *tty)
{
	struct line_class *class = driver->driver_state;
	struct line *line = &class->lines[tty->index];

	if (!line_exists(line))
		return -ENODEV;
	tty->driver_data = line;
	/* Each write costs a call to the host. */
	set_bit(TTY_NO_WRITE_SPLIT, &tty->flags);
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
	return line_queued(line_of(tty));
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

static int line_tty_resize(struct tty_struct *tty, struct winsize *ws)
{
	int err = tty_do_resize(tty, ws);

	if (!err)
		line_set_winsize(line_of(tty), ws);
	return err;
}

static int line_tty_tiocmget(struct tty_struct *tty)
{
	int on = TIOCM_DTR | TIOCM_RTS | TIOCM_CTS | TIOCM_DSR;

	return line_is_connected(line_of(tty)) ? on | TIOCM_CAR : on;
}

/* There are no wires. */
static int line_tty_tiocmset(struct tty_struct *tty, unsigned int set, unsigned int clear)
{
	return 0;
}

static int line_tty_break(struct tty_struct *tty, int state)
{
	struct line *line = line_of(tty);
	struct chan *chan = line->out;

	line_lock_channels(line);
	if (chan->up && chan->spec.ops->send_break)
		chan->spec.ops->send_break(chan, state);
	line_unlock_channels(line);
	return 0;
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
	.resize		= line_tty_resize,
	.tiocmget	= line_tty_tiocmget,
	.tiocmset	= line_tty_tiocmset,
	.break_ctl	= line_tty_break,
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
	if (err)
		return err;
	line_set_clocal(line, tty);
	if (line_winsize(line, &ws))
		tty_do_resize(tty, &ws);
	return 0;
}

static void line_port_shutdown(struct tty_port *port)
{
	line_deactivate(container_of(port, struct line, port));
}

static bool line_port_carrier_raised(struct tty_port *port)
{
	return line_is_connected(container_of(port, struct line, port));
}

static const struct tty_port_operations line_port_ops = {
	.activate	= line_port_activate,
	.shutdown	= line_port_shutdown,
	.carrier_raised	= line_port_carrier_raised,
};

/* ---- size of the window ------------------------------------------------- */

void line_resize(struct work_struct *work)
{
	struct line *line = container_of(work, struct line, resize);
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

void um_line_winch(void)
{
	struct line_class *class;
	struct line *line;

	for_each_line_class(class) {
		/* Before there are terminals nobody has asked for their size. */
		if (!class->driver)
			continue;
		for_each_line_of(line, class)
			if (READ_ONCE(line->active))
				schedule_work(&line->resize);
	}
}

/* ---- begin and end ------------------------------------------------------ */

static int line_last_words(struct notifier_block *nb, unsigned long action,
			   void *data)
{
	u64 until = host_monotonic_ns() + LINE_LAST_WAIT * (u64)NSEC_PER_MSEC;
	struct line_class *class;
	struct line *line;

	for_each_line_class(class)
		for_each_line_of(line, class)
			if (line_exists(line))
				line_drain(line, until);
	um_line_end();
	return NOTIFY_DONE;
}

static struct notifier_block line_reboot = {
	.notifier_call = line_last_words,
};

int line_register(struct line *line)
{
	struct device *dev = tty_port_register_device_attr(&line->port, line->class->driver,
							   line->index, NULL, line,
							   line_groups);

	return PTR_ERR_OR_ZERO(dev);
}

void line_unregister(struct line *line)
{
	tty_port_unregister_device(&line->port, line->class->driver, line->index);
}

static int __init line_driver_init(struct line_class *class)
{
	struct tty_driver *driver;
	struct line *line;
	int err;

	driver = tty_alloc_driver(class->count, TTY_DRIVER_REAL_RAW |
				  TTY_DRIVER_DYNAMIC_DEV);
	if (IS_ERR(driver))
		return PTR_ERR(driver);
	driver->driver_name = class->driver_name;
	driver->name = class->tty_name;
	driver->major = TTY_MAJOR;
	driver->minor_start = class->minor;
	driver->type = class->type;
	driver->subtype = class->subtype;
	driver->init_termios = tty_std_termios;
	driver->init_termios.c_cflag |= CLOCAL;
	driver->driver_state = class;
	tty_set_operations(driver, &line_tty_ops);

	err = tty_register_driver(driver);
	if (err) {
		tty_driver_kref_put(driver);
		return err;
	}
	class->driver = driver;
	for_each_line_of(line, class) {
		line->port.ops = &line_port_ops;
		line->port.closing_wait = LINE_CLOSING_WAIT;
		if (!line_exists(line))
			continue;
		err = line_register(line);
		if (err)
			pr_err("%s: no terminal made of it: error %d\n", line->name, -err);
	}
	return 0;
}

static int __init line_tty_init(void)
{
	struct line_class *class;

	for_each_line_class(class) {
		int err = line_driver_init(class);

		if (err)
			pr_err("no terminals %s: error %d\n", class->tty_name, -err);
	}
	register_reboot_notifier(&line_reboot);
	return 0;
}
device_initcall(line_tty_init);
