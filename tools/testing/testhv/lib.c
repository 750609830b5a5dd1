// SPDX-License-Identifier: GPL-2.0
/* Freestanding string functions, number parsing and formatting. */
#include "lib.h"

void *memset(void *dst, int c, size_t n)
{
	void *d = dst;

	asm volatile("rep stosb" : "+D"(d), "+c"(n) : "a"(c) : "memory");
	return dst;
}

void *memcpy(void *dst, const void *src, size_t n)
{
	void *d = dst;

	asm volatile("rep movsb" : "+D"(d), "+S"(src), "+c"(n) : : "memory");
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	u8 *d = dst;
	const u8 *s = src;

	if (d <= s || d >= s + n)
		return memcpy(dst, src, n);
	d += n - 1;
	s += n - 1;
	asm volatile("std; rep movsb; cld" : "+D"(d), "+S"(s), "+c"(n) : : "memory");
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

bool mem_is_zero(const void *p, size_t n)
{
	const u8 *b = p;

	while (n--)
		if (*b++)
			return false;
	return true;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++)
		if (!*a || *a != *b)
			return (u8)*a - (u8)*b;
	return 0;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

bool parse_u64(const char *s, const char **end, u64 *val)
{
	unsigned int base = 10, shift = 0;
	const char *first;
	u64 v = 0;

	if (s[0] == '0' && (s[1] | 0x20) == 'x') {
		base = 16;
		s += 2;
	}
	for (first = s; digit(*s) < (int)base; s++)
		if (__builtin_mul_overflow(v, base, &v) ||
		    __builtin_add_overflow(v, digit(*s), &v))
			return false;
	if (s == first)
		return false;
	switch (*s | 0x20) {
	case 'g':
		shift += 10; /* fall through */
	case 'm':
		shift += 10; /* fall through */
	case 'k':
		shift += 10;
		s++;
	}
	if (v << shift >> shift != v)
		return false;
	*val = v << shift;
	*end = s;
	return true;
}

struct out {
	char *buf;
	size_t size;
	size_t len;
};

static void put(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len++] = c;
}

static void put_padded(struct out *o, const char *s, size_t len, int width, char pad)
{
	for (; width > (int)len; width--)
		put(o, pad);
	while (len--)
		put(o, *s++);
}

static void put_number(struct out *o, u64 v, unsigned int base, bool neg, int width, char pad)
{
	char tmp[24], *p = tmp + sizeof(tmp);

	do {
		*--p = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	if (neg)
		*--p = '-';
	put_padded(o, p, tmp + sizeof(tmp) - p, width, pad);
}

static u64 get_arg(va_list *ap, int longs, bool is_signed)
{
	if (longs)
		return va_arg(*ap, u64);
	if (is_signed)
		return va_arg(*ap, s32);
	return va_arg(*ap, u32);
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	struct out o = { buf, size, 0 };
	va_list ap;

	va_copy(ap, args);
	for (; *fmt; fmt++) {
		int width = 0, longs = 0;
		char pad = ' ';
		const char *s;
		s64 v;

		if (*fmt != '%') {
			put(&o, *fmt);
			continue;
		}
		if (*++fmt == '0')
			pad = '0';
		for (; *fmt >= '0' && *fmt <= '9'; fmt++)
			width = width * 10 + *fmt - '0';
		for (; *fmt == 'l' || *fmt == 'z'; fmt++)
			longs++;
		switch (*fmt) {
		case 'd':
			v = get_arg(&ap, longs, true);
			put_number(&o, v < 0 ? -(u64)v : (u64)v, 10, v < 0, width, pad);
			break;
		case 'u':
			put_number(&o, get_arg(&ap, longs, false), 10, false, width, pad);
			break;
		case 'x':
			put_number(&o, get_arg(&ap, longs, false), 16, false, width, pad);
			break;
		case 'p':
			put_number(&o, va_arg(ap, u64), 16, false, 16, '0');
			break;
		case 's':
			s = va_arg(ap, const char *);
			put_padded(&o, s, strlen(s), width, ' ');
			break;
		case 'c':
			put(&o, va_arg(ap, int));
			break;
		case '%':
			put(&o, '%');
			break;
		default:
			put(&o, '%');
			put(&o, *fmt);
		}
	}
	va_end(ap);
	if (size)
		buf[o.len] = 0;
	return o.len;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}
