# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Follows a run by what the agent writes on the control port, and turns the
# way it ended into the runner's exit status.

# The stage the machine is in, from what it has left so far.
watch_stage()
{
	case $STAGE in
	start)
		if [[ -z $BARE && ! -s $RUN_DIR/testhv.log ]]; then
			echo "testhv did not start"
		elif ! grep -a -q 'Linux version' "$RUN_DIR/console.log"; then
			echo "the kernel did not start"
		else
			echo "the kernel did not reach its init"
		fi ;;
	init)
		echo "init did not get to loading modules" ;;
	modules)
		echo "loading of the modules did not end" ;;
	program)
		echo "the program did not end" ;;
	leaks)
		echo "the search for leaks did not end" ;;
	esac
} 2> /dev/null

watch_failed()
{
	RUN_STATUS=$1
	RUN_ERROR=$2
}

# One line of the agent.
watch_line()
{
	local verb=$1 word=$2 rest=$3

	case $verb in
	stage)
		STAGE=$word
		[[ -z $VERBOSE ]] || say "$(watch_clock) s: $STAGE"
		case $STAGE in
		program)	DEADLINE=$((TIMEOUT ? SECONDS + TIMEOUT : 0)) ;;
		leaks)		DEADLINE=$((SECONDS + BOOT_TIMEOUT)) ;;
		esac ;;
	status)
		RUN_STATUS=$word ;;
	signal)
		RUN_STATUS=$((128 + word))
		say "the program was ended by signal $word ($rest)" ;;
	gdb)
		gdb_wait "$word" "$rest" ;;
	error)
		case $word in
		not-root)	watch_failed "$EXIT_NOT_ROOT" "$rest" ;;
		module)		watch_failed "$EXIT_MODULE" "$word $rest" ;;
		*)		watch_failed "$EXIT_BOOT" "$word $rest" ;;
		esac ;;
	esac
}

# Seconds since the start, with tenths.
watch_clock()
{
	local now=${EPOCHREALTIME/[.,]/}

	now=$(((now - START_USEC) / 100000))
	echo "$((now / 10)).$((now % 10))"
}

# watch_find FILE PATTERN: the first match in a log, without line ends
watch_find()
{
	grep -a -s -o -m 1 -E "$2" "$RUN_DIR/$1" | tr -d '\r'
}

# QEMU ended without a word of the agent. testhv's statuses: its panic.h. The
# registers that follow its last words may be all that is ever seen of a fault.
watch_vanished()
{
	local words='(testhv: error|hypervisor panic|hypervisor fault|cannot continue): '
	local line

	line=$(watch_find testhv.log "$words.*")
	if [[ -n $line ]]; then
		sed -E "1,/$words/d" "$RUN_DIR/testhv.log" | head -n 60 >&2
		line=${line#testhv: error: }
		watch_failed "$EXIT_TESTHV" "testhv: $line"
		return
	fi
	line=$(watch_find console.log 'Kernel panic.*')
	if [[ -n $line ]]; then
		watch_failed "$EXIT_BOOT" "$line"
	elif [[ ! -e $RUN_DIR/console.log ]]; then
		watch_failed "$EXIT_TOOL" \
			"QEMU does not start: $(tail -n 1 "$RUN_DIR/qemu.log")"
	elif ((QEMU_STATUS == 0)); then
		watch_failed "$EXIT_BOOT" \
			"the machine went down: $(watch_stage)"
	elif ((QEMU_STATUS == 39)); then
		watch_failed "$EXIT_BOOT" "the kernel crashed: $(watch_stage)"
	elif ((QEMU_STATUS == 41)); then
		watch_failed "$EXIT_NOT_ROOT" \
			"a CPU of the root runs outside testhv"
	elif ((QEMU_STATUS > 128)); then
		watch_failed "$EXIT_TOOL" \
			"QEMU ended by signal $((QEMU_STATUS - 128))"
	else
		watch_failed "$EXIT_TESTHV" \
			"testhv stopped the machine (QEMU status $QEMU_STATUS)"
	fi
}

watch_late()
{
	if [[ $STAGE == program ]]; then
		watch_failed "$EXIT_TIMEOUT" \
			"the program did not end within $TIMEOUT s"
	elif [[ $STAGE == leaks ]]; then
		watch_failed "$EXIT_TIMEOUT" "$(watch_stage)"
	else
		watch_failed "$EXIT_BOOT" \
			"boot hung: $(watch_stage) within $(watch_clock) s"
	fi
}

# What the agent has written since, waiting up to that many seconds. QEMU writes
# byte by byte: what is no whole line yet is kept for the next time.
watch_lines()
{
	local text verb word rest

	while IFS= read -r -t "$1" -u 7 text; do
		read -r verb word rest <<< "$WATCH_PART$text"
		WATCH_PART=
		watch_line "$verb" "$word" "$rest"
		[[ -z $RUN_STATUS ]] || return 0
	done
	WATCH_PART+=$text
}

# Sets RUN_STATUS, and RUN_ERROR if that is not the program's own status.
# The control pipe is open as descriptor 7.
watch_run()
{
	WATCH_PART=
	while [[ -z $RUN_STATUS ]]; do
		watch_lines 0.2
		if [[ -n $RUN_STATUS ]]; then
			break
		elif ! qemu_running; then
			watch_lines 1
			break
		elif ((DEADLINE && SECONDS >= DEADLINE)); then
			watch_late
			qemu_stop 0
			return
		fi
	done
	qemu_stop 10
	[[ -n $RUN_STATUS ]] || watch_vanished
}
