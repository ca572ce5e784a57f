package sim

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

func TestReadTask(t *testing.T) {
	for text, want := range map[string]*task{
		"In the file notes.txt of this folder replace the word apples with pears. Change nothing else.": {"notes.txt", "apples", "pears"},
		`"in a.go replace x by y"`:                           {"a.go", "x", "y"},
		"in `my notes.md` replace 'two words' with \"\n\"":   nil,
		"in `my notes.md` replace 'two words' with \"it's\"": {"my notes.md", "two words", "it's"},
		"Write hello to notes.txt, please.":                  {"notes.txt", "", "hello"},
		"write 'hello there' into the file /a/b":             {"/a/b", "", "hello there"},
		"in notes.txt\nreplace a with b":                     nil,
		"":                                                   nil, "replace a with b": nil, "write to me": nil,
	} {
		got := readTask(text)
		if (got == nil) != (want == nil) || got != nil && *got != *want {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

// Tools as programs offer them: name and parameters, with a question mark behind those that may be left out.
var offers = map[string][]string{
	"claude-code": {"Bash command description?", "NotebookEdit notebook_path new_source", "Read file_path limit?", "Write file_path content", "Edit file_path old_string new_string replace_all?"},
	"opencode":    {"bash command", "edit filePath oldString newString replaceAll?", "read filePath", "write content filePath"},
	"cline":       {"read_files files", "run_commands commands", "editor path old_text? new_text insert_line?", "submit_and_exit summary verified"},
	"gemini-cli":  {"read_file absolute_path", "replace file_path old_string new_string", "write_file file_path content"},
	"codex":       {"exec_command cmd", "write_stdin chars"},
	"none":        {"weather city"},
}

// declared writes an offer as a dialect declares tools: %n and %s stand for a tool's name and schema.
func declared(offer []string, each string) string {
	var out []string
	for _, words := range offer {
		names := strings.Fields(words)
		properties := map[string]any{}
		required := []string{}
		for _, name := range names[1:] {
			name, optional := strings.CutSuffix(name, "?")
			properties[name] = map[string]any{}
			if !optional {
				required = append(required, name)
			}
		}
		schema := encode(map[string]any{"type": "object", "properties": properties, "required": required})
		out = append(out, strings.NewReplacer("%n", names[0], "%s", string(schema)).Replace(each))
	}
	return strings.Join(out, ",")
}

// TestEditorUsesWhatIsOffered: for each program's tools, the calls of a whole task.
func TestEditorUsesWhatIsOffered(t *testing.T) {
	for program, want := range map[string][2]string{
		"claude-code": {
			`Read {"file_path":"a.txt"}; Edit {"file_path":"a.txt","new_string":"pears","old_string":"apples","replace_all":true}`,
			`Write {"content":"hi","file_path":"a.txt"}`,
		},
		"opencode": {
			`read {"filePath":"a.txt"}; edit {"filePath":"a.txt","newString":"pears","oldString":"apples","replaceAll":true}`,
			`write {"content":"hi","filePath":"a.txt"}`,
		},
		"cline": {
			`read_files {"files":[{"path":"a.txt"}]}; editor {"new_text":"pears","old_text":"apples","path":"a.txt"}; submit_and_exit true`,
			`editor {"new_text":"hi","path":"a.txt"}; submit_and_exit true`,
		},
		"gemini-cli": {
			`read_file {"absolute_path":"a.txt"}; replace {"file_path":"a.txt","new_string":"pears","old_string":"apples"}`,
			`write_file {"content":"hi","file_path":"a.txt"}`,
		},
		"codex": {
			`exec_command {"cmd":"edited=$(sed 's/apples/pears/g' 'a.txt') && printf '%s\\n' \"$edited\" > 'a.txt'"}`,
			`exec_command {"cmd":"printf '%s\\n' 'hi' > 'a.txt'"}`,
		},
		"none": {"", ""},
	} {
		for i, said := range []string{"in a.txt replace apples with pears", "write hi to a.txt"} {
			calls, text := converse(t, program, said)
			if calls != want[i] {
				t.Errorf("%s, %s:\n%s\nwant\n%s", program, said, calls, want[i])
			}
			if !strings.Contains(text, "a.txt") || strings.Contains(text, "can't edit") != (program == "none") {
				t.Errorf("%s ends with %q", program, text)
			}
		}
	}
}

// converse plays a client of Chat Completions until no call comes any more.
func converse(t *testing.T, program, said string) (calls, text string) {
	t.Helper()
	srv, _ := newServer(t)
	tools := declared(offers[program], `{"type":"function","function":{"name":"%n","parameters":%s}}`)
	turns := []string{`{"role":"user","content":"` + said + `"}`}
	var made []string
	for len(turns) < 12 {
		body := `{"model":"editor","tools":[` + tools + `],"messages":[` + strings.Join(turns, ",") + `]}`
		message := gjson.GetBytes(read[json.RawMessage](t, post(t, srv, chatPath, body)), "choices.0.message")
		call := message.Get("tool_calls.0")
		if !call.Exists() {
			return strings.Join(made, "; "), text + message.Get("content").Str
		}
		arguments := call.Get("function.arguments").Str
		if strings.Contains(arguments, "summary") {
			text, arguments = gjson.Get(arguments, "summary").Str, gjson.Get(arguments, "verified").Raw
			return strings.Join(append(made, call.Get("function.name").Str+" "+arguments), "; "), text
		}
		made = append(made, call.Get("function.name").Str+" "+arguments)
		turns = append(turns, message.Raw, `{"role":"tool","tool_call_id":"`+call.Get("id").Str+`","content":"done"}`)
	}
	t.Fatal("it never ends")
	return "", ""
}

// TestEditorInEveryDialect: the second step of a task, and its end when the tool failed.
func TestEditorInEveryDialect(t *testing.T) {
	srv, _ := newServer(t)
	const said = "in a.txt replace apples with pears"
	offer := offers["claude-code"]
	messagesTools := `,"tools":[` + declared(offer, `{"name":"%n","input_schema":%s}`) + `]`
	for path, body := range map[string]string{
		messagesPath: `{"model":"editor","max_tokens":500,"messages":[{"role":"user","content":"` + said + `"},
			{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"Read","input":{}}]},
			{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"apples"},{"type":"text","text":"go on"}]}]` + messagesTools + `}`,
		responsesPath: `{"model":"editor","input":[{"role":"user","content":"` + said + `"},
			{"type":"function_call","call_id":"t","name":"Read","arguments":"{}"},{"type":"function_call_output","call_id":"t","output":"apples"}],
			"tools":[` + declared(offer, `{"type":"function","name":"%n","parameters":%s}`) + `]}`,
		geminiPath("editor", "generateContent"): `{"contents":[{"role":"user","parts":[{"text":"` + said + `"}]},
			{"role":"model","parts":[{"functionCall":{"name":"Read"},"thoughtSignature":"skip_thought_signature_validator"}]},
			{"role":"user","parts":[{"functionResponse":{"name":"Read","response":{"output":"apples"}}}]}],
			"tools":[{"functionDeclarations":[` + declared(offer, `{"name":"%n","parametersJsonSchema":%s}`) + `]}]}`,
	} {
		answer := string(read[json.RawMessage](t, post(t, srv, path, body)))
		if !strings.Contains(answer, `"Edit"`) || !strings.Contains(answer, "pears") || !strings.Contains(answer, "a.txt") {
			t.Errorf("%s: %s", path, answer)
		}
	}
	answer := string(read[json.RawMessage](t, post(t, srv, messagesPath, `{"model":"editor","max_tokens":500,"messages":[{"role":"user","content":"`+said+`"},
		{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"Read","input":{}}]},
		{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"no such file","is_error":true}]}]`+messagesTools+`}`)))
	if !strings.Contains(answer, "could not edit a.txt") || !strings.Contains(answer, "no such file") || strings.Contains(answer, "tool_use") {
		t.Error(answer)
	}
}

// TestEditorsCommand: what a shell makes of it, whatever the words hold.
func TestEditorsCommand(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no POSIX shell here")
	}
	dir := t.TempDir()
	for _, c := range []struct{ before, old, text, after string }{
		{"a b a\n", "a", "c", "c b c\n"},
		{"it's $HOME & [x]*.^$ a/b\\c\n", "[x]*.^$ a/b\\c", "`id` & 'q' $(id) \\1", "it's $HOME & `id` & 'q' $(id) \\1\n"},
		{"old\n", "", "it's new", "it's new\n"},
	} {
		name := filepath.Join(dir, "it's a file")
		if err := os.WriteFile(name, []byte(c.before), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(sh, "-c", task{name, c.old, c.text}.command()).CombinedOutput()
		if got, _ := os.ReadFile(name); err != nil || string(got) != c.after {
			t.Errorf("%q for %q: %q, %v %s", c.old, c.text, got, err, out)
		}
	}
}
