// SPDX-License-Identifier: GPL-2.0
/*
 * The choice of the engine: engine=auto|seccomp|ptrace.
 */
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <asm/engine.h>
#include <asm/options.h>
#include <asm/x86.h>

/* In the order in which auto tries them: the fastest first. */
static const struct engine *const engines[] __initconst = {
	&seccomp_engine,
	&ptrace_engine,
};

const struct engine *engine __ro_after_init;
static const char *wanted __initdata = "auto";
static bool chosen __initdata;

static int __init engine_option(char *arg)
{
	int i;

	wanted = arg;
	chosen = strcmp(arg, "auto") != 0;
	if (!chosen)
		return 0;
	for (i = 0; i < ARRAY_SIZE(engines); i++)
		if (!strcmp(arg, engines[i]->name))
			return 0;
	return um_option_error("engine=%s: unknown engine; there are auto, seccomp and ptrace", arg);
}

UM_OPTION(engine, "engine=", engine_option, "engine=auto|seccomp|ptrace",
	  "How guest code is run. auto takes the fastest that the host allows and\n"
	  "says so in the boot log; seccomp wants Linux 5.19, and is fastest from 6.6\n"
	  "on; ptrace works wherever ptrace is allowed.\n");

static int __init nosysemu_option(char *arg)
{
	return *arg ? 1 : 0;
}

UM_OPTION(nosysemu, "nosysemu", nosysemu_option, "nosysemu",
	  "Accepted and ignored: every host that this kernel runs on has\n"
	  "PTRACE_SYSEMU.\n");

/* Why the fastest was not taken. */
static const char *refused_name __initdata, *refused_step __initdata;
static int refused_err __initdata;

int __init engine_start(void)
{
	const char *why = NULL;
	int i, err = -ENOSYS;

	for (i = 0; i < ARRAY_SIZE(engines); i++) {
		if (chosen && strcmp(wanted, engines[i]->name))
			continue;
		err = engines[i]->start(&why);
		if (!err) {
			engine = engines[i];
			return 0;
		}
		if (!refused_name) {
			refused_name = engines[i]->name;
			refused_step = why ?: "start";
			refused_err = err;
		}
	}
	um_option_error("engine=%s: the host does not let guest code run: %s: %s",
			wanted, why ?: "start", um_strerror(err));
	return err;
}

static int __init engine_report(void)
{
	if (refused_name)
		pr_info("engine: %s (the host does not allow %s: %s: %s)\n",
			engine->name, refused_name, refused_step,
			um_strerror(refused_err));
	else
		pr_info("engine: %s (%s)\n", engine->name,
			chosen ? "asked for" : "the fastest that the host allows");
	return 0;
}
core_initcall(engine_report);
