"""What the demo's customers and agents said: one of each kind and state."""

from webapp.commands.demo import pictures
from webapp.commands.demo.telling import Story


def tell(who):
    """Everybody's conversations; the ones that ended days ago come first."""
    for part in (_earlier, _last_days, _of_ana, _of_admin, _of_ben, _waiting):
        part(who)


def _earlier(who):
    Story(who.care, "Olga Petrova", "15550151190").says(
        "Do you repair lamps of other makes?"
    ).later(minutes=2).taken(who.ana).later(minutes=1).answers(
        "Yes, most of them. Send us the make and a picture of the label."
    ).later(minutes=9).says("Great, I will bring it in on Saturday.").later(minutes=1).answers(
        "See you on Saturday, Olga. We are open from 9:00 to 13:00."
    ).later(minutes=3).wrapped_up("Repair", "Brought in by the customer").later(hours=5)

    Story(who.shop, "João Almeida", "351912000417").says(
        "Bom dia! A encomenda 40655 já saiu?"
    ).later(minutes=3).taken(who.ben).later(minutes=2).answers(
        "Bom dia João! Saiu esta manhã e chega amanhã entre as 9:00 e as 13:00."
    ).later(minutes=4).says("Perfeito, obrigado!").later(minutes=6).wrapped_up(
        "Delivery", "Question answered"
    ).later(days=1, hours=3)

    Story(who.care, "Victor Lund", "46700000311").says(
        "Is the shop open on public holidays?"
    ).later(minutes=6).taken(who.ana).later(hours=31)


def _last_days(who):
    """What was wrapped up in the last week, for the reports to count."""
    for place, (account, agent, name, asked, answered, *outcome) in enumerate(WRAPPED_UP):
        talk = Story(getattr(who, account), name, f"1555013{place:04}").says(asked)
        talk.later(minutes=2 + place).taken(getattr(who, agent)).later(minutes=1).answers(answered)
        talk.later(minutes=4).wrapped_up(*outcome).later(days=place % 5, hours=2 + place)


def _of_ana(who):
    _dana(who)
    Story(who.care, "Tomás Beltrán", "34600000258").says(
        "Hola, is the technician still coming today?"
    ).later(minutes=4).taken(who.ana).later(minutes=2).answers(
        "Hello Tomás, yes: he is on his way and calls you ten minutes before."
    ).later(minutes=38).says("He has not called yet and I have to leave at 12.").later(minutes=4)

    nameless = Story(who.care, "", "15550147720").says("Hello").later(minutes=1)
    nameless.taken(who.ana).later(minutes=1)
    nameless.says("I have a question about an invoice").later(minutes=1)
    nameless.says("Is anyone there?").later(seconds=40)

    Story(who.shop, "Ingrid Solberg", "4740000193").says(
        "I would like to send one of the chairs back."
    ).later(minutes=5).taken(who.ana).later(minutes=2).answers(
        "Of course, Ingrid. Is it still in its box?"
    ).later(minutes=7).says("Yes, unopened.").later(minutes=1).answers(
        "Then it is free of charge. Shall I send the label here or by email?"
    ).drafts("Great, I have sent the return label to").later(minutes=13)

    Story(who.care, "Kwame Asante", "233200000641").says(
        "When will the technician be here tomorrow?"
    ).later(minutes=2).taken(who.ana).later(minutes=1).answers(
        "Your technician arrives between 14:00 and 16:00."
    ).later(minutes=32)

    Story(who.shop, "Yuki Tanaka", "819000000522").says(
        "The invoice has my old address, can you correct it?"
    ).later(minutes=11).taken(who.ana).later(minutes=20).answers(
        "I have corrected it. You find the new one in your account.", "delivered"
    ).later(hours=21, minutes=20)

    Story(who.shop, "Sofia Marino", "393330000266").says(
        "Could you call me about order 40702?"
    ).later(minutes=4).taken(who.ana).later(minutes=6).answers(
        "Hello Sofia, I tried your number twice. When is a good time?", "failed"
    ).later(minutes=17)


def _dana(who):
    dana = Story(who.shop, "Dana Whitlock", "15550123409")
    dana.says("Can you send me a copy of invoice 2281?").later(minutes=4).taken(who.ben)
    dana.later(minutes=2).answers("Here it is again, Dana: it is in your account under Invoices.")
    dana.later(minutes=5).wrapped_up("Invoice", "Sent again").later(days=22)
    dana.says("The evening slot does not suit me, is there a morning one?").later(minutes=3)
    dana.taken(who.ana).later(minutes=1).answers("There is: Tuesday 8:00 to 12:00. I moved it.")
    dana.later(minutes=9).says("Thank you!").later(minutes=2).wrapped_up(
        "Delivery", "Slot changed", "By the customer", note="Tuesday 8 to 12, side door."
    ).later(days=12)

    dana.says(
        "Good morning, I can't be at home on Tuesday after all. "
        "Could order 40718 come on a different day?"
    ).later(seconds=20).taken(who.ana).later(seconds=28)
    dana.answers(
        "Good morning Dana, no problem at all. I can offer Wednesday 13:00 to 17:00 or Thursday "
        "8:00 to 12:00. Which one suits you?"
    ).later(minutes=1)
    dana.notes(who.sara, "The Wednesday van is nearly full. Thursday is safer.").later(minutes=4)
    dana.shows(pictures.loading_bay(), "This is the bay, please ring at the side door").seen()
    dana.later(minutes=2).says("Thursday is perfect 👍", quoting=True).later(minutes=1)
    dana.says(
        "Also, can I swap one lamp for the blue one? Is it still possible to change the delivery?"
    ).later(minutes=4)


def _of_admin(who):
    Story(who.shop, "ليلى حداد", "971500000184").says(
        "مرحبا، متى تصل طلبيتي؟ رقم الطلب 40722"
    ).later(minutes=2).taken(who.admin).later(minutes=1).answers(
        "مرحبا ليلى، ستصل طلبيتك يوم الأربعاء بين الساعة 9:00 و 13:00."
    ).later(minutes=3).says("شكرا! هل يمكن التسليم بعد الساعة 11:00؟").later(minutes=5)

    Story(who.care, "Henrik Dahl", "4520000377").says(LONG).later(minutes=3).taken(who.admin).later(
        minutes=11
    )

    Story(who.care, "Priya Nair", "919800000439").says(
        "The new bulb works. Thank you for the quick help!"
    ).later(minutes=3).taken(who.admin).later(minutes=1).answers(
        "I am glad it does, Priya. Write to us any time."
    ).later(minutes=2).reacts("❤️").later(minutes=44)

    Story(who.care, "Emma Novak", "420600000713").shows(
        pictures.receipt(), "Is this enough as proof of purchase?"
    ).later(minutes=2).taken(who.admin).later(minutes=3).answers(
        "Yes, it shows everything we need. Your guarantee runs until March."
    ).later(hours=1, minutes=12)


def _of_ben(who):
    Story(who.care, "Amara Okafor", "2348000000925").says(
        "My lamp flickers since yesterday."
    ).later(minutes=3).taken(who.ben).later(minutes=2).answers(
        "Does it also flicker in another socket?", "unknown"
    ).later(minutes=26)

    Story(who.shop, "Lucas Meyer", "491510000558").says("Ist die blaue Lampe wieder da?").later(
        minutes=4
    ).taken(who.ben).later(minutes=2).answers(
        "Ja, seit heute Morgen. Soll ich Ihnen eine zurücklegen?", "delivered"
    ).later(minutes=51)


def _waiting(who):
    Story(who.shop, "Chen Wei", "8613800000647").shows(
        pictures.cracked_lamp(), "It arrived like this. What shall I do?"
    ).later(minutes=3)
    Story(who.care, "Marcus Oyelaran", "15550168821").says(
        "Hi, I was charged twice for the same order and need it fixed before Friday please"
    ).later(minutes=1)


WRAPPED_UP = (
    ("shop", "ana", "Rosa Delgado", "Is order 40688 on its way?",
     "It left this morning, Rosa.", "Delivery", "Question answered"),
    ("shop", "ben", "Pavel Horak", "I am away on Friday. Another day, please?",
     "Monday from 8 to 12, Pavel.", "Delivery", "Slot changed", "By the customer"),
    ("shop", "ana", "Mina Sato", "Nobody came today.",
     "The van broke down. It comes tomorrow at 9.", "Delivery", "Slot changed", "By us"),
    ("shop", "ben", "Nils Berg", "The driver says nobody was there.",
     "He tries again at 17:00.", "Delivery", "Not delivered", "Nobody there"),
    ("shop", "ana", "Carla Moreau", "The shade is too big. Can I send it back?",
     "Yes, the label is in your mail.", "Return", "Accepted"),
    ("shop", "ben", "Tom Larsen", "I bought it last year and do not like it.",
     "After a year we cannot take it back.", "Return", "Refused"),
    ("care", "ana", "Ada Nwosu", "My invoice has the wrong name.",
     "Corrected, and sent to you.", "Invoice", "Corrected"),
    ("care", "ben", "Leo Fischer", "Thanks, it works again!", "Glad to hear it.",
     "No answer needed"),
    ("care", "ana", "Irma Costa", "Are you there?", "Yes. How can I help?"),
)  # fmt: skip
LONG = """Hello, I bought four of your wall lamps in May for our guest house. Two of them are fine.

The third one makes a quiet humming noise, but only when it is dimmed below half, and only in the \
evening. I have changed the bulb twice, once for one of yours and once for another make, and it \
made no difference at all.

The fourth one went out last night. When I took it down I saw that the cable had been squeezed \
between the plate and the wall, which may of course have been my own mistake.

What would you suggest? We have guests from Thursday on, so I would rather not be without them \
for long. I could also drive over and bring both of them in."""
