"""Faults of machines, not attacks: they need runs of their own.

A killed grader, lost workers, full disks and locked databases end in the grades
of an undisturbed run or in a clear message.
"""

LINES = (42, 43, 44, 46)
TESTS = (
    "tests/test_threats.py::test_a_killed_grader_goes_on_where_it_stopped",
    "tests/test_pool.py::test_a_deadly_job_is_found_out",
    "tests/test_store.py::test_a_damaged_file_counts_as_none",
    "tests/test_store.py::test_a_failed_write_leaves_the_old_verdict",
    "tests/test_recorder.py::test_all_or_nothing",
    "tests/test_recorder.py::test_a_locked_gradebook_is_one_message",
    "tests/test_recorder.py::test_a_full_disk_is_one_message_and_nothing_is_lost",
    "tests/test_faults.py::test_a_killed_grader_goes_on_where_it_was",
    "tests/test_faults.py::test_two_graders_at_once_do_no_harm",
    "tests/test_dask.py::test_two_of_four_workers_die",
    "tests/test_postgres.py::test_a_restart_in_the_middle_costs_nothing",
    "tests/test_store.py::test_every_part_changes_the_address",
    "tests/test_release.py::test_changed_exercises_with_grades_are_refused",
    "tests/test_threats.py::test_the_last_one_handed_in_counts",
)
