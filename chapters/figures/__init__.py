"""Drawing code of the still figures, one module a chapter.

Each function takes the arrays or functions it draws and returns a
`matplotlib.figure.Figure`; none computes an answer of its own.
"""
