package tray

import (
	"runtime"

	"fyne.io/systray"
)

// start gives the tray a thread and a message loop of its own. In the window's loop it would work too, but ending it
// would post the message that ends the window's loop.
func start(paint, build func()) (end func()) {
	ready := func() {
		paint()
		build()
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		systray.Run(ready, nil)
	}()
	return func() {
		systray.Quit()
		<-done
	}
}
