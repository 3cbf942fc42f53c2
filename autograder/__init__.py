"""The machinery of the course: publishing, judging, grading."""

import sys

# jsonschema, which nbformat needs, loads this to check one format of addresses
# that no notebook has, and compiles a grammar of a second and a half for it.
# Where it is missing, jsonschema leaves that check out.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
