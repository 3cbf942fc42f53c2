"""From exercises to verdicts: cases, reference, comparison, and the proof that
an exercise's own tests can be trusted.
"""
