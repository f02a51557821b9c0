/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers, names and subaddresses, both ways. */
#define _POSIX_C_SOURCE 200809L
#include <stdint.h>
#include <string.h>
#include <libpri.h>
#include "shim.h"

/* As much as fits, always with its end. */
void demarc_copy(char *to, unsigned long size, const char *from)
{
	size_t length = strnlen(from, size - 1);

	memcpy(to, from, length);
	to[length] = '\0';
}

void demarc_read_number(struct demarc_number *to, const struct pri_party_number *from)
{
	to->valid = from->valid;
	to->plan = from->plan;
	to->presentation = from->presentation;
	demarc_copy(to->digits, sizeof(to->digits), from->str);
}

void demarc_read_subaddress(struct demarc_subaddress *to, const struct pri_party_subaddress *from)
{
	int length = from->length;

	if (!from->valid || length < 0) {
		return;
	}
	if (length > (int) sizeof(to->data)) {
		length = sizeof(to->data);
	}
	to->valid = 1;
	to->type = from->type;
	to->odd = from->odd_even_indicator;
	to->length = length;
	memcpy(to->data, from->data, length);
}

void demarc_read_party(struct demarc_party *to, const struct pri_party_id *from)
{
	demarc_read_number(&to->number, &from->number);
	demarc_read_subaddress(&to->subaddress, &from->subaddress);
	if (from->name.valid) {
		demarc_copy(to->name, sizeof(to->name), from->name.str);
		if (!from->number.valid) {
			to->number.presentation = from->name.presentation;
		}
	}
}

void demarc_give_number(struct pri_party_number *to, const struct demarc_number *from)
{
	to->valid = from->valid;
	to->plan = from->plan;
	to->presentation = from->presentation;
	demarc_copy(to->str, sizeof(to->str), from->digits);
}

void demarc_give_subaddress(struct pri_party_subaddress *to,
	const struct demarc_subaddress *from)
{
	if (!from->valid || from->length < 0 || from->length > (int) sizeof(to->data) - 1) {
		return;
	}
	to->valid = 1;
	to->type = from->type;
	to->odd_even_indicator = from->odd;
	to->length = from->length;
	memcpy(to->data, from->data, from->length);
}

void demarc_give_party(struct pri_party_id *to, const struct demarc_party *from)
{
	memset(to, 0, sizeof(*to));
	demarc_give_number(&to->number, &from->number);
	demarc_give_subaddress(&to->subaddress, &from->subaddress);
	if (from->name[0]) {
		to->name.valid = 1;
		to->name.presentation = from->number.presentation;
		to->name.char_set = PRI_CHAR_SET_ISO8859_1;
		demarc_copy(to->name.str, sizeof(to->name.str), from->name);
	}
}
