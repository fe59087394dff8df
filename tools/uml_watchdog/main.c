// SPDX-License-Identifier: GPL-2.0
/* uml_watchdog: does something about a guest that hangs. */
#include <signal.h>
#include "arguments.h"
#include "run.h"

int main(int argc, char **argv)
{
	struct arguments args;
	int status = arguments_parse(&args, argc, argv);

	if (status >= 0)
		return status;
	/* What can be done is done, whoever reads of it. */
	signal(SIGPIPE, SIG_IGN);
	return args.pid ? kernel_run(&args) : guest_run(&args);
}
