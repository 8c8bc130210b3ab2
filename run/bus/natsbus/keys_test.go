package natsbus

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestAdmit(t *testing.T) {
	keys := func(run string) *Keys {
		k, err := NewKeys(run, time.Now(), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	k, stranger := keys("r"), keys("r")
	nonce := []byte("nonce")
	proof := func(role Role, run string, seed [32]byte) Proof {
		who, err := newIdentity(role, run, seed)
		if err != nil {
			t.Fatal(err)
		}
		sig, err := who.own.Sign(nonce)
		if err != nil {
			t.Fatal(err)
		}
		return Proof{Nkey: who.public, Sig: base64.RawURLEncoding.EncodeToString(sig), Token: who.token}
	}
	seen := map[string]bool{}
	for _, role := range roles {
		for range 2 { // two clients with one key
			p := proof(role, "r", k.seeds[role])
			got, id, err := k.Admit(p, nonce)
			if err != nil || got != role || id != idOf(p.Nkey) || len(id) != 32 || seen[id] {
				t.Errorf("%s: got %s, %s, %v", role, got, id, err)
			}
			seen[id] = true
		}
	}
	agent, other := proof(Agent, "r", k.seeds[Agent]), proof(Agent, "r", k.seeds[Agent])
	change := func(change func(p *Proof)) Proof {
		p := agent
		change(&p)
		return p
	}
	for name, tc := range map[string]struct {
		proof Proof
		nonce string
		says  string
	}{
		"nothing":                 {Proof{}, "nonce", "no key of its own"},
		"the key of an account":   {change(func(p *Proof) { p.Nkey = "A" + p.Nkey[1:] }), "nonce", "no key of its own"},
		"no signature":            {change(func(p *Proof) { p.Sig = "" }), "nonce", "does not hold the key that it shows"},
		"another's signature":     {change(func(p *Proof) { p.Sig = other.Sig }), "nonce", "does not hold the key that it shows"},
		"another's key":           {change(func(p *Proof) { p.Nkey = other.Nkey }), "nonce", "does not hold the key that it shows"},
		"another's token":         {change(func(p *Proof) { p.Token = other.Token }), "nonce", "the key for agent"},
		"all of another but sig":  {change(func(p *Proof) { p.Nkey, p.Token = other.Nkey, other.Token }), "nonce", "does not hold the key that it shows"},
		"a replay":                {agent, "other nonce", "does not hold the key that it shows"},
		"no nonce":                {agent, "", "does not hold the key that it shows"},
		"no token":                {change(func(p *Proof) { p.Token = "" }), "nonce", "no role"},
		"no such role":            {change(func(p *Proof) { p.Token = "x" + p.Token[1:] }), "nonce", "no role"},
		"a token for more":        {change(func(p *Proof) { p.Token = "c" + p.Token[1:] }), "nonce", "the key for conductor"},
		"an agent's key for more": {proof(Conductor, "r", k.seeds[Agent]), "nonce", "the key for conductor"},
		"halt as agent":           {proof(Agent, "r", k.seeds[Halt]), "nonce", "the key for agent"},
		"a key of another run":    {proof(Agent, "r", stranger.seeds[Agent]), "nonce", "the key for agent"},
		"another run":             {proof(Agent, "q", k.seeds[Agent]), "nonce", "the key for agent"},
		"noise":                   {Proof{Nkey: "U\x00", Sig: "%", Token: "a.%"}, "nonce", "no key of its own"},
	} {
		role, id, err := k.Admit(tc.proof, []byte(tc.nonce))
		if err == nil || role != 0 || id != "" || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: got %v, %q, %v (want %q)", name, role, id, err, tc.says)
		}
	}
}

func TestNewKeys(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	k, err := NewKeys("r", now, Lifetime)
	if err != nil {
		t.Fatal(err)
	}
	leaf := k.Certificate.Leaf
	if !leaf.NotAfter.Equal(now.Add(Lifetime)) || !leaf.NotBefore.Equal(now.Add(-skew)) || leaf.IsCA {
		t.Errorf("valid from %v to %v, CA %v", leaf.NotBefore, leaf.NotAfter, leaf.IsCA)
	}
	if got, want := fmt.Sprintf("%v %+v %#v", k, k, k), "keys of run r keys of run r keys of run r"; got != want {
		t.Errorf("shows %s", got)
	}
	for _, run := range []string{"", "a.b", "*", "a b", strings.Repeat("r", maxRun+1)} {
		if _, err := NewKeys(run, now, Lifetime); err == nil {
			t.Errorf("run %q: no error", run)
		}
	}
	for _, address := range []string{"0.0.0.0", strings.Repeat("a", maxAddress) + ":1"} {
		if _, err := k.Join(Agent, address); err == nil {
			t.Errorf("address %s: no error", address)
		}
	}
}
