"""nbgrader's settings for this course; `course release` writes this file.

Change it in autograder/templates/nbgrader_config.py.
"""

from pathlib import Path

from autograder.stub import BEGIN, END, PLACEHOLDER

c = get_config()  # type: ignore[name-defined]  # noqa: F821  nbgrader brings it

# The course is the folder that this file is in, wherever it is moved.
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.CourseDirectory.course_id = "convnets-by-hand"

# The same cut as on the website, so that page and notebook show one stub.
c.ClearSolutions.code_stub = {"python": PLACEHOLDER}
c.ClearSolutions.begin_solution_delimeter = BEGIN
c.ClearSolutions.end_solution_delimeter = END
