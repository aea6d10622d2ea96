"""One check a file; `auth.endpoints` puts them in order. The matrix: docs/auth-endpoints.md."""
