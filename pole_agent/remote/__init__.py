"""Updates and configurations from the regency's repository, a repository of The Update Framework (TUF).

`pole-agent sync` fetches, `pole-agent apply` verifies again and installs; the daemon imports only what tells
of them. Nothing of the client is imported before it is needed: a pole without the extra `remote` works.
"""
