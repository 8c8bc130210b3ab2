package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"hlsload/run/bus/natsbus"
)

// Files of hlsload keys.
const (
	conductorFile = "conductor.key"
	agentFile     = "agent.join"
	haltFile      = "halt.join"
)

func keysCommand() *cobra.Command {
	var reach, dir string
	var lifetime time.Duration
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "keys RUN",
		Short: "Write the keys and join strings of a run that begins later",
		Long: `keys writes the keys that the conductor of the run RUN will use (conductor.key, for
hlsload run --agents N --keys), and the join strings for hlsload agent (agent.join)
and hlsload halt (halt.join): for machines that start by themselves, such as pods that
read them from a secret. All three files are secrets. Each run needs keys of its own.`,
		Args: takes("RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case reach == "" || dir == "":
				return misused("keys: no --reach or no --out given (want --reach HOST:PORT, where agents reach the conductor, and --out DIR)")
			case lifetime <= 0:
				return misused("--lifetime %v (want a time such as 24h)", lifetime)
			}
			if err := natsbus.CheckRun(args[0]); err != nil {
				return misused("%v", err)
			}
			if err := natsbus.CheckReach(reach); err != nil {
				return misused("--reach: %v", err)
			}
			k, err := natsbus.NewKeys(args[0], time.Now(), lifetime)
			if err != nil {
				return internal(err)
			}
			if err := writeKeys(k, reach, dir); err != nil {
				return forbidden(fmt.Errorf("writing the keys: %w", err))
			}
			if runtime.GOOS == "windows" {
				fmt.Fprintf(cmd.ErrOrStderr(), "hlsload: warning: all who may read %s can read these secrets: Windows has no file modes\n", dir)
			}
			if asJSON {
				return printJSON(cmd, keysDocument(k.Run, reach, dir, k.End))
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s, %s and %s in %s are for run %s at %s until %s; all three are secrets\n",
				conductorFile, agentFile, haltFile, dir, k.Run, reach, k.End.UTC().Format("2006-01-02 15:04 UTC"))
			return internal(err)
		},
	}
	f := cmd.Flags()
	f.StringVar(&reach, "reach", "", "`HOST:PORT` at which agents will reach the conductor")
	f.DurationVar(&lifetime, "lifetime", 24*time.Hour, "how long (`D`) agents may connect; longer than the run")
	f.StringVar(&dir, "out", "", "write the files to the directory `DIR`")
	jsonFlag(cmd, &asJSON, "the names of the files")
	return cmd
}

// keysWritten is the document of keys --json. It has no secrets.
type keysWritten struct {
	Schema string     `json:"schema"` // hlsload.keys/v1
	Run    string     `json:"run"`
	Reach  string     `json:"reach"`
	Until  string     `json:"until"`
	Files  []keysFile `json:"files"`
}

type keysFile struct {
	For  string `json:"for"` // run, agent or halt
	File string `json:"file"`
}

func keysDocument(run, reach, dir string, until time.Time) keysWritten {
	return keysWritten{"hlsload.keys/v1", run, reach, instant(until), []keysFile{
		{"run", filepath.Join(dir, conductorFile)}, {"agent", filepath.Join(dir, agentFile)}, {"halt", filepath.Join(dir, haltFile)}}}
}

// writeKeys writes the three files, and never over others.
func writeKeys(k *natsbus.Keys, reach, dir string) error {
	key, err := k.Marshal(reach)
	if err != nil {
		return err
	}
	files := []struct {
		name string
		text []byte
	}{{conductorFile, key}}
	for _, join := range []struct {
		name string
		role natsbus.Role
	}{{agentFile, natsbus.Agent}, {haltFile, natsbus.Halt}} {
		j, err := k.Join(join.role, reach)
		if err != nil {
			return err
		}
		files = append(files, struct {
			name string
			text []byte
		}{join.name, []byte(j.Text() + "\n")})
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, file := range files {
		if _, err := os.Lstat(filepath.Join(dir, file.name)); !errors.Is(err, fs.ErrNotExist) {
			return cmp.Or(err, fmt.Errorf("%s is there already (want another directory)", filepath.Join(dir, file.name)))
		}
	}
	for _, file := range files {
		if err := writeSecret(filepath.Join(dir, file.name), file.text); err != nil {
			return err
		}
	}
	return nil
}

// writeSecret writes a new file that only its owner can read.
func writeSecret(name string, text []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}
