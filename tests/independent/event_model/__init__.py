"""A second model of the machine, event by event, to measure the first one's errors.

Written from the description of the machine and not from its kernels. Every resource is
given and every cache line replaced in order of time. Slow and short: `hwmodel` has the
figures of record, this says how far its approximations move them.
`python -m tests.independent.event_model` prints the comparison.
"""
