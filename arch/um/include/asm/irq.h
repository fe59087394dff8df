/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_IRQ_H
#define _ASM_UM_IRQ_H

#define NR_IRQS		256
#define UM_IRQ_TIMER	1
/* Sources of I/O get theirs from here on. */
#define UM_IRQ_FIRST	2

#ifndef __ASSEMBLY__

#include <linux/irqreturn.h>
#include <linux/types.h>

struct irq_chip;

/**
 * struct um_irq_source - something on the host that interrupts the kernel
 * @irq:	its number, as in /proc/interrupts
 * @raised:	not zero while an interrupt is due
 * @next:	all sources, for the demultiplexer
 * @dev:	what request_irq() was given
 *
 * Lifetime: from um_irq_source_init() to um_irq_source_free().  Whoever raises
 * it from a host thread must have stopped before it is freed.
 */
struct um_irq_source {
	int			irq;
	int			raised;
	struct um_irq_source	*next;
	void			*dev;
};

typedef irqreturn_t (*um_irq_handler_t)(int, void *);

/* Allocates an interrupt and requests it.  -ENOSPC: none left. */
int um_irq_source_init(struct um_irq_source *src, const char *name,
		       um_irq_handler_t handler, void *dev);
void um_irq_source_free(struct um_irq_source *src);
/* From any thread of the host, and from any context of the kernel. */
void um_irq_source_raise(struct um_irq_source *src);
/* The same of a CPU that is idle; also where RCU takes it for that. */
void um_irq_source_raise_idle(struct um_irq_source *src);

/**
 * struct um_fd_watch - interrupts when a host descriptor is ready
 * @src:	the interrupt
 * @fd:		the descriptor; stays the caller's
 */
struct um_fd_watch {
	struct um_irq_source	src;
	int			fd;
};

int um_fd_watch_init(struct um_fd_watch *w, int fd, const char *name,
		     um_irq_handler_t handler, void *dev);
/*
 * Waits for HOST_POLLIN and/or HOST_POLLOUT, once: arm it again afterwards.  -errno:
 * it will not be told.
 */
int um_fd_watch_arm(struct um_fd_watch *w, int events);
void um_fd_watch_free(struct um_fd_watch *w);

#endif /* __ASSEMBLY__ */

#include <asm-generic/irq.h>

#endif /* _ASM_UM_IRQ_H */
