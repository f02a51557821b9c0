/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libpri as plain functions and one flat event: the part of its interface that the helper uses.
 * src/sys.rs declares the same.
 */
#ifndef DEMARC_SHIM_H
#define DEMARC_SHIM_H

#include <stdint.h>

struct pri;
struct q931_call;

/* A number; plan is type of number << 4 | numbering plan, presentation as in Q.931 octet 3a. */
struct demarc_number {
	int32_t valid;
	int32_t plan;
	int32_t presentation;
	char digits[64];
};

struct demarc_event {
	int32_t kind; /* PRI_EVENT_* */
	int32_t reference;
	int32_t channel;
	int32_t cause; /* -1 when there is none */
	int32_t progress; /* bit n: progress indicator, PRI_PROG_* */
	int32_t complete;
	int32_t flexible;
	int32_t capability;
	struct q931_call *call;
	struct demarc_number called;
	struct demarc_number calling;
	struct demarc_number redirecting;
	struct demarc_number connected;
	char name[64];
	char text[256]; /* digits of INFORMATION, or an error */
};

struct demarc_setup {
	int32_t channel;
	int32_t exclusive;
	int32_t complete;
	int32_t capability;
	int32_t layer_1;
	struct demarc_number called;
	struct demarc_number calling;
	struct demarc_number redirecting;
	char name[64];
};

typedef int (*demarc_io)(struct pri *pri, void *buffer, int length);
typedef void (*demarc_log)(struct pri *pri, char *line);

struct pri *demarc_new(int fd, int network, int dialect, int overlap, demarc_io read,
	demarc_io write, void *user);
void demarc_log_to(demarc_log log);
void *demarc_user(struct pri *pri);

/* When the next timer is due, in microseconds of demarc_clock; -1 when none runs. */
int64_t demarc_next(struct pri *pri);
/* The monotonic clock that libpri is given for the time of day, in microseconds. */
int64_t demarc_clock(void);
/* 1 and *event when a timer, or a frame from the D channel, was an event. */
int demarc_run_timers(struct pri *pri, struct demarc_event *event);
int demarc_read_frame(struct pri *pri, struct demarc_event *event);

struct q931_call *demarc_new_call(struct pri *pri);
int demarc_reference(struct pri *pri, struct q931_call *call);
int demarc_is_valid(struct pri *pri, struct q931_call *call);
int demarc_setup(struct pri *pri, struct q931_call *call, const struct demarc_setup *setup);
int demarc_information(struct pri *pri, struct q931_call *call, char digit);
int demarc_setup_ack(struct pri *pri, struct q931_call *call, int channel, int in_band);
int demarc_proceeding(struct pri *pri, struct q931_call *call, int channel, int in_band);
int demarc_alerting(struct pri *pri, struct q931_call *call, int channel, int in_band);
int demarc_progress(struct pri *pri, struct q931_call *call, int channel, int cause);
int demarc_connect(struct pri *pri, struct q931_call *call, int channel,
	const struct demarc_number *connected);
int demarc_hang_up(struct pri *pri, struct q931_call *call, int cause);
void demarc_destroy(struct pri *pri, struct q931_call *call);
int demarc_restart(struct pri *pri, int channel);

#endif
