"""How fast is one machine? Every figure is taken beside a peer's in one run, because only the ratio means anything.

`make bench` runs it: `python -m evals.bench`. The peers (LangChain with Chroma, sentence-transformers on PyTorch,
rank_bm25) live in an environment of their own, made by the same target, and are run by `peer.py`, which imports nothing
of Saring. Each measurement is a process of its own, so that its peak memory is its own.
"""
