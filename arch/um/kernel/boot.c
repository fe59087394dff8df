// SPDX-License-Identifier: GPL-2.0
/*
 * From the program's start to start_kernel().
 */
#include <linux/init.h>
#include <linux/init_task.h>
#include <linux/sched/task_stack.h>
#include <linux/string.h>
#include <linux/start_kernel.h>
#include <asm/engine.h>
#include <asm/option_words.h>
#include <asm/options.h>
#include <asm/physmem.h>
#include <asm/setup.h>
#include <asm/umid.h>
#include <asm/vdso.h>
#include <um/host.h>
#include <um/line.h>
#include <um/ubd.h>

asmlinkage void __noreturn call_on_stack(unsigned long top, void (*fn)(void));

static void __init on_kernel_stack(void)
{
	start_kernel();
}

#ifdef CONFIG_INITRAMFS_SOURCE
#define BUILTIN_INITRAMFS	(sizeof(CONFIG_INITRAMFS_SOURCE) > 1)
#else
#define BUILTIN_INITRAMFS	false
#endif

/*
 * Is there anything to boot from?  KUnit runs before a root is looked for, and
 * a kernel may have an initramfs built in.
 */
static bool __init has_root(int argc, char **argv)
{
	int i;

	if (ubd_is_open(0) || BUILTIN_INITRAMFS)
		return true;
	for (i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strncmp(argv[i], "root=", 5) ||
		    !strncmp(argv[i], "initrd=", 7) ||
		    !strncmp(argv[i], "kunit", 5))
			return true;
	um_option_error("ubd0=root_fs: No such file or directory; name a root file system with ubd0=FILE or initrd=FILE");
	return false;
}

/* What fails has said why in one line. */
static int __init prepare(int argc, char **argv)
{
	int err;

	if (um_options_handle(argc, argv) || um_cmdline_build(argc, argv))
		return 1;
	if (ubd_open_default())
		return 1;
	if (!has_root(argc, argv))
		return 1;
	if (umid_start())
		return 1;
	um_clock_start();

	/* Processes are made before there are threads. */
	err = physmem_create();
	if (err >= 0) {
		um_vdso_start();
		err = engine_start();
	}
	if (err >= 0) {
		host_tty_guard();
		err = host_irq_init();
		if (err < 0)
			um_option_error("the host takes no signal handlers: %s",
					um_strerror(err));
	}
	if (err < 0)
		umid_end();
	return err < 0;
}

/* Runs on the host's stack.  Called by main(), which stays: hence __ref. */
int __ref um_main(int argc, char **argv)
{
	if (prepare(argc, argv)) {
		um_line_end();
		return 1;
	}
	set_task_stack_end_magic(&init_task);
	call_on_stack((unsigned long)task_stack_page(&init_task) + THREAD_SIZE - 16,
		      on_kernel_stack);
}
