"""Questions that a slice asks and the slices to its right answer (HOUSE 2: arrows point left, answers come from the
right). The asking slice owns the port in its `ports.py`; the answering one registers in its `ports.register(app)`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

Answer = TypeVar("Answer", bound=Callable[..., object])


class Port(Generic[Answer]):
    """One question; `answers` are the registered functions in order of registration."""

    def __init__(self, question: str) -> None:
        self.question = question
        self._answers: dict[str, Answer] = {}

    def answer_with(self, function: Answer) -> Answer:
        """Register an answer. The same function twice (two apps in one process) counts once."""
        self._answers[f"{function.__module__}.{function.__qualname__}"] = function
        return function

    @property
    def answers(self) -> list[Answer]:
        return list(self._answers.values())
