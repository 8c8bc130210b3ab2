package m3u8_test

import (
	"fmt"
	"net/url"

	"hlsload/player/m3u8"
)

func ExampleParseMedia() {
	base, _ := url.Parse("https://cdn.example/live/720.m3u8")
	m, err := m3u8.ParseMedia([]byte("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:17\n#EXTINF:4,\n17.ts\n#EXTINF:3.5,\n18.ts\n"), m3u8.Options{Base: base})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range m.Segments {
		fmt.Println(s.Sequence, s.Duration, s.URL)
	}
	fmt.Println("listed:", m.Duration)
	// Output:
	// 17 4s https://cdn.example/live/17.ts
	// 18 3.5s https://cdn.example/live/18.ts
	// listed: 7.5s
}

func ExampleParseMultivariant() {
	_, err := m3u8.ParseMultivariant([]byte("<html>not found</html>"), m3u8.Options{})
	fmt.Println(err)
	// Output:
	// line 1: got HTML or XML ("<html>not found</html>"); want #EXTM3U
}
