// SPDX-License-Identifier: GPL-2.0
/*
 * A serial port: a 16550A whose line is the terminal, and infinitely fast.
 *
 * The interrupt output is a level on the chip and an edge for the I/O APIC:
 * raise_irq() watches it.
 */
#include <string.h>
#include <unistd.h>

#include <linux/serial_reg.h>

#include "vmm.h"

#define FIFO_SIZE	16
#define IIR_FIFOS	0xc0	/* they are enabled */

/**
 * struct uart - registers and state
 * @vm: machine
 * @poller: standard input
 * @ier: interrupt enable
 * @fcr: FIFO control
 * @lcr: line control
 * @mcr: modem control
 * @scr: scratch
 * @dll: divisor, low byte
 * @dlm: divisor, high byte
 * @thre: the interrupt "transmitter empty" waits to be seen
 * @line: the interrupt output
 * @closed: no more input
 * @rx: received bytes
 * @rx_count: number
 */
static struct uart {
	struct vm *vm;
	struct poller *poller;
	u8 ier, fcr, lcr, mcr, scr, dll, dlm;
	bool thre, line, closed;
	u8 rx[FIFO_SIZE];
	unsigned int rx_count;
} uart;

static u8 interrupt_id(const struct uart *u)
{
	if ((u->ier & UART_IER_RDI) && u->rx_count)
		return UART_IIR_RDI;
	if ((u->ier & UART_IER_THRI) && u->thre)
		return UART_IIR_THRI;
	return UART_IIR_NO_INT;
}

static void raise_irq(struct uart *u)
{
	bool line = interrupt_id(u) != UART_IIR_NO_INT;

	if (line && !u->line)
		irq_raise(u->vm, UART_GSI);
	u->line = line;
}

/* The main thread reads the terminal only while there is room. */
static void update_poller(struct uart *u)
{
	int fd = !u->closed && u->rx_count < FIFO_SIZE ? STDIN_FILENO : -1;

	if (fd == u->poller->fd)
		return;
	u->poller->fd = fd;
	vm_wake(u->vm);
}

static void receive(struct uart *u, u8 byte)
{
	if (u->rx_count < FIFO_SIZE)
		u->rx[u->rx_count++] = byte;
}

static u8 take(struct uart *u)
{
	u8 byte = u->rx[0];

	if (!u->rx_count)
		return 0;
	memmove(u->rx, u->rx + 1, --u->rx_count);
	return byte;
}

static void transmit(struct uart *u, u8 byte)
{
	if (u->mcr & UART_MCR_LOOP)
		receive(u, byte);
	else
		terminal_write(&byte, 1);
	u->thre = true;
}

/* In loopback, the modem's outputs are its inputs. */
static u8 modem_status(const struct uart *u)
{
	if (!(u->mcr & UART_MCR_LOOP))
		return UART_MSR_CTS | UART_MSR_DSR | UART_MSR_DCD;
	return (u->mcr & UART_MCR_RTS ? UART_MSR_CTS : 0) |
	       (u->mcr & UART_MCR_DTR ? UART_MSR_DSR : 0) |
	       (u->mcr & UART_MCR_OUT1 ? UART_MSR_RI : 0) |
	       (u->mcr & UART_MCR_OUT2 ? UART_MSR_DCD : 0);
}

static u8 read_iir(struct uart *u)
{
	u8 id = interrupt_id(u);

	if (id == UART_IIR_THRI)
		u->thre = false;
	return id | (u->fcr & UART_FCR_ENABLE_FIFO ? IIR_FIFOS : 0);
}

static u8 read_register(struct uart *u, u64 offset)
{
	bool dlab = u->lcr & UART_LCR_DLAB;

	switch (offset) {
	case UART_RX:
		return dlab ? u->dll : take(u);
	case UART_IER:
		return dlab ? u->dlm : u->ier;
	case UART_IIR:
		return read_iir(u);
	case UART_LCR:
		return u->lcr;
	case UART_MCR:
		return u->mcr;
	case UART_LSR:
		return UART_LSR_TEMT | UART_LSR_THRE | (u->rx_count ? UART_LSR_DR : 0);
	case UART_MSR:
		return modem_status(u);
	default:
		return u->scr;
	}
}

static void write_ier(struct uart *u, u8 val)
{
	/* The transmitter is empty: to enable that interrupt is to get it. */
	if ((val & UART_IER_THRI) && !(u->ier & UART_IER_THRI))
		u->thre = true;
	u->ier = val & 0xf;
}

static void write_fcr(struct uart *u, u8 val)
{
	u->fcr = val;
	if (val & UART_FCR_CLEAR_RCVR)
		u->rx_count = 0;
}

static void write_register(struct uart *u, u64 offset, u8 val)
{
	bool dlab = u->lcr & UART_LCR_DLAB;

	switch (offset) {
	case UART_TX:
		if (dlab)
			u->dll = val;
		else
			transmit(u, val);
		break;
	case UART_IER:
		if (dlab)
			u->dlm = val;
		else
			write_ier(u, val);
		break;
	case UART_FCR:
		write_fcr(u, val);
		break;
	case UART_LCR:
		u->lcr = val;
		break;
	case UART_MCR:
		u->mcr = val & 0x1f;
		break;
	case UART_SCR:
		u->scr = val;
		break;
	}
}

static u64 uart_read(void *dev, u64 offset, unsigned int len)
{
	struct uart *u = dev;
	u64 val = read_register(u, offset);

	update_poller(u);
	raise_irq(u);
	return val;
}

static void uart_write(void *dev, u64 offset, unsigned int len, u64 val)
{
	struct uart *u = dev;

	write_register(u, offset, val);
	update_poller(u);
	raise_irq(u);
}

static void uart_input(void *dev)
{
	struct uart *u = dev;
	int n;

	n = terminal_read(u->vm, u->rx + u->rx_count, FIFO_SIZE - u->rx_count);
	if (n < 0)
		u->closed = true;
	else
		u->rx_count += n;
	update_poller(u);
	raise_irq(u);
}

void uart_init(struct vm *vm)
{
	uart.vm = vm;
	uart.poller = vm_poll(vm, STDIN_FILENO, uart_input, &uart);
	terminal_init();
	bus_add(&vm->ports, &(struct range){
		.start = UART_PORT, .size = UART_PORTS,
		.read = uart_read, .write = uart_write, .dev = &uart,
	});
}
