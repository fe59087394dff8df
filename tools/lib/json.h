/* SPDX-License-Identifier: GPL-2.0 */
/* Text for programs that read JSON. */
#ifndef TOOLS_JSON_H
#define TOOLS_JSON_H

/* Length of the valid UTF-8 character at @p, or 0; a NUL counts, as one byte. */
int utf8_len(const unsigned char *p);

/*
 * Prints a string with its quotes.  Bytes that are no UTF-8 become the characters
 * U+DC80 to U+DCFF, as in Python.
 */
void json_string(const char *text);

#endif /* TOOLS_JSON_H */
