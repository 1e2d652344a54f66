"""The shapes of e-mail addresses, telephone numbers, cards and bank accounts, each with a judge of what it found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from core.redact_patterns import OPENS, Found, Pattern, Span

_EMAIL = r"(?:\\[nrtbf]|\\u00[0-9a-fA-F]{2}|%[0-9A-F]{2})?([A-Za-z0-9._%+'-]+@(?:[A-Za-z0-9-]+\.)+([A-Za-z]{2,24}))"
# Models like to write numbers with hyphens and spaces at which no line breaks; ASCII writers of JSON escape those.
_GAP = r"[- \x{a0}\x{2010}-\x{2013}\x{202f}]"
_RAW_GAP = rf"(?:{_GAP}|\\u(?:00[aA]0|201[0-3]|202[fF]))"
_CARD = rf"(?:\b|\\[nrt])([2-6][0-9](?:{_GAP}?[0-9]){{11,}})"
_IBAN = rf"{OPENS}([A-Z]{{2}}[0-9]{{2}}(?:{_GAP}?[A-Z0-9]){{11,}})"

_CALLING = (
    r"(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]"
    r"|2[1-689]\d|3[578]\d|42\d|5[09]\d|6[7-9]\d|8[058]\d|9[679]\d)"
)
_ABROAD = rf"(?:\+{_CALLING}|00{_CALLING}[ .(-])(?:(?:[().\/]|{_GAP}){{0,2}}\d){{6,13}}"
_HYPHEN = r"[-\x{2010}-\x{2013}]"
_AT_HOME = (
    rf"(?:1(?:\.|{_GAP}))?\([2-9]\d{{2}}\){_GAP}?\d{{3}}(?:\.|{_GAP})\d{{4}}"
    rf"|(?:1{_HYPHEN})?[2-9]\d{{2}}{_HYPHEN}\d{{3}}{_HYPHEN}\d{{4}}|(?:1\.)?[2-9]\d{{2}}\.\d{{3}}\.\d{{4}}"
    rf"|(?:1 )?[2-9]\d{{2}} \d{{3}}{_HYPHEN}\d{{4}}"
    r"|\(?020\)?[ -]\d{4}[ -]\d{4}|\(?01\d{2,3}\)?[ -]\d{3}[ -]?\d{3,4}|07\d{3}[ -]\d{3}[ -]?\d{3}"
    r"|0[1-9](?:(?: \d{2}){4}|(?:\.\d{2}){4}|(?:-\d{2}){4})"
    r"|0[1-9]\d{1,4}(?:(?:[ /]| / )\d{2,6}|-\d{3,6})(?:[ -]?\d{2,6}){1,3}"
)
_PHONE = rf"(?:^|[^\w.+)\]$#/-]|\\[nrt])({_ABROAD}|{_AT_HOME})"
_PHONE_NAMES = (
    r"(?:(?:\b|_)(?i:(?:cell|home|work|mobile|tele)?[ _-]?phone|mobile|whatsapp|tel|fax)|[a-z](?:Phone|Mobile|Fax))"
    r"(?i:[ _-]?(?:number|num|no|nr))?\.?"
)
_NAMED = (
    rf"{_PHONE_NAMES}(?:[\"'`\\*]{{0,6}}\s{{0,2}}[:=#]?\s{{0,2}}|\s+is\s+)[\"'`\\*]{{0,6}}"
    rf"(\+?[0-9(](?:[0-9().\/]|{_GAP}){{5,18}}[0-9])"
)
_PHONE_HINT = (
    rf"\+{_CALLING}(?:(?:[().\/]|{_RAW_GAP}){{0,2}}\d){{6}}|00{_CALLING}[ .(-]"
    rf"|\d(?:[).]|{_RAW_GAP}){{1,2}}\d{{3}}(?:\.|{_RAW_GAP})\d{{4}}"
    r"|0[1-9]\d{1,4}\)?(?:(?:[ /]| / )\d{2}|-\d{3})|020\)?[ -]\d{4}|0[1-9](?:[ .-]\d{2}){4}"
    r"|(?i:phone|mobile|whatsapp|tel|fax)(?i:[ _-]?(?:number|num|no|nr))?\.?"
    r"(?:(?:[\"'`\\*:=#\s]|\\[nrt]|\sis\s)*[0-9+(]|\x12|[\"'`\\]+\s*[,}])"
)

_GENERIC = re.compile(
    r"com|net|org|edu|gov|mil|int|info|biz|name|pro|aero|coop|museum|jobs|mobi|travel|tel|cat|asia|post|arpa|"
    r"io|ai|app|dev|cloud|online|site|tech|store|shop|xyz|top|club|live|life|world|today|email|news|blog|"
    r"agency|studio|design|digital|media|network|systems|solutions|services|software|company|group|team|work|"
    r"works|zone|space|website|page|link|support|consulting|academy|school|university|health|care|clinic|bank|"
    r"finance|legal|law|tax|realty|house|homes|london|berlin|paris|nyc|tokyo|hamburg|wien|koeln|amsterdam|"
    r"vegas|earth|green|energy|eco|africa|lat|swiss|one|test|example|invalid"
)
_FILES = {"py", "js", "ts", "cs", "hs", "rb"}


def _email(found: Found) -> Iterator[Span]:
    """A mailbox: not a remote of git, not a version of a package, not an attribute of a product of matrices."""
    start, end = found.span(1)
    data: bytes = found.string
    name, _, host = data[start:end].rpartition(b"@")
    ending = found.group(2).decode().lower()
    bare = name.lstrip(b"'.%-+")
    if (not _GENERIC.fullmatch(ending) and (len(ending) != 2 or ending in _FILES)) or not bare or len(name) > 64:
        return
    if data[max(0, start - 2) : start] in (b"//", b"\\/") or (name == b"git" and data[end : end + 1] in (b":", b"/")):
        return
    if not host.startswith(b"-") and _AFTER_EMAIL.match(data, end) is None:
        yield end - len(host) - 1 - len(bare), end


_AFTER_EMAIL = re.compile(rb"[(=\[@_0-9]|\.[0-9]")


_ISSUERS = {
    13: rb"4",
    14: rb"30[0-5]|3[689]",
    15: rb"3[47]",
    16: rb"4|5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720|6011|64[4-9]|65|352[89]|35[3-8]|62|5018|5020|5038|6304|67[56]",
    17: rb"62",
    18: rb"62",
    19: rb"4|62",
}
"""What a number of so many digits begins with: Visa, Mastercard, American Express, Diners, Discover, JCB, UnionPay,
Maestro."""

_PRINTED = frozenset({(4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3)})
_DIGITS = re.compile(rb"[0-9]+")
_GOES_ON = re.compile(rb"\w|[.,:/-][0-9]")


def _card(found: Found) -> Iterator[Span]:
    """Cards in a run of digits: written in one piece, or in the groups in which they are printed."""
    start, end = found.span(1)
    data: bytes = found.string
    if data[max(0, start - 1) : start] in (b".", b"-", b",", b"$", b"/") or _GOES_ON.match(data, end):
        return
    groups = list(_DIGITS.finditer(data, start, end))
    at = 0
    while at < len(groups):
        size = next((n for n in (1, 3, 4, 5) if _is_card(data, groups[at : at + n], n)), 0)
        if size and data.startswith(b"-", groups[at + size - 1].end()):
            return
        if size:
            yield groups[at].start(), groups[at + size - 1].end()
        at += size or 1


def _is_card(data: bytes, groups: list[re.Match[bytes]], size: int) -> bool:
    sizes = tuple(len(group[0]) for group in groups)
    if size > 1 and (sizes not in _PRINTED or len({data[a.end() : b.start()] for a, b in pairwise(groups)}) > 1):
        return False
    digits = b"".join(group[0] for group in groups)
    issuer = _ISSUERS.get(len(digits))
    return issuer is not None and re.match(issuer, digits) is not None and len(set(digits)) > 1 and _luhn(digits)


def _luhn(digits: bytes) -> bool:
    """ISO/IEC 7812-1, annex B: every second digit from the right is doubled, and its own digits are added."""
    numbers = [digit - 48 for digit in reversed(digits)]
    return (sum(numbers[::2]) + sum((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)[number] for number in numbers[1::2])) % 10 == 0


_COUNTRIES = {
    15: "NO",
    16: "BE",
    18: "DK FI FO GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU XK",
    21: "CH CR HR LI LV",
    22: "BG BH DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HU LB NI PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU",
    31: "MT SC",
    32: "LC",
    33: "RU",
}
"""The countries by how long an account of theirs is: the register of ISO 13616."""

_LENGTHS = {country: length for length, countries in _COUNTRIES.items() for country in countries.split()}


def _iban(found: Found) -> Iterator[Span]:
    start, end = found.span(1)
    data: bytes = found.string
    length = _LENGTHS.get(data[start : start + 2].decode(), 0)
    written = list(_LETTER.finditer(data, start, min(end, start + 200)))[:length]
    account = b"".join(letter[0] for letter in written)
    if (
        written
        and len(account) == length
        and _remainder(account) == 1
        and not data[written[-1].end() : written[-1].end() + 1].isalnum()
    ):
        yield start, written[-1].end()


_LETTER = re.compile(rb"[A-Z0-9]")


def _remainder(account: bytes) -> int:
    """ISO 7064, MOD 97-10: the first four go to the end, letters count from A = 10."""
    return int("".join(str(int(letter, 36)) for letter in (account[4:] + account[:4]).decode())) % 97


def _phone(found: Found) -> Iterator[Span]:
    """A number that is written as one of a telephone; a postal code of nine digits (12345-6789) is none."""
    start, end = found.span(1)
    data: bytes = found.string
    if _ZIP.fullmatch(data, start, end) or (data[start] == 48 and _among_numbers(data, start, end)):
        return
    digits = sum(48 <= byte < 58 for byte in data[start:end])
    if not 9 <= digits <= 15 or _GOES_ON.match(data, end):
        return
    if data[start : start + 1] == b"+" and data[start + 1 : end].isdigit() and not 11 <= digits <= 13:
        return
    yield start, end


def _among_numbers(data: bytes, start: int, end: int) -> bool:
    return data[max(0, start - 2) : start - 1].isdigit() or re.match(rb" [0-9]", data[end : end + 2]) is not None


def _dialled(found: Found) -> Iterator[Span]:
    """A number that is said to be one of a telephone; a date is none."""
    start, end = found.span(1)
    data: bytes = found.string
    start += data[start] == 40 and data.find(b")", start, end) < 0  # a bracket around the number, not around its prefix
    number = data[start:end]
    if 7 <= sum(48 <= byte < 58 for byte in number) <= 15 and not _GOES_ON.match(data, end) and not _DATE.match(number):
        yield start, end


_PHONE_NAME = re.compile(f"{_PHONE_NAMES}$")
_ONE_NUMBER = re.compile(r"\+?[0-9(][0-9() ./\u00a0\u2010-\u2013\u202f-]{5,18}[0-9]")


def is_number_of(name: str, value: str) -> bool:
    """Whether a value that stands under a name such as `phone_number` is the number of a telephone."""
    return (
        _PHONE_NAME.search(name) is not None
        and _ONE_NUMBER.fullmatch(value) is not None
        and 7 <= sum(letter.isdigit() for letter in value) <= 15
        and not _DATE.match(value.encode())
    )


_ZIP = re.compile(rb"[0-9]{5}-[0-9]{4}")
_DATE = re.compile(rb"(?:19|20)\d\d([-/.])\d\d?\1\d\d?|\d\d?([-/.])\d\d?\2(?:19|20)\d\d")

PERSONAL: tuple[Pattern, ...] = (
    Pattern("iban", _IBAN, rf"[A-Z]{{2}}[0-9]{{2}}(?:{_RAW_GAP}?[A-Z0-9]){{11}}", _iban),
    Pattern("card", _CARD, rf"[2-6][0-9](?:{_RAW_GAP}?[0-9]){{11}}", _card),
    Pattern("email", _EMAIL, r"[\w.%+'-]@[A-Za-z0-9-]+\.[A-Za-z0-9]", _email),
    Pattern("phone", _PHONE, _PHONE_HINT, _phone),
    Pattern("phone", _NAMED, _PHONE_HINT, _dialled),
)
"""What is replaced where an agent's policy asks for it; an account before a card, a card before a telephone number."""
