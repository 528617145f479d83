"""What all services share: contracts, code lists, the runtime of a stage, the database."""
