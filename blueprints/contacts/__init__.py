"""The people that organisations and the authority know, and the roles that they hold. Tables: Contact, RoleName, Role."""
