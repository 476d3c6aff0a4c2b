"""The pages as somebody without JavaScript uses them."""

from __future__ import annotations

import hashlib
import html
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "review"))

from people import Browser
from reports import make_report

from checker.review import desk
from checker.review.intake import add_report
from checker.review.queries import Filters
from checker.review.transitions import State
from checker.web.deps import AppState
from checker.web.reading import evidence, paragraphs
from retrieval.store import EvidenceStore
from retrieval.testing import HashEmbedder
from retrieval.types import Source

SignIn = Callable[[str], Browser]


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def test_from_the_list_to_published(sign_in: SignIn, saring: AppState, items: list[str]) -> None:
    ani, citra = sign_in("ani"), sign_in("citra")
    assert "3 klaim" in plain(ani.get("/queue").text)
    where = f"/queue/{items[0]}"
    assert "Ambil klaim ini" in ani.get(where).text
    assert ani.fill(f"{where}/claim").headers["location"] == where
    page = ani.get(where)
    assert "dipegang Ani" in plain(page.text)
    assert "Putuskan" in page.text
    version = re.search(r'name="version" value="(\d+)"', page.text)
    assert version is not None
    decision = {"label": "supported", "reason": "Kabar melaporkannya.", "evidence": "kabar", "version": version[1]}
    done = ani.fill(f"{where}/decide", **decision)
    assert done.status_code == 303
    assert "Putusan Anda tercatat" in ani.get(where).text
    assert "Putusan Anda tercatat" not in ani.get(where).text  # said once
    assert "orang lain yang meninjaunya" not in ani.get(where).text  # a checker could not review anyway
    assert citra.fill(f"{where}/take_second").status_code == 303
    assert citra.fill(f"{where}/approve", label="supported").status_code == 303
    assert citra.fill(f"{where}/publish").status_code == 303
    assert "Kabar melaporkannya." in citra.get(where).text
    assert saring.review.get(items[0]).state is State.PUBLISHED
    assert citra.fill(f"{where}/reopen", comment="Tanggalnya keliru.").status_code == 303
    assert saring.review.get(items[0]).state is State.RETURNED


def test_what_was_typed_survives_a_refusal(sign_in: SignIn, items: list[str]) -> None:
    ani = sign_in("ani")
    where = f"/queue/{items[0]}"
    ani.fill(f"{where}/claim")
    refused = ani.fill(f"{where}/decide", label="", reason="Alasan yang panjang.", evidence="kabar")
    assert refused.status_code == 422
    assert "Alasan yang panjang." in refused.text
    assert 'value="kabar" form="decide" checked' in refused.text
    assert "memerlukan label" in refused.text
    late = ani.fill(f"{where}/decide", label="supported", reason="Alasan yang panjang.", version=1)
    assert late.status_code == 409
    assert "sudah berubah" in late.text
    assert "Alasan yang panjang." in late.text


def test_a_session_that_ended_costs_nobody_their_words(sign_in: SignIn, saring: AppState, items: list[str]) -> None:
    ani = sign_in("ani")
    token = ani.token()
    saring.accounts.sign_out(ani.cookies["__Host-saring"])
    answer = ani.post(f"/queue/{items[0]}/comment", data={"csrf": token, "comment": "Ditulis setengah jam <b>."})
    assert answer.status_code == 401
    assert "Ditulis setengah jam &lt;b&gt;." in answer.text
    assert 'href="/login"' in answer.text


def test_sending_a_form_twice_does_it_once(sign_in: SignIn, saring: AppState, items: list[str]) -> None:
    ani = sign_in("ani")
    for _ in range(2):
        assert ani.fill(f"/queue/{items[0]}/comment", comment="Satu.", key="abc-comment").status_code == 303
    assert [event.action for event in saring.review.events(items[0])] == ["enter", "comment"]


def test_a_lease_that_has_run_out_is_taken_over(
    sign_in: SignIn, saring: AppState, items: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ani, budi = sign_in("ani"), sign_in("budi")
    where = f"/queue/{items[0]}"
    ani.fill(f"{where}/claim")
    assert "Ani sedang memegang klaim ini" in plain(budi.get(where).text)
    assert "Ambil alih" not in budi.get(where).text
    beat = ani.post(f"{where}/heartbeat", headers={"X-CSRF-Token": ani.token()})
    assert beat.json()["held"] is True
    assert budi.post(f"{where}/heartbeat", headers={"X-CSRF-Token": budi.token()}).status_code == 409
    now = saring.review.clock()
    monkeypatch.setattr(saring.review, "clock", lambda: now + timedelta(minutes=31))
    assert "Ambil alih" in budi.get(where).text
    assert budi.fill(f"{where}/claim").status_code == 303
    assert ani.post(f"{where}/heartbeat", headers={"X-CSRF-Token": ani.token()}).json() == {"held": False}
    assert saring.review.get(items[0]).holder_name == "Budi"


def test_hand_over_release_withdraw(sign_in: SignIn, saring: AppState, items: list[str]) -> None:
    ani, budi = sign_in("ani"), sign_in("budi")
    where = f"/queue/{items[0]}"
    to = next(user.id for user in saring.accounts.users() if user.name == "budi")
    ani.fill(f"{where}/claim")
    assert ani.fill(f"{where}/hand_over", to_user=to, comment="Kamu lebih tahu.").status_code == 303
    assert "Kamu lebih tahu." in budi.get(where).text
    budi.fill(f"{where}/decide", label="needs_source", reason="Belum ada sumber.")
    assert "Tarik putusan" in budi.get(where).text
    assert budi.fill(f"{where}/withdraw").status_code == 303
    assert budi.fill(f"{where}/release").status_code == 303
    assert saring.review.get(items[0]).holder_id is None


def test_blind_review_hides_the_machine_until_asked(sign_in: SignIn, saring: AppState, items: list[str]) -> None:
    ani = sign_in("ani")
    where = f"/queue/{items[0]}"
    ani.fill(f"{where}/claim")
    assert "mesin: didukung" in plain(ani.get(where).text)
    ani.fill("/preferences", blind="on", back=where)
    for path in (where, "/queue"):
        page = plain(ani.get(path).text)
        assert "mesin:" not in page
        assert "Ada sumber yang menyatakannya" not in page
    assert not re.search(r'class="(source|mark)[^"]*(support|refute|unsupported|needs)', ani.get(where).text)
    ani.fill(f"{where}/decide", label="unsupported", reason="Saya menilai sendiri.")
    assert "mesin: didukung" in plain(ani.get(where).text)  # once decided, one may compare
    (decision,) = saring.review.decisions(items[0])
    assert decision.blind is True


def test_whoever_looked_did_not_review_blind(sign_in: SignIn, saring: AppState, items: list[str]) -> None:
    ani = sign_in("ani")
    ani.fill("/preferences", blind="on", back="/queue")
    one, two = f"/queue/{items[0]}", f"/queue/{items[1]}"
    for where in (one, two):
        ani.fill(f"{where}/claim")
    ani.fill(f"{one}/reveal")
    assert "mesin: didukung" in plain(ani.get(one).text)
    ani.fill("/preferences", blind="off", back=two, seen=items[1])  # looks, and goes back to blind
    ani.fill("/preferences", blind="on", back=two)
    for item in items[:2]:
        ani.fill(f"/queue/{item}/decide", label="supported", reason="x")
        (decision,) = saring.review.decisions(item)
        assert decision.blind is False


def test_merge_is_confirmed_by_a_person(sign_in: SignIn, saring: AppState, items: list[str]) -> None:
    ani = sign_in("ani")
    (later,) = add_report(saring.review, make_report(("Jembatan Sula ditutup pada Senin.",), name="two"))
    assert "Mungkin klaim yang sama" in ani.get(f"/queue/{later}").text
    assert saring.review.get(later).state is State.NEW
    done = ani.fill(f"/queue/{later}/merge", into=items[0])
    assert done.headers["location"] == f"/queue/{items[0]}"
    assert saring.review.get(later).merged_into == items[0]
    (third,) = add_report(saring.review, make_report(("Dua pilar retak.",), name="three"))
    assert ani.fill(f"/queue/{third}/apart", other_id=items[1]).status_code == 303
    assert "Mungkin klaim yang sama" not in ani.get(f"/queue/{third}").text


def test_list_filters_views_and_neighbours(sign_in: SignIn, saring: AppState, items: list[str]) -> None:
    ani = sign_in("ani")
    found = ani.get("/queue", params={"q": "feri", "state": "", "label": "", "holder": ""})
    assert "1 klaim" in plain(found.text)
    assert 'value="feri"' in found.text
    assert "Tidak ada klaim yang cocok" in ani.get("/queue?q=zzz").text
    saved = ani.fill("/queue/views", name="Tentang feri", query="q=feri&page=3")
    assert saved.headers["location"] == "/queue?q=feri"
    assert "Tentang feri" in ani.get("/queue").text
    link = re.search(r'class="claim" href="([^"]+)"', ani.get("/queue?size=1&page=2").text)
    assert link is not None
    listed = [item.id for item in saring.review.list().items]
    assert link[1] == f"/queue/{listed[1]}"
    page = ani.get(f"/queue/{listed[1]}").text
    assert f'rel="prev" href="/queue/{listed[0]}"' in page
    assert f'rel="next" href="/queue/{listed[2]}"' in page
    (cracks,) = saring.review.ids(Filters(search="retak"))
    outside = next(item for item in listed if item != cracks)
    narrow = ani.get(f"/queue/{outside}?q=retak").text  # not in that list: on to its first
    assert f'rel="next" href="/queue/{cracks}?q=retak"' in narrow
    assert 'rel="prev"' not in narrow
    assert ani.get("/queue?page=99").headers["location"] == "/queue?page=1"
    assert ani.get("/queue?state=nonsense").status_code == 422


def test_many_at_once_after_a_look(sign_in: SignIn, saring: AppState, items: list[str]) -> None:
    ani = sign_in("ani")
    look = ani.fill("/queue/bulk", action="claim", query="state=new")
    assert "3 klaim" in plain(look.text)
    assert saring.review.get(items[0]).state is State.NEW
    fields = {"action": "claim", "query": "state=new", "confirmed": "yes"}
    assert ani.fill("/queue/bulk", **fields, expected="2").status_code == 409
    done = ani.fill("/queue/bulk", **fields, expected="3")
    assert "Selesai untuk 3 klaim" in plain(done.text)
    assert all(saring.review.get(item).state is State.CLAIMED for item in items)
    assert ani.fill("/queue/bulk", action="", query="").status_code == 422
    assert ani.fill("/queue/bulk", action="approve", query="").status_code == 422
    refused = ani.fill("/queue/bulk", action="comment", query="", confirmed="yes")
    assert refused.status_code == 422


def test_people_are_administered(sign_in: SignIn, saring: AppState) -> None:
    eko = sign_in("eko")
    assert eko.fill("/users", name="Rina", display_name="Rina", role="checker", password="pendek").status_code == 422
    assert eko.fill("/users", name="Rina", role="checker", password="tujuh belas lawang").status_code == 303
    rina = next(user for user in saring.accounts.users() if user.name == "rina")
    assert eko.fill(f"/users/{rina.id}", role="editor").status_code == 303
    assert eko.fill(f"/users/{rina.id}", active="no").status_code == 303
    assert eko.fill(f"/users/{rina.id}", password="delapan belas lawang").status_code == 303
    changed = saring.accounts.user(rina.id)
    assert (changed.role, changed.active) == ("editor", False)
    me = next(user for user in saring.accounts.users() if user.name == "eko")
    refused = eko.fill(f"/users/{me.id}", role="viewer")
    assert refused.status_code == 403
    assert "pengelola aktif yang terakhir" in refused.text


def test_english_all_through(sign_in: SignIn, items: list[str]) -> None:
    ani = sign_in("ani")
    ani.fill("/preferences", language="en", back="/queue")
    page = plain(ani.get(f"/queue/{items[0]}").text)
    assert "What the machine suggests" in page
    assert "machine: supported" in page
    assert "Saran mesin" not in page


# -- what stands on an item's page


def test_article_is_whole_and_claims_are_marked(saring: AppState, items: list[str]) -> None:
    text = "Satu. Dua tiga.\n\nEmpat lima enam."
    here = saring.review.get(items[0])
    current = replace(here, start=6, end=15)  # "Dua tiga."
    others = [
        replace(here, id="a", start=0, end=12),  # runs into the current one
        replace(here, id="b", start=10, end=14),  # inside of it
        replace(here, id="c", start=17, end=28),
        replace(here, id="d", start=17, end=22),  # the same place as c
        replace(here, id="e", start=-5, end=900),
        current,
    ]
    found = paragraphs(text, others, current)
    assert ["".join(piece.text for piece in one) for one in found] == ["Satu. Dua tiga.", "Empat lima enam."]
    marked = [(piece.item.id if piece.item else "", piece.text) for one in found for piece in one]
    assert (here.id, "Dua tiga.") in marked
    assert ("a", "Satu. ") in marked or ("e", "Satu. ") in marked
    assert sum(piece.first for one in found for piece in one if piece.item is current) == 1


def test_quote_stands_in_its_context(tmp_path: Path) -> None:
    text = "Awal kabar. " * 60 + "Jembatan ditutup pada Senin. " + "Sesudah itu hujan turun. " * 40
    start = text.index("Jembatan")
    citation = {"source_id": "k", "quote": "Jembatan ditutup pada Senin.", "start": start, "end": start + 28}
    with EvidenceStore.open(tmp_path / "store", embedder=HashEmbedder(), mode="rw") as store:
        digest = hashlib.sha256(text.encode()).hexdigest()
        store.add([Source("k", "https://example.org/k", "Judul", "Kabar", "", "", "id", None, "", (), digest, text)])
        (found,) = evidence(store, [citation | {"origin": "o"}])
        assert found.known
        assert (found.cut_before, found.cut_after, found.title) == (True, True, "Judul")
        assert text[start - len(found.before) : start] == found.before
        assert found.before.startswith("kabar.") or found.before.startswith("Awal")
        assert len(found.before) + len(found.after) < 700
        (moved,) = evidence(store, [citation | {"quote": "Jembatan dibuka."}])
        assert (moved.known, moved.before, moved.title) == (False, "", "Judul")
        pair = evidence(store, [citation | {"origin": "o"}, citation | {"origin": "o"}, {"source_id": "gone"}])
        assert [one.origin for one in pair] == [1, 1, 2]
        assert not pair[2].known
    assert evidence(None, [citation])[0].known is False


def test_counts_stand_at_the_tabs(sign_in: SignIn, saring: AppState, items: list[str]) -> None:
    ani, citra = sign_in("ani"), sign_in("citra")
    ani.fill(f"/queue/{items[0]}/claim")
    ani.fill(f"/queue/{items[0]}/decide", label="supported", reason="x")
    assert "Menunggu tinjauan kedua 1" in plain(citra.get("/queue").text)
    assert "Menunggu tinjauan kedua 0" in plain(ani.get("/queue").text)
    assert saring.review.ids(Filters(states=(State.DECIDED,))) == (items[0],)
    assert desk.titles(saring.review, [None]) == {}
