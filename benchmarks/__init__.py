"""What gitblog costs: time and memory of the whole program, measured from outside and against a peer.

    python -m benchmarks [NAME...]      (or: make bench ARGS="...")

Machines differ and are rarely quiet, so a figure alone says little: each benchmark also measures a peer in the same
run on the same input, and gives the ratio. Nothing here passes or fails; docs/measurements.md says how to read it.
"""
