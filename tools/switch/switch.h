/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The switch as a whole.
 *
 * An endpoint is what the command line names: a control socket with the clients
 * that come to it, or a tap interface.  A port is where frames come in and go
 * out: one for each client and one for each tap.
 *
 * Each client has a data socket of its own on the switch's side, connected to
 * the client's socket.  So the host's kernel sees to it that no other process
 * can put frames into a port, that a client which does not read fills no buffer
 * but its own, and that one which sends too much keeps nobody else's frames
 * out.  Only where the user named a data socket do the clients of an endpoint
 * share that one for what they send, and are told apart by the address that
 * their datagrams come from, which the host's kernel vouches for.
 */
#ifndef SWITCH_SWITCH_H
#define SWITCH_SWITCH_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/queue.h>
#include <sys/types.h>
#include "event.h"
#include "forward.h"
#include "../lib/path.h"
#include "queue.h"
#include "request.h"

/* Frames that are received, decided on and sent at a time. */
#define BATCH	32

struct uml_switch;

TAILQ_HEAD(ports, port);
TAILQ_HEAD(clients, client);

enum endpoint_kind { ENDPOINT_SOCKET, ENDPOINT_TAP };

/**
 * struct endpoint - a control socket or a tap
 * @sw:		the switch
 * @next:	in the order of the command line
 * @kind:	which of the two
 * @name:	path, or name of the interface
 * @data_name:	path of the data socket that all clients send to, or NULL
 * @vlan:	what its ports are members of
 * @has_vlan:	the command line said so
 * @control:	the listening socket
 * @data:	the shared data socket
 * @control_path: the path of @control
 * @data_path:	the path of @data
 */
struct endpoint {
	struct uml_switch	*sw;
	struct endpoint		*next;
	enum endpoint_kind	kind;
	const char		*name;
	const char		*data_name;
	struct vlan		vlan;
	bool			has_vlan;
	struct source		control;
	struct source		data;
	struct path_socket	control_path;
	struct path_socket	data_path;
};

/**
 * struct port_stats - frames and bytes of a port since it is there
 * @rx_frames:	that came in from it, those that were dropped included
 * @rx_bytes:	the same in bytes
 * @rx_drops:	that came in and went nowhere, by reason
 * @tx_frames:	that went out
 * @tx_bytes:	the same in bytes
 * @tx_full:	for a client that did not read, when its queue was full
 * @tx_errors:	that the host refused to send
 */
struct port_stats {
	um_u64	rx_frames;
	um_u64	rx_bytes;
	um_u64	rx_drops[NR_DROPS];
	um_u64	tx_frames;
	um_u64	tx_bytes;
	um_u64	tx_full;
	um_u64	tx_errors;
};

/**
 * struct port - where frames come in and go out
 * @link:	in the list of all ports
 * @macs:	its stations
 * @at:		its endpoint
 * @data:	its own data socket, or the tap
 * @client:	whose port it is; NULL of a tap
 * @number:	from 1, not used again
 * @gone:	to be removed when the frames at hand are dealt with
 * @shared:	its frames have to be sent by the endpoint's data socket, as the
 *		client takes none from another
 * @queue:	what could not be sent yet
 * @out:	indices of frames at hand that are to go out here
 * @nr_out:	their number
 * @next_out:	the next port that has some
 * @stats:	counters
 */
struct port {
	TAILQ_ENTRY(port)	link;
	struct mac_owner	macs;
	const struct endpoint	*at;
	struct source		data;
	struct client		*client;
	um_u32			number;
	bool			gone;
	bool			shared;
	struct queue		queue;
	um_u8			out[BATCH];
	um_u8			nr_out;
	struct port		*next_out;
	struct port_stats	stats;
};

/**
 * struct client - a connection to a control socket
 * @link:	in the list of those without a port, then in the bucket of its
 *		address
 * @at:		the endpoint
 * @control:	the connection
 * @bytes:	what it sent
 * @len:	how much of it
 * @request:	once it is whole
 * @port:	NULL before
 * @pid:	the process that connected, as the host saw it
 * @uid:	its user
 * @foreign:	its user is another than ours, and its socket has a path
 */
struct client {
	TAILQ_ENTRY(client)	link;
	struct endpoint		*at;
	struct source		control;
	um_u8			bytes[UM_SWITCH_REQUEST_MAX];
	um_u32			len;
	struct request		request;
	struct port		*port;
	pid_t			pid;
	uid_t			uid;
	bool			foreign;
};

/* Buckets of addresses, and connections that may be without a port at a time. */
#define ADDR_BUCKETS	4096
#define PENDING_MAX	64

/**
 * struct uml_switch - all of it
 * @endpoints:	in the order of the command line
 * @forward:	what is known of stations
 * @ports:	all of them, in the order of their numbers
 * @nr_ports:	their number
 * @max_ports:	their limit
 * @last_number: of the port that came last
 * @port_macs:	stations that a client may have
 * @queue_limit: bytes that may wait for a client
 * @mode:	permissions of control and data sockets
 * @pending:	connections without a port, the oldest first
 * @nr_pending:	their number
 * @addr:	clients with a port, by address
 * @pcap:	the capture, or NULL
 * @strays:	datagrams at a shared data socket that no client sent
 * @past:	what ports counted that are no longer there
 * @stop:	set when it is to end
 */
struct uml_switch {
	struct endpoint		*endpoints;
	struct forward		forward;
	struct ports		ports;
	um_u32			nr_ports;
	um_u32			max_ports;
	um_u32			last_number;
	um_u32			port_macs;
	um_u64			queue_limit;
	mode_t			mode;
	struct clients		pending;
	um_u32			nr_pending;
	struct clients		addr[ADDR_BUCKETS];
	struct pcap		*pcap;
	um_u64			strays;
	struct port_stats	past;
	bool			stop;
};

um_u64 now_ms(void);

/* ---- port.c: ports of any kind ------------------------------------------- */

/* Puts a port whose descriptor is open among the others; takes no descriptor on error. */
struct port *port_add(struct uml_switch *sw, const struct endpoint *at, int fd,
		      struct client *client);
void port_remove(struct uml_switch *sw, struct port *port);

/* ---- data.c: frames ------------------------------------------------------ */

/* Receives from a port, or sends what waits for it. */
void data_port_ready(struct source *source, um_u32 events);
/* Receives from the shared data socket of an endpoint. */
void data_shared_ready(struct source *source, um_u32 events);

/* ---- control.c: clients -------------------------------------------------- */

/* 0, or -1 after a line. */
int control_open(struct uml_switch *sw, struct endpoint *at);
void control_close(struct endpoint *at);
/* Ends a connection, and the port that belongs to it. */
void client_remove(struct uml_switch *sw, struct client *client);
/* The client whose datagrams come from an address, or NULL. */
struct client *client_find(struct uml_switch *sw, const struct endpoint *at,
			   const struct um_switch_addr *addr, um_u32 len);

/* ---- tap.c --------------------------------------------------------------- */

/* 0, or -1 after a line. */
int tap_open(struct uml_switch *sw, struct endpoint *at);

/* ---- stats.c ------------------------------------------------------------- */

void stats_add(struct port_stats *sum, const struct port_stats *stats);
/* Obeys a line such as "ports json", and prints the answer. */
void stats_command(struct uml_switch *sw, const char *line, FILE *to);
/* Everything to the log. */
void stats_log(struct uml_switch *sw);

/* ---- mgmt.c: lines from a socket or the terminal ------------------------- */

/* 0, or -1 after a line. */
int mgmt_open(struct uml_switch *sw, const char *path);
/* Takes commands from the terminal on standard input, if there is one. */
void mgmt_stdin_open(struct uml_switch *sw);
/* The job is in the foreground again. */
void mgmt_stdin_continue(void);
void mgmt_close(void);

#endif /* SWITCH_SWITCH_H */
