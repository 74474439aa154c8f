"""What the engine asks the product: who may touch what, which errors are refusals, how a problem is written."""

from __future__ import annotations

from typing import Any

from flask import current_app

from backend.accounts.models import User
from backend.accounts.services import Actor as Account
from backend.core.db import DatabaseBusy, db, is_passing
from backend.core.ids import new_id
from backend.core.problems import Problem
from backend.core.sync import side_of
from backend.sync_api import office
from backend.sync_api.models import SyncStuck
from sync.server.model import Actor, Operation, Stuck
from sync.server.problems import Refused


def sync_actor(account: Account) -> Actor:
    """The engine's actor for an account."""
    return Actor(account.user_id, side_of(account.role), account.role, account)


def account_of(user: User) -> Account:
    """A user as an actor without a session: for what is run on her behalf."""
    return Account(
        user_id=user.id,
        name=user.name,
        role=user.role,
        language=user.language,
        branch_id=user.branch_id,
        branch_ids=frozenset(b.branch_id for b in user.branches) | ({user.branch_id} - {None}),
        session_id="",
    )


class SqlPolicy:
    """sync/server/ports.py Policy."""

    def actor(self, user_id: str) -> Actor | None:
        user = db.session.get(User, user_id)
        return sync_actor(account_of(user)) if user else None

    def may_act_for(self, actor: Actor, stuck: Stuck) -> bool:
        row = db.session.get(SyncStuck, stuck.stuck_id)
        may = actor.extra is not None and actor.extra.may("stuck.mend")
        return may and row is not None and office.sees_stuck(db.session, actor.extra, row)

    def may_touch(self, unit: Any, actor: Actor, key: tuple[str, str]) -> bool:
        if actor.side == "office":
            return office.sees(unit.session, actor.extra, *key)
        return unit.was_visible(actor, key)

    def refusal_of(self, error: Exception) -> Refused | None:
        if not isinstance(error, Problem) or error.status >= 500:
            return None
        return ProblemRefused(error)

    def is_passing(self, error: Exception) -> bool:
        return isinstance(error, DatabaseBusy) or is_passing(error)

    def render(self, problem: Refused) -> dict[str, Any]:
        return problem_json(problem)

    def report_crash(self, operation: Operation, error: Exception) -> None:
        current_app.logger.error(
            "sync: %s %s was parked",
            operation.type,
            operation.op_id,
            exc_info=(type(error), error, error.__traceback__),
        )

    def new_id(self) -> str:
        return new_id()


class ProblemRefused(Refused):
    """A slice's problem as a refusal: its slug, its words, its faults with paths below args."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.paths = [_path(fault.path) for fault in problem.faults]
        words = problem.detail or (problem.faults[0].message if problem.faults else problem.title)
        super().__init__(problem.slug, self.paths[0] if self.paths else None, words)

    @property
    def title(self) -> dict[str, str]:
        return self.problem.title


def _path(path: str) -> str:
    """`$.name` of a service is `args.name` of the operation."""
    return "args." + path.removeprefix("$.") if path.startswith("$.") else path


def problem_json(problem: Refused, language: str = "zh") -> dict[str, Any]:
    """The problem object of M-67, as core/problems.py writes them."""
    out: dict[str, Any] = {
        "type": f"/problems/{problem.slug}",
        "title": problem.title[language],
        "detail": problem.text[language],
        "texts": {"title": problem.title, "detail": problem.text},
    }
    faults = []
    if isinstance(problem, ProblemRefused):
        faults = [
            {"path": path, "message": fault.message}
            for path, fault in zip(problem.paths, problem.problem.faults, strict=True)
        ]
        out |= {k: v for k, v in problem.problem.extra.items() if k not in out}
    elif "invalid" in problem.more:
        faults = [{"path": path, "message": words} for path, words in problem.more["invalid"]]
    elif problem.field:
        faults = [{"path": problem.field, "message": problem.text}]
    if problem.field:
        out["field"] = problem.field
    if faults:
        out["faults"] = faults
    return out | {name: value for name, value in problem.more.items() if name != "invalid"}
