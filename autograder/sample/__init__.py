"""A class of sample submissions, for `make demo` and the end-to-end test."""
