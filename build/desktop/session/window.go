package session

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// Window is a window as the window manager shows it, found by its title.
type Window struct {
	s     *Session
	title string
	fixed string // an id known beforehand
}

// Window gives the window with the title, whether or not it is there yet.
func (s *Session) Window(title string) *Window { return &Window{s: s, title: title} }

// poll asks until ok: X tells about windows only to who knows them already.
func (s *Session) poll(what string, ok func() bool) {
	s.t.Helper()
	deadline := time.After(Patience)
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for !ok() {
		select {
		case <-again.C:
		case <-deadline:
			s.Shot("gave-up")
			s.t.Fatalf("gave up waiting until %s", what)
		}
	}
}

// Visible tells whether the window is on the screen.
func (w *Window) Visible() bool { return w.id() != "" }

func (w *Window) id() string {
	if w.fixed != "" {
		return w.fixed
	}
	// xdotool ends with an error when it finds nothing.
	out, _ := exec.Command("xdotool", "search", "--onlyvisible", "--name", "^"+w.title+"$").Output()
	fields := strings.Fields(string(out))
	if len(fields) == 0 {
		return ""
	}
	return fields[len(fields)-1]
}

// AwaitVisible waits until the window is on the screen, or is not.
func (w *Window) AwaitVisible(visible bool) {
	w.s.t.Helper()
	what := "the window is gone"
	if visible {
		what = "the window is there"
	}
	w.s.poll(what, func() bool { return w.Visible() == visible })
}

// Close asks the window manager to close the window, as its close button does.
func (w *Window) Close() {
	w.s.t.Helper()
	if out, err := exec.Command("wmctrl", "-F", "-c", w.title).CombinedOutput(); err != nil {
		w.s.t.Fatalf("closing the window: %v: %s", err, out)
	}
}

// Picture is what a window shows: red, green and blue of each pixel, in bytes or, by the mood of ImageMagick, in pairs
// of them.
type Picture struct {
	width, height int
	perPixel      int
	pixels        []byte
}

// Picture looks at the window; nil while it is not there.
func (w *Window) Picture() *Picture {
	w.s.t.Helper()
	id := w.id()
	if id == "" {
		return nil
	}
	out, err := exec.Command("import", "-silent", "-window", id, "ppm:-").Output()
	if err != nil {
		return nil // it went away in between
	}
	p := &Picture{}
	var kind string
	var depth int
	_, err = fmt.Fscan(bytes.NewReader(out), &kind, &p.width, &p.height, &depth)
	p.perPixel = 3
	if depth > 255 {
		p.perPixel = 6
	}
	size := p.perPixel * p.width * p.height
	if err != nil || kind != "P6" || len(out) < size {
		w.s.t.Fatalf("the window's picture is unreadable: %q... (%v)", out[:min(len(out), 20)], err)
	}
	p.pixels = out[len(out)-size:]
	return p
}

// steadyLooks is how many looks in a row must show the same for the page to count as painted; it has animations.
const steadyLooks = 5

// AwaitPainted waits until the window shows a page, and has shown the same one for some looks in a row.
func (w *Window) AwaitPainted() *Picture {
	w.s.t.Helper()
	var last *Picture
	same := 0
	w.s.poll("the window shows its page", func() bool {
		now := w.Picture()
		if now != nil && last != nil && now.Painted() && Changed(last, now) == 0 {
			same++
		} else {
			same = 0
		}
		last = now
		return same+1 == steadyLooks
	})
	return last
}

// AwaitChange waits until at least the given share (0 to 1) of the pixels in the window's topmost rows are others than
// before; rows 0 means all.
func (w *Window) AwaitChange(what string, before *Picture, rows int, share float64) {
	w.s.t.Helper()
	w.s.poll(what, func() bool {
		now := w.Picture()
		return now != nil && Changed(before.top(rows), now.top(rows)) >= share
	})
}

// Await waits until what the window shows is as wanted.
func (w *Window) Await(what string, ok func(*Picture) bool) {
	w.s.t.Helper()
	w.s.poll(what, func() bool { now := w.Picture(); return now != nil && ok(now) })
}

// Brightness is the mean of all pixels, from 0 for black to 1 for white.
func (p *Picture) Brightness() float64 {
	sum, step := 0, p.perPixel/3 // of two bytes the first one counts
	for i := 0; i < len(p.pixels); i += step {
		sum += int(p.pixels[i])
	}
	return float64(sum) / float64(len(p.pixels)/step) / 255
}

func (p *Picture) top(rows int) *Picture {
	if rows == 0 || rows >= p.height {
		return p
	}
	return &Picture{p.width, rows, p.perPixel, p.pixels[:rows*p.width*p.perPixel]}
}

// Changed is the share of pixels that differ, from 0 to 1. Pictures of different sizes differ wholly.
func Changed(a, b *Picture) float64 {
	if a.width != b.width || a.height != b.height || a.perPixel != b.perPixel {
		return 1
	}
	if bytes.Equal(a.pixels, b.pixels) {
		return 0
	}
	n := 0
	for i := 0; i < len(a.pixels); i += a.perPixel {
		if !bytes.Equal(a.pixels[i:i+a.perPixel], b.pixels[i:i+a.perPixel]) {
			n++
		}
	}
	return float64(n) / float64(a.width*a.height)
}

// Painted tells whether there is more to see than an empty window.
func (p *Picture) Painted() bool { return colours(p) > 20 }

// colours counts the colours of every seventh pixel.
func colours(p *Picture) int {
	seen := map[string]bool{}
	for i := 0; i < len(p.pixels); i += 7 * p.perPixel {
		seen[string(p.pixels[i:i+p.perPixel])] = true
	}
	return len(seen)
}

// Screen looks at the whole screen.
func (s *Session) Screen() *Picture {
	s.t.Helper()
	return (&Window{s: s, fixed: "root"}).Picture()
}

// OpenTrayMenu opens the menu of the panel's last tray icon with the mouse.
func (s *Session) OpenTrayMenu() {
	s.t.Helper()
	before := s.Screen()
	s.xdotool("mousemove", fmt.Sprint(before.width-14), "15", "click", "1")
	s.awaitScreen("the tray's menu opens", before)
}

// CloseTrayMenu closes what OpenTrayMenu opened.
func (s *Session) CloseTrayMenu() {
	s.t.Helper()
	before := s.Screen()
	s.xdotool("key", "Escape", "key", "Escape")
	s.awaitScreen("the tray's menu closes", before)
}

func (s *Session) awaitScreen(what string, before *Picture) {
	s.t.Helper()
	s.poll(what, func() bool { return Changed(before, s.Screen()) > 0.005 })
}

// Key presses keys together in the window that has the focus, named as xdotool does, such as "ctrl+1".
func (s *Session) Key(keys string) { s.t.Helper(); s.xdotool("key", "--clearmodifiers", keys) }

// Type types text into the window that has the focus.
func (s *Session) Type(text string) { s.t.Helper(); s.xdotool("type", text) }

// Shot takes a picture of the window into the folder GATEHOUSE_SHOTS, if that is set.
func (w *Window) Shot(name string) {
	w.s.t.Helper()
	if id := w.id(); id != "" {
		w.s.shot(name, id)
	}
}

func (s *Session) xdotool(args ...string) {
	s.t.Helper()
	if out, err := exec.Command("xdotool", args...).CombinedOutput(); err != nil {
		s.t.Fatalf("xdotool %v: %v: %s", args, err, out)
	}
}
