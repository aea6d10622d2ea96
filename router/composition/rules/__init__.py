"""One file an error code, or a family of codes that one thought explains; each offers plain functions.

Rules over one subgraph run in ``subgraph_rules``, in this order; the rules of merging are called where merging has
their facts at hand.
"""
