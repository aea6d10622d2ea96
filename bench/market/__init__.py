"""A market of ten subgraphs, large enough for every workload of ``bench/router``."""
