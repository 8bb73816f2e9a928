/* Comfort only: every page works without this file. */
"use strict";

const form = document.querySelector("form#answers");

/** Show how many characters are left beneath each text with a limit, when few are. */
function countCharacters(area) {
  const limit = Number(area.dataset.limit);
  const note = document.createElement("p");
  note.className = "hint";
  note.setAttribute("role", "status");
  area.after(note);
  const update = () => {
    const left = limit - [...area.value].length;
    const words = left < 0 ? form.dataset.charactersOver : form.dataset.charactersLeft;
    note.textContent = left < limit / 5 ? words.replace("{number}", String(Math.abs(left))) : "";
  };
  area.addEventListener("input", update);
  update();
}

/** Keep what was typed a moment after the last key, and say so. */
function autosave() {
  const note = form.querySelector(".saved");
  let timer = 0;
  let running = null;
  const save = async () => {
    running = new AbortController();
    const typed = new FormData(form);
    typed.delete("attachments");
    typed.set("go", "autosave");
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: typed,
        signal: running.signal,
      });
      if (!answer.ok) throw new Error(String(answer.status));
      const time = new Date().toLocaleTimeString(document.documentElement.lang, {
        hour: "2-digit",
        minute: "2-digit",
      });
      note.textContent = form.dataset.autosave.replace("{time}", time);
    } catch (error) {
      if (error.name !== "AbortError") note.textContent = form.dataset.notSaved;
    }
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(save, 1500);
  });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    running?.abort();
  });
}

if (form) {
  form.querySelectorAll("textarea[data-limit]").forEach(countCharacters);
  if (form.dataset.autosave) autosave();
  // Whoever comes back to this page gets it anew, and is not asked whether to send the form again.
  if ("anew" in form.dataset) history.replaceState(history.state, "", location.href);
}
document.querySelector(".error-summary")?.focus();
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
