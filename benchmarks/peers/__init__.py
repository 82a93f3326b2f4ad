"""Our ordinary day as competent users of Mesa and of Numba would write it: the peers of `make bench`.

Ordinary life is the whole of `docs/model.md` but strategies and places: minutes and posts, the four prompts, comfort
and ladders, rounds of noticing and answering, late answers, open doors, fading traces, tries without an answer,
practice, strangers who become acquaintances, forgetting. Each peer has random draws of its own, so it agrees with the
core in distribution and not in bits; `python -m benchmarks.peers_agree` compares gestures by kind.

Every peer is made of a `Start`, has a method `step` that lives one day, and counts in `sent` the gestures by kind.
"""
