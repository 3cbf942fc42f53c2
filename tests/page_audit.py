"""Looks at a page as a browser does, for what must not be in it."""

from __future__ import annotations

from html.parser import HTMLParser

# What our own templates use; anything else came from somebody's text.
TAGS = set(
    "html head meta title style body header h1 h2 p meter nav table tr th td a code "
    "section strong pre div ul li details summary span footer img svg rect text "
    "thead tbody".split()
)
ATTRIBUTES = set(
    "lang charset name content http-equiv class id href src alt min max value "
    "aria-label aria-hidden role width height viewbox x y".split()
)


class Audit(HTMLParser):
    """Collects faults and the text that a reader sees."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what our templates would not write."""
        if tag not in TAGS:
            self.faults.append(f"<{tag}>")
        for name, value in attrs:
            if name not in ATTRIBUTES:
                self.faults.append(f"<{tag} {name}={value!r}>")
            inside = str(value).startswith(("#", "../feedback/"))
            if name == "href" and not inside:
                self.faults.append(f"href {value}")
            if name == "src" and not str(value).startswith(
                "data:image/svg+xml;base64,"
            ):
                self.faults.append(f"src {value}")

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.words.append(data)

    @property
    def text(self) -> str:
        """The text of the page."""
        return "".join(self.words)
