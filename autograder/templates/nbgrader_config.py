"""nbgrader's settings for this course; `course release` writes this file.

Change it in autograder/templates/nbgrader_config.py.
"""

import os
from pathlib import Path

from autograder.grading import collect
from autograder.grading.gradebook import DATABASE
from autograder.publishing import question
from autograder.publishing.stub import BEGIN, END, PLACEHOLDER

c = get_config()  # type: ignore[name-defined]  # noqa: F821  nbgrader brings it

# The course is the folder that this file is in, wherever it is moved.
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.CourseDirectory.course_id = "convnets-by-hand"
# A gradebook on a server; else gradebook.db in this folder.
if DATABASE in os.environ:
    c.CourseDirectory.db_url = os.environ[DATABASE]

# The same cut as on the website, so that page and notebook show one stub.
c.ClearSolutions.code_stub = {"python": PLACEHOLDER}
c.ClearSolutions.text_stub = question.PLACEHOLDER
c.ClearSolutions.begin_solution_delimeter = BEGIN
c.ClearSolutions.end_solution_delimeter = END

# What students pack: <student>_convnets.zip with <chapter>.ipynb in it.
c.FileNameCollectorPlugin.named_regexp = collect.PATHS
c.ZipCollectApp.strict = True

# Grading: a submission is opened and run by our steps only.
STEPS = "autograder.grading.nbgrader_steps"
METADATA = "nbgrader.preprocessors.CheckCellMetadata"
c.Autograde.exporter_class = f"{STEPS}.DefensiveExporter"
c.Autograde.pre_convert_hook = f"{STEPS}.set_aside"
c.Autograde.sanitize_preprocessors = [f"{STEPS}.Transplant", METADATA]
c.Autograde.autograde_preprocessors = [
    f"{STEPS}.Verdicts",
    f"{STEPS}.SaveScores",
    "nbgrader.preprocessors.AssignLatePenalties",
    f"{STEPS}.ShowVerdicts",
    METADATA,
]

# Feedback and exports are ours; both look at the gradebook as nbgrader does.
c.GenerateFeedback.exporter_class = "autograder.grading.feedback_files.FeedbackExporter"
c.GenerateFeedback.preprocessors = []
c.ExportApp.plugin_class = "autograder.grading.export.SafeCsv"

# The formgrader shows notebooks in which students added cells.
c.HTMLExporter.sanitize_html = True
