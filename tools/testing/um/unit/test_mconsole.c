// SPDX-License-Identifier: GPL-2.0
/* Requests to the management console, names of devices, and replies. */
#include <stdlib.h>
#include "unit.h"
#include "drivers/um/mconsole/request.h"

static struct mconsole_request request;

/* Understands a datagram of exactly @have bytes, so that the sanitizer sees its end. */
static const char *parse_bytes(const void *bytes, size_t have)
{
	/* At an odd address as well. */
	char *exact = malloc(have + 1);
	const char *why;

	memcpy(exact + 1, bytes, have);
	why = mconsole_parse(&request, exact + 1, have);
	free(exact);
	return why;
}

static size_t make(struct um_mconsole_request *to, const char *text, size_t len)
{
	*to = (struct um_mconsole_request) {
		.magic = UM_MCONSOLE_MAGIC,
		.version = UM_MCONSOLE_VERSION,
		.length = len,
	};
	memcpy(to->data, text, len < sizeof(to->data) ? len : sizeof(to->data));
	return UM_MCONSOLE_REQUEST_HEAD + (len < sizeof(to->data) ? len : sizeof(to->data));
}

static const char *parse_len(const char *text, size_t len)
{
	struct um_mconsole_request datagram;
	size_t have = make(&datagram, text, len);

	return parse_bytes(&datagram, have);
}

static const char *parse(const char *text)
{
	return parse_len(text, strlen(text));
}

static void good(const char *text, enum mconsole_verb verb, const char *args)
{
	const char *why = parse(text);

	ok(!why && request.verb == verb && !strcmp(request.args, args) &&
	   !strcmp(request.name, mconsole_commands[verb].name), "%s with '%s' is understood",
	   mconsole_commands[verb].name, args);
	if (why)
		printf("# %s\n", why);
}

static void bad(const char *why, const char *word, const char *name)
{
	ok(why && strstr(why, word), "%s: %s", name, why ?: "not refused");
}

static void test_datagrams(void)
{
	struct um_mconsole_request r;
	size_t have = make(&r, "version", 7), i;
	unsigned int early = 0;

	for (i = 0; i < have; i++)
		early += !parse_bytes(&r, i);
	is(early, 0, "a request that is cut off anywhere is none");
	ok(!parse_bytes(&r, have), "a whole one is");
	ok(!parse_bytes(&r, sizeof(r)), "so is one with all 524 bytes");
	bad(parse_bytes(&r, 11), "header", "11 bytes");
	bad(parse_bytes(&r, have - 1), "cut off", "a length that is too much by one");
	bad(parse_bytes("version", 7), "header", "a request of version 0");
	bad(parse_bytes("version of the kernel", 21), "magic", "a longer one");
	r.version = 1;
	bad(parse_bytes(&r, have), "version", "version 1");
	is(request.verb, MCONSOLE_NR_VERBS, "and no command is found in it");
	r.version = 3;
	bad(parse_bytes(&r, have), "version", "version 3");
	r.version = 2;
	r.length = 512;
	bad(parse_bytes(&r, sizeof(r)), "511", "a length of 512");
	r.length = ~0U;
	bad(parse_bytes(&r, sizeof(r)), "511", "the greatest length");
	r.length = 3;
	bad(parse_bytes(&r, have), "no such command", "a length that ends in the word");
	is_str(request.name, "ver", "of which the rest is not looked at");
	memset(r.data, 'x', sizeof(r.data));
	memcpy(r.data, "log ", 4);
	r.length = UM_MCONSOLE_TEXT_MAX;
	ok(!parse_bytes(&r, sizeof(r)) && strlen(request.args) == 507, "511 bytes are understood");
}

static void test_text(void)
{
	good("version", MCONSOLE_VERSION, "");
	good("  version\n", MCONSOLE_VERSION, "");
	good("proc\tmeminfo \t\r\n", MCONSOLE_PROC, "meminfo");
	good("log  two  words ", MCONSOLE_LOG, "two  words");
	good("sysrq", MCONSOLE_SYSRQ, "");
	good("sysrq h", MCONSOLE_SYSRQ, "h");
	good("config con1=pty", MCONSOLE_CONFIG, "con1=pty");
	good("config", MCONSOLE_CONFIG, "");
	good("config ?", MCONSOLE_CONFIG, "?");
	good("exec  echo  'a  b' >&2; exit 3\n", MCONSOLE_EXEC, "echo  'a  b' >&2; exit 3");
	ok(!parse("exec cat <<X\na\nX\n") && !strcmp(request.args, "cat <<X\na\nX"),
	   "lines are understood");
	good("ps\n", MCONSOLE_PS, "");
	good("meminfo", MCONSOLE_MEMINFO, "");
	good("dmesg", MCONSOLE_DMESG, "");
	good("dmesg 10", MCONSOLE_DMESG, "10");
	ok(!parse_len("version\0\0", 9), "NULs at the end are none");
	ok(!parse_len("version \0", 9), "nor behind a blank");
	bad(parse_len("log a\0b", 7), "NUL", "a NUL in the text");
	bad(parse_len("\0version", 8), "NUL", "a NUL before it");
	bad(parse(""), "empty", "no text");
	bad(parse(" \t\n"), "empty", "blanks alone");
	bad(parse_len("\0\0", 2), "empty", "NULs alone");
	bad(parse("versionx"), "no such command", "what only begins as a command");
	bad(parse("vers"), "no such command", "the beginning of a command");
	bad(parse("Version"), "no such command", "another case");
	bad(parse("version now"), "no arguments", "an argument too many");
	bad(parse("ps aux"), "no arguments", "ps of others has arguments");
	bad(parse("meminfo x"), "no arguments", "another one too many");
	bad(parse("log"), "missing", "none where one is needed");
	bad(parse("exec \t"), "missing", "a command of blanks");
	bad(parse("execve x"), "no such command", "exec is a whole word");
	bad(parse("stack  "), "missing", "nor are blanks one");
	is_str(request.name, "stack", "the reply can name the command");
}

static void test_commands(void)
{
	unsigned int verb, lost = 0;

	for (verb = 0; verb < MCONSOLE_NR_VERBS; verb++)
		lost += mconsole_find(mconsole_commands[verb].name) != verb ||
			!mconsole_commands[verb].help;
	is(lost, 0, "every command is found by its name, and has a line of help");
	is(mconsole_find(""), MCONSOLE_NR_VERBS, "nothing is none");
}

static void named(const char *args, enum mconsole_class class, int unit, const char *flags,
		  const char *value)
{
	struct mconsole_device d;
	const char *why = mconsole_parse_config(&d, args);

	ok(!why && d.class == class && d.unit == unit && d.flags_len == strlen(flags) &&
	   !memcmp(d.flags, flags, d.flags_len) && !d.value == !value &&
	   (!value || !strcmp(d.value, value)), "%s is a device", args);
	if (why)
		printf("# %s\n", why);
}

static const char *bad_config(const char *args)
{
	struct mconsole_device d;

	return mconsole_parse_config(&d, args);
}

static const char *bad_remove(const char *args)
{
	struct mconsole_device d;

	return mconsole_parse_remove(&d, args);
}

static void test_devices(void)
{
	named("con1", MCONSOLE_CON, 1, "", NULL);
	named("con1=fd:0,fd:1", MCONSOLE_CON, 1, "", "fd:0,fd:1");
	named("con01=pty", MCONSOLE_CON, 1, "", "pty");
	named("ssl63=null", MCONSOLE_SSL, 63, "", "null");
	named("ubd15=/a file=b", MCONSOLE_UBD, 15, "", "/a file=b");
	named("ubdp", MCONSOLE_UBD, 15, "", NULL);
	named("ubd0rs=f", MCONSOLE_UBD, 0, "rs", "f");
	named("ubdbr=f", MCONSOLE_UBD, 1, "r", "f");
	named("eth0=daemon", MCONSOLE_ETH, 0, "", "daemon");
	named("mem", MCONSOLE_MEM, -1, "", NULL);
	named("mem=+16M", MCONSOLE_MEM, -1, "", "+16M");

	bad(bad_config("disk0=f"), "no such device", "another device");
	bad(bad_config("co"), "no such device", "half a name");
	bad(bad_config("con"), "con15", "no unit");
	bad(bad_config("con=pty"), "con15", "all of them");
	bad(bad_config("con16"), "con15", "a unit too much");
	bad(bad_config("con99999999999999999999=pty"), "con15", "a unit that is no int");
	bad(bad_config("con-1"), "con15", "a negative unit");
	bad(bad_config("conx=pty"), "con15", "a unit of letters");
	bad(bad_config("con1x=pty"), "con15", "flags of a console");
	bad(bad_config("con 1"), "con15", "a blank in the name");
	bad(bad_config("con1 =pty"), "con15", "or behind it");
	bad(bad_config("ssl64"), "ssl63", "a serial line too much");
	bad(bad_config("ubdq=f"), "ubdp", "a letter too much");
	bad(bad_config("ubd16=f"), "ubd15", "a disk too much");
	bad(bad_config("ubd0R=f"), "ubd15", "a flag that is no small letter");
	bad(bad_config("ubd0r"), "value", "flags without a value");
	bad(bad_config("eth256"), "eth255", "a network device too much");
	bad(bad_config("mem0"), "one memory", "a number for the memory");
	bad(bad_config("con1="), "nothing follows", "no value");

	ok(!bad_remove("con1"), "remove con1");
	bad(bad_remove("con1=pty"), "name alone", "a value with remove");
	bad(bad_remove("mem"), "cannot be removed", "the memory");
	bad(bad_remove("con1 con2"), "con15", "two at once");
	bad(bad_remove(""), "no such device", "none");
}

static void listed(const char *args, enum mconsole_class class)
{
	enum mconsole_class got;

	ok(mconsole_is_list(args, &got) && got == class, "'%s' is a list", args);
}

static void not_listed(const char *args)
{
	enum mconsole_class got;

	ok(!mconsole_is_list(args, &got), "'%s' is none", args);
}

static void test_lists(void)
{
	listed("", MCONSOLE_NR_CLASSES);
	listed("?", MCONSOLE_NR_CLASSES);
	listed("ubd", MCONSOLE_UBD);
	listed("con", MCONSOLE_CON);
	listed("ssl", MCONSOLE_SSL);
	listed("eth", MCONSOLE_ETH);
	not_listed("mem");
	not_listed("con0");
	not_listed("con=pty");
	not_listed("co");
	not_listed("conx");
	not_listed("con ssl");
	not_listed("??");
	not_listed("? con");
}

/* All parts of an answer, put together; their number. */
static int answer(char *to, const char *text, um_u64 len, int err)
{
	struct um_mconsole_reply reply;
	int parts = 0, wrong = 0;
	um_u32 size;

	do {
		size = mconsole_reply(&reply, err, &text, &len, 1);
		wrong += size != UM_MCONSOLE_REPLY_HEAD + reply.length || size > sizeof(reply) ||
			 reply.err != err || reply.data[reply.length - 1] ||
			 strlen(reply.data) != reply.length - 1;
		to = stpcpy(to, reply.data);
		parts++;
	} while (reply.more);
	return wrong || len ? -1 : parts;
}

static void test_replies(void)
{
	static char text[5000], got[5000];
	struct um_mconsole_reply reply;
	const char *at = "a";
	unsigned int wrong = 0;
	um_u64 len = 1;
	int i;

	for (i = 0; i < (int)sizeof(text); i++)
		text[i] = 'a' + i % 26;
	is(answer(got, "", 0, 0), 1, "no text is one part");
	is(answer(got, text, 511, -22), 1, "511 bytes are one");
	is(answer(got, text, 512, 0), 2, "512 are two");
	for (i = 0; i < 2000; i++)
		wrong += answer(got, text, i, 0) < 0 || (int)strlen(got) != i ||
		       memcmp(got, text, i);
	is(wrong, 0, "texts of all lengths arrive whole");
	is(answer(got, "a\0b\0", 4, 0), 1, "NULs do not end a text");
	is_str(got, "a b ", "they become blanks");

	is(mconsole_reply(&reply, 0, &at, &len, 0), 14, "a text in pieces");
	is(reply.more, 1, "more comes as long as the last one is not there");
	is(mconsole_reply(&reply, 0, &at, &len, 1), 13, "which may have no text");
	is(reply.more, 0, "and ends it");

	is(answer(got, text, 2000, 137), 4, "the status of a command is in all parts");
}

int main(void)
{
	test_datagrams();
	test_text();
	test_commands();
	test_devices();
	test_lists();
	test_replies();
	return done();
}
