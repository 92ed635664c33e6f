"""Which column holds what, guessed from its name and, for numbers, from what stands in it."""

import re
import unicodedata

from webapp.contacts.phones import NotANumber, normalise

LEAVE_OUT = ""
TARGETS = {
    "phone": "WhatsApp number",
    "first_name": "First name",
    "last_name": "Last name",
    "full_name": "First and last name, split",
    "company": "Company",
    "email": "Email",
    "language": "Language",
    "time_zone": "Time zone",
    "tags": "Tags",
    "lists": "Lists",
    "consent": "Marketing consent",
}
WORDS = {
    "phone": """phone mobile cell whatsapp telephone tel number msisdn mobil handy telefon rufnummer
        handynummer telefono telefonnummer cellulare numero celular movil telefone telemovel
        portable telephone gsm phonenumber mobilenumber whatsappnumber mobilephone cellphone
        numerodetelephone numerotelefono wanumber waid телефон 电话 手机 電話 هاتف""",
    "first_name": """firstname first givenname forename vorname nome prenom nombre primeironome
        imie voornaam imya имя 名""",
    "last_name": """lastname last surname familyname nachname familienname cognome nomdefamille
        apellido apellidos sobrenome ultimonome nazwisko achternaam фамилия 姓""",
    "full_name": """name fullname contact contactname customer customername displayname kunde
        nominativo nomecompleto nombrecompleto nom client cliente naam фио 姓名 名前""",
    "company": """company organisation organization firm firma azienda ragionesociale empresa
        entreprise societe unternehmen bedrijf компания 公司""",
    "email": "email mail emailaddress correo correoelectronico courriel posta emailadresse адрес",
    "language": "language lang locale sprache lingua idioma langue taal jezyk язык 语言",
    "time_zone": "timezone tz zeitzone fusoorario zonahoraria fuseauhoraire fusohorario",
    "tags": "tags tag labels label etiketten etichette etiquetas etiquettes kennzeichen",
    "lists": "lists list groups group liste listen gruppe elenco grupo groupe segment",
    "consent": """consent optin marketing marketingconsent agreed newsletter permission einwilligung
        zustimmung consenso consentimiento consentement consentimento gdpr subscribed optedin""",
}
_TARGET_OF = {word: target for target, words in WORDS.items() for word in words.split()}
SAMPLE = 30


def columns(header, rows, fields=()):
    """A target for each column: a word of TARGETS, `field:<id>`, or nothing.

    Two columns never share one target: the first whose name says it has it.
    """
    names = {_plain(field.name): f"field:{field.id}" for field in reversed(fields)}
    # As the export heads a list's own fields.
    names |= {
        _plain(f"{field.name} ({field.list_name})"): f"field:{field.id}"
        for field in fields
        if field.list_name
    }
    found, taken = [], set()
    for name in header:
        target = _target(_plain(name), names)
        found.append(target if target not in taken else LEAVE_OUT)
        taken.add(target)
    if "phone" not in found:
        place = _column_of_numbers(found, rows)
        if place is not None:
            found[place] = "phone"
    if "first_name" in found and "full_name" in found:
        found[found.index("full_name")] = LEAVE_OUT
    if "last_name" in found and "full_name" in found:
        found[found.index("full_name")] = "first_name"
    return found


def names_columns(first):
    """Whether the first row looks like names: no number of a person, no address, no date."""
    if any(_target(_plain(cell), {}) for cell in first):
        return True
    return not any(re.search(r"\d{4,}|@", cell) for cell in first)


def _target(name, names):
    if not name:
        return LEAVE_OUT
    return names.get(name) or _TARGET_OF.get(name) or LEAVE_OUT


def _plain(name):
    folded = unicodedata.normalize("NFKD", name.casefold())
    return "".join(sign for sign in folded if sign.isalnum())


def _column_of_numbers(found, rows):
    """The column nobody named in which most cells are numbers of people."""
    best, most = None, 0
    for place, target in enumerate(found):
        cells = [row[place] for row in rows[:SAMPLE] if place < len(row) and row[place]]
        if target == LEAVE_OUT and cells:
            good = sum(_looks_like_number(cell) for cell in cells)
            if good > most and good * 2 > len(cells):
                best, most = place, good
    return best


def _looks_like_number(cell):
    if not re.search(r"\+|\d{9,}|\(\d", cell):
        return False
    try:
        normalise(cell, "US")
    except NotANumber:
        return False
    return True
