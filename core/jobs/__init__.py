"""Work that takes longer than a click (an import, a look over a dataset), each in a process of its own.

A page starts a job and looks at it; the process goes on whatever happens to the page, and an image made to do harm
hurts it alone.
"""

from core.jobs.job import Family, Job, JobView, abandon, current, prepare, start

__all__ = ["Family", "Job", "JobView", "abandon", "current", "prepare", "start"]
