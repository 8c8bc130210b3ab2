package player_test

import (
	"fmt"
	"time"

	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/player/profile"
)

// A driver passes a player what happened and carries out its actions.
func ExamplePlayer_Step() {
	prof, err := profile.Load("hlsjs-1.7")
	if err != nil {
		fmt.Println(err)
		return
	}
	p := player.New(player.Config{Profile: prof, URL: "https://cdn.example/live/index.m3u8"}, 0)
	fetches := func(actions []player.Action) (id player.FetchID) {
		for _, a := range actions {
			if a.Type == player.Fetch {
				fmt.Println("fetch", a.Kind, a.URL)
				id = a.Fetch
			}
		}
		return id
	}
	id := fetches(p.Step(0, &player.Event{Type: player.Tick}, nil))
	list := &m3u8.Multivariant{Variants: []m3u8.Variant{{URL: "https://cdn.example/live/720.m3u8", Bandwidth: 2_500_000}}}
	ladder, err := player.NewLadder(list, prof, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fetches(p.Step(50*time.Millisecond, &player.Event{Type: player.End, Fetch: id, Status: 200, Ladder: ladder}, nil))
	// Output:
	// fetch multivariant https://cdn.example/live/index.m3u8
	// fetch media https://cdn.example/live/720.m3u8
}
