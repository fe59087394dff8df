/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Private to the network driver.
 *
 * A device (device.c) is one end of a link (link.c).  A transport makes links: it
 * opens a descriptor on the host and says how frames go over it.  That is a
 * framing, of which there are few; it works on the frames to be sent (tx.c) and on
 * the buffers for those that come (rx.c).
 */
#ifndef _UM_NET_PRIVATE_H
#define _UM_NET_PRIVATE_H

#include <linux/if_ether.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/virtio_net.h>
#include <linux/workqueue.h>
#include <asm/irq.h>

#include <um/net.h>
#include "args.h"

#define UM_NET_UNITS		256
/* Frames of one host call. */
#define UM_NET_BATCH		64

/* The largest payload: that of the largest packet of IP, in multiples of 8. */
#define UM_NET_MTU_MAX		65520
/* Before the payload: an Ethernet header and a VLAN tag. */
#define UM_NET_HEADER		(ETH_HLEN + 4)

/* What a tap with headers leaves to who receives a frame. */
#define UM_NET_OFFLOADS		(NETIF_F_HW_CSUM | NETIF_F_TSO | NETIF_F_TSO6 |	\
				 NETIF_F_TSO_ECN | NETIF_F_GSO_UDP_L4 |		\
				 NETIF_F_RXCSUM | NETIF_F_GRO_HW)

struct um_net;
struct um_framing;

/* ---- transports ----------------------------------------------------------- */

/**
 * struct um_link - what a transport has opened
 * @fd:		frames
 * @tx_fd:	where they are sent, if that is another one; else -1
 * @control:	a socket whose other end lives as long as the link does; or -1
 * @pidfd:	a program of the host that serves it; or -1
 * @framing:	how frames go over @fd
 * @pad:	of datagrams: bytes before each frame
 * @vnet:	of taps: each has a struct virtio_net_hdr before it
 * @uso:	of these: the host segments UDP
 * @lossy:	nobody knows whether there is another end: no error means that it is gone
 * @answers:	the process behind @control tells its statistics when it is asked to
 * @ends:	of datagrams: an empty one means that the other end is gone
 * @own:	of datagrams: what comes from this address is our own
 * @to:		of datagrams: who gets them, where that one may come and go
 * @connected:	of @to: it was there
 * @group:	of datagrams: each is sent there
 * @host_dev:	the interface on the host, or ""
 * @path:	a name in the host's file system that goes with the link, or ""
 * @about:	for the log
 */
struct um_link {
	int				fd;
	int				tx_fd;
	int				control;
	int				pidfd;
	const struct um_framing		*framing;
	unsigned int			pad;
	int				vnet;
	bool				uso;
	bool				lossy;
	bool				answers;
	bool				ends;
	struct host_address		own;
	struct host_address		to;
	bool				connected;
	struct host_address		group;
	char				host_dev[HOST_TAP_NAME];
	char				path[108];
	char				about[128];
};

/**
 * struct um_why - the reason of an error, in one line
 * @text:	the line
 */
struct um_why {
	char	text[320];
};

/**
 * struct um_transport - a way to the host
 * @name:	as on the command line
 * @mac_at:	which argument is the MAC address, from 1; 0: there is none
 * @ip_only:	it carries packets of IP, not frames
 * @read_only:	nothing can be sent
 * @mtu:	what the device has at first; 0: 1500
 * @room:	the longest frame that may come, whatever the MTU is
 * @device:	the device's name, where it is not that of the command line
 * @parse:	looks at the arguments, opens nothing.  NULL, or what is wrong
 * @open:	opens @link, whose descriptors are -1.  May sleep, no locks are held.
 *		0, or -errno after it said why; what is open in @link is closed then.
 *		-EAGAIN: it may work later, and is tried again
 * @heard:	something is to be read from @control; may sleep.  -errno: the link is
 *		lost
 * @address:	the device has an address of IPv4, or has it no more; may sleep
 */
struct um_transport {
	const char	*name;
	int		mac_at;
	bool		ip_only;
	bool		read_only;
	unsigned int	mtu;
	unsigned int	room;
	const char	*device;
	const char	*(*parse)(struct um_net *net);
	int		(*open)(struct um_net *net, struct um_link *link, struct um_why *why);
	int		(*heard)(struct um_net *net, struct um_link *link);
	void		(*address)(struct um_net *net, struct um_link *link, bool add,
				   __be32 addr, __be32 mask);
};

extern const struct um_transport um_net_tuntap, um_net_ethertap, um_net_mcast, um_net_ucast,
				 um_net_daemon, um_net_vde, um_net_slip, um_net_slirp,
				 um_net_pcap, um_net_fd, um_net_stream, um_net_dgram;

/* ---- framings -------------------------------------------------------------- */

/**
 * struct um_framing - how frames go over a descriptor
 * @copies:	frames that come have memory of the framing's own: there are no slots
 * @start:	the link is new; may fail with -ENOMEM; may be NULL
 * @stop:	undoes it; may be NULL
 * @send:	gives the host the first of @n frames of the queue: the number that it
 *		took, at least 1, or -errno.  -EAGAIN: none just now; -EMSGSIZE and
 *		others: the first one cannot be sent; see um_net_is_lost().
 *		Called with the transmit lock
 * @receive:	takes up to @n frames, 1 to UM_NET_BATCH, and gives them to
 *		um_rx_slot() or um_rx_copy(): the number, which is less than @n when
 *		there are no more; or -errno.  Called by NAPI
 */
struct um_framing {
	bool	copies;
	int	(*start)(struct um_net *net);
	void	(*stop)(struct um_net *net);
	int	(*send)(struct um_net *net, struct sk_buff **skbs, int n);
	int	(*receive)(struct um_net *net, int n);
};

extern const struct um_framing um_framing_dgram, um_framing_tap, um_framing_stream,
			       um_framing_slip;

/* Has the other end gone for good, when a call returns this? */
static inline bool um_net_is_lost(int err)
{
	switch (err) {
	case -ECONNREFUSED:
	case -ECONNRESET:
	case -ENOTCONN:
	case -EPIPE:
	case -EBADFD:
	case -EBADF:
	case -ENODEV:
	case -ENXIO:
	case -ENOENT:
		return true;
	}
	return false;
}

/* ---- the datapath ---------------------------------------------------------- */

/* A frame of 1500 bytes and its tags fit into the first buffer of a slot. */
#define UM_RX_HEAD		2048
#define UM_RX_HEADROOM		(NET_SKB_PAD + NET_IP_ALIGN)
#define UM_RX_HEAD_DATA		(UM_RX_HEAD - UM_RX_HEADROOM -			\
				 SKB_DATA_ALIGN(sizeof(struct skb_shared_info)))
#define UM_RX_PAGES		17
/* Slots that have pages as well, where frames may be long. */
#define UM_RX_LONG		16

/* What framings put before a frame: at most a struct virtio_net_hdr. */
#define UM_NET_PREFIX		16

/**
 * struct um_rx_slot - room for a frame that comes
 * @head:	its first part, with the room that an skb needs around it
 * @pages:	what follows, in a long one
 * @prefix:	what the framing has before it
 * @from:	who sent it, where that is looked at
 * @iov:	@prefix, @head and @pages, for the host
 */
struct um_rx_slot {
	void			*head;
	struct page		*pages[UM_RX_PAGES];
	u8			prefix[UM_NET_PREFIX];
	struct host_address	from;
	struct host_iovec	iov[2 + UM_RX_PAGES];
};

/**
 * struct um_rx - frames on their way in
 * @slots:	rooms for them
 * @msgs:	for datagrams, one a slot
 * @usable:	slots with all their memory, from the first one on
 * @used:	slots whose memory was given away since
 * @pages:	of each slot, as many as the longest frame needs
 * @prefix:	bytes that the framing has before each frame
 */
struct um_rx {
	struct um_rx_slot	*slots;
	struct host_message	*msgs;
	int			usable;
	int			used;
	int			pages;
	unsigned int		prefix;
};

/* A prefix, what is linear, and the fragments. */
#define UM_TX_IOV		(2 + MAX_SKB_FRAGS)

/**
 * struct um_tx - frames on their way out
 * @queue:	in the order in which they go
 * @count:	how many there are
 * @ready:	there is a link, and all that sending needs
 * @blocked:	the host takes no more just now
 * @iovs:	UM_TX_IOV for each of a batch
 * @msgs:	for datagrams
 * @prefix:	what the framing has before each frame
 * @rest:	of framings on streams: what is left of a frame that was sent in part
 * @rest_at:	where that begins, in @rest
 * @rest_len:	and its length
 */
struct um_tx {
	struct sk_buff		*queue[UM_NET_BATCH];
	int			count;
	bool			ready;
	bool			blocked;
	struct host_iovec	*iovs;
	struct host_message	*msgs;
	u8			(*prefix)[UM_NET_PREFIX];
	u8			*rest;
	unsigned int		rest_at;
	unsigned int		rest_len;
};

/* Counters of ethtool -S, in the order of their names in ethtool.c. */
enum um_net_counter {
	UM_NET_TX_CALLS,	/* host calls that sent something */
	UM_NET_TX_BLOCKED,	/* times that the host took no more */
	UM_NET_RX_CALLS,	/* host calls that brought something */
	UM_NET_RX_OWN,		/* frames of our own that came back */
	UM_NET_RX_BAD,		/* what was no frame, or too long */
	UM_NET_LINK_LOST,	/* times that the other end went away */
	UM_NET_NR_COUNTERS,
};

/**
 * struct um_question - what somebody wants to know of the process that serves a device
 * @one_mutex:	one at a time
 * @mutex:	of all below, inside of @one_mutex
 * @answer:	a page for it; NULL: nobody waits any more
 * @len:	of it, or -errno
 * @answered:	it is there
 */
struct um_question {
	struct mutex		one_mutex;
	struct mutex		mutex;
	char			*answer;
	ssize_t			len;
	struct completion	answered;
};

/**
 * struct um_net - a network device
 * @dev:	as the kernel has it
 * @unit:	its number
 * @spec:	what it was made of: "<transport>,..." as on the command line
 * @text:	that, cut into pieces
 * @args:	the pieces
 * @transport:	what it names
 * @gate:	the host's IP, for uml_net to set up the host; or ""
 * @mac_given:	the user chose its MAC address
 * @ip_only:	it carries packets of IP, not frames
 * @listener:	a socket that the other end connects to; or -1
 * @irq_name:	what /proc/interrupts calls it
 * @napi:	both directions
 * @link:	to the host; @fd is -1 while there is none
 * @watch:	of its descriptor, while there is a link
 * @control_watch: likewise
 * @link_mutex:	who uses @link in work of its own
 * @work:	makes the link, and takes it away when it was lost
 * @since:	when the link was made, in jiffies
 * @retry:	seconds until the next try
 * @changes:	of its IPv4 addresses, which the transport is to be told
 * @nr_changes:	how many
 * @changes_lock: of both
 * @address_work: tells it
 * @lost:	it was, and @work is to come
 * @going:	the device is being removed
 * @told:	the user knows that there is no link
 * @stream:	of framings on streams
 * @tx:		under the transmit lock
 * @rx:		for NAPI
 * @counters:	for ethtool
 * @question:	for the process at the other end
 *
 * @link changes under rtnl_lock(), with NAPI off and nothing in @tx.
 */
struct um_net {
	struct net_device		*dev;
	int				unit;
	char				*spec;
	char				*text;
	struct um_args			args;
	const struct um_transport	*transport;
	const char			*gate;
	bool				mac_given;
	bool				ip_only;
	int				listener;
	char				irq_name[IFNAMSIZ];

	struct napi_struct		napi;
	struct um_link			link;
	struct um_fd_watch		watch;
	struct um_fd_watch		control_watch;
	struct mutex			link_mutex;	/* outside of rtnl_lock() */
	struct delayed_work		work;
	unsigned long			since;
	unsigned int			retry;
	struct list_head		changes;
	int				nr_changes;
	spinlock_t			changes_lock;	/* of @changes */
	struct work_struct		address_work;
	bool				lost;
	bool				going;
	bool				told;

	void				*stream;
	struct um_tx			tx;
	struct um_rx			rx;
	u64				counters[UM_NET_NR_COUNTERS];
	struct um_question		question;
};

static inline void um_net_count(struct um_net *net, enum um_net_counter counter)
{
	WRITE_ONCE(net->counters[counter], net->counters[counter] + 1);
}

/*
 * The transmit lock, of the one queue: also of a device that is not registered, which
 * has nothing yet that netif_tx_unlock() could set going.
 */
static inline void um_tx_lock(struct um_net *net)
{
	__netif_tx_lock_bh(netdev_get_tx_queue(net->dev, 0));
}

static inline void um_tx_unlock(struct um_net *net)
{
	__netif_tx_unlock_bh(netdev_get_tx_queue(net->dev, 0));
}

/* The longest frame that the device takes. */
static inline unsigned int um_net_frame_max(const struct um_net *net)
{
	return net->dev->mtu + (net->ip_only ? 0 : UM_NET_HEADER);
}

/* rx.c */
int um_rx_start(struct um_net *net);
void um_rx_stop(struct um_net *net);
/* The pieces of a slot, for the host, and how many they are. */
struct host_iovec *um_rx_iov(struct um_net *net, int slot);
int um_rx_nr_iov(const struct um_net *net);
/* What @len bytes in a slot are, prefix included, goes to the kernel, or is counted. */
void um_rx_slot(struct um_net *net, int slot, unsigned int len);
/* A frame that lies in a buffer of the framing's. */
void um_rx_copy(struct um_net *net, const void *frame, unsigned int len);
/* Neither. */
void um_rx_bad(struct um_net *net);
int um_net_poll(struct napi_struct *napi, int budget);

/* tx.c */
int um_tx_start(struct um_net *net);
void um_tx_stop(struct um_net *net);
/* Frames that wait are lost. */
void um_tx_drop(struct um_net *net);
netdev_tx_t um_net_xmit(struct sk_buff *skb, struct net_device *dev);
/* Under the transmit lock.  True: something waits for the host. */
bool um_tx_flush(struct um_net *net);
/* What is left of a frame that a stream took in part; -EAGAIN: there still is. */
int um_tx_send_rest(struct um_net *net);
/* The pieces of a frame, behind @prefix bytes at @at unless that is 0. */
int um_tx_pieces(struct sk_buff *skb, struct host_iovec *iov, void *at, unsigned int prefix);

/* link.c */
void um_link_init(struct um_link *link);
/* Closes what is open. */
void um_link_close(struct um_link *link);
/* From any context: the other end is gone. */
void um_net_lost(struct um_net *net);
/* A device's first try; 0, -EAGAIN: it is tried again, or -errno and the reason. */
int um_net_connect(struct um_net *net, struct um_why *why);
/* Under rtnl_lock(): ends the link for good. */
void um_net_disconnect(struct um_net *net);
void um_net_work(struct work_struct *work);
/* Under rtnl_lock(): the device is brought up or down. */
int um_net_start(struct um_net *net);
void um_net_stop(struct um_net *net);
/* Says which offloads the host may use, by the device's features. */
void um_net_set_offload(struct um_net *net, netdev_features_t features);

/* Nothing that a terminal could take for an order. */
void um_net_clean(char *text);
/* Says why; returns -EINVAL. */
__printf(2, 3) int um_net_say(struct um_why *why, const char *fmt, ...);

/*
 * wait.c: sleeps until @fd is readable; -ETIMEDOUT, or -EPIPE: the program @pidfd,
 * unless that is -1, has ended.
 */
int um_net_wait(int fd, int pidfd, unsigned int ms);

/* inner.c: a program inside of this executable; frames come by @link->fd. */
int um_inner_start(struct um_net *net, struct um_link *link, const char *name,
		   const char *const *args, int nr_args, struct um_why *why);

/* address.c */
void um_address_init(struct um_net *net);
void um_address_stop(struct um_net *net);
/* Under rtnl_lock(): tells all of them, to a link that is new. */
void um_address_tell(struct um_net *net);

/* helper.c: the program uml_net. */
/* Runs it; *answer becomes a socket where it answers.  -errno. */
int um_helper_run(const char *const *args, int in, int extra, bool dgram, int *answer,
		  int *pidfd, struct um_why *why);
/* So long it may take for what it is asked. */
#define UM_HELPER_MS		10000
/* The host's IP is argument @at; without one there is no helper.  What is wrong. */
const char *um_helper_parse(struct um_net *net, int at);
/*
 * The log that it answers with, printed for @net; @device, unless that is NULL,
 * becomes the interface that it names.
 */
int um_helper_log(struct um_net *net, int answer, char *device, unsigned int ms);
void um_helper_print(struct um_net *net, const char *log, size_t len);
void um_helper_address(struct um_net *net, struct um_link *link, bool add, __be32 addr,
		       __be32 mask);

/* device.c: NULL: it is not one of these. */
struct um_net *um_net_of(const struct net_device *dev);

/* slirp.c: is it a program of the host, which knows packets only? */
bool um_slirp_is_program(const struct um_net *net);

/* ethtool.c */
extern const struct ethtool_ops um_ethtool_ops;

/* ---- sysfs.c ---- */

/* Before the device is registered. */
void um_sysfs_init(struct um_net *net);
/* What the process at the other end has said, for who asked. */
void um_net_answer(struct um_net *net, const char *text, unsigned int len);
/* The device goes: nobody is to wait any more. */
void um_net_answer_none(struct um_net *net);

/* Tries again after so many seconds, or longer where that does not help. */
#define UM_NET_RETRY		1
#define UM_NET_RETRY_MAX	60
/* A link that was there for so many seconds was a good one. */
#define UM_NET_GOOD		10

#endif /* _UM_NET_PRIVATE_H */
