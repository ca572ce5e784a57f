package control

import (
	"context"
	"fmt"

	"gatehouse/backend/access"
	"gatehouse/backend/connect"
	"gatehouse/backend/routing"
)

// Editor is an editor or agent that can be pointed at the endpoint.
type Editor struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Detected tells that it seems to be installed, Connected that its settings were pointed here.
	Detected  bool `json:"detected"`
	Connected bool `json:"connected"`
	// Files are its settings files, the ones that are not there yet with them; none if it hides its settings.
	Files []string `json:"files"`
	// Model is what it was told to ask for; empty if it is not connected.
	Model string `json:"model"`
}

// EditorStep is something to do by hand. Value is what to enter there, empty if nothing is.
type EditorStep struct {
	Text  string `json:"text"`
	Value string `json:"value"`
}

// EditorPlace is where the caller finds its editors: its home folder, and the variables of its environment that lead to
// editors' settings. Left out, they are the server's.
type EditorPlace struct {
	Home      string            `json:"home,omitempty"`
	Variables map[string]string `json:"variables,omitempty"`
}

// EditorList is every editor that is known.
type EditorList struct {
	Editors []Editor `json:"editors"`
}

// EditorRef names an editor.
type EditorRef struct {
	Editor string `json:"editor"`
}

// EditorChoice names an editor and the model it is to ask for; empty is the one it has, or whatever model is active.
type EditorChoice struct {
	Editor string      `json:"editor"`
	Model  string      `json:"model"`
	Place  EditorPlace `json:"place,omitempty"`
}

// EditorChange asks for what a connection would change, or the way back from it.
type EditorChange struct {
	Editor string      `json:"editor"`
	Model  string      `json:"model"`
	Revert bool        `json:"revert"`
	Place  EditorPlace `json:"place,omitempty"`
}

// EditorPlan is a change of an editor's settings files, made or not yet.
type EditorPlan struct {
	Editor string `json:"editor"`
	// Diff is a unified diff without the secrets in it; empty if no file changes.
	Diff  string   `json:"diff"`
	Files []string `json:"files"`
	// Steps is what is left to do by hand. Those of a connection that was made hold the new API key.
	Steps []EditorStep `json:"steps"`
	// Notices are what to know about it.
	Notices []string `json:"notices"`
}

// editors gives the editors as the caller finds them.
func (s *Service) editors(p EditorPlace) *connect.Editors {
	if p.Home == "" {
		return s.Editors
	}
	return s.Editors.For(p.Home, func(name string) string { return p.Variables[name] })
}

func (s *Service) editorList(_ context.Context, p EditorPlace) (EditorList, error) {
	found, err := s.editors(p).List()
	if err != nil {
		return EditorList{}, err
	}
	list := EditorList{Editors: []Editor{}}
	for _, f := range found {
		list.Editors = append(list.Editors, Editor{
			ID: f.ID, Name: f.Name, Detected: f.Detected, Connected: f.Connected, Files: append([]string{}, f.Files...), Model: f.Model,
		})
	}
	return list, nil
}

func (s *Service) planView(p connect.Plan) EditorPlan {
	steps := []EditorStep{}
	for _, step := range p.Steps {
		steps = append(steps, EditorStep(step))
	}
	return EditorPlan{
		Editor: p.Editor, Diff: s.Credentials.Redact(p.Diff), Files: append([]string{}, p.Files...),
		Steps: steps, Notices: append([]string{}, p.Notices...),
	}
}

// keyToCome stands for the API key that is made only when a change is carried out.
const keyToCome = "gh_…"

// editorValues gives what to tell an editor, with the key that it has already if that is still good.
func (s *Service) editorValues(c EditorChoice) (v connect.Values, before connect.Found, keep bool, err error) {
	editors := s.editors(c.Place)
	found, err := editors.List()
	if err != nil {
		return v, before, false, err
	}
	for _, f := range found {
		if f.ID == c.Editor {
			before = f
		}
	}
	v = connect.Values{URL: s.endpointStatus(s.Settings.Snapshot().Addr).URL, Key: keyToCome, Model: c.Model}
	if v.Model == "" {
		v.Model = before.Model
	}
	if v.Model == "" {
		v.Model = routing.ActiveModel
	}
	if !before.Connected {
		return v, before, false, nil
	}
	set, err := editors.Settings(c.Editor)
	if err != nil {
		return v, before, false, nil //nolint:nilerr // what can't be read is told by whoever changes it
	}
	if key, err := s.Keys.Authenticate(set.Key); err == nil && key.ID == before.KeyID {
		v.Key, keep = set.Key, true
	}
	return v, before, keep, nil
}

func (s *Service) editorPlan(_ context.Context, c EditorChange) (EditorPlan, error) {
	if c.Revert {
		p, err := s.Editors.PlanRevert(c.Editor)
		return s.planView(p), err
	}
	v, _, _, err := s.editorValues(EditorChoice{c.Editor, c.Model, c.Place})
	if err != nil {
		return EditorPlan{}, err
	}
	p, err := s.editors(c.Place).Plan(c.Editor, v)
	return s.planView(p), err
}

func (s *Service) connectEditor(_ context.Context, c EditorChoice) (EditorPlan, error) {
	v, before, keep, err := s.editorValues(c)
	if err == nil { // what can't be written must not cost a key
		_, err = s.editors(c.Place).Plan(c.Editor, v)
	}
	if err != nil {
		return EditorPlan{}, err
	}
	id := before.KeyID
	if !keep {
		key, token, err := s.Keys.Create(access.NewKey{Name: s.freeKeyName(c.Editor)})
		if err != nil {
			return EditorPlan{}, err
		}
		id, v.Key = key.ID, token
	}
	p, err := s.editors(c.Place).Apply(c.Editor, v, id)
	unused := before.KeyID
	if err != nil {
		unused = id
	}
	if unused != "" && !keep {
		err = firstError(err, s.revokeEditorKey(unused))
	}
	return s.planView(p), err
}

// freeKeyName gives a name for a key that no other has.
func (s *Service) freeKeyName(editor string) string {
	taken := map[string]bool{}
	for _, k := range s.Keys.List() {
		taken[k.Name] = taken[k.Name] || k.RevokedAt == nil
	}
	name := editor
	for n := 2; taken[name]; n++ {
		name = fmt.Sprintf("%s-%d", editor, n)
	}
	return name
}

func (s *Service) revokeEditorKey(id string) error {
	for _, k := range s.Keys.List() {
		if k.ID == id {
			_, err := s.Keys.Revoke(id)
			return err
		}
	}
	return nil // deleted with the database that knew it
}

func (s *Service) disconnectEditor(_ context.Context, r EditorRef) (EditorPlan, error) {
	p, err := s.Editors.Revert(r.Editor, s.revokeEditorKey)
	return s.planView(p), err
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
