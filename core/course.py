"""How far something long has come, from its beginning to its end: one share and one time left, over all of its legs.

A leg (loading, decoding, training) is expected to take some time; what it takes in truth counts the more, the more of
it is done. The share goes through what is left of it as the time left is used up: so it neither falls nor stands still
where something takes longer than was thought, and does not leap where something is left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from core.records import Count, Moment, Seconds, Share

TRUSTED = 0.3  # of a leg: from then on, what it took alone tells what the rest will take
NEARLY = 0.99  # until somebody says that it is over
MOST_OFF = 20  # times longer than expected, for what is still to come
EVENLY = 0.8  # of what is left passes as seconds do, while nothing is heard; the rest ever slower


@dataclass(frozen=True)
class Leg:
    """expected, spent: seconds, for all of it and so far. share: how much is done; before: how much of that was done
    before `spent` began to count; known: what was spent when `share` was last told; shown: seconds of what was left
    then, that were taken for gone since; reached: how far it came, where it was over before all of it was counted."""

    name: str
    expected: Seconds
    spent: Seconds = 0.0
    share: Share = 0.0
    before: Share = 0.0
    known: Seconds = 0.0
    shown: Seconds = 0.0
    reached: Share = 0.0

    @property
    def counts(self) -> bool:
        """Whether somebody counts what is done of it."""
        return self.share > self.before

    @property
    def whole(self) -> float:
        """Seconds that all of it takes, as far as is known."""
        if not self.counts:
            return self.expected
        fresh = self.share - self.before
        trust = min(1.0, fresh / TRUSTED)
        return trust * self.known / fresh + (1 - trust) * self.expected

    @property
    def left(self) -> float:
        """Seconds: fewer with each that passes, and never none while it is not over."""
        told, waited = self.whole * (1 - self.share), self.spent - self.known
        if waited <= EVENLY * told:
            return told - waited
        tail = (1 - EVENLY) * told
        return tail * math.exp((EVENLY * told - waited) / tail) if tail > 0 else 0.0

    @property
    def gone(self) -> float:
        """Seconds of what was left when `share` was last told, that can be taken for gone since."""
        return self.whole * (1 - self.share) - self.left

    def told(self, share: float) -> Leg:
        """So much of it is done, now."""
        now = max(self.share, min(1.0, share))
        return replace(self, share=now, reached=now, known=self.spent, shown=0.0)


@dataclass(frozen=True)
class Course:
    """legs: in order. at: the one under way. since: when it was last heard of, None while nobody is at it. share: of
    the whole, 0 to 1. alike: whether all legs go as much faster or slower than expected as those so far, as where
    nobody knows how much there is to do."""

    legs: tuple[Leg, ...] = ()
    at: Count = 0
    since: Moment | None = None
    share: Share = 0.0
    alike: bool = False

    @classmethod
    def of(cls, expected: Mapping[str, float], alike: bool = False) -> Course:
        """expected: seconds of each leg, in order."""
        return cls(tuple(Leg(name, seconds) for name, seconds in expected.items()), alike=alike)

    @property
    def left(self) -> float | None:
        """Seconds to the end of the whole; None where nothing is known of it."""
        if not self.legs:
            return None
        to_come = sum(leg.expected * (1 - leg.share) for leg in self.legs[self.at + 1 :])
        return self.legs[self.at].left + to_come * self._off()

    def heard(self, time: float, name: str, share: float | None = None) -> Course:
        """At `time`, `share` of a leg is done. What comes before it is over, and what is not among the legs, or comes
        again, counts as the leg under way."""
        if not self.legs:
            return self
        course, known = self.look(time), [leg.name for leg in self.legs]
        number = known.index(name) if name in known else -1
        if number > course.at:
            over = [replace(leg, share=1.0) for leg in course.legs[:number]]
            course = replace(course, legs=(*over, *course.legs[number:]), at=number)
        if number != course.at or share is None:
            return course
        before, now = course.legs[number], course.legs[number].told(share)
        return course._with(now)._gone((now.share - before.share) * now.whole - before.shown)

    def look(self, time: float) -> Course:
        """The same, at `time`, when nothing more was heard of it."""
        if not self.legs or self.since is None:
            return replace(self, since=time)
        passed, leg = max(0.0, time - self.since), self.legs[self.at]
        later = replace(leg, spent=leg.spent + passed)
        later = replace(later, shown=later.gone)
        return replace(self, since=max(time, self.since))._with(later)._gone(later.shown - leg.shown)

    def rest(self) -> Course:
        """Nobody is at it for now."""
        return replace(self, since=None)

    def again(self) -> Course:
        """It is gone through once more from the first leg, and what was done is done."""
        first, *others = (replace(leg, spent=0.0, known=0.0, shown=0.0, before=leg.share) for leg in self.legs)
        again = replace(self, legs=(replace(first, share=0.0, before=0.0), *others), at=0, since=None)
        return again._reckoned() if self.share == 1.0 else again

    def longer(self, name: str, times: float) -> Course:
        """A leg has become so many times as long: the only reason for the share to fall."""
        legs = tuple(
            replace(leg, expected=leg.expected * times, share=leg.share / times, before=leg.before / times)
            if leg.name == name
            else leg
            for leg in self.legs
        )
        return replace(self, legs=legs)._reckoned()

    def over(self) -> Course:
        return replace(self, share=1.0, since=None)

    def _gone(self, seconds: float) -> Course:
        """So many seconds' worth nearer to the end."""
        gone, left = max(0.0, seconds), self.left or 0.0
        share = self.share + (1 - self.share) * gone / max(1e-9, gone + left)
        return replace(self, share=max(self.share, min(NEARLY, share)))

    def _reckoned(self) -> Course:
        """With the share that is worth what was done."""
        done, left = sum(leg.whole * leg.share for leg in self.legs), self.left or 0.0
        return replace(self, share=min(NEARLY, done / max(1e-9, done + left)))

    def _with(self, leg: Leg) -> Course:
        return replace(self, legs=(*self.legs[: self.at], leg, *self.legs[self.at + 1 :]))

    def _off(self) -> float:
        """How many times longer than expected it takes."""
        begun = [leg for leg in self.legs[: self.at + 1] if leg.known and leg.reached - leg.before >= TRUSTED]
        thought = sum(leg.expected * (leg.reached - leg.before) for leg in begun)
        return min(MOST_OFF, sum(leg.known for leg in begun) / thought) if self.alike and thought else 1.0
