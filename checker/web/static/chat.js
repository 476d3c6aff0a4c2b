// The page works without this: a form, and the answer when it is whole. With it the answer comes as it is written.
"use strict";
(() => {
  const root = document.querySelector("[data-chat]");
  if (!root) return;
  const turns = root.querySelector("[data-turns]"), form = root.querySelector("[data-ask]");
  const field = form.querySelector("[data-text]"), send = form.querySelector("[data-send-chat]");
  const working = root.querySelector("[data-working]"), stage = working.querySelector("[data-stage]"), count = working.querySelector("[data-count]");
  const words = Object.fromEntries([...document.querySelectorAll("[data-word]")].map((word) => [word.dataset.word, word.textContent]));
  const csrf = document.body.dataset.csrf;
  let conversation = root.dataset.conversation, busy = false;

  const page = () => (turns.scrollHeight > turns.clientHeight + 4 && getComputedStyle(turns).overflowY !== "visible" ? turns : document.scrollingElement);
  const atEnd = () => { const place = page(); return place.scrollHeight - place.scrollTop - place.clientHeight < 120; };
  const toEnd = () => { const place = page(); place.scrollTop = place.scrollHeight; };
  if (turns.children.length && !location.hash) toEnd();
  document.getElementById("last")?.scrollIntoView();
  if (!matchMedia("(min-width: 60rem)").matches) root.querySelector("[data-history]")?.removeAttribute("open");

  // -- asking

  const say = async (text) => {
    if (busy || !text.trim()) return;
    busy = true;
    send.disabled = true;
    root.querySelector("[data-hello]")?.remove();
    const asked = document.createElement("div");
    asked.className = "asked";
    asked.dir = "auto";
    const who = document.createElement("span");
    who.className = "out";
    who.textContent = `${words.you} `;
    asked.append(who, text.trim());
    const told = document.createElement("article");
    told.className = "told";
    const prose = document.createElement("div");
    prose.className = "prose";
    told.append(prose);
    turns.append(asked, told);
    stage.textContent = words.reading;
    count.textContent = "";
    working.hidden = false;
    toEnd();
    let done = false;
    try {
      const body = new URLSearchParams({ text, conversation });
      const answer = await fetch("/chat/stream", { method: "POST", body, headers: { "X-CSRF-Token": csrf, Accept: "text/event-stream" } });
      if (answer.redirected || answer.status === 401) { location.assign("/login"); return; }
      if (!answer.ok || !answer.body) throw new Error(String(answer.status));
      for await (const [kind, data] of events(answer.body)) {
        const follow = atEnd();
        if (kind === "started") began(data.conversation, text);
        else if (kind === "progress") {
          if (data.stage) stage.textContent = data.stage;
          count.textContent = data.total > 1 ? `${data.done}/${data.total}` : "";
        } else if (kind === "text") prose.innerHTML = data.html;
        else if (kind === "done") {
          told.outerHTML = data.html;
          done = true;
        } else if (kind === "failed") throw new Error(data.message);
        if (follow) toEnd();
      }
      if (!done) throw new Error("cut off");
    } catch {
      if (!prose.textContent) { asked.remove(); told.remove(); field.value = text; }
      const alert = document.createElement("p");
      alert.className = "alert";
      alert.setAttribute("role", "alert");
      alert.textContent = words.failed;
      turns.append(alert);
      toEnd();
    } finally {
      busy = false;
      send.disabled = false;
      working.hidden = true;
      field.focus({ preventScroll: true });
    }
  };

  async function* events(stream) {
    const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
    let held = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      held += value.replaceAll("\r\n", "\n");
      for (let end = held.indexOf("\n\n"); end >= 0; end = held.indexOf("\n\n")) {
        const block = held.slice(0, end);
        held = held.slice(end + 2);
        let kind = "message", data = "";
        for (const line of block.split("\n")) {
          if (line.startsWith("event:")) kind = line.slice(6).trim();
          else if (line.startsWith("data:")) data += line.slice(5).trimStart();
        }
        if (data) yield [kind, JSON.parse(data)];
      }
    }
  }

  const began = (id, text) => {
    if (conversation === id) return;
    conversation = id;
    form.elements.conversation.value = id;
    history.replaceState(null, "", `/chat/${id}`);
    const link = document.createElement("a");
    link.href = `/chat/${id}`;
    link.dir = "auto";
    link.setAttribute("aria-current", "page");
    link.textContent = text.trim().slice(0, 120);
    const entry = document.createElement("li");
    entry.append(link);
    root.querySelector("[data-none]")?.remove();
    root.querySelector("[data-earlier]")?.prepend(entry);
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = field.value;
    if (busy || !text.trim()) return;
    field.value = "";
    fit();
    say(text);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && matchMedia("(hover: hover)").matches) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  const fit = () => {
    if (CSS.supports("field-sizing", "content")) return;
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight + 2, innerHeight * 0.4)}px`;
  };
  field.addEventListener("input", fit);

  // -- what an answer offers

  const passage = document.querySelector("[data-passage]"), place = passage.querySelector("[data-passage-text]");
  document.addEventListener("click", async (event) => {
    const cite = event.target.closest("a[data-cite]"), copy = event.target.closest("[data-copy]"), example = event.target.closest("[data-try]");
    if (example) say(example.textContent);
    if (copy) {
      await navigator.clipboard.writeText(copy.closest(".told").querySelector("[data-copied]").value);
      copy.closest(".deeds").querySelector("[data-sent]").textContent = words.copied;
    }
    if (cite && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      const address = new URL(cite.href);
      address.searchParams.set("part", "true");
      const answer = await fetch(address).catch(() => null);
      if (!answer || !answer.ok) { location.assign(cite.href); return; }
      place.innerHTML = await answer.text();
      if (!passage.open) passage.showModal();
      place.querySelector("#quote")?.scrollIntoView({ block: "center" });
    }
  });
  passage.addEventListener("click", (event) => { if (event.target === passage) passage.close(); });

  document.addEventListener("submit", async (event) => {
    const to = event.target.closest("[data-queue]");
    if (!to) return;
    event.preventDefault();
    const button = to.querySelector("button"), sent = to.closest(".deeds").querySelector("[data-sent]");
    button.disabled = true;
    const answer = await fetch(to.action, {
      method: "POST", body: new URLSearchParams(new FormData(to)), headers: { "X-CSRF-Token": csrf, Accept: "application/json" },
    }).catch(() => null);
    if (!answer || !answer.ok) {
      button.disabled = false;
      sent.textContent = words.failed;
      return;
    }
    const found = await answer.json();
    if (!found.items.length) { button.disabled = false; return; }
    const link = document.createElement("a");
    link.href = found.place;
    link.textContent = found.word;
    sent.replaceChildren(link);
    to.remove();
  });
})();
