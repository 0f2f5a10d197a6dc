"""The buildings that services are given in; providers ask for changes. Tables: Property, PropertyService."""
