"""The check in the browser: known answers of others, tampered files, and a person's own receipt."""

import base64
import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.axe import grave_faults
from tests.e2e.person import Person
from tests.filings import file_request, wait_for_effects
from tests.workflows.ledger.test_proof import ENTRIES, SIGNER, TEXT
from workflows.common.signed_note import Signer
from workflows.ledger.checkpoints import parse_proof, verify_proof
from workflows.ledger.merkle import leaf_hash

pytestmark = pytest.mark.browser

VECTORS = json.loads(
    (Path(__file__).parents[1] / "workflows" / "ledger" / "vectors.json").read_text()
)
# Facts of others: the note of the C2SP specification, and a checkpoint of Tessera's test log.
SPEC_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SPEC_NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXm"
    "RKuwHjG1Yu72IneyaQM=\n"
)
TESSERA_KEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
TESSERA_NOTE = (
    "example.com/log/testdata\n3\nWqx3HImawpLnS/Gv4ubjAvi1WIOy0b8Ze0amvqbavKk=\n\n"
    "— example.com/log/testdata M9e0lvAQRtH832pk2RTbeSeZMkp4FZSdJYFBUjO5SKxuRbywPUF3cx+HUrb50kjd"
    "3rUWW/fj53Wj1dwcwh9bGQnqVAg=\n"
)

LOAD = "import(document.querySelector('script[type=module]').src)"
# Return the code of what is wrong, or the value.
TRY = f"""async ([name, args]) => {{
  const module = await {LOAD};
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  try {{
    if (name === "proof") {{
      const [proof, leaf, key] = args;
      return await module.checkProof(proof, bytes(leaf), await module.readKey(key))
        .then((found) => [Number(found.index), Number(found.size), found.signature]);
    }}
    return await module.openNote(args[0], await module.readKey(args[1]));
  }} catch (error) {{
    if (error instanceof module.Fault) return error.message;
    throw error;
  }}
}}"""
ROOTS = f"""async (vectors) => {{
  const module = await {LOAD};
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const text = (bytes) => btoa(String.fromCharCode(...bytes));
  const wrong = [];
  for (const vector of vectors) {{
    let holds;
    try {{
      const root = await module.rootOf(
        BigInt(vector.leafIdx), BigInt(vector.treeSize), bytes(vector.leafHash),
        (vector.proof ?? []).map(bytes));
      holds = text(root) === vector.root && bytes(vector.leafHash).length === 32;
    }} catch (error) {{
      if (!(error instanceof module.Fault)) throw error;
      holds = false;
    }}
    if (holds === vector.wantErr) wrong.push(vector.name);
  }}
  return wrong;
}}"""


@pytest.fixture
def page(new_page) -> Page:
    page = new_page()
    page.goto("/en/verify/")
    return page


def test_all_inclusion_vectors_of_transparency_dev(page):
    vectors = [
        {**vector, "leafIdx": str(vector["leafIdx"]), "treeSize": str(vector["treeSize"])}
        for vector in VECTORS["inclusion"]
    ]
    assert len(vectors) == 98
    assert page.evaluate(ROOTS, vectors) == []


@pytest.mark.parametrize(("note", "key"), [(SPEC_NOTE, SPEC_KEY), (TESSERA_NOTE, TESSERA_KEY)])
def test_signed_notes_of_others(page, note, key):
    opened = page.evaluate(TRY, ["note", [note, key]])
    assert opened == {"text": note.split("\n\n")[0] + "\n", "signature": True}
    body, _, lines = note.partition("\n\n")
    for faulty, fault in (
        (body.replace("e", "f", 1) + "\n\n" + lines, "signature"),
        (body + "\n\n" + lines.replace("— e", "— o"), "unsigned"),
        (body + "\n\n" + lines[:-3] + "\n", "note"),
        (body, "note"),
    ):
        assert page.evaluate(TRY, ["note", [faulty, key]]) == fault
    other = key[:-4] + ("AAAA" if not key.endswith("AAAA") else "BBBB")
    assert page.evaluate(TRY, ["note", [note, other]]) == "key"


OTHER = Signer(SIGNER.verifier.name, bytes(32))
TAMPERINGS = {
    "another entry": (TEXT, ENTRIES[5], SIGNER, "path"),
    "another index": (TEXT.replace("index 4", "index 5"), ENTRIES[4], SIGNER, "path"),
    "an index beyond": (TEXT.replace("index 4", "index 11"), ENTRIES[4], SIGNER, "beyond"),
    "an index with a zero": (TEXT.replace("index 4", "index 04"), ENTRIES[4], SIGNER, "proof"),
    "a hash less": ("\n".join(TEXT.split("\n")[:2] + TEXT.split("\n")[3:]), ENTRIES[4], SIGNER, "path"),
    "a hash twice": (
        "\n".join(TEXT.split("\n")[:3] + TEXT.split("\n")[2:]), ENTRIES[4], SIGNER, "path",
    ),
    "another format": (TEXT.replace("@v1", "@v2"), ENTRIES[4], SIGNER, "proof"),
    "another size": (TEXT.replace("\n11\n", "\n12\n"), ENTRIES[4], SIGNER, "signature"),
    "another key of the same name": (TEXT, ENTRIES[4], OTHER, "unsigned"),
    "no checkpoint": (TEXT.split("\n\n")[0], ENTRIES[4], SIGNER, "proof"),
}  # fmt: skip


def test_tampered_proofs_are_caught_and_named(page):
    def check(text, entry, signer):
        leaf = base64.b64encode(leaf_hash(entry)).decode()
        return page.evaluate(TRY, ["proof", [text, leaf, signer.verifier.vkey]])

    assert verify_proof(parse_proof(TEXT), ENTRIES[4], SIGNER.verifier).size == 11
    assert check(TEXT, ENTRIES[4], SIGNER) == [4, 11, True]
    found = {name: check(*parts[:3]) for name, parts in TAMPERINGS.items()}
    assert found == {name: parts[3] for name, parts in TAMPERINGS.items()}


def test_where_a_browser_does_not_know_the_signature_it_says_so(new_page):
    page = new_page()
    page.add_init_script(
        "crypto.subtle.importKey = async () => { throw new DOMException('', 'NotSupportedError') }"
    )
    page.goto("/en/verify/")
    opened = page.evaluate(TRY, ["note", [SPEC_NOTE, SPEC_KEY]])
    assert opened["signature"] == "unchecked"


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_person_checks_what_they_took_home(new_page, sampled_stack, tmp_path, language):
    receipt = file_request(sampled_stack)
    wait_for_effects(sampled_stack, [receipt])
    person = Person(new_page(language=language, width=360), language)
    page = person.page
    person.open_case(receipt)
    person.open("status/case/proof/")
    files = {}
    for kind in ("receipt", "tlog-proof", "entry"):
        with page.expect_download() as download:
            page.locator(f"a[href$='/proof/{kind}/']").click()
        files[kind] = tmp_path / f"{receipt.number}.{kind}"
        download.value.save_as(files[kind])

    person.open("verify/")
    here = page.locator("#check-here")
    page.set_input_files("[name=receipt]", files["receipt"])
    page.set_input_files("[name=proof]", files["tlog-proof"])
    here.click()
    expect(page.locator("#result .notice-good")).to_have_count(2)
    expect(page.locator("#result")).to_be_focused()
    assert not grave_faults(page)

    page.set_input_files("[name=entry]", files["entry"])
    here.click()
    expect(page.locator("#result .notice-good")).to_have_count(2)

    forged = tmp_path / "forged.receipt"
    forged.write_text(files["receipt"].read_text().replace(receipt.number, "2026-AAAA-AAAA"))
    page.set_input_files("[name=receipt]", forged)
    here.click()
    expect(page.locator("#result [data-code=signature]")).to_be_visible()

    # Without a script of ours: the portal is asked.
    page.set_input_files("[name=receipt]", files["receipt"])
    page.locator("#verify [type=submit]").click()
    expect(page.locator("main > .notice-good")).to_have_count(2)
    assert not grave_faults(page)


def test_without_javascript_the_page_says_how_else(new_page):
    page = new_page(javascript=False)
    page.goto("/en/verify/")
    expect(page.locator("#check-here")).to_be_hidden()
    expect(page.get_by_text("JavaScript is needed", exact=False)).to_be_visible()
