package desktop_test

import (
	"os"
	"path/filepath"
	"testing"

	"gatehouse/build/desktop/session"
)

// backUpByDialog has the window ask, by the system's own dialog, where to write a backup, and looks for it there.
func backUpByDialog(t *testing.T, s *session.Session, g *gatehouse, now *session.Picture) {
	t.Helper()
	palette(s, g.window, now, "back up now")
	dialog := s.Window("Back up")
	dialog.AwaitVisible(true)
	dialog.AwaitPainted()
	file := filepath.Join(t.TempDir(), "chosen.db")
	s.Key("ctrl+a")
	s.Type(file)
	s.Key("Return")
	dialog.AwaitVisible(false)
	g.window.Await("the backup is there", func(*session.Picture) bool {
		info, err := os.Stat(file)
		return err == nil && info.Size() > 0 && info.Mode().Perm() == 0o600
	})
	g.window.Shot("backup-made")
	g.must("restore", file)
}
