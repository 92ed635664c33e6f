"""Words that alone, as a whole message, ask us to stop or to go on; and how texts are compared."""

import re
import unicodedata

# By language, as people write them; case, accents and punctuation do not matter.
STOP = {
    "English": ["STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "OPT OUT", "OPTOUT"],
    "Portuguese": ["PARAR", "SAIR", "CANCELAR INSCRIÇÃO", "DESCADASTRAR", "PARE"],
    "Spanish": ["ALTO", "BAJA", "DARME DE BAJA", "PARAR", "DETENER", "NO MÁS MENSAJES"],
    "Italian": ["FERMA", "DISISCRIVIMI", "DISISCRIVITI", "BASTA", "CANCELLAMI"],
    "German": ["STOPP", "ABMELDEN", "ABBESTELLEN", "AUSTRAGEN", "KEINE WERBUNG"],
    "French": ["ARRÊT", "ARRÊTER", "DÉSABONNER", "DÉSINSCRIRE", "STOP PUB"],
    "Dutch": ["AFMELDEN", "UITSCHRIJVEN", "STOPPEN"],
    "Polish": ["WYPISZ", "REZYGNUJĘ", "ZATRZYMAJ", "STOP REKLAMOM"],
    "Swedish": ["STOPPA", "AVREGISTRERA", "AVSLUTA"],
    "Danish": ["AFMELD", "FRAMELD"],
    "Norwegian": ["AVMELD", "MELD AV"],
    "Finnish": ["LOPETA", "PERUUTA TILAUS"],
    "Turkish": ["DUR", "DURDUR", "İPTAL", "RET", "ABONELİKTEN ÇIK"],
    "Arabic": ["توقف", "إيقاف", "ايقاف", "الغاء الاشتراك", "إلغاء الاشتراك"],
    "Hebrew": ["הסר", "הסרה", "עצור"],
    "Hindi": ["रुको", "बंद करो", "बंद करें", "सदस्यता समाप्त"],
    "Indonesian": ["BERHENTI", "HENTIKAN"],
    "Russian": ["СТОП", "ОТПИСАТЬСЯ", "ОТПИСКА"],
    "Ukrainian": ["ВІДПИСАТИСЯ", "СТОП"],
    "Romanian": ["DEZABONARE", "OPRIRE"],
    "Greek": ["ΔΙΑΚΟΠΗ", "ΣΤΑΜΑΤΑ"],
    "Czech": ["ODHLÁSIT", "ZRUŠIT ODBĚR"],
    "Hungarian": ["LEIRATKOZOM", "LEIRATKOZÁS"],
    "Chinese": ["退订", "停止", "取消订阅"],
    "Japanese": ["停止", "配信停止"],
}  # fmt: skip
START = {
    "English": ["START", "UNSTOP", "SUBSCRIBE", "OPT IN", "OPTIN"],
    "Portuguese": ["COMEÇAR", "VOLTAR A RECEBER", "INSCREVER"],
    "Spanish": ["ALTA", "EMPEZAR", "SUSCRIBIRME"],
    "Italian": ["INIZIA", "ISCRIVIMI"],
    "German": ["ANMELDEN", "STARTEN"],
    "French": ["DÉMARRER", "RÉABONNER", "ABONNER"],
    "Dutch": ["AANMELDEN"],
    "Polish": ["ZAPISZ"],
    "Swedish": ["STARTA", "ANMÄL"],
    "Turkish": ["BAŞLA", "BAŞLAT", "ABONE OL"],
    "Arabic": ["ابدأ", "اشتراك"],
    "Hindi": ["शुरू करो", "शुरू करें"],
    "Russian": ["СТАРТ", "ПОДПИСАТЬСЯ"],
}
LONGEST = 60  # a longer message is a sentence, not a command

_NOT_WORDS = re.compile(r"[^\w]+|_+")
_DOTLESS = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "đ": "d", "ς": "σ"})


def plain(text):
    """stop for “ Stóp! ”: without case, accents, punctuation, emoji; words one blank apart."""
    bare = unicodedata.normalize("NFKD", text.strip()).casefold()
    letters = "".join(sign for sign in bare if not _is_accent(sign)).translate(_DOTLESS)
    # Vowel signs of Indian scripts are marks too, but part of the word: \w leaves them out.
    return " ".join(_NOT_WORDS.sub(lambda found: _blank(found[0]), letters).split())


def default_words():
    """{"stop": […], "start": […]} of every language, each word once."""
    return {"stop": _flat(STOP), "start": _flat(START)}


def _is_accent(sign):
    """Latin, Greek and Arabic accents; not what carries a vowel in other scripts."""
    return unicodedata.combining(sign) and not "\u0900" <= sign <= "\u0dff"


def _blank(signs):
    """What stands between words; marks that belong to a letter stay."""
    return "".join(sign if unicodedata.category(sign).startswith("M") else " " for sign in signs)


def _flat(by_language):
    return list(dict.fromkeys(word for words in by_language.values() for word in words))
