/* SPDX-License-Identifier: GPL-2.0 */
/* Freestanding string functions, bitmaps and linked lists. */
#ifndef TESTHV_LIB_H
#define TESTHV_LIB_H

#include "types.h"

void *memset(void *dst, int c, size_t n);
void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strncmp(const char *a, const char *b, size_t n);

/**
 * mem_is_zero - is a buffer all zeroes
 * @p: start of the buffer
 * @n: length in bytes
 */
bool mem_is_zero(const void *p, size_t n);

/**
 * parse_u64 - read a number with an optional K, M or G suffix
 * @s: text; decimal, or hexadecimal after 0x
 * @end: set to the first character that is not part of the number
 * @val: the number
 *
 * Return: true when @s starts with a number that fits.
 */
bool parse_u64(const char *s, const char **end, u64 *val);

/**
 * vsnprintf - format text
 * @buf: result, always ended by a zero
 * @size: of @buf in bytes
 * @fmt: format
 * @ap: arguments
 *
 * Knows %c %s %d %u %x %p %% with l, ll and z modifiers, 0 and width.
 *
 * Return: number of characters written, without the final zero.
 */
int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);
int snprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);

static inline bool test_bit(const u64 *map, unsigned int n)
{
	return map[n / 64] >> (n % 64) & 1;
}

static inline unsigned int hweight64(u64 v)
{
	unsigned int n = 0;

	for (; v; v &= v - 1)
		n++;
	return n;
}

/* Doubly linked circular list; a list is its own head. */
struct list {
	struct list *next, *prev;
};

#define LIST_INIT(name)	{ &(name), &(name) }

static inline void list_init(struct list *l)
{
	l->next = l;
	l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

static inline void list_add_tail(struct list *head, struct list *n)
{
	n->prev = head->prev;
	n->next = head;
	head->prev->next = n;
	head->prev = n;
}

static inline void list_add(struct list *head, struct list *n)
{
	n->next = head->next;
	n->prev = head;
	head->next->prev = n;
	head->next = n;
}

/* Takes @n off its list and leaves it empty, so that a second call is harmless. */
static inline void list_del(struct list *n)
{
	n->prev->next = n->next;
	n->next->prev = n->prev;
	list_init(n);
}

#define list_entry(ptr, type, member)	container_of(ptr, type, member)
#define list_first(head, type, member)	list_entry((head)->next, type, member)
#define list_for_each(pos, head) \
	for (pos = (head)->next; pos != (head); pos = pos->next)
#define list_for_each_safe(pos, tmp, head)			\
	for (pos = (head)->next, tmp = pos->next; pos != (head);	\
	     pos = tmp, tmp = pos->next)

#endif /* TESTHV_LIB_H */
