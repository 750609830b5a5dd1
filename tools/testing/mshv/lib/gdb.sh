# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# run --gdb: once the module is loaded, the machine waits for gdb.

# gdb_attached: to the port, since --qemu-arg=-S for example
gdb_attached()
{
	# Local address, remote address, state "established"
	grep -q -E "$(printf ':%04X [0-9A-F]+:[0-9A-F]+ 01 ' "$GDB")" /proc/net/tcp{,6}
} 2> /dev/null

# gdb_wait TEXT "DATA BSS": writes the commands by which gdb gets at the module that
# was loaded there, if one was, and stops the machine
gdb_wait()
{
	local text=$1 data bss script=$MSHV_OUT/run/gdb

	read -r data bss <<< "$2"
	{
		echo "set pagination off"
		# Of these gdb asks for each frame, and QEMU has no answer.
		echo "set print entry-values no"
		echo "target remote localhost:$GDB"
		[[ -z $text || -z $MODULE ]] ||
			echo "add-symbol-file $(realpath -- "$MODULE") $text" \
				"-s .data $data -s .bss $bss"
	} > "$script"
	if gdb_attached; then
		say "gdb: what is in $script tells it of the module"
		return
	fi
	# QEMU stops at a connection and does not go on when it ends.
	: <> "/dev/tcp/localhost/$GDB"
	say "the machine waits for gdb: gdb -x $script"
}
