(() => {
  "use strict";
  const root = document.documentElement;
  const panel = document.getElementById("panel");
  const cards = [...panel.querySelectorAll(".card")];
  const total = cards.length;
  let current = 0;
  root.classList.add("js");

  const inText = (number) => document.getElementById("t" + number);

  function reveal(element) {
    const box = element.getBoundingClientRect();
    const bottom = panel.classList.contains("opened") && getComputedStyle(panel).position === "fixed"
      ? panel.getBoundingClientRect().top : window.innerHeight;
    if (box.top < 0 || box.bottom > bottom) {
      window.scrollBy({ top: box.top - bottom / 3, behavior: "auto" });
    }
  }

  function select(number, focus) {
    current = number >= 1 && number <= total ? number : 0;
    cards.forEach((card) => card.classList.toggle("open", Number(card.dataset.claim) === current));
    panel.classList.toggle("opened", current > 0);
    root.classList.toggle("opened", current > 0);
    document.querySelectorAll(".mark, .number").forEach((mark) => {
      const numbers = (mark.dataset.claims || mark.dataset.claim).split(" ");
      mark.classList.toggle("current", numbers.includes(String(current)));
    });
    document.querySelectorAll(".number").forEach((mark) => {
      if (mark.classList.contains("current")) mark.setAttribute("aria-current", "true");
      else mark.removeAttribute("aria-current");
    });
    panel.scrollTop = 0;
    history.replaceState(null, "", current ? "#c" + current : location.pathname + location.search);
    if (!current) return;
    const mark = inText(current);
    if (mark) reveal(mark);
    if (focus === "text" && mark) mark.focus({ preventScroll: true });
    if (focus === "card") cards[current - 1].focus({ preventScroll: true });
  }

  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const link = event.target.closest("a");
    if (!link) return;
    if ("close" in link.dataset) {
      event.preventDefault();
      const left = current;
      select(0);
      const entry = panel.querySelector('.index a[data-claim="' + left + '"]');
      if (event.detail === 0 && entry) entry.focus();
    } else if ("back" in link.dataset) {
      event.preventDefault();
      const mark = inText(current);
      if (mark) mark.focus();
    } else if (link.dataset.claim) {
      event.preventDefault();
      // A click made by the keyboard (detail 0) takes the reader along to the evidence.
      select(Number(link.dataset.claim), event.detail === 0 ? "card" : "");
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    if (event.key === "j") select(Math.min(current + 1, total), "text");
    else if (event.key === "k") select(Math.max(current - 1, 1), "text");
    else if (event.key === "Escape" && current) {
      const mark = inText(current);
      select(0);
      if (mark) mark.focus({ preventScroll: true });
    } else return;
    event.preventDefault();
  });

  const open = () => {
    const match = /^#c(\d+)$/.exec(location.hash);
    if (match) select(Number(match[1]));
  };
  window.addEventListener("hashchange", open);
  open();
})();
