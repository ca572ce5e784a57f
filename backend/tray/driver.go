package tray

import (
	"runtime"
	"strings"
	"sync"

	"fyne.io/systray"
)

// driver brings systray's menu to where the entries say, touching only what differs: each change is a message to the
// tray's host. Its draw is for one goroutine.
type driver struct {
	click func(Click)
	done  chan struct{}
	wait  sync.WaitGroup
	slots []*slot
}

// slot is one place in the menu. Items are never removed: systray closes a removed item's channel, and a click that is
// just arriving would then be a send on a closed channel.
type slot struct {
	item     *systray.MenuItem
	children []*slot
	shown    Entry

	mu  sync.Mutex
	now Click
}

func newDriver(click func(Click)) *driver {
	return &driver{click: click, done: make(chan struct{})}
}

func (d *driver) draw(entries []Entry) {
	if d.slots == nil {
		d.slots = d.build(nil, entries)
		return
	}
	d.update(d.slots, entries)
}

// stop ends the goroutines that listen for clicks and waits for commands that are running.
func (d *driver) stop() {
	close(d.done)
	d.wait.Wait()
}

func (d *driver) build(parent *systray.MenuItem, entries []Entry) []*slot {
	slots := make([]*slot, 0, len(entries))
	for _, e := range entries {
		s := &slot{shown: e, now: e.Click}
		slots = append(slots, s)
		if e.Kind == Separator {
			if parent == nil {
				systray.AddSeparator()
			} else {
				parent.AddSeparator()
			}
			continue
		}
		s.item = newItem(parent, e)
		s.children = d.build(s.item, e.Children)
		if e.Disabled {
			s.item.Disable()
		}
		if e.Hidden {
			s.item.Hide()
		}
		if e.Kind != Submenu {
			d.wait.Go(func() { d.listen(s) })
		}
	}
	return slots
}

func (e Entry) checkable() bool { return e.Kind == Radio || e.Kind == Check }

func newItem(parent *systray.MenuItem, e Entry) *systray.MenuItem {
	text := label(e.Title)
	switch {
	case parent == nil && e.checkable():
		return systray.AddMenuItemCheckbox(text, "", e.Checked)
	case parent == nil:
		return systray.AddMenuItem(text, "")
	case e.checkable():
		return parent.AddSubMenuItemCheckbox(text, "", e.Checked)
	}
	return parent.AddSubMenuItem(text, "")
}

func (d *driver) listen(s *slot) {
	for {
		select {
		case <-d.done:
			return
		case <-s.item.ClickedCh:
			s.mu.Lock()
			click := s.now
			s.mu.Unlock()
			if click.Verb != Nothing {
				d.click(click)
			}
		}
	}
}

func (d *driver) update(slots []*slot, entries []Entry) {
	for i, e := range entries { // so that no two are ever seen checked
		if s := slots[i]; s.shown.Checked && !e.Checked && !e.Hidden {
			s.item.Uncheck()
		}
	}
	for i, e := range entries {
		slots[i].update(e)
		d.update(slots[i].children, e.Children)
	}
}

func (s *slot) update(e Entry) {
	s.mu.Lock()
	s.now = e.Click
	s.mu.Unlock()
	was := s.shown
	s.shown = e
	if e.Kind == Separator {
		return
	}
	if e.Hidden {
		// On Windows any other change would make a hidden item appear again.
		if !was.Hidden {
			s.item.Hide()
		}
		return
	}
	if was.Hidden {
		s.item.Show()
	}
	if e.Title != was.Title {
		s.item.SetTitle(label(e.Title))
	}
	if e.Disabled != s.item.Disabled() {
		if e.Disabled {
			s.item.Disable()
		} else {
			s.item.Enable()
		}
	}
	if e.Checked != s.item.Checked() {
		if e.Checked {
			s.item.Check()
		} else {
			s.item.Uncheck()
		}
	}
}

// label keeps a title's characters from being taken for a keyboard mnemonic: dbusmenu marks one by an underscore,
// Windows by an ampersand.
func label(title string) string {
	switch runtime.GOOS {
	case "linux":
		return strings.ReplaceAll(title, "_", "__")
	case "windows":
		return strings.ReplaceAll(title, "&", "&&")
	}
	return title
}
