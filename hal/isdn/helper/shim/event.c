/* SPDX-License-Identifier: GPL-2.0-only */
/* libpri overwrites its event in the next call: everything is copied. */
#define _POSIX_C_SOURCE 200809L
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <libpri.h>
#include "shim.h"

static void read_money(struct demarc_money *to, const struct pri_aoc_amount *amount,
	const char *currency)
{
	to->cost = (int32_t) amount->cost;
	to->multiplier = amount->multiplier;
	demarc_copy(to->currency, sizeof(to->currency), currency);
}

static void read_rates(struct demarc_sub *to, const struct pri_subcmd_aoc_s *from)
{
	int i;

	for (i = 0; i < from->num_items && i < DEMARC_RATES; ++i) {
		const struct pri_aoc_s_element *item = &from->item[i];
		struct demarc_rate *rate = &to->rate[i];

		rate->item = item->chargeable;
		rate->type = item->rate_type;
		switch (item->rate_type) {
		case PRI_AOC_RATE_TYPE_DURATION:
			read_money(&rate->money, &item->rate.duration.amount,
				item->rate.duration.currency);
			rate->time = (int32_t) item->rate.duration.time.length;
			rate->scale = item->rate.duration.time.scale;
			rate->step = item->rate.duration.charging_type;
			break;
		case PRI_AOC_RATE_TYPE_FLAT:
			read_money(&rate->money, &item->rate.flat.amount, item->rate.flat.currency);
			break;
		case PRI_AOC_RATE_TYPE_VOLUME:
			read_money(&rate->money, &item->rate.volume.amount, item->rate.volume.currency);
			rate->other = item->rate.volume.unit;
			break;
		case PRI_AOC_RATE_TYPE_SPECIAL_CODE:
			rate->other = item->rate.special;
			break;
		default:
			break;
		}
		to->rates = i + 1;
	}
}

static void read_units(struct demarc_charge *to, const struct pri_aoc_recorded_units *from)
{
	int64_t sum = 0;
	int known = 0;
	int i;

	for (i = 0; i < from->num_items && i < 32; ++i) {
		if (from->item[i].number >= 0) {
			sum += from->item[i].number;
			known = 1;
		}
	}
	to->units = !known ? -1 : sum > INT32_MAX ? INT32_MAX : (int32_t) sum;
}

static void read_sub(struct demarc_sub *to, const struct pri_subcommand *from,
	struct demarc_event *event)
{
	struct demarc_redirecting *redirecting = &event->redirecting;

	memset(to, 0, sizeof(*to));
	to->kind = from->cmd;
	switch (from->cmd) {
	case PRI_SUBCMD_CONNECTED_LINE:
		demarc_read_party(&to->party, &from->u.connected_line.id);
		break;
	case PRI_SUBCMD_REDIRECTING:
		redirecting->valid = 1;
		redirecting->reason = from->u.redirecting.reason;
		redirecting->count = from->u.redirecting.count;
		redirecting->original_reason = from->u.redirecting.orig_reason;
		demarc_read_party(&redirecting->from, &from->u.redirecting.from);
		demarc_read_party(&redirecting->to, &from->u.redirecting.to);
		demarc_read_number(&redirecting->original, &from->u.redirecting.orig_called.number);
		break;
	case PRI_SUBCMD_TRANSFER_CALL:
		to->call_1 = from->u.transfer.call_1;
		to->call_2 = from->u.transfer.call_2;
		to->invoke = from->u.transfer.invoke_id;
		break;
	case PRI_SUBCMD_AOC_S:
		read_rates(to, &from->u.aoc_s);
		break;
	case PRI_SUBCMD_AOC_D:
		to->charge.charge = from->u.aoc_d.charge;
		to->charge.total = from->u.aoc_d.billing_accumulation;
		if (from->u.aoc_d.charge == PRI_AOC_DE_CHARGE_CURRENCY) {
			read_money(&to->charge.money, &from->u.aoc_d.recorded.money.amount,
				from->u.aoc_d.recorded.money.currency);
		} else if (from->u.aoc_d.charge == PRI_AOC_DE_CHARGE_UNITS) {
			read_units(&to->charge, &from->u.aoc_d.recorded.unit);
		}
		break;
	case PRI_SUBCMD_AOC_E:
		to->charge.charge = from->u.aoc_e.charge;
		to->charge.total = 1;
		if (from->u.aoc_e.charge == PRI_AOC_DE_CHARGE_CURRENCY) {
			read_money(&to->charge.money, &from->u.aoc_e.recorded.money.amount,
				from->u.aoc_e.recorded.money.currency);
		} else if (from->u.aoc_e.charge == PRI_AOC_DE_CHARGE_UNITS) {
			read_units(&to->charge, &from->u.aoc_e.recorded.unit);
		}
		break;
	case PRI_SUBCMD_AOC_CHARGING_REQ:
		to->wish = from->u.aoc_request.charging_request;
		to->invoke = from->u.aoc_request.invoke_id;
		break;
	case PRI_SUBCMD_AOC_CHARGING_REQ_RSP:
		if (from->u.aoc_request_response.valid_aoc_s) {
			read_rates(to, &from->u.aoc_request_response.aoc_s);
		}
		break;
	case PRI_SUBCMD_DISPLAY_TEXT:
		demarc_copy(to->text, sizeof(to->text), from->u.display.text);
		break;
	default:
		break;
	}
}

static void read_subcommands(struct demarc_event *to, const struct pri_subcommands *from)
{
	int i;

	for (i = 0; from && i < from->counter_subcmd && i < PRI_MAX_SUBCOMMANDS && i < DEMARC_SUBS;
		++i) {
		read_sub(&to->sub[i], &from->subcmd[i], to);
		to->subs = i + 1;
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
	to->progress = from->progressmask;
	to->called.valid = 1;
	to->called.plan = from->calledplan;
	demarc_copy(to->called.digits, sizeof(to->called.digits),
		from->callednum[0] ? from->callednum : from->keypad_digits);
	demarc_copy(to->keypad, sizeof(to->keypad), from->keypad_digits);
	demarc_read_subaddress(&to->called_subaddress, &from->called_subaddress);
	demarc_read_party(&to->calling, &from->calling);
	demarc_copy(to->user_user, sizeof(to->user_user), from->useruserinfo);
	read_subcommands(to, from->subcmds);
}

static int flatten(struct demarc_event *to, const pri_event *from)
{
	if (!from) {
		return 0;
	}
	memset(to, 0, offsetof(struct demarc_event, sub));
	to->kind = from->e;
	to->cause = -1;
	to->reference = -1;
	switch (from->e) {
	case PRI_EVENT_CONFIG_ERR:
		demarc_copy(to->text, sizeof(to->text), from->err.err);
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
		demarc_copy(to->text, sizeof(to->text), from->ring.callednum);
		read_subcommands(to, from->ring.subcmds);
		break;
	case PRI_EVENT_KEYPAD_DIGIT:
		to->call = from->digit.call;
		demarc_copy(to->text, sizeof(to->text), from->digit.digits);
		read_subcommands(to, from->digit.subcmds);
		break;
	case PRI_EVENT_SETUP_ACK:
		to->call = from->setup_ack.call;
		to->channel = from->setup_ack.channel;
		to->progress = from->setup_ack.progressmask;
		read_subcommands(to, from->setup_ack.subcmds);
		break;
	case PRI_EVENT_PROCEEDING:
	case PRI_EVENT_PROGRESS:
		to->call = from->proceeding.call;
		to->channel = from->proceeding.channel;
		to->progress = from->proceeding.progressmask;
		to->cause = from->e == PRI_EVENT_PROGRESS ? from->proceeding.cause : -1;
		read_subcommands(to, from->proceeding.subcmds);
		break;
	case PRI_EVENT_RINGING:
		to->call = from->ringing.call;
		to->channel = from->ringing.channel;
		to->progress = from->ringing.progressmask;
		demarc_copy(to->user_user, sizeof(to->user_user), from->ringing.useruserinfo);
		read_subcommands(to, from->ringing.subcmds);
		break;
	case PRI_EVENT_ANSWER:
		to->call = from->answer.call;
		to->channel = from->answer.channel;
		to->progress = from->answer.progressmask;
		demarc_copy(to->user_user, sizeof(to->user_user), from->answer.useruserinfo);
		read_subcommands(to, from->answer.subcmds);
		break;
	case PRI_EVENT_HANGUP:
	case PRI_EVENT_HANGUP_REQ:
	case PRI_EVENT_HANGUP_ACK:
		to->call = from->hangup.call;
		to->channel = from->hangup.channel;
		to->cause = from->hangup.cause;
		demarc_copy(to->user_user, sizeof(to->user_user), from->hangup.useruserinfo);
		read_subcommands(to, from->hangup.subcmds);
		break;
	case PRI_EVENT_FACILITY:
		to->call = from->facility.call;
		to->subcall = from->facility.subcall;
		read_subcommands(to, from->facility.subcmds);
		break;
	case PRI_EVENT_NOTIFY:
		to->call = from->notify.call;
		to->info = from->notify.info;
		read_subcommands(to, from->notify.subcmds);
		break;
	case PRI_EVENT_SERVICE:
		to->channel = from->service.channel;
		to->info = from->service.changestatus;
		break;
	case PRI_EVENT_SERVICE_ACK:
		to->channel = from->service_ack.channel;
		to->info = from->service_ack.changestatus;
		break;
	case PRI_EVENT_HOLD:
		to->call = from->hold.call;
		to->channel = from->hold.channel;
		break;
	case PRI_EVENT_HOLD_ACK:
		to->call = from->hold_ack.call;
		break;
	case PRI_EVENT_HOLD_REJ:
		to->call = from->hold_rej.call;
		to->cause = from->hold_rej.cause;
		break;
	case PRI_EVENT_RETRIEVE:
		to->call = from->retrieve.call;
		to->channel = from->retrieve.channel;
		to->flexible = from->retrieve.flexible;
		break;
	case PRI_EVENT_RETRIEVE_ACK:
		to->call = from->retrieve_ack.call;
		to->channel = from->retrieve_ack.channel;
		break;
	case PRI_EVENT_RETRIEVE_REJ:
		to->call = from->retrieve_rej.call;
		to->cause = from->retrieve_rej.cause;
		break;
	case PRI_EVENT_CONNECT_ACK:
		to->call = from->connect_ack.call;
		to->channel = from->connect_ack.channel;
		read_subcommands(to, from->connect_ack.subcmds);
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
