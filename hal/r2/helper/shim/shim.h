/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openr2 as plain functions and one flat event: the part of its interface that the helper uses.
 * src/sys.rs declares the same.
 */
#ifndef DEMARC_SHIM_H
#define DEMARC_SHIM_H

#include <stdint.h>

enum demarc_kind {
	DEMARC_SEIZED,
	DEMARC_OFFERED,
	DEMARC_ACCEPTED,
	DEMARC_ANSWERED,
	DEMARC_DISCONNECT,
	DEMARC_ENDED,
	DEMARC_PULSE,
	DEMARC_ALARM,
	DEMARC_PROTOCOL_ERROR,
	DEMARC_OS_ERROR,
	DEMARC_LINE_IDLE,
	DEMARC_LINE_BLOCKED
};

struct demarc_event {
	int32_t kind; /* enum demarc_kind */
	int32_t slot;
	int32_t value; /* cause, mode, error or alarm */
	int32_t category;
	int32_t withheld; /* there is no ani */
	char ani[80];
	char dnis[80];
};

/* What happens to a descriptor that was claimed with demarc_claim. Each returns a negative errno. */
struct demarc_io {
	int (*control)(int fd, int number, int reads, void *argument, int length);
	int (*read)(int fd, void *buffer, int length);
	int (*write)(int fd, const void *buffer, int length);
	void (*event)(const struct demarc_event *event);
	void (*log)(int slot, int level, const char *line);
};

struct demarc_settings {
	int32_t variant;
	int32_t max_ani;
	int32_t max_dnis;
	int32_t ani_first; /* -1: as the variant does; so for all that follow */
	int32_t skip_category;
	int32_t immediate_accept;
	int32_t mf_back;
	int32_t metering_pulse;
	const char *file; /* further definitions, or NULL */
};

/* The functions must stay where they are for as long as the process lives. */
void demarc_install(const struct demarc_io *io);
/* The descriptor is no DAHDI channel: its reads, writes and DAHDI requests come to us. */
void demarc_claim(int fd, int ours);
/* The moment, in microseconds, that the library finds on its clock. */
void demarc_set_time(int64_t now);

void *demarc_context(const struct demarc_settings *settings);
void *demarc_channel(void *context, int fd, int slot);

/* Any DAHDI channel. Four bits, or a negative errno. */
int demarc_received_bits(int fd);
/* The library reads audio from now on, or no longer does: what the card has queued towards us is
 * thrown away, and its buffers are those of the library, or again those of whoever had it before. */
void demarc_listen(int fd, int on);

#endif
