"""The interface for Python: functions, their gradients, what these cost.

`import tapeflow as tf` has all names of this package; they are loaded when first used.
"""
