# SPDX-License-Identifier: GPL-2.0
#
# The front of the port: lays out a Linux 6.12 source tree under build/ with
# this repository's folders in it, hands every target and variable that is not
# its own to kbuild, and leaves the executable `linux' here. `make help' lists
# the targets.

ARCH ?= um
ifneq ($(ARCH),um)
  $(error ARCH=$(ARCH): this repository holds ARCH=um only)
endif

top := $(patsubst %/,%,$(dir $(realpath $(lastword $(MAKEFILE_LIST)))))
build := $(top)/build
src := $(build)/src
Q := $(if $(filter 1 2 12,$(V)),,@)

# Kbuild runs in build/src, so relative paths that the user gave are made
# absolute here. With O=, the kernel stays in that folder.
own-out := $(build)/out
ifeq ($(origin O),command line)
  out := $(abspath $(O))
else
  out := $(abspath $(KBUILD_OUTPUT))
endif
ifeq ($(out),)
  out := $(own-out)
endif
linux := $(if $(filter $(own-out),$(out)),$(top)/linux,$(out)/linux)

path-vars := INSTALL_MOD_PATH INSTALL_HDR_PATH INSTALL_PATH M MO KBUILD_EXTMOD
paths := $(foreach v,$(path-vars),$(if $(filter command% environment%,\
	$(origin $(v))),$(if $($(v)),$(v)=$(abspath $($(v))))))

# CCACHE= (empty) builds without ccache.
CCACHE ?= $(notdir $(shell command -v ccache 2>/dev/null))
with-ccache = $(if $(filter default undefined,$(origin $(1))),$(1)="$(CCACHE) $(2)")
ifneq ($(CCACHE),)
  ifeq ($(LLVM),)
    compilers := $(call with-ccache,CC,$(CROSS_COMPILE)gcc) \
		 $(call with-ccache,HOSTCC,gcc)
  endif
endif

# In CI a warning of the port's own code is an error.
strict := $(if $(filter true 1,$(CI)),UM_WERROR=1)

# The kernel's tags.sh does not look behind the links to our folders, but for
# those that it is told of.
tag-goals := tags TAGS cscope gtags
ifneq ($(filter $(tag-goals),$(MAKECMDGOALS)),)
  rooms := $(patsubst $(top)/%/,../%/.,$(wildcard $(top)/arch/um/ \
	   $(top)/drivers/um/ $(top)/net/um/ $(top)/include/um/))
  tags := ALLSOURCE_ARCHS="$(or $(ALLSOURCE_ARCHS),$(rooms) x86/include)"
endif

# As many jobs as there are CPUs, unless the user said how many. To be used in
# recipes only: MAKEFLAGS is not complete elsewhere.
jobs = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))

kbuild = $(MAKE) --no-print-directory -C $(src) $(jobs) ARCH=um O=$(out) \
	 $(compilers) $(strict) $(paths) $(tags)

goals := $(or $(MAKECMDGOALS),all)
own-goals := run check soak bench kunit root_fs root_fs.busybox install tools \
	     deps tree help
# These kbuild targets need no .config; for all others one is made.
no-config := %config clean mrproper distclean help% kernelversion headers% \
	     $(tag-goals) %docs coccicheck outputmakefile \
	     $(filter-out kunit,$(own-goals))

.DEFAULT_GOAL := all
.PHONY: $(goals) FORCE

ifneq ($(if $(filter $(own-goals),$(goals)),$(word 2,$(goals))),)
# One of ours among several goals: one after the other, as they were given.
.PHONY: in-order
$(goals): in-order
	@:
in-order:
	+$(Q)set -e; for goal in $(goals); do \
		$(MAKE) --no-print-directory -f $(top)/Makefile $$goal; \
	done
else

# ---------------------------------------------------------------- kbuild ---

tree:
	$(Q)$(top)/tools/prepare $(if $(KSRC),--ksrc "$(KSRC)")

kbuild-goals := $(filter-out $(own-goals),$(goals))
ifneq ($(kbuild-goals),)
$(kbuild-goals): through-kbuild
	@:

.PHONY: through-kbuild
through-kbuild: tree
ifneq ($(filter-out $(no-config),$(kbuild-goals)),)
	+$(Q)[ -e $(out)/.config ] || $(kbuild) defconfig
endif
	+$(Q)$(kbuild) $(kbuild-goals)
ifeq ($(out),$(own-out))
	$(Q)if [ ! -e $(out)/linux ]; then rm -f $(linux); \
	elif [ ! $(linux) -ef $(out)/linux ]; then \
		ln -f $(out)/linux $(linux) 2>/dev/null || \
		cp --preserve=mode,timestamps $(out)/linux $(linux); \
	fi
endif
ifneq ($(filter $(tag-goals),$(kbuild-goals)),)
	$(Q)for file in tags TAGS cscope.out; do \
		[ ! -e $(out)/$$file ] || ln -sf $(out)/$$file $(top)/$$file; \
	done
endif
ifneq ($(filter distclean,$(kbuild-goals)),)
	$(Q)rm -rf $(build) $(linux) $(top)/tags $(top)/TAGS $(top)/cscope.out
endif
endif

# ------------------------------------------------------------------- ours ---

.PHONY: kernel modules-tree
kernel: tree
	+$(Q)$(MAKE) --no-print-directory -f $(top)/Makefile all

# The modules as the images get them, redone when one of them is newer.
modules-tree: kernel
	+$(Q)if ! grep -qs '^CONFIG_MODULES=y' $(out)/.config; then \
		rm -rf $(build)/modules; mkdir -p $(build)/modules; \
	elif [ ! -e $(build)/modules/.of ] || \
	     [ "$$(cat $(build)/modules/.of)" != $(out) ] || \
	     [ $(out)/modules.order -nt $(build)/modules/.of ] || \
	     [ -n "$$(find $(out) -name '*.ko' -newer $(build)/modules/.of \
			-print -quit)" ]; then \
		rm -rf $(build)/modules && \
		$(kbuild) -s modules_install INSTALL_MOD_STRIP=1 \
			INSTALL_MOD_PATH=$(build)/modules && \
		rm -f $(build)/modules/lib/modules/*/build && \
		echo $(out) > $(build)/modules/.of; \
	fi

root_fs: modules-tree
	$(Q)$(top)/tools/mkrootfs --if-changed --modules $(build)/modules \
		--output $(top)/root_fs $(ROOTFS_FLAGS)

root_fs.busybox: modules-tree
	$(Q)$(top)/tools/mkrootfs --busybox --if-changed \
		--modules $(build)/modules --output $(top)/root_fs.busybox

run:
	+$(Q)MAKE="$(MAKE)" $(top)/tools/run --prepare --linux $(linux) \
		$(if $(MEM),--mem $(MEM)) -- $(ARGS)

# What the tests and benchmarks find in their environment.
test-env = LINUX=$(linux) BUILD=$(build) OUT=$(out) KSRCTREE=$(src) \
	   ROOT_FS=$(top)/root_fs BUSYBOX_FS=$(top)/root_fs.busybox

.PHONY: test-packages test-images
# A test whose programs are missing is skipped; without the others there is none.
test-packages:
	$(Q)$(top)/tools/deps --install --for build --for tools --for rootfs
	$(Q)$(top)/tools/deps --install --for check || \
		echo "make: some tests will be skipped" >&2

test-images: test-packages
	+$(Q)$(MAKE) --no-print-directory -f $(top)/Makefile root_fs root_fs.busybox

check: test-images
	$(Q)$(test-env) $(top)/tools/testing/um/run-tests $(TESTS)

soak: test-images
	$(Q)$(test-env) $(top)/tools/testing/um/run-tests --soak $(TESTS)

bench: test-images
	$(Q)$(test-env) $(top)/tools/testing/um/bench $(BENCH)

kunit: tree
	$(Q)cd $(src) && ./tools/testing/kunit/kunit.py run \
		--build_dir=$(build)/kunit $(or $(KUNIT_ARGS),\
		--kunitconfig=$(top)/tools/testing/um/kunit/.kunitconfig)

tools:
	+$(Q)$(MAKE) --no-print-directory -C $(top)/tools O=$(build)/tools

PREFIX ?= /usr/local
bindir := $(DESTDIR)$(PREFIX)/bin
libdir := $(DESTDIR)$(PREFIX)/lib/uml
docdir := $(DESTDIR)$(PREFIX)/share/doc/uml

# As it is with debug information, or without it by INSTALL_STRIP=1.
install: modules-tree tools
	$(Q)install -d $(bindir) $(libdir) $(docdir)
	$(Q)install -m 755 $(out)/linux $(bindir)/linux
	$(Q)$(if $(filter 1,$(INSTALL_STRIP)),strip --strip-debug $(bindir)/linux,:)
	$(Q)if [ -d $(build)/modules/lib/modules ]; then \
		cp -R $(build)/modules/lib/modules $(libdir)/; fi
	$(Q)install -m 644 $(top)/README.md $(top)/COPYING $(docdir)/
	$(Q)install -m 644 $(top)/tools/linux.gdb $(docdir)/
	$(Q)if [ -d $(top)/Documentation ]; then \
		cp -R $(top)/Documentation $(docdir)/; fi
	+$(Q)$(MAKE) --no-print-directory -C $(top)/tools O=$(build)/tools \
		PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) install
	@echo "installed in $(DESTDIR)$(PREFIX): bin/linux, lib/uml/modules"

deps:
	$(Q)$(top)/tools/deps --install

help: tree
	@echo  'The port to user space (ARCH=um is the default):'
	@echo  '  all             - the kernel and its modules; leaves ./linux'
	@echo  '  run             - install what is missing, build, make the root file'
	@echo  '                    system, boot it here (MEM=1G, ARGS="kernel arguments")'
	@echo  '  check           - all tests (TESTS="..." for some of them)'
	@echo  '  soak            - all tests at full length'
	@echo  '  bench           - the benchmarks'
	@echo  '  kunit           - KUnit on this port (KUNIT_ARGS="...")'
	@echo  '  root_fs         - the Debian image (ROOTFS_FLAGS="...", see'
	@echo  '                    tools/mkrootfs --help)'
	@echo  '  root_fs.busybox - a small image for quick boots'
	@echo  '  install         - install under PREFIX=/usr/local (DESTDIR=,'
	@echo  '                    INSTALL_STRIP=1)'
	@echo  '  tools           - the programs for the host'
	@echo  '  deps            - install the Debian packages that these need'
	@echo  '  tree            - lay out the kernel source in build/src only'
	@echo  'Variables: KSRC=DIR|ARCHIVE the Linux 6.12 source to use;'
	@echo  '  O=DIR build there, and leave linux there; CCACHE= without ccache.'
	@echo  ''
	@echo  'The targets of kbuild, which all work here too:'
	@echo  ''
	+@$(kbuild) help

endif
