/* SPDX-License-Identifier: GPL-2.0-only */
/* Supplementary services. */
#define _POSIX_C_SOURCE 200809L
#include <stdint.h>
#include <string.h>
#include <libpri.h>
#include "shim.h"

int demarc_hold(struct pri *pri, struct q931_call *call)
{
	return pri_hold(pri, call);
}

int demarc_hold_ack(struct pri *pri, struct q931_call *call)
{
	return pri_hold_ack(pri, call);
}

int demarc_hold_reject(struct pri *pri, struct q931_call *call, int cause)
{
	return pri_hold_rej(pri, call, cause);
}

int demarc_retrieve(struct pri *pri, struct q931_call *call, int channel)
{
	return pri_retrieve(pri, call, channel);
}

int demarc_retrieve_ack(struct pri *pri, struct q931_call *call, int channel)
{
	return pri_retrieve_ack(pri, call, channel);
}

int demarc_retrieve_reject(struct pri *pri, struct q931_call *call, int cause)
{
	return pri_retrieve_rej(pri, call, cause);
}

int demarc_transfer(struct pri *pri, struct q931_call *call, struct q931_call *with)
{
	/* pri_channel_bridge trusts its arguments. */
	return demarc_is_valid(pri, call) && demarc_is_valid(pri, with)
		? pri_channel_bridge(call, with) : -1;
}

int demarc_transfer_answer(struct pri *pri, struct q931_call *call, int invoke, int accepted)
{
	return pri_transfer_rsp(pri, call, invoke, accepted);
}

int demarc_notify(struct pri *pri, struct q931_call *call, int indicator)
{
	return pri_notify(pri, call, 0, indicator);
}

int demarc_display(struct pri *pri, struct q931_call *call, const char *text)
{
	struct pri_subcmd_display_txt display;

	memset(&display, 0, sizeof(display));
	demarc_copy(display.text, sizeof(display.text), text);
	display.char_set = PRI_CHAR_SET_ISO8859_1;
	display.length = (int) strlen(display.text);
	return pri_display_text(pri, call, &display);
}

int demarc_keypad(struct pri *pri, struct q931_call *call, const char *digits)
{
	return pri_keypad_facility(pri, call, digits);
}

void demarc_user_user(struct pri *pri, struct q931_call *call, const char *text)
{
	if (demarc_is_valid(pri, call)) {
		pri_call_set_useruser(call, text);
	}
}

static void give_money(struct pri_aoc_amount *amount, char *currency,
	const struct demarc_money *from)
{
	amount->cost = from->cost;
	amount->multiplier = from->multiplier;
	demarc_copy(currency, 11, from->currency);
}

static void give_rates(struct pri_subcmd_aoc_s *to, const struct demarc_rate *rate, int rates)
{
	int i;

	memset(to, 0, sizeof(*to));
	for (i = 0; i < rates && i < DEMARC_RATES; ++i) {
		struct pri_aoc_s_element *item = &to->item[i];

		item->chargeable = rate[i].item;
		item->rate_type = rate[i].type;
		switch (rate[i].type) {
		case PRI_AOC_RATE_TYPE_DURATION:
			give_money(&item->rate.duration.amount, item->rate.duration.currency,
				&rate[i].money);
			item->rate.duration.time.length = rate[i].time;
			item->rate.duration.time.scale = rate[i].scale;
			item->rate.duration.charging_type = rate[i].step;
			break;
		case PRI_AOC_RATE_TYPE_FLAT:
			give_money(&item->rate.flat.amount, item->rate.flat.currency, &rate[i].money);
			break;
		case PRI_AOC_RATE_TYPE_VOLUME:
			give_money(&item->rate.volume.amount, item->rate.volume.currency,
				&rate[i].money);
			item->rate.volume.unit = rate[i].other;
			break;
		case PRI_AOC_RATE_TYPE_SPECIAL_CODE:
			item->rate.special = rate[i].other;
			break;
		default:
			break;
		}
		to->num_items = i + 1;
	}
}

static void give_units(struct pri_aoc_recorded_units *to, int units)
{
	to->num_items = 1;
	to->item[0].number = units;
	to->item[0].type = -1;
}

int demarc_aoc(struct pri *pri, struct q931_call *call, int which,
	const struct demarc_charge *charge, const struct demarc_rate *rate, int rates)
{
	struct pri_subcmd_aoc_s start;
	struct pri_subcmd_aoc_d during;
	struct pri_subcmd_aoc_e end;

	switch (which) {
	case 0:
		give_rates(&start, rate, rates);
		return pri_aoc_s_send(pri, call, &start);
	case 1:
		memset(&during, 0, sizeof(during));
		during.charge = charge->charge;
		during.billing_accumulation = charge->total;
		during.billing_id = PRI_AOC_D_BILLING_ID_NOT_AVAILABLE;
		if (charge->charge == PRI_AOC_DE_CHARGE_CURRENCY) {
			give_money(&during.recorded.money.amount, during.recorded.money.currency,
				&charge->money);
		} else if (charge->charge == PRI_AOC_DE_CHARGE_UNITS) {
			give_units(&during.recorded.unit, charge->units);
		}
		return pri_aoc_d_send(pri, call, &during);
	default:
		memset(&end, 0, sizeof(end));
		end.charge = charge->charge;
		end.billing_id = PRI_AOC_E_BILLING_ID_NOT_AVAILABLE;
		if (charge->charge == PRI_AOC_DE_CHARGE_CURRENCY) {
			give_money(&end.recorded.money.amount, end.recorded.money.currency,
				&charge->money);
		} else if (charge->charge == PRI_AOC_DE_CHARGE_UNITS) {
			give_units(&end.recorded.unit, charge->units);
		}
		return pri_aoc_e_send(pri, call, &end);
	}
}

int demarc_aoc_answer(struct pri *pri, struct q931_call *call, int invoke, int response,
	const struct demarc_rate *rate, int rates)
{
	struct pri_subcmd_aoc_s start;

	/* What libpri does not look after itself: it follows the pointer. */
	if (!demarc_is_valid(pri, call)) {
		return -1;
	}
	if (rates > 0) {
		give_rates(&start, rate, rates);
		return pri_aoc_s_request_response_send(pri, call, invoke, &start);
	}
	return pri_aoc_de_request_response_send(pri, call, response, invoke);
}

int demarc_mwi(struct pri *pri, const struct demarc_number *mailbox,
	const struct demarc_number *voicemail, int messages)
{
	struct pri_party_id served;
	struct pri_party_id retrieving;
	struct q931_call *call;
	char none[] = "";

	memset(&served, 0, sizeof(served));
	demarc_give_number(&served.number, mailbox);
	memset(&retrieving, 0, sizeof(retrieving));
	demarc_give_number(&retrieving.number, voicemail);
	/* EuroISDN, network side of a point-to-multipoint BRI; else it says no. */
	if (!pri_mwi_indicate_v2(pri, &served, voicemail->valid ? &retrieving : NULL, 1, messages,
		NULL, NULL, -1, -1)) {
		return 0;
	}
	call = pri_new_call(pri);
	if (!call) {
		return -1;
	}
	if ((messages ? pri_mwi_activate : pri_mwi_deactivate)(pri, call,
		(char *) voicemail->digits, voicemail->plan, none, PRES_ALLOWED_USER_NUMBER_NOT_SCREENED,
		(char *) mailbox->digits, mailbox->plan)) {
		pri_destroycall(pri, call);
		return -1;
	}
	return 0;
}

int demarc_service(struct pri *pri, int interface, int channel, int status)
{
	return pri_maintenance_service(pri, interface, channel, status);
}
