// SPDX-License-Identifier: GPL-2.0
/*
 * eth<n>=<transport>,...
 */
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/options.h>

#include "net.h"
#include "options.h"

const char *um_eth_words[UM_ETH_WORDS];
int um_eth_nr_words;

const char *um_eth_parse_name(const char *word, struct um_eth_name *name)
{
	unsigned int unit = 0;
	const char *at = word + 3;

	if ((strncmp(word, "eth", 3) && strncmp(word, "vec", 3)) || !isdigit(*at))
		return NULL;
	for (; isdigit(*at); at++)
		unit = min(unit * 10 + *at - '0', (unsigned int)UM_NET_UNITS);
	if (unit == UM_NET_UNITS || *at != '=')
		return NULL;
	name->unit = unit;
	snprintf(name->dev, sizeof(name->dev), "%.3s%u", word, unit);
	return at + 1;
}

/* Kept for when there can be devices; what is wrong is said then. */
static int __init um_eth_option(char *arg)
{
	const char *word = arg - 3;

	/* Others begin like this: "ether=". */
	if (!isdigit(*arg))
		return 1;
	if (um_eth_nr_words == UM_ETH_WORDS)
		return um_option_error("%s: there are more than %d network devices", word,
				       UM_ETH_WORDS);
	um_eth_words[um_eth_nr_words++] = word;
	return 0;
}

UM_OPTION(eth, "eth", um_eth_option, "eth<n>=<transport>[,<argument>...]",
	  "A network device.  Arguments can be left out; MAC is like fe:fd:0:0:0:1.\n"
	  "  slirp[,MAC][,OPTION...]      the host's network, without any privilege:\n"
	  "                               hostfwd=tcp::2222-:22, net=10.0.2.0/24, ...\n"
	  "  tuntap[,TAP][,MAC][,IP]      a tap; with the host's IP, uml_net makes it\n"
	  "  ethertap,TAP[,MAC[,IP]]      the same by uml_net, for what is old\n"
	  "  slirp,[MAC],PROGRAM[,ARGS]   the same by a program that speaks SLIP\n"
	  "  daemon[,MAC[,unix[,CONTROL[,DATA]]]]  a switch: uml_switch\n"
	  "  vde[,SWITCH[,MAC[,PORT[,,,DESCRIPTION]]]]  a switch: vde_switch\n"
	  "  mcast[,MAC,GROUP,PORT,TTL]   a group of 239.192.168.1:1102\n"
	  "  ucast[,MAC],IP[,PORT[,PORT]] another guest, by UDP\n"
	  "  stream[,MAC],PATH[,server]   a UNIX stream, as of QEMU and passt\n"
	  "  dgram[,MAC],PATH,PATH        UNIX datagrams, as of QEMU\n"
	  "  fd,N[,MAC]                   a descriptor of this program\n"
	  "  slip[,IP]                    a terminal with SLIP on it, by uml_net\n"
	  "  pcap,INTERFACE[,FILTER[,OPTION[,OPTION]]]  what an interface sees\n");

UM_OPTION(vec, "vec", um_eth_option, "vec<n>=<transport>[,<argument>...]",
	  "The same; in the guest it is called vec<n>.\n");
