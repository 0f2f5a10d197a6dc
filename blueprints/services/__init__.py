"""Services and the levels of care that they deliver; officers keep them. Tables: Service, ServiceLevel."""
