// The numbers of the day lead to the rows that they count: the link goes to the table, this shows just those rows in it.
document.addEventListener("click", (event) => {
  const link = event.target.closest(".figures a[data-grid]");
  if (link) window.driveops.setProps(link.dataset.grid, { filterModel: JSON.parse(link.dataset.filter) });
});
