# `make` alone prints this help.
PYTHON ?= python3.11
BIN := .venv/bin
STAMP := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test site release pdf publish verify bench frames fuzz faults fix lock clean

help:  ## Show this help
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

# Rebuilt from nothing when the lock changes, so that no old package stays.
$(STAMP): requirements.lock
	@echo "Making .venv from requirements.lock (about two minutes) ..."
	@$(PYTHON) tools/install.py

demo: $(STAMP)  ## From nothing to a site, a graded sample class, feedback and a report
	$(BIN)/course demo

test: $(STAMP)  ## Everything that CI runs
	$(BIN)/python tools/check.py

site: $(STAMP)  ## Build the website into _build/html
	$(BIN)/course site

release: $(STAMP)  ## Make assignments and the student bundle
	$(BIN)/course release

pdf: $(STAMP)  ## Print the built website as one PDF into _build/pdf
	$(BIN)/python tools/pdf.py

publish: $(STAMP)  ## Put _build/public together and look for leaks; TO=clone also pushes it
	$(BIN)/python tools/publish.py $(if $(TO),--to $(TO),--dry-run)

verify: $(STAMP)  ## Prove every exercise: right answers pass, wrong ones and mutants fail
	$(BIN)/course verify --mutants

bench: $(STAMP)  ## Measure grading side by side with stock nbgrader
	$(BIN)/python tools/bench.py

frames: $(STAMP)  ## Drag every live figure and time the frames that are drawn
	$(BIN)/python tools/frames.py

fuzz: $(STAMP)  ## Rubbish in large numbers for everything that reads submissions
	$(BIN)/python tests/fuzz

faults: $(STAMP)  ## Kill the grader 50 times in a run over 200 submissions, and compare
	$(BIN)/python tests/faults

fix: $(STAMP)  ## Format and repair what ruff can repair
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock:  ## Resolve pyproject.toml into requirements.lock
	@$(PYTHON) tools/lock.py

clean:  ## Remove everything that was made, the environment too
	rm -rf _build .venv .pytest_cache .mypy_cache .ruff_cache
