"""Shows service levels as documents: JSON, CSV and PDF, signed, with the digests of what they rest on."""
