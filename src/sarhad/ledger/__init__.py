"""The one ledger: an append-only, hash-chained journal, and registers that are views of it."""
