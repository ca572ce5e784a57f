//go:build windows || darwin

package secret

import (
	"errors"
	"fmt"
	"os/exec"

	"github.com/zalando/go-keyring"
)

// systemRing is the macOS Keychain or the Windows Credential Manager.
type systemRing struct{}

func (systemRing) get(service, name string, _ bool) (string, error) {
	return keyring.Get(service, name)
}

func (systemRing) set(service, name, value string) error { return keyring.Set(service, name, value) }
func (systemRing) delete(service, name string) error     { return keyring.Delete(service, name) }

// interactionNotAllowed is the exit status of /usr/bin/security for errSecInteractionNotAllowed: the keychain is locked
// and no dialog can be shown, as over SSH.
const interactionNotAllowed = 36

// classify says what an error of the system means.
func classify(err error) *Unavailable {
	if u, ok := errors.AsType[*Unavailable](err); ok {
		return u
	}
	if e, ok := errors.AsType[*exec.ExitError](err); ok && e.ExitCode() == interactionNotAllowed {
		return &Unavailable{
			State:  Locked,
			Reason: "the login keychain is locked and can't ask for its password here",
			Advice: "Run `security unlock-keychain` in this session. " + useVariables,
		}
	}
	return &Unavailable{
		State:  Absent,
		Reason: fmt.Sprintf("it answered with an error (%v)", err),
		Advice: "Start Gatehouse in a logged-in desktop session. " + useVariables,
	}
}
