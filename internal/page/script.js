"use strict";
(function () {
  const perPage = 50;
  const compare = new Intl.Collator("en", { numeric: true }).compare;

  // A list shows a page of the rows that the search leaves, in the order that was asked for.
  function list(root) {
    const data = JSON.parse(root.querySelector("script").textContent);
    const columns = data.columns;
    const head = root.querySelector("thead"), body = root.querySelector("tbody");
    const input = root.querySelector("input"), count = root.querySelector(".count");
    const previous = root.querySelector(".previous"), next = root.querySelector(".next");
    let rows = data.rows, page = 0, sorted = -1, down = false, texts = null;

    const value = (row, c) => columns[c].values ? columns[c].values[row[c]] : row[c];
    const text = (row) => columns.map((column, c) => column.number ? "" : value(row, c)).join("\n").toLowerCase();

    function cell(row, c) {
      const v = value(row, c), column = columns[c];
      const td = document.createElement(c === 0 ? "th" : "td");
      if (c === 0) td.scope = "row";
      if (!column.number) td.className = "words";
      if (v !== null) {
        td.textContent = column.decimals ? v.toFixed(column.decimals) : column.number ? v.toLocaleString("en") : v;
      }
      return td;
    }

    function show() {
      const pages = Math.max(1, Math.ceil(rows.length / perPage));
      page = Math.min(Math.max(page, 0), pages - 1);
      const from = page * perPage, to = Math.min(rows.length, from + perPage);
      body.replaceChildren(...rows.slice(from, to).map((row) => {
        const tr = document.createElement("tr");
        tr.append(...columns.map((_, c) => cell(row, c)));
        return tr;
      }));
      count.textContent = rows.length === 0 ? "Nothing found." :
        (from + 1).toLocaleString("en") + " to " + to.toLocaleString("en") + " of " + rows.length.toLocaleString("en");
      previous.disabled = page === 0;
      next.disabled = page === pages - 1;
      previous.parentNode.hidden = pages === 1;
    }

    function arrange() {
      const wanted = input.value.trim().toLowerCase();
      rows = data.rows;
      if (wanted) {
        texts = texts || data.rows.map(text);
        rows = rows.filter((_, i) => texts[i].includes(wanted));
      }
      if (sorted >= 0) {
        const c = sorted, sign = down ? -1 : 1;
        rows = rows.slice().sort((a, b) => {
          const x = value(a, c), y = value(b, c);
          const blankX = x === null || x === "", blankY = y === null || y === "";
          if (blankX || blankY) return blankX - blankY; // the empty ones stay last
          return sign * (columns[c].number ? x - y : compare(x, y));
        });
      }
      page = 0;
      show();
    }

    const tr = document.createElement("tr");
    columns.forEach((column, c) => {
      const th = document.createElement("th"), button = document.createElement("button");
      th.scope = "col";
      if (!column.number) th.className = "words";
      button.type = "button";
      button.textContent = column.name;
      button.addEventListener("click", () => {
        down = sorted === c ? !down : Boolean(column.number); // numbers begin with the largest
        sorted = c;
        for (const other of tr.children) other.removeAttribute("aria-sort");
        th.setAttribute("aria-sort", down ? "descending" : "ascending");
        arrange();
      });
      th.append(button);
      tr.append(th);
    });
    head.append(tr);
    input.addEventListener("input", arrange);
    previous.addEventListener("click", () => { page--; show(); });
    next.addEventListener("click", () => { page++; show(); });
    show();
  }

  document.querySelectorAll("[data-list]").forEach(list);
  window.addEventListener("beforeprint", () => {
    document.querySelectorAll("details").forEach((d) => { d.open = true; });
  });
})();
