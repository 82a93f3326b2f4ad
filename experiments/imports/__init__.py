"""Contact logs from exports of mail, chats and calls: who, whom, when and by which medium; never what was written.

Each format has a file with a `Reader`. `formats.py` lists them and recognises a file, `contacts.py` has what they
share, and `identities.py` proposes which names are one person's.
"""
