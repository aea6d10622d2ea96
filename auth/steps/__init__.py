"""One check a file; `auth.endpoints` puts them in order. `docs` of the matrix: python -m auth.endpoints."""
