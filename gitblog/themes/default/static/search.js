// Shows results while one types: asks the same page that the form leads to, and takes its answer over.
// Without it everything works by the button.
(() => {
  const form = document.querySelector("form[data-live]");
  const found = document.getElementById("found");
  const told = document.getElementById("told");
  if (!form || !found || !told) return;
  const input = form.elements.q;
  let asking = null;
  let waiting = 0;
  let shown = input.value.trim();

  async function look() {
    const typed = input.value.trim();
    if (typed === shown) return;
    asking?.abort();
    asking = new AbortController();
    const address = (question) => `${form.action}?${new URLSearchParams({ q: question })}`;
    // The last word may not be finished.
    const question = /[\p{L}\p{N}]$/u.test(typed) ? `${typed}*` : typed;
    try {
      const answer = await fetch(address(question), { signal: asking.signal });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const [results, count] = ["found", "told"].map((id) => page.getElementById(id));
      if (!results || !count) return;
      found.replaceChildren(...document.adoptNode(results).childNodes);
      told.textContent = count.textContent;
      shown = typed;
      history.replaceState(null, "", typed ? address(typed) : form.action);
    } catch (error) {
      // An answer that a later question made needless, or no network: the button still works.
      if (error.name !== "AbortError") console.warn(error);
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(look, 200);
  });
})();
