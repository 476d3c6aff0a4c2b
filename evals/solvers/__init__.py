"""Solvers put cases to a system under test and write down what it answered. They never score.

Tasks score what solvers wrote, so that a change of metric needs no second run (`rescore`), and several tasks can
score one run of the same solver.
"""
