// SPDX-License-Identifier: GPL-2.0
/* The command line of uml_net, and addresses. */
#include <arpa/inet.h>
#include <stdlib.h>
#include "unit.h"
#include "tools/net/address.h"
#include "tools/net/args.h"

static struct request request;
static char why[ARGS_WHY_MAX];

/* Words that are separated by blanks, without the name of the program. */
static int parse(const char *line)
{
	char *copy = strdup(line), *rest = copy, *words[32] = { "uml_net" };
	int count = 1, err;

	while (rest && count < 31)
		words[count++] = strsep(&rest, " ");
	memset(why, 0, sizeof(why));
	err = args_parse(&request, words, why);
	free(copy);
	return err;
}

static void good(const char *line, enum request_op op, enum answer_form form)
{
	ok(!parse(line) && request.op == op && request.form == form, "%s", line);
}

static void bad(const char *line, const char *words, enum answer_form form)
{
	ok(parse(line) < 0 && strstr(why, words) && request.form == form, "'%s': %s", line, why);
}

static void test_good(void)
{
	good("4 tuntap up 10.0.0.1", REQUEST_TUNTAP, ANSWER_TUNTAP);
	is(request.gate, inet_addr("10.0.0.1"), "GATE");
	good("3 tuntap up tap9 10.0.0.1", REQUEST_TUNTAP, ANSWER_TUNTAP);
	is(request.gate, inet_addr("10.0.0.1"), "GATE is the second word in version 3");
	good("4 add tap0 10.0.0.2 255.255.0.0", REQUEST_ADD, ANSWER_LOG);
	is_str(request.dev, "tap0", "DEV");
	is(request.addr, inet_addr("10.0.0.2"), "ADDR");
	is(request.mask, inet_addr("255.255.0.0"), "MASK");
	good("4 del tap0 10.0.0.2 255.255.255.255", REQUEST_DEL, ANSWER_LOG);
	good("4 tuntap del tap0 10.0.0.2 0.0.0.0", REQUEST_DEL, ANSWER_LOG);
	good("3 tuntap add tap0 10.0.0.2 255.0.0.0", REQUEST_ADD, ANSWER_LOG);
	good("4 slip up 10.0.0.1", REQUEST_SLIP_UP, ANSWER_LOG);
	good("4 slip down sl0", REQUEST_SLIP_DOWN, ANSWER_LOG);
	good("4 ethertap tap0 7", REQUEST_ETHERTAP, ANSWER_ETHERTAP);
	is(request.data_fd, 7, "DATAFD");
	is(request.gate, 0, "no GATE");
	good("3 ethertap tap0 1048575 10.0.0.1", REQUEST_ETHERTAP, ANSWER_ETHERTAP);
	is(request.gate, inet_addr("10.0.0.1"), "GATE of ethertap");
	good("04 slip down abcdefghijklmno", REQUEST_SLIP_DOWN, ANSWER_LOG);
}

static void test_bad(void)
{
	char *argv[] = { NULL, NULL };
	char line[600] = "4 slip down ";

	ok(args_parse(&request, argv, why) < 0, "not even a name: %s", why);
	argv[0] = "uml_net";
	ok(args_parse(&request, argv, why) < 0, "a name alone: %s", why);
	bad("", "no version", ANSWER_TEXT);
	bad("4", "missing", ANSWER_TEXT);
	bad("2 tuntap up 10.0.0.1", "version 2", ANSWER_TEXT);
	bad("5 tuntap up 10.0.0.1", "version 5", ANSWER_TEXT);
	bad("1000000000 tuntap", "no version", ANSWER_TEXT);
	bad("4 tun up", "tun", ANSWER_TEXT);
	bad("3 add tap0 10.0.0.1 255.0.0.0", "version 3", ANSWER_TEXT);
	bad("4 tuntap", "missing", ANSWER_LOG);
	bad("4 tuntap upp 10.0.0.1", "tuntap upp", ANSWER_LOG);
	bad("4 tuntap up", "GATE is missing", ANSWER_TUNTAP);
	bad("4 tuntap up 10.0.0.1 x", "x: one word too many", ANSWER_TUNTAP);
	bad("4 tuntap up tap0 10.0.0.1", "GATE tap0", ANSWER_TUNTAP);
	bad("4 tuntap up 127.1.2.3", "one machine", ANSWER_TUNTAP);
	bad("4 add tap0", "ADDR is missing", ANSWER_LOG);
	bad("4 add tap0 10.0.0.1", "MASK is missing", ANSWER_LOG);
	bad("4 add tap0 10.0.0.1 255.0.255.0", "MASK 255.0.255.0", ANSWER_LOG);
	bad("4 add abcdefghijklmnop 10.0.0.1 255.0.0.0", "15", ANSWER_LOG);
	bad("4 add .. 10.0.0.1 255.0.0.0", "DEV ..", ANSWER_LOG);
	bad("4 add a/b 10.0.0.1 255.0.0.0", "DEV a/b", ANSWER_LOG);
	bad("4 add tap%d 10.0.0.1 255.0.0.0", "DEV tap%d", ANSWER_LOG);
	bad("4 ethertap tap0", "DATAFD is missing", ANSWER_ETHERTAP);
	bad("4 ethertap tap0 2", "DATAFD 2", ANSWER_ETHERTAP);
	bad("4 ethertap tap0 1048576", "DATAFD", ANSWER_ETHERTAP);
	bad("4 ethertap tap0 7 10.0.0.1 x", "one word too many", ANSWER_ETHERTAP);
	bad("4 slip down \x1b[2J", "?[2J", ANSWER_LOG);
	memset(line + strlen(line), 'x', 500);
	ok(parse(line) < 0 && strlen(why) < ARGS_WHY_MAX, "a long word: %s", why);
}

/* Any words at all: no crash, and a line without anything for a terminal to obey. */
static void test_random(void)
{
	static const char * const words[] = {
		"4", "3", "tuntap", "slip", "ethertap", "add", "del", "up", "down", "tap0",
		"10.0.0.1", "255.255.255.0", "7", "", "\x80\xff\n", "-1", "%s%n", "../..",
	};
	unsigned int seed = 5, i, j, fine = 0, odd = 0;
	char *argv[8];

	for (i = 0; i < 200000; i++) {
		unsigned int count = rand_r(&seed) % 7;

		argv[0] = "uml_net";
		for (j = 1; j <= count; j++)
			argv[j] = (char *)words[rand_r(&seed) % (sizeof(words) / sizeof(*words))];
		argv[j] = NULL;
		if (!args_parse(&request, argv, why)) {
			fine++;
			continue;
		}
		odd += !*why || strspn(why, "\n\x80\xff") > 0 || strchr(why, '\n');
	}
	is(odd, 0, "random words: each that is refused gets one line");
	ok(fine > 0, "and some are not (%u of 200,000)", fine);
}

static void test_addresses(void)
{
	in_addr_t addr;

	is_str(address_text(inet_addr("1.2.3.4")).s, "1.2.3.4", "an address as text");
	ok(!address_parse("1.2.3", &addr) && !address_parse("1.2.3.04", &addr) &&
	   !address_parse(" 1.2.3.4", &addr) && !address_parse("1.2.3.4 ", &addr), "no addresses");
	is(address_mask(0), 0, "a mask of 0 bits");
	is(address_mask(32), 0xffffffffU, "a mask of 32 bits");
	is(address_mask(9), inet_addr("255.128.0.0"), "a mask of 9 bits");
	ok(address_is_mask(0) && address_is_mask(~0U) && address_is_mask(inet_addr("255.254.0.0")),
	   "masks");
	ok(!address_is_mask(inet_addr("0.255.0.0")) && !address_is_mask(inet_addr("255.253.0.0")),
	   "no masks");
	ok(address_is_private(inet_addr("10.255.0.1")) &&
	   address_is_private(inet_addr("172.16.0.0")) &&
	   address_is_private(inet_addr("172.31.255.255")) &&
	   address_is_private(inet_addr("192.168.0.0")), "private addresses");
	ok(!address_is_private(inet_addr("11.0.0.0")) &&
	   !address_is_private(inet_addr("172.15.255.255")) &&
	   !address_is_private(inet_addr("172.32.0.0")) &&
	   !address_is_private(inet_addr("192.169.0.0")), "others");
}

int main(void)
{
	test_good();
	test_bad();
	test_random();
	test_addresses();
	return done();
}
