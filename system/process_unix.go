//go:build unix

package system

import (
	"os/exec"
	"syscall"
)

// Group has a command start as the head of a group of its own: a Ctrl-C in the terminal does
// not reach it, and [Kill] reaches what it starts.
func Group(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// Kill ends a started command at once, with its group. An error would say that it has ended.
func Kill(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// Ask tells a started command to end in order. An error would say that it has ended.
func Ask(cmd *exec.Cmd) { _ = cmd.Process.Signal(syscall.SIGTERM) }
