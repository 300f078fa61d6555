"""Run by conftest.py: enters the lab's sandbox and runs pytest there."""

import sys

import pytest

from portvnf.lab import sandbox

sandbox.enter(sys.argv)
sys.exit(pytest.main(["-p", "no:cacheprovider", *sys.argv[1:]]))
