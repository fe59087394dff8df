// SPDX-License-Identifier: GPL-2.0
/* The commands of the management console. */
#include "request.h"

const struct mconsole_command mconsole_commands[MCONSOLE_NR_VERBS] = {
	[MCONSOLE_VERSION] = {
		.name	= "version",
		.help	= "the version of the kernel",
	},
	[MCONSOLE_HELP] = {
		.name	= "help",
		.help	= "this list",
	},
	[MCONSOLE_HALT] = {
		.name	= "halt",
		.help	= "end at once; nothing is synced",
	},
	[MCONSOLE_REBOOT] = {
		.name	= "reboot",
		.help	= "start again at once; nothing is synced",
	},
	[MCONSOLE_CONFIG] = {
		.name		= "config",
		.args		= "<dev>[=<value>]",
		.optional	= 1,
		.help		= "add or change a device as on the command line, or show devices",
	},
	[MCONSOLE_REMOVE] = {
		.name	= "remove",
		.args	= "<dev>",
		.help	= "take a device away",
	},
	[MCONSOLE_SYSRQ] = {
		.name		= "sysrq",
		.args		= "<letter>",
		.optional	= 1,
		.help		= "what the SysRq key does with this letter",
	},
	[MCONSOLE_CAD] = {
		.name	= "cad",
		.help	= "Ctrl-Alt-Del is pressed; init decides what follows",
	},
	[MCONSOLE_STOP] = {
		.name	= "stop",
		.help	= "stand still until go",
	},
	[MCONSOLE_GO] = {
		.name	= "go",
		.help	= "go on after stop",
	},
	[MCONSOLE_LOG] = {
		.name	= "log",
		.args	= "<text>",
		.help	= "write a text to the kernel's log",
	},
	[MCONSOLE_PROC] = {
		.name	= "proc",
		.args	= "<file>",
		.help	= "the contents of a file in /proc",
	},
	[MCONSOLE_STACK] = {
		.name	= "stack",
		.args	= "<pid>",
		.help	= "the kernel stack of a process",
	},
	[MCONSOLE_EXEC] = {
		.name	= "exec",
		.args	= "<command>",
		.help	= "run a command of the guest's shell, as root",
	},
	[MCONSOLE_PS] = {
		.name	= "ps",
		.help	= "the processes",
	},
	[MCONSOLE_MEMINFO] = {
		.name	= "meminfo",
		.help	= "/proc/meminfo, and how much memory of the host that takes",
	},
	[MCONSOLE_DMESG] = {
		.name		= "dmesg",
		.args		= "<lines>",
		.optional	= 1,
		.help		= "the kernel's log, or so many lines at its end",
	},
};

static int mconsole_same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

enum mconsole_verb mconsole_find(const char *name)
{
	int verb;

	for (verb = 0; verb < MCONSOLE_NR_VERBS; verb++)
		if (mconsole_same(mconsole_commands[verb].name, name))
			break;
	return verb;
}
