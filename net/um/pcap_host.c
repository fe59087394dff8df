// SPDX-License-Identifier: GPL-2.0
/*
 * A network device that hears what an interface of the host does, through libpcap.
 * It is for looking only: what the guest sends goes nowhere.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if __has_include("pcap/pcap.h")
#include <pcap/pcap.h>
#define HAVE_PCAP
#endif

#include "child.h"
#include "pcap_host.h"

#ifdef HAVE_PCAP

#define BUFFER_BYTES	(16 << 20)
/* Frames per turn, so that the guest's questions are heard meanwhile. */
#define TURN_FRAMES	64

static struct {
	typeof(pcap_activate)			*activate;
	typeof(pcap_compile)			*compile;
	typeof(pcap_create)			*create;
	typeof(pcap_datalink)			*datalink;
	typeof(pcap_datalink_val_to_name)	*datalink_val_to_name;
	typeof(pcap_dispatch)			*dispatch;
	typeof(pcap_freecode)			*freecode;
	typeof(pcap_get_selectable_fd)		*get_selectable_fd;
	typeof(pcap_geterr)			*geterr;
	typeof(pcap_lookupnet)			*lookupnet;
	typeof(pcap_set_buffer_size)		*set_buffer_size;
	typeof(pcap_set_immediate_mode)		*set_immediate_mode;
	typeof(pcap_set_promisc)		*set_promisc;
	typeof(pcap_set_snaplen)		*set_snaplen;
	typeof(pcap_setfilter)			*setfilter;
	typeof(pcap_setnonblock)		*setnonblock;
	typeof(pcap_stats)			*stats;
	typeof(pcap_statustostr)		*statustostr;
} lib;

#define SYMBOL(name)	{ "pcap_" #name, &lib.name }

static const struct um_child_symbol symbols[] = {
	SYMBOL(activate),
	SYMBOL(compile),
	SYMBOL(create),
	SYMBOL(datalink),
	SYMBOL(datalink_val_to_name),
	SYMBOL(dispatch),
	SYMBOL(freecode),
	SYMBOL(get_selectable_fd),
	SYMBOL(geterr),
	SYMBOL(lookupnet),
	SYMBOL(set_buffer_size),
	SYMBOL(set_immediate_mode),
	SYMBOL(set_promisc),
	SYMBOL(set_snaplen),
	SYMBOL(setfilter),
	SYMBOL(setnonblock),
	SYMBOL(stats),
	SYMBOL(statustostr),
};

/**
 * struct request - what the guest wants to hear
 * @interface:	the name of the host's interface
 * @filter:	an expression, or ""
 * @promisc:	also what is for other machines
 * @optimize:	the filter's program
 */
struct request {
	const char	*interface;
	const char	*filter;
	bool		promisc;
	bool		optimize;
};

static pcap_t *capture;

static void parse(struct request *request, int argc, char **argv)
{
	int i;

	*request = (struct request){ .filter = "", .promisc = true, .optimize = true };
	if (argc < 2 || !*argv[1])
		um_child_fail("an interface of the host is missing");
	request->interface = argv[1];
	if (argc > 2)
		request->filter = argv[2];
	for (i = 3; i < argc; i++) {
		if (!strcmp(argv[i], "promisc"))
			request->promisc = true;
		else if (!strcmp(argv[i], "nopromisc"))
			request->promisc = false;
		else if (!strcmp(argv[i], "optimize"))
			request->optimize = true;
		else if (!strcmp(argv[i], "nooptimize"))
			request->optimize = false;
		else
			um_child_fail("%.100s: neither promisc, nopromisc, optimize nor nooptimize",
				      argv[i]);
	}
}

__noreturn
static void fail_activate(const struct request *request, int status)
{
	const char *text = lib.geterr(capture);

	switch (status) {
	case PCAP_ERROR_NO_SUCH_DEVICE:
		um_child_fail("%.100s: no such device", request->interface);
	case PCAP_ERROR_PERM_DENIED:
	case PCAP_ERROR_PROMISC_PERM_DENIED:
		um_child_fail("%.100s: no permission: it takes CAP_NET_RAW", request->interface);
	case PCAP_ERROR_IFACE_NOT_UP:
		um_child_fail("%.100s: the interface is not up", request->interface);
	}
	/* Only PCAP_ERROR is sure to have a text. */
	if (status != PCAP_ERROR || !*text)
		text = lib.statustostr(status);
	um_child_fail("%.100s: %s", request->interface, text);
}

static void open_interface(const struct request *request)
{
	char text[PCAP_ERRBUF_SIZE] = "";
	const char *name;
	int status, type;

	capture = lib.create(request->interface, text);
	if (!capture)
		um_child_fail("%.100s: %s", request->interface, text);
	lib.set_snaplen(capture, UM_CHILD_FRAME_MAX);
	lib.set_promisc(capture, request->promisc);
	lib.set_immediate_mode(capture, 1);
	lib.set_buffer_size(capture, BUFFER_BYTES);
	status = lib.activate(capture);
	/* Above 0 there are but warnings. */
	if (status < 0)
		fail_activate(request, status);

	type = lib.datalink(capture);
	if (type != DLT_EN10MB) {
		name = lib.datalink_val_to_name(type);
		um_child_fail("%.100s: its link type is %s (%d), and only Ethernet (%d) is served",
			      request->interface, name ?: "without a name", type, DLT_EN10MB);
	}
	if (lib.setnonblock(capture, 1, text) < 0)
		um_child_fail("%.100s: %s", request->interface, text);
	if (lib.get_selectable_fd(capture) < 0)
		um_child_fail("%.100s: libpcap cannot wait for it", request->interface);
}

static void set_filter(const struct request *request)
{
	char text[PCAP_ERRBUF_SIZE];
	struct bpf_program program;
	bpf_u_int32 net, mask;

	if (!*request->filter)
		return;
	/* Only "broadcast" needs it. */
	if (lib.lookupnet(request->interface, &net, &mask, text) < 0)
		mask = PCAP_NETMASK_UNKNOWN;
	if (lib.compile(capture, &program, request->filter, request->optimize, mask) < 0 ||
	    lib.setfilter(capture, &program) < 0)
		um_child_fail("filter %.200s: %s", request->filter, lib.geterr(capture));
	lib.freecode(&program);
}

static char *stats(void)
{
	struct pcap_stat counts;
	char *text;

	if (lib.stats(capture, &counts) < 0 ||
	    asprintf(&text, "received %u dropped %u ifdropped %u unsent %lu", counts.ps_recv,
		     counts.ps_drop, counts.ps_ifdrop, um_child_dropped()) < 0)
		return NULL;
	return text;
}

static void hear_frame(unsigned char *unused, const struct pcap_pkthdr *header,
		       const unsigned char *frame)
{
	(void)unused;
	/* A part of a frame is none: its length is wrong, and its checksums. */
	um_child_send(frame, header->caplen == header->len ? header->len : 0);
}

static void ignore_frame(const void *frame, size_t len)
{
	(void)frame;
	(void)len;
}

__noreturn
static void serve(const struct request *request)
{
	int place;

	for (;;) {
		um_child_poll_begin();
		place = um_child_poll_add(lib.get_selectable_fd(capture), POLLIN);
		if (um_child_poll(-1) < 0)
			continue;
		um_child_receive(ignore_frame);
		if (um_child_poll_events(place) &&
		    lib.dispatch(capture, TURN_FRAMES, hear_frame, NULL) < 0)
			um_child_fail("%.100s: %s", request->interface, lib.geterr(capture));
		um_child_flush();
	}
}

int um_pcap_main(int argc, char **argv)
{
	struct request request;

	um_child_start("um-pcap");
	parse(&request, argc, argv);
	um_child_library("libpcap.so.0.8", "libpcap0.8", symbols, ARRAY_SIZE(symbols));
	open_interface(&request);
	set_filter(&request);
	um_child_ready(stats, "%.100s%s%s%.200s", request.interface,
		       request.promisc ? ", promiscuous" : "",
		       *request.filter ? ", filter " : "", request.filter);
	serve(&request);
}

#else

int um_pcap_main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	um_child_start("um-pcap");
	um_child_fail("this linux was built without libpcap (Debian: libpcap-dev)");
}

#endif /* HAVE_PCAP */
