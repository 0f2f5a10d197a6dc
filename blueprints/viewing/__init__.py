"""The portal with a provider's eyes, for an officer who looks and changes nothing (Z-02). Columns of SignIn."""
