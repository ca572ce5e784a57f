package tray

import "fyne.io/systray"

// start adds the item to the loop that the window will run. With an external loop the library leaves the application's
// delegate to the window; there must be no systray.Quit while the window's loop runs, since it stops that loop.
func start(paint, build func()) (end func()) {
	ready := func() {
		paint()
		build()
	}
	begin, end := systray.RunWithExternalLoop(ready, nil)
	begin()
	return end
}
