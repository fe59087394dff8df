// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>
#include "log.h"
#include "switch.h"

struct port *port_add(struct uml_switch *sw, const struct endpoint *at, int fd,
		      struct client *client)
{
	struct port *port = calloc(1, sizeof(*port));
	int err;

	if (!port) {
		log_client("no memory for a port");
		return NULL;
	}
	port->macs.limit = client ? sw->port_macs : sw->forward.macs.limit;
	port->at = at;
	port->client = client;
	port->data = (struct source) { fd, data_port_ready };
	queue_init(&port->queue);
	err = event_add(&port->data, EPOLLIN);
	if (err) {
		log_client("a port cannot be watched: %s", strerror(-err));
		free(port);
		return NULL;
	}
	port->number = ++sw->last_number;
	TAILQ_INSERT_TAIL(&sw->ports, port, link);
	sw->nr_ports++;
	return port;
}

void port_remove(struct uml_switch *sw, struct port *port)
{
	TAILQ_REMOVE(&sw->ports, port, link);
	sw->nr_ports--;
	mac_forget(&sw->forward.macs, &port->macs);
	stats_add(&sw->past, &port->stats);
	queue_clear(&port->queue);
	event_close(&port->data);
	free(port);
}
