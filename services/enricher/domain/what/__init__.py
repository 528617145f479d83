"""What happened, to whom and with what: attack types, circumstances, roles."""
