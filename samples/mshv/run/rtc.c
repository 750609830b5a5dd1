// SPDX-License-Identifier: GPL-2.0
/*
 * The clock of a PC (MC146818), by which the guest learns at its boot what time
 * it is. It cannot be set, and has no alarm.
 */
#include <time.h>

#include "vmm.h"

#define RTC_INDEX	0
#define RTC_DATA	1
#define INDEX_MASK	0x7f	/* bit 7 masks NMIs */

#define REG_B_24_HOURS	(1 << 1)
#define REG_D_VALID	(1 << 7)

static u8 rtc_index;

static u8 bcd(int n)
{
	return n / 10 << 4 | n % 10;
}

static u8 rtc_register(u8 index)
{
	time_t seconds = time(NULL);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	switch (index) {
	case 0x00:
		return bcd(tm.tm_sec);
	case 0x02:
		return bcd(tm.tm_min);
	case 0x04:
		return bcd(tm.tm_hour);
	case 0x06:
		return bcd(tm.tm_wday + 1);
	case 0x07:
		return bcd(tm.tm_mday);
	case 0x08:
		return bcd(tm.tm_mon + 1);
	case 0x09:
		return bcd(tm.tm_year % 100);
	case 0x0b:
		return REG_B_24_HOURS;
	case 0x0d:
		return REG_D_VALID;
	case 0x32:
		return bcd(19 + tm.tm_year / 100);
	}
	return 0;		/* 0x0a: no update in progress */
}

static u64 rtc_read(void *dev, u64 offset, unsigned int len)
{
	return offset == RTC_DATA ? rtc_register(rtc_index) : 0xff;
}

static void rtc_write(void *dev, u64 offset, unsigned int len, u64 val)
{
	if (offset == RTC_INDEX)
		rtc_index = val & INDEX_MASK;
}

void rtc_init(struct vm *vm)
{
	bus_add(&vm->ports, &(struct range){
		.start = RTC_PORT, .size = RTC_PORTS, .read = rtc_read, .write = rtc_write,
	});
}
