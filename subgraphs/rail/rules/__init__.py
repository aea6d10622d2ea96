"""Pure decisions of rail: nothing here reads a clock or a database."""
