package tray

import "fyne.io/systray"

// start talks to the session bus only, so it needs neither a main thread nor a loop. Title and icon are set before,
// because the library reads them once while it registers; the item's id is made of the title.
func start(paint, build func()) (end func()) {
	systray.SetTitle("Gatehouse")
	paint()
	begin, end := systray.RunWithExternalLoop(build, nil)
	begin()
	return end
}
