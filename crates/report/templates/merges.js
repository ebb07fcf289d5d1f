"use strict";
(() => {
  const main = document.getElementById("groups");
  const controls = document.getElementById("controls");
  const shown = document.getElementById("shown");
  const by = (id) => document.getElementById(id);
  const groups = [...main.querySelectorAll("article")];
  if (groups.length === 0) return;
  const words = new Map(groups.map((group) => [group, group.textContent.toLowerCase()]));

  // Ticks are kept under names of groups and steps, which say nothing about anybody. A browser may refuse to keep anything.
  const key = (box) => "highwater merges " + box.dataset.tick;
  const kept = (box) => { try { return localStorage.getItem(key(box)) === "1"; } catch { return false; } };
  const keep = (box) => {
    try {
      if (box.checked) localStorage.setItem(key(box), "1"); else localStorage.removeItem(key(box));
    } catch { /* the tick is still on the page */ }
  };
  const boxes = (group) => [...group.querySelectorAll("input[data-tick]")];
  groups.flatMap(boxes).forEach((box) => { if (kept(box)) box.checked = true; });

  const fits = (group) => {
    const wanted = by("find").value.toLowerCase().split(/\s+/).filter(Boolean);
    const done = () => boxes(group).every((box) => box.checked);
    return wanted.every((word) => words.get(group).includes(word))
      && (by("action").value === "" || group.dataset.action === by("action").value)
      && (by("certainty").value === "" || group.dataset.certainty === by("certainty").value)
      && (by("ticks").value === "" || done() === (by("ticks").value === "done"));
  };
  const filter = () => {
    let count = 0;
    for (const group of groups) {
      group.hidden = !fits(group);
      if (!group.hidden) count += 1;
    }
    shown.textContent = count + " of " + groups.length + (groups.length === 1 ? " group shown" : " groups shown");
  };

  const surest = ["sure", "likely", "look first"];
  const place = (one, other) => Number(one.dataset.place) - Number(other.dataset.place);
  const orders = {
    place,
    name: (one, other) => one.dataset.name.localeCompare(other.dataset.name),
    size: (one, other) => Number(other.dataset.size) - Number(one.dataset.size),
    since: (one, other) => one.dataset.since.localeCompare(other.dataset.since),
    certainty: (one, other) => surest.indexOf(one.dataset.certainty) - surest.indexOf(other.dataset.certainty),
  };
  const sort = () => {
    const order = orders[by("sort").value] ?? place;
    groups.sort((one, other) => order(one, other) || place(one, other));
    main.append(...groups);
  };

  by("find").addEventListener("input", filter);
  ["action", "certainty", "ticks"].forEach((id) => by(id).addEventListener("change", filter));
  by("sort").addEventListener("change", sort);
  controls.addEventListener("submit", (event) => event.preventDefault());
  controls.addEventListener("reset", () => setTimeout(() => { sort(); filter(); }));
  main.addEventListener("change", (event) => {
    if (event.target.dataset.tick) keep(event.target);
  });
  controls.hidden = false;
  sort();
  filter();
})();
