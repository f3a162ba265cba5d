# What a reader does, a target each:
#
#   make basic     §9.1, strips in samples/
#   make cgan      §9.2, strips in samples2/
#   make all       both at once
#   make run LISTING=my_gan   a listing of your own, chapter09/my_gan.py
#   make sweep SEEDS="1 2 3 4" LISTING=basic   several seeds, and how far their figures differ
#     SCHEDULER=HOST:PORT   on the workers of that scheduler of dask's
#   make worker SCHEDULER=HOST:PORT   trains for a sweep on a cluster, until it is stopped
#   make diff      are the last runs' digits as good as TensorFlow 1.15's, or as those in BOOK=DIR?
#   make handin NAME=김민수   what those runs have left, as one zip to hand in
#   make grade DIR=handins   marks a folder of hand-ins: grades.csv, report.html and a text for each in grades/
#   make digits DIGITS=20261122   those digits by §9.2's last run, in digits.png
#   make movie     how §9.2's last run has learnt, in movie.gif
#   make curves    its losses, in curves.png
#   make page      the last runs in the browser, in page.html: draw with them, ask D, train on
#   make check N=3 LISTING=my_gan   has that exercise of docs/exercises.md been done?
#   make doctor    can this computer run it? A line for each thing it takes, and what to do
#   make verify    does this machine give TensorFlow 1.15's numbers?
#   make matrix    verify, under every Python found here
#   make bench     how fast, beside TensorFlow 1.15 and PyTorch?
#   make notebook  notebooks/chapter09.ko.ipynb and .en.ipynb anew, when a listing or what is said of it has changed
#   make test      the tests
#   make soak      a full-size run, killed and resumed a hundred times
#
#   EPOCHS=3 SEED=11 RESUME=1   for basic, cgan and run, and what several runs can have in common for all and sweep
#   LISTING=my_gan   has digits, movie, curves and page look at that listing's last run
#   ARGS="--trace losses.csv"   any other options
#   PYTHON=python3.12   the Python that .venv is made with
#   VENV=DIR   another environment than .venv; one that is there already is used as it is

# Only what is given on make's command line counts, but for PYTHON and VENV: the environment may have a SEED of its own.
override GIVEN := $(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),$(name)))
override NAMES := EPOCHS SEED RESUME SEEDS LISTING SCHEDULER DIGITS BOOK NAME DIR N ARGS PYTHON VENV
$(if $(filter-out $(NAMES),$(GIVEN)),$(error there is no variable $(filter-out $(NAMES),$(GIVEN)), only $(NAMES)))
override TARGETS := help basic cgan all run sweep worker diff handin grade digits movie curves page check verify doctor \
  bench notebook test soak matrix environment environment-cluster environment-dev
# Before any of them is begun: of what is misspelt, as in make basic EPOCHS-3, make would tell after the training.
$(if $(filter-out $(TARGETS),$(MAKECMDGOALS)),$(error \
  there is no make $(filter-out $(TARGETS),$(MAKECMDGOALS)), only $(TARGETS)))

# Which of them a target takes, beside ARGS, PYTHON and VENV.
override TAKES_basic := EPOCHS SEED RESUME
override TAKES_cgan := $(TAKES_basic)
override TAKES_all := $(TAKES_basic)
override TAKES_run := $(TAKES_basic) LISTING
override TAKES_sweep := $(TAKES_basic) LISTING SEEDS SCHEDULER
override TAKES_worker := SCHEDULER
override TAKES_diff := BOOK
override TAKES_handin := NAME
override TAKES_grade := DIR
override TAKES_digits := DIGITS LISTING
override TAKES_page := LISTING
override TAKES_check := N LISTING
override TAKES_movie := LISTING
override TAKES_curves := LISTING
override TAKEN := $(strip $(foreach goal,$(MAKECMDGOALS),$(TAKES_$(goal))) ARGS PYTHON VENV)
$(if $(MAKECMDGOALS),$(if $(filter-out $(TAKEN),$(GIVEN)),$(error \
  make $(MAKECMDGOALS) takes no $(filter-out $(TAKEN),$(GIVEN)), only $(filter $(TAKEN),$(NAMES)))))

override UNUSED := $(strip $(foreach name,$(filter-out PYTHON VENV,$(TAKEN)),$(if \
  $(filter environment,$(firstword $(origin $(name)))),$(name))))

# The recipes find the values in the environment. $(value) keeps make from expanding them, "$$NAME" the shell.
$(foreach name,$(NAMES),$(eval override $(name) := \
  $$(if $(filter PYTHON VENV $(GIVEN),$(name)),$$(value $(name)))))
override PYTHON := $(or $(PYTHON),python3)
override VENV := $(or $(VENV),.venv)
export $(NAMES) MAKECMDGOALS
$(if $(RESUME),$(if $(filter-out 1,$(RESUME)),$(error RESUME is 1 to resume, and left out otherwise)))
$(if $(filter run,$(MAKECMDGOALS)),$(if $(LISTING),,$(error name the listing, as in make run LISTING=my_gan)))
$(if $(filter check,$(MAKECMDGOALS)),$(if $(N),,$(error name the exercise, as in make check N=3 LISTING=my_gan)))
$(if $(filter handin,$(MAKECMDGOALS)),$(if $(NAME),,$(error say whose they are, as in make handin NAME=김민수)))
$(if $(filter grade,$(MAKECMDGOALS)),$(if $(DIR),,$(error name the folder of the hand-ins, as in make grade DIR=handins)))
$(if $(filter worker,$(MAKECMDGOALS)),$(if $(SCHEDULER),,$(error name the scheduler, as in make worker SCHEDULER=host:8786)))

# Told, or who writes EPOCHS=3 make basic would wait for a hundred.
$(if $(UNUSED),$(warning $(UNUSED) of the environment does not count: write it after make, as in \
  make $(MAKECMDGOALS) $(firstword $(UNUSED))=…))

# "$$@" are the words of ARGS from here on: quotes hold words together, and nothing is expanded.
WORDS = IFS=$$(printf '\037'); set -f; \
  words=$$(printf '%s\n' "$$ARGS" | xargs printf '%s\037' ARGS 2>/dev/null) || \
    { echo 'ARGS: a quote is not closed' >&2; exit 2; }; \
  set -- $$words; shift; unset IFS
STARTS = $(1) -IS -c '' 2>/dev/null
STARTED = -IS chapter09/tools/for_make.py
RUN = $(WORDS); exec "$$VENV/bin/python" $(STARTED)
FOUND = command -v "$$PYTHON" >/dev/null || { printf '%s is missing: name a Python, as in make PYTHON=python3.12 %s\n' \
  "$$PYTHON" $@ >&2; exit 2; }
OPTIONS = $${EPOCHS:+--epochs="$$EPOCHS"} $${SEED:+--seed="$$SEED"} $${RESUME:+--resume} "$$@"

.PHONY: $(TARGETS)

help:
	@sed -n 's/^#   //p' Makefile

basic cgan all: environment
	@$(RUN) chapter09 $@ $(OPTIONS)

run: environment
	@$(RUN) chapter09 run "$$LISTING" $(OPTIONS)

sweep: environment$(if $(SCHEDULER),-cluster)
	@$(RUN) chapter09 sweep --listing="$${LISTING:-basic}" --seeds="$${SEEDS:-1 2 3 4}" \
	  $${SCHEDULER:+--scheduler="$$SCHEDULER"} $(OPTIONS)

worker: environment-cluster
	@$(RUN) chapter09 worker "$$@" -- "$$SCHEDULER"

diff: environment
	@$(RUN) chapter09 diff "$$@" $${BOOK:+-- . "$$BOOK"}

handin: environment
	@$(RUN) chapter09 handin "$$@" -- "$$NAME"

grade: environment
	@$(RUN) chapter09 grade "$$@" -- "$$DIR"

digits: environment
	@$(RUN) chapter09 digits $${LISTING:+--run="runs/$$LISTING"} "$$@" $${DIGITS:+-- "$$DIGITS"}

page: environment
	@$(RUN) chapter09 page "$$@" $${LISTING:+-- "runs/$$LISTING"}

movie curves: environment
	@$(RUN) chapter09 $@ $${LISTING:+--run="runs/$$LISTING"} "$$@"

check: environment
	@$(RUN) chapter09 check $${LISTING:+--listing="$$LISTING"} "$$@" -- "$$N"

verify: environment
	@$(RUN) chapter09 verify "$$@"

bench: environment
	@$(RUN) bench/bench.py "$$@"

notebook: environment-dev
	@$(RUN) notebooks/make.py "$$@"

test: environment-dev
	@$(RUN) -m pytest -q -n 2 --dist loadfile "$$@"

soak: environment-dev
	@$(RUN) -m pytest -q -m soak "$$@"

# By the environment's Python if there is one: it needs no package to tell which are missing.
doctor:
	@$(WORDS); $(call STARTS,"$$VENV/bin/python") && PYTHON=$$VENV/bin/python; $(FOUND); \
	  exec "$$PYTHON" $(STARTED) chapter09 doctor "$$@"

matrix:
	@$(WORDS); $(FOUND); exec "$$PYTHON" $(STARTED) reference/matrix.py "$$@"

environment environment-cluster environment-dev:
	@python=$$VENV/bin/python; $(call STARTS,"$$python") || { python=$$PYTHON; \
	  [ "$$("$$python" -c 'import sys; print((3, 10) <= sys.version_info < (3, 14))' 2>/dev/null)" = True ]; } || \
	  { printf 'TensorFlow needs Python 3.10 to 3.13, and %s is another or missing: %s\n' "$$PYTHON" \
	    "name one, as in make PYTHON=python3.12 $$MAKECMDGOALS" >&2; exit 2; }; \
	  exec "$$python" $(STARTED) chapter09/tools/environment.py "$$VENV" requirements.txt \
	    $(if $(filter environment,$@),,requirements-cluster.txt) $(if $(filter %-dev,$@),requirements-dev.txt)
