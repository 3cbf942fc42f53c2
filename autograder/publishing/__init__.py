"""From chapters to the website's stubs, nbgrader's release and the student bundle."""
