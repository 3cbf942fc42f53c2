"""The public package of the course: what a student's notebook imports."""
