package chat

import (
	"net/http"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"gatehouse/backend/llm"
	"gatehouse/backend/store"
)

// File is a picture or a PDF that goes with a user's text. Its content is kept apart from the turns, which are read whole.
type File struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	MediaType string `json:"mediaType"`
	// Size is in bytes.
	Size int64 `json:"size"`
}

// NewFile is a file that a user adds. What kind it is of is told by its content.
type NewFile struct {
	Name string
	Data []byte
}

const (
	// MaxFiles bounds the files of one message.
	MaxFiles = 10
	// MaxFile bounds one file, in bytes.
	MaxFile = 10 << 20
	// MaxAllFiles bounds the files of a conversation together, in bytes: each request carries all of them, in base64, and
	// few providers take more than 32 MB.
	MaxAllFiles = 20 << 20

	maxFileName = 200
)

// mediaTypes are what can be added, by what a content looks like.
var mediaTypes = map[string]bool{
	"image/png": true, "image/jpeg": true, "image/gif": true, "image/webp": true, "application/pdf": true,
}

// checkFiles gives what is kept of files that are added, with ids of their own.
func checkFiles(added []NewFile) ([]File, error) {
	if len(added) > MaxFiles {
		return nil, llm.Errorf(llm.ErrBadRequest, "%d files are too many for one message; it takes %d", len(added), MaxFiles)
	}
	var out []File
	for _, f := range added {
		name, kind := cleanName(f.Name), http.DetectContentType(f.Data)
		switch {
		case !mediaTypes[kind]:
			return nil, llm.Errorf(llm.ErrBadRequest, "%s is neither a picture (PNG, JPEG, GIF, WebP) nor a PDF; leave it out", name)
		case len(f.Data) > MaxFile:
			return nil, llm.Errorf(llm.ErrBadRequest, "%s has more than %d MiB; make it smaller", name, MaxFile>>20)
		}
		out = append(out, File{ID: newFileID(), Name: name, MediaType: kind, Size: int64(len(f.Data))})
	}
	return out, nil
}

// cleanName is a file's name without its folders and without signs that can't be seen.
func cleanName(name string) string {
	name = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, filepath.Base(strings.ReplaceAll(strings.ToValidUTF8(name, ""), `\`, "/")))
	if runes := []rune(name); len(runes) > maxFileName {
		name = string(runes[len(runes)-maxFileName:]) // its end tells what it is
	}
	if name == "" || name == "." || name == "/" {
		return "file"
	}
	return name
}

// checkRoom refuses what a conversation can't hold.
func checkRoom(turns []turnRecord) error {
	var sum int64
	for _, t := range turns {
		for _, f := range t.Files {
			sum += f.Size
		}
	}
	if sum > MaxAllFiles {
		return llm.Errorf(llm.ErrBadRequest, "the files of this conversation would have more than %d MiB together, and each message "+
			"carries all of them; start a new chat, or leave some out", MaxAllFiles>>20)
	}
	return nil
}

func fileKey(conversation, file string) string { return conversation + "/" + file }

// putFiles stores the contents of files.
func (s *shelf) putFiles(tx *store.Tx, conversation string, contents map[string][]byte) error {
	for id, data := range contents {
		if err := s.files.In(tx).Put(fileKey(conversation, id), data); err != nil {
			return err
		}
	}
	return nil
}

// contents gives those of the files of turns, by id.
func (s *shelf) contents(conversation string, turns []turnRecord) (map[string][]byte, error) {
	out := map[string][]byte{}
	err := s.db.Read(func(tx *store.Tx) error {
		for _, t := range turns {
			for _, f := range t.Files {
				data, ok, err := s.files.In(tx).Get(fileKey(conversation, f.ID))
				if err != nil {
					return err
				}
				if ok {
					out[f.ID] = data
				}
			}
		}
		return nil
	})
	return out, err
}

// dropFiles removes the contents of a turn's files.
func (s *shelf) dropFiles(tx *store.Tx, conversation string, t turnRecord) error {
	for _, f := range t.Files {
		if err := s.files.In(tx).Delete(fileKey(conversation, f.ID)); err != nil {
			return err
		}
	}
	return nil
}

// media are a turn's files as a model gets them.
func (t turnRecord) media(contents map[string][]byte) []llm.Part {
	var out []llm.Part
	for _, f := range t.Files {
		if data, ok := contents[f.ID]; ok {
			out = append(out, llm.Media{Data: data, MediaType: f.MediaType, Filename: f.Name})
		}
	}
	return out
}

// File gives the content of a conversation's file, and its media type.
func (c *Chats) File(conversation, file string) (mediaType string, data []byte, err error) {
	err = c.shelf.db.Read(func(tx *store.Tx) error {
		r, ok, err := c.shelf.conversations.In(tx).Get(conversation)
		if err != nil || !ok || r.Deleted {
			return err
		}
		data, _, err = c.shelf.files.In(tx).Get(fileKey(conversation, file))
		return err
	})
	switch {
	case err != nil:
		return "", nil, reading(err)
	case data == nil:
		return "", nil, llm.Errorf(llm.ErrNotFound, "there is no such file in the conversation")
	}
	return http.DetectContentType(data), data, nil
}

// titleFor is the title of a conversation that begins with a text or, without one, with files.
func titleFor(text string, files []File) string {
	if strings.TrimSpace(text) == "" && len(files) > 0 {
		text = files[0].Name
	}
	return titleOf(text)
}

func checkText(text string, files int) error {
	switch {
	case strings.TrimSpace(text) == "" && files == 0:
		return llm.Errorf(llm.ErrBadRequest, "the message is empty; write something first")
	case len(text) > MaxText:
		return llm.Errorf(llm.ErrBadRequest, "the message is too long: %d bytes, and %d are allowed",
			len(text), MaxText)
	case !utf8.ValidString(text):
		return llm.Errorf(llm.ErrBadRequest, "the message is not valid text (UTF-8)")
	}
	return nil
}
