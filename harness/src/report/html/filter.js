// Shows the rows of the table of all cases that have the typed words. Without it all rows are there.
"use strict";
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
