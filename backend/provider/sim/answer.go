package sim

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
)

// partKind is what a part of an answer is.
type partKind int

const (
	partText partKind = iota
	partReasoning
	partCall
)

type part struct {
	kind partKind
	// text is the text, the reasoning or a call's arguments as JSON.
	text string
	// id and name are a call's. freeform tells that its text is not JSON but whatever the tool takes.
	id, name string
	freeform bool
}

// pieces is how the part is streamed: a token at a time.
func (p part) pieces() []string { return tokenize(p.text) }

// signature is what makes a reasoning part ours: it depends on the text, so that an altered one is noticed.
func signature(reasoning string) string {
	sum := sha256.Sum256([]byte("gatehouse simulator\n" + reasoning))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// seal is what makes a token ours whatever becomes of the text that it was issued with: its second half is the check of
// its first. Gemini's signatures and OpenAI's encrypted reasoning are known again in that way.
func seal(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return append(sum[:], sealOf(sum[:])...)
}

func sealOf(first []byte) []byte {
	sum := sha256.Sum256(append([]byte("gatehouse simulator\n"), first...))
	return sum[:]
}

// sealed tells whether a token is one of ours, unaltered.
func sealed(token []byte) bool {
	return len(token) == 2*sha256.Size && bytes.Equal(token[sha256.Size:], sealOf(token[:sha256.Size]))
}

type finish int

const (
	finishStop finish = iota
	finishStopSequence
	finishLength
	finishCalls
)

type fault string

const (
	faultNone   fault = ""
	faultStream fault = "stream"
	faultDrop   fault = "drop"
)

// faultAfter is how many tokens a broken stream gives before it breaks.
const faultAfter = 3

type answer struct {
	parts  []part
	finish finish
	// stopSequence is the one that ended the text.
	stopSequence string
	// first is the wait before the first token, rate the tokens a second after it; 0 is as fast as possible.
	first time.Duration
	rate  float64
	fault fault
}

func (a *answer) tokens() int {
	n := 0
	for _, p := range a.parts {
		n += int(count(p.text))
	}
	return n
}

// pause is how long n tokens take.
func (a *answer) pause(n int) time.Duration {
	if a.rate <= 0 {
		return 0
	}
	return time.Duration(float64(n) / a.rate * float64(time.Second))
}

func (a *answer) faultError() *refusal {
	return refusef(broken, "the simulator's model flaky broke off, as it does every other time: it is a stand-in for an "+
		"unreliable provider. Ask again, or choose another model such as sim/echo")
}

// compose decides what to answer.
func (s *server) compose(a *ask, callPrefix string) (*answer, *refusal) {
	k := readKnobs(a.text)
	ans := &answer{}
	switch a.model {
	case "down":
		return nil, refusef(overloaded, "the simulator's model down is always overloaded: it is a stand-in for an outage. "+
			"Choose another model, such as sim/echo").after(30 * time.Second)
	case "flaky":
		f, ref := s.nextFault(k.fail)
		if ref != nil {
			return nil, ref
		}
		ans.fault = f
		ans.say("The simulator's model flaky worked this time. It is a stand-in for an unreliable provider: every other " +
			"request fails, each in another way.")
	case "stream":
		ans.rate = 40
		n := 300
		if k.tokens > 0 {
			n = k.tokens
		}
		ans.say(markdown(n))
	case "tools":
		s.useTools(ans, a, callPrefix)
	case "editor":
		s.edit(ans, a, callPrefix)
	case "think":
		ans.rate = 60
		ans.parts = append(ans.parts, part{kind: partReasoning, text: thoughts(a.text)})
		ans.say("I am Gatehouse's simulator, a stand-in without a mind: the reasoning before this text was written in " +
			"advance. You asked:\n\n" + quote(a))
	case "slow":
		ans.first = 5 * time.Second
		ans.say("The simulator's model slow has answered at last. It is a stand-in for a slow provider. You said:\n\n" +
			quote(a))
	default:
		ans.say("I am Gatehouse's simulator, a stand-in that needs no account. You said:\n\n" + quote(a))
	}
	if k.think && a.model != "think" {
		ans.parts = append([]part{{kind: partReasoning, text: thoughts(a.text)}}, ans.parts...)
	}
	if k.rate >= 0 {
		ans.rate = k.rate
	}
	if k.delay >= 0 {
		ans.first = k.delay
	}
	ans.cutAtStop(a.stop)
	ans.cutAtLimit(a.limit)
	return ans, nil
}

func (a *answer) say(text string) { a.parts = append(a.parts, part{kind: partText, text: text}) }

// quote is the user's text, with a word on what else came with it.
func quote(a *ask) string {
	text := a.text
	if strings.TrimSpace(text) == "" {
		text = "(no text)"
	}
	if a.media > 0 {
		text += fmt.Sprintf("\n\n(and %d image or file, which the simulator does not look at)", a.media)
	}
	return text
}

func thoughts(text string) string {
	return fmt.Sprintf("The question has %d tokens. First I look at what was asked. Then I weigh how to answer. "+
		"A stand-in has no mind, so the honest answer is to say so and to repeat the question.", count(text))
}

// nextFault takes the wanted fault, or the next of the rotation that the package comment describes.
func (s *server) nextFault(want string) (fault, *refusal) {
	if want == "" {
		s.mu.Lock()
		n := s.turns
		s.turns++
		s.mu.Unlock()
		if n%2 == 1 {
			return faultNone, nil
		}
		want = []string{"429", "503", "stream", "drop"}[n/2%4]
	}
	switch want {
	case "429":
		return "", refusef(rateLimited, "the simulator's model flaky refused this request: it fails every other time. "+
			"Ask again").after(time.Second)
	case "503":
		return "", refusef(overloaded, "the simulator's model flaky is overloaded: it fails every other time. Ask again").
			after(time.Second)
	case "stream":
		return faultStream, nil
	case "drop":
		return faultDrop, nil
	}
	return faultNone, nil
}

func (s *server) useTools(ans *answer, a *ask, callPrefix string) {
	switch {
	case len(a.results) > 0:
		var b strings.Builder
		b.WriteString("I am Gatehouse's simulator, a stand-in that calls tools without a plan. ")
		for _, r := range a.results {
			verb := "answered"
			if r.isError {
				verb = "failed with"
			}
			fmt.Fprintf(&b, "The tool %s %s: %s\n", r.name, verb, r.text)
		}
		ans.say(strings.TrimRight(b.String(), "\n"))
		return
	case len(a.tools) == 0:
		ans.say("I am Gatehouse's simulator, a stand-in that calls tools. The request declares no tool, so there is none " +
			"to call.")
		return
	case a.choice.mode == "none":
		ans.say("I am Gatehouse's simulator, a stand-in that calls tools. The request forbids it this time.")
		return
	}
	chosen := a.tools[:1]
	if a.choice.mode == "named" {
		for i, t := range a.tools {
			if t.name == a.choice.name {
				chosen = a.tools[i : i+1]
			}
		}
	} else if a.parallel && len(a.tools) > 1 {
		chosen = a.tools[:2]
	}
	for _, t := range chosen {
		p := part{kind: partCall, text: string(conform(t.schema)), id: s.id(callPrefix, 24), name: t.name}
		if t.freeform {
			p.text, p.freeform = "example input of "+t.name, true
		}
		ans.parts = append(ans.parts, p)
	}
	ans.finish = finishCalls
}

// cutAtStop ends the text before the first stop sequence in it.
func (a *answer) cutAtStop(stop []string) {
	for i, p := range a.parts {
		if p.kind != partText {
			continue
		}
		at, found := -1, ""
		for _, s := range stop {
			if n := strings.Index(p.text, s); s != "" && n >= 0 && (at < 0 || n < at) {
				at, found = n, s
			}
		}
		if at < 0 {
			continue
		}
		a.parts[i].text = p.text[:at]
		a.parts = a.parts[:i+1]
		if at == 0 {
			a.parts = a.parts[:i]
		}
		a.finish, a.stopSequence = finishStopSequence, found
		return
	}
}

// cutAtLimit ends the answer after limit tokens. A tool call that does not fit is left out whole.
func (a *answer) cutAtLimit(limit int64) {
	if limit <= 0 {
		return
	}
	for i, p := range a.parts {
		n := count(p.text)
		if n <= limit {
			limit -= n
			continue
		}
		if p.kind == partCall {
			a.parts = a.parts[:i]
		} else {
			a.parts[i].text = clip(p.text, limit)
			a.parts = a.parts[:i+1]
			if a.parts[i].text == "" {
				a.parts = a.parts[:i]
			}
		}
		a.finish, a.stopSequence = finishLength, ""
		return
	}
}
