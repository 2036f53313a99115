r"""
Attacks against exact distances
===============================

How much farther does an attack go than it must? The nearest point of another decision
is known for the problems of :func:`geomadv.perturbations.score_attack`, exactly or, for
"rbf", within one part in ten thousand. So an answer can be held to the truth.

Here are three simple attacks, and those of Foolbox and of the Adversarial Robustness
Toolbox (ART) where they are installed, which takes some minutes. As a program
it prints its tables, and it saves its figure where a path is given::

    python docs/examples/plot_attacks_against_exact.py docs/images/attack_ratios.svg
"""

import importlib.metadata
import importlib.util
import logging
import sys
import warnings
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import minimize
from scipy.spatial.distance import cdist

from geomadv.perturbations import SUITES, AttackScore, score_attack
from geomadv.plotting import PALETTE, style

SMOOTH = ("linear", "linear-200", "quadratic", "rbf")
BOUNDS = (-10.0, 10.0)  # far beyond every point and every answer

# %%
# Three attacks in a few lines
# ----------------------------
#
# DeepFool goes to the zero of the function's linear approximation until the decision
# changes.


def derivative(model, X):
    """Return the decision function at X and its gradients."""
    if hasattr(model, "centres_"):
        from_centres = X[:, None] - model.centres_
        weights = model.coefficients_.ravel() * np.exp(
            -model.gamma * (from_centres**2).sum(2)
        )
        gradient = -2 * model.gamma * (weights[:, :, None] * from_centres).sum(1)
    elif hasattr(model, "A_"):
        gradient = 2 * (X @ model.A_ + model.b_)
    else:
        gradient = np.broadcast_to(model.coef_, X.shape)
    return model.decision_function(X), gradient


def deepfool(model, X, y, steps=50, overshoot=1e-6):
    """Go along gradients (Moosavi-Dezfooli, Fawzi and Frossard 2016)."""
    Z = X.copy()
    for _ in range(steps):
        left = model.predict(X + (1 + overshoot) * (Z - X)) == y
        if not left.any():
            break
        value, gradient = derivative(model, Z[left])
        squared = np.maximum((gradient**2).sum(axis=1), 1e-30)
        Z[left] -= (value / squared)[:, None] * gradient
    return X + (1 + overshoot) * (Z - X)


# %%
# Bisection needs decisions alone: it halves the segment to the nearest known point of
# another decision, which is a training point of a nearest neighbour and one of 2000
# random points elsewhere.


def bisection(model, X, y):
    """Bisect the segment to the nearest point that is decided otherwise."""
    rng = np.random.default_rng(0)
    points = getattr(model, "_fit_X", rng.standard_normal((2000, X.shape[1])))
    gaps = cdist(X, points)
    gaps[y[:, None] == model.predict(points)] = np.inf
    direction = points[gaps.argmin(axis=1)] - X
    near, far = np.zeros((len(X), 1)), np.ones((len(X), 1))
    for _ in range(40):
        middle = (near + far) / 2
        changed = (model.predict(X + middle * direction) != y)[:, None]
        far, near = np.where(changed, middle, far), np.where(changed, near, middle)
    return X + far * direction


# %%
# A solver of nonlinear programs improves on that.


def slsqp(model, X, y, beyond=1e-6):
    """Minimise the distance subject to another sign, from the answer of bisection."""
    answers = bisection(model, X, y)
    for i, (x, side) in enumerate(zip(X, y, strict=True)):
        found = minimize(
            lambda z, x=x: ((z - x) ** 2).sum(),
            answers[i],
            jac=lambda z, x=x: 2 * (z - x),
            method="SLSQP",
            constraints={
                "type": "ineq",
                "fun": lambda z, side=side: -side * model.decision_function(z[None])[0],
                "jac": lambda z, side=side: -side * derivative(model, z[None])[1][0],
            },
            options={"ftol": 1e-14, "maxiter": 200},
        )
        candidate = x + (1 + beyond) * (found.x - x)
        nearer = np.linalg.norm(candidate - x) < np.linalg.norm(answers[i] - x)
        if nearer and model.predict(candidate[None])[0] != side:
            answers[i] = candidate
    return answers


# %%
# Attacks of other libraries
# --------------------------
#
# Both libraries take a model of PyTorch with one output for each class: logits -f/2 and
# f/2, or their softmax, the probabilities, or the decision itself, 0 or 1, for attacks
# that ask for no more.


def torch_model(model, form, shift=0.0, scale=1.0):
    """Return the classifier of shift + scale X as a float64 module of PyTorch."""
    import torch

    def tensor(name):
        return torch.as_tensor(np.asarray(getattr(model, name)), dtype=torch.float64)

    class Classifier(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.unused = torch.nn.Parameter(torch.zeros(1))  # both ask for a device

        def function(self, X):
            if hasattr(model, "centres_"):
                squared = ((X[:, None] - tensor("centres_")) ** 2).sum(2)
                kernel = torch.exp(-model.gamma * squared)
                return kernel @ tensor("coefficients_").ravel() + tensor("intercept_")
            if hasattr(model, "A_"):
                squares = ((X @ tensor("A_")) * X).sum(1)
                return squares + 2 * X @ tensor("b_") + tensor("c_")
            return (X @ tensor("coef_").T + tensor("intercept_"))[:, 0]

        def forward(self, X):
            X = shift + scale * X.double()
            if form == "decisions":
                return torch.as_tensor(one_hot(model, X.detach().numpy()))
            half = self.function(X) / 2
            logits = torch.stack([-half, half], dim=1)
            return logits.softmax(dim=1) if form == "probabilities" else logits

    return Classifier().eval()


def one_hot(model, X):
    """Return the decisions, a row for each point."""
    return (model.predict(X)[:, None] == model.classes_).astype(float)


# %%
# An adapter makes a callable ``attack(model, X, y)`` of what a library calls an attack.
# Foolbox computes in the float64 of its input; ART casts points to float32. Foolbox's
# HopSkipJump clips to [0, 1] whatever the bounds, so that its box is mapped there.


def foolbox_attack(name, form, unit=False, **settings):
    """Return one of Foolbox's attacks as `score_attack` wants it."""
    import foolbox
    import torch

    low, high = BOUNDS
    shift, scale = (low, high - low) if unit else (0.0, 1.0)

    def attack(model, X, y):
        torch.manual_seed(0)
        np.random.seed(0)  # noqa: NPY002 - the libraries draw from it
        net = foolbox.PyTorchModel(
            torch_model(model, form, shift, scale),
            bounds=(0, 1) if unit else BOUNDS,
            device="cpu",
        )
        labels = torch.as_tensor(np.searchsorted(model.classes_, y))
        run = getattr(foolbox.attacks, name)(**settings)
        points = torch.as_tensor((X - shift) / scale)
        _, answers, _ = run(net, points, labels, epsilons=None)
        return shift + scale * answers.detach().numpy()

    return attack


def art_attack(name, form, clip_values=None, **settings):
    """Return one of ART's attacks as `score_attack` wants it."""
    import torch
    from art.attacks import evasion
    from art.estimators.classification import BlackBoxClassifier, PyTorchClassifier

    def attack(model, X, _):
        torch.manual_seed(0)
        np.random.seed(0)  # noqa: NPY002 - the libraries draw from it
        shape = {"input_shape": X.shape[1:], "nb_classes": 2}
        if form == "decisions":
            net = BlackBoxClassifier(
                lambda X: one_hot(model, X), clip_values=clip_values, **shape
            )
        else:
            net = PyTorchClassifier(
                torch_model(model, form),
                loss=torch.nn.CrossEntropyLoss(),
                clip_values=clip_values,
                device_type="cpu",
                **shape,
            )
        run = getattr(evasion, name)(net, verbose=False, **settings)
        return run.generate(X.astype(np.float32))

    return attack


# %%
# What is measured
# ----------------
#
# Attacks that use gradients have their default settings on logits and on probabilities,
# and the best settings that were found. Those that only ask for decisions are slow:
# their budgets are small.


class Case(NamedTuple):
    """An attack as it is to be measured."""

    attack: str
    form: str
    settings: str
    best: bool
    call: object
    suites: tuple


CASES = [
    Case("DeepFool", "function", "50 steps", False, deepfool, SMOOTH),
    Case("Bisection", "decisions", "40 halvings", False, bisection, tuple(SUITES)),
    Case("SLSQP", "function", "from bisection", False, slsqp, SMOOTH),
]


def add(attack, adapter, name, form, suites=SMOOTH, best=False, fixed=(), **settings):
    """Add a case; the settings of `fixed` only say how the attack is run."""
    said = ", ".join(f"{key}={value}" for key, value in settings.items()) or "default"
    call = adapter(name, form, **settings, **dict(fixed))
    CASES.append(Case(attack, form, said, best, call, suites))


def say(text):
    """Print a line at once."""
    print(text, flush=True)  # noqa: T201


def installed(package, module):
    """Return whether a library can be imported, and say so."""
    if importlib.util.find_spec(module) and importlib.util.find_spec("torch"):
        say(f"{package} {importlib.metadata.version(package)}")
        return True
    say(f"{package} is not installed: its attacks are left out")
    return False


if installed("foolbox", "foolbox"):
    for attack, name, least, best in (
        ("DeepFool", "L2DeepFoolAttack", {}, {"overshoot": 1e-5}),
        ("DDN", "DDNAttack", {}, {"steps": 1000, "gamma": 0.01}),
        (
            "FMN",
            "L2FMNAttack",
            {},
            {"steps": 1000, "max_stepsize": 0.01, "min_stepsize": 1e-5},
        ),
        (
            "Carlini-Wagner",
            "L2CarliniWagnerAttack",
            {"steps": 1000},
            {"steps": 2000, "stepsize": 0.001, "binary_search_steps": 15},
        ),
    ):
        label = f"Foolbox {attack}"
        for form in ("logits", "probabilities"):
            add(label, foolbox_attack, name, form, **least)
        add(label, foolbox_attack, name, "logits", best=True, **best)
    for attack, steps, fixed in (
        ("Boundary", 2000, {}),
        ("HopSkipJump", 20, {"unit": True}),
    ):
        add(
            f"Foolbox {attack}",
            foolbox_attack,
            f"{attack}Attack",
            "decisions",
            ("linear", "1nn"),
            fixed=fixed,
            steps=steps,
        )

if installed("adversarial-robustness-toolbox", "art"):
    logging.getLogger("art").setLevel(logging.ERROR)  # it warns of every None
    batch = {"batch_size": 100}
    for attack, name, best in (
        ("DeepFool", "DeepFool", {"epsilon": 1e-5}),
        (
            "Carlini-Wagner",
            "CarliniL2Method",
            {"initial_const": 1.0, "learning_rate": 0.001, "max_iter": 100},
        ),
    ):
        label = f"ART {attack}"
        for form in ("logits", "probabilities"):
            add(label, art_attack, name, form, fixed=batch)
        add(label, art_attack, name, "logits", best=True, fixed=batch, **best)
    add(
        "ART DeepFool, clipping",
        art_attack,
        "DeepFool",
        "logits",
        fixed=batch,
        clip_values=BOUNDS,
    )
    for label, name, settings in (
        ("ART Boundary", "BoundaryAttack", {"targeted": False, "max_iter": 20}),
        ("ART HopSkipJump", "HopSkipJump", {"max_iter": 10}),
    ):
        add(label, art_attack, name, "decisions", ("linear", "1nn"), **settings)

# %%
# The scores
# ----------
#
# One line each; of the ratio's median a 95 % interval over problems of the kind.

scores: list[tuple[Case, AttackScore]] = []
for suite in SUITES:
    say(f"\n| {suite} | form | settings | ratio | worst | success | invalid | s |")
    say("|" + " --- |" * 8)
    for case in CASES:
        if suite not in case.suites:
            continue
        with warnings.catch_warnings(action="ignore"):
            score = score_attack(case.call, suite)
        scores.append((case, score))
        median, success = score.median_interval, score.success_interval
        best = "best: " if case.best else ""
        say(
            f"| {case.attack} | {case.form} | {best}{case.settings} "
            f"| {score.median:.4f} [{median.lower:.4f}, {median.upper:.4f}] "
            f"| {score.worst:.4g} "
            f"| {score.success:.2f} [{success.lower:.3f}, {success.upper:.3f}] "
            f"| {score.invalid.sum()} | {score.seconds:.2g} |"
        )

# %%
# The figure
# ----------
#
# Of each attack the middle half of the points (thick), nine in ten of them (thin), and
# the median. Ratios below 1.0000001 are drawn there. The grey bands are failures.

LEAST, MOST, FAILED = 1e-7, 1e3, 1e4
SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
LOOKS = {
    ("function", False): ("black", "o", "ours, with the function"),
    ("decisions", False): ("purple", "^", "decisions"),
    ("probabilities", False): ("orange", "v", "probabilities"),
    ("logits", False): ("blue", "o", "logits"),
    ("logits", True): ("green", "D", "logits, best settings"),
}


def draw(axes, suite, rows):
    """Draw the ratios of a suite, a row for each attack."""
    for row in rows.values():
        if row % 2 == 0:
            axes.axhspan(row - 0.5, row + 0.5, color="0.965", lw=0, zorder=0)
    axes.axvspan(3 * MOST, 30 * MOST, color="0.85", lw=0, zorder=0.5)
    for attack, row in rows.items():
        of_suite = [pair for pair in scores if pair[1].suite == suite]
        here = [(case, score) for case, score in of_suite if case.attack == attack]
        here.sort(key=lambda pair: list(LOOKS).index((pair[0].form, pair[0].best)))
        for place, (case, score) in enumerate(here):
            height = row + 0.26 * (place - (len(here) - 1) / 2)
            colour, marker, _ = LOOKS[case.form, case.best]
            excess = np.sort(score.ratios) - 1
            excess = np.where(np.isfinite(excess), np.clip(excess, LEAST, MOST), FAILED)
            at = [excess[int(share * (len(excess) - 1))] for share in SHARES]
            line = {"color": PALETTE[colour], "solid_capstyle": "butt"}
            axes.plot([at[0], at[4]], [height] * 2, lw=0.8, **line)
            axes.plot([at[1], at[3]], [height] * 2, lw=2.6, **line)
            axes.plot(
                at[2], height, marker, color=line["color"], ms=4, mec="w", mew=0.5
            )
    axes.set(xscale="log", xlim=(LEAST / 2, 30 * MOST), title=suite)
    axes.set_xticks([1e-6, 1e-4, 1e-2, 1, 100, FAILED])
    powers = ["$10^{-6}$", "$10^{-4}$", "$10^{-2}$", "$1$", "$10^{2}$"]
    axes.set_xticklabels([*powers, "fails"], fontsize=6)
    axes.minorticks_off()
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)


with style():
    rows = {
        attack: row for row, attack in enumerate(dict.fromkeys(c.attack for c in CASES))
    }
    figure, panels = plt.subplots(
        1, len(SUITES), sharey=True, figsize=(9, 1.5 + 0.34 * len(rows))
    )
    for axes, suite in zip(panels, SUITES, strict=True):
        draw(axes, suite, rows)
    panels[0].set_yticks(list(rows.values()), list(rows))
    panels[0].set_ylim(len(rows) - 0.5, -0.5)
    figure.supxlabel("ratio to the exact distance, minus 1", fontsize=8)
    present = {(case.form, case.best) for case in CASES}
    for look, (colour, marker, label) in LOOKS.items():
        if look in present:
            panels[0].plot([], [], marker + "-", color=PALETTE[colour], label=label)
    figure.legend(loc="outside upper center", ncols=len(present))
    if len(sys.argv) > 1:
        figure.savefig(sys.argv[1], metadata={"Date": None})
