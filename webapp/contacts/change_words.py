"""What an audit row of a contact tells, in a sentence for its journey."""

from webapp import words
from webapp.contacts import plain_values

SENTENCES = {
    "blocked": "Blocked",
    "unblocked": "Unblocked",
    "exported": "Data exported",
    "recorded_consent": "Consent recorded",
}


def change_words(entry):
    before, after = entry.before or {}, entry.after or {}
    match entry.action:
        case "changed":
            return f"Changed {_listed(_label(name) for name in after)}"
        case "joined_lists":
            return f"Joined {_listed(after.get('lists', ()))}"
        case "left_lists":
            return f"Left {_listed(before.get('lists', ()))}"
        case "tagged":
            return f"Tagged {_listed(after.get('tags', ()))}"
        case "untagged":
            return f"Tag {_listed(before.get('tags', ()))} removed"
        case "added_number":
            return f"Number {words.phone(after.get('number'))} added"
        case "chose_number":
            return f"Main number is {words.phone(after.get('number'))} now"
        case "retired_number":
            return f"Number {words.phone(before.get('number'))} retired"
        case "removed_number":
            return f"Number {words.phone(before.get('number'))} removed"
    return SENTENCES.get(entry.action, entry.action.replace("_", " ").capitalize())


def _label(name):
    if name.startswith("field:"):
        return "an own field"
    return plain_values.LABELS.get(name, name).lower()


def _listed(names):
    return ", ".join(dict.fromkeys(map(str, names)))
