"""The judge of who looked, by cases and by properties that hold for any case."""

import dataclasses
import functools
import importlib.util
import itertools
import json
import random
import string
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from tests.visitor import browsers
from tests.visitor.cases import CASES, DAY, DELIVERED, HOUR, ask, look, silent, tell

VISITOR = Path(__file__).parents[2] / "invoice_send_client" / "tools" / "visitor.py"
PEOPLE = [case for case in CASES if case.viewed]
MACHINES = [case for case in CASES if not case.viewed]


def load_visitor(monkeypatch=None, crawler_list=True):
    """Load the one file as a stranger would: no package, no entry in sys.modules."""
    if not crawler_list:
        monkeypatch.setitem(sys.modules, "crawleruseragents", None)
    spec = importlib.util.spec_from_file_location("visitor_alone", VISITOR)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


visitor = load_visitor()


@pytest.fixture(params=["with the list of crawlers", "without the list of crawlers"])
def judge_module(request, monkeypatch):
    """The judge with and without the optional package."""
    if request.param.startswith("without"):
        return load_visitor(monkeypatch, crawler_list=False)
    pytest.importorskip("crawleruseragents")
    return visitor


def observe_all(case, module=visitor):
    return [module.observe(**hit) for hit in case.hits]


def title(case):
    return f"{case.family}: {case.name}"


@pytest.mark.parametrize("case", CASES, ids=title)
def test_case(case, judge_module):
    verdict = judge_module.judge(observe_all(case, judge_module))
    assert (verdict.viewed, verdict.opened) == (case.viewed, case.opened), verdict
    assert verdict.reasons and set(verdict.reasons) <= set(judge_module.REASONS)
    assert len(verdict.findings) == len(case.hits)


def test_there_are_enough_cases_and_no_two_of_one_name():
    assert len(CASES) >= 120
    assert len({title(case) for case in CASES}) == len(CASES)


# --- what a hit keeps -----------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=title)
def test_a_hit_comes_back_the_same_from_json(case):
    for hit in observe_all(case):
        assert visitor.Hit.from_dict(json.loads(json.dumps(hit.to_dict()))) == hit


@pytest.mark.parametrize("case", CASES, ids=title)
def test_a_hit_keeps_no_address_no_name_and_no_nonce(case):
    for arguments in case.hits:
        hit = visitor.observe(**{**arguments, "client": "s3cret-n0nce"})
        kept = json.dumps(hit.to_dict()) + repr(hit)
        name = arguments["headers"].get("User-Agent", "")
        assert arguments["ip"] not in kept
        assert "s3cret-n0nce" not in kept
        assert len(name) < 8 or name not in kept


def test_a_hit_cannot_be_changed():
    hit = visitor.observe(**CASES[0].hits[0])
    with pytest.raises(AttributeError):
        hit.internal = True


def test_the_tag_of_a_name_is_shared_by_many_names():
    tags = {
        visitor.observe(
            **ask(HOUR, "page", browsers.Plain(f"Mozilla/5.0 {number}"))
        ).agent_tag
        for number in range(100_000 // 50)
    }
    assert {len(tag) for tag in tags} == {4}


# --- what must hold for any hits ------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=title)
def test_the_order_of_hits_does_not_matter(case):
    hits = observe_all(case)
    expected = visitor.judge(hits)
    for order in itertools.islice(itertools.permutations(hits), 24):
        verdict = visitor.judge(order)
        assert verdict.viewed == expected.viewed
        assert verdict.opened == expected.opened
        assert verdict.reasons == expected.reasons


@functools.cache
def observe_machines():
    """All cases without a person, in sessions of their own."""
    return {
        title(machine): [
            visitor.observe(**{**hit, "client": hit["client"] and f"x{hit['client']}"})
            for hit in machine.hits
        ]
        for machine in MACHINES
    }


@pytest.mark.parametrize("person", PEOPLE, ids=title)
def test_no_other_session_takes_a_person_s_view_away(person):
    hits = observe_all(person)
    for name, others in observe_machines().items():
        assert visitor.judge([*others, *hits]).viewed, name


@pytest.mark.parametrize("case", CASES, ids=title)
def test_staff_never_lights_the_eye(case):
    hits = [visitor.observe(**{**hit, "internal": True}) for hit in case.hits]
    verdict = visitor.judge(hits)
    assert (verdict.viewed, verdict.opened) == (False, "no")


@pytest.mark.parametrize("case", PEOPLE, ids=title)
def test_a_driven_browser_in_the_session_condemns_all_of_it(case):
    hits = observe_all(case)
    for hit in case.hits:
        if hit["client"]:
            arguments = {**hit, "target": "beacon", "method": "POST"}
            arguments["beacon"] = tell(webdriver=True)
            hits.append(visitor.observe(**arguments))
    assert not visitor.judge(hits).viewed


@pytest.mark.parametrize("case", CASES, ids=title)
def test_a_verdict_agrees_with_itself(case):
    hits = observe_all(case)
    verdict = visitor.judge(hits)
    proofs = [f for f in verdict.findings if f.weight == "proof"]
    assert bool(proofs) == verdict.viewed == (verdict.opened == "yes")
    assert (verdict.viewed_at is not None) == verdict.viewed
    assert (verdict.opened_at is not None) == (verdict.opened != "no")
    assert not any(finding.automated for finding in proofs)


@pytest.mark.parametrize("case", CASES, ids=title)
def test_pixel_and_page_alone_prove_nothing(case):
    hits = [h for h in case.hits if h["target"] in ("pixel", "page")]
    verdict = visitor.judge(visitor.observe(**hit) for hit in hits)
    assert not verdict.viewed
    assert verdict.opened in ("no", "maybe")


# --- what visitors may send -----------------------------------------------------------

GARBAGE = [
    None,
    True,
    -1,
    0,
    10**400,
    -(10**400),
    float("nan"),
    float("inf"),
    -0.0,
    "",
    "6000",
    "\x00\ud800",
    b"\xff",
    [],
    {},
    object(),
    ["visible_ms"],
    {"visible_ms": {}},
]


def random_headers(chance):
    names = ["User-Agent", "accept", "SEC-CH-UA", "Sec-Fetch-Site", "X-Moz", "From"]
    return {
        chance.choice(names): chance.choice(
            [
                *GARBAGE,
                "".join(chance.choices(string.printable, k=chance.randrange(80))),
            ]
        )
        for _number in range(chance.randrange(6))
    }


def random_hit(chance):
    at = DELIVERED + timedelta(seconds=chance.uniform(-100, 10_000))
    fields = ["visible_ms", "inputs", "first_input_ms", "webdriver", "touch", "other"]
    return {
        "at": at,
        "delivered_at": chance.choice(
            [None, DELIVERED, DELIVERED.replace(tzinfo=None)]
        ),
        "method": chance.choice(["GET", "POST", "HEAD", "", None, "get", "\x00"]),
        "target": chance.choice(list(visitor.METHODS)),
        "client": chance.choice(["a", "b", "", None, 7, b"c", object]),
        "headers": chance.choice(
            [random_headers(chance), None, [], [1], 5, [("a", 1)]]
        ),
        "ip": chance.choice(["", None, "::1", "1.2.3.4", "fe80::1%eth0", "999", 7, []]),
        "beacon": chance.choice(
            [*GARBAGE, {name: chance.choice(GARBAGE) for name in fields}]
        ),
        "internal": chance.choice([True, False, False, None]),
    }


@pytest.mark.parametrize("seed", range(40))
def test_nothing_that_a_visitor_sends_is_an_error(seed):
    chance = random.Random(seed)
    hits = [visitor.observe(**random_hit(chance)) for _number in range(50)]
    for hit in hits:
        assert visitor.Hit.from_dict(json.loads(json.dumps(hit.to_dict()))) == hit
    assert visitor.judge(hits).opened in ("no", "maybe", "yes")


def test_a_target_that_is_not_known_is_our_own_mistake():
    with pytest.raises(ValueError, match="unknown target"):
        visitor.observe(**{**CASES[0].hits[0], "target": "door"})


@pytest.mark.parametrize("capitals", [str.lower, str.upper, str.title])
def test_the_capitals_of_header_names_do_not_matter(capitals):
    hits = look(HOUR, browsers.CHROME)
    for hit in hits:
        hit["headers"] = {capitals(key): value for key, value in hit["headers"].items()}
    assert visitor.judge(visitor.observe(**hit) for hit in hits).viewed


def test_headers_may_be_pairs():
    hits = look(HOUR, browsers.CHROME)
    for hit in hits:
        hit["headers"] = list(hit["headers"].items())
    assert visitor.judge(visitor.observe(**hit) for hit in hits).viewed


@pytest.mark.parametrize("sessions", [1, 2_000])
def test_a_flood_of_hits_is_judged_in_a_moment(sessions):
    hits = []
    for number in range(2_000):
        client = f"client {number % sessions}"
        page = look(HOUR + number, browsers.CHROME, client, beacon=silent(4_000))
        pdf = ask(HOUR + number + 9, "pdf", browsers.CHROME, client)
        hits.extend(visitor.observe(**hit) for hit in [*page, pdf])
    start = datetime.now(timezone.utc)
    visitor.judge(hits)
    assert (datetime.now(timezone.utc) - start).total_seconds() < 5


# --- what a verdict tells -------------------------------------------------------------


def judge_hits(*hits):
    return visitor.judge(visitor.observe(**hit) for hit in hits)


def test_a_verdict_tells_since_when_and_how_long():
    beacons = [
        ask(HOUR + 5, "beacon", browsers.CHROME, beacon=tell(4_000)),
        ask(HOUR + 45, "beacon", browsers.CHROME, beacon=tell(40_000)),
    ]
    verdict = judge_hits(*beacons, ask(HOUR, "page", browsers.CHROME))
    assert verdict.opened_at == DELIVERED + timedelta(seconds=HOUR)
    assert verdict.viewed_at == DELIVERED + timedelta(seconds=HOUR + 5)
    assert verdict.visible_ms == 40_000
    assert verdict.reasons == ("look_with_input",)


def test_each_hit_has_its_own_finding():
    scanner = ask(5, "page", browsers.NAMED_MACHINES["Barracuda"], "gateway")
    pixel = ask(HOUR, "pixel", browsers.MAIL_PROXIES["Gmail"])
    verdict = judge_hits(scanner, pixel, *look(HOUR + 9, browsers.CHROME))
    weights = [finding.weight for finding in verdict.findings]
    assert weights == ["none", "maybe", "maybe", "proof"]
    assert verdict.findings[0].automated
    assert "scanner" in verdict.findings[0].reasons
    assert verdict.findings[1].reasons == ("mail_proxy",)


def test_why_it_is_uncertain_is_said():
    pixel = ask(HOUR, "pixel", browsers.MAIL_PROXIES["Gmail"])
    assert judge_hits(pixel).reasons == ("mail_proxy",)
    page = ask(HOUR, "page", browsers.CHROME)
    assert judge_hits(page).reasons == ("page_only",)
    read = look(HOUR, browsers.CHROME, beacon=silent(50_000))
    assert judge_hits(*read).reasons == ("page_only", "no_input")


def test_without_a_known_delivery_there_are_no_signs_of_time():
    hits = [{**hit, "delivered_at": None} for hit in look(1, browsers.CHROME)]
    assert judge_hits(*hits).viewed


def test_an_answer_that_was_asked_for_again_counts_where_it_is_not_given_at_once():
    plain = browsers.FIREFOX.but(metadata=False)
    for page, after, elsewhere, is_proof in (
        (120, 8, False, True),
        (120, 3, False, False),  # sooner than the page asks for it
        (20, 8, False, False),  # when gateways look
        (120, 8, True, False),
    ):
        act = ask(page + after, "act", plain)
        if elsewhere:
            act["headers"] |= browsers.ELSEWHERE
        hits = [visitor.observe(**ask(page, "page", plain)), visitor.observe(**act)]
        assert not visitor.judge(hits).viewed
        traits = (*hits[1].traits, "repeated")
        hits[1] = dataclasses.replace(hits[1], traits=traits)
        assert visitor.judge(hits).viewed == is_proof, (page, after, elsewhere)


def test_a_link_read_long_before_this_delivery_is_a_person_s():
    assert judge_hits(*look(-DAY, browsers.CHROME)).viewed


def test_every_word_of_the_tables_has_a_meaning():
    words = visitor.STRONG_SIGNS | visitor.SOFT_SIGNS | visitor.IDLE_SIGNS
    assert words | set(visitor.MACHINE_HEADERS.values()) <= set(visitor.REASONS)
    assert not visitor.STRONG_SIGNS & visitor.SOFT_SIGNS
