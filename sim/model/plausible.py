"""A plausible range, with its reason, for each number of the model that is assumed in whole or in part.

A range has the values that would not surprise a careful expert of the field. It is wider than a default with a guess at
rounding, and it is no confidence interval: nobody has estimated it, and it has no level. Where a study reports an
interval, the range is that interval, or wider if its people or its channel are others. Ranges are judged one at a time
and drawn independently of each other, evenly or, for rates, durations and counts that are known to a factor, evenly in
the logarithm. Draws can therefore combine values that seldom go together, such as a check-in session that is shorter
than a call. Perceived risks keep their order within a channel in most draws; the order of a ladder is that of its
fields, so the model doesn't need it.

Numbers are named by their path below ``[parameters]``. `NOT_DRAWN` has all other numbers, each with the reason: they
define outcomes or the question, are read from a log, are off because only a log can set them, or describe the world
rather than its people. Where draws of a posterior supply a number, leave it out with `ranges`.

    >>> from sim.model.plausible import ranges
    >>> found = ranges(leave=["ladders", "gestures.note"])
    >>> found["openness_half_life"].low, "ladders.feed_comment" in found
    (7.0, False)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import NamedTuple


class Plausible(NamedTuple):
    """A plausible range.

    Attributes:
        low, high: its ends, in the unit of the number; whole for whole numbers.
        reason: why not lower, and why not higher.
        log: whether it is drawn evenly in the logarithm.
    """

    low: float
    high: float
    reason: str
    log: bool = False


_OF_PEOPLE: dict[str, Plausible] = {
    # Memory and strength
    "memory_decay": Plausible(0.75, 1.3, "three logs leave 0.77 to 1.2, where the search ended; in speech, news and mail it is below 1 (Anderson & Schooler 1991)"),
    "half_strength": Plausible(0.1, 2.0, "no log says; at these ends, one message yesterday makes a new tie of strength 0.8, or of 0.2", True),
    "pull_exponent": Plausible(0.1, 0.8, "three logs leave 0.11 to 0.62, and hardly tell"),
    "pull_floor": Plausible(0.00005, 0.005, "no log says; at these ends, somebody forgotten comes to mind 1/500 or 1/5 as often as after a single contact five years ago", True),
    "feed_boost": Plausible(0.0, 0.5, "a feed that does not rank, or one in which an open door counts half as much as a contact today"),
    "saturation": Plausible(0.0, 1.0, "logical limits"),
    "exposure_mass": Plausible(0.002, 0.1, "being seen is remembered (Bornstein 1989), but leaves no more than twice a hello, and perhaps next to nothing", True),
    "encoding_sent": Plausible(0.5, 1.0, "what one has written is remembered almost as an own act (Slamecka & Graf 1978); half leaves room for routine words"),
    "encoding_received": Plausible(0.03, 0.7, "what is read is remembered less than what is written (Slamecka & Graf 1978), a third less or only a thirtieth; equal shares fit the Facebook wall worse", True),
    "encoding_answered": Plausible(0.0, 0.5, "an answer adds nothing to having written, or half as much again"),
    "spell_sd": Plausible(0.7, 1.6, "three logs leave 0.95 to 1.57 and the Facebook wall alone had 0.9; without spells five logs are met less well"),
    "spell_days": Plausible(15, 200, "three logs leave 20 to 184 days: from an examination period to half a year", True),
    "affinity_sd": Plausible(0.3, 1.7, "three logs leave 0.35 to 1.66; at these ends, the upper quartile of ties attracts 1.5 or 10 times as much as the lower"),
    "group_pull": Plausible(0.5, 3.0, "people of one focus choose each other more often (Feld 1981): 1.6 to 20 times; without groups two logs are met far less well"),
    # Closeness
    "closeness_gain": Plausible(0.0, 0.014, "perhaps nothing lasts; if 50 hours give half (Hall 2019), an exchange of half an hour gives 1 - 0.5^(0.5/50) = 0.007, twice that if talk counts twice; e-mail allows 0.008"),
    "closeness_meeting": Plausible(0.0, 0.032, "perhaps nothing lasts; if 50 hours give half (Hall 2019), two hours give 1 - 0.5^(2/50) = 0.027, and 0.032 with the 43 hours of his students; 100 hours for half give 0.014"),
    "closeness_half_life": Plausible(1.0, 15.0, "friends drift apart within 18 months of a move (Roberts & Dunbar 2011), yet trust outlives three silent years (Levin et al. 2011) and half of core ties seven (Mollenhorst et al. 2014)", True),
    "closeness_pull": Plausible(0.0, 3.0, "three logs leave 0.03 to 2.9; at 3, full closeness counts as 20 times the liking"),
    "closeness_answer": Plausible(0.0, 1.5, "only the channel matters, or an answer of 30% becomes 66% from a close friend"),
    # What brings people to mind
    "feed_rate": Plausible(0.1, 3.0, "from a look at an own tie every ten days to three a day, on a channel that shows others as well", True),
    "encounter_rate": Plausible(0.05, 1.0, "people have 13 contacts a day (Mossong et al. 2008), nearly all arranged or routine; by chance, one every three weeks to one a day", True),
    "encounter_known": Plausible(0.4, 0.75, "people who meet by chance share places and hours, so most of those they stop for are known; the end leaves the shares a sum of 1"),
    "encounter_community": Plausible(0.1, 0.25, "most strangers one meets live or work nearby; the end leaves the shares a sum of 1"),
    "birthday_noticed": Plausible(0.002, 0.1, "one birthday in 500, for people who ignore reminders, to one in ten, since birthdays prompt half of the posts on weak ties (Viswanath et al. 2009)", True),
    "post_rate": Plausible(0.05, 3.0, "most people post less than weekly, some every other day", True),
    "post_days": Plausible(1, 7, "feeds favour posts of the last day and rarely show what is older than a week", True),
    "scroll_minutes": Plausible(0.05, 1.0, "three seconds for a picture, a minute for a text or a short film", True),
    # Comfort
    "ease": Plausible(2.0, 3.5, "with all else at its default, 18% to 48% write to an old friend; under a third did (Aknin & Sandstrom 2024), of willing people with time set aside"),
    "practice_effect": Plausible(0.5, 2.3, "a warm-up (31% to 53%, 194 people: Aknin & Sandstrom 2024) adds 0.92 logit, 95% interval 0.33 to 1.5; three gestures give practice of 0.66"),
    "practice_gain": Plausible(0.1, 0.6, "a warm-up of three messages works (Aknin & Sandstrom 2024), so three give between a quarter and nearly all of what practice can"),
    "practice_half_life": Plausible(0.1, 14.0, "a warm-up was tested within the hour (Aknin & Sandstrom 2024); a week of practice still helped a week later (Sandstrom et al. 2022)", True),
    "acceptance_ratio": Plausible(0.4, 0.8, "believed and real shares of 40% and nearly all (Epley & Schroeder 2014), 30% and 50% (Bohns 2016); smaller gaps among friends"),
    "reticence_mean": Plausible(1.0, 3.5, "at these ends, complete strangeness divides the odds of a gesture by 3, or by 30, besides doubt"),
    "reticence_sd": Plausible(0.3, 1.3, "at these ends, the odds of a gesture differ 2 or 13 times between the ends of the middle two thirds of people"),
    "weekly_minutes": Plausible(120.0, 840.0, "41 minutes a day of socialising (American Time Use Survey 2015); 17 without visits, two hours with social media", True),
    "minutes_low": Plausible(0.1, 0.7, "those who socialise least do so for 4 minutes a day, or for half an hour"),
    "minutes_high": Plausible(1.5, 6.0, "days and jobs are full: at six times the mean, four hours a day", True),
    # The open door
    "openness_half_life": Plausible(7.0, 60.0, "a small favour is repaid after minutes but no more after a week (Burger et al. 1997); asked for later, by 30% less each month (Chuan et al. 2018)", True),
    # Answers
    "answer_openness": Plausible(0.215, 0.652, "95% interval of the odds ratio of pre-notification, 1.24 to 1.92 (Edwards et al. 2002)"),
    "answer_second": Plausible(0.199, 0.531, "95% interval of the odds ratio of a follow-up, 1.22 to 1.70 (Edwards et al. 2002)"),
    "answer_fatigue": Plausible(0.0, 1.0, "a third try is answered like a second, or at a third of its odds; contact too often turns customers away (Godfrey et al. 2011)"),
    "load_scale": Plausible(10.0, 100.0, "e-mail falls from 25% to under 5% at 100 a day (Kooti et al. 2015), so 25 or less there; messages of friends may be spared", True),
    "note_delay_median": Plausible(720.0, 20_160.0, "thanks for a card come within half a day to two weeks", True),
    "note_delay_sigma": Plausible(0.5, 2.0, "letters are answered more evenly than e-mail, whose delays have about 2.5 (Kooti et al. 2015)"),
    "note_days": Plausible(1, 7, "a letter takes a day within a town and a week between countries", True),
    "mutual_odds": Plausible(1.0, 2.0, "a field experiment found +35% for one mutual contact (Mosleh et al. 2025); none for people who share no circle, twice that for several", True),
    "unanswered_half_life": Plausible(7.0, 180.0, "a message without an answer is forgotten within weeks, a snub is remembered for half a year", True),
    "unanswered_most": Plausible(2.0, 6.0, "beyond a few tries, one more makes no difference"),
    # Ties
    "sale_hazard": Plausible(0.001, 0.05, "a close contact who could buy does so once in three weeks to once in three years", True),
    # Planned effort
    "follow_through": Plausible(0.0, 3.0, "a plan adds no courage, or much; plans help by d = 0.65, or 1.2 logits, on average (Gollwitzer & Sheeran 2006), more for easy acts"),
    "backed_out_minutes": Plausible(0.2, 5.0, "a glance and a no, or a text that is begun and deleted", True),
    "backed_out_most": Plausible(3, 30, "people give up after a few names, or after a page of them", True),
    "plan_gap_days": Plausible(9, 90, "customers welcome up to ten letters or three calls in three months (Godfrey et al. 2011): every 9 to 30 days; old friends expect less", True),
    "once_strong": Plausible(2.0, 20.0, "two to twenty contacts that are still remembered: a few weeks, or a year of weekly contact", True),
    "usable_share": Plausible(0.2, 0.8, "from an hour's way for a quarter of an hour's talk to a place next door"),
    # Places
    "known_weight": Plausible(1.0, 4.0, "guests of a mixer met those they knew at twice the odds (Ingram & Morris 2007); from no preference to twice theirs", True),
    "hangout_regulars": Plausible(10, 50, "a café's regulars out of a community of 55: from one in five to nearly all", True),
    "hangout_attendance": Plausible(0.05, 0.5, "a regular comes between every three weeks and every other day", True),
    "hangout_meets": Plausible(1, 8, "one talks to one person, or goes round a few tables", True),
    "group_members": Plausible(6, 25, "from a reading circle to a choir", True),
    "group_attendance": Plausible(0.4, 0.95, "less than 40% and a group dissolves; somebody is always ill"),
    "group_meets": Plausible(2, 10, "one's neighbours at the table, or nearly all of twelve", True),
    "event_notice_days": Plausible(3, 42, "a dinner next weekend, or a party in six weeks", True),
    "event_invitations": Plausible(6, 40, "a dinner table, or a full house", True),
    "event_brings": Plausible(0.05, 0.6, "hardly anybody if only one is invited, most if partners are welcome"),
    "event_meets": Plausible(3, 12, "one's end of the table, or nearly all guests of an evening", True),
    "show_every_days": Plausible(30, 365, "monthly trade evenings, or the yearly fair", True),
    "show_people": Plausible(20, 200, "those of one industry who can be met in a day, at a regional or a national fair", True),
    "show_meets": Plausible(5, 30, "14 encounters in an evening (Ingram & Morris 2007); fewer with long talks, more in a whole day", True),
    "meetup_start": Plausible(2, 12, "a founder finds two to a dozen people for a first evening", True),
    "meetup_meets": Plausible(2, 10, "as in a group", True),
    "meetup_brings": Plausible(0.02, 0.3, "one attendee in fifty brings somebody, or nearly one in three while a meetup is new", True),
    "meetup_leaves": Plausible(0.01, 0.2, "members stay for a hundred evenings, or for five", True),
    # The past of a generated world, which decides what dormant ties remember
    "past_rate": Plausible(0.003, 0.03, "the median tie had one contact a year, or nearly one a month", True),
    "past_sigma": Plausible(1.0, 2.0, "contacts are very uneven over ties (Onnela et al. 2007): a busy tie in forty has 7 to 50 times the median"),
    "past_stopped": Plausible(0.25, 0.75, "of core ties, half are gone after seven years (Mollenhorst et al. 2014); of others more, of groups that stay together less"),
}  # fmt: skip


_OF_GESTURES: dict[str, Plausible] = {
    # Minutes
    "gestures.like.minutes": Plausible(0.05, 0.3, "a click: three seconds, or 18 with a look at the picture", True),
    "gestures.smile.minutes": Plausible(0.05, 0.3, "three to 18 seconds in passing", True),
    "gestures.hello.minutes": Plausible(0.1, 1.0, "a word in passing, or a short stop", True),
    "gestures.compliment.minutes": Plausible(0.2, 2.0, "a sentence, or a few", True),
    "gestures.question.minutes": Plausible(0.3, 5.0, "a line, or a question with its story", True),
    "gestures.comment.minutes": Plausible(0.3, 4.0, "a line, or a paragraph", True),
    "gestures.introduction.minutes": Plausible(1.0, 8.0, "name and occupation, or a first talk", True),
    "gestures.message.minutes": Plausible(0.5, 10.0, "two lines, or a text that is thought over", True),
    "gestures.note.minutes": Plausible(7.0, 30.0, "a card, or a letter, with its envelope", True),
    "gestures.call.minutes": Plausible(5.0, 30.0, "a quick call, or half an hour of catching up, which grows with the silence before it (Bhattacharya et al. 2017)", True),
    "gestures.conversation.minutes": Plausible(10.0, 60.0, "a talk in a corridor, or over a meal", True),
    "gestures.invitation.minutes": Plausible(0.5, 10.0, "as a message", True),
    "gestures.post.minutes": Plausible(2.0, 30.0, "a picture with a line, or a text of one's own", True),
    # Being noticed
    "gestures.like.noticed": Plausible(0.4, 1.0, "a notification, which busy people see among dozens"),
    "gestures.smile.noticed": Plausible(0.4, 0.95, "people pass each other looking at their way, or face to face"),
    "gestures.hello.noticed": Plausible(0.8, 1.0, "a word is seldom missed"),
    "gestures.compliment.noticed": Plausible(0.9, 1.0, "said to somebody's face"),
    "gestures.question.noticed": Plausible(0.7, 1.0, "said to somebody's face, or written where some look seldom"),
    "gestures.comment.noticed": Plausible(0.5, 1.0, "a notification, but some of them are switched off"),
    "gestures.message.noticed": Plausible(0.7, 1.0, "filters, old addresses and full inboxes swallow up to a third"),
    "gestures.note.noticed": Plausible(0.8, 1.0, "a card in the post is opened, unless people have moved"),
    "gestures.call.noticed": Plausible(0.35, 0.9, "19% of Americans answer an unknown number (Pew Research 2020), more one they know, and others call back"),
    "gestures.invitation.noticed": Plausible(0.7, 1.0, "as a message"),
    "gestures.post.noticed": Plausible(0.05, 0.6, "35% of friends saw a post in 2013 (Bernstein et al. 2013), 61% one of a month's; feeds that rank by machine show it to far fewer"),
    # The open door
    "gestures.like.opens_door": Plausible(0.0, 1.0, "logical limits: no study shows that a like opens a door, or that it does not"),
    "gestures.smile.opens_door": Plausible(0.0, 1.0, "logical limits"),
    "gestures.hello.opens_door": Plausible(0.1, 1.0, "most people who are spoken to welcome it (Epley & Schroeder 2014); how much it opens is unknown"),
    "gestures.compliment.opens_door": Plausible(0.3, 1.0, "receivers enjoy it more than givers expect (Boothby & Bohns 2021), so it opens something; 1 is the limit"),
    "gestures.question.opens_door": Plausible(0.3, 1.0, "it shows interest, so it opens something; 1 is the limit"),
    "gestures.comment.opens_door": Plausible(0.2, 1.0, "composed words count (Burke & Kraut 2014), but others read along; 1 is the limit"),
    "gestures.introduction.opens_door": Plausible(0.2, 1.0, "a name makes the next word easier; 1 is the limit"),
    "gestures.message.opens_door": Plausible(0.3, 1.0, "receivers welcome it more than senders expect (Liu et al. 2023); 1 is the limit"),
    "gestures.note.opens_door": Plausible(0.3, 1.0, "as a message"),
    "gestures.call.opens_door": Plausible(0.3, 1.0, "voices bring people closer than text (Kumar & Epley 2021), so no less than a message; 1 is the limit"),
    "gestures.conversation.opens_door": Plausible(0.4, 1.0, "after half an hour of talk the next word is easy; 1 is the limit"),
    "gestures.invitation.opens_door": Plausible(0.2, 1.0, "it shows liking, but asks for something; 1 is the limit"),
    "gestures.post.opens_door": Plausible(0.0, 0.7, "it is meant for nobody; readers feel closer to those they read (Burke & Kraut 2014), but less than when addressed"),
    # Memory mass, relative to the past contacts of mass 1
    "gestures.smile.mass": Plausible(0.002, 0.1, "no more than a fifth of a message, perhaps almost nothing", True),
    "gestures.hello.mass": Plausible(0.01, 0.2, "a few per cent of a message, or nearly half", True),
    "gestures.compliment.mass": Plausible(0.05, 0.6, "a tenth of a message, or as much", True),
    "gestures.question.mass": Plausible(0.1, 0.8, "one line is a fifth of a message, or more if it is written", True),
    "gestures.comment.mass": Plausible(0.08, 0.8, "composed words leave something, one click nothing (Burke & Kraut 2014); at most what a message does", True),
    "gestures.introduction.mass": Plausible(0.15, 1.5, "a third to three times what a message leaves: a face and a name", True),
    "gestures.message.mass": Plausible(0.2, 1.2, "a contact of the past is an average one; a message is a fifth of it, or slightly more than one", True),
    "gestures.note.mass": Plausible(0.4, 4.0, "about a message, or eight of them since it is kept; handwriting alone did nothing in field experiments (Adena et al. 2025)", True),
    "gestures.call.mass": Plausible(0.8, 6.0, "voice bonds more than text (Kumar & Epley 2021): between a bit more than a message and a dozen of them", True),
    "gestures.conversation.mass": Plausible(1.5, 15.0, "hours together count (Hall 2019): half an hour is three to thirty messages", True),
    "gestures.invitation.mass": Plausible(0.1, 1.0, "a fifth of a message if it is sent to many, two if it honours", True),
    "gestures.post.mass": Plausible(0.0005, 0.05, "reading a friend's posts adds little (Burke & Kraut 2014): at most a tenth of a message", True),
    # Odds of an answer from a stranger
    "gestures.smile.answer": Plausible(-1.5, 1.0, "18% to 73%: about half of people smile back (Hinsz & Tomhave 1991)"),
    "gestures.hello.answer": Plausible(-1.4, 2.2, "20% to 90%: commuters who spoke to others were not refused (Epley & Schroeder 2014), but a nod is no answer"),
    "gestures.compliment.answer": Plausible(-2.2, 1.4, "10% to 80%: thanks are usual, a word back is not"),
    "gestures.question.answer": Plausible(-1.7, 1.4, "15% to 80%: a third on one wall, more in person"),
    "gestures.comment.answer": Plausible(-3.0, 0.0, "5% to 50%: most comments get nothing, some start a talk"),
    "gestures.introduction.answer": Plausible(-2.2, 2.2, "10% to 90%: politeness says yes, and a crowd moves on"),
    "gestures.message.answer": Plausible(-2.2, 1.1, "10% to 75%: cold e-mail has less, warm e-mail 25% (Kooti et al. 2015), one wall 30%; no study has the rate for old friends"),
    "gestures.note.answer": Plausible(-3.9, 0.0, "2% to 50%: cards to strangers had 20% (Kunz & Woolcott 1976) and 2% (Meier 2016); more among friends"),
    "gestures.call.answer": Plausible(-2.2, 1.4, "10% to 80% of those who see the call have the time to talk"),
    "gestures.conversation.answer": Plausible(-1.7, 2.2, "15% to 90% take up the talk in turn"),
    "gestures.invitation.answer": Plausible(-2.7, 0.7, "6% to 67% come: few to a crowd's event, most to a friend's"),
    # Perceived risk of planned gestures that are on no ladder; strangeness and doubt come on top
    "gestures.introduction.felt_risk": Plausible(0.0, 2.0, "from no risk where introductions are expected to that of a message out of the blue"),
    "gestures.note.felt_risk": Plausible(0.0, 2.6, "nobody watches and no answer is due, or it looks like too much; at most as a call"),
    "gestures.invitation.felt_risk": Plausible(0.4, 3.0, "at least as a message, since it can be declined; hardly more than a call"),
}  # fmt: skip


# Only differences count, between steps and from the first step of the feed: 1 logit divides the odds by 2.7.
_OF_LADDERS: dict[str, Plausible] = {
    "ladders.feed_comment": Plausible(1.2, 3.2, "words in public take more than a click; likes outnumber comments on any feed, by 3 to 25 times in the odds"),
    "ladders.feed_message": Plausible(2.4, 4.8, "to leave the feed for a private message takes more than a comment"),
    "ladders.private_question": Plausible(0.2, 1.6, "the smallest step in private, yet words of one's own"),
    "ladders.private_message": Plausible(0.6, 2.2, "about as a question, rather more"),
    "ladders.private_call": Plausible(1.5, 4.0, "people expect more awkwardness of calls than of text (Kumar & Epley 2021)"),
    "ladders.in_person_smile": Plausible(-0.4, 0.6, "hardly any risk, as a like"),
    "ladders.in_person_hello": Plausible(-0.2, 1.0, "a word more than a smile, and expected of people who know each other"),
    "ladders.in_person_compliment": Plausible(0.5, 2.0, "givers overestimate how much they bother (Boothby & Bohns 2021)"),
    "ladders.in_person_question": Plausible(0.8, 2.4, "it begins a talk, which people expect to go worse than it does (Epley & Schroeder 2014)"),
    "ladders.in_person_conversation": Plausible(1.4, 3.6, "time of both, and awkward silence to fear; about as a call"),
}  # fmt: skip


_OF_STRATEGIES: dict[str, Plausible] = {
    "strategies.engage_regularly.like_share": Plausible(0.5, 0.95, "most reactions in feeds are clicks"),
    "strategies.engage_regularly.session_minutes": Plausible(2.0, 15.0, "a break, or a cup of coffee", True),
    "strategies.handwritten_notes.session_minutes": Plausible(10.0, 40.0, "one card, or two or three with time to think", True),
    "strategies.handwritten_notes.sessions": Plausible(1, 4, "a weekly habit, or every other day", True),
    "strategies.handwritten_notes.overhead_minutes": Plausible(0.0, 8.0, "cards, stamps and addresses at hand, or to be fetched"),
    "strategies.show_up.session_minutes": Plausible(15.0, 90.0, "a coffee at the counter, or a long stay", True),
    "strategies.join_community.session_minutes": Plausible(60.0, 180.0, "an hour's meeting, or an evening with the way there", True),
    "strategies.host_event.session_minutes": Plausible(180.0, 720.0, "drinks at home, or a dinner with a day of shopping and cooking", True),
    "strategies.trade_shows.session_minutes": Plausible(240.0, 960.0, "an afternoon in town, or a day with a journey", True),
    "strategies.share_content.session_minutes": Plausible(3.0, 40.0, "as a post", True),
    "strategies.start_meetup.session_minutes": Plausible(90.0, 360.0, "a regular table, or a talk with a room to prepare", True),
    "strategies.check_in.message_share": Plausible(0.3, 0.95, "people prefer text to calls (Kumar & Epley 2021), though some like to call"),
    "strategies.check_in.session_minutes": Plausible(5.0, 40.0, "a few messages, or a call and some messages", True),
    "strategies.check_in.overhead_minutes": Plausible(0.0, 3.0, "the list is at hand, or a number must be found"),
}  # fmt: skip


PLAUSIBLE: Mapping[str, Plausible] = MappingProxyType(_OF_PEOPLE | _OF_GESTURES | _OF_LADDERS | _OF_STRATEGIES)

_CONVENTION = "a convention that defines outcomes: another value asks another question"
_FITTED = "fitted to a log: its uncertainty is that of the calibration"
_LEVEL = "a level of the channel, which is read from a log; another value is another world"
_OFF = "off: only a log can set its level"
_WORLD = "describes the world rather than the people in it"
_FACE_TO_FACE = "what is said at length to somebody's face cannot be missed"
_ON_LADDERS = "its risk is that of its ladder"
_NOTHING = "nothing is done"
_IN_USABLE_SHARE = "the way and preparation are in usable_share"

# The reason by the path of a number, or by a pattern of paths, in which * stands for anything.
NOT_DRAWN: Mapping[str, str] = MappingProxyType({
    "two_way_days": _CONVENTION,
    "dormant_after_days": _CONVENTION,
    "dormant_contacts": _CONVENTION,
    "effort_minutes": "the budget of the question",
    "routine_rate": _FITTED,
    "sociability_sd": _FITTED,
    "answer_strength": _FITTED,
    "delay_median": _FITTED,
    "delay_sigma": _FITTED,
    "routine_new": _OFF,
    "sitting_*": _OFF,
    "quick_*": _OFF,
    "responsiveness_sd": _OFF,
    "arriving_*": _OFF,
    "leaving_rate": _OFF,
    "unobserved_activity": _OFF,
    "hour_activity": _LEVEL,
    "weekday_activity": _LEVEL,
    "channel_level*": _LEVEL,
    "channel_begins": _LEVEL,
    "community_size": _LEVEL,
    "ties_at_start": _LEVEL,
    "ties_in_community": _LEVEL,
    "tie_capacity": "room for hundreds of ties, which few people of a generated world fill; a log's is set from its lists",
    "industries": _WORLD,
    "ties_in_industry": _WORLD,
    "past_years": "how far back a generated world looks; with a fading memory, older contacts hardly count",
    "gestures.*.rung": "the order of effort, not a size",
    "gestures.like.mass": "one click leaves nothing (Burke & Kraut 2014); above 0, a like would count as contact, which defines outcomes",
    "gestures.introduction.noticed": _FACE_TO_FACE,
    "gestures.conversation.noticed": _FACE_TO_FACE,
    **{
        f"gestures.{kind}.felt_risk": _ON_LADDERS
        for kind in ("like", "smile", "hello", "compliment", "question", "comment", "message", "call", "conversation")
    },
    "gestures.post.felt_risk": "a post has no addressee, so no barrier",
    "ladders.feed_like": "the zero of perceived risk: only differences from it count, and ease moves them all",
    "strategies.wait.session_minutes": _NOTHING,
    "strategies.wait.overhead_minutes": _NOTHING,
    "strategies.wait.sessions": _NOTHING,
    "strategies.engage_regularly.overhead_minutes": "a feed needs no preparation",
    "strategies.share_content.overhead_minutes": "the minutes of a post include its preparation",
    "strategies.show_up.overhead_minutes": _IN_USABLE_SHARE,
    "strategies.join_community.overhead_minutes": _IN_USABLE_SHARE,
    "strategies.host_event.overhead_minutes": _IN_USABLE_SHARE,
    "strategies.trade_shows.overhead_minutes": _IN_USABLE_SHARE,
    "strategies.start_meetup.overhead_minutes": _IN_USABLE_SHARE,
})  # fmt: skip


def ranges(leave: Iterable[str] = ()) -> dict[str, Plausible]:
    """The ranges by path, without those of paths equal to or below any of these, such as ``"gestures.note"``."""
    left = tuple(leave)
    return {
        path: one
        for path, one in PLAUSIBLE.items()
        if not any(path == above or path.startswith(f"{above}.") for above in left)
    }


def not_drawn(path: str) -> str | None:
    """Why a number isn't drawn; None if it is, or if there is no such number."""
    return next((reason for pattern, reason in NOT_DRAWN.items() if fnmatchcase(path, pattern)), None)
