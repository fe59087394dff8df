# SPDX-License-Identifier: GPL-2.0
# What the Makefiles of the host's programs have in common: PROGRAM is built of
# SOURCES, which include HEADERS from elsewhere, and of LIBS; MAN is its page in
# Documentation/.
#	make [O=DIR] [CC=] [CFLAGS=] [all|clean|install [PREFIX=] [DESTDIR=]]
lib := $(patsubst %/,%,$(dir $(realpath $(lastword $(MAKEFILE_LIST)))))
top := $(realpath $(lib)/../..)
O ?= $(top)/build/tools
PREFIX ?= /usr/local
CC ?= gcc
CFLAGS ?= -O2 -g
VERSION ?= 6.12
mode ?= 755

bin := $(DESTDIR)$(PREFIX)/bin
man := $(DESTDIR)$(PREFIX)/share/man/man$(patsubst .%,%,$(suffix $(MAN)))

all: $(O)/$(PROGRAM)

$(O)/$(PROGRAM): $(SOURCES) $(HEADERS) $(wildcard *.h) $(wildcard $(lib)/*.h) \
		$(wildcard $(top)/include/um/abi/*.h) $(top)/include/um/types.h
	@mkdir -p $(O)
	$(CC) -std=gnu11 -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -Wall -Wextra \
		$(CFLAGS) -I$(top) -I$(top)/include $(LDFLAGS) -o $@ $(SOURCES) $(LIBS)

clean:
	rm -f $(O)/$(PROGRAM)

install: all
	install -d $(bin) $(man)
	install -m $(mode) $(O)/$(PROGRAM) $(bin)/
	install -m 644 $(top)/Documentation/$(MAN) $(man)/

.PHONY: all clean install
