package control

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"gatehouse/backend/llm"
)

// Where pages in a browser have a backup made and downloaded, and where they send one to have its requests put back.
const (
	backupPath  = "/api/backup.download"
	restorePath = "/api/backup.upload"
)

// uploadLimit bounds a backup that a page sends, in bytes.
const uploadLimit = 64 << 30

// serveBackup sends a backup. It is written to a file first: the database can't wait for whoever downloads.
func (s *Service) serveBackup(w http.ResponseWriter, r *http.Request) {
	folder, err := s.passingFolder()
	if err != nil {
		writeFailure(w, llm.Errorf(llm.ErrInternal, "a backup can't be made beside the database: %v", err))
		return
	}
	defer func() {
		if err := os.RemoveAll(folder); err != nil {
			s.Logger.Error("a backup that was downloaded can't be removed", "folder", folder, "error", err)
		}
	}()
	path := filepath.Join(folder, "backup.db")
	if _, err := s.DB.Backup(path); err != nil {
		writeFailure(w, llm.Errorf(llm.ErrInternal, "%v", err))
		return
	}
	f, err := os.Open(path)
	if err != nil {
		writeFailure(w, llm.Errorf(llm.ErrInternal, "%v", err))
		return
	}
	defer f.Close() //nolint:errcheck // it is only read
	now := s.Now()
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", "gatehouse-"+now.Format("20060102-150405")+".db"))
	http.ServeContent(w, r, "", now, f)
}

// serveRestore puts back the requests of a backup that is the request's body.
func (s *Service) serveRestore(w http.ResponseWriter, r *http.Request) {
	// As with calls, a form or a no-cors fetch of another page can't send this type.
	if r.Header.Get("Content-Type") != "application/octet-stream" {
		writeFailure(w, llm.Errorf(llm.ErrBadRequest, "a backup's Content-Type is application/octet-stream").
			WithStatus(http.StatusUnsupportedMediaType))
		return
	}
	folder, err := s.passingFolder()
	if err != nil {
		writeFailure(w, llm.Errorf(llm.ErrInternal, "a backup can't be read beside the database: %v", err))
		return
	}
	defer func() {
		if err := os.RemoveAll(folder); err != nil {
			s.Logger.Error("the copy of a backup can't be removed", "folder", folder, "error", err)
		}
	}()
	path := filepath.Join(folder, "backup.db")
	if err := copyTo(path, http.MaxBytesReader(w, r.Body, uploadLimit)); err != nil {
		writeFailure(w, llm.Errorf(llm.ErrBadRequest, "the backup can't be read: %v", err))
		return
	}
	done, err := s.restoreFrom(r.Context(), path, "the file")
	if err != nil {
		writeFailure(w, err)
		return
	}
	writeResult(w, http.StatusOK, done)
}
