"""The whole schema as it was at first, frozen: made by `python -m migrations.freeze`, and never changed after release."""

VISIT_TYPES = [
    ("C24", "Cancelled > 24", "", "none", "none", False, False),
    ("C", "Cancelled < 24", "", "planned", "planned", False, False),
    ("E", "Exceptional Visit", "", "delivered", "delivered", True, True),
    ("U", "Undeliverable", "", "planned", "planned", False, True),
    ("DHS", "Delivered", "not LWAH", "delivered", "delivered", True, False),
    ("DHF", "Delivered (Live Well at Home)", "LWAH", "delivered", "delivered", True, False),
    ("H", "Hospital", "", "none", "none", False, False),
]  # rule 5.5, the set of guide 004


def up(migrator, db):
    """Make every table and index, and the default visit types."""
    statements = SQLITE if type(migrator).__name__.startswith("Sqlite") else POSTGRESQL
    for statement in statements.strip().split(";\n"):
        db.execute_sql(statement.rstrip(";"))
    mark = "?" if statements is SQLITE else "%s"
    for row in VISIT_TYPES:
        db.execute_sql(
            "INSERT INTO visit_type (code, name, contract_types, pays, charges, needs_delivered, needs_comment, is_retired) "
            f"VALUES ({', '.join([mark] * 8)})",
            (*row, False),
        )


SQLITE = """
CREATE TABLE "organisation" ("id" INTEGER NOT NULL PRIMARY KEY, "address1" VARCHAR(255) NOT NULL, "address2" VARCHAR(255) NOT NULL, "address3" VARCHAR(255) NOT NULL, "town" VARCHAR(255) NOT NULL, "county" VARCHAR(255) NOT NULL, "postcode" VARCHAR(255) NOT NULL, "ref" VARCHAR(255) NOT NULL, "name" VARCHAR(112) NOT NULL, "telephone" VARCHAR(255) NOT NULL, "email" VARCHAR(255) NOT NULL, "limited_accessibility" INTEGER NOT NULL, "enters_actuals" INTEGER NOT NULL);
CREATE UNIQUE INDEX "organisation_ref" ON "organisation" ("ref");
CREATE INDEX "organisation_name" ON "organisation" ("name");
CREATE TABLE "client" ("id" INTEGER NOT NULL PRIMARY KEY, "address1" VARCHAR(255) NOT NULL, "address2" VARCHAR(255) NOT NULL, "address3" VARCHAR(255) NOT NULL, "town" VARCHAR(255) NOT NULL, "county" VARCHAR(255) NOT NULL, "postcode" VARCHAR(255) NOT NULL, "ssref" VARCHAR(50) NOT NULL, "client_ref" VARCHAR(255) NOT NULL, "nhs_number" VARCHAR(20) NOT NULL, "title" VARCHAR(255) NOT NULL, "surname" VARCHAR(255) NOT NULL, "forename" VARCHAR(255) NOT NULL, "date_of_birth" DATE, "date_of_death" DATE, "gender" VARCHAR(255) NOT NULL, "ni_number" VARCHAR(255) NOT NULL);
CREATE UNIQUE INDEX "client_ssref" ON "client" ("ssref");
CREATE UNIQUE INDEX "client_client_ref" ON "client" ("client_ref");
CREATE INDEX "client_nhs_number" ON "client" ("nhs_number");
CREATE INDEX "client_surname" ON "client" ("surname");
CREATE TABLE "service" ("id" INTEGER NOT NULL PRIMARY KEY, "address1" VARCHAR(255) NOT NULL, "address2" VARCHAR(255) NOT NULL, "address3" VARCHAR(255) NOT NULL, "town" VARCHAR(255) NOT NULL, "county" VARCHAR(255) NOT NULL, "postcode" VARCHAR(255) NOT NULL, "ref" VARCHAR(255) NOT NULL, "name" VARCHAR(112) NOT NULL, "organisation_id" INTEGER NOT NULL, "service_type" VARCHAR(255) NOT NULL, "telephone" VARCHAR(255) NOT NULL, "email" VARCHAR(255) NOT NULL, "start_date" DATE, "end_date" DATE, FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "service_ref" ON "service" ("ref");
CREATE INDEX "service_organisation_id" ON "service" ("organisation_id");
CREATE TABLE "service_level" ("id" INTEGER NOT NULL PRIMARY KEY, "ref" VARCHAR(255) NOT NULL, "name" VARCHAR(100) NOT NULL, "unit" VARCHAR(255) NOT NULL, "paid_on" VARCHAR(255) NOT NULL, "entry" VARCHAR(255) NOT NULL, "intermittent" INTEGER NOT NULL, "visits_wanted" INTEGER NOT NULL, "frustrated_allowed" INTEGER NOT NULL, "service_group_class" VARCHAR(255) NOT NULL);
CREATE UNIQUE INDEX "service_level_ref" ON "service_level" ("ref");
CREATE TABLE "payment_cycle" ("id" INTEGER NOT NULL PRIMARY KEY, "name" VARCHAR(255) NOT NULL);
CREATE UNIQUE INDEX "payment_cycle_name" ON "payment_cycle" ("name");
CREATE TABLE "contract" ("id" INTEGER NOT NULL PRIMARY KEY, "ref" VARCHAR(255) NOT NULL, "name" VARCHAR(255) NOT NULL, "organisation_id" INTEGER NOT NULL, "contract_type" VARCHAR(255) NOT NULL, "cycle_id" INTEGER NOT NULL, "vat_rate" INTEGER NOT NULL, "payment_basis" VARCHAR(255) NOT NULL, "payment_method" VARCHAR(255) NOT NULL, FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE RESTRICT, FOREIGN KEY ("cycle_id") REFERENCES "payment_cycle" ("id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "contract_ref" ON "contract" ("ref");
CREATE INDEX "contract_organisation_id" ON "contract" ("organisation_id");
CREATE INDEX "contract_cycle_id" ON "contract" ("cycle_id");
CREATE TABLE "package" ("id" INTEGER NOT NULL PRIMARY KEY, "cpli_id" INTEGER NOT NULL, "organisation_id" INTEGER NOT NULL, "client_id" INTEGER NOT NULL, "service_id" INTEGER NOT NULL, "level_id" INTEGER NOT NULL, "contract_id" INTEGER NOT NULL, "start_date" DATE NOT NULL, "end_date" DATE, "quantity" INTEGER NOT NULL, "frequency" VARCHAR(255) NOT NULL, "unit_cost" INTEGER NOT NULL, "authorised" INTEGER NOT NULL, "care_package_ref" VARCHAR(255) NOT NULL, "discount" INTEGER NOT NULL, "contribution" INTEGER NOT NULL, "pricing_basis" VARCHAR(255) NOT NULL, "cost_centre" VARCHAR(255) NOT NULL, "subjective" VARCHAR(255) NOT NULL, FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE RESTRICT, FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE RESTRICT, FOREIGN KEY ("service_id") REFERENCES "service" ("id") ON DELETE RESTRICT, FOREIGN KEY ("level_id") REFERENCES "service_level" ("id") ON DELETE RESTRICT, FOREIGN KEY ("contract_id") REFERENCES "contract" ("id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "package_cpli_id" ON "package" ("cpli_id");
CREATE INDEX "package_organisation_id" ON "package" ("organisation_id");
CREATE INDEX "package_client_id" ON "package" ("client_id");
CREATE INDEX "package_service_id" ON "package" ("service_id");
CREATE INDEX "package_level_id" ON "package" ("level_id");
CREATE INDEX "package_contract_id" ON "package" ("contract_id");
CREATE INDEX "package_organisation_id_client_id_level_id" ON "package" ("organisation_id", "client_id", "level_id");
CREATE INDEX "package_service_id_end_date" ON "package" ("service_id", "end_date");
CREATE INDEX "package_authorised" ON "package" ("authorised");
CREATE TABLE "portal_user" ("id" INTEGER NOT NULL PRIMARY KEY, "email" VARCHAR(255) NOT NULL, "name" VARCHAR(255) NOT NULL, "organisation_id" INTEGER, "password_hash" VARCHAR(255), "is_active" INTEGER NOT NULL, "created_at" DATETIME NOT NULL, "password_changed_at" DATETIME, "failures" INTEGER NOT NULL, "locked_until" DATETIME, FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "portal_user_email" ON "portal_user" ("email");
CREATE INDEX "portal_user_organisation_id" ON "portal_user" ("organisation_id");
CREATE TABLE "file" ("id" INTEGER NOT NULL PRIMARY KEY, "name" VARCHAR(255) NOT NULL, "content_type" VARCHAR(255) NOT NULL, "size" INTEGER NOT NULL, "sha256" VARCHAR(255) NOT NULL, "kind" VARCHAR(255) NOT NULL, "organisation_id" INTEGER, "uploaded_by_id" INTEGER, "uploaded_at" DATETIME NOT NULL, FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE RESTRICT, FOREIGN KEY ("uploaded_by_id") REFERENCES "portal_user" ("id") ON DELETE RESTRICT);
CREATE INDEX "file_organisation_id" ON "file" ("organisation_id");
CREATE INDEX "file_uploaded_by_id" ON "file" ("uploaded_by_id");
CREATE TABLE "job" ("id" INTEGER NOT NULL PRIMARY KEY, "kind" VARCHAR(255) NOT NULL, "about" INTEGER, "state" VARCHAR(255) NOT NULL, "user_id" INTEGER, "organisation_id" INTEGER, "queued_at" DATETIME NOT NULL, "started_at" DATETIME, "ended_at" DATETIME, "owner" VARCHAR(255) NOT NULL, "leased_until" DATETIME, "done" INTEGER NOT NULL, "total" INTEGER NOT NULL, "doing" VARCHAR(255) NOT NULL, "error" TEXT NOT NULL, "tries" INTEGER NOT NULL, "wanted" TEXT NOT NULL, "unique_key" VARCHAR(255), FOREIGN KEY ("user_id") REFERENCES "portal_user" ("id") ON DELETE RESTRICT, FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE RESTRICT);
CREATE INDEX "job_user_id" ON "job" ("user_id");
CREATE INDEX "job_organisation_id" ON "job" ("organisation_id");
CREATE UNIQUE INDEX "job_unique_key" ON "job" ("unique_key");
CREATE INDEX "job_state_leased_until" ON "job" ("state", "leased_until");
CREATE TABLE "import" ("id" INTEGER NOT NULL PRIMARY KEY, "kind" VARCHAR(255) NOT NULL, "organisation_id" INTEGER, "user_id" INTEGER, "file_id" INTEGER, "file_name" VARCHAR(255) NOT NULL, "state" VARCHAR(255) NOT NULL, "job_id" INTEGER, "busy" VARCHAR(255), "started_at" DATETIME NOT NULL, "checked_at" DATETIME, "ended_at" DATETIME, "ended_by" VARCHAR(255) NOT NULL, "refusal" TEXT NOT NULL, "stamp" VARCHAR(255) NOT NULL, "taken_at" DATETIME, "without_rejected" INTEGER NOT NULL, "overwrite" INTEGER NOT NULL, "records" INTEGER NOT NULL, "new" INTEGER NOT NULL, "updated" INTEGER NOT NULL, "unchanged" INTEGER NOT NULL, "deleted" INTEGER NOT NULL, "rejected" INTEGER NOT NULL, "issues" INTEGER NOT NULL, FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE RESTRICT, FOREIGN KEY ("user_id") REFERENCES "portal_user" ("id") ON DELETE RESTRICT, FOREIGN KEY ("file_id") REFERENCES "file" ("id") ON DELETE SET NULL, FOREIGN KEY ("job_id") REFERENCES "job" ("id") ON DELETE SET NULL);
CREATE INDEX "import_organisation_id" ON "import" ("organisation_id");
CREATE INDEX "import_user_id" ON "import" ("user_id");
CREATE INDEX "import_file_id" ON "import" ("file_id");
CREATE INDEX "import_job_id" ON "import" ("job_id");
CREATE UNIQUE INDEX "import_busy" ON "import" ("busy");
CREATE INDEX "import_organisation_id_kind_started_at" ON "import" ("organisation_id", "kind", "started_at");
CREATE TABLE "actual" ("id" INTEGER NOT NULL PRIMARY KEY, "package_id" INTEGER NOT NULL, "week" DATE NOT NULL, "organisation_id" INTEGER NOT NULL, "service_id" INTEGER NOT NULL, "actual" INTEGER NOT NULL, "frustrated" INTEGER NOT NULL, "missed" INTEGER NOT NULL, "extra" INTEGER NOT NULL, "visits" INTEGER NOT NULL, "paid_minutes" INTEGER NOT NULL, "comments" TEXT NOT NULL, "source" VARCHAR(255) NOT NULL, "by_officer" INTEGER NOT NULL, "version" INTEGER NOT NULL, "changed_at" DATETIME NOT NULL, "changed_by" VARCHAR(255) NOT NULL, "batch_id" INTEGER, FOREIGN KEY ("package_id") REFERENCES "package" ("id") ON DELETE RESTRICT, FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE RESTRICT, FOREIGN KEY ("service_id") REFERENCES "service" ("id") ON DELETE RESTRICT, FOREIGN KEY ("batch_id") REFERENCES "import" ("id") ON DELETE SET NULL);
CREATE UNIQUE INDEX "actual_package_id_week" ON "actual" ("package_id", "week");
CREATE INDEX "actual_service_id_week" ON "actual" ("service_id", "week");
CREATE INDEX "actual_organisation_id_week" ON "actual" ("organisation_id", "week");
CREATE TABLE "actual_day" ("id" INTEGER NOT NULL PRIMARY KEY, "actual_id" INTEGER NOT NULL, "number" INTEGER NOT NULL, "quantity" INTEGER NOT NULL, "ticks" INTEGER NOT NULL, FOREIGN KEY ("actual_id") REFERENCES "actual" ("id") ON DELETE CASCADE);
CREATE INDEX "actual_day_actual_id" ON "actual_day" ("actual_id");
CREATE UNIQUE INDEX "actual_day_actual_id_number" ON "actual_day" ("actual_id", "number");
CREATE TABLE "carer" ("id" INTEGER NOT NULL PRIMARY KEY, "organisation_id" INTEGER NOT NULL, "ref" VARCHAR(100) NOT NULL, "forename" VARCHAR(255) NOT NULL, "surname" VARCHAR(255) NOT NULL, "start_date" DATE, "end_date" DATE, FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE RESTRICT);
CREATE INDEX "carer_organisation_id" ON "carer" ("organisation_id");
CREATE UNIQUE INDEX "carer_organisation_id_ref" ON "carer" ("organisation_id", "ref");
CREATE TABLE "change" ("id" INTEGER NOT NULL PRIMARY KEY, "at" DATETIME NOT NULL, "user_id" INTEGER, "by" VARCHAR(255) NOT NULL, "what" VARCHAR(255) NOT NULL, "thing" VARCHAR(255) NOT NULL, "thing_id" INTEGER, "organisation_id" INTEGER, "before" TEXT NOT NULL, "after" TEXT NOT NULL, FOREIGN KEY ("user_id") REFERENCES "portal_user" ("id") ON DELETE RESTRICT, FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE RESTRICT);
CREATE INDEX "change_user_id" ON "change" ("user_id");
CREATE INDEX "change_organisation_id" ON "change" ("organisation_id");
CREATE INDEX "change_thing_thing_id" ON "change" ("thing", "thing_id");
CREATE TABLE "confirmed_week" ("id" INTEGER NOT NULL PRIMARY KEY, "service_id" INTEGER NOT NULL, "week" DATE NOT NULL, "by" VARCHAR(255) NOT NULL, "by_officer" INTEGER NOT NULL, "at" DATETIME NOT NULL, FOREIGN KEY ("service_id") REFERENCES "service" ("id") ON DELETE CASCADE);
CREATE UNIQUE INDEX "confirmed_week_service_id_week" ON "confirmed_week" ("service_id", "week");
CREATE TABLE "counter" ("name" VARCHAR(255) NOT NULL PRIMARY KEY, "value" INTEGER NOT NULL);
CREATE TABLE "due" ("package_id" INTEGER NOT NULL, "week" DATE NOT NULL, "contract_id" INTEGER NOT NULL, "quantity" INTEGER NOT NULL, "unit_cost" INTEGER NOT NULL, "cost" INTEGER NOT NULL, "vat" INTEGER NOT NULL, "contribution" INTEGER NOT NULL, "paid_cost" INTEGER NOT NULL, "paid_vat" INTEGER NOT NULL, "paid_contribution" INTEGER NOT NULL, PRIMARY KEY ("package_id", "week"), FOREIGN KEY ("package_id") REFERENCES "package" ("id") ON DELETE RESTRICT, FOREIGN KEY ("contract_id") REFERENCES "contract" ("id") ON DELETE RESTRICT);
CREATE INDEX "due_contract_id_week" ON "due" ("contract_id", "week");
CREATE TABLE "file_chunk" ("file_id" INTEGER NOT NULL, "number" INTEGER NOT NULL, "data" BLOB NOT NULL, PRIMARY KEY ("file_id", "number"), FOREIGN KEY ("file_id") REFERENCES "file" ("id") ON DELETE CASCADE);
CREATE INDEX "file_chunk_file_id" ON "file_chunk" ("file_id");
CREATE TABLE "payment_period" ("id" INTEGER NOT NULL PRIMARY KEY, "cycle_id" INTEGER NOT NULL, "start_date" DATE NOT NULL, "end_date" DATE NOT NULL, "cut_off" DATE, FOREIGN KEY ("cycle_id") REFERENCES "payment_cycle" ("id") ON DELETE RESTRICT);
CREATE INDEX "payment_period_cycle_id" ON "payment_period" ("cycle_id");
CREATE UNIQUE INDEX "payment_period_cycle_id_start_date" ON "payment_period" ("cycle_id", "start_date");
CREATE TABLE "finalisation" ("id" INTEGER NOT NULL PRIMARY KEY, "contract_id" INTEGER NOT NULL, "period_id" INTEGER NOT NULL, "at" DATETIME NOT NULL, "by" VARCHAR(255) NOT NULL, "amount" INTEGER NOT NULL, "vat" INTEGER NOT NULL, "non_payable" INTEGER NOT NULL, "lines" INTEGER NOT NULL, "adjustments" INTEGER NOT NULL, FOREIGN KEY ("contract_id") REFERENCES "contract" ("id") ON DELETE RESTRICT, FOREIGN KEY ("period_id") REFERENCES "payment_period" ("id") ON DELETE RESTRICT);
CREATE INDEX "finalisation_contract_id" ON "finalisation" ("contract_id");
CREATE INDEX "finalisation_period_id" ON "finalisation" ("period_id");
CREATE UNIQUE INDEX "finalisation_contract_id_period_id" ON "finalisation" ("contract_id", "period_id");
CREATE TABLE "hold" ("id" INTEGER NOT NULL PRIMARY KEY, "package_id" INTEGER NOT NULL, "week" DATE NOT NULL, "kind" VARCHAR(255) NOT NULL, "state" VARCHAR(255) NOT NULL, "reason" TEXT NOT NULL, "by" VARCHAR(255) NOT NULL, "at" DATETIME NOT NULL, FOREIGN KEY ("package_id") REFERENCES "package" ("id") ON DELETE RESTRICT);
CREATE INDEX "hold_package_id" ON "hold" ("package_id");
CREATE UNIQUE INDEX "hold_package_id_week_kind" ON "hold" ("package_id", "week", "kind");
CREATE TABLE "import_problem" ("id" INTEGER NOT NULL PRIMARY KEY, "batch_id" INTEGER NOT NULL, "line" INTEGER NOT NULL, "severity" VARCHAR(255) NOT NULL, "column" VARCHAR(255) NOT NULL, "value" TEXT NOT NULL, "message" TEXT NOT NULL, "expected" TEXT NOT NULL, "suggestion" VARCHAR(255) NOT NULL, "kind" VARCHAR(255) NOT NULL, FOREIGN KEY ("batch_id") REFERENCES "import" ("id") ON DELETE CASCADE);
CREATE INDEX "import_problem_batch_id_line" ON "import_problem" ("batch_id", "line");
CREATE TABLE "increase" ("id" INTEGER NOT NULL PRIMARY KEY, "package_id" INTEGER NOT NULL, "week" DATE NOT NULL, "organisation_id" INTEGER NOT NULL, "state" VARCHAR(255) NOT NULL, "agreed" INTEGER NOT NULL, "asked_at" DATETIME NOT NULL, "reason" TEXT NOT NULL, "by" VARCHAR(255) NOT NULL, "at" DATETIME, FOREIGN KEY ("package_id") REFERENCES "package" ("id") ON DELETE RESTRICT, FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "increase_package_id_week" ON "increase" ("package_id", "week");
CREATE INDEX "increase_state_asked_at" ON "increase" ("state", "asked_at");
CREATE TABLE "locked_week" ("id" INTEGER NOT NULL PRIMARY KEY, "service_id" INTEGER NOT NULL, "week" DATE NOT NULL, "by" VARCHAR(255) NOT NULL, "at" DATETIME NOT NULL, FOREIGN KEY ("service_id") REFERENCES "service" ("id") ON DELETE CASCADE);
CREATE INDEX "locked_week_service_id" ON "locked_week" ("service_id");
CREATE UNIQUE INDEX "locked_week_service_id_week" ON "locked_week" ("service_id", "week");
CREATE TABLE "look" ("id" INTEGER NOT NULL PRIMARY KEY, "at" DATETIME NOT NULL, "user_id" INTEGER NOT NULL, "thing" VARCHAR(255) NOT NULL, "thing_id" INTEGER NOT NULL, FOREIGN KEY ("user_id") REFERENCES "portal_user" ("id") ON DELETE CASCADE);
CREATE INDEX "look_user_id" ON "look" ("user_id");
CREATE INDEX "look_thing_thing_id" ON "look" ("thing", "thing_id");
CREATE TABLE "officer_role" ("id" INTEGER NOT NULL PRIMARY KEY, "user_id" INTEGER NOT NULL, "role" VARCHAR(255) NOT NULL, FOREIGN KEY ("user_id") REFERENCES "portal_user" ("id") ON DELETE CASCADE);
CREATE INDEX "officer_role_user_id" ON "officer_role" ("user_id");
CREATE UNIQUE INDEX "officer_role_user_id_role" ON "officer_role" ("user_id", "role");
CREATE TABLE "one_time_link" ("id" INTEGER NOT NULL PRIMARY KEY, "digest" VARCHAR(255) NOT NULL, "user_id" INTEGER NOT NULL, "made_at" DATETIME NOT NULL, "expires_at" DATETIME NOT NULL, "used_at" DATETIME, FOREIGN KEY ("user_id") REFERENCES "portal_user" ("id") ON DELETE CASCADE);
CREATE UNIQUE INDEX "one_time_link_digest" ON "one_time_link" ("digest");
CREATE INDEX "one_time_link_user_id" ON "one_time_link" ("user_id");
CREATE TABLE "package_as_paid" ("package_id" INTEGER NOT NULL PRIMARY KEY, "plan" TEXT NOT NULL, FOREIGN KEY ("package_id") REFERENCES "package" ("id") ON DELETE CASCADE);
CREATE TABLE "package_rate" ("id" INTEGER NOT NULL PRIMARY KEY, "package_id" INTEGER NOT NULL, "from_date" DATE NOT NULL, "unit_cost" INTEGER NOT NULL, FOREIGN KEY ("package_id") REFERENCES "package" ("id") ON DELETE CASCADE);
CREATE INDEX "package_rate_package_id" ON "package_rate" ("package_id");
CREATE UNIQUE INDEX "package_rate_package_id_from_date" ON "package_rate" ("package_id", "from_date");
CREATE TABLE "payment_item" ("id" INTEGER NOT NULL PRIMARY KEY, "finalisation_id" INTEGER NOT NULL, "contract_id" INTEGER NOT NULL, "organisation_id" INTEGER NOT NULL, "package_id" INTEGER, "week" DATE NOT NULL, "kind" VARCHAR(255) NOT NULL, "reason" VARCHAR(255) NOT NULL, "quantity" INTEGER, "unit_cost" INTEGER, "amount" INTEGER NOT NULL, "vat" INTEGER NOT NULL, "state" VARCHAR(255) NOT NULL, "note" TEXT NOT NULL, FOREIGN KEY ("finalisation_id") REFERENCES "finalisation" ("id") ON DELETE RESTRICT, FOREIGN KEY ("contract_id") REFERENCES "contract" ("id") ON DELETE RESTRICT, FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE RESTRICT, FOREIGN KEY ("package_id") REFERENCES "package" ("id") ON DELETE RESTRICT);
CREATE INDEX "payment_item_finalisation_id" ON "payment_item" ("finalisation_id");
CREATE INDEX "payment_item_package_id_week" ON "payment_item" ("package_id", "week");
CREATE TABLE "reminder" ("id" INTEGER NOT NULL PRIMARY KEY, "service_id" INTEGER NOT NULL, "week" DATE NOT NULL, "text" TEXT NOT NULL, "by" VARCHAR(255) NOT NULL, "at" DATETIME NOT NULL, FOREIGN KEY ("service_id") REFERENCES "service" ("id") ON DELETE CASCADE);
CREATE INDEX "reminder_service_id_week" ON "reminder" ("service_id", "week");
CREATE TABLE "setting" ("name" VARCHAR(255) NOT NULL PRIMARY KEY, "value" TEXT NOT NULL, "changed_at" DATETIME NOT NULL, "changed_by" VARCHAR(255) NOT NULL);
CREATE TABLE "sign_in" ("id" INTEGER NOT NULL PRIMARY KEY, "digest" VARCHAR(255) NOT NULL, "user_id" INTEGER NOT NULL, "started_at" DATETIME NOT NULL, "seen_at" DATETIME NOT NULL, "ended_at" DATETIME, "address" VARCHAR(255) NOT NULL, "agent" VARCHAR(255) NOT NULL, FOREIGN KEY ("user_id") REFERENCES "portal_user" ("id") ON DELETE CASCADE);
CREATE UNIQUE INDEX "sign_in_digest" ON "sign_in" ("digest");
CREATE INDEX "sign_in_user_id" ON "sign_in" ("user_id");
CREATE TABLE "staged_row" ("batch_id" INTEGER NOT NULL, "line" INTEGER NOT NULL, "action" VARCHAR(255) NOT NULL, "key" VARCHAR(255) NOT NULL, "values" TEXT NOT NULL, PRIMARY KEY ("batch_id", "line"), FOREIGN KEY ("batch_id") REFERENCES "import" ("id") ON DELETE CASCADE);
CREATE INDEX "staged_row_batch_id" ON "staged_row" ("batch_id");
CREATE TABLE "staged_visit" ("planned_date" DATE, "planned_entry" INTEGER, "planned_exit" INTEGER, "delivered_date" DATE, "delivered_entry" INTEGER, "delivered_exit" INTEGER, "entry_overridden" INTEGER NOT NULL, "entry_override_reason" TEXT NOT NULL, "exit_overridden" INTEGER NOT NULL, "exit_override_reason" TEXT NOT NULL, "variance_reason" TEXT NOT NULL, "comments" TEXT NOT NULL, "client_ref" VARCHAR(255) NOT NULL, "ssref" VARCHAR(255) NOT NULL, "nhs_number" VARCHAR(255) NOT NULL, "level_ref" VARCHAR(255) NOT NULL, "level_name" VARCHAR(255) NOT NULL, "carer_ref" VARCHAR(255) NOT NULL, "service_ref" VARCHAR(255) NOT NULL, "service_name" VARCHAR(255) NOT NULL, "organisation_ref" VARCHAR(255) NOT NULL, "organisation_name" VARCHAR(255) NOT NULL, "week" DATE, "planned_minutes" INTEGER NOT NULL, "delivered_minutes" INTEGER, "digest" VARCHAR(255) NOT NULL, "type_id" INTEGER, "client_id" INTEGER, "level_id" INTEGER, "service_id" INTEGER, "batch_id" INTEGER NOT NULL, "line" INTEGER NOT NULL, "ref" VARCHAR(255) NOT NULL, "is_deleted" INTEGER NOT NULL, "action" VARCHAR(255) NOT NULL, "visit_id" INTEGER, "cells" TEXT NOT NULL, PRIMARY KEY ("batch_id", "line"), FOREIGN KEY ("batch_id") REFERENCES "import" ("id") ON DELETE CASCADE);
CREATE TABLE "stale_group" ("organisation_id" INTEGER NOT NULL, "client_id" INTEGER NOT NULL, "level_id" INTEGER NOT NULL, "week" DATE NOT NULL, PRIMARY KEY ("organisation_id", "client_id", "level_id", "week"), FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE CASCADE, FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE CASCADE, FOREIGN KEY ("level_id") REFERENCES "service_level" ("id") ON DELETE CASCADE);
CREATE TABLE "stale_package" ("package_id" INTEGER NOT NULL PRIMARY KEY, FOREIGN KEY ("package_id") REFERENCES "package" ("id") ON DELETE CASCADE);
CREATE TABLE "throttle" ("name" VARCHAR(255) NOT NULL PRIMARY KEY, "window" INTEGER NOT NULL, "tries" INTEGER NOT NULL);
CREATE TABLE "timetable_slot" ("id" INTEGER NOT NULL PRIMARY KEY, "package_id" INTEGER NOT NULL, "weekday" INTEGER NOT NULL, "entry" INTEGER NOT NULL, "exit" INTEGER NOT NULL, "carers" INTEGER NOT NULL, FOREIGN KEY ("package_id") REFERENCES "package" ("id") ON DELETE CASCADE);
CREATE INDEX "timetable_slot_package_id" ON "timetable_slot" ("package_id");
CREATE UNIQUE INDEX "timetable_slot_package_id_weekday_entry_exit" ON "timetable_slot" ("package_id", "weekday", "entry", "exit");
CREATE TABLE "unplanned_actual" ("id" INTEGER NOT NULL PRIMARY KEY, "organisation_id" INTEGER NOT NULL, "service_id" INTEGER NOT NULL, "client_id" INTEGER NOT NULL, "level_id" INTEGER NOT NULL, "week" DATE NOT NULL, "actual" INTEGER NOT NULL, "visits" INTEGER NOT NULL, "comments" TEXT NOT NULL, "by_officer" INTEGER NOT NULL, "version" INTEGER NOT NULL, "created_at" DATETIME NOT NULL, "changed_at" DATETIME NOT NULL, "changed_by" VARCHAR(255) NOT NULL, "state" VARCHAR(255) NOT NULL, "package_id" INTEGER, "reason" TEXT NOT NULL, "by" VARCHAR(255) NOT NULL, "at" DATETIME, FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE RESTRICT, FOREIGN KEY ("service_id") REFERENCES "service" ("id") ON DELETE RESTRICT, FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE RESTRICT, FOREIGN KEY ("level_id") REFERENCES "service_level" ("id") ON DELETE RESTRICT, FOREIGN KEY ("package_id") REFERENCES "package" ("id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "unplanned_actual_service_id_week_client_id_level_id" ON "unplanned_actual" ("service_id", "week", "client_id", "level_id");
CREATE INDEX "unplanned_actual_state_created_at" ON "unplanned_actual" ("state", "created_at");
CREATE TABLE "visit_type" ("id" INTEGER NOT NULL PRIMARY KEY, "code" VARCHAR(50) NOT NULL, "name" VARCHAR(255) NOT NULL, "contract_types" VARCHAR(255) NOT NULL, "pays" VARCHAR(255) NOT NULL, "charges" VARCHAR(255) NOT NULL, "needs_delivered" INTEGER NOT NULL, "needs_comment" INTEGER NOT NULL, "is_retired" INTEGER NOT NULL);
CREATE UNIQUE INDEX "visit_type_code" ON "visit_type" ("code");
CREATE TABLE "visit" ("id" INTEGER NOT NULL PRIMARY KEY, "type_id" INTEGER, "planned_date" DATE, "planned_entry" INTEGER, "planned_exit" INTEGER, "delivered_date" DATE, "delivered_entry" INTEGER, "delivered_exit" INTEGER, "entry_overridden" INTEGER NOT NULL, "entry_override_reason" TEXT NOT NULL, "exit_overridden" INTEGER NOT NULL, "exit_override_reason" TEXT NOT NULL, "variance_reason" TEXT NOT NULL, "comments" TEXT NOT NULL, "client_ref" VARCHAR(255) NOT NULL, "ssref" VARCHAR(255) NOT NULL, "nhs_number" VARCHAR(255) NOT NULL, "level_ref" VARCHAR(255) NOT NULL, "level_name" VARCHAR(255) NOT NULL, "carer_ref" VARCHAR(255) NOT NULL, "service_ref" VARCHAR(255) NOT NULL, "service_name" VARCHAR(255) NOT NULL, "organisation_ref" VARCHAR(255) NOT NULL, "organisation_name" VARCHAR(255) NOT NULL, "client_id" INTEGER, "level_id" INTEGER, "service_id" INTEGER, "week" DATE, "planned_minutes" INTEGER NOT NULL, "delivered_minutes" INTEGER, "digest" VARCHAR(255) NOT NULL, "organisation_id" INTEGER NOT NULL, "ref" VARCHAR(50) NOT NULL, "is_deleted" INTEGER NOT NULL, "deletion_reason" VARCHAR(255) NOT NULL, "version" INTEGER NOT NULL, "batch_id" INTEGER, "changed_at" DATETIME NOT NULL, "changed_by" VARCHAR(255) NOT NULL, "status" VARCHAR(255) NOT NULL, "reason" VARCHAR(255) NOT NULL, "package_id" INTEGER, "paid_minutes" INTEGER NOT NULL, "charged_minutes" INTEGER NOT NULL, FOREIGN KEY ("type_id") REFERENCES "visit_type" ("id") ON DELETE RESTRICT, FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE RESTRICT, FOREIGN KEY ("level_id") REFERENCES "service_level" ("id") ON DELETE RESTRICT, FOREIGN KEY ("service_id") REFERENCES "service" ("id") ON DELETE RESTRICT, FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE RESTRICT, FOREIGN KEY ("batch_id") REFERENCES "import" ("id") ON DELETE SET NULL, FOREIGN KEY ("package_id") REFERENCES "package" ("id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "visit_organisation_id_ref" ON "visit" ("organisation_id", "ref");
CREATE INDEX "visit_organisation_id_client_id_level_id_week" ON "visit" ("organisation_id", "client_id", "level_id", "week");
CREATE INDEX "visit_organisation_id_week" ON "visit" ("organisation_id", "week");
CREATE INDEX "visit_week_status" ON "visit" ("week", "status");
CREATE INDEX "visit_package_id_week" ON "visit" ("package_id", "week");
CREATE INDEX "visit_stranger" ON "visit" ("organisation_id", "ssref") WHERE ("client_id" IS NULL);
CREATE TABLE "visit_version" ("id" INTEGER NOT NULL PRIMARY KEY, "type_id" INTEGER, "planned_date" DATE, "planned_entry" INTEGER, "planned_exit" INTEGER, "delivered_date" DATE, "delivered_entry" INTEGER, "delivered_exit" INTEGER, "entry_overridden" INTEGER NOT NULL, "entry_override_reason" TEXT NOT NULL, "exit_overridden" INTEGER NOT NULL, "exit_override_reason" TEXT NOT NULL, "variance_reason" TEXT NOT NULL, "comments" TEXT NOT NULL, "client_ref" VARCHAR(255) NOT NULL, "ssref" VARCHAR(255) NOT NULL, "nhs_number" VARCHAR(255) NOT NULL, "level_ref" VARCHAR(255) NOT NULL, "level_name" VARCHAR(255) NOT NULL, "carer_ref" VARCHAR(255) NOT NULL, "service_ref" VARCHAR(255) NOT NULL, "service_name" VARCHAR(255) NOT NULL, "organisation_ref" VARCHAR(255) NOT NULL, "organisation_name" VARCHAR(255) NOT NULL, "client_id" INTEGER, "level_id" INTEGER, "service_id" INTEGER, "week" DATE, "planned_minutes" INTEGER NOT NULL, "delivered_minutes" INTEGER, "digest" VARCHAR(255) NOT NULL, "visit_id" INTEGER NOT NULL, "version" INTEGER NOT NULL, "is_deleted" INTEGER NOT NULL, "deletion_reason" VARCHAR(255) NOT NULL, "batch_id" INTEGER, "changed_at" DATETIME NOT NULL, "changed_by" VARCHAR(255) NOT NULL, FOREIGN KEY ("type_id") REFERENCES "visit_type" ("id") ON DELETE RESTRICT, FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE RESTRICT, FOREIGN KEY ("level_id") REFERENCES "service_level" ("id") ON DELETE RESTRICT, FOREIGN KEY ("service_id") REFERENCES "service" ("id") ON DELETE RESTRICT, FOREIGN KEY ("visit_id") REFERENCES "visit" ("id") ON DELETE CASCADE, FOREIGN KEY ("batch_id") REFERENCES "import" ("id") ON DELETE SET NULL);
CREATE UNIQUE INDEX "visit_version_visit_id_version" ON "visit_version" ("visit_id", "version");
CREATE TABLE "huey_kv" ("queue" VARCHAR(255) NOT NULL, "key" VARCHAR(255) NOT NULL, "value" BLOB NOT NULL, PRIMARY KEY ("queue", "key"));
CREATE TABLE "huey_schedule" ("id" INTEGER NOT NULL PRIMARY KEY, "queue" VARCHAR(255) NOT NULL, "data" BLOB NOT NULL, "timestamp" INTEGER NOT NULL);
CREATE INDEX "schedule_queue_timestamp" ON "huey_schedule" ("queue", "timestamp");
CREATE TABLE "huey_task" ("id" INTEGER NOT NULL PRIMARY KEY, "queue" VARCHAR(255) NOT NULL, "data" BLOB NOT NULL, "priority" REAL NOT NULL);
CREATE INDEX "huey_task_priority_id" ON "huey_task" ("priority" DESC, "id");
CREATE TABLE "huey_counter" ("queue" VARCHAR(255) NOT NULL, "key" VARCHAR(255) NOT NULL, "value" INTEGER NOT NULL, PRIMARY KEY ("queue", "key"));
"""

POSTGRESQL = """
CREATE TABLE "organisation" ("id" SERIAL NOT NULL PRIMARY KEY, "address1" VARCHAR(255) NOT NULL, "address2" VARCHAR(255) NOT NULL, "address3" VARCHAR(255) NOT NULL, "town" VARCHAR(255) NOT NULL, "county" VARCHAR(255) NOT NULL, "postcode" VARCHAR(255) NOT NULL, "ref" VARCHAR(255) NOT NULL, "name" VARCHAR(112) NOT NULL, "telephone" VARCHAR(255) NOT NULL, "email" VARCHAR(255) NOT NULL, "limited_accessibility" BOOLEAN NOT NULL, "enters_actuals" BOOLEAN NOT NULL);
CREATE UNIQUE INDEX "organisation_ref" ON "organisation" ("ref");
CREATE INDEX "organisation_name" ON "organisation" ("name");
CREATE TABLE "client" ("id" SERIAL NOT NULL PRIMARY KEY, "address1" VARCHAR(255) NOT NULL, "address2" VARCHAR(255) NOT NULL, "address3" VARCHAR(255) NOT NULL, "town" VARCHAR(255) NOT NULL, "county" VARCHAR(255) NOT NULL, "postcode" VARCHAR(255) NOT NULL, "ssref" VARCHAR(50) NOT NULL, "client_ref" VARCHAR(255) NOT NULL, "nhs_number" VARCHAR(20) NOT NULL, "title" VARCHAR(255) NOT NULL, "surname" VARCHAR(255) NOT NULL, "forename" VARCHAR(255) NOT NULL, "date_of_birth" DATE, "date_of_death" DATE, "gender" VARCHAR(255) NOT NULL, "ni_number" VARCHAR(255) NOT NULL);
CREATE UNIQUE INDEX "client_ssref" ON "client" ("ssref");
CREATE UNIQUE INDEX "client_client_ref" ON "client" ("client_ref");
CREATE INDEX "client_nhs_number" ON "client" ("nhs_number");
CREATE INDEX "client_surname" ON "client" ("surname");
CREATE TABLE "service" ("id" SERIAL NOT NULL PRIMARY KEY, "address1" VARCHAR(255) NOT NULL, "address2" VARCHAR(255) NOT NULL, "address3" VARCHAR(255) NOT NULL, "town" VARCHAR(255) NOT NULL, "county" VARCHAR(255) NOT NULL, "postcode" VARCHAR(255) NOT NULL, "ref" VARCHAR(255) NOT NULL, "name" VARCHAR(112) NOT NULL, "organisation_id" INTEGER NOT NULL, "service_type" VARCHAR(255) NOT NULL, "telephone" VARCHAR(255) NOT NULL, "email" VARCHAR(255) NOT NULL, "start_date" DATE, "end_date" DATE, FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "service_ref" ON "service" ("ref");
CREATE INDEX "service_organisation_id" ON "service" ("organisation_id");
CREATE TABLE "service_level" ("id" SERIAL NOT NULL PRIMARY KEY, "ref" VARCHAR(255) NOT NULL, "name" VARCHAR(100) NOT NULL, "unit" VARCHAR(255) NOT NULL, "paid_on" VARCHAR(255) NOT NULL, "entry" VARCHAR(255) NOT NULL, "intermittent" BOOLEAN NOT NULL, "visits_wanted" BOOLEAN NOT NULL, "frustrated_allowed" BOOLEAN NOT NULL, "service_group_class" VARCHAR(255) NOT NULL);
CREATE UNIQUE INDEX "service_level_ref" ON "service_level" ("ref");
CREATE TABLE "payment_cycle" ("id" SERIAL NOT NULL PRIMARY KEY, "name" VARCHAR(255) NOT NULL);
CREATE UNIQUE INDEX "payment_cycle_name" ON "payment_cycle" ("name");
CREATE TABLE "contract" ("id" SERIAL NOT NULL PRIMARY KEY, "ref" VARCHAR(255) NOT NULL, "name" VARCHAR(255) NOT NULL, "organisation_id" INTEGER NOT NULL, "contract_type" VARCHAR(255) NOT NULL, "cycle_id" INTEGER NOT NULL, "vat_rate" INTEGER NOT NULL, "payment_basis" VARCHAR(255) NOT NULL, "payment_method" VARCHAR(255) NOT NULL, FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE RESTRICT, FOREIGN KEY ("cycle_id") REFERENCES "payment_cycle" ("id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "contract_ref" ON "contract" ("ref");
CREATE INDEX "contract_organisation_id" ON "contract" ("organisation_id");
CREATE INDEX "contract_cycle_id" ON "contract" ("cycle_id");
CREATE TABLE "package" ("id" SERIAL NOT NULL PRIMARY KEY, "cpli_id" BIGINT NOT NULL, "organisation_id" INTEGER NOT NULL, "client_id" INTEGER NOT NULL, "service_id" INTEGER NOT NULL, "level_id" INTEGER NOT NULL, "contract_id" INTEGER NOT NULL, "start_date" DATE NOT NULL, "end_date" DATE, "quantity" INTEGER NOT NULL, "frequency" VARCHAR(255) NOT NULL, "unit_cost" INTEGER NOT NULL, "authorised" BOOLEAN NOT NULL, "care_package_ref" VARCHAR(255) NOT NULL, "discount" INTEGER NOT NULL, "contribution" INTEGER NOT NULL, "pricing_basis" VARCHAR(255) NOT NULL, "cost_centre" VARCHAR(255) NOT NULL, "subjective" VARCHAR(255) NOT NULL, FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE RESTRICT, FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE RESTRICT, FOREIGN KEY ("service_id") REFERENCES "service" ("id") ON DELETE RESTRICT, FOREIGN KEY ("level_id") REFERENCES "service_level" ("id") ON DELETE RESTRICT, FOREIGN KEY ("contract_id") REFERENCES "contract" ("id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "package_cpli_id" ON "package" ("cpli_id");
CREATE INDEX "package_organisation_id" ON "package" ("organisation_id");
CREATE INDEX "package_client_id" ON "package" ("client_id");
CREATE INDEX "package_service_id" ON "package" ("service_id");
CREATE INDEX "package_level_id" ON "package" ("level_id");
CREATE INDEX "package_contract_id" ON "package" ("contract_id");
CREATE INDEX "package_organisation_id_client_id_level_id" ON "package" ("organisation_id", "client_id", "level_id");
CREATE INDEX "package_service_id_end_date" ON "package" ("service_id", "end_date");
CREATE INDEX "package_authorised" ON "package" ("authorised");
CREATE TABLE "portal_user" ("id" SERIAL NOT NULL PRIMARY KEY, "email" VARCHAR(255) NOT NULL, "name" VARCHAR(255) NOT NULL, "organisation_id" INTEGER, "password_hash" VARCHAR(255), "is_active" BOOLEAN NOT NULL, "created_at" TIMESTAMP NOT NULL, "password_changed_at" TIMESTAMP, "failures" INTEGER NOT NULL, "locked_until" TIMESTAMP, FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "portal_user_email" ON "portal_user" ("email");
CREATE INDEX "portal_user_organisation_id" ON "portal_user" ("organisation_id");
CREATE TABLE "file" ("id" SERIAL NOT NULL PRIMARY KEY, "name" VARCHAR(255) NOT NULL, "content_type" VARCHAR(255) NOT NULL, "size" BIGINT NOT NULL, "sha256" VARCHAR(255) NOT NULL, "kind" VARCHAR(255) NOT NULL, "organisation_id" INTEGER, "uploaded_by_id" INTEGER, "uploaded_at" TIMESTAMP NOT NULL, FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE RESTRICT, FOREIGN KEY ("uploaded_by_id") REFERENCES "portal_user" ("id") ON DELETE RESTRICT);
CREATE INDEX "file_organisation_id" ON "file" ("organisation_id");
CREATE INDEX "file_uploaded_by_id" ON "file" ("uploaded_by_id");
CREATE TABLE "job" ("id" SERIAL NOT NULL PRIMARY KEY, "kind" VARCHAR(255) NOT NULL, "about" BIGINT, "state" VARCHAR(255) NOT NULL, "user_id" INTEGER, "organisation_id" INTEGER, "queued_at" TIMESTAMP NOT NULL, "started_at" TIMESTAMP, "ended_at" TIMESTAMP, "owner" VARCHAR(255) NOT NULL, "leased_until" TIMESTAMP, "done" INTEGER NOT NULL, "total" INTEGER NOT NULL, "doing" VARCHAR(255) NOT NULL, "error" TEXT NOT NULL, "tries" INTEGER NOT NULL, "wanted" TEXT NOT NULL, "unique_key" VARCHAR(255), FOREIGN KEY ("user_id") REFERENCES "portal_user" ("id") ON DELETE RESTRICT, FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE RESTRICT);
CREATE INDEX "job_user_id" ON "job" ("user_id");
CREATE INDEX "job_organisation_id" ON "job" ("organisation_id");
CREATE UNIQUE INDEX "job_unique_key" ON "job" ("unique_key");
CREATE INDEX "job_state_leased_until" ON "job" ("state", "leased_until");
CREATE TABLE "import" ("id" SERIAL NOT NULL PRIMARY KEY, "kind" VARCHAR(255) NOT NULL, "organisation_id" INTEGER, "user_id" INTEGER, "file_id" INTEGER, "file_name" VARCHAR(255) NOT NULL, "state" VARCHAR(255) NOT NULL, "job_id" INTEGER, "busy" VARCHAR(255), "started_at" TIMESTAMP NOT NULL, "checked_at" TIMESTAMP, "ended_at" TIMESTAMP, "ended_by" VARCHAR(255) NOT NULL, "refusal" TEXT NOT NULL, "stamp" VARCHAR(255) NOT NULL, "taken_at" TIMESTAMP, "without_rejected" BOOLEAN NOT NULL, "overwrite" BOOLEAN NOT NULL, "records" INTEGER NOT NULL, "new" INTEGER NOT NULL, "updated" INTEGER NOT NULL, "unchanged" INTEGER NOT NULL, "deleted" INTEGER NOT NULL, "rejected" INTEGER NOT NULL, "issues" INTEGER NOT NULL, FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE RESTRICT, FOREIGN KEY ("user_id") REFERENCES "portal_user" ("id") ON DELETE RESTRICT, FOREIGN KEY ("file_id") REFERENCES "file" ("id") ON DELETE SET NULL, FOREIGN KEY ("job_id") REFERENCES "job" ("id") ON DELETE SET NULL);
CREATE INDEX "import_organisation_id" ON "import" ("organisation_id");
CREATE INDEX "import_user_id" ON "import" ("user_id");
CREATE INDEX "import_file_id" ON "import" ("file_id");
CREATE INDEX "import_job_id" ON "import" ("job_id");
CREATE UNIQUE INDEX "import_busy" ON "import" ("busy");
CREATE INDEX "import_organisation_id_kind_started_at" ON "import" ("organisation_id", "kind", "started_at");
CREATE TABLE "actual" ("id" SERIAL NOT NULL PRIMARY KEY, "package_id" INTEGER NOT NULL, "week" DATE NOT NULL, "organisation_id" INTEGER NOT NULL, "service_id" INTEGER NOT NULL, "actual" INTEGER NOT NULL, "frustrated" INTEGER NOT NULL, "missed" INTEGER NOT NULL, "extra" INTEGER NOT NULL, "visits" INTEGER NOT NULL, "paid_minutes" INTEGER NOT NULL, "comments" TEXT NOT NULL, "source" VARCHAR(255) NOT NULL, "by_officer" BOOLEAN NOT NULL, "version" INTEGER NOT NULL, "changed_at" TIMESTAMP NOT NULL, "changed_by" VARCHAR(255) NOT NULL, "batch_id" INTEGER, FOREIGN KEY ("package_id") REFERENCES "package" ("id") ON DELETE RESTRICT, FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE RESTRICT, FOREIGN KEY ("service_id") REFERENCES "service" ("id") ON DELETE RESTRICT, FOREIGN KEY ("batch_id") REFERENCES "import" ("id") ON DELETE SET NULL);
CREATE UNIQUE INDEX "actual_package_id_week" ON "actual" ("package_id", "week");
CREATE INDEX "actual_service_id_week" ON "actual" ("service_id", "week");
CREATE INDEX "actual_organisation_id_week" ON "actual" ("organisation_id", "week");
CREATE TABLE "actual_day" ("id" SERIAL NOT NULL PRIMARY KEY, "actual_id" INTEGER NOT NULL, "number" SMALLINT NOT NULL, "quantity" INTEGER NOT NULL, "ticks" SMALLINT NOT NULL, FOREIGN KEY ("actual_id") REFERENCES "actual" ("id") ON DELETE CASCADE);
CREATE INDEX "actual_day_actual_id" ON "actual_day" ("actual_id");
CREATE UNIQUE INDEX "actual_day_actual_id_number" ON "actual_day" ("actual_id", "number");
CREATE TABLE "carer" ("id" SERIAL NOT NULL PRIMARY KEY, "organisation_id" INTEGER NOT NULL, "ref" VARCHAR(100) NOT NULL, "forename" VARCHAR(255) NOT NULL, "surname" VARCHAR(255) NOT NULL, "start_date" DATE, "end_date" DATE, FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE RESTRICT);
CREATE INDEX "carer_organisation_id" ON "carer" ("organisation_id");
CREATE UNIQUE INDEX "carer_organisation_id_ref" ON "carer" ("organisation_id", "ref");
CREATE TABLE "change" ("id" SERIAL NOT NULL PRIMARY KEY, "at" TIMESTAMP NOT NULL, "user_id" INTEGER, "by" VARCHAR(255) NOT NULL, "what" VARCHAR(255) NOT NULL, "thing" VARCHAR(255) NOT NULL, "thing_id" BIGINT, "organisation_id" INTEGER, "before" TEXT NOT NULL, "after" TEXT NOT NULL, FOREIGN KEY ("user_id") REFERENCES "portal_user" ("id") ON DELETE RESTRICT, FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE RESTRICT);
CREATE INDEX "change_user_id" ON "change" ("user_id");
CREATE INDEX "change_organisation_id" ON "change" ("organisation_id");
CREATE INDEX "change_thing_thing_id" ON "change" ("thing", "thing_id");
CREATE TABLE "confirmed_week" ("id" SERIAL NOT NULL PRIMARY KEY, "service_id" INTEGER NOT NULL, "week" DATE NOT NULL, "by" VARCHAR(255) NOT NULL, "by_officer" BOOLEAN NOT NULL, "at" TIMESTAMP NOT NULL, FOREIGN KEY ("service_id") REFERENCES "service" ("id") ON DELETE CASCADE);
CREATE UNIQUE INDEX "confirmed_week_service_id_week" ON "confirmed_week" ("service_id", "week");
CREATE TABLE "counter" ("name" VARCHAR(255) NOT NULL PRIMARY KEY, "value" BIGINT NOT NULL);
CREATE TABLE "due" ("package_id" INTEGER NOT NULL, "week" DATE NOT NULL, "contract_id" INTEGER NOT NULL, "quantity" INTEGER NOT NULL, "unit_cost" INTEGER NOT NULL, "cost" INTEGER NOT NULL, "vat" INTEGER NOT NULL, "contribution" INTEGER NOT NULL, "paid_cost" INTEGER NOT NULL, "paid_vat" INTEGER NOT NULL, "paid_contribution" INTEGER NOT NULL, PRIMARY KEY ("package_id", "week"), FOREIGN KEY ("package_id") REFERENCES "package" ("id") ON DELETE RESTRICT, FOREIGN KEY ("contract_id") REFERENCES "contract" ("id") ON DELETE RESTRICT);
CREATE INDEX "due_contract_id_week" ON "due" ("contract_id", "week");
CREATE TABLE "file_chunk" ("file_id" INTEGER NOT NULL, "number" INTEGER NOT NULL, "data" BYTEA NOT NULL, PRIMARY KEY ("file_id", "number"), FOREIGN KEY ("file_id") REFERENCES "file" ("id") ON DELETE CASCADE);
CREATE INDEX "file_chunk_file_id" ON "file_chunk" ("file_id");
CREATE TABLE "payment_period" ("id" SERIAL NOT NULL PRIMARY KEY, "cycle_id" INTEGER NOT NULL, "start_date" DATE NOT NULL, "end_date" DATE NOT NULL, "cut_off" DATE, FOREIGN KEY ("cycle_id") REFERENCES "payment_cycle" ("id") ON DELETE RESTRICT);
CREATE INDEX "payment_period_cycle_id" ON "payment_period" ("cycle_id");
CREATE UNIQUE INDEX "payment_period_cycle_id_start_date" ON "payment_period" ("cycle_id", "start_date");
CREATE TABLE "finalisation" ("id" SERIAL NOT NULL PRIMARY KEY, "contract_id" INTEGER NOT NULL, "period_id" INTEGER NOT NULL, "at" TIMESTAMP NOT NULL, "by" VARCHAR(255) NOT NULL, "amount" BIGINT NOT NULL, "vat" BIGINT NOT NULL, "non_payable" BIGINT NOT NULL, "lines" INTEGER NOT NULL, "adjustments" INTEGER NOT NULL, FOREIGN KEY ("contract_id") REFERENCES "contract" ("id") ON DELETE RESTRICT, FOREIGN KEY ("period_id") REFERENCES "payment_period" ("id") ON DELETE RESTRICT);
CREATE INDEX "finalisation_contract_id" ON "finalisation" ("contract_id");
CREATE INDEX "finalisation_period_id" ON "finalisation" ("period_id");
CREATE UNIQUE INDEX "finalisation_contract_id_period_id" ON "finalisation" ("contract_id", "period_id");
CREATE TABLE "hold" ("id" SERIAL NOT NULL PRIMARY KEY, "package_id" INTEGER NOT NULL, "week" DATE NOT NULL, "kind" VARCHAR(255) NOT NULL, "state" VARCHAR(255) NOT NULL, "reason" TEXT NOT NULL, "by" VARCHAR(255) NOT NULL, "at" TIMESTAMP NOT NULL, FOREIGN KEY ("package_id") REFERENCES "package" ("id") ON DELETE RESTRICT);
CREATE INDEX "hold_package_id" ON "hold" ("package_id");
CREATE UNIQUE INDEX "hold_package_id_week_kind" ON "hold" ("package_id", "week", "kind");
CREATE TABLE "import_problem" ("id" SERIAL NOT NULL PRIMARY KEY, "batch_id" INTEGER NOT NULL, "line" INTEGER NOT NULL, "severity" VARCHAR(255) NOT NULL, "column" VARCHAR(255) NOT NULL, "value" TEXT NOT NULL, "message" TEXT NOT NULL, "expected" TEXT NOT NULL, "suggestion" VARCHAR(255) NOT NULL, "kind" VARCHAR(255) NOT NULL, FOREIGN KEY ("batch_id") REFERENCES "import" ("id") ON DELETE CASCADE);
CREATE INDEX "import_problem_batch_id_line" ON "import_problem" ("batch_id", "line");
CREATE TABLE "increase" ("id" SERIAL NOT NULL PRIMARY KEY, "package_id" INTEGER NOT NULL, "week" DATE NOT NULL, "organisation_id" INTEGER NOT NULL, "state" VARCHAR(255) NOT NULL, "agreed" INTEGER NOT NULL, "asked_at" TIMESTAMP NOT NULL, "reason" TEXT NOT NULL, "by" VARCHAR(255) NOT NULL, "at" TIMESTAMP, FOREIGN KEY ("package_id") REFERENCES "package" ("id") ON DELETE RESTRICT, FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "increase_package_id_week" ON "increase" ("package_id", "week");
CREATE INDEX "increase_state_asked_at" ON "increase" ("state", "asked_at");
CREATE TABLE "locked_week" ("id" SERIAL NOT NULL PRIMARY KEY, "service_id" INTEGER NOT NULL, "week" DATE NOT NULL, "by" VARCHAR(255) NOT NULL, "at" TIMESTAMP NOT NULL, FOREIGN KEY ("service_id") REFERENCES "service" ("id") ON DELETE CASCADE);
CREATE INDEX "locked_week_service_id" ON "locked_week" ("service_id");
CREATE UNIQUE INDEX "locked_week_service_id_week" ON "locked_week" ("service_id", "week");
CREATE TABLE "look" ("id" SERIAL NOT NULL PRIMARY KEY, "at" TIMESTAMP NOT NULL, "user_id" INTEGER NOT NULL, "thing" VARCHAR(255) NOT NULL, "thing_id" BIGINT NOT NULL, FOREIGN KEY ("user_id") REFERENCES "portal_user" ("id") ON DELETE CASCADE);
CREATE INDEX "look_user_id" ON "look" ("user_id");
CREATE INDEX "look_thing_thing_id" ON "look" ("thing", "thing_id");
CREATE TABLE "officer_role" ("id" SERIAL NOT NULL PRIMARY KEY, "user_id" INTEGER NOT NULL, "role" VARCHAR(255) NOT NULL, FOREIGN KEY ("user_id") REFERENCES "portal_user" ("id") ON DELETE CASCADE);
CREATE INDEX "officer_role_user_id" ON "officer_role" ("user_id");
CREATE UNIQUE INDEX "officer_role_user_id_role" ON "officer_role" ("user_id", "role");
CREATE TABLE "one_time_link" ("id" SERIAL NOT NULL PRIMARY KEY, "digest" VARCHAR(255) NOT NULL, "user_id" INTEGER NOT NULL, "made_at" TIMESTAMP NOT NULL, "expires_at" TIMESTAMP NOT NULL, "used_at" TIMESTAMP, FOREIGN KEY ("user_id") REFERENCES "portal_user" ("id") ON DELETE CASCADE);
CREATE UNIQUE INDEX "one_time_link_digest" ON "one_time_link" ("digest");
CREATE INDEX "one_time_link_user_id" ON "one_time_link" ("user_id");
CREATE TABLE "package_as_paid" ("package_id" INTEGER NOT NULL PRIMARY KEY, "plan" TEXT NOT NULL, FOREIGN KEY ("package_id") REFERENCES "package" ("id") ON DELETE CASCADE);
CREATE TABLE "package_rate" ("id" SERIAL NOT NULL PRIMARY KEY, "package_id" INTEGER NOT NULL, "from_date" DATE NOT NULL, "unit_cost" INTEGER NOT NULL, FOREIGN KEY ("package_id") REFERENCES "package" ("id") ON DELETE CASCADE);
CREATE INDEX "package_rate_package_id" ON "package_rate" ("package_id");
CREATE UNIQUE INDEX "package_rate_package_id_from_date" ON "package_rate" ("package_id", "from_date");
CREATE TABLE "payment_item" ("id" SERIAL NOT NULL PRIMARY KEY, "finalisation_id" INTEGER NOT NULL, "contract_id" INTEGER NOT NULL, "organisation_id" INTEGER NOT NULL, "package_id" INTEGER, "week" DATE NOT NULL, "kind" VARCHAR(255) NOT NULL, "reason" VARCHAR(255) NOT NULL, "quantity" INTEGER, "unit_cost" INTEGER, "amount" INTEGER NOT NULL, "vat" INTEGER NOT NULL, "state" VARCHAR(255) NOT NULL, "note" TEXT NOT NULL, FOREIGN KEY ("finalisation_id") REFERENCES "finalisation" ("id") ON DELETE RESTRICT, FOREIGN KEY ("contract_id") REFERENCES "contract" ("id") ON DELETE RESTRICT, FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE RESTRICT, FOREIGN KEY ("package_id") REFERENCES "package" ("id") ON DELETE RESTRICT);
CREATE INDEX "payment_item_finalisation_id" ON "payment_item" ("finalisation_id");
CREATE INDEX "payment_item_package_id_week" ON "payment_item" ("package_id", "week");
CREATE TABLE "reminder" ("id" SERIAL NOT NULL PRIMARY KEY, "service_id" INTEGER NOT NULL, "week" DATE NOT NULL, "text" TEXT NOT NULL, "by" VARCHAR(255) NOT NULL, "at" TIMESTAMP NOT NULL, FOREIGN KEY ("service_id") REFERENCES "service" ("id") ON DELETE CASCADE);
CREATE INDEX "reminder_service_id_week" ON "reminder" ("service_id", "week");
CREATE TABLE "setting" ("name" VARCHAR(255) NOT NULL PRIMARY KEY, "value" TEXT NOT NULL, "changed_at" TIMESTAMP NOT NULL, "changed_by" VARCHAR(255) NOT NULL);
CREATE TABLE "sign_in" ("id" SERIAL NOT NULL PRIMARY KEY, "digest" VARCHAR(255) NOT NULL, "user_id" INTEGER NOT NULL, "started_at" TIMESTAMP NOT NULL, "seen_at" TIMESTAMP NOT NULL, "ended_at" TIMESTAMP, "address" VARCHAR(255) NOT NULL, "agent" VARCHAR(255) NOT NULL, FOREIGN KEY ("user_id") REFERENCES "portal_user" ("id") ON DELETE CASCADE);
CREATE UNIQUE INDEX "sign_in_digest" ON "sign_in" ("digest");
CREATE INDEX "sign_in_user_id" ON "sign_in" ("user_id");
CREATE TABLE "staged_row" ("batch_id" INTEGER NOT NULL, "line" INTEGER NOT NULL, "action" VARCHAR(255) NOT NULL, "key" VARCHAR(255) NOT NULL, "values" TEXT NOT NULL, PRIMARY KEY ("batch_id", "line"), FOREIGN KEY ("batch_id") REFERENCES "import" ("id") ON DELETE CASCADE);
CREATE INDEX "staged_row_batch_id" ON "staged_row" ("batch_id");
CREATE TABLE "staged_visit" ("planned_date" DATE, "planned_entry" INTEGER, "planned_exit" INTEGER, "delivered_date" DATE, "delivered_entry" INTEGER, "delivered_exit" INTEGER, "entry_overridden" BOOLEAN NOT NULL, "entry_override_reason" TEXT NOT NULL, "exit_overridden" BOOLEAN NOT NULL, "exit_override_reason" TEXT NOT NULL, "variance_reason" TEXT NOT NULL, "comments" TEXT NOT NULL, "client_ref" VARCHAR(255) NOT NULL, "ssref" VARCHAR(255) NOT NULL, "nhs_number" VARCHAR(255) NOT NULL, "level_ref" VARCHAR(255) NOT NULL, "level_name" VARCHAR(255) NOT NULL, "carer_ref" VARCHAR(255) NOT NULL, "service_ref" VARCHAR(255) NOT NULL, "service_name" VARCHAR(255) NOT NULL, "organisation_ref" VARCHAR(255) NOT NULL, "organisation_name" VARCHAR(255) NOT NULL, "week" DATE, "planned_minutes" INTEGER NOT NULL, "delivered_minutes" INTEGER, "digest" VARCHAR(255) NOT NULL, "type_id" INTEGER, "client_id" INTEGER, "level_id" INTEGER, "service_id" INTEGER, "batch_id" INTEGER NOT NULL, "line" INTEGER NOT NULL, "ref" VARCHAR(255) NOT NULL, "is_deleted" BOOLEAN NOT NULL, "action" VARCHAR(255) NOT NULL, "visit_id" BIGINT, "cells" TEXT NOT NULL, PRIMARY KEY ("batch_id", "line"), FOREIGN KEY ("batch_id") REFERENCES "import" ("id") ON DELETE CASCADE);
CREATE TABLE "stale_group" ("organisation_id" INTEGER NOT NULL, "client_id" INTEGER NOT NULL, "level_id" INTEGER NOT NULL, "week" DATE NOT NULL, PRIMARY KEY ("organisation_id", "client_id", "level_id", "week"), FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE CASCADE, FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE CASCADE, FOREIGN KEY ("level_id") REFERENCES "service_level" ("id") ON DELETE CASCADE);
CREATE TABLE "stale_package" ("package_id" INTEGER NOT NULL PRIMARY KEY, FOREIGN KEY ("package_id") REFERENCES "package" ("id") ON DELETE CASCADE);
CREATE TABLE "throttle" ("name" VARCHAR(255) NOT NULL PRIMARY KEY, "window" BIGINT NOT NULL, "tries" INTEGER NOT NULL);
CREATE TABLE "timetable_slot" ("id" SERIAL NOT NULL PRIMARY KEY, "package_id" INTEGER NOT NULL, "weekday" SMALLINT NOT NULL, "entry" INTEGER NOT NULL, "exit" INTEGER NOT NULL, "carers" SMALLINT NOT NULL, FOREIGN KEY ("package_id") REFERENCES "package" ("id") ON DELETE CASCADE);
CREATE INDEX "timetable_slot_package_id" ON "timetable_slot" ("package_id");
CREATE UNIQUE INDEX "timetable_slot_package_id_weekday_entry_exit" ON "timetable_slot" ("package_id", "weekday", "entry", "exit");
CREATE TABLE "unplanned_actual" ("id" SERIAL NOT NULL PRIMARY KEY, "organisation_id" INTEGER NOT NULL, "service_id" INTEGER NOT NULL, "client_id" INTEGER NOT NULL, "level_id" INTEGER NOT NULL, "week" DATE NOT NULL, "actual" INTEGER NOT NULL, "visits" INTEGER NOT NULL, "comments" TEXT NOT NULL, "by_officer" BOOLEAN NOT NULL, "version" INTEGER NOT NULL, "created_at" TIMESTAMP NOT NULL, "changed_at" TIMESTAMP NOT NULL, "changed_by" VARCHAR(255) NOT NULL, "state" VARCHAR(255) NOT NULL, "package_id" INTEGER, "reason" TEXT NOT NULL, "by" VARCHAR(255) NOT NULL, "at" TIMESTAMP, FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE RESTRICT, FOREIGN KEY ("service_id") REFERENCES "service" ("id") ON DELETE RESTRICT, FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE RESTRICT, FOREIGN KEY ("level_id") REFERENCES "service_level" ("id") ON DELETE RESTRICT, FOREIGN KEY ("package_id") REFERENCES "package" ("id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "unplanned_actual_service_id_week_client_id_level_id" ON "unplanned_actual" ("service_id", "week", "client_id", "level_id");
CREATE INDEX "unplanned_actual_state_created_at" ON "unplanned_actual" ("state", "created_at");
CREATE TABLE "visit_type" ("id" SERIAL NOT NULL PRIMARY KEY, "code" VARCHAR(50) NOT NULL, "name" VARCHAR(255) NOT NULL, "contract_types" VARCHAR(255) NOT NULL, "pays" VARCHAR(255) NOT NULL, "charges" VARCHAR(255) NOT NULL, "needs_delivered" BOOLEAN NOT NULL, "needs_comment" BOOLEAN NOT NULL, "is_retired" BOOLEAN NOT NULL);
CREATE UNIQUE INDEX "visit_type_code" ON "visit_type" ("code");
CREATE TABLE "visit" ("id" SERIAL NOT NULL PRIMARY KEY, "type_id" INTEGER, "planned_date" DATE, "planned_entry" INTEGER, "planned_exit" INTEGER, "delivered_date" DATE, "delivered_entry" INTEGER, "delivered_exit" INTEGER, "entry_overridden" BOOLEAN NOT NULL, "entry_override_reason" TEXT NOT NULL, "exit_overridden" BOOLEAN NOT NULL, "exit_override_reason" TEXT NOT NULL, "variance_reason" TEXT NOT NULL, "comments" TEXT NOT NULL, "client_ref" VARCHAR(255) NOT NULL, "ssref" VARCHAR(255) NOT NULL, "nhs_number" VARCHAR(255) NOT NULL, "level_ref" VARCHAR(255) NOT NULL, "level_name" VARCHAR(255) NOT NULL, "carer_ref" VARCHAR(255) NOT NULL, "service_ref" VARCHAR(255) NOT NULL, "service_name" VARCHAR(255) NOT NULL, "organisation_ref" VARCHAR(255) NOT NULL, "organisation_name" VARCHAR(255) NOT NULL, "client_id" INTEGER, "level_id" INTEGER, "service_id" INTEGER, "week" DATE, "planned_minutes" INTEGER NOT NULL, "delivered_minutes" INTEGER, "digest" VARCHAR(255) NOT NULL, "organisation_id" INTEGER NOT NULL, "ref" VARCHAR(50) NOT NULL, "is_deleted" BOOLEAN NOT NULL, "deletion_reason" VARCHAR(255) NOT NULL, "version" INTEGER NOT NULL, "batch_id" INTEGER, "changed_at" TIMESTAMP NOT NULL, "changed_by" VARCHAR(255) NOT NULL, "status" VARCHAR(255) NOT NULL, "reason" VARCHAR(255) NOT NULL, "package_id" INTEGER, "paid_minutes" INTEGER NOT NULL, "charged_minutes" INTEGER NOT NULL, FOREIGN KEY ("type_id") REFERENCES "visit_type" ("id") ON DELETE RESTRICT, FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE RESTRICT, FOREIGN KEY ("level_id") REFERENCES "service_level" ("id") ON DELETE RESTRICT, FOREIGN KEY ("service_id") REFERENCES "service" ("id") ON DELETE RESTRICT, FOREIGN KEY ("organisation_id") REFERENCES "organisation" ("id") ON DELETE RESTRICT, FOREIGN KEY ("batch_id") REFERENCES "import" ("id") ON DELETE SET NULL, FOREIGN KEY ("package_id") REFERENCES "package" ("id") ON DELETE RESTRICT);
CREATE UNIQUE INDEX "visit_organisation_id_ref" ON "visit" ("organisation_id", "ref");
CREATE INDEX "visit_organisation_id_client_id_level_id_week" ON "visit" ("organisation_id", "client_id", "level_id", "week");
CREATE INDEX "visit_organisation_id_week" ON "visit" ("organisation_id", "week");
CREATE INDEX "visit_week_status" ON "visit" ("week", "status");
CREATE INDEX "visit_package_id_week" ON "visit" ("package_id", "week");
CREATE INDEX "visit_stranger" ON "visit" ("organisation_id", "ssref") WHERE ("client_id" IS NULL);
CREATE TABLE "visit_version" ("id" SERIAL NOT NULL PRIMARY KEY, "type_id" INTEGER, "planned_date" DATE, "planned_entry" INTEGER, "planned_exit" INTEGER, "delivered_date" DATE, "delivered_entry" INTEGER, "delivered_exit" INTEGER, "entry_overridden" BOOLEAN NOT NULL, "entry_override_reason" TEXT NOT NULL, "exit_overridden" BOOLEAN NOT NULL, "exit_override_reason" TEXT NOT NULL, "variance_reason" TEXT NOT NULL, "comments" TEXT NOT NULL, "client_ref" VARCHAR(255) NOT NULL, "ssref" VARCHAR(255) NOT NULL, "nhs_number" VARCHAR(255) NOT NULL, "level_ref" VARCHAR(255) NOT NULL, "level_name" VARCHAR(255) NOT NULL, "carer_ref" VARCHAR(255) NOT NULL, "service_ref" VARCHAR(255) NOT NULL, "service_name" VARCHAR(255) NOT NULL, "organisation_ref" VARCHAR(255) NOT NULL, "organisation_name" VARCHAR(255) NOT NULL, "client_id" INTEGER, "level_id" INTEGER, "service_id" INTEGER, "week" DATE, "planned_minutes" INTEGER NOT NULL, "delivered_minutes" INTEGER, "digest" VARCHAR(255) NOT NULL, "visit_id" INTEGER NOT NULL, "version" INTEGER NOT NULL, "is_deleted" BOOLEAN NOT NULL, "deletion_reason" VARCHAR(255) NOT NULL, "batch_id" INTEGER, "changed_at" TIMESTAMP NOT NULL, "changed_by" VARCHAR(255) NOT NULL, FOREIGN KEY ("type_id") REFERENCES "visit_type" ("id") ON DELETE RESTRICT, FOREIGN KEY ("client_id") REFERENCES "client" ("id") ON DELETE RESTRICT, FOREIGN KEY ("level_id") REFERENCES "service_level" ("id") ON DELETE RESTRICT, FOREIGN KEY ("service_id") REFERENCES "service" ("id") ON DELETE RESTRICT, FOREIGN KEY ("visit_id") REFERENCES "visit" ("id") ON DELETE CASCADE, FOREIGN KEY ("batch_id") REFERENCES "import" ("id") ON DELETE SET NULL);
CREATE UNIQUE INDEX "visit_version_visit_id_version" ON "visit_version" ("visit_id", "version");
CREATE TABLE "huey_kv" ("queue" VARCHAR(255) NOT NULL, "key" VARCHAR(255) NOT NULL, "value" BYTEA NOT NULL, PRIMARY KEY ("queue", "key"));
CREATE TABLE "huey_schedule" ("id" SERIAL NOT NULL PRIMARY KEY, "queue" VARCHAR(255) NOT NULL, "data" BYTEA NOT NULL, "timestamp" BIGINT NOT NULL);
CREATE INDEX "schedule_queue_timestamp" ON "huey_schedule" ("queue", "timestamp");
CREATE TABLE "huey_task" ("id" SERIAL NOT NULL PRIMARY KEY, "queue" VARCHAR(255) NOT NULL, "data" BYTEA NOT NULL, "priority" REAL NOT NULL);
CREATE INDEX "huey_task_priority_id" ON "huey_task" ("priority" DESC, "id");
CREATE TABLE "huey_counter" ("queue" VARCHAR(255) NOT NULL, "key" VARCHAR(255) NOT NULL, "value" INTEGER NOT NULL, PRIMARY KEY ("queue", "key"));
"""
