// Comfort for judging matches: the progress moves by itself, and keys judge without a page load.
// Without this script the same buttons send the form.
"use strict";

(() => {
  const PAUSE = 1500;

  const card = document.querySelector("[data-progress]");
  const follow = async () => {
    const answer = await fetch(card.dataset.progress, { headers: { Accept: "application/json" } });
    if (!answer.ok || answer.redirected) return;
    const now = await answer.json();
    card.querySelector("[data-bar]").value = now.percent;
    card.querySelector("[data-strong]").textContent = now.strong;
    card.querySelector("[data-weak]").textContent = now.weak;
    if (now.running) setTimeout(follow, PAUSE);
    else window.location.reload();
  };
  if (card) setTimeout(follow, PAUSE);

  const form = document.querySelector("[data-matches]");
  if (!form) return;
  const matches = [...form.querySelectorAll("[data-match]")];
  const KEYS = { t: "theirs", n: "not_theirs", u: "unsure" };
  let current = -1;

  const go = (step) => {
    current = Math.min(Math.max(current + step, 0), matches.length - 1);
    matches[current].focus();
    matches[current].scrollIntoView({ block: "nearest" });
  };

  const send = async (data) => {
    try {
      const answer = await fetch(window.location.href, {
        method: "POST",
        body: data,
        headers: { Accept: "application/json" },
      });
      return await answer.json();
    } catch {
      // No network, or a page that asks to sign in again.
      return { error: form.dataset.failed };
    }
  };

  const undo = document.querySelector("[data-undo]");

  const show = (match, key) => {
    const button = match.querySelector(`[data-key="${key}"]`);
    match.querySelector("[data-verdict]").textContent = button.textContent;
    for (const other of match.querySelectorAll("[data-key]")) {
      other.toggleAttribute("aria-pressed", false);
    }
    button.setAttribute("aria-pressed", "true");
  };

  const judge = async (match, button) => {
    const data = new FormData(form);
    data.delete("match");
    data.set("judge", button.value);
    const said = await send(data);
    if (said.error) {
      match.querySelector("[data-verdict]").textContent = said.error;
      return false;
    }
    // Others may have been judged with it, because their text is identical.
    for (const one of matches) {
      if (said.last.matches.includes(one.dataset.match)) show(one, button.dataset.key);
    }
    undo.hidden = false;
    undo.querySelector("[name=judgement]").value = said.last.judgement;
    undo.querySelector("[data-last]").textContent = said.last.words;
    return true;
  };

  form.addEventListener("focusin", (event) => {
    const match = event.target.closest("[data-match]");
    if (match) current = matches.indexOf(match);
  });

  document.addEventListener("keydown", async (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input:not([type=checkbox]), select, textarea")) return;
    const key = event.key.toLowerCase();
    if (key === "j") go(1);
    else if (key === "k") go(-1);
    else if (key === "z" && !undo.hidden) undo.requestSubmit(undo.querySelector("button"));
    else if (key in KEYS && current >= 0) {
      const match = matches[current];
      const button = match.querySelector(`[data-key="${KEYS[key]}"]`);
      if (await judge(match, button)) go(1);
    }
  });

  const all = form.querySelector("[data-tick-all]");
  if (!all) return;
  all.hidden = false;
  all.addEventListener("click", () => {
    for (const box of form.querySelectorAll("input[name=match]")) box.checked = true;
  });
})();
