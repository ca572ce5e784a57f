package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"gatehouse/backend/control"
	"gatehouse/backend/llm"
)

type credentialCommand struct {
	Set    credentialSet    `cmd:"" help:"Store a provider's credential in the keychain; it is read from a prompt or standard input."`
	List   credentialList   `cmd:"" help:"List the providers and where their credentials come from."`
	Test   credentialTest   `cmd:"" help:"Ask the provider whether it accepts the credential."`
	Remove credentialRemove `cmd:"" help:"Remove a provider's credential from the keychain."`
}

// hosted is the provider whose credential may take over for others.
const hosted = "gateway"

type credentialSet struct {
	Provider string `arg:"" help:"The provider's id, such as openai."`
	Name     string `help:"A name for it, where the provider gets several, such as work."`
	Fallback *bool  `negatable:"" help:"Whether the hosted gateway may answer, and be paid, when this credential fails; with the hosted gateway's own credential, when any other does."`
}

func (c credentialSet) Run(s *session) error {
	what := "Credential for " + c.Provider
	if c.Name != "" {
		what += fmt.Sprintf(" (%s)", c.Name)
	}
	secret, err := s.readSecret(what + ": ")
	if err != nil {
		return err
	}
	if c.Fallback == nil && c.Provider == hosted && s.terminal() != nil {
		yes, err := askFallback(s.stdin, s.stderr)
		if err != nil {
			return err
		}
		c.Fallback = &yes
	}
	view, err := call[control.Credential](s, "credentials.set", control.CredentialSecret{
		Provider: c.Provider, Name: c.Name, Secret: secret, GatewayFallback: c.Fallback,
	})
	if err == nil {
		s.print("%s: stored in the %s\n", titleOf(view), view.Source)
	}
	return err
}

func titleOf(v control.Credential) string {
	if v.Name == "" {
		return v.ProviderName
	}
	return fmt.Sprintf("%s (%s)", v.ProviderName, v.Name)
}

// askFallback asks whether the hosted gateway may take over. No answer is yes.
func askFallback(in io.Reader, out io.Writer) (bool, error) {
	lines := bufio.NewReader(in)
	for {
		fmt.Fprint(out, "When a provider refuses your own credential or fails, the hosted gateway can answer the request instead, "+
			"for which it is paid. May it? [Y/n] ")
		line, err := lines.ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return false, err
		}
		switch strings.ToLower(strings.TrimSpace(line)) {
		case "", "y", "yes":
			return true, nil
		case "n", "no":
			return false, nil
		}
		if err != nil {
			return false, llm.Errorf(llm.ErrBadRequest, "%q is neither yes nor no", strings.TrimSpace(line))
		}
	}
}

// terminal is standard input if that is a terminal, else nil.
func (s *session) terminal() *os.File {
	if f, ok := s.stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return f
	}
	return nil
}

// readSecret reads a secret without an echo at a terminal, else the first line of standard input. A secret is never an
// argument: those are visible to every program.
func (s *session) readSecret(prompt string) (string, error) {
	if f := s.terminal(); f != nil {
		fmt.Fprint(s.stderr, prompt)
		line, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(s.stderr)
		return string(line), err
	}
	line, err := bufio.NewReader(io.LimitReader(s.stdin, 64<<10)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	if strings.TrimSpace(line) == "" {
		return "", llm.Errorf(llm.ErrBadRequest, "no secret came on standard input")
	}
	return line, nil
}

type credentialList struct {
	JSON bool `name:"json" help:"Print JSON."`
}

func (c credentialList) Run(s *session) error {
	list, err := call[control.CredentialList](s, "credentials.balances", control.Empty{})
	if err != nil {
		return err
	}
	if list.Collector.Source == "keychain" {
		list.Credentials = append(list.Credentials, list.Collector)
	}
	if c.JSON {
		return s.json(list.Credentials)
	}
	s.table(credentialRows(list.Credentials))
	for _, v := range list.Credentials {
		if v.Balance != nil && v.Balance.Problem != "" {
			s.print("%s: what is left is not known. %s\n", titleOf(v), v.Balance.Problem)
		}
	}
	if !list.GatewayFallback {
		s.print("The hosted gateway may not answer for other credentials: gatewayFallback is false in settings.\n")
	}
	return nil
}

// credentialRows leaves out the columns that say nothing.
func credentialRows(list []control.Credential) [][]string {
	named, ends, balances := map[string]bool{}, false, false
	for _, v := range list {
		if v.Name != "" {
			named[v.Provider] = true
		}
		ends, balances = ends || v.ExpiresAt != nil, balances || v.Balance != nil
	}
	rows := [][]string{{"PROVIDER", "NAME", "CREDENTIAL", "SOURCE", "VARIABLE", "ENDS", "BALANCE"}}
	for _, v := range list {
		if v.Name == "" && v.Source == "none" && v.ExpiresAt == nil && named[v.Provider] {
			continue
		}
		source, name, end := v.Source, "", ""
		switch source {
		case "environment":
			source = "from environment"
		case "file":
			source = "from " + v.File
		}
		if named[v.Provider] {
			if name = v.Name; name == "" {
				name = "default"
			}
		}
		if v.ExpiresAt != nil {
			end = v.ExpiresAt.Local().Format("2006-01-02 15:04")
			if !v.ExpiresAt.After(time.Now()) {
				end += " (ended)"
			}
		}
		rows = append(rows, []string{v.Provider, v.ProviderName, name, source, v.Variable, end, balanceText(v.Balance, time.Now())})
	}
	for i := range rows {
		if !balances {
			rows[i] = slices.Delete(rows[i], 6, 7)
		}
		if !ends {
			rows[i] = slices.Delete(rows[i], 5, 6)
		}
		if len(named) == 0 {
			rows[i] = slices.Delete(rows[i], 2, 3)
		}
	}
	return rows
}

// balanceText says what is left, and since when that is known.
func balanceText(b *control.CredentialBalance, now time.Time) string {
	switch {
	case b == nil:
		return ""
	case b.At == nil:
		return "unknown"
	}
	text := b.Text + " left"
	if b.OfKey {
		text += " of the key's limit"
	}
	if age := now.Sub(*b.At); age >= time.Minute {
		text += ", asked " + strings.TrimSuffix(age.Truncate(time.Minute).String(), "0s") + " ago"
	}
	return text
}

type credentialTest struct {
	Provider string `arg:"" help:"The provider's id."`
	Name     string `help:"The credential's name, where the provider has several."`
	JSON     bool   `name:"json" help:"Print JSON."`
}

func (c credentialTest) Run(s *session) error {
	test, err := call[control.CredentialTest](s, "credentials.test", control.CredentialRef{Provider: c.Provider, Name: c.Name})
	if err != nil {
		return err
	}
	if c.JSON {
		return s.json(test)
	}
	if !test.OK {
		return llm.Errorf(llm.ErrAuth, "%s", test.Message)
	}
	s.print("%s (%d ms)\n", test.Message, test.DurationMs)
	return nil
}

type credentialRemove struct {
	Provider string `arg:"" help:"The provider's id."`
	Name     string `help:"The credential's name, where the provider has several."`
}

func (c credentialRemove) Run(s *session) error {
	view, err := call[control.Credential](s, "credentials.remove", control.CredentialRef{Provider: c.Provider, Name: c.Name})
	if err == nil {
		s.print("%s: removed from the keychain\n", titleOf(view))
	}
	return err
}
