"""What went out by mail; officers look at it. Table: Mail, which blueprints/mail.py writes and sends."""
