/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The far end of a DAHDI span, driven by libpri alone: interop that is not ourselves.
 *
 *   far-end SPAN FIRST_CHANNEL e1|t1 network|user SWITCH_TYPE CAPTURE.pcap [overlap]
 *
 * Configures its own span by ioctl, takes orders as lines on standard input and says what happens
 * as lines on standard output, fields apart by tabs. Every frame that crosses the D channel goes
 * into the capture (link type LINUX_LAPD).
 *
 * Orders: call SLOT CALLED CALLED_PLAN CALLING CALLING_PLAN PRESENTATION REDIRECTING NAME ("-": none)
 *         more|proceed|alert|progress|answer CALL, digits CALL DIGITS, hangup CALL CAUSE,
 *         restart SLOT, quit
 */
#include <dahdi/user.h>
#include <errno.h>
#include <fcntl.h>
#include <libpri.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <unistd.h>

enum { CALLS = 4096, FCS = 2 };

static FILE *capture;
static int network, e1;
/* By our number, counted from 1; libpri may use a pointer again. */
static q931_call *calls[CALLS];
static int last_call;

static void die(const char *what)
{
	printf("failed\t%s: %s\n", what, strerror(errno));
	exit(2);
}

static void say(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
	fflush(stdout);
}

/* One frame without its FCS, with the header that Linux captures have. */
static void record(const unsigned char *frame, int length, int outgoing)
{
	unsigned char cooked[16] = { 0, outgoing ? 4 : 0, 0, 0, 0, 1, network, 0, 0, 0, 0, 0, 0, 0, 0, 0x30 };
	struct timeval now;
	uint32_t header[4];

	gettimeofday(&now, NULL);
	header[0] = now.tv_sec;
	header[1] = now.tv_usec;
	header[2] = header[3] = sizeof(cooked) + length;
	fwrite(header, sizeof(header), 1, capture);
	fwrite(cooked, sizeof(cooked), 1, capture);
	fwrite(frame, length, 1, capture);
	fflush(capture);
}

static void open_capture(const char *name)
{
	/* Microseconds, version 2.4, link type 177. */
	const uint32_t header[6] = { 0xA1B2C3D4, 2 | 4 << 16, 0, 0, 65535, 177 };

	capture = fopen(name, "wb");
	if (!capture)
		die(name);
	fwrite(header, sizeof(header), 1, capture);
}

static int read_frame(struct pri *pri, void *buffer, int length)
{
	int got = read(pri_fd(pri), buffer, length);

	if (got > FCS)
		record(buffer, got - FCS, 0);
	return got < 0 ? 0 : got;
}

static int write_frame(struct pri *pri, void *buffer, int length)
{
	if (length > FCS)
		record(buffer, length - FCS, 1);
	return write(pri_fd(pri), buffer, length);
}

/* What dahdi_cfg does, for this span alone; returns its D channel. */
static int open_span(int span, int first)
{
	struct dahdi_lineconfig line = { .span = span };
	struct dahdi_bufferinfo buffers = { .numbufs = 32, .bufsize = 1024 };
	int control = open("/dev/dahdi/ctl", O_RDWR), slots = e1 ? 31 : 24, d_slot = e1 ? 16 : 24, slot, fd;
	int channel = first + d_slot - 1;

	if (control < 0)
		die("/dev/dahdi/ctl");
	line.lineconfig = DAHDI_CONFIG_CCS | (e1 ? DAHDI_CONFIG_HDB3 | DAHDI_CONFIG_CRC4 : DAHDI_CONFIG_B8ZS | DAHDI_CONFIG_ESF);
	if (ioctl(control, DAHDI_SPANCONFIG, &line))
		die("SPANCONFIG");
	for (slot = 1; slot <= slots; slot++) {
		struct dahdi_chanconfig config = { .chan = first + slot - 1 };

		config.sigtype = slot == d_slot ? DAHDI_SIG_HDLCFCS : DAHDI_SIG_CLEAR;
		config.deflaw = e1 ? DAHDI_LAW_ALAW : DAHDI_LAW_MULAW;
		if (ioctl(control, DAHDI_CHANCONFIG, &config))
			die("CHANCONFIG");
	}
	if (ioctl(control, DAHDI_STARTUP, &span))
		die("STARTUP");
	close(control);
	fd = open("/dev/dahdi/channel", O_RDWR | O_NONBLOCK);
	if (fd < 0 || ioctl(fd, DAHDI_SPECIFY, &channel))
		die("the D channel");
	buffers.txbufpolicy = buffers.rxbufpolicy = DAHDI_POLICY_IMMEDIATE;
	if (ioctl(fd, DAHDI_SET_BUFINFO, &buffers))
		die("SET_BUFINFO");
	return fd;
}

/* The number of a call, a new one when it is not known yet. */
static int number(q931_call *call)
{
	int at;

	for (at = 1; at <= last_call; at++)
		if (calls[at] == call)
			return at;
	if (last_call == CALLS - 1)
		die("too many calls");
	calls[++last_call] = call;
	return last_call;
}

static q931_call *named(const char *word)
{
	int at = word ? atoi(word) : 0;

	return at > 0 && at < CALLS ? calls[at] : NULL;
}

static void ring(const pri_event_ring *event)
{
	say("ring\t%d\tslot=%d\tflexible=%d\tcalled=%s\tcalled_plan=%d\tcomplete=%d\tcalling=%s\tcalling_plan=%d"
	    "\tpresentation=%d\tname=%s\tredirecting=%s\treason=%d\tcapability=%d\tlayer_1=%d",
	    number(event->call), event->channel & 0xFF, event->flexible, event->callednum, event->calledplan,
	    event->complete, event->callingnum, event->callingplan, event->callingpres, event->callingname,
	    event->redirectingnum, event->redirectingreason, event->ctype, event->layer1);
}

/* Who is connected, as the subcommands of an answer have it. */
static const char *connected(const struct pri_subcommands *commands)
{
	int at;

	for (at = 0; commands && at < commands->counter_subcmd; at++)
		if (commands->subcmd[at].cmd == PRI_SUBCMD_CONNECTED_LINE)
			return commands->subcmd[at].u.connected_line.id.number.str;
	return "";
}

static void happened(struct pri *pri, pri_event *event)
{
	int call;

	switch (event->e) {
	case PRI_EVENT_DCHAN_UP:
		say("up");
		break;
	case PRI_EVENT_DCHAN_DOWN:
		say("down");
		break;
	case PRI_EVENT_CONFIG_ERR:
		say("error\t%s", event->err.err);
		break;
	case PRI_EVENT_RING:
		ring(&event->ring);
		break;
	case PRI_EVENT_INFO_RECEIVED:
		say("digits\t%d\t%s\tcomplete=%d", number(event->ring.call), event->ring.callednum, event->ring.complete);
		break;
	case PRI_EVENT_SETUP_ACK:
		say("more\t%d", number(event->setup_ack.call));
		break;
	case PRI_EVENT_PROCEEDING:
		say("proceeding\t%d\tslot=%d", number(event->proceeding.call), event->proceeding.channel & 0xFF);
		break;
	case PRI_EVENT_PROGRESS:
		say("progress\t%d\tin_band=%d", number(event->proceeding.call),
		    !!(event->proceeding.progressmask & PRI_PROG_INBAND_AVAILABLE));
		break;
	case PRI_EVENT_RINGING:
		say("alerting\t%d", number(event->ringing.call));
		break;
	case PRI_EVENT_ANSWER:
		say("answer\t%d\tconnected=%s", number(event->answer.call), connected(event->answer.subcmds));
		break;
	case PRI_EVENT_CONNECT_ACK:
		say("acknowledged\t%d", number(event->connect_ack.call));
		break;
	case PRI_EVENT_RESTART:
		say("restart\t%d", event->restart.channel < 0 ? -1 : event->restart.channel & 0xFF);
		break;
	case PRI_EVENT_RESTART_ACK:
		say("restarted\t%d", event->restartack.channel & 0xFF);
		break;
	case PRI_EVENT_HANGUP_REQ:
	case PRI_EVENT_HANGUP:
	case PRI_EVENT_HANGUP_ACK:
		call = number(event->hangup.call);
		say("%s\t%d\tcause=%d", event->e == PRI_EVENT_HANGUP_REQ ? "hangup" : "cleared", call, event->hangup.cause);
		/* Left alone, a DISCONNECT waits for T305. */
		if (event->e != PRI_EVENT_HANGUP_ACK)
			pri_hangup(pri, event->hangup.call, event->hangup.cause);
		if (event->e != PRI_EVENT_HANGUP_REQ)
			calls[call] = NULL;
		break;
	default:
		say("event\t%s", pri_event2str(event->e));
	}
}

static char *given(char *word)
{
	return word && strcmp(word, "-") ? word : NULL;
}

static void begin(struct pri *pri, char *words[])
{
	struct pri_sr *setup = pri_sr_new();
	q931_call *call = pri_new_call(pri);

	if (!setup || !call)
		die("pri_new_call");
	pri_sr_set_channel(setup, atoi(words[1]), 1, 0);
	pri_sr_set_bearer(setup, PRI_TRANS_CAP_SPEECH, e1 ? PRI_LAYER_1_ALAW : PRI_LAYER_1_ULAW);
	pri_sr_set_called(setup, given(words[2]) ? words[2] : "", atoi(words[3]), 1);
	if (given(words[4]))
		pri_sr_set_caller(setup, words[4], given(words[8]), atoi(words[5]), atoi(words[6]));
	if (given(words[7]))
		pri_sr_set_redirecting(setup, words[7], PRI_NATIONAL_ISDN, 0, PRI_REDIR_UNCONDITIONAL);
	say("calling\t%d", number(call));
	if (pri_setup(pri, call, setup))
		say("refused\t%d", number(call));
	pri_sr_free(setup);
}

static void order(struct pri *pri, char *line)
{
	char *words[9] = { NULL };
	int count = 0;
	q931_call *call;

	/* The name is last and may hold blanks. */
	while (count < 9 && *line) {
		words[count++] = line;
		line += count == 9 ? strlen(line) : strcspn(line, " ");
		if (*line)
			*line++ = 0;
	}
	if (count == 9 && !strcmp(words[0], "call")) {
		begin(pri, words);
		return;
	}
	if (count == 2 && !strcmp(words[0], "restart")) {
		pri_reset(pri, atoi(words[1]));
		return;
	}
	if (count == 1 && !strcmp(words[0], "quit"))
		exit(0);
	call = named(words[1]);
	if (!call)
		say("no such call\t%s", words[1] ? words[1] : "");
	else if (!strcmp(words[0], "more"))
		pri_need_more_info(pri, call, 0, 0);
	else if (!strcmp(words[0], "proceed"))
		pri_proceeding(pri, call, 0, 0);
	else if (!strcmp(words[0], "alert"))
		pri_acknowledge(pri, call, 0, 0);
	else if (!strcmp(words[0], "progress"))
		pri_progress(pri, call, 0, 1);
	else if (!strcmp(words[0], "answer"))
		pri_answer(pri, call, 0, 0);
	else if (!strcmp(words[0], "digits") && words[2])
		while (*words[2])
			pri_information(pri, call, *words[2]++);
	else if (!strcmp(words[0], "hangup") && words[2])
		pri_hangup(pri, call, atoi(words[2]));
	else
		say("no such order\t%s", words[0]);
}

/* Milliseconds until libpri wants to be called; -1: never. */
static int patience(struct pri *pri)
{
	struct timeval *next = pri_schedule_next(pri), now;
	long left;

	if (!next)
		return -1;
	gettimeofday(&now, NULL);
	left = (next->tv_sec - now.tv_sec) * 1000 + (next->tv_usec - now.tv_usec) / 1000 + 1;
	return left < 0 ? 0 : left > 60000 ? 60000 : (int) left;
}

static void quiet(struct pri *pri, char *line)
{
	(void) pri;
	fprintf(stderr, "far end: %s", line);
}

int main(int count, char *arguments[])
{
	char line[1024];
	size_t length = 0;
	pri_event *event;
	struct pri *pri;
	int fd;

	if (count < 7) {
		fprintf(stderr, "far-end SPAN FIRST_CHANNEL e1|t1 network|user SWITCH_TYPE CAPTURE [overlap]\n");
		return 2;
	}
	e1 = !strcmp(arguments[3], "e1");
	network = !strcmp(arguments[4], "network");
	open_capture(arguments[6]);
	fd = open_span(atoi(arguments[1]), atoi(arguments[2]));
	pri_set_message(quiet);
	pri_set_error(quiet);
	pri = pri_new_cb(fd, network ? PRI_NETWORK : PRI_CPE, atoi(arguments[5]), read_frame, write_frame, NULL);
	if (!pri)
		die("pri_new_cb");
	pri_facility_enable(pri);
	/* Without it a refused SETUP is never answered. */
	pri_hangup_fix_enable(pri, 1);
	if (getenv("LAB_VERBOSE"))
		pri_set_debug(pri, PRI_DEBUG_Q921_STATE | PRI_DEBUG_Q931_STATE | PRI_DEBUG_Q931_ANOMALY);
	if (count > 7)
		pri_set_overlapdial(pri, 1);
	say("ready");
	for (;;) {
		struct pollfd fds[2] = { { .fd = fd, .events = POLLIN | POLLPRI }, { .fd = 0, .events = POLLIN } };
		char *end;

		if (poll(fds, 2, patience(pri)) < 0 && errno != EINTR)
			die("poll");
		if (fds[0].revents & POLLPRI) {
			int what = 0;

			ioctl(fd, DAHDI_GETEVENT, &what);
			say("dahdi\t%d", what);
		}
		while ((event = pri_schedule_run(pri)))
			happened(pri, event);
		if (fds[0].revents & POLLIN && (event = pri_check_event(pri)))
			happened(pri, event);
		if (!(fds[1].revents & (POLLIN | POLLHUP)))
			continue;
		ssize_t got = read(0, line + length, sizeof(line) - 1 - length);
		if (got <= 0)
			return 0;
		length += got;
		line[length] = 0;
		while ((end = strchr(line, '\n'))) {
			*end = 0;
			order(pri, line);
			length -= end + 1 - line;
			memmove(line, end + 1, length + 1);
		}
	}
}
