"""The people who receive care; officers keep them, providers see their own. Table: Client."""
