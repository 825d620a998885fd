// Optional: the page shows everything without this script.
"use strict";
// Shows only those rows of the table of all cases that contain every typed word.
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
// Opens the card that a link points to.
const follow = () => {
  const card = document.getElementById(location.hash.slice(1));
  if (card instanceof HTMLDetailsElement) card.open = true;
};
addEventListener("hashchange", follow);
follow();
