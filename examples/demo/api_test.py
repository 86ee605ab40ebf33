"""The platform's API and its tokens."""

from __future__ import annotations

import json
import unittest
from pathlib import Path

from desk.accounts import ACCOUNTS
from desk.api import Api
from desk.desk import Desk
from desk.prices import PRICES_FILE, read_prices
from desk.tokens import TOKEN_LIFE_SECONDS, mint, verify

SECRET = b"a secret of at least thirty-two bytes"
NOW = 1_800_000_000
PAGE = "http://127.0.0.1:5000"
ALICE, BOB = ACCOUNTS[0], ACCOUNTS[1]
PRICES = read_prices(Path(__file__).resolve().parent / PRICES_FILE)


def api() -> Api:
    origins = frozenset({PAGE})
    return Api(Desk(ACCOUNTS, PRICES), SECRET, origins, lambda: {"published": 1}, lambda: NOW)


def get(target: str, **headers: str):
    response = api().respond("GET", target, headers)
    return response.status, json.loads(response.body)


class Tokens(unittest.TestCase):
    def test_a_token_names_its_user_until_it_expires(self):
        token = mint("u-1", SECRET, NOW)
        self.assertEqual(verify(token, SECRET, NOW + TOKEN_LIFE_SECONDS - 1), "u-1")
        self.assertIsNone(verify(token, SECRET, NOW + TOKEN_LIFE_SECONDS))

    def test_anything_else_is_refused(self):
        token = mint("u-1", SECRET, NOW)
        header, claims, signature = token.split(".")
        for forged in (
            "",
            "a.b.c",
            f"{header}.{claims}.",
            f"{header}.{claims}x.{signature}",
            mint("u-1", b"another secret of thirty-two bytes..", NOW),
            "é.é.é",
        ):
            self.assertIsNone(verify(forged, SECRET, NOW), forged)


class Requests(unittest.TestCase):
    def test_a_token_is_minted_for_a_known_account_only(self):
        status, body = get("/token?account=alice")
        self.assertEqual((status, verify(body["token"], SECRET, NOW)), (200, ALICE.user_id))
        self.assertEqual(get("/token?account=mallory")[0], 404)
        self.assertEqual(get("/token")[0], 404)

    def test_the_accounts_are_listed_with_their_challenges(self):
        accounts = get("/accounts")[1]["accounts"]
        self.assertEqual([a["account"] for a in accounts], [a.name for a in ACCOUNTS])
        self.assertEqual(accounts[0]["challenge_id"], ALICE.challenge_id)

    def test_a_challenge_is_shown_to_its_owner_only(self):
        path = f"/challenges/{ALICE.challenge_id}"
        own = "Bearer " + mint(ALICE.user_id, SECRET, NOW)
        other = "Bearer " + mint(BOB.user_id, SECRET, NOW)
        self.assertEqual(get(path, Authorization=own)[1]["starting_balance"], "100000.00")
        self.assertEqual(get(path, Authorization=other)[0], 404)
        self.assertEqual(get(path)[0], 401)
        self.assertEqual(get(path, Authorization=own.replace("Bearer", "Basic"))[0], 401)

    def test_only_the_page_may_read_the_answers(self):
        page = api().respond("GET", "/accounts", {"Origin": PAGE})
        other = api().respond("GET", "/accounts", {"Origin": "http://evil.example"})
        self.assertEqual(page.headers["Access-Control-Allow-Origin"], PAGE)
        self.assertNotIn("Access-Control-Allow-Origin", other.headers)

    def test_a_preflight_allows_the_authorization_header(self):
        response = api().respond("OPTIONS", "/challenges/x", {"Origin": PAGE})
        self.assertEqual(response.status, 204)
        self.assertEqual(response.headers["Access-Control-Allow-Headers"], "Authorization")

    def test_other_methods_and_paths_are_refused(self):
        self.assertEqual(api().respond("POST", "/accounts", {}).status, 405)
        self.assertEqual(get("/nothing")[0], 404)

    def test_health_tells_how_publishing_goes(self):
        self.assertEqual(get("/healthz"), (200, {"status": "ok", "published": 1}))


if __name__ == "__main__":
    unittest.main()
