// The switch between light and dark. It runs before the page is painted, so that a remembered choice never flashes;
// without it, or without storage, the reader's system decides.
(function () {
  "use strict";
  var KEY = "gitblog-scheme", NEXT = { "": "light", light: "dark", dark: "" };
  var NAMES = { "": "system", light: "light", dark: "dark" }, root = document.documentElement;

  function remembered() {
    try {
      var kept = localStorage.getItem(KEY);
      return kept in NEXT ? kept : "";
    } catch (error) {
      return "";
    }
  }

  function remember(scheme) {
    try {
      if (scheme) { localStorage.setItem(KEY, scheme); } else { localStorage.removeItem(KEY); }
    } catch (error) {
      // Storage is closed: the choice lasts as long as the page.
    }
  }

  function apply(scheme) {
    if (scheme) { root.setAttribute("data-scheme", scheme); } else { root.removeAttribute("data-scheme"); }
    document.querySelectorAll(".scheme").forEach(function (button) {
      button.setAttribute("aria-label", "Colours: " + NAMES[scheme]);
      button.title = "Colours: " + NAMES[scheme];
    });
  }

  var now = remembered();
  root.classList.add("js");
  apply(now);
  document.addEventListener("DOMContentLoaded", function () { apply(now); });
  document.addEventListener("click", function (event) {
    if (!event.target.closest || !event.target.closest(".scheme")) { return; }
    now = NEXT[now];
    remember(now);
    apply(now);
  });
  window.addEventListener("storage", function (event) {
    if (event.key === KEY) { now = remembered(); apply(now); }
  });
})();
