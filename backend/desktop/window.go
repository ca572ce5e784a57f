package desktop

import (
	"context"
	"sync"
)

// Toolkit is what the window toolkit does with the window. Its methods return at once.
type Toolkit interface {
	Show()
	Hide()
	Quit()
}

// Window is the life of the one window. Its methods can be called at any time, from any goroutine.
type Window struct {
	// trayPresent tells whether a tray could bring a hidden window back.
	trayPresent func(ctx context.Context) bool
	// askClose lets the page ask what closing should mean.
	askClose func()

	mu       sync.Mutex
	toolkit  Toolkit
	loaded   bool
	quitting bool
	closing  bool
	wait     sync.WaitGroup
}

// NewWindow makes the life of a window that is not there yet.
func NewWindow(trayPresent func(ctx context.Context) bool, askClose func()) *Window {
	return &Window{trayPresent: trayPresent, askClose: askClose}
}

// Started says that there is a window now. A Quit that came before takes effect.
func (w *Window) Started(t Toolkit) {
	w.mu.Lock()
	w.toolkit = t
	quitting := w.quitting
	w.mu.Unlock()
	if quitting {
		t.Quit()
	}
}

// Loaded says that the page is there and can ask questions.
func (w *Window) Loaded() {
	w.mu.Lock()
	w.loaded = true
	w.mu.Unlock()
}

// Show brings the window to the front. Before there is one it does nothing: a window starts visible.
func (w *Window) Show() {
	if t := w.current(); t != nil {
		t.Show()
	}
}

// Hide takes the window away; the application goes on.
func (w *Window) Hide() {
	if t := w.current(); t != nil {
		t.Hide()
	}
}

// Quit ends the application, without asking.
func (w *Window) Quit() {
	w.mu.Lock()
	w.quitting = true
	t := w.toolkit
	w.mu.Unlock()
	if t != nil {
		t.Quit()
	}
}

func (w *Window) current() Toolkit {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.toolkit
}

// BeforeClose decides what closing the window means, and gives true if it must stay open for now. With a tray it is
// hidden; with none the page asks its user; with no page to ask, it closes and the application ends. It returns at
// once, for toolkits that call it from their loop.
func (w *Window) BeforeClose(ctx context.Context) (prevent bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.quitting || !w.loaded {
		// Once only: a toolkit that is told to end twice complains.
		again := w.closing
		w.closing = true
		return again
	}
	w.wait.Go(func() {
		if w.trayPresent(ctx) {
			w.Hide()
			return
		}
		w.askClose()
	})
	return true
}

// Wait waits for what BeforeClose began.
func (w *Window) Wait() { w.wait.Wait() }
