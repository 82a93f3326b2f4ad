"""What random draws are for. The numbers are part of the key of a draw (`sim.model.chance`), so they never change."""

from enum import IntEnum


class DrawPurpose(IntEnum):
    """The purpose of a draw: one for each kind of random choice in the model."""

    # Who people are
    SOCIABILITY = 0
    RETICENCE = 1
    COMMUNITY = 2
    INDUSTRY = 3
    GROUP = 4
    REGULAR = 5
    BIRTHDAY = 6
    RESPONSIVENESS = 50
    ARRIVES = 52
    LEAVES = 53
    OBSERVED = 56
    # Where ties come from
    COMMUNITY_TIE = 7
    INDUSTRY_TIE = 8
    OTHER_TIE = 9
    AFFINITY = 11
    PAST_RATE = 12
    PAST_STOPS = 13
    PAST_GAP = 14
    ADOPTER = 15
    FIRST_BUDGET = 17
    # Who is where
    HANGOUT_VISIT = 18
    GROUP_DAY = 19
    GROUP_VISIT = 20
    SHOW_DAY = 21
    SHOW_VISIT = 22
    MEETUP_MEMBER = 23
    MEETUP_LEAVES = 24
    BRINGS_SOMEONE = 25
    MEETS = 26
    MEETING_ORDER = 27
    PLACE_SECOND = 28
    # What comes to mind
    POSTS = 29
    SPELL = 46
    SPELL_BEGINS = 47
    ROUTINE_COUNT = 30
    FEED_COUNT = 31
    ENCOUNTER_COUNT = 32
    PROMPT_SECOND = 33
    SITTING = 54
    ROUTINE_WHO = 57
    COMES_TO_MIND = 34
    COMES_TO_MIND_RACE = 35
    ENCOUNTER_WHO = 36
    ENCOUNTER_STRANGER = 37
    BIRTHDAY_NOTICED = 38
    # What people do
    COMFORT = 39
    PLANNED_KIND = 40
    LIST_ORDER = 49
    NOTICED = 41
    ANSWERED = 42
    ANSWER_DELAY = 43
    ANSWER_SECOND = 55
    # Outside the model's day
    BOOTSTRAP = 44
    LABEL_ORDER = 45
    FOCAL = 48
