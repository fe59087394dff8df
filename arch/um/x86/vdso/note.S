/* SPDX-License-Identifier: GPL-2.0 */
/* The version of the kernel, for the dynamic linker. */
#include <linux/build-salt.h>
#include <linux/elfnote.h>
#include <linux/version.h>

ELFNOTE(Linux, 0, .long LINUX_VERSION_CODE)

BUILD_SALT
