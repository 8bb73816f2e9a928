/* Checks receipts and proofs of the log in the reader's browser; nothing is sent anywhere.
   Formats: c2sp.org/signed-note, tlog-checkpoint and tlog-proof; hashes as in RFC 9162, 2.1. */

const ED25519 = 1;
const MAX_HASHES = 63;
const encoder = new TextEncoder();

/** What is wrong, as a code for which the page has a sentence. */
export class Fault extends Error {}

const require = (holds, code) => {
  if (!holds) throw new Fault(code);
};

/** Read standard base64 in its one canonical spelling. */
export function readBase64(text, code) {
  let bytes;
  try {
    bytes = atob(text);
  } catch {
    throw new Fault(code);
  }
  require(btoa(bytes) === text, code);
  return Uint8Array.from(bytes, (symbol) => symbol.charCodeAt(0));
}

function join(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let place = 0;
  for (const part of parts) {
    whole.set(part, place);
    place += part.length;
  }
  return whole;
}

const same = (a, b) => a.length === b.length && a.every((byte, place) => byte === b[place]);
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const readHex = (text) => Uint8Array.from(text.match(/../g), (byte) => parseInt(byte, 16));
const sha256 = async (...parts) =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", join(...parts)));
const node = (left, right) => sha256(Uint8Array.of(1), left, right);

/** Return the leaf hash of the exact bytes of an entry. */
export const leafHash = (entry) => sha256(Uint8Array.of(0), entry);

/** Return the root to which an audit path leads (RFC 9162, 2.1.3.2); index and size are BigInt. */
export async function rootOf(index, size, leaf, path) {
  require(index < size, "beyond");
  let [first, last, root] = [index, size - 1n, leaf];
  for (const sibling of path) {
    require(last > 0n && sibling.length === 32, "path");
    if (first & 1n || first === last) {
      root = await node(sibling, root);
      while (first && !(first & 1n)) [first, last] = [first >> 1n, last >> 1n];
    } else {
      root = await node(root, sibling);
    }
    [first, last] = [first >> 1n, last >> 1n];
  }
  require(last === 0n, "path");
  return root;
}

/** Read NAME+KEYID+BASE64; the key id must belong to the key. */
export async function readKey(text) {
  const [, name, id, code] = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text.trim()) ?? [];
  require(name, "key");
  const typed = readBase64(code, "key");
  require(typed[0] === ED25519 && typed.length === 33, "key");
  const digest = await sha256(encoder.encode(`${name}\n`), typed);
  require(hex(digest.subarray(0, 4)) === id, "key");
  return { name, id, bytes: typed.subarray(1) };
}

/** Return the text of a note signed by `key`, and whether this browser could check the signature. */
export async function openNote(note, key) {
  const end = note.lastIndexOf("\n\n");
  require(end >= 0 && note.endsWith("\n"), "note");
  const text = note.slice(0, end + 1);
  let checked = null;
  for (const line of note.slice(end + 2, -1).split("\n")) {
    const [, name, code] = /^\u2014 ([^ \n]+) ([A-Za-z0-9+/]+={0,2})$/.exec(line) ?? [];
    require(name, "note");
    const data = readBase64(code, "note");
    if (name !== key.name || hex(data.subarray(0, 4)) !== key.id) continue;
    checked = await verify(key.bytes, data.subarray(4), encoder.encode(text));
    require(checked !== false, "signature");
  }
  require(checked !== null, "unsigned");
  return { text, signature: checked };
}

/** Return true or false, or "unchecked" where the browser does not know Ed25519. */
async function verify(key, signature, message) {
  let imported;
  try {
    imported = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
  } catch {
    return "unchecked";
  }
  return crypto.subtle.verify({ name: "Ed25519" }, imported, signature, message);
}

function readNumber(text, code) {
  require(/^(0|[1-9][0-9]{0,18})$/.test(text ?? ""), code);
  return BigInt(text);
}

/** Check a .tlog-proof against the leaf hash of its entry and the key of the log. */
export async function checkProof(proof, leaf, key) {
  const middle = proof.indexOf("\n\n");
  require(middle >= 0, "proof");
  const lines = proof.slice(0, middle).split("\n");
  require(lines.shift() === "c2sp.org/tlog-proof@v1", "proof");
  if (lines[0]?.startsWith("extra ")) lines.shift();
  const first = lines.shift() ?? "";
  require(first.startsWith("index "), "proof");
  const index = readNumber(first.slice(6), "proof");
  require(lines.length <= MAX_HASHES, "proof");
  const path = lines.map((line) => readBase64(line, "proof"));
  const opened = await openNote(proof.slice(middle + 2), key);
  const [origin, count, root] = opened.text.split("\n");
  require(origin === key.name, "origin");
  const size = readNumber(count, "note");
  const reached = await rootOf(index, size, leaf, path);
  require(same(reached, readBase64(root ?? "", "note")), "path");
  return { index, size, signature: opened.signature };
}

/** Check a signed receipt; return what it says. */
export async function checkReceipt(note, key) {
  const { text, signature } = await openNote(note, key);
  const [format, body] = text.split("\n");
  require(format === "requests-portal/receipt/v1", "receipt");
  return { facts: JSON.parse(body), signature };
}

/* The page ---------------------------------------------------------------------------------- */

const decode = (bytes, code) => {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Fault(code);
  }
};

async function chosen(form, name) {
  const [file] = form.elements[name].files;
  return file ? new Uint8Array(await file.arrayBuffer()) : null;
}

/** Check a proof against the entries of a receipt, of which it is about one. */
async function checkAny(proof, leaves, key) {
  const tried = await Promise.allSettled(leaves.map((leaf) => checkProof(proof, leaf, key)));
  const found = tried.find((each) => each.status === "fulfilled");
  if (!found) throw tried[0].reason;
  return found.value;
}

/** Yield [code, values] for each sentence to be shown; a fault ends it. */
async function* findings(form) {
  const [receipt, proof, entry] = await Promise.all(
    ["receipt", "proof", "entry"].map((name) => chosen(form, name)),
  );
  require(receipt || proof, "nothing");
  require(!proof || entry || receipt, "no-entry");
  let leaves = entry ? [await leafHash(entry)] : [];
  if (receipt) {
    const key = await readKey(form.elements.receipt_key.value);
    const { facts, signature } = await checkReceipt(decode(receipt, "receipt"), key);
    yield [signature === true ? "receipt-good" : "receipt-unchecked", { number: facts.case_number }];
    const received = Object.values(facts.entries);
    require(leaves.every((leaf) => received.includes(hex(leaf))), "other-entry");
    if (!entry) leaves = received.map(readHex);
  }
  if (proof) {
    const key = await readKey(form.elements.key.value);
    const { index, size, signature } = await checkAny(decode(proof, "proof"), leaves, key);
    yield [signature === true ? "proof-good" : "proof-unchecked", { index, size }];
  }
}

function setUp(form) {
  const shown = document.getElementById("result");
  const words = document.getElementById("words").content;
  const say = (code, values = {}) => {
    const sentence = words.querySelector(`[data-code="${code}"]`).cloneNode(true);
    for (const [name, value] of Object.entries(values)) {
      sentence.textContent = sentence.textContent.replace(`{${name}}`, String(value));
    }
    shown.append(sentence);
  };
  const button = document.getElementById("check-here");
  if (!globalThis.crypto?.subtle) {
    say("no-crypto");
    return;
  }
  button.hidden = false;
  document.getElementById("without-script").hidden = true;
  button.addEventListener("click", async () => {
    shown.replaceChildren();
    try {
      for await (const [code, values] of findings(form)) say(code, values);
    } catch (error) {
      say(error instanceof Fault ? error.message : "unreadable");
    }
    shown.focus();
  });
}

const form = globalThis.document?.querySelector("form#verify");
if (form) setUp(form);
