"""The `quiz` directive: questions that answer back.

Each choice has a reason. With JavaScript (`static/quiz.js`) choosing shows
it; without, the reasons stand in a `<details>` below the choices.
"""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from autograder.book.wrapped import wrap
from autograder.errors import AuthorError
from autograder.publishing.quiz import Answer, Question, parse


def setup(app: Sphinx) -> None:
    """Add the directive and its script."""
    app.add_directive("quiz", Quiz)
    app.add_js_file("quiz.js", loading_method="defer")


class Quiz(SphinxDirective):
    """A list of questions in YAML; see `autograder.publishing.quiz`."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """The quiz's nodes, or an error of the build."""
        try:
            questions = parse("\n".join(self.content))
        except AuthorError as error:
            raise self.error(str(error)) from None
        name = f"quiz-{self.env.new_serialno('quiz') + 1}"
        count = len(questions)
        blocks = [
            self._question(item, f"{name}-{index}", f"Question {index} of {count}")
            for index, item in enumerate(questions, start=1)
        ]
        return [wrap(f'<div class="quiz" id="{name}">', "</div>", *blocks)]

    def _question(self, item: Question, name: str, place: str) -> nodes.Element:
        legend = wrap(
            f'<legend><span class="quiz-place">{place}</span> ',
            "</legend>",
            *self._inline(item.text),
        )
        choices = [
            self._choice(answer.text, name, f"{name}-{index}")
            for index, answer in enumerate(item.answers, start=1)
        ]
        reasons = wrap(
            # The live region has to be there before something is said in it.
            '<div class="quiz-reply" role="status" aria-live="polite"></div>'
            '<details class="quiz-reasons"><summary>Answers and reasons</summary><ul>',
            "</ul></details>",
            *(self._reason(answer) for answer in item.answers),
        )
        opening = f'<fieldset class="quiz-question" id="{name}">'
        return wrap(opening, "</fieldset>", legend, *choices, reasons)

    def _choice(self, text: str, group: str, name: str) -> nodes.Element:
        opening = (
            f'<div class="quiz-choice"><input type="radio" id="{name}" '
            f'name="{group}"><label for="{name}">'
        )
        return wrap(opening, "</label></div>", *self._inline(text))

    def _reason(self, answer: Answer) -> nodes.Element:
        verdict, word = ("right", "Right") if answer.correct else ("wrong", "Not so")
        opening = (
            f'<li class="quiz-{verdict}"><strong class="quiz-verdict">{word}.</strong> '
        )
        said = nodes.paragraph("", "", *self._inline(answer.text))
        return wrap(opening, "</li>", said, *self._parsed(answer.because))

    def _inline(self, text: str) -> list[nodes.Node]:
        """The words of a text of one paragraph; all of a longer one."""
        parsed = self._parsed(text)
        if len(parsed) == 1 and isinstance(parsed[0], nodes.paragraph):
            return list(parsed[0].children)
        return parsed

    def _parsed(self, text: str) -> list[nodes.Node]:
        return self.parse_text_to_nodes(text)
