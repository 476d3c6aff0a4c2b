// The pages work without this. With it: keys, a lease kept alive, a choice that applies itself.
"use strict";
(() => {
  const root = document.documentElement, body = document.body;
  root.classList.add("js");

  for (const choice of document.querySelectorAll("select[data-submit]"))
    choice.addEventListener("change", () => choice.form.requestSubmit());

  document.querySelector("[data-focus]")?.focus();

  // Bring the claim into view inside the article's own scroll, without moving the page.
  const mark = document.getElementById("claim"), text = mark?.closest(".text");
  if (mark && text) text.scrollTop += mark.getBoundingClientRect().top - text.getBoundingClientRect().top - text.clientHeight / 3;

  // Whoever holds the claim keeps it while the page is open and seen.
  const item = document.querySelector("[data-item]");
  const beat = item?.dataset.heartbeat;
  if (beat) {
    const send = async () => {
      if (document.hidden) return;
      const answer = await fetch(beat, { method: "POST", headers: { "X-CSRF-Token": body.dataset.csrf } }).catch(() => null);
      if (answer && answer.status === 409) clearInterval(timer);
    };
    const timer = setInterval(send, 5 * 60 * 1000);
    document.addEventListener("visibilitychange", send);
  }

  // What was typed and not sent is worth a question before it is lost.
  let typed = false;
  for (const field of document.querySelectorAll("textarea")) field.addEventListener("input", () => { typed = true; });
  document.addEventListener("submit", () => { typed = false; });
  addEventListener("beforeunload", (event) => { if (typed) event.preventDefault(); });

  const dialog = document.getElementById("keys-help");
  const help = () => { if (dialog && !dialog.open) dialog.showModal(); };
  for (const link of document.querySelectorAll("[data-help]"))
    link.addEventListener("click", (event) => { if (dialog) { event.preventDefault(); help(); } });

  const rows = [...document.querySelectorAll("[data-row]")];
  const step = (by) => {
    if (rows.length) {
      const at = rows.findIndex((row) => row.contains(document.activeElement));
      const next = rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by))];
      next.querySelector("a.claim").focus();
      next.scrollIntoView({ block: "nearest" });
    } else document.querySelector(by > 0 ? "a[rel=next]" : "a[rel=prev]")?.click();
  };
  const choose = (key) => {
    const choice = document.querySelector(`input[data-key="${key}"]`);
    if (choice) { choice.checked = true; choice.focus(); }
  };
  const write = () => {
    const field = document.querySelector("[data-reason]");
    if (field) { field.focus(); field.scrollIntoView({ block: "center" }); }
    else document.querySelector("[data-claim]")?.focus();
  };
  const send = () => {
    const button = document.querySelector("[data-send]");
    if (button) button.form.requestSubmit(button);
  };

  const writing = (place) => place.isContentEditable
    || (place.matches("input, textarea, select") && !place.matches("input[type=radio], input[type=checkbox]"));
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.defaultPrevented) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      // From a field of another form (a comment, a search) it would send what nobody looks at.
      const form = event.target.closest?.("form"), button = document.querySelector("[data-send]");
      if (button && (!form || form === button.form)) { event.preventDefault(); send(); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || !("keys" in body.dataset)) return;
    if (writing(event.target) || dialog?.open) return;
    const does = { j: () => step(1), k: () => step(-1), 1: () => choose(1), 2: () => choose(2), 3: () => choose(3), e: write, "?": help }[event.key];
    if (does) { event.preventDefault(); does(); }
  });
})();
