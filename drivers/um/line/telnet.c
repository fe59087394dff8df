// SPDX-License-Identifier: GPL-2.0
/*
 * The server's side of telnet.
 *
 * What comes is from whoever may connect: any bytes at all, cut anywhere.  So all that
 * is known of a command lies in struct telnet, and input is taken byte by byte.
 */
#include "telnet.h"

enum {
	CMD_EOF		= 236,
	CMD_SUSP	= 237,
	CMD_ABORT	= 238,
	CMD_SE		= 240,
	CMD_BRK		= 243,
	CMD_IP		= 244,
	CMD_AYT		= 246,
	CMD_EC		= 247,
	CMD_EL		= 248,
	CMD_SB		= 250,
	CMD_WILL	= 251,
	CMD_WONT	= 252,
	CMD_DO		= 253,
	CMD_DONT	= 254,
	CMD_IAC		= 255,
};

enum {
	OPT_BINARY	= 0,
	OPT_ECHO	= 1,
	OPT_SGA		= 3,
	OPT_TM		= 6,
	OPT_TTYPE	= 24,
	OPT_NAWS	= 31,
};

#define TTYPE_IS	0
#define TTYPE_SEND	1

#define OPT(name)	(1U << OPT_##name)
#define WE_OFFER	(OPT(ECHO) | OPT(SGA))
#define WE_CAN		(WE_OFFER | OPT(BINARY))
#define HE_IS_ASKED	(OPT(SGA) | OPT(NAWS) | OPT(TTYPE))
#define HE_CAN		(HE_IS_ASKED | OPT(BINARY))

/* What a byte of input is, when it is no byte of data. */
#define NOTHING		(-1)
#define AGAIN		(-2)	/* the IAC before it was data; this is to be looked at anew */

/* The whole of it or, where that has no room, nothing. */
static void telnet_reply(struct telnet *t, const void *bytes, um_u32 n)
{
	if (n > TELNET_REPLIES - t->replies_len)
		return;
	__builtin_memcpy(t->replies + t->replies_len, bytes, n);
	t->replies_len += n;
}

static void telnet_say(struct telnet *t, um_u8 command, um_u8 option)
{
	const um_u8 bytes[] = { CMD_IAC, command, option };

	telnet_reply(t, bytes, sizeof(bytes));
}

/**
 * telnet_start() - begin with a peer that just connected
 * @t:	all of it is set
 *
 * Puts the opening offer into the replies: we echo, every character counts on its own,
 * and we would like to know window and terminal.
 */
void telnet_start(struct telnet *t)
{
	__builtin_memset(t, 0, sizeof(*t));
	t->us.asked = WE_OFFER;
	t->him.asked = HE_IS_ASKED;
	telnet_say(t, CMD_WILL, OPT_ECHO);
	telnet_say(t, CMD_WILL, OPT_SGA);
	telnet_say(t, CMD_DO, OPT_SGA);
	telnet_say(t, CMD_DO, OPT_NAWS);
	telnet_say(t, CMD_DO, OPT_TTYPE);
}

/* ---- options ------------------------------------------------------------- */

/*
 * WILL or DO.  Only what is news is answered, and what answers us is none: otherwise
 * two sides could go on for ever.  Returns whether the option is on since now.
 */
static int telnet_enable(struct telnet *t, struct telnet_side *side, um_u32 can,
			 um_u8 option, um_u8 yes, um_u8 no)
{
	um_u32 bit = option < 32 ? 1U << option : 0;

	if (side->on & bit)
		return 0;
	if (!(can & bit)) {
		telnet_say(t, no, option);
		return 0;
	}
	if (!(side->asked & bit))
		telnet_say(t, yes, option);
	side->asked &= ~bit;
	side->on |= bit;
	return 1;
}

/* The opposite, which cannot be refused. */
static void telnet_disable(struct telnet *t, struct telnet_side *side, um_u8 option, um_u8 no)
{
	um_u32 bit = option < 32 ? 1U << option : 0;

	if (side->on & bit)
		telnet_say(t, no, option);
	side->asked &= ~bit;
	side->on &= ~bit;
}

static void telnet_option(struct telnet *t, um_u8 command, um_u8 option)
{
	static const um_u8 send[] = {
		CMD_IAC, CMD_SB, OPT_TTYPE, TTYPE_SEND, CMD_IAC, CMD_SE,
	};

	switch (command) {
	case CMD_WILL:
		if (telnet_enable(t, &t->him, HE_CAN, option, CMD_DO, CMD_DONT) &&
		    option == OPT_TTYPE)
			telnet_reply(t, send, sizeof(send));
		break;
	case CMD_WONT:
		telnet_disable(t, &t->him, option, CMD_DONT);
		break;
	case CMD_DO:
		/* Nothing is on after a timing mark: the answer itself is what is wanted. */
		if (option == OPT_TM)
			telnet_say(t, CMD_WILL, option);
		else
			telnet_enable(t, &t->us, WE_CAN, option, CMD_WILL, CMD_WONT);
		break;
	case CMD_DONT:
		telnet_disable(t, &t->us, option, CMD_WONT);
		break;
	}
}

/* ---- subnegotiations ----------------------------------------------------- */

static void telnet_sub_put(struct telnet *t, um_u8 c)
{
	if (t->sub_len < TELNET_SUB)
		t->sub[t->sub_len] = c;
	if (t->sub_len <= TELNET_SUB)
		t->sub_len++;
}

static int telnet_size_is(um_u16 *now, const um_u8 *bytes)
{
	um_u16 value = bytes[0] << 8 | bytes[1];

	/* 0 is what a client says that does not know. */
	if (!value || value == *now)
		return 0;
	*now = value;
	return 1;
}

/* Returns the letter for a terminal type, or 0: it may not be in one. */
static char telnet_letter(um_u8 c, int first)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 'a';
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
		return c;
	/* At the front these could make it an option or a hidden file somewhere. */
	if (!first && (c == '.' || c == '_' || c == '+' || c == '-'))
		return c;
	return 0;
}

/* A name with a byte that cannot be in one is none: without it, it would be another's. */
static int telnet_term_is(struct telnet *t, const um_u8 *name, um_u32 len)
{
	char term[TELNET_NAME + 1] = "";
	um_u32 i;

	if (!len || len > TELNET_NAME)
		return 0;
	for (i = 0; i < len; i++) {
		term[i] = telnet_letter(name[i], !i);
		if (!term[i])
			return 0;
	}
	if (!__builtin_memcmp(t->term, term, sizeof(term)))
		return 0;
	__builtin_memcpy(t->term, term, sizeof(term));
	return 1;
}

static void telnet_sub_end(struct telnet *t, unsigned int *events)
{
	const um_u8 *sub = t->sub;

	if (!t->sub_len || t->sub_len > TELNET_SUB)
		return;
	if (sub[0] == OPT_NAWS && t->sub_len == 5 && t->him.on & OPT(NAWS)) {
		if (telnet_size_is(&t->cols, sub + 1))
			*events |= TELNET_SIZE;
		if (telnet_size_is(&t->rows, sub + 3))
			*events |= TELNET_SIZE;
	} else if (sub[0] == OPT_TTYPE && t->sub_len > 2 && sub[1] == TTYPE_IS &&
		   t->him.on & OPT(TTYPE)) {
		if (telnet_term_is(t, sub + 2, t->sub_len - 2))
			*events |= TELNET_TERM;
	}
}

/* ---- input --------------------------------------------------------------- */

/* A byte of data.  A CR is passed on at once; it is what follows that is left out. */
static int telnet_data(struct telnet *t, um_u8 c)
{
	int nvt = t->spoken && !(t->him.on & OPT(BINARY));
	int second = t->cr && nvt && (c == 0 || c == '\n');

	t->cr = nvt && c == '\r';
	return second ? NOTHING : c;
}

/* What is behind an IAC. */
static int telnet_command(struct telnet *t, um_u8 c, unsigned int *events)
{
	static const char yes[] = "\r\n[yes]\r\n";

	t->state = TELNET_DATA;
	if (!t->spoken) {
		/* These do not show that it was an IAC; nc sends such a byte as well. */
		if (c < CMD_EOF || c == CMD_SE || c == CMD_IAC)
			return AGAIN;
		t->spoken = 1;
	}

	switch (c) {
	case CMD_IAC:
		return telnet_data(t, CMD_IAC);
	case CMD_WILL:
	case CMD_WONT:
	case CMD_DO:
	case CMD_DONT:
		t->command = c;
		t->state = TELNET_OPTION;
		break;
	case CMD_SB:
		t->sub_len = 0;
		t->state = TELNET_IN_SUB;
		break;
	case CMD_BRK:
		*events |= TELNET_BREAK;
		break;
	case CMD_AYT:
		telnet_reply(t, yes, sizeof(yes) - 1);
		break;

	/* What the terminal does with these characters is what they ask for. */
	case CMD_IP:
		return telnet_data(t, 0x03);
	case CMD_EOF:
		return telnet_data(t, 0x04);
	case CMD_EL:
		return telnet_data(t, 0x15);
	case CMD_SUSP:
		return telnet_data(t, 0x1a);
	case CMD_ABORT:
		return telnet_data(t, 0x1c);
	case CMD_EC:
		return telnet_data(t, 0x7f);
	}
	return NOTHING;
}

static int telnet_byte(struct telnet *t, um_u8 c, unsigned int *events)
{
	switch (t->state) {
	case TELNET_DATA:
		if (c != CMD_IAC)
			return telnet_data(t, c);
		t->state = TELNET_IAC;
		break;
	case TELNET_IAC:
		return telnet_command(t, c, events);
	case TELNET_OPTION:
		t->state = TELNET_DATA;
		telnet_option(t, t->command, c);
		break;
	case TELNET_IN_SUB:
		if (c == CMD_IAC)
			t->state = TELNET_SUB_IAC;
		else
			telnet_sub_put(t, c);
		break;
	case TELNET_SUB_IAC:
		/* Any other command ends it as well: its end got lost, not what follows. */
		if (c != CMD_IAC && c != CMD_SE)
			return telnet_command(t, c, events);
		t->state = c == CMD_IAC ? TELNET_IN_SUB : TELNET_DATA;
		if (c == CMD_IAC)
			telnet_sub_put(t, c);
		else
			telnet_sub_end(t, events);
		break;
	}
	return NOTHING;
}

/**
 * telnet_input() - decode what came from the peer
 * @t:		the connection; replies can be added to it
 * @out:	gets the data; has room for @len bytes, and is not @in
 * @in:		what came
 * @len:	how much
 * @used:	set to how much of it is done with; what is left is to be given again
 * @events:	TELNET_BREAK, TELNET_SIZE and TELNET_TERM are ORed to it
 *
 * It stops right behind a break, so that the break can be put behind the data.  It may
 * also stop one byte early, and even use none but return one, when an IAC that came
 * before turns out to be data.  It is always one of the two that is not 0.
 *
 * As long as the peer has not spoken telnet, a byte of 0xff waits for the next one.
 *
 * Returns the number of bytes in @out.
 */
um_u64 telnet_input(struct telnet *t, um_u8 *out, const um_u8 *in, um_u64 len,
		    um_u64 *used, unsigned int *events)
{
	unsigned int now = 0;
	um_u64 i = 0, n = 0;

	while (i < len && n < len && !(now & TELNET_BREAK)) {
		int c = telnet_byte(t, in[i], &now);

		if (c == AGAIN) {
			out[n++] = CMD_IAC;
			continue;
		}
		i++;
		if (c != NOTHING)
			out[n++] = c;
	}
	*used = i;
	*events |= now;
	return n;
}

/* ---- output -------------------------------------------------------------- */

/**
 * telnet_output() - encode what is to be sent to the peer
 * @t:		the connection
 * @out:	gets what is to be sent
 * @room:	how much that can be; less than 2 may be too little for anything
 * @in:		the data
 * @len:	how much
 * @used:	set to how much of it is in @out
 *
 * @out ends with a whole byte of data.  When only a part of it can be sent, that part
 * may not: then the rest is to be sent before any reply.
 *
 * A CR is sent as it is, though it should have a NUL behind it when no LF follows: the
 * terminals that clients run in do not mind, and not all clients take the NUL out.
 *
 * Returns the number of bytes in @out.
 */
um_u64 telnet_output(const struct telnet *t, um_u8 *out, um_u64 room, const um_u8 *in,
		     um_u64 len, um_u64 *used)
{
	um_u64 i = 0, n = 0;

	while (i < len && n < room) {
		if (t->spoken && in[i] == CMD_IAC) {
			if (room - n < 2)
				break;
			out[n++] = CMD_IAC;
		}
		out[n++] = in[i++];
	}
	*used = i;
	return n;
}

/**
 * telnet_replies() - what is to be sent before more output
 * @t:		the connection
 * @start:	set to the first of the bytes, which are good until @t is used again
 *
 * A reply that finds no room is dropped, and all goes on as if it had been sent.  That
 * happens only to a client that asks more and more and does not read the answers.
 *
 * Returns how many there are.
 */
um_u64 telnet_replies(struct telnet *t, const um_u8 **start)
{
	*start = t->replies;
	return t->replies_len;
}

/**
 * telnet_replied() - take away what is sent
 * @t:	the connection
 * @n:	how many of the bytes were sent
 *
 * When some are left, they are to be sent before any output: a reply may be cut in two.
 */
void telnet_replied(struct telnet *t, um_u64 n)
{
	if (n > t->replies_len)
		n = t->replies_len;
	t->replies_len -= n;
	__builtin_memmove(t->replies, t->replies + n, t->replies_len);
}
