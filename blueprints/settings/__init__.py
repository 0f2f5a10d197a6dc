"""The authority's settings and the look of its portal; officers change them. Tables: Setting, Counter."""
