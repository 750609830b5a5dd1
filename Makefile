# SPDX-License-Identifier: GPL-2.0
#
# Top of the tree: everything is built below $(O) and nothing is installed.
# "make help" lists the targets.

O	?= build
KVER	?= $(shell $(tools)/kernel default)
TARGETS	?= mshv

tools	:= tools/testing/mshv
out	:= $(abspath $(O))

export O := $(out)
# O= on the command line would otherwise reach the sub-makes of the scripts.
MAKEOVERRIDES :=

.PHONY: all
all: testhv modules samples

##@ Run (as root, installs the packages that are missing)

.PHONY: demo demo-short
demo:			## boot testhv, a root partition and a Linux guest; talk to it
	@$(tools)/demo
demo-short:		## the same with a guest of a few lines
	@$(tools)/demo --short

.PHONY: check-guests
check-guests:		## Linux guests of all kinds as tests; GUESTS= ROUNDS= KERNEL=
	@$(tools)/guests $(GUESTS)

.PHONY: kselftest
kselftest:		## run the selftests; KERNEL= SMP= MEM= TESTHV= KSFT_ARGS=
	@TARGETS="$(TARGETS)" $(tools)/kselftest run

.PHONY: kselftest-all kselftest-install kselftest-gen_tar kselftest-clean
kselftest-all:		## build the selftests
kselftest-install:	## build them into $(O)/kselftest/install
kselftest-gen_tar:	## pack them into a tar archive
kselftest-clean:	## remove what they left
kselftest-all kselftest-install kselftest-gen_tar kselftest-clean:
	@TARGETS="$(TARGETS)" $(tools)/kselftest $(@:kselftest-%=%)

.PHONY: check-qemu
check-qemu:		## boot Linux with Debian's QEMU, -accel mshv; QEMU_SUITE= KERNEL=
	@$(tools)/check-qemu

.PHONY: check-mainline
check-mainline:		## selftests and QEMU on mainline's driver and on ours; TESTS=
	@$(tools)/check-mainline $(TESTS)

.PHONY: check-kexec
check-kexec:		## another kernel in the root partition's place; ROUNDS= KERNEL= SMP=
	@$(tools)/check-kexec $(CHECKS)

.PHONY: check-release
check-release:		## "make demo" and the selftests in a fresh Debian; RELEASE=
	@$(tools)/check-release

.PHONY: check-kvm
check-kvm:		## ACCEL=kvm, with KVM in an emulated machine; KERNEL= TESTHV=
	@$(tools)/check-kvm

.PHONY: check-gdb
check-gdb:		## a test that fails, with gdb in the driver; KERNEL= SMP= TESTHV=
	@$(tools)/check-gdb

.PHONY: check-errnos
check-errnos:		## which documented errors no selftest provokes; KERNEL= TESTHV=
	@$(tools)/check-errnos

.PHONY: check-debug
check-debug:		## selftests on kernels with sanitizers; KERNELS= SMP= TESTHV=
	@$(tools)/check-debug $(KERNELS)

.PHONY: check-fuzz
check-fuzz:		## random calls, kills, guests; PARTS= CALLS= ROUNDS= SEED= KERNEL=
	@$(tools)/check-fuzz $(PARTS)

.PHONY: check-coverage
check-coverage:		## which lines of the driver the selftests execute; KERNEL= SMP= TESTS=
	@$(tools)/check-coverage $(TESTS)

##@ Build

.PHONY: testhv
testhv:			## the test hypervisor: $(O)/testhv/testhv.elf
	@$(MAKE) -s -C tools/testing/testhv O=$(out)/testhv

.PHONY: modules
modules:		## mshv.ko for KVER=6.1|6.12|7.3: $(O)/modules/$(KVER)/mshv.ko
	@$(tools)/build-module $(KVER)

.PHONY: samples
samples:		## the sample VMMs: $(O)/samples
	@$(MAKE) -s -C samples/mshv O=$(out)/samples

.PHONY: docs
docs:			## the documentation as HTML: $(O)/docs
	@$(tools)/build-docs

.PHONY: deb
deb:			## Debian packages of driver and header: $(O)/deb
	@packaging/deb/build

##@ Check

.PHONY: check
check:			## style and static checks of the whole tree
	@$(tools)/check

.PHONY: check-graft
check-graft:		## graft onto kernel trees and build there; TREES="6.1 DIR ..." RUN=1
	@$(tools)/check-graft $(TREES)

.PHONY: check-options
check-options:		## drivers without some of the parts; SUBSETS= SEED= RUN=1 KERNEL=
	@$(tools)/check-options $(SUBSETS)

.PHONY: check-arm64
check-arm64:		## cross-compile the driver for arm64
	@$(tools)/check-arm64

.PHONY: check-deb
check-deb:		## install the Debian packages in a fresh Debian; DEB_SUITE=
	@$(tools)/check-deb

.PHONY: check-all
check-all: check check-options check-arm64 check-graft check-deb	## all of that which needs no QEMU

##@ Kernel trees

.PHONY: graft ungraft
graft:			## put the driver into the kernel tree KDIR=
	@$(tools)/graft $(if $(FORCE),--force) "$(KDIR)"

ungraft:		## take it out again; both: FORCE=1 despite changes there
	@$(tools)/graft --undo $(if $(FORCE),--force) "$(KDIR)"

##@ Clean

.PHONY: clean
clean:			## remove what was built; fetched packages stay
	@if [ -d '$(O)' ]; then find '$(O)' -mindepth 1 -maxdepth 1 \
		! -name kernels ! -name busybox ! -name linux-source ! -name qemu \
		! -name trees ! -name debootstrap ! -name sparse \
		-exec rm -rf {} +; fi

.PHONY: distclean
distclean:		## remove $(O)
	@rm -rf $(out)

##@ Help

.PHONY: help
help:			## this list
	@awk -F ':.*## *' \
		'/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		 /^[a-z_-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' \
		$(firstword $(MAKEFILE_LIST))
	@echo
	@echo "Variables: O=DIR build directory (build), KVER=6.1|6.12|7.3 kernel series,"
	@echo "ACCEL=kvm nested SVM instead of emulation, KSFT_TREE=DIR a kernel tree"
	@echo "for the kselftest framework. See also $(tools)/run --help."
