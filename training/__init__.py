"""How the two embedded models were made; never imported by `retrieval`, `checker` or `evals`.

Each module is one recipe, run as `python -m training.<name>`: `vocabulary`, `embedder`, `judge`, `calibrate`,
`export`, `checkworthiness`. They read the data folder (`SARING_DATA`, default `../shared/data`), write a run folder
under `training/runs/`, and what is worth keeping is exported into the package that uses it.
"""
