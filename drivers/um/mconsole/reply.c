// SPDX-License-Identifier: GPL-2.0
/* Replies of the management console. */
#include "request.h"

/**
 * mconsole_reply() - the next part of an answer
 * @reply:	where it is written
 * @err:	0, or a negative error number: the same in all parts
 * @text:	what is still to be said; moves on
 * @len:	its length in bytes, which becomes less
 * @last:	nothing else is to be said after this text
 *
 * A text that is made piece by piece is given in several calls, the last of which
 * may have an empty one.  A part is sent and the function called again as long as
 * reply->more is set and @len is not 0.  NULs, as some files of /proc have them,
 * would end a text: they become blanks.
 *
 * Returns how many bytes are to be sent.
 */
um_u32 mconsole_reply(struct um_mconsole_reply *reply, int err, const char **text,
		      um_u64 *len, int last)
{
	um_u32 n = *len < UM_MCONSOLE_TEXT_MAX ? *len : UM_MCONSOLE_TEXT_MAX, i;

	for (i = 0; i < n; i++)
		reply->data[i] = (*text)[i] ?: ' ';
	reply->data[n] = 0;
	*text += n;
	*len -= n;
	reply->err = err;
	reply->more = *len || !last;
	reply->length = n + 1;
	return UM_MCONSOLE_REPLY_HEAD + reply->length;
}
