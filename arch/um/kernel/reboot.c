// SPDX-License-Identifier: GPL-2.0
/*
 * The end: halt, power-off, reboot, panic, and the host's wish to end.
 */
#include <linux/init.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/panic.h>
#include <linux/pm.h>
#include <linux/proc_fs.h>
#include <linux/reboot.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>
#include <asm/options.h>
#include <asm/reboot.h>
#include <asm/setup.h>
#include <asm/umid.h>
#include <um/host.h>

/* Set, so that the kernel knows that it can be switched off. */
void (*pm_power_off)(void) = machine_power_off;
EXPORT_SYMBOL(pm_power_off);

static bool noreboot __ro_after_init;
static u8 exit_status;

static int __init noreboot_option(char *arg)
{
	if (*arg)
		return 1;
	noreboot = true;
	return 0;
}

UM_OPTION(noreboot, "noreboot", noreboot_option, "noreboot",
	  "A reboot ends the program instead of starting it again.\n");

/* Nobody else runs from here on: who did would find his stub gone. */
static void __noreturn finish(int status)
{
	local_irq_disable();
	umid_end();
	host_tty_restore();
	host_exit(status);
}

void machine_halt(void)
{
	finish(exit_status);
}

void machine_power_off(void)
{
	finish(exit_status);
}

static void start_again(void)
{
	int err;

	if (noreboot)
		finish(exit_status);
	local_irq_disable();
	umid_end();
	host_tty_restore();
	err = host_exec_self(um_argv);
	um_option_error("reboot: cannot execute the program again: %s",
			um_strerror(err));
	host_exit(1);
}

void machine_restart(char *command)
{
	start_again();
}

/* Reached by a panic as well, after panic= seconds. */
void machine_emergency_restart(void)
{
	if (panic_in_progress() && (panic_timeout < 0 || noreboot)) {
		umid_end();
		host_abort();
	}
	start_again();
}

/* ---- SIGTERM, SIGINT, SIGHUP ------------------------------------------------ */

static void shutdown_work_fn(struct work_struct *work)
{
	if (system_state == SYSTEM_RUNNING)
		orderly_poweroff(true);
	else
		kernel_power_off();
}

static DECLARE_WORK(shutdown_work, shutdown_work_fn);

void um_shutdown_request(void)
{
	static int requests;

	/* Nothing runs yet that could do anything about it, or lose anything. */
	if (system_state < SYSTEM_SCHEDULING)
		finish(1);
	switch (++requests) {
	case 1:
		pr_notice("the host asks for shutdown\n");
		schedule_work(&shutdown_work);
		break;
	case 2:
		pr_notice("asked again; a third time ends it at once\n");
		break;
	default:
		finish(1);
	}
}

/* ---- /proc/exitcode ------------------------------------------------------------ */

static int exitcode_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%u\n", exit_status);
	return 0;
}

static int exitcode_open(struct inode *inode, struct file *file)
{
	return single_open(file, exitcode_show, NULL);
}

static ssize_t exitcode_write(struct file *file, const char __user *buf,
			      size_t count, loff_t *pos)
{
	int err = kstrtou8_from_user(buf, count, 0, &exit_status);

	return err ?: count;
}

static const struct proc_ops exitcode_ops = {
	.proc_open	= exitcode_open,
	.proc_read	= seq_read,
	.proc_lseek	= seq_lseek,
	.proc_release	= single_release,
	.proc_write	= exitcode_write,
};

static int __init exitcode_init(void)
{
	return proc_create("exitcode", 0600, NULL, &exitcode_ops) ? 0 : -ENOMEM;
}
fs_initcall(exitcode_init);
