package sim

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// task is what the model editor was asked to do to one file: to put text in the place of old, or to write text to it
// where old is empty.
type task struct{ file, old, text string }

// A word is one between quotes, of which there may be three kinds, or up to the next space.
const word = "(\"[^\"\n]+\"|'[^'\n]+'|`[^`\n]+`|[^\\s\"'`]+)"

var (
	replacing = regexp.MustCompile(`(?i)\bin (?:the )?(?:file )?` + word + `[^\n]*? replace (?:the )?(?:word |text )?` + word + ` (?:with|by) ` + word)
	writing   = regexp.MustCompile(`(?i)\bwrite (?:the )?(?:word |text )?` + word + ` (?:in)?to (?:the )?(?:file )?` + word)
)

// readTask finds a task in what a user said; nil if there is none.
func readTask(text string) *task {
	if m := replacing.FindStringSubmatch(text); m != nil {
		return &task{file: unquoted(m[1]), old: unquoted(m[2]), text: unquoted(m[3])}
	}
	if m := writing.FindStringSubmatch(text); m != nil {
		return &task{file: unquoted(m[2]), text: unquoted(m[1])}
	}
	return nil
}

func unquoted(word string) string {
	if strings.ContainsAny(word[:1], "\"'`") {
		return word[1 : len(word)-1]
	}
	return strings.TrimRight(word, ".,;:!?")
}

// hear takes note of what a user said: a task in it is the one to do from here on.
func (a *ask) hear(text string) {
	if t := readTask(text); t != nil {
		a.task, a.used = t, nil
	}
}

// learn takes in what a tool answered.
func (a *ask) learn(r result) {
	a.results, a.used = append(a.results, r), append(a.used, r)
}

// shape is what a tool is good for, told by the names of its parameters, of which every program has its own.
type shape struct {
	tool
	// Each is the name of a parameter, empty if there is none: a file, a list of files, the text to look for, the text to
	// put, whether to put it everywhere, and a command for a shell.
	path, files, old, text, all, command string
	// argv tells that the command is a list of words, looks that the tool can't do without a text to look for.
	argv, looks bool
}

var parameterNames = []struct {
	field func(*shape) *string
	names []string
}{
	{func(s *shape) *string { return &s.path }, []string{"file_path", "filePath", "path", "absolute_path", "filename"}},
	{func(s *shape) *string { return &s.files }, []string{"files"}},
	{func(s *shape) *string { return &s.old }, []string{"old_string", "oldString", "old_text", "oldText", "old_str"}},
	{func(s *shape) *string { return &s.text }, []string{"new_string", "newString", "new_text", "newText", "new_str", "content", "contents"}},
	{func(s *shape) *string { return &s.all }, []string{"replace_all", "replaceAll"}},
	{func(s *shape) *string { return &s.command }, []string{"command", "cmd"}},
}

func shapeOf(t tool) shape {
	s := shape{tool: t}
	var parameters struct {
		Properties map[string]struct {
			Type json.RawMessage `json:"type"`
		} `json:"properties"`
		Required []string `json:"required"`
	}
	if json.Unmarshal(t.schema, &parameters) != nil {
		return s
	}
	for _, p := range parameterNames {
		for _, name := range p.names {
			if _, ok := parameters.Properties[name]; ok && *p.field(&s) == "" {
				*p.field(&s) = name
			}
		}
	}
	s.argv = strings.EqualFold(string(parameters.Properties[s.command].Type), `"array"`)
	s.looks = s.old != "" && slices.Contains(parameters.Required, s.old)
	return s
}

// The tools with which agents end their work; those of the others end with a text.
var endings = []string{"submit_and_exit", "attempt_completion"}

func (s shape) reads() bool {
	return strings.Contains(strings.ToLower(s.name), "read") && s.text == "" && (s.path != "" || s.files != "")
}

// does tells whether the tool can do a task: one that is made for it, or else a shell.
func (s shape) does(t task, shell bool) bool {
	if shell {
		return s.command != ""
	}
	if t.old == "" {
		return s.path != "" && s.text != "" && !s.looks
	}
	return s.path != "" && s.text != "" && s.old != ""
}

// edit does the task step by step, one tool call an answer: it reads the file where there is a tool for that, changes it,
// and ends.
func (s *server) edit(ans *answer, a *ask, callPrefix string) {
	call := func(t shape, set map[string]any) {
		ans.parts = append(ans.parts, part{kind: partCall, text: string(filled(t.schema, set)), id: s.id(callPrefix, 24), name: t.name})
		ans.finish = finishCalls
	}
	end := func(well bool, format string, args ...any) {
		text := "I am Gatehouse's simulator, a stand-in that edits files by rule, without a mind. " + fmt.Sprintf(format, args...)
		if t := a.offered(func(t shape) bool { return slices.Contains(endings, t.name) }); t != nil && a.choice.mode != "none" {
			call(*t, map[string]any{"summary": text, "result": text, "verified": well})
			return
		}
		ans.say(text)
	}
	if a.task == nil {
		end(false, "I understand two sentences: in notes.txt replace apples with pears; and: write hello to notes.txt. "+
			"What is more than one word stands in quotes.")
		return
	}
	by := a.offered(func(t shape) bool { return t.does(*a.task, false) })
	reader := a.offered(shape.reads)
	if by == nil {
		by, reader = a.offered(func(t shape) bool { return t.does(*a.task, true) }), nil
	}
	last := len(a.used) - 1
	switch {
	case by == nil || a.choice.mode == "none":
		end(false, "I can't edit %s: the request offers no tool that I know how to do it with.", a.task.file)
	case last >= 0 && a.used[last].isError:
		end(false, "I could not edit %s: the tool %s failed with: %s", a.task.file, a.used[last].name, a.used[last].text)
	case a.called(by.name):
		end(true, "I called %s to edit %s. It answered: %s", by.name, a.task.file, a.used[last].text)
	case reader != nil && a.task.old != "" && !a.called(reader.name):
		call(*reader, map[string]any{reader.path: a.task.file, reader.files: []map[string]string{{"path": a.task.file}}})
	default:
		call(*by, by.arguments(*a.task))
	}
}

// offered gives the first tool that fits, nil if none does.
func (a *ask) offered(fits func(shape) bool) *shape {
	for _, t := range a.tools {
		if s := shapeOf(t); !t.freeform && fits(s) {
			return &s
		}
	}
	return nil
}

// called tells whether a tool was called for the task.
func (a *ask) called(name string) bool {
	return slices.ContainsFunc(a.used, func(r result) bool { return r.name == name })
}

func (s shape) arguments(t task) map[string]any {
	if !s.does(t, false) {
		if s.argv {
			return map[string]any{s.command: []string{"sh", "-c", t.command()}}
		}
		return map[string]any{s.command: t.command()}
	}
	set := map[string]any{s.path: t.file, s.text: t.text}
	if t.old != "" {
		set[s.old], set[s.all] = t.old, true
	}
	return set
}

// command does a task in any POSIX shell. The file is written in place, so that it keeps its mode and links.
func (t task) command() string {
	if t.old == "" {
		return "printf '%s\\n' " + shellQuoted(t.text) + " > " + shellQuoted(t.file)
	}
	pattern := regexp.MustCompile(`[][\\/.*^$]`).ReplaceAllString(t.old, `\$0`)
	with := regexp.MustCompile(`[\\/&]`).ReplaceAllString(t.text, `\$0`)
	file := shellQuoted(t.file)
	return "edited=$(sed " + shellQuoted("s/"+pattern+"/"+with+"/g") + " " + file + ") && printf '%s\\n' \"$edited\" > " + file
}

func shellQuoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// filled is an input that fits a tool's schema, with what is set of its parameters.
func filled(raw json.RawMessage, set map[string]any) json.RawMessage {
	var parameters struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	input := map[string]any{}
	if json.Unmarshal(raw, &parameters) != nil || json.Unmarshal(conform(raw), &input) != nil {
		return json.RawMessage("{}")
	}
	for name, value := range set {
		if _, ok := parameters.Properties[name]; ok {
			input[name] = value
		}
	}
	return encode(input)
}
