# SPDX-License-Identifier: GPL-2.0
#
# For a gdb that debugs the kernel as a process: gdb -x tools/linux.gdb ...
#
# The kernel's interrupts are host signals: gdb only passes them on.
handle SIGALRM SIGIO SIGURG SIGWINCH nostop noprint pass

# A step of gdb's takes longer than a timer interrupt needs to come, and ends in
# its handler. So interrupts wait, on the host, until the step is over.
define um-hold-interrupts
	call (void)host_irq_block(1)
end
document um-hold-interrupts
Host signals that are interrupts wait until um-allow-interrupts.
end

define um-allow-interrupts
	call (void)host_irq_block(0)
end
document um-allow-interrupts
Ends um-hold-interrupts.
end

define hook-next
	um-hold-interrupts
end
define hookpost-next
	um-allow-interrupts
end
define hook-step
	um-hold-interrupts
end
define hookpost-step
	um-allow-interrupts
end
define hook-nexti
	um-hold-interrupts
end
define hookpost-nexti
	um-allow-interrupts
end
define hook-stepi
	um-hold-interrupts
end
define hookpost-stepi
	um-allow-interrupts
end
define hook-finish
	um-hold-interrupts
end
define hookpost-finish
	um-allow-interrupts
end
