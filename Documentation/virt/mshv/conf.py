# SPDX-License-Identifier: GPL-2.0
#
# Sphinx configuration for these pages alone. "make htmldocs" of a kernel tree
# has its own, and runs this file, if at all, in the same namespace after it:
# then there is nothing to do here.
#
# KDOC_TREE in the environment names a kernel tree that has
# Documentation/sphinx/kerneldoc.py and scripts/kernel-doc. Without it the
# kernel-doc directives show the source text instead.

import os
import re
import sys

from docutils import nodes
from docutils.parsers.rst import Directive, directives

if "kerneldoc_bin" not in globals():
    here = os.path.abspath(os.path.dirname(__file__))
    srctree = os.path.normpath(os.path.join(here, "../../.."))
    kdoc_tree = os.environ.get("KDOC_TREE")

    project = "mshv"
    copyright = "The mshv developers"
    author = "The mshv developers"
    master_doc = "index"
    exclude_patterns = []
    extensions = []
    primary_domain = "c"
    highlight_language = "none"
    html_theme = "alabaster"
    html_show_copyright = False

    if kdoc_tree:
        os.environ.setdefault("srctree", srctree)
        sys.path.insert(0, os.path.join(kdoc_tree, "Documentation/sphinx"))
        extensions.append("kerneldoc")
        kerneldoc_bin = os.path.join(kdoc_tree, "scripts/kernel-doc")
        kerneldoc_srctree = srctree
        # Types of the kernel that the structures use
        nitpick_ignore = [("c:identifier", name) for name in
                          ("__u8", "__u16", "__u32", "__u64",
                           "__s8", "__s16", "__s32", "__s64")]

    class SourceText(Directive):
        """Stand-in for kernel-doc: the structures as they are in the header."""

        required_arguments = 1
        option_spec = {"identifiers": directives.unchanged_required}

        def run(self):
            path = os.path.join(srctree, self.arguments[0])
            with open(path, encoding="utf-8") as header:
                text = header.read()
            out = []
            for name in self.options.get("identifiers", "").split():
                found = re.search(r"^struct %s \{.*?^\}[^\n]*;$" % re.escape(name),
                                  text, re.MULTILINE | re.DOTALL)
                if not found:
                    raise self.error("%s has no struct %s" % (path, name))
                block = nodes.literal_block(found.group(0), found.group(0))
                block["language"] = "c"
                out.append(block)
            return out

    def setup(app):
        if not kdoc_tree:
            app.add_directive("kernel-doc", SourceText)
