"""Calls planned and delivered, as providers send them. Tables: VisitType, Visit, VisitVersion, StagedVisit."""
