# shellcheck shell=sh
# Finding a Chromium for the end-to-end tests. Needs common.sh.

# find_browser prints the path of a Chromium or Chrome that starts; $CHROMIUM comes first. Each is asked for its
# version because Ubuntu's "chromium-browser" may be a stub that only asks for a snap.
find_browser() {
	for candidate in "${CHROMIUM:-}" chromium google-chrome google-chrome-stable chromium-browser "$(playwright_browser)"; do
		[ -n "$candidate" ] || continue
		found=$(command -v "$candidate") || continue
		"$found" --version >/dev/null 2>&1 || continue
		echo "$found"
		return 0
	done
	return 1
}

# playwright_browser prints where Playwright keeps its own Chromium, whether it is there or not.
playwright_browser() {
	[ -d frontend/node_modules/playwright-core ] || return 0
	(cd frontend && node -p 'require("playwright-core").chromium.executablePath()' 2>/dev/null)
}

# chromium_is_a_snap is true on Ubuntu, whose package of that name holds no browser.
chromium_is_a_snap() { grep -qx 'ID=ubuntu' /etc/os-release 2>/dev/null; }

# ensure_browser sets and exports $CHROMIUM. Call it after the npm packages are there.
ensure_browser() {
	if ! CHROMIUM=$(find_browser); then
		echo "Installing Playwright's Chromium (runs the pages in end-to-end tests; no package of this system has it)"
		(cd frontend && retry npx --no-install playwright-core install --with-deps chromium </dev/null)
		CHROMIUM=$(find_browser) || die "no Chromium: install Chromium or Google Chrome, or set CHROMIUM to its path."
	fi
	export CHROMIUM
}
