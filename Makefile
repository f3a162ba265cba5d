# What a reader does, a target each:
#   make basic     §9.1, strips in samples/      make verify  does this machine give TensorFlow 1.15's numbers?
#   make cgan      §9.2, strips in samples2/     make test    the tests
#   make all       both at once                  make bench   how fast, beside TensorFlow 1.15 and PyTorch?
#   make sweep SEEDS="1 2 3 4" LISTING=basic   several seeds, and how far their figures differ
#   make diff      are the last runs' digits as good as TensorFlow 1.15's, or as those in BOOK=DIR?
#   make digits DIGITS=20261122   those digits by §9.2's last run, in digits.png
#   make movie     how §9.2's last run has learnt, in movie.gif; make curves  its losses, in curves.png
#   make matrix    verify, under every Python found here
#   make soak      a full-size run, killed and resumed a hundred times
# EPOCHS=3, SEED=11, RESUME=1 and ARGS="--trace losses.csv" are passed on to basic and cgan, and to all and
# sweep what several runs can have in common.
# LISTING=basic has movie and curves look at §9.1's last run.
# PYTHON=python3.12 names the Python that .venv is made with.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
OPTIONS = $(if $(EPOCHS),--epochs $(EPOCHS)) $(if $(SEED),--seed $(SEED)) $(if $(RESUME),--resume) $(ARGS)

.PHONY: basic cgan all sweep diff digits movie curves verify bench test soak matrix

basic: $(VENV)/ready
	@$(BIN)/python chapter09/gan_basic.py $(OPTIONS)

cgan: $(VENV)/ready
	@$(BIN)/python chapter09/gan_conditional.py $(OPTIONS)

all: $(VENV)/ready
	@$(BIN)/python chapter09/several.py $(OPTIONS)

sweep: $(VENV)/ready
	@$(BIN)/python chapter09/several.py --listing "$(or $(LISTING),basic)" \
	  --seeds "$(or $(SEEDS),1 2 3 4)" $(OPTIONS)

diff: $(VENV)/ready
	@$(BIN)/python chapter09/compare.py $(if $(BOOK),. "$(BOOK)") $(ARGS)

digits: $(VENV)/ready
	@$(BIN)/python chapter09/generate.py $(if $(DIGITS),"$(DIGITS)") $(ARGS)

movie curves: $(VENV)/ready
	@$(BIN)/python chapter09/history.py $@ $(if $(LISTING),--run runs/$(LISTING)) $(ARGS)

verify: $(VENV)/ready
	@$(BIN)/python reference/verify.py

bench: $(VENV)/ready
	@$(BIN)/python bench/bench.py $(ARGS)

test: $(VENV)/ready-dev
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile

soak: $(VENV)/ready-dev
	@$(BIN)/python -m pytest -q -m soak

matrix:
	@$(PYTHON) reference/matrix.py

# The empty file `ready` says that the installation came to its end.
$(VENV)/ready: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' || \
	  { echo 'TensorFlow needs Python 3.10 to 3.13, and $(PYTHON) is another or missing:' \
	    'name one, as in make PYTHON=python3.12 $(MAKECMDGOALS)' >&2; exit 2; }
	@echo 'Installing TensorFlow, numpy and matplotlib into $(VENV) (once, a few minutes)' >&2
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/ready-dev: requirements-dev.txt $(VENV)/ready
	@$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements-dev.txt
	@touch $@
