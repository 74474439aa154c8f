"""The decision engine: pure functions over facts, letters and a calendar (letters/DECISIONS.md)."""

from backend.letters.rules.calendar import Calendar
from backend.letters.rules.changes import next_change_at
from backend.letters.rules.decide import decide, decide_and_cite
from backend.letters.rules.duties import duties
from backend.letters.rules.facts import Facts, facts_of
from backend.letters.rules.faults import FactsFaulty, Fault, Faulty, LetterFaulty, LetterUnknown
from backend.letters.rules.hours import ALWAYS, CalendarNeverOpens, Hours, OpeningHours, due_at
from backend.letters.rules.letter import Clause, Letter

__all__ = [
    "ALWAYS", "Calendar", "CalendarNeverOpens", "Clause", "Facts", "FactsFaulty", "Fault", "Faulty", "Hours", "Letter",
    "LetterFaulty", "LetterUnknown", "OpeningHours", "decide", "decide_and_cite", "due_at", "duties", "facts_of", "next_change_at",
]  # fmt: skip
