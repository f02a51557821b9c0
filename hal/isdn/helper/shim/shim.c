/* SPDX-License-Identifier: GPL-2.0-only */
#define _POSIX_C_SOURCE 200809L
#include <stdint.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <libpri.h>
#include "shim.h"

/* libpri's own, which its header keeps to itself: walks its list of calls and never follows the
 * pointer, so that any may be asked about. */
extern int q931_is_call_valid(struct pri *ctrl, q931_call *call);

/* The linker sends libpri's calls of gettimeofday here (--wrap), so that its timers do not jump
 * when somebody sets the clock. */
int __wrap_gettimeofday(struct timeval *now, void *zone);
int __wrap_gettimeofday(struct timeval *now, void *zone)
{
	struct timespec monotonic;

	(void) zone;
	clock_gettime(CLOCK_MONOTONIC, &monotonic);
	now->tv_sec = monotonic.tv_sec;
	now->tv_usec = monotonic.tv_nsec / 1000;
	return 0;
}

static int64_t microseconds(const struct timeval *time)
{
	return (int64_t) time->tv_sec * 1000000 + time->tv_usec;
}

int64_t demarc_clock(void)
{
	struct timeval now;

	__wrap_gettimeofday(&now, NULL);
	return microseconds(&now);
}

int64_t demarc_next(struct pri *pri)
{
	const struct timeval *next = pri_schedule_next(pri);

	return next ? microseconds(next) : -1;
}

struct pri *demarc_new(int fd, int network, int dialect, int overlap, demarc_io read,
	demarc_io write, void *user)
{
	struct pri *pri = pri_new_cb(fd, network ? PRI_NETWORK : PRI_CPE, dialect, read, write, user);

	if (!pri) {
		return NULL;
	}
	pri_set_overlapdial(pri, overlap);
	/* Refuse a call with the message that its state asks for (Q.931 section 5.3.2). */
	pri_hangup_fix_enable(pri, 1);
	/* Names and diversions travel in FACILITY elements in some dialects. */
	pri_facility_enable(pri);
	return pri;
}

void demarc_log_to(demarc_log log)
{
	pri_set_message(log);
	pri_set_error(log);
}

void *demarc_user(struct pri *pri)
{
	return pri_get_userdata(pri);
}

/* As much as fits, always with its end. */
static void copy(char *to, size_t size, const char *from)
{
	size_t length = strnlen(from, size - 1);

	memcpy(to, from, length);
	to[length] = '\0';
}

static void copy_number(struct demarc_number *to, const struct pri_party_number *from)
{
	to->valid = from->valid;
	to->plan = from->plan;
	to->presentation = from->presentation;
	copy(to->digits, sizeof(to->digits), from->str);
}

static void read_subcommands(struct demarc_event *to, const struct pri_subcommands *from)
{
	int i;

	for (i = 0; from && i < from->counter_subcmd && i < PRI_MAX_SUBCOMMANDS; ++i) {
		const struct pri_subcommand *sub = &from->subcmd[i];

		if (sub->cmd == PRI_SUBCMD_CONNECTED_LINE) {
			copy_number(&to->connected, &sub->u.connected_line.id.number);
		} else if (sub->cmd == PRI_SUBCMD_REDIRECTING) {
			copy_number(&to->redirecting, &sub->u.redirecting.from.number);
		}
	}
}

static void read_ring(struct demarc_event *to, const pri_event_ring *from)
{
	to->call = from->call;
	to->channel = from->channel;
	to->complete = from->complete;
	to->flexible = from->flexible;
	to->capability = from->ctype;
	to->reference = from->cref;
	to->called.valid = 1;
	to->called.plan = from->calledplan;
	copy(to->called.digits, sizeof(to->called.digits),
		from->callednum[0] ? from->callednum : from->keypad_digits);
	copy_number(&to->calling, &from->calling.number);
	if (from->calling.name.valid) {
		copy(to->name, sizeof(to->name), from->calling.name.str);
	}
	read_subcommands(to, from->subcmds);
}

/* libpri overwrites its event in the next call: everything is copied. */
static int flatten(struct demarc_event *to, const pri_event *from)
{
	if (!from) {
		return 0;
	}
	memset(to, 0, sizeof(*to));
	to->kind = from->e;
	to->cause = -1;
	to->reference = -1;
	switch (from->e) {
	case PRI_EVENT_CONFIG_ERR:
		copy(to->text, sizeof(to->text), from->err.err);
		break;
	case PRI_EVENT_RESTART:
		to->channel = from->restart.channel;
		break;
	case PRI_EVENT_RESTART_ACK:
		to->channel = from->restartack.channel;
		break;
	case PRI_EVENT_RING:
		read_ring(to, &from->ring);
		break;
	case PRI_EVENT_INFO_RECEIVED:
		to->call = from->ring.call;
		to->complete = from->ring.complete;
		copy(to->text, sizeof(to->text), from->ring.callednum);
		break;
	case PRI_EVENT_KEYPAD_DIGIT:
		to->call = from->digit.call;
		copy(to->text, sizeof(to->text), from->digit.digits);
		break;
	case PRI_EVENT_SETUP_ACK:
		to->call = from->setup_ack.call;
		to->channel = from->setup_ack.channel;
		to->progress = from->setup_ack.progressmask;
		break;
	case PRI_EVENT_PROCEEDING:
	case PRI_EVENT_PROGRESS:
		to->call = from->proceeding.call;
		to->channel = from->proceeding.channel;
		to->progress = from->proceeding.progressmask;
		to->cause = from->e == PRI_EVENT_PROGRESS ? from->proceeding.cause : -1;
		break;
	case PRI_EVENT_RINGING:
		to->call = from->ringing.call;
		to->channel = from->ringing.channel;
		to->progress = from->ringing.progressmask;
		break;
	case PRI_EVENT_ANSWER:
		to->call = from->answer.call;
		to->channel = from->answer.channel;
		to->progress = from->answer.progressmask;
		read_subcommands(to, from->answer.subcmds);
		break;
	case PRI_EVENT_HANGUP:
	case PRI_EVENT_HANGUP_REQ:
	case PRI_EVENT_HANGUP_ACK:
		to->call = from->hangup.call;
		to->channel = from->hangup.channel;
		to->cause = from->hangup.cause;
		break;
	default:
		break;
	}
	return 1;
}

int demarc_run_timers(struct pri *pri, struct demarc_event *event)
{
	return flatten(event, pri_schedule_run(pri));
}

int demarc_read_frame(struct pri *pri, struct demarc_event *event)
{
	return flatten(event, pri_check_event(pri));
}

struct q931_call *demarc_new_call(struct pri *pri)
{
	return pri_new_call(pri);
}

int demarc_reference(struct pri *pri, struct q931_call *call)
{
	int low = 0;
	int high = pri_get_crv(pri, call, &low);

	return high << 3 | low;
}

int demarc_is_valid(struct pri *pri, struct q931_call *call)
{
	return q931_is_call_valid(pri, call);
}

static void give_number(struct pri_party_number *to, const struct demarc_number *from)
{
	to->valid = from->valid;
	to->plan = from->plan;
	to->presentation = from->presentation;
	copy(to->str, sizeof(to->str), from->digits);
}

int demarc_setup(struct pri *pri, struct q931_call *call, const struct demarc_setup *setup)
{
	struct pri_sr *request = pri_sr_new();
	struct pri_party_redirecting redirecting;
	struct pri_party_id caller;
	int failed;

	if (!request) {
		return -1;
	}
	pri_sr_set_channel(request, setup->channel, setup->exclusive, 0);
	pri_sr_set_bearer(request, setup->capability, setup->layer_1);
	pri_sr_set_called(request, (char *) setup->called.digits, setup->called.plan,
		setup->complete);
	memset(&caller, 0, sizeof(caller));
	give_number(&caller.number, &setup->calling);
	if (setup->name[0]) {
		caller.name.valid = 1;
		caller.name.presentation = setup->calling.presentation;
		caller.name.char_set = PRI_CHAR_SET_ISO8859_1;
		copy(caller.name.str, sizeof(caller.name.str), setup->name);
		/* libpri drops a name that comes without a number. */
		if (!caller.number.valid) {
			caller.number.valid = 1;
			caller.number.presentation = PRES_NUMBER_NOT_AVAILABLE;
		}
	}
	pri_sr_set_caller_party(request, &caller);
	if (setup->redirecting.valid) {
		memset(&redirecting, 0, sizeof(redirecting));
		give_number(&redirecting.from.number, &setup->redirecting);
		redirecting.count = 1;
		redirecting.reason = PRI_REDIR_UNKNOWN;
		redirecting.orig_reason = PRI_REDIR_UNKNOWN;
		pri_sr_set_redirecting_parties(request, &redirecting);
	}
	failed = pri_setup(pri, call, request);
	pri_sr_free(request);
	return failed;
}

int demarc_information(struct pri *pri, struct q931_call *call, char digit)
{
	return pri_information(pri, call, digit);
}

int demarc_setup_ack(struct pri *pri, struct q931_call *call, int channel, int in_band)
{
	return pri_setup_ack(pri, call, channel, 0, in_band);
}

int demarc_proceeding(struct pri *pri, struct q931_call *call, int channel, int in_band)
{
	return pri_proceeding(pri, call, channel, in_band);
}

int demarc_alerting(struct pri *pri, struct q931_call *call, int channel, int in_band)
{
	return pri_acknowledge(pri, call, channel, in_band);
}

int demarc_progress(struct pri *pri, struct q931_call *call, int channel, int cause)
{
	return cause < 0 ? pri_progress(pri, call, channel, 1)
		: pri_progress_with_cause(pri, call, channel, 1, cause);
}

int demarc_connect(struct pri *pri, struct q931_call *call, int channel,
	const struct demarc_number *connected)
{
	struct pri_party_connected_line line;

	if (connected->valid) {
		memset(&line, 0, sizeof(line));
		give_number(&line.id.number, connected);
		pri_connected_line_update(pri, call, &line);
	}
	return pri_answer(pri, call, channel, 0);
}

int demarc_hang_up(struct pri *pri, struct q931_call *call, int cause)
{
	return pri_hangup(pri, call, cause);
}

void demarc_destroy(struct pri *pri, struct q931_call *call)
{
	pri_destroycall(pri, call);
}

int demarc_restart(struct pri *pri, int channel)
{
	return pri_reset(pri, channel);
}
