# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The QEMU command line. QEMU runs in the run directory, where vmlinuz,
# initramfs, the logs and the pipes have plain names: a path with a comma would
# need quoting in most of QEMU's options.
#
#	console.log	the root's kernel console (first serial port)
#	testhv.log	testhv's own log (port 0xe9)
#	out, err, ctl	pipes from the agent, see guest/agent.c

readonly QEMU_STATUS_GUEST=1	# the agent's way out: isa-debug-exit, value 0

# qemu_accel_check: ACCEL=kvm needs an AMD host with nested SVM on
qemu_accel_check()
{
	local nested=/sys/module/kvm_amd/parameters/nested

	case $ACCEL in
	tcg)
		return ;;
	kvm)
		[[ -r /dev/kvm && -w /dev/kvm ]] ||
			die "ACCEL=kvm: no access to /dev/kvm"
		[[ -r $nested && $(< "$nested") == [1Y] ]] ||
			die "ACCEL=kvm: this host offers no nested SVM ($nested)"
		;;
	*)
		die "ACCEL=$ACCEL: must be tcg or kvm" ;;
	esac
}

# qemu_vmbus: the node by which Linux finds VMBus, as a table:
# Scope (\_SB) { Device (VMB8) { Name (_HID, "VMBUS") Name (_CRS, Buffer () {0x79, 0}) } }
qemu_vmbus()
{
	{
		printf '\x10\x24\x5c_SB_\x5b\x82\x1cVMB8'
		printf '\x08_HID\x0dVMBUS\x00'
		printf '\x08_CRS\x11\x05\x0a\x02\x79\x00'
	} > "$RUN_DIR/vmbus.aml"
	QEMU_ARGS+=(-acpitable "sig=SSDT,rev=2,data=vmbus.aml")
}

# qemu_arguments: fills the array QEMU_ARGS from the run's settings
qemu_arguments()
{
	local cmdline=$1 cpu=max processors=$SMP testhv=$TESTHV

	[[ $ACCEL != kvm ]] || cpu=host
	# One more, which testhv keeps from harm: its tcg.h tells why.
	if [[ -z $BARE && $ACCEL == tcg ]] && ((SMP > 1)); then
		processors=$((SMP + 1)) testhv="park=1 $TESTHV"
	fi
	QEMU_ARGS=(
		-accel "$ACCEL" -smp "$processors" -m "$MEM"
		-nodefaults -display none -no-reboot
		-chardev "file,id=console,path=console.log"
		-device "isa-serial,chardev=console"
		-device "isa-debug-exit,iobase=0xf4,iosize=4"
		-chardev "file,id=out,path=out"
		-device "isa-debugcon,iobase=0x5e8,chardev=out"
		-chardev "file,id=err,path=err"
		-device "isa-debugcon,iobase=0x5e9,chardev=err"
		-chardev "file,id=ctl,path=ctl"
		-device "isa-debugcon,iobase=0x5ea,chardev=ctl"
	)
	if [[ -n $INTERACTIVE ]]; then
		# Ctrl-A x ends a machine that no longer answers.
		QEMU_ARGS+=(
			-chardev "stdio,id=tty,mux=on,signal=off"
			-device "isa-serial,chardev=tty"
		)
	fi
	if [[ -n $BARE ]]; then
		# QEMU 7.2 corrupts RFLAGS after CMPXCHG16B; testhv hides it
		# by itself.
		[[ $cpu != max ]] || cpu=max,-cx16
		QEMU_ARGS+=(
			-cpu "$cpu" -kernel vmlinuz -append "$cmdline"
			-initrd initramfs
		)
	else
		QEMU_ARGS+=(
			-chardev "file,id=testhv,path=testhv.log"
			-device "isa-debugcon,iobase=0xe9,chardev=testhv"
			-cpu "$cpu" -kernel testhv.elf -append "$testhv"
			-initrd "vmlinuz ${cmdline//,/,,},initramfs"
		)
	fi
	[[ " $TESTHV " != *" vmbus=1 "* ]] || qemu_vmbus
	QEMU_ARGS+=("${QEMU_EXTRA[@]}")
}

# qemu_start: in the background; sets QEMU_PID
qemu_start()
{
	local input=/dev/null

	[[ -z $INTERACTIVE ]] || input=/dev/fd/8
	exec 8<&0
	(
		cd "$RUN_DIR" || exit
		printf '%q ' "$QEMU" "${QEMU_ARGS[@]}" > qemu.cmd
		exec "$QEMU" "${QEMU_ARGS[@]}" < "$input" 2> qemu.log 7>&- 8>&-
	) &
	QEMU_PID=$!
	exec 8<&-
}

qemu_running()
{
	kill -0 "$QEMU_PID" 2> /dev/null
}

# qemu_stop GRACE: wait that many seconds, then kill; sets QEMU_STATUS
qemu_stop()
{
	local end=$((SECONDS + $1))

	while qemu_running && ((SECONDS < end)); do
		sleep 0.05
	done
	if qemu_running; then
		kill -KILL "$QEMU_PID" 2> /dev/null || true
	fi
	QEMU_STATUS=0
	wait "$QEMU_PID" 2> /dev/null || QEMU_STATUS=$?
}
