"""What a failure comes from, told from the state of a delivery and the server's words.

Plain Python: the delivery turns a cause into a sentence. Whatever is not known is told
by the kind of failure alone, never guessed.
"""

import re

#: Enhanced status code (RFC 3463), such as ``5.1.1``.
_ENHANCED = re.compile(r"\b[45]\.(\d{1,3})\.(\d{1,3})\b")
#: Reply code (RFC 5321) at the beginning of the server's words.
_REPLY = re.compile(r"^\s*([45]\d\d)\b")

#: ``subject.detail`` of an enhanced code -> cause; then the subject alone.
_ENHANCED_CAUSES = {
    "1.2": "domain",
    "1.8": "policy",
    "1.10": "domain",
    "2.2": "full",
    "2.3": "size",
    "3.4": "size",
    "4.1": "domain",
    "4.4": "domain",
    "1": "mailbox",
    "2": "mailbox",
    "7": "policy",
}
#: Without an enhanced code; 552 and 554 mean too many things to be told here.
_REPLY_CAUSES = {"550": "mailbox", "551": "mailbox", "553": "mailbox"}


def get_cause(state, failure_type, reason):
    """Tell what a failure comes from.

    :param str state: the delivery's
    :param str failure_type: a key of ``const.FAILURE_TYPES``
    :param str reason: the server's code and words
    :return: a key of the sentences of ``invoice.delivery``, empty without a failure
    :rtype: str
    """
    if state == "outgoing":
        return "waiting" if reason else ""
    if state not in ("error", "bounce"):
        return ""
    if failure_type == "address":
        return "mailbox"
    if state == "bounce" or failure_type in ("refused", "deferred"):
        default = "bounce" if state == "bounce" else failure_type
        return _get_cause_of_words(reason or "") or default
    return failure_type or ""


def _get_cause_of_words(reason):
    if code := _ENHANCED.search(reason):
        subject, detail = code.groups()
        return _ENHANCED_CAUSES.get(f"{subject}.{detail}") or _ENHANCED_CAUSES.get(
            subject, ""
        )
    code = _REPLY.match(reason)
    return _REPLY_CAUSES.get(code.group(1), "") if code else ""
