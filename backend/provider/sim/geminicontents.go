package sim

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
)

// readContents also checks that each turn with calls is followed by one with as many responses.
func readContents(req *geminiRequest, a *ask) *refusal {
	if s := req.SystemInstruction; s != nil {
		for _, p := range s.Parts {
			if p.Text == nil {
				return refusef(badRequest, "system_instruction: only text is taken.")
			}
			a.input += count(*p.Text)
		}
	}
	joinModel(req)
	var asked []*geminiCall
	for i, c := range req.Contents {
		var calls []*geminiCall
		responses := 0
		if c.Role != "" && c.Role != "user" && c.Role != "model" {
			return refusef(badRequest, "Please use a valid role: user, model.")
		}
		if len(c.Parts) == 0 {
			return refusef(badRequest, "* GenerateContentRequest.contents[%d].parts: contents.parts must not be empty.", i)
		}
		if c.Role != "model" {
			if i == 0 || req.Contents[i-1].Role == "model" || len(asked) == 0 && len(a.results) > 0 {
				a.media, a.results = 0, nil
				if !onlyAnswers(c) { // else the question is still the one before
					a.text = ""
				}
			}
			for _, p := range c.Parts {
				if p.Text != nil {
					a.text += *p.Text
					a.hear(*p.Text)
				}
			}
		}
		a.input += tokensMessage
		for _, p := range c.Parts {
			if p.FunctionCall != nil {
				calls = append(calls, p.FunctionCall)
			}
			if ref := readGeminiPart(a, c.Role, p, &responses, asked); ref != nil {
				return ref
			}
		}
		if len(calls) > 0 && c.Role != "model" || responses != len(asked) {
			return refusef(badRequest, "Please ensure that the number of function response parts is equal to the number of function "+
				"call parts of the function call turn.")
		}
		asked = calls
	}
	if len(asked) > 0 {
		return refusef(badRequest, "Please ensure that function call turn is followed by a function response turn.")
	}
	return nil
}

// joinModel makes one content of neighbours that are the model's, as clients keep the pieces of a stream.
func joinModel(req *geminiRequest) {
	for i := len(req.Contents) - 1; i > 0; i-- {
		before, c := &req.Contents[i-1], req.Contents[i]
		if before.Role == "model" && c.Role == "model" && len(before.Parts) > 0 && len(c.Parts) > 0 {
			before.Parts = append(slices.Clip(before.Parts), c.Parts...)
			req.Contents = slices.Delete(req.Contents, i, i+1)
		}
	}
}

// onlyAnswers tells whether a user's content holds responses of tools and no text.
func onlyAnswers(c geminiContent) bool {
	answers := false
	for _, p := range c.Parts {
		if p.Text != nil {
			return false
		}
		answers = answers || p.FunctionResponse != nil
	}
	return answers
}

func readGeminiPart(a *ask, role string, p geminiPart, responses *int, asked []*geminiCall) *refusal {
	switch {
	case p.FunctionCall != nil:
		args := bytes.TrimSpace(p.FunctionCall.Args)
		if p.FunctionCall.Name == "" || len(args) > 0 && args[0] != '{' {
			return refusef(badRequest, "Invalid value at 'contents.parts.function_call': a name and an object of arguments are needed.")
		}
		a.input += count(p.FunctionCall.Name) + count(string(args))
	case p.FunctionResponse != nil:
		n := *responses
		*responses++
		r := p.FunctionResponse
		if role == "model" || n >= len(asked) || asked[n].Name != r.Name || r.ID != asked[n].ID {
			return refusef(badRequest, "Please ensure that function response turn comes immediately after a function call turn, and "+
				"that its parts name the calls in their order.")
		}
		text, failed, ok := responseText(r.Response)
		if !ok {
			return refusef(badRequest, "Invalid value at 'contents.parts.function_response.response': an object is needed.")
		}
		a.learn(result{r.Name, text, failed})
		a.input += count(text) + tokensMedia*int64(len(r.Parts))
	case len(p.InlineData) > 0 || len(p.FileData) > 0:
		a.media++
		a.input += tokensMedia
	case p.Text != nil:
		a.input += count(*p.Text)
	}
	return nil
}

// responseText gives what a tool answered: the one text in it, or the object.
func responseText(raw json.RawMessage) (text string, failed, ok bool) {
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) != nil {
		return "", false, false
	}
	for _, name := range []string{"error", "result", "output"} {
		if one, there := object[name]; there && len(object) == 1 && json.Unmarshal(one, &text) == nil {
			return text, name == "error", true
		}
	}
	return string(raw), object["error"] != nil, true
}

// skipSignature is the documented value for a call whose signature is not to be had (API docs, "Thought signatures").
const skipSignature = "skip_thought_signature_validator"

// checkSignatures refuses signatures that are not ours, and a first call without one in any step of the turn that goes
// on, which begins with the last content of the user's that is not a tool's response.
func checkSignatures(req *geminiRequest, _ *ask) *refusal {
	begin := 0
	for i, c := range req.Contents {
		if c.Role != "model" && (len(c.Parts) == 0 || c.Parts[0].FunctionResponse == nil) {
			begin = i
		}
	}
	for i, c := range req.Contents {
		called := false
		for _, p := range c.Parts {
			if p.ThoughtSignature != "" && p.ThoughtSignature != skipSignature {
				token, err := base64.StdEncoding.DecodeString(p.ThoughtSignature)
				if err != nil || !sealed(token) {
					return refusef(badRequest, "Thought signature is not valid.")
				}
			}
			if p.FunctionCall != nil && !called && i > begin && p.ThoughtSignature == "" {
				return refusef(badRequest, "Function call is missing a thought_signature in functionCall parts. This is required for "+
					"tools to work correctly. Function call `%s`, content %d.", p.FunctionCall.Name, i)
			}
			called = called || p.FunctionCall != nil
		}
	}
	return nil
}
