"""Contact logs from exports of mail, chats and calls: who, whom, when and by which medium; never what was written.

Each format has a file with a `Reader`. `formats.py` lists them, `gathering.py` recognises a format and makes one log of
many exports, and `contacts.py` has what readers share. `identities.py` proposes which ids are one person's, and
`people.py` keeps what people are called and which one is the user.
"""
