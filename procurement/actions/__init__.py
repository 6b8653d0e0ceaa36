"""Every change of the domain. Each action: lock, permission, revision, state, rules, save, event, in one transaction."""
