# `make help` lists the targets. All that is installed goes into .venv; the machine
# needs make and a Python of at least 3.11, and nothing else.

.DEFAULT_GOAL := help
unexport PYTHONPATH PYTHONHOME

PY := .venv/bin/python
STAMP := .venv/.installed
NOTEBOOKS := $(wildcard notebooks/*.ipynb)

# The first Python on the path that will do; `make PYTHON=...` names another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c $(USABLE) >/dev/null 2>&1 && { echo $$p; break; }; done)
USABLE := 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'

PIP_INSTALL := -m pip --disable-pip-version-check --no-input install --quiet
# Byte code is made when it is first needed: half the time of an installation.
LOCKED := $(PIP_INSTALL) --no-compile --no-deps --require-hashes --requirement

# One BLAS thread a test worker: the workers share the cores among them.
pytest = OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 \
	$(1) -m pytest --numprocesses=auto --maxprocesses=8 --dist=worksteal

# A checkout that was moved or copied with its .venv is installed anew.
ifneq ($(shell cat $(STAMP) 2>/dev/null),$(CURDIR))
.PHONY: $(STAMP)
endif

.PHONY: help install verify test check lint types shapes format wheel-test notebooks \
	docs constraints readme changelog clean test-gpu mutants falsify

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' \
		$(firstword $(MAKEFILE_LIST))

install: $(STAMP)  ## create .venv with the pinned dependencies and geomadv itself

$(STAMP): constraints.txt pyproject.toml
	@test -n "$(PYTHON)" && $(PYTHON) -c $(USABLE) 2>/dev/null || { \
		echo "geomadv needs Python 3.11 or newer with its modules venv and" \
		"ensurepip (on Debian: python3-venv)," \
		"$(if $(PYTHON),and $(PYTHON) is not that,and none is on the path)." \
		"Name another: make PYTHON=/path/to/python" >&2; exit 1; }
	@echo "Installing into .venv: about a minute"
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv .venv
	@$(PY) $(LOCKED) constraints.txt
	@$(PY) $(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@echo "$(CURDIR)" > $@

verify: $(STAMP)  ## verify every claim: the main job
	@.venv/bin/geomadv verify $(ARGS)

falsify: $(STAMP)  ## search the registry for violations: 15 minutes
	@.venv/bin/geomadv falsify --false --budget 30s $(ARGS)
	@.venv/bin/geomadv falsify --true --budget 2.1s $(ARGS)

test: $(STAMP)  ## run the tests and the examples in the docstrings
	@$(call pytest,$(PY)) --doctest-modules --ignore=tests/gpu \
		tests geomadv kernels/geomadv_kernels $(ARGS)

check: lint types test shapes test-gpu  ## everything that must be green before a commit

lint: $(STAMP)  ## check format and style
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .

types: $(STAMP)  ## check the types
	@$(PY) -m mypy

# An int may stand for a float, as everywhere in Python's types (PEP 484).
CHECKER := beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))

# Left out are files whose loops the checker would make take minutes, those that go over
# all claims or models, and the outer layers, which call what the others test.
shapes: $(STAMP)  ## run the tests with the shapes of all arrays checked
	@GEOMADV_EXAMPLES=5 $(call pytest,$(PY)) -p no:geomadv \
		'--jaxtyping-packages=geomadv,$(CHECKER)' \
		-m "not errors and not slow" --ignore=tests/gpu --ignore=tests/bench \
		--ignore=tests/cli --ignore=tests/mutants --ignore=tests/report \
		--ignore=tests/simulations \
		--ignore=tests/studies --ignore=tests/testing --ignore=tests/notebooks \
		--ignore=tests/claims/test_ablation.py \
		--ignore=tests/theories/test_registry.py \
		--ignore=tests/theories/test_planted_bugs.py \
		--ignore=tests/theories/test_certificates.py \
		--ignore-glob='tests/theories/test_*enclosures.py' \
		--ignore-glob='tests/theories/test_broken_*' \
		--ignore=tests/theories/test_extreme_inputs.py \
		--ignore=tests/theories/test_random_competitors.py \
		--ignore-glob='tests/kernels/test_[!d]*' \
		--ignore-glob='tests/perturbations/test_[enp]*' \
		--ignore=tests/perturbations/test_relations.py \
		--ignore=tests/perturbations/test_witnesses.py $(ARGS)

format: $(STAMP)  ## format the code and mend what ruff can mend
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

# In a folder outside the checkout, in an environment that holds the wheel and the pinned
# dependencies: what shows that all files are in it. `make test` has the rest.
wheel-test: $(STAMP)  ## build the wheel and test it in a clean environment
	@set -e; tmp=$$(mktemp -d); trap 'rm -rf "$$tmp"' EXIT; \
	$(PY) -m hatchling build --target wheel --directory "$$tmp/dist"; \
	$(PY) -m venv "$$tmp/venv"; \
	"$$tmp/venv/bin/python" $(LOCKED) constraints.txt; \
	"$$tmp/venv/bin/python" $(PIP_INSTALL) --no-deps "$$tmp"/dist/*.whl; \
	"$$tmp/venv/bin/python" -m pip --disable-pip-version-check check; \
	cp -R tests pyproject.toml "$$tmp"; \
	cd "$$tmp"; $(call pytest,venv/bin/python) tests/cli/test_claims.py \
		tests/cli/test_main.py tests/report tests/plotting tests/test_public_api.py \
		--pyargs --doctest-modules geomadv $(ARGS)

# What needs a CUDA device is skipped where there is none, and says so.
test-gpu: .venv/.cuda-check  ## run the tests of the CUDA sources, on a GPU if there is one
	@$(call pytest,$(PY)) tests/gpu $(ARGS)

.venv/.cuda-check: $(STAMP) kernels/constraints.txt
	@$(PY) $(LOCKED) kernels/constraints.txt
	@touch $@

# Errors in the formulas, one at a time, in copies of the tree: 25 minutes on two cores.
# A run that was interrupted goes on; ARGS="--help" names the options.
mutants: $(STAMP)  ## plant 200 errors in the formulas and see the tests catch them
	@$(PY) -m tests.mutants $(ARGS)

# Each is a target of its own: `make --jobs=2 notebooks` runs two at a time.
notebooks: $(NOTEBOOKS:notebooks/%=run-%)  ## run every notebook; the results go to out/notebooks

run-%.ipynb: $(STAMP)
	@mkdir -p out/notebooks
	@echo "notebooks/$*.ipynb"
	@cp "notebooks/$*.ipynb" out/notebooks
	@PATH="$(CURDIR)/.venv/bin:$$PATH" .venv/bin/jupyter-execute \
		--JupyterApp.log_level=WARN --inplace "out/notebooks/$*.ipynb"

docs: .venv/.docs  ## build the documentation into docs/_build
	@$(PY) -m sphinx -W --keep-going -b html docs docs/_build/html

.venv/.docs: $(STAMP) docs/constraints.txt
	@$(PY) $(LOCKED) docs/constraints.txt
	@touch $@

# Existing pins stay where they still fit; `make constraints UPGRADE=--upgrade` takes
# the newest releases. The pins serve every Python from 3.11 and every platform. What
# only the documentation needs is pinned beside it.
COMPILE = build/uv/bin/uv pip compile --quiet --universal --python-version 3.11 \
	--fork-strategy fewest --generate-hashes --no-annotate --no-header \
	--no-emit-index-url --extra dev --extra testing $(UPGRADE)

constraints:  ## pin the dependencies of pyproject.toml anew (uses uv)
	@test -x build/uv/bin/uv || { $(PYTHON) -m venv build/uv && \
		build/uv/bin/python $(PIP_INSTALL) uv; }
	@$(COMPILE) --output-file constraints.txt pyproject.toml
	@$(COMPILE) --extra docs --constraints constraints.txt \
		$$(sed -n 's/^\([a-z0-9-]*\)==.*/--no-emit-package \1/p' constraints.txt) \
		--output-file docs/constraints.txt pyproject.toml
	@grep -v '^#' docs/constraints.txt > build/docs.txt
	@mv build/docs.txt docs/constraints.txt
	@$(COMPILE) --extra cuda-check --constraints constraints.txt \
		$$(sed -n 's/^\([a-z0-9-]*\)==.*/--no-emit-package \1/p' constraints.txt) \
		--output-file kernels/constraints.txt pyproject.toml
	@grep -v '^#' kernels/constraints.txt > build/cuda.txt
	@mv build/cuda.txt kernels/constraints.txt

readme: $(STAMP)  ## write the table of papers into README.md
	@$(PY) docs/_readme.py

changelog: $(STAMP)  ## show the changelog's next section from changelog.d
	@$(PY) -m towncrier build --draft --version "$$($(PY) -c \
		'import geomadv; print(geomadv.__version__)')"

clean:  ## delete what can be made again, .venv included
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist out \
		docs/_build docs/gallery docs/generated docs/notebooks docs/claims.md
	find . -name __pycache__ -prune -exec rm -rf {} +
