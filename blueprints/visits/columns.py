"""The 25 columns of the visits file, and those that a dump or a problem-rows file adds (rule 5.1)."""

from __future__ import annotations

from blueprints.imports.columns import Column, Need
from blueprints.values import boolean, time_of_day, visit_date

DATE = "date: 05/10/2026, 5 Oct 26, 05-10-2026 or 2026-10-05"
TIME = "time: 8:30, 08:30 or 08:30:00"
YES_NO = "0, 1, Y, N, yes, no, true or false; empty is no"
REF = 255  # the guide gives no length for GUIDs; what the tables hold
FREE_TEXT = 8000

COLUMNS: tuple[Column, ...] = (
    Column(
        "VisitRef",
        "text",
        Need.MANDATORY,
        "Your own reference of the visit, never used for another one. Sent again, it replaces the visit.",
        50,
        field="ref",
    ),
    Column(
        "Deleted",
        YES_NO,
        Need.SOMETIMES,
        "1 deletes the visit. Only VisitRef and, if given, SSRef are then read.",
        5,
        boolean,
        "is_deleted",
    ),
    Column("PlannedVisitDate", DATE, Need.MANDATORY, "The day on which the planned visit begins.", 11, visit_date),
    Column("PlannedEntryTime", TIME, Need.MANDATORY, "", 8, time_of_day, "planned_entry"),
    Column(
        "PlannedExitTime",
        TIME,
        Need.MANDATORY,
        "Earlier than the entry time: the visit ends on the next day.",
        8,
        time_of_day,
        "planned_exit",
    ),
    Column("VisitType", "one of the visit types", Need.MANDATORY, "In capital or small letters.", 50, field="type"),
    Column(
        "DeliveredVisitDate",
        DATE,
        Need.CONDITIONAL,
        "With a type that needs delivered times; empty with any other.",
        11,
        visit_date,
        "delivered_date",
    ),
    Column(
        "DeliveredEntryTime",
        TIME,
        Need.CONDITIONAL,
        "With a type that needs delivered times; empty with any other.",
        8,
        time_of_day,
        "delivered_entry",
    ),
    Column(
        "DeliveredEntryTimeIsOverridden",
        YES_NO,
        Need.OPTIONAL,
        "1 where the entry time replaces one that was recorded electronically.",
        5,
        boolean,
        "entry_overridden",
    ),
    Column(
        "DeliveredEntryTimeOverrideReason",
        "text",
        Need.OPTIONAL,
        "Why the entry time was overridden.",
        FREE_TEXT,
        field="entry_override_reason",
    ),
    Column(
        "DeliveredExitTime",
        TIME,
        Need.CONDITIONAL,
        "With a type that needs delivered times; empty with any other.",
        8,
        time_of_day,
        "delivered_exit",
    ),
    Column(
        "DeliveredExitTimeIsOverridden",
        YES_NO,
        Need.OPTIONAL,
        "1 where the exit time replaces one that was recorded electronically.",
        5,
        boolean,
        "exit_overridden",
    ),
    Column(
        "DeliveredExitTimeOverrideReason",
        "text",
        Need.OPTIONAL,
        "Why the exit time was overridden.",
        FREE_TEXT,
        field="exit_override_reason",
    ),
    Column("VarianceReason", "text", Need.OPTIONAL, "", FREE_TEXT, field="variance_reason"),
    Column(
        "Comments",
        "text",
        Need.CONDITIONAL,
        "With a type that needs a comment. Write Double-Handed on both rows of a call of two carers.",
        FREE_TEXT,
        field="comments",
    ),
    Column("ClientRef", "text", Need.SOMETIMES, "One of ClientRef, SSRef and NHSNumber.", REF, field="client_ref"),
    Column("SSRef", "text", Need.MANDATORY, "One of ClientRef, SSRef and NHSNumber.", 50, field="ssref"),
    Column("NHSNumber", "text", Need.SOMETIMES, "One of ClientRef, SSRef and NHSNumber.", 20, field="nhs_number"),
    Column(
        "ServiceLevelRef", "text", Need.SOMETIMES, "One of ServiceLevelRef and ServiceLevel.", REF, field="level_ref"
    ),
    Column(
        "ServiceLevel",
        "text",
        Need.MANDATORY,
        "The service level's name as in the commissioned care file, in capital or small letters.",
        100,
        field="level_name",
    ),
    Column("CarerRef", "text", Need.OPTIONAL, "A carer of the carers file.", 100, field="carer_ref"),
    Column(
        "ServiceRef",
        "text",
        Need.SOMETIMES,
        "Where a client has packages of several services.",
        REF,
        field="service_ref",
    ),
    Column(
        "ServiceName",
        "text",
        Need.SOMETIMES,
        "Where a client has packages of several services. The name as in the commissioned care file.",
        112,
        field="service_name",
    ),
    Column("OrganisationRef", "text", Need.OPTIONAL, "Your own.", REF, field="organisation_ref"),
    Column("OrganisationName", "text", Need.OPTIONAL, "Your own.", 112, field="organisation_name"),
)
HEADINGS: tuple[str, ...] = tuple(column.name for column in COLUMNS)

DUMP_HEADINGS = ("Status", "Reason", "CPLIId", "PlannedMinutes", "DeliveredMinutes", "PaidMinutes", "ChargedMinutes")
PROBLEM_HEADINGS = ("Problem", "Expected")
IGNORED = (*DUMP_HEADINGS, *PROBLEM_HEADINGS)  # may be there and are not read (rule 5.1)

LENGTHS: dict[str, int] = {column.name: column.length for column in COLUMNS}
