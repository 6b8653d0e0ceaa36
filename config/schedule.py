"""What beat starts by the clock. A sweep finds in the database what is due: a lost message costs seconds.

Beat remembers nothing over its end: what it is to start after a day is never started where it ends each evening. So
nothing here is rarer than an hour, and what is due but once a day (retention, saved searches) the database says.
"""

from __future__ import annotations

SCHEDULE: dict[str, dict[str, object]] = {
    "index: what is asked for and not yet done": {"task": "search.tasks.index_sweep", "schedule": 60.0},
    "saved searches: what they find and tell": {"task": "search.tasks.alerts_sweep", "schedule": 60.0},
    "operations: queued and not begun": {"task": "procurement.tasks.sweep_operations", "schedule": 60.0},
    "call-offs: reminders and ends of windows": {
        "task": "procurement.tasks.sweep_deadlines",
        "schedule": 60.0,
    },
    "outbox: what is to be delivered": {"task": "procurement.tasks.sweep_deliveries", "schedule": 60.0},
    "accounts: e-mails that are owed": {"task": "procurement.tasks.send_account_mails", "schedule": 60.0},
    "retention: what need not be kept any longer": {"task": "procurement.tasks.purge", "schedule": 3_600.0},
    "profiles: firms that have long not confirmed theirs": {
        "task": "procurement.tasks.sweep_profiles",
        "schedule": 3_600.0,
    },
    "dates: what takes effect today": {"task": "procurement.tasks.sweep_dates", "schedule": 600.0},
}
