"""One query over three subgraphs with one token: the operation the hub exists for."""

from __future__ import annotations

from datetime import date
from typing import Any

from auth.scopes import SCOPES
from tests.hub.conftest import ALL_SCOPES, FLAGSHIP, Hub

GRADES = {"GOOD", "MODERATE", "UNHEALTHY", "VERY_UNHEALTHY"}


def trip(day: date) -> dict[str, Any]:
    return {"from": "seoul", "to": "gangneung", "date": day.isoformat(), "night": day.isoformat(), "km": 40.0}


def stations_of(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [node["destination"]["station"] for node in answer["data"]["trains"]["nodes"]]


def test_trains_lodges_and_air_come_joined_in_one_answer(any_hub: Hub, travel_day: date) -> None:
    answer = any_hub.ask(FLAGSHIP, trip(travel_day), token=any_hub.token("rail:read", "lodge:read", "sensing:read"))

    assert "errors" not in answer
    trains = answer["data"]["trains"]["nodes"]
    assert len(trains) == 3
    for train in trains:
        assert train["train"]["brand"].startswith("KTX")
        assert train["departsAt"] < train["arrivesAt"]
        assert train["departsAt"].startswith(travel_day.isoformat())
        assert {seats["class"] for seats in train["seats"]} >= {"STANDARD"}
        assert all(fare["amountKrw"] >= 0 for fare in train["fares"])
    for station in stations_of(answer):
        assert (station["id"], station["name"], station["nameEn"]) == ("gangneung", "강릉", "Gangneung")
        assert station["place"]["air"]["pm10"]["grade"] in GRADES
        nearby = station["place"]["lodges"]["nodes"]
        assert nearby, "Gangneung has recreation forests within 40 km"
        assert [item["distanceKm"] for item in nearby] == sorted(item["distanceKm"] for item in nearby)
        assert nearby[-1]["distanceKm"] <= 40
        for item in nearby:
            assert item["lodge"]["place"]["air"]["pm25"]["value"] >= 0
        assert any(item["lodge"]["freeRooms"]["totalCount"] > 0 for item in nearby)


def test_without_lodge_read_the_lodge_part_is_refused_and_the_rest_is_answered(hub: Hub, travel_day: date) -> None:
    answer = hub.ask(FLAGSHIP, trip(travel_day), token=hub.token("rail:read", "sensing:read"))

    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "UNAUTHORIZED_FIELD_OR_TYPE"
    assert error["path"] == ["trains", "nodes", 0, "destination", "station", "place", "lodges"]
    assert error["extensions"]["affectedPath"] == "trains.nodes.@.destination.station.place.lodges"
    assert error["extensions"]["requiredScopes"] == [["lodge:read"]]
    for station in stations_of(answer):
        assert station["place"]["lodges"] is None
        assert station["place"]["air"]["pm10"]["value"] >= 0
        assert station["name"] == "강릉"


def test_without_a_token_the_client_is_told_where_to_get_one(hub: Hub, travel_day: date) -> None:
    answer = hub.client.post("/graphql", json={"query": FLAGSHIP, "variables": trip(travel_day)})

    assert answer.status_code == 401
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHORIZED_FIELD_OR_TYPE"
    challenge = answer.headers["www-authenticate"]
    assert challenge.startswith("Bearer ")
    metadata = hub.client.get("/.well-known/oauth-protected-resource").json()
    assert f'resource_metadata="{hub.url}/.well-known/oauth-protected-resource"' in challenge
    assert metadata["authorization_servers"] == [hub.url]
    assert set(metadata["scopes_supported"]) == set(ALL_SCOPES)
    server = hub.client.get("/.well-known/oauth-authorization-server").json()
    assert server["token_endpoint"] == f"{hub.url}/oauth/token"


def test_the_refusal_speaks_korean_when_asked_to(hub: Hub, travel_day: date) -> None:
    token = hub.token("rail:read", "sensing:read")
    answer = hub.ask(FLAGSHIP, trip(travel_day), token=token, language="ko-KR,ko;q=0.9")

    assert any("가" <= letter <= "힣" for letter in answer["errors"][0]["message"])


def test_every_scope_of_the_schema_has_a_consent_text(hub: Hub) -> None:
    metadata = hub.client.get("/.well-known/oauth-protected-resource").json()
    for scope in metadata["scopes_supported"]:
        texts = SCOPES[scope]
        assert any("가" <= letter <= "힣" for letter in texts.consent_ko)
        assert texts.consent_en.isascii()
