"""The hidden reference answers, a module a chapter."""
