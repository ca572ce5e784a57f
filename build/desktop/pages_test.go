package desktop_test

import (
	"fmt"
	"os"
	"testing"

	"gatehouse/build/desktop/session"
)

// pages are all there are, in the navigation's order.
var pages = []string{"start", "chat", "compare", "models", "routing", "usage", "budgets", "connect", "keys", "credentials", "settings"}

// otherPage is the least share of pixels by which two pages differ.
const otherPage = 0.002

// TestPages goes through every page of the window by the keyboard alone, in one theme as it is, in the other at twice the scale. The
// pictures are for people to look at. In the end the window writes a backup to where its user says.
func TestPages(t *testing.T) {
	for scale, theme := range map[int]string{1: "light", 2: "dark"} {
		t.Run(fmt.Sprintf("%d00 percent", scale), func(t *testing.T) {
			if scale > 1 && os.Getenv("SCALES") != "all" {
				t.Skip("SCALES=all goes through the pages at twice the scale, too")
			}
			s := session.Open(t)
			g := start(t, s, fmt.Sprintf("GDK_SCALE=%d", scale))
			g.window.AwaitVisible(true)
			key := g.must("key", "create", "desktop-test", "--project", "site", "--expires", "30d")
			g.must("budget", "set", "site", "5/day", "--project", "site")
			if status, body := g.chat(key); status != 200 {
				t.Fatalf("%d: %s", status, body)
			}
			now := g.window.AwaitPainted()
			now = useTheme(s, g.window, now, theme)
			for i, page := range pages {
				goTo(s, i)
				if i > 0 { // the first is shown already
					g.window.AwaitChange("the window shows "+page, now, 0, otherPage)
				}
				now = g.window.AwaitPainted()
				g.window.Shot(fmt.Sprintf("%s-%s-%d00", page, theme, scale))
			}
			if scale == 1 {
				backUpByDialog(t, s, g, now)
			}
		})
	}
}

// goTo goes to a page by its keys: its place in the navigation, of which 0 is the tenth, and what is usual for settings.
func goTo(s *session.Session, page int) {
	if pages[page] == "settings" {
		s.Key("ctrl+comma")
		return
	}
	s.Key(fmt.Sprintf("ctrl+%d", (page+1)%10))
}

// palette runs the first action that the words find.
func palette(s *session.Session, w *session.Window, now *session.Picture, words string) {
	s.Key("ctrl+k")
	w.AwaitChange("the palette opens", now, 0, otherPage)
	s.Type(words)
	w.AwaitPainted()
	s.Key("Return")
}

// useTheme changes the theme by the palette, and gives what the window shows then.
func useTheme(s *session.Session, w *session.Window, now *session.Picture, theme string) *session.Picture {
	palette(s, w, now, theme+" theme")
	w.Await("the window is "+theme, func(p *session.Picture) bool { return (p.Brightness() > 0.5) == (theme == "light") })
	return w.AwaitPainted()
}
