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

int demarc_size(int which)
{
	static const int sizes[] = {
		sizeof(struct demarc_event), sizeof(struct demarc_sub), sizeof(struct demarc_setup),
		sizeof(struct demarc_settings), sizeof(struct demarc_charge),
		sizeof(struct demarc_rate), sizeof(struct demarc_party),
		sizeof(struct demarc_redirecting),
	};

	return which >= 0 && which < (int) (sizeof(sizes) / sizeof(sizes[0])) ? sizes[which] : -1;
}

static void set_timers(struct pri *pri, const int32_t *wanted)
{
	static const int names[] = {
		PRI_TIMER_T200, PRI_TIMER_T203, PRI_TIMER_N200, PRI_TIMER_K, PRI_TIMER_T303,
		PRI_TIMER_T305, PRI_TIMER_T308, PRI_TIMER_T309, PRI_TIMER_T313, PRI_TIMER_T316,
		PRI_TIMER_N316,
	};
	unsigned i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); ++i) {
		if (wanted[i] >= 0) {
			pri_set_timer(pri, names[i], wanted[i]);
		}
	}
	/* T312 is T303 and two seconds (Q.931 table 9-1). */
	if (wanted[4] >= 0) {
		pri_set_timer(pri, PRI_TIMER_T312, wanted[4] + 2000);
	}
}

/* Names as libpri does by itself, and text during the call where the dialect has a display. */
static void set_display(struct pri *pri, const struct demarc_settings *settings)
{
	const unsigned long all = PRI_DISPLAY_OPTION_NAME_INITIAL | PRI_DISPLAY_OPTION_NAME_UPDATE
		| PRI_DISPLAY_OPTION_TEXT;
	int euro = settings->dialect == PRI_SWITCH_EUROISDN_E1
		|| settings->dialect == PRI_SWITCH_EUROISDN_T1;

	if (settings->dialect == PRI_SWITCH_QSIG) {
		return;
	}
	pri_display_options_receive(pri, all);
	/* Display is for the network to send (Q.931 section 3.1.14). */
	if (settings->network || !euro) {
		pri_display_options_send(pri, all);
	}
}

struct pri *demarc_new(int fd, const struct demarc_settings *settings, demarc_io read,
	demarc_io write, void *user)
{
	int node = settings->network ? PRI_NETWORK : PRI_CPE;
	struct pri *pri = settings->bri
		? pri_new_bri_cb(fd, settings->bri == 1, node, settings->dialect, read, write, user)
		: pri_new_cb(fd, node, settings->dialect, read, write, user);

	if (!pri) {
		return NULL;
	}
	set_timers(pri, settings->timers);
	set_display(pri, settings);
	pri_set_overlapdial(pri, settings->overlap);
	/* Refuse a call with the message that its state asks for (Q.931 section 5.3.2). */
	pri_hangup_fix_enable(pri, 1);
	/* Names and diversions travel in FACILITY elements in some dialects. */
	pri_facility_enable(pri);
	pri_aoc_events_enable(pri, 1);
	pri_hold_enable(pri, settings->supplementary);
	pri_transfer_enable(pri, settings->supplementary);
	pri_set_service_message_support(pri, settings->service);
	if (settings->layer_2) {
		pri_persistent_layer2_option(pri, (enum pri_layer2_persistence) settings->layer_2);
	}
	return pri;
}

void demarc_join(struct pri *first, struct pri *second)
{
	pri_enslave(first, second);
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

static void set_redirecting(struct pri_sr *request, const struct demarc_redirecting *from)
{
	struct pri_party_redirecting redirecting;

	memset(&redirecting, 0, sizeof(redirecting));
	demarc_give_party(&redirecting.from, &from->from);
	demarc_give_number(&redirecting.orig_called.number, &from->original);
	redirecting.count = from->count;
	redirecting.reason = from->reason;
	redirecting.orig_reason = from->original_reason;
	pri_sr_set_redirecting_parties(request, &redirecting);
}

int demarc_setup(struct pri *pri, struct q931_call *call, const struct demarc_setup *setup)
{
	struct pri_sr *request = pri_sr_new();
	struct pri_party_subaddress subaddress;
	struct pri_party_id caller;
	int failed;

	if (!request) {
		return -1;
	}
	pri_sr_set_channel(request, setup->channel, setup->exclusive, 0);
	pri_sr_set_bearer(request, setup->capability, setup->layer_1);
	pri_sr_set_called(request, (char *) setup->called.digits, setup->called.plan,
		setup->complete);
	demarc_give_party(&caller, &setup->calling);
	/* libpri drops a name that comes without a number. */
	if (caller.name.valid && !caller.number.valid) {
		caller.number.valid = 1;
		caller.number.presentation = PRES_NUMBER_NOT_AVAILABLE;
		caller.name.presentation = PRES_ALLOWED_USER_NUMBER_NOT_SCREENED;
	}
	pri_sr_set_caller_party(request, &caller);
	if (setup->called_subaddress.valid) {
		memset(&subaddress, 0, sizeof(subaddress));
		demarc_give_subaddress(&subaddress, &setup->called_subaddress);
		pri_sr_set_called_subaddress(request, &subaddress);
	}
	if (setup->redirecting.valid) {
		set_redirecting(request, &setup->redirecting);
	}
	if (setup->keypad[0]) {
		pri_sr_set_keypad_digits(request, setup->keypad);
	}
	if (setup->user_user[0]) {
		pri_sr_set_useruser(request, setup->user_user);
	}
	if (setup->aoc) {
		pri_sr_set_aoc_charging_request(request, setup->aoc);
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

int demarc_connected_line(struct pri *pri, struct q931_call *call,
	const struct demarc_party *party)
{
	struct pri_party_connected_line line;

	demarc_give_party(&line.id, party);
	return pri_connected_line_update(pri, call, &line);
}

int demarc_connect(struct pri *pri, struct q931_call *call, int channel)
{
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
