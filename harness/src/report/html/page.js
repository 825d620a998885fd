// Makes the page handier; without it everything is there.
"use strict";
// Shows the rows of the table of all cases that have the typed words.
const filter = document.getElementById("filter");
const rows = Array.from(document.querySelectorAll("#all tbody tr"));
filter.parentElement.hidden = false;
filter.addEventListener("input", () => {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
  }
});
// Opens the card to which a link leads.
const follow = () => {
  const card = document.getElementById(location.hash.slice(1));
  if (card instanceof HTMLDetailsElement) card.open = true;
};
addEventListener("hashchange", follow);
follow();
