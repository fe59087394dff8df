// SPDX-License-Identifier: GPL-2.0
/* Requests to uml_switch: the versions, in pieces, and anything else. */
#include <stddef.h>
#include <stdlib.h>
#include "unit.h"
#include "tools/switch/request.h"

static const struct um_switch_addr path = { .family = 1, .path = "/tmp/client" };
static const struct um_switch_addr abstract = { .family = 1, .path = "\0client" };

static struct um_switch_request_v0 v0;
static struct um_switch_request_v1 v1 = { .magic = UM_SWITCH_MAGIC };
static struct um_switch_request v3 = { .magic = UM_SWITCH_MAGIC, .version = 3 };

/* Nothing before @whole bytes, then the same request up to the end. */
static void in_pieces(const char *name, const void *bytes, um_u32 size, um_u32 whole,
		      um_u32 version)
{
	struct request request = { 0 };
	um_u32 len, early = 0, late = 0;
	um_u8 *exact;

	for (len = 0; len <= size; len++) {
		/* So that the sanitizer sees a look behind the end. */
		exact = malloc(len ? len : 1);
		memcpy(exact, bytes, len);
		if (len < whole)
			early += request_parse(exact, len, &request) != REQUEST_PART;
		else
			late += request_parse(exact, len, &request) != REQUEST_WHOLE ||
				memcmp(&request.addr, &path, sizeof(path)) ||
				request.version != version ||
				request.addr_len != 2 + strlen(path.path) + 1 ||
				request.end != whole;
		free(exact);
	}
	is(early, 0, name);
	is(late, 0, "and from then on it is there");
}

static const char *wrong(const void *bytes, um_u32 len)
{
	struct request request = { 0 };

	return request_parse(bytes, len, &request) == REQUEST_BAD ? request.wrong : NULL;
}

static void test_random(void)
{
	um_u8 bytes[UM_SWITCH_REQUEST_MAX];
	struct request request;
	unsigned int seed = 3, i, j, state[3] = { 0 };

	for (i = 0; i < 100000; i++) {
		for (j = 0; j < sizeof(bytes); j++)
			bytes[j] = rand_r(&seed) >> 7;
		/* Most begin as they should, so that they get further. */
		if (i % 4)
			memcpy(bytes, &v3, 4 * (i % 4));
		state[request_parse(bytes, rand_r(&seed) % (sizeof(bytes) + 1), &request)]++;
	}
	ok(state[REQUEST_PART] && state[REQUEST_BAD],
	   "100,000 random requests (%u part, %u whole, %u bad)",
	   state[REQUEST_PART], state[REQUEST_WHOLE], state[REQUEST_BAD]);
}

int main(void)
{
	struct um_switch_request bad = v3;

	v0.addr = path;
	v1.addr = path;
	v3.addr = path;
	in_pieces("version 0 is no request before its 120 bytes", &v0, sizeof(v0), 120, 0);
	in_pieces("version 1 is no request before its 124 bytes", &v1, sizeof(v1), 124, 1);
	in_pieces("version 3 is no request before its address is there", &v3, sizeof(v3), 122, 3);
	is(request_addr_len(&abstract), 110, "all of an abstract name counts");

	ok(wrong("\1\0\0\0", 4), "an unknown first word is refused at once");
	ok(!wrong("\1\0\0", 3), "and not before it is there");
	bad.version = 2;
	ok(wrong(&bad, 8), "version 2 is refused");
	bad.version = 4;
	ok(wrong(&bad, 8), "version 4 is refused");
	bad.version = 3;
	bad.type = 1;
	ok(wrong(&bad, 12), "another type is refused");
	bad = v3;
	bad.addr.family = 2;
	ok(wrong(&bad, sizeof(bad)), "an address of the Internet is refused");
	bad = v3;
	memset(bad.addr.path, 'x', sizeof(bad.addr.path));
	ok(wrong(&bad, sizeof(bad)), "a path without an end is refused");
	bad.addr.path[107] = 0;
	ok(!wrong(&bad, sizeof(bad)), "the longest path is not");
	test_random();
	return done();
}
