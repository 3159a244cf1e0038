"""How fast we are beside the peers, measured in the same run: `python -m tests.benchmarks`.

One module a measure (`start`, `first_output`, `one_cell`, `chain`, `printing`, `many`, `memory`), whose docstring says
what is measured, and from where to where. `peers` knows how to start and to talk to each program. Nothing here passes
or fails: it prints tables, with what we want of ours beside them.
"""
