"""Shuts programs in that nobody has read: a clean, jailed process that forks one child a program."""

from harvest.verifiers.sandbox.jailed import Ended as Ended
from harvest.verifiers.sandbox.jailed import Jailed as Jailed
from harvest.verifiers.sandbox.sandbox import Sandbox as Sandbox
from harvest.verifiers.sandbox.sandbox import describe as describe
from harvest.verifiers.sandbox.sandbox import what_shuts_in as what_shuts_in
