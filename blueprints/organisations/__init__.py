"""The providers; officers keep them, providers see their own. Table: Organisation."""
