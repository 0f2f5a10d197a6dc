"""The settings that there are, with their defaults and meaning, and how they are read and changed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from blueprints import history, prepared
from models import Counter, Setting, db


class Spec(NamedTuple):
    """One setting: its kind, default, label, meaning and bounds.

    Kinds: yes-no, whole, text, long (several lines of text), lines, colour, choice (one of), some (several of), address,
    email.
    """

    name: str
    kind: str
    default: Any
    label: str
    meaning: str
    rule: str = ""
    low: int | None = None
    high: int | None = None
    choices: tuple[str, ...] = ()
    group: str = "Portal"


# The eleven common reasons of guide 004.
DELETION_REASONS = (
    "Live-in care",
    "Spot package",
    "Continuing health care",
    "Before start",
    "After end",
    "Deceased",
    "Gone private",
    "Package did not go ahead",
    "Wrong zone",
    "Wrong level",
    "Dispute unanswered in 7 days",
)

REJECTION_REASONS = (
    "Not enough information",
    "The information is not right",
    "Already done",
    "Not agreed with the authority",
    "Asked for by the wrong person",
)
# What an officer may give as the reason of a manual adjustment; the note says the rest.
ADJUSTMENT_REASONS = (
    "Agreed extra cost",
    "Underpaid before",
    "Overpaid before",
    "Mileage or travel",
    "Recovery of a payment",
    "Other",
)

# Guides 001 and 004 name these; each authority keeps its own list.
DISPUTE_REASONS = (
    "Actual does not match planned – more detail required",
    "Actuals query",
    "Care not delivered",
    "Ceased Care Package",
    "Charged when cancelled in advance",
    "Client Deceased",
    "Client Disputes Visits Data",
    "Client Has Gone Private",
    "Client In Hospital",
    "Client In Respite Care",
    "Client query",
    "Incorrect Data",
    "Invoice Case",
    "Issue with care provided",
    "Missing Comment",
    "Reablement / Other Case",
    "Variation code missing",
    "Other",
)

# What organisations do, where modules differ by it (Z-05).
PROVIDER_KINDS = ("Home care", "Residential and nursing care", "Short breaks", "Day services", "Supported housing")

SPECS: dict[str, Spec] = {
    spec.name: spec
    for spec in (
        Spec("authority_name", "text", "Local authority", "Authority's name", "Stands in the header of every page."),
        Spec("portal_name", "text", "Provider portal", "Portal's name", "Stands beside the authority's name and ends each page's title."),
        Spec("colour", "colour", "#1d70b8", "Header colour", "A colour such as #1d70b8. Text on it is black or white, whichever is easier to read."),
        Spec("support_address", "address", "", "Support page", "Linked from help and sign-in. Begins with https:// or http://."),
        Spec("support_contact", "text", "", "Support telephone or e-mail", "Shown on the help pages and when something has failed."),
        Spec("guide_address", "address", "", "Guide", "Your own guide, linked from help. Begins with https:// or http://."),
        Spec("video_addresses", "lines", (), "Videos", "Linked from help: one a line, the address and then what it shows."),
        Spec("home_style", "choice", "organisation", "Providers' home page", "Headed by the organisation's name, or by a welcome to the person.", "C-01", choices=("organisation", "welcome")),
        Spec("home_intro", "text", "Pick a task...", "Line above the tiles", "Stands above the tiles of providers' home page.", "C-01"),
        Spec("notice_on", "yes-no", False, "Notice on every page", "Shows the notice below on every page, the sign-in page too.", "C-31", group="Texts"),
        Spec("notice", "long", "", "Notice", "Such as a planned outage. Shown only while the setting above is on.", "C-31", group="Texts"),
        Spec("urgent_contact", "text", "", "When the portal is down", "Telephone or e-mail for what cannot wait; on the help pages and where something has failed.", "C-31", group="Texts"),
        Spec("landing_text", "long", "", "Text of the first page", "Stands on the public first page. A blank line begins a paragraph, # a heading, - a point of a list.", "Z-06", group="Texts"),
        Spec("help_public", "long", "", "Help before sign-in", "Added to the help of people who are not signed in. Lines as above.", "Z-06", group="Texts"),
        Spec("help_providers", "long", "", "Help for providers", "Added to each help page of providers. Lines as above.", "Z-06", group="Texts"),
        Spec("help_officers", "long", "", "Help for officers", "Added to each help page of officers. Lines as above.", "Z-06", group="Texts"),
        Spec("privacy_text", "long", "", "Privacy page", "Your own privacy notice in place of the portal's general one. Lines as above.", "Z-06", group="Texts"),
        Spec("accessibility_text", "long", "", "Accessibility page", "Your own statement in place of the portal's general one. Lines as above.", "Z-06", group="Texts"),
        Spec("word_client", "text", "", "“Client”", "What you call the person who receives care, such as Service user. Empty: Client.", "Z-06", group="Wording"),
        Spec("word_clients", "text", "", "“Clients”", "The same for several, such as Service users. Empty: Clients.", "Z-06", group="Wording"),
        Spec("word_visits", "text", "", "“Actuals/Visits”", "The tab and tile of visits and actuals. Empty: Actuals/Visits.", "Z-06", group="Wording"),
        Spec("word_packages", "text", "", "“Care package line items”", "Their tab and tile. Empty: Care package line items.", "Z-06", group="Wording"),
        Spec("word_payments", "text", "", "“Scheduled payments”", "Their tab and tile. Empty: Scheduled payments.", "Z-06", group="Wording"),
        Spec("word_orders", "text", "", "“Purchase orders”", "Their tab and tile. Empty: POs in the tab, Purchase Orders elsewhere.", "Z-06", group="Wording"),
        Spec("word_historical", "text", "", "“Include Historical”", "The box that adds what has ended, such as Include archived. Empty: Include Historical.", "Z-06", group="Wording"),
        Spec("whats_new", "text", "", "What's new", "A sentence shown beside the version at the foot of the page."),
        Spec("comments_on_change", "yes-no", True, "Comment on every change away from plan", "A changed actual needs a comment.", "4.6", group="Actuals"),
        Spec("unplanned_actuals", "yes-no", False, "Unplanned actuals may be added", "Actuals for a level that the client has no package for.", "4.6", group="Actuals"),
        Spec("authorise_increases", "yes-no", False, "Increases need an officer", "What is entered above plan is paid once an officer has authorised it; visits are paid by their types.", "4.6", group="Actuals"),
        Spec("over_allocation", "choice", "refuse", "Beyond the yearly allocation", "What happens to an intermittent actual beyond what is left.", "4.6", choices=("refuse", "warn"), group="Actuals"),
        Spec("quarter_steps", "yes-no", False, "Quantities in steps of 0.25", "Other quantities are refused.", "4.6", group="Actuals"),
        Spec("posted_within_days", "whole", 2, "Days after the Sunday until actuals are due", "Used where the period has no cut-off date.", "4.10", 0, 60, group="Actuals"),
        Spec("whole_sessions", "yes-no", False, "Sessions, days and nights in whole numbers", "Actuals of half a session are refused.", "M-12", group="Actuals"),
        Spec("weeks_ahead", "whole", 4, "Weeks ahead that actuals may be entered for", "Later weeks are refused.", "M-03", 0, 52, group="Actuals"),
        Spec("actuals_boxes", "yes-no", True, "Filter boxes of the actuals page", "Unplanned, Planned, Intermittent and Locked; off: all are shown.", "M-06", group="Actuals"),
        Spec("visits_need_ssref_and_service", "yes-no", False, "Visits need SSRef and ServiceName", "Every row of a visits file must have both.", "5.3", group="Visits"),
        Spec("over_time_minutes", "whole", 60, "Minutes over plan that are noticed", "From so many minutes over plan an ordinary visit carries a warning and an exceptional visit does not.", "5.11", 1, 1440, group="Visits"),
        Spec("deletion_reasons", "lines", DELETION_REASONS, "Reasons for deleting visits", "One a line. A reason that was used stays with the deletion when it is taken off the list.", "O-44", group="Visits"),
        Spec("most_rows", "whole", 600_000, "Most rows in a file", "A longer file is refused.", "5.6", 1, 5_000_000, group="Visits"),
        Spec("most_megabytes", "whole", 200, "Most megabytes in a file", "A larger file is refused.", "5.6", 1, 2000, group="Visits"),
        Spec("longest_line_kb", "whole", 64, "Longest line in kB", "A file with a longer line is refused.", "5.6", 1, 1024, group="Visits"),
        Spec("check_lapses_hours", "whole", 24, "Hours until a checked import lapses", "After that the file must be chosen again.", "5.6", 1, 168, group="Visits"),
        Spec("file_types", "some", ("pdf", "docx", "xlsx", "odt", "ods", "csv", "txt", "png", "jpg", "jpeg"), "Files that may be attached", "By name and by content. Documents with macros are never taken.", "Z-13", choices=("pdf", "docx", "xlsx", "odt", "ods", "csv", "txt", "png", "jpg", "jpeg"), group="Attachments"),
        Spec("file_megabytes", "whole", 10, "Most megabytes of an attached file", "A larger file is refused.", "Z-13", 1, 100, group="Attachments"),
        Spec("include_unauthorised", "yes-no", False, "Packages list starts with Include Unauthorised ticked", "Providers then see packages that are not authorised, marked.", "3.8", group="Packages"),
        Spec("package_reference", "choice", "CPLI ID", "Reference column of the packages list", "Which reference providers see.", "K-03", choices=("CPLI ID", "CarePackageRef"), group="Packages"),
        Spec("show_authorised", "yes-no", True, "Packages list shows the Authorised column", "Tells a confirmed line from a draft.", "K-04", group="Packages"),
        Spec("same_person_may_finalise", "yes-no", True, "Who changed a package may finalise its period", "Off: nobody finalises a period in which they changed a package.", "11.5", group="Payments"),
        Spec("rejection_reasons", "lines", REJECTION_REASONS, "Reasons for rejecting requests", "One a line. A reason that was used stays with the request when it is taken off the list.", "F-15", group="Requests"),
        Spec("request_months", "whole", 1, "Months of requests shown at first", "Requests that wait are always shown.", "C-03", 1, 120, group="Requests"),
        Spec("titles", "lines", ("Mr", "Mrs", "Miss", "Ms", "Mx", "Dr", "Rev"), "Titles", "One a line; offered where somebody's title is asked.", "Z-07", group="Lists"),
        Spec("contact_types", "lines", ("Admin", "Finance Director", "Secretary", "Service Manager", "Telephonist"), "Types of contact", "One a line. Taken off the list, a type stays with those who have it.", "E-04", group="Lists"),
        Spec("religions", "lines", ("Buddhist", "Christian", "Hindu", "Jewish", "Muslim", "Sikh", "No religion"), "Religions", "One a line; what a service supports.", "D-15", group="Lists"),
        Spec("languages", "lines", ("English", "British Sign Language", "Bengali", "Gujarati", "Polish", "Punjabi", "Romanian", "Urdu", "Welsh"), "Languages", "One a line; what a service supports.", "D-15", group="Lists"),
        Spec("tenure_types", "lines", ("Owner occupied", "Council rented", "Housing association", "Private rented", "Leasehold", "Shared ownership"), "Tenure types", "One a line; for services that are not accommodation based.", "D-15", group="Lists"),
        Spec("provider_kinds", "lines", PROVIDER_KINDS, "Kinds of provider", "One a line. Modules can be switched off for a kind; an organisation of two kinds has what either of them has.", "Z-05", group="Modules"),
        Spec("module_organisations", "yes-no", True, "Organisation", "The organisation's details, and asking to change them.", "Z-04", group="Modules"),
        Spec("module_services", "yes-no", True, "Services", "Services, their details and properties, and asking to change them.", "Z-04", group="Modules"),
        Spec("module_level_availability", "yes-no", False, "Service availability at service level", "Availability is entered for each service level instead of one figure.", "D-18", group="Modules"),
        Spec("module_contacts", "yes-no", True, "Contacts", "The organisation's people, and asking to change them.", "Z-04", group="Modules"),
        Spec("orders_after_view", "yes-no", False, "Purchase orders are listed after View only", "Off: the list opens with the orders of the present financial year.", "S-01", group="Payments"),
        Spec("orders_issued_nightly", "yes-no", False, "Purchase orders are issued by themselves", "Each night, the orders that are new and those whose packages have changed.", "S-08", group="Payments"),
        Spec("rate_change_percent", "whole", 10, "Rate change that stands out, per cent", "Before a period is finalised, packages whose rate differs by more than this from the period before are listed.", "7", 0, 1000, group="Payments"),
        Spec("adjustment_reasons", "lines", ADJUSTMENT_REASONS, "Reasons for manual adjustments", "One a line. A reason that was used stays with the adjustment when it is taken off the list.", "7.4", group="Payments"),
        Spec("hospital_type", "text", "H", "Visit type that marks a hospital stay", "The code of the visit type that hospital incentives are worked out from.", "8.2", group="Claims"),
        Spec("claim_quantity_one", "yes-no", True, "Quantity of a claim is always 1", "The unit cost is then the whole amount. Off: providers enter the quantity too.", "P-09", group="Claims"),
        Spec("claim_description_least", "whole", 0, "Shortest description of a claim, characters", "A shorter one is refused.", "P-06", 0, 1000, group="Claims"),
        Spec("claim_limit_days", "whole", 0, "Days after a stay within which it is claimed", "0 is no limit.", "P-23", 0, 3660, group="Claims"),
        Spec("claim_over_limit", "choice", "warn", "Claims after that", "Whether a late claim is refused, or both sides are told that it is late.", "P-23", choices=("warn", "refuse"), group="Claims"),
        Spec("dispute_reasons", "lines", DISPUTE_REASONS, "Reasons for disputes", "One a line; what stands after a colon explains the reason to providers. A reason that was used stays with its dispute when it is taken off the list.", "Q-10", group="Disputes"),
        Spec("dispute_days", "whole", 7, "Days to answer a dispute", "A dispute is due so many days after it was raised, unless the officer says otherwise.", "Q-12", 0, 365, group="Disputes"),
        Spec("dispute_response_needed", "yes-no", True, "Requesting a resolution needs a response", "Off: it may be left out where the visits or actuals were changed.", "Q-07", group="Disputes"),
        Spec("hold_disputed", "yes-no", False, "Disputed rows are held from payment", "Until the dispute is resolved. Off: they are paid, and adjusted where they change.", "7.5", group="Disputes"),
        Spec("far_minutes", "whole", 60, "Minutes from plan that the check list notices", "A visit that was delivered so much earlier or later than planned, without a comment.", "O-42", 1, 1440, group="Disputes"),
        Spec("repeated_undeliverable", "whole", 3, "Undeliverable visits that the check list notices", "So many of one client within the days below.", "O-54", 2, 100, group="Disputes"),
        Spec("repeated_days", "whole", 28, "Days within which they are counted", "Up to the end of the week that is looked at.", "O-54", 1, 366, group="Disputes"),
        Spec("message_days", "whole", 7, "Days that a message is highlighted", "A message published within so many days has another background.", "C-23", 0, 90, group="Messages"),
        Spec("retention_on", "yes-no", False, "Let data go by its age", "Off: nothing is deleted; the page Retention shows what would be.", "Z-13", group="Retention"),
        Spec("keep_import_files", "whole", 400, "Days that loaded files are kept", "0 keeps them for ever. The import stays in the history.", "Z-13", 0, 36500, group="Retention"),
        Spec("keep_import_rows", "whole", 400, "Days that problems of imports are kept", "0 keeps them for ever. The import keeps its figures.", "Z-13", 0, 36500, group="Retention"),
        Spec("keep_looks", "whole", 2555, "Days that looks at people's records are kept", "0 keeps them for ever.", "Z-13", 0, 36500, group="Retention"),
        Spec("keep_searches", "whole", 90, "Days that searches are kept", "0 keeps them for ever. What somebody looked for, and when.", "Z-13", 0, 36500, group="Retention"),
        Spec("keep_messages", "whole", 2555, "Days that messages are kept after they have ended", "0 keeps them for ever. With file, responses and answers.", "Z-13", 0, 36500, group="Retention"),
        Spec("keep_audit_texts", "whole", 2555, "Days that texts of the audit trail are kept", "0 keeps them for ever. The entry and its seal stay.", "Z-13", 0, 36500, group="Retention"),
        Spec("module_messages", "yes-no", True, "Messages", "What the authority tells providers' people, and their responses.", "Z-04", group="Modules"),
        Spec("module_visits", "yes-no", True, "Visits", "Actuals/Visits and everything that leads there.", "Z-04", group="Modules"),
        Spec("module_actuals", "yes-no", True, "Actuals", "Actuals entered by the week or by the day.", "Z-04", group="Modules"),
        Spec("module_actuals_import", "yes-no", True, "Actuals Bulk Import", "Actuals by file.", "N-01", group="Modules"),
        Spec("module_actuals_export", "yes-no", True, "Actuals Bulk Export", "Actuals as a file.", "N-01", group="Modules"),
        Spec("module_carers", "yes-no", True, "Carers import", "The list of carers that visits name.", "Z-04", group="Modules"),
        Spec("module_commissioned_care", "yes-no", True, "Commissioned care export", "The file of all packages.", "Z-04", group="Modules"),
        Spec("module_packages", "yes-no", True, "Care package line items", "The list of packages.", "Z-04", group="Modules"),
        Spec("module_payments", "yes-no", True, "Scheduled payments", "Payments, remittances and the payment calendar.", "Z-04", group="Modules"),
        Spec("module_orders", "yes-no", True, "Purchase orders", "What packages are worth in a financial year.", "Z-04", group="Modules"),
        Spec("report_commissioned", "yes-no", True, "Providers have Commissioned v Actuals", "A report that is off is absent for providers; officers have it all the same.", "U-07", group="Reports"),
        Spec("report_exceptions", "yes-no", True, "Providers have Pending Payments Exceptions", "", "U-07", group="Reports"),
        Spec("report_pending", "yes-no", True, "Providers have Pending Scheduled Payments", "", "U-07", group="Reports"),
        Spec("report_remittance", "yes-no", True, "Providers have Remittance Advice Provider Payments", "", "U-07", group="Reports"),
        Spec("report_finalisations", "yes-no", True, "Providers have Remittance Advice by Finalisation", "", "U-07", group="Reports"),
        Spec("remittance_note", "text", "", "Note at the end of remittances", "Stands below every remittance, on screen and as PDF.", "U-15", group="Reports"),
        Spec("report_years", "whole", 10, "Longest time of a report, in years", "Dates further apart are refused.", "U-09", 1, 10, group="Reports"),
        Spec("report_days", "whole", 7, "Days that a prepared report is kept", "A long report is prepared apart and fetched by whoever asked for it.", "", 1, 90, group="Reports"),
        Spec("module_claims", "yes-no", True, "One-off claims", "Claims outside packages, such as the hospital incentive.", "Z-04", group="Modules"),
        Spec("module_disputes", "yes-no", True, "Disputes", "The authority’s questions about visits and actuals.", "Z-04", group="Modules"),
        Spec("mail_sender", "email", "", "Sender's e-mail address", "Mail comes from it. Empty: portal@ and the host of the portal's address.", "Y-15", group="E-mail"),
        Spec("mail_sender_name", "text", "", "Sender's name", "Stands before the address. Empty: the authority's name.", "Y-15", group="E-mail"),
        Spec("mail_closing", "text", "", "Closing words", "Stand at the end of each mail, such as whom to ask.", "Y-15", group="E-mail"),
        Spec("mail_from_hour", "whole", 0, "Mail that can wait goes out from, hour", "Decisions, remittances, files and reports; links and codes go at once. The same hour twice: at any time.", "Y-15", 0, 23, group="E-mail"),
        Spec("mail_until_hour", "whole", 24, "And until, hour", "18 means until 18:00, in London time.", "Y-15", 0, 24, group="E-mail"),
        Spec("mail_days", "whole", 90, "Days that the list of mail is kept", "Older rows are deleted.", "Y-15", 7, 3650, group="E-mail"),
        Spec("mail_import_minutes", "whole", 2, "Mail about a file or report after minutes", "Who sent a file or asked for a report is told by mail when it took longer than this.", "Y-15", 0, 1440, group="E-mail"),
        Spec("mail_remittances", "yes-no", True, "Mail when a remittance is ready", "The provider's people who may see payments are told once a period is finalised.", "Y-12", group="E-mail"),
        Spec("sign_in_by", "choice", "e-mail address", "People sign in by", "With their password.", "B-02", choices=("e-mail address", "user name", "either"), group="Sign-in"),
        Spec("sign_in_minutes", "whole", 60, "Minutes without use until signed out", "What was being typed is given back after signing in again.", "11.4", 5, 720, group="Sign-in"),
        Spec("sign_in_warning", "whole", 5, "Minutes before that one is warned", "And asked whether to stay signed in.", "11.4", 1, 60, group="Sign-in"),
        Spec("sign_in_hours", "whole", 12, "Hours until signed out in any case", "However much the portal is used.", "11.4", 1, 72, group="Sign-in"),
        Spec("lock_after", "whole", 5, "Failures until a login is locked", "Passwords and codes count alike.", "11.4", 3, 20, group="Sign-in"),
        Spec("lock_minutes", "whole", 15, "Minutes that a login stays locked", "0: until an officer releases it, or a new password is set.", "11.4", 0, 1440, group="Sign-in"),
        Spec("login_requests", "yes-no", True, "Anybody may request a login", "By the link on the sign-in page; officers answer.", "B-11", group="Sign-in"),
        Spec("forgotten_password", "choice", "link by e-mail", "A forgotten password is set anew by", "A link that works once, or the help desk, which officers are.", "B-13, B-14", choices=("link by e-mail", "help desk"), group="Sign-in"),
        Spec("reset_minutes", "whole", 60, "Minutes that a link for a forgotten password works", "", "11.4", 10, 60, group="Sign-in"),
        Spec("invitation_hours", "whole", 72, "Hours that an invitation works", "And a link that an officer sends.", "B-12", 1, 336, group="Sign-in"),
        Spec("issued_days", "whole", 7, "Days that an issued password works", "It must be changed when it is first used.", "B-04", 1, 60, group="Sign-in"),
        Spec("second_officers", "choice", "required", "Authenticator app for officers", "A code from an app on their telephone, after the password.", "11.4", choices=("required", "offered", "off"), group="Sign-in"),
        Spec("second_providers", "choice", "offered", "Second step for providers", "A code from an app, or by e-mail, after the password.", "11.4", choices=("required", "offered", "off"), group="Sign-in"),
        Spec("security_code", "yes-no", False, "Security code", "Six digits of one's own; two of them are asked for at each sign-in.", "11.4", group="Sign-in"),
        Spec("security_code_weak", "yes-no", True, "Refuse easy security codes", "All the same digit, or counting up or down.", "B-05", group="Sign-in"),
        Spec("sessions_days", "whole", 365, "Days that sign-ins and answered requests are kept", "Older rows are deleted.", "B-22", 30, 3650, group="Sign-in"),
        Spec("password_length", "whole", 12, "Shortest password", "Characters.", "11.4", 8, 64, group="Passwords"),
        Spec("password_cases", "yes-no", False, "Upper and lower case", "A password needs both.", "11.4", group="Passwords"),
        Spec("password_digit", "yes-no", False, "A digit", "A password needs one.", "11.4", group="Passwords"),
        Spec("password_spaces", "yes-no", True, "Spaces are welcome", "Off: a password with a space is refused.", "B-08", group="Passwords"),
        Spec("password_like_name", "yes-no", True, "Refuse passwords like the name", "The user name, the address or the person's name inside the password, in any case.", "B-08", group="Passwords"),
        Spec("password_common", "yes-no", True, "Refuse common and breached passwords", "By the list that the portal ships.", "11.4", group="Passwords"),
        Spec("password_history", "whole", 0, "Earlier passwords that are refused", "The last so many, the present one among them.", "B-10", 0, 24, group="Passwords"),
        Spec("password_days", "whole", 0, "Days that a password is valid", "Then it must be changed. 0: for ever.", "B-17", 0, 3650, group="Passwords"),
        Spec("password_warning_days", "whole", 14, "Days before that one is warned", "", "11.4", 0, 90, group="Passwords"),
        Spec("password_grace_days", "whole", 0, "Further days until it is expired for good", "Then only the authority can give a new one. 0: never.", "B-18", 0, 3650, group="Passwords"),
        Spec("expired_reset", "yes-no", False, "Expired for good: may be reset by e-mail", "Off: the person must ask the authority.", "B-18", group="Passwords"),
    )
}  # fmt: skip


class Refused(ValueError):
    """A setting's value that cannot be; the message says what to enter."""


class Settings:
    """The settings as they are now, read by one query; `settings.over_time_minutes`."""

    def __init__(self, stored: dict[str, Any]):
        self._stored = stored

    def __getattr__(self, name: str):
        if name in self._stored:
            return self._stored[name]
        return SPECS[name].default

    @property
    def is_demonstration(self) -> bool:
        """The database was made as a demonstration."""
        return bool(self._stored.get("demonstration"))

    @property
    def logo(self) -> str:
        """`ID-DIGEST` of the authority's picture in the header; empty where it has none."""
        return str(self._stored.get("logo") or "")

    def requests_with(self, what: str) -> frozenset[str]:
        """The kinds of change request that are let through at once (`at_once`), or not taken (`off`) (rule 9.1)."""
        return frozenset(self._stored.get(f"requests {what}") or ())

    @property
    def mail_words(self) -> dict[str, str]:
        """The authority's own words in mail, by kind of message (Y-15)."""
        return dict(self._stored.get("mail words") or {})

    @property
    def off_by_kind(self) -> dict[str, list[str]]:
        """The modules that are switched off for kinds of provider, by kind (Z-05)."""
        return dict(self._stored.get("modules off by kind") or {})

    def for_kinds(self, kinds: Iterable[str]) -> Settings:
        """The settings as a provider of these kinds has them: what is off for each of its kinds is off (Z-05).

        A provider without a kind that the authority lists has every module that is on.
        """
        off, known = self.off_by_kind, [kind for kind in kinds if kind in self.provider_kinds]
        gone = set.intersection(*(set(off.get(kind, ())) for kind in known)) if off and known else set()
        return Settings({**self._stored, **dict.fromkeys(gone, False)}) if gone else self

    @property
    def today(self) -> str | None:
        """The date that the portal takes as today, ISO, where `today` set one."""
        return self._stored.get("today")


def read() -> Settings:
    """All settings, by one query."""
    return Settings({name: json.loads(value) for name, value in _all_statement().run()})


@prepared.kept
def _all_statement():
    return Setting.select(Setting.name, Setting.value)


def deletion_reasons(now: Settings) -> list[str]:
    """The authority's reasons for deleting a visit, in its order (O-44)."""
    return list(now.deletion_reasons)


def clean(name: str, value: Any) -> Any:
    """The value as it is kept. Raises Refused with what to enter instead."""
    spec = SPECS[name]
    if spec.kind == "yes-no":
        return bool(value)
    if spec.kind == "whole":
        text = str(value).strip()
        if not text.isascii() or not text.isdigit() or not (spec.low or 0) <= int(text) <= (spec.high or 10**9):
            raise Refused(f"Enter a whole number from {spec.low} to {spec.high}")
        return int(text)
    if spec.kind == "lines":
        return clean_lines(name, value)
    if spec.kind == "some":
        if not value or set(value) - set(spec.choices):
            raise Refused("Choose at least one of the list")
        return [one for one in spec.choices if one in value]
    text = str(value or "").strip()
    if spec.kind == "colour" and not re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        raise Refused("Enter a colour such as #1d70b8")
    if spec.kind == "address" and text and not re.match(r"https?://[^\s<>\"']+$", text):
        raise Refused("Enter an address that begins with https:// or http://")
    if spec.kind == "email" and text and not re.fullmatch(r"[^\s@<>\"',;]+@[^\s@<>\"',;]+", text):
        raise Refused("Enter an e-mail address in the correct format, like name@example.com")
    if spec.kind == "choice" and text not in spec.choices:
        raise Refused("Choose one of the list")
    most = {"long": 20_000}.get(spec.kind, 60 if spec.name.startswith("word_") else 2000)
    if len(text) > most:
        raise Refused(f"Enter at most {most:,} characters")
    return text


def clean_lines(name: str, value: Any) -> list[str]:
    """The lines of a list, each once, without empty ones. Raises Refused with what to enter instead."""
    lines = value.splitlines() if isinstance(value, str) else value
    found = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if len(found) > 100 or any(len(line) > 200 for line in found):
        raise Refused("Enter at most 100 lines of at most 200 characters")
    if name in ("deletion_reasons", "adjustment_reasons", "rejection_reasons", "dispute_reasons") and not found:
        raise Refused("Enter at least one reason")
    if name == "video_addresses" and not all(re.match(r"https?://[^\s<>\"']+(\s|$)", line) for line in found):
        raise Refused("Enter on each line an address that begins with https:// or http://, then what it shows")
    return found


def change(by: history.Actor, values: dict[str, Any]) -> int:
    """Set several settings in one transaction, with history; returns how many changed. Raises Refused."""
    cleaned = {name: clean(name, value) for name, value in values.items()}
    with db.atomic():
        now = read()
        changed = {name: value for name, value in cleaned.items() if kept(getattr(now, name)) != value}
        for name, value in changed.items():
            put(name, value, by)
            history.record(by, "Changed setting", ("setting", None), {name: kept(getattr(now, name))}, {name: value})
    return len(changed)


def kept(value: Any) -> Any:
    """A value as JSON gives it back: a list for a tuple."""
    return list(value) if isinstance(value, tuple) else value


def put(name: str, value: Any, by: history.Actor = history.COMMAND_LINE) -> None:
    """Write one value, without checks or history."""
    row = {"name": name, "value": json.dumps(value), "changed_by": by.name}
    Setting.insert(**row).on_conflict(
        conflict_target=[Setting.name], preserve=[Setting.value, Setting.changed_by, Setting.changed_at]
    ).execute()


def mark_demonstration() -> None:
    """Mark the database as a demonstration, which has no second step at sign-in (rule 11.4)."""
    for name, value in (("demonstration", True), ("second_officers", "off"), ("second_providers", "off")):
        put(name, value)


COUNTERS = {
    "types": "visit types",
    "levels": "service levels",
    "organisations": "organisations",
    "services": "services",
    "clients": "clients",
    "contracts": "contracts",
    "periods": "payment cycles and periods, and which of them are finalised",
    "packages": "packages with their rates and timetables, of all organisations",
    "packages:ID": "what the files of one organisation are judged by: its packages with rates and timetables, their "
    "clients and contracts, its services, itself",
    "visits:ID": "the visits of one organisation",
    "carers:ID": "the carers of one organisation",
    "roles": "the names of contacts' roles",
    "roles:ID": "what the contacts of one organisation reach: their roles, and whether accessibility is limited",
    "locks:ID": "the weeks that are locked for services of one organisation",
}


def bump(*names: str) -> None:
    """Note that something that imports check against has changed: names of COUNTERS, ID an organisation's (rule 5.6)."""
    for name in sorted(set(names)):
        Counter.insert(name=name, value=1).on_conflict(
            conflict_target=[Counter.name], update={Counter.value: Counter.value + 1}
        ).execute()


def bump_organisations(kind: str, organisations: Iterable[int], *names: str) -> None:
    """Note a change for several organisations: `packages:12` and its like for `packages`; and these other counters."""
    bump(*names, *(f"{kind}:{ident}" for ident in organisations))


def stamp(*names: str) -> str:
    """The present values of the counters, as one text to compare later."""
    values = dict(Counter.select(Counter.name, Counter.value).where(Counter.name.in_(names)).tuples())
    return " ".join(f"{name}={values.get(name, 0)}" for name in sorted(names))
