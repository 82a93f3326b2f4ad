"""Sets of people, by number: who may come to mind, and whom one may run into."""

from __future__ import annotations

ATTEMPTS = 256  # attempts of rejection sampling before the exponential race decides who comes to mind

# Contacts among whom one comes to mind: everyone known, those whom the feed can show, ties without acquaintances, and
# ties of one industry.
ANYONE, SHOWN, OWN_TIES, OF_INDUSTRY = range(4)

# People whom one may run into by chance: a contact, anyone of the community, and anyone at all.
A_CONTACT, OF_COMMUNITY, ANYBODY = range(3)
