/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The server's side of telnet as pure code: no input or output, no allocation, no
 * library.  Neither does it wait or take long: it may be called with interrupts off.
 *
 * RFC 854 and 855 (commands, options), 856 (binary), 857 (echo), 858 (suppress go-ahead),
 * 860 (timing mark), 1073 (window size), 1091 (terminal type), 1143 (no loops).
 *
 * Who connects may as well be nc, which knows nothing of it: until the first telnet
 * command comes, bytes go through as they are, in both directions.
 */
#ifndef _UM_LINE_TELNET_H
#define _UM_LINE_TELNET_H

#include <um/types.h>

#define TELNET_REPLIES	256
#define TELNET_SUB	64
#define TELNET_NAME	40	/* the longest terminal type that RFC 1091 has */

/* What telnet_input() came across; to be ORed. */
#define TELNET_BREAK	1U	/* a break, behind the data that is returned */
#define TELNET_SIZE	2U	/* @rows or @cols is another */
#define TELNET_TERM	4U	/* @term is another */

enum telnet_state {
	TELNET_DATA,
	TELNET_IAC,		/* behind IAC */
	TELNET_OPTION,		/* behind a command that an option follows */
	TELNET_IN_SUB,		/* in a subnegotiation */
	TELNET_SUB_IAC,		/* behind IAC in one */
};

/**
 * struct telnet_side - options of one of the two sides; bit N is option N
 * @on:		agreed on
 * @asked:	we offered or asked for it, and there is no answer yet
 */
struct telnet_side {
	um_u32	on;
	um_u32	asked;
};

/**
 * struct telnet - a connection
 * @state:	where in a command the input is
 * @command:	the command that an option follows, when @state is TELNET_OPTION
 * @spoken:	a telnet command has come, so that this is not nc
 * @cr:		the last byte of data was a CR that may be half of a pair
 * @us:		options that we perform
 * @him:	options that the peer performs
 * @sub:	the subnegotiation, which begins with its option
 * @sub_len:	its length; more than TELNET_SUB: it is too long and will be ignored
 * @rows:	of the peer's window; 0: not known
 * @cols:	of the peer's window; 0: not known
 * @term:	the type of the peer's terminal, in lower case; "": not known
 * @replies:	what is to be sent to the peer, before any more output
 * @replies_len: how much that is
 *
 * Those who use it look at @rows, @cols, @term and @spoken only.
 */
struct telnet {
	enum telnet_state	state;
	um_u8			command;
	um_u8			spoken;
	um_u8			cr;
	struct telnet_side	us;
	struct telnet_side	him;
	um_u8			sub[TELNET_SUB];
	um_u32			sub_len;
	um_u16			rows;
	um_u16			cols;
	char			term[TELNET_NAME + 1];
	um_u8			replies[TELNET_REPLIES];
	um_u32			replies_len;
};

void telnet_start(struct telnet *t);

um_u64 telnet_input(struct telnet *t, um_u8 *out, const um_u8 *in, um_u64 len,
		    um_u64 *used, unsigned int *events);
um_u64 telnet_output(const struct telnet *t, um_u8 *out, um_u64 room, const um_u8 *in,
		     um_u64 len, um_u64 *used);

um_u64 telnet_replies(struct telnet *t, const um_u8 **start);
void telnet_replied(struct telnet *t, um_u64 n);

#endif /* _UM_LINE_TELNET_H */
