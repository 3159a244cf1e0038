"""How fast we are beside the peers, measured in the same run: `python -m tests.benchmarks`.

One module a measure (`start`, `first_output`, `one_cell`, `chain`), whose docstring says from where to where it is
timed. `peers` knows how to start and to talk to each program. Nothing here passes or fails: it prints a table.
"""
