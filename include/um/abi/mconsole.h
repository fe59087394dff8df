/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The management console of an instance, and the notifications that it sends.
 *
 * The console is a UNIX datagram socket, DIR/UMID/mconsole, beside the file "pid",
 * where DIR is ~/.uml or what uml_dir= says.  A client binds a datagram socket of
 * its own and sends one request; the answer comes to that socket in one datagram,
 * or in several, of which all but the last have "more".  With
 * mconsole=notify:SOCKET the instance sends notifications to SOCKET, which are
 * not answered.
 *
 *	request		notification	reply
 *	magic	0 u32	magic	0 u32	err	0 s32
 *	version	4 u32	version	4 u32	more	4 s32
 *	length	8 u32	type	8 s32	length	8 u32
 *	data	12	length	12 u32	data	12
 *			data	16
 *
 * Numbers have the byte order of the host.
 *
 * What was observed of Debian's uml_mconsole 20070815.4 and linux.uml 6.1 on x86-64,
 * where no document says it:
 *
 * Requests
 * - The client sends all 524 bytes; "length" is that of the text, without a NUL, and
 *   what is behind it has no meaning.  A length of 512 or more is refused, 511 is
 *   not.  The client takes blanks at both ends away and cuts no text but that of
 *   "log", of which it makes several requests with up to 510 bytes; the last one is
 *   "log" and a newline.  linux.uml keeps a line without its end until the next one.
 * - linux.uml does not compare "length" with what has come, ends the text at its first
 *   NUL, and runs any command that begins with the name of one ("versionx").  Blanks
 *   before the name make it unknown, those behind it do no harm.
 * - Another version is answered by an error and run nevertheless, so that there are
 *   two answers.  Another magic number, or less than four bytes, is taken for a
 *   request of version 0, which is text alone, and answered in kind: "ERR " and text.
 * - The client's socket is bound to an abstract name.
 *
 * Replies
 * - "err" is 0, a negative error number, or 1; the client prints "OK " or "ERR "
 *   and then all parts without anything between them, by "err" of the last.
 * - "length" counts the NUL behind the text, in each part.  The client takes a part
 *   without it as well.  Parts have up to 512 bytes of data, and the client receives
 *   no longer ones; some have no text but the NUL.
 * - The client waits for ever, and takes answers from anybody.
 * - They come from the console's own socket.
 *
 * Notifications
 * - Their length is that of header and data, 16 bytes and up to 512, and they come
 *   from a socket without a name.
 * - UM_MCONSOLE_SOCKET: the path of the console, with its NUL; sent when it answers.
 *   UM_MCONSOLE_PANIC: the message, with its NUL.  UM_MCONSOLE_USER: the bytes that
 *   were written to /proc/mconsole, without a NUL, and of more than 512 the first.
 *   UM_MCONSOLE_HANG was not seen.
 */
#ifndef _UM_ABI_MCONSOLE_H
#define _UM_ABI_MCONSOLE_H

#ifdef __KERNEL__
#include <linux/build_bug.h>
#else
#include <assert.h>
#endif
#include <um/types.h>

#define UM_MCONSOLE_MAGIC	0xcafebabeU
#define UM_MCONSOLE_VERSION	2

/* Bytes of data in a datagram, a NUL included. */
#define UM_MCONSOLE_DATA	512
/* Bytes of a request's text. */
#define UM_MCONSOLE_TEXT_MAX	(UM_MCONSOLE_DATA - 1)

/* Where the socket is in the directory of the instance. */
#define UM_MCONSOLE_SOCKET_NAME	"mconsole"

/**
 * struct um_mconsole_request - a command: 524 bytes, of which all are sent
 * @magic:	UM_MCONSOLE_MAGIC
 * @version:	UM_MCONSOLE_VERSION
 * @length:	of the text in bytes, at most UM_MCONSOLE_TEXT_MAX
 * @data:	the command and its arguments
 */
struct um_mconsole_request {
	um_u32	magic;
	um_u32	version;
	um_u32	length;
	char	data[UM_MCONSOLE_DATA];
};

/**
 * struct um_mconsole_reply - an answer, or a part of it: 12 bytes and the data
 * @err:	0: it was done; a negative error number; or of exec the command's status,
 *		1 to 255
 * @more:	another part comes
 * @length:	of the data in bytes, with the NUL behind the text
 * @data:	text
 */
struct um_mconsole_reply {
	um_s32	err;
	um_s32	more;
	um_u32	length;
	char	data[UM_MCONSOLE_DATA];
};

/* Types of notifications. */
enum um_mconsole_type {
	UM_MCONSOLE_SOCKET,
	UM_MCONSOLE_PANIC,
	UM_MCONSOLE_HANG,
	UM_MCONSOLE_USER,
	UM_MCONSOLE_NR_TYPES,
};

/**
 * struct um_mconsole_notify - something happened: 16 bytes and the data
 * @magic:	UM_MCONSOLE_MAGIC
 * @version:	UM_MCONSOLE_VERSION
 * @type:	enum um_mconsole_type
 * @length:	of the data in bytes
 * @data:	text
 */
struct um_mconsole_notify {
	um_u32	magic;
	um_u32	version;
	um_s32	type;
	um_u32	length;
	char	data[UM_MCONSOLE_DATA];
};

#define UM_MCONSOLE_REQUEST_HEAD	__builtin_offsetof(struct um_mconsole_request, data)
#define UM_MCONSOLE_REPLY_HEAD		__builtin_offsetof(struct um_mconsole_reply, data)
#define UM_MCONSOLE_NOTIFY_HEAD		__builtin_offsetof(struct um_mconsole_notify, data)

static_assert(sizeof(struct um_mconsole_request) == 524, "request");
static_assert(UM_MCONSOLE_REQUEST_HEAD == 12, "request");
static_assert(sizeof(struct um_mconsole_reply) == 524, "reply");
static_assert(UM_MCONSOLE_REPLY_HEAD == 12, "reply");
static_assert(sizeof(struct um_mconsole_notify) == 528, "notification");
static_assert(UM_MCONSOLE_NOTIFY_HEAD == 16, "notification");

#endif /* _UM_ABI_MCONSOLE_H */
