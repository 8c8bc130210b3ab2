package profile_test

import (
	"fmt"

	"hlsload/player/profile"
)

// A player of one's own is one that ships, with other values.
func ExampleOverride() {
	base, err := profile.Load("hlsjs-1.7")
	if err != nil {
		fmt.Println(err)
		return
	}
	mine, err := profile.Override(base, []byte("id: tv-app\nhttp: {user_agent: tv-app/3.2}\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(mine.ID, mine.HTTP.UserAgent)
	fmt.Println(mine.Player == base.Player)
	// Output:
	// tv-app tv-app/3.2
	// true
}
