#!/bin/sh
# Draws every icon from the SVGs beside this script. Needs chromium and ImageMagick; only for who changes an SVG,
# the results are committed.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# draw SVG SIZE FILE: the page is drawn at four times the size, so that small icons have smooth edges.
draw() {
	printf '<style>*{margin:0}svg{display:block;width:%spx;height:%spx}</style>' $(($2 * 4)) $(($2 * 4)) >"$work/p.html"
	cat "$1" >>"$work/p.html"
	chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --default-background-color=00000000 \
		--user-data-dir="$work/chromium" --window-size=$(($2 * 4)),$(($2 * 4)) \
		--screenshot="$work/p.png" "file://$work/p.html" 2>/dev/null
	convert "$work/p.png" -filter Box -resize "$2x$2" -strip "PNG32:$3"
}

tray=../../backend/tray/icons
mkdir -p "$tray" ../windows
draw gatehouse.svg 1024 ../appicon.png
for state in on paused; do
	draw tray-$state.svg 64 "$tray/$state.png"
	draw tray-$state-template.svg 44 "$tray/$state-template.png"
	for size in 16 20 24 32 48; do draw tray-$state.svg $size "$work/$size.png"; done
	convert "$work/16.png" "$work/20.png" "$work/24.png" "$work/32.png" "$work/48.png" "$tray/$state.ico"
done
for size in 16 32 48 256; do draw gatehouse.svg $size "$work/$size.png"; done
convert "$work/16.png" "$work/32.png" "$work/48.png" "$work/256.png" ../windows/icon.ico
