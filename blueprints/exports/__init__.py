"""Files for the authority's own systems: finalised payments for finance, what clients are to be charged. Tables: Export, ExportedFinalisation, Charge."""
