// SPDX-License-Identifier: GPL-2.0
/* What the commands of the management console do. */
#define pr_fmt(fmt) fmt

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/printk.h>
#include <linux/reboot.h>
#include <linux/sched/debug.h>
#include <linux/sched/task.h>
#include <linux/string.h>
#include <linux/sysrq.h>
#include <linux/utsname.h>

#include "mconsole.h"

void mconsole_version(char *buf, size_t len)
{
	const struct new_utsname *u = &init_uts_ns.name;

	scnprintf(buf, len, "%s %s %s %s %s", u->sysname, u->nodename, u->release,
		  u->version, u->machine);
}

static void do_version(struct mconsole_answer *answer, const char *args)
{
	char text[5 * (__NEW_UTS_LEN + 1)];

	mconsole_version(text, sizeof(text));
	mconsole_printf(answer, "%s", text);
}

static void do_help(struct mconsole_answer *answer, const char *args)
{
	const struct mconsole_command *c;

	mconsole_printf(answer, "Commands:\n");
	for (c = mconsole_commands; c < mconsole_commands + MCONSOLE_NR_VERBS; c++)
		mconsole_printf(answer, "    %s%s%s%s%s - %s\n", c->name, c->args ? " " : "",
				c->optional ? "[" : "", c->args ?: "", c->optional ? "]" : "",
				c->help);
}

static void do_halt(struct mconsole_answer *answer, const char *args)
{
	answer->then = kernel_power_off;
}

static void restart(void)
{
	kernel_restart(NULL);
}

static void do_reboot(struct mconsole_answer *answer, const char *args)
{
	answer->then = restart;
}

static void do_cad(struct mconsole_answer *answer, const char *args)
{
	ctrl_alt_del();
}

static void do_go(struct mconsole_answer *answer, const char *args)
{
	mconsole_fail(answer, -EINVAL, "the guest is not stopped");
}

static void do_log(struct mconsole_answer *answer, const char *args)
{
	size_t len;

	for (; *args; args += len + (args[len] == '\n')) {
		len = strcspn(args, "\n");
		pr_notice("%.*s\n", (int)len, args);
	}
}

/* ---- SysRq -------------------------------------------------------------------- */

static u8 ending_key;

static void end_by_sysrq(void)
{
	__handle_sysrq(ending_key, false);
}

static void press_sysrq(void *arg)
{
	__handle_sysrq(*(u8 *)arg, false);
}

static void do_sysrq(struct mconsole_answer *answer, const char *args)
{
	u8 key = *args ?: 'h';

	if (!IS_ENABLED(CONFIG_MAGIC_SYSRQ)) {
		mconsole_fail(answer, -EOPNOTSUPP, "sysrq: this kernel has none");
		return;
	}
	if (*args && args[1]) {
		mconsole_fail(answer, -EINVAL, "sysrq: %s: one letter is meant", args);
		return;
	}
	/* Nobody answers behind these. */
	if (strchr("bco", key)) {
		ending_key = key;
		answer->then = end_by_sysrq;
		return;
	}
	mconsole_capture(answer, press_sysrq, &key);
}

/* ---- a process ---------------------------------------------------------------- */

static void show_task(void *task)
{
	sched_show_task(task);
}

static void do_stack(struct mconsole_answer *answer, const char *args)
{
	struct task_struct *task = NULL;
	int pid;

	if (kstrtoint(args, 10, &pid) || pid <= 0) {
		mconsole_fail(answer, -EINVAL, "stack: %s: no process id", args);
		return;
	}
	rcu_read_lock();
	task = find_task_by_pid_ns(pid, &init_pid_ns);
	if (task)
		get_task_struct(task);
	rcu_read_unlock();
	if (!task) {
		mconsole_fail(answer, -ESRCH, "stack: %d: there is no such process", pid);
		return;
	}
	mconsole_capture(answer, show_task, task);
	put_task_struct(task);
}

/* ---- all ---------------------------------------------------------------------- */

static void (*const verbs[MCONSOLE_NR_VERBS])(struct mconsole_answer *answer,
					      const char *args) = {
	[MCONSOLE_VERSION]	= do_version,
	[MCONSOLE_HELP]		= do_help,
	[MCONSOLE_HALT]		= do_halt,
	[MCONSOLE_REBOOT]	= do_reboot,
	[MCONSOLE_CONFIG]	= mconsole_config,
	[MCONSOLE_REMOVE]	= mconsole_remove,
	[MCONSOLE_SYSRQ]	= do_sysrq,
	[MCONSOLE_CAD]		= do_cad,
	[MCONSOLE_GO]		= do_go,
	[MCONSOLE_LOG]		= do_log,
	[MCONSOLE_PROC]		= mconsole_proc,
	[MCONSOLE_STACK]	= do_stack,
	[MCONSOLE_EXEC]		= mconsole_exec,
	[MCONSOLE_PS]		= mconsole_ps,
	[MCONSOLE_MEMINFO]	= mconsole_meminfo,
	[MCONSOLE_DMESG]	= mconsole_dmesg,
};

void mconsole_do(struct mconsole_answer *answer, const struct mconsole_request *request)
{
	if (verbs[request->verb])
		verbs[request->verb](answer, request->args);
}

void mconsole_refuse(struct mconsole_answer *answer, const struct mconsole_request *request,
		     const char *why)
{
	if (*request->name)
		mconsole_fail(answer, -EINVAL, "%s: %s", request->name, why);
	else
		mconsole_fail(answer, -EINVAL, "%s", why);
}

bool mconsole_is_stop(const struct mconsole_request *request)
{
	return request->verb == MCONSOLE_STOP;
}
