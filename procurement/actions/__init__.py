"""Every change of the domain: lock, permission, revision, state, rules, save, event, in one transaction."""
