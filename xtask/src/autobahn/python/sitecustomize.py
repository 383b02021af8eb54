"""Python imports this by itself when it starts with this directory in PYTHONPATH.

* wstest binds 0.0.0.0 whatever its configuration says. Here every server binds 127.0.0.1, so that
  a test run offers nothing to the network.
* `pip install --target` leaves .pth files unread, which the zope packages need: TAUTLINE_PACKAGES
  names such a directory.

Written for Python 2.7, the only one that wstest runs on.
"""

import os
import site
import socket
import sys

packages = os.environ.get("TAUTLINE_PACKAGES")
if packages:
    site.addsitedir(packages)
    # addsitedir appends; an older package of the system must not win over one installed here.
    sys.path.insert(0, packages)

bind_anywhere = socket.socket.bind


def bind(self, address):
    if isinstance(address, tuple) and address[0] in ("", "0.0.0.0"):
        address = ("127.0.0.1",) + address[1:]
    return bind_anywhere(self, address)


socket.socket.bind = bind
