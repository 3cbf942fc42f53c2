"""From submissions to the gradebook, feedback and the staff's report."""
