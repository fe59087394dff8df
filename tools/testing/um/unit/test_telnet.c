// SPDX-License-Identifier: GPL-2.0
/* The server's side of telnet: what is decoded, encoded, and answered. */
#include <stdlib.h>
#include "unit.h"
#include "drivers/um/line/telnet.h"

/* As strings, so that a test shows what is on the wire. */
#define EOF_	"\xec"
#define SUSP	"\xed"
#define ABORT	"\xee"
#define SE	"\xff\xf0"
#define BRK	"\xff\xf3"
#define SB	"\xff\xfa"
#define WILL	"\xff\xfb"
#define REFUSE	"\xff\xfc"	/* the opposite of WILL */
#define DO	"\xff\xfd"
#define DONT	"\xff\xfe"
#define BINARY	"\0"
#define ECHO	"\1"
#define SGA	"\3"
#define TM	"\6"
#define TTYPE	"\x18"
#define NAWS	"\x1f"
#define SEND	SB TTYPE "\1" SE
#define NOP	"\xff\xf1"

/* What a connection gave so far; a break is put into the data as "<BREAK>". */
static struct telnet t;
static unsigned int events;
static char data[8192];
static size_t data_len;

static void put(const void *bytes, size_t n)
{
	memcpy(data + data_len, bytes, n);
	data_len += n;
}

/* Exactly @len bytes of input and as many of room, so that the sanitizer sees the ends. */
static void feed(const char *bytes, size_t len)
{
	bool fine = true;

	while (len) {
		um_u8 *in = malloc(len), *out = malloc(len);
		unsigned int now = 0;
		um_u64 used = 0, n;

		memcpy(in, bytes, len);
		n = telnet_input(&t, out, in, len, &used, &now);
		fine = fine && n <= len && used <= len && (n || used);
		put(out, n);
		if (now & TELNET_BREAK)
			put("<BREAK>", 7);
		events |= now;
		free(in);
		free(out);
		bytes += used;
		len -= used;
		if (!fine)
			break;
	}
	if (!fine)
		ok(false, "input is used, and there is room for what it becomes");
}

#define give(text) feed(text, sizeof(text) - 1)

static void begin(void)
{
	const um_u8 *start;

	telnet_start(&t);
	telnet_replied(&t, telnet_replies(&t, &start));
	events = 0;
	data_len = 0;
}

/* A connection that is known to be telnet. */
static void begin_telnet(void)
{
	begin();
	give(NOP);
}

static bool same(const void *got, size_t got_len, const void *want, size_t want_len,
		 const char *name)
{
	size_t i;
	bool good = ok(got_len == want_len && !memcmp(got, want, got_len), "%s", name);

	if (!good) {
		printf("# got");
		for (i = 0; i < got_len; i++)
			printf(" %02x", ((const um_u8 *)got)[i]);
		printf("\n");
	}
	return good;
}

static void got_len(const char *want, size_t len, const char *name)
{
	same(data, data_len, want, len, name);
	data_len = 0;
}

#define got(want, name) got_len(want, sizeof(want) - 1, name)

static void said_len(const char *want, size_t len, const char *name)
{
	const um_u8 *start;
	um_u64 n = telnet_replies(&t, &start);

	same(start, n, want, len, name);
	telnet_replied(&t, n);
}

#define said(want, name) said_len(want, sizeof(want) - 1, name)

/* ---- a client ------------------------------------------------------------ */

static void test_linux_client(void)
{
	const um_u8 *start;

	telnet_start(&t);
	events = 0;
	data_len = 0;
	ok(!t.spoken && !t.rows && !t.cols && !t.term[0], "nothing is known at first");
	said(WILL ECHO WILL SGA DO SGA DO NAWS DO TTYPE, "the opening offer");

	/* It begins by itself, for what it wants; then it answers. */
	give(DO SGA WILL TTYPE WILL NAWS WILL "\x20" WILL "\x21" WILL "\x22" WILL "\x27" DO "\5");
	ok(t.spoken, "a client that begins has spoken");
	said(SEND DONT "\x20" DONT "\x21" DONT "\x22" DONT "\x27" REFUSE "\5",
	     "speed, flow, lines, environment and status are refused; the type is asked for");
	give(DO ECHO DO SGA WILL SGA WILL NAWS SB NAWS "\0\x50\0\x18" SE WILL TTYPE);
	said("", "answers are not answered");
	is(events, TELNET_SIZE, "the size is an event");
	ok(t.cols == 80 && t.rows == 24, "80 columns, 24 rows");
	give(SB TTYPE "\0XTERM-256COLOR" SE);
	is(events, TELNET_SIZE | TELNET_TERM, "the type is an event");
	is_str(t.term, "xterm-256color", "the type is in lower case");
	said("", "there is nothing more to say");

	events = 0;
	give(SB NAWS "\0\x50\0\x18" SE SB TTYPE "\0xterm-256color" SE);
	is(events, 0, "the same again is no event");
	give(SB NAWS "\0\x50\0\x19" SE);
	ok(events == TELNET_SIZE && t.rows == 25, "another size is");
	give("ls\r\0");
	got("ls\r", "what is typed comes through");

	/* On a port that is not 23 it only answers. */
	telnet_start(&t);
	telnet_replied(&t, telnet_replies(&t, &start));
	give(DO ECHO DO SGA WILL SGA WILL NAWS SB NAWS "\0\x84\0\x2b" SE WILL TTYPE);
	said(SEND, "a client that only answers is asked for its type");
	give(SB TTYPE "\0LINUX" SE);
	ok(t.cols == 132 && t.rows == 43 && !strcmp(t.term, "linux"), "all is known of it");
	said("", "and nothing is left");
}

static void test_splits(void)
{
	static const char stream[] =
		"a\r\nb\xff\xff\r\0\r\nc" DO ECHO WILL SGA DO "\x27" NOP "d" WILL NAWS WILL TTYPE
		"\r" NOP "\n" SB NAWS "\0\xff\xff\1\xff\xff" SE "e\r" BRK "hf" SB TTYPE "\0VT220" SE
		"\xff\xf6\xff" SUSP "\xff\xf9g" WILL BINARY "\r\0\r\n\xff\xff" BRK "x"
		SB NAWS "\1" NOP "y" DONT ECHO "z\n";
	size_t len = sizeof(stream) - 1, want_len, i, j, bad = 0;
	char want[sizeof(data)];
	unsigned int want_events;
	struct telnet end;

	begin();
	feed(stream, len);
	end = t;
	want_len = data_len;
	want_events = events;
	memcpy(want, data, data_len);
	ok(t.cols == 255 && t.rows == 511 && !strcmp(t.term, "vt220") &&
	   events == (TELNET_BREAK | TELNET_SIZE | TELNET_TERM), "a stream with all in it");
	got("a\r\nb\xff\xff\r\0\r\ncd\re\r<BREAK>hf\x1ag\r\0\r\n\xff<BREAK>xyz\n", "its data");

	for (i = 0; i <= len; i++)
		for (j = i; j <= len; j += j == i ? 1 : 7) {
			begin();
			feed(stream, i);
			feed(stream + i, j - i);
			feed(stream + j, len - j);
			bad += data_len != want_len || memcmp(data, want, want_len) ||
			       events != want_events || memcmp(&t, &end, sizeof(t));
		}
	is(bad, 0, "it is the same in any two or three parts");
	begin();
	for (i = 0; i < len; i++)
		feed(stream + i, 1);
	ok(data_len == want_len && !memcmp(data, want, want_len) && events == want_events &&
	   !memcmp(&t, &end, sizeof(t)), "and byte by byte");
}

/* ---- data ---------------------------------------------------------------- */

static void test_nc(void)
{
	um_u8 out[8];
	um_u64 used;
	char all[256];
	int i;

	begin();
	give("ls\r\nx\r\0\n\r");
	got("ls\r\nx\r\0\n\r", "nc's line ends are left alone");
	for (i = 0; i < 256; i++)
		all[i] = i;
	feed(all, 256);
	feed(all, 1);
	data_len--;
	got_len(all, 256, "all bytes come from nc as they are");
	give("\xff\xff\xff\377a\xff\xf0\xff\x01");
	got("\xff\xff\xff\377a\xff\xf0\xff\x01", "0xff as well, when no command follows");
	ok(!t.spoken, "none of that is telnet");
	said("", "nor is any of it answered");
	ok(telnet_output(&t, out, 8, (const um_u8 *)"a\xff\xff\r", 4, &used) == 4 && used == 4 &&
	   !memcmp(out, "a\xff\xff\r", 4), "nor does it get more than is written");

	give("a\xff");
	got("a", "a last 0xff waits");
	give("b");
	got("\377b", "until more comes");
	give("\xff");
	give("\xff");
	give(DO ECHO "c");
	ok(t.spoken, "it can be telnet still");
	got("\xff\377c", "what was sent before it is data");
}

static void test_line_ends(void)
{
	begin_telnet();
	give("a\r\0b\r\nc\rd\r");
	give("\r\n\n");
	got("a\rb\rc\rd\r\r\n", "CR NUL and CR LF are CR");
	give("\r\r\0\0\r\n\0");
	got("\r\r\0\r\0", "only one byte is taken out");
	give("\r" NOP "\na");
	got("\ra", "a command between the two does not matter");
	give("\r\xff\xff\n");
	got("\r\xff\n", "a byte of data does");
	give(WILL BINARY "\r\n\r\0" REFUSE BINARY "\r\n");
	got("\r\n\r\0\r", "in binary mode they stay");
	said(DO BINARY DONT BINARY, "which may begin and end");
	give("\r" WILL BINARY "\n");
	got("\r\n", "it begins between CR and LF");
	begin();
	give("\r" NOP "\n");
	got("\r\n", "as may telnet itself");
	begin_telnet();
	give(DO BINARY "\r\n");
	got("\r", "that we send binary does not matter");
	said(WILL BINARY, "which we do when asked");
}

static void test_commands(void)
{
	begin_telnet();
	give("\xff\xf4\xff" ABORT "\xff" SUSP "\xff" EOF_ "\xff\xf7\xff\xf8");
	got("\x03\x1c\x1a\x04\x7f\x15", "commands that are characters");
	give("a\xff\xf5\xff\xf2\xff\xf1\xff\xf9\xff\xf0\xff\xef\xff\x01\xff\0b");
	got("ab", "commands that are ignored, and such as there are none");
	said("", "none of them is answered");
	give("\xff\xf6");
	said("\r\n[yes]\r\n", "we are there");
	got("", "which is no data");
	give("a\xff\xff\xff\xff\xff\377b");
	got("a\xff\xff\377b", "a doubled IAC is one byte");
}

static void test_break(void)
{
	um_u8 out[16];
	um_u64 used;
	unsigned int now = 0;

	begin_telnet();
	is(telnet_input(&t, out, (const um_u8 *)"ab" BRK "h" BRK, 7, &used, &now), 2,
	   "data before a break");
	ok(used == 4 && now == TELNET_BREAK, "the input ends behind it");
	now = 0;
	is(telnet_input(&t, out, (const um_u8 *)"h" BRK, 3, &used, &now), 1, "data behind it");
	ok(used == 3 && now == TELNET_BREAK, "and the next one");
	give("x" BRK BRK "y" BRK);
	got("x<BREAK><BREAK>y<BREAK>", "each counts");
	begin();
	give("x" BRK "y");
	got("x<BREAK>y", "a break may be the first command");
	now = TELNET_SIZE;
	telnet_input(&t, out, (const um_u8 *)BRK, 2, &used, &now);
	is(now, TELNET_SIZE | TELNET_BREAK, "events are added");
	now = 0;
	ok(!telnet_input(&t, out, NULL, 0, &used, &now) && !used && !now, "nothing is nothing");
}

static void test_output(void)
{
	static const um_u8 in[] = "a\xff\xff\rb\r\n\xff";
	um_u8 out[32], all[32], *exact;
	um_u64 used, n, room, at, len;
	int bad = 0;

	begin_telnet();
	n = telnet_output(&t, out, sizeof(out), in, 8, &used);
	ok(used == 8, "all of it is used");
	same(out, n, "a\xff\xff\xff\xff\rb\r\n\xff\xff", 11, "IAC is doubled, CR left alone");
	for (room = 2; room < 12; room++) {
		for (at = 0, len = 0; at < 8; at += used, len += n) {
			exact = malloc(room);
			n = telnet_output(&t, exact, room, in + at, 8 - at, &used);
			memcpy(all + len, exact, n);
			free(exact);
			if (!n || !used || n > room)
				break;
		}
		bad += at != 8 || len != 11 || memcmp(all, out, 11);
	}
	is(bad, 0, "in any parts");
	ok(!telnet_output(&t, all, 1, in + 1, 1, &used) && !used, "no half of a pair");
	is(telnet_output(&t, all, 2, in, 2, &used), 1, "nor at the end");
	is(used, 1, "of which is used what is sent");
	ok(!telnet_output(&t, all, 0, in, 8, &used) && !used, "no room, nothing sent");
	give(DO BINARY);
	is(telnet_output(&t, all, 32, in, 8, &used), 11, "binary mode does not change it");
}

/* ---- options ------------------------------------------------------------- */

static void test_refusals(void)
{
	static const char us[] = { 0, 1, 3, 6 }, him[] = { 0, 3, 24, 31 };
	int option, bad_do = 0, bad_will = 0, bad_off = 0;

	for (option = 0; option < 256; option++) {
		char ask[] = { 0xff, 0xfd, option }, no[] = { 0xff, 0xfc, option };
		const um_u8 *start;

		begin_telnet();
		feed(ask, 3);
		if (!memchr(us, option, sizeof(us)))
			bad_do += telnet_replies(&t, &start) != 3 || memcmp(start, no, 3);

		begin_telnet();
		ask[1] = 0xfb;
		no[1] = 0xfe;
		feed(ask, 3);
		if (!memchr(him, option, sizeof(him)))
			bad_will += telnet_replies(&t, &start) != 3 || memcmp(start, no, 3);

		begin_telnet();
		ask[1] = 0xfc;
		feed(ask, 3);
		ask[1] = 0xfe;
		feed(ask, 3);
		bad_off += telnet_replies(&t, &start) != 0;
	}
	is(bad_do, 0, "we do nothing but binary, echo, suppress go-ahead and timing marks");
	is(bad_will, 0, "it may do nothing but binary, suppress go-ahead, type and size");
	is(bad_off, 0, "that something is off already is not answered");
	got("", "none of it is data");
	begin_telnet();
	give(DO TM "a" DO TM);
	said(WILL TM WILL TM, "every timing mark is answered");
}

static void test_loops(void)
{
	struct telnet other;
	int round;

	begin_telnet();
	give(DO ECHO DO ECHO WILL NAWS WILL NAWS DO SGA DO SGA DO ECHO);
	said("", "what is on already is not answered");
	give(WILL BINARY WILL BINARY DO BINARY DO BINARY);
	said(DO BINARY WILL BINARY, "what becomes so is, once");
	give(DONT ECHO DONT ECHO REFUSE NAWS REFUSE NAWS);
	said(REFUSE ECHO DONT NAWS, "what becomes off is, once");
	give(DO ECHO WILL NAWS);
	said(WILL ECHO DO NAWS, "and on again");
	begin_telnet();
	give(DONT ECHO DONT SGA REFUSE SGA REFUSE NAWS REFUSE TTYPE);
	said("", "that our offer is refused is not answered");
	give(DO ECHO);
	said(WILL ECHO, "the client may think better of it");
	begin_telnet();
	give(WILL TTYPE WILL TTYPE);
	said(SEND, "the type is asked for once");

	/* Who sends back what we send. */
	telnet_start(&t);
	for (round = 0; t.replies_len && round < 20; round++) {
		char back[TELNET_REPLIES];
		const um_u8 *start;
		size_t n = telnet_replies(&t, &start);

		memcpy(back, start, n);
		telnet_replied(&t, n);
		feed(back, n);
	}
	ok(round < 20, "an echo comes to an end");

	/* And another that is the same. */
	telnet_start(&t);
	telnet_start(&other);
	for (round = 0; (t.replies_len || other.replies_len) && round < 20; round++) {
		char back[TELNET_REPLIES];
		const um_u8 *start;
		size_t n = telnet_replies(&other, &start);
		struct telnet swap;

		memcpy(back, start, n);
		telnet_replied(&other, n);
		feed(back, n);
		swap = t;
		t = other;
		other = swap;
	}
	ok(round < 20, "as do two servers");
}

/* ---- subnegotiations ----------------------------------------------------- */

static void test_size(void)
{
	begin_telnet();
	give(SB NAWS "\0\x50\0\x18" SE);
	ok(!events && !t.rows, "a size that was not agreed on");
	give(WILL NAWS SB NAWS "\0\xff\xff\0\xff\xff" SE);
	ok(events == TELNET_SIZE && t.cols == 255 && t.rows == 255, "255 is doubled");
	events = 0;
	give(SB NAWS "\0\0\0\0" SE);
	ok(!events && t.cols == 255 && t.rows == 255, "0 by 0 is not known");
	give(SB NAWS "\0\0\0\x18" SE);
	ok(events == TELNET_SIZE && t.cols == 255 && t.rows == 24, "nor is 0 of one");
	events = 0;
	give(SB NAWS "\0\x50\0" SE SB NAWS "\0\x50\0\x19\0" SE SB NAWS SE SB SE);
	ok(!events && t.rows == 24, "too short, too long, nothing in it");
	give(SB NAWS "\xff\xff\xff\xff\xff\xff\xff\xff" SE);
	ok(t.cols == 65535 && t.rows == 65535, "the greatest");
	events = 0;
	give(REFUSE NAWS SB NAWS "\0\x50\0\x18" SE);
	ok(!events && t.cols == 65535, "not when that ended");
	got("", "none of it is data");
}

static void term_is(const char *name, size_t len, const char *want, const char *what)
{
	begin_telnet();
	give(WILL TTYPE SB TTYPE);
	feed("\0", 1);
	feed(name, len);
	give(SE "x");
	is_str(t.term, want, what);
	is(events, *want ? TELNET_TERM : 0, "it is an event when it is one");
	got("x", "what is behind it is data");
}

#define term(name, want, what) term_is(name, sizeof(name) - 1, want, what)
#define NAME40	"abcdefghijklmnopqrstuvwxyz-0123456789+._"

static void test_term(void)
{
	term("VT100", "vt100", "a type");
	term(NAME40, NAME40, "the longest one, with all that may be in it");
	term(NAME40 "x", "", "one that is too long");
	term("", "", "an empty one");
	term("a/../b", "", "one with a slash");
	term("a\x1b[2J", "", "one with an escape");
	term("a\0b", "", "one with a NUL");
	term("a\xff\xff", "", "one with 0xff");
	term("-x", "", "one that begins as an option");
	term("..", "", "one that is a directory");
	begin_telnet();
	give(WILL TTYPE SB TTYPE "\1" SE SB TTYPE "\0" SE SB TTYPE SE SB TTYPE "\2a" SE);
	ok(!events && !t.term[0], "what is no answer gives none");
	give(SB TTYPE "\0one" SE SB TTYPE "\0a b" SE);
	is_str(t.term, "one", "a bad one does not change it");
}

static void test_sub(void)
{
	char big[3000];
	int i;

	memset(big, 'A', sizeof(big));
	begin_telnet();
	give(WILL NAWS WILL TTYPE SB TTYPE "\0");
	for (i = 0; i < 100; i++)
		feed(big, sizeof(big));
	give(SE "x");
	ok(!events && !t.term[0], "one that is much too long is ignored");
	got("x", "all of it");
	give(SB NAWS "\0\x50\0\x18" SE);
	is(events, TELNET_SIZE, "and does not spoil the next");

	for (i = 60; i < 70; i++) {
		begin_telnet();
		give(SB "\x63");
		feed(big, i);
		give(SE "y");
		if (data_len != 1)
			break;
	}
	is(i, 70, "about as long as the buffer");

	begin_telnet();
	give(WILL NAWS SB NAWS "\0\x50\0\x18" DO "\x63z");
	ok(!events && !t.cols, "one that does not end is none");
	got("z", "a command ends it");
	said(REFUSE "\x63", "and is obeyed");
	give(SB NAWS "\0\x50" BRK "h");
	got("<BREAK>h", "be it a break");
	give(SB NAWS "\0\x50" SB NAWS "\0\x51\0\x19" SE);
	ok(t.cols == 81 && t.rows == 25, "or another one");
	give(SB NAWS "\0\x50\0\x18");
	ok(t.cols == 81, "nothing is believed before its end");
}

/* ---- replies ------------------------------------------------------------- */

static void test_replies(void)
{
	static const char yes[] = "\r\n[yes]\r\n";
	const um_u8 *start;
	size_t i, n, whole;

	begin_telnet();
	give("\xff\xf6" DO "\x63");
	telnet_replied(&t, 1);
	telnet_replied(&t, 0);
	n = telnet_replies(&t, &start);
	same(start, n, "\n[yes]\r\n" REFUSE "\x63", 11, "a part of it is sent");
	give(DO "\x64");
	telnet_replied(&t, 10);
	said("\x63" REFUSE "\x64", "more is put behind it");
	telnet_replied(&t, 5);
	said("", "more cannot be sent than there is");

	for (i = 0; i < 1000; i++)
		give("\xff\xf6" DO "\x63");
	n = telnet_replies(&t, &start);
	ok(n <= TELNET_REPLIES && n > TELNET_REPLIES - 3, "who does not read fills it");
	for (i = 0; i < n; i += whole) {
		whole = start[i] == 0xff ? 3 : 9;
		if (whole > n - i || memcmp(start + i, whole == 3 ? REFUSE "\x63" : yes, whole))
			break;
	}
	is(i, n, "with whole replies");
	give("a\xff\xff" BRK "b");
	got("a\xff<BREAK>b", "data still comes through");
	telnet_replied(&t, n);
	give(DO "\x63");
	said(REFUSE "\x63", "and when it reads again it is answered again");
}

int main(void)
{
	test_linux_client();
	test_splits();
	test_nc();
	test_line_ends();
	test_commands();
	test_break();
	test_output();
	test_refusals();
	test_loops();
	test_size();
	test_term();
	test_sub();
	test_replies();
	return done();
}
