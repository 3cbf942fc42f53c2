"""From submissions to the gradebook, feedback and the staff's report."""

import sys

# nbformat imports jsonschema, and that the grammar of internationalised
# addresses, which takes a second to build and which no notebook's schema asks for.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
