// A check that runs, live. The page works without this: it then looks again by itself.
"use strict";
(() => {
  const root = document.querySelector("[data-check]");
  if (!root || !window.EventSource) return;
  const words = Object.fromEntries([...root.querySelectorAll("[data-word]")].map((word) => [word.dataset.word, word.textContent]));
  const stage = root.querySelector("[data-stage]");
  const count = root.querySelector("[data-count]");
  const bar = root.querySelector("progress");
  const source = new EventSource(root.dataset.check);
  const show = (event) => {
    const said = JSON.parse(event.data);
    stage.textContent = words[said.stage] || said.stage;
    count.textContent = said.total ? `${said.done}/${said.total}` : "";
    if (said.total) {
      bar.max = said.total;
      bar.value = said.done;
    } else {
      bar.removeAttribute("value");
    }
  };
  const end = (event) => {
    show(event);
    source.close();
    location.reload();
  };
  for (const kind of ["queued", "running", "progress"]) source.addEventListener(kind, show);
  for (const kind of ["done", "failed"]) source.addEventListener(kind, end);
})();
