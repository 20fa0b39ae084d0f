import numpy as np
import pytest

from stack.fleet import draws

_KEY = draws.stream(1, "test")
_MANY = np.arange(200_000)


def test_the_same_question_has_the_same_answer_alone_or_among_many() -> None:
    assert draws.uniform(_KEY, 77, 3) == draws.uniform(_KEY, _MANY, 3)[77]


def test_uses_of_chance_know_nothing_of_each_other() -> None:
    other = draws.uniform(draws.stream(1, "other"), _MANY, 0)

    assert abs(np.corrcoef(draws.uniform(_KEY, _MANY, 0), other)[0, 1]) < 0.02


def test_neighbours_and_successive_draws_are_independent() -> None:
    drawn = draws.uniform(_KEY, _MANY, 0)

    assert abs(np.corrcoef(drawn[:-1], drawn[1:])[0, 1]) < 0.02
    assert abs(np.corrcoef(drawn, draws.uniform(_KEY, _MANY, 1))[0, 1]) < 0.02


def test_uniform_numbers_fill_their_range() -> None:
    drawn = draws.uniform(_KEY, _MANY, 0)

    assert 0.0 <= drawn.min() < 0.001
    assert 0.999 < drawn.max() < 1.0
    assert np.histogram(drawn, 20)[0] == pytest.approx(10_000, rel=0.05)


def test_normal_numbers_have_their_mean_and_spread() -> None:
    drawn = draws.normal(_KEY, _MANY, 0)

    assert drawn.mean() == pytest.approx(0.0, abs=0.02)
    assert drawn.std() == pytest.approx(1.0, abs=0.02)
    assert np.isfinite(drawn).all()
