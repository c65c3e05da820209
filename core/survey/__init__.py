"""A dataset as a frozen backbone sees it: whose label is doubted, who stands apart, and a map."""

from core.survey.survey import Survey, kept_survey, seen_by, survey, surveyed_before

__all__ = ["Survey", "kept_survey", "seen_by", "survey", "surveyed_before"]
