/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libopenr2 reads, writes and controls DAHDI channels by the functions of libc that bear those names,
 * and has no place to put others. It is linked dynamically, so the program's own functions of the same
 * names come first: those below. A descriptor that was claimed is served by the program; any other
 * goes to the kernel as before.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>
#include <linux/ioctl.h>
#include <openr2.h>
#include "shim.h"

/* The group of DAHDI's requests, and those that are used here (dahdi/user.h). */
#define DAHDI 0xDA
#define DAHDI_FLUSH 3
#define DAHDI_FLUSH_READ 1
#define DAHDI_BITS 43
#define DAHDI_BUFFERS 27

/* How a channel keeps audio: struct dahdi_bufferinfo. */
struct buffers {
	int transmit_policy;
	int receive_policy;
	int count;
	int size;
	int full_read;
	int full_write;
};

#define MANY 1024

static const struct demarc_io *io;
static unsigned char claimed[MANY];
static struct buffers former[MANY];
static int64_t moment;

void demarc_install(const struct demarc_io *functions)
{
	io = functions;
}

void demarc_claim(int fd, int ours)
{
	if (fd >= 0 && fd < MANY) {
		claimed[fd] = ours != 0;
	}
}

void demarc_set_time(int64_t now)
{
	moment = now;
}

static int is_ours(int fd)
{
	return io && fd >= 0 && fd < MANY && claimed[fd];
}

static long as_libc(int result)
{
	if (result < 0) {
		errno = -result;
		return -1;
	}
	return result;
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list list;
	void *argument;

	va_start(list, request);
	argument = va_arg(list, void *);
	va_end(list);
	if (is_ours(fd) && _IOC_TYPE(request) == DAHDI) {
		return (int) as_libc(io->control(fd, _IOC_NR(request), (_IOC_DIR(request) & _IOC_READ) != 0,
			argument, _IOC_SIZE(request)));
	}
	return (int) syscall(SYS_ioctl, fd, request, argument);
}

ssize_t read(int fd, void *buffer, size_t length)
{
	if (is_ours(fd)) {
		return as_libc(io->read(fd, buffer, (int) length));
	}
	return syscall(SYS_read, fd, buffer, length);
}

ssize_t write(int fd, const void *buffer, size_t length)
{
	if (is_ours(fd)) {
		return as_libc(io->write(fd, buffer, (int) length));
	}
	return syscall(SYS_write, fd, buffer, length);
}

/* Its timers run by the clock that the helper sets: monotonic, or that of a simulated line. */
int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	(void) zone;
	now->tv_sec = moment / 1000000;
	now->tv_usec = moment % 1000000;
	return 0;
}

static int slot_of(openr2_chan_t *channel)
{
	return (int) (intptr_t) openr2_chan_get_client_data(channel);
}

static void tell(openr2_chan_t *channel, int kind, int value)
{
	struct demarc_event event;

	memset(&event, 0, sizeof event);
	event.kind = kind;
	event.slot = slot_of(channel);
	event.value = value;
	io->event(&event);
}

static void on_call_init(openr2_chan_t *channel)
{
	tell(channel, DEMARC_SEIZED, 0);
}

static void on_call_offered(openr2_chan_t *channel, const char *ani, const char *dnis,
	openr2_calling_party_category_t category)
{
	struct demarc_event event;

	memset(&event, 0, sizeof event);
	event.kind = DEMARC_OFFERED;
	event.slot = slot_of(channel);
	event.category = (int) category;
	event.withheld = ani == NULL;
	snprintf(event.ani, sizeof event.ani, "%s", ani ? ani : "");
	snprintf(event.dnis, sizeof event.dnis, "%s", dnis ? dnis : "");
	io->event(&event);
}

static void on_call_accepted(openr2_chan_t *channel, openr2_call_mode_t mode)
{
	tell(channel, DEMARC_ACCEPTED, (int) mode);
}

static void on_call_answered(openr2_chan_t *channel)
{
	tell(channel, DEMARC_ANSWERED, 0);
}

static void on_call_disconnect(openr2_chan_t *channel, openr2_call_disconnect_cause_t cause)
{
	tell(channel, DEMARC_DISCONNECT, (int) cause);
}

static void on_call_end(openr2_chan_t *channel)
{
	tell(channel, DEMARC_ENDED, 0);
}

static void on_call_read(openr2_chan_t *channel, const unsigned char *buffer, int length)
{
	(void) channel;
	(void) buffer;
	(void) length;
}

static void on_hardware_alarm(openr2_chan_t *channel, int alarm)
{
	tell(channel, DEMARC_ALARM, alarm);
}

static void on_os_error(openr2_chan_t *channel, int error)
{
	tell(channel, DEMARC_OS_ERROR, error);
}

static void on_protocol_error(openr2_chan_t *channel, openr2_protocol_error_t error)
{
	tell(channel, DEMARC_PROTOCOL_ERROR, (int) error);
}

static void on_line_blocked(openr2_chan_t *channel)
{
	tell(channel, DEMARC_LINE_BLOCKED, 0);
}

static void on_line_idle(openr2_chan_t *channel)
{
	tell(channel, DEMARC_LINE_IDLE, 0);
}

static void on_billing_pulse(openr2_chan_t *channel)
{
	tell(channel, DEMARC_PULSE, 0);
}

static void on_context_log(openr2_context_t *context, openr2_log_level_t level, const char *format,
	va_list list)
{
	char line[256];

	(void) context;
	vsnprintf(line, sizeof line, format, list);
	io->log(0, (int) level, line);
}

static void on_channel_log(openr2_chan_t *channel, openr2_log_level_t level, const char *format,
	va_list list)
{
	char line[512];

	vsnprintf(line, sizeof line, format, list);
	io->log(slot_of(channel), (int) level, line);
}

static openr2_event_interface_t events = {
	.on_call_init = on_call_init,
	.on_call_offered = on_call_offered,
	.on_call_accepted = on_call_accepted,
	.on_call_answered = on_call_answered,
	.on_call_disconnect = on_call_disconnect,
	.on_call_end = on_call_end,
	.on_call_read = on_call_read,
	.on_hardware_alarm = on_hardware_alarm,
	.on_os_error = on_os_error,
	.on_protocol_error = on_protocol_error,
	.on_line_blocked = on_line_blocked,
	.on_line_idle = on_line_idle,
	.on_billing_pulse_received = on_billing_pulse,
	.on_context_log = on_context_log,
};

#define LEVELS (OR2_LOG_ERROR | OR2_LOG_WARNING | OR2_LOG_MF_TRACE | OR2_LOG_CAS_TRACE)

void *demarc_context(const struct demarc_settings *settings)
{
	openr2_context_t *context = openr2_context_new(NULL, &events, NULL,
		(openr2_variant_t) settings->variant, settings->max_ani, settings->max_dnis);

	if (!context) {
		return NULL;
	}
	openr2_context_set_log_level(context, (openr2_log_level_t) LEVELS);
	/* Each of them ignores what is negative. */
	openr2_context_set_ani_first(context, settings->ani_first);
	openr2_context_set_skip_category_request(context, settings->skip_category);
	openr2_context_set_immediate_accept(context, settings->immediate_accept);
	openr2_context_set_mf_back_timeout(context, settings->mf_back);
	openr2_context_set_metering_pulse_timeout(context, settings->metering_pulse);
	if (settings->file && openr2_context_configure_from_advanced_file(context, settings->file)) {
		openr2_context_delete(context);
		return NULL;
	}
	return context;
}

void *demarc_channel(void *context, int fd, int slot)
{
	openr2_chan_t *channel = openr2_chan_new_from_fd(context, fd, NULL, NULL);

	if (!channel) {
		return NULL;
	}
	openr2_chan_set_client_data(channel, (void *) (intptr_t) slot);
	openr2_chan_set_logging_func(channel, on_channel_log);
	openr2_chan_set_log_level(channel, (openr2_log_level_t) LEVELS);
	openr2_chan_disable_read(channel);
	return channel;
}

int demarc_received_bits(int fd)
{
	int bits = 0;

	if (ioctl(fd, _IOR(DAHDI, DAHDI_BITS, int), &bits)) {
		return -errno;
	}
	return bits & 0x0F;
}

void demarc_listen(int fd, int on)
{
	/* The library writes blocks of its own length, whatever buffers another owner has set. */
	const struct buffers own = {0, 0, 4, OR2_CHAN_READ_SIZE, 0, 0};
	int what = DAHDI_FLUSH_READ;

	if (!is_ours(fd) && fd >= 0 && fd < MANY) {
		if (on) {
			if (ioctl(fd, _IOR(DAHDI, DAHDI_BUFFERS, struct buffers), &former[fd])) {
				former[fd].size = 0;
			}
			ioctl(fd, _IOW(DAHDI, DAHDI_BUFFERS, struct buffers), &own);
		} else if (former[fd].size > 0) {
			ioctl(fd, _IOW(DAHDI, DAHDI_BUFFERS, struct buffers), &former[fd]);
		}
	}
	if (on) {
		ioctl(fd, _IOW(DAHDI, DAHDI_FLUSH, int), &what);
	}
}
