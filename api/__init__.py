"""REST and the live sockets: parse, ask `db` or an operation of `domain`, answer. No rules."""
