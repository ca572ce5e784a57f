// Keeps the window on its own page: every link to somewhere else goes to the system's browser, through Bridge.Open.
// A page's own click handlers come first.
(() => {
  if (window.gatehouseLinks) return;
  window.gatehouseLinks = true;
  const open = address => void window.go.desktop.Bridge.Open(String(address)).catch(() => {});
  const leaves = url =>
    (url.protocol !== location.protocol || url.host !== location.host) && url.protocol !== "blob:" && url.protocol !== "data:";
  const follow = event => {
    if (event.defaultPrevented) return;
    const link = event.composedPath().find(node => node instanceof HTMLAnchorElement && node.href);
    if (!link) return;
    const url = new URL(link.href, location.href);
    if (!leaves(url)) return;
    event.preventDefault();
    open(url.href);
  };
  window.addEventListener("click", follow);
  window.addEventListener("auxclick", follow);
  window.open = address => {
    const url = new URL(address, location.href);
    if (leaves(url)) open(url.href);
    return null;
  };
  window.runtime.BrowserOpenURL = open;
})();
