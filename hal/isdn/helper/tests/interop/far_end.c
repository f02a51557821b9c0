/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A far end that is libpri alone, on the D channel that it finds as standard input: it answers every
 * call, or makes one and ends it. What happens is said on standard output, a line each.
 *
 * far_end <switch type> <network|user> <answer|call> <pri|bri>
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/time.h>
#include <libpri.h>

static void say(const char *what, int number, const char *words)
{
	printf("%s %d %s\n", what, number, words);
	fflush(stdout);
}

static void quiet(struct pri *pri, char *line)
{
	(void) pri;
	(void) line;
}

static void call(struct pri *pri)
{
	q931_call *new = pri_new_call(pri);
	struct pri_sr *request = pri_sr_new();
	char called[] = "2001";
	char caller[] = "2079460123";
	char name[] = "Ada Lovelace";

	pri_sr_set_channel(request, 2, 1, 0);
	pri_sr_set_bearer(request, PRI_TRANS_CAP_SPEECH, PRI_LAYER_1_ALAW);
	pri_sr_set_called(request, called, PRI_UNKNOWN, 1);
	pri_sr_set_caller(request, caller, name, PRI_NATIONAL_ISDN,
		PRES_ALLOWED_USER_NUMBER_PASSED_SCREEN);
	pri_setup(pri, new, request);
	pri_sr_free(request);
}

static void handle(struct pri *pri, pri_event *event, int calls)
{
	static int called;

	switch (event->e) {
	case PRI_EVENT_DCHAN_UP:
		say("up", 0, "");
		if (calls && !called) {
			called = 1;
			call(pri);
		}
		break;
	case PRI_EVENT_RING:
		say("ring", event->ring.channel & 0xFF, event->ring.callednum);
		pri_proceeding(pri, event->ring.call, event->ring.channel, 0);
		pri_acknowledge(pri, event->ring.call, event->ring.channel, 1);
		pri_answer(pri, event->ring.call, event->ring.channel, 0);
		break;
	case PRI_EVENT_PROCEEDING:
		say("proceeding", event->proceeding.channel & 0xFF, "");
		break;
	case PRI_EVENT_RINGING:
		say("ringing", event->ringing.channel & 0xFF, "");
		break;
	case PRI_EVENT_ANSWER:
		say("answer", event->answer.channel & 0xFF, "");
		pri_hangup(pri, event->answer.call, PRI_CAUSE_NORMAL_CLEARING);
		break;
	case PRI_EVENT_HANGUP_REQ:
	case PRI_EVENT_HANGUP:
		say("hangup", event->hangup.cause, "");
		pri_hangup(pri, event->hangup.call, event->hangup.cause);
		break;
	case PRI_EVENT_HANGUP_ACK:
		say("over", event->hangup.cause, "");
		break;
	case PRI_EVENT_RESTART:
		say("restart", event->restart.channel & 0xFF, "");
		break;
	default:
		break;
	}
}

int main(int count, char **words)
{
	struct pri *pri;
	int node;
	int calls;

	if (count < 5) {
		return 2;
	}
	node = strcmp(words[2], "network") ? PRI_CPE : PRI_NETWORK;
	calls = !strcmp(words[3], "call");
	pri_set_message(quiet);
	pri_set_error(quiet);
	pri = strcmp(words[4], "bri") ? pri_new(0, node, atoi(words[1]))
		: pri_new_bri(0, 1, node, atoi(words[1]));
	if (!pri) {
		return 3;
	}
	for (;;) {
		struct timeval *next = pri_schedule_next(pri);
		struct timeval now;
		struct timeval wait = { 1, 0 };
		pri_event *event;
		fd_set fds;

		if (next) {
			gettimeofday(&now, NULL);
			timersub(next, &now, &wait);
			if (wait.tv_sec < 0) {
				wait.tv_sec = wait.tv_usec = 0;
			}
		}
		FD_ZERO(&fds);
		FD_SET(0, &fds);
		if (select(1, &fds, NULL, NULL, &wait) > 0) {
			event = pri_check_event(pri);
			if (event) {
				handle(pri, event, calls);
			}
		}
		event = pri_schedule_run(pri);
		if (event) {
			handle(pri, event, calls);
		}
	}
}
