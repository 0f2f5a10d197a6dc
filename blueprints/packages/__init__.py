"""Packages: the care package line items (CPLIs) that an authority pays for. Officers keep them; providers read them."""
