// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's command line: the program's arguments, joined.
 */
#include <linux/cache.h>
#include <linux/ctype.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/option_words.h>
#include <asm/options.h>
#include <asm/setup.h>

char **um_argv __ro_after_init;
static int line_len __initdata;

static int __init append(const char *text, size_t n)
{
	if (line_len + n >= COMMAND_LINE_SIZE)
		return um_option_error("the command line is longer than %d bytes",
				       COMMAND_LINE_SIZE - 1);
	memcpy(boot_command_line + line_len, text, n);
	line_len += n;
	boot_command_line[line_len] = 0;
	return 0;
}

/*
 * Users write the first disk in many ways; the kernel knows it as /dev/ubda.
 * Returns where the unit's name starts, or NULL.
 */
static const char *__init ubd_unit(const char *root)
{
	if (!strncmp(root, "/dev/", 5))
		root += 5;
	if (strncmp(root, "ubd", 3))
		return NULL;
	root += 3;
	if (*root == '/')
		root++;
	return isalnum(*root) ? root : NULL;
}

static int __init append_root(const char *root)
{
	const char *unit = ubd_unit(root);
	char name[] = "root=/dev/ubd?";
	unsigned long n;
	char *end;
	int err;

	if (!unit) {
		err = append("root=", 5);
		return err ?: append(root, strlen(root));
	}
	if (isdigit(*unit)) {
		n = simple_strtoul(unit, &end, 10);
		name[sizeof(name) - 2] = 'a' + min(n, 15UL);
	} else {
		name[sizeof(name) - 2] = *unit;
		end = (char *)unit + 1;
	}
	/* Some write ubd0p1 for its first partition, ubda1. */
	if (end[0] == 'p' && isdigit(end[1]))
		end++;
	err = append(name, sizeof(name) - 1);
	return err ?: append(end, strlen(end));
}

static int __init append_word(const char *word)
{
	const char *blank = strpbrk(word, " \t");
	const char *equals = strchr(word, '=');
	int err;

	if (!strncmp(word, "root=", 5))
		return append_root(word + 5);
	if (!blank || strchr(word, '"'))
		return append(word, strlen(word));
	/* The kernel's own way to keep blanks in a value. */
	if (equals && equals < blank) {
		err = append(word, equals + 1 - word);
		err = err ?: append("\"", 1);
		err = err ?: append(equals + 1, strlen(equals + 1));
	} else {
		err = append("\"", 1);
		err = err ?: append(word, strlen(word));
	}
	return err ?: append("\"", 1);
}

/*
 * Looking for work twice a second, as the kernel does for huge pages that there may be
 * use for, is most of what an idle guest costs.
 */
static const char no_compaction[] = "sysctl.vm.compaction_proactiveness=0";

/**
 * struct given - what the user has said that there is a default for
 * @root:	where the root file system is
 * @compaction:	how eagerly memory is put together
 */
struct given {
	bool	root;
	bool	compaction;
};

static void __init look_at(struct given *given, const char *word)
{
	if (!strncmp(word, "root=", 5) || !strncmp(word, "initrd=", 7))
		given->root = true;
	if (!strncmp(word, no_compaction, strcspn(no_compaction, "=") + 1))
		given->compaction = true;
}

static int __init append_defaults(const struct given *given)
{
	int err = 0;

	if (!given->root)
		err = append("root=/dev/ubda ", 15);
	if (!given->compaction && IS_ENABLED(CONFIG_PROC_SYSCTL) && IS_ENABLED(CONFIG_COMPACTION)) {
		err = err ?: append(no_compaction, sizeof(no_compaction) - 1);
		err = err ?: append(" ", 1);
	}
	return err;
}

int __init um_cmdline_build(int argc, char **argv)
{
	struct given given = { };
	int words, i, err = 0;

	um_argv = argv;
	for (words = 1; words < argc && strcmp(argv[words], "--"); words++)
		look_at(&given, argv[words]);
	for (i = 1; i < words && !err; i++) {
		err = append_word(argv[i]);
		err = err ?: append(" ", 1);
	}
	/* Ours come before init's. */
	err = err ?: append_defaults(&given);
	for (; i < argc && !err; i++) {
		err = append_word(argv[i]);
		err = err ?: append(" ", 1);
	}
	if (line_len && !err)
		boot_command_line[--line_len] = 0;
	return err;
}

/*
 * The kernel asks about words that it does not know, and gives them to init if
 * nobody wants them: those that a switch has taken stay here.
 */
static int __init swallow(char *rest)
{
	return um_option_is_taken(rest);
}
__setup("", swallow);
