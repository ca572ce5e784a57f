# shellcheck shell=sh
# Building the two binaries. Needs common.sh and web.sh.

headless_tags=headless

# desktop_tags are the build tags of the window: Wails wants the first two, and the third names the web view's version.
case "$(system)" in
linux) desktop_tags=desktop,production,webkit2_41 ;;
*) desktop_tags=desktop,production ;;
esac

exe=
[ "$(system)" = windows ] && exe=.exe

# go_build NAME TAGS LDFLAGS
go_build() {
	say "building $bin/$1"
	# The version is stamped here; what Go would stamp by itself fails in a folder that belongs to somebody else.
	go build -trimpath -buildvcs=false -tags "$2" -ldflags "-s -w -X main.version=$(version) $3" -o "$bin/$1" . ||
		die "$bin/$1 does not build. The compiler's message is above."
}

build_headless() {
	CGO_ENABLED=0 go_build "gatehouse-headless$exe" "$headless_tags" ""
}

build_desktop() {
	case "$(system)" in
	linux) CGO_ENABLED=1 go_build gatehouse "$desktop_tags" "" ;;
	darwin)
		CGO_ENABLED=1 CGO_CFLAGS="-mmacosx-version-min=10.13" \
			CGO_LDFLAGS="-framework UniformTypeIdentifiers -mmacosx-version-min=10.13" \
			go_build gatehouse "$desktop_tags" ""
		;;
	windows) CGO_ENABLED=0 go_build gatehouse.exe "$desktop_tags" "-H windowsgui" ;;
	esac
}
