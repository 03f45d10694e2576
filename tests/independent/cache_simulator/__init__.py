"""The cache against pycachesim, an established simulator, on the same addresses.

`python -m tests.independent.cache_simulator` prints hits, misses and write-backs of
both side by side; it needs pycachesim, which a C compiler builds
(`pip install -e '.[simulators]'`). `counts.csv` keeps what pycachesim counted, so that
the tests need neither.
"""
