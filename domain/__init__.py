"""The business of DriveOps: standard library only, no I/O, no clock, no framework."""
