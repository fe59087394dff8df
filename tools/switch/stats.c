// SPDX-License-Identifier: GPL-2.0
/*
 * What the switch tells about itself: rows of name=value, or JSON with the same
 * names.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "log.h"
#include "switch.h"

#define PAD_LEN	sizeof(((struct um_switch_request *)NULL)->pad)

/**
 * struct table - rows on their way out
 * @to:		where they go
 * @json:	in which form
 * @rows:	how many there were
 * @fields:	how many the row has
 */
struct table {
	FILE		*to;
	bool		json;
	um_u32		rows;
	um_u32		fields;
};

static void table_row(struct table *table)
{
	if (table->json)
		fputs(table->rows ? ",\n{" : "{", table->to);
	table->rows++;
	table->fields = 0;
}

static void table_row_end(struct table *table)
{
	fputs(table->json ? "}" : "\n", table->to);
}

static void table_name(struct table *table, const char *name)
{
	if (table->json)
		fprintf(table->to, "%s\"%s\":", table->fields ? "," : "", name);
	else
		fprintf(table->to, "%s%s=", table->fields ? " " : "", name);
	table->fields++;
}

static void table_number(struct table *table, const char *name, um_u64 value)
{
	table_name(table, name);
	fprintf(table->to, "%lu", value);
}

/* Of a client's making: whatever is no plain character is escaped. */
static void table_text(struct table *table, const char *name, const char *text, size_t len)
{
	size_t i;

	table_name(table, name);
	if (table->json)
		fputc('"', table->to);
	for (i = 0; i < len; i++) {
		if (isgraph((um_u8)text[i]) && text[i] != '"' && text[i] != '\\')
			fputc(text[i], table->to);
		else
			fprintf(table->to, table->json ? "\\u%04x" : "\\x%02x", (um_u8)text[i]);
	}
	if (table->json)
		fputc('"', table->to);
}

static void table_string(struct table *table, const char *name, const char *text)
{
	table_text(table, name, text, strlen(text));
}

/* ---- rows ---------------------------------------------------------------- */

void stats_add(struct port_stats *sum, const struct port_stats *stats)
{
	int i;

	sum->rx_frames += stats->rx_frames;
	sum->rx_bytes += stats->rx_bytes;
	for (i = 0; i < NR_DROPS; i++)
		sum->rx_drops[i] += stats->rx_drops[i];
	sum->tx_frames += stats->tx_frames;
	sum->tx_bytes += stats->tx_bytes;
	sum->tx_full += stats->tx_full;
	sum->tx_errors += stats->tx_errors;
}

static void stats_counters(struct table *table, const struct port_stats *stats)
{
	static const char *const drop_name[NR_DROPS] = {
		[DROP_NONE] = "rx_local",
		[DROP_SHORT] = "rx_short",
		[DROP_LONG] = "rx_long",
		[DROP_SOURCE] = "rx_source",
		[DROP_VLAN] = "rx_vlan",
	};
	int i;

	table_number(table, "rx_frames", stats->rx_frames);
	table_number(table, "rx_bytes", stats->rx_bytes);
	for (i = 0; i < NR_DROPS; i++)
		table_number(table, drop_name[i], stats->rx_drops[i]);
	table_number(table, "tx_frames", stats->tx_frames);
	table_number(table, "tx_bytes", stats->tx_bytes);
	table_number(table, "tx_full", stats->tx_full);
	table_number(table, "tx_errors", stats->tx_errors);
}

static void stats_vlan(struct table *table, const struct vlan *vlan)
{
	char id[8];

	snprintf(id, sizeof(id), "%u", vlan->pvid);
	table_string(table, "vlan", vlan->mode == VLAN_TRUNK ? "trunk" :
				    vlan->mode == VLAN_ACCESS ? id : "none");
}

/* An abstract name begins with @, as elsewhere, and ends where its zeros begin. */
static void stats_addr(struct table *table, const struct um_switch_addr *addr)
{
	char path[sizeof(addr->path)];
	size_t len = sizeof(path);

	memcpy(path, addr->path, sizeof(path));
	while (len && !path[len - 1])
		len--;
	if (!path[0])
		path[0] = '@';
	table_text(table, "client", path, len);
}

/* What a client says of itself, if that is more than padding. */
static void stats_text(struct table *table, const struct client *client)
{
	const char *text = (const char *)client->bytes + client->request.end;
	size_t len = client->len - client->request.end;

	if (client->request.version == UM_SWITCH_VERSION && len > PAD_LEN)
		table_text(table, "text", text, strnlen(text, len));
}

static void stats_ports(struct uml_switch *sw, struct table *table)
{
	const struct port *port;

	TAILQ_FOREACH(port, &sw->ports, link) {
		table_row(table);
		table_number(table, "port", port->number);
		table_string(table, "at", port->at->name);
		stats_vlan(table, &port->at->vlan);
		if (port->client) {
			stats_addr(table, &port->client->request.addr);
			stats_text(table, port->client);
			table_number(table, "pid", port->client->pid);
			table_number(table, "uid", port->client->uid);
		}
		table_number(table, "macs", port->macs.macs);
		table_number(table, "queued", port->queue.bytes);
		stats_counters(table, &port->stats);
		table_row_end(table);
	}
}

static void stats_macs(struct uml_switch *sw, struct table *table)
{
	const struct mac_entry *e, *end = sw->forward.macs.entry + sw->forward.macs.limit;
	const struct port *port;
	um_u64 now = now_ms();
	char mac[18];

	mac_sweep(&sw->forward.macs, now);
	for (e = sw->forward.macs.entry; e < end; e++) {
		if (!e->owner)
			continue;
		port = source_of(e->owner, struct port, macs);
		snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x",
			 (um_u8)(e->key >> 40), (um_u8)(e->key >> 32), (um_u8)(e->key >> 24),
			 (um_u8)(e->key >> 16), (um_u8)(e->key >> 8), (um_u8)e->key);
		table_row(table);
		table_string(table, "mac", mac);
		table_number(table, "vlan", e->key >> 48);
		table_number(table, "port", port->number);
		table_number(table, "age_ms", now - e->heard);
		table_row_end(table);
	}
}

static void stats_all(struct uml_switch *sw, struct table *table)
{
	struct port_stats sum = sw->past;
	const struct port *port;

	TAILQ_FOREACH(port, &sw->ports, link)
		stats_add(&sum, &port->stats);
	table_row(table);
	table_number(table, "ports", sw->nr_ports);
	table_number(table, "ports_max", sw->max_ports);
	table_number(table, "ports_ever", sw->last_number);
	table_number(table, "macs", sw->forward.macs.used);
	table_number(table, "macs_max", sw->forward.macs.limit);
	table_number(table, "macs_refused", sw->forward.macs.refused);
	table_number(table, "strays", sw->strays);
	stats_counters(table, &sum);
	table_row_end(table);
}

/* ---- commands ------------------------------------------------------------ */

static const struct {
	const char	*name;
	const char	*help;
	void		(*rows)(struct uml_switch *sw, struct table *table);
} commands[] = {
	{ "ports", "the ports and their counters", stats_ports },
	{ "macs", "the stations and where they were heard", stats_macs },
	{ "stats", "the counters of all ports, past ones included", stats_all },
};

static void stats_help(FILE *to)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(to, "%s [json]: %s\n", commands[i].name, commands[i].help);
}

void stats_command(struct uml_switch *sw, const char *line, FILE *to)
{
	struct table table = { .to = to };
	char name[16], form[16], more;
	size_t i;
	int n;

	n = sscanf(line, "%15s %15s %c", name, form, &more);
	if (n < 1)
		return;
	if (!strcmp(name, "help")) {
		stats_help(to);
		return;
	}
	table.json = n == 2 && !strcmp(form, "json");
	for (i = 0; i < ARRAY_SIZE(commands) && (n == 1 || table.json); i++) {
		if (strcmp(name, commands[i].name))
			continue;
		if (table.json)
			fputc('[', to);
		commands[i].rows(sw, &table);
		if (table.json)
			fputs("]\n", to);
		return;
	}
	fprintf(to, "error: no such command (help lists them)\n");
}

void stats_log(struct uml_switch *sw)
{
	char *text = NULL, *line, *rest;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return;
	stats_command(sw, "stats", to);
	stats_command(sw, "ports", to);
	fclose(to);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		log_line("%s", line);
	free(text);
}
