"""A dataset as a frozen backbone sees it: who are neighbours, whose label they contradict, who stands apart."""

from core.survey.survey import Survey, kept_survey, seen_by, survey, surveyed_before

__all__ = ["Survey", "kept_survey", "seen_by", "survey", "surveyed_before"]
