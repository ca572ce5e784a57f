package desktop

import (
	"context"
	"sync"
	"time"
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
	hidden   bool
	// startsHidden is how the toolkit makes the window, then is what the page is to do once it is there.
	startsHidden bool
	then         func()
	wait         sync.WaitGroup
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
	then, show, t := w.then, w.startsHidden && !w.hidden, w.toolkit
	w.then = nil
	w.mu.Unlock()
	if show && t != nil { // a toolkit hides it in the end, whatever came before
		t.Show()
	}
	if then != nil {
		then()
	}
}

// Open shows the window and has the page do something, once it is there.
func (w *Window) Open(do func()) {
	w.mu.Lock()
	if !w.loaded {
		w.then, do = do, nil
	}
	w.mu.Unlock()
	if do != nil {
		do()
	}
	w.Show()
}

// StartsHidden says that the window will not be shown when it is there.
func (w *Window) StartsHidden() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hidden, w.startsHidden = true, true
}

// Show brings the window to the front. One that is still to come starts visible.
func (w *Window) Show() {
	if t := w.setHidden(false); t != nil {
		t.Show()
	}
}

// Hide takes the window away; the application goes on.
func (w *Window) Hide() {
	if t := w.setHidden(true); t != nil {
		t.Hide()
	}
}

func (w *Window) setHidden(hidden bool) Toolkit {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hidden = hidden
	return w.toolkit
}

// StayReachable shows a hidden window when there has been no tray that could bring it back for so long, so that nothing
// runs that can't be seen. A panel that restarts is back before. It returns when ctx ends.
func (w *Window) StayReachable(ctx context.Context, present <-chan bool, grace time.Duration) {
	timer := time.NewTimer(grace)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case is := <-present:
			timer.Stop()
			if !is {
				timer.Reset(grace)
			}
		case <-timer.C:
			w.mu.Lock()
			hidden := w.hidden
			w.mu.Unlock()
			if hidden && !w.trayPresent(ctx) {
				w.Show()
			}
		}
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
