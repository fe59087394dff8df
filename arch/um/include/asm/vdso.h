/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_VDSO_H
#define _ASM_UM_VDSO_H

/* What lies before the vDSO in a guest's address space. */
#define VVAR_DATA	0	/* struct vdso_data, or that of a time namespace */
#define VVAR_TIMENS	1	/* in a time namespace: what is elsewhere the first */
#define VVAR_PAGES	2

#ifndef __ASSEMBLY__

struct vdso_data;

/* The image as built (arch/um/x86/vdso/), on pages of its own. */
extern const char vdso_image_start[], vdso_image_end[];

/* The page that all guests map. */
extern struct vdso_data *um_vdso_data;

/*
 * Where stubs have the host's clock_gettime(), or 0: then guests have to make
 * system calls for the time.
 */
extern unsigned long um_host_clock;

/* Finds out, before the engine starts. */
void um_vdso_start(void);
/* Makes the page, before there is timekeeping. */
void um_vdso_data_init(void);

#endif /* __ASSEMBLY__ */
#endif /* _ASM_UM_VDSO_H */
