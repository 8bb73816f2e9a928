// Looks again every few seconds how far an export is, and puts what the server says into the page.
// Without this script the page has a link that does the same.
(() => {
  "use strict";
  const seconds = 5;
  const shown = document.getElementById("progress");

  const look = async () => {
    try {
      const answer = await fetch(location.href, { credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("progress");
      if (!fresh || !("unfinished" in fresh.dataset)) {
        location.reload();
        return;
      }
      shown.replaceChildren(...fresh.childNodes);
    } catch {
      // The connection is gone for a moment: the next look may find it again.
    }
    setTimeout(look, seconds * 1000);
  };

  if (shown && "unfinished" in shown.dataset) setTimeout(look, seconds * 1000);
})();
