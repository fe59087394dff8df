/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The few functions of libcap that the tree's selftests use, on the system
 * calls themselves, so that building them needs no further library.
 */
#ifndef UMTEST_CAPABILITY_H
#define UMTEST_CAPABILITY_H

#include <linux/capability.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

typedef int cap_value_t;
typedef enum { CAP_EFFECTIVE, CAP_PERMITTED, CAP_INHERITABLE } cap_flag_t;
typedef enum { CAP_CLEAR, CAP_SET } cap_flag_value_t;
typedef struct umtest_caps {
	struct __user_cap_header_struct head;	/* tests look behind libcap's type */
	struct __user_cap_data_struct data[2];
} *cap_t;

extern int capget(cap_user_header_t header, cap_user_data_t data);
extern int capset(cap_user_header_t header, const cap_user_data_t data);

static inline cap_t cap_init(void)
{
	return calloc(1, sizeof(struct umtest_caps));
}

static inline cap_t cap_get_proc(void)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	cap_t c = cap_init();

	if (c && syscall(SYS_capget, &h, c->data)) {
		free(c);
		c = NULL;
	}
	return c;
}

static inline int cap_set_proc(cap_t c)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };

	return syscall(SYS_capset, &h, c->data);
}

static inline uint32_t *umtest_cap_word(cap_t c, cap_flag_t f, cap_value_t v)
{
	struct __user_cap_data_struct *d = &c->data[v / 32];

	return f == CAP_EFFECTIVE ? &d->effective :
	       f == CAP_PERMITTED ? &d->permitted : &d->inheritable;
}

static inline int cap_set_flag(cap_t c, cap_flag_t f, int n,
			       const cap_value_t *v, cap_flag_value_t on)
{
	int i;

	for (i = 0; i < n; i++) {
		if (on == CAP_SET)
			*umtest_cap_word(c, f, v[i]) |= 1U << v[i] % 32;
		else
			*umtest_cap_word(c, f, v[i]) &= ~(1U << v[i] % 32);
	}
	return 0;
}

static inline int cap_get_flag(cap_t c, cap_value_t v, cap_flag_t f,
			       cap_flag_value_t *on)
{
	*on = *umtest_cap_word(c, f, v) >> v % 32 & 1 ? CAP_SET : CAP_CLEAR;
	return 0;
}

static inline int cap_clear(cap_t c)
{
	*c = (struct umtest_caps){ 0 };
	return 0;
}

static inline int cap_free(void *c)
{
	free(c);
	return 0;
}

#endif
