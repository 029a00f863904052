(() => {
  const form = document.querySelector(".filters");
  // One spelling for the several that Unicode has of a letter, such as য় (U+09DF).
  const fold = (text) => text.normalize("NFKC").toLowerCase();
  const records = [...document.querySelectorAll(".error")].map((node) => ({
    node,
    dataset: node.dataset.dataset,
    errors: JSON.parse(node.dataset.errors),
  }));
  let shown = records;

  const apply = () => {
    const { dataset, kind, label, text } = Object.fromEntries(new FormData(form));
    const wanted = fold(text.trim());
    shown = [];
    for (const record of records) {
      let fits = (!dataset || record.dataset === dataset)
        && record.errors.some(([k, labels]) => (!kind || k === kind) && (!label || labels.includes(label)));
      if (fits && wanted) {
        record.text ??= fold(record.node.textContent);
        fits = record.text.includes(wanted);
      }
      if (record.node.hidden === fits) record.node.hidden = !fits;
      if (fits) shown.push(record);
    }
    form.querySelector("output").textContent = `${shown.length} of ${records.length} records`;
  };

  const move = (by) => {
    const here = document.activeElement.closest(".error");
    let at = shown.findIndex((record) => record.node === here);
    if (at < 0) {
      // From the first record that is not above the window.
      at = shown.findIndex((record) => record.node.getBoundingClientRect().bottom > 0);
      if (at < 0) at = shown.length;
      if (by > 0) at -= 1;
    }
    const next = shown[Math.max(0, Math.min(shown.length - 1, at + by))];
    if (!next) return;
    next.node.focus({ preventScroll: true });
    next.node.scrollIntoView({ block: "start" });
  };

  const onKey = (event) => {
    const typing = event.target.closest("input, select");
    if (event.key === "Escape" && typing) {
      typing.blur();
    } else if (!typing && form.elements.keys.checked && !event.ctrlKey && !event.metaKey && !event.altKey) {
      if (event.key === "j") move(1);
      else if (event.key === "k") move(-1);
      else if (event.key === "/") form.elements.text.focus();
      else return;
      event.preventDefault();
    }
  };

  let waiting;
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", apply);
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(apply, 120);
  });
  document.addEventListener("keydown", onKey);
  apply();
})();
