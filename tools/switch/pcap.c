// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <um/abi/switch.h>
#include "log.h"
#include "pcap.h"

#define PCAP_MAGIC	0xa1b2c3d4U	/* with times in microseconds */
#define PCAP_MAJOR	2
#define PCAP_MINOR	4
#define PCAP_ETHERNET	1

/* As the format has it, in the byte order of the host. */
struct pcap_header {
	um_u32	magic;
	um_u16	major;
	um_u16	minor;
	um_s32	zone;
	um_u32	sigfigs;
	um_u32	snaplen;
	um_u32	network;
};

struct pcap_record {
	um_u32	seconds;
	um_u32	microseconds;
	um_u32	captured;
	um_u32	length;
};

/**
 * struct pcap - a capture
 * @file:	NULL once it has ended
 * @path:	its name, for messages
 * @limit:	bytes that it may have; 0: any
 * @size:	bytes that it has
 * @dirty:	some are not in the file yet
 */
struct pcap {
	FILE		*file;
	const char	*path;
	um_u64		limit;
	um_u64		size;
	bool		dirty;
};

static void pcap_end(struct pcap *pcap)
{
	if (fclose(pcap->file))
		log_line("--pcap %s: %s", pcap->path, strerror(errno));
	pcap->file = NULL;
	pcap->dirty = false;
}

static void pcap_failed(struct pcap *pcap)
{
	log_line("--pcap %s: %s; the capture ends", pcap->path, strerror(errno));
	pcap_end(pcap);
}

static void pcap_write(struct pcap *pcap, const void *data, um_u32 len)
{
	if (!pcap->file)
		return;
	pcap->size += len;
	pcap->dirty = true;
	if (fwrite(data, 1, len, pcap->file) != len)
		pcap_failed(pcap);
}

/* The file, empty; or NULL, and errno. */
static FILE *pcap_create(const char *path)
{
	struct stat st;
	FILE *file;
	int fd;

	/* What is switched is nobody else's business. */
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0)
		return NULL;
	/* A pipe whose reader is slow would stop the switch. */
	if (!fstat(fd, &st) && !S_ISREG(st.st_mode)) {
		close(fd);
		errno = EMEDIUMTYPE;
		return NULL;
	}
	file = ftruncate(fd, 0) < 0 ? NULL : fdopen(fd, "w");
	if (!file)
		close(fd);
	return file;
}

struct pcap *pcap_open(const char *path, um_u64 limit)
{
	static const struct pcap_header header = {
		.magic = PCAP_MAGIC, .major = PCAP_MAJOR, .minor = PCAP_MINOR,
		.snaplen = UM_SWITCH_FRAME_MAX, .network = PCAP_ETHERNET,
	};
	FILE *file = pcap_create(path);
	struct pcap *pcap;

	if (!file) {
		log_line("--pcap %s: %s", path,
			 errno == EMEDIUMTYPE ? "no regular file" : strerror(errno));
		return NULL;
	}
	pcap = calloc(1, sizeof(*pcap));
	if (!pcap) {
		log_line("--pcap %s: %s", path, strerror(errno));
		fclose(file);
		return NULL;
	}
	*pcap = (struct pcap) { .file = file, .path = path, .limit = limit };
	pcap_write(pcap, &header, sizeof(header));
	pcap_flush(pcap);
	return pcap;
}

void pcap_frame(struct pcap *pcap, const void *data, um_u32 len)
{
	struct pcap_record record = { .captured = len, .length = len };
	struct timespec now;

	if (!pcap->file)
		return;
	if (pcap->limit && pcap->size + sizeof(record) + len > pcap->limit) {
		log_line("--pcap %s: %lu bytes are reached, the capture ends", pcap->path,
			 pcap->limit);
		pcap_end(pcap);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	record.seconds = now.tv_sec;
	record.microseconds = now.tv_nsec / 1000;
	pcap_write(pcap, &record, sizeof(record));
	pcap_write(pcap, data, len);
}

void pcap_flush(struct pcap *pcap)
{
	if (pcap->dirty && fflush(pcap->file))
		pcap_failed(pcap);
	pcap->dirty = false;
}

void pcap_close(struct pcap *pcap)
{
	if (pcap->file)
		pcap_end(pcap);
	free(pcap);
}
