// Package monitor records what a provider's own monitoring noticed during a run
// ([Monitor]), and notes with each fault what noticed it and when ([Put]).
package monitor
