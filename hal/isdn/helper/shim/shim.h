/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libpri as plain functions and one flat event: the part of its interface that the helper uses.
 * src/sys/raw.rs declares the same, and a test compares the sizes.
 */
#ifndef DEMARC_SHIM_H
#define DEMARC_SHIM_H

#include <stdint.h>

struct pri;
struct q931_call;
struct pri_party_id;
struct pri_party_number;
struct pri_party_subaddress;
struct pri_party_redirecting;

/* A number; plan is type of number << 4 | numbering plan, presentation as in Q.931 octet 3a. */
struct demarc_number {
	int32_t valid;
	int32_t plan;
	int32_t presentation;
	char digits[64];
};

struct demarc_subaddress {
	int32_t valid;
	int32_t type;
	int32_t odd;
	int32_t length;
	uint8_t data[32];
};

struct demarc_party {
	struct demarc_number number;
	struct demarc_subaddress subaddress;
	char name[64];
};

struct demarc_redirecting {
	int32_t valid;
	int32_t reason;
	int32_t count;
	int32_t original_reason;
	struct demarc_party from;
	struct demarc_party to;
	struct demarc_number original;
};

struct demarc_money {
	int32_t cost;
	int32_t multiplier; /* PRI_AOC_MULTIPLIER_* */
	char currency[12];
};

struct demarc_rate {
	int32_t item; /* PRI_AOC_CHARGED_ITEM_* */
	int32_t type; /* PRI_AOC_RATE_TYPE_* */
	struct demarc_money money;
	int32_t time;
	int32_t scale; /* PRI_AOC_TIME_SCALE_* */
	int32_t step;
	int32_t other; /* unit of volume, or special code */
};

struct demarc_charge {
	int32_t charge; /* PRI_AOC_DE_CHARGE_* */
	int32_t total;
	int32_t units; /* -1: not known */
	struct demarc_money money;
};

#define DEMARC_RATES 10

/* A subcommand that came with an event. */
struct demarc_sub {
	int32_t kind; /* PRI_SUBCMD_* */
	int32_t invoke;
	int32_t wish; /* PRI_AOC_REQUEST_* */
	int32_t rates;
	struct q931_call *call_1;
	struct q931_call *call_2;
	struct demarc_party party;
	struct demarc_charge charge;
	struct demarc_rate rate[DEMARC_RATES];
	char text[132];
};

#define DEMARC_SUBS 8

struct demarc_event {
	int32_t kind; /* PRI_EVENT_* */
	int32_t reference;
	int32_t channel;
	int32_t cause; /* -1 when there is none */
	int32_t progress; /* bit n: progress indicator, PRI_PROG_* */
	int32_t complete;
	int32_t flexible;
	int32_t capability;
	int32_t info; /* notification indicator, or change status */
	int32_t subs;
	struct q931_call *call;
	struct q931_call *subcall; /* where the answer to a FACILITY goes */
	struct demarc_number called;
	struct demarc_subaddress called_subaddress;
	struct demarc_party calling;
	struct demarc_redirecting redirecting;
	char keypad[64];
	char user_user[264];
	char text[256]; /* digits of INFORMATION, or an error */
	struct demarc_sub sub[DEMARC_SUBS];
};

struct demarc_setup {
	int32_t channel;
	int32_t exclusive;
	int32_t complete;
	int32_t capability;
	int32_t layer_1;
	int32_t aoc; /* PRI_AOC_REQUEST_* */
	struct demarc_number called;
	struct demarc_subaddress called_subaddress;
	struct demarc_party calling;
	struct demarc_redirecting redirecting;
	char keypad[64];
	char user_user[264];
};

/* What a D channel is begun with. */
struct demarc_settings {
	int32_t network;
	int32_t dialect;
	int32_t overlap;
	int32_t bri; /* 0 no, 1 point to point, 2 point to multipoint */
	int32_t layer_2; /* PRI_L2_PERSISTENCE_* */
	int32_t service;
	int32_t supplementary;
	/* Milliseconds or counts, -1 for what libpri has: T200 T203 N200 K T303 T305 T308 T309 T313 T316
	 * N316. */
	int32_t timers[11];
};

typedef int (*demarc_io)(struct pri *pri, void *buffer, int length);
typedef void (*demarc_log)(struct pri *pri, char *line);

/* Sizes of event, sub, setup, settings, charge, rate, party, redirecting. */
int demarc_size(int which);

struct pri *demarc_new(int fd, const struct demarc_settings *settings, demarc_io read,
	demarc_io write, void *user);
/* One list of calls for two D channels (NFAS). */
void demarc_join(struct pri *first, struct pri *second);
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
int demarc_connected_line(struct pri *pri, struct q931_call *call,
	const struct demarc_party *party);
int demarc_connect(struct pri *pri, struct q931_call *call, int channel);
int demarc_hang_up(struct pri *pri, struct q931_call *call, int cause);
void demarc_destroy(struct pri *pri, struct q931_call *call);
int demarc_restart(struct pri *pri, int channel);

int demarc_hold(struct pri *pri, struct q931_call *call);
int demarc_hold_ack(struct pri *pri, struct q931_call *call);
int demarc_hold_reject(struct pri *pri, struct q931_call *call, int cause);
int demarc_retrieve(struct pri *pri, struct q931_call *call, int channel);
int demarc_retrieve_ack(struct pri *pri, struct q931_call *call, int channel);
int demarc_retrieve_reject(struct pri *pri, struct q931_call *call, int cause);
int demarc_transfer(struct pri *pri, struct q931_call *call, struct q931_call *with);
int demarc_transfer_answer(struct pri *pri, struct q931_call *call, int invoke, int accepted);
int demarc_notify(struct pri *pri, struct q931_call *call, int indicator);
int demarc_display(struct pri *pri, struct q931_call *call, const char *text);
int demarc_keypad(struct pri *pri, struct q931_call *call, const char *digits);
void demarc_user_user(struct pri *pri, struct q931_call *call, const char *text);
/* which: 0 the rates, 1 during the call, 2 at its end. */
int demarc_aoc(struct pri *pri, struct q931_call *call, int which,
	const struct demarc_charge *charge, const struct demarc_rate *rate, int rates);
int demarc_aoc_answer(struct pri *pri, struct q931_call *call, int invoke, int response,
	const struct demarc_rate *rate, int rates);
int demarc_mwi(struct pri *pri, const struct demarc_number *mailbox,
	const struct demarc_number *voicemail, int messages);
int demarc_service(struct pri *pri, int interface, int channel, int status);

/* Between the files of the shim. */
void demarc_copy(char *to, unsigned long size, const char *from);
void demarc_read_number(struct demarc_number *to, const struct pri_party_number *from);
void demarc_read_subaddress(struct demarc_subaddress *to, const struct pri_party_subaddress *from);
void demarc_read_party(struct demarc_party *to, const struct pri_party_id *from);
void demarc_give_number(struct pri_party_number *to, const struct demarc_number *from);
void demarc_give_subaddress(struct pri_party_subaddress *to,
	const struct demarc_subaddress *from);
void demarc_give_party(struct pri_party_id *to, const struct demarc_party *from);

#endif
