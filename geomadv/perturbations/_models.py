"""Which models are known, and the form of each.

Models are recognised by their type: the classifiers of `geomadv.classifiers` and the
fitted ones of scikit-learn that `KNOWN` lists.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from geomadv._typing import NDArray
from geomadv.perturbations._forms import (
    Affine,
    Expansion,
    Form,
    Functions,
    Pairs,
    Prototypes,
    Quadratic,
    Waves,
    after,
)

KNOWN = (
    "geomadv's LinearClassifier, QuadraticClassifier, KernelExpansion and "
    "KernelInterpolant, and "
    "scikit-learn's LinearSVC, LogisticRegression, RidgeClassifier, SGDClassifier, "
    "Perceptron, LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis, SVC, "
    "KernelRidge (its sign), NearestCentroid, KNeighborsClassifier, and "
    "pipelines of StandardScaler, MinMaxScaler or PCA before one of these, or of "
    "geomadv's KernelFeatures or FourierFeatures before a linear one"
)


def form_of(model: Any) -> Form:
    """Return the form of a model.

    Raises
    ------
    TypeError
        If the model is of no known type.
    ValueError
        If it is, but with settings for which nothing is known, or not fitted.
    """
    from sklearn.pipeline import Pipeline
    from sklearn.utils.validation import check_is_fitted

    if isinstance(model, Form):
        return model
    if isinstance(model, Pipeline):
        return _pipeline(model)
    for types, make in _table():
        if isinstance(model, types):
            check_is_fitted(model)
            return make(model)
    raise TypeError(
        f"model must be one of the known classifiers, got {type(model).__name__}. "
        f"Known are {KNOWN}"
    )


def _table() -> list[tuple[tuple[type, ...], Callable[[Any], Form]]]:
    from sklearn import discriminant_analysis as da
    from sklearn import linear_model as lm
    from sklearn.kernel_ridge import KernelRidge
    from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
    from sklearn.svm import SVC, LinearSVC

    from geomadv.classifiers import (
        KernelExpansion,
        KernelInterpolant,
        LinearClassifier,
        QuadraticClassifier,
    )

    affine = (
        LinearClassifier,
        LinearSVC,
        lm.LogisticRegression,
        lm.RidgeClassifier,
        lm.RidgeClassifierCV,
        lm.LogisticRegressionCV,
        lm.SGDClassifier,
        lm.Perceptron,
        da.LinearDiscriminantAnalysis,
    )
    return [
        (affine, _affine),
        ((QuadraticClassifier,), _quadratic),
        ((KernelExpansion,), _kernel_expansion),
        ((KernelInterpolant,), _interpolant),
        ((da.QuadraticDiscriminantAnalysis,), _discriminant),
        ((SVC,), _support_vectors),
        ((KernelRidge,), _kernel_ridge),
        ((NearestCentroid,), _centroids),
        ((KNeighborsClassifier,), _neighbours),
    ]


def _refuse(model: Any, what: str, wanted: str) -> ValueError:
    return ValueError(f"{type(model).__name__} must have {wanted}, got {what}")


def _affine(model: Any) -> Form:
    if np.ndim(getattr(model, "classes_", ())) != 1 or (
        hasattr(model, "_label_binarizer")
        and model._label_binarizer.y_type_.startswith("multilabel")
    ):
        raise _refuse(model, "several labels for a point", "one label for each point")
    W = np.atleast_2d(np.asarray(_dense(model.coef_), float))
    b = np.broadcast_to(np.asarray(model.intercept_, float).ravel(), len(W))
    if not (np.isfinite(W).all() and np.isfinite(b).all()):
        raise _refuse(model, "others", "finite coefficients and no prior of 0")
    return Affine(W, b)


def _dense(array: Any) -> Any:
    return array.toarray() if hasattr(array, "toarray") else array


def _quadratic(model: Any) -> Form:
    return Quadratic(model.A_[None], model.b_[None], np.array([model.c_]))


def _discriminant(model: Any) -> Form:
    """Return -|diag(s)^-1/2 R^T (x - m)|^2/2 - sum log s/2 + log prior for each class.

    R and s are the model's rotations and scalings. Of two classes, the difference.
    """
    A, b, c = [], [], []
    parts = zip(
        model.rotations_, model.scalings_, model.means_, model.priors_, strict=True
    )
    for R, s, mean, prior in parts:
        if not (np.asarray(s) > 0).all():
            raise _refuse(model, "one with a zero", "covariances of full rank")
        if not prior > 0:
            raise _refuse(model, f"{prior:g}", "finite coefficients and no prior of 0")
        half = -(R / s) @ R.T / 2.0
        A.append((half + half.T) / 2.0)
        b.append(-A[-1] @ mean)
        c.append(mean @ A[-1] @ mean - np.log(s).sum() / 2.0 + np.log(prior))
    form = Quadratic(np.array(A), np.array(b), np.array(c))
    if len(c) > 2:
        return form
    return Quadratic(*(array[1:] - array[:1] for array in (form.A, form.b, form.c)))


def _kernel_expansion(model: Any) -> Form:
    return _expansion(
        model.centres_, model.coefficients_, model.intercept_, model._options()
    )


def _interpolant(model: Any) -> Form:
    if model.domain is not None:
        raise _refuse(model, f"domain={model.domain!r}", "domain=None")
    return _kernel_expansion(model.expansion_)


def _expansion(
    centres: Any, coefficients: NDArray, b: NDArray, options: dict[str, Any]
) -> Functions:
    """Return an expansion, or the polynomial that it is."""
    x = np.asarray(_dense(centres), float)
    if options["kernel"] == "polynomial" and options["degree"] == 0:
        total = coefficients.sum(axis=0)  # the kernel is 1
        return Affine(np.zeros((len(total), x.shape[1])), b + total)
    if options["kernel"] == "polynomial" and options["degree"] <= 2:
        gamma, shift = options["gamma"], options["coef0"]
        slopes = gamma * coefficients.T @ x
        total = coefficients.sum(axis=0)
        if options["degree"] == 1:
            return Affine(slopes, b + shift * total)
        A = gamma**2 * np.einsum("mk,mi,mj->kij", coefficients, x, x)
        return Quadratic(A, shift * slopes, b + shift**2 * total)
    return Expansion(x, coefficients, b, options, None, np.zeros(x.shape[1]))


def _options(model: Any, gamma: float) -> dict[str, Any]:
    """Return the kernel of one of scikit-learn's models as `_dispatch` takes it."""
    names = {"rbf": "gaussian", "laplacian": "laplacian", "poly": "polynomial"}
    names["polynomial"] = "polynomial"
    if model.kernel == "linear":
        return {"kernel": "polynomial", "gamma": 1.0, "degree": 1, "coef0": 0.0}
    if not isinstance(model.kernel, str) or model.kernel not in names:
        raise _refuse(
            model, repr(model.kernel), "a linear, poly, rbf or laplacian kernel"
        )
    options: dict[str, Any] = {"kernel": names[model.kernel], "gamma": gamma}
    if options["kernel"] == "polynomial":
        if int(model.degree) != model.degree:
            raise _refuse(model, f"degree={model.degree}", "a whole degree")
        options |= {"degree": int(model.degree), "coef0": float(model.coef0)}
    return options


def _support_vectors(model: Any) -> Form:
    options = _options(model, float(model._gamma))
    dual, b = np.asarray(_dense(model.dual_coef_), float), np.asarray(model.intercept_)
    if len(model.classes_) == 2:
        return _expansion(model.support_vectors_, dual.T, b, options)
    if model.break_ties:
        raise _refuse(model, "break_ties=True", "break_ties=False")
    # of the vectors of the class c, row j of `dual` is for the pair of c and the j-th
    # of the other classes
    of = np.repeat(np.arange(len(model.classes_)), model.n_support_)
    first, second = np.triu_indices(len(model.classes_), 1)
    coefficients = np.zeros((len(of), len(first)))
    for k, (i, j) in enumerate(zip(first, second, strict=True)):
        coefficients[of == i, k] = dual[j - 1, of == i]
        coefficients[of == j, k] = dual[i, of == j]
    functions = _expansion(model.support_vectors_, coefficients, b, options)
    return Pairs(functions, first, second)


def _kernel_ridge(model: Any) -> Form:
    gamma = model.gamma
    if gamma is None:  # scikit-learn's default for all kernels
        gamma = 1.0 / model.X_fit_.shape[1]
    coefficients = np.asarray(model.dual_coef_, float)
    if coefficients.ndim != 1 and coefficients.shape[1] != 1:
        raise _refuse(model, f"{coefficients.shape[1]} outputs", "one output")
    b = np.zeros(1)
    return _expansion(
        model.X_fit_, coefficients.reshape(-1, 1), b, _options(model, float(gamma))
    )


def _centroids(model: Any) -> Form:
    """Return 2 <m_k, x> - |m_k|^2 for each class: the nearest centroid is largest.

    With priors pi_k that differ, x and m_k are divided by the deviations s within the
    classes, where they are not 0, and 2 log pi_k is added, as in scikit-learn's
    `predict`; both squares |x/s|^2 are alike and fall away. On a line the Manhattan
    metric is the Euclidean one.
    """
    m = np.asarray(model.centroids_, float)
    if model.metric != "euclidean" and m.shape[1] > 1:
        raise _refuse(model, repr(model.metric), "the Euclidean metric")
    priors = np.asarray(getattr(model, "class_prior_", 1.0 / len(m)))
    weights, gains = np.ones(m.shape[1]), np.zeros(len(m))
    if not np.isclose(priors, 1.0 / len(m)).all():  # scikit-learn's condition
        if not (priors > 0).all():
            raise _refuse(model, f"{priors.min():g}", "no prior of 0")
        s = np.asarray(model.within_class_std_dev_)
        weights = np.where(s == 0, 1.0, s) ** -2.0
        gains = 2.0 * np.log(priors)
    form = Affine(2.0 * m * weights, gains - (m**2 * weights).sum(axis=1))
    if not (np.isfinite(form.W).all() and np.isfinite(form.b).all()):
        raise _refuse(
            model, "others", "finite centroids and, with priors, finite deviations"
        )
    if len(m) > 2:
        return form
    return Affine(form.W[1:] - form.W[:1], form.b[1:] - form.b[:1])


def _neighbours(model: Any) -> Form:
    # scikit-learn calls the metric "minkowski" where its coordinates have weights
    if model.effective_metric_ != "euclidean":
        raise _refuse(model, repr(model.metric), "the Euclidean metric")
    if model.weights not in (None, "uniform"):
        raise _refuse(model, repr(model.weights), "uniform weights")
    if np.ndim(model._y) != 1:
        raise _refuse(model, "several", "one output")
    x = np.asarray(_dense(model._fit_X), float)
    return Prototypes(
        x, np.asarray(model._y, int), model.n_neighbors, None, np.zeros(x.shape[1])
    )


def _steps(model: Any) -> list[Any]:
    """Return the steps of a pipeline, and of the pipelines in it, in turn."""
    from sklearn.pipeline import Pipeline

    return [
        part
        for _, step in model.steps
        for part in (_steps(step) if isinstance(step, Pipeline) else [step])
    ]


def _pipeline(model: Any) -> Form:
    from sklearn.utils.validation import check_is_fitted

    from geomadv.classifiers import FourierFeatures, KernelFeatures

    *before, last = _steps(model)
    form = form_of(last)
    for step in reversed(before):
        if isinstance(step, KernelFeatures | FourierFeatures):
            check_is_fitted(step)
            kernel = isinstance(step, KernelFeatures)
            form = _of_kernel(step, form) if kernel else _of_fourier(step, form)
        elif step is not None and step != "passthrough":
            form = after(form, *_transform(step))
    return form


def _of_kernel(step: Any, form: Form) -> Form:
    """Return linear functions of the features B^T k(x) as expansions, B W^T."""
    if isinstance(form, Pairs) and isinstance(form.functions, Affine):
        return replace(form, functions=_kernel_functions(step, form.functions))
    if not isinstance(form, Affine):
        raise _refuse(step, "another", "a linear classifier after them")
    return _kernel_functions(step, form)


def _kernel_functions(step: Any, form: Affine) -> Functions:
    options = {"kernel": "gaussian", "gamma": float(step.gamma)}
    return _expansion(step.points_, step.basis_ @ form.W.T, form.b, options)


def _of_fourier(step: Any, form: Form) -> Form:
    """Return linear functions of cosines and sines."""
    if not isinstance(form, Affine):
        raise _refuse(
            step, "another", "a linear classifier after them, without pairs that vote"
        )
    U = np.asarray(step.frequencies_, float)
    m = len(U)
    W, zero = form.W / np.sqrt(m), np.zeros(m)
    return Waves(U, zero, W[:, :m], W[:, m:], form.b, np.abs(U), zero, 0)


def _transform(step: Any) -> tuple[NDArray, NDArray]:
    """Return T and t of an affine transform T x + t."""
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import MinMaxScaler, StandardScaler
    from sklearn.utils.validation import check_is_fitted

    if not isinstance(step, StandardScaler | MinMaxScaler | PCA):
        raise TypeError(
            "the steps of a pipeline must be StandardScaler, MinMaxScaler, PCA, "
            "KernelFeatures or FourierFeatures before the classifier, got "
            f"{type(step).__name__}"
        )
    check_is_fitted(step)
    d = step.n_features_in_
    if isinstance(step, MinMaxScaler):
        if step.clip:
            raise _refuse(step, "clip=True", "clip=False")
        return np.diag(step.scale_), np.asarray(step.min_)
    if isinstance(step, StandardScaler):
        scale = np.ones(d) if step.scale_ is None else step.scale_
        mean = np.zeros(d) if not step.with_mean else step.mean_
        return np.diag(1.0 / scale), -mean / scale
    T = step.components_
    if step.whiten:
        # as in scikit-learn's transform: no division by less than this
        least = np.finfo(T.dtype).eps
        T = T / np.maximum(np.sqrt(step.explained_variance_), least)[:, None]
    return T, -T @ step.mean_
