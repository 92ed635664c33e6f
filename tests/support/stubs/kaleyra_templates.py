"""Templates in the flat form of Kaleyra's V1, as its stand-in reads and shows them."""


def flat(kept):
    parts = {part["type"]: part for part in kept.components}
    return {
        "template_id": kept.id,
        "template_name": kept.name,
        "lang_code": kept.language,
        "status": kept.status.capitalize(),
        "category": kept.category,
        "created_at": "2026-01-01",
        "body": parts["BODY"]["text"],
        "footer_content": parts.get("FOOTER", {}).get("text", ""),
    }


def unflattened(fields):
    """V1 asks for no examples, so the book is given some."""
    body = {"type": "BODY", "text": fields.get("body", "")}
    count = body["text"].count("{{")
    if count:
        body["example"] = {"body_text": [["example"] * count]}
    parts = [*_header(fields), body]
    if fields.get("footer_content"):
        parts.append({"type": "FOOTER", "text": fields["footer_content"]})
    if fields.get("type"):
        parts.append({"type": "BUTTONS", "buttons": list(_buttons(fields))})
    names = ("name", "language", "category")
    return {name: fields.get(name) for name in names} | {"components": parts}


def _header(fields):
    kind, content = fields["header"].upper(), fields.get("header_content", "")
    if kind == "TEXT":
        return [{"type": "HEADER", "format": kind, "text": content}]
    if kind == "NONE":
        return []
    return [{"type": "HEADER", "format": kind, "example": {"header_handle": [content]}}]


def _buttons(fields):
    if fields["type"] == "quick_reply":
        for place in (1, 2, 3):
            if fields.get(f"quick_reply_{place}"):
                yield {"type": "QUICK_REPLY", "text": fields[f"quick_reply_{place}"]}
    elif fields["type"] == "phone":
        yield {
            "type": "PHONE_NUMBER",
            "text": fields["button_text"],
            "phone_number": fields["phone_no"],
        }
    else:
        yield {"type": "URL", "text": fields["button_text"], "url": fields["website_url"]}
