// The address of the page, which says what is shown, so that a link or a reload shows the same.

/** Show this query in the address, without a new entry in the history of the tab. */
export function showQuery(query) {
  history.replaceState(null, "", query ? `?${query}` : location.pathname);
}

/** The token has done its work when the page is there; links that are copied must not have it. */
export function forgetToken() {
  const query = new URLSearchParams(location.search);
  query.delete("token");
  showQuery(String(query));
}
