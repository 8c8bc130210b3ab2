package page

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"sync"
)

// document writes the page around what p holds. connect is what the policy allows the
// script to reach; "" = nothing.
func (p *page) document(w io.Writer, title, connect string, data *chartData) error {
	style, script := pageStyle(), pageScript()
	d := &page{}
	d.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
	d.raw(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src '` + script.hash + `'; style-src '` + style.hash + `'; ` + connect + `base-uri 'none'; form-action 'none'">` + "\n")
	d.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n")
	d.raw("<style>" + style.text + "</style>\n")
	if err := d.content(p, title, data); err != nil {
		return err
	}
	d.raw("<script>" + script.text + "</script>\n</body>\n</html>\n")
	_, err := io.WriteString(w, d.b.String())
	return err
}

// content writes what changes when a page is made again: title, body and figures.
func (d *page) content(p *page, title string, data *chartData) error {
	figures, err := json.Marshal(data) // escapes <, > and &
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	d.tag("title", "", title)
	d.raw("</head>\n<body>\n<main>\n" + p.b.String() + "</main>\n<script type=\"application/json\" id=\"data\">" + string(figures) + "</script>\n")
	return nil
}

// inline is a part of the page that its policy allows by hash.
type inline struct{ text, hash string }

func newInline(text string) inline {
	sum := sha256.Sum256([]byte(text))
	return inline{text, "sha256-" + base64.StdEncoding.EncodeToString(sum[:])}
}

var (
	pageStyle  = sync.OnceValue(func() inline { return newInline(uPlotCSS + reportCSS) })
	pageScript = sync.OnceValue(func() inline { return newInline(uPlotJS + "\n" + reportJS) })
)
