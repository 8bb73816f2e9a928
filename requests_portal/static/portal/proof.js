/* Solves the challenge of a page before something is let in, and sends the form with the proof. */
"use strict";

/* Derivations at a time: browsers run them beside the page, on more than one processor. */
const AT_ONCE = 16;

const toBytes = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
const toHex = (bytes) =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Return the key that altcha 2 derives for one counter, in hexadecimal. */
async function deriveKey(parameters, counter) {
  const nonce = toBytes(parameters.nonce);
  const password = new Uint8Array(nonce.length + 4);
  password.set(nonce);
  new DataView(password.buffer).setUint32(nonce.length, counter);
  const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const derivation = {
    name: "PBKDF2",
    hash: parameters.algorithm.replace("PBKDF2/", ""),
    salt: toBytes(parameters.salt),
    iterations: parameters.cost,
  };
  return toHex(await crypto.subtle.deriveBits(derivation, key, parameters.keyLength * 8));
}

/** Try one counter after the other; tell how far it is after each handful. */
async function solve(parameters, tell) {
  for (let first = 0; ; first += AT_ONCE) {
    const counters = Array.from({ length: AT_ONCE }, (_, place) => first + place);
    const keys = await Promise.all(counters.map((counter) => deriveKey(parameters, counter)));
    const place = keys.findIndex((key) => key.startsWith(parameters.keyPrefix));
    if (place >= 0) return { counter: first + place, derivedKey: keys[place] };
    tell(first);
  }
}

async function run(form) {
  const working = document.getElementById("working");
  const line = document.getElementById("line");
  const progress = working.querySelector("progress");
  const challenge = JSON.parse(form.dataset.challenge);
  working.hidden = false;
  line.hidden = true;
  try {
    const solution = await solve(challenge.parameters, (tried) => {
      progress.value = tried / Number(form.dataset.tries);
    });
    form.elements.proof.value = btoa(JSON.stringify({ challenge, solution }));
    form.submit();
  } catch {
    // No connection to a server is needed here: this browser knows no such calculation.
    working.hidden = true;
    line.hidden = false;
  }
}

document.querySelectorAll("form[data-challenge]").forEach(run);
